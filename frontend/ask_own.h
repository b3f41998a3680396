/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FRONTEND_ASK_OWN_H
#define FRONTEND_ASK_OWN_H

/*
 * What ask.c and the ask_*.c share, and nobody else includes. Each calls the
 * ones before it only:
 *   ask_link      the directors: connections and states
 *   ask_draw      draws without asking; how many there were
 *   ask_question  questions in flight, and who waits for them
 *   ask           what directors say; start, end and reload of it all
 * ask.c makes and frees it.
 */

#include <event2/event_struct.h>

#include "frontend/ask.h"
#include "frontend/kept.h"
#include "frontend/statics.h"
#include "lib/log.h"
#include "lib/peer.h"
#include "lib/renumber.h"

#define BUCKETS 4096
#define NOBODY  SIZE_MAX

TAILQ_HEAD(waiters, ask_waiter);

/* One director; the first member is what others may see. */
struct link {
	struct ask_director shown;
	struct peer *peer;
	unsigned slow; /* timeouts in a row */
};

struct question {
	struct ask *ask;
	LIST_ENTRY(question) by_n, by_prefix;
	bool waited_for; /* is in by_prefix */
	uint64_t n;
	int service;
	struct addr client; /* whom we ask for */
	int64_t rtt_us;
	struct prefix prefix;
	struct waiters waiters;
	size_t director;  /* asked now, or NOBODY */
	struct mono sent; /* to it */
	struct event timer;
};
LIST_HEAD(questions, question);

struct ask {
	struct event_base *base;
	const struct world *world;
	const struct frontend *self;
	struct link *link; /* one a director of the world */
	struct peer_conf conf;
	struct kept *kept;
	struct statics *statics;
	struct gone gone;
	struct questions by_n[BUCKETS], by_prefix[BUCKETS];
	uint64_t next_n;
	uint64_t random;
	size_t waiting; /* questions that somebody waits for */
	struct event tick;
	uint32_t *drawn; /* one a server, since the last report */
	int *drew;       /* the servers among them that are not 0 */
	size_t ndrew;
	uint64_t skipped;
	struct log_bound bound;
};

/* ask_link.c: connects by a->conf. */
void link_new(struct ask *a, struct link *l, const struct director *d);
void link_set_state(
    struct ask *a, struct link *l, enum state state, enum reason reason);
/* It has answered in time. */
void link_answered(struct ask *a, struct link *l);
/* The first director that is up, from the `from`th on; ndirectors: none. */
size_t link_up(const struct ask *a, size_t from);
/* Beats may say that it has another configuration. */
void link_note_hash(struct link *l);
/* place[old] becomes the new place of each director whose questions go on. */
void links_renew(struct ask *a, const struct renumber *r, size_t *place);

/* ask_draw.c: without a director, by the last answer or the static list. */
void draw_from_memory(struct ask *a, int service, const struct addr *client,
    int avoid, struct ask_answer *out);
/* By a valid answer; false if all it names has gone since. */
bool draw_from_answer(struct ask *a, const struct kept_answer *k, int avoid,
    enum ask_source source, struct ask_answer *out);
/* Tell the directors of the draws since the last time. */
void draw_report(struct ask *a);

/* ask_question.c: the one that this line is about, or NULL. */
struct question *question_of(struct ask *a, const struct line *l);
void question_free(struct question *q);
/* How long a director has for it. */
int64_t question_budget_us(const struct question *q);
/* Ask the next director that can be; false: there is none left. */
bool question_ask(struct question *q, size_t from);
/* No director answered in time: who waits gets what we remember. */
void question_give_up(struct question *q);
/* It is answered: who waits gets a draw. Frees it. */
void question_release(struct question *q, const struct kept_answer *k);
/* Whether a director that was too slow is back. */
void question_probe(struct ask *a, struct link *l);
/* Whoever waits for this director asks the next one at once. */
void questions_ask_others(struct ask *a, size_t director);
/* After links_renew(). */
void
questions_renew(struct ask *a, const struct renumber *r, const size_t *place);

#endif
