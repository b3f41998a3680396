/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers in text: exact, bounded, nothing around them. */
#include "lib/num.h"

#include <string.h>

#include "tests/unit.h"

static void
numbers_stay_within_their_bounds(void)
{
	int64_t v = 77;

	CU_ASSERT_EQUAL(num_parse("0", 0, 10, &v), 0);
	CU_ASSERT_EQUAL(v, 0);
	CU_ASSERT_EQUAL(num_parse("10", 0, 10, &v), 0);
	CU_ASSERT_EQUAL(v, 10);
	CU_ASSERT_EQUAL(num_parse("007", 0, 10, &v), 0);
	CU_ASSERT_EQUAL(v, 7);
	CU_ASSERT_EQUAL(num_parse("11", 0, 10, &v), -1);
	CU_ASSERT_EQUAL(num_parse("-1", 0, 10, &v), -1);
	CU_ASSERT_EQUAL(v, 7);
	CU_ASSERT_EQUAL(num_parse("-5", -5, 0, &v), 0);
	CU_ASSERT_EQUAL(v, -5);
	CU_ASSERT_EQUAL(
	    num_parse("9223372036854775807", INT64_MIN, INT64_MAX, &v), 0);
	CU_ASSERT_EQUAL(v, INT64_MAX);
	CU_ASSERT_EQUAL(
	    num_parse("-9223372036854775808", INT64_MIN, INT64_MAX, &v), 0);
	CU_ASSERT_EQUAL(v, INT64_MIN);
	CU_ASSERT_EQUAL(
	    num_parse("9223372036854775808", INT64_MIN, INT64_MAX, &v), -1);
	CU_ASSERT_EQUAL(
	    num_parse("99999999999999999999999", 0, INT64_MAX, &v), -1);
}

static void
nothing_may_stand_around_a_number(void)
{
	static const char *const bad[] = {"", "-", "--1", "+1", " 1", "1 ",
	    "1.0", "0x10", "1e3", "a", "1a", "1\n", "\xd9\xa1"};
	int64_t v = 77;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(num_parse(bad[i], -100, 100, &v), -1);
	CU_ASSERT_EQUAL(v, 77);
}

static void
durations_carry_units(void)
{
	static const struct {
		const char *text;
		int64_t us;
	} good[] = {
	    {"0", 0},
	    {"0s", 0},
	    {"400us", 400},
	    {"35ms", 35000},
	    {"2s", 2000000},
	    {"10m", INT64_C(600000000)},
	    {"1h", INT64_C(3600000000)},
	    {"1d", INT64_C(86400000000)},
	    {"300000000us", INT64_C(300000000)},
	    {"1000000000ms", INT64_C(1000000000000)},
	    {"106751991d", INT64_C(106751991) * 86400000000},
	};
	static const char *const bad[] = {"", "1", "s", "-1s", "1.5s", "1 s",
	    "1S", "1sec", "1min", " 1s", "1s ", "106751992d",
	    "9999999999999999us", "0x"};
	int64_t us;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		us = -1;
		CU_ASSERT_EQUAL(num_duration(good[i].text, &us), 0);
		CU_ASSERT_EQUAL(us, good[i].us);
	}
	us = 77;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(num_duration(bad[i], &us), -1);
	CU_ASSERT_EQUAL(us, 77);
}

static void
percentages_have_at_most_four_decimals(void)
{
	static const struct {
		const char *text;
		int64_t ppm;
	} good[] = {
	    {"0%", 0},
	    {"5%", 50000},
	    {"2.5%", 25000},
	    {"0.0001%", 1},
	    {"99.9999%", 999999},
	    {"100%", 1000000},
	    {"100.0%", 1000000},
	    {"007%", 70000},
	    {"999999%", INT64_C(9999990000)},
	};
	static const char *const bad[] = {"", "%", "5", "5.%", ".5%", "-5%",
	    "5 %", "5%%", "1.00001%", "1000000%", "5.5", "5,5%", "0.00001%"};
	int64_t ppm;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ppm = -1;
		CU_ASSERT_EQUAL(num_percent(good[i].text, &ppm), 0);
		CU_ASSERT_EQUAL(ppm, good[i].ppm);
	}
	ppm = 77;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(num_percent(bad[i], &ppm), -1);
	CU_ASSERT_EQUAL(ppm, 77);
}

static const struct unit_test tests[] = {
    {"numbers stay within their bounds", numbers_stay_within_their_bounds},
    {"nothing may stand around a number", nothing_may_stand_around_a_number},
    {"durations carry units", durations_carry_units},
    {"percentages have at most four decimals",
	percentages_have_at_most_four_decimals},
};

UNIT_MAIN("lib/num", tests)
