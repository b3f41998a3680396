/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A round is one window of one path: all its clients that stand for it, from
 * all borders whose prober is up. Its values count when it is over; those of a
 * path that had none are told as they come, first replies too.
 *
 * Owns the paths and the rounds. A path names its round and the other way
 * round; a path in a round is not evicted.
 */
#include "manager/prober.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "manager/window.h"

#define DENIED        (-2) /* refused or not possible: not measured at all */
#define TURN          1000 /* started at once, then others have their turn */
#define SWEEP         2000 /* paths looked at in SWEEP_MS */
#define SWEEP_MS      100
#define CHILDREN      256  /* looked at for an estimate */
#define CHILDREN_MIN  3    /* that an estimate of a parent needs */
#define PARENT_MS     5000 /* between two estimates of one */
#define CONFIRMS_MAX  3    /* in a row */
#define AGREED_MAX    10   /* windows until a split path is whole again */
#define NEW_CLIENT_MS 10000
#define SHORT_MS      2000
/* Below this there is time for two trains between windows only. */
#define THREE_US       INT64_C(50000000)
#define BACK_MS        30000 /* in which a prober that is back gets its share */
#define SILENCE_MAX_US INT64_C(86400000000)

enum step { STEP_NOT_ASKED, STEP_ASKED, STEP_PROVISIONAL, STEP_OVER };

struct round {
	uint32_t path; /* PATH_NONE: not in use */
	uint32_t next, last;
	struct mono started;
	unsigned nreps, open; /* results to come */
	int32_t spread_us;
	unsigned loss;
	uint8_t *step; /* [rep * nborders + border] */
};

struct prober {
	const struct world *world;
	const struct manager *manager;
	struct prober_events on;
	struct prefixes *paths;
	struct prober_agent *agents;
	int *of_border;       /* prober of a border, or -1 */
	struct round *rounds; /* from 1 on */
	uint32_t spare, first, last;
	size_t nrounds;
	int64_t fresh_us, expire_us;
	int reps_max; /* clients that stand for a prefix */
	double tokens, burst;
	struct mono filled;
	unsigned turn;
	uint64_t random;
	int32_t *values; /* scratch: CHILDREN */
	int32_t *masked; /* the values of a line: nborders */
	bool back;       /* a prober came back or went */
	uint32_t sweep_at;
	struct mono swept;
	struct prober_counts sweep, counts;
	struct log_bound log;
};

static size_t
nborders(const struct prober *p)
{
	return p->world->nborders;
}

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
	p->values = mem_array(CHILDREN, sizeof(*p->values));
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

static bool
is_live(const struct prober *p, size_t border)
{
	int q = p->of_border[border];

	return q >= 0 && p->agents[q].status.state == STATE_UP;
}

static bool
any_live(const struct prober *p)
{
	size_t i;

	for (i = 0; i < p->world->nprobers; i++)
		if (p->agents[i].status.state == STATE_UP)
			return true;
	return false;
}

static struct mono
later_us(struct mono t, int64_t us)
{
	return (struct mono){t.ns + us * 1000};
}

/* us, but for up to an eighth more or less: nothing shall beat in step. */
static int64_t
jitter(struct prober *p, int64_t us)
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
static bool
line_of(struct prober *p, uint32_t i, struct mono now, struct prober_line *l)
{
	const struct path *x = prefixes_at(p->paths, i);
	const int32_t *told = prefixes_told(p->paths, i);
	size_t b;

	if (!mono_set(x->measured))
		return false;
	/* What a prober that is gone has said before is not known to hold. */
	for (b = 0; b < nborders(p); b++)
		p->masked[b] = is_live(p, b) ? told[b] : WINDOW_NONE;
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

static void
tell(struct prober *p, uint32_t i, struct mono now)
{
	struct prober_line l;

	if (line_of(p, i, now, &l))
		p->on.line(p->on.arg, &l);
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
		if (prefixes_used(p->paths, *at) && line_of(p, *at, now, &l))
			line(arg, &l);
	}
	return true;
}

/* Told once that there is nothing any more. */
static void
withdraw(struct prober *p, uint32_t i, struct mono now)
{
	int32_t *told = prefixes_told(p->paths, i);
	size_t b;

	for (b = 0; b < nborders(p); b++)
		told[b] = WINDOW_NONE;
	tell(p, i, now);
	prefixes_at(p->paths, i)->measured = (struct mono){0};
}

static bool
has_reply(const struct prober *p, uint32_t i)
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
static bool
in_demand(const struct prober *p, const struct path *x, struct mono now)
{
	return mono_set(x->wanted) &&
	       mono_us(now, x->wanted) < 2 * p->fresh_us + 30000000;
}

/* Due at this time, or before if it is due before. */
static void
due_by(struct prober *p, uint32_t i, struct mono due)
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
static int64_t
silence_us(const struct prober *p, const struct path *x)
{
	int64_t us = p->fresh_us;
	unsigned n;

	for (n = 1; n < x->silences && us < SILENCE_MAX_US; n++)
		us *= 2;
	return us < SILENCE_MAX_US ? us : SILENCE_MAX_US;
}

static void
schedule(struct prober *p, uint32_t i, struct mono now)
{
	struct path *x = prefixes_at(p->paths, i);
	int64_t us;

	if (!is_departing(p, i) && x->disagreed == 0)
		x->confirms = 0;
	else if (x->confirms < UINT8_MAX)
		x->confirms++;
	/* What does not settle is noise: then no more often than usual. */
	if (x->confirms > 0 && x->confirms <= CONFIRMS_MAX &&
	    in_demand(p, x, now)) {
		p->counts.confirms++;
		us = PROBER_CONFIRM_MS * 1000;
		if (us > p->fresh_us)
			us = p->fresh_us;
	} else if (!in_demand(p, x, now)) {
		prefixes_set_due(p->paths, i, (struct mono){0});
		return;
	} else if (x->silences > 0) {
		us = silence_us(p, x);
	} else {
		us = p->fresh_us * 3 / 4;
	}
	prefixes_set_due(p->paths, i, later_us(now, jitter(p, us)));
}

/* --- estimates --- */

/* The values of what a path covers at one border, into p->values. */
static size_t
gather(struct prober *p, const struct path *x, size_t border, struct mono now)
{
	uint32_t c = x->child;
	size_t n = 0, looked;

	for (looked = 0; c != PATH_NONE && looked < CHILDREN; looked++) {
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
	if (!has_reply(p, i))
		withdraw(p, i, now);
	due_by(p, i, later_us(now, jitter(p, p->fresh_us / 2)));
}

static void
estimate(struct prober *p, uint32_t i, struct mono now)
{
	struct path *x = prefixes_at(p->paths, i);
	int32_t *told = prefixes_told(p->paths, i), m, apart;
	bool had = has_reply(p, i), disagree = false;
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
	if (!had && !has_reply(p, i))
		return;
	x->measured = newest_child(p, x);
	prefixes_touch(p->paths, i, now);
	tell(p, i, now);
}

/* What it covers has changed. */
static void
tell_parent(struct prober *p, uint32_t i, struct mono now)
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

static uint32_t
add_path(
    struct prober *p, const struct prefix *x, uint32_t parent, struct mono now)
{
	uint32_t i = prefixes_add(p->paths, x, WINDOW_NONE, now);

	/* To make room the parent itself may have gone. */
	if (i != PATH_NONE && i != parent && prefixes_used(p->paths, parent))
		prefixes_set_parent(p->paths, i, parent);
	return i;
}

/* The path that a client is measured by: its own, or that of its prefix. */
static uint32_t
path_of(struct prober *p, const struct addr *a, bool make, struct mono now)
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
		return add_path(p, &host, i, now);
	parent = find_parent(p, a, now);
	return add_path(p, &x, parent, now);
}

static int
find_rep(const struct path *x, const struct addr *a)
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
static int
take_rep(struct prober *p, uint32_t i, const struct addr *a, bool *is_new)
{
	struct path *x = prefixes_at(p->paths, i);
	int k = find_rep(x, a);
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

/* --- rounds --- */

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
		if (v == DENIED || !is_live(p, b))
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
		uint32_t h = add_path(p, &host, i, now);
		struct path *y;
		bool is_new;

		if (h == PATH_NONE)
			continue;
		y = prefixes_at(p->paths, h);
		(void)take_rep(p, h, &a, &is_new);
		memcpy(prefixes_values(p->paths, h, 0),
		    prefixes_values(p->paths, i, k),
		    nborders(p) * sizeof(int32_t));
		memcpy(prefixes_told(p->paths, h),
		    prefixes_values(p->paths, i, k),
		    nborders(p) * sizeof(int32_t));
		y->rep[0].measured = y->measured = now;
		y->wanted = x->wanted;
		schedule(p, h, now);
		tell(p, h, now);
	}
	x->nreps = 0;
	estimate(p, i, now);
}

static void
close_window(struct prober *p, uint32_t i, struct mono now)
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
	tell(p, i, now);
	schedule(p, i, now);
	tell_parent(p, i, now);
}

/* A result of a round, or that there will be none (value WINDOW_NONE). */
static void
step_over(
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
			if (!is_live(p, b))
				continue;
			r->step[k * nborders(p) + b] = STEP_ASKED;
			r->open++;
			p->agents[p->of_border[b]].orders++;
			p->on.order(p->on.arg, p->of_border[b], &a);
		}
	}
}

static void
end_late_rounds(struct prober *p, struct mono now)
{
	while (p->first != 0 &&
	       mono_ms(now, p->rounds[p->first].started) >= PROBER_ROUND_MS) {
		p->counts.timeouts++;
		close_window(p, p->rounds[p->first].path, now);
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
	tell(p, i, now);
	schedule(p, i, now);
	tell_parent(p, i, now);
}

static bool
start_next(struct prober *p, struct mono now)
{
	uint32_t i = choose(p, now);
	const struct path *x;

	if (i == PATH_NONE)
		return false;
	x = prefixes_at(p->paths, i);
	if (x->estimate) {
		prefixes_set_urgent(p->paths, i, false);
		estimate(p, i, now);
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
	if (p->tokens < 1 || p->spare == 0 || !any_live(p))
		return false;
	p->turn++;
	start_round(p, i, now);
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
	if (!x->estimate && !has_reply(p, i))
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
		gone |= !is_live(p, b) && told[b] != WINDOW_NONE;
		lacks |= is_live(p, b) && told[b] == WINDOW_NONE;
	}
	if (gone)
		tell(p, i, now);
	if (lacks && !x->estimate && in_demand(p, x, now))
		due_by(p, i,
		    later_us(now,
			(jitter(p, BACK_MS * 1000) * 8 - BACK_MS * 7000) / 2));
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

void
prober_go(struct prober *p, struct mono now)
{
	unsigned n;

	refill(p, now);
	for (n = 0; n < TURN && start_next(p, now); n++)
		;
}

void
prober_tick(struct prober *p, struct mono now)
{
	end_late_rounds(p, now);
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
	return prefixes_urgent(p->paths) != PATH_NONE && any_live(p);
}

/* --- what comes in --- */

void
prober_want(struct prober *p, const struct addr *client, struct mono now)
{
	uint32_t i = path_of(p, client, true, now);
	struct path *x;
	bool is_new;
	int64_t age_us;

	p->counts.wants++;
	if (i == PATH_NONE)
		return;
	x = prefixes_at(p->paths, i);
	x->wanted = now;
	prefixes_touch(p->paths, i, now);
	(void)take_rep(p, i, client, &is_new);
	if (x->round != 0)
		return;
	age_us = mono_us(now, x->measured);
	if (!mono_set(x->measured) ||
	    (is_new && !has_reply(p, i) && age_us >= NEW_CLIENT_MS * 1000)) {
		prefixes_set_urgent(p->paths, i, true);
		return;
	}
	/* It need not be asked for; perhaps the director has lost it. */
	if (age_us < p->fresh_us / 2)
		tell(p, i, now);
	if (x->silences > 0)
		due_by(p, i, later_us(x->measured, silence_us(p, x)));
	else
		due_by(p, i,
		    later_us(x->measured, jitter(p, p->fresh_us * 3 / 4)));
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
	if (!mono_set(x->measured) || !has_reply(p, i))
		x->provisional = true;
	if (!x->provisional || window_is_measured(told[border]))
		return;
	told[border] = value;
	x->measured = now;
	tell(p, i, now);
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
	int k = take_rep(p, i, a, &is_new);

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
	due_by(p, i, mono_add_ms(now, SHORT_MS));
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
	uint32_t i = path_of(p, &r->addr,
	    window_is_measured(value) && r->status != PROBE_PROVISIONAL &&
		mono_us(now, then) < p->expire_us,
	    now);
	struct path *x;
	int k;

	if (i == PATH_NONE)
		return;
	x = prefixes_at(p->paths, i);
	k = find_rep(x, &r->addr);
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
	step_over(p, i, (unsigned)k, border, value);
	if (p->rounds[x->round].open == 0)
		close_window(p, i, now);
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
				step_over(p, r->path, k, border, WINDOW_NONE);
		}
		if (r->open == 0)
			close_window(p, r->path, now);
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
