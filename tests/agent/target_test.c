/* SPDX-License-Identifier: BSD-2-Clause */
/* The target table against a plain one, and its queue. */

#include "agent/target.h"

#include "tests/unit.h"

#define MAX 50

static struct target_ask
ask(uint32_t lifetime_s)
{
	struct target_ask a = {.owner = "m1",
	    .probes = 4,
	    .timeout_ms = 3000,
	    .lifetime_s = lifetime_s};

	(void)addr_parse("8.8.8.8", &a.addr);
	return a;
}

/* All rows in order, each found, the first one due first. */
static void
verify(const struct targets *t, const bool *there, size_t n)
{
	struct target *row = targets_next(t, 0, true);
	struct mono least = {INT64_MAX};
	uint32_t i;
	size_t count = 0;

	for (i = 0; i < n; i++) {
		CU_ASSERT_EQUAL_FATAL(targets_find(t, i) != NULL, there[i]);
		if (!there[i])
			continue;
		CU_ASSERT_PTR_NOT_NULL_FATAL(row);
		CU_ASSERT_EQUAL_FATAL(row->index, i);
		if (mono_cmp(row->due, least) < 0)
			least = row->due;
		row = targets_next(t, i, false);
		count++;
	}
	CU_ASSERT_PTR_NULL(row);
	CU_ASSERT_EQUAL(targets_count(t), count);
	if (count > 0)
		CU_ASSERT_EQUAL_FATAL(
		    mono_cmp(targets_first(t)->due, least), 0);
}

static void
test_random(void)
{
	struct targets *t = targets_new(MAX);
	struct target_ask a = ask(1000000);
	bool there[200] = {false};
	struct mono now = {1};
	struct target *row;
	uint32_t random = 1, i;
	int step;

	for (step = 0; step < 5000; step++) {
		random = random * 1103515245 + 12345;
		i = (random >> 16) % 200;
		row = targets_find(t, i);
		if (row == NULL) {
			bool room = targets_count(t) < MAX;

			row = targets_add(t, i, &a, now);
			CU_ASSERT_EQUAL_FATAL(row != NULL, room);
			there[i] = room;
		} else if (random & 0x800) {
			targets_remove(t, row);
			there[i] = false;
		} else {
			targets_set_due(t, row, (struct mono){random % 10000});
		}
		verify(t, there, 200);
	}
	targets_free(&t);
}

static void
test_twice(void)
{
	struct targets *t = targets_new(2);
	struct target_ask a = ask(10);
	struct mono now = {1};

	CU_ASSERT_PTR_NOT_NULL(targets_add(t, 5, &a, now));
	CU_ASSERT_PTR_NULL(targets_add(t, 5, &a, now));
	CU_ASSERT_PTR_NOT_NULL(targets_add(t, UINT32_MAX, &a, now));
	CU_ASSERT_PTR_NULL(targets_add(t, 6, &a, now));
	CU_ASSERT_PTR_NULL(targets_next(t, UINT32_MAX, false));
	targets_free(&t);
}

static void
test_expiry(void)
{
	struct targets *t = targets_new(2);
	struct target_ask a = ask(10);
	struct mono now = {1};
	struct target *row = targets_add(t, 5, &a, now);

	targets_set_due(t, row, TARGET_NEVER);
	CU_ASSERT_EQUAL(mono_ms(row->due, now), 10000);
	row->expires = mono_add_ms(now, 20000);
	targets_set_due(t, row, row->wanted);
	CU_ASSERT_EQUAL(mono_ms(row->due, now), 20000);
	targets_set_due(t, row, mono_add_ms(now, 7));
	CU_ASSERT_EQUAL(mono_ms(row->due, now), 7);
	targets_free(&t);
}

static void
test_serial(void)
{
	struct targets *t = targets_new(1);
	struct target_ask a = ask(10);
	struct mono now = {1};
	struct target *row = targets_add(t, 5, &a, now);
	uint32_t serial = row->serial;

	targets_remove(t, row);
	CU_ASSERT_NOT_EQUAL(row->serial, serial);
	row = targets_add(t, 5, &a, now);
	CU_ASSERT_NOT_EQUAL(row->serial, serial);
	targets_free(&t);
}

static const struct unit_test tests[] = {
    {"rows are in order and the first one due is first", test_random},
    {"a number is given once, and there is a bound", test_twice},
    {"a row is looked at when it expires", test_expiry},
    {"who takes a place is told from who had it", test_serial},
};

UNIT_MAIN("agent/target", tests)
