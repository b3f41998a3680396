/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The checks. Owns a timer and at most one running try for each. Raw results
 * come from lib/check, what they mean from lib/decide/judge.
 */

#include "agent/checks.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "lib/log.h"
#include "lib/mem.h"

struct slot {
	struct checks *owner;
	struct checks_row row;
	struct event *timer;
	struct mono due;       /* the next try */
	int64_t wait_ms;       /* more before the one behind it, once */
	struct check *running; /* NULL: none */
};

struct checks {
	struct checks_conf conf;
	struct slot **slots;
	size_t n;
	uint32_t last_number;
	uint32_t changes;
	struct log_bound log;
};

static void
say_change(const struct checks_row *r, enum state from, struct mono now)
{
	char addr[ADDR_TEXT];

	log_info("check",
	    "%s (%s port %u): %s -> %s (%s), after %.1f ms; it was %s for "
	    "%lld s",
	    r->option.id, addr_text(&r->option.addr, addr, sizeof(addr)),
	    (unsigned)r->option.port, state_text(from),
	    state_text(r->judge.state), reason_text(r->judge.reason),
	    (double)r->latency_us / 1000, state_text(from),
	    (long long)(mono_ms(now, r->since) / 1000));
}

static void
on_result(void *arg, bool ok, enum reason reason, int64_t us)
{
	struct slot *s = arg;
	struct checks_row *r = &s->row;
	enum state from = r->judge.state;
	struct mono now = mono_now();

	s->running = NULL;
	r->tries++;
	r->failures += ok ? 0 : 1;
	r->latency_us = us;
	r->result = now;
	if (!judge_result(&r->judge, ok, reason))
		return;
	say_change(r, from, now);
	r->since = now;
	r->changes += from == STATE_UNKNOWN ? 0 : 1;
	s->owner->changes++;
	s->owner->conf.on_change(s->owner->conf.arg);
}

/* Times are kept, not spaces between them: checks stay spread for weeks. */
static void
arm(struct slot *s, struct mono now)
{
	int64_t us = mono_us(s->due, now);
	struct timeval tv = {us / 1000000, us % 1000000};

	(void)event_add(s->timer, &tv);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct slot *s = arg;
	const struct checks_conf *conf = &s->owner->conf;
	const struct option_check *o = &s->row.option;
	struct check_conf try = {.type = o->type,
	    .addr = o->addr,
	    .port = o->port,
	    .host = o->host[0] != '\0' ? o->host : NULL,
	    .path = o->path,
	    .status = o->status,
	    .timeout_ms = conf->interval_ms * 3 / 4,
	    .log = &s->owner->log};
	struct mono now = mono_now();

	(void)fd;
	(void)what;
	s->due = mono_add_ms(s->due, conf->interval_ms + s->wait_ms);
	s->wait_ms = 0;
	if (mono_cmp(s->due, now) <= 0) /* we stood still */
		s->due = mono_add_ms(now, conf->interval_ms);
	arm(s, now);
	/* A try that the loop has not got round to ending is left alone. */
	if (s->running == NULL)
		s->running = check_start(conf->base, &try, on_result, s);
}

/*
 * The i-th of n, spread over the interval, first at the start. Else one that
 * begins is not left unknown: it has its first try at once. Later ones keep out
 * of the way of samples, in whose counts their connections would be.
 */
static void
spread(struct slot *s, size_t i, size_t n, bool at_once)
{
	int64_t half = s->owner->conf.interval_ms / (2 * (int64_t)n);
	int64_t ms = s->owner->conf.interval_ms * (int64_t)i / (int64_t)n;
	struct mono now = mono_now();

	s->due = at_once ? now : mono_add_ms(now, ms);
	s->wait_ms = half + (at_once ? ms : 0);
	arm(s, now);
}

static void
begin(struct slot *s, const struct option_check *o)
{
	const struct checks_conf *conf = &s->owner->conf;

	check_cancel(&s->running);
	s->row = (struct checks_row){.number = s->row.number, .option = *o};
	s->row.since = s->row.result = mono_now();
	judge_init(&s->row.judge, conf->rise, conf->fall);
}

static struct slot *
slot_new(struct checks *c, const struct option_check *o)
{
	struct slot *s = mem_new(sizeof(*s));

	s->owner = c;
	s->row.number = ++c->last_number;
	s->timer = evtimer_new(c->conf.base, on_timer, s);
	begin(s, o);
	return s;
}

static void
slot_free(struct slot *s)
{
	check_cancel(&s->running);
	event_free(s->timer);
	free(s);
}

/* Out of the old list, or NULL. */
static struct slot *
take_slot(struct slot **old, size_t n, const char *id)
{
	struct slot *s;
	size_t i;

	for (i = 0; i < n; i++) {
		if (old[i] == NULL || strcmp(old[i]->row.option.id, id) != 0)
			continue;
		s = old[i];
		old[i] = NULL;
		return s;
	}
	return NULL;
}

/* True if it begins. */
static bool
set_one(struct checks *c, struct slot **s, const struct option_check *o,
    struct checks_change *change)
{
	bool begins = true;

	if (*s == NULL) {
		*s = slot_new(c, o);
		change->added++;
	} else if (!option_same(&(*s)->row.option, o)) {
		begin(*s, o);
		change->changed++;
	} else {
		begins = false;
	}
	(*s)->row.judge.rise = c->conf.rise;
	(*s)->row.judge.fall = c->conf.fall;
	return begins;
}

struct checks_change
checks_set(struct checks *c, const struct checks_conf *conf,
    const struct option_check *options, size_t n)
{
	bool starts = c->slots == NULL, begins;
	bool respread = conf->interval_ms != c->conf.interval_ms;
	struct slot **old = c->slots;
	size_t nold = c->n, i;
	struct checks_change change = {0};

	c->conf = *conf;
	c->n = n;
	c->slots = mem_array(n == 0 ? 1 : n, sizeof(struct slot *));
	for (i = 0; i < n; i++) {
		c->slots[i] = take_slot(old, nold, options[i].id);
		begins = set_one(c, &c->slots[i], &options[i], &change);
		if (begins || respread)
			spread(c->slots[i], i, n, begins && !starts);
	}
	for (i = 0; i < nold; i++) {
		if (old[i] == NULL)
			continue;
		slot_free(old[i]);
		change.removed++;
	}
	free(old);
	if (change.added + change.removed + change.changed > 0)
		c->changes++;
	return change;
}

struct checks *
checks_new(const struct checks_conf *conf, const struct option_check *options,
    size_t n)
{
	struct checks *c = mem_new(sizeof(*c));

	/* Without entropy it starts at 0: less good, no harm. */
	(void)!getrandom(&c->changes, sizeof(c->changes), GRND_NONBLOCK);
	c->log.burst = 1;
	(void)checks_set(c, conf, options, n);
	return c;
}

void
checks_free(struct checks **cp)
{
	struct checks *c = *cp;
	size_t i;

	if (c == NULL)
		return;
	for (i = 0; i < c->n; i++)
		slot_free(c->slots[i]);
	free(c->slots);
	free(c);
	*cp = NULL;
}

size_t
checks_count(const struct checks *c)
{
	return c->n;
}

const struct checks_row *
checks_row(const struct checks *c, size_t i)
{
	return &c->slots[i]->row;
}

size_t
checks_not_up(const struct checks *c)
{
	size_t i, n = 0;

	for (i = 0; i < c->n; i++)
		n += c->slots[i]->row.judge.state == STATE_UP ? 0 : 1;
	return n;
}

uint32_t
checks_changes(const struct checks *c)
{
	return c->changes;
}
