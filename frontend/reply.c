/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Responses are put together from ready pieces into one buffer, header and
 * body together, so that they leave in one write. What comes from the request
 * is visible bytes only (the parser saw to it): it cannot end a field.
 */
#include "frontend/reply.h"

#include <stdio.h>
#include <string.h>

struct out {
	char *p;
	char *end;
	bool full;
};

static void
put(struct out *o, const char *bytes, size_t len)
{
	if ((size_t)(o->end - o->p) < len) {
		o->full = true;
		return;
	}
	memcpy(o->p, bytes, len);
	o->p += len;
}

#define PUT(o, literal) put((o), (literal), sizeof(literal) - 1)

static void
put_text(struct out *o, const char *text)
{
	put(o, text, strlen(text));
}

static void
put_number(struct out *o, uint64_t n)
{
	char digits[20];
	size_t i = sizeof(digits);

	do {
		digits[--i] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	put(o, digits + i, sizeof(digits) - i);
}

static const struct {
	unsigned status;
	const char *phrase;
} phrases[] = {
    {200, "OK"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {414, "URI Too Long"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {431, "Request Header Fields Too Large"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {505, "HTTP Version Not Supported"},
    {508, "Loop Detected"},
};

const char *
reply_phrase(unsigned status)
{
	size_t i;

	for (i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
		if (phrases[i].status == status)
			return phrases[i].phrase;
	return "Unknown";
}

const char *
reply_date(time_t t, char buf[REPLY_DATE_TEXT])
{
	static const char days[7][4] = {
	    "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May",
	    "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	struct tm tm;
	char year[16];

	/* Not strftime(): its names are those of the locale. */
	if (gmtime_r(&t, &tm) == NULL)
		memset(&tm, 0, sizeof(tm));
	(void)snprintf(year, sizeof(year), "%04d", tm.tm_year + 1900);
	(void)snprintf(buf, REPLY_DATE_TEXT,
	    "%s, %02d %s %.4s %02d:%02d:%02d GMT", days[tm.tm_wday % 7],
	    tm.tm_mday % 100, months[tm.tm_mon % 12], year, tm.tm_hour % 100,
	    tm.tm_min % 100, tm.tm_sec % 100);
	return buf;
}

/* What a byte is in HTML, inside a quoted attribute too; NULL: itself. */
static const char *
escape(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

static void
put_html(struct out *o, const char *bytes, size_t len)
{
	size_t i, done = 0;

	for (i = 0; i < len; i++) {
		const char *e = escape(bytes[i]);

		if (e == NULL)
			continue;
		put(o, bytes + done, i - done);
		put_text(o, e);
		done = i + 1;
	}
	put(o, bytes + done, len - done);
}

static size_t
html_len(const char *bytes, size_t len)
{
	size_t i, n = len;

	for (i = 0; i < len; i++) {
		const char *e = escape(bytes[i]);

		if (e != NULL)
			n += strlen(e) - 1;
	}
	return n;
}

/* What stands before the path in Location. */
static void
put_origin(struct out *o, const struct reply *r)
{
	bool brackets;

	if (r->url != NULL) {
		put_text(o, r->url);
		return;
	}
	brackets = strchr(r->host, ':') != NULL;
	put_text(o, r->scheme);
	PUT(o, "://");
	if (brackets)
		PUT(o, "[");
	put_text(o, r->host);
	if (brackets)
		PUT(o, "]");
	if (r->port != 0) {
		PUT(o, ":");
		put_number(o, r->port);
	}
}

/* Path, query and mark. An absolute target without a path has one all the same
 * in ours (RFC 9110, 4.2.3); an empty one stays empty behind a `url`. */
static void
put_path(struct out *o, const struct reply *r)
{
	if (r->url == NULL && (r->path_len == 0 || r->path[0] != '/'))
		PUT(o, "/");
	put(o, r->path, r->path_len);
	if (r->mark == NULL)
		return;
	if (memchr(r->path, '?', r->path_len) != NULL)
		PUT(o, "&");
	else
		PUT(o, "?");
	put_text(o, r->mark);
}

static void
put_timing(struct out *o, const struct reply *r)
{
	PUT(o, "Server-Timing: hop;desc=\"");
	put_text(o, r->server);
	if (r->border != NULL) {
		PUT(o, " via ");
		put_text(o, r->border);
	}
	if (r->source != NULL) {
		PUT(o, ", ");
		put_text(o, r->source);
	}
	PUT(o, "\"\r\n");
}

static void
put_fields(struct out *o, const struct reply *r)
{
	PUT(o, "Date: ");
	put_text(o, r->date);
	PUT(o, "\r\nCache-Control: no-store\r\n");
	if (r->server != NULL)
		put_timing(o, r);
	if (r->cookie != NULL) {
		PUT(o, "Set-Cookie: ");
		put_text(o, r->cookie);
		PUT(o, "\r\n");
	}
	if (r->retry_after_s > 0) {
		PUT(o, "Retry-After: ");
		put_number(o, r->retry_after_s);
		PUT(o, "\r\n");
	}
	if (r->status == 405 || r->status == 200)
		PUT(o, "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, "
		       "OPTIONS\r\n");
	if (r->connection == REPLY_CLOSE)
		PUT(o, "Connection: close\r\n");
	else if (r->connection == REPLY_KEEP_SAY)
		PUT(o, "Connection: keep-alive\r\n");
}

#define TITLE    "<!DOCTYPE html><title>"
#define LINK     "</title><p>Go to <a href=\""
#define LINKED   "\">this page</a>.</p>\n"
#define UNLINKED "</title><p>Go to where the Location field points.</p>\n"
#define WHY      "</title><h1>"
#define WHY_END  "</h1><p>"
#define END      "</p>\n"

static void
put_type(struct out *o, size_t body)
{
	if (body > 0)
		PUT(o, "Content-Type: text/html; charset=utf-8\r\n");
	PUT(o, "Content-Length: ");
	put_number(o, body);
	PUT(o, "\r\n\r\n");
}

static void
put_status(struct out *o, unsigned status, const char *phrase)
{
	put_number(o, status);
	PUT(o, " ");
	put_text(o, phrase);
}

/* The Location's bytes are in the header already: [at, len). */
static void
put_link(struct out *o, const struct reply *r, const char *at, size_t len)
{
	const char *phrase = reply_phrase(r->status);
	size_t title = sizeof(TITLE) - 1 + 4 + strlen(phrase);

	if (len > REPLY_LINK_MAX) {
		put_type(o, title + sizeof(UNLINKED) - 1);
		if (r->head)
			return;
		PUT(o, TITLE);
		put_status(o, r->status, phrase);
		PUT(o, UNLINKED);
		return;
	}
	put_type(o,
	    title + sizeof(LINK) - 1 + html_len(at, len) + sizeof(LINKED) - 1);
	if (r->head)
		return;
	PUT(o, TITLE);
	put_status(o, r->status, phrase);
	PUT(o, LINK);
	put_html(o, at, len);
	PUT(o, LINKED);
}

static void
put_error(struct out *o, const struct reply *r)
{
	const char *phrase = reply_phrase(r->status);
	size_t line = 4 + strlen(phrase);

	if (r->why == NULL) {
		put_type(o, 0);
		return;
	}
	put_type(o, sizeof(TITLE) + sizeof(WHY) + sizeof(WHY_END) +
			sizeof(END) - 4 + 2 * line + strlen(r->why));
	if (r->head)
		return;
	PUT(o, TITLE);
	put_status(o, r->status, phrase);
	PUT(o, WHY);
	put_status(o, r->status, phrase);
	PUT(o, WHY_END);
	put_text(o, r->why);
	PUT(o, END);
}

size_t
reply_format(const struct reply *r, char *dst, size_t size)
{
	struct out o = {.p = dst, .end = dst + size};
	const char *at, *end;

	PUT(&o, "HTTP/1.1 ");
	put_status(&o, r->status, reply_phrase(r->status));
	PUT(&o, "\r\n");
	if (r->url == NULL && r->scheme == NULL) {
		put_fields(&o, r);
		put_error(&o, r);
		return o.full ? 0 : (size_t)(o.p - dst);
	}
	PUT(&o, "Location: ");
	at = o.p;
	put_origin(&o, r);
	put_path(&o, r);
	end = o.p;
	PUT(&o, "\r\n");
	put_fields(&o, r);
	put_link(&o, r, at, (size_t)(end - at));
	return o.full ? 0 : (size_t)(o.p - dst);
}
