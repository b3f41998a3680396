/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the arrays of counters; they are as long as the world's. */
#include "director/tally.h"

#include <stdlib.h>

#include "lib/mem.h"

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
