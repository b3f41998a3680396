/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a feed says now: making and freeing a view, and what is asked of it. A
 * view owns copies of all it keeps and nothing of the world. Makes no decision,
 * and ages nothing but loads of which it is asked.
 */
#include "lib/view_own.h"

#include <stdlib.h>

#include "lib/decide/pick.h"
#include "lib/decide/weigh.h"
#include "lib/mem.h"

static size_t
number_uses(struct view *v)
{
	const struct world *w = v->world;
	size_t n = 0, i;

	v->uses_from = mem_array(w->nservices + 1, sizeof(*v->uses_from));
	for (i = 0; i < w->nservices; i++) {
		v->uses_from[i] = n;
		n += w->services[i].nuse;
	}
	v->uses_from[i] = n;
	return n;
}

/* Which services use a server: a counting sort of all uses by server. */
static void
place_uses(struct view *v, size_t nuses)
{
	const struct world *w = v->world;
	size_t *at, i, j;

	v->place = mem_array(nuses, sizeof(*v->place));
	v->places_from = mem_array(w->nservers + 1, sizeof(*v->places_from));
	for (i = 0; i < w->nservices; i++)
		for (j = 0; j < w->services[i].nuse; j++)
			v->places_from[w->services[i].use[j] + 1]++;
	for (i = 0; i < w->nservers; i++)
		v->places_from[i + 1] += v->places_from[i];
	at = mem_array(w->nservers, sizeof(*at));
	for (i = 0; i < w->nservers; i++)
		at[i] = v->places_from[i];
	for (i = 0; i < w->nservices; i++)
		for (j = 0; j < w->services[i].nuse; j++)
			v->place[at[w->services[i].use[j]]++] =
			    (struct place){(int)i, v->uses_from[i] + j};
	free(at);
}

struct view *
view_new(const struct world *w)
{
	struct view *v = mem_new(sizeof(*v));
	size_t nuses, i;

	v->world = w;
	nuses = number_uses(v);
	place_uses(v, nuses);
	v->servers = mem_array(w->nservers, sizeof(*v->servers));
	v->uses = mem_array(nuses, sizeof(*v->uses));
	v->borders = mem_array(w->nborders, sizeof(*v->borders));
	for (i = 0; i < w->nborders; i++)
		v->borders[i].state = STATE_UP;
	v->metrics = mem_array(w->nservers, sizeof(*v->metrics));
	v->connections = mem_array(w->nservers, sizeof(*v->connections));
	for (i = 0; i < w->nservers; i++)
		v->connections[i] = -1;
	v->load_came = mem_array(w->nservers, sizeof(*v->load_came));
	v->values = mem_array(w->nborders, sizeof(*v->values));
	v->answer = mem_array(w->nborders, sizeof(*v->answer));
	v->limits = (struct view_limits){INT64_MAX, INT64_MAX, VIEW_PINGS_MAX};
	return v;
}

void
view_free(struct view **pv)
{
	struct view *v = *pv;
	size_t i;

	if (v == NULL)
		return;
	for (i = 0; i < v->world->nservers; i++) {
		free(v->servers[i].reason);
		free(v->metrics[i]);
	}
	for (i = 0; i < v->uses_from[v->world->nservices]; i++)
		free(v->uses[i].reason);
	for (i = 0; i < v->world->nborders; i++)
		free(v->borders[i].reason);
	free(v->servers);
	free(v->uses);
	free(v->uses_from);
	free(v->place);
	free(v->places_from);
	free(v->borders);
	free(v->metrics);
	free(v->connections);
	free(v->load_came);
	view_free_order(v);
	free(v->values);
	free(v->answer);
	pings_free(&v->pings);
	free(v);
	*pv = NULL;
}

static const struct told *
use_told(const struct view *v, const struct service *s, size_t use)
{
	return &v->uses[v->uses_from[s->n] + use];
}

/* A load on its way to its weight; there, the weight stands in for it. */
static int
aged_load(int load, unsigned weight, unsigned largest, int64_t stale_us)
{
	if (load > 0 && stale_us >= WEIGH_AGEING_US)
		return LOAD_UNKNOWN;
	return weigh_aged(load, pick_weight_load(weight, largest), stale_us);
}

void
view_loads(const struct view *v, const struct service *s, struct mono now,
    int64_t fresh_us, int *load, bool *stale)
{
	unsigned largest = 0;
	size_t i;

	if (stale != NULL)
		*stale = false;
	for (i = 0; i < s->nuse; i++) {
		const struct told *t = use_told(v, s, i);
		int64_t age_us;

		if (!t->has_load)
			t = &v->servers[s->use[i]];
		load[i] = t->has_load ? t->load : LOAD_UNKNOWN;
		if (!t->has_load)
			continue;
		age_us = mono_us(now, t->load_time);
		if (age_us <= fresh_us)
			continue;
		if (largest == 0)
			largest = pick_largest_weight(v->world, s);
		load[i] =
		    aged_load(t->load, v->world->servers[s->use[i]].weight,
			largest, age_us - fresh_us);
		if (stale != NULL)
			*stale = true;
	}
}

static const struct told *
state_told(const struct view *v, const struct service *s, size_t use)
{
	const struct told *t = use_told(v, s, use);

	return t->has_state ? t : &v->servers[s->use[use]];
}

void
view_states(const struct view *v, const struct service *s, enum state *state)
{
	size_t i;

	for (i = 0; i < s->nuse; i++) {
		const struct told *t = state_told(v, s, i);

		state[i] = t->has_state ? t->state : STATE_UP;
	}
}

enum state
view_server_state(const struct view *v, int server)
{
	const struct told *t = &v->servers[server];

	return t->has_state ? t->state : STATE_UP;
}

enum state
view_border_state(const struct view *v, int border)
{
	return v->borders[border].state;
}

static const char *
reason_or_none(const char *reason)
{
	return reason != NULL ? reason : reason_text(REASON_NONE);
}

const char *
view_use_reason(const struct view *v, const struct service *s, int use)
{
	return reason_or_none(state_told(v, s, (size_t)use)->reason);
}

const char *
view_server_reason(const struct view *v, int server)
{
	return reason_or_none(v->servers[server].reason);
}

const char *
view_border_reason(const struct view *v, int border)
{
	return reason_or_none(v->borders[border].reason);
}

const char *
view_metrics(const struct view *v, int server)
{
	return v->metrics[server];
}

int64_t
view_connections(const struct view *v, int server)
{
	return v->connections[server];
}

struct mono
view_load_came(const struct view *v, int server)
{
	return v->load_came[server];
}

struct mono
view_use_time(const struct view *v, const struct service *s, int use)
{
	const struct told *t = use_told(v, s, (size_t)use);

	if (!t->has_load)
		t = &v->servers[s->use[use]];
	return t->has_load ? t->load_time : (struct mono){0};
}

void
view_borders_up(const struct view *v, bool *up)
{
	size_t i;

	/* A border that is overloaded still carries what it is given. */
	for (i = 0; i < v->world->nborders; i++)
		up[i] = v->borders[i].state == STATE_UP ||
			v->borders[i].state == STATE_OVERLOADED;
}

struct mono
view_load_time(const struct view *v)
{
	return v->load_time;
}

struct mono
view_path_time(const struct view *v)
{
	return v->path_time;
}

uint64_t
view_path_generation(const struct view *v)
{
	return v->path_generation;
}

uint64_t
view_load_generation(const struct view *v)
{
	return v->load_generation;
}
