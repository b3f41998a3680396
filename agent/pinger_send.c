/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What goes out: canaries, and the probes of rounds that are due, as far as
 * the limits let them. Starts rounds; whoever may have none is told so by
 * pinger_read.c. Owns nothing: targets, limits and queues are the pinger's.
 */
#include "agent/pinger_own.h"

#include <errno.h>

#define LOOKS_MAX 2000 /* rows in one tick, so that replies have their turn */

static bool
is_own_loss(int error)
{
	return error == ENOBUFS || error == ENOMEM || error == EAGAIN;
}

static const char *
send_trouble(int error)
{
	switch (error) {
	case ENETUNREACH:
	case EHOSTUNREACH:
		return "no-route";
	case EADDRNOTAVAIL:
	case EAFNOSUPPORT:
		return "no-address-family";
	case EPERM:
	case EACCES:
		return "forbidden-by-this-host";
	case ENETDOWN:
		return "interface-down";
	default:
		return "cannot-send";
	}
}

void
side_flush(struct pinger *p, struct side *s, struct mono now)
{
	struct pingsock_probe *q;
	struct probe *probe;
	size_t i, n = s->queued;

	if (n == 0)
		return;
	s->queued = 0;
	pingsock_send(s->sock, s->queue, n);
	for (i = 0; i < n; i++) {
		q = &s->queue[i];
		probe = flight_find(s->flight, q->seq);
		if (q->error == 0)
			p->counters.sent++;
		if (q->error == 0 || probe == NULL)
			continue;
		flight_land(s->flight, probe);
		if (is_own_loss(q->error)) {
			p->counters.own_losses++;
			probe_settle(p, probe, TRAIN_UNJUDGED, NULL, now);
		} else {
			p->counters.send_errors++;
			probe_settle(p, probe, TRAIN_FAILED,
			    send_trouble(q->error), now);
		}
	}
}

/* NULL if too many are on their way: try again later. */
static struct probe *
launch(struct pinger *p, const struct addr *to, uint32_t timeout_ms,
    struct mono now)
{
	struct side *s = side_of(p, to);
	struct probe *probe = flight_launch(s->flight, to, now, timeout_ms);
	struct pingsock_probe *q;

	if (probe == NULL)
		return NULL;
	probe->clock = p->clock;
	q = &s->queue[s->queued++];
	*q = (struct pingsock_probe){
	    .to = *to, .seq = probe->seq, .cookie = probe->cookie};
	limits_take_total(p->limits, now);
	p->launched++;
	return probe;
}

static void
flush_full(struct pinger *p, struct mono now)
{
	int i;

	for (i = 0; i < FAMILIES; i++)
		if (p->sides[i].queued == PINGSOCK_BATCH)
			side_flush(p, &p->sides[i], now);
}

void
send_canaries(struct pinger *p, struct mono now)
{
	struct canaries *c = p->canaries;
	struct probe *probe;
	int i;

	while ((i = canaries_due(c, now)) >= 0) {
		probe = launch(
		    p, &c->list[i].addr, canaries_sent(c, (size_t)i), now);
		if (probe == NULL) {
			canaries_unjudged(c, (size_t)i, now);
			continue;
		}
		probe->owner = NULL;
		flush_full(p, now);
	}
}

/* The next probe of a round; false if it has to wait, or none is left. */
static bool
send_next(struct pinger *p, struct target *t, struct mono now)
{
	struct mono until;
	struct probe *probe;

	if (t->train.started == t->train.size) {
		targets_set_due(p->targets, t, TARGET_NEVER);
		return false;
	}
	if (limits_probe(p->limits, &t->addr, now, &until) != LIMIT_NONE) {
		targets_set_due(p->targets, t, until);
		return false;
	}
	probe = launch(p, &t->addr, t->timeout_ms, now);
	if (probe == NULL) {
		targets_set_due(p->targets, t, mono_add_ms(now, TICK_MS));
		return false;
	}
	probe->owner = t;
	probe->serial = t->serial;
	probe->number = t->train.started++;
	targets_set_due(p->targets, t,
	    t->train.started < t->train.size
		? mono_add_ms(now, LIMIT_TARGET_GAP_MS)
		: TARGET_NEVER);
	return true;
}

/* False: not now, or not at all, and then it may be gone. */
static bool
start_round(struct pinger *p, struct target *t, struct mono now)
{
	enum limit why = limits_address(p->limits, &t->addr);
	struct mono until;

	if (why == LIMIT_NONE && side_of(p, &t->addr)->sock == NULL)
		why = LIMIT_FAMILY;
	if (why != LIMIT_NONE) {
		round_refuse(p, t, why, now);
		return false;
	}
	why = limits_start(p->limits, &t->addr, t->probes, now, &until);
	if (why == LIMIT_BACK_OFF && t->interval_ms == 0) {
		round_refuse(p, t, why, now);
		return false;
	}
	if (why != LIMIT_NONE) {
		t->waiting_for = why;
		targets_set_due(p->targets, t, until);
		return false;
	}
	train_init(&t->train, t->probes);
	t->in_round = true;
	t->trouble = NULL;
	t->round = now;
	return true;
}

static void
expire(struct pinger *p, struct target *t, struct mono now)
{
	t->interval_ms = 0; /* it goes, whatever comes of its round */
	if (t->in_round) {
		train_stop(&t->train);
		round_finish(p, t, now);
	} else if (!mono_set(t->round)) {
		round_refuse(p, t,
		    t->waiting_for != LIMIT_NONE ? t->waiting_for
						 : LIMIT_TOTAL_RATE,
		    now);
	} else {
		targets_remove(p->targets, t);
	}
}

void
send_due(struct pinger *p, struct mono now)
{
	struct target *t;
	unsigned looks;

	for (looks = 0; looks < LOOKS_MAX; looks++) {
		t = targets_first(p->targets);
		if (t == NULL || mono_cmp(t->due, now) > 0)
			return;
		if (mono_cmp(t->expires, now) <= 0) {
			expire(p, t, now);
			continue;
		}
		if (!limits_total(p->limits, now))
			return;
		if (!t->in_round && !start_round(p, t, now))
			continue;
		if (send_next(p, t, now))
			flush_full(p, now);
	}
}
