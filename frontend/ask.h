/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FRONTEND_ASK_H
#define FRONTEND_ASK_H

/*
 * Which server a client gets: from a director's answer that still holds, else
 * from asking the directors in turn, each for its time, else from the last
 * answer that held for the client, else from the static list. No request ever
 * fails for want of a director.
 */

#include <event2/event.h>
#include <sys/queue.h>

#include "frontend/draw.h"
#include "lib/mono.h"
#include "lib/reason.h"
#include "lib/state.h"
#include "lib/world.h"

/* The numbers are HopAnswerSource. */
enum ask_source {
	ASK_DIRECTOR = 1,
	ASK_CACHED,
	ASK_LAST,
	ASK_STATIC,
	ASK_FALLBACK
};
#define ASK_SOURCES (ASK_FALLBACK + 1)
/* "director" and so on. */
const char *ask_source_text(enum ask_source s);

struct ask_answer {
	enum ask_source source;
	int server;                /* ASK_FALLBACK: -1 */
	const struct alias *alias; /* ASK_FALLBACK: NULL */
	enum reason reason;        /* of ASK_FALLBACK */
};

struct ask;
struct question;

/* A client that waits; part of whatever holds the request. */
struct ask_waiter {
	TAILQ_ENTRY(ask_waiter) link;
	struct question *question; /* NULL: not waiting */
	int service;
	int avoid; /* a server, or -1 */
	struct addr client;
	int64_t rtt_us; /* of its connection, or -1 */
	/* Called once, from the loop, unless cancelled. */
	void (*done)(struct ask_waiter *w, const struct ask_answer *answer);
};

/* Connects to all directors of the world; world, front end and base must
 * outlive it. */
struct ask *ask_new(struct event_base *base, const struct world *w,
    const struct frontend *self, uint64_t seed);
void ask_free(struct ask **a);

/* Another world, of which `self` is the front end: connections to directors
 * that stay are kept, and all that is asked or known. Who waits for a service
 * that is gone must have been cancelled. */
struct renumber;
void
ask_renew(struct ask *a, const struct renumber *r, const struct frontend *self);

/* The answer without asking: true, if one holds or no director can be asked.
 * Each answer is a draw, and reported to the directors as such. */
bool ask_known(struct ask *a, int service, const struct addr *client, int avoid,
    struct mono now, struct ask_answer *out);
/* After ask_known() said false: ask. */
void ask_start(struct ask *a, struct ask_waiter *w, struct mono now);
void ask_cancel(struct ask_waiter *w);

/* What a director is to us. */
struct ask_director {
	const struct director *conf;
	enum state state; /* STATE_UNKNOWN before the first judgement */
	enum reason reason;
	struct mono since;
	unsigned changes;
	char hash[WORLD_HASH_TEXT]; /* of its configuration, or "" */
	bool skewed;                /* now */
	int64_t rtt_us;             /* of the last answer, or -1 */
	uint64_t asks, answers, timeouts, errors;
};
const struct ask_director *ask_director(const struct ask *a, size_t i);
size_t ask_directors_up(const struct ask *a);
/* Whether it needs certificates to reach them. */
bool ask_uses_tls(const struct ask *a);

struct ask_counters {
	size_t kept, waiting;
	uint64_t evicted, skipped;
};
void ask_counters(const struct ask *a, struct ask_counters *out);

#endif
