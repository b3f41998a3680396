/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_DECIDE_PREFER_H
#define LIB_DECIDE_PREFER_H

/*
 * <prefer/>: where the clients of a prefix are sent if they can be. Pure.
 */

#include <stdbool.h>

#include "lib/world.h"

/*
 * The preference that holds for a client of a service, or NULL: that of the
 * longest prefix, the service's own before that of all. *bits is the length of
 * a prefix around the client of which every client has the same.
 */
const struct prefer *prefer_find(const struct world *w, const struct service *s,
    const struct addr *client, unsigned *bits);

/* Whether a server that is reached through this border is as preferred. */
static inline bool
prefer_allows(const struct prefer *p, const struct server *s, int border)
{
	return (p->border < 0 || p->border == border) &&
	       (p->site < 0 || p->site == s->site) &&
	       (p->server < 0 || p->server == s->n);
}

/* Whether a server has an alias with which it is as preferred. */
bool prefer_fits(const struct prefer *p, const struct server *s);

#endif
