/* SPDX-License-Identifier: BSD-2-Clause */
/* Canaries: rise and fall of each, and of the uplink from all of them. */
#include "agent/canary.h"

#include <stdlib.h>

#include "lib/mem.h"

int
canaries_find(const struct canaries *c, const struct addr *addr)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (addr_cmp(&c->list[i].addr, addr) == 0)
			return (int)i;
	return -1;
}

bool
canaries_set(
    struct canaries *c, const struct addr *addrs, size_t n, struct mono now)
{
	struct canary *list = mem_array(n == 0 ? 1 : n, sizeof(*list));
	int was;
	size_t i;

	for (i = 0; i < n; i++) {
		was = canaries_find(c, &addrs[i]);
		if (was >= 0) {
			list[i] = c->list[was];
			continue;
		}
		list[i].addr = addrs[i];
		list[i].state = STATE_UNKNOWN;
		list[i].since = now;
		list[i].due = mono_add_ms(
		    now, CANARY_PERIOD_MS * (int64_t)i / (int64_t)n);
	}
	free(c->list);
	c->list = list;
	c->n = n;
	if (n > 0 || c->uplink == STATE_UNKNOWN)
		return false;
	c->uplink = STATE_UNKNOWN;
	c->since = now;
	c->changes++;
	return true;
}

struct canaries *
canaries_new(const struct addr *addrs, size_t n, struct mono now)
{
	struct canaries *c = mem_new(sizeof(*c));

	c->uplink = STATE_UNKNOWN;
	c->since = now;
	(void)canaries_set(c, addrs, n, now);
	return c;
}

void
canaries_free(struct canaries **c)
{
	if (*c == NULL)
		return;
	free((*c)->list);
	free(*c);
	*c = NULL;
}

struct mono
canaries_next(const struct canaries *c)
{
	struct mono first = {0};
	size_t i;

	for (i = 0; i < c->n; i++)
		if (mono_set(c->list[i].due) &&
		    (!mono_set(first) || mono_cmp(c->list[i].due, first) < 0))
			first = c->list[i].due;
	return first;
}

int
canaries_due(const struct canaries *c, struct mono now)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (mono_set(c->list[i].due) &&
		    mono_cmp(c->list[i].due, now) <= 0)
			return (int)i;
	return -1;
}

unsigned
canaries_sent(struct canaries *c, size_t i)
{
	struct canary *a = &c->list[i];
	uint32_t ms =
	    a->smooth_us == 0 ? CANARY_WAIT_MAX : a->smooth_us / 1000 * 4;

	a->due = (struct mono){0};
	a->sent++;
	if (ms < CANARY_WAIT_MIN)
		return CANARY_WAIT_MIN;
	return ms > CANARY_WAIT_MAX ? CANARY_WAIT_MAX : ms;
}

size_t
canaries_up(const struct canaries *c)
{
	size_t i, up = 0;

	for (i = 0; i < c->n; i++)
		up += c->list[i].state == STATE_UP;
	return up;
}

/* Up as soon as one is, down when all are: an unknown one may still be up. */
static enum state
uplink_state(const struct canaries *c)
{
	size_t i;

	if (canaries_up(c) > 0)
		return STATE_UP;
	for (i = 0; i < c->n; i++)
		if (c->list[i].state != STATE_DOWN)
			return STATE_UNKNOWN;
	return c->n > 0 ? STATE_DOWN : STATE_UNKNOWN;
}

static bool
judge_uplink(struct canaries *c, struct mono now)
{
	enum state state = uplink_state(c);

	if (state == c->uplink || state == STATE_UNKNOWN)
		return false;
	if (c->uplink != STATE_UNKNOWN)
		c->changes++;
	c->uplink = state;
	c->since = now;
	return true;
}

/* The first reply decides at once, the first silence does not: a packet may
 * get lost while the daemon starts. */
static void
judge(struct canary *a, bool ok, struct mono now)
{
	enum state state = ok ? STATE_UP : STATE_DOWN;
	unsigned need = ok ? CANARY_RISE : CANARY_FALL;

	if (a->state == state) {
		a->streak = 0;
		return;
	}
	a->streak++;
	if (a->streak < need && !(ok && a->state == STATE_UNKNOWN))
		return;
	if (a->state != STATE_UNKNOWN)
		a->changes++;
	a->state = state;
	a->since = now;
	a->streak = 0;
}

static bool
take(struct canaries *c, size_t i, bool ok, struct mono now)
{
	struct canary *a = &c->list[i];

	judge(a, ok, now);
	if (a->streak == 0)
		a->due = mono_add_ms(now, CANARY_PERIOD_MS);
	else /* a silent one was waited for already */
		a->due =
		    mono_add_ms(now, ok ? CANARY_AGAIN_MS : CANARY_SOON_MS);
	return judge_uplink(c, now);
}

bool
canaries_reply(struct canaries *c, size_t i, uint32_t rtt_us, struct mono now)
{
	struct canary *a = &c->list[i];

	a->replies++;
	a->rtt_us = rtt_us == 0 ? 1 : rtt_us;
	a->smooth_us =
	    a->smooth_us == 0
		? a->rtt_us
		: (uint32_t)(((uint64_t)a->smooth_us * 7 + a->rtt_us) / 8);
	if (a->smooth_us == 0)
		a->smooth_us = 1;
	return take(c, i, true, now);
}

bool
canaries_silent(struct canaries *c, size_t i, struct mono now)
{
	return take(c, i, false, now);
}

void
canaries_unjudged(struct canaries *c, size_t i, struct mono now)
{
	c->list[i].due = mono_add_ms(now, CANARY_AGAIN_MS);
}
