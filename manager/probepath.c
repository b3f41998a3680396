/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A path is a prefix, or a client of one whose clients disagree. Its values
 * come from proberound.c; those of a path that covers others, from them.
 */
#include "manager/probepath.h"

#include <string.h>

#include "manager/window.h"

#define CHILDREN_MIN   3    /* that an estimate of a parent needs */
#define PARENT_MS      5000 /* between two estimates of one */
#define CONFIRMS_MAX   3    /* in a row */
#define AGREED_MAX     10   /* windows until a split path is whole again */
#define SILENCE_MAX_US INT64_C(86400000000)

bool
probepath_is_live(const struct prober *p, size_t border)
{
	int q = p->of_border[border];

	return q >= 0 && p->agents[q].status.state == STATE_UP;
}

bool
probepath_any_live(const struct prober *p)
{
	size_t i;

	for (i = 0; i < p->world->nprobers; i++)
		if (p->agents[i].status.state == STATE_UP)
			return true;
	return false;
}

/* us, but for up to an eighth more or less: nothing shall beat in step. */
int64_t
probepath_jitter(struct prober *p, int64_t us)
{
	uint64_t x = p->random;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	p->random = x;
	x = (x * UINT64_C(2685821657736338717)) >> 44; /* 20 bits */
	return us - us / 8 + (us / 4) * (int64_t)x / (1 << 20);
}

/* --- what directors are told --- */

static unsigned
pending(const struct prober *p, const struct path *x)
{
	const struct round *r = &p->rounds[x->round];
	unsigned n = 0, k;
	size_t b;

	if (x->round == 0 || !x->provisional)
		return 0;
	for (b = 0; b < nborders(p); b++) {
		bool asked = false, came = false;

		for (k = 0; k < r->nreps; k++) {
			enum step s = (enum step)r->step[k * nborders(p) + b];

			asked |= s == STEP_ASKED;
			came |= s == STEP_PROVISIONAL || s == STEP_OVER;
		}
		n += asked && !came;
	}
	return n;
}

/* The line of a path; false if there is nothing to be told. */
bool
probepath_line(
    struct prober *p, uint32_t i, struct mono now, struct prober_line *l)
{
	const struct path *x = prefixes_at(p->paths, i);
	const int32_t *told = prefixes_told(p->paths, i);
	size_t b;

	if (!mono_set(x->measured))
		return false;
	/* What a prober that is gone has said before is not known to hold. */
	for (b = 0; b < nborders(p); b++)
		p->masked[b] = probepath_is_live(p, b) ? told[b] : WINDOW_NONE;
	*l = (struct prober_line){.prefix = prefixes_prefix(x),
	    .values = p->masked,
	    .age_ms = mono_ms(now, x->measured),
	    .spread_us = x->spread_us,
	    .loss = x->loss,
	    .inherited = x->estimate,
	    .pending = pending(p, x)};
	if (l->age_ms < 0)
		l->age_ms = 0;
	return true;
}

void
probepath_tell(struct prober *p, uint32_t i, struct mono now)
{
	struct prober_line l;

	if (probepath_line(p, i, now, &l))
		p->on.line(p->on.arg, &l);
}

/* Told once that there is nothing any more. */
static void
withdraw(struct prober *p, uint32_t i, struct mono now)
{
	int32_t *told = prefixes_told(p->paths, i);
	size_t b;

	for (b = 0; b < nborders(p); b++)
		told[b] = WINDOW_NONE;
	probepath_tell(p, i, now);
	prefixes_at(p->paths, i)->measured = (struct mono){0};
}

bool
probepath_has_reply(const struct prober *p, uint32_t i)
{
	const int32_t *told = prefixes_told(p->paths, i);
	size_t b;

	for (b = 0; b < nborders(p); b++)
		if (window_is_measured(told[b]))
			return true;
	return false;
}

/* --- when --- */

/* Clients have come lately: it is worth measuring. */
bool
probepath_in_demand(
    const struct prober *p, const struct path *x, struct mono now)
{
	return mono_set(x->wanted) &&
	       mono_us(now, x->wanted) < 2 * p->fresh_us + 30000000;
}

/* Due at this time, or before if it is due before. */
void
probepath_due_by(struct prober *p, uint32_t i, struct mono due)
{
	const struct path *x = prefixes_at(p->paths, i);

	if (x->heap == 0 || mono_cmp(due, x->due) < 0)
		prefixes_set_due(p->paths, i, due);
}

static bool
is_departing(const struct prober *p, uint32_t i)
{
	const int8_t *departed = prefixes_departed(p->paths, i);
	size_t b;

	for (b = 0; b < nborders(p); b++)
		if (departed[b] != 0)
			return true;
	return false;
}

/* Silence is asked again at longer and longer times. */
int64_t
probepath_silence_us(const struct prober *p, const struct path *x)
{
	int64_t us = p->fresh_us;
	unsigned n;

	for (n = 1; n < x->silences && us < SILENCE_MAX_US; n++)
		us *= 2;
	return us < SILENCE_MAX_US ? us : SILENCE_MAX_US;
}

void
probepath_schedule(struct prober *p, uint32_t i, struct mono now)
{
	struct path *x = prefixes_at(p->paths, i);
	int64_t us;

	if (!is_departing(p, i) && x->disagreed == 0)
		x->confirms = 0;
	else if (x->confirms < UINT8_MAX)
		x->confirms++;
	/* What does not settle is noise: then no more often than usual. */
	if (x->confirms > 0 && x->confirms <= CONFIRMS_MAX &&
	    probepath_in_demand(p, x, now)) {
		p->counts.confirms++;
		us = PROBER_CONFIRM_MS * 1000;
		if (us > p->fresh_us)
			us = p->fresh_us;
	} else if (!probepath_in_demand(p, x, now)) {
		prefixes_set_due(p->paths, i, (struct mono){0});
		return;
	} else if (x->silences > 0) {
		us = probepath_silence_us(p, x);
	} else {
		us = p->fresh_us * 3 / 4;
	}
	prefixes_set_due(p->paths, i, later_us(now, probepath_jitter(p, us)));
}

/* --- estimates --- */

/* The values of what a path covers at one border, into p->values. */
static size_t
gather(struct prober *p, const struct path *x, size_t border, struct mono now)
{
	uint32_t c = x->child;
	size_t n = 0, looked;

	for (looked = 0; c != PATH_NONE && looked < PROBER_CHILDREN; looked++) {
		const struct path *y = prefixes_at(p->paths, c);
		int32_t v = prefixes_told(p->paths, c)[border];

		if (!y->estimate && mono_set(y->measured) &&
		    mono_us(now, y->measured) <= p->expire_us &&
		    window_is_measured(v))
			p->values[n++] = v;
		c = y->sibling;
	}
	return n;
}

/* The median, and how far the values are from it (their median too). */
static int32_t
middle(int32_t *values, size_t n, int32_t *apart)
{
	int32_t m = window_median(values, n);
	size_t i;

	for (i = 0; i < n; i++)
		values[i] = values[i] > m ? values[i] - m : m - values[i];
	*apart = n > 0 ? window_median(values, n) : 0;
	return m;
}

static struct mono
newest_child(const struct prober *p, const struct path *x)
{
	struct mono newest = {0};
	uint32_t c;

	for (c = x->child; c != PATH_NONE;
	     c = prefixes_at(p->paths, c)->sibling)
		if (mono_cmp(prefixes_at(p->paths, c)->measured, newest) > 0)
			newest = prefixes_at(p->paths, c)->measured;
	return newest;
}

static bool
has_busy_child(const struct prober *p, const struct path *x)
{
	uint32_t c = x->child;

	while (c != PATH_NONE && prefixes_at(p->paths, c)->round == 0)
		c = prefixes_at(p->paths, c)->sibling;
	return c != PATH_NONE;
}

/* A split path whose clients agree again, or that has none any more. */
static void
make_whole(struct prober *p, uint32_t i, struct mono now)
{
	struct path *x = prefixes_at(p->paths, i);
	uint32_t c;

	while ((c = x->child) != PATH_NONE) {
		struct path *y = prefixes_at(p->paths, c);

		if (x->nreps < p->reps_max && y->nreps > 0) {
			x->rep[x->nreps] = y->rep[0];
			memcpy(prefixes_values(p->paths, i, x->nreps),
			    prefixes_values(p->paths, c, 0),
			    nborders(p) * sizeof(int32_t));
			x->nreps++;
		}
		withdraw(p, c, now);
		prefixes_remove(p->paths, c);
	}
	x->split = x->estimate = false;
	x->agreed = x->disagreed = 0;
	x->provisional = false;
	if (!probepath_has_reply(p, i))
		withdraw(p, i, now);
	probepath_due_by(
	    p, i, later_us(now, probepath_jitter(p, p->fresh_us / 2)));
}

void
probepath_estimate(struct prober *p, uint32_t i, struct mono now)
{
	struct path *x = prefixes_at(p->paths, i);
	int32_t *told = prefixes_told(p->paths, i), m, apart;
	bool had = probepath_has_reply(p, i), disagree = false;
	size_t b, n, most = 0;

	x->spread_us = 0;
	for (b = 0; b < nborders(p); b++) {
		n = gather(p, x, b, now);
		most = n > most ? n : most;
		disagree |= window_disagree(p->values, n);
		m = middle(p->values, n, &apart);
		if (!x->split && (n < CHILDREN_MIN || apart > 5000) &&
		    (n < CHILDREN_MIN || apart > m / 5))
			m = WINDOW_NONE; /* of many places: of none */
		told[b] = m;
		if (m != WINDOW_NONE && apart > x->spread_us)
			x->spread_us = apart;
	}
	prefixes_set_due(p->paths, i, (struct mono){0});
	x->agreed = disagree || most < 2 ? 0 : (uint8_t)(x->agreed + 1);
	if (x->split && (x->child == PATH_NONE || x->agreed >= AGREED_MAX) &&
	    !has_busy_child(p, x)) {
		make_whole(p, i, now);
		return;
	}
	if (!had && !probepath_has_reply(p, i))
		return;
	x->measured = newest_child(p, x);
	prefixes_touch(p->paths, i, now);
	probepath_tell(p, i, now);
}

/* What it covers has changed. */
void
probepath_tell_parent(struct prober *p, uint32_t i, struct mono now)
{
	uint32_t parent = prefixes_at(p->paths, i)->parent;

	if (parent != PATH_NONE && prefixes_at(p->paths, parent)->heap == 0)
		prefixes_set_due(p->paths, parent, mono_add_ms(now, PARENT_MS));
}

/* --- finding paths --- */

static unsigned
length_of(const struct prober *p, const struct addr *a)
{
	return a->family == AF_INET ? p->world->prefix4 : p->world->prefix6;
}

static uint32_t
find_parent(struct prober *p, const struct addr *a, struct mono now)
{
	unsigned len = a->family == AF_INET ? PROBER_PARENT4 : PROBER_PARENT6;
	struct prefix x;
	uint32_t i;

	if (length_of(p, a) <= len)
		return PATH_NONE;
	x = addr_prefix(a, len);
	i = prefixes_find(p->paths, &x);
	if (i == PATH_NONE)
		i = prefixes_add(p->paths, &x, WINDOW_NONE, now);
	if (i != PATH_NONE) {
		prefixes_at(p->paths, i)->estimate = true;
		prefixes_touch(p->paths, i, now);
	}
	return i;
}

uint32_t
probepath_add(
    struct prober *p, const struct prefix *x, uint32_t parent, struct mono now)
{
	uint32_t i = prefixes_add(p->paths, x, WINDOW_NONE, now);

	/* To make room the parent itself may have gone. */
	if (i != PATH_NONE && i != parent && prefixes_used(p->paths, parent))
		prefixes_set_parent(p->paths, i, parent);
	return i;
}

/* The path that a client is measured by: its own, or that of its prefix. */
uint32_t
probepath_find(
    struct prober *p, const struct addr *a, bool make, struct mono now)
{
	struct prefix host = addr_prefix(a, addr_bits(a));
	struct prefix x = addr_prefix(a, length_of(p, a));
	uint32_t i = prefixes_find(p->paths, &host), parent;

	if (i != PATH_NONE)
		return i;
	i = prefixes_find(p->paths, &x);
	if (i != PATH_NONE && !prefixes_at(p->paths, i)->split)
		return i;
	if (!make)
		return PATH_NONE;
	if (i != PATH_NONE)
		return probepath_add(p, &host, i, now);
	parent = find_parent(p, a, now);
	return probepath_add(p, &x, parent, now);
}

int
probepath_find_rep(const struct path *x, const struct addr *a)
{
	int k;

	for (k = 0; k < x->nreps; k++)
		if (memcmp(x->rep[k].ip, a->ip, sizeof(a->ip)) == 0)
			return k;
	return -1;
}

/* The place for one more client: a free one, that of one who is silent, that
 * of the one not measured for longest. */
static int
place_for(const struct prober *p, uint32_t i)
{
	const struct path *x = prefixes_at(p->paths, i);
	int k, oldest = 0;
	size_t b;

	if (x->nreps < p->reps_max)
		return x->nreps;
	for (k = 0; k < x->nreps; k++) {
		const int32_t *v = prefixes_values(p->paths, i, k);

		for (b = 0; b < nborders(p) && !window_is_measured(v[b]); b++)
			;
		if (b == nborders(p))
			return k;
		if (mono_cmp(x->rep[k].measured, x->rep[oldest].measured) < 0)
			oldest = k;
	}
	return oldest;
}

/* Let a client stand for its path. During a round the others stay. */
int
probepath_take_rep(
    struct prober *p, uint32_t i, const struct addr *a, bool *is_new)
{
	struct path *x = prefixes_at(p->paths, i);
	int k = probepath_find_rep(x, a);
	int32_t *v;
	size_t b;

	*is_new = k < 0;
	if (k >= 0)
		return k;
	k = place_for(p, i);
	if (x->round != 0 && (unsigned)k < p->rounds[x->round].nreps)
		return -1;
	if (k == x->nreps)
		x->nreps++;
	memcpy(x->rep[k].ip, a->ip, sizeof(a->ip));
	x->rep[k].measured = (struct mono){0};
	v = prefixes_values(p->paths, i, k);
	for (b = 0; b < nborders(p); b++)
		v[b] = WINDOW_NONE;
	return k;
}
