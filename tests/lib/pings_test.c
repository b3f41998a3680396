/* SPDX-License-Identifier: BSD-2-Clause */
/* The store of round trips: longest prefix, bounds, age, many of them. */
#include "lib/pings.h"

#include <string.h>

#include "tests/unit.h"

#define B 3

static const bool all_up[B] = {true, true, true};

static struct prefix
prefix(const char *text)
{
	struct prefix p = {{0}, 0};

	CU_ASSERT_EQUAL_FATAL(prefix_parse(text, &p), 0);
	return p;
}

static void
put(struct pings *p, const char *text, int32_t value, int64_t time)
{
	struct prefix x = prefix(text);
	int32_t values[B] = {-1, value, 9999999};

	pings_put(p, &x, values, NULL, (struct mono){time});
}

/* The measured value for a client, -1: nothing found. */
static int32_t
get(const struct pings *p, const char *client, int64_t oldest)
{
	struct pings_hit hit;
	struct addr a;

	CU_ASSERT_EQUAL_FATAL(addr_parse(client, &a), 0);
	if (!pings_find(p, &a, all_up, (struct mono){oldest}, &hit))
		return -1;
	return hit.values[1];
}

static void
the_longest_prefix_wins(void)
{
	struct pings *p = pings_new(B, 100);

	put(p, "0.0.0.0/0", 1, 1);
	put(p, "10.0.0.0/8", 2, 1);
	put(p, "10.1.2.0/24", 3, 1);
	put(p, "10.1.2.3", 4, 1);
	put(p, "10.1.2.4/31", 5, 1);
	CU_ASSERT_EQUAL(get(p, "10.1.2.3", 0), 4);
	CU_ASSERT_EQUAL(get(p, "10.1.2.5", 0), 5);
	CU_ASSERT_EQUAL(get(p, "10.1.2.9", 0), 3);
	CU_ASSERT_EQUAL(get(p, "10.9.9.9", 0), 2);
	CU_ASSERT_EQUAL(get(p, "192.0.2.1", 0), 1);
	CU_ASSERT_EQUAL(get(p, "::1", 0), -1);
	CU_ASSERT_EQUAL(pings_hosts(p), 1);
	pings_free(&p);
	CU_ASSERT_PTR_NULL(p);
}

static void
families_are_apart(void)
{
	struct pings *p = pings_new(B, 100);

	put(p, "::/0", 1, 1);
	put(p, "2001:db8:9::/48", 2, 1);
	put(p, "2001:db8:9::1", 3, 1);
	put(p, "32.1.13.184", 4, 1); /* the same first bytes */
	CU_ASSERT_EQUAL(get(p, "2001:db8:9::1", 0), 3);
	CU_ASSERT_EQUAL(get(p, "2001:db8:9:ffff::", 0), 2);
	CU_ASSERT_EQUAL(get(p, "fe80::1", 0), 1);
	CU_ASSERT_EQUAL(get(p, "::ffff:32.1.13.184", 0), 4);
	CU_ASSERT_EQUAL(get(p, "32.1.13.185", 0), -1);
	pings_free(&p);
}

static void
a_line_without_a_value_hides_none_that_has_one(void)
{
	static const bool none_up[B] = {true, false, true};
	struct pings *p = pings_new(B, 100);
	struct pings_hit hit;
	struct addr a;

	put(p, "10.0.0.0/8", 7, 1);
	put(p, "10.1.2.3", -1, 1);
	put(p, "10.1.2.0/24", 9999999, 1);
	CU_ASSERT_EQUAL(get(p, "10.1.2.3", 0), 7);
	(void)addr_parse("10.1.2.3", &a);
	CU_ASSERT_FALSE(pings_find(p, &a, none_up, (struct mono){0}, &hit));
	put(p, "10.1.2.3", 0, 1);
	CU_ASSERT_EQUAL(get(p, "10.1.2.3", 0), 0);
	pings_free(&p);
}

static void
a_later_line_replaces_an_earlier_one(void)
{
	struct pings *p = pings_new(B, 2);

	put(p, "10.1.2.3", 1, 1);
	put(p, "10.1.2.3/32", 2, 2);
	put(p, "10.1.2.4", 3, 3);
	CU_ASSERT_EQUAL(pings_count(p), 2);
	CU_ASSERT_EQUAL(get(p, "10.1.2.3", 0), 2);
	CU_ASSERT_EQUAL(pings_evicted(p), 0);
	pings_free(&p);
}

static void
the_least_recently_told_makes_room(void)
{
	struct pings *p = pings_new(B, 3);

	put(p, "10.0.0.1", 1, 1);
	put(p, "10.0.0.2", 2, 2);
	put(p, "10.0.0.3", 3, 3);
	put(p, "10.0.0.1", 4, 4); /* told anew: no longer the oldest */
	put(p, "10.0.0.4", 5, 5);
	CU_ASSERT_EQUAL(get(p, "10.0.0.2", 0), -1);
	CU_ASSERT_EQUAL(get(p, "10.0.0.1", 0), 4);
	CU_ASSERT_EQUAL(get(p, "10.0.0.4", 0), 5);
	CU_ASSERT_EQUAL(pings_count(p), 3);
	CU_ASSERT_EQUAL(pings_evicted(p), 1);
	pings_free(&p);
}

static void
what_is_too_old_is_not_found_and_goes(void)
{
	struct pings *p = pings_new(B, 10);

	put(p, "10.0.0.0/8", 1, 50);
	put(p, "10.0.0.1", 2, 10);
	CU_ASSERT_EQUAL(get(p, "10.0.0.1", 10), 2);
	CU_ASSERT_EQUAL(get(p, "10.0.0.1", 11), 1);
	put(p, "10.0.0.0/8", 1, 51);
	CU_ASSERT_EQUAL(pings_expire(p, (struct mono){50}, 5), 1);
	CU_ASSERT_EQUAL(pings_count(p), 1);
	CU_ASSERT_EQUAL(pings_expire(p, (struct mono){100}, 0), 0);
	CU_ASSERT_EQUAL(pings_expire(p, (struct mono){100}, 5), 1);
	CU_ASSERT_EQUAL(pings_expire(p, (struct mono){100}, 5), 0);
	put(p, "10.0.0.1", 3, 100);
	CU_ASSERT_EQUAL(get(p, "10.0.0.1", 100), 3);
	pings_free(&p);
}

static void
the_fresh_are_counted(void)
{
	struct pings *p = pings_new(B, 10);

	put(p, "10.0.0.1", 1, 10);
	put(p, "10.0.0.2", 1, 20);
	put(p, "10.0.0.3", 1, 30);
	CU_ASSERT_EQUAL(pings_fresh(p, (struct mono){10}), 3);
	CU_ASSERT_EQUAL(pings_fresh(p, (struct mono){21}), 1);
	put(p, "10.0.0.1", 1, 40); /* fresh again */
	CU_ASSERT_EQUAL(pings_fresh(p, (struct mono){21}), 2);
	put(p, "10.0.0.3", 1, 41); /* was fresh before, too */
	CU_ASSERT_EQUAL(pings_fresh(p, (struct mono){35}), 2);
	CU_ASSERT_EQUAL(pings_fresh(p, (struct mono){50}), 0);
	put(p, "10.0.0.4", 1, 60);
	CU_ASSERT_EQUAL(pings_fresh(p, (struct mono){50}), 1);
	CU_ASSERT_EQUAL(pings_expire(p, (struct mono){100}, 10), 4);
	CU_ASSERT_EQUAL(pings_fresh(p, (struct mono){50}), 0);
	pings_free(&p);
}

static void
the_room_is_bounded_in_bytes_too(void)
{
	struct pings *p = pings_new(512, 1000000);

	CU_ASSERT(pings_max(p) < 600000);
	CU_ASSERT(pings_max(p) > 400000);
	pings_free(&p);
	p = pings_new(20, 1000000);
	CU_ASSERT_EQUAL(pings_max(p), 1000000);
	pings_free(&p);
	p = pings_new(20, 0);
	CU_ASSERT_EQUAL(pings_max(p), 1);
	pings_free(&p);
}

/* More than there is room for, against a plain array of what was told last. */
static void
many_come_and_go_and_all_are_right(void)
{
	enum { ROOM = 5000, HOSTS = 20000, LINES = 100000 };
	struct pings *p = pings_new(B, ROOM);
	static int32_t told[HOSTS];
	static int at[HOSTS];
	uint32_t x = 12345;
	size_t found = 0, wrong = 0;
	int i;

	for (i = 1; i <= LINES; i++) {
		char text[ADDR_TEXT];
		uint32_t h;

		x = x * 1664525u + 1013904223u;
		h = (x >> 8) % HOSTS;
		(void)snprintf(text, sizeof(text), "10.%u.%u.7",
		    (unsigned)h / 200, (unsigned)h % 200);
		told[h] = (int32_t)(x >> 16);
		at[h] = i;
		put(p, text, told[h], i);
	}
	for (i = 0; i < HOSTS; i++) {
		char text[ADDR_TEXT];
		int32_t value;

		(void)snprintf(
		    text, sizeof(text), "10.%d.%d.7", i / 200, i % 200);
		value = get(p, text, 0);
		found += value >= 0;
		if (value >= 0 && value != told[i])
			wrong++;
		/* The last that came are there for sure. */
		if (at[i] > LINES - ROOM && value < 0)
			wrong++;
	}
	CU_ASSERT_EQUAL(found, ROOM);
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(pings_count(p), ROOM);
	pings_free(&p);
}

static const struct unit_test tests[] = {
    {"the longest prefix wins", the_longest_prefix_wins},
    {"families are apart", families_are_apart},
    {"a line without a value hides none that has one",
	a_line_without_a_value_hides_none_that_has_one},
    {"a later line replaces an earlier one",
	a_later_line_replaces_an_earlier_one},
    {"the least recently told makes room", the_least_recently_told_makes_room},
    {"what is too old is not found, and goes",
	what_is_too_old_is_not_found_and_goes},
    {"the fresh are counted", the_fresh_are_counted},
    {"the room is bounded in bytes too", the_room_is_bounded_in_bytes_too},
    {"many come and go and all are right", many_come_and_go_and_all_are_right},
};

UNIT_MAIN("pings", tests)
