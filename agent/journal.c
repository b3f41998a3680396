/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A ring of results; owns its rows. Row `index` is in slot (index - 1) modulo
 * the size. When the indices of an epoch are used up, after 2^32 rows, a new
 * epoch begins and the ring with it.
 */

#include "agent/journal.h"

#include <stdlib.h>

#include "lib/mem.h"

#define YEAR_2026 1767225600 /* seconds since 1970 */

struct journal {
	struct journal_row *rows;
	size_t size;
	uint32_t epoch, last, bumped;
};

struct journal *
journal_new(size_t size, uint32_t epoch)
{
	struct journal *j = mem_new(sizeof(*j));

	j->size = size == 0 ? 1 : size;
	j->rows = mem_array(j->size, sizeof(*j->rows));
	j->epoch = epoch == 0 ? 1 : epoch;
	return j;
}

void
journal_free(struct journal **j)
{
	if (*j == NULL)
		return;
	free((*j)->rows);
	free(*j);
	*j = NULL;
}

uint32_t
journal_epoch_at(const struct timespec *now)
{
	int64_t quarters =
	    ((int64_t)now->tv_sec - YEAR_2026) * 4 + now->tv_nsec / 250000000;

	if (quarters < 1)
		return 1; /* a clock that was never set */
	return quarters > UINT32_MAX ? UINT32_MAX : (uint32_t)quarters;
}

void
journal_add(struct journal *j, const struct journal_row *row)
{
	if (j->last == UINT32_MAX) {
		j->epoch++;
		j->last = 0;
	}
	if (j->last >= j->size)
		j->bumped++;
	j->rows[j->last % j->size] = *row;
	j->last++;
}

static uint32_t
oldest(const struct journal *j)
{
	return j->last > j->size ? j->last - (uint32_t)j->size + 1 : 1;
}

const struct journal_row *
journal_find(const struct journal *j, uint32_t epoch, uint32_t index)
{
	if (epoch != j->epoch || index < oldest(j) || index > j->last)
		return NULL;
	return &j->rows[(index - 1) % j->size];
}

bool
journal_next(const struct journal *j, uint32_t *epoch, uint32_t *index, bool at)
{
	uint32_t first = oldest(j);

	if (j->last == 0 || *epoch > j->epoch)
		return false;
	if (*epoch == j->epoch) {
		if (*index > j->last || (*index == j->last && !at))
			return false;
		if (*index >= first)
			first = at ? *index : *index + 1;
	}
	*epoch = j->epoch;
	*index = first;
	return true;
}

uint32_t
journal_epoch(const struct journal *j)
{
	return j->epoch;
}

uint32_t
journal_last(const struct journal *j)
{
	return j->last;
}

size_t
journal_size(const struct journal *j)
{
	return j->size;
}

uint32_t
journal_bumped(const struct journal *j)
{
	return j->bumped;
}
