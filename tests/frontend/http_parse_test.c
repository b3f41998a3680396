/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests and what the parser makes of them, as a table. Each is also given
 * to it in two pieces, cut at every place, and byte by byte, each time from
 * other memory of exactly that size.
 */
#include "frontend/http_parse.h"

#include <string.h>

#include "tests/unit.h"

struct parse_case {
	const char *bytes;
	size_t len;
	const char *want; /* see describe() */
};

#define C(bytes, want)                             \
	{                                          \
		(bytes), sizeof(bytes) - 1, (want) \
	}
#define H "Host: a\r\n"
#define E "\r\n"

static const struct parse_case cases[] = {
    /* The request line. */
    C("GET / HTTP/1.1\r\n" H E, "GET origin / host=a keep"),
    C("HEAD / HTTP/1.1\r\n" H E, "HEAD origin / host=a keep"),
    C("POST /x HTTP/1.1\r\n" H E, "POST origin /x host=a keep"),
    C("OPTIONS * HTTP/1.1\r\n" H E, "OPTIONS asterisk * host=a keep"),
    C("OPTIONS /x HTTP/1.1\r\n" H E, "OPTIONS origin /x host=a keep"),
    C("TRACE / HTTP/1.1\r\n" H E, "TRACE origin / host=a keep"),
    C("PROPFIND / HTTP/1.1\r\n" H E, "PROPFIND origin / host=a keep"),
    C("get / HTTP/1.1\r\n" H E, "get origin / host=a keep"),
    C("!#$%&'*+-.^_`|~09 / HTTP/1.1\r\n" H E,
	"!#$%&'*+-.^_`|~09 origin / host=a keep"),
    C("GE(T / HTTP/1.1\r\n" H E, "400 no method and target"),
    C("GET  / HTTP/1.1\r\n" H E, "400 no target, or no version behind it"),
    C("GET /  HTTP/1.1\r\n" H E, "400 no version HTTP/1.x behind one target"),
    C("GET / HTTP/1.1 \r\n" H E, "400 no version HTTP/1.x behind one target"),
    C(" GET / HTTP/1.1\r\n" H E, "400 this is not HTTP"),
    C("GET\t/ HTTP/1.1\r\n" H E, "400 no method and target"),
    C("GET /\tHTTP/1.1\r\n" H E, "400 a byte that no target may have"),
    C("GET /a b HTTP/1.1\r\n" H E, "400 no version HTTP/1.x behind one target"),
    C("GET /\r\n", "400 no target, or no version behind it"),
    C("GET\r\n", "400 no method and target"),
    C("/ HTTP/1.1\r\n", "400 this is not HTTP"),
    C("GET / http/1.1\r\n" H E, "400 no version HTTP/1.x behind one target"),
    C("GET / HTTP/1.1.1\r\n" H E, "400 no version HTTP/1.x behind one target"),
    C("GET / HTTP/11\r\n" H E, "400 no version HTTP/1.x behind one target"),
    C("GET / HTTP/1.x\r\n" H E, "400 no version HTTP/1.x behind one target"),
    C("GET / HTTP/2.0\r\n" H E, "505 only HTTP/1.0 and HTTP/1.1 are spoken"),
    C("GET / HTTP/0.9\r\n" H E, "505 only HTTP/1.0 and HTTP/1.1 are spoken"),
    C("GET / HTTP/1.2\r\n" H E, "GET origin / host=a keep"),
    C("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	"505 only HTTP/1.0 and HTTP/1.1 are spoken"),
    C("\x16\x03\x01\x02", "400 this is not HTTP"),
    C("\x80\x2e", "400 this is not HTTP"),
    C("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF / HTTP/1.1\r\n" H E,
	"ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF origin / host=a keep"),
    C("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG / HTTP/1.1\r\n" H E,
	"501 a method of more than 32 bytes"),
    /* Line ends. */
    C("\r\nGET / HTTP/1.1\r\n" H E, "GET origin / host=a keep"),
    C("\r\n\r\n\r\nGET / HTTP/1.1\r\n" H E, "GET origin / host=a keep"),
    C("\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\n" H E,
	"400 empty lines, no request"),
    C("GET / HTTP/1.1\nHost: a\n\n", "GET origin / host=a keep"),
    C("GET / HTTP/1.1\r\r\n" H E, "400 no version HTTP/1.x behind one target"),
    C("\rGET / HTTP/1.1\r\n" H E, "400 no method and target"),
    C("GET /\r HTTP/1.1\r\n" H E, "400 a byte that no target may have"),
    C("GET / HTTP/1.1\r\nHost: a\r\r\n\r\n",
	"400 a control character in a field"),
    C("GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n",
	"400 a control character in a field"),
    C("GET / HTTP/1.1\r\n" H "\r", "more"),
    C("GET / HTTP/1.1\r\n" H, "more"),
    C("GET / HTTP/1.1", "more"),
    C("G", "more"),
    C("", "more"),
    /* Targets, byte for byte. */
    C("GET /%2e%2E//;a=b/?q=%00&r=a?b HTTP/1.1\r\n" H E,
	"GET origin /%2e%2E//;a=b/?q=%00&r=a?b host=a keep"),
    C("GET /a|b\"<>\\^`{} HTTP/1.1\r\n" H E,
	"GET origin /a|b\"<>\\^`{} host=a keep"),
    C("GET /\xc3\xa4 HTTP/1.1\r\n" H E, "GET origin /\xc3\xa4 host=a keep"),
    C("GET //evil.example/x HTTP/1.1\r\n" H E,
	"GET origin //evil.example/x host=a keep"),
    C("GET /#a HTTP/1.1\r\n" H E, "400 a byte that no target may have"),
    C("GET /a\0b HTTP/1.1\r\n" H E, "400 a byte that no target may have"),
    C("GET /a\x7f HTTP/1.1\r\n" H E, "400 a byte that no target may have"),
    C("GET /a\x01 HTTP/1.1\r\n" H E, "400 a byte that no target may have"),
    C("GET x HTTP/1.1\r\n" H E, "400 the target is no path and no URL"),
    C("GET ?x HTTP/1.1\r\n" H E, "400 the target is no path and no URL"),
    C("GET * HTTP/1.1\r\n" H E, "400 the target * goes with OPTIONS only"),
    C("GET ** HTTP/1.1\r\n" H E, "400 the target is no path and no URL"),
    C("GET a:80 HTTP/1.1\r\n" H E, "400 the target is a URL without a host"),
    /* Absolute form. */
    C("GET http://b/x?y HTTP/1.1\r\n" H E,
	"GET absolute /x?y scheme=http authority=b host=a keep"),
    C("GET HTTP://b HTTP/1.1\r\n" H E,
	"GET absolute  scheme=HTTP authority=b host=a keep"),
    C("GET http://b?x HTTP/1.1\r\n" H E,
	"GET absolute ?x scheme=http authority=b host=a keep"),
    C("GET http://b:8080/ HTTP/1.1\r\n" H E,
	"GET absolute / scheme=http authority=b:8080 host=a keep"),
    C("GET http://[::1]:80/ HTTP/1.1\r\n" H E,
	"GET absolute / scheme=http authority=[::1]:80 host=a keep"),
    C("GET https://b/ HTTP/1.1\r\n" H E,
	"GET absolute / scheme=https authority=b host=a keep"),
    C("GET http://b/ HTTP/1.0\r\n\r\n",
	"GET absolute / scheme=http authority=b close 1.0"),
    C("GET http://b/ HTTP/1.1\r\n\r\n", "400 HTTP/1.1 without Host"),
    C("GET http:///x HTTP/1.1\r\n" H E,
	"400 the target is a URL without a host"),
    C("GET http:x HTTP/1.1\r\n" H E, "400 the target is a URL without a host"),
    C("GET ://b/ HTTP/1.1\r\n" H E, "400 the target is no path and no URL"),
    C("GET http://u@b/ HTTP/1.1\r\n" H E, "400 the target has no valid host"),
    C("GET http://b:x/ HTTP/1.1\r\n" H E, "400 the target has no valid host"),
    C("GET http://:80/ HTTP/1.1\r\n" H E, "400 the target has no valid host"),
    /* CONNECT. */
    C("CONNECT b:443 HTTP/1.1\r\n" H E,
	"CONNECT authority b:443 authority=b:443 host=a keep"),
    C("CONNECT b HTTP/1.1\r\n" H E, "400 the target has no valid host"),
    C("CONNECT /x HTTP/1.1\r\n" H E, "400 the target has no valid host"),
    /* Host. */
    C("GET / HTTP/1.1\r\n\r\n", "400 HTTP/1.1 without Host"),
    C("GET / HTTP/1.0\r\n\r\n", "GET origin / close 1.0"),
    C("GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", "400 more than one Host"),
    C("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", "400 more than one Host"),
    C("GET / HTTP/1.1\r\nHost:\r\n\r\n", "GET origin / host= keep"),
    C("GET / HTTP/1.1\r\nHost:a:80\r\n\r\n", "GET origin / host=a:80 keep"),
    C("GET / HTTP/1.1\r\nHOST: \t A.b. \t \r\n\r\n",
	"GET origin / host=A.b. keep"),
    C("GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
	"400 Host is not a host and a port"),
    C("GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", "GET origin / host=a,b keep"),
    C("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
	"400 Host is not a host and a port"),
    C("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n",
	"400 Host is not a host and a port"),
    C("GET / HTTP/1.1\r\nHost: a:99999\r\n\r\n",
	"400 Host is not a host and a port"),
    C("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n",
	"400 Host is not a host and a port"),
    C("GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n",
	"GET origin / host=[::1]:8080 keep"),
    /* Fields. */
    C("GET / HTTP/1.1\r\n" H "X: 1\r\nX-2:\r\nY:\t\x80\xff\t\r\n\r\n",
	"GET origin / host=a keep"),
    C("GET / HTTP/1.1\r\n" H "X : 1\r\n\r\n",
	"400 a field without a name before its ':'"),
    C("GET / HTTP/1.1\r\nHost : a\r\n\r\n",
	"400 a field without a name before its ':'"),
    C("GET / HTTP/1.1\r\n" H ": 1\r\n\r\n",
	"400 a field without a name before its ':'"),
    C("GET / HTTP/1.1\r\n" H "X\r\n\r\n",
	"400 a field without a name before its ':'"),
    C("GET / HTTP/1.1\r\n" H "X: 1\r\n 2\r\n\r\n",
	"400 a field that is folded over lines"),
    C("GET / HTTP/1.1\r\n" H "X: 1\r\n\t2\r\n\r\n",
	"400 a field that is folded over lines"),
    C("GET / HTTP/1.1\r\n X: 1\r\n" H "\r\n",
	"400 a field that is folded over lines"),
    C("GET / HTTP/1.1\r\n" H "X: a\0b\r\n\r\n",
	"400 a control character in a field"),
    C("GET / HTTP/1.1\r\n" H "X: a\x7f\r\n\r\n",
	"400 a control character in a field"),
    C("GET / HTTP/1.1\r\n" H "X\0: a\r\n\r\n",
	"400 a field without a name before its ':'"),
    /* Connection. */
    C("GET / HTTP/1.1\r\n" H "Connection: close\r\n\r\n",
	"GET origin / host=a close"),
    C("GET / HTTP/1.1\r\n" H "connection: x , CLOSE\r\n\r\n",
	"GET origin / host=a close"),
    C("GET / HTTP/1.1\r\n" H "Connection: keep-alive, Upgrade\r\n\r\n",
	"GET origin / host=a keep"),
    C("GET / HTTP/1.1\r\n" H "Connection: closed\r\n\r\n",
	"GET origin / host=a keep"),
    C("GET / HTTP/1.0\r\n" H "Connection: keep-alive\r\n\r\n",
	"GET origin / host=a keep 1.0"),
    C("GET / HTTP/1.0\r\n" H "Connection: Keep-Alive, close\r\n\r\n",
	"GET origin / host=a close 1.0"),
    C("GET / HTTP/1.0\r\n" H "Connection:\r\n\r\n",
	"GET origin / host=a close 1.0"),
    /* Content. */
    C("POST / HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\nabcde",
	"POST origin / host=a keep body=5"),
    C("POST / HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n",
	"POST origin / host=a keep"),
    C("POST / HTTP/1.1\r\n" H "Content-Length: 007\r\n\r\n",
	"POST origin / host=a keep body=7"),
    C("POST / HTTP/1.1\r\n" H "Content-Length: -1\r\n\r\n",
	"400 Content-Length is not a number"),
    C("POST / HTTP/1.1\r\n" H "Content-Length: +1\r\n\r\n",
	"400 Content-Length is not a number"),
    C("POST / HTTP/1.1\r\n" H "Content-Length: 0x1\r\n\r\n",
	"400 Content-Length is not a number"),
    C("POST / HTTP/1.1\r\n" H "Content-Length: 5, 5\r\n\r\n",
	"400 Content-Length is not a number"),
    C("POST / HTTP/1.1\r\n" H "Content-Length:\r\n\r\n",
	"400 Content-Length is not a number"),
    C("POST / HTTP/1.1\r\n" H "Content-Length: 5\r\nContent-Length: 5\r\n\r\n",
	"400 more than one Content-Length"),
    C("POST / HTTP/1.1\r\n" H
      "Content-Length: 99999999999999999999999999\r\n\r\n",
	"POST origin / host=a keep body=huge"),
    C("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n",
	"POST origin / host=a keep chunked"),
    C("POST / HTTP/1.1\r\n" H "Transfer-Encoding: Chunked\r\n\r\n",
	"POST origin / host=a keep chunked"),
    C("POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip, chunked\r\n\r\n",
	"501 a transfer coding other than chunked"),
    C("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked, gzip\r\n\r\n",
	"400 chunked is not the last coding"),
    C("POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip\r\n\r\n",
	"400 Transfer-Encoding does not end chunked"),
    C("POST / HTTP/1.1\r\n" H "Transfer-Encoding:\r\n\r\n",
	"400 Transfer-Encoding does not end chunked"),
    C("POST / HTTP/1.1\r\n" H
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
	"400 Transfer-Encoding does not end chunked"),
    C("POST / HTTP/1.1\r\n" H "Transfer-Encoding: xchunked\r\n\r\n",
	"400 Transfer-Encoding does not end chunked"),
    C("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked;x=1\r\n\r\n",
	"400 Transfer-Encoding does not end chunked"),
    C("POST / HTTP/1.1\r\n" H
      "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
	"400 Transfer-Encoding and Content-Length"),
    C("POST / HTTP/1.1\r\n" H
      "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
	"400 Transfer-Encoding and Content-Length"),
    C("POST / HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n",
	"400 Transfer-Encoding in HTTP/1.0"),
    C("POST / HTTP/1.1\r\n" H
      "Content-Length: 5\r\nExpect: 100-Continue\r\n\r\n",
	"POST origin / host=a keep body=5 expects"),
    C("POST / HTTP/1.0\r\n" H
      "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n",
	"POST origin / host=a close body=5 1.0"),
    C("POST / HTTP/1.1\r\n" H "Expect: x\r\n\r\n",
	"417 only 100-continue can be expected"),
    /* Hints about loops. */
    C("GET / HTTP/1.1\r\n" H "Cache-Control: max-age=0\r\n\r\n",
	"GET origin / host=a keep reload"),
    C("GET / HTTP/1.1\r\n" H "Cache-Control: no-store, No-Cache\r\n\r\n",
	"GET origin / host=a keep reload"),
    C("GET / HTTP/1.1\r\n" H "Pragma: no-cache\r\n\r\n",
	"GET origin / host=a keep reload"),
    C("GET / HTTP/1.1\r\n" H "Cache-Control: max-age=01\r\n\r\n",
	"GET origin / host=a keep"),
    C("GET / HTTP/1.1\r\n" H "Cookie: a=b; hop=1.2.3; c=d\r\n\r\n",
	"GET origin / host=a keep mark=1.2.3"),
    C("GET / HTTP/1.1\r\n" H "Cookie: hop=x\r\n\r\n",
	"GET origin / host=a keep mark=x"),
    C("GET / HTTP/1.1\r\n" H "Cookie: xhop=x;;; hop=\r\n\r\n",
	"GET origin / host=a keep"),
    C("GET / HTTP/1.1\r\n" H "Cookie:\r\n\r\n", "GET origin / host=a keep"),
    /* What follows is the next one's. */
    C("GET /1 HTTP/1.1\r\n" H "\r\nGET /2 HTTP/1.1\r\n",
	"GET origin /1 host=a keep"),
};

static void
add(char *text, size_t size, const char *name, const char *buf, struct span s)
{
	size_t n = strlen(text);

	(void)snprintf(
	    text + n, size - n, "%s%.*s", name, (int)s.len, buf + s.at);
}

static void
flag(char *text, size_t size, bool is, const char *word)
{
	size_t n = strlen(text);

	if (is)
		(void)snprintf(text + n, size - n, " %s", word);
}

static void
describe(const struct http_parse *p, int rc, const char *buf, char *text,
    size_t size)
{
	static const char *const form[] = {
	    " origin ", " absolute ", " authority ", " asterisk "};
	const struct http_request *r = &p->req;
	char body[32];

	text[0] = '\0';
	if (rc == HTTP_MORE) {
		(void)snprintf(text, size, "more");
		return;
	}
	if (rc != HTTP_DONE) {
		(void)snprintf(text, size, "%d %s", rc, p->why);
		return;
	}
	add(text, size, "", buf, r->word);
	add(text, size, form[r->form], buf, r->target);
	if (r->scheme.len > 0)
		add(text, size, " scheme=", buf, r->scheme);
	if (r->authority.len > 0)
		add(text, size, " authority=", buf, r->authority);
	if (r->has_host)
		add(text, size, " host=", buf, r->host);
	flag(text, size, true, r->keep_alive ? "keep" : "close");
	(void)snprintf(body, sizeof(body), "body=%u", (unsigned)r->body);
	flag(text, size, r->body > 0,
	    r->body > UINT64_MAX / 1000 ? "body=huge" : body);
	flag(text, size, r->chunked, "chunked");
	flag(text, size, r->expects, "expects");
	flag(text, size, r->reload, "reload");
	if (r->mark.len > 0)
		add(text, size, " mark=", buf, r->mark);
	flag(text, size, r->minor == 0, "1.0");
}

/* One more call, from memory of its own. */
static int
step(struct http_parse *p, const char *bytes, size_t len, char *text,
    size_t size)
{
	char *copy = malloc(len > 0 ? len : 1);
	int rc;

	memcpy(copy, bytes, len);
	rc = http_parse(p, copy, len);
	describe(p, rc, copy, text, size);
	free(copy);
	return rc;
}

static void
in_one_piece(void)
{
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct http_parse p = {0};
		char got[4096];

		(void)step(&p, cases[i].bytes, cases[i].len, got, sizeof(got));
		if (strcmp(got, cases[i].want) != 0)
			printf("case %zu: %.40s: got \"%s\"\n", i,
			    cases[i].bytes, got);
		CU_ASSERT_STRING_EQUAL(got, cases[i].want);
	}
}

static void
cut_anywhere(void)
{
	size_t i, k;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (k = 0; k <= cases[i].len; k++) {
			struct http_parse p = {0};
			char got[4096];

			if (step(&p, cases[i].bytes, k, got, sizeof(got)) ==
			    HTTP_MORE)
				(void)step(&p, cases[i].bytes, cases[i].len,
				    got, sizeof(got));
			CU_ASSERT_STRING_EQUAL(got, cases[i].want);
		}
}

static void
byte_by_byte(void)
{
	size_t i, k;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct http_parse p = {0};
		char got[4096] = "more";
		int rc = HTTP_MORE;

		for (k = 1; k <= cases[i].len && rc == HTTP_MORE; k++)
			rc = step(&p, cases[i].bytes, k, got, sizeof(got));
		CU_ASSERT_STRING_EQUAL(got, cases[i].want);
	}
}

/* A request line of this many bytes and fields of this many each. */
static int
big(size_t line, size_t field, size_t fields)
{
	static char buf[200000];
	struct http_parse p = {0}, q = {0};
	size_t n, i, k,
	    cut[] = {1, 100, HTTP_LINE_MAX, HTTP_LINE_MAX + 1,
		HTTP_LINE_MAX + 2, HTTP_HEAD_MAX, HTTP_HEAD_MAX + 1,
		HTTP_HEAD_MAX + 2};
	int rc, rc2 = HTTP_MORE;

	n = (size_t)sprintf(buf, "GET /");
	memset(buf + n, 'a', line - n - 9);
	n = line - 9;
	n += (size_t)sprintf(buf + n, " HTTP/1.1\r\nHost: a\r\n");
	for (i = 0; i < fields; i++) {
		buf[n] = 'X';
		buf[n + 1] = ':';
		memset(buf + n + 2, 'b', field - 2);
		n += field;
		n += (size_t)sprintf(buf + n, "\r\n");
	}
	n += (size_t)sprintf(buf + n, "\r\n");
	rc = http_parse(&p, buf, n);
	for (k = 0; k < sizeof(cut) / sizeof(cut[0]); k++)
		if (rc2 == HTTP_MORE && cut[k] < n)
			rc2 = http_parse(&q, buf, cut[k]);
	if (rc2 == HTTP_MORE)
		rc2 = http_parse(&q, buf, n);
	CU_ASSERT_EQUAL(rc, rc2);
	return rc;
}

static void
what_is_too_long_is_refused(void)
{
	CU_ASSERT_EQUAL(big(HTTP_LINE_MAX, 10, 1), HTTP_DONE);
	CU_ASSERT_EQUAL(big(HTTP_LINE_MAX + 1, 10, 1), 414);
	CU_ASSERT_EQUAL(big(HTTP_LINE_MAX + 5000, 10, 1), 414);
	CU_ASSERT_EQUAL(big(100000, 10, 1), 414);
	CU_ASSERT_EQUAL(big(100, 8000, 2), HTTP_DONE);
	CU_ASSERT_EQUAL(big(100, 8200, 2), 431);
	CU_ASSERT_EQUAL(big(100, 60000, 1), 431);
	CU_ASSERT_EQUAL(big(100, 20, HTTP_FIELDS_MAX - 1), HTTP_DONE);
	CU_ASSERT_EQUAL(big(100, 20, HTTP_FIELDS_MAX), 431);
	CU_ASSERT_EQUAL(big(100, 20, 1000), 431);
}

static void
a_line_without_end_is_refused(void)
{
	static char buf[HTTP_HEAD_MAX + 2];
	struct http_parse p = {0};

	memset(buf, 'A', sizeof(buf));
	CU_ASSERT_EQUAL(http_parse(&p, buf, HTTP_LINE_MAX + 1), HTTP_MORE);
	CU_ASSERT_EQUAL(http_parse(&p, buf, HTTP_LINE_MAX + 2), 414);
}

static void
head_len_is_where_the_content_begins(void)
{
	static const char bytes[] =
	    "\r\nPOST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab";
	struct http_parse p = {0};

	CU_ASSERT_EQUAL(http_parse(&p, bytes, sizeof(bytes) - 1), HTTP_DONE);
	CU_ASSERT_EQUAL(p.req.head_len, sizeof(bytes) - 3);
}

/* Content: what the skipper uses of it, and how it ends. */
static const struct {
	const char *bytes;
	int rc;
	size_t used;
} bodies[] = {
    {"0\r\n\r\nGET", 1, 5},
    {"5\r\nabcde\r\n0\r\n\r\nGET", 1, 15},
    {"5\r\nab\r\ne\r\n0\r\n\r\n", 1, 15},
    {"5;x=\"y\"\r\nabcde\r\n0\r\nA: b\r\nC: d\r\n\r\nX", 1, 33},
    {"a\r\n0123456789\r\nA\r\n0123456789\r\n00\r\n\r\n", 1, 36},
    {"\r\n", -1, 1},
    {"g\r\n", -1, 1},
    {"-1\r\n", -1, 1},
    {"0x5\r\n", -1, 2},
    {"5\nabcde", -1, 2},
    {"5\r\rabcde", -1, 3},
    {"5\r\nabcdeX", -1, 9},
    {"5\r\nabcde\rX", -1, 10},
    {"5;\x01\r\n", -1, 3},
    {"0\r\n: x\r\n\r\n", -1, 4},
    {"0\r\nA\n\r\n", -1, 5},
    {"0\r\n\rX", -1, 5},
    {"ffffffffffffffff\r\n", -1, 16},
    {"fffffffffffffffff\r\n", -1, 16},
    {"5\r\nabc", 0, 6},
};

static void
chunks_are_skipped_wherever_they_are_cut(void)
{
	const struct http_request r = {.chunked = true};
	size_t i, k, used, all;

	for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		size_t len = strlen(bodies[i].bytes);

		for (k = 0; k <= len; k++) {
			struct http_body b;
			int rc;

			http_body_start(&b, &r);
			rc = http_body_skip(&b, bodies[i].bytes, k, &all);
			if (rc == 0) {
				rc = http_body_skip(
				    &b, bodies[i].bytes + k, len - k, &used);
				all += used;
			}
			CU_ASSERT_EQUAL(rc, bodies[i].rc);
			CU_ASSERT_EQUAL(all, bodies[i].used);
			CU_ASSERT_EQUAL(b.seen, bodies[i].used);
		}
	}
}

static void
content_of_a_length_is_skipped(void)
{
	const struct http_request r = {.body = 5}, none = {.body = 0};
	struct http_body b;
	size_t used;

	http_body_start(&b, &r);
	CU_ASSERT_EQUAL(http_body_skip(&b, "ab", 2, &used), 0);
	CU_ASSERT_EQUAL(used, 2);
	CU_ASSERT_EQUAL(http_body_skip(&b, "cdeGET", 6, &used), 1);
	CU_ASSERT_EQUAL(used, 3);
	http_body_start(&b, &none);
	CU_ASSERT_EQUAL(http_body_skip(&b, "GET", 3, &used), 1);
	CU_ASSERT_EQUAL(used, 0);
}

static void
an_authority_is_host_and_port(void)
{
	static const struct {
		const char *text;
		int rc;
		size_t len;
		unsigned port;
	} t[] = {
	    {"a", 0, 1, 0},
	    {"a.", 0, 1, 0},
	    {"a.:80", 0, 1, 80},
	    {"a:", 0, 1, 0},
	    {"a:0080", 0, 1, 80},
	    {"a:65535", 0, 1, 65535},
	    {"a:65536", -1, 0, 0},
	    {"", 0, 0, 0},
	    {".", 0, 1, 0},
	    {"[::1]", 0, 5, 0},
	    {"[::1]x", -1, 0, 0},
	    {"[]", -1, 0, 0},
	    {"[", -1, 0, 0},
	    {"[::1]:8", 0, 5, 8},
	    {"a:b", -1, 0, 0},
	    {"a:1:2", -1, 0, 0},
	    {"\xc3\xa4", -1, 0, 0},
	    {"%41", 0, 3, 0},
	};
	struct http_authority a;
	char host[300];
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		int rc = http_authority(t[i].text, strlen(t[i].text), &a);

		CU_ASSERT_EQUAL(rc, t[i].rc);
		CU_ASSERT(rc < 0 || (a.len == t[i].len && a.port == t[i].port));
	}
	memset(host, 'a', sizeof(host));
	CU_ASSERT_EQUAL(http_authority(host, HTTP_HOST_MAX, &a), 0);
	CU_ASSERT_EQUAL(http_authority(host, HTTP_HOST_MAX + 1, &a), -1);
}

static void
every_byte_is_judged_in_each_place(void)
{
	int c;

	for (c = 0; c < 256; c++) {
		char line[] = "GET /x HTTP/1.1\r\nHost: a\r\nX: yz\r\n\r\n";
		struct http_parse p = {0}, q = {0}, m = {0};
		bool token = c != 0 && (strchr("!#$%&'*+-.^_`|~", c) != NULL ||
					   (c >= '0' && c <= '9') ||
					   (c >= 'A' && c <= 'Z') ||
					   (c >= 'a' && c <= 'z'));

		line[5] = (char)c;
		CU_ASSERT_EQUAL(
		    http_parse(&p, line, sizeof(line) - 1) == HTTP_DONE,
		    c > ' ' && c != 127 && c != '#');
		line[5] = 'x';
		line[30] = (char)c;
		CU_ASSERT_EQUAL(
		    http_parse(&q, line, sizeof(line) - 1) == HTTP_DONE,
		    (c >= ' ' && c != 127) || c == '\t' || c == '\n');
		line[30] = 'z';
		line[1] = (char)c;
		CU_ASSERT_EQUAL(
		    http_parse(&m, line, sizeof(line) - 1) == HTTP_DONE, token);
	}
}

static const struct unit_test tests[] = {
    {"each request is understood or refused as the RFCs say", in_one_piece},
    {"a cut anywhere changes nothing", cut_anywhere},
    {"single bytes change nothing", byte_by_byte},
    {"what is too long is refused, 414 or 431", what_is_too_long_is_refused},
    {"a line without end is refused", a_line_without_end_is_refused},
    {"the head ends where the content begins",
	head_len_is_where_the_content_begins},
    {"chunks are skipped wherever they are cut",
	chunks_are_skipped_wherever_they_are_cut},
    {"content of a length is skipped", content_of_a_length_is_skipped},
    {"an authority is a host and a port", an_authority_is_host_and_port},
    {"every byte is judged in each place", every_byte_is_judged_in_each_place},
};

UNIT_MAIN("frontend/http_parse", tests)
