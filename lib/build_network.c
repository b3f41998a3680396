/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sites, borders and the delays between sites. Delays that are declared stay
 * as they are; all others are the shortest path over declared ones.
 */
#include "lib/build.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

/* Sites first, as borders and links name them; then all borders in document
 * order, a site's own at its place. */
static void
call_network(struct build *b, const struct elem *network)
{
	struct elem *e;

	for (e = elem_first(network, ELEM_SITE); e != NULL; e = elem_next(e))
		roll_add(&b->sites, b->notes, e);
	for (e = network->first; e != NULL; e = e->next) {
		if (e->name == ELEM_BORDER)
			roll_add(&b->borders, b->notes, e);
		else if (e->name == ELEM_SITE)
			roll_add(&b->borders,
			    roll_knows(&b->sites, e) ? b->notes : NULL, e);
	}
}

static void
build_borders(struct build *b)
{
	struct world *w = b->world;
	size_t i;
	int site = 0;

	w->nborders = b->borders.n;
	w->borders = mem_array(w->nborders, sizeof(*w->borders));
	for (i = 0; i < w->nborders; i++) {
		const struct elem *e = b->borders.elems[i];
		struct border *border = &w->borders[i];

		border->n = (int)i;
		border->id = elem_keep(e, "id");
		border->site = e->name == ELEM_SITE
				   ? site++
				   : roll_find(&b->sites, b->notes, e, "site");
	}
}

static void
site_add_border(struct site *s, int border)
{
	s->borders =
	    mem_resize(s->borders, s->nborders + 1, sizeof(*s->borders));
	s->borders[s->nborders++] = border;
}

static void
build_sites(struct build *b)
{
	struct world *w = b->world;
	size_t i;

	w->nsites = b->sites.n;
	w->sites = mem_array(w->nsites, sizeof(*w->sites));
	for (i = 0; i < w->nsites; i++) {
		w->sites[i].n = (int)i;
		w->sites[i].id = elem_keep(b->sites.elems[i], "id");
	}
	for (i = 0; i < w->nborders; i++)
		if (w->borders[i].site >= 0)
			site_add_border(&w->sites[w->borders[i].site], (int)i);
}

/* The two sites of a link; false if that is not to be known. */
static bool
link_ends(struct build *b, const struct elem *e, int *from, int *to)
{
	const char *pair = elem_text(e, "between");
	bool one_way = elem_has(e, "from") || elem_has(e, "to");
	char *ids;

	if (elem_bad(e, "between") || elem_bad(e, "from") || elem_bad(e, "to"))
		return false;
	if ((pair != NULL) == one_way ||
	    elem_has(e, "from") != elem_has(e, "to")) {
		note_error(b->notes, e,
		    ": give either between=\"A B\" for both ways or from=\"A\" "
		    "to=\"B\" for one");
		return false;
	}
	if (pair == NULL) {
		*from = roll_find(&b->sites, b->notes, e, "from");
		*to = roll_find(&b->sites, b->notes, e, "to");
	} else {
		ids = mem_text(pair);
		ids[strcspn(ids, " ")] = '\0';
		*from = roll_find_id(&b->sites, b->notes, e, "between", ids);
		*to = roll_find_id(
		    &b->sites, b->notes, e, "between", ids + strlen(ids) + 1);
		free(ids);
	}
	if (*from >= 0 && *from == *to)
		note_error(b->notes, e,
		    ": a link is between two sites; a "
		    "site's delay to itself is 0");
	return *from >= 0 && *to >= 0 && *from != *to;
}

/* All pairs (Floyd, Warshall); `delay` holds the declared ones and becomes the
 * shortest ways. */
static void
shortest(int64_t *delay, size_t n)
{
	size_t i, j, k;
	int64_t first;

	for (k = 0; k < n; k++) {
		for (i = 0; i < n; i++) {
			first = delay[i * n + k];
			if (first == WORLD_NO_ROUTE)
				continue;
			for (j = 0; j < n; j++) {
				int64_t rest = delay[k * n + j];

				if (rest != WORLD_NO_ROUTE &&
				    first + rest < delay[i * n + j])
					delay[i * n + j] = first + rest;
			}
		}
	}
}

static void
build_delays(struct build *b, const struct elem *network)
{
	struct world *w = b->world;
	size_t n = w->nsites, i;
	int64_t *declared = mem_array(n * n, sizeof(*declared)), delay;
	const struct elem *e = elem_first(network, ELEM_LINK);
	int from, to;

	w->delay_us = mem_array(n * n, sizeof(*w->delay_us));
	for (i = 0; i < n * n; i++)
		declared[i] = i % (n + 1) == 0 ? 0 : WORLD_NO_ROUTE;
	for (; e != NULL; e = elem_next(e)) {
		if (!link_ends(b, e, &from, &to))
			continue;
		delay = elem_number(e, "delay");
		declared[(size_t)from * n + (size_t)to] = delay;
		if (elem_has(e, "between"))
			declared[(size_t)to * n + (size_t)from] = delay;
	}
	memcpy(w->delay_us, declared, n * n * sizeof(*declared));
	shortest(w->delay_us, n);
	for (i = 0; i < n * n; i++)
		if (declared[i] != WORLD_NO_ROUTE)
			w->delay_us[i] = declared[i];
	free(declared);
}

/* Probers: at most one a border, so that a border has one word. */
static void
build_probers(struct build *b, const struct elem *network)
{
	struct world *w = b->world;
	const struct elem *e = elem_first(network, ELEM_PROBER);
	const struct elem **of = mem_array(w->nborders, sizeof(*of));
	char place[GRAMMAR_TEXT];

	w->probers =
	    mem_array(elem_count(network, ELEM_PROBER), sizeof(*w->probers));
	for (; e != NULL; e = elem_next(e)) {
		struct border_prober *p = &w->probers[w->nprobers];

		p->n = (int)w->nprobers++;
		p->border = roll_find(&b->borders, b->notes, e, "border");
		p->context = elem_keep(e, "context");
		build_snmp(b, e, &p->agent);
		if (p->border < 0)
			continue;
		if (of[p->border] != NULL)
			note_error(b->notes, e,
			    ": border %s has the prober at %s already; remove "
			    "one",
			    elem_text(e, "border"),
			    elem_place(of[p->border], place, sizeof(place)));
		of[p->border] = e;
	}
	free(of);
}

void
build_network(struct build *b)
{
	const struct elem *e = elem_first(b->root, ELEM_NETWORK);

	if (e == NULL) {
		note_error(b->notes, b->root,
		    ": <network> is missing; it names the sites, such as "
		    "<network><site id=\"ny\"/></network>");
		return;
	}
	b->world->replies = (enum replies)elem_number(e, "replies");
	b->world->return_leg = (enum return_leg)elem_number(e, "return-leg");
	b->world->unmeasured = (enum unmeasured)elem_number(e, "unmeasured");
	b->world->prefix4 = (unsigned)elem_number(e, "prefix4");
	b->world->prefix6 = (unsigned)elem_number(e, "prefix6");
	call_network(b, e);
	if (b->sites.n == 0)
		note_error(b->notes, e, ": it has no <site>; add one");
	build_borders(b);
	build_sites(b);
	if (b->sites.n <= WORLD_SITES_MAX)
		build_delays(b, e);
	if (b->borders.n <= WORLD_BORDERS_MAX)
		build_probers(b, e);
}
