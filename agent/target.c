/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The target table: places that do not move, an array of them sorted by index
 * (managers count up, so most are added at its end) and a binary heap by due.
 * Owns the rows; a removed one keeps its place, with another serial number.
 */

#include "agent/target.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

/* The time stands here too, so that finding a row's place touches few. */
struct entry {
	int64_t due;
	uint32_t place;
};

struct targets {
	struct target *places;
	struct target **unused, **order;
	struct entry *heap;
	uint32_t *in_heap; /* of each place */
	size_t max, count;
};

struct targets *
targets_new(size_t max)
{
	struct targets *t = mem_new(sizeof(*t));
	size_t i;

	t->max = max == 0 ? 1 : max;
	t->places = mem_array(t->max, sizeof(*t->places));
	t->unused = mem_array(t->max, sizeof(*t->unused));
	t->order = mem_array(t->max, sizeof(*t->order));
	t->heap = mem_array(t->max, sizeof(*t->heap));
	t->in_heap = mem_array(t->max, sizeof(*t->in_heap));
	for (i = 0; i < t->max; i++)
		t->unused[i] = &t->places[t->max - 1 - i];
	return t;
}

void
targets_free(struct targets **t)
{
	size_t i;

	if (*t == NULL)
		return;
	for (i = 0; i < (*t)->count; i++)
		free((*t)->order[i]->owner);
	free((*t)->places);
	free((*t)->unused);
	free((*t)->order);
	free((*t)->heap);
	free((*t)->in_heap);
	free(*t);
	*t = NULL;
}

size_t
targets_count(const struct targets *t)
{
	return t->count;
}

size_t
targets_max(const struct targets *t)
{
	return t->max;
}

/* How many rows stand before this number. */
static size_t
rank(const struct targets *t, uint32_t index)
{
	size_t low = 0, high = t->count, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (t->order[mid]->index < index)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct target *
targets_next(const struct targets *t, uint32_t index, bool at)
{
	size_t i = rank(t, index);

	if (!at && i < t->count && t->order[i]->index == index)
		i++;
	return i < t->count ? t->order[i] : NULL;
}

struct target *
targets_find(const struct targets *t, uint32_t index)
{
	struct target *row = targets_next(t, index, true);

	return row != NULL && row->index == index ? row : NULL;
}

static void
place(struct targets *t, size_t i, struct entry e)
{
	t->heap[i] = e;
	t->in_heap[e.place] = (uint32_t)i;
}

static void
sift_up(struct targets *t, size_t i)
{
	struct entry e = t->heap[i];
	size_t up;

	for (; i > 0; i = up) {
		up = (i - 1) / 2;
		if (t->heap[up].due <= e.due)
			break;
		place(t, i, t->heap[up]);
	}
	place(t, i, e);
}

static void
sift_down(struct targets *t, size_t i, size_t n)
{
	struct entry e = t->heap[i];
	size_t down;

	for (; (down = 2 * i + 1) < n; i = down) {
		if (down + 1 < n && t->heap[down + 1].due < t->heap[down].due)
			down++;
		if (e.due <= t->heap[down].due)
			break;
		place(t, i, t->heap[down]);
	}
	place(t, i, e);
}

void
targets_set_due(struct targets *t, struct target *row, struct mono due)
{
	size_t i = t->in_heap[row - t->places];

	row->wanted = due;
	row->due = mono_cmp(due, row->expires) < 0 ? due : row->expires;
	t->heap[i].due = row->due.ns;
	sift_up(t, i);
	sift_down(t, t->in_heap[row - t->places], t->count);
}

struct target *
targets_first(const struct targets *t)
{
	return t->count > 0 ? &t->places[t->heap[0].place] : NULL;
}

struct target *
targets_add(struct targets *t, uint32_t index, const struct target_ask *ask,
    struct mono now)
{
	size_t at = rank(t, index);
	struct target *row;
	uint32_t serial;

	if (t->count == t->max ||
	    (at < t->count && t->order[at]->index == index))
		return NULL;
	row = t->unused[t->max - t->count - 1];
	serial = row->serial + 1;
	memset(row, 0, sizeof(*row));
	row->serial = serial;
	row->index = index;
	row->addr = ask->addr;
	row->owner = mem_text(ask->owner);
	row->interval_ms = ask->interval_ms;
	row->probes = (uint8_t)ask->probes;
	row->timeout_ms = ask->timeout_ms;
	row->lifetime_s = ask->lifetime_s;
	row->expires = mono_add_ms(now, (int64_t)ask->lifetime_s * 1000);
	row->wanted = row->due = now;
	memmove(t->order + at + 1, t->order + at,
	    (t->count - at) * sizeof(*t->order));
	t->order[at] = row;
	t->count++;
	place(t, t->count - 1,
	    (struct entry){now.ns, (uint32_t)(row - t->places)});
	sift_up(t, t->count - 1);
	return row;
}

void
targets_remove(struct targets *t, struct target *row)
{
	size_t at = rank(t, row->index);
	size_t hole = t->in_heap[row - t->places];

	memmove(t->order + at, t->order + at + 1,
	    (t->count - at - 1) * sizeof(*t->order));
	t->count--;
	if (hole < t->count) {
		place(t, hole, t->heap[t->count]);
		sift_up(t, hole);
		sift_down(t, hole, t->count);
	}
	free(row->owner);
	row->owner = NULL;
	row->serial++;
	t->unused[t->max - t->count - 1] = row;
}
