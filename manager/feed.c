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

#include "lib/log.h"
#include "lib/mem.h"
#include "manager/encode.h"

#define PICTURE_MS 1000
/* Paths of a picture in one tick, while the peer takes them. */
#define PATHS_TURN  5000
#define PATHS_QUEUE (4 << 20) /* bytes */

struct feed {
	struct feeds *owner;
	const struct director *director;
	struct peer *peer;
	struct status status;
	bool wanted;  /* a picture */
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
	struct feed *list;
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
	if (strcmp(peer_hash(p), f->owner->world->hash) != 0)
		log_warnx("feed",
		    "director %s runs another configuration than we do; what "
		    "it does not know is skipped there",
		    f->director->id);
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
	    .id = self->id,
	    .hash = w->hash,
	    .gives = prober != NULL ? "load,path" : "load",
	    .verbs = verbs,
	    .on_up = on_up,
	    .on_down = on_down,
	    .arg = f,
	    .tls = w->tls};
	f->world = w;
	f->self = self;
	f->fleet = fleet;
	f->prober = prober;
	f->wants = wants;
	f->log.burst = 5;
	f->n = w->ndirectors;
	f->list = mem_array(f->n, sizeof(*f->list));
	for (i = 0; i < f->n; i++) {
		struct feed *x = &f->list[i];

		x->owner = f;
		x->director = &w->directors[i];
		x->status =
		    (struct status){STATE_UNKNOWN, REASON_NOT_JUDGED, now, 0};
		x->peer = peer_connect(
		    &f->conf, x->director->listen, x->director->nlisten);
		if (x->peer != NULL)
			peer_set_data(x->peer, x);
	}
	return f;
}

void
feeds_free(struct feeds **fp)
{
	struct feeds *f = *fp;
	size_t i;

	if (f == NULL)
		return;
	for (i = 0; i < f->n; i++)
		peer_free(&f->list[i].peer);
	free(f->list);
	free(f);
	*fp = NULL;
}

static void
to_one(void *arg, const char *text, size_t len)
{
	const struct feed *f = arg;

	peer_send_text(f->peer, text, len);
}

static void
to_all(void *arg, const char *text, size_t len)
{
	const struct feeds *f = arg;
	size_t i;

	for (i = 0; i < f->n; i++)
		if (peer_is_up(f->list[i].peer))
			peer_send_text(f->list[i].peer, text, len);
}

void
feeds_use(struct feeds *f, const struct fleet_use *u)
{
	struct emit e = {to_all, f};

	encode_use(f->fleet, u, &e);
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
		if (f->list[i].ordered && peer_is_up(f->list[i].peer))
			peer_send_text(f->list[i].peer, text, len);
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

void
feeds_tick(struct feeds *f, struct mono now)
{
	bool ready = fleet_ready(f->fleet, now);
	size_t i;

	for (i = 0; i < f->n; i++) {
		struct feed *x = &f->list[i];
		struct emit e = {to_one, x};

		if (!peer_is_up(x->peer))
			continue;
		if (x->wanted && (!mono_set(x->sent) ||
				     mono_ms(now, x->sent) >= PICTURE_MS)) {
			encode_all(f->fleet, now, &e);
			begin_paths(x);
			x->wanted = false;
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

size_t
feeds_count(const struct feeds *f)
{
	return f->n;
}

void
feeds_info(const struct feeds *f, size_t i, struct feed_info *out)
{
	const struct feed *x = &f->list[i];
	bool up = peer_is_up(x->peer);

	*out = (struct feed_info){.id = x->director->id,
	    .status = x->status,
	    .hash = up ? peer_hash(x->peer) : "",
	    .synced = x->synced,
	    .wants = x->wants,
	    .errors = x->errors,
	    .syncs = x->syncs};
	peer_counters(x->peer, &out->counters);
}
