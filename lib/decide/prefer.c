/* SPDX-License-Identifier: BSD-2-Clause */
/* Looks up in what the loader has laid out; owns nothing. */
#include "lib/decide/prefer.h"

#include "lib/ranges.h"

static const struct prefer *
find(const struct prefers *p, const struct addr *client, unsigned *bits)
{
	unsigned n = 0;
	int i = -1;

	if (p->ranges != NULL)
		i = ranges_find(p->ranges, client, &n);
	if (n > *bits)
		*bits = n;
	return i >= 0 ? &p->list[i] : NULL;
}

const struct prefer *
prefer_find(const struct world *w, const struct service *s,
    const struct addr *client, unsigned *bits)
{
	const struct prefer *own, *all;

	*bits = 0;
	own = find(&s->prefers, client, bits);
	all = find(&w->prefers, client, bits);
	if (own == NULL || all == NULL)
		return own != NULL ? own : all;
	return all->client.len > own->client.len ? all : own;
}

bool
prefer_fits(const struct prefer *p, const struct server *s)
{
	size_t i;

	for (i = 0; i < s->naliases; i++)
		if (prefer_allows(p, s, s->aliases[i].border))
			return true;
	return false;
}
