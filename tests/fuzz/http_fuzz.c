/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HTTP requests: the first two bytes say where the others are cut in two. Both
 * ways must agree; what is accepted must be within the bounds, and its
 * response must be one response.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/http_parse.h"
#include "frontend/loop.h"
#include "frontend/reply.h"

static void
check(int ok)
{
	if (!ok)
		abort();
}

/* Memory of exactly this size, so that reading behind it is seen. */
static char *
copy(const uint8_t *data, size_t len)
{
	char *p = malloc(len > 0 ? len : 1);

	check(p != NULL);
	memcpy(p, data, len);
	return p;
}

static void
inside(struct span s, const struct http_request *r)
{
	check(s.at <= r->head_len && s.len <= r->head_len - s.at);
}

static void
respond(const struct http_request *r, const char *bytes)
{
	static char out[REPLY_MAX];
	const char *end = out, *body;
	bool marked;
	struct reply reply = {
	    .status = 302,
	    .date = "Sun, 06 Nov 1994 08:49:37 GMT",
	    .scheme = "http",
	    .host = "la1-la.test",
	    .path = bytes + r->target.at,
	    .server = "la1",
	    .border = "la",
	};
	size_t n, lines = 0;

	reply.path_len = loop_unmark(reply.path, r->target.len, &marked);
	n = reply_format(&reply, out, sizeof(out));
	check(n > 0);
	body = memmem(out, n, "\r\n\r\n", 4);
	check(body != NULL);
	/* Nothing of the request has made a line of its own. */
	while ((end = memchr(end, '\n', (size_t)(body - end))) != NULL) {
		check(end[-1] == '\r');
		lines++;
		end++;
	}
	check(lines == 6);
}

static void
accepted(const struct http_request *r, const char *bytes, size_t len)
{
	struct http_authority a;
	struct http_body b;
	size_t used = 0;

	check(r->head_len <= len && r->head_len <= HTTP_HEAD_MAX + 2);
	inside(r->word, r);
	inside(r->target, r);
	inside(r->scheme, r);
	inside(r->authority, r);
	inside(r->host, r);
	inside(r->mark, r);
	check(r->minor == 0 || r->has_host);
	check(!r->chunked || r->body == 0);
	check(http_authority(bytes + r->host.at, r->host.len, &a) == 0);
	http_body_start(&b, r);
	(void)http_body_skip(&b, bytes + r->head_len, len - r->head_len, &used);
	check(used <= len - r->head_len && b.seen == used);
	respond(r, bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_parse whole = {0}, parts = {0};
	size_t cut, len;
	char *a, *b;
	int rc, rc2;

	if (size < 2)
		return 0;
	cut = (size_t)data[0] << 8 | data[1];
	data += 2;
	len = size - 2;
	cut = len > 0 ? cut % (len + 1) : 0;
	a = copy(data, len);
	b = copy(data, cut);
	rc = http_parse(&whole, a, len);
	rc2 = http_parse(&parts, b, cut);
	free(b);
	if (rc2 == HTTP_MORE)
		rc2 = http_parse(&parts, a, len);
	check(rc == rc2);
	if (rc == HTTP_DONE) {
		check(memcmp(&whole.req, &parts.req, sizeof(whole.req)) == 0);
		accepted(&whole.req, a, len);
	} else if (rc != HTTP_MORE) {
		check(rc >= 400 && whole.why != NULL);
		check(whole.why == parts.why);
	}
	free(a);
	return 0;
}
