/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FRONTEND_FRONTSTATUS_H
#define FRONTEND_FRONTSTATUS_H

/* The endpoints for hopctl, and what it is told. */

#include "frontend/frontmib.h"
#include "lib/daemon.h"
#include "lib/listeners.h"
#include "lib/peer.h"

struct frontstatus;

/* Listen at all control endpoints of the front end. NULL and *why (at least
 * 160 bytes) if one cannot be. The view must outlive it. `reload` asks the
 * daemon. */
struct frontstatus *frontstatus_new(
    struct daemon *daemon, const struct front_view *v, char *why, size_t size);
/* A reload, in two steps; see lib/listeners.h. For the second the view is of
 * the new world. */
struct listeners_change *frontstatus_prepare(struct frontstatus *s,
    const struct world *w, const struct frontend *self, char *why, size_t size);
void frontstatus_take(struct frontstatus *s, struct listeners_change **c);
void frontstatus_free(struct frontstatus **s);

#endif
