/* SPDX-License-Identifier: BSD-2-Clause */
/* Each prefix is asked for once a lease, within a rate, in bounded room. */
#include "director/wants.h"
#include "tests/director/fixture.h"

static bool
want(struct wants *w, const char *client, int64_t ms)
{
	struct addr a;
	struct prefix p;

	CU_ASSERT_EQUAL_FATAL(addr_parse(client, &a), 0);
	p = addr_prefix(&a, a.family == AF_INET ? 24 : 48);
	return wants_client(w, &p, &a, at_ms(ms));
}

static void
a_client_is_asked_for(void)
{
	struct wants *w = wants_new(WANTS_LEASE_MS);
	char text[WANTS_LINE_BYTES];

	CU_ASSERT_TRUE(want(w, "192.0.2.7", 0));
	CU_ASSERT_TRUE(want(w, "2001:db8::7", 0));
	CU_ASSERT(wants_line(w, at_ms(0), text, sizeof(text)) > 0);
	CU_ASSERT_STRING_EQUAL(text, "want 192.0.2.7 2001:db8::7");
	CU_ASSERT_EQUAL(wants_line(w, at_ms(0), text, sizeof(text)), 0);
	CU_ASSERT_EQUAL(wants_sent(w), 2);
	wants_free(&w);
}

static void
a_prefix_is_asked_for_once_a_lease(void)
{
	struct wants *w = wants_new(WANTS_LEASE_MS);
	struct prefix p;

	CU_ASSERT_EQUAL(prefix_parse("192.0.2.0/24", &p), 0);
	CU_ASSERT_TRUE(want(w, "192.0.2.7", 0));
	CU_ASSERT_FALSE(want(w, "192.0.2.7", 1));
	CU_ASSERT_FALSE(want(w, "192.0.2.99", WANTS_LEASE_MS - 1));
	CU_ASSERT_TRUE(want(w, "192.0.3.7", 1));
	CU_ASSERT_EQUAL(wants_since(w, &p, at_ms(5)).ns, at_ms(0).ns);
	CU_ASSERT_FALSE(mono_set(wants_since(w, &p, at_ms(WANTS_LEASE_MS))));
	CU_ASSERT_TRUE(want(w, "192.0.2.99", WANTS_LEASE_MS));
	wants_free(&w);
}

static void
the_queue_is_bounded(void)
{
	struct wants *w = wants_new(WANTS_LEASE_MS);
	char client[ADDR_TEXT];
	unsigned i, taken = 0;

	for (i = 0; i < 2 * WANTS_QUEUE; i++) {
		(void)snprintf(
		    client, sizeof(client), "10.%u.%u.1", i >> 8, i & 255);
		taken += want(w, client, 0);
	}
	CU_ASSERT_EQUAL(taken, WANTS_QUEUE);
	CU_ASSERT_EQUAL(wants_left_out(w), WANTS_QUEUE);
	wants_free(&w);
}

static size_t
drain(struct wants *w, int64_t ms)
{
	char text[WANTS_LINE_BYTES];
	uint64_t before = wants_sent(w);
	size_t len;

	while ((len = wants_line(w, at_ms(ms), text, sizeof(text))) > 0)
		CU_ASSERT(len < sizeof(text) && strlen(text) == len);
	return (size_t)(wants_sent(w) - before);
}

static void
the_rate_is_bounded(void)
{
	struct wants *w = wants_new(WANTS_LEASE_MS);
	char client[ADDR_TEXT];
	size_t sent;
	unsigned i;

	for (i = 0, sent = 0; i < 3000; i++) {
		(void)snprintf(
		    client, sizeof(client), "10.%u.%u.1", i >> 8, i & 255);
		if (!want(w, client, 0)) {
			sent += drain(w, 0);
			(void)want(w, client, 0);
		}
	}
	sent += drain(w, 0);
	CU_ASSERT_EQUAL(sent, WANTS_A_SECOND);
	CU_ASSERT_EQUAL(drain(w, 100), WANTS_A_SECOND / 10);
	CU_ASSERT(drain(w, 60000) <= WANTS_A_SECOND);
	wants_free(&w);
}

static void
more_prefixes_than_leases_are_survived(void)
{
	struct wants *w = wants_new(WANTS_LEASE_MS);
	char client[ADDR_TEXT];
	unsigned i;

	for (i = 0; i < 4 * WANTS_LEASES; i++) {
		(void)snprintf(client, sizeof(client), "%u.%u.%u.1",
		    10 + (i >> 16), (i >> 8) & 255, i & 255);
		CU_ASSERT_TRUE(want(w, client, i));
		(void)drain(w, i * 1000);
	}
	wants_free(&w);
}

static const struct unit_test tests[] = {
    {"a client is asked for", a_client_is_asked_for},
    {"a prefix is asked for once a lease", a_prefix_is_asked_for_once_a_lease},
    {"the queue is bounded", the_queue_is_bounded},
    {"the rate is bounded", the_rate_is_bounded},
    {"more prefixes than leases are survived",
	more_prefixes_than_leases_are_survived},
};

UNIT_MAIN("director/wants", tests)
