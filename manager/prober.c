/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What comes in from directors and pollers, and what time brings; paths are in
 * probepath.c, rounds in proberound.c. Values of a path that had none are told
 * as they come, first replies too.
 *
 * Owns the paths and the rounds.
 */
#include "manager/prober.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "manager/probepath.h"
#include "manager/prober_own.h"
#include "manager/proberound.h"
#include "manager/window.h"

#define TURN          1000 /* started at once, then others have their turn */
#define SWEEP         2000 /* paths looked at in SWEEP_MS */
#define SWEEP_MS      100
#define NEW_CLIENT_MS 10000
#define SHORT_MS      2000
/* Below this there is time for two trains between windows only. */
#define THREE_US INT64_C(50000000)
#define BACK_MS  30000 /* in which a prober that is back gets its share */

/* All that has the numbers of a world, for this one. */
static void
use_world(struct prober *p, const struct world *w, const struct manager *m,
    struct mono now)
{
	size_t i;

	p->world = w;
	p->manager = m;
	p->agents = mem_array(w->nprobers, sizeof(*p->agents));
	p->of_border = mem_array(w->nborders, sizeof(*p->of_border));
	p->masked = mem_array(w->nborders, sizeof(*p->masked));
	for (i = 0; i < w->nborders; i++)
		p->of_border[i] = -1;
	for (i = 0; i < w->nprobers; i++) {
		p->of_border[w->probers[i].border] = (int)i;
		p->agents[i].status =
		    (struct status){STATE_UNKNOWN, REASON_NOT_JUDGED, now, 0};
		p->agents[i].uplink = STATE_UNKNOWN;
	}
	p->fresh_us = m->probe_fresh_us;
	p->expire_us = m->probe_expire_us;
	/* Probers send a ping in 3 s to a prefix, but for bursts, and four
	 * make a train: three trains within what is fresh. */
	p->reps_max = p->fresh_us < THREE_US ? 2 : PATH_REPS;
	p->burst = m->probe_rate / 10.0 > 3 ? m->probe_rate / 10.0 : 3;
}

struct prober *
prober_new(const struct world *w, const struct manager *m,
    const struct prober_events *on, uint64_t seed, struct mono now)
{
	struct prober *p = mem_new(sizeof(*p));
	size_t i;

	use_world(p, w, m, now);
	p->on = *on;
	p->paths = prefixes_new(w->nborders, m->prefixes, seed);
	p->rounds = mem_array(PROBER_ROUNDS + 1, sizeof(*p->rounds));
	for (i = PROBER_ROUNDS; i > 0; i--) {
		p->rounds[i].next = p->spare;
		p->spare = (uint32_t)i;
	}
	p->tokens = p->burst;
	p->filled = now;
	p->random = seed | 1;
	p->values = mem_array(PROBER_CHILDREN, sizeof(*p->values));
	p->log.burst = 5;
	return p;
}

void
prober_free(struct prober **pp)
{
	struct prober *p = *pp;
	size_t i;

	if (p == NULL)
		return;
	for (i = 0; i <= PROBER_ROUNDS; i++)
		free(p->rounds[i].step);
	free(p->rounds);
	prefixes_free(&p->paths);
	free(p->agents);
	free(p->of_border);
	free(p->values);
	free(p->masked);
	free(p);
	*pp = NULL;
}

bool
prober_lines(struct prober *p, uint32_t *at, unsigned n, struct mono now,
    void (*line)(void *arg, const struct prober_line *l), void *arg)
{
	struct prober_line l;

	for (; n > 0; n--) {
		if (*at >= prefixes_last(p->paths))
			return false;
		++*at;
		if (prefixes_used(p->paths, *at) &&
		    probepath_line(p, *at, now, &l))
			line(arg, &l);
	}
	return true;
}

/* --- all paths, some at a time --- */

static void
count_path(struct prober *p, uint32_t i, const struct path *x, struct mono now)
{
	struct prober_counts *c = &p->sweep;

	if (!mono_set(x->measured))
		return;
	c->split += x->split;
	if (x->estimate)
		c->inherited++;
	else if (mono_us(now, x->measured) <= p->fresh_us)
		c->fresh++;
	else
		c->stale++;
	if (!x->estimate && !probepath_has_reply(p, i))
		c->silent++;
}

/* A prober went or came: what is told of its border changes, or is to be
 * measured, in a while. */
static void
look_at_probers(
    struct prober *p, uint32_t i, const struct path *x, struct mono now)
{
	const int32_t *told = prefixes_told(p->paths, i);
	bool gone = false, lacks = false;
	size_t b;

	for (b = 0; b < nborders(p); b++) {
		gone |= !probepath_is_live(p, b) && told[b] != WINDOW_NONE;
		lacks |= probepath_is_live(p, b) && told[b] == WINDOW_NONE;
	}
	if (gone)
		probepath_tell(p, i, now);
	if (lacks && !x->estimate && probepath_in_demand(p, x, now))
		probepath_due_by(p, i,
		    later_us(now, (probepath_jitter(p, BACK_MS * 1000) * 8 -
				      BACK_MS * 7000) /
				      2));
}

static void
sweep(struct prober *p, struct mono now)
{
	unsigned n;

	for (n = 0; n < SWEEP; n++) {
		const struct path *x;

		if (p->sweep_at >= prefixes_last(p->paths)) {
			p->counts.fresh = p->sweep.fresh;
			p->counts.stale = p->sweep.stale;
			p->counts.inherited = p->sweep.inherited;
			p->counts.silent = p->sweep.silent;
			p->counts.split = p->sweep.split;
			memset(&p->sweep, 0, sizeof(p->sweep));
			p->sweep_at = 0;
			p->back = false;
			return;
		}
		p->sweep_at++;
		if (!prefixes_used(p->paths, p->sweep_at))
			continue;
		x = prefixes_at(p->paths, p->sweep_at);
		count_path(p, p->sweep_at, x, now);
		if (p->back && mono_set(x->measured))
			look_at_probers(p, p->sweep_at, x, now);
	}
}

static void
sweep_again(struct prober *p)
{
	p->back = true;
	p->sweep_at = 0;
	memset(&p->sweep, 0, sizeof(p->sweep));
}

/* Two a tick at least, so they go faster than they come. */
static void
expire(struct prober *p, struct mono now)
{
	uint32_t i;
	unsigned n;

	for (n = 0; n < 100; n++) {
		const struct path *x;

		i = prefixes_oldest(p->paths);
		if (i == PATH_NONE)
			return;
		x = prefixes_at(p->paths, i);
		if (mono_us(now, x->touched) < p->expire_us || x->round != 0)
			return;
		prefixes_remove(p->paths, i);
	}
}

static void
refill(struct prober *p, struct mono now)
{
	double s = (double)(now.ns - p->filled.ns) / 1e9;

	p->filled = now;
	if (s > 0)
		p->tokens += s * p->manager->probe_rate;
	if (p->tokens > p->burst)
		p->tokens = p->burst;
}

void
prober_go(struct prober *p, struct mono now)
{
	unsigned n;

	refill(p, now);
	for (n = 0; n < TURN && proberound_start_next(p, now); n++)
		;
}

void
prober_tick(struct prober *p, struct mono now)
{
	proberound_end_late(p, now);
	prober_go(p, now);
	if (mono_ms(now, p->swept) < SWEEP_MS)
		return;
	p->swept = now;
	sweep(p, now);
	expire(p, now);
}

bool
prober_busy(const struct prober *p)
{
	return prefixes_urgent(p->paths) != PATH_NONE && probepath_any_live(p);
}

/* --- what comes in --- */

void
prober_want(struct prober *p, const struct addr *client, struct mono now)
{
	uint32_t i = probepath_find(p, client, true, now);
	struct path *x;
	bool is_new;
	int64_t age_us;

	p->counts.wants++;
	if (i == PATH_NONE)
		return;
	x = prefixes_at(p->paths, i);
	x->wanted = now;
	prefixes_touch(p->paths, i, now);
	(void)probepath_take_rep(p, i, client, &is_new);
	if (x->round != 0)
		return;
	age_us = mono_us(now, x->measured);
	if (!mono_set(x->measured) || (is_new && !probepath_has_reply(p, i) &&
					  age_us >= NEW_CLIENT_MS * 1000)) {
		prefixes_set_urgent(p->paths, i, true);
		return;
	}
	/* It need not be asked for; perhaps the director has lost it. */
	if (age_us < p->fresh_us / 2)
		probepath_tell(p, i, now);
	if (x->silences > 0)
		probepath_due_by(
		    p, i, later_us(x->measured, probepath_silence_us(p, x)));
	else
		probepath_due_by(p, i,
		    later_us(
			x->measured, probepath_jitter(p, p->fresh_us * 3 / 4)));
}

static void
take_provisional(struct prober *p, uint32_t i, int rep, size_t border,
    int32_t value, struct mono now)
{
	struct path *x = prefixes_at(p->paths, i);
	struct round *r = &p->rounds[x->round];
	int32_t *told = prefixes_told(p->paths, i);
	uint8_t *step;

	if (x->round == 0 || rep < 0 || (unsigned)rep >= r->nreps)
		return;
	step = &r->step[(size_t)rep * nborders(p) + border];
	if (*step != STEP_ASKED)
		return;
	*step = STEP_PROVISIONAL;
	if (!mono_set(x->measured) || !probepath_has_reply(p, i))
		x->provisional = true;
	if (!x->provisional || window_is_measured(told[border]))
		return;
	told[border] = value;
	x->measured = now;
	probepath_tell(p, i, now);
}

/* What another manager asked for, or what comes too late for its round. */
static void
take_foreign(struct prober *p, uint32_t i, const struct addr *a, size_t border,
    int32_t value, struct mono then, struct mono now)
{
	struct path *x = prefixes_at(p->paths, i);
	int32_t *told = prefixes_told(p->paths, i);
	int8_t *departed = prefixes_departed(p->paths, i);
	bool is_new;
	int k = probepath_take_rep(p, i, a, &is_new);

	if (k < 0 || x->estimate)
		return;
	prefixes_values(p->paths, i, k)[border] = value;
	x->rep[k].measured = then;
	if (value == DENIED)
		told[border] = WINDOW_NONE;
	else
		told[border] =
		    window_apply(told[border], value, &departed[border]);
	if (window_is_measured(value))
		x->silences = 0;
	if (mono_cmp(then, x->measured) > 0)
		x->measured = then;
	prefixes_touch(p->paths, i, now);
	/* Other borders' values come soon: told together, then. */
	x->foreign = true;
	probepath_due_by(p, i, mono_add_ms(now, SHORT_MS));
}

static int32_t
value_of(const struct record_result *r)
{
	switch (r->status) {
	case PROBE_REPLIED:
	case PROBE_PROVISIONAL:
	case PROBE_INEXACT:
		return r->rtt_us < WINDOW_SILENT ? (int32_t)r->rtt_us
						 : WINDOW_SILENT - 1;
	case PROBE_SILENT:
	case PROBE_UNREACHABLE:
		return WINDOW_SILENT;
	case PROBE_REFUSED:
	case PROBE_FAILED:
		return DENIED;
	case PROBE_UNKNOWN:
		break;
	}
	return WINDOW_NONE;
}

static void
note_quality(struct round *r, const struct record_result *x)
{
	int32_t spread = x->spread_us < WINDOW_SILENT ? (int32_t)x->spread_us
						      : WINDOW_SILENT;

	if (spread > r->spread_us)
		r->spread_us = spread;
	if (x->loss > r->loss && x->loss < 10000)
		r->loss = x->loss;
}

static void
take_result(struct prober *p, int prober, const struct record_result *r,
    struct mono now)
{
	size_t border = (size_t)p->world->probers[prober].border;
	int32_t value = value_of(r);
	struct mono then = mono_add_ms(now, -(int64_t)r->age_ms);
	uint32_t i = probepath_find(p, &r->addr,
	    window_is_measured(value) && r->status != PROBE_PROVISIONAL &&
		mono_us(now, then) < p->expire_us,
	    now);
	struct path *x;
	int k;

	if (i == PATH_NONE)
		return;
	x = prefixes_at(p->paths, i);
	k = probepath_find_rep(x, &r->addr);
	if (r->status == PROBE_PROVISIONAL) {
		take_provisional(p, i, k, border, value, now);
		return;
	}
	if (x->round == 0 || k < 0 ||
	    (unsigned)k >= p->rounds[x->round].nreps ||
	    p->rounds[x->round].step[(size_t)k * nborders(p) + border] ==
		STEP_NOT_ASKED) {
		if (value != WINDOW_NONE)
			take_foreign(p, i, &r->addr, border, value, then, now);
		return;
	}
	note_quality(&p->rounds[x->round], r);
	x->rep[k].measured = now;
	proberound_step_over(p, i, (unsigned)k, border, value);
	if (p->rounds[x->round].open == 0)
		proberound_close(p, i, now);
}

/* What a prober was asked for in rounds will not come; or is asked again. */
static void
lose_steps(struct prober *p, int prober, bool again, struct mono now)
{
	size_t border = (size_t)p->world->probers[prober].border;
	uint32_t n, next;
	unsigned k;

	for (n = p->first; n != 0; n = next) {
		struct round *r = &p->rounds[n];
		const struct path *x = prefixes_at(p->paths, r->path);

		next = r->next;
		for (k = 0; k < r->nreps; k++) {
			uint8_t s = r->step[k * nborders(p) + border];
			struct addr a = prefixes_rep(x, (int)k);

			if (s != STEP_ASKED && s != STEP_PROVISIONAL)
				continue;
			if (again)
				p->on.order(p->on.arg, prober, &a);
			else
				proberound_step_over(
				    p, r->path, k, border, WINDOW_NONE);
		}
		if (r->open == 0)
			proberound_close(p, r->path, now);
	}
}

static void
set_uplink(struct prober *p, int prober, enum state uplink, enum reason reason)
{
	struct prober_agent *a = &p->agents[prober];
	bool was = a->uplink == STATE_DOWN, is = uplink == STATE_DOWN;

	a->uplink = uplink;
	a->uplink_reason = reason;
	if (was != is)
		p->on.uplink(p->on.arg, p->world->probers[prober].border, is,
		    is ? REASON_UPLINK_SILENT : REASON_NONE);
}

static void
set_state(struct prober *p, int prober, enum state state, enum reason reason,
    struct mono now)
{
	struct prober_agent *a = &p->agents[prober];
	enum state before = a->status.state;
	char what[RECORD_NAME + 32];

	(void)snprintf(what, sizeof(what), "prober of border %s",
	    p->world->borders[p->world->probers[prober].border].id);
	(void)status_set(&a->status, state, reason, now, false, what);
	if (before == state)
		return;
	if (state != STATE_UP) {
		set_uplink(p, prober, STATE_UNKNOWN, REASON_NOT_JUDGED);
		lose_steps(p, prober, false, now);
	}
	sweep_again(p);
}

static void
take_answer(struct prober *p, int prober, const struct record_prober *r,
    struct mono now)
{
	struct prober_agent *a = &p->agents[prober];

	a->answered = now;
	a->rtt_us = r->rtt_us;
	a->taken += r->taken;
	a->missing += r->missing;
	a->text[0] = '\0';
	set_state(p, prober, STATE_UP, REASON_AGENT_OK, now);
	set_uplink(p, prober, r->uplink, r->uplink_reason);
}

static void
take_failure(
    struct prober *p, int prober, const struct record_fail *r, struct mono now)
{
	struct prober_agent *a = &p->agents[prober];

	if (strcmp(a->text, r->text) != 0 && log_allowed(&p->log, "prober"))
		log_warnx("prober", "border %s: %s",
		    p->world->borders[p->world->probers[prober].border].id,
		    r->text);
	memcpy(a->text, r->text, sizeof(a->text));
	set_state(p, prober, STATE_DOWN, r->reason, now);
}

void
prober_record(struct prober *p, const struct record *r, struct mono now)
{
	struct prober_agent *a = &p->agents[r->prober];

	switch (r->kind) {
	case RECORD_PROBER:
		take_answer(p, r->prober, &r->u.prober, now);
		break;
	case RECORD_FAIL:
		take_failure(p, r->prober, &r->u.fail, now);
		break;
	case RECORD_RESTART:
		a->restarts++;
		lose_steps(p, r->prober, true, now);
		break;
	case RECORD_RESULT:
		a->results++;
		a->result = now;
		a->silent += r->u.result.status == PROBE_SILENT ||
			     r->u.result.status == PROBE_UNREACHABLE;
		a->refused += r->u.result.status == PROBE_REFUSED;
		take_result(p, r->prober, &r->u.result, now);
		break;
	default: /* late, engine: of no interest */
		break;
	}
}

void
prober_lost(struct prober *p, int prober, struct mono now)
{
	struct record_fail f = {.reason = REASON_AGENT_TIMEOUT,
	    .text = "the process that polls it is gone"};

	take_failure(p, prober, &f, now);
}

/* --- another world --- */

/* Which border of the old world each one of the new is; whether there is any
 * difference. */
static bool
borders_from(const struct world *old, const struct world *w, int *from)
{
	bool differ = old->nborders != w->nborders;
	size_t i;

	for (i = 0; i < w->nborders; i++) {
		from[i] = world_border(old, w->borders[i].id);
		differ |= from[i] != (int)i;
	}
	return differ;
}

/* Steps of borders that are gone were given up before. */
static void
renumber_rounds(struct prober *p, const int *from, size_t nold, size_t n)
{
	uint32_t i;
	size_t k, b;

	for (i = 1; i <= PROBER_ROUNDS; i++) {
		struct round *r = &p->rounds[i];
		uint8_t *old = r->step;

		r->step = NULL; /* made by new_round() where there is none */
		if (r->path != PATH_NONE)
			r->step = mem_array(PATH_REPS * n, sizeof(*r->step));
		for (k = 0; r->step != NULL && k < PATH_REPS; k++)
			for (b = 0; b < n; b++)
				if (from[b] >= 0)
					r->step[k * n + b] =
					    old[k * nold + (size_t)from[b]];
		free(old);
	}
}

static void
drop_prober(struct prober *p, int prober, struct mono now)
{
	set_uplink(p, prober, STATE_UNKNOWN, REASON_NOT_JUDGED);
	p->agents[prober].status.state = STATE_UNKNOWN;
	lose_steps(p, prober, false, now);
}

void
prober_renew(struct prober *p, const struct world *w, const struct manager *m,
    int (*same)(const struct world *a, int n, const struct world *b),
    struct mono now)
{
	const struct world *old = p->world;
	struct prober_agent *agents = p->agents;
	int *from = mem_array(w->nborders, sizeof(*from)), is;
	size_t i;

	for (i = 0; i < old->nprobers; i++)
		if (same(old, (int)i, w) < 0)
			drop_prober(p, (int)i, now);
	free(p->of_border);
	free(p->masked);
	use_world(p, w, m, now);
	for (i = 0; i < old->nprobers; i++) {
		is = same(old, (int)i, w);
		if (is >= 0)
			p->agents[is] = agents[i];
	}
	free(agents);
	if (borders_from(old, w, from)) {
		prefixes_renumber(p->paths, from, w->nborders, WINDOW_NONE);
		renumber_rounds(p, from, old->nborders, w->nborders);
	}
	free(from);
	prefixes_set_max(p->paths, m->prefixes);
	sweep_again(p);
}

void
prober_again(struct prober *p, int prober, struct mono now)
{
	lose_steps(p, prober, true, now);
}

const struct prober_agent *
prober_agent(const struct prober *p, int prober)
{
	return &p->agents[prober];
}

void
prober_count(const struct prober *p, struct prober_counts *out)
{
	*out = p->counts;
	out->prefixes = prefixes_count(p->paths);
	out->max = prefixes_max(p->paths);
	out->evicted = prefixes_evicted(p->paths);
	out->rounds = p->nrounds;
	out->queued = prefixes_urgents(p->paths);
}
