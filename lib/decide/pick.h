/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_DECIDE_PICK_H
#define LIB_DECIDE_PICK_H

/*
 * From rows, states and loads to the servers that can be drawn for a client,
 * and the draw (section 4.1, 4.3, figure 5C). Pure: random numbers come in.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/decide/score.h"
#include "lib/reason.h"
#include "lib/state.h"
#include "lib/world.h"

#define LOAD_MAX     10000
#define LOAD_UNKNOWN (-1) /* no `load` line: by weight */

struct pick_input {
	const struct world *world;
	const struct service *service;
	int family;             /* of the client: AF_INET or AF_INET6 */
	const struct row *rows; /* of score_rows() */
	size_t nrows;
	const bool *border_up;       /* one a border of the world */
	const enum state *state;     /* one an entry of service->use */
	const int *load;             /* the same; 0..LOAD_MAX or LOAD_UNKNOWN */
	const struct prefer *prefer; /* of prefer_find(), or NULL */
	const struct prefix *sticky; /* the client's, of sticky_prefix(), if
					the service is sticky; else NULL */
};

struct candidate {
	int use; /* place in service->use */
	int border;
	const struct alias *alias;
	int load;        /* true load, or the weight that stands in for it */
	uint32_t weight; /* of the draw, 1..LOAD_MAX; ties of `best`: 1 each */
};

/* Why a server of the service cannot be drawn. */
struct excluded {
	int use;
	enum reason reason; /* REASON_NONE: its state */
};

struct pick {
	struct candidate *candidates; /* service's file order; caller's array */
	size_t ncandidates;
	struct excluded *excluded; /* or NULL if nobody asks; caller's array */
	size_t nexcluded;
	uint32_t total;      /* of the weights */
	int64_t anchor_us;   /* of the last band by metric, or METRIC_NONE */
	int64_t band_us;     /* its limit */
	enum reason none;    /* why there are no candidates, else REASON_NONE */
	bool last_band;      /* servers that no row took were let in */
	bool all_busy;       /* drawn among the busy, by weight */
	bool unknown;        /* nobody was live: the unknown were taken */
	bool by_weight;      /* weights stand in for the loads of all */
	bool backup;         /* no other was left: the backups were taken */
	bool preferred;      /* what is preferred was found */
	enum reason ignored; /* why not, if `excluded` is asked for */
	int first; /* sticky: who it would be if nobody were much fuller than
		      the others, a place in service->use; else -1 */
};

/* Scratch memory for pick_candidates(), so that a hot path allocates nothing:
 * make it once for a world, use it for any service of it. */
struct pick_scratch;
struct pick_scratch *pick_scratch_new(const struct world *w);
void pick_scratch_free(struct pick_scratch **s);

/* Both arrays of *out hold at least service->nuse entries. */
void pick_candidates(const struct pick_input *in, struct pick_scratch *scratch,
    struct pick *out);
/* The candidate that a random number in [0, total) falls on. */
const struct candidate *pick_draw(const struct pick *p, uint32_t random);
/* The weight of a server of a service as a load (rule 6), 1..LOAD_MAX. */
int pick_weight(const struct world *w, const struct service *s, int use);
/* The same from its parts: the largest weight of a service's servers. */
int pick_weight_load(unsigned weight, unsigned largest);
unsigned pick_largest_weight(const struct world *w, const struct service *s);
/* Whether a policy looks at loads at all, or goes by weight alone. */
bool pick_has_metrics(const struct policy *p);
/* The alias of a server through a border for clients of a family, or NULL. */
const struct alias *pick_alias(const struct server *s, int border, int family);

#endif
