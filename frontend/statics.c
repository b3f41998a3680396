/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/statics.h"

#include <stdlib.h>

#include "lib/decide/prefer.h"
#include "lib/decide/sticky.h"
#include "lib/mem.h"

#define TRIES 16 /* draws before all are looked at */

struct list {
	struct drawable *item;
	uint64_t *upto; /* sum of the weights so far, this one included */
	size_t n;
};

/* Of one service and family: backups serve when nobody else is left. */
struct lists {
	struct list first, backup;
};

struct statics {
	const struct world *world;
	struct lists *lists;         /* [service * 2 + (family is IPv6)] */
	struct drawable *chosen;     /* as many as the biggest list has */
	struct sticky_server *stuck; /* the same */
};

/* A client and what it is drawn by. */
struct wish {
	const struct service *service;
	const struct addr *client;
	const struct prefer *prefer; /* or NULL */
	const struct gone *gone;
	int avoid;
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
list_add(struct list *l, const struct alias *a, const struct server *server)
{
	uint64_t sum = l->n > 0 ? l->upto[l->n - 1] : 0;

	l->item[l->n] = (struct drawable){a, server->n, server->weight};
	l->upto[l->n++] = sum + server->weight;
}

static void
list_init(struct list *l, size_t most)
{
	l->item = mem_array(most, sizeof(*l->item));
	l->upto = mem_array(most, sizeof(*l->upto));
}

static void
list_fini(struct list *l)
{
	free(l->item);
	free(l->upto);
}

static void
fill(struct lists *l, const struct world *w, const struct service *service,
    int contact, int family)
{
	size_t i;

	list_init(&l->first, service->nuse);
	list_init(&l->backup, service->nuse);
	for (i = 0; i < service->nuse; i++) {
		const struct server *server = &w->servers[service->use[i]];
		const struct alias *a =
		    statics_alias(w, server, contact, family);

		if (a != NULL)
			list_add(world_is_backup(service, i) ? &l->backup
							     : &l->first,
			    a, server);
	}
}

struct statics *
statics_new(const struct world *w, int contact)
{
	struct statics *s = mem_new(sizeof(*s));
	size_t most = 0, i;

	s->world = w;
	s->lists = mem_array(w->nservices * 2, sizeof(*s->lists));
	for (i = 0; i < w->nservices; i++) {
		fill(&s->lists[i * 2], w, &w->services[i], contact, AF_INET);
		fill(&s->lists[i * 2 + 1], w, &w->services[i], contact,
		    AF_INET6);
		if (w->services[i].nuse > most)
			most = w->services[i].nuse;
	}
	s->chosen = mem_array(most, sizeof(*s->chosen));
	s->stuck = mem_array(most, sizeof(*s->stuck));
	return s;
}

void
statics_free(struct statics **s)
{
	size_t i;

	if (*s == NULL)
		return;
	for (i = 0; i < (*s)->world->nservices * 2; i++) {
		list_fini(&(*s)->lists[i].first);
		list_fini(&(*s)->lists[i].backup);
	}
	free((*s)->lists);
	free((*s)->chosen);
	free((*s)->stuck);
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
static const struct drawable *
draw_any(const struct list *l, const struct wish *wish, uint64_t *random)
{
	const bool *gone = wish->gone->still;
	const struct drawable *d, *kept = NULL;
	uint64_t total = 0, point;
	size_t i;

	for (i = 0; i < TRIES && l->n > 0; i++) {
		d = at(l, draw_random(random) % l->upto[l->n - 1]);
		if (d->server != wish->avoid && !gone[d->server])
			return d;
	}
	for (i = 0; i < l->n; i++)
		if (l->item[i].server != wish->avoid &&
		    !gone[l->item[i].server])
			total += l->item[i].weight;
	point = total > 0 ? draw_random(random) % total : 0;
	for (i = 0; i < l->n; i++) {
		d = &l->item[i];
		if (gone[d->server])
			continue;
		kept = d;
		if (d->server == wish->avoid)
			continue;
		if (point < d->weight)
			return d;
		point -= d->weight;
	}
	return kept; /* only the one to avoid, if anybody */
}

/* The alias by which a server is as preferred: the usual one if it is. */
static const struct alias *
preferred(const struct statics *s, const struct prefer *p,
    const struct drawable *d, int family)
{
	const struct server *server = &s->world->servers[d->server];
	size_t i;

	if (prefer_allows(p, server, d->alias->border))
		return d->alias;
	for (i = 0; i < server->naliases; i++)
		if (has(&server->aliases[i], family) &&
		    prefer_allows(p, server, server->aliases[i].border))
			return &server->aliases[i];
	return NULL;
}

/* Those not gone nor to be avoided, and as preferred if told; how many. */
static size_t
choose(struct statics *s, const struct list *l, const struct wish *wish,
    const struct prefer *p)
{
	const struct alias *a;
	size_t n = 0, i;

	for (i = 0; i < l->n; i++) {
		const struct drawable *d = &l->item[i];

		if (wish->gone->still[d->server] || d->server == wish->avoid)
			continue;
		a = p != NULL ? preferred(s, p, d, wish->client->family)
			      : d->alias;
		if (a == NULL)
			continue;
		s->chosen[n] = *d;
		s->chosen[n++].alias = a;
	}
	return n;
}

static const struct drawable *
draw_sticky(struct statics *s, const struct wish *wish, size_t n)
{
	struct prefix prefix = sticky_prefix(s->world, wish->client);
	size_t i;

	for (i = 0; i < n; i++)
		s->stuck[i] = (struct sticky_server){
		    .id = s->world->servers[s->chosen[i].server].id,
		    .weight = s->chosen[i].weight};
	return &s->chosen[sticky_choose(
	    wish->service->id, &prefix, s->stuck, n, NULL)];
}

static const struct drawable *
draw_list(struct statics *s, const struct list *l, const struct wish *wish,
    uint64_t *random)
{
	size_t n = 0;

	if (wish->prefer == NULL && !wish->service->sticky)
		return draw_any(l, wish, random);
	if (wish->prefer != NULL)
		n = choose(s, l, wish, wish->prefer);
	if (n == 0)
		n = choose(s, l, wish, NULL);
	if (n == 0) /* only the one to avoid, if anybody */
		return draw_any(l, wish, random);
	if (wish->service->sticky)
		return draw_sticky(s, wish, n);
	return draw(s->chosen, n, NULL, 0, -1, draw_random(random));
}

const struct drawable *
statics_draw(struct statics *s, int service, const struct addr *client,
    const struct gone *g, int avoid, uint64_t *random)
{
	const struct lists *l =
	    &s->lists[service * 2 + (client->family == AF_INET6)];
	struct wish wish = {.service = &s->world->services[service],
	    .client = client,
	    .gone = g,
	    .avoid = avoid};
	const struct drawable *d;
	unsigned bits;

	wish.prefer = prefer_find(s->world, wish.service, client, &bits);
	d = draw_list(s, &l->first, &wish, random);
	return d != NULL ? d : draw_list(s, &l->backup, &wish, random);
}
