/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DIRECTOR_ANSWER_H
#define DIRECTOR_ANSWER_H

/*
 * From an ask to its line of answer. No I/O; time and the seed of its random
 * numbers come in. What was computed for a prefix is kept and used again until
 * something it was made from changes.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "director/cache.h"
#include "director/feeds.h"
#include "director/picture.h"
#include "director/tally.h"
#include "lib/line.h"
#include "lib/mono.h"
#include "lib/reason.h"
#include "lib/view.h"
#include "lib/world.h"

#define ANSWER_CANDIDATES 8
/* An answer holds until new samples are due, within these bounds. */
#define ANSWER_TTL_MIN_MS  500
#define ANSWER_TTL_MAX_MS  2000
#define ANSWER_TTL_NONE_MS 1000 /* no samples are due */

struct ask {
	uint64_t n;
	int service;
	int contact;
	struct addr client;
	bool relay;
	int64_t rtt_us; /* -1: none */
};

/* A line `ask <n> <service> <contact> <client> [rtt=us] [relay=1]`, or the
 * same behind `explain` without n. 0; or -1, and *none is the reason of a
 * `none` line (n is good then), or REASON_NONE and `why` says to people what
 * is malformed (at least 160 bytes). */
int ask_parse(const struct world *w, const struct line *l, struct ask *q,
    enum reason *none, char *why, size_t size);

struct answer_conf {
	const struct world *world;
	const struct director *self;
	const struct feeds *feeds;
	struct picture *picture;
	struct tally *tally;
	uint64_t seed;
	size_t rows_bytes, answers_bytes; /* of the caches; 0: the default */
};

struct answer;

/* All that conf points to must outlive it. */
struct answer *answer_new(const struct answer_conf *conf);
void answer_free(struct answer **a);

/* What is known of the paths to a client. */
struct answer_path {
	bool known; /* a line holds for it */
	struct view_ping ping;
};
void answer_look(struct answer *a, const struct ask *q, struct mono now,
    struct answer_path *path);

/*
 * The answer, counted as a decision: `best` or `none`, without newline, valid
 * until the next call. Weights are those of the draw; where more servers than
 * fit in a line can be drawn, it names as many as ANSWER_CANDIDATES draws
 * among them yield, with the times each was drawn as its weight: so over many
 * answers each is drawn as often as it should.
 */
const char *answer_text(struct answer *a, const struct ask *q,
    const struct answer_path *path, struct mono now, size_t *len);
/* A `none` line for an ask that is refused; counted. */
const char *
answer_none(struct answer *a, uint64_t n, enum reason reason, size_t *len);

/* Go on counting where another one, which it replaces, stopped. */
void answer_continue(struct answer *a, const struct answer *before);
void answer_counters(const struct answer *a, struct cache_counters *rows,
    struct cache_counters *answers);

#endif
