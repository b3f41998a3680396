/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_CHECK_H
#define LIB_CHECK_H

/*
 * One try of a service: TCP connect, HTTP status, FTP greeting. Used by the
 * load daemon for its checks and by the manager when an agent is silent.
 */

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/log.h"
#include "lib/reason.h"

enum check_type { CHECK_TCP = 1, CHECK_HTTP, CHECK_FTP };

struct check_conf {
	enum check_type type;
	struct addr addr;
	uint16_t port;
	const char *host;      /* http: Host header; NULL: the address */
	const char *path;      /* http; NULL: "/" */
	unsigned status;       /* http: wanted; 0: any 2xx or 3xx */
	int64_t timeout_ms;    /* for all of it */
	struct log_bound *log; /* of what this host lacks for a try, or NULL */
};

struct check;

/* Start; `done` is called once from the loop, never from within check_start(),
 * with the time it took. The check is freed by then. *c is not needed any more
 * once this returns. REASON_NOT_JUDGED: it could not be tried, as this host
 * lacks descriptors, memory or ports. */
struct check *check_start(struct event_base *base, const struct check_conf *c,
    void (*done)(void *arg, bool ok, enum reason reason, int64_t us),
    void *arg);
/* Give up; `done` is not called. */
void check_cancel(struct check **c);

/* The pure part: what the first bytes of an answer say. 1 ok, 0 bad (*reason
 * tells), -1 more bytes are needed. */
int check_http_reply(
    const char *bytes, size_t len, unsigned status, enum reason *reason);
int check_ftp_reply(const char *bytes, size_t len, enum reason *reason);
/* The request of an HTTP check; its length, or -1 if it does not fit. */
int check_http_request(const struct check_conf *c, char *buf, size_t size);

#endif
