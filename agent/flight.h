/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AGENT_FLIGHT_H
#define AGENT_FLIGHT_H

/*
 * The probes of one address family that are on their way: 65536 places, one a
 * sequence number, and a wheel of when they are given up. A reply is matched
 * on ident, number, source and cookie. No I/O.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "agent/icmp.h"
#include "lib/addr.h"
#include "lib/mono.h"

#define FLIGHT_TIMEOUT_MAX 60000 /* ms */
#define FLIGHT_LATE_MS     60000 /* after it was sent, a reply is only late */

enum flight_state { FLIGHT_FREE, FLIGHT_OPEN, FLIGHT_LATE, FLIGHT_DONE };

struct probe {
	LIST_ENTRY(probe) link; /* while open */
	enum flight_state state;
	uint16_t seq;
	uint8_t number; /* in its train */
	struct addr to;
	uint64_t cookie;
	struct mono sent, deadline;
	int64_t clock;   /* CLOCK_REALTIME - CLOCK_MONOTONIC when sent */
	int64_t stamp;   /* by the kernel when it left; 0: none yet */
	void *owner;     /* the engine's */
	uint32_t serial; /* tells whether that is still the one */
};

enum flight_match {
	FLIGHT_MATCH,
	FLIGHT_MATCH_LATE,
	FLIGHT_MATCH_DUPLICATE,
	FLIGHT_MATCH_NONE
};

struct flight;

struct flight *flight_new(const struct icmp_key *key, uint16_t ident);
void flight_free(struct flight **f);

/* A probe to be sent now, open; NULL: too many are. */
struct probe *flight_launch(struct flight *f, const struct addr *to,
    struct mono now, uint32_t timeout_ms);
/* What a reply belongs to; without a cookie (in quotes) that is not asked. */
enum flight_match
flight_match(struct flight *f, const struct icmp_reply *reply, bool has_cookie,
    const struct addr *from, struct mono now, struct probe **out);
/* The open or late probe with this number, or NULL. */
struct probe *flight_find(struct flight *f, uint16_t seq);
/* It is settled: what comes further is a duplicate. */
void flight_land(struct flight *f, struct probe *p);
/* One whose time is up, which becomes late; NULL: no more. */
struct probe *flight_expired(struct flight *f, struct mono now);
size_t flight_open(const struct flight *f);

#endif
