/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MANAGER_PROBER_H
#define MANAGER_PROBER_H

/*
 * What to ping when, and what directors are told of it. Directors say which
 * clients they want to know about; each prefix of such clients is measured
 * from every border through up to three of them, again while clients keep
 * coming, and never faster than the budget. Orders and lines come out through
 * struct prober_events. No I/O and no clock of its own.
 *
 * Managers share the probers' journals: each reads all rows, whoever asked for
 * them, so that all know what one has measured. Who measures is whom directors
 * ask; a prefix that another manager has measured is not due here.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/log.h"
#include "lib/mono.h"
#include "lib/world.h"
#include "manager/fleet.h"
#include "manager/prefixes.h"
#include "manager/record.h"

#define PROBER_ROUNDS   4096  /* under way at once */
#define PROBER_ROUND_MS 45000 /* until what did not come is given up */
#define PROBER_TURN_MS  20    /* how often to call prober_tick() when busy */
/* A departure is looked at again soon: two windows make a change. */
#define PROBER_CONFIRM_MS 4000
/* What estimates are made of: prefixes of this length cover the measured ones.
 */
#define PROBER_PARENT4 16
#define PROBER_PARENT6 32

/* What directors are told of a prefix. */
struct prober_line {
	struct prefix prefix;
	const int32_t *values; /* one a border: us, 9999999, -1 */
	int64_t age_ms;
	int32_t spread_us; /* of the worst border, as is loss */
	unsigned loss;     /* hundredths of 1 % */
	bool inherited;    /* an estimate from the prefixes it covers */
	unsigned pending;  /* borders whose first value is still to come */
};

struct prober_events {
	/* Ping this address out of the border of a prober. */
	void (*order)(void *arg, int prober, const struct addr *a);
	void (*line)(void *arg, const struct prober_line *l);
	/* The uplink of a border is out (down), or not, or nobody knows. */
	void (*uplink)(void *arg, int border, bool down, enum reason reason);
	void *arg;
};

/* The prober of a border as the manager sees it; open for those who show it. */
struct prober_agent {
	struct status status;
	char text[RECORD_NAME]; /* what is wrong, for people */
	enum state uplink;
	enum reason uplink_reason;
	int64_t rtt_us;
	struct mono answered, result; /* last; {0}: never */
	uint64_t orders, taken, results, silent, refused, missing, restarts;
};

struct prober_counts {
	/* As of the last look at all of them, which takes a while. */
	size_t fresh, stale, inherited, silent, split;
	size_t prefixes, max; /* now */
	size_t rounds, queued;
	uint64_t evicted, wants, windows, changes, confirms, timeouts;
};

struct prober;

/* World and manager must outlive it. */
struct prober *prober_new(const struct world *w, const struct manager *m,
    const struct prober_events *on, uint64_t seed, struct mono now);
void prober_free(struct prober **p);
/*
 * Another world, while the old one is still there. What was measured stays
 * with its border, by id; what a prober that is gone, or is another one now,
 * was asked for is given up, which may tell lines and uplinks: all is of the
 * old world until this returns. `same` tells where the prober is in the new
 * world, or -1.
 */
void
prober_renew(struct prober *p, const struct world *w, const struct manager *m,
    int (*same)(const struct world *a, int n, const struct world *b),
    struct mono now);
/* What it was asked for is lost on the way: ask again. */
void prober_again(struct prober *p, int prober, struct mono now);

/* A director wants to know about a client. */
void prober_want(struct prober *p, const struct addr *client, struct mono now);
/* What a poller said of a prober: a record whose server is -1. */
void prober_record(struct prober *p, const struct record *r, struct mono now);
/* Its poller is gone. */
void prober_lost(struct prober *p, int prober, struct mono now);
/* Give orders as far as the budget allows; cheap, behind wants. */
void prober_go(struct prober *p, struct mono now);
/* The same, and all that time brings; every PROBER_TURN_MS while prober_busy(),
 * else ten times a second. */
void prober_tick(struct prober *p, struct mono now);
bool prober_busy(const struct prober *p);

/* All lines there are, some a call: begin with *at = 0; false: that was the
 * last. */
bool prober_lines(struct prober *p, uint32_t *at, unsigned n, struct mono now,
    void (*line)(void *arg, const struct prober_line *l), void *arg);

const struct prober_agent *prober_agent(const struct prober *p, int prober);
void prober_count(const struct prober *p, struct prober_counts *out);

#endif
