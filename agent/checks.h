/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AGENT_CHECKS_H
#define AGENT_CHECKS_H

/*
 * The checks of this host's services: each once an interval, spread over it,
 * judged by rise and fall.
 */

#include <event2/event.h>

#include "agent/option.h"
#include "lib/decide/judge.h"
#include "lib/mono.h"

struct checks_conf {
	struct event_base *base;
	int64_t interval_ms; /* of each check; ends within 3/4 of it */
	unsigned rise, fall;
	/* A state has changed. */
	void (*on_change)(void *arg);
	void *arg;
};

/* One check, for reading. */
struct checks_row {
	uint32_t number; /* 1, 2 ...; it keeps it as long as it is there */
	struct option_check option;
	struct judge judge;
	struct mono since;  /* the state's last change, or the start */
	struct mono result; /* the last result, or the start */
	int64_t latency_us; /* of the last result */
	uint32_t changes;   /* of state, the first judgement left out */
	uint32_t tries, failures;
};

struct checks;

/* The first round starts at once. Copies the options. */
struct checks *checks_new(const struct checks_conf *conf,
    const struct option_check *options, size_t n);
void checks_free(struct checks **c);
/*
 * Check these from now on. Whatever is asked as before goes on with its state
 * and history, what is asked otherwise begins anew in its row, and a new one
 * has a row that nobody had. Nothing is told of those that go.
 */
struct checks_change {
	unsigned added, removed, changed;
};
struct checks_change
checks_set(struct checks *c, const struct checks_conf *conf,
    const struct option_check *options, size_t n);
size_t checks_count(const struct checks *c);
const struct checks_row *checks_row(const struct checks *c, size_t i);
/* How many are not up. */
size_t checks_not_up(const struct checks *c);
/* A number that changes whenever a state does, first judgements included, and
 * whenever the checks do; it starts at random, so that it tells a restart
 * too. */
uint32_t checks_changes(const struct checks *c);

#endif
