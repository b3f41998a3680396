/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FRONTEND_EXCHANGE_H
#define FRONTEND_EXCHANGE_H

/*
 * One request and its response: what is decided about it, apart from how its
 * bytes come and go.
 */

#include "frontend/ask.h"
#include "frontend/front.h"
#include "frontend/http_parse.h"
#include "frontend/loop.h"
#include "frontend/route.h"

struct exchange {
	struct http_request req;
	struct route route;
	struct loop_result loop;
	struct ask_answer answer; /* valid where route.status is 0 */
	size_t target_len;        /* without the loop's mark */
	int avoid;                /* a server, or -1 */
	bool close;               /* the connection ends with it */
	int64_t rtt_us;           /* told to a director, or -1 */
	struct mono begun;
};

/* A request that the parser refused. `p` says how far it came. */
void exchange_refuse(struct exchange *x, const struct front *f,
    const struct http_parse *p, unsigned status);
/*
 * A complete request of a client: where to, and is it a loop. `bytes` is its
 * first byte; `fallback` the listener's service for requests without host, or
 * -1; `chain` the connection's; `pipelined` tells that the request was sent
 * before our last answer. True: the
 * response can be made; false: ask for x->route.service, without x->avoid.
 */
bool exchange_begin(struct exchange *x, struct front *f,
    const struct http_request *r, const char *bytes, int fallback,
    const struct addr *client, struct loop_chain *chain, bool pipelined);
/*
 * Another world, while the response is still to be made. False: the answer it
 * had, if `answered`, is of no use there, so ask for x->route.service; it has a
 * status of its own if that service is gone.
 */
struct renumber;
bool
exchange_renew(struct exchange *x, const struct renumber *r, bool answered);
/* The response into buf; counted and logged. Its length, or 0 if there is not
 * enough room (REPLY_MAX is). */
size_t exchange_end(struct exchange *x, struct front *f,
    struct listener_counters *counters, const char *bytes,
    const struct addr *client, char *buf, size_t size);

#endif
