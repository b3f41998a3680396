/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FRONTEND_KEPT_H
#define FRONTEND_KEPT_H

/*
 * The answers of directors, kept by service and the prefix that each holds
 * for. They are used until their time is over, and, when no director answers,
 * after that. A fixed number is kept; the one unused for longest makes room.
 * No I/O; time comes in.
 */

#include "frontend/draw.h"
#include "lib/addr.h"
#include "lib/mono.h"
#include "lib/reason.h"

struct kept_answer {
	struct prefix prefix;
	int service;
	enum reason none; /* n is 0: why there is no server */
	struct mono until;
	uint64_t moment; /* see gone_moment() */
	size_t n;
	struct drawable list[DRAW_MAX];
	/* of the cache: */
	uint32_t next;         /* in its bucket */
	uint32_t newer, older; /* by use */
};

struct kept;

struct kept *kept_new(unsigned max);
void kept_free(struct kept **c);

/* The answer that holds for a client: that of the longest prefix. NULL: none.
 * Compare `until` with now to see whether it is still valid. */
const struct kept_answer *
kept_find(struct kept *c, int service, const struct addr *client);
/* Keep an answer (prefix, service, none, until, moment, n and list of it count)
 * in place of the one before. */
void kept_put(struct kept *c, const struct kept_answer *answer);

/* Another world, and another bound. Answers keep the candidates that the
 * service still has; those without any go. */
struct renumber;
void kept_renew(struct kept **c, const struct renumber *r, unsigned max);

size_t kept_count(const struct kept *c);
uint64_t kept_evicted(const struct kept *c);

#endif
