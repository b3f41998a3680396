/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the feeds and their views. A feed that comes back is heard twice: its
 * lines go into the view in use, so that news count at once, and into a new
 * one that takes its place at `synced`, so that what is not repeated goes, but
 * for paths, which age.
 */
#include "director/feeds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/mem.h"
#include "lib/renumber.h"

#define POLLS_FRESH 3
#define POLL_US     INT64_C(2000000) /* of a feed that is not configured */
/* A feed that does not say `synced` for so long never will. */
#define SYNC_MS 60000

struct feeds {
	const struct world *world;
	struct view_limits limits;
	struct feed **list; /* by rank: managers, then others */
	size_t n, managers;
	unsigned next_n;
	struct feed *used[FEED_KINDS];
	bool fresh[FEED_KINDS];
	uint64_t generation;
	int64_t expire_us;
};

static void
feed_add(struct feeds *f, struct feed *feed)
{
	f->list = mem_resize(f->list, f->n + 1, sizeof(struct feed *));
	f->list[f->n++] = feed;
}

static struct feed *
feed_new(struct feeds *f, const char *id, bool manager, int64_t poll_us,
    struct mono now)
{
	struct feed *feed = mem_new(sizeof(*feed));

	feed->n = f->next_n++;
	feed->id = mem_text(id);
	feed->manager = feed->is_manager = manager;
	feed->poll_us = poll_us;
	(void)snprintf(feed->hash, sizeof(feed->hash), "-");
	feed->state = STATE_UNKNOWN;
	feed->reason = REASON_NOT_JUDGED;
	feed->state_since = feed->heard = now;
	feed_add(f, feed);
	return feed;
}

static void
feed_free(struct feed *feed)
{
	view_free(&feed->view);
	view_free(&feed->next);
	free(feed->id);
	free(feed);
}

static void
set_limits(struct feeds *f, const struct director *self)
{
	f->limits = (struct view_limits){
	    self->fresh_us, self->expire_us, FEEDS_PREFIXES_MAX};
	f->expire_us = self->expire_us;
}

struct feeds *
feeds_new(const struct world *w, const struct director *self, struct mono now)
{
	struct feeds *f = mem_new(sizeof(*f));
	size_t i;

	f->world = w;
	set_limits(f, self);
	f->next_n = 1;
	for (i = 0; i < w->nmanagers; i++)
		(void)feed_new(
		    f, w->managers[i].id, true, w->managers[i].poll_us, now);
	f->managers = f->n;
	return f;
}

void
feeds_free(struct feeds **f)
{
	size_t i;

	if (*f == NULL)
		return;
	for (i = 0; i < (*f)->n; i++)
		feed_free((*f)->list[i]);
	free((*f)->list);
	free(*f);
	*f = NULL;
}

static void
feed_set_state(
    struct feed *feed, enum state state, enum reason reason, struct mono now)
{
	if (feed->state == state && feed->reason == reason)
		return;
	log_info("feed", "%s: %s -> %s (%s), was so for %lld s", feed->id,
	    state_text(feed->state), state_text(state), reason_text(reason),
	    (long long)(mono_ms(now, feed->state_since) / 1000));
	if (feed->state != state) {
		if (feed->state != STATE_UNKNOWN)
			feed->state_changes++;
		feed->state_since = now;
	}
	feed->state = state;
	feed->reason = reason;
}

static void
forget(struct feeds *f, size_t i)
{
	feed_free(f->list[i]);
	memmove(&f->list[i], &f->list[i + 1],
	    (f->n - i - 1) * sizeof(struct feed *));
	f->n--;
}

static bool
is_used(const struct feeds *f, const struct feed *feed)
{
	return feed == f->used[FEED_LOAD] || feed == f->used[FEED_PATH];
}

/* Room for one more feed that is not configured: the one that has been gone
 * for longest makes it. */
static bool
make_room(struct feeds *f)
{
	size_t i, oldest = f->n;

	if (f->n - f->managers < FEEDS_OTHERS_MAX)
		return true;
	for (i = f->managers; i < f->n; i++)
		if (f->list[i]->peer == NULL && !is_used(f, f->list[i]) &&
		    (oldest == f->n || mono_cmp(f->list[i]->heard,
					   f->list[oldest]->heard) < 0))
			oldest = i;
	if (oldest == f->n)
		return false;
	forget(f, oldest);
	return true;
}

/* A manager is known by its id and role; anybody else, and a manager that the
 * configuration lacks, stands behind. */
static struct feed *
find(struct feeds *f, const struct feed_hello *h, struct mono now)
{
	struct feed *feed;
	size_t i;

	for (i = h->manager ? 0 : f->managers; i < f->n; i++)
		if (strcmp(f->list[i]->id, h->id) == 0)
			return f->list[i];
	if (h->manager)
		log_warnx("feed",
		    "%s: the configuration has no such manager; it ranks "
		    "behind those it has",
		    h->id);
	if (!make_room(f))
		return NULL;
	feed = feed_new(f, h->id, false, POLL_US, now);
	feed->is_manager = h->manager;
	return feed;
}

static void
new_connection(struct feed *feed, const struct feed_hello *h, struct mono now)
{
	memcpy(feed->gives, h->gives, sizeof(feed->gives));
	feed->announced = h->gives[FEED_LOAD] || h->gives[FEED_PATH];
	feed->told_unknown = false;
	feed->load_since_up = (struct mono){0};
	feed->heard = now;
}

static struct view *
new_view(const struct feeds *f)
{
	struct view *v = view_new(f->world);

	view_set_limits(v, &f->limits);
	return v;
}

void
feeds_set_hash(struct feeds *f, struct feed *feed, const char *hash)
{
	if (feed->hash != hash)
		(void)snprintf(feed->hash, sizeof(feed->hash), "%s", hash);
	feed->skewed = strcmp(hash, "-") != 0 && strcmp(hash, f->world->hash);
}

struct feed *
feeds_up(
    struct feeds *f, const struct feed_hello *h, struct mono now, bool *resync)
{
	struct feed *feed = find(f, h, now);

	*resync = false;
	if (feed == NULL)
		return NULL;
	new_connection(feed, h, now);
	feeds_set_hash(f, feed, h->hash);
	if (feed->view == NULL) {
		feed->view = new_view(f);
	} else {
		*resync = true;
		view_free(&feed->next);
		feed->next = new_view(f);
	}
	/* A manager tells all it knows first; what there is already may be
	 * better than the half of it. */
	feed->syncing = *resync || feed->manager;
	feed->syncing_since = now;
	feed_set_state(feed, STATE_UP, REASON_CONNECTED, now);
	return feed;
}

void
feeds_down(struct feeds *f, struct feed *feed, enum reason why, struct mono now)
{
	(void)f;
	feed->peer = NULL;
	feed->syncing = false;
	view_free(&feed->next);
	feed_set_state(feed, STATE_DOWN, why, now);
}

static bool
is_kind(const struct line *l, enum feed_kind k)
{
	const char *verb = l->field[0];

	if (k == FEED_PATH)
		return strcmp(verb, "ping") == 0 ||
		       strcmp(verb, "borders") == 0;
	return strcmp(verb, "load") == 0 || strcmp(verb, "state") == 0;
}

static void
note_kinds(struct feed *feed, const struct line *l, struct mono now)
{
	int k;

	for (k = 0; k < FEED_KINDS; k++) {
		if (!is_kind(l, (enum feed_kind)k))
			continue;
		/* A collector need not say what it gives. */
		if (!feed->announced)
			feed->gives[k] = true;
		if (feed->gives[k])
			feed->last[k] = now;
	}
	if (strcmp(l->field[0], "load") == 0)
		feed->load_since_up = now;
}

static void
note_result(struct feed *feed, enum view_result r, const char *why)
{
	if (r != VIEW_UNKNOWN_NAME)
		return;
	feed->unknown++;
	if (!feed->told_unknown)
		log_warnx("feed",
		    "%s: unknown name skipped: %s (told once a connection)",
		    feed->id, why);
	feed->told_unknown = true;
}

static void
synced(struct feeds *f, struct feed *feed)
{
	feed->syncing = false;
	if (feed->next == NULL)
		return;
	/* Paths age by themselves; a manager that has restarted knows few of
	 * those that it measured before. */
	view_move_paths(feed->next, feed->view);
	view_free(&feed->view);
	feed->view = feed->next;
	feed->next = NULL;
	if (is_used(f, feed))
		f->generation++;
}

/* Whether a feed says what it announced. States come from both kinds: those of
 * servers with loads, those of borders with paths. */
static bool
is_announced(const struct feed *feed, const struct line *l)
{
	if (!feed->announced || strcmp(l->field[0], "state") == 0)
		return true;
	return (feed->gives[FEED_LOAD] || !is_kind(l, FEED_LOAD)) &&
	       (feed->gives[FEED_PATH] || !is_kind(l, FEED_PATH));
}

enum view_result
feeds_line(struct feeds *f, struct feed *feed, const struct line *l,
    struct mono now, char *why, size_t size)
{
	enum view_result r;
	char again[160];

	feed->heard = now;
	if (strcmp(l->field[0], "synced") == 0) {
		synced(f, feed);
		return VIEW_TAKEN;
	}
	if (!is_announced(feed, l)) {
		(void)snprintf(why, size,
		    "%s: the gives= of this feed's hello lacks its kind",
		    l->field[0]);
		return VIEW_MALFORMED;
	}
	r = view_apply(
	    feed->next != NULL ? feed->next : feed->view, l, now, why, size);
	note_result(feed, r, why);
	if (r == VIEW_MALFORMED || r == VIEW_OTHER)
		return r;
	if (feed->next != NULL)
		(void)view_apply(feed->view, l, now, again, sizeof(again));
	note_kinds(feed, l, now);
	return r;
}

/* Its link is up, it has told all, and its samples keep coming. */
static bool
is_fresh(const struct feed *feed, enum feed_kind k, struct mono now)
{
	if (feed->peer == NULL || !feed->gives[k] || feed->syncing)
		return false;
	if (k == FEED_PATH || !mono_set(feed->load_since_up))
		return true;
	return mono_us(now, feed->load_since_up) <= POLLS_FRESH * feed->poll_us;
}

/* What no `synced` ends: heard twice for a minute, then never mind. */
static void
end_sync(struct feed *feed, struct mono now)
{
	if (!feed->syncing || mono_ms(now, feed->syncing_since) < SYNC_MS)
		return;
	log_warnx("feed",
	    "%s: not synced %d s after it came; what it said before that "
	    "stays",
	    feed->id, SYNC_MS / 1000);
	feed->syncing = false;
	view_free(&feed->next);
}

static void
judge(struct feed *feed, struct mono now)
{
	if (feed->peer == NULL)
		return;
	end_sync(feed, now);
	if (feed->gives[FEED_LOAD] && !feed->syncing &&
	    !is_fresh(feed, FEED_LOAD, now))
		feed_set_state(feed, STATE_DOWN, REASON_AGENT_SAMPLE_OLD, now);
	else
		feed_set_state(feed, STATE_UP, REASON_CONNECTED, now);
}

static struct feed *
first(struct feeds *f, enum feed_kind k, struct mono now)
{
	struct feed *newest = NULL;
	size_t i;

	for (i = 0; i < f->n; i++) {
		struct feed *feed = f->list[i];

		if (is_fresh(feed, k, now))
			return feed;
		if (mono_set(feed->last[k]) &&
		    (newest == NULL ||
			mono_cmp(feed->last[k], newest->last[k]) > 0))
			newest = feed;
	}
	return newest;
}

static void
forget_old(struct feeds *f, struct mono now)
{
	size_t i;

	for (i = f->n; i-- > f->managers;)
		if (f->list[i]->peer == NULL && !is_used(f, f->list[i]) &&
		    mono_us(now, f->list[i]->heard) > f->expire_us)
			forget(f, i);
}

bool
feeds_choose(struct feeds *f, struct mono now)
{
	static const char *const what[FEED_KINDS] = {"loads", "paths"};
	bool changed = false;
	size_t i;
	int k;

	for (i = 0; i < f->n; i++)
		judge(f->list[i], now);
	for (k = 0; k < FEED_KINDS; k++) {
		struct feed *feed = first(f, (enum feed_kind)k, now);

		f->fresh[k] =
		    feed != NULL && is_fresh(feed, (enum feed_kind)k, now);
		if (feed == f->used[k])
			continue;
		log_info("feed", "%s now come from %s%s", what[k],
		    feed != NULL ? feed->id : "nobody",
		    f->fresh[k] ? "" : ", the last there are; they age");
		f->used[k] = feed;
		f->generation++;
		changed = true;
	}
	forget_old(f, now);
	return changed;
}

/* Reload. */

/* Of a server that is new here nothing was said; a manager will, once it has
 * judged it. Until then those that are known to live go first. */
static void
renew_view(struct view **v, const struct feeds *f, const struct feed *feed,
    const struct renumber *r)
{
	struct view *old = *v;
	size_t i;

	if (old == NULL)
		return;
	*v = view_renumbered(old, r, &f->limits);
	view_free(&old);
	for (i = 0; feed->manager && i < r->to->nservers; i++)
		if (r->old_server[i] < 0)
			view_doubt(*v, (int)i);
}

/* The record of a manager, before or behind the managers there were. */
static struct feed *
take_manager(struct feed **old, size_t n, const char *id)
{
	struct feed *feed;
	size_t i;

	for (i = 0; i < n; i++)
		if (old[i] != NULL && strcmp(old[i]->id, id) == 0 &&
		    (old[i]->manager || old[i]->is_manager)) {
			feed = old[i];
			old[i] = NULL;
			return feed;
		}
	return NULL;
}

static void
rank(struct feeds *f, struct feed **old, size_t n, struct mono now)
{
	const struct world *w = f->world;
	struct feed *feed;
	size_t i;

	f->list = NULL;
	f->n = 0;
	for (i = 0; i < w->nmanagers; i++) {
		feed = take_manager(old, n, w->managers[i].id);
		if (feed == NULL) {
			(void)feed_new(f, w->managers[i].id, true,
			    w->managers[i].poll_us, now);
			continue;
		}
		feed->manager = true;
		feed->poll_us = w->managers[i].poll_us;
		feed_add(f, feed);
	}
	f->managers = f->n;
	for (i = 0; i < n; i++) {
		if (old[i] == NULL)
			continue;
		if (old[i]->manager && old[i]->peer == NULL &&
		    !is_used(f, old[i])) {
			feed_free(old[i]);
			continue;
		}
		old[i]->manager = false;
		feed_add(f, old[i]);
	}
}

void
feeds_renew(struct feeds *f, const struct renumber *r,
    const struct director *self, struct mono now)
{
	struct feed **old = f->list;
	size_t n = f->n, i;

	f->world = r->to;
	set_limits(f, self);
	rank(f, old, n, now);
	free(old);
	for (i = 0; i < f->n; i++) {
		renew_view(&f->list[i]->view, f, f->list[i], r);
		renew_view(&f->list[i]->next, f, f->list[i], r);
		feeds_set_hash(f, f->list[i], f->list[i]->hash);
		f->list[i]->told_unknown = false;
	}
	f->generation++;
}

const struct feed *
feeds_used(const struct feeds *f, enum feed_kind k)
{
	return f->used[k];
}

bool
feeds_is_fresh(const struct feeds *f, enum feed_kind k)
{
	return f->fresh[k];
}

const struct view *
feeds_view(const struct feeds *f, enum feed_kind k)
{
	return f->used[k] != NULL ? f->used[k]->view : NULL;
}

uint64_t
feeds_generation(const struct feeds *f)
{
	return f->generation;
}

int64_t
feeds_load_fresh_us(const struct feeds *f)
{
	const struct feed *feed = f->used[FEED_LOAD];

	return POLLS_FRESH * (feed != NULL ? feed->poll_us : POLL_US);
}

int64_t
feeds_next_sample_us(const struct feeds *f, struct mono now)
{
	const struct feed *feed = f->used[FEED_LOAD];
	int64_t left;

	if (feed == NULL || !f->fresh[FEED_LOAD] ||
	    !mono_set(feed->load_since_up))
		return 0;
	left = feed->poll_us - mono_us(now, feed->load_since_up);
	return left > 0 ? left : 0;
}

const struct feed *
feeds_at(const struct feeds *f, size_t rank)
{
	return rank < f->n ? f->list[rank] : NULL;
}

size_t
feeds_count_up(const struct feeds *f)
{
	size_t i, up = 0;

	for (i = 0; i < f->n; i++)
		up += f->list[i]->state == STATE_UP;
	return up;
}

void
feeds_count_paths(struct feeds *f, struct mono now, struct view_paths *out)
{
	*out = (struct view_paths){.max = FEEDS_PREFIXES_MAX};
	if (f->used[FEED_PATH] != NULL)
		view_count_paths(f->used[FEED_PATH]->view, now, out);
}
