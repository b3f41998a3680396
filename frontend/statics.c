/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/statics.h"

#include <stdlib.h>

#include "lib/mem.h"

#define TRIES 16 /* draws before all are looked at */

struct list {
	struct drawable *item;
	uint64_t *upto; /* sum of the weights so far, this one included */
	size_t n;
};

struct statics {
	const struct world *world;
	struct list *list; /* [service * 2 + (family is IPv6)] */
};

static bool
has(const struct alias *a, int family)
{
	return (family == AF_INET6 ? a->v6 : a->v4).family == family;
}

static const struct alias *
through(const struct server *server, const struct site *site, int family)
{
	size_t b, a;

	for (b = 0; b < site->nborders; b++)
		for (a = 0; a < server->naliases; a++)
			if (server->aliases[a].border == site->borders[b] &&
			    has(&server->aliases[a], family))
				return &server->aliases[a];
	return NULL;
}

const struct alias *
statics_alias(
    const struct world *w, const struct server *server, int contact, int family)
{
	const struct alias *a = through(server, &w->sites[contact], family);
	size_t i;

	if (a == NULL)
		a = through(server, &w->sites[server->site], family);
	for (i = 0; a == NULL && i < server->naliases; i++)
		if (has(&server->aliases[i], family))
			a = &server->aliases[i];
	return a;
}

static void
fill(struct list *l, const struct world *w, const struct service *service,
    int contact, int family)
{
	uint64_t sum = 0;
	size_t i;

	l->item = mem_array(service->nuse, sizeof(*l->item));
	l->upto = mem_array(service->nuse, sizeof(*l->upto));
	for (i = 0; i < service->nuse; i++) {
		const struct server *server = &w->servers[service->use[i]];
		const struct alias *a =
		    statics_alias(w, server, contact, family);

		if (a == NULL)
			continue;
		sum += server->weight;
		l->item[l->n] = (struct drawable){a, server->n, server->weight};
		l->upto[l->n++] = sum;
	}
}

struct statics *
statics_new(const struct world *w, int contact)
{
	struct statics *s = mem_new(sizeof(*s));
	size_t i;

	s->world = w;
	s->list = mem_array(w->nservices * 2, sizeof(*s->list));
	for (i = 0; i < w->nservices; i++) {
		fill(&s->list[i * 2], w, &w->services[i], contact, AF_INET);
		fill(
		    &s->list[i * 2 + 1], w, &w->services[i], contact, AF_INET6);
	}
	return s;
}

void
statics_free(struct statics **s)
{
	size_t i;

	if (*s == NULL)
		return;
	for (i = 0; i < (*s)->world->nservices * 2; i++) {
		free((*s)->list[i].item);
		free((*s)->list[i].upto);
	}
	free((*s)->list);
	free(*s);
	*s = NULL;
}

/* The item that a point in [0, sum) falls on. */
static const struct drawable *
at(const struct list *l, uint64_t point)
{
	size_t low = 0, high = l->n - 1;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (point < l->upto[mid])
			high = mid;
		else
			low = mid + 1;
	}
	return &l->item[low];
}

/* Few are gone, mostly: so try, and only then look at all. */
const struct drawable *
statics_draw(const struct statics *s, int service, int family,
    const struct gone *g, int avoid, uint64_t *random)
{
	const struct list *l = &s->list[service * 2 + (family == AF_INET6)];
	const struct drawable *d, *kept = NULL;
	uint64_t total = 0, point;
	size_t i;

	for (i = 0; i < TRIES && l->n > 0; i++) {
		d = at(l, draw_random(random) % l->upto[l->n - 1]);
		if (d->server != avoid && !g->still[d->server])
			return d;
	}
	for (i = 0; i < l->n; i++)
		if (l->item[i].server != avoid && !g->still[l->item[i].server])
			total += l->item[i].weight;
	point = total > 0 ? draw_random(random) % total : 0;
	for (i = 0; i < l->n; i++) {
		d = &l->item[i];
		if (g->still[d->server])
			continue;
		kept = d;
		if (d->server == avoid)
			continue;
		if (point < d->weight)
			return d;
		point -= d->weight;
	}
	return kept; /* only the one to avoid, if anybody */
}
