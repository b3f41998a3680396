/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What directors say, and what it means for questions and kept answers; start,
 * end, reload and the tick of it all. Owns `struct ask` with the kept answers
 * and the static lists; its parts are in ask_*.c (see ask_own.h).
 */
#include "frontend/ask_own.h"

#include <stdlib.h>

#include "frontend/best.h"
#include "lib/mem.h"

#define NONE_TTL_MS 1000 /* a `none` holds so long */
#define TICK_MS     1000
#define QUEUE_MAX   (1u << 20)

const char *
ask_source_text(enum ask_source s)
{
	static const char *const text[ASK_SOURCES] = {
	    [ASK_DIRECTOR] = "director",
	    [ASK_CACHED] = "cached",
	    [ASK_LAST] = "last",
	    [ASK_STATIC] = "static",
	    [ASK_FALLBACK] = "fallback",
	};

	return text[s] != NULL ? text[s] : "-";
}

/* Answers. */

static void
keep(struct question *q, struct kept_answer *k, int64_t ttl_ms)
{
	size_t i;

	for (i = 0; i < k->n; i++)
		gone_clear(&q->ask->gone, k->list[i].server);
	k->service = q->service;
	k->until = mono_add_ms(mono_now(), ttl_ms);
	k->moment = gone_moment(&q->ask->gone);
	kept_put(q->ask->kept, k);
}

/* The director of a peer has answered this question. */
static void
note_answer(struct ask *a, struct link *l, const struct question *q)
{
	if (q->director != (size_t)(l - a->link))
		return;
	l->shown.rtt_us = mono_us(mono_now(), q->sent);
	/* A director that is always late must not seem to come back with each
	 * of its late answers. */
	if (l->shown.rtt_us > question_budget_us(q))
		return;
	l->shown.answers++;
	link_answered(a, l);
}

/* It has answered with what we cannot use: as if it had not. */
static void
useless(struct ask *a, struct link *l, struct question *q, const char *why)
{
	l->shown.errors++;
	if (log_allowed(&a->bound, "ask"))
		log_warnx("ask", "director %s: %s", l->shown.conf->id, why);
	if (q->waited_for && q->director == (size_t)(l - a->link) &&
	    !question_ask(q, q->director + 1))
		question_give_up(q);
}

static void
on_best(struct peer *p, const struct line *line, void *arg)
{
	struct ask *a = arg;
	struct link *l = peer_data(p);
	struct question *q = question_of(a, line);
	struct kept_answer k;
	const char *why = NULL;
	unsigned skipped;
	int64_t ttl_ms;

	if (q == NULL)
		return; /* later than LATE_MS, or answered by another */
	note_answer(a, l, q);
	if (best_parse(
		a->world, line, &q->client, &k, &ttl_ms, &skipped, &why) < 0) {
		useless(a, l, q, why);
		return;
	}
	a->skipped += skipped;
	if (k.n == 0) {
		useless(a, l, q,
		    "best: none of its servers is known here; do "
		    "the configurations differ?");
		return;
	}
	keep(q, &k, ttl_ms);
	question_release(q, &k);
}

static void
on_none(struct peer *p, const struct line *line, void *arg)
{
	struct ask *a = arg;
	struct link *l = peer_data(p);
	struct question *q = question_of(a, line);
	struct kept_answer k = {.n = 0};

	if (q == NULL)
		return;
	note_answer(a, l, q);
	if (!best_none(line, &k.none)) {
		useless(a, l, q,
		    "it does not know our service or site; do the "
		    "configurations differ?");
		return;
	}
	k.prefix = q->prefix;
	keep(q, &k, NONE_TTL_MS);
	question_release(q, &k);
}

static void
on_gone(struct peer *p, const struct line *l, void *arg)
{
	struct ask *a = arg;
	bool exit = line_option(l, "border") != NULL;
	size_t i;

	(void)p;
	for (i = 1; i < l->fields; i++) {
		int server = world_server(a->world, l->field[i]);

		if (server < 0)
			a->skipped++;
		else if (exit)
			gone_void(&a->gone, server);
		else
			gone_add(&a->gone, server);
	}
}

static void
on_error(struct peer *p, const struct line *line, void *arg)
{
	struct ask *a = arg;
	struct link *l = peer_data(p);

	l->shown.errors++;
	if (log_allowed(&a->bound, "ask"))
		log_warnx("ask", "director %s says: error %s",
		    l->shown.conf->id, line->field[1]);
}

static const struct verb verbs[] = {
    {"best", on_best, ROLE_DIRECTOR, 8, 3 + 5 * DRAW_MAX},
    {"none", on_none, ROLE_DIRECTOR, 2, 2},
    {"gone", on_gone, ROLE_DIRECTOR, 1, SIZE_MAX},
    {"error", on_error, ROLE_DIRECTOR, 0, SIZE_MAX},
    {NULL, NULL, 0, 0, 0},
};

/* Connections. */

static void
on_up(struct peer *p, void *arg)
{
	struct link *l = peer_data(p);

	(void)p;
	link_note_hash(l);
	link_answered(arg, l);
}

static void
on_down(struct peer *p, const char *why, void *arg)
{
	struct ask *a = arg;
	struct link *l = peer_data(p);

	(void)why;
	l->slow = 0;
	link_set_state(a, l, STATE_DOWN, REASON_DISCONNECTED);
	questions_ask_others(a, (size_t)(l - a->link));
}

static void
on_fail(struct peer *p, const char *why, void *arg)
{
	struct link *l = peer_data(p);

	(void)why;
	link_set_state(arg, l, STATE_DOWN, REASON_CONNECT_FAILED);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct ask *a = arg;
	size_t i;

	(void)fd;
	(void)what;
	draw_report(a);
	for (i = 0; i < a->world->ndirectors; i++) {
		link_note_hash(&a->link[i]);
		if (peer_is_up(a->link[i].peer) &&
		    a->link[i].shown.state != STATE_UP)
			question_probe(a, &a->link[i]);
	}
}

/* Start, end, reload. */

struct ask *
ask_new(struct event_base *base, const struct world *w,
    const struct frontend *self, uint64_t seed)
{
	struct ask *a = mem_new(sizeof(*a));
	const struct timeval tick = {
	    .tv_sec = TICK_MS / 1000, .tv_usec = TICK_MS % 1000 * 1000};
	size_t i;

	a->base = base;
	a->world = w;
	a->self = self;
	a->random = seed;
	a->kept = kept_new(self->cache);
	a->statics = statics_new(w, self->site);
	gone_init(&a->gone, w);
	a->drawn = mem_array(w->nservers, sizeof(*a->drawn));
	a->drew = mem_array(w->nservers, sizeof(*a->drew));
	a->bound.burst = 5;
	a->conf = (struct peer_conf){.base = base,
	    .sub = "ask",
	    .role = ROLE_FRONTEND,
	    .id = self->id,
	    .hash = w->hash,
	    .verbs = verbs,
	    .on_up = on_up,
	    .on_down = on_down,
	    .on_fail = on_fail,
	    .arg = a,
	    .tls = w->tls,
	    .queue_max = QUEUE_MAX};
	a->link = mem_array(w->ndirectors, sizeof(*a->link));
	for (i = 0; i < w->ndirectors; i++)
		link_new(a, &a->link[i], &w->directors[i]);
	(void)event_assign(&a->tick, base, -1, EV_PERSIST, on_tick, a);
	(void)event_add(&a->tick, &tick);
	return a;
}

void
ask_free(struct ask **ap)
{
	struct ask *a = *ap;
	size_t i;

	if (a == NULL)
		return;
	draw_report(a);
	for (i = 0; i < a->world->ndirectors; i++)
		peer_free(&a->link[i].peer);
	for (i = 0; i < BUCKETS; i++)
		while (!LIST_EMPTY(&a->by_n[i]))
			question_free(LIST_FIRST(&a->by_n[i]));
	(void)event_del(&a->tick);
	kept_free(&a->kept);
	statics_free(&a->statics);
	gone_fini(&a->gone);
	free(a->link);
	free(a->drawn);
	free(a->drew);
	free(a);
	*ap = NULL;
}

void
ask_renew(struct ask *a, const struct renumber *r, const struct frontend *self)
{
	const struct world *w = r->to;
	size_t *place = mem_array(r->from->ndirectors + 1, sizeof(*place));

	draw_report(a); /* they are of the old world */
	free(a->drawn);
	free(a->drew);
	a->drawn = mem_array(w->nservers, sizeof(*a->drawn));
	a->drew = mem_array(w->nservers, sizeof(*a->drew));
	a->world = w;
	a->self = self;
	a->conf.id = self->id;
	a->conf.hash = w->hash;
	a->conf.tls = w->tls;
	kept_renew(&a->kept, r, self->cache);
	gone_renew(&a->gone, r);
	statics_free(&a->statics);
	a->statics = statics_new(w, self->site);
	links_renew(a, r, place);
	questions_renew(a, r, place);
	free(place);
}

void
ask_counters(const struct ask *a, struct ask_counters *out)
{
	*out = (struct ask_counters){
	    .kept = kept_count(a->kept),
	    .waiting = a->waiting,
	    .evicted = kept_evicted(a->kept),
	    .skipped = a->skipped,
	};
}
