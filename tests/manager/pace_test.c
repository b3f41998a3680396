/* SPDX-License-Identifier: BSD-2-Clause */
#include "manager/pace.h"
#include "tests/unit.h"

#define SECOND 1000000

static struct mono
at(int64_t ms)
{
	return (struct mono){(ms + 1) * 1000000};
}

static int
all_due(struct pace *p, struct mono now)
{
	int n = 0;

	while (pace_next(p, now) >= 0)
		n++;
	return n;
}

static void
turns_are_spread_evenly(void)
{
	struct pace p;
	int ms, n, most = 0, all = 0;

	pace_init(&p, 2000, 2 * SECOND, at(0));
	for (ms = 0; ms < 20000; ms += 10) {
		n = all_due(&p, at(ms));
		all += n;
		most = n > most ? n : most;
	}
	CU_ASSERT_EQUAL(most, 10);
	CU_ASSERT_TRUE(all >= 19990 && all <= 20000);
	CU_ASSERT_EQUAL(p.skipped, 0);
}

static void
everybody_has_one_turn_an_interval(void)
{
	int count[7] = {0}, i, ms;
	struct pace p;

	pace_init(&p, 7, 2 * SECOND, at(0));
	for (ms = 0; ms < 2000; ms += 10)
		while ((i = pace_next(&p, at(ms))) >= 0)
			count[i]++;
	for (i = 0; i < 7; i++)
		CU_ASSERT_EQUAL(count[i], 1);
}

static void
a_stall_is_not_made_up_for_in_a_burst(void)
{
	struct pace p;

	pace_init(&p, 2000, 2 * SECOND, at(0));
	(void)all_due(&p, at(0));
	CU_ASSERT_TRUE(all_due(&p, at(10000)) <= 101);
	CU_ASSERT_TRUE(p.skipped >= 9800);
	CU_ASSERT_TRUE(all_due(&p, at(10010)) <= 11);
}

static void
the_wait_ends_at_the_next_turn(void)
{
	struct pace p;

	pace_init(&p, 4, 2 * SECOND, at(0));
	CU_ASSERT_EQUAL(pace_wait_us(&p, at(0)), 0);
	CU_ASSERT_EQUAL(pace_next(&p, at(0)), 0);
	CU_ASSERT_EQUAL(pace_next(&p, at(0)), -1);
	CU_ASSERT_EQUAL(pace_wait_us(&p, at(100)), 400000);
}

static void
nobody_has_no_turn(void)
{
	struct pace p;

	pace_init(&p, 0, SECOND, at(0));
	CU_ASSERT_EQUAL(pace_next(&p, at(5000)), -1);
	CU_ASSERT_EQUAL(pace_wait_us(&p, at(0)), SECOND);
}

static const struct unit_test tests[] = {
    {"turns are spread evenly", turns_are_spread_evenly},
    {"everybody has one turn an interval", everybody_has_one_turn_an_interval},
    {"a stall is not made up for in a burst",
	a_stall_is_not_made_up_for_in_a_burst},
    {"the wait ends at the next turn", the_wait_ends_at_the_next_turn},
    {"nobody has no turn", nobody_has_no_turn},
};

UNIT_MAIN("manager/pace", tests)
