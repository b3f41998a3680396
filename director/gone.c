/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns one flag for each use of a server by a service, and one a border. */
#include "director/gone.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/renumber.h"

#define NO_NEWS (-2)
#define WENT    (-1) /* else the border that went */

struct gone {
	const struct world *world;
	bool **usable;   /* [service][use] */
	unsigned *count; /* services a server is usable in */
	bool *used;      /* by some service; one a server */
	bool *up;        /* one a border */
	int *news;       /* what is to be told; one a server */
};

struct gone *
gone_new(const struct world *w)
{
	struct gone *g = mem_new(sizeof(*g));
	size_t s, u;

	g->world = w;
	g->usable = mem_array(w->nservices + 1, sizeof(*g->usable));
	g->count = mem_array(w->nservers + 1, sizeof(*g->count));
	g->used = mem_array(w->nservers + 1, sizeof(*g->used));
	g->news = mem_array(w->nservers + 1, sizeof(*g->news));
	g->up = mem_array(w->nborders + 1, sizeof(*g->up));
	memset(g->up, true, w->nborders);
	for (s = 0; s < w->nservers; s++)
		g->news[s] = NO_NEWS;
	for (s = 0; s < w->nservices; s++) {
		const struct service *service = &w->services[s];

		g->usable[s] = mem_array(service->nuse + 1, sizeof(bool));
		memset(g->usable[s], true, service->nuse);
		for (u = 0; u < service->nuse; u++) {
			g->count[service->use[u]]++;
			g->used[service->use[u]] = true;
		}
	}
	return g;
}

/* One service: flags of its uses to their new places. Notes in lost[] the
 * servers that it uses no more. */
static void
move_uses(struct gone *g, const struct gone *old, const struct renumber *r,
    size_t n, int *use, bool *lost)
{
	const struct service *s = &r->from->services[n];
	size_t u;

	renumber_uses(r, (int)n, use);
	for (u = 0; u < s->nuse; u++) {
		if (use[u] < 0) {
			lost[s->use[u]] = true;
		} else if (!old->usable[n][u]) {
			g->usable[r->service[n]][use[u]] = false;
			g->count[r->server[s->use[u]]]--;
		}
	}
}

static void
tell_lost(const struct gone *g, const struct renumber *r, const bool *lost,
    void (*tell)(void *arg, const char *server, const char *border), void *arg)
{
	size_t i;

	for (i = 0; i < r->from->nservers; i++) {
		const struct server *s = &r->from->servers[i];
		int n = r->server[i];

		if (!lost[i])
			continue;
		if (n < 0 || !g->used[n])
			tell(arg, s->id, NULL);
		else if (s->naliases > 0)
			tell(arg, s->id,
			    r->from->borders[s->aliases[0].border].id);
	}
}

struct gone *
gone_renumbered(const struct gone *old, const struct renumber *r,
    void (*tell)(void *arg, const char *server, const char *border), void *arg)
{
	struct gone *g = gone_new(r->to);
	bool *lost = mem_array(r->from->nservers + 1, sizeof(*lost));
	int *use = mem_array(r->from->nservers + 1, sizeof(*use));
	size_t i;

	for (i = 0; i < r->from->nservices; i++)
		move_uses(g, old, r, i, use, lost);
	for (i = 0; i < r->from->nborders; i++)
		if (r->border[i] >= 0)
			g->up[r->border[i]] = old->up[i];
	tell_lost(g, r, lost, tell, arg);
	free(lost);
	free(use);
	return g;
}

void
gone_free(struct gone **g)
{
	size_t s;

	if (*g == NULL)
		return;
	for (s = 0; s < (*g)->world->nservices; s++)
		free((*g)->usable[s]);
	free((*g)->usable);
	free((*g)->count);
	free((*g)->used);
	free((*g)->news);
	free((*g)->up);
	free(*g);
	*g = NULL;
}

static bool
is_live(enum state s)
{
	return s == STATE_UP || s == STATE_OVERLOADED || s == STATE_UNKNOWN;
}

static bool
has_way_out(const struct server *s, const bool *up)
{
	size_t i;

	for (i = 0; i < s->naliases; i++)
		if (up[s->aliases[i].border])
			return true;
	return false;
}

/* A border that is no longer up of one of its aliases, or -1. */
static int
lost_alias(const struct gone *g, const struct server *s, const bool *up)
{
	size_t i;

	for (i = 0; i < s->naliases; i++)
		if (g->up[s->aliases[i].border] && !up[s->aliases[i].border])
			return s->aliases[i].border;
	return -1;
}

static void
look_at_service(struct gone *g, struct picture *p, size_t n, const bool *up,
    struct mono now)
{
	const struct service *s = &g->world->services[n];
	const struct picture_service *t = picture_service(p, (int)n, now);
	size_t u;

	for (u = 0; u < s->nuse; u++) {
		int server = s->use[u];
		bool is = is_live(t->state[u]) &&
			  has_way_out(&g->world->servers[server], up);

		if (is == g->usable[n][u])
			continue;
		g->usable[n][u] = is;
		if (is) {
			g->count[server]++;
		} else {
			g->count[server]--;
			g->news[server] = WENT;
		}
	}
}

static void
look_at_borders(struct gone *g, const bool *up)
{
	size_t i;
	int lost;

	if (memcmp(g->up, up, g->world->nborders * sizeof(*up)) == 0)
		return;
	for (i = 0; i < g->world->nservers; i++) {
		lost = lost_alias(g, &g->world->servers[i], up);
		if (lost >= 0 && g->count[i] > 0 && g->news[i] == NO_NEWS)
			g->news[i] = lost;
	}
	memcpy(g->up, up, g->world->nborders * sizeof(*up));
}

size_t
gone_look(struct gone *g, struct picture *p, struct mono now,
    void (*tell)(void *arg, int server, int border), void *arg)
{
	const bool *up = picture_borders_up(p);
	size_t i, told = 0;

	for (i = 0; i < g->world->nservices; i++)
		look_at_service(g, p, i, up, now);
	look_at_borders(g, up);
	for (i = 0; i < g->world->nservers; i++) {
		if (g->news[i] == NO_NEWS)
			continue;
		tell(arg, (int)i, g->news[i]);
		g->news[i] = NO_NEWS;
		told++;
	}
	return told;
}

void
gone_list(const struct gone *g, void (*tell)(void *arg, int server, int border),
    void *arg)
{
	size_t i;

	for (i = 0; i < g->world->nservers; i++)
		if (g->used[i] && g->count[i] == 0)
			tell(arg, (int)i, WENT);
}
