/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MANAGER_POLLERS_H
#define MANAGER_POLLERS_H

/*
 * The manager's side of its poller processes: forks them, shares the agents
 * out among them, hands on what they say, replaces what dies or hangs. Nobody
 * is told of that: the next one is there before agents count as silent.
 */

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/mono.h"
#include "lib/world.h"
#include "manager/record.h"

struct pollers;

struct pollers_conf {
	struct event_base *base;
	const struct world *world;
	const struct manager *manager;
	/* Servers and probers in it are numbers of the world. */
	void (*on_record)(void *arg, const struct record *r);
	/* The process that polls this prober is gone, or does not start. */
	void (*on_prober_lost)(void *arg, int prober);
	void *arg;
};

/* Forks at once; without agents and probers there are no pollers. */
struct pollers *pollers_start(const struct pollers_conf *conf);
void pollers_free(struct pollers **p);

/*
 * Another world, while the old one is still there: processes all of whose
 * agents stay as they are go on, others are replaced at once. What those have
 * said by now is handed on before, in numbers of the old world. True if the
 * process that asks probers was replaced: orders on their way are lost.
 */
bool pollers_renew(
    struct pollers *p, const struct world *w, const struct manager *m);

/* The prober of another world that is asked as this one was, or -1. Pure. */
int pollers_same_prober(const struct world *a, int n, const struct world *b);

/* Let a prober ping this address: kept until pollers_flush(), which gives the
 * process that asks probers what it takes. Bounded; what there is no room for
 * is lost, and counted. */
void pollers_order(struct pollers *p, int prober, const struct addr *a);
void pollers_flush(struct pollers *p);
uint64_t pollers_orders_lost(const struct pollers *p);

struct poller_info {
	pid_t pid; /* 0: not running */
	size_t agents;
	unsigned restarts;
	struct mono since; /* it runs, or does not */
	struct record_beat beat;
};
size_t pollers_count(const struct pollers *p);
void pollers_info(const struct pollers *p, size_t i, struct poller_info *out);
/* Of all that ever ran. */
void pollers_totals(const struct pollers *p, struct record_beat *out);

/* How long the next start waits after `failures` short lives in a row. */
int64_t pollers_back_off_ms(unsigned failures);

#endif
