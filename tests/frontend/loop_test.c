/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loops, and all that only looks like one. A client here follows what it is
 * told like a real one: it keeps the cookie, or does not; its content server
 * keeps the query, or does not.
 */
#include "frontend/loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit.h"

struct client {
	const char *address;
	bool keeps_cookies;
	bool query_survives; /* the server that sends it back keeps it */
	char cookie[LOOP_COOKIE];
	bool marked;             /* its next URL */
	struct loop_chain chain; /* of its one connection */
};

static struct loop *loop;
static int64_t now_ms;

static struct loop_result
visit_at(struct client *c, const char *target, bool counts)
{
	struct addr address;
	struct loop_result r;
	struct loop_visit v = {.chain = &c->chain,
	    .client = &address,
	    .host = "www",
	    .host_len = 3,
	    .target = target,
	    .target_len = strlen(target),
	    .cookie = c->cookie,
	    .cookie_len = strlen(c->cookie),
	    .marked = c->marked,
	    .counts = counts,
	    .now_ms = now_ms};

	(void)addr_parse(c->address, &address);
	loop_visit(loop, &v, &r);
	if (r.set && c->keeps_cookies)
		(void)snprintf(c->cookie, sizeof(c->cookie), "%.*s",
		    (int)strcspn(r.cookie + 4, ";"), r.cookie + 4);
	c->marked = r.mark && c->query_survives;
	return r;
}

static struct loop_result
visit(struct client *c, const char *target)
{
	return visit_at(c, target, true);
}

static void
begin(void)
{
	loop_free(&loop);
	loop = loop_new(1024);
	now_ms = INT64_C(1700000000000);
}

/* Visits until the client is stopped, each so many ms after the other; 0: it
 * never was. *other tells at which one another server was first due. */
static int
circle(struct client *c, int64_t gap_ms, int limit, int *other)
{
	int i;

	*other = 0;
	for (i = 1; i <= limit; i++, now_ms += gap_ms) {
		struct loop_result r = visit(c, "/x");

		if (r.verdict == LOOP_OTHER && *other == 0)
			*other = i;
		if (r.verdict == LOOP_STOP)
			return i;
	}
	return 0;
}

static void
a_browser_in_a_loop_is_stopped(void)
{
	struct client c = {"10.0.0.1", true, false, "", false, {0}};
	int other;

	begin();
	/* Safari follows 16 redirects: half of them are ours. */
	CU_ASSERT_EQUAL(circle(&c, 50, 8, &other), 7);
	CU_ASSERT_EQUAL(other, 5);
}

static void
curl_in_a_loop_is_stopped(void)
{
	struct client c = {"10.0.0.1", false, true, "", false, {0}};
	int other;

	begin();
	CU_ASSERT_EQUAL(circle(&c, 5, 25, &other), 7);
	CU_ASSERT_EQUAL(other, 6);
}

static void
a_slow_loop_is_stopped_too(void)
{
	struct client c = {"10.0.0.1", true, true, "", false, {0}};
	int other;

	begin();
	CU_ASSERT_EQUAL(circle(&c, LOOP_GAP_MS, 25, &other), 7);
}

static void
people_and_pollers_are_not(void)
{
	struct client c = {"10.0.0.1", true, true, "", false, {0}};
	int other;

	begin();
	CU_ASSERT_EQUAL(circle(&c, LOOP_GAP_MS + 1, 1000, &other), 0);
	CU_ASSERT_EQUAL(other, 0);
}

static void
reloads_are_not_however_fast(void)
{
	struct client c = {"10.0.0.1", true, true, "", false, {0}};
	int i;

	begin();
	for (i = 0; i < 1000; i++, now_ms += 30) {
		struct loop_result r = visit_at(&c, "/x", false);

		CU_ASSERT_EQUAL(r.verdict, LOOP_NONE);
		CU_ASSERT_FALSE(r.mark || r.set);
	}
}

static void
many_pages_of_one_client_are_not(void)
{
	struct client c = {"10.0.0.1", true, true, "", false, {0}};
	char target[32];
	int i;

	begin();
	for (i = 0; i < 1000; i++, now_ms++) {
		(void)snprintf(target, sizeof(target), "/page/%d", i);
		CU_ASSERT_EQUAL(visit(&c, target).verdict, LOOP_NONE);
	}
}

static void
many_clients_behind_one_address_are_not(void)
{
	struct client c[50];
	int i, marks = 0;

	begin();
	for (i = 0; i < 50; i++)
		c[i] = (struct client){"10.0.0.1", true, true, "", false, {0}};
	/* Each of them once in two seconds, together 25 a second. None was
	 * sent back, so none has a marked URL. */
	for (i = 0; i < 5000; i++, now_ms += 40) {
		struct loop_result r = visit(&c[i % 50], "/");

		c[i % 50].marked = false;
		marks += r.mark;
		CU_ASSERT_EQUAL(r.verdict, LOOP_NONE);
	}
	CU_ASSERT_EQUAL(marks, 0);
}

static void
a_load_test_is_not(void)
{
	struct client c = {"10.0.0.1", false, false, "", false, {0}};
	int i, marks = 0;

	begin();
	for (i = 0; i < 100000; i++, now_ms += i % 10 == 0) {
		struct loop_result r = visit(&c, "/");

		marks += r.mark;
		CU_ASSERT_EQUAL(r.verdict, LOOP_NONE);
	}
	CU_ASSERT_EQUAL(marks, 1);
}

static void
one_in_a_crowd_is_found(void)
{
	struct client crowd = {"10.0.0.1", false, false, "", false, {0}};
	struct client c = {"10.0.0.1", true, false, "", false, {0}};
	int i, k, stopped = 0;

	begin();
	for (i = 1; i <= 8 && stopped == 0; i++) {
		if (visit(&c, "/").verdict == LOOP_STOP)
			stopped = i;
		for (k = 0; k < 10; k++, now_ms += 5)
			CU_ASSERT_EQUAL(visit(&crowd, "/").verdict, LOOP_NONE);
	}
	CU_ASSERT(stopped > 0);
}

static void
who_keeps_cookies_and_does_not_follow_gets_one_508_a_minute(void)
{
	struct client c = {"10.0.0.1", true, false, "", false, {0}};
	int i, stops = 0;

	begin();
	for (i = 0; i < 5000; i++, now_ms += 10)
		stops += visit(&c, "/").verdict == LOOP_STOP;
	CU_ASSERT_EQUAL(stops, 1);
}

static void
a_mark_is_only_proof_while_it_is_new(void)
{
	struct client c = {"10.0.0.1", false, true, "", true, {0}};

	begin();
	/* Never given out, and given out long ago. */
	CU_ASSERT_EQUAL(visit(&c, "/x").verdict, LOOP_NONE);
	begin();
	for (c.marked = false; !c.marked; now_ms++)
		CU_ASSERT_EQUAL(visit(&c, "/x").verdict, LOOP_NONE);
	now_ms += LOOP_MARK_MS;
	CU_ASSERT_EQUAL(visit(&c, "/x").verdict, LOOP_NONE);
}

static void
the_mark_is_taken_off(void)
{
	static const struct {
		const char *target;
		size_t len;
		bool marked;
	} t[] = {
	    {"/x?hop-loop", 2, true},
	    {"/x?a&hop-loop", 4, true},
	    {"/x?a&hop-loop&b", 15, false},
	    {"/hop-loop", 9, false},
	    {"hop-loop", 8, false},
	    {"?hop-loop", 0, true},
	    {"/x?xhop-loop", 12, false},
	    {"", 0, false},
	};
	bool marked;
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		CU_ASSERT_EQUAL(
		    loop_unmark(t[i].target, strlen(t[i].target), &marked),
		    t[i].len);
		CU_ASSERT_EQUAL(marked, t[i].marked);
	}
}

static void
bad_cookies_are_no_cookies(void)
{
	static const char *const bad[] = {"x", "1.2.3", "00000000.9.0",
	    "ffffffff.999.ffffffffffffffff", "....", "%n%n%n",
	    "00000000.4.18bcfe56800x",
	    "0123456789012345678901234567890123456789012345678901234567890123"};
	struct client c = {"10.0.0.1", false, false, "", false, {0}};
	size_t i;

	begin();
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++, now_ms += 2000) {
		(void)snprintf(c.cookie, sizeof(c.cookie), "%s", bad[i]);
		CU_ASSERT_EQUAL(visit(&c, "/x").verdict, LOOP_NONE);
	}
}

static void
a_cookie_of_another_page_does_not_count(void)
{
	struct client c = {"10.0.0.1", true, false, "", false, {0}};
	int i;

	begin();
	for (i = 0; i < 100; i++, now_ms += 10) {
		CU_ASSERT_EQUAL(visit(&c, "/a").verdict, LOOP_NONE);
		CU_ASSERT_EQUAL(visit(&c, "/b").verdict, LOOP_NONE);
	}
}

static void
the_last_server_is_remembered(void)
{
	struct client c = {"10.0.0.1", false, false, "", false, {0}};
	struct loop_result r;

	begin();
	r = visit(&c, "/x");
	CU_ASSERT_EQUAL(loop_server(loop, r.key), -1);
	loop_sent(loop, r.key, 7);
	r = visit(&c, "/x");
	CU_ASSERT_EQUAL(loop_server(loop, r.key), 7);
	CU_ASSERT_EQUAL(loop_server(loop, r.key + 1), -1);
	loop_free(&loop);
}

static const struct unit_test tests[] = {
    {"a browser in a loop gets another server, then 508",
	a_browser_in_a_loop_is_stopped},
    {"a client without cookies in a loop too", curl_in_a_loop_is_stopped},
    {"a slow loop is stopped too", a_slow_loop_is_stopped_too},
    {"people and pollers are not", people_and_pollers_are_not},
    {"reloads are not, however fast", reloads_are_not_however_fast},
    {"many pages of one client are not", many_pages_of_one_client_are_not},
    {"many clients behind one address are not",
	many_clients_behind_one_address_are_not},
    {"a load test is not", a_load_test_is_not},
    {"one loop in a crowd is found", one_in_a_crowd_is_found},
    {"who keeps cookies and does not follow gets one 508 a minute",
	who_keeps_cookies_and_does_not_follow_gets_one_508_a_minute},
    {"a mark is proof only while it is new",
	a_mark_is_only_proof_while_it_is_new},
    {"the mark is taken off the target", the_mark_is_taken_off},
    {"bad cookies are no cookies", bad_cookies_are_no_cookies},
    {"a cookie of another page does not count",
	a_cookie_of_another_page_does_not_count},
    {"the last server is remembered", the_last_server_is_remembered},
};

UNIT_MAIN("frontend/loop", tests)
