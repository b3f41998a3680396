/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A reload: the same view of another world, by a renumbering of ids. Copies
 * what was told, and takes the paths away from the old view; frees neither.
 */
#include "lib/view_own.h"

#include <assert.h>
#include <stdlib.h>

#include "lib/mem.h"
#include "lib/renumber.h"

static void
copy_told(struct told *to, const struct told *from)
{
	*to = *from;
	if (from->reason != NULL)
		to->reason = mem_text(from->reason);
}

static void
copy_servers(struct view *v, const struct view *from, const struct renumber *r)
{
	size_t i;

	for (i = 0; i < r->from->nservers; i++) {
		int n = r->server[i];

		if (n < 0)
			continue;
		copy_told(&v->servers[n], &from->servers[i]);
		if (from->metrics[i] != NULL)
			v->metrics[n] = mem_text(from->metrics[i]);
		v->connections[n] = from->connections[i];
		v->load_came[n] = from->load_came[i];
	}
}

static void
copy_uses(struct view *v, const struct view *from, const struct renumber *r)
{
	int *use = mem_array(r->from->nservers + 1, sizeof(*use));
	size_t i, u;

	for (i = 0; i < r->from->nservices; i++) {
		const struct service *s = &r->from->services[i];

		renumber_uses(r, (int)i, use);
		for (u = 0; u < s->nuse; u++)
			if (use[u] >= 0)
				copy_told(&v->uses[v->uses_from[r->service[i]] +
						   (size_t)use[u]],
				    &from->uses[from->uses_from[i] + u]);
	}
	free(use);
}

static void
copy_borders(struct view *v, const struct view *from, const struct renumber *r)
{
	size_t i;

	for (i = 0; i < r->from->nborders; i++) {
		const struct told_border *old = &from->borders[i];

		if (r->border[i] < 0)
			continue;
		v->borders[r->border[i]] =
		    (struct told_border){old->state, NULL};
		if (old->reason != NULL)
			v->borders[r->border[i]].reason = mem_text(old->reason);
	}
}

static bool
same_borders(const struct renumber *r)
{
	size_t i;

	for (i = 0; i < r->to->nborders; i++)
		if (r->old_border[i] != (int)i)
			return false;
	return r->from->nborders == r->to->nborders;
}

static void
move_paths(struct view *v, struct view *from, const struct renumber *r)
{
	bool longer = v->limits.fresh_us > from->limits.fresh_us;
	size_t i;

	view_take_order(v, from);
	for (i = 0; i < v->norder; i++)
		v->order[i] = world_border(v->world, v->order_id[i]);
	v->unit_us = from->unit_us;
	v->told_fresh_us = from->told_fresh_us;
	v->pings = from->pings;
	v->expired = from->expired;
	from->pings = NULL;
	if (v->pings == NULL)
		return;
	if (!same_borders(r))
		pings_renumber(
		    v->pings, r->old_border, r->to->nborders, v->limits.max);
	if (longer)
		pings_recount(v->pings);
}

struct view *
view_renumbered(
    struct view *from, const struct renumber *r, const struct view_limits *l)
{
	struct view *v = view_new(r->to);

	assert(from->world == r->from);
	v->limits = *l;
	copy_servers(v, from, r);
	copy_uses(v, from, r);
	copy_borders(v, from, r);
	move_paths(v, from, r);
	v->load_time = from->load_time;
	v->path_time = from->path_time;
	v->load_generation = from->load_generation + 1;
	v->path_generation = from->path_generation + 1;
	return v;
}

void
view_doubt(struct view *v, int server)
{
	struct told *told = &v->servers[server];

	if (told->has_state)
		return;
	told->has_state = true;
	told->state = STATE_UNKNOWN;
	told->reason = mem_text(reason_text(REASON_NOT_JUDGED));
	v->load_generation++;
}
