/* SPDX-License-Identifier: BSD-2-Clause */
/* The store of paths against what a plain list would say. */
#include "manager/prefixes.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit.h"

#define T(n) ((struct mono){(n)*INT64_C(1000000000)})

static struct prefix
net(unsigned n, unsigned len)
{
	struct addr a = {
	    .family = AF_INET, .ip = {10, (uint8_t)(n >> 8), (uint8_t)n, 0}};

	return addr_prefix(&a, len);
}

static uint32_t
add(struct prefixes *s, unsigned n, unsigned len, struct mono now)
{
	struct prefix x = net(n, len);

	return prefixes_add(s, &x, -1, now);
}

static uint32_t
find(struct prefixes *s, unsigned n, unsigned len)
{
	struct prefix x = net(n, len);

	return prefixes_find(s, &x);
}

static void
what_is_put_is_found_with_nothing_told(void)
{
	struct prefixes *s = prefixes_new(3, 100, 1);
	uint32_t i = add(s, 1, 24, T(1)), j = add(s, 1, 25, T(1));
	int k;

	CU_ASSERT(i != PATH_NONE && j != i);
	CU_ASSERT_EQUAL(find(s, 1, 24), i);
	CU_ASSERT_EQUAL(find(s, 1, 25), j);
	CU_ASSERT_EQUAL(find(s, 2, 24), PATH_NONE);
	for (k = 0; k < 3; k++) {
		CU_ASSERT_EQUAL(prefixes_told(s, i)[k], -1);
		CU_ASSERT_EQUAL(prefixes_values(s, i, PATH_REPS - 1)[k], -1);
		CU_ASSERT_EQUAL(prefixes_departed(s, i)[k], 0);
	}
	prefixes_remove(s, i);
	CU_ASSERT_EQUAL(find(s, 1, 24), PATH_NONE);
	CU_ASSERT_FALSE(prefixes_used(s, i));
	CU_ASSERT_EQUAL(find(s, 1, 25), j);
	CU_ASSERT_EQUAL(prefixes_count(s), 1);
	prefixes_free(&s);
}

static void
the_one_not_touched_for_longest_makes_room(void)
{
	struct prefixes *s = prefixes_new(1, 4, 1);
	unsigned n;

	for (n = 0; n < 4; n++)
		(void)add(s, n, 24, T(1 + n));
	prefixes_touch(s, find(s, 0, 24), T(9));
	prefixes_at(s, find(s, 1, 24))->round = 7; /* it is being measured */
	(void)add(s, 4, 24, T(10));
	CU_ASSERT(find(s, 0, 24) != PATH_NONE);
	CU_ASSERT(find(s, 1, 24) != PATH_NONE);
	CU_ASSERT_EQUAL(find(s, 2, 24), PATH_NONE);
	CU_ASSERT_EQUAL(prefixes_evicted(s), 1);
	for (n = 0; n < 5; n++)
		if (find(s, n, 24) != PATH_NONE)
			prefixes_at(s, find(s, n, 24))->round = 7;
	CU_ASSERT_EQUAL(add(s, 5, 24, T(11)), PATH_NONE);
	prefixes_free(&s);
}

/* A million steps of a queue by time, against the least by looking. */
static void
what_is_due_first_comes_first(void)
{
	struct prefixes *s = prefixes_new(1, 200, 1);
	uint32_t x = 7, i, at[200];
	int n, k, least;

	for (n = 0; n < 200; n++)
		at[n] = add(s, (unsigned)n, 24, T(1));
	for (n = 0; n < 20000; n++) {
		x = x * 1664525 + 1013904223;
		i = at[(x >> 20) % 200];
		prefixes_set_due(
		    s, i, (x >> 10) % 4 == 0 ? T(0) : T(1 + (x >> 12) % 1000));
		for (k = 0, least = -1; k < 200; k++) {
			const struct path *p = prefixes_at(s, at[k]);

			if (mono_set(p->due) &&
			    (least < 0 ||
				p->due.ns < prefixes_at(s, at[least])->due.ns))
				least = k;
		}
		i = prefixes_due(s, T(5000));
		CU_ASSERT_FATAL((i == PATH_NONE) == (least < 0));
		if (least >= 0)
			CU_ASSERT_EQUAL_FATAL(prefixes_at(s, i)->due.ns,
			    prefixes_at(s, at[least])->due.ns);
	}
	prefixes_free(&s);
}

static void
nothing_is_due_before_its_time(void)
{
	struct prefixes *s = prefixes_new(1, 10, 1);
	uint32_t i = add(s, 1, 24, T(1));

	prefixes_set_due(s, i, T(5));
	CU_ASSERT_EQUAL(prefixes_due(s, T(4)), PATH_NONE);
	CU_ASSERT_EQUAL(prefixes_due(s, T(5)), i);
	prefixes_remove(s, i);
	CU_ASSERT_EQUAL(prefixes_due(s, T(9)), PATH_NONE);
	prefixes_free(&s);
}

static void
urgent_ones_are_served_in_the_order_they_came(void)
{
	struct prefixes *s = prefixes_new(1, 10, 1);
	uint32_t a = add(s, 1, 24, T(1)), b = add(s, 2, 24, T(1)),
		 c = add(s, 3, 24, T(1));

	prefixes_set_urgent(s, b, true);
	prefixes_set_urgent(s, a, true);
	prefixes_set_urgent(s, c, true);
	prefixes_set_urgent(s, b, true);
	CU_ASSERT_EQUAL(prefixes_urgents(s), 3);
	CU_ASSERT_EQUAL(prefixes_urgent(s), b);
	prefixes_remove(s, a);
	prefixes_set_urgent(s, b, false);
	CU_ASSERT_EQUAL(prefixes_urgent(s), c);
	prefixes_set_urgent(s, c, false);
	CU_ASSERT_EQUAL(prefixes_urgent(s), PATH_NONE);
	CU_ASSERT_EQUAL(prefixes_urgents(s), 0);
	prefixes_free(&s);
}

static void
children_come_and_go(void)
{
	struct prefixes *s = prefixes_new(1, 10, 1);
	uint32_t p = add(s, 0, 16, T(1)), a = add(s, 1, 24, T(1)),
		 b = add(s, 2, 24, T(1)), c = add(s, 3, 24, T(1));

	prefixes_set_parent(s, a, p);
	prefixes_set_parent(s, b, p);
	prefixes_set_parent(s, c, p);
	CU_ASSERT_EQUAL(prefixes_at(s, p)->nchildren, 3);
	prefixes_remove(s, b);
	CU_ASSERT_EQUAL(prefixes_at(s, p)->nchildren, 2);
	CU_ASSERT_EQUAL(prefixes_at(s, p)->child, c);
	CU_ASSERT_EQUAL(prefixes_at(s, c)->sibling, a);
	prefixes_remove(s, p);
	CU_ASSERT_EQUAL(prefixes_at(s, a)->parent, PATH_NONE);
	CU_ASSERT_EQUAL(prefixes_at(s, c)->sibling, PATH_NONE);
	prefixes_free(&s);
}

static void
values_follow_their_border(void)
{
	struct prefixes *s = prefixes_new(2, 3000, 1);
	const int from[] = {-1, 1, 0};
	unsigned n;
	uint32_t i;

	for (n = 1; n <= 2500; n++) {
		i = add(s, n, 24, T(n));
		prefixes_told(s, i)[0] = (int32_t)n;
		prefixes_told(s, i)[1] = -(int32_t)n;
		prefixes_values(s, i, 2)[1] = 7;
		prefixes_departed(s, i)[0] = 1;
		prefixes_set_due(s, i, T(9000 - n));
	}
	prefixes_remove(s, find(s, 3, 24));
	prefixes_renumber(s, from, 3, -1);
	for (n = 1; n <= 2500; n++) {
		i = find(s, n, 24);
		if (n == 3) {
			CU_ASSERT_EQUAL(i, PATH_NONE);
			continue;
		}
		CU_ASSERT_FATAL(i != PATH_NONE);
		CU_ASSERT_EQUAL(prefixes_told(s, i)[0], -1);
		CU_ASSERT_EQUAL(prefixes_told(s, i)[1], -(int32_t)n);
		CU_ASSERT_EQUAL(prefixes_told(s, i)[2], (int32_t)n);
		CU_ASSERT_EQUAL(prefixes_values(s, i, 2)[1], 7);
		CU_ASSERT_EQUAL(prefixes_values(s, i, 2)[0], -1);
		CU_ASSERT_EQUAL(prefixes_departed(s, i)[2], 1);
		CU_ASSERT_EQUAL(prefixes_departed(s, i)[0], 0);
	}
	CU_ASSERT_EQUAL(prefixes_due(s, T(9001)), find(s, 2500, 24));
	CU_ASSERT_EQUAL(prefixes_oldest(s), find(s, 1, 24));
	(void)add(s, 3, 24, T(1)); /* in the place that was free */
	CU_ASSERT_EQUAL(prefixes_told(s, find(s, 3, 24))[2], -1);
	prefixes_free(&s);
}

static void
the_bound_may_grow_and_shrink(void)
{
	struct prefixes *s = prefixes_new(1, 20, 1);
	unsigned n;

	for (n = 0; n < 20; n++)
		(void)add(s, n, 24, T(1 + n));
	prefixes_set_max(s, 5);
	CU_ASSERT_EQUAL(prefixes_count(s), 5);
	CU_ASSERT_EQUAL(find(s, 14, 24), PATH_NONE);
	CU_ASSERT(find(s, 15, 24) != PATH_NONE);
	(void)add(s, 100, 24, T(50));
	CU_ASSERT_EQUAL(prefixes_count(s), 5);
	prefixes_set_max(s, 10);
	prefixes_set_max(s, 5000);
	for (n = 200; n < 4200; n++)
		CU_ASSERT(add(s, n, 24, T(60)) != PATH_NONE);
	CU_ASSERT_EQUAL(prefixes_count(s), 4005);
	for (n = 200; n < 4200; n++)
		CU_ASSERT(find(s, n, 24) != PATH_NONE);
	CU_ASSERT(find(s, 100, 24) != PATH_NONE);
	CU_ASSERT(find(s, 19, 24) != PATH_NONE);
	prefixes_free(&s);
}

static const struct unit_test tests[] = {
    {"what is put is found with nothing told",
	what_is_put_is_found_with_nothing_told},
    {"the one not touched for longest makes room",
	the_one_not_touched_for_longest_makes_room},
    {"what is due first comes first", what_is_due_first_comes_first},
    {"nothing is due before its time", nothing_is_due_before_its_time},
    {"urgent ones are served in the order they came",
	urgent_ones_are_served_in_the_order_they_came},
    {"children come and go", children_come_and_go},
    {"values follow their border", values_follow_their_border},
    {"the bound may grow and shrink", the_bound_may_grow_and_shrink},
};

UNIT_MAIN("manager/prefixes", tests)
