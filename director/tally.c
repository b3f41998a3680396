/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the arrays of counters; they are as long as the world's. */
#include "director/tally.h"

#include <stdlib.h>

#include "lib/mem.h"
#include "lib/renumber.h"

static const struct fallback_row fallbacks[FALLBACKS] = {
    [FALLBACK_STALE_PATH] = {1, "stale-path"},
    [FALLBACK_INHERITED_PATH] = {2, "inherited-path"},
    [FALLBACK_UNMEASURED] = {3, "unmeasured"},
    [FALLBACK_STALE_LOAD] = {4, "stale-load"},
    [FALLBACK_WAIT_EXPIRED] = {5, "wait-expired"},
    [FALLBACK_LAST_BAND] = {6, "last-band"},
    [FALLBACK_UNKNOWN_SERVER] = {7, "unknown-server"},
    [FALLBACK_ALL_BUSY] = {8, "all-busy"},
    [FALLBACK_REFUSED] = {9, "refused"},
    [FALLBACK_NO_SERVER] = {10, "no-server"},
    [FALLBACK_NO_ADDRESS] = {11, "no-address"},
    [FALLBACK_BACKUP] = {12, "backup"},
    [FALLBACK_NOT_PREFERRED] = {13, "not-preferred"},
    [FALLBACK_SHED] = {14, "shed"},
};

struct tally *
tally_new(const struct world *w)
{
	struct tally *t = mem_new(sizeof(*t));

	t->service = mem_array(w->nservices + 1, sizeof(*t->service));
	t->contact = mem_array(w->nsites + 1, sizeof(*t->contact));
	t->site = mem_array(w->nsites + 1, sizeof(*t->site));
	t->border = mem_array(w->nborders + 1, sizeof(*t->border));
	t->server = mem_array(w->nservers + 1, sizeof(*t->server));
	t->contradictions =
	    mem_array(w->nborders + 1, sizeof(*t->contradictions));
	return t;
}

void
tally_free(struct tally **t)
{
	if (*t == NULL)
		return;
	free((*t)->service);
	free((*t)->contact);
	free((*t)->site);
	free((*t)->border);
	free((*t)->server);
	free((*t)->contradictions);
	free(*t);
	*t = NULL;
}

/* One counter each of what is mapped; the old array is freed. */
static uint64_t *
moved(uint64_t *old, const int *map, size_t from, size_t to)
{
	uint64_t *new = mem_array(to + 1, sizeof(*new));
	size_t i;

	for (i = 0; i < from; i++)
		if (map[i] >= 0)
			new[map[i]] = old[i];
	free(old);
	return new;
}

void
tally_renew(struct tally *t, const struct renumber *r)
{
	const struct world *a = r->from, *b = r->to;
	struct tally_service *service =
	    mem_array(b->nservices + 1, sizeof(*service));
	size_t i;

	for (i = 0; i < a->nservices; i++)
		if (r->service[i] >= 0)
			service[r->service[i]] = t->service[i];
	free(t->service);
	t->service = service;
	t->contact = moved(t->contact, r->site, a->nsites, b->nsites);
	t->site = moved(t->site, r->site, a->nsites, b->nsites);
	t->border = moved(t->border, r->border, a->nborders, b->nborders);
	t->server = moved(t->server, r->server, a->nservers, b->nservers);
	t->contradictions =
	    moved(t->contradictions, r->border, a->nborders, b->nborders);
}

void
tally_count(struct tally *t, int service, enum fallback f)
{
	t->service[service].fallbacks[f]++;
}

const struct fallback_row *
tally_fallback(enum fallback f)
{
	return &fallbacks[f];
}
