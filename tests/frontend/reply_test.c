/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/reply.h"

#include <string.h>

#include "frontend/http_parse.h"
#include "tests/unit.h"

#define DATE "Sun, 06 Nov 1994 08:49:37 GMT"

static char text[REPLY_MAX + 1];

static const char *
format(const struct reply *r)
{
	size_t n = reply_format(r, text, sizeof(text) - 1);

	text[n] = '\0';
	return text;
}

static const struct reply found = {
    .status = 302,
    .date = DATE,
    .scheme = "http",
    .host = "sj1-la.test",
    .path = "/a?b",
    .path_len = 4,
    .server = "sj1",
    .border = "la",
};

static const char *
location(const struct reply *r)
{
	static char line[REPLY_MAX];
	const char *at = strstr(format(r), "\r\nLocation: "), *end;

	if (at == NULL)
		return "none";
	at += strlen("\r\nLocation: ");
	end = strstr(at, "\r\n");
	(void)snprintf(line, sizeof(line), "%.*s", (int)(end - at), at);
	return line;
}

static void
a_redirect_in_full(void)
{
	CU_ASSERT_STRING_EQUAL(format(&found),
	    "HTTP/1.1 302 Found\r\n"
	    "Location: http://sj1-la.test/a?b\r\n"
	    "Date: " DATE "\r\n"
	    "Cache-Control: no-store\r\n"
	    "Server-Timing: hop;desc=\"sj1 via la\"\r\n"
	    "Content-Type: text/html; charset=utf-8\r\n"
	    "Content-Length: 100\r\n"
	    "\r\n"
	    "<!DOCTYPE html><title>302 Found</title>"
	    "<p>Go to <a href=\"http://sj1-la.test/a?b\">this page</a>.</p>\n");
}

static void
a_head_has_the_fields_and_no_body(void)
{
	struct reply r = found;
	static char get[REPLY_MAX + 1];

	(void)snprintf(get, sizeof(get), "%s", format(&found));
	*(strstr(get, "\r\n\r\n") + 4) = '\0';
	r.head = true;
	CU_ASSERT_STRING_EQUAL(format(&r), get);
}

/* Content-Length is the length of what stands behind the empty line. */
static bool
length_is_right(const struct reply *r)
{
	const char *all = format(r);
	const char *body = strstr(all, "\r\n\r\n");
	const char *field = strstr(all, "\r\nContent-Length: ");

	return body != NULL && field != NULL &&
	       strlen(body + 4) == strtoul(field + 18, NULL, 10);
}

static void
the_length_is_that_of_the_body(void)
{
	static const unsigned status[] = {200, 301, 302, 303, 307, 308, 400,
	    405, 408, 414, 417, 421, 431, 501, 503, 505, 508};
	struct reply r = found;
	size_t i;

	for (i = 0; i < sizeof(status) / sizeof(status[0]); i++) {
		r.status = status[i];
		CU_ASSERT(length_is_right(&r));
		CU_ASSERT_STRING_NOT_EQUAL(reply_phrase(status[i]), "Unknown");
	}
	r.scheme = NULL;
	CU_ASSERT(length_is_right(&r));
	r.why = "Because.";
	CU_ASSERT(length_is_right(&r));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "<p>Because.</p>"));
	CU_ASSERT_PTR_NULL(strstr(text, "Location"));
}

static void
the_path_stays_as_it_is(void)
{
	static const char *const paths[] = {"/", "//x", "/%2e%2E/;a=b",
	    "/a|b\\^`{}", "/\xc3\xa4?\xff", "/?a=b&c='\"<>", "/http://x"};
	struct reply r = found;
	char want[200];
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		r.path = paths[i];
		r.path_len = strlen(paths[i]);
		(void)snprintf(
		    want, sizeof(want), "http://sj1-la.test%s", paths[i]);
		CU_ASSERT_STRING_EQUAL(location(&r), want);
		CU_ASSERT(length_is_right(&r));
	}
}

static void
an_empty_path_becomes_a_slash(void)
{
	struct reply r = found;

	r.path = "";
	r.path_len = 0;
	CU_ASSERT_STRING_EQUAL(location(&r), "http://sj1-la.test/");
	r.path = "?x";
	r.path_len = 2;
	CU_ASSERT_STRING_EQUAL(location(&r), "http://sj1-la.test/?x");
}

static void
ports_and_addresses(void)
{
	struct reply r = found;

	r.port = 8080;
	CU_ASSERT_STRING_EQUAL(location(&r), "http://sj1-la.test:8080/a?b");
	r.host = "10.0.0.1";
	CU_ASSERT_STRING_EQUAL(location(&r), "http://10.0.0.1:8080/a?b");
	r.host = "2001:db8::1";
	CU_ASSERT_STRING_EQUAL(location(&r), "http://[2001:db8::1]:8080/a?b");
	r.scheme = "https";
	r.port = 0;
	CU_ASSERT_STRING_EQUAL(location(&r), "https://[2001:db8::1]/a?b");
}

static void
a_fallback_url_stands_as_configured(void)
{
	struct reply r = found;

	r.url = "http://sorry.test/busy.html?a=\"b\"";
	r.path_len = 0;
	CU_ASSERT_STRING_EQUAL(location(&r), r.url);
	CU_ASSERT(length_is_right(&r));
	r.url = "http://backup.test";
	r.path_len = 4;
	CU_ASSERT_STRING_EQUAL(location(&r), "http://backup.test/a?b");
}

static void
the_mark_is_the_last_argument(void)
{
	struct reply r = found;

	r.mark = "hop-loop";
	CU_ASSERT_STRING_EQUAL(location(&r), "http://sj1-la.test/a?b&hop-loop");
	r.path_len = 2;
	CU_ASSERT_STRING_EQUAL(location(&r), "http://sj1-la.test/a?hop-loop");
}

static void
the_body_is_escaped(void)
{
	struct reply r = found;

	r.path = "/\"><script>alert('&')</script>";
	r.path_len = strlen(r.path);
	CU_ASSERT_PTR_NOT_NULL(strstr(format(&r),
	    "href=\"http://sj1-la.test/&quot;&gt;&lt;script&gt;"
	    "alert(&#39;&amp;&#39;)&lt;/script&gt;\""));
	CU_ASSERT(length_is_right(&r));
}

static void
the_connection_is_told_where_it_must_be(void)
{
	struct reply r = found;

	CU_ASSERT_PTR_NULL(strstr(format(&r), "Connection:"));
	r.connection = REPLY_KEEP_SAY;
	CU_ASSERT_PTR_NOT_NULL(
	    strstr(format(&r), "\r\nConnection: keep-alive\r\n"));
	r.connection = REPLY_CLOSE;
	CU_ASSERT_PTR_NOT_NULL(strstr(format(&r), "\r\nConnection: close\r\n"));
}

static void
hints_for_clients(void)
{
	struct reply r = found;

	r.source = "static";
	r.cookie = "hop=1; Max-Age=5";
	CU_ASSERT_PTR_NOT_NULL(strstr(
	    format(&r), "\r\nServer-Timing: hop;desc=\"sj1 via la, static\""));
	CU_ASSERT_PTR_NOT_NULL(
	    strstr(text, "\r\nSet-Cookie: hop=1; Max-Age=5\r\n"));
	r = (struct reply){.status = 503,
	    .date = DATE,
	    .path = "",
	    .server = "none",
	    .source = "all-busy",
	    .retry_after_s = 10,
	    .why = "x"};
	CU_ASSERT_PTR_NOT_NULL(strstr(format(&r), "\r\nRetry-After: 10\r\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "desc=\"none, all-busy\""));
	r.status = 405;
	CU_ASSERT_PTR_NOT_NULL(strstr(format(&r), "\r\nAllow: GET, HEAD, "));
}

static void
the_longest_request_fits(void)
{
	static char path[HTTP_LINE_MAX], name[256];
	struct reply r = found;
	size_t n;

	memset(path, '"', sizeof(path));
	memset(name, 'n', sizeof(name) - 1);
	path[0] = '/';
	r.path = path;
	r.host = r.server = r.border = name;
	r.port = 65535;
	r.mark = r.cookie = r.source = name;
	for (n = 1; n <= sizeof(path); n++) {
		r.path_len = n;
		CU_ASSERT(reply_format(&r, text, REPLY_MAX) > 0);
	}
	CU_ASSERT(length_is_right(&r));
}

static void
too_little_room_is_seen(void)
{
	size_t all = strlen(format(&found)), n;

	for (n = 0; n < all; n++) {
		char *small = malloc(n > 0 ? n : 1);

		CU_ASSERT_EQUAL(reply_format(&found, small, n), 0);
		free(small);
	}
	CU_ASSERT_EQUAL(reply_format(&found, text, all), all);
}

static void
dates_are_those_of_http(void)
{
	char buf[REPLY_DATE_TEXT];

	CU_ASSERT_STRING_EQUAL(reply_date(784111777, buf), DATE);
	CU_ASSERT_STRING_EQUAL(
	    reply_date(951782400, buf), "Tue, 29 Feb 2000 00:00:00 GMT");
}

static const struct unit_test tests[] = {
    {"a redirect in full", a_redirect_in_full},
    {"the answer of HEAD has the fields and no body",
	a_head_has_the_fields_and_no_body},
    {"Content-Length is the length of the body",
	the_length_is_that_of_the_body},
    {"path and query stay byte for byte", the_path_stays_as_it_is},
    {"an empty path becomes a slash", an_empty_path_becomes_a_slash},
    {"ports and addresses", ports_and_addresses},
    {"a fallback URL stands as configured",
	a_fallback_url_stands_as_configured},
    {"the mark is the last query argument", the_mark_is_the_last_argument},
    {"the body is escaped", the_body_is_escaped},
    {"Connection is said where it must be",
	the_connection_is_told_where_it_must_be},
    {"Server-Timing, Set-Cookie, Retry-After, Allow", hints_for_clients},
    {"the longest request fits", the_longest_request_fits},
    {"too little room is seen", too_little_room_is_seen},
    {"dates are those of HTTP", dates_are_those_of_http},
};

UNIT_MAIN("frontend/reply", tests)
