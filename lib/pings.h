/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_PINGS_H
#define LIB_PINGS_H

/*
 * Round trips by prefix: a bounded store for a million of them, found by the
 * longest prefix that covers a client. The least recently told go first. Part
 * of a view (lib/view.h), which knows what the values mean.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/mono.h"

struct pings;

/* What goes with the values of a line. */
struct pings_note {
	int32_t spread_us; /* how far they vary; 0: not told */
	uint16_t loss;     /* hundredths of 1 % */
	uint16_t pending;  /* borders whose first value is still to come */
	bool inherited;    /* not measured: an estimate from what it covers */
};

/* Room for `max` prefixes, less if their values would take over 1 GiB; memory
 * is taken as they come. */
struct pings *pings_new(size_t nborders, size_t max);
void pings_free(struct pings **p);
/* Put or replace: values[nborders] are us, -1 for not measured, 9999999 for no
 * reply. `time` is when they held; note may be NULL. */
void pings_put(struct pings *p, const struct prefix *prefix,
    const int32_t *values, const struct pings_note *note, struct mono time);

struct pings_hit {
	struct prefix prefix;
	const int32_t *values; /* valid until the next pings_put() */
	struct pings_note note;
	struct mono time;
};
/* The longest prefix, not older than `oldest`, with a measured value at a
 * border that is up. */
bool pings_find(const struct pings *p, const struct addr *a,
    const bool *border_up, struct mono oldest, struct pings_hit *out);

/* Let go of those told before `oldest`, at most n; how many went. */
size_t pings_expire(struct pings *p, struct mono oldest, size_t n);
size_t pings_count(const struct pings *p);
size_t pings_hosts(const struct pings *p);
size_t pings_inherited(const struct pings *p);
size_t pings_max(const struct pings *p);
uint64_t pings_evicted(const struct pings *p);
/* Another set of borders: from now on values[b] is what values[from[b]] was,
 * not measured where from[b] is -1. All else stays. Costs a copy of all. */
void
pings_renumber(struct pings *p, const int *from, size_t nborders, size_t max);
/* `since` of pings_fresh() may go backwards this once. */
void pings_recount(struct pings *p);
/* How many were told at or after `since`, which must not go backwards. */
size_t pings_fresh(struct pings *p, struct mono since);

#endif
