/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FRONTEND_STATICS_H
#define FRONTEND_STATICS_H

/*
 * What is left when no director answers and none ever did: the servers of a
 * service by their weights, each through the contact's first border where it
 * can be. Backups, preferences of clients and sticky services are as in a
 * decision, but for loads and paths, which nobody knows here. Pure.
 */

#include "frontend/draw.h"

struct statics;

/* The lists of all services for clients that come in at this site. */
struct statics *statics_new(const struct world *w, int contact);
void statics_free(struct statics **s);

/* Draw for a client; those still gone are left out, and `avoid` (a server, or
 * -1) too unless it is the only one. NULL: nobody is left. Valid until the next
 * draw. */
const struct drawable *
statics_draw(struct statics *s, int service, const struct addr *client,
    const struct gone *g, int avoid, uint64_t *random);

/* The alias of a server for clients of a family that came in at `contact`: of
 * the contact's borders in file order, then of the server's own site, then its
 * first. NULL: it has none of this family. */
const struct alias *statics_alias(const struct world *w,
    const struct server *server, int contact, int family);

#endif
