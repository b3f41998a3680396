/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_VIEW_OWN_H
#define LIB_VIEW_OWN_H

/*
 * What lib/view*.c share, and nobody else includes. view.c makes and frees it.
 * view.c and view_take.c call view_paths.c, view_renumber.c both view.c and
 * view_paths.c; none of these calls back.
 */

#include "lib/view.h"

#include "lib/pings.h"

/* What was told of a server, for all its services or for one. */
struct told {
	bool has_load;
	bool has_state;
	int load;
	struct mono load_time; /* of the value, not of the line */
	enum state state;
	char *reason;
};

struct told_border {
	enum state state;
	char *reason;
};

/* A place in the `use` of a service, seen from the server. */
struct place {
	int service;
	size_t use; /* in view.uses */
};

struct view {
	const struct world *world;
	struct told *servers;
	struct told *uses;   /* of all services, one behind the other */
	size_t *uses_from;   /* a service: its first in uses */
	struct place *place; /* of all servers, one behind the other */
	size_t *places_from; /* a server: its first in place; and the end */
	struct told_border *borders;
	char **metrics;
	int64_t *connections;
	struct mono *load_came; /* a server */
	struct mono load_time, path_time;
	uint64_t load_generation, path_generation;
	int *order; /* borders of a ping line; -1 for one not in the world */
	char **order_id; /* as they were told: a reload may bring them */
	size_t norder;
	int64_t unit_us;
	int64_t told_fresh_us; /* 0: not told */
	struct pings *pings;   /* made with the first; NULL: none yet */
	struct view_limits limits;
	uint64_t expired;
	int32_t *values; /* of the line in hand */
	int64_t *answer; /* of the last view_ping() */
};

/* Times before this are too old; the clock may have begun later. */
static inline struct mono
ago(struct mono now, int64_t us)
{
	if (us > INT64_MAX / 1000 || now.ns < us * 1000)
		return (struct mono){INT64_MIN};
	return (struct mono){now.ns - us * 1000};
}

/* view_paths.c: the order in which ping lines name the borders. */

void view_free_order(struct view *v);
/* Takes `order`; the names stand behind the verb. */
void view_set_order(struct view *v, const struct line *l, int *order, size_t n);
/* For a view that has none. */
void view_take_order(struct view *to, struct view *from);

#endif
