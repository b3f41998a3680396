/* SPDX-License-Identifier: BSD-2-Clause */
/* What the cache keeps, for how long, and what it lets go first. */
#include <string.h>

#include "director/cache.h"
#include "lib/addr.h"
#include "tests/unit.h"

static const struct cache_stamp then = {1, 2, 3};

static struct cache_key
key(unsigned n)
{
	struct prefix p = {.len = 24};
	char text[ADDR_TEXT];

	(void)snprintf(text, sizeof(text), "10.%u.%u.0", n >> 8, n & 255);
	CU_ASSERT_EQUAL_FATAL(addr_parse(text, &p.addr), 0);
	return cache_key(&p, 0, 0, -1);
}

static void
put(struct cache *c, unsigned n, const char *text)
{
	struct cache_key k = key(n);
	void *room = cache_put(c, &k, &then, strlen(text) + 1);

	CU_ASSERT_PTR_NOT_NULL_FATAL(room);
	memcpy(room, text, strlen(text) + 1);
}

static const char *
get(struct cache *c, unsigned n)
{
	struct cache_key k = key(n);
	size_t len;

	return cache_get(c, &k, &then, &len);
}

static void
what_was_put_is_found(void)
{
	struct cache *c = cache_new(1 << 16);

	put(c, 1, "one");
	put(c, 2, "two");
	CU_ASSERT_STRING_EQUAL(get(c, 1), "one");
	CU_ASSERT_STRING_EQUAL(get(c, 2), "two");
	CU_ASSERT_PTR_NULL(get(c, 3));
	cache_free(&c);
	CU_ASSERT_PTR_NULL(c);
}

static void
a_key_differs_in_each_of_its_parts(void)
{
	struct cache *c = cache_new(1 << 16);
	struct cache_key k[7];
	struct prefix p = {.len = 24}, q = {.len = 25};
	size_t i, len;

	CU_ASSERT_EQUAL(addr_parse("10.0.0.0", &p.addr), 0);
	q.addr = p.addr;
	k[0] = cache_key(&p, 0, 0, -1);
	k[1] = cache_key(&q, 0, 0, -1);
	k[2] = cache_key(NULL, 0, 0, -1);
	k[3] = cache_key(&p, 1, 0, -1);
	k[4] = cache_key(&p, 0, 1, -1);
	k[5] = cache_key(&p, 0, 0, 0);
	k[6] = k[5];
	k[6].client = 2;
	for (i = 0; i < 7; i++) {
		char *room = cache_put(c, &k[i], &then, 1);

		CU_ASSERT_PTR_NOT_NULL_FATAL(room);
		*room = (char)i;
	}
	for (i = 0; i < 7; i++)
		CU_ASSERT_EQUAL(
		    *(const char *)cache_get(c, &k[i], &then, &len), (char)i);
	cache_free(&c);
}

static void
an_entry_holds_under_its_stamp_only(void)
{
	struct cache *c = cache_new(1 << 16);
	struct cache_key k = key(1);
	size_t len;

	put(c, 1, "old");
	CU_ASSERT_PTR_NULL(
	    cache_get(c, &k, &(struct cache_stamp){2, 2, 3}, &len));
	CU_ASSERT_PTR_NULL(
	    cache_get(c, &k, &(struct cache_stamp){1, 3, 3}, &len));
	CU_ASSERT_PTR_NULL(
	    cache_get(c, &k, &(struct cache_stamp){1, 2, 4}, &len));
	CU_ASSERT_PTR_NOT_NULL(cache_get(c, &k, &then, &len));
	cache_free(&c);
}

static void
a_later_value_replaces_the_earlier(void)
{
	struct cache *c = cache_new(1 << 16);
	struct cache_counters n;

	put(c, 1, "a longer text than the next");
	put(c, 1, "short");
	CU_ASSERT_STRING_EQUAL(get(c, 1), "short");
	put(c, 1, "and now a text that is longer than any before");
	CU_ASSERT_STRING_EQUAL(
	    get(c, 1), "and now a text that is longer than any before");
	cache_counters(c, &n);
	CU_ASSERT_EQUAL(n.entries, 1);
	cache_free(&c);
}

static void
memory_stays_within_its_bound(void)
{
	struct cache *c = cache_new(10000);
	struct cache_counters n;
	unsigned i;

	for (i = 0; i < 5000; i++) {
		put(c, i, "some text");
		cache_counters(c, &n);
		CU_ASSERT(n.bytes <= n.bytes_max);
	}
	CU_ASSERT(n.entries > 10);
	CU_ASSERT_EQUAL(n.evicted, 5000 - n.entries);
	CU_ASSERT_PTR_NOT_NULL(get(c, 4999));
	CU_ASSERT_PTR_NULL(get(c, 0));
	cache_free(&c);
}

static void
the_least_recently_used_goes_first(void)
{
	struct cache *c = cache_new(2000);
	struct cache_counters n;
	unsigned i;

	put(c, 0, "used");
	put(c, 1, "not used");
	for (i = 2;; i++) {
		put(c, i, "more");
		cache_counters(c, &n);
		if (n.evicted > 0)
			break;
		CU_ASSERT_PTR_NOT_NULL(get(c, 0));
	}
	CU_ASSERT_PTR_NOT_NULL(get(c, 0));
	CU_ASSERT_PTR_NULL(get(c, 1));
	cache_free(&c);
}

static void
what_is_too_big_is_refused(void)
{
	struct cache *c = cache_new(1000);
	struct cache_key k = key(1);

	CU_ASSERT_PTR_NULL(cache_put(c, &k, &then, 1000));
	CU_ASSERT_PTR_NULL(cache_put(c, &k, &then, SIZE_MAX));
	CU_ASSERT_PTR_NOT_NULL(cache_put(c, &k, &then, 0));
	cache_free(&c);
}

static void
hits_and_misses_are_counted(void)
{
	struct cache *c = cache_new(1000);
	struct cache_counters n;

	put(c, 1, "x");
	(void)get(c, 1);
	(void)get(c, 1);
	(void)get(c, 2);
	cache_counters(c, &n);
	CU_ASSERT_EQUAL(n.hits, 2);
	CU_ASSERT_EQUAL(n.misses, 1);
	cache_free(&c);
}

static const struct unit_test tests[] = {
    {"what was put is found", what_was_put_is_found},
    {"a key differs in each of its parts", a_key_differs_in_each_of_its_parts},
    {"an entry holds under its stamp only",
	an_entry_holds_under_its_stamp_only},
    {"a later value replaces the earlier", a_later_value_replaces_the_earlier},
    {"memory stays within its bound", memory_stays_within_its_bound},
    {"the least recently used goes first", the_least_recently_used_goes_first},
    {"what is too big is refused", what_is_too_big_is_refused},
    {"hits and misses are counted", hits_and_misses_are_counted},
};

UNIT_MAIN("director/cache", tests)
