/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FRONTEND_ROUTE_H
#define FRONTEND_ROUTE_H

/* Which service a request is for, or why it is refused. Pure. */

#include "frontend/http_parse.h"
#include "lib/world.h"

struct route {
	unsigned status; /* 0: send it to a server of `service`; 200: OPTIONS
			    of the front end itself; else an error */
	int service;     /* or -1 */
	const char *why; /* of an error, for people; static */
};

/* `bytes` is the buffer of the request; `fallback` the listener's service for
 * requests that name no host, or -1. */
void route(const struct world *w, int fallback, const struct http_request *r,
    const char *bytes, struct route *out);

/* The status of a redirect: the service's, but one that keeps the method where
 * that is not GET or HEAD (RFC 9110, 15.4). 303 means to change it. */
unsigned route_redirect(unsigned configured, enum http_method m);

#endif
