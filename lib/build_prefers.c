/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The preferences of clients, for all services and of each, and what is wrong
 * with them: prefixes that are none, two for the same clients, and those that
 * no server could ever fulfil.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/build.h"
#include "lib/decide/prefer.h"
#include "lib/mem.h"
#include "lib/ranges.h"

static bool
build_client(struct build *b, const struct elem *e, struct prefix *p)
{
	const char *given = elem_text(e, "client");
	char text[PREFIX_TEXT];
	bool exact = true;

	if (given == NULL || prefix_parse_cut(given, p, &exact) < 0)
		return false;
	if (!exact)
		note_error(b->notes, e,
		    ": client=\"%s\" has bits set behind its length; did you "
		    "mean \"%s\"?",
		    given, prefix_text(p, text, sizeof(text)));
	return exact;
}

static int
build_ref(struct build *b, const struct roll *r, const struct elem *e,
    const char *attribute)
{
	return elem_has(e, attribute) ? roll_find(r, b->notes, e, attribute)
				      : -1;
}

/* What is given must hold together. */
static void
check_target(struct build *b, const struct elem *e, const struct prefer *p)
{
	const struct world *w = b->world;
	const struct server *s = p->server >= 0 ? &w->servers[p->server] : NULL;

	if (elem_text(e, "site") == NULL && elem_text(e, "border") == NULL &&
	    elem_text(e, "server") == NULL && !elem_bad(e, "site") &&
	    !elem_bad(e, "border") && !elem_bad(e, "server"))
		note_error(b->notes, e,
		    ": site, border or server is needed: what is preferred?");
	if (s == NULL)
		return;
	if (p->site >= 0 && s->site >= 0 && s->site != p->site)
		note_error(b->notes, e,
		    ": server %s is at site %s, not at %s; remove one of the "
		    "two",
		    s->id, w->sites[s->site].id, w->sites[p->site].id);
	else if (p->border >= 0 && !prefer_fits(p, s))
		note_error(b->notes, e,
		    ": server %s has no alias for border %s, so no client can "
		    "be sent there; add one or remove border",
		    s->id, w->borders[p->border].id);
}

/* A preference and the element it stands in. */
struct stand {
	struct prefix client;
	const struct elem *e;
	size_t at; /* in file order */
};

static int
by_client(const void *a, const void *b)
{
	const struct stand *x = a, *y = b;
	int d = addr_cmp(&x->client.addr, &y->client.addr);

	if (d == 0)
		d = (x->client.len > y->client.len) -
		    (x->client.len < y->client.len);
	return d != 0 ? d : (x->at > y->at) - (x->at < y->at);
}

/* Two for the same clients: which one would count? */
static void
check_once(struct build *b, struct stand *stands, size_t n)
{
	char text[PREFIX_TEXT], place[GRAMMAR_TEXT];
	size_t i;

	qsort(stands, n, sizeof(*stands), by_client);
	for (i = 1; i < n; i++) {
		const struct stand *x = &stands[i - 1], *y = &stands[i];

		if (addr_cmp(&x->client.addr, &y->client.addr) == 0 &&
		    x->client.len == y->client.len)
			note_error(b->notes, y->e,
			    ": clients in %s have the preference at %s "
			    "already; remove one",
			    prefix_text(&y->client, text, sizeof(text)),
			    elem_place(x->e, place, sizeof(place)));
	}
}

static void
build_list(struct build *b, const struct elem *parent,
    enum grammar_element_name name, struct prefers *out, int *next)
{
	size_t most = elem_count(parent, name), i;
	struct stand *stands;
	struct prefix *clients;
	const struct elem *e = elem_first(parent, name);

	if (most == 0)
		return;
	out->list = mem_array(most, sizeof(*out->list));
	stands = mem_array(most, sizeof(*stands));
	clients = mem_array(most, sizeof(*clients));
	for (; e != NULL; e = elem_next(e)) {
		struct prefer *p = &out->list[out->n];

		if (++*next == WORLD_PREFERS_MAX + 1)
			note_error(b->notes, e,
			    ": more than %d preferences are not possible",
			    WORLD_PREFERS_MAX);
		p->n = *next - 1;
		p->own = name == ELEM_SERVICE_PREFER;
		p->site = build_ref(b, &b->sites, e, "site");
		p->border = build_ref(b, &b->borders, e, "border");
		p->server = build_ref(b, &b->servers, e, "server");
		check_target(b, e, p);
		if (!build_client(b, e, &p->client))
			continue;
		stands[out->n] = (struct stand){p->client, e, out->n};
		out->n++;
	}
	for (i = 0; i < out->n; i++)
		clients[i] = stands[i].client;
	out->ranges = ranges_new(clients, out->n);
	check_once(b, stands, out->n);
	free(clients);
	free(stands);
}

void
build_prefers(struct build *b)
{
	struct world *w = b->world;
	int next = 0;
	size_t i;

	build_list(b, b->root, ELEM_PREFER, &w->prefers, &next);
	for (i = 0; i < w->nservices; i++)
		build_list(b, b->services.elems[i], ELEM_SERVICE_PREFER,
		    &w->services[i].prefers, &next);
}

/* What there is that a preference could mean. */
struct ways {
	const struct world *w;
	bool *is;     /* sites x borders: a server there has such an alias */
	bool *served; /* one a server: it is of the service, or of one */
};

static void
add_ways(struct ways *x, const struct service *s)
{
	size_t i, k;

	for (i = 0; i < s->nuse; i++) {
		const struct server *v = &x->w->servers[s->use[i]];

		x->served[v->n] = true;
		for (k = 0; k < v->naliases; k++)
			x->is[(size_t)v->site * x->w->nborders +
			      (size_t)v->aliases[k].border] = true;
	}
}

static bool
is_possible(const struct ways *x, const struct prefer *p)
{
	size_t n = x->w->nborders, site, border;

	if (p->server >= 0)
		return x->served[p->server];
	for (site = 0; site < x->w->nsites; site++) {
		if (p->site >= 0 && (size_t)p->site != site)
			continue;
		if (p->border >= 0 && x->is[site * n + (size_t)p->border])
			return true;
		for (border = 0; border < n && p->border < 0; border++)
			if (x->is[site * n + border])
				return true;
	}
	return false;
}

static void
check_list(const struct build *b, const struct ways *x,
    const struct prefers *list, const struct elem *e)
{
	size_t i;

	for (i = 0; i < list->n; i++, e = elem_next(e))
		if (!is_possible(x, &list->list[i]))
			note_warning(b->notes, e,
			    ": no server of %s is such, so it never holds",
			    list->list[i].own ? "the service" : "any service");
}

/* As long as there is no error every element has its place in the list. */
void
sense_check_prefers(const struct build *b)
{
	const struct world *w = b->world;
	size_t n = w->nsites * w->nborders, i;
	struct ways all = {w, mem_array(n, sizeof(bool)),
	    mem_array(w->nservers + 1, sizeof(bool))};
	struct ways own = {w, mem_array(n, sizeof(bool)),
	    mem_array(w->nservers + 1, sizeof(bool))};

	for (i = 0; i < w->nservices; i++)
		add_ways(&all, &w->services[i]);
	check_list(b, &all, &w->prefers, elem_first(b->root, ELEM_PREFER));
	for (i = 0; i < w->nservices; i++) {
		const struct service *s = &w->services[i];

		if (s->prefers.n == 0)
			continue;
		memset(own.is, 0, n * sizeof(bool));
		memset(own.served, 0, w->nservers * sizeof(bool));
		add_ways(&own, s);
		check_list(b, &own, &s->prefers,
		    elem_first(b->services.elems[i], ELEM_SERVICE_PREFER));
	}
	free(all.is);
	free(all.served);
	free(own.is);
	free(own.served);
}
