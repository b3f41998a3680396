/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FRONTEND_CONN_H
#define FRONTEND_CONN_H

/* One client's connection: its bytes, its requests in order, its end. */

#include "frontend/front.h"

#define CONN_DEPTH      16    /* requests that may wait for directors */
#define CONN_BODY_MAX   65536 /* content that is read to be thrown away */
#define CONN_HEAD_MS    10000 /* a request must be complete within */
#define CONN_SEND_MS    15000 /* the client must have read all within */
#define CONN_LINGER_MS  2000
#define CONN_LINGER_MAX 262144

struct conn;

/* Take over an accepted socket; counters and fallback are the listener's (see
 * exchange_begin()), which stays as long as it has connections. What has come
 * already is served at once. */
void conn_new(struct front *f, int fd, const struct addr *client,
    struct listener_counters *counters, const int *fallback);
/* Close it now. */
void conn_free(struct conn *c);
/* Another world: first all connections take its numbers, then, when all else
 * has, they go on. The second may free the connection. */
struct renumber;
void conn_renew(struct conn *c, const struct renumber *r);
void conn_resume(struct conn *c);
/* The next one of its phase, or NULL. */
struct conn *conn_next(const struct conn *c);
/* The time of its phase is over. */
void conn_timeout(struct conn *c);
/* Since when it is in its phase. */
struct mono conn_since(const struct conn *c);

#endif
