/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The checks. Owns a timer and at most one running try for each. Raw results
 * come from lib/check, what they mean from lib/decide/judge.
 */

#include "agent/checks.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "lib/log.h"
#include "lib/mem.h"

struct slot {
	struct checks *owner;
	struct checks_row row;
	struct event *timer;
	struct check *running; /* NULL: none */
};

struct checks {
	struct checks_conf conf;
	struct slot *slots;
	size_t n;
	uint32_t changes;
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
	    .timeout_ms = conf->interval_ms * 9 / 10};
	struct timeval tv = {
	    conf->interval_ms / 1000, conf->interval_ms % 1000 * 1000};

	(void)fd;
	(void)what;
	(void)event_add(s->timer, &tv);
	/* A try that the loop has not got round to ending is left alone. */
	if (s->running == NULL)
		s->running = check_start(conf->base, &try, on_result, s);
}

struct checks *
checks_new(const struct checks_conf *conf, const struct option_check *options,
    size_t n)
{
	struct checks *c = mem_new(sizeof(*c));
	struct mono now = mono_now();
	struct timeval tv;
	int64_t offset_ms;
	size_t i;

	c->conf = *conf;
	c->n = n;
	c->slots = mem_array(n, sizeof(*c->slots));
	/* Without entropy it starts at 0: less good, no harm. */
	(void)!getrandom(&c->changes, sizeof(c->changes), GRND_NONBLOCK);
	for (i = 0; i < n; i++) {
		struct slot *s = &c->slots[i];

		s->owner = c;
		s->row.option = options[i];
		s->row.since = s->row.result = now;
		judge_init(&s->row.judge, conf->rise, conf->fall);
		s->timer = evtimer_new(conf->base, on_timer, s);
		offset_ms = conf->interval_ms * (int64_t)i / (int64_t)n;
		tv.tv_sec = offset_ms / 1000;
		tv.tv_usec = offset_ms % 1000 * 1000;
		(void)event_add(s->timer, &tv);
	}
	return c;
}

void
checks_free(struct checks **cp)
{
	struct checks *c = *cp;
	size_t i;

	if (c == NULL)
		return;
	for (i = 0; i < c->n; i++) {
		check_cancel(&c->slots[i].running);
		event_free(c->slots[i].timer);
	}
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
	return &c->slots[i].row;
}

size_t
checks_not_up(const struct checks *c)
{
	size_t i, n = 0;

	for (i = 0; i < c->n; i++)
		n += c->slots[i].row.judge.state == STATE_UP ? 0 : 1;
	return n;
}

uint32_t
checks_changes(const struct checks *c)
{
	return c->changes;
}
