/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The callbacks of sockets and timers. Owns all the director's objects and the
 * list of parties; peers belong to their listener.
 */
#include "director/desk.h"

#include <event2/util.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "director/status.h"
#include "lib/decide/explain.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/reload.h"

#define PEERS_MAX 1024
#define TICK_MS   250
/* Just started, we would take each server for up. Front ends know better: for
 * so long they shall go on with what they have, until a manager has told us. */
#define GRACE_MS 3000
/* What changes in a burst is looked at once. */
#define SOON_MS 10

#define ROLES_FEED  (ROLE_MANAGER | ROLE_COLLECTOR)
#define ROLES_ASKER (ROLE_FRONTEND | ROLE_RELAY)

static struct timeval
in_us(int64_t us)
{
	return (struct timeval){us / 1000000, us % 1000000};
}

static void
look_soon(struct desk *d)
{
	struct timeval tv = in_us(SOON_MS * 1000);

	if (!d->soon_set)
		(void)event_add(d->soon, &tv);
	d->soon_set = true;
}

static void
gone_soon(struct desk *d)
{
	picture_void(d->picture);
	d->look_at_gone = true;
	look_soon(d);
}

/* How long what is measured is fresh, for us and for whoever measures. */
static int64_t
fresh_us(const struct desk *d)
{
	const struct view *v = feeds_view(d->feeds, FEED_PATH);

	return v != NULL ? view_fresh_us(v) : d->self->fresh_us;
}

/* A want that was lost is said again in time. */
static int64_t
lease_ms(const struct desk *d)
{
	int64_t ms = fresh_us(d) / 4000;

	return ms < WANTS_LEASE_MS ? ms : WANTS_LEASE_MS;
}

static void
choose(struct desk *d, struct mono now)
{
	if (feeds_choose(d->feeds, now)) {
		gone_soon(d);
		d->look_at_held = true;
	}
	if (!d->told && feeds_is_fresh(d->feeds, FEED_LOAD)) {
		d->told = true;
		d->look_at_held = true;
		look_soon(d);
	}
}

/* Feeds. */

static enum reason
reason_of(const char *word)
{
	int r;

	for (r = 0; r < REASON_COUNT; r++)
		if (strcmp(reason_text((enum reason)r), word) == 0)
			return (enum reason)r;
	return REASON_DISCONNECTED;
}

static void
count_lines(struct party *t)
{
	struct peer_counters c;

	peer_counters(t->peer, &c);
	if (t->feed != NULL) {
		t->feed->lines += c.lines_in - t->lines_counted;
		t->feed->errors += c.errors - t->errors_counted;
	}
	t->lines_counted = c.lines_in;
	t->errors_counted = c.errors;
}

void
desk_count_lines(struct desk *d)
{
	struct party *t;

	TAILQ_FOREACH(t, &d->parties, link)
	count_lines(t);
}

static void
party_free(struct desk *d, struct party *t)
{
	TAILQ_REMOVE(&d->parties, t, link);
	held_forget(d->held, t->peer);
	peer_set_data(t->peer, NULL);
	free(t);
}

/* The same feed came a second time: the old connection is a leftover. */
static void
end_leftover(struct desk *d, struct feed *feed)
{
	struct peer *old = feed->peer;
	struct party *t;

	if (old == NULL)
		return;
	t = peer_data(old);
	log_warnx("feed", "%s: connected again; the connection before it ends",
	    feed->id);
	count_lines(t);
	party_free(d, t);
	peer_free(&old);
}

static void
feed_up(struct desk *d, struct party *t, struct mono now)
{
	struct peer *p = t->peer;
	struct feed_hello h = {
	    .id = peer_id(p),
	    .hash = peer_hash(p),
	    .manager = peer_role(p) == ROLE_MANAGER,
	    .gives = {peer_gives(p, "load"), peer_gives(p, "path")},
	};
	bool resync;

	t->feed = feeds_up(d->feeds, &h, now, &resync);
	if (t->feed == NULL) {
		peer_error(p,
		    "too many feeds: %d beside the managers of the "
		    "configuration are kept",
		    FEEDS_OTHERS_MAX);
		return;
	}
	end_leftover(d, t->feed);
	t->feed->peer = p;
	if (resync)
		peer_send(p, "resync");
	choose(d, now);
}

/* A load line that is not told over and over for want of a newer one. */
static bool
is_sample(const struct feed *feed, const struct line *l)
{
	const char *age = line_option(l, "age");
	int64_t ms = 0;

	if (strcmp(l->field[0], "load") != 0)
		return false;
	if (age != NULL)
		(void)num_parse(age, 0, INT64_MAX, &ms);
	return ms < 2 * feed->poll_us / 1000;
}

static void
on_feed(struct peer *p, const struct line *l, void *arg)
{
	struct desk *d = arg;
	struct party *t = peer_data(p);
	struct mono now = mono_now();
	char why[200] = "";
	bool load, path;

	if (t->feed == NULL) {
		peer_error(p, "not heard: too many feeds");
		return;
	}
	load = t->feed->gives[FEED_LOAD];
	path = t->feed->gives[FEED_PATH];
	switch (feeds_line(d->feeds, t->feed, l, now, why, sizeof(why))) {
	case VIEW_MALFORMED:
		peer_error(p, "%s", why);
		return;
	case VIEW_OTHER:
		peer_error(p, "%s is no line of a feed", l->field[0]);
		return;
	case VIEW_TAKEN:
	case VIEW_UNKNOWN_NAME:
		break;
	}
	if (strcmp(l->field[0], "synced") == 0 ||
	    load != t->feed->gives[FEED_LOAD] ||
	    path != t->feed->gives[FEED_PATH])
		choose(d, now);
	if (t->feed == feeds_used(d->feeds, FEED_LOAD) && is_sample(t->feed, l))
		draws_sampled(d->draws, l);
	if (strcmp(l->field[0], "state") == 0 ||
	    strcmp(l->field[0], "synced") == 0)
		gone_soon(d);
	if (strcmp(l->field[0], "ping") == 0 && held_count(d->held) > 0) {
		d->look_at_held = true;
		look_soon(d);
	}
}

/* Asks. */

/* The feed that is asked to measure: the first by rank that is connected. */
static struct peer *
prober(const struct desk *d)
{
	const struct feed *f;
	size_t i;

	f = feeds_used(d->feeds, FEED_PATH);
	if (f != NULL && f->peer != NULL)
		return f->peer;
	for (i = 0; (f = feeds_at(d->feeds, i)) != NULL; i++)
		if (f->peer != NULL && f->gives[FEED_PATH])
			return f->peer;
	return NULL;
}

static void
send_wants(struct desk *d, struct mono now)
{
	char text[WANTS_LINE_BYTES];
	struct peer *p = prober(d);
	size_t len;

	while (p != NULL &&
	       (len = wants_line(d->wants, now, text, sizeof(text))) > 0)
		peer_send_text(p, text, len);
}

static void
set_due(struct desk *d, struct mono now)
{
	struct mono next = held_next(d->held);
	struct timeval tv;
	int64_t us;

	if (!mono_set(next))
		return;
	us = mono_us(next, now);
	tv = in_us(us > 0 ? us : 0);
	(void)event_add(d->due, &tv);
}

/* What is known of a client is of its own prefix and whole: nothing to wait
 * for. */
static bool
is_measured(const struct answer_path *path)
{
	return path->known && !path->ping.inherited && path->ping.complete;
}

/* Values that are fresh, and will be when the next client of the prefix
 * comes: asked for in time, they never get stale. */
static bool
is_young(const struct desk *d, const struct answer_path *path, struct mono now)
{
	return path->known && !path->ping.inherited && path->ping.fresh &&
	       mono_us(now, path->ping.time) < fresh_us(d) / 2;
}

/* Ask for the paths of a client of whom nothing fresh is known. True if the
 * answer shall wait for them. */
static bool
must_wait(struct desk *d, struct peer *p, const struct ask *q,
    const struct answer_path *path, struct mono now)
{
	int64_t wait_us = d->world->services[q->service].wait_us;
	bool v4 = q->client.family == AF_INET;
	struct prefix prefix =
	    addr_prefix(&q->client, v4 ? d->self->prefix4 : d->self->prefix6);
	struct mono since, until;

	if ((is_young(d, path, now) && path->ping.complete) ||
	    prober(d) == NULL)
		return false;
	/* Within what disagrees each client is asked for by itself. */
	if (path->known && path->ping.inherited &&
	    path->ping.prefix.len >= prefix.len)
		prefix = addr_prefix(&q->client, addr_bits(&q->client));
	if (wants_client(d->wants, &prefix, &q->client, now))
		send_wants(d, now);
	since = wants_since(d->wants, &prefix, now);
	if (is_measured(path) || wait_us == 0 || !mono_set(since))
		return false;
	until = mono_add_ms(since, wait_us / 1000);
	if (mono_cmp(until, now) <= 0)
		return false; /* was waited for in vain */
	if (!held_add(d->held, q, p, until)) {
		d->tally->held_refused++;
		return false;
	}
	d->tally->held++;
	set_due(d, now);
	return true;
}

static void
answer(struct desk *d, struct peer *p, const struct ask *q,
    const struct answer_path *path, struct mono begun, struct mono now)
{
	const char *text;
	size_t len;

	text = answer_text(d->answer, q, path, now, &len);
	peer_send_text(p, text, len);
	d->tally->time_ns += (uint64_t)(mono_now().ns - begun.ns);
}

/* Nobody has told us anything yet: their answer waits for that, a little. */
static bool
is_early(struct desk *d, struct peer *p, const struct ask *q, struct mono now)
{
	if (d->told || mono_cmp(now, d->grace) >= 0)
		return false;
	if (held_add(d->held, q, p, d->grace))
		set_due(d, now);
	else
		d->tally->held_refused++;
	return true;
}

static void
on_ask(struct peer *p, const struct line *l, void *arg)
{
	struct desk *d = arg;
	struct party *t = peer_data(p);
	struct mono now = mono_now();
	struct answer_path path;
	enum reason none;
	struct ask q;
	char why[200];
	const char *text;
	size_t len;

	t->asked++;
	if (ask_parse(d->world, l, &q, &none, why, sizeof(why)) < 0) {
		if (none == REASON_NONE) {
			d->tally->ask_errors++;
			peer_error(p, "%s", why);
			return;
		}
		text = answer_none(d->answer, q.n, none, &len);
		peer_send_text(p, text, len);
		return;
	}
	if (is_early(d, p, &q, now))
		return;
	answer_look(d->answer, &q, now, &path);
	if (!must_wait(d, p, &q, &path, now))
		answer(d, p, &q, &path, now, now);
}

static void
answer_held(struct desk *d, const struct held_ask *h, struct mono now)
{
	struct answer_path path;

	answer_look(d->answer, &h->ask, now, &path);
	if (d->world->services[h->ask.service].wait_us > 0 &&
	    !is_measured(&path))
		tally_count(d->tally, h->ask.service, FALLBACK_WAIT_EXPIRED);
	answer(d, h->peer, &h->ask, &path, mono_now(), now);
}

struct look_arg {
	struct desk *d;
	struct mono now;
};

static bool
is_known(void *arg, const struct ask *q)
{
	struct look_arg *a = arg;
	struct answer_path path;

	if (a->d->world->services[q->service].wait_us == 0)
		return a->d->told; /* held for that alone */
	answer_look(a->d->answer, q, a->now, &path);
	return is_measured(&path);
}

static void
look_at_held(struct desk *d, struct mono now)
{
	struct look_arg a = {d, now};
	struct held_ask h;

	d->look_at_held = false;
	held_sweep(d->held, is_known, &a);
	while (held_due(d->held, now, &h))
		answer_held(d, &h, now);
	set_due(d, now);
}

static void
on_drawn(struct peer *p, const struct line *l, void *arg)
{
	struct desk *d = arg;
	const char *why;
	unsigned unknown;

	if (draws_take(d->draws, l, &unknown, &why) < 0)
		peer_error(p, "%s", why);
	d->unknown_drawn += unknown;
}

/* Operators. */

static void
put_line(void *arg, const char *line)
{
	peer_send_text(arg, line, strlen(line));
}

static void
on_explain(struct peer *p, const struct line *l, void *arg)
{
	struct desk *d = arg;
	struct explanation *e;
	enum reason none;
	struct ask q;
	char why[200];

	if (ask_parse(d->world, l, &q, &none, why, sizeof(why)) < 0) {
		peer_error(p, "%s", why);
		return;
	}
	e = explain(&(struct question){
	    .world = d->world,
	    .service = q.service,
	    .contact = q.contact,
	    .client = q.client,
	    .client_text = l->field[3],
	    .relay = q.relay,
	    .rtt_us = q.rtt_us,
	    .now = mono_now(),
	    .loads = feeds_view(d->feeds, FEED_LOAD),
	    .paths = feeds_view(d->feeds, FEED_PATH),
	    .load_fresh_us = feeds_load_fresh_us(d->feeds),
	    .assigned = draws_counts(d->draws),
	});
	explanation_send(e, put_line, p);
	explanation_free(&e);
}

static void
on_status(struct peer *p, const struct line *l, void *arg)
{
	(void)l;
	status_send(arg, p, mono_now());
}

static void
on_reload(struct peer *p, const struct line *l, void *arg)
{
	struct desk *d = arg;

	(void)l;
	if (d->daemon != NULL)
		(void)reload_now(d->daemon, p);
	else
		peer_error(p, "there is nothing to read anew");
}

static const struct verb verbs[] = {
    {"ask", on_ask, ROLES_ASKER, 4, 4},
    {"load", on_feed, ROLES_FEED, 2, SIZE_MAX},
    {"metrics", on_feed, ROLES_FEED, 1, SIZE_MAX},
    {"ping", on_feed, ROLES_FEED, 1, SIZE_MAX},
    {"state", on_feed, ROLES_FEED, 2, SIZE_MAX},
    {"borders", on_feed, ROLES_FEED, 1, SIZE_MAX},
    {"synced", on_feed, ROLES_FEED, 0, 0},
    {"drawn", on_drawn, ROLES_ASKER, 2, SIZE_MAX},
    {"explain", on_explain, ROLE_CONTROL | ROLES_ASKER, 3, 3},
    {"status", on_status, ROLE_CONTROL, 0, 0},
    {"reload", on_reload, ROLE_CONTROL, 0, 0},
    {NULL, NULL, 0, 0, 0},
};

/* Parties. */

/* With a border: only answers that name the server are void, it stays. */
static void
tell_one(void *arg, int server, int border)
{
	struct look_arg *a = arg;
	const struct world *w = a->d->world;
	struct party *t;

	TAILQ_FOREACH(t, &a->d->parties, link)
	{
		if (!t->asks)
			continue;
		if (border < 0)
			peer_send(t->peer, "gone %s", w->servers[server].id);
		else
			peer_send(t->peer, "gone %s border=%s",
			    w->servers[server].id, w->borders[border].id);
		a->d->gone_sent++;
	}
}

struct list_arg {
	const struct world *world;
	struct peer *peer;
};

static void
list_one(void *arg, int server, int border)
{
	struct list_arg *a = arg;

	(void)border;
	peer_send(a->peer, "gone %s", a->world->servers[server].id);
}

static void
on_up(struct peer *p, void *arg)
{
	struct desk *d = arg;
	struct party *t = mem_new(sizeof(*t));
	struct mono now = mono_now();

	t->peer = p;
	t->since = now;
	t->asks = (peer_role(p) & ROLES_ASKER) != 0;
	peer_set_data(p, t);
	TAILQ_INSERT_TAIL(&d->parties, t, link);
	if (peer_role(p) & ROLES_FEED)
		feed_up(d, t, now);
	if (t->asks)
		gone_list(d->gone, list_one, &(struct list_arg){d->world, p});
}

static void
on_down(struct peer *p, const char *why, void *arg)
{
	struct desk *d = arg;
	struct party *t = peer_data(p);
	struct mono now = mono_now();

	count_lines(t);
	if (t->feed != NULL && t->feed->peer == p)
		feeds_down(d->feeds, t->feed, reason_of(why), now);
	party_free(d, t);
	choose(d, now);
}

size_t
desk_askers(const struct desk *d)
{
	const struct party *t;
	size_t n = 0;

	TAILQ_FOREACH(t, &d->parties, link)
	n += t->asks;
	return n;
}

size_t
desk_skewed(const struct desk *d)
{
	const struct party *t;
	size_t n = 0;

	TAILQ_FOREACH(t, &d->parties, link)
	n += peer_is_skewed(t->peer);
	return n;
}

/* Timers. */

static void
on_soon(evutil_socket_t fd, short what, void *arg)
{
	struct desk *d = arg;
	struct mono now = mono_now();
	struct look_arg a = {d, now};

	(void)fd;
	(void)what;
	d->soon_set = false;
	if (d->look_at_gone) {
		d->look_at_gone = false;
		(void)gone_look(d->gone, d->picture, now, tell_one, &a);
		standing_look(d->standing, d->world, d->picture, now);
	}
	if (d->look_at_held)
		look_at_held(d, now);
	send_wants(d, now);
}

static void
on_due(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	look_at_held(arg, mono_now());
}

/* What the beats said since. */
static void
follow_hashes(struct desk *d)
{
	struct party *t;

	TAILQ_FOREACH(t, &d->parties, link)
	if (t->feed != NULL && strcmp(t->feed->hash, peer_hash(t->peer)) != 0)
		feeds_set_hash(d->feeds, t->feed, peer_hash(t->peer));
}

void
desk_look(struct desk *d)
{
	d->look_at_held = true;
	gone_soon(d);
}

/* Without samples the counts of draws would only grow, and push the clients
 * around among servers whose true load nobody knows: of those they start anew
 * each poll, as if a sample had come that shows what the last one did. */
static void
forget_draws(struct desk *d, struct mono now)
{
	const struct view *v = feeds_view(d->feeds, FEED_LOAD);
	int64_t fresh_us = feeds_load_fresh_us(d->feeds);
	size_t s;

	if (mono_set(d->forgot) && mono_us(now, d->forgot) < fresh_us / 3)
		return;
	d->forgot = now;
	for (s = 0; s < d->world->nservers; s++)
		if (v == NULL || !feeds_is_fresh(d->feeds, FEED_LOAD) ||
		    mono_us(now, view_load_came(v, (int)s)) > fresh_us)
			draws_forget(d->draws, (int)s);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct desk *d = arg;
	struct mono now = mono_now();

	(void)fd;
	(void)what;
	follow_hashes(d);
	choose(d, now);
	forget_draws(d, now);
	standing_look(d->standing, d->world, d->picture, now);
	wants_set_lease(d->wants, lease_ms(d));
	send_wants(d, now);
}

void
desk_make_answer(struct desk *d)
{
	uint64_t seed;

	evutil_secure_rng_get_bytes(&seed, sizeof(seed));
	d->picture = picture_new(d->world, d->feeds, d->draws);
	d->answer = answer_new(&(struct answer_conf){.world = d->world,
	    .self = d->self,
	    .feeds = d->feeds,
	    .picture = d->picture,
	    .tally = d->tally,
	    .seed = seed});
}

static void
make_modules(struct desk *d)
{
	d->started = mono_now();
	d->feeds = feeds_new(d->world, d->self, d->started);
	d->draws = draws_new(d->world);
	d->tally = tally_new(d->world);
	desk_make_answer(d);
	d->wants = wants_new(lease_ms(d));
	d->held = held_new();
	d->gone = gone_new(d->world);
	d->standing = standing_new(d->world, d->started);
	if (d->world->nmanagers > 0)
		d->grace = mono_add_ms(d->started, GRACE_MS);
}

static int
listen_all(struct desk *d)
{
	char why[400];

	d->listeners = listeners_new(&d->conf);
	if (listeners_open(d->listeners, d->self->listen, d->self->nlisten,
		d->world->tls, why, sizeof(why)) == 0)
		return 0;
	log_warnx("lines", "%s", why);
	return -1;
}

static void
make_timers(struct desk *d)
{
	struct timeval tick = in_us(TICK_MS * 1000);

	d->tick = event_new(d->base, -1, EV_PERSIST, on_tick, d);
	d->soon = evtimer_new(d->base, on_soon, d);
	d->due = evtimer_new(d->base, on_due, d);
	(void)event_add(d->tick, &tick);
}

struct desk *
desk_new(
    struct event_base *base, const struct world *w, const struct director *self)
{
	struct desk *d = mem_new(sizeof(*d));

	d->base = base;
	d->world = w;
	d->self = self;
	TAILQ_INIT(&d->parties);
	d->conf = (struct peer_conf){
	    .base = base,
	    .sub = "lines",
	    .role = ROLE_DIRECTOR,
	    .id = self->id,
	    .hash = w->hash,
	    .verbs = verbs,
	    .on_up = on_up,
	    .on_down = on_down,
	    .arg = d,
	    .tls = w->tls,
	    .peers_max = PEERS_MAX,
	};
	make_modules(d);
	make_timers(d);
	if (listen_all(d) < 0)
		desk_free(&d);
	return d;
}

void
desk_free(struct desk **dp)
{
	struct desk *d = *dp;
	struct party *t;

	if (d == NULL)
		return;
	while ((t = TAILQ_FIRST(&d->parties)) != NULL)
		party_free(d, t);
	listeners_free(&d->listeners);
	event_free(d->tick);
	event_free(d->soon);
	event_free(d->due);
	answer_free(&d->answer);
	picture_free(&d->picture);
	draws_free(&d->draws);
	feeds_free(&d->feeds);
	tally_free(&d->tally);
	wants_free(&d->wants);
	held_free(&d->held);
	gone_free(&d->gone);
	free(d->standing);
	free(d);
	*dp = NULL;
}
