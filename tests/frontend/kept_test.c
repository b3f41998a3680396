/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/kept.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit.h"

static void
put(struct kept *k, int service, const char *prefix, int server)
{
	struct kept_answer a = {.service = service, .n = 1};

	CU_ASSERT_EQUAL(prefix_parse(prefix, &a.prefix), 0);
	a.list[0] = (struct drawable){NULL, server, 1};
	kept_put(k, &a);
}

/* The server kept for a client, or -1. */
static int
get(struct kept *k, int service, const char *client)
{
	const struct kept_answer *a;
	struct addr addr;

	CU_ASSERT_EQUAL(addr_parse(client, &addr), 0);
	a = kept_find(k, service, &addr);
	return a != NULL ? a->list[0].server : -1;
}

static void
an_answer_holds_for_its_prefix_and_service(void)
{
	struct kept *k = kept_new(100);

	put(k, 1, "10.1.2.0/24", 5);
	CU_ASSERT_EQUAL(get(k, 1, "10.1.2.3"), 5);
	CU_ASSERT_EQUAL(get(k, 1, "10.1.2.255"), 5);
	CU_ASSERT_EQUAL(get(k, 1, "10.1.3.0"), -1);
	CU_ASSERT_EQUAL(get(k, 2, "10.1.2.3"), -1);
	CU_ASSERT_EQUAL(get(k, 1, "::a01:203"), -1);
	CU_ASSERT_EQUAL(get(k, 1, "::ffff:10.1.2.3"), 5);
	put(k, 1, "2001:db8::/48", 6);
	CU_ASSERT_EQUAL(get(k, 1, "2001:db8:0:1::1"), 6);
	CU_ASSERT_EQUAL(get(k, 1, "2001:db8:1::1"), -1);
	put(k, 1, "0.0.0.0/0", 7);
	CU_ASSERT_EQUAL(get(k, 1, "192.0.2.1"), 7);
	CU_ASSERT_EQUAL(get(k, 1, "10.1.2.3"), 5);
	CU_ASSERT_EQUAL(get(k, 1, "2001:db9::"), -1);
	kept_free(&k);
}

static void
the_longest_prefix_wins(void)
{
	struct kept *k = kept_new(100);

	put(k, 0, "10.1.2.3", 3);
	put(k, 0, "10.1.0.0/16", 1);
	put(k, 0, "10.1.2.0/24", 2);
	CU_ASSERT_EQUAL(get(k, 0, "10.1.2.3"), 3);
	CU_ASSERT_EQUAL(get(k, 0, "10.1.2.4"), 2);
	CU_ASSERT_EQUAL(get(k, 0, "10.1.3.4"), 1);
	kept_free(&k);
}

static void
a_new_answer_takes_the_place_of_the_old(void)
{
	struct kept *k = kept_new(100);
	int i;

	for (i = 0; i < 1000; i++)
		put(k, 0, "10.1.2.0/24", i);
	CU_ASSERT_EQUAL(get(k, 0, "10.1.2.3"), 999);
	CU_ASSERT_EQUAL(kept_count(k), 1);
	kept_free(&k);
}

static void
the_one_unused_for_longest_makes_room(void)
{
	struct kept *k = kept_new(3);

	put(k, 0, "10.0.1.0/24", 1);
	put(k, 0, "10.0.2.0/24", 2);
	put(k, 0, "10.0.3.0/24", 3);
	CU_ASSERT_EQUAL(get(k, 0, "10.0.1.1"), 1); /* used */
	put(k, 0, "10.0.4.0/24", 4);
	CU_ASSERT_EQUAL(get(k, 0, "10.0.2.1"), -1);
	CU_ASSERT_EQUAL(get(k, 0, "10.0.1.1"), 1);
	CU_ASSERT_EQUAL(get(k, 0, "10.0.3.1"), 3);
	CU_ASSERT_EQUAL(get(k, 0, "10.0.4.1"), 4);
	CU_ASSERT_EQUAL(kept_count(k), 3);
	CU_ASSERT_EQUAL(kept_evicted(k), 1);
	kept_free(&k);
}

/* Against a plain table: many puts, some evicted, each look-up right. */
static void
it_never_answers_for_another_prefix(void)
{
	struct kept *k = kept_new(500);
	unsigned i, seed = 1, found = 0;
	char text[64];

	for (i = 0; i < 20000; i++) {
		seed = seed * 1103515245 + 12345;
		(void)snprintf(text, sizeof(text), "10.%u.%u.0/24",
		    (seed >> 16) % 4, (seed >> 20) % 256);
		put(k, (int)(seed >> 28) % 2, text,
		    (int)((seed >> 16) % 4 * 256 + (seed >> 20) % 256));
		seed = seed * 1103515245 + 12345;
		(void)snprintf(text, sizeof(text), "10.%u.%u.9",
		    (seed >> 16) % 4, (seed >> 20) % 256);
		if (get(k, (int)(seed >> 28) % 2, text) >= 0) {
			found++;
			CU_ASSERT_EQUAL(get(k, (int)(seed >> 28) % 2, text),
			    (int)((seed >> 16) % 4 * 256 + (seed >> 20) % 256));
		}
	}
	CU_ASSERT(found > 1000);
	CU_ASSERT_EQUAL(kept_count(k), 500);
	kept_free(&k);
}

static const struct unit_test tests[] = {
    {"an answer holds for its prefix and service",
	an_answer_holds_for_its_prefix_and_service},
    {"the longest prefix wins", the_longest_prefix_wins},
    {"a new answer takes the place of the old",
	a_new_answer_takes_the_place_of_the_old},
    {"the one unused for longest makes room",
	the_one_unused_for_longest_makes_room},
    {"it never answers for another prefix",
	it_never_answers_for_another_prefix},
};

UNIT_MAIN("frontend/kept", tests)
