/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests are parsed line by line as their line ends come in: what a line
 * says depends on its bytes alone, so that the pieces they came in do not
 * matter. A refusal is final.
 */
#include "frontend/http_parse.h"

#include <string.h>
#include <strings.h>

enum { TOKEN = 1, TARGET = 2, VALUE = 4, REGNAME = 8, DIGIT = 16, HEX = 32 };

/*
 * Classes of bytes. TOKEN: RFC 9110, 5.6.2. TARGET: all visible bytes but '#',
 * and those above 127, which are not legal but common (raw UTF-8 in links).
 * VALUE: field content with space and tab. REGNAME: RFC 3986, 3.2.2.
 */
#define T  (TARGET | VALUE)
#define TR (TARGET | VALUE | REGNAME)
#define TK (TARGET | VALUE | TOKEN)
#define A  (TARGET | VALUE | TOKEN | REGNAME)
#define AX (A | HEX)
#define D  (A | DIGIT | HEX)
#define H8 T, T, T, T, T, T, T, T
/* clang-format off */
static const uint8_t class[256] = {
	['\t'] = VALUE, [' '] = VALUE,
	['!'] = A, ['"'] = T, ['#'] = VALUE | TOKEN, ['$'] = A, ['%'] = A,
	['&'] = A, ['\''] = A, ['('] = TR, [')'] = TR, ['*'] = A, ['+'] = A,
	[','] = TR, ['-'] = A, ['.'] = A, ['/'] = T,
	['0'] = D, D, D, D, D, D, D, D, D, D,
	[':'] = T, [';'] = TR, ['<'] = T, ['='] = TR, ['>'] = T, ['?'] = T,
	['@'] = T,
	['A'] = AX, AX, AX, AX, AX, AX,
	['G'] = A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A,
	['['] = T, ['\\'] = T, [']'] = T, ['^'] = TK, ['_'] = A, ['`'] = TK,
	['a'] = AX, AX, AX, AX, AX, AX,
	['g'] = A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A,
	['{'] = T, ['|'] = TK, ['}'] = T, ['~'] = A,
	[128] = H8, H8, H8, H8, H8, H8, H8, H8,
	H8, H8, H8, H8, H8, H8, H8, H8,
};
/* clang-format on */
#undef T
#undef TR
#undef TK
#undef A
#undef AX
#undef D
#undef H8

static bool
is(char c, unsigned what)
{
	return (class[(uint8_t)c] & what) != 0;
}

/* How many bytes from the start are of this class. */
static size_t
run(const char *s, size_t len, unsigned what)
{
	size_t n = 0;

	while (n < len && is(s[n], what))
		n++;
	return n;
}

static bool
same(const char *s, size_t len, const char *word)
{
	return strlen(word) == len && strncasecmp(s, word, len) == 0;
}

static int
refuse(struct http_parse *p, int status, const char *why)
{
	p->why = why;
	return status;
}

static enum http_method
method(const char *s, size_t len)
{
	static const struct {
		const char *word;
		enum http_method method;
	} words[] = {
	    {"GET", HTTP_GET},
	    {"HEAD", HTTP_HEAD},
	    {"OPTIONS", HTTP_OPTIONS},
	    {"CONNECT", HTTP_CONNECT},
	    {"TRACE", HTTP_TRACE},
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i].word) == len &&
		    memcmp(words[i].word, s, len) == 0)
			return words[i].method;
	return HTTP_OTHER;
}

static struct span
span(size_t at, size_t len)
{
	return (struct span){(uint32_t)at, (uint32_t)len};
}

/* scheme://authority, and what follows is path and query (RFC 9112, 3.2.2). */
static int
absolute(struct http_parse *p, const char *buf, size_t at, size_t len)
{
	struct http_request *r = &p->req;
	const char *s = buf + at, *colon = memchr(s, ':', len), *end = s + len;
	const char *host, *rest;

	if (colon == NULL || colon == s ||
	    run(s, (size_t)(colon - s), REGNAME) != (size_t)(colon - s))
		return refuse(p, 400, "the target is no path and no URL");
	if (end - colon < 3 || memcmp(colon, "://", 3) != 0)
		return refuse(p, 400, "the target is a URL without a host");
	host = colon + 3;
	for (rest = host; rest < end && *rest != '/' && *rest != '?'; rest++)
		;
	if (rest == host)
		return refuse(p, 400, "the target is a URL without a host");
	r->form = HTTP_ABSOLUTE;
	r->scheme = span(at, (size_t)(colon - s));
	r->authority = span((size_t)(host - buf), (size_t)(rest - host));
	r->target = span((size_t)(rest - buf), (size_t)(end - rest));
	return HTTP_MORE;
}

static int
target(struct http_parse *p, const char *buf, size_t at, size_t len)
{
	struct http_request *r = &p->req;

	r->target = span(at, len);
	if (r->method == HTTP_CONNECT) {
		r->form = HTTP_AUTHORITY;
		r->authority = r->target;
		return HTTP_MORE;
	}
	if (buf[at] == '/') {
		r->form = HTTP_ORIGIN;
		return HTTP_MORE;
	}
	if (len == 1 && buf[at] == '*') {
		r->form = HTTP_ASTERISK;
		if (r->method != HTTP_OPTIONS)
			return refuse(
			    p, 400, "the target * goes with OPTIONS only");
		return HTTP_MORE;
	}
	return absolute(p, buf, at, len);
}

/* method SP target SP HTTP/1.x, nothing more (RFC 9112, 3). */
static int
request_line(struct http_parse *p, const char *buf, size_t at, size_t len)
{
	const char *s = buf + at, *v;
	size_t m = run(s, len, TOKEN), t;

	if (m == 0 || m == len || s[m] != ' ')
		return refuse(p, 400, "no method and target");
	if (m > HTTP_METHOD_MAX)
		return refuse(p, 501, "a method of more than 32 bytes");
	p->req.word = span(at, m);
	p->req.method = method(s, m);
	t = run(s + m + 1, len - m - 1, TARGET);
	v = s + m + 1 + t;
	if (t == 0 || v == s + len)
		return refuse(p, 400, "no target, or no version behind it");
	if (*v != ' ')
		return refuse(p, 400, "a byte that no target may have");
	v++;
	if (s + len - v != 8 || memcmp(v, "HTTP/", 5) != 0 ||
	    !is(v[5], DIGIT) || v[6] != '.' || !is(v[7], DIGIT))
		return refuse(p, 400, "no version HTTP/1.x behind one target");
	if (v[5] != '1')
		return refuse(p, 505, "only HTTP/1.0 and HTTP/1.1 are spoken");
	/* A higher minor version is no reason to refuse (RFC 9110, 2.5). */
	p->req.minor = v[7] == '0' ? 0 : 1;
	p->started = true;
	return target(p, buf, at + m + 1, t);
}

/* Each element of a comma-separated list; false at its end. */
static bool
element(const char **s, const char *end, const char **word, size_t *len)
{
	const char *e;

	while (*s < end && (**s == ' ' || **s == '\t' || **s == ','))
		(*s)++;
	if (*s == end)
		return false;
	for (e = *s; e < end && *e != ','; e++)
		;
	*word = *s;
	*len = (size_t)(e - *s);
	while ((*word)[*len - 1] == ' ' || (*word)[*len - 1] == '\t')
		(*len)--;
	*s = e;
	return true;
}

static int
on_host(struct http_parse *p, const char *buf, struct span v)
{
	struct http_authority a;

	if (p->req.has_host)
		return refuse(p, 400, "more than one Host");
	if (http_authority(buf + v.at, v.len, &a) < 0)
		return refuse(p, 400, "Host is not a host and a port");
	p->req.has_host = true;
	p->req.host = v;
	return HTTP_MORE;
}

static int
on_content_length(struct http_parse *p, const char *buf, struct span v)
{
	uint64_t n = 0;
	size_t i;

	/* The same twice, or as a list, may be repaired (RFC 9112, 6.3) or
	 * refused; what is ambiguous to a proxy before us is refused. */
	if (p->lengths++ > 0)
		return refuse(p, 400, "more than one Content-Length");
	if (v.len == 0)
		return refuse(p, 400, "Content-Length is not a number");
	for (i = 0; i < v.len; i++) {
		if (!is(buf[v.at + i], DIGIT))
			return refuse(p, 400, "Content-Length is not a number");
		if (n < UINT64_MAX / 16)
			n = n * 10 + (uint64_t)(buf[v.at + i] - '0');
	}
	p->req.body = n;
	return HTTP_MORE;
}

static int
on_transfer_encoding(struct http_parse *p, const char *buf, struct span v)
{
	const char *s = buf + v.at, *end = s + v.len, *word;
	size_t len = 0, n = 0;
	bool last = false;

	for (; element(&s, end, &word, &len); n++) {
		if (last)
			return refuse(p, 400, "chunked is not the last coding");
		last = same(word, len, "chunked");
	}
	if (!last || p->encodings++ > 0)
		return refuse(p, 400, "Transfer-Encoding does not end chunked");
	if (n > 1)
		return refuse(p, 501, "a transfer coding other than chunked");
	p->req.chunked = true;
	return HTTP_MORE;
}

static int
on_connection(struct http_parse *p, const char *buf, struct span v)
{
	const char *s = buf + v.at, *end = s + v.len, *word;
	size_t len = 0;

	while (element(&s, end, &word, &len)) {
		if (same(word, len, "close"))
			p->says_close = true;
		else if (same(word, len, "keep-alive"))
			p->says_keep = true;
	}
	return HTTP_MORE;
}

static int
on_expect(struct http_parse *p, const char *buf, struct span v)
{
	if (!same(buf + v.at, v.len, "100-continue"))
		return refuse(p, 417, "only 100-continue can be expected");
	/* HTTP/1.0 has no 100 (Continue), nor waits for one. */
	p->req.expects = p->req.minor > 0;
	return HTTP_MORE;
}

static int
on_cache_control(struct http_parse *p, const char *buf, struct span v)
{
	const char *s = buf + v.at, *end = s + v.len, *word;
	size_t len = 0;

	while (element(&s, end, &word, &len))
		if (same(word, len, "max-age=0") || same(word, len, "no-cache"))
			p->req.reload = true;
	return HTTP_MORE;
}

/* The value of the cookie "hop" (RFC 6265, 4.2.1), if there. */
static int
on_cookie(struct http_parse *p, const char *buf, struct span v)
{
	const char *s = buf + v.at, *end = s + v.len, *e;

	for (; s < end; s = e + 1) {
		while (s < end && *s == ' ')
			s++;
		e = memchr(s, ';', (size_t)(end - s));
		if (e == NULL)
			e = end;
		if (e - s > 4 && memcmp(s, "hop=", 4) == 0)
			p->req.mark =
			    span((size_t)(s + 4 - buf), (size_t)(e - s - 4));
	}
	return HTTP_MORE;
}

struct field {
	const char *name;
	size_t len;
	int (*on)(struct http_parse *p, const char *buf, struct span value);
};

#define FIELD(name, on)                     \
	{                                   \
		name, sizeof(name) - 1, on, \
	}
static const struct field fields[] = {
    FIELD("host", on_host),
    FIELD("cookie", on_cookie),
    FIELD("expect", on_expect),
    FIELD("pragma", on_cache_control),
    FIELD("connection", on_connection),
    FIELD("cache-control", on_cache_control),
    FIELD("content-length", on_content_length),
    FIELD("transfer-encoding", on_transfer_encoding),
};

/* name ":" OWS value OWS (RFC 9112, 5). */
static int
field_line(struct http_parse *p, const char *buf, size_t at, size_t len)
{
	const char *s = buf + at;
	size_t n = run(s, len, TOKEN), i, v = n + 1, end = len;

	if (*s == ' ' || *s == '\t')
		return refuse(p, 400, "a field that is folded over lines");
	if (++p->fields > HTTP_FIELDS_MAX)
		return refuse(p, 431, "more than 100 fields");
	if (n == 0 || n == len || s[n] != ':')
		return refuse(p, 400, "a field without a name before its ':'");
	if (run(s + v, len - v, VALUE) != len - v)
		return refuse(p, 400, "a control character in a field");
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (fields[i].len != n ||
		    strncasecmp(fields[i].name, s, n) != 0)
			continue;
		while (v < end && (s[v] == ' ' || s[v] == '\t'))
			v++;
		while (end > v && (s[end - 1] == ' ' || s[end - 1] == '\t'))
			end--;
		return fields[i].on(p, buf, span(at + v, end - v));
	}
	return HTTP_MORE;
}

/* The empty line has come: what only all fields together can tell. */
static int
finish(struct http_parse *p, const char *buf, size_t end)
{
	struct http_request *r = &p->req;
	struct http_authority a;

	if (r->minor > 0 && !r->has_host)
		return refuse(p, 400, "HTTP/1.1 without Host");
	/* Whichever of the two a proxy before us believed, we cannot know: the
	 * way requests are smuggled (RFC 9112, 6.1 and 11.2). */
	if (p->encodings > 0 && p->lengths > 0)
		return refuse(p, 400, "Transfer-Encoding and Content-Length");
	if (p->encodings > 0 && r->minor == 0)
		return refuse(p, 400, "Transfer-Encoding in HTTP/1.0");
	if (r->authority.len > 0 &&
	    (http_authority(buf + r->authority.at, r->authority.len, &a) < 0 ||
		a.len == 0 || (r->form == HTTP_AUTHORITY && a.port == 0)))
		return refuse(p, 400, "the target has no valid host");
	r->keep_alive = !p->says_close && (r->minor > 0 || p->says_keep);
	r->head_len = (uint32_t)end;
	return HTTP_DONE;
}

/* A complete line at p->line, without its end; `next` is behind it. */
static int
line(struct http_parse *p, const char *buf, size_t len, size_t next)
{
	size_t at = p->line;

	p->line = (uint32_t)next;
	if (len > 0)
		return p->started ? field_line(p, buf, at, len)
				  : request_line(p, buf, at, len);
	if (p->started)
		return finish(p, buf, next);
	/* Old clients send an empty line behind a POST (RFC 9112, 2.2). */
	return next > 8 ? refuse(p, 400, "empty lines, no request") : HTTP_MORE;
}

/* What can be said of a line by its first byte and its length. */
static int
early(struct http_parse *p, const char *buf, size_t end)
{
	if (!p->started && end > p->line && buf[p->line] != '\r' &&
	    buf[p->line] != '\n' && !is(buf[p->line], TOKEN))
		return refuse(p, 400, "this is not HTTP");
	if (!p->started && end - p->line > HTTP_LINE_MAX + 1)
		return refuse(p, 414, "a request line of more than 8192 bytes");
	if (end > HTTP_HEAD_MAX)
		return refuse(p, 431, "a head of more than 16384 bytes");
	return HTTP_MORE;
}

int
http_parse(struct http_parse *p, const char *buf, size_t len)
{
	while (p->scan < len) {
		const char *lf = memchr(buf + p->scan, '\n', len - p->scan);
		size_t next = lf != NULL ? (size_t)(lf - buf) + 1 : len, n;
		int rc = early(p, buf, lf != NULL ? next - 1 : next);

		p->scan = (uint32_t)next;
		if (rc != HTTP_MORE)
			return rc;
		if (lf == NULL)
			break;
		n = next - 1 - p->line;
		if (n > 0 && buf[p->line + n - 1] == '\r')
			n--;
		rc = line(p, buf, n, next);
		if (rc != HTTP_MORE)
			return rc;
	}
	return HTTP_MORE;
}

int
http_authority(const char *text, size_t len, struct http_authority *a)
{
	size_t n = 0, port = 0;

	memset(a, 0, sizeof(*a));
	if (len > 0 && text[0] == '[') {
		n = 1;
		while (n < len &&
		       (is(text[n], HEX) || text[n] == ':' || text[n] == '.'))
			n++;
		if (n < 3 || n == len || text[n++] != ']')
			return -1;
	} else {
		n = run(text, len, REGNAME);
	}
	if (n > HTTP_HOST_MAX || (n < len && text[n] != ':'))
		return -1;
	a->host = text;
	a->len = n;
	/* The last dot of a name that is complete (RFC 1034, 3.1). */
	if (n > 1 && text[n - 1] == '.')
		a->len--;
	for (n++; n < len; n++) {
		if (!is(text[n], DIGIT))
			return -1;
		port = port * 10 + (size_t)(text[n] - '0');
		if (port > UINT16_MAX)
			return -1;
	}
	a->port = (uint16_t)port;
	return 0;
}

/* Where we are in a request's content (RFC 9112, 7.1). */
enum {
	BODY_PLAIN,
	BODY_SIZE_FIRST, /* the first digit of a chunk's size */
	BODY_SIZE,
	BODY_EXTENSION,
	BODY_SIZE_LF,
	BODY_DATA,
	BODY_DATA_CR,
	BODY_DATA_LF,
	BODY_TRAILER_FIRST, /* a field, or the end */
	BODY_TRAILER,
	BODY_TRAILER_LF,
	BODY_END_LF,
	BODY_DONE,
	BODY_BAD
};

void
http_body_start(struct http_body *b, const struct http_request *r)
{
	memset(b, 0, sizeof(*b));
	b->left = r->chunked ? 0 : r->body;
	b->state = r->chunked ? BODY_SIZE_FIRST : BODY_PLAIN;
	if (b->state == BODY_PLAIN && b->left == 0)
		b->state = BODY_DONE;
}

static uint64_t
hex(char c)
{
	return (uint64_t)(is(c, DIGIT) ? c - '0' : (c | 0x20) - 'a' + 10);
}

static uint8_t
chunk_size(struct http_body *b, char c)
{
	if (is(c, HEX)) {
		if (b->left > UINT64_MAX >> 8)
			return BODY_BAD;
		b->left = b->left * 16 + hex(c);
		return BODY_SIZE;
	}
	if (b->state == BODY_SIZE_FIRST)
		return BODY_BAD;
	if (c == '\r')
		return BODY_SIZE_LF;
	return c == ';' || c == ' ' || c == '\t' ? BODY_EXTENSION : BODY_BAD;
}

/* One byte that is not data; the state behind it. */
static uint8_t
chunk_step(struct http_body *b, char c)
{
	switch (b->state) {
	case BODY_SIZE_FIRST:
	case BODY_SIZE:
		return chunk_size(b, c);
	case BODY_EXTENSION:
		if (c == '\r')
			return BODY_SIZE_LF;
		return is(c, VALUE) ? BODY_EXTENSION : BODY_BAD;
	case BODY_SIZE_LF:
		if (c != '\n')
			return BODY_BAD;
		return b->left > 0 ? BODY_DATA : BODY_TRAILER_FIRST;
	case BODY_DATA_CR:
		return c == '\r' ? BODY_DATA_LF : BODY_BAD;
	case BODY_DATA_LF:
		return c == '\n' ? BODY_SIZE_FIRST : BODY_BAD;
	case BODY_TRAILER_FIRST:
		if (c == '\r')
			return BODY_END_LF;
		return is(c, TOKEN) ? BODY_TRAILER : BODY_BAD;
	case BODY_TRAILER:
		if (c == '\r')
			return BODY_TRAILER_LF;
		return is(c, VALUE) ? BODY_TRAILER : BODY_BAD;
	case BODY_TRAILER_LF:
		return c == '\n' ? BODY_TRAILER_FIRST : BODY_BAD;
	case BODY_END_LF:
		return c == '\n' ? BODY_DONE : BODY_BAD;
	default:
		return BODY_BAD;
	}
}

/* Data: as much of it as there is. */
static size_t
take(struct http_body *b, size_t len)
{
	size_t n = b->left < len ? (size_t)b->left : len;

	b->left -= n;
	if (b->left == 0)
		b->state = b->state == BODY_PLAIN ? BODY_DONE : BODY_DATA_CR;
	return n;
}

int
http_body_skip(struct http_body *b, const char *bytes, size_t len, size_t *used)
{
	size_t n = 0;

	while (n < len && b->state < BODY_DONE) {
		if (b->state == BODY_PLAIN || b->state == BODY_DATA)
			n += take(b, len - n);
		else
			b->state = chunk_step(b, bytes[n++]);
	}
	b->seen += n;
	*used = n;
	return b->state == BODY_DONE ? 1 : b->state == BODY_BAD ? -1 : 0;
}
