/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A picture is sent from the tick and not from the event that asks for it: a
 * new connection and the director's own `resync` make one picture, and a peer
 * that asks over and over gets one a second.
 */
#include "manager/feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/daemon.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "manager/encode.h"
#include "manager/merge.h"

#define PICTURE_MS 1000
/* Paths of a picture in one tick, while the peer takes them. */
#define PATHS_TURN  5000
#define PATHS_QUEUE (4 << 20) /* bytes */

struct feed {
	struct feeds *owner;
	const struct director *director;
	char hash[WORLD_HASH_TEXT]; /* of its configuration, when last seen */
	struct peer *peer;
	struct status status;
	bool wanted;  /* a picture */
	bool states;  /* the same without the paths */
	bool synced;  /* it has been told that the picture is whole */
	bool ordered; /* and the order of the values of ping lines */
	bool telling; /* the paths of a picture, from path_at on */
	uint32_t path_at;
	struct mono sent;
	uint64_t wants, syncs, errors;
};

struct feeds {
	struct peer_conf conf;
	const struct world *world;
	const struct manager *self;
	const struct fleet *fleet;
	struct prober *prober; /* NULL: no paths */
	const struct feeds_wants *wants;
	struct feed **list; /* in the order of the world's directors */
	size_t n;
	struct log_bound log;
};

static void
set_state(struct feed *f, enum state state, enum reason reason)
{
	char what[300];

	(void)snprintf(
	    what, sizeof(what), "feed to director %s", f->director->id);
	(void)status_set(&f->status, state, reason, mono_now(), false, what);
}

static void
on_up(struct peer *p, void *arg)
{
	struct feed *f = peer_data(p);

	(void)arg;
	f->wanted = true;
	f->synced = f->ordered = f->telling = false;
	f->sent = (struct mono){0};
	(void)snprintf(f->hash, sizeof(f->hash), "%s", peer_hash(p));
	set_state(f, STATE_UP, REASON_CONNECTED);
}

static void
on_down(struct peer *p, const char *why, void *arg)
{
	struct feed *f = peer_data(p);
	enum reason reason = record_reason(why, strlen(why));

	(void)arg;
	f->synced = false;
	set_state(f, STATE_DOWN,
	    reason != REASON_NONE ? reason : REASON_DISCONNECTED);
}

static void
on_resync(struct peer *p, const struct line *l, void *arg)
{
	struct feed *f = peer_data(p);

	(void)l;
	(void)arg;
	f->wanted = true;
	f->synced = false;
}

/* Without probers it is counted only, so that it shows who asks in vain. */
static void
on_want(struct peer *p, const struct line *l, void *arg)
{
	struct feeds *fs = arg;
	struct feed *f = peer_data(p);
	struct mono now = mono_now();
	struct addr client;
	size_t i;

	for (i = 1; i < l->fields; i++) {
		if (addr_parse(l->field[i], &client) < 0) {
			peer_error(
			    p, "want: '%.46s' is no address", l->field[i]);
			continue;
		}
		f->wants++;
		if (fs->prober != NULL)
			prober_want(fs->prober, &client, now);
	}
	if (fs->prober != NULL)
		fs->wants->heard(fs->wants->arg);
}

/* What a director did not understand of us. */
static void
on_error(struct peer *p, const struct line *l, void *arg)
{
	struct feeds *fs = arg;
	struct feed *f = peer_data(p);

	f->errors++;
	if (log_allowed(&fs->log, "feed"))
		log_warnx("feed", "director %s says: %s", f->director->id,
		    l->fields > 1 ? l->field[1] : "error");
}

static const struct verb verbs[] = {
    {"error", on_error, ROLE_ANY, 0, SIZE_MAX},
    {"resync", on_resync, ROLE_DIRECTOR, 0, 0},
    {"want", on_want, ROLE_DIRECTOR, 1, SIZE_MAX},
    {.name = NULL},
};

/* What is ours in hello and beats. */
static void
introduce(struct feeds *f)
{
	f->conf.id = f->self->id;
	f->conf.hash = f->world->hash;
	f->conf.gives = f->prober != NULL ? "load,path" : "load";
	f->conf.tls = f->world->tls;
}

static void
connect_to(struct feed *x, const struct director *d)
{
	x->director = d;
	x->peer = peer_connect(&x->owner->conf, d->listen, d->nlisten);
	if (x->peer != NULL)
		peer_set_data(x->peer, x);
}

static struct feed *
new_feed(struct feeds *f, const struct director *d, struct mono now)
{
	struct feed *x = mem_new(sizeof(*x));

	x->owner = f;
	x->status = (struct status){STATE_UNKNOWN, REASON_NOT_JUDGED, now, 0};
	connect_to(x, d);
	return x;
}

static void
feed_free(struct feed **x)
{
	peer_free(&(*x)->peer);
	free(*x);
	*x = NULL;
}

struct feeds *
feeds_start(struct event_base *base, const struct world *w,
    const struct manager *self, const struct fleet *fleet,
    struct prober *prober, const struct feeds_wants *wants, struct mono now)
{
	struct feeds *f = mem_new(sizeof(*f));
	size_t i;

	f->conf = (struct peer_conf){.base = base,
	    .sub = "feed",
	    .role = ROLE_MANAGER,
	    .verbs = verbs,
	    .on_up = on_up,
	    .on_down = on_down,
	    .arg = f};
	f->world = w;
	f->self = self;
	f->fleet = fleet;
	f->prober = prober;
	f->wants = wants;
	f->log.burst = 5;
	introduce(f);
	f->n = w->ndirectors;
	f->list = mem_array(f->n, sizeof(struct feed *));
	for (i = 0; i < f->n; i++)
		f->list[i] = new_feed(f, &w->directors[i], now);
	return f;
}

/* The feed of a director that stays: over the connection it has, unless that
 * goes elsewhere now, or speaks of other things. */
static void
keep_feed(struct feed *x, const struct director *d, bool anew, struct mono now)
{
	const struct director *was = x->director;

	x->director = d;
	if (!anew && merge_same_endpoints(
			 was->listen, was->nlisten, d->listen, d->nlisten)) {
		peer_renew_tls(x->peer);
		x->states = true;
		return;
	}
	if (peer_is_up(x->peer))
		set_state(x, STATE_DOWN, REASON_DISCONNECTED);
	peer_free(&x->peer);
	x->wanted = x->synced = x->ordered = x->telling = false;
	x->sent = now;
	connect_to(x, d);
}

static void
to_one(void *arg, const char *text, size_t len)
{
	const struct feed *f = arg;

	peer_send_text(f->peer, text, len);
}

/* Borders in another place: the next `ping` line needs another order. */
static void
order_anew(struct feed *x)
{
	struct emit e = {to_one, x};

	if (!x->ordered || !peer_is_up(x->peer))
		return;
	encode_order(x->owner->world, x->owner->self, &e);
}

void
feeds_renew(struct feeds *f, const struct world *w, const struct manager *self,
    const struct fleet *fleet, struct prober *prober, struct mono now)
{
	bool anew = (f->prober != NULL) != (prober != NULL);
	struct feed **old = f->list;
	size_t i, j, nold = f->n;

	f->world = w;
	f->self = self;
	f->fleet = fleet;
	f->prober = prober;
	introduce(f);
	f->n = w->ndirectors;
	f->list = mem_array(f->n, sizeof(struct feed *));
	for (i = 0; i < nold; i++) {
		int n = daemon_find_director(w, old[i]->director->id);

		if (n < 0) {
			feed_free(&old[i]);
			continue;
		}
		f->list[n] = old[i];
		keep_feed(old[i], &w->directors[n], anew, now);
	}
	for (j = 0; j < f->n; j++) {
		if (f->list[j] == NULL)
			f->list[j] = new_feed(f, &w->directors[j], now);
		order_anew(f->list[j]);
	}
	free(old);
}

void
feeds_free(struct feeds **fp)
{
	struct feeds *f = *fp;
	size_t i;

	if (f == NULL)
		return;
	for (i = 0; i < f->n; i++)
		feed_free(&f->list[i]);
	free(f->list);
	free(f);
	*fp = NULL;
}

static void
to_all(void *arg, const char *text, size_t len)
{
	const struct feeds *f = arg;
	size_t i;

	for (i = 0; i < f->n; i++)
		if (peer_is_up(f->list[i]->peer))
			peer_send_text(f->list[i]->peer, text, len);
}

void
feeds_use(struct feeds *f, const struct fleet_use *u)
{
	struct emit e = {to_all, f};

	encode_use(f->fleet, u, &e);
}

void
feeds_gone(struct feeds *f, const char *server, const char *service)
{
	struct emit e = {to_all, f};

	encode_gone(server, service, &e);
}

void
feeds_server(struct feeds *f, int server)
{
	struct emit e = {to_all, f};

	encode_server(f->fleet, server, &e);
}

void
feeds_border(struct feeds *f, int border)
{
	struct emit e = {to_all, f};

	encode_border(f->fleet, border, &e);
}

void
feeds_loads(struct feeds *f, int service, const int *uses, size_t n)
{
	struct emit e = {to_all, f};

	encode_loads(f->fleet, service, uses, n, &e);
}

void
feeds_sample(struct feeds *f, int server, struct mono now)
{
	struct emit e = {to_all, f};

	encode_metrics(f->fleet, server, now, &e);
}

static void
to_ordered(void *arg, const char *text, size_t len)
{
	const struct feeds *f = arg;
	size_t i;

	for (i = 0; i < f->n; i++)
		if (f->list[i]->ordered && peer_is_up(f->list[i]->peer))
			peer_send_text(f->list[i]->peer, text, len);
}

void
feeds_path(struct feeds *f, const struct prober_line *l)
{
	struct emit e = {to_ordered, f};

	encode_path(f->world, l, &e);
}

static void
path_to_one(void *arg, const struct prober_line *l)
{
	struct feed *f = arg;
	struct emit e = {to_one, f};

	encode_path(f->owner->world, l, &e);
}

static void
begin_paths(struct feed *f)
{
	struct emit e = {to_one, f};

	if (f->owner->prober == NULL)
		return;
	encode_order(f->owner->world, f->owner->self, &e);
	f->ordered = f->telling = true;
	f->path_at = 0;
}

/* As many as the director takes, so that a million of them neither stop us nor
 * overflow its queue. */
static void
tell_paths(struct feed *f, struct mono now)
{
	struct peer_counters c;

	peer_counters(f->peer, &c);
	if (c.queued < PATHS_QUEUE)
		f->telling = prober_lines(f->owner->prober, &f->path_at,
		    PATHS_TURN, now, path_to_one, f);
}

/* A director that has read another configuration may know names now that it
 * has skipped before. */
static void
look_at_hash(struct feed *x)
{
	if (strcmp(x->hash, peer_hash(x->peer)) == 0)
		return;
	(void)snprintf(x->hash, sizeof(x->hash), "%s", peer_hash(x->peer));
	x->wanted = true;
}

void
feeds_tick(struct feeds *f, struct mono now)
{
	bool ready = fleet_ready(f->fleet, now);
	size_t i;

	for (i = 0; i < f->n; i++) {
		struct feed *x = f->list[i];
		struct emit e = {to_one, x};

		if (!peer_is_up(x->peer))
			continue;
		look_at_hash(x);
		if ((x->wanted || x->states) &&
		    (!mono_set(x->sent) ||
			mono_ms(now, x->sent) >= PICTURE_MS)) {
			encode_all(f->fleet, now, &e);
			if (x->wanted)
				begin_paths(x);
			x->wanted = x->states = false;
			x->sent = now;
			x->syncs++;
		}
		if (x->telling)
			tell_paths(x, now);
		/* Not before we know it ourselves: until then a director does
		 * better with what it knew before. */
		if (!x->wanted && !x->telling && !x->synced && ready) {
			peer_send(x->peer, "synced");
			x->synced = true;
		}
	}
}

bool
feeds_use_tls(const struct feeds *f)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		if (peer_uses_tls(f->list[i]->peer))
			return true;
	return false;
}

size_t
feeds_count(const struct feeds *f)
{
	return f->n;
}

void
feeds_info(const struct feeds *f, size_t i, struct feed_info *out)
{
	const struct feed *x = f->list[i];
	bool up = peer_is_up(x->peer);

	*out = (struct feed_info){.id = x->director->id,
	    .status = x->status,
	    .hash = up ? peer_hash(x->peer) : "",
	    .synced = x->synced,
	    .skewed = up && peer_is_skewed(x->peer),
	    .wants = x->wants,
	    .errors = x->errors,
	    .syncs = x->syncs};
	peer_counters(x->peer, &out->counters);
}
