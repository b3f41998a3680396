/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MANAGER_PREFIXES_H
#define MANAGER_PREFIXES_H

/*
 * The prefixes and hosts whose paths are measured: a bounded store, found by
 * prefix, with who is covered by whom, what is to be measured at once and what
 * is due when. It knows nothing of what the values mean. Pure.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/mono.h"

#define PATH_REPS 3 /* clients of a prefix that are pinged for all of it */
#define PATH_NONE 0 /* no path; they are numbered from 1 on */

/* One client that stands for its prefix. */
struct rep {
	uint8_t ip[16];
	struct mono measured; /* {0}: not yet */
};

struct path {
	uint8_t ip[16];
	bool v6;
	uint8_t len;
	uint8_t nreps;
	bool split;       /* its clients disagree: each is a path of its own */
	bool estimate;    /* not measured itself: made from what it covers */
	bool provisional; /* values of a first round that goes on */
	bool foreign;     /* not yet told: what another manager asked for */
	uint8_t silences; /* windows in a row without a reply */
	uint8_t disagreed, agreed; /* windows in a row */
	uint8_t confirms;          /* and those that departed or disagreed */
	uint16_t loss;             /* hundredths of 1 %, of the worst border */
	int32_t spread_us;         /* of the worst border */
	uint32_t round;            /* under way, of the owner; 0: none */
	struct mono wanted;        /* a client was there; {0}: never */
	struct mono measured;      /* the window that the values are of */
	struct rep rep[PATH_REPS];
	/* The store's own. */
	uint32_t chain;
	uint32_t older, newer;
	struct mono touched;
	uint32_t parent, child, sibling, before;
	uint32_t nchildren;
	struct mono due;
	uint32_t heap; /* place in the heap; 0: not in it */
	bool urgent;
	uint32_t next_urgent, last_urgent;
};

struct prefixes;

struct prefixes *prefixes_new(size_t nborders, size_t max, uint64_t seed);
void prefixes_free(struct prefixes **s);
/* Other borders: values of border i are from now on those that border from[i]
 * had, `none` where that is -1. */
void prefixes_renumber(
    struct prefixes *s, const int *from, size_t nborders, int32_t none);
/* Another bound; what is above it goes, the least lately touched first, as far
 * as it can. */
void prefixes_set_max(struct prefixes *s, size_t max);
size_t prefixes_count(const struct prefixes *s);
size_t prefixes_max(const struct prefixes *s);
uint64_t prefixes_evicted(const struct prefixes *s);
/* The greatest number there has been; not all below it are in use. */
uint32_t prefixes_last(const struct prefixes *s);
bool prefixes_used(const struct prefixes *s, uint32_t i);

/* Valid for as long as the path is in the store. */
struct path *prefixes_at(const struct prefixes *s, uint32_t i);
/* Values that directors were told, one a border. */
int32_t *prefixes_told(const struct prefixes *s, uint32_t i);
/* Windows in a row that departed from it: above it > 0, below it < 0. */
int8_t *prefixes_departed(const struct prefixes *s, uint32_t i);
/* Values of a client of it in its last window. */
int32_t *prefixes_values(const struct prefixes *s, uint32_t i, int rep);
struct prefix prefixes_prefix(const struct path *p);
struct addr prefixes_rep(const struct path *p, int rep);

uint32_t prefixes_find(const struct prefixes *s, const struct prefix *x);
/*
 * A new path, all values `none`. Where there is no room the one that was not
 * touched for longest goes, unless it is in a round or covers others; PATH_NONE
 * if none can go.
 */
uint32_t prefixes_add(
    struct prefixes *s, const struct prefix *x, int32_t none, struct mono now);
void prefixes_remove(struct prefixes *s, uint32_t i);
void prefixes_touch(struct prefixes *s, uint32_t i, struct mono now);
/* The one that was not touched for longest, or PATH_NONE. */
uint32_t prefixes_oldest(const struct prefixes *s);

/* Who covers it; PATH_NONE takes it away. */
void prefixes_set_parent(struct prefixes *s, uint32_t i, uint32_t parent);

/* When it is due; {0}: never. */
void prefixes_set_due(struct prefixes *s, uint32_t i, struct mono due);
/* The first that is due, if that is by now; it stays so. */
uint32_t prefixes_due(const struct prefixes *s, struct mono now);
/* First come, first served; one that is in the queue stays where it is. */
void prefixes_set_urgent(struct prefixes *s, uint32_t i, bool urgent);
uint32_t prefixes_urgent(const struct prefixes *s);
size_t prefixes_urgents(const struct prefixes *s);

#endif
