/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/draw.h"

#include <stdlib.h>

#include "lib/mem.h"
#include "lib/renumber.h"

void
gone_init(struct gone *g, const struct world *w)
{
	*g = (struct gone){.now = 1, .nservers = w->nservers};
	g->at = mem_array(w->nservers, sizeof(*g->at));
	g->still = mem_array(w->nservers, sizeof(*g->still));
}

void
gone_fini(struct gone *g)
{
	free(g->at);
	free(g->still);
	*g = (struct gone){0};
}

void
gone_renew(struct gone *g, const struct renumber *r)
{
	struct gone old = *g;
	size_t i;

	gone_init(g, r->to);
	g->now = old.now;
	for (i = 0; i < old.nservers; i++) {
		if (r->server[i] < 0)
			continue;
		g->at[r->server[i]] = old.at[i];
		g->still[r->server[i]] = old.still[i];
	}
	gone_fini(&old);
}

void
gone_add(struct gone *g, int server)
{
	g->at[server] = ++g->now;
	g->still[server] = true;
}

void
gone_void(struct gone *g, int server)
{
	g->at[server] = ++g->now;
}

void
gone_clear(struct gone *g, int server)
{
	g->still[server] = false;
}

uint64_t
gone_moment(struct gone *g)
{
	return ++g->now;
}

static bool
can(const struct drawable *d, const struct gone *g, uint64_t since)
{
	return g == NULL || g->at[d->server] < since;
}

const struct drawable *
draw(const struct drawable *list, size_t n, const struct gone *g,
    uint64_t since, int avoid, uint64_t random)
{
	uint64_t total = 0, point;
	size_t i;

	for (i = 0; i < n; i++)
		if (list[i].server != avoid && can(&list[i], g, since))
			total += list[i].weight;
	if (total == 0)
		return avoid < 0 ? NULL : draw(list, n, g, since, -1, random);
	point = random % total;
	for (i = 0; i < n; i++) {
		if (list[i].server == avoid || !can(&list[i], g, since))
			continue;
		if (point < list[i].weight)
			return &list[i];
		point -= list[i].weight;
	}
	return NULL;
}

uint64_t
draw_random(uint64_t *state)
{
	uint64_t x = *state != 0 ? *state : UINT64_C(0x9e3779b97f4a7c15);

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return x * UINT64_C(0x2545f4914f6cdd1d);
}
