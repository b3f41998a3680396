/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A round is one window of one path: all its clients that stand for it, from
 * all borders whose prober is up. Its values count when it is over. A path
 * names its round and the other way round; a path in a round is not evicted.
 */
#include "manager/proberound.h"

#include <string.h>

#include "lib/mem.h"
#include "manager/probepath.h"
#include "manager/window.h"

static struct round *
new_round(struct prober *p, uint32_t path, unsigned nreps, struct mono now)
{
	uint32_t n = p->spare;
	struct round *r = &p->rounds[n];
	size_t steps = PATH_REPS * nborders(p);

	p->spare = r->next;
	if (r->step == NULL)
		r->step = mem_array(steps, sizeof(*r->step));
	memset(r->step, STEP_NOT_ASKED, steps);
	r->path = path;
	r->started = now;
	r->open = 0;
	r->spread_us = 0;
	r->loss = 0;
	r->nreps = nreps;
	r->next = 0;
	r->last = p->last;
	*(p->last != 0 ? &p->rounds[p->last].next : &p->first) = n;
	p->last = n;
	p->nrounds++;
	prefixes_at(p->paths, path)->round = n;
	return r;
}

static void
end_round(struct prober *p, struct path *x)
{
	struct round *r = &p->rounds[x->round];

	*(r->last != 0 ? &p->rounds[r->last].next : &p->first) = r->next;
	*(r->next != 0 ? &p->rounds[r->next].last : &p->last) = r->last;
	r->path = PATH_NONE;
	r->next = p->spare;
	p->spare = x->round;
	p->nrounds--;
	x->round = 0;
}

/* What a window gives for one border; *apart: its clients disagree. */
static int32_t
window_value(
    struct prober *p, uint32_t i, const struct round *r, size_t b, bool *apart)
{
	bool silent = false, denied = false;
	size_t n = 0;
	unsigned k;

	for (k = 0; k < r->nreps; k++) {
		int32_t v = prefixes_values(p->paths, i, (int)k)[b];

		if (r->step[k * nborders(p) + b] != STEP_OVER)
			continue;
		if (window_is_measured(v))
			p->values[n++] = v;
		silent |= v == WINDOW_SILENT;
		denied |= v == DENIED;
	}
	*apart = window_disagree(p->values, n);
	if (n > 0)
		return window_median(p->values, n);
	if (silent)
		return WINDOW_SILENT;
	return denied ? DENIED : WINDOW_NONE;
}

/* The values of a window to what is told. True if clients disagree. */
static bool
take_window(struct prober *p, uint32_t i, const struct round *r)
{
	struct path *x = prefixes_at(p->paths, i);
	int32_t *told = prefixes_told(p->paths, i), v, before;
	int8_t *departed = prefixes_departed(p->paths, i);
	bool apart, disagree = false, replied = false;
	size_t b;

	for (b = 0; b < nborders(p); b++) {
		v = window_value(p, i, r, b, &apart);
		disagree |= apart;
		replied |= window_is_measured(v);
		before = told[b];
		if (v == DENIED || !probepath_is_live(p, b))
			told[b] = WINDOW_NONE;
		else if (x->provisional && v != WINDOW_NONE)
			told[b] = v;
		else
			told[b] = window_apply(before, v, &departed[b]);
		if (window_is_measured(before) && !x->provisional)
			p->counts.changes += told[b] != before;
	}
	if (replied)
		x->silences = 0;
	else if (x->silences < UINT8_MAX)
		x->silences++;
	return disagree;
}

/* Its clients are in different places: each becomes a path of its own. */
static void
split(struct prober *p, uint32_t i, struct mono now)
{
	struct path *x = prefixes_at(p->paths, i);
	int k;

	x->split = x->estimate = true;
	x->disagreed = x->agreed = 0;
	for (k = 0; k < x->nreps; k++) {
		struct addr a = prefixes_rep(x, k);
		struct prefix host = addr_prefix(&a, addr_bits(&a));
		uint32_t h = probepath_add(p, &host, i, now);
		struct path *y;
		bool is_new;

		if (h == PATH_NONE)
			continue;
		y = prefixes_at(p->paths, h);
		(void)probepath_take_rep(p, h, &a, &is_new);
		memcpy(prefixes_values(p->paths, h, 0),
		    prefixes_values(p->paths, i, k),
		    nborders(p) * sizeof(int32_t));
		memcpy(prefixes_told(p->paths, h),
		    prefixes_values(p->paths, i, k),
		    nborders(p) * sizeof(int32_t));
		y->rep[0].measured = y->measured = now;
		y->wanted = x->wanted;
		probepath_schedule(p, h, now);
		probepath_tell(p, h, now);
	}
	x->nreps = 0;
	probepath_estimate(p, i, now);
}

void
proberound_close(struct prober *p, uint32_t i, struct mono now)
{
	struct path *x = prefixes_at(p->paths, i);
	struct round *r = &p->rounds[x->round];
	bool disagree = take_window(p, i, r), host;

	p->counts.windows++;
	host = x->len == (x->v6 ? 128 : 32);
	x->disagreed = disagree && !host ? (uint8_t)(x->disagreed + 1) : 0;
	x->spread_us = r->spread_us;
	x->loss = (uint16_t)(r->loss < 10000 ? r->loss : 10000);
	x->measured = now;
	x->provisional = false;
	end_round(p, x);
	prefixes_touch(p->paths, i, now);
	if (x->disagreed >= WINDOW_TURNS) {
		split(p, i, now);
		return;
	}
	probepath_tell(p, i, now);
	probepath_schedule(p, i, now);
	probepath_tell_parent(p, i, now);
}

/* A result of a round, or that there will be none (value WINDOW_NONE). */
void
proberound_step_over(
    struct prober *p, uint32_t i, unsigned rep, size_t border, int32_t value)
{
	struct round *r = &p->rounds[prefixes_at(p->paths, i)->round];
	uint8_t *step = &r->step[rep * nborders(p) + border];

	if (*step != STEP_ASKED && *step != STEP_PROVISIONAL)
		return;
	*step = value == WINDOW_NONE ? STEP_NOT_ASKED : STEP_OVER;
	prefixes_values(p->paths, i, (int)rep)[border] = value;
	r->open--;
}

/* How many of its clients stand for a path in its next window. Whether a
 * departure holds is seen by one of them; probers allow a prefix few pings, and
 * all of them would take a while. */
static unsigned
reps_of(const struct prober *p, uint32_t i)
{
	const struct path *x = prefixes_at(p->paths, i);
	const int32_t *v = prefixes_values(p->paths, i, 0);
	size_t b;

	if (x->confirms == 0 || x->disagreed > 0)
		return x->nreps;
	for (b = 0; b < nborders(p); b++)
		if (window_is_measured(v[b]))
			return 1;
	return x->nreps;
}

static void
start_round(struct prober *p, uint32_t i, struct mono now)
{
	struct path *x = prefixes_at(p->paths, i);
	struct round *r = new_round(p, i, reps_of(p, i), now);
	size_t b;
	unsigned k;

	prefixes_set_urgent(p->paths, i, false);
	prefixes_set_due(p->paths, i, (struct mono){0});
	p->tokens -= r->nreps;
	for (k = 0; k < r->nreps; k++) {
		struct addr a = prefixes_rep(x, (int)k);

		for (b = 0; b < nborders(p); b++) {
			if (!probepath_is_live(p, b))
				continue;
			r->step[k * nborders(p) + b] = STEP_ASKED;
			r->open++;
			p->agents[p->of_border[b]].orders++;
			p->on.order(p->on.arg, p->of_border[b], &a);
		}
	}
}

void
proberound_end_late(struct prober *p, struct mono now)
{
	while (p->first != 0 &&
	       mono_ms(now, p->rounds[p->first].started) >= PROBER_ROUND_MS) {
		p->counts.timeouts++;
		proberound_close(p, p->rounds[p->first].path, now);
	}
}

/* Who is next. New clients come first, but for every fourth turn. */
static uint32_t
choose(struct prober *p, struct mono now)
{
	uint32_t urgent = prefixes_urgent(p->paths);
	uint32_t due = prefixes_due(p->paths, now);

	if (due != PATH_NONE && (urgent == PATH_NONE || p->turn % 4 == 3))
		return due;
	return urgent;
}

/* All that another manager has measured in one window has come by now. */
static void
tell_foreign(struct prober *p, uint32_t i, struct mono now)
{
	prefixes_at(p->paths, i)->foreign = false;
	prefixes_set_due(p->paths, i, (struct mono){0});
	if (prefixes_at(p->paths, i)->round != 0)
		return; /* told when that is over */
	probepath_tell(p, i, now);
	probepath_schedule(p, i, now);
	probepath_tell_parent(p, i, now);
}

bool
proberound_start_next(struct prober *p, struct mono now)
{
	uint32_t i = choose(p, now);
	const struct path *x;

	if (i == PATH_NONE)
		return false;
	x = prefixes_at(p->paths, i);
	if (x->estimate) {
		prefixes_set_urgent(p->paths, i, false);
		probepath_estimate(p, i, now);
		return true;
	}
	if (x->foreign && !x->urgent) {
		tell_foreign(p, i, now);
		return true;
	}
	if (x->round != 0 || x->nreps == 0) {
		prefixes_set_urgent(p->paths, i, false);
		prefixes_set_due(p->paths, i, (struct mono){0});
		return true;
	}
	if (p->tokens < 1 || p->spare == 0 || !probepath_any_live(p))
		return false;
	p->turn++;
	start_round(p, i, now);
	return true;
}
