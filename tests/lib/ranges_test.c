/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/ranges.h"

#include "lib/mem.h"
#include "tests/lib/decide/worlds.h"
#include "tests/unit.h"

static struct prefix
prefix(const char *text)
{
	struct prefix p = {{0}, 0};

	CU_ASSERT_EQUAL(prefix_parse(text, &p), 0);
	return p;
}

static struct ranges *
ranges(const char *const *texts, size_t n)
{
	struct prefix *list = mem_array(n + 1, sizeof(*list));
	struct ranges *r;
	size_t i;

	for (i = 0; i < n; i++)
		list[i] = prefix(texts[i]);
	r = ranges_new(list, n);
	free(list);
	return r;
}

/* Whether an address has this answer, for this many bits. */
static bool
has(const struct ranges *r, const char *text, int value, unsigned bits)
{
	struct addr a;
	unsigned got;

	CU_ASSERT_EQUAL(addr_parse(text, &a), 0);
	if (ranges_find(r, &a, &got) == value && got == bits)
		return true;
	printf("%s: %d/%u\n", text, ranges_find(r, &a, &got), got);
	return false;
}

static void
of_nothing_all_have_nothing(void)
{
	struct ranges *r = ranges(NULL, 0);

	CU_ASSERT(has(r, "10.0.0.1", -1, 0));
	CU_ASSERT(has(r, "::", -1, 0));
	ranges_free(&r);
	CU_ASSERT_PTR_NULL(r);
	ranges_free(&r);
}

static void
the_longest_prefix_counts_as_far_as_it_holds(void)
{
	static const char *const texts[] = {"10.0.0.0/8", "10.1.0.0/16",
	    "10.1.2.0/24", "10.1.2.3", "192.168.0.0/16"};
	struct ranges *r = ranges(texts, 5);

	CU_ASSERT(has(r, "10.200.0.1", 0, 9));
	CU_ASSERT(has(r, "10.0.255.255", 0, 16)); /* up to 10.1.0.0 */
	CU_ASSERT(has(r, "10.2.0.0", 0, 15));
	CU_ASSERT(has(r, "10.1.9.1", 1, 21));
	CU_ASSERT(has(r, "10.1.2.0", 2, 31));
	CU_ASSERT(has(r, "10.1.2.2", 2, 32));
	CU_ASSERT(has(r, "10.1.2.3", 3, 32));
	CU_ASSERT(has(r, "10.1.2.200", 2, 25));
	CU_ASSERT(has(r, "192.168.7.7", 4, 16));
	CU_ASSERT(has(r, "255.255.255.255", -1, 3));
	CU_ASSERT(has(r, "0.0.0.0", -1, 5));
	CU_ASSERT(has(r, "::ffff:10.1.2.3", 3, 32));
	CU_ASSERT(has(r, "::1", -1, 0));
	ranges_free(&r);
}

static void
ends_of_the_address_space_are_no_edges(void)
{
	static const char *const texts[] = {
	    "0.0.0.0/0", "255.0.0.0/8", "0.0.0.0", "::/0", "ffff::/16"};
	struct ranges *r = ranges(texts, 5);

	CU_ASSERT(has(r, "255.255.255.255", 1, 8));
	CU_ASSERT(has(r, "0.0.0.0", 2, 32));
	CU_ASSERT(has(r, "0.0.0.1", 0, 32));
	CU_ASSERT(has(r, "128.0.0.0", 0, 2));
	CU_ASSERT(has(r, "2001:db8::1", 3, 1));
	CU_ASSERT(has(r, "ffff:ffff::", 4, 16));
	ranges_free(&r);
}

#define SPACE 64 /* addresses that random prefixes lie among */

static struct addr
nth(int family, int n)
{
	struct addr a = {.family = family};

	/* around the middle of both, across a byte and a word */
	a.ip[family == AF_INET ? 2 : 7] = (uint8_t)(n >> 3);
	a.ip[family == AF_INET ? 3 : 8] = (uint8_t)(n << 5);
	return a;
}

static int
naive(const struct prefix *list, int n, const struct addr *a)
{
	int i, best = -1;

	for (i = 0; i < n; i++)
		if (prefix_covers(&list[i], a) &&
		    (best < 0 || list[i].len >= list[best].len))
			best = i;
	return best;
}

/* All addresses of a prefix have the answer of this one, and those of the next
 * shorter one have not. */
static bool
holds_for(const struct prefix *list, int n, const struct addr *a, unsigned bits)
{
	struct prefix in = addr_prefix(a, bits),
		      out = addr_prefix(a, bits > 0 ? bits - 1 : 0);
	bool wider = true;
	int i;

	for (i = 0; i < SPACE; i++) {
		struct addr b = nth(a->family, i);
		bool same = naive(list, n, &b) == naive(list, n, a);

		if (prefix_covers(&in, &b) && !same)
			return false;
		if (prefix_covers(&out, &b) && !same)
			wider = false;
	}
	/* Beyond what the space covers there is nobody to tell. */
	return !wider || bits <= (a->family == AF_INET ? 21 : 61);
}

static void
random_prefixes_are_as_a_scan_finds_them(void)
{
	uint64_t seed = 88172645463325252u;
	int round, i, n, wrong = 0;

	for (round = 0; round < 500; round++) {
		int family = chance(&seed, 50) ? AF_INET : AF_INET6;
		unsigned most = family == AF_INET ? 27 : 67, bits;
		struct prefix list[12];
		struct ranges *r;

		n = roll(&seed, 12);
		for (i = 0; i < n; i++) {
			struct addr a = nth(family, roll(&seed, SPACE));

			list[i] =
			    addr_prefix(&a, most - (unsigned)roll(&seed, 8));
		}
		r = ranges_new(list, (size_t)n);
		for (i = 0; i < SPACE; i++) {
			struct addr a = nth(family, i);

			wrong +=
			    ranges_find(r, &a, &bits) != naive(list, n, &a);
			wrong += bits <= most && !holds_for(list, n, &a, bits);
		}
		ranges_free(&r);
	}
	CU_ASSERT_EQUAL(wrong, 0);
}

static const struct unit_test tests[] = {
    {"of no prefixes all have nothing", of_nothing_all_have_nothing},
    {"the longest prefix counts, as far as it holds",
	the_longest_prefix_counts_as_far_as_it_holds},
    {"ends of the address space are no edges",
	ends_of_the_address_space_are_no_edges},
    {"random prefixes are as a scan finds them",
	random_prefixes_are_as_a_scan_finds_them},
};

UNIT_MAIN("lib/ranges", tests)
