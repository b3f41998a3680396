/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MANAGER_ENCODE_H
#define MANAGER_ENCODE_H

/*
 * The fleet and the paths in lines of the feed: load, state, metrics, borders,
 * ping (doc/protocol.md).
 * Pure: lines go to whoever gives `emit`, which sees each one once, without
 * newline and terminated.
 */

#include <stddef.h>

#include "lib/mono.h"
#include "manager/fleet.h"
#include "manager/prober.h"

#define ENCODE_LINE 32768 /* load lines are split about here */

struct emit {
	void (*line)(void *arg, const char *text, size_t len);
	void *arg;
};

/* Loads of uses of one service. */
void encode_loads(const struct fleet *f, int service, const int *uses, size_t n,
    const struct emit *e);
/* Nothing where the state is unknown: a director may know more, but of what has
 * just come into the configuration. */
void encode_use(
    const struct fleet *f, const struct fleet_use *u, const struct emit *e);
void encode_server(const struct fleet *f, int server, const struct emit *e);
/* For a director that still has what a reload took away: nobody looks after it
 * any more, so no new client is to go there. */
void encode_gone(const char *server, const char *service, const struct emit *e);
void encode_border(const struct fleet *f, int border, const struct emit *e);
/* The newest sample as it was, for explanations; nothing without one. */
void encode_metrics(
    const struct fleet *f, int server, struct mono now, const struct emit *e);
/* The order of the values of ping lines, that of the world, and how long they
 * are fresh. */
void encode_order(
    const struct world *w, const struct manager *self, const struct emit *e);
void encode_path(
    const struct world *w, const struct prober_line *l, const struct emit *e);
/* All of the fleet. */
void encode_all(const struct fleet *f, struct mono now, const struct emit *e);

#endif
