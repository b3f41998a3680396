/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FRONTEND_HTTP_PARSE_H
#define FRONTEND_HTTP_PARSE_H

/*
 * A strict parser of HTTP/1.x requests (RFC 9110, RFC 9112) for a server that
 * only ever redirects. It works on one contiguous buffer that may grow and
 * move between calls, keeps offsets into it, allocates nothing, and gives the
 * same result however the bytes were cut into pieces.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_LINE_MAX   8192  /* request line, without its end: else 414 */
#define HTTP_HEAD_MAX   16384 /* request line and all fields: else 431 */
#define HTTP_FIELDS_MAX 100   /* fields: else 431 */
#define HTTP_METHOD_MAX 32    /* bytes of a method: else 501 */
#define HTTP_HOST_MAX   255   /* bytes of a host: else 400 */

/* Bytes of the buffer: an offset from the first byte of the request. */
struct span {
	uint32_t at;
	uint32_t len;
};

enum http_method {
	HTTP_GET,
	HTTP_HEAD,
	HTTP_OPTIONS,
	HTTP_CONNECT,
	HTTP_TRACE,
	HTTP_OTHER /* any other token: redirected like POST */
};

enum http_form {
	HTTP_ORIGIN,    /* /path?query */
	HTTP_ABSOLUTE,  /* http://host/path?query */
	HTTP_AUTHORITY, /* host:port, CONNECT only */
	HTTP_ASTERISK   /* *, OPTIONS only */
};

struct http_request {
	enum http_method method;
	enum http_form form;
	struct span word;      /* the method as it stands */
	struct span target;    /* path and query; of absolute form what stands
				  behind the authority: empty, or ?query, too */
	struct span scheme;    /* of absolute form */
	struct span authority; /* of absolute and authority form */
	struct span host;      /* value of the Host field */
	struct span mark;      /* value of the cookie "hop" */
	uint64_t body;         /* Content-Length; saturates */
	uint32_t head_len;     /* with the empty line */
	uint8_t minor;         /* of HTTP/1.minor, 0 or 1 */
	bool has_host;
	bool keep_alive; /* by the rules of its version */
	bool chunked;
	bool expects; /* Expect: 100-continue */
	bool reload;  /* max-age=0 or no-cache: a person pressed reload */
};

/* Progress. Zero it before the first byte of each request. */
struct http_parse {
	uint32_t line; /* where the line begins that is not yet complete */
	uint32_t scan; /* no line end before this */
	uint16_t fields;
	uint8_t lengths;   /* Content-Length fields */
	uint8_t encodings; /* Transfer-Encoding fields */
	bool started;      /* the request line has been read */
	bool says_close, says_keep;
	const char *why; /* of a refusal, for people; static */
	struct http_request req;
};

#define HTTP_MORE 0
#define HTTP_DONE 1

/*
 * Go on with buf[0..len), of which the first bytes are those of the calls
 * before. HTTP_MORE: more bytes are needed. HTTP_DONE: p->req is complete, and
 * p->req.head_len bytes are used. Otherwise the status of a refusal (400, 414,
 * 417, 431, 501, 505): the connection cannot go on.
 */
int http_parse(struct http_parse *p, const char *buf, size_t len);

/* Host and port of an authority or a Host value, without a last dot. */
struct http_authority {
	const char *host; /* into the text; IPv6 with its brackets */
	size_t len;       /* 0: none given */
	uint16_t port;    /* 0: none given */
};
/* 0, or -1 if it is not valid (RFC 3986, 3.2; user information never is). */
int http_authority(const char *text, size_t len, struct http_authority *a);

/* Skipping a request's content. */
struct http_body {
	uint64_t left; /* bytes to come, of the chunk or of all */
	uint64_t seen; /* bytes on the wire so far */
	uint8_t state;
};
void http_body_start(struct http_body *b, const struct http_request *r);
/*
 * Take bytes of the content; *used tells how many. 1: it is complete, 0: more
 * to come, -1: not valid chunks. Bounding b->seen is the caller's.
 */
int http_body_skip(
    struct http_body *b, const char *bytes, size_t len, size_t *used);

#endif
