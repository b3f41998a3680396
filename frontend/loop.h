/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FRONTEND_LOOP_H
#define FRONTEND_LOOP_H

/*
 * Redirection loops: a client that a content server sends back to us (a
 * canonical redirect of a CMS, mostly). Without help it runs in circles until
 * its own limit (browsers 16-20 redirects, so we see it 8-10 times).
 *
 * The rule. A visit is a request of one client address for one host, path and
 * query. It is repeated if it comes within 900 ms of the one before; a loop
 * comes back at once, people and pollers are slower. Requests that were
 * pipelined (sent before our answer was there) or that a reload makes
 * (Cache-Control: max-age=0, no-cache) do not count at all.
 *
 * Repetition alone proves nothing: behind one address there may be thousands of
 * clients, and a load test asks for one page for ever. So it only makes us put
 * out marks, and a mark that comes back is what counts:
 *
 * - from the third visit in a row on, answers set a cookie, hop=, with a hash
 *   of host, path and query, a count and a time. Whoever brings it back for
 *   the same page within 900 ms has it counted on, with its new answer. At 3
 *   it gets another server, at 5 (the seventh visit) 508. A client that keeps
 *   cookies and asks for one page over and over without following gets that
 *   508 once, and then none for a minute.
 * - the fifth visit in a row on one connection, but one in 10 s at most, gets
 *   a Location with the mark "hop-loop" as its last query argument. Who asks us
 *   for the marked URL within these 10 s was sent back by the server: it gets
 *   another server and the mark once more, and, coming back again, 508. (For
 *   clients without cookies; a crowd behind one address has a connection each,
 *   so none of it sees the mark. It is taken off before anything else looks at
 *   the URL.)
 *
 * All marks are hints that a client can forge: it only ever harms itself.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

#define LOOP_GAP_MS   900   /* a loop comes back within this */
#define LOOP_MARK_MS  10000 /* a mark in a URL holds for this */
#define LOOP_QUIET_MS 60000 /* no 508 again without proof */
#define LOOP_COOKIE   64    /* bytes of a Set-Cookie value, and NUL */
#define LOOP_MARK     "hop-loop"

struct loop;

/* A memory of so many visits (rounded up to a power of two). */
struct loop *loop_new(size_t visits);
void loop_free(struct loop **l);

/* Length of the target without a mark at its end; *marked tells. */
size_t loop_unmark(const char *target, size_t len, bool *marked);

/* What a connection remembers; zero at first. */
struct loop_chain {
	uint64_t key; /* of its last visit */
	int64_t last_ms;
	unsigned repeats;
};

struct loop_visit {
	struct loop_chain *chain; /* NULL: it has one request only */
	const struct addr *client;
	const char *host; /* as the client named it, or the service's id */
	size_t host_len;
	const char *target; /* without a mark */
	size_t target_len;
	const char *cookie; /* value of "hop" */
	size_t cookie_len;  /* 0: none */
	bool marked;
	bool counts;    /* not pipelined and no reload */
	int64_t now_ms; /* wall clock: other front ends set cookies too */
};

enum loop_verdict { LOOP_NONE, LOOP_OTHER, LOOP_STOP };

struct loop_result {
	enum loop_verdict verdict;
	unsigned count; /* times the client came back */
	bool mark;      /* put LOOP_MARK into the Location */
	bool set;       /* set the cookie; its text is in `cookie` */
	uint64_t key;   /* for loop_sent() */
	char cookie[LOOP_COOKIE];
};

void
loop_visit(struct loop *l, const struct loop_visit *v, struct loop_result *out);
/* The server that this client was sent to last for this page, or -1: the one
 * to avoid under LOOP_OTHER. And which one it is sent to now. */
int loop_server(const struct loop *l, uint64_t key);
void loop_sent(struct loop *l, uint64_t key, int server);

/* Another world: servers have other numbers, or have gone. */
struct renumber;
void loop_renew(struct loop *l, const struct renumber *r);

#endif
