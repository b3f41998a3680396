/* SPDX-License-Identifier: BSD-2-Clause */
/* Maps between two worlds. Owns its arrays; knows nothing of what is mapped. */
#include "lib/renumber.h"

#include <stdlib.h>

#include "lib/mem.h"

struct renumber *
renumber_new(const struct world *from, const struct world *to)
{
	struct renumber *r = mem_new(sizeof(*r));
	size_t i;

	r->from = from;
	r->to = to;
	r->site = mem_array(from->nsites + 1, sizeof(int));
	r->border = mem_array(from->nborders + 1, sizeof(int));
	r->server = mem_array(from->nservers + 1, sizeof(int));
	r->service = mem_array(from->nservices + 1, sizeof(int));
	r->old_border = mem_array(to->nborders + 1, sizeof(int));
	r->old_server = mem_array(to->nservers + 1, sizeof(int));
	r->old_service = mem_array(to->nservices + 1, sizeof(int));
	r->scratch = mem_array(to->nservers + 1, sizeof(int));
	for (i = 0; i < from->nsites; i++)
		r->site[i] = world_site(to, from->sites[i].id);
	for (i = 0; i < from->nborders; i++)
		r->border[i] = world_border(to, from->borders[i].id);
	for (i = 0; i < from->nservers; i++)
		r->server[i] = world_server(to, from->servers[i].id);
	for (i = 0; i < from->nservices; i++)
		r->service[i] = world_service(to, from->services[i].id);
	for (i = 0; i < to->nborders; i++)
		r->old_border[i] = world_border(from, to->borders[i].id);
	for (i = 0; i < to->nservers; i++) {
		r->old_server[i] = world_server(from, to->servers[i].id);
		r->scratch[i] = -1;
	}
	for (i = 0; i < to->nservices; i++)
		r->old_service[i] = world_service(from, to->services[i].id);
	return r;
}

void
renumber_free(struct renumber **r)
{
	if (*r == NULL)
		return;
	free((*r)->site);
	free((*r)->border);
	free((*r)->server);
	free((*r)->service);
	free((*r)->old_border);
	free((*r)->old_server);
	free((*r)->old_service);
	free((*r)->scratch);
	free(*r);
	*r = NULL;
}

void
renumber_uses(const struct renumber *r, int service, int *use)
{
	const struct service *old = &r->from->services[service], *s = NULL;
	size_t i;

	if (r->service[service] >= 0)
		s = &r->to->services[r->service[service]];
	for (i = 0; s != NULL && i < s->nuse; i++)
		r->scratch[s->use[i]] = (int)i;
	for (i = 0; i < old->nuse; i++) {
		int server = r->server[old->use[i]];

		use[i] = server >= 0 ? r->scratch[server] : -1;
	}
	for (i = 0; s != NULL && i < s->nuse; i++)
		r->scratch[s->use[i]] = -1;
}

const struct alias *
renumber_alias(const struct renumber *r, int server, const struct alias *a)
{
	int to = r->server[server], border = r->border[a->border];
	size_t i;

	for (i = 0; to >= 0 && i < r->to->servers[to].naliases; i++)
		if (r->to->servers[to].aliases[i].border == border)
			return &r->to->servers[to].aliases[i];
	return NULL;
}

static bool
is_any_new(const int *old, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (old[i] < 0)
			return true;
	return false;
}

bool
renumber_brings(const struct renumber *r)
{
	int *use = mem_array(r->from->nservers + 1, sizeof(*use));
	size_t i, u, kept;
	bool more = is_any_new(r->old_border, r->to->nborders) ||
		    is_any_new(r->old_server, r->to->nservers) ||
		    is_any_new(r->old_service, r->to->nservices);

	for (i = 0; !more && i < r->from->nservices; i++) {
		if (r->service[i] < 0)
			continue;
		renumber_uses(r, (int)i, use);
		for (kept = u = 0; u < r->from->services[i].nuse; u++)
			kept += use[u] >= 0;
		more = kept < r->to->services[r->service[i]].nuse;
	}
	free(use);
	return more;
}
