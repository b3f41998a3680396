/* SPDX-License-Identifier: BSD-2-Clause */
/* The ring: what is there, what made room, and reading on. */

#include "agent/journal.h"

#include "tests/unit.h"

static void
add(struct journal *j, uint32_t n)
{
	struct journal_row row = {.target = n};

	journal_add(j, &row);
}

static void
test_walk(void)
{
	struct journal *j = journal_new(4, 7);
	uint32_t epoch = 0, index = 0, i, seen = 0;

	CU_ASSERT_FALSE(journal_next(j, &epoch, &index, true));
	for (i = 1; i <= 10; i++)
		add(j, i);
	CU_ASSERT_EQUAL(journal_last(j), 10);
	CU_ASSERT_EQUAL(journal_bumped(j), 6);
	while (journal_next(j, &epoch, &index, false)) {
		CU_ASSERT_EQUAL(index, 7 + seen);
		CU_ASSERT_EQUAL(journal_find(j, epoch, index)->target, index);
		seen++;
	}
	CU_ASSERT_EQUAL(seen, 4);
	CU_ASSERT_PTR_NULL(journal_find(j, 7, 6));
	CU_ASSERT_PTR_NULL(journal_find(j, 7, 11));
	CU_ASSERT_PTR_NULL(journal_find(j, 6, 8));
	journal_free(&j);
}

/* A reader's place: in an older epoch, in rows that are gone, at the end, in
 * an epoch to come. */
static void
test_reading_on(void)
{
	struct journal *j = journal_new(4, 7);
	uint32_t epoch = 6, index = 4000000000u, i;

	for (i = 1; i <= 10; i++)
		add(j, i);
	CU_ASSERT_TRUE(journal_next(j, &epoch, &index, false));
	CU_ASSERT_EQUAL(epoch, 7);
	CU_ASSERT_EQUAL(index, 7);
	index = 2;
	CU_ASSERT_TRUE(journal_next(j, &epoch, &index, false));
	CU_ASSERT_EQUAL(index, 7);
	index = 9;
	CU_ASSERT_TRUE(journal_next(j, &epoch, &index, true));
	CU_ASSERT_EQUAL(index, 9);
	CU_ASSERT_TRUE(journal_next(j, &epoch, &index, false));
	CU_ASSERT_EQUAL(index, 10);
	CU_ASSERT_FALSE(journal_next(j, &epoch, &index, false));
	index = UINT32_MAX;
	CU_ASSERT_FALSE(journal_next(j, &epoch, &index, true));
	epoch = 8;
	index = 0;
	CU_ASSERT_FALSE(journal_next(j, &epoch, &index, true));
	journal_free(&j);
}

static void
test_epochs_grow(void)
{
	struct timespec a = {1795377600, 0}, b = {1795377600, 250000000};
	struct timespec never = {0, 0};

	CU_ASSERT_TRUE(journal_epoch_at(&b) > journal_epoch_at(&a));
	b = (struct timespec){1795377601, 0};
	CU_ASSERT_EQUAL(journal_epoch_at(&b), journal_epoch_at(&a) + 4);
	CU_ASSERT_EQUAL(journal_epoch_at(&never), 1);
}

static const struct unit_test tests[] = {
    {"the newest rows are there, in order", test_walk},
    {"a reader goes on from wherever it was", test_reading_on},
    {"a later start has a greater epoch", test_epochs_grow},
};

UNIT_MAIN("agent/journal", tests)
