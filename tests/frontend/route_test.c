/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/route.h"

#include <string.h>

#include "tests/frontend/small_world.h"
#include "tests/unit.h"

/* Route a request given as text: "<status> <service id>". */
static const char *
where(const char *bytes, int fallback)
{
	static char text[300];
	struct world *w = small_world();
	struct http_parse p = {0};
	struct route r;

	if (http_parse(&p, bytes, strlen(bytes)) != HTTP_DONE) {
		(void)snprintf(text, sizeof(text), "refused: %s",
		    p.why != NULL ? p.why : "more");
	} else {
		route(w, fallback, &p.req, bytes, &r);
		(void)snprintf(text, sizeof(text), "%u %s", r.status,
		    r.service >= 0 ? w->services[r.service].id : "-");
		CU_ASSERT(r.status < 400 || r.why != NULL);
	}
	world_free(&w);
	return text;
}

#define IS(bytes, want) CU_ASSERT_STRING_EQUAL(where(bytes, -1), want)
#define H11(line, host) line " HTTP/1.1\r\nHost: " host "\r\n\r\n"

static void
host_names_the_service(void)
{
	IS(H11("GET /", "www.test"), "0 www");
	IS(H11("GET /", "WEB.Test"), "0 www");
	IS(H11("GET /", "www.test."), "0 www");
	IS(H11("GET /", "www.test:8080"), "0 www");
	IS(H11("GET /", "moved.test.:1"), "0 moved");
}

static void
an_unknown_host_is_never_redirected(void)
{
	IS(H11("GET /", "evil.test"), "421 -");
	IS(H11("GET /", "www.test.evil.test"), "421 -");
	IS(H11("GET /", "www.test.."), "421 -");
	IS(H11("GET /", "127.0.0.1"), "421 -");
	IS(H11("GET /", "[::1]:80"), "421 -");
	/* Not even where the listener has a default. */
	CU_ASSERT_STRING_EQUAL(where(H11("GET /", "evil.test"), 0), "421 -");
}

static void
without_host_the_default_counts(void)
{
	IS("GET / HTTP/1.0\r\n\r\n", "400 -");
	IS(H11("GET /", ""), "400 -");
	CU_ASSERT_STRING_EQUAL(where("GET / HTTP/1.0\r\n\r\n", 1), "0 moved");
	CU_ASSERT_STRING_EQUAL(where(H11("GET /", ""), 1), "0 moved");
	CU_ASSERT_STRING_EQUAL(
	    where("GET / HTTP/1.0\r\nHost: www.test\r\n\r\n", 1), "0 www");
}

static void
the_host_of_an_absolute_target_beats_host(void)
{
	IS(H11("GET http://moved.test/x", "www.test"), "0 moved");
	IS(H11("GET http://evil.test/x", "www.test"), "421 -");
	IS(H11("GET HTTP://WWW.test.:80/x", "evil.test"), "0 www");
	IS(H11("GET https://www.test/", "www.test"), "421 -");
	IS(H11("GET ftp://www.test/", "www.test"), "421 -");
}

static void
methods_for_servers_only_are_answered_here(void)
{
	IS(H11("OPTIONS *", "www.test"), "200 -");
	IS(H11("OPTIONS http://www.test", "www.test"), "200 -");
	IS(H11("OPTIONS /", "www.test"), "0 www");
	IS(H11("TRACE /", "www.test"), "405 -");
	IS(H11("CONNECT www.test:80", "www.test"), "405 -");
	IS(H11("BREW /", "www.test"), "0 www");
}

static void
other_methods_keep_theirs(void)
{
	static const struct {
		unsigned configured, get, post;
	} t[] = {
	    {301, 301, 307},
	    {302, 302, 307},
	    {303, 303, 303},
	    {307, 307, 307},
	    {308, 308, 308},
	};
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		CU_ASSERT_EQUAL(
		    route_redirect(t[i].configured, HTTP_GET), t[i].get);
		CU_ASSERT_EQUAL(
		    route_redirect(t[i].configured, HTTP_HEAD), t[i].get);
		CU_ASSERT_EQUAL(
		    route_redirect(t[i].configured, HTTP_OTHER), t[i].post);
		CU_ASSERT_EQUAL(
		    route_redirect(t[i].configured, HTTP_OPTIONS), t[i].post);
	}
}

static const struct unit_test tests[] = {
    {"Host names the service", host_names_the_service},
    {"an unknown host is never redirected",
	an_unknown_host_is_never_redirected},
    {"without a host the listener's default counts",
	without_host_the_default_counts},
    {"the host of an absolute target beats Host",
	the_host_of_an_absolute_target_beats_host},
    {"methods for servers only are answered here",
	methods_for_servers_only_are_answered_here},
    {"methods other than GET and HEAD are kept", other_methods_keep_theirs},
};

UNIT_MAIN("frontend/route", tests)
