/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FRONTEND_REPLY_H
#define FRONTEND_REPLY_H

/* From a decision to the bytes of a response. Pure; the caller's buffer. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define REPLY_MAX       32768 /* no response is longer */
#define REPLY_DATE_TEXT 30
#define REPLY_LINK_MAX  2048 /* a longer path is not repeated in the body */

enum reply_connection {
	REPLY_KEEP,     /* HTTP/1.1: nothing to say */
	REPLY_KEEP_SAY, /* HTTP/1.0 that asked for it */
	REPLY_CLOSE
};

struct reply {
	unsigned status;
	enum reply_connection connection;
	bool head;        /* answer of HEAD: no body */
	const char *date; /* of reply_date() */
	/* Where to: scheme://host[:port] and the path as it came; scheme NULL:
	 * no Location. Hosts with ':' get brackets. `url` instead of them: a
	 * whole URL, `path` behind it. */
	const char *url;
	const char *scheme;
	const char *host;
	uint16_t port; /* 0: the scheme's own */
	const char *path;
	size_t path_len;
	const char *mark; /* the loop's mark behind the query, or NULL */
	/* Server-Timing: server and border, or a word for none; `source` says
	 * where the answer comes from if it is no director's. NULL: left out.
	 */
	const char *server;
	const char *border;
	const char *source;
	const char *cookie;     /* value of Set-Cookie, or NULL */
	unsigned retry_after_s; /* 0: none */
	const char *why;        /* of an error, for people */
};

/* The response in dst; its length, or 0 if it does not fit in size. REPLY_MAX
 * is always enough for a request that the parser accepts. */
size_t reply_format(const struct reply *r, char *dst, size_t size);

/* A time as in the Date field (RFC 9110, 5.6.7). Returns buf. */
const char *reply_date(time_t t, char buf[REPLY_DATE_TEXT]);

/* "Found" of 302; never NULL. */
const char *reply_phrase(unsigned status);

#endif
