/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pinger as a whole: its ticks, start, reload and end, and what is asked
 * for. Owns sockets, targets, journal, limits and canaries. What goes out is
 * in pinger_send.c, what becomes of it in pinger_read.c; the pure parts of it
 * all are in files of their own.
 *
 * All is done in ticks, 5 ms apart, or 30 when there is much to send: whoever
 * asks, however much, makes a row in a table and no packet. Replies are read in
 * ticks too, many at a time, for the kernel has stamped them when they came;
 * woken up for each one the daemon would cost more.
 */
#include "agent/pinger_own.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "lib/log.h"
#include "lib/mem.h"

#define BUSY_MS 30  /* between ticks when there is much to send */
#define BUSY    400 /* probes a second */

/* Time. */

static void
tell(struct pinger *p)
{
	bool results = p->results, uplink = p->uplink;

	p->results = p->uplink = false;
	if (uplink)
		p->conf.on_uplink(p->conf.arg);
	if (results)
		p->conf.on_result(p->conf.arg);
}

static void
note_stall(struct pinger *p, struct mono now)
{
	if (mono_ms(now, p->next) < PINGER_STALL_MS)
		return;
	p->stalled = now;
	p->next = now; /* told once */
	p->counters.stalls++;
}

size_t
pinger_in_flight(const struct pinger *p)
{
	size_t n = 0;
	int i;

	for (i = 0; i < FAMILIES; i++)
		if (p->sides[i].flight != NULL)
			n += flight_open(p->sides[i].flight);
	return n;
}

/* The next tick: when there is something to do, but not too soon. */
static void
arm(struct pinger *p, struct mono now)
{
	struct target *t = targets_first(p->targets);
	struct mono next = mono_add_ms(now, 1000), at;
	struct mono earliest =
	    mono_add_ms(p->last, p->pace >= BUSY ? BUSY_MS : TICK_MS);
	struct timeval tv;
	int64_t us;

	note_stall(p, now); /* before that is forgotten */
	if (t != NULL && mono_cmp(t->due, next) < 0)
		next = t->due;
	at = canaries_next(p->canaries);
	if (mono_set(at) && mono_cmp(at, next) < 0)
		next = at;
	if (pinger_in_flight(p) > 0)
		next = now;
	if (mono_cmp(next, earliest) < 0)
		next = earliest;
	if (mono_cmp(next, now) < 0)
		next = now;
	p->next = next;
	us = mono_us(next, now);
	tv = (struct timeval){us / 1000000, us % 1000000};
	(void)event_add(p->tick, &tv);
}

/* A few at once are not much, and want their replies read soon. */
static void
note_pace(struct pinger *p, struct mono now)
{
	int64_t ms = mono_ms(now, p->last);

	p->pace = (p->pace * 7 + p->launched * 1000 / (ms > 0 ? ms : 1)) / 8;
	p->launched = 0;
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct pinger *p = arg;
	struct mono now = mono_now();
	int i;

	(void)fd;
	(void)what;
	note_stall(p, now);
	for (i = 0; i < FAMILIES; i++)
		side_read(p, &p->sides[i], now);
	now = mono_now();
	note_pace(p, now);
	p->last = now;
	p->clock = clock_offset(now);
	send_canaries(p, now);
	send_due(p, now);
	for (i = 0; i < FAMILIES; i++)
		side_flush(p, &p->sides[i], now);
	arm(p, now);
	tell(p);
}

/* Start and end. */

static int
open_all(struct pinger *p, const struct icmp_key *key, char *why, size_t size)
{
	static const char *const names[] = {"IPv4", "IPv6"};
	size_t i, at = 0;

	for (i = 0; i < FAMILIES; i++) {
		if (side_open(p, (int)i, key, why, size) < 0)
			return -1;
		if (p->sides[i].sock == NULL)
			continue;
		at += (size_t)snprintf(p->sockets + at, sizeof(p->sockets) - at,
		    "%s%s by a %s socket", at > 0 ? ", " : "", names[i],
		    pingsock_is_raw(p->sides[i].sock) ? "raw" : "ping");
	}
	if (at > 0)
		return 0;
	(void)snprintf(why, size, "this host has neither IPv4 nor IPv6");
	return -1;
}

static int
check_canaries(
    struct pinger *p, const struct addr *list, size_t n, char *why, size_t size)
{
	char text[ADDR_TEXT];
	size_t i;

	for (i = 0; i < n; i++) {
		if (side_of(p, &list[i])->sock != NULL)
			continue;
		(void)snprintf(why, size,
		    "canary %s: nothing to ping this family with",
		    addr_text(&list[i], text, sizeof(text)));
		return -1;
	}
	return 0;
}

/* With other lists: rounds to whom is forbidden now end, and who was refused
 * is looked at again. */
static void
judge_targets(struct pinger *p, struct mono now)
{
	struct target *t = targets_next(p->targets, 0, true);
	enum limit why;
	uint32_t index;

	for (; t != NULL; t = targets_next(p->targets, index, false)) {
		index = t->index;
		why = limits_address(p->limits, &t->addr);
		if (t->in_round && why != LIMIT_NONE)
			round_refuse(p, t, why, now);
		else if (!t->in_round && mono_cmp(t->wanted, TARGET_NEVER) == 0)
			targets_set_due(p->targets, t, now);
	}
}

bool
pinger_set(
    struct pinger *p, const struct pinger_conf *conf, char *why, size_t size)
{
	struct mono now = mono_now();

	if (check_canaries(p, conf->canaries, conf->ncanaries, why, size) < 0)
		return false;
	limits_set(p->limits, &conf->limits);
	judge_targets(p, now);
	if (canaries_set(p->canaries, conf->canaries, conf->ncanaries, now))
		p->uplink = true; /* told with the next tick */
	arm(p, now);
	return true;
}

struct pinger *
pinger_new(const struct pinger_conf *conf, char *why, size_t size)
{
	struct pinger *p = mem_new(sizeof(*p));
	struct mono now = mono_now();
	struct timespec wall;
	struct icmp_key key;

	if (getrandom(&key, sizeof(key), 0) != sizeof(key))
		log_fatalx("ping", "the kernel has no random numbers");
	(void)clock_gettime(CLOCK_REALTIME, &wall);
	p->conf = *conf;
	p->conf.limits.key = key;
	p->limits = limits_new(&p->conf.limits);
	p->targets = targets_new(conf->limits.targets);
	p->journal = journal_new(conf->journal, journal_epoch_at(&wall));
	p->canaries = canaries_new(conf->canaries, conf->ncanaries, now);
	p->tick = evtimer_new(conf->base, on_tick, p);
	p->clock = clock_offset(now);
	p->next = now;
	if (open_all(p, &key, why, size) < 0 ||
	    check_canaries(p, conf->canaries, conf->ncanaries, why, size) < 0)
		pinger_free(&p);
	else
		arm(p, now);
	return p;
}

void
pinger_free(struct pinger **pp)
{
	struct pinger *p = *pp;
	int i;

	if (p == NULL)
		return;
	for (i = 0; i < FAMILIES; i++) {
		pingsock_free(&p->sides[i].sock);
		flight_free(&p->sides[i].flight);
	}
	event_free(p->tick);
	limits_free(&p->limits);
	targets_free(&p->targets);
	journal_free(&p->journal);
	canaries_free(&p->canaries);
	free(p);
	*pp = NULL;
}

const char *
pinger_sockets(const struct pinger *p)
{
	return p->sockets;
}

/* What is asked for. */

bool
pinger_add(struct pinger *p, uint32_t index, const struct target_ask *ask)
{
	struct mono now = mono_now();

	if (targets_add(p->targets, index, ask, now) == NULL)
		return false;
	arm(p, now);
	return true;
}

void
pinger_remove(struct pinger *p, uint32_t index)
{
	struct target *t = targets_find(p->targets, index);

	if (t != NULL)
		targets_remove(p->targets, t);
}

void
pinger_prolong(struct pinger *p, uint32_t index, uint32_t lifetime_s)
{
	struct target *t = targets_find(p->targets, index);

	if (t == NULL)
		return;
	t->lifetime_s = lifetime_s;
	t->expires = mono_add_ms(mono_now(), (int64_t)lifetime_s * 1000);
	targets_set_due(p->targets, t, t->wanted);
}

void
pinger_refuse_full(struct pinger *p)
{
	p->counters.refused[LIMIT_TABLE_FULL]++;
}

const struct targets *
pinger_targets(const struct pinger *p)
{
	return p->targets;
}

const struct journal *
pinger_journal(const struct pinger *p)
{
	return p->journal;
}

const struct canaries *
pinger_canaries(const struct pinger *p)
{
	return p->canaries;
}

const struct pinger_counters *
pinger_counters(const struct pinger *p)
{
	return &p->counters;
}
