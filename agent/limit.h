/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AGENT_LIMIT_H
#define AGENT_LIMIT_H

/*
 * What the ping daemon may do, whoever asks for it: which addresses, and how
 * often. Pure; its memory is bounded, and who is forgotten is who has been
 * quiet for the longest.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/icmp.h"
#include "lib/addr.h"
#include "lib/mono.h"

/* Between two probes to one address. */
#define LIMIT_TARGET_GAP_MS 1000
/*
 * Between two probes to one prefix on average, and how many may go without
 * waiting after a rest: trains of four to three clients of a prefix take four
 * seconds, not half a minute. Networks begin to limit replies at about one
 * packet a second for a /24 (Guo and Heidemann, PAM 2018); this is a third.
 */
#define LIMIT_PREFIX_GAP_MS 3000
#define LIMIT_PREFIX_BURST  12
#define LIMIT_PREFIX4       24
#define LIMIT_PREFIX6       48
/* After a silent round; twice as long after each further one. */
#define LIMIT_BACK_OFF_MS     60000
#define LIMIT_BACK_OFF_MAX_MS (24 * 3600 * 1000)

/* HopRefusal */
enum limit {
	LIMIT_NONE,
	LIMIT_DENIED,
	LIMIT_SPECIAL,
	LIMIT_OPTED_OUT,
	LIMIT_TARGET_RATE,
	LIMIT_PREFIX_RATE,
	LIMIT_TOTAL_RATE,
	LIMIT_FAMILY,
	LIMIT_TABLE_FULL,
	LIMIT_BACK_OFF = 10,
	LIMIT_COUNT
};

/* The word for the journal; "-" for none. */
const char *limit_text(enum limit why);

struct limits_conf {
	const struct prefix *allow, *deny;
	size_t nallow, ndeny;
	unsigned rate;       /* probes a second, over all */
	size_t targets;      /* so many addresses at a time */
	struct icmp_key key; /* of the tables, so that nobody can aim at them */
};

struct limits;

/* The lists are kept by reference. */
struct limits *limits_new(const struct limits_conf *conf);
/* Other lists and another rate from now on; what was learned of addresses, and
 * the size of the tables, stays. */
void limits_set(struct limits *l, const struct limits_conf *conf);
void limits_free(struct limits **l);

/* Whether this address may be pinged at all: the lists, and who opted out. */
enum limit limits_address(const struct limits *l, const struct addr *a);
/* Whether a round of n probes may start. If not, *until is when to ask again.
 */
enum limit limits_start(struct limits *l, const struct addr *a, unsigned n,
    struct mono now, struct mono *until);
/* Whether a probe may go to this address; likewise. */
enum limit limits_probe(struct limits *l, const struct addr *a, struct mono now,
    struct mono *until);
/* Whether any probe may go now; one goes. */
bool limits_total(const struct limits *l, struct mono now);
void limits_take_total(struct limits *l, struct mono now);

/* How a round ended: without a reply, with one, or with the wish not to be
 * asked again. */
void limits_silent(struct limits *l, const struct addr *a, struct mono now);
void limits_replied(struct limits *l, const struct addr *a);
void limits_opt_out(struct limits *l, const struct addr *a, struct mono now);

#endif
