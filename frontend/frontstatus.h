/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FRONTEND_FRONTSTATUS_H
#define FRONTEND_FRONTSTATUS_H

/* The endpoints for hopctl, and what it is told. */

#include "frontend/frontmib.h"
#include "lib/peer.h"

struct frontstatus;

/* Listen at all control endpoints of the front end. NULL and *why (at least
 * 160 bytes) if one cannot be. The view must outlive it. */
struct frontstatus *frontstatus_new(struct event_base *base,
    const struct front_view *v, char *why, size_t size);
void frontstatus_free(struct frontstatus **s);

#endif
