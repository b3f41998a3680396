/* SPDX-License-Identifier: BSD-2-Clause */
/* Monotonic time, and the clock of tests. */
#include "lib/mono.h"

#include "tests/unit.h"

static void
time_goes_on_and_never_is_zero(void)
{
	struct mono a = mono_now(), b = mono_now();

	CU_ASSERT_TRUE(mono_set(a));
	CU_ASSERT(mono_cmp(a, b) <= 0);
	CU_ASSERT_FALSE(mono_set((struct mono){0}));
}

static void
a_put_in_clock_stands_still_until_taken_away(void)
{
	struct mono real = mono_now(), fake = {INT64_C(5000000000)};

	mono_fake(fake);
	CU_ASSERT_EQUAL(mono_now().ns, fake.ns);
	CU_ASSERT_EQUAL(mono_now().ns, fake.ns);
	mono_fake((struct mono){0});
	CU_ASSERT(mono_cmp(mono_now(), real) >= 0);
}

static void
sums_and_differences(void)
{
	struct mono a = {INT64_C(1000000000)}, b = mono_add_ms(a, 1500);

	CU_ASSERT_EQUAL(b.ns, INT64_C(2500000000));
	CU_ASSERT_EQUAL(mono_ms(b, a), 1500);
	CU_ASSERT_EQUAL(mono_ms(a, b), -1500);
	CU_ASSERT_EQUAL(mono_us(b, a), 1500000);
	CU_ASSERT_EQUAL(mono_add_ms(b, -1500).ns, a.ns);
	b.ns = a.ns + 1999999;
	CU_ASSERT_EQUAL(mono_ms(b, a), 1);
	CU_ASSERT_EQUAL(mono_us(b, a), 1999);
	CU_ASSERT_EQUAL(mono_cmp(a, b), -1);
	CU_ASSERT_EQUAL(mono_cmp(b, a), 1);
	CU_ASSERT_EQUAL(mono_cmp(a, a), 0);
}

static const struct unit_test tests[] = {
    {"time goes on and never is zero", time_goes_on_and_never_is_zero},
    {"a put-in clock stands still until taken away",
	a_put_in_clock_stands_still_until_taken_away},
    {"sums and differences", sums_and_differences},
};

UNIT_MAIN("lib/mono", tests)
