/* SPDX-License-Identifier: BSD-2-Clause */
/* Canaries and the uplink, on a clock of the test's own. */

#include "agent/canary.h"

#include "tests/unit.h"

struct bird {
	struct canaries *c;
	struct mono now;
};

static struct bird
start(size_t n)
{
	struct addr addrs[4];
	struct bird b = {.now = {INT64_C(1000000000)}};
	size_t i;

	for (i = 0; i < 4; i++) {
		(void)addr_parse("192.0.2.1", &addrs[i]);
		addrs[i].ip[3] = (uint8_t)i;
	}
	b.c = canaries_new(addrs, n, b.now);
	return b;
}

/* Run for so long; those of `alive` reply after 10 ms. How long until the
 * uplink is in this state, or -1. */
static int64_t
run(struct bird *b, int64_t ms, unsigned alive, enum state until)
{
	struct mono begin = b->now, end = mono_add_ms(b->now, ms);
	int i;
	unsigned wait;

	while (mono_cmp(b->now, end) < 0) {
		if (b->c->uplink == until)
			return mono_ms(b->now, begin);
		i = canaries_due(b->c, b->now);
		if (i < 0) {
			b->now = mono_add_ms(b->now, 10);
			continue;
		}
		wait = canaries_sent(b->c, (size_t)i);
		if (alive & 1u << i) {
			(void)canaries_reply(b->c, (size_t)i, 10000, b->now);
			continue;
		}
		b->now = mono_add_ms(b->now, wait);
		(void)canaries_silent(b->c, (size_t)i, b->now);
	}
	return -1;
}

static void
test_down_in_time(void)
{
	struct bird b = start(1);
	int64_t ms;

	CU_ASSERT_TRUE(run(&b, 1000, 1, STATE_UP) >= 0);
	(void)run(&b, 10000, 1, STATE_DOWN);
	CU_ASSERT_EQUAL(b.c->uplink, STATE_UP);
	ms = run(&b, 10000, 0, STATE_DOWN);
	CU_ASSERT_TRUE(ms >= 0 && ms <= 3000);
	ms = run(&b, 10000, 1, STATE_UP);
	CU_ASSERT_TRUE(ms >= 0 && ms <= 2500);
	CU_ASSERT_EQUAL(b.c->changes, 2);
	canaries_free(&b.c);
}

static void
test_all_must_fall(void)
{
	struct bird b = start(3);

	CU_ASSERT_TRUE(run(&b, 3000, 7, STATE_UP) >= 0);
	CU_ASSERT_EQUAL(run(&b, 20000, 4, STATE_DOWN), -1);
	CU_ASSERT_EQUAL(canaries_up(b.c), 1);
	CU_ASSERT_TRUE(run(&b, 10000, 0, STATE_DOWN) >= 0);
	canaries_free(&b.c);
}

static void
test_one_loss(void)
{
	struct bird b = start(1);
	int i;

	CU_ASSERT_TRUE(run(&b, 1000, 1, STATE_UP) >= 0);
	(void)run(&b, 5000, 1, STATE_DOWN);
	while ((i = canaries_due(b.c, b.now)) < 0)
		b.now = mono_add_ms(b.now, 10);
	(void)canaries_sent(b.c, 0);
	CU_ASSERT_FALSE(canaries_silent(b.c, 0, b.now));
	CU_ASSERT_TRUE(mono_ms(canaries_next(b.c), b.now) <= CANARY_AGAIN_MS);
	(void)run(&b, 5000, 1, STATE_DOWN);
	CU_ASSERT_EQUAL(b.c->uplink, STATE_UP);
	CU_ASSERT_EQUAL(b.c->list[0].changes, 0);
	canaries_free(&b.c);
}

static void
test_unjudged(void)
{
	struct bird b = start(1);
	int i;

	CU_ASSERT_TRUE(run(&b, 1000, 1, STATE_UP) >= 0);
	for (i = 0; i < 10; i++) {
		b.now = mono_add_ms(b.now, 3000);
		(void)canaries_sent(b.c, 0);
		canaries_unjudged(b.c, 0, b.now);
	}
	CU_ASSERT_EQUAL(b.c->uplink, STATE_UP);
	canaries_free(&b.c);
}

static void
test_start(void)
{
	struct bird b = start(0);

	CU_ASSERT_EQUAL(b.c->uplink, STATE_UNKNOWN);
	CU_ASSERT_EQUAL(canaries_due(b.c, b.now), -1);
	CU_ASSERT_FALSE(mono_set(canaries_next(b.c)));
	canaries_free(&b.c);
	b = start(1);
	(void)canaries_sent(b.c, 0);
	CU_ASSERT_FALSE(canaries_silent(b.c, 0, b.now));
	CU_ASSERT_EQUAL(b.c->uplink, STATE_UNKNOWN);
	CU_ASSERT_TRUE(run(&b, 5000, 0, STATE_DOWN) >= 0);
	CU_ASSERT_EQUAL(b.c->changes, 0); /* the first judgement is none */
	canaries_free(&b.c);
}

static void
test_others(void)
{
	struct bird b = start(2);
	struct addr addrs[2];
	uint32_t replies;

	CU_ASSERT(run(&b, 5000, 3, STATE_UP) >= 0);
	CU_ASSERT(run(&b, 5000, 3, STATE_DOWN) < 0);
	addrs[0] = b.c->list[1].addr;
	addrs[0].ip[3] = 77;
	addrs[1] = b.c->list[1].addr;
	replies = b.c->list[1].replies;
	CU_ASSERT(!canaries_set(b.c, addrs, 2, b.now));
	CU_ASSERT_EQUAL(b.c->uplink, STATE_UP);
	CU_ASSERT_EQUAL(canaries_find(b.c, &addrs[0]), 0);
	CU_ASSERT_EQUAL(canaries_find(b.c, &addrs[1]), 1);
	CU_ASSERT_EQUAL(b.c->list[0].state, STATE_UNKNOWN);
	CU_ASSERT_EQUAL(b.c->list[1].state, STATE_UP);
	CU_ASSERT(replies > 0 && b.c->list[1].replies == replies);
	addrs[1].ip[3] = 78;
	CU_ASSERT_EQUAL(canaries_find(b.c, &addrs[1]), -1);
	CU_ASSERT(!canaries_set(b.c, addrs, 2, b.now));
	CU_ASSERT_EQUAL(b.c->uplink, STATE_UP); /* not yet judged */
	CU_ASSERT(run(&b, 10000, 0, STATE_DOWN) >= 0);
	CU_ASSERT(canaries_set(b.c, NULL, 0, b.now));
	CU_ASSERT_EQUAL(b.c->uplink, STATE_UNKNOWN);
	CU_ASSERT_EQUAL(canaries_due(b.c, b.now), -1);
	CU_ASSERT(!canaries_set(b.c, NULL, 0, b.now));
	canaries_free(&b.c);
}

static const struct unit_test tests[] = {
    {"a dead uplink is down within 3 s, and soon up again", test_down_in_time},
    {"one that replies keeps it up", test_all_must_fall},
    {"a lost packet is asked for again at once", test_one_loss},
    {"what the host may have lost changes nothing", test_unjudged},
    {"unknown until judged", test_start},
    {"others take over, those that stay are known", test_others},
};

UNIT_MAIN("agent/canary", tests)
