/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the questions in flight. A question is asked for a client, and whoever
 * else comes from its prefix waits for the same one; the directors are asked
 * in turn, each for its time. It lives on for a while after nobody waits any
 * more: a late answer is still worth keeping, and shows that the director is
 * back.
 */
#include "frontend/ask_own.h"

#include <stdlib.h>

#include "frontend/best.h"
#include "lib/mem.h"

#define SLOW_AFTER 3    /* timeouts in a row: the director is down */
#define LATE_MS    3000 /* an answer may come so late */
#define PREFIX4    24   /* clients of one prefix wait for one answer */
#define PREFIX6    48

/* All of them. */

void
ask_cancel(struct ask_waiter *w)
{
	if (w->question == NULL)
		return;
	TAILQ_REMOVE(&w->question->waiters, w, link);
	w->question = NULL;
}

static struct questions *
bucket_n(struct ask *a, uint64_t n)
{
	return &a->by_n[n % BUCKETS];
}

static struct questions *
bucket_prefix(struct ask *a, int service, const struct prefix *p)
{
	uint32_t h = (uint32_t)service * 31 + p->len;
	size_t i;

	for (i = 0; i < sizeof(p->addr.ip); i++)
		h = (h ^ p->addr.ip[i]) * 16777619u;
	return &a->by_prefix[(h ^ (h >> 15)) % BUCKETS];
}

static struct question *
question_find(struct ask *a, int service, const struct prefix *p)
{
	struct question *q;

	LIST_FOREACH(q, bucket_prefix(a, service, p), by_prefix)
	if (q->service == service && q->prefix.len == p->len &&
	    addr_cmp(&q->prefix.addr, &p->addr) == 0)
		return q;
	return NULL;
}

struct question *
question_of(struct ask *a, const struct line *l)
{
	struct question *q;
	uint64_t n;

	if (best_number(l, &n) < 0)
		return NULL;
	LIST_FOREACH(q, bucket_n(a, n), by_n)
	if (q->n == n)
		return q;
	return NULL;
}

/* Nobody waits for it from now on, nor can begin to. */
static void
question_close(struct question *q)
{
	if (!q->waited_for)
		return;
	q->waited_for = false;
	LIST_REMOVE(q, by_prefix);
	q->ask->waiting--;
}

void
question_free(struct question *q)
{
	struct ask_waiter *w;

	question_close(q);
	while ((w = TAILQ_FIRST(&q->waiters)) != NULL)
		ask_cancel(w);
	LIST_REMOVE(q, by_n);
	(void)event_del(&q->timer);
	free(q);
}

/* Asking. */

static void
timer_in(struct question *q, int64_t us)
{
	struct timeval tv = {.tv_sec = us / 1000000, .tv_usec = us % 1000000};

	(void)event_add(&q->timer, &tv);
}

static void
send_ask(struct ask *a, struct link *l, const struct question *q)
{
	const struct service *s = &a->world->services[q->service];
	const char *contact = a->world->sites[a->self->site].id;
	char client[ADDR_TEXT];

	(void)addr_text(&q->client, client, sizeof(client));
	l->shown.asks++;
	if (q->rtt_us > 0)
		peer_send(l->peer, "ask %llu %s %s %s rtt=%lld",
		    (unsigned long long)q->n, s->id, contact, client,
		    (long long)q->rtt_us);
	else
		peer_send(l->peer, "ask %llu %s %s %s",
		    (unsigned long long)q->n, s->id, contact, client);
}

int64_t
question_budget_us(const struct question *q)
{
	return q->ask->self->ask_us +
	       q->ask->world->services[q->service].wait_us;
}

/* Ask the next director that can be; false: there is none left. */
bool
question_ask(struct question *q, size_t from)
{
	struct ask *a = q->ask;
	size_t i = link_up(a, from);

	q->director = NOBODY;
	if (i == a->world->ndirectors)
		return false;
	q->director = i;
	q->sent = mono_now();
	send_ask(a, &a->link[i], q);
	timer_in(q, question_budget_us(q));
	return true;
}

/* No director answered in time. */
void
question_give_up(struct question *q)
{
	struct ask *a = q->ask;
	struct ask_answer answer;
	struct ask_waiter *w;

	question_close(q);
	timer_in(q, LATE_MS * 1000);
	while ((w = TAILQ_FIRST(&q->waiters)) != NULL) {
		ask_cancel(w);
		draw_from_memory(a, w->service, &w->client, w->avoid, &answer);
		w->done(w, &answer);
	}
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct question *q = arg;
	struct ask *a = q->ask;
	size_t from = q->director;

	(void)fd;
	(void)what;
	if (!q->waited_for) {
		question_free(q);
		return;
	}
	if (from != NOBODY) {
		struct link *l = &a->link[from++];

		l->shown.timeouts++;
		if (++l->slow >= SLOW_AFTER)
			link_set_state(a, l, STATE_DOWN, REASON_REPLY_TIMEOUT);
	}
	if (from == NOBODY || !question_ask(q, from))
		question_give_up(q);
}

static struct question *
question_new(struct ask *a, const struct ask_waiter *w, const struct prefix *p)
{
	struct question *q = mem_new(sizeof(*q));

	q->ask = a;
	q->n = ++a->next_n;
	q->service = w->service;
	q->client = w->client;
	q->rtt_us = w->rtt_us;
	q->prefix = *p;
	q->waited_for = true;
	q->director = NOBODY;
	a->waiting++;
	TAILQ_INIT(&q->waiters);
	LIST_INSERT_HEAD(bucket_n(a, q->n), q, by_n);
	LIST_INSERT_HEAD(bucket_prefix(a, q->service, p), q, by_prefix);
	(void)evtimer_assign(&q->timer, a->base, on_timer, q);
	return q;
}

/* A director that is connected but was too slow gets a question that nobody
 * waits for: its answer brings it back. */
void
question_probe(struct ask *a, struct link *l)
{
	const struct ask_waiter w = {
	    .client = {.family = AF_INET, .ip = {127, 0, 0, 1}},
	    .rtt_us = -1,
	};
	struct prefix p = addr_prefix(&w.client, 32);
	struct question *q;

	if (a->world->nservices == 0 || question_find(a, w.service, &p) != NULL)
		return;
	q = question_new(a, &w, &p);
	question_close(q);
	q->director = (size_t)(l - a->link);
	q->sent = mono_now();
	send_ask(a, l, q);
	timer_in(q, LATE_MS * 1000);
}

/* Whoever waits for this director asks the next one at once. */
void
questions_ask_others(struct ask *a, size_t director)
{
	struct timeval now = {0, 0};
	struct question *q;
	size_t i;

	for (i = 0; i < BUCKETS; i++)
		LIST_FOREACH(q, &a->by_prefix[i], by_prefix)
	if (q->director == director && !question_ask(q, director + 1))
		(void)event_add(&q->timer, &now);
}

/* Who waits. */

/* Wait for a question for this many bits of the client's address. */
static void
wait_for(struct ask *a, struct ask_waiter *w, unsigned bits)
{
	struct prefix p = addr_prefix(&w->client, bits);
	struct question *q = question_find(a, w->service, &p);
	struct timeval now = {0, 0};

	if (q == NULL) {
		q = question_new(a, w, &p);
		/* The directors may have gone in this turn: never call back
		 * from within ask_start(). */
		if (!question_ask(q, 0))
			(void)event_add(&q->timer, &now);
	}
	w->question = q;
	TAILQ_INSERT_TAIL(&q->waiters, w, link);
}

void
ask_start(struct ask *a, struct ask_waiter *w, struct mono now)
{
	(void)now;
	wait_for(a, w, w->client.family == AF_INET ? PREFIX4 : PREFIX6);
}

/* All who wait get their draw; those that the answer does not hold for ask
 * for themselves. */
void
question_release(struct question *q, const struct kept_answer *k)
{
	struct ask *a = q->ask;
	struct ask_answer answer;
	struct ask_waiter *w;

	question_close(q);
	while ((w = TAILQ_FIRST(&q->waiters)) != NULL) {
		ask_cancel(w);
		if (!prefix_covers(&k->prefix, &w->client)) {
			wait_for(a, w, addr_bits(&w->client));
			continue;
		}
		if (!draw_from_answer(a, k, w->avoid, ASK_DIRECTOR, &answer))
			draw_from_memory(
			    a, w->service, &w->client, w->avoid, &answer);
		w->done(w, &answer);
	}
	question_free(q);
}

/* Reload. */

/* A question in the new world. Its number stays, so that the answer finds it;
 * whoever was to answer and has gone is replaced by the next. */
static void
renew_question(struct ask *a, struct question *q, const struct renumber *r,
    const size_t *place)
{
	struct timeval now = {0, 0};
	bool asked = q->director != NOBODY;

	if (q->waited_for)
		LIST_REMOVE(q, by_prefix);
	q->service = r->service[q->service];
	if (q->waited_for)
		LIST_INSERT_HEAD(
		    bucket_prefix(a, q->service, &q->prefix), q, by_prefix);
	if (asked)
		q->director = place[q->director];
	if (q->service < 0)
		question_free(q);
	else if (q->waited_for && asked && q->director == NOBODY &&
		 !question_ask(q, 0))
		(void)event_add(&q->timer, &now);
}

void
questions_renew(struct ask *a, const struct renumber *r, const size_t *place)
{
	struct question *q, *next;
	size_t i;

	for (i = 0; i < BUCKETS; i++)
		for (q = LIST_FIRST(&a->by_n[i]); q != NULL; q = next) {
			next = LIST_NEXT(q, by_n);
			renew_question(a, q, r, place);
		}
}
