/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_DECIDE_SCORE_H
#define LIB_DECIDE_SCORE_H

/*
 * Paths: from round trips of a client to the metric of every way to serve it
 * (WO 98/26559 section 4.2, figure 5B, lines (10)-(12)). Pure.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/world.h"

#define PING_NO_REPLY     INT64_C(9999999) /* the seed's constant, and above */
#define PING_NOT_MEASURED INT64_C(-1)
#define METRIC_NONE       INT64_C(-1)

struct score_input {
	const struct world *world;
	int contact;            /* site */
	bool relay;             /* packets are relayed, not redirected */
	int64_t rtt_us;         /* of the client's own connection, or -1 */
	const int64_t *ping_us; /* one a border of the world, or NULL: none */
	const bool *border_up;  /* one a border of the world */
};

struct row {
	int site;
	int border;
	int64_t metric_us; /* or METRIC_NONE */
};

/* What explains the rows; in and out per border are -1 if not known. */
struct legs {
	int64_t in_us;
	int64_t *out_us;         /* nborders, given by the caller */
	unsigned contradictions; /* borders whose ping contradicts the bound */
	bool *contradicts;       /* the same a border; the caller's, or NULL */
	bool measured;           /* at least one border was */
	bool rtt_used;           /* and the rtt is among them */
};

/* Whether a ping value counts as measured (not "-", not "no reply"). */
bool score_is_measured(int64_t ping_us);
/*
 * What counts as measured: ping[nborders] gets the round trip of each border
 * or PING_NOT_MEASURED. Left out are borders that are not up, and with shared
 * replies those whose site the contact has no route to; the client's own rtt
 * is put in where it holds. Returns whether the rtt was used. The rows depend
 * on nothing else that changes but contact, relay and border_up.
 */
bool score_pings(const struct score_input *in, int64_t *ping_us);
/*
 * Fill rows[nsites * nborders], sorted by metric, ties by site then border in
 * file order, those without a metric last. `legs` may be NULL.
 */
void
score_rows(const struct score_input *in, struct row *rows, struct legs *legs);

#endif
