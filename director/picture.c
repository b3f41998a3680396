/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the arrays it hands out. Cheap to ask: a service is looked at again
 * only when a line came for the view in use, when something was drawn, and a
 * few times a second for its age.
 */
#include "director/picture.h"

#include <stdlib.h>
#include <string.h>

#include "lib/decide/assign.h"
#include "lib/decide/pick.h"
#include "lib/mem.h"
#include "lib/view.h"

/* How often ages are looked at. */
#define TICK_MS 250
/* A service of more servers than this is looked at so often that it costs a
 * tenth of the time or so, however fast its loads come in. */
#define MANY          256
#define MANY_PAUSE_NS INT64_C(200) /* a server */

/* What a service was last made from. */
struct made {
	uint64_t feeds, voids, lines, draws;
	int64_t tick;
};

struct shot {
	struct picture_service pub;
	enum state *state, *state_new;
	int *load, *load_new;
	struct made made;
	struct mono looked;
};

struct picture {
	const struct world *world;
	const struct feeds *feeds;
	const struct draws *draws;
	struct shot *shots; /* one a service */
	bool *up, *up_new;  /* one a border */
	uint64_t voids;
	uint64_t paths_epoch;
	uint64_t made_feeds, made_lines[FEED_KINDS];
};

static void
shot_init(struct shot *t, const struct service *s)
{
	size_t i, n = s->nuse + 1;

	t->state = mem_array(n, sizeof(*t->state));
	t->state_new = mem_array(n, sizeof(*t->state_new));
	t->load = mem_array(n, sizeof(*t->load));
	t->load_new = mem_array(n, sizeof(*t->load_new));
	for (i = 0; i < s->nuse; i++) {
		t->state[i] = STATE_UP;
		t->load[i] = LOAD_UNKNOWN;
	}
	t->made.tick = -1;
}

struct picture *
picture_new(const struct world *w, const struct feeds *f, const struct draws *d)
{
	struct picture *p = mem_new(sizeof(*p));
	size_t i;

	p->world = w;
	p->feeds = f;
	p->draws = d;
	p->shots = mem_array(w->nservices + 1, sizeof(*p->shots));
	for (i = 0; i < w->nservices; i++)
		shot_init(&p->shots[i], &w->services[i]);
	p->up = mem_array(w->nborders + 1, sizeof(*p->up));
	p->up_new = mem_array(w->nborders + 1, sizeof(*p->up_new));
	memset(p->up, true, w->nborders);
	p->made_feeds = UINT64_MAX;
	return p;
}

void
picture_free(struct picture **p)
{
	size_t i;

	if (*p == NULL)
		return;
	for (i = 0; i < (*p)->world->nservices; i++) {
		free((*p)->shots[i].state);
		free((*p)->shots[i].state_new);
		free((*p)->shots[i].load);
		free((*p)->shots[i].load_new);
	}
	free((*p)->shots);
	free((*p)->up);
	free((*p)->up_new);
	free(*p);
	*p = NULL;
}

/* The feed of loads knows what operators and managers say of a border, the
 * feed of paths what its probers see: up is what both call up. */
static void
look_at_borders(struct picture *p)
{
	const struct view *load = feeds_view(p->feeds, FEED_LOAD);
	const struct view *path = feeds_view(p->feeds, FEED_PATH);
	size_t b, n = p->world->nborders;

	memset(p->up_new, true, n);
	if (load != NULL)
		view_borders_up(load, p->up_new);
	memset(p->up, true, n);
	if (path != NULL)
		view_borders_up(path, p->up);
	for (b = 0; b < n; b++)
		p->up[b] = p->up[b] && p->up_new[b];
	p->paths_epoch++;
}

static uint64_t
path_lines(const struct picture *p, enum feed_kind k)
{
	const struct view *v = feeds_view(p->feeds, k);

	return v != NULL ? view_path_generation(v) : 0;
}

static void
renew_borders(struct picture *p)
{
	uint64_t feeds = feeds_generation(p->feeds);
	uint64_t load = path_lines(p, FEED_LOAD);
	uint64_t path = path_lines(p, FEED_PATH);

	if (p->made_feeds == feeds && p->made_lines[FEED_LOAD] == load &&
	    p->made_lines[FEED_PATH] == path)
		return;
	p->made_feeds = feeds;
	p->made_lines[FEED_LOAD] = load;
	p->made_lines[FEED_PATH] = path;
	look_at_borders(p);
}

const bool *
picture_borders_up(struct picture *p)
{
	renew_borders(p);
	return p->up;
}

uint64_t
picture_paths_epoch(struct picture *p)
{
	renew_borders(p);
	return p->paths_epoch;
}

static void
look_at_service(struct picture *p, struct shot *t, const struct service *s,
    const struct view *v, struct mono now)
{
	size_t i;

	t->pub.stale = false;
	for (i = 0; i < s->nuse; i++) {
		t->state_new[i] = STATE_UP;
		t->load_new[i] = LOAD_UNKNOWN;
	}
	if (v == NULL)
		return;
	view_states(v, s, t->state_new);
	view_loads(v, s, now, feeds_load_fresh_us(p->feeds), t->load_new,
	    &t->pub.stale);
	assign_draws(
	    v, p->world, s, draws_counts(p->draws), t->state_new, t->load_new);
}

/* Loads that the policy does not look at make no answer void. */
static void
take_over(struct shot *t, size_t n, bool loads)
{
	bool same =
	    memcmp(t->state, t->state_new, n * sizeof(*t->state)) == 0 &&
	    (!loads || memcmp(t->load, t->load_new, n * sizeof(*t->load)) == 0);

	memcpy(t->state, t->state_new, n * sizeof(*t->state));
	memcpy(t->load, t->load_new, n * sizeof(*t->load));
	if (!same || t->pub.epoch == 0)
		t->pub.epoch++;
}

void
picture_void(struct picture *p)
{
	p->voids++;
}

/* Whether it was made from all this, or from nearly all and not long ago. */
static bool
is_new_enough(
    const struct shot *t, const struct made *m, size_t nuse, struct mono now)
{
	if (m->feeds != t->made.feeds || m->voids != t->made.voids ||
	    m->tick != t->made.tick)
		return false;
	if (m->lines == t->made.lines && m->draws == t->made.draws)
		return true;
	return nuse > MANY &&
	       now.ns - t->looked.ns < (int64_t)nuse * MANY_PAUSE_NS;
}

const struct picture_service *
picture_service(struct picture *p, int service, struct mono now)
{
	const struct service *s = &p->world->services[service];
	const struct view *v = feeds_view(p->feeds, FEED_LOAD);
	struct shot *t = &p->shots[service];
	struct made m = {feeds_generation(p->feeds), p->voids,
	    v != NULL ? view_load_generation(v) : 0, draws_generation(p->draws),
	    now.ns / (TICK_MS * 1000000)};

	if (is_new_enough(t, &m, s->nuse, now))
		return &t->pub;
	t->made = m;
	t->looked = now;
	look_at_service(p, t, s, v, now);
	take_over(t, s->nuse, pick_has_metrics(&p->world->policies[s->policy]));
	t->pub.state = t->state;
	t->pub.load = t->load;
	return &t->pub;
}

/* Which of the two feeds speaks for a border: the one that has it worse. */
static const struct view *
border_view(const struct picture *p, int border)
{
	const struct view *load = feeds_view(p->feeds, FEED_LOAD);
	const struct view *path = feeds_view(p->feeds, FEED_PATH);

	if (load == NULL ||
	    (path != NULL && view_border_state(load, border) == STATE_UP))
		return path;
	return load;
}

enum state
picture_border_state(const struct picture *p, int border)
{
	const struct view *v = border_view(p, border);

	return v != NULL ? view_border_state(v, border) : STATE_UP;
}

const char *
picture_border_reason(const struct picture *p, int border)
{
	const struct view *v = border_view(p, border);

	return v != NULL ? view_border_reason(v, border) : "-";
}

enum state
picture_server_state(const struct picture *p, int server)
{
	const struct view *v = feeds_view(p->feeds, FEED_LOAD);

	return v != NULL ? view_server_state(v, server) : STATE_UP;
}

const char *
picture_server_reason(const struct picture *p, int server)
{
	const struct view *v = feeds_view(p->feeds, FEED_LOAD);

	return v != NULL ? view_server_reason(v, server) : "-";
}

const char *
picture_use_reason(const struct picture *p, int service, int use)
{
	const struct view *v = feeds_view(p->feeds, FEED_LOAD);

	return v != NULL ? view_use_reason(v, &p->world->services[service], use)
			 : "-";
}
