/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MANAGER_PROBER_OWN_H
#define MANAGER_PROBER_OWN_H

/*
 * What prober.c, probepath.c and proberound.c share, and nobody else includes.
 * prober.c makes and frees it.
 */

#include "manager/prober.h"

#define DENIED (-2) /* refused or not possible: not measured at all */

enum step { STEP_NOT_ASKED, STEP_ASKED, STEP_PROVISIONAL, STEP_OVER };

struct round {
	uint32_t path; /* PATH_NONE: not in use */
	uint32_t next, last;
	struct mono started;
	unsigned nreps, open; /* results to come */
	int32_t spread_us;
	unsigned loss;
	uint8_t *step; /* [rep * nborders + border] */
};

struct prober {
	const struct world *world;
	const struct manager *manager;
	struct prober_events on;
	struct prefixes *paths;
	struct prober_agent *agents;
	int *of_border;       /* prober of a border, or -1 */
	struct round *rounds; /* from 1 on */
	uint32_t spare, first, last;
	size_t nrounds;
	int64_t fresh_us, expire_us;
	int reps_max; /* clients that stand for a prefix */
	double tokens, burst;
	struct mono filled;
	unsigned turn;
	uint64_t random;
	int32_t *values; /* scratch: PROBER_CHILDREN */
	int32_t *masked; /* the values of a line: nborders */
	bool back;       /* a prober came back or went */
	uint32_t sweep_at;
	struct mono swept;
	struct prober_counts sweep, counts;
	struct log_bound log;
};

#define PROBER_CHILDREN 256 /* paths looked at for an estimate */

static inline size_t
nborders(const struct prober *p)
{
	return p->world->nborders;
}

static inline struct mono
later_us(struct mono t, int64_t us)
{
	return (struct mono){t.ns + us * 1000};
}

#endif
