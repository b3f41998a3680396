/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What becomes of probes: replies, errors and silence, read from the sockets,
 * settle them, and with them the rounds, whose results go to the journal.
 * Opens the sockets, which pinger.c frees; sends nothing. When the loop stood
 * still, because snmpd hung or somebody stopped us, what had no reply by then
 * is not called silent.
 */
#include "agent/pinger_own.h"

#define READ_MS 1000
/* Between the two clocks; more is somebody who set one. */
#define CLOCK_STEP_NS INT64_C(1000000)

/* Results. */

static const char *
reason_of(const struct target *t, const struct train_result *r)
{
	switch (r->status) {
	case TRAIN_REPLIED:
		return "reply";
	case TRAIN_INEXACT:
		return "not-stamped-by-kernel";
	case TRAIN_PROVISIONAL:
		return r->inexact ? "not-stamped-by-kernel" : "first-reply";
	case TRAIN_ALL_SILENT:
		return "no-reply";
	case TRAIN_UNREACHABLE:
	case TRAIN_NOT_SENT:
		return t->trouble != NULL ? t->trouble : "unreachable";
	default:
		return "lost-by-this-host";
	}
}

static void
write_row(struct pinger *p, const struct target *t,
    const struct train_result *r, const char *reason, struct mono now)
{
	struct journal_row row = {.addr = t->addr,
	    .target = t->index,
	    .result = *r,
	    .reason = reason,
	    .written = now};

	journal_add(p->journal, &row);
	p->results = true;
}

/* After a round, or instead of one. */
static void
rest(struct pinger *p, struct target *t, struct mono next)
{
	t->in_round = false;
	t->prohibited = false;
	t->serial++;
	if (t->interval_ms == 0)
		targets_remove(p->targets, t);
	else
		targets_set_due(p->targets, t, next);
}

void
round_refuse(
    struct pinger *p, struct target *t, enum limit why, struct mono now)
{
	struct train_result r = {.status = TRAIN_REFUSED};

	p->counters.refused[why]++;
	write_row(p, t, &r, limit_text(why), now);
	rest(p, t, TARGET_NEVER);
}

/* Behind a dead uplink all are silent: that says nothing of them, and nobody
 * shall rest for it. */
static bool
is_uplinks_fault(const struct pinger *p, const struct train_result *r)
{
	return p->canaries->uplink == STATE_DOWN &&
	       (r->status == TRAIN_ALL_SILENT ||
		   r->status == TRAIN_UNREACHABLE);
}

void
round_finish(struct pinger *p, struct target *t, struct mono now)
{
	struct train_result r;

	train_final(&t->train, &r);
	if (is_uplinks_fault(p, &r)) {
		r = (struct train_result){.status = TRAIN_UNKNOWN};
		write_row(p, t, &r, "uplink-down", now);
	} else {
		write_row(p, t, &r, reason_of(t, &r), now);
	}
	if (t->prohibited)
		limits_opt_out(p->limits, &t->addr, now);
	else if (r.status == TRAIN_ALL_SILENT || r.status == TRAIN_UNREACHABLE)
		limits_silent(p->limits, &t->addr, now);
	else if (r.status == TRAIN_REPLIED || r.status == TRAIN_INEXACT)
		limits_replied(p->limits, &t->addr);
	rest(p, t, mono_add_ms(t->round, t->interval_ms));
}

static void
look_at_train(struct pinger *p, struct target *t, bool reply, struct mono now)
{
	struct train_result r;

	if (reply && train_provisional(&t->train, &r))
		write_row(p, t, &r, reason_of(t, &r), now);
	if (train_is_over(&t->train))
		round_finish(p, t, now);
}

/* Whose probe it is: one of these two, or nobody's any more. */

static struct target *
target_of(const struct probe *probe)
{
	struct target *t = probe->owner;

	return t != NULL && t->in_round && t->serial == probe->serial ? t
								      : NULL;
}

static bool
is_canary(const struct probe *probe)
{
	return probe->owner == NULL;
}

/* By its address: the list may be another since the probe was sent. */
static void
settle_canary(struct pinger *p, const struct probe *probe, enum train_outcome o,
    struct mono now)
{
	int i = canaries_find(p->canaries, &probe->to);

	if (i < 0)
		return;
	if (o == TRAIN_UNJUDGED)
		canaries_unjudged(p->canaries, (size_t)i, now);
	else if (canaries_silent(p->canaries, (size_t)i, now))
		p->uplink = true;
}

void
probe_settle(struct pinger *p, struct probe *probe, enum train_outcome o,
    const char *trouble, struct mono now)
{
	struct target *t = target_of(probe);

	if (o == TRAIN_UNJUDGED)
		p->counters.unjudged++;
	if (is_canary(probe)) {
		settle_canary(p, probe, o, now);
	} else if (t != NULL) {
		if (trouble != NULL)
			t->trouble = trouble;
		train_settle(&t->train, probe->number, o);
		/* This host will not do better in a second. */
		if (o == TRAIN_FAILED)
			train_stop(&t->train);
		look_at_train(p, t, false, now);
	}
}

static void
settle_reply(struct pinger *p, struct probe *probe, uint32_t rtt_us,
    bool inexact, struct mono now)
{
	struct target *t = target_of(probe);
	int i;

	p->counters.replies++;
	if (inexact)
		p->counters.unstamped++;
	if (is_canary(probe)) {
		i = canaries_find(p->canaries, &probe->to);
		if (i >= 0 &&
		    canaries_reply(p->canaries, (size_t)i, rtt_us, now))
			p->uplink = true;
	} else if (t != NULL) {
		train_reply(&t->train, probe->number, rtt_us, inexact);
		look_at_train(p, t, true, now);
	}
}

/* What the sockets tell. */

static void
on_sent(void *arg, uint16_t seq, int64_t stamp)
{
	struct side *s = arg;
	struct probe *probe = flight_find(s->flight, seq);

	if (probe != NULL)
		probe->stamp = stamp;
	s->stamped = true;
}

/* By the kernel's stamps if they are there and nobody has set the clock they
 * are of; else by ours. */
static uint32_t
rtt_of(struct side *s, const struct probe *probe, int64_t stamp,
    struct mono now, bool *inexact)
{
	int64_t step = clock_offset(now) - probe->clock;
	int64_t ns = stamp - probe->stamp;

	/* Without one of leaving: the time when we gave it to the kernel. */
	if (probe->stamp == 0)
		ns = stamp - probe->sent.ns - probe->clock;
	*inexact = stamp == 0 || probe->stamp == 0 || step > CLOCK_STEP_NS ||
		   step < -CLOCK_STEP_NS || ns < 0 ||
		   ns > now.ns - probe->sent.ns + CLOCK_STEP_NS;
	if (probe->stamp == 0)
		pingsock_miss_stamp(s->sock);
	if (*inexact && (stamp == 0 || probe->stamp != 0 || ns < 0))
		ns = now.ns - probe->sent.ns;
	ns = (ns + 500) / 1000;
	return ns > UINT32_MAX ? UINT32_MAX : (uint32_t)ns;
}

static void
on_reply(void *arg, const struct icmp_reply *reply, const struct addr *from,
    int64_t stamp)
{
	struct side *s = arg;
	struct pinger *p = s->pinger;
	struct mono now = mono_now();
	struct probe *probe;
	uint32_t rtt_us;
	bool inexact;

	switch (flight_match(s->flight, reply, true, from, now, &probe)) {
	case FLIGHT_MATCH:
		break;
	case FLIGHT_MATCH_LATE:
		p->counters.late++;
		flight_land(s->flight, probe);
		return;
	case FLIGHT_MATCH_DUPLICATE:
		p->counters.duplicate++;
		return;
	default:
		p->counters.unmatched++;
		return;
	}
	rtt_us = rtt_of(s, probe, stamp, now, &inexact);
	/* In time for us, as we stood still, but not for the timeout. */
	if (rtt_us > mono_us(probe->deadline, probe->sent)) {
		p->counters.late++;
		return;
	}
	flight_land(s->flight, probe);
	settle_reply(p, probe, rtt_us, inexact, now);
}

static void
on_foreign(void *arg)
{
	struct side *s = arg;

	s->pinger->counters.unmatched++;
}

static const char *
trouble_of(const struct addr *to, unsigned type, unsigned code)
{
	if (type == (to->family == AF_INET ? 11u : 3u))
		return "hops-exceeded";
	if (icmp_judge(to->family, type, code) == ICMP_PROHIBITED)
		return "administratively-prohibited";
	if (code == 0)
		return to->family == AF_INET ? "network-unreachable"
					     : "no-route";
	return "host-unreachable";
}

static void
on_error(void *arg, const struct icmp_reply *quote, bool has_cookie,
    const struct addr *to, unsigned type, unsigned code)
{
	struct side *s = arg;
	struct mono now = mono_now();
	enum icmp_verdict verdict = icmp_judge(to->family, type, code);
	struct probe *probe;
	struct target *t;

	if (verdict == ICMP_NOTHING ||
	    flight_match(s->flight, quote, has_cookie, to, now, &probe) !=
		FLIGHT_MATCH)
		return;
	flight_land(s->flight, probe);
	t = target_of(probe);
	if (t != NULL && verdict == ICMP_PROHIBITED) {
		t->prohibited = true;
		t->trouble = trouble_of(to, type, code);
		train_settle(&t->train, probe->number, TRAIN_ERROR);
		train_stop(&t->train);
		round_finish(s->pinger, t, now);
		return;
	}
	probe_settle(
	    s->pinger, probe, TRAIN_ERROR, trouble_of(to, type, code), now);
}

static void
give_up(struct pinger *p, struct side *s, struct mono now)
{
	struct probe *probe;
	bool asked = false;
	uint32_t drops;

	while ((probe = flight_expired(s->flight, now)) != NULL) {
		drops = asked ? 0 : pingsock_drops(s->sock);
		asked = true;
		if (drops > 0) {
			p->counters.own_losses += drops;
			s->dropped = now;
		}
		if (mono_cmp(probe->sent, p->stalled) <= 0 ||
		    mono_cmp(probe->sent, s->dropped) <= 0 ||
		    (s->stamped && probe->stamp == 0)) {
			pingsock_miss_stamp(s->sock);
			probe_settle(p, probe, TRAIN_UNJUDGED, NULL, now);
		} else {
			p->counters.timeouts++;
			probe_settle(p, probe, TRAIN_SILENT, NULL, now);
		}
	}
}

/* With nothing on its way there may still be late ones, and forged ones: they
 * are counted once a second. */
void
side_read(struct pinger *p, struct side *s, struct mono now)
{
	if (s->sock == NULL)
		return;
	if (flight_open(s->flight) == 0 && mono_ms(now, s->read) < READ_MS)
		return;
	s->read = now;
	pingsock_read(s->sock);
	give_up(p, s, now);
}

static bool
wanted(const struct pinger_conf *conf, const struct addr *source)
{
	return source->family != AF_UNSPEC ||
	       (conf->source4.family == AF_UNSPEC &&
		   conf->source6.family == AF_UNSPEC);
}

/* 0, -1 if it cannot be had though it should; a missing family is fine. */
int
side_open(
    struct pinger *p, int i, const struct icmp_key *key, char *why, size_t size)
{
	const struct addr *source =
	    i == FOUR ? &p->conf.source4 : &p->conf.source6;
	struct side *s = &p->sides[i];
	struct pingsock_events events = {.on_sent = on_sent,
	    .on_reply = on_reply,
	    .on_error = on_error,
	    .on_foreign = on_foreign,
	    .arg = s};
	enum pingsock_fault fault;

	s->pinger = p;
	if (!wanted(&p->conf, source))
		return 0;
	if (source->family == AF_UNSPEC)
		source = NULL;
	s->sock = pingsock_open(
	    i == FOUR ? AF_INET : AF_INET6, source, &events, &fault, why, size);
	if (s->sock == NULL)
		return fault == PINGSOCK_NO_FAMILY && source == NULL ? 0 : -1;
	s->flight = flight_new(key, pingsock_ident(s->sock));
	return 0;
}
