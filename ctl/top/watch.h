/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CTL_TOP_WATCH_H
#define CTL_TOP_WATCH_H

/*
 * Daemons that are asked for their status again and again, over connections
 * that stay. Keeps the last two answers of each, so that rates can be told.
 */

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "ctl/call.h"
#include "ctl/tables.h"

/* What is known of one daemon. */
struct watch_one {
	struct target to;
	bool up;
	const char *why;             /* if not up, for people */
	const char *hash;            /* of its configuration, while up */
	const struct tables *now;    /* its last answer, or NULL */
	const struct tables *before; /* the one before, or NULL */
	int64_t apart_ms;            /* between these two */
};

struct watch;

/* Connects to all; `on_change` comes when every daemon that is up has answered
 * the last watch_ask(), or when one came or went. The targets and the world
 * must outlive it. */
struct watch *
watch_new(struct ctl *c, const struct world *w, struct event_base *base,
    const struct target *t, size_t n, void (*on_change)(void *arg), void *arg);
void watch_free(struct watch **w);
/* Ask those that are up and have answered; the others are late. */
void watch_ask(struct watch *w);
/* Nobody who is up owes an answer. */
bool watch_is_settled(const struct watch *w);
size_t watch_count(const struct watch *w);
void watch_at(const struct watch *w, size_t i, struct watch_one *out);

#endif
