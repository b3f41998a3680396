/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FRONTEND_FRONT_H
#define FRONTEND_FRONT_H

/*
 * What all connections of a front end share, and what it counts. Owned by
 * http.c; conn.c and exchange.c work with it.
 */

#include <event2/event.h>
#include <sys/queue.h>

#include "frontend/accesslog.h"
#include "frontend/ask.h"
#include "frontend/loop.h"
#include "frontend/reply.h"
#include "lib/log.h"
#include "lib/mono.h"
#include "lib/world.h"

#define FRONT_IN  32768 /* bytes of one read */
#define FRONT_OUT 65536 /* bytes of responses before a write */

struct listener_counters {
	size_t sessions; /* open now */
	uint64_t accepted, refused, requests, redirects, client_errors,
	    server_errors, unknown_hosts, time_us;
};

struct service_counters {
	uint64_t requests, redirects, errors, answers[ASK_SOURCES];
};

/* Time, once for all that happens in one event. */
struct front_clock {
	struct mono now;
	int64_t wall_ms;
	time_t second; /* of the two texts */
	char date[REPLY_DATE_TEXT];
	char iso[32];
};

/* What a connection waits for; each has a list and a limit of its own. */
enum conn_phase {
	CONN_IDLE,   /* the first byte of a request */
	CONN_HEAD,   /* the rest of a request */
	CONN_ASK,    /* an answer of a director */
	CONN_SEND,   /* the client to read */
	CONN_LINGER, /* the client to see that we have closed */
	CONN_PHASES
};

TAILQ_HEAD(conns, conn);

struct front {
	struct event_base *base;
	const struct world *world;
	const struct frontend *self;
	struct ask *ask;
	struct loop *loop;
	struct accesslog *log; /* NULL: none */
	struct front_clock clock;
	struct conns conns[CONN_PHASES]; /* the first has waited longest */
	size_t nconns;
	bool draining; /* each response is the last of its connection */
	void (*on_close)(struct front *f); /* there is one less */
	struct service_counters *services; /* one a service of the world */
	uint64_t loops;
	struct log_bound loop_bound;
	size_t out_len;
	char in[FRONT_IN];   /* of the connection at work */
	char out[FRONT_OUT]; /* the same */
};

/* Look at the clocks; call it first in each callback. */
void front_tick(struct front *f);

#endif
