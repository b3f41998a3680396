/* SPDX-License-Identifier: BSD-2-Clause */
/* Who may be pinged and how often, on a clock of the test's own. */

#include "agent/limit.h"

#include <string.h>

#include "tests/unit.h"

static struct addr
addr(const char *text)
{
	struct addr a;

	if (addr_parse(text, &a) < 0)
		CU_FAIL_FATAL("no address");
	return a;
}

static struct limits *
make(unsigned rate)
{
	struct limits_conf conf = {.rate = rate, .targets = 100};

	return limits_new(&conf);
}

static enum limit
judge(const char *allow, const char *deny, const char *text)
{
	struct prefix allowed, denied;
	struct limits_conf conf = {.rate = 1000, .targets = 1};
	struct addr a = addr(text);
	struct limits *l;
	enum limit why;

	if (allow != NULL && prefix_parse(allow, &allowed) == 0) {
		conf.allow = &allowed;
		conf.nallow = 1;
	}
	if (deny != NULL && prefix_parse(deny, &denied) == 0) {
		conf.deny = &denied;
		conf.ndeny = 1;
	}
	l = limits_new(&conf);
	why = limits_address(l, &a);
	limits_free(&l);
	return why;
}

static void
test_special(void)
{
	static const char *const special[] = {"0.1.2.3", "10.0.0.1",
	    "100.64.0.1", "100.127.255.255", "127.0.0.1", "169.254.1.1",
	    "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1",
	    "192.31.196.1", "192.52.193.1", "192.88.99.1", "192.168.1.1",
	    "192.175.48.1", "198.18.0.1", "198.19.255.255", "198.51.100.1",
	    "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1",
	    "255.255.255.255", "::", "::1", "64:ff9b::1", "64:ff9b:1::1",
	    "100::1", "2001::1", "2001:db8::1", "2002::1", "2620:4f:8000::1",
	    "3fff::1", "4000::1", "5f00::1", "fc00::1", "fe80::1", "ff02::1",
	    "::ffff:10.0.0.1"};
	static const char *const usual[] = {"9.255.255.255", "11.0.0.0",
	    "100.63.255.255", "100.128.0.0", "172.32.0.0", "192.0.1.1",
	    "198.17.255.255", "198.20.0.0", "223.255.255.255", "8.8.8.8",
	    "2001:200::1", "2001:4860::1", "2003::1", "2a00::1",
	    "::ffff:8.8.8.8"};
	size_t i;

	for (i = 0; i < sizeof(special) / sizeof(special[0]); i++)
		CU_ASSERT_EQUAL(judge(NULL, NULL, special[i]), LIMIT_SPECIAL);
	for (i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		CU_ASSERT_EQUAL(judge(NULL, NULL, usual[i]), LIMIT_NONE);
}

static void
test_lists(void)
{
	CU_ASSERT_EQUAL(judge("10.1.0.0/16", NULL, "10.1.2.3"), LIMIT_NONE);
	CU_ASSERT_EQUAL(judge("10.1.0.0/16", NULL, "10.2.2.3"), LIMIT_SPECIAL);
	CU_ASSERT_EQUAL(judge("10.1.0.0/16", NULL, "8.8.8.8"), LIMIT_NONE);
	CU_ASSERT_EQUAL(
	    judge("10.1.0.0/16", "10.1.2.0/24", "10.1.2.3"), LIMIT_DENIED);
	CU_ASSERT_EQUAL(judge(NULL, "8.8.0.0/16", "8.8.8.8"), LIMIT_DENIED);
	CU_ASSERT_EQUAL(judge("224.0.0.0/4", NULL, "224.0.0.1"), LIMIT_SPECIAL);
	CU_ASSERT_EQUAL(judge("::/0", NULL, "ff02::1"), LIMIT_SPECIAL);
	CU_ASSERT_EQUAL(judge("::/0", NULL, "fe80::1"), LIMIT_NONE);
}

static void
test_target_gap(void)
{
	struct limits *l = make(1000);
	struct mono now = {INT64_C(5000000000)}, until;
	struct addr a = addr("8.8.8.8"), b = addr("8.8.8.9");

	CU_ASSERT_EQUAL(limits_probe(l, &a, now, &until), LIMIT_NONE);
	CU_ASSERT_EQUAL(limits_probe(l, &a, now, &until), LIMIT_TARGET_RATE);
	CU_ASSERT_EQUAL(mono_ms(until, now), 1000);
	CU_ASSERT_EQUAL(limits_probe(l, &b, now, &until), LIMIT_NONE);
	now = mono_add_ms(now, 999);
	CU_ASSERT_EQUAL(limits_probe(l, &a, now, &until), LIMIT_TARGET_RATE);
	now = mono_add_ms(now, 1);
	CU_ASSERT_EQUAL(limits_probe(l, &a, now, &until), LIMIT_NONE);
	limits_free(&l);
}

static void
test_prefix(void)
{
	struct limits *l = make(1000);
	struct mono now = {INT64_C(5000000000)}, until;
	struct addr a = addr("8.8.8.1");
	unsigned sent = 0;
	int64_t s;

	/* Three clients of a prefix go at once. */
	for (a.ip[3] = 1; a.ip[3] <= 3; a.ip[3]++)
		CU_ASSERT_EQUAL(
		    limits_start(l, &a, 4, now, &until), LIMIT_NONE);
	CU_ASSERT_EQUAL(limits_start(l, &a, 4, now, &until), LIMIT_PREFIX_RATE);
	CU_ASSERT_EQUAL(mono_ms(until, now), 12000);
	CU_ASSERT_EQUAL(limits_start(l, &a, 4, until, &until), LIMIT_NONE);
	a = addr("8.8.9.1");
	CU_ASSERT_EQUAL(limits_start(l, &a, 4, now, &until), LIMIT_NONE);
	/* Over a long time one in three seconds, whoever of it is asked for. */
	a = addr("2001:200::1");
	for (s = 0; s < 3600; s++, now = mono_add_ms(now, 1000)) {
		a.ip[15] = (uint8_t)s;
		a.ip[7] = (uint8_t)s; /* within the /48 */
		if (limits_start(l, &a, 4, now, &until) == LIMIT_NONE)
			sent += 4;
	}
	CU_ASSERT_TRUE(sent >= 1196 && sent <= 1212);
	/* A long train has to wait for a rest, but comes. */
	now = mono_add_ms(now, 3600000);
	CU_ASSERT_EQUAL(limits_start(l, &a, 20, now, &until), LIMIT_NONE);
	CU_ASSERT_EQUAL(
	    limits_start(l, &a, 20, now, &until), LIMIT_PREFIX_RATE);
	CU_ASSERT_EQUAL(mono_ms(until, now), 60000);
	limits_free(&l);
}

static void
test_total(void)
{
	struct limits *l = make(1000);
	struct mono now = {INT64_C(5000000000)};
	unsigned sent = 0;
	int tick;

	for (tick = 0; tick < 6000; tick++, now = mono_add_ms(now, 10))
		for (; limits_total(l, now); sent++)
			limits_take_total(l, now);
	CU_ASSERT_TRUE(sent >= 59990 && sent <= 60070);
	/* An hour of pause is no credit. */
	now = mono_add_ms(now, 3600000);
	for (sent = 0; limits_total(l, now); sent++)
		limits_take_total(l, now);
	CU_ASSERT_TRUE(sent <= 61);
	limits_free(&l);
}

static void
test_back_off(void)
{
	struct limits *l = make(1000);
	struct mono now = {INT64_C(5000000000)}, until;
	struct addr a = addr("8.8.8.8");
	int64_t ms = LIMIT_BACK_OFF_MS;
	int i;

	for (i = 0; i < 20; i++) {
		limits_silent(l, &a, now);
		CU_ASSERT_EQUAL(
		    limits_start(l, &a, 4, now, &until), LIMIT_BACK_OFF);
		CU_ASSERT_EQUAL(mono_ms(until, now), ms);
		now = until;
		CU_ASSERT_EQUAL(
		    limits_start(l, &a, 4, now, &until), LIMIT_NONE);
		ms = ms * 2 < LIMIT_BACK_OFF_MAX_MS ? ms * 2
						    : LIMIT_BACK_OFF_MAX_MS;
	}
	limits_silent(l, &a, now);
	limits_replied(l, &a);
	CU_ASSERT_EQUAL(limits_start(l, &a, 4, now, &until), LIMIT_NONE);
	limits_silent(l, &a, now);
	(void)limits_start(l, &a, 4, now, &until);
	CU_ASSERT_EQUAL(mono_ms(until, now), LIMIT_BACK_OFF_MS);
	limits_free(&l);
}

static void
test_opt_out(void)
{
	struct limits *l = make(1000);
	struct mono now = {INT64_C(5000000000)}, until;
	struct addr a = addr("8.8.8.8"), b = addr("8.8.8.9");
	unsigned i;

	limits_opt_out(l, &a, now);
	CU_ASSERT_EQUAL(limits_address(l, &a), LIMIT_OPTED_OUT);
	CU_ASSERT_EQUAL(limits_address(l, &b), LIMIT_NONE);
	/* Whatever else is pinged. */
	for (i = 0; i < 100000; i++) {
		memcpy(b.ip + 1, &i, 3);
		now = mono_add_ms(now, 1);
		(void)limits_start(l, &b, 4, now, &until);
		(void)limits_probe(l, &b, now, &until);
	}
	CU_ASSERT_EQUAL(limits_address(l, &a), LIMIT_OPTED_OUT);
	limits_free(&l);
}

static void
test_set(void)
{
	struct limits *l = make(1000);
	struct addr a = addr("8.8.8.8"), other = addr("8.8.4.4");
	struct prefix deny;
	struct limits_conf conf = {
	    .deny = &deny, .ndeny = 1, .rate = 10, .targets = 1};
	struct mono now = {INT64_C(1000000000000)}, until;

	CU_ASSERT_EQUAL(prefix_parse("8.8.4.0/24", &deny), 0);
	CU_ASSERT_EQUAL(limits_probe(l, &a, now, &until), LIMIT_NONE);
	limits_opt_out(l, &a, now);
	CU_ASSERT_EQUAL(limits_address(l, &other), LIMIT_NONE);
	limits_set(l, &conf);
	CU_ASSERT_EQUAL(limits_address(l, &other), LIMIT_DENIED);
	CU_ASSERT_EQUAL(limits_address(l, &a), LIMIT_OPTED_OUT);
	CU_ASSERT_EQUAL(limits_probe(l, &a, now, &until), LIMIT_TARGET_RATE);
	limits_take_total(l, now);
	/* 100 ms, less two ticks that may be made up for. */
	CU_ASSERT(!limits_total(l, mono_add_ms(now, 39)));
	CU_ASSERT(limits_total(l, mono_add_ms(now, 40)));
	conf.ndeny = 0;
	limits_set(l, &conf);
	CU_ASSERT_EQUAL(limits_address(l, &other), LIMIT_NONE);
	limits_free(&l);
}

static const struct unit_test tests[] = {
    {"special-purpose addresses are not pinged", test_special},
    {"allow opens them, deny wins, groups never", test_lists},
    {"an address gets one probe a second", test_target_gap},
    {"a prefix gets three trains, then one probe in 3 s", test_prefix},
    {"the total holds, and a pause makes no burst", test_total},
    {"silence doubles the pause up to a day", test_back_off},
    {"who opted out stays so", test_opt_out},
    {"other lists and rates hold at once, and forget nobody", test_set},
};

UNIT_MAIN("agent/limit", tests)
