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

struct http_listener {
	const struct listen_http *conf;
	struct addr addr;
	uint16_t port; /* the real one, if the configured one is 0 */
	char name[80]; /* http:192.0.2.1:80 */
	struct listener_counters counters;
};
const struct http_listener *http_listener(const struct http *h, size_t i);
const struct service_counters *http_service(const struct http *h, size_t i);
size_t http_clients(const struct http *h);
uint64_t http_loops(const struct http *h);

#endif
