/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AGENT_PINGER_H
#define AGENT_PINGER_H

/*
 * The ping engine: rounds for the targets and probes for the canaries, within
 * the limits, paced in ticks of 5 to 30 ms. It knows nothing of SNMP.
 */

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/canary.h"
#include "agent/journal.h"
#include "agent/limit.h"
#include "agent/target.h"
#include "lib/addr.h"
#include "lib/mono.h"

#define PINGER_STALL_MS 100 /* late by this: the loop stood still */

struct pinger_conf {
	struct event_base *base;
	/* Of each family the source, or AF_UNSPEC: the host decides. If one is
	 * given, a family without one is not used. */
	struct addr source4, source6;
	struct limits_conf limits; /* but for its key */
	const struct addr *canaries;
	size_t ncanaries;
	size_t journal; /* rows */
	/* There are new rows; the state of the uplink is another. */
	void (*on_result)(void *arg);
	void (*on_uplink)(void *arg);
	void *arg;
};

struct pinger_counters {
	uint32_t sent, replies, late, unmatched, duplicate, timeouts;
	uint32_t send_errors, own_losses, unjudged, unstamped, stalls;
	uint32_t refused[LIMIT_COUNT];
};

struct pinger;

/* Opens the sockets; NULL and *why if there is none. The lists are kept by
 * reference. */
struct pinger *
pinger_new(const struct pinger_conf *conf, char *why, size_t size);
void pinger_free(struct pinger **p);
/* Other lists, another rate, other canaries from now on; all else of `conf` is
 * not looked at. What is on its way, targets, journal and counters stay. False
 * and *why if a canary cannot be pinged: then nothing is changed. */
bool pinger_set(
    struct pinger *p, const struct pinger_conf *conf, char *why, size_t size);
/* What it found to ping with, for the log. */
const char *pinger_sockets(const struct pinger *p);

/* Ask for an address; it only enqueues. False if the
 * number is taken or the table full. */
bool pinger_add(struct pinger *p, uint32_t index, const struct target_ask *ask);
/* Forget it; its round has no result. */
void pinger_remove(struct pinger *p, uint32_t index);
/* Let it live so long from now on. */
void pinger_prolong(struct pinger *p, uint32_t index, uint32_t lifetime_s);
/* A SET failed for want of room. */
void pinger_refuse_full(struct pinger *p);

const struct targets *pinger_targets(const struct pinger *p);
const struct journal *pinger_journal(const struct pinger *p);
const struct canaries *pinger_canaries(const struct pinger *p);
const struct pinger_counters *pinger_counters(const struct pinger *p);
size_t pinger_in_flight(const struct pinger *p);

#endif
