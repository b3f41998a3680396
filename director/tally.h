/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DIRECTOR_TALLY_H
#define DIRECTOR_TALLY_H

/*
 * The director's counters about asks and decisions, one place for MIB, status
 * and log. Whoever makes a decision counts it here; nobody else writes.
 */

#include <stddef.h>
#include <stdint.h>

#include "lib/world.h"

/* Why a decision fell short of the ordinary one; the order of `fallbacks`
 * below. tally_fallback() has number and word of the MIB's HopFallback. */
enum fallback {
	FALLBACK_STALE_PATH,
	FALLBACK_INHERITED_PATH,
	FALLBACK_UNMEASURED,
	FALLBACK_STALE_LOAD,
	FALLBACK_WAIT_EXPIRED,
	FALLBACK_LAST_BAND,
	FALLBACK_UNKNOWN_SERVER,
	FALLBACK_ALL_BUSY,
	FALLBACK_REFUSED,
	FALLBACK_NO_SERVER,
	FALLBACK_NO_ADDRESS,
	FALLBACK_BACKUP,
	FALLBACK_NOT_PREFERRED,
	FALLBACK_SHED,
	FALLBACKS
};

struct fallback_row {
	uint32_t number;
	const char *word;
};

struct tally_service {
	uint64_t decisions, no_server;
	uint64_t fallbacks[FALLBACKS];
};

struct tally {
	uint64_t decisions, no_server, ask_errors;
	uint64_t time_ns;    /* from an ask to its answer, waits left out */
	uint64_t rtt_scores; /* rows computed for a client of its own rtt */
	uint64_t held, held_refused;
	struct tally_service *service;    /* one a service */
	uint64_t *contact;                /* asks, one a site */
	uint64_t *site, *border, *server; /* decisions, one each */
	uint64_t *contradictions; /* scores in which a border's value could not
				     be true, one a border */
};

struct tally *tally_new(const struct world *w);
void tally_free(struct tally **t);
/* Another world: what stays keeps its counters. */
struct renumber;
void tally_renew(struct tally *t, const struct renumber *r);
const struct fallback_row *tally_fallback(enum fallback f);
/* One more decision that fell short for this reason, where it is not seen when
 * the decision is made. */
void tally_count(struct tally *t, int service, enum fallback f);

#endif
