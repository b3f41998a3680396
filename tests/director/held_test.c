/* SPDX-License-Identifier: BSD-2-Clause */
/* Asks that wait for path values, and how the wait ends. */
#include "director/held.h"
#include "tests/director/fixture.h"

static bool
hold(struct held *h, uint64_t n, void *peer, int64_t until)
{
	struct ask q = {.n = n};

	return held_add(h, &q, peer, at_ms(until));
}

static void
asks_are_due_in_the_order_of_their_times(void)
{
	struct held *h = held_new();
	struct held_ask out;

	CU_ASSERT_TRUE(hold(h, 1, NULL, 300));
	CU_ASSERT_TRUE(hold(h, 2, NULL, 100));
	CU_ASSERT_TRUE(hold(h, 3, NULL, 300));
	CU_ASSERT_TRUE(hold(h, 4, NULL, 200));
	CU_ASSERT_EQUAL(held_next(h).ns, at_ms(100).ns);
	CU_ASSERT_FALSE(held_due(h, at_ms(99), &out));
	CU_ASSERT_TRUE(held_due(h, at_ms(100), &out));
	CU_ASSERT_EQUAL(out.ask.n, 2);
	CU_ASSERT_FALSE(held_due(h, at_ms(199), &out));
	CU_ASSERT_TRUE(held_due(h, at_ms(400), &out));
	CU_ASSERT_EQUAL(out.ask.n, 4);
	CU_ASSERT_TRUE(held_due(h, at_ms(400), &out));
	CU_ASSERT_EQUAL(out.ask.n, 1);
	CU_ASSERT_TRUE(held_due(h, at_ms(400), &out));
	CU_ASSERT_EQUAL(out.ask.n, 3);
	CU_ASSERT_FALSE(mono_set(held_next(h)));
	held_free(&h);
}

static bool
is_odd(void *arg, const struct ask *q)
{
	(void)arg;
	return q->n % 2 == 1;
}

static void
those_that_are_ready_are_due_at_once(void)
{
	struct held *h = held_new();
	struct held_ask out;
	uint64_t n;

	for (n = 0; n < 6; n++)
		CU_ASSERT_TRUE(hold(h, n, NULL, 100));
	held_sweep(h, is_odd, NULL);
	for (n = 0; n < 3; n++) {
		CU_ASSERT_TRUE(held_due(h, at_ms(0), &out));
		CU_ASSERT_EQUAL(out.ask.n % 2, 1);
	}
	CU_ASSERT_FALSE(held_due(h, at_ms(0), &out));
	CU_ASSERT_EQUAL(held_count(h), 3);
	held_free(&h);
}

static void
asks_go_with_their_peer(void)
{
	struct held *h = held_new();
	struct held_ask out;
	int one, two;

	(void)hold(h, 1, &one, 100);
	(void)hold(h, 2, &two, 100);
	(void)hold(h, 3, &one, 100);
	held_forget(h, &one);
	CU_ASSERT_EQUAL(held_count(h), 1);
	CU_ASSERT_TRUE(held_due(h, at_ms(100), &out));
	CU_ASSERT_PTR_EQUAL(out.peer, &two);
	held_free(&h);
}

static void
their_number_is_bounded(void)
{
	struct held *h = held_new();
	uint64_t n;

	for (n = 0; n < HELD_MAX; n++)
		CU_ASSERT_TRUE(hold(h, n, NULL, 100));
	CU_ASSERT_FALSE(hold(h, n, NULL, 100));
	held_free(&h);
}

static const struct unit_test tests[] = {
    {"asks are due in the order of their times",
	asks_are_due_in_the_order_of_their_times},
    {"those that are ready are due at once",
	those_that_are_ready_are_due_at_once},
    {"asks go with their peer", asks_go_with_their_peer},
    {"their number is bounded", their_number_is_bounded},
};

UNIT_MAIN("director/held", tests)
