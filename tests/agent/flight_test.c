/* SPDX-License-Identifier: BSD-2-Clause */
/* Probes on their way: matched, given up, late, on a clock of the test's. */

#include "agent/flight.h"

#include "tests/unit.h"

static const struct icmp_key key = {{1, 2}};

static struct addr
addr(const char *text)
{
	struct addr a;

	if (addr_parse(text, &a) < 0)
		CU_FAIL_FATAL("no address");
	return a;
}

static struct icmp_reply
reply_to(const struct probe *p, uint16_t ident)
{
	return (struct icmp_reply){
	    .ident = ident, .seq = p->seq, .cookie = p->cookie};
}

static void
test_match(void)
{
	struct flight *f = flight_new(&key, 77);
	struct addr a = addr("8.8.8.8"), other = addr("8.8.8.9");
	struct mono now = {INT64_C(9000000000)};
	struct probe *p = flight_launch(f, &a, now, 1000), *got;
	struct icmp_reply r = reply_to(p, 77), bad;

	bad = r;
	bad.ident++;
	CU_ASSERT_EQUAL(
	    flight_match(f, &bad, true, &a, now, &got), FLIGHT_MATCH_NONE);
	bad = r;
	bad.seq++;
	CU_ASSERT_EQUAL(
	    flight_match(f, &bad, true, &a, now, &got), FLIGHT_MATCH_NONE);
	bad = r;
	bad.cookie ^= 1;
	CU_ASSERT_EQUAL(
	    flight_match(f, &bad, true, &a, now, &got), FLIGHT_MATCH_NONE);
	CU_ASSERT_EQUAL(
	    flight_match(f, &bad, false, &a, now, &got), FLIGHT_MATCH);
	CU_ASSERT_EQUAL(
	    flight_match(f, &r, true, &other, now, &got), FLIGHT_MATCH_NONE);
	CU_ASSERT_EQUAL(flight_match(f, &r, true, &a, now, &got), FLIGHT_MATCH);
	CU_ASSERT_PTR_EQUAL(got, p);
	flight_land(f, p);
	CU_ASSERT_EQUAL(
	    flight_match(f, &r, true, &a, now, &got), FLIGHT_MATCH_DUPLICATE);
	CU_ASSERT_EQUAL(flight_open(f), 0);
	flight_free(&f);
}

static void
test_late(void)
{
	struct flight *f = flight_new(&key, 77);
	struct addr a = addr("2001:200::1");
	struct mono now = {INT64_C(9000000000)};
	struct probe *p = flight_launch(f, &a, now, 1000), *got;
	struct icmp_reply r = reply_to(p, 77);

	now = mono_add_ms(now, 999);
	CU_ASSERT_PTR_NULL(flight_expired(f, now));
	now = mono_add_ms(now, 21);
	CU_ASSERT_PTR_EQUAL(flight_expired(f, now), p);
	CU_ASSERT_PTR_NULL(flight_expired(f, now));
	CU_ASSERT_EQUAL(
	    flight_match(f, &r, true, &a, now, &got), FLIGHT_MATCH_LATE);
	now = mono_add_ms(now, FLIGHT_LATE_MS);
	CU_ASSERT_EQUAL(
	    flight_match(f, &r, true, &a, now, &got), FLIGHT_MATCH_NONE);
	flight_free(&f);
}

/* None is given up too early, none is forgotten, also over an hour's pause. */
static void
test_wheel(void)
{
	struct flight *f = flight_new(&key, 1);
	struct addr a = addr("8.8.8.8");
	struct mono now = {INT64_C(123456789)};
	struct probe *p;
	uint32_t random = 1, i;
	size_t launched = 0, expired = 0;

	for (i = 0; i < 30000; i++) {
		random = random * 1103515245 + 12345;
		if (flight_launch(f, &a, now, 10 + random % 60000) != NULL)
			launched++;
		now = mono_add_ms(now, random % 7);
		if (i == 20000)
			now = mono_add_ms(now, 3600000);
		while ((p = flight_expired(f, now)) != NULL) {
			CU_ASSERT_TRUE_FATAL(mono_cmp(p->deadline, now) <= 0);
			expired++;
		}
		CU_ASSERT_EQUAL_FATAL(flight_open(f), launched - expired);
	}
	now = mono_add_ms(now, 61000);
	while (flight_expired(f, now) != NULL)
		expired++;
	CU_ASSERT_EQUAL(launched, 30000);
	CU_ASSERT_EQUAL(expired, launched);
	flight_free(&f);
}

static void
test_numbers(void)
{
	static bool seen[65536];
	struct flight *f = flight_new(&key, 1);
	struct addr a = addr("8.8.8.8");
	struct mono now = {INT64_C(123456789)};
	struct probe *p;
	unsigned i;

	for (i = 0; i < 65536; i++) {
		p = flight_launch(f, &a, now, 1000);
		CU_ASSERT_PTR_NOT_NULL_FATAL(p);
		CU_ASSERT_FALSE_FATAL(seen[p->seq]);
		seen[p->seq] = true;
		CU_ASSERT_PTR_EQUAL_FATAL(flight_find(f, p->seq), p);
	}
	CU_ASSERT_PTR_NULL(flight_launch(f, &a, now, 1000));
	now = mono_add_ms(now, 1020);
	for (i = 0; flight_expired(f, now) != NULL; i++)
		;
	CU_ASSERT_EQUAL(i, 65536);
	CU_ASSERT_PTR_NOT_NULL(flight_launch(f, &a, now, 1000));
	flight_free(&f);
}

static const struct unit_test tests[] = {
    {"only the true reply matches", test_match},
    {"a reply after the timeout is late", test_late},
    {"each is given up in its time", test_wheel},
    {"all numbers are used, and then none", test_numbers},
};

UNIT_MAIN("agent/flight", tests)
