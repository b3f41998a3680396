/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FRONTEND_HTTP_H
#define FRONTEND_HTTP_H

/*
 * The HTTP side of a front end: its listeners, how many connections there may
 * be, their time limits, and the end.
 */

#include "frontend/front.h"

struct http_conf {
	struct event_base *base;
	const struct world *world;
	const struct frontend *self;
	struct ask *ask;
	struct accesslog *log; /* NULL: none */
};

struct http;

/* Opens all listeners of the configuration. NULL and *why (at least 160 bytes)
 * if one cannot be. All that conf points to must outlive it. */
struct http *http_new(const struct http_conf *conf, char *why, size_t size);
void http_free(struct http **h);

/* Take no more connections, answer the requests that are here or come within
 * half a second, each as the last of its connection; call done() when all
 * connections have ended, after two seconds at most. */
void http_drain(struct http *h, void (*done)(void *arg), void *arg);

/*
 * A reload, in two steps: listeners that are new open, or *why says which one
 * cannot (NULL is returned then, and nothing has changed); later all becomes
 * that of `conf`, also `ask`, and nothing can fail. Connections stay, those
 * through listeners that close too.
 */
struct http_change;
struct renumber;
struct http_change *http_prepare(
    struct http *h, const struct frontend *self, char *why, size_t size);
void http_drop(struct http_change **c);
void http_take(struct http *h, struct http_change **c,
    const struct http_conf *conf, const struct renumber *r);

struct http_listener {
	unsigned n; /* its row; a listener that stays keeps it */
	const struct listen_http *conf;
	struct addr addr;
	uint16_t port; /* the real one, if the configured one is 0 */
	char name[80]; /* http:192.0.2.1:80 */
	int service;   /* for requests without host, or -1 */
	struct listener_counters counters;
};
const struct http_listener *http_listener(const struct http *h, size_t i);
const struct service_counters *http_service(const struct http *h, size_t i);
size_t http_clients(const struct http *h);
uint64_t http_loops(const struct http *h);

#endif
