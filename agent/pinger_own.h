/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AGENT_PINGER_OWN_H
#define AGENT_PINGER_OWN_H

/*
 * What pinger.c, pinger_read.c and pinger_send.c share, and nobody else
 * includes. pinger.c makes and frees it and calls the other two; sending calls
 * reading for what could not be sent, never the other way round.
 */

#include <time.h>

#include "agent/flight.h"
#include "agent/pinger.h"
#include "agent/pingsock.h"

#define TICK_MS 5

enum { FOUR, SIX, FAMILIES };

struct side {
	struct pinger *pinger;
	struct pingsock *sock; /* NULL: this family is not used */
	struct flight *flight;
	bool stamped; /* the kernel has given stamps of what goes out */
	struct mono read;
	struct mono dropped; /* when it last had no room for something */
	struct pingsock_probe queue[PINGSOCK_BATCH];
	size_t queued;
};

struct pinger {
	struct pinger_conf conf;
	struct side sides[FAMILIES];
	struct limits *limits;
	struct targets *targets;
	struct journal *journal;
	struct canaries *canaries;
	struct pinger_counters counters;
	struct event *tick;
	struct mono last, next; /* ticks */
	int64_t launched;       /* in this tick */
	int64_t pace;           /* probes a second of late */
	struct mono stalled;
	int64_t clock; /* CLOCK_REALTIME - CLOCK_MONOTONIC, now and then */
	bool results, uplink; /* to be told */
	char sockets[160];
};

static inline int64_t
clock_offset(struct mono now)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec - now.ns;
}

static inline struct side *
side_of(struct pinger *p, const struct addr *a)
{
	return &p->sides[a->family == AF_INET ? FOUR : SIX];
}

/* pinger_read.c: one of FAMILIES; 0, -1 and *why if it cannot be had though it
 * should; a missing family is fine. */
int side_open(struct pinger *p, int i, const struct icmp_key *key, char *why,
    size_t size);
/* Replies, errors, and what had none in time. */
void side_read(struct pinger *p, struct side *s, struct mono now);
/* What became of a probe that had no reply; `trouble` may be NULL. */
void probe_settle(struct pinger *p, struct probe *probe, enum train_outcome o,
    const char *trouble, struct mono now);
/* The end of a round; both may remove the target. */
void round_finish(struct pinger *p, struct target *t, struct mono now);
/* Instead of a round, or of the rest of one. */
void round_refuse(
    struct pinger *p, struct target *t, enum limit why, struct mono now);

/* pinger_send.c: what is due goes out, or into its side's queue. */
void send_canaries(struct pinger *p, struct mono now);
void send_due(struct pinger *p, struct mono now);
/* The queue, whole. */
void side_flush(struct pinger *p, struct side *s, struct mono now);

#endif
