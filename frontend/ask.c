/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the connections to the directors, the kept answers and the questions in
 * flight. A question is asked for a client, and whoever else comes from its
 * prefix waits for the same one. It lives on for a while after nobody waits
 * any more: a late answer is still worth keeping, and shows that the director
 * is back.
 */
#include "frontend/ask.h"

#include <event2/event_struct.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/best.h"
#include "frontend/kept.h"
#include "frontend/statics.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/peer.h"
#include "lib/renumber.h"

#define BUCKETS     4096
#define SLOW_AFTER  3    /* timeouts in a row: the director is down */
#define NONE_TTL_MS 1000 /* a `none` holds so long */
#define LATE_MS     3000 /* an answer may come so late */
#define TICK_MS     1000
#define QUEUE_MAX   (1u << 20)
#define DRAWN_MAX   60000 /* bytes of a line */
#define NOBODY      SIZE_MAX
#define PREFIX4     24 /* clients of one prefix wait for one answer */
#define PREFIX6     48

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

/* Directors and their states. */

static void
set_state(struct ask *a, struct link *l, enum state state, enum reason reason)
{
	struct mono now = mono_now();
	size_t up = ask_directors_up(a);
	struct ask_director *d = &l->shown;

	if (d->state == state) {
		d->reason = reason;
		return;
	}
	log_info("ask", "director %s: %s -> %s (%s), was so for %lld s",
	    d->conf->id, state_text(d->state), state_text(state),
	    reason_text(reason), (long long)(mono_ms(now, d->since) / 1000));
	if (d->state != STATE_UNKNOWN)
		d->changes++;
	d->state = state;
	d->reason = reason;
	d->since = now;
	if (up == 1 && ask_directors_up(a) == 0)
		log_warnx("ask", "no director answers: clients get last "
				 "answers and static lists");
	else if (up == 0 && state == STATE_UP)
		log_info("ask", "answers come from director %s", d->conf->id);
}

static void
answered(struct ask *a, struct link *l)
{
	l->slow = 0;
	set_state(a, l, STATE_UP, REASON_CONNECTED);
}

/* The first director that is up, from the `from`th on; ndirectors: none. */
static size_t
director_up(const struct ask *a, size_t from)
{
	while (from < a->world->ndirectors &&
	       a->link[from].shown.state != STATE_UP)
		from++;
	return from;
}

/* Draws. */

static void
count_draw(struct ask *a, int server)
{
	if (a->drawn[server]++ == 0)
		a->drew[a->ndrew++] = server;
}

static void
answer_with(struct ask *a, const struct drawable *d, enum ask_source source,
    struct ask_answer *out)
{
	*out = (struct ask_answer){source, d->server, d->alias, REASON_NONE};
	count_draw(a, d->server);
}

static bool
from_kept(struct ask *a, const struct kept_answer *k, int avoid,
    enum ask_source source, struct ask_answer *out)
{
	const struct drawable *d = draw(
	    k->list, k->n, &a->gone, k->moment, avoid, draw_random(&a->random));

	if (d != NULL)
		answer_with(a, d, source, out);
	return d != NULL;
}

/* Without a director: the last answer, then the static list. */
static void
from_memory(struct ask *a, int service, const struct addr *client, int avoid,
    struct ask_answer *out)
{
	const struct kept_answer *k = kept_find(a->kept, service, client);
	const struct drawable *d;

	if (k != NULL && from_kept(a, k, avoid, ASK_LAST, out))
		return;
	d = statics_draw(
	    a->statics, service, client, &a->gone, avoid, &a->random);
	if (d != NULL)
		answer_with(a, d, ASK_STATIC, out);
	else
		*out = (struct ask_answer){
		    ASK_FALLBACK, -1, NULL, REASON_NO_SERVER};
}

/* With a valid answer: false if all it names has gone since. */
static bool
from_answer(struct ask *a, const struct kept_answer *k, int avoid,
    enum ask_source source, struct ask_answer *out)
{
	if (k->n > 0)
		return from_kept(a, k, avoid, source, out);
	*out = (struct ask_answer){ASK_FALLBACK, -1, NULL, k->none};
	return true;
}

bool
ask_known(struct ask *a, int service, const struct addr *client, int avoid,
    struct mono now, struct ask_answer *out)
{
	const struct kept_answer *k = kept_find(a->kept, service, client);

	if (k != NULL && mono_cmp(now, k->until) < 0 &&
	    from_answer(a, k, avoid, ASK_CACHED, out))
		return true;
	if (director_up(a, 0) < a->world->ndirectors)
		return false;
	from_memory(a, service, client, avoid, out);
	return true;
}

/* Questions. */

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

static void
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

static int64_t
budget_us(const struct question *q)
{
	return q->ask->self->ask_us +
	       q->ask->world->services[q->service].wait_us;
}

/* Ask the next director that can be; false: there is none left. */
static bool
ask_next(struct question *q, size_t from)
{
	struct ask *a = q->ask;
	size_t i = director_up(a, from);

	q->director = NOBODY;
	if (i == a->world->ndirectors)
		return false;
	q->director = i;
	q->sent = mono_now();
	send_ask(a, &a->link[i], q);
	timer_in(q, budget_us(q));
	return true;
}

/* No director answered in time. */
static void
give_up(struct question *q)
{
	struct ask *a = q->ask;
	struct ask_answer answer;
	struct ask_waiter *w;

	question_close(q);
	timer_in(q, LATE_MS * 1000);
	while ((w = TAILQ_FIRST(&q->waiters)) != NULL) {
		ask_cancel(w);
		from_memory(a, w->service, &w->client, w->avoid, &answer);
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
			set_state(a, l, STATE_DOWN, REASON_REPLY_TIMEOUT);
	}
	if (from == NOBODY || !ask_next(q, from))
		give_up(q);
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
		if (!ask_next(q, 0))
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

void
ask_cancel(struct ask_waiter *w)
{
	if (w->question == NULL)
		return;
	TAILQ_REMOVE(&w->question->waiters, w, link);
	w->question = NULL;
}

/* Answers. */

static struct question *
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

/* All who wait get their draw; those that the answer does not hold for ask
 * for themselves. */
static void
release(struct question *q, const struct kept_answer *k)
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
		if (!from_answer(a, k, w->avoid, ASK_DIRECTOR, &answer))
			from_memory(
			    a, w->service, &w->client, w->avoid, &answer);
		w->done(w, &answer);
	}
	question_free(q);
}

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
	if (l->shown.rtt_us > budget_us(q))
		return;
	l->shown.answers++;
	answered(a, l);
}

/* It has answered with what we cannot use: as if it had not. */
static void
useless(struct ask *a, struct link *l, struct question *q, const char *why)
{
	l->shown.errors++;
	if (log_allowed(&a->bound, "ask"))
		log_warnx("ask", "director %s: %s", l->shown.conf->id, why);
	if (q->waited_for && q->director == (size_t)(l - a->link) &&
	    !ask_next(q, q->director + 1))
		give_up(q);
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
	release(q, &k);
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
	release(q, &k);
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

/* Beats may say that it is another one. */
static void
note_hash(struct link *l)
{
	l->shown.skewed = peer_is_skewed(l->peer);
	if (peer_is_up(l->peer))
		(void)snprintf(l->shown.hash, sizeof(l->shown.hash), "%s",
		    peer_hash(l->peer));
}

static void
on_up(struct peer *p, void *arg)
{
	struct link *l = peer_data(p);

	(void)p;
	note_hash(l);
	answered(arg, l);
}

/* Whoever waits for this director asks the next one at once. */
static void
ask_others(struct ask *a, size_t director)
{
	struct timeval now = {0, 0};
	struct question *q;
	size_t i;

	for (i = 0; i < BUCKETS; i++)
		LIST_FOREACH(q, &a->by_prefix[i], by_prefix)
	if (q->director == director && !ask_next(q, director + 1))
		(void)event_add(&q->timer, &now);
}

static void
on_down(struct peer *p, const char *why, void *arg)
{
	struct ask *a = arg;
	struct link *l = peer_data(p);

	(void)why;
	l->slow = 0;
	set_state(a, l, STATE_DOWN, REASON_DISCONNECTED);
	ask_others(a, (size_t)(l - a->link));
}

static void
on_fail(struct peer *p, const char *why, void *arg)
{
	struct link *l = peer_data(p);

	(void)why;
	set_state(arg, l, STATE_DOWN, REASON_CONNECT_FAILED);
}

/* Once a second. */

static void
report_drawn(struct ask *a)
{
	char line[DRAWN_MAX + 512];
	size_t len = 0, i, d;

	for (i = 0; i < a->ndrew; i++) {
		int server = a->drew[i];

		if (len == 0)
			len = (size_t)snprintf(line, sizeof(line), "drawn");
		len += (size_t)snprintf(line + len, sizeof(line) - len,
		    " %s %u", a->world->servers[server].id, a->drawn[server]);
		a->drawn[server] = 0;
		if (len < DRAWN_MAX && i + 1 < a->ndrew)
			continue;
		for (d = 0; d < a->world->ndirectors; d++)
			if (peer_is_up(a->link[d].peer))
				peer_send_text(a->link[d].peer, line, len);
		len = 0;
	}
	a->ndrew = 0;
}

/* A director that is connected but was too slow gets a question that nobody
 * waits for: its answer brings it back. */
static void
probe(struct ask *a, struct link *l)
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

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct ask *a = arg;
	size_t i;

	(void)fd;
	(void)what;
	report_drawn(a);
	for (i = 0; i < a->world->ndirectors; i++) {
		note_hash(&a->link[i]);
		if (peer_is_up(a->link[i].peer) &&
		    a->link[i].shown.state != STATE_UP)
			probe(a, &a->link[i]);
	}
}

static void
link_new(struct ask *a, struct link *l, const struct director *d)
{
	l->shown = (struct ask_director){.conf = d,
	    .state = STATE_UNKNOWN,
	    .reason = REASON_NOT_JUDGED,
	    .since = mono_now(),
	    .rtt_us = -1};
	l->peer = peer_connect(&a->conf, d->listen, d->nlisten);
	peer_set_data(l->peer, l);
}

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
	report_drawn(a);
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

/* Reload. */

/* The director of the new world that was this one, at its new place; NOBODY if
 * there is none any more. */
static size_t
new_place(const struct renumber *r, size_t old)
{
	size_t i;

	for (i = 0; i < r->to->ndirectors; i++)
		if (strcmp(r->to->directors[i].id,
			r->from->directors[old].id) == 0)
			return i;
	return NOBODY;
}

/* A director that stays; one that has moved away is connected to anew. */
static bool
link_renew(struct ask *a, struct link *l, const struct director *d)
{
	l->shown.conf = d;
	if (a->conf.tls != NULL)
		peer_renew_tls(l->peer);
	if (peer_set_endpoints(l->peer, d->listen, d->nlisten)) {
		peer_set_data(l->peer, l);
		return true;
	}
	peer_free(&l->peer);
	l->slow = 0;
	l->peer = peer_connect(&a->conf, d->listen, d->nlisten);
	peer_set_data(l->peer, l);
	set_state(a, l, STATE_DOWN, REASON_DISCONNECTED);
	return false;
}

/* place[old] becomes the new place of each director whose questions go on. */
static void
renew_links(struct ask *a, const struct renumber *r, size_t *place)
{
	struct link *old = a->link;
	size_t i;

	a->link = mem_array(r->to->ndirectors, sizeof(*a->link));
	for (i = 0; i < r->from->ndirectors; i++) {
		place[i] = new_place(r, i);
		if (place[i] != NOBODY)
			a->link[place[i]] = old[i];
		else
			peer_free(&old[i].peer);
	}
	free(old);
	for (i = 0; i < r->to->ndirectors; i++)
		if (a->link[i].peer == NULL)
			link_new(a, &a->link[i], &r->to->directors[i]);
	for (i = 0; i < r->from->ndirectors; i++)
		if (place[i] != NOBODY && !link_renew(a, &a->link[place[i]],
					      &r->to->directors[place[i]]))
			place[i] = NOBODY;
}

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
		 !ask_next(q, 0))
		(void)event_add(&q->timer, &now);
}

static void
renew_questions(struct ask *a, const struct renumber *r, const size_t *place)
{
	struct question *q, *next;
	size_t i;

	for (i = 0; i < BUCKETS; i++)
		for (q = LIST_FIRST(&a->by_n[i]); q != NULL; q = next) {
			next = LIST_NEXT(q, by_n);
			renew_question(a, q, r, place);
		}
}

void
ask_renew(struct ask *a, const struct renumber *r, const struct frontend *self)
{
	const struct world *w = r->to;
	size_t *place = mem_array(r->from->ndirectors + 1, sizeof(*place));

	report_drawn(a); /* they are of the old world */
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
	renew_links(a, r, place);
	renew_questions(a, r, place);
	free(place);
}

const struct ask_director *
ask_director(const struct ask *a, size_t i)
{
	return &a->link[i].shown;
}

size_t
ask_directors_up(const struct ask *a)
{
	size_t i, up = 0;

	for (i = 0; i < a->world->ndirectors; i++)
		up += a->link[i].shown.state == STATE_UP;
	return up;
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
