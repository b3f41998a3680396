/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AGENT_CANARY_H
#define AGENT_CANARY_H

/*
 * Addresses outside that ought to reply: whether they do is the state of the
 * border's uplink. Pure; the ping engine sends.
 *
 * Each is probed every two seconds. A missing reply is waited for no longer
 * than four times the usual, and followed by further probes at once: so a dead
 * uplink is down within three seconds, and one lost packet is nothing.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/mono.h"
#include "lib/state.h"

#define CANARY_PERIOD_MS 2000
#define CANARY_AGAIN_MS  250 /* when a result has to be confirmed */
#define CANARY_SOON_MS   50
#define CANARY_FALL      3 /* silent in a row */
#define CANARY_RISE      2
#define CANARY_WAIT_MIN  200 /* ms for a reply */
#define CANARY_WAIT_MAX  1000

struct canary {
	struct addr addr;
	enum state state; /* unknown, up or down */
	struct mono since;
	unsigned streak; /* results that disagree with the state */
	uint32_t changes;
	uint32_t sent, replies;
	uint32_t rtt_us, smooth_us; /* of the last reply, smoothed; 0: none */
	struct mono due;            /* {0}: a probe is on its way */
};

struct canaries {
	struct canary *list; /* the caller's may be read */
	size_t n;
	enum state uplink;
	struct mono since;
	uint32_t changes;
};

/* Copies the addresses; the probes are spread over the period. */
struct canaries *
canaries_new(const struct addr *addrs, size_t n, struct mono now);
void canaries_free(struct canaries **c);
/* Others from now on; those that stay keep what is known of them. The uplink
 * goes on as it is until they have been judged; with none it is unknown. No
 * address may be there twice. True if the state of the uplink changed. */
bool canaries_set(
    struct canaries *c, const struct addr *addrs, size_t n, struct mono now);
/* The place of an address, or -1. */
int canaries_find(const struct canaries *c, const struct addr *addr);

/* Which canary is to be probed now, or -1. */
int canaries_due(const struct canaries *c, struct mono now);
/* When the next one is; {0}: all are on their way, or there is none. */
struct mono canaries_next(const struct canaries *c);
/* It was sent; how long to wait for the reply, in ms. */
unsigned canaries_sent(struct canaries *c, size_t i);
/* The outcome; true if the state of the uplink changed. */
bool
canaries_reply(struct canaries *c, size_t i, uint32_t rtt_us, struct mono now);
bool canaries_silent(struct canaries *c, size_t i, struct mono now);
/* There is none, as the host may have lost the reply. */
void canaries_unjudged(struct canaries *c, size_t i, struct mono now);
size_t canaries_up(const struct canaries *c);

#endif
