/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_RENUMBER_H
#define LIB_RENUMBER_H

/*
 * From the numbers of one world to those of another, by id: for a reload, so
 * that what was learned follows its site, border, server or service to its new
 * place.
 */

#include <stdbool.h>

#include "lib/world.h"

struct renumber {
	const struct world *from, *to;
	/* One an element of `from`: its place in `to`, or -1: it is gone. */
	int *site, *border, *server, *service;
	/* The other way round: one an element of `to`; -1: it is new. */
	int *old_border, *old_server, *old_service;
	int *scratch; /* one a server of `to`; all -1 between two calls */
};

/* Both worlds must outlive it. */
struct renumber *renumber_new(const struct world *from, const struct world *to);
void renumber_free(struct renumber **r);

/* Whether `to` has a border, server, service or use that `from` lacks. */
bool renumber_brings(const struct renumber *r);

/* For each use of this service of `from` its place in the uses of the same
 * service of `to`, or -1: the service, the server or its use is gone. `use` has
 * room for all of them. */
void renumber_uses(const struct renumber *r, int service, int *use);

/* An alias of `from` in `to`: of the same server through the same border, or
 * NULL. */
const struct alias *
renumber_alias(const struct renumber *r, int server, const struct alias *a);

/* A number of `from` in a map of it; what is negative stays. */
static inline int
renumbered(const int *map, int n)
{
	return n < 0 ? n : map[n];
}

#endif
