/* SPDX-License-Identifier: BSD-2-Clause */
/* One server a prefix: the same everywhere, in proportion, and moved only
 * where it has to be. */
#include "lib/decide/sticky.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/decide/worlds.h"
#include "tests/unit.h"

#define PREFIXES 10000
#define SERVERS  10

static struct sticky_server list[SERVERS];
static char ids[SERVERS][16];

/* All of weight 1 and the same load. */
static void
servers(void)
{
	int i;

	for (i = 0; i < SERVERS; i++) {
		(void)snprintf(ids[i], sizeof(ids[i]), "server%d", i);
		list[i] = (struct sticky_server){ids[i], 1, 5000, i};
	}
}

static struct prefix
nth(unsigned i)
{
	return (struct prefix){
	    {AF_INET, {10, (uint8_t)(i >> 8), (uint8_t)i}}, 24};
}

/* Who serves the nth prefix: the number in its n. */
static int
who(unsigned i, size_t n)
{
	struct prefix p = nth(i);

	return list[sticky_choose("www", &p, list, n, NULL)].n;
}

static void
count(size_t n, unsigned share[SERVERS])
{
	unsigned i;

	memset(share, 0, SERVERS * sizeof(*share));
	for (i = 0; i < PREFIXES; i++)
		share[who(i, n)]++;
}

static void
the_hash_is_siphash(void)
{
	/* From the reference code of its authors. */
	static const uint64_t want[] = {UINT64_C(0x726fdb47dd0e0e31),
	    UINT64_C(0x74f839c593dc67fd), UINT64_C(0x0d6c8009d9a94f5a),
	    UINT64_C(0x85676696d7fb7e2d), UINT64_C(0xcf2794e0277187b7),
	    UINT64_C(0x18765564cd99a68d), UINT64_C(0xcbc9466e58fee3ce),
	    UINT64_C(0xab0200f58b01d137), UINT64_C(0x93f5f5799a932462)};
	static const uint64_t key[2] = {
	    UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)};
	uint8_t bytes[16];
	size_t i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		CU_ASSERT_EQUAL(sticky_hash(key, bytes, i), want[i]);
	CU_ASSERT_EQUAL(
	    sticky_hash(key, bytes, 15), UINT64_C(0xa129ca6149be45e5));
}

/* If this fails, all clients of all sticky services will move. */
static void
nobody_moves_from_version_to_version(void)
{
	static const int want[16] = {
	    8, 4, 5, 1, 8, 6, 5, 6, 5, 8, 5, 0, 5, 2, 5, 2};
	static const int want6[4] = {0, 4, 1, 7};
	struct prefix p = {{AF_INET6, {0x20, 1, 0xd, 0xb8}}, 48};
	unsigned i;

	servers();
	for (i = 0; i < SERVERS; i++)
		list[i].weight = i % 3 + 1;
	for (i = 0; i < 16; i++)
		CU_ASSERT_EQUAL(who(i, SERVERS), want[i]);
	for (i = 0; i < 4; i++) {
		p.addr.ip[5] = (uint8_t)i;
		CU_ASSERT_EQUAL(
		    list[sticky_choose("files", &p, list, SERVERS, NULL)].n,
		    want6[i]);
	}
}

static void
the_order_of_the_list_does_not_matter(void)
{
	uint64_t seed = 7;
	int before[1000], wrong = 0;
	unsigned i, k;

	servers();
	for (i = 0; i < SERVERS; i++) {
		list[i].weight = i % 4 + 1;
		list[i].load = 1 + (int)i * 700;
	}
	for (i = 0; i < 1000; i++)
		before[i] = who(i, SERVERS);
	for (k = 0; k < 20; k++) {
		int a = roll(&seed, SERVERS), b = roll(&seed, SERVERS);
		struct sticky_server swap = list[a];

		list[a] = list[b];
		list[b] = swap;
	}
	for (i = 0; i < 1000; i++)
		wrong += who(i, SERVERS) != before[i];
	CU_ASSERT_EQUAL(wrong, 0);
}

static void
shares_follow_the_weights(void)
{
	unsigned share[SERVERS], i, sum = 0;
	double want;

	servers();
	for (i = 0; i < SERVERS; i++)
		sum += list[i].weight = i < 5 ? 1 : i;
	for (i = 0; i < SERVERS; i++) /* all as free as they can be */
		list[i].load = (int)(10000 * list[i].weight / 9);
	count(SERVERS, share);
	for (i = 0; i < SERVERS; i++) {
		want = (double)PREFIXES * list[i].weight / sum;
		/* four times what chance alone does */
		CU_ASSERT(fabs(share[i] - want) < 4 * sqrt(want));
		printf("weight %u: %u prefixes, %.0f wanted\n", list[i].weight,
		    share[i], want);
	}
	/* The extremes of weights. */
	list[0].weight = 65535;
	list[1].weight = 1;
	count(2, share);
	CU_ASSERT(share[1] <= 3);
}

static void
who_goes_moves_only_its_own_prefixes(void)
{
	static int before[PREFIXES];
	unsigned i, moved = 0, own = 0, wrong = 0;

	servers();
	for (i = 0; i < PREFIXES; i++)
		before[i] = who(i, SERVERS);
	for (i = 0; i < PREFIXES; i++) {
		bool its = before[i] == SERVERS - 1;

		own += its;
		moved += who(i, SERVERS - 1) != before[i];
		wrong += !its && who(i, SERVERS - 1) != before[i];
	}
	printf("one of %d servers gone: %u of %d prefixes moved, %u its own\n",
	    SERVERS, moved, PREFIXES, own);
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(moved, own);
	for (i = 0; i < PREFIXES; i++) /* and it is back */
		wrong += who(i, SERVERS) != before[i];
	CU_ASSERT_EQUAL(wrong, 0);
}

static void
jitter_of_loads_moves_nobody(void)
{
	static int before[PREFIXES];
	uint64_t seed = 99;
	unsigned i, k, round, moved = 0;

	servers();
	for (i = 0; i < PREFIXES; i++)
		before[i] = who(i, SERVERS);
	for (round = 0; round < 5; round++) {
		/* From 4000 to 7999: the mean is at most 8000. */
		for (k = 0; k < SERVERS; k++)
			list[k].load = 4000 + roll(&seed, 4000);
		for (i = 0; i < PREFIXES; i++)
			moved += who(i, SERVERS) != before[i];
	}
	CU_ASSERT_EQUAL(moved, 0);
}

/* The load of one server falls, in percent of the mean of all. */
static void
a_full_server_sheds_smoothly_and_gets_them_back(void)
{
	static bool kept[PREFIXES];
	unsigned share[SERVERS], first, i, wrong = 0;
	int percent;

	servers();
	memset(kept, true, sizeof(kept));
	count(SERVERS, share);
	first = share[0];
	for (percent = 100; percent >= 0; percent -= 10) {
		double want, mean;

		/* others: 5000 each, its own x: x = percent of the mean */
		list[0].load =
		    percent == 0 ? 1 : 9 * 5000 * percent / (1000 - percent);
		mean = (list[0].load + 9 * 5000.0) / SERVERS;
		want = fmin(1, 2 * list[0].load / mean) * first;
		count(SERVERS, share);
		printf("load %3d %% of the mean: keeps %.1f %% of its "
		       "prefixes\n",
		    percent, 100.0 * share[0] / first);
		CU_ASSERT(fabs(share[0] - want) < 4 * sqrt(first) / 2);
		/* What was given up stays so while it gets fuller. */
		for (i = 0; i < PREFIXES; i++) {
			bool is = who(i, SERVERS) == 0;

			wrong += is && !kept[i];
			kept[i] = is;
		}
	}
	CU_ASSERT_EQUAL(wrong, 0);
	list[0].load = 5000;
	count(SERVERS, share);
	CU_ASSERT_EQUAL(share[0], first);
}

static void
what_is_shed_is_spread_over_all_others(void)
{
	unsigned before[SERVERS], share[SERVERS], i;

	servers();
	count(SERVERS, before);
	list[0].load = 1;
	count(SERVERS, share);
	CU_ASSERT(share[0] < 10);
	for (i = 1; i < SERVERS; i++)
		CU_ASSERT(fabs(share[i] - before[i] - before[0] / 9.0) <
			  4 * sqrt(before[0] / 9.0));
}

static void
loads_of_nobody_do_not_count(void)
{
	struct prefix p = nth(1);
	size_t first;
	unsigned i, wrong = 0;

	servers();
	for (i = 0; i < SERVERS; i++)
		list[i].load = 0;
	for (i = 0; i < 1000; i++) {
		p = nth(i);
		wrong +=
		    sticky_choose("www", &p, list, SERVERS, &first) != first;
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(sticky_choose("www", &p, list, 1, NULL), 0);
}

static void
services_and_families_are_apart(void)
{
	struct prefix p, q;
	unsigned i, same = 0, same6 = 0;

	servers();
	for (i = 0; i < 1000; i++) {
		p = q = nth(i);
		q.addr.family = AF_INET6;
		same += sticky_choose("www", &p, list, SERVERS, NULL) ==
			sticky_choose("files", &p, list, SERVERS, NULL);
		same6 += sticky_choose("www", &p, list, SERVERS, NULL) ==
			 sticky_choose("www", &q, list, SERVERS, NULL);
	}
	CU_ASSERT(same < 150 && same6 < 150);
}

static void
prefixes_are_those_of_the_network(void)
{
	struct world w = {.prefix4 = 20, .prefix6 = 56};
	struct addr a;
	struct prefix p;
	char text[PREFIX_TEXT];

	(void)addr_parse("::ffff:10.1.255.3", &a);
	p = sticky_prefix(&w, &a);
	CU_ASSERT_STRING_EQUAL(
	    prefix_text(&p, text, sizeof(text)), "10.1.240.0/20");
	(void)addr_parse("2001:db8:1:ff22::3", &a);
	p = sticky_prefix(&w, &a);
	CU_ASSERT_STRING_EQUAL(
	    prefix_text(&p, text, sizeof(text)), "2001:db8:1:ff00::/56");
}

static const struct unit_test tests[] = {
    {"the hash is SipHash", the_hash_is_siphash},
    {"nobody moves from version to version",
	nobody_moves_from_version_to_version},
    {"the order of the list does not matter",
	the_order_of_the_list_does_not_matter},
    {"shares follow the weights", shares_follow_the_weights},
    {"who goes moves only its own prefixes, and gets them back",
	who_goes_moves_only_its_own_prefixes},
    {"jitter of loads moves nobody", jitter_of_loads_moves_nobody},
    {"a full server sheds smoothly, and gets them back",
	a_full_server_sheds_smoothly_and_gets_them_back},
    {"what is shed is spread over all others",
	what_is_shed_is_spread_over_all_others},
    {"loads of nobody do not count", loads_of_nobody_do_not_count},
    {"services and families are apart", services_and_families_are_apart},
    {"prefixes are those of the network", prefixes_are_those_of_the_network},
};

UNIT_MAIN("decide/sticky", tests)
