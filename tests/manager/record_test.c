/* SPDX-License-Identifier: BSD-2-Clause */
#include <math.h>
#include <string.h>

#include "manager/record.h"
#include "tests/unit.h"

static struct record
sample(void)
{
	struct record r;

	memset(&r, 0, sizeof(r));
	r.kind = RECORD_SAMPLE;
	return r;
}

static void
a_record_of_a_known_server_is_taken(void)
{
	struct record r = sample();

	CU_ASSERT_TRUE(record_valid(&r, sizeof(r), 1, 1));
}

static void
another_length_kind_or_server_is_refused(void)
{
	struct record r = sample();

	CU_ASSERT_FALSE(record_valid(&r, sizeof(r) - 1, 1, 1));
	CU_ASSERT_FALSE(record_valid(&r, sizeof(r), 0, 1));
	r.server = -1;
	CU_ASSERT_FALSE(record_valid(&r, sizeof(r), 1, 1));
	r.kind = RECORD_BEAT;
	CU_ASSERT_TRUE(record_valid(&r, sizeof(r), 1, 1));
	r.kind = RECORD_KINDS;
	CU_ASSERT_FALSE(record_valid(&r, sizeof(r), 1, 1));
	r.kind = 0;
	CU_ASSERT_FALSE(record_valid(&r, sizeof(r), 1, 1));
}

static void
numbers_that_are_none_are_refused(void)
{
	struct record r = sample();

	r.u.sample.values.cpu_idle = NAN;
	CU_ASSERT_FALSE(record_valid(&r, sizeof(r), 1, 1));
	r = sample();
	r.u.sample.values.ram_free = 1e300;
	CU_ASSERT_FALSE(record_valid(&r, sizeof(r), 1, 1));
	r = sample();
	memset(&r.u.sample.values.known, 47, 1);
	CU_ASSERT_FALSE(record_valid(&r, sizeof(r), 1, 1));
	r = sample();
	r.u.sample.age_ms = -1;
	CU_ASSERT_FALSE(record_valid(&r, sizeof(r), 1, 1));
}

static void
words_without_an_end_and_wild_enums_are_refused(void)
{
	struct record r = {.kind = RECORD_CHECK};

	r.u.check.state = STATE_UP;
	CU_ASSERT_FALSE(record_valid(&r, sizeof(r), 1, 1)); /* no name */
	memcpy(r.u.check.name, "www", 4);
	CU_ASSERT_TRUE(record_valid(&r, sizeof(r), 1, 1));
	r.u.check.state = STATE_DOWN + 1;
	CU_ASSERT_FALSE(record_valid(&r, sizeof(r), 1, 1));
	r.u.check.state = STATE_UP;
	memset(r.u.check.name, 'x', sizeof(r.u.check.name));
	CU_ASSERT_FALSE(record_valid(&r, sizeof(r), 1, 1));
	r.kind = RECORD_FAIL;
	memset(&r.u, 0, sizeof(r.u));
	r.u.fail.reason = (enum reason)REASON_COUNT;
	CU_ASSERT_FALSE(record_valid(&r, sizeof(r), 1, 1));
	r.kind = RECORD_ENGINE_ID;
	r.u.engine.len = RECORD_ENGINE + 1;
	CU_ASSERT_FALSE(record_valid(&r, sizeof(r), 1, 1));
}

static void
reasons_are_found_by_their_whole_word(void)
{
	CU_ASSERT_EQUAL(
	    record_reason("connect-refused", 15), REASON_CONNECT_REFUSED);
	CU_ASSERT_EQUAL(record_reason("connect-refuse", 14), REASON_NONE);
	CU_ASSERT_EQUAL(record_reason("", 0), REASON_NONE);
}

static void
idle_is_a_share_of_the_ticks_between_two_polls(void)
{
	uint32_t a[TICKS] = {[TICKS_IDLE] = 1000, [TICKS_USER] = 500};
	uint32_t b[TICKS] = {[TICKS_IDLE] = 1150, [TICKS_USER] = 550};

	CU_ASSERT_EQUAL(record_cpu_idle(a, b), 7500);
	CU_ASSERT_EQUAL(record_cpu_idle(a, a), -1);
}

static void
ticks_may_wrap(void)
{
	uint32_t a[TICKS] = {[TICKS_IDLE] = UINT32_MAX - 9};
	uint32_t b[TICKS] = {[TICKS_IDLE] = 10, [TICKS_STEAL] = 20};

	CU_ASSERT_EQUAL(record_cpu_idle(a, b), 5000);
}

static const struct unit_test tests[] = {
    {"a record of a known server is taken",
	a_record_of_a_known_server_is_taken},
    {"another length, kind or server is refused",
	another_length_kind_or_server_is_refused},
    {"numbers that are none are refused", numbers_that_are_none_are_refused},
    {"words without an end and wild enums are refused",
	words_without_an_end_and_wild_enums_are_refused},
    {"reasons are found by their whole word",
	reasons_are_found_by_their_whole_word},
    {"idle is a share of the ticks between two polls",
	idle_is_a_share_of_the_ticks_between_two_polls},
    {"ticks may wrap", ticks_may_wrap},
};

UNIT_MAIN("manager/record", tests)
