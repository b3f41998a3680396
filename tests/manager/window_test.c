/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers in, numbers out: medians, disagreement, hysteresis. */
#include "manager/window.h"

#include "tests/unit.h"

static void
the_median_is_the_lower_one_of_two(void)
{
	int32_t five[] = {9, 1, 7, 3, 5}, two[] = {8, 4};

	CU_ASSERT_EQUAL(window_median(five, 5), 5);
	CU_ASSERT_EQUAL(window_median(two, 2), 4);
	CU_ASSERT_EQUAL(window_median(two, 0), WINDOW_NONE);
}

static void
clients_disagree_beyond_five_ms_and_a_fifth(void)
{
	const int32_t near[] = {1000, 6000}, apart[] = {1000, 6001};
	const int32_t far[] = {100000, 120000, 110000};
	const int32_t farther[] = {100000, 120001, 110000};

	CU_ASSERT_FALSE(window_disagree(near, 2));
	CU_ASSERT_TRUE(window_disagree(apart, 2));
	CU_ASSERT_FALSE(window_disagree(far, 3));
	CU_ASSERT_TRUE(window_disagree(farther, 3));
	CU_ASSERT_FALSE(window_disagree(near, 1));
	CU_ASSERT_FALSE(window_disagree(near, 0));
}

static void
a_change_takes_two_windows_that_agree_on_it(void)
{
	int8_t d = 0;

	CU_ASSERT_EQUAL(window_apply(20000, 26000, &d), 20000);
	CU_ASSERT_EQUAL(window_apply(20000, 27000, &d), 27000);
	CU_ASSERT_EQUAL(d, 0);
	/* Up, then down: neither. */
	CU_ASSERT_EQUAL(window_apply(20000, 26000, &d), 20000);
	CU_ASSERT_EQUAL(window_apply(20000, 14000, &d), 20000);
	CU_ASSERT_EQUAL(window_apply(20000, 14000, &d), 14000);
	/* Noise in between ends it. */
	CU_ASSERT_EQUAL(window_apply(20000, 26000, &d), 20000);
	CU_ASSERT_EQUAL(window_apply(20000, 21000, &d), 20000);
	CU_ASSERT_EQUAL(window_apply(20000, 26000, &d), 20000);
}

static void
noise_is_five_ms_or_a_tenth(void)
{
	int8_t d = 0;
	int i;

	for (i = 0; i < 5; i++) {
		CU_ASSERT_EQUAL(window_apply(20000, 25000, &d), 20000);
		CU_ASSERT_EQUAL(window_apply(20000, 15000, &d), 20000);
		CU_ASSERT_EQUAL(window_apply(200000, 220000, &d), 200000);
	}
}

static void
silence_takes_two_windows_and_a_reply_none(void)
{
	int8_t d = 0;

	CU_ASSERT_EQUAL(window_apply(20000, WINDOW_SILENT, &d), 20000);
	CU_ASSERT_EQUAL(window_apply(20000, WINDOW_SILENT, &d), WINDOW_SILENT);
	CU_ASSERT_EQUAL(window_apply(WINDOW_SILENT, 20000, &d), 20000);
	CU_ASSERT_EQUAL(window_apply(WINDOW_NONE, 20000, &d), 20000);
	CU_ASSERT_EQUAL(
	    window_apply(WINDOW_NONE, WINDOW_SILENT, &d), WINDOW_SILENT);
}

static void
not_measured_says_neither_yes_nor_no(void)
{
	int8_t d = 0;

	CU_ASSERT_EQUAL(window_apply(20000, 30000, &d), 20000);
	CU_ASSERT_EQUAL(window_apply(20000, WINDOW_NONE, &d), 20000);
	CU_ASSERT_EQUAL(window_apply(20000, 30000, &d), 30000);
}

static const struct unit_test tests[] = {
    {"the median is the lower one of two", the_median_is_the_lower_one_of_two},
    {"clients disagree beyond 5 ms and a fifth",
	clients_disagree_beyond_five_ms_and_a_fifth},
    {"a change takes two windows that agree on it",
	a_change_takes_two_windows_that_agree_on_it},
    {"noise is 5 ms or a tenth", noise_is_five_ms_or_a_tenth},
    {"silence takes two windows and a reply none",
	silence_takes_two_windows_and_a_reply_none},
    {"not measured says neither yes nor no",
	not_measured_says_neither_yes_nor_no},
};

UNIT_MAIN("manager/window", tests)
