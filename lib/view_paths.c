/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A view's paths: the order of the borders in ping lines, and the pings kept,
 * both owned by the view. Answers for a client, counts, and moves them from one
 * view to another. Takes no line: see view_take.c.
 */
#include "lib/view_own.h"

#include <stdlib.h>

#include "lib/mem.h"

void
view_free_order(struct view *v)
{
	size_t i;

	for (i = 0; i < v->norder; i++)
		free(v->order_id[i]);
	free(v->order_id);
	free(v->order);
	v->order = NULL;
	v->order_id = NULL;
	v->norder = 0;
}

void
view_set_order(struct view *v, const struct line *l, int *order, size_t n)
{
	size_t i;

	view_free_order(v);
	v->order = order;
	v->order_id = mem_array(n, sizeof(*v->order_id));
	for (i = 0; i < n; i++)
		v->order_id[i] = mem_text(l->field[i + 1]);
	v->norder = n;
}

void
view_take_order(struct view *to, struct view *from)
{
	to->order = from->order;
	to->order_id = from->order_id;
	to->norder = from->norder;
	from->order = NULL;
	from->order_id = NULL;
	from->norder = 0;
}

void
view_set_limits(struct view *v, const struct view_limits *l)
{
	v->limits = *l;
	pings_free(&v->pings);
}

bool
view_ping(const struct view *v, const struct addr *client,
    const bool *border_up, struct mono now, struct view_ping *out)
{
	struct pings_hit hit;
	size_t b;

	if (v->pings == NULL || !pings_find(v->pings, client, border_up,
				    ago(now, v->limits.expire_us), &hit))
		return false;
	for (b = 0; b < v->world->nborders; b++)
		v->answer[b] = hit.values[b];
	*out = (struct view_ping){.ping_us = v->answer,
	    .prefix = hit.prefix,
	    .time = hit.time,
	    .fresh = mono_cmp(hit.time, ago(now, v->limits.fresh_us)) >= 0,
	    .inherited = hit.note.inherited,
	    .complete = hit.note.pending == 0,
	    .spread_us = hit.note.spread_us,
	    .loss = hit.note.loss};
	return true;
}

int64_t
view_fresh_us(const struct view *v)
{
	return v->told_fresh_us > 0 && v->told_fresh_us < v->limits.fresh_us
		   ? v->told_fresh_us
		   : v->limits.fresh_us;
}

void
view_move_paths(struct view *to, struct view *from)
{
	pings_free(&to->pings);
	to->pings = from->pings;
	from->pings = NULL;
	to->expired = from->expired;
	to->path_time = from->path_time;
	if (to->order != NULL)
		return;
	view_take_order(to, from);
	to->unit_us = from->unit_us;
	to->told_fresh_us = from->told_fresh_us;
}

void
view_count_paths(struct view *v, struct mono now, struct view_paths *out)
{
	*out = (struct view_paths){.max = v->limits.max};
	if (v->pings == NULL)
		return;
	/* A bound on the work of one call; the rest goes with the next. */
	v->expired +=
	    pings_expire(v->pings, ago(now, v->limits.expire_us), 10000);
	*out = (struct view_paths){.prefixes = pings_count(v->pings),
	    .hosts = pings_hosts(v->pings),
	    .fresh = pings_fresh(v->pings, ago(now, v->limits.fresh_us)),
	    .inherited = pings_inherited(v->pings),
	    .max = pings_max(v->pings),
	    .evicted = pings_evicted(v->pings),
	    .expired = v->expired};
}
