/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rounds and canaries on two sockets. Owns sockets, targets, journal, limits
 * and canaries; the pure parts of it all are in files of their own.
 *
 * All is done in ticks, 5 ms apart, or 30 when there is much to send: whoever
 * asks, however much, makes a row in a table and no packet. Replies are read in
 * ticks too, many at a time, for the kernel has stamped them when they came;
 * woken up for each one the daemon would cost more. When the loop
 * stood still, because snmpd hung or somebody stopped us, what had no reply by
 * then is not called silent.
 */

#include "agent/pinger.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "agent/flight.h"
#include "agent/pingsock.h"
#include "lib/log.h"
#include "lib/mem.h"

#define TICK_MS   5
#define BUSY_MS   30  /* between ticks when there is much to send */
#define BUSY      400 /* probes a second */
#define READ_MS   1000
#define LOOKS_MAX 2000 /* rows in one tick, so that replies have their turn */
/* Between the two clocks; more is somebody who set one. */
#define CLOCK_STEP_NS INT64_C(1000000)

enum { FOUR, SIX, FAMILIES };

struct side {
	struct pinger *pinger;
	struct pingsock *sock; /* NULL: this family is not used */
	struct flight *flight;
	bool stamped; /* the kernel has given stamps of what goes out */
	struct mono read;
	struct mono dropped; /* when it last had no room for something */
	struct pingsock_probe queue[PINGSOCK_BATCH];
	size_t queued;
};

struct pinger {
	struct pinger_conf conf;
	struct side sides[FAMILIES];
	struct limits *limits;
	struct targets *targets;
	struct journal *journal;
	struct canaries *canaries;
	struct pinger_counters counters;
	struct event *tick;
	struct mono last, next; /* ticks */
	int64_t launched;       /* in this tick */
	int64_t pace;           /* probes a second of late */
	struct mono stalled;
	int64_t clock; /* CLOCK_REALTIME - CLOCK_MONOTONIC, now and then */
	bool results, uplink; /* to be told */
	char sockets[160];
};

static int64_t
clock_offset(struct mono now)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec - now.ns;
}

static struct side *
side_of(struct pinger *p, const struct addr *a)
{
	return &p->sides[a->family == AF_INET ? FOUR : SIX];
}

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

static void
refuse(struct pinger *p, struct target *t, enum limit why, struct mono now)
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

static void
finish(struct pinger *p, struct target *t, struct mono now)
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
		finish(p, t, now);
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

static void
settle(struct pinger *p, struct probe *probe, enum train_outcome o,
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
		finish(s->pinger, t, now);
		return;
	}
	settle(s->pinger, probe, TRAIN_ERROR, trouble_of(to, type, code), now);
}

/* Sending. */

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

static void
flush(struct pinger *p, struct side *s, struct mono now)
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
			settle(p, probe, TRAIN_UNJUDGED, NULL, now);
		} else {
			p->counters.send_errors++;
			settle(p, probe, TRAIN_FAILED, send_trouble(q->error),
			    now);
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
			flush(p, &p->sides[i], now);
}

static void
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
		refuse(p, t, why, now);
		return false;
	}
	why = limits_start(p->limits, &t->addr, t->probes, now, &until);
	if (why == LIMIT_BACK_OFF && t->interval_ms == 0) {
		refuse(p, t, why, now);
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
		finish(p, t, now);
	} else if (!mono_set(t->round)) {
		refuse(p, t,
		    t->waiting_for != LIMIT_NONE ? t->waiting_for
						 : LIMIT_TOTAL_RATE,
		    now);
	} else {
		targets_remove(p->targets, t);
	}
}

static void
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

/* Time. */

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
			settle(p, probe, TRAIN_UNJUDGED, NULL, now);
		} else {
			p->counters.timeouts++;
			settle(p, probe, TRAIN_SILENT, NULL, now);
		}
	}
}

/* With nothing on its way there may still be late ones, and forged ones: they
 * are counted once a second. */
static void
read_side(struct pinger *p, struct side *s, struct mono now)
{
	if (s->sock == NULL)
		return;
	if (flight_open(s->flight) == 0 && mono_ms(now, s->read) < READ_MS)
		return;
	s->read = now;
	pingsock_read(s->sock);
	give_up(p, s, now);
}

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
		read_side(p, &p->sides[i], now);
	now = mono_now();
	note_pace(p, now);
	p->last = now;
	p->clock = clock_offset(now);
	send_canaries(p, now);
	send_due(p, now);
	for (i = 0; i < FAMILIES; i++)
		flush(p, &p->sides[i], now);
	arm(p, now);
	tell(p);
}

/* Start and end. */

static bool
wanted(const struct pinger_conf *conf, const struct addr *source)
{
	return source->family != AF_UNSPEC ||
	       (conf->source4.family == AF_UNSPEC &&
		   conf->source6.family == AF_UNSPEC);
}

/* 0, -1 if it cannot be had though it should; a missing family is fine. */
static int
open_side(
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

static int
open_all(struct pinger *p, const struct icmp_key *key, char *why, size_t size)
{
	static const char *const names[] = {"IPv4", "IPv6"};
	size_t i, at = 0;

	for (i = 0; i < FAMILIES; i++) {
		if (open_side(p, (int)i, key, why, size) < 0)
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
			refuse(p, t, why, now);
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
