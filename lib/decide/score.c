/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One-way times from round trips, path metrics from one-way times, rows in
 * order. Owns nothing and allocates nothing: the rows are the caller's. Which
 * servers there are and how they do is not known here.
 */
#include "lib/decide/score.h"

#include <assert.h>

#define NO_ROUTE WORLD_NO_ROUTE

/* A sum in which "no route" stays "no route", as does what overflows. */
static int64_t
sum(int64_t a, int64_t b)
{
	int64_t s;

	return __builtin_add_overflow(a, b, &s) ? NO_ROUTE : s;
}

bool
score_is_measured(int64_t ping_us)
{
	return ping_us >= 0 && ping_us < PING_NO_REPLY;
}

/* The first border of the contact that is up, or -1. */
static int
contact_border(const struct score_input *in)
{
	const struct site *k = &in->world->sites[in->contact];
	size_t i;

	for (i = 0; i < k->nborders; i++)
		if (in->border_up[k->borders[i]])
			return k->borders[i];
	return -1;
}

bool
score_pings(const struct score_input *in, int64_t *ping_us)
{
	const struct world *w = in->world;
	bool shared = w->replies == REPLIES_SHARED;
	int own;
	size_t b;

	for (b = 0; b < w->nborders; b++) {
		ping_us[b] = PING_NOT_MEASURED;
		if (in->ping_us == NULL || !in->border_up[b] ||
		    !score_is_measured(in->ping_us[b]))
			continue;
		/* The reply came in at the contact: without a route from
		 * there to the border its time cannot be taken apart. */
		if (shared &&
		    world_delay(w, in->contact, w->borders[b].site) == NO_ROUTE)
			continue;
		ping_us[b] = in->ping_us[b];
	}
	own = contact_border(in);
	if (!score_is_measured(in->rtt_us) || own < 0 ||
	    ping_us[own] != PING_NOT_MEASURED)
		return false;
	ping_us[own] = in->rtt_us;
	return true;
}

/* The least round trip over the measured borders of a site, or -1. */
static int64_t
least_ping(const struct world *w, int site, const int64_t *ping_us)
{
	const struct site *k = &w->sites[site];
	int64_t least = -1;
	size_t i;

	for (i = 0; i < k->nborders; i++) {
		int64_t ping = ping_us[k->borders[i]];

		if (ping >= 0 && (least < 0 || ping < least))
			least = ping;
	}
	return least;
}

/* Replies come in at the contact, whichever border the probe left by. */
static void
one_way_shared(
    const struct world *w, int k, const int64_t *ping_us, struct legs *legs)
{
	int64_t bound = INT64_MAX, least = least_ping(w, k, ping_us), out;
	size_t b;

	for (b = 0; b < w->nborders; b++) {
		if (ping_us[b] < 0)
			continue;
		out = ping_us[b] - world_delay(w, k, w->borders[b].site);
		if (out < bound)
			bound = out;
		if (least >= 0 && out < least / 2) {
			legs->contradictions++;
			if (legs->contradicts != NULL)
				legs->contradicts[b] = true;
		}
	}
	if (bound < 0)
		bound = 0;
	legs->in_us = least < 0 ? bound / 2 : least / 2;
	if (legs->in_us > bound)
		legs->in_us = bound;
	for (b = 0; b < w->nborders; b++) {
		if (ping_us[b] < 0)
			continue;
		out = ping_us[b] - legs->in_us -
		      world_delay(w, k, w->borders[b].site);
		legs->out_us[b] = out > 0 ? out : 0;
	}
}

/* Each border has addresses of its own: a reply comes back as it went. */
static void
one_way_own(
    const struct world *w, int k, const int64_t *ping_us, struct legs *legs)
{
	int64_t least = least_ping(w, k, ping_us);
	size_t b;

	for (b = 0; b < w->nborders; b++)
		if (ping_us[b] >= 0)
			legs->out_us[b] = ping_us[b] / 2;
	for (b = 0; least < 0 && b < w->nborders; b++)
		if (ping_us[b] >= 0 &&
		    (legs->in_us < 0 || ping_us[b] / 2 < legs->in_us))
			legs->in_us = ping_us[b] / 2;
	if (least >= 0)
		legs->in_us = least / 2;
}

/* Nobody has measured the client: nearest is where it came in. */
static void
one_way_unmeasured(const struct score_input *in, struct legs *legs)
{
	const struct site *k = &in->world->sites[in->contact];
	size_t i;

	if (in->world->unmeasured != UNMEASURED_CONTACT)
		return;
	legs->in_us = 0;
	for (i = 0; i < k->nborders; i++)
		if (in->border_up[k->borders[i]])
			legs->out_us[k->borders[i]] = 0;
}

static void
one_way(const struct score_input *in, struct legs *legs)
{
	const struct world *w = in->world;
	int64_t ping_us[WORLD_BORDERS_MAX];
	size_t b;

	legs->in_us = -1;
	legs->contradictions = 0;
	legs->rtt_used = score_pings(in, ping_us);
	legs->measured = false;
	for (b = 0; b < w->nborders; b++) {
		legs->out_us[b] = -1;
		if (legs->contradicts != NULL)
			legs->contradicts[b] = false;
		if (ping_us[b] >= 0)
			legs->measured = true;
	}
	if (!legs->measured)
		one_way_unmeasured(in, legs);
	else if (w->replies == REPLIES_SHARED)
		one_way_shared(w, in->contact, ping_us, legs);
	else
		one_way_own(w, in->contact, ping_us, legs);
}

/*
 * "We weigh outgoing path components twice as much" (4.2, lines (11)). Where a
 * redirected client of a network of `own` replies comes in is decided by the
 * alias it was given: its border, whatever return-leg says.
 */
static int64_t
metric(const struct score_input *in, const struct legs *legs, int s, int b)
{
	const struct world *w = in->world;
	int k = in->contact, sb = w->borders[b].site;
	int64_t out = legs->out_us[b], inside, back, m;

	if (out < 0)
		return METRIC_NONE;
	if (w->replies == REPLIES_OWN && !in->relay)
		back = sum(out, world_delay(w, sb, s));
	else if (w->return_leg == RETURN_SERVER)
		back = sum(legs->in_us, world_delay(w, k, s));
	else
		back = sum(legs->in_us, world_delay(w, sb, k));
	inside = world_delay(w, s, sb);
	m = sum(sum(2 * out, sum(inside, inside)), back);
	return m == NO_ROUTE ? METRIC_NONE : m;
}

static bool
before(const struct row *a, const struct row *b)
{
	if (a->metric_us != b->metric_us)
		return a->metric_us < b->metric_us;
	if (a->site != b->site)
		return a->site < b->site;
	return a->border < b->border;
}

static void
sift(struct row *rows, size_t n, size_t i)
{
	struct row r = rows[i];
	size_t child;

	while ((child = 2 * i + 1) < n) {
		if (child + 1 < n && before(&rows[child], &rows[child + 1]))
			child++;
		if (!before(&r, &rows[child]))
			break;
		rows[i] = rows[child];
		i = child;
	}
	rows[i] = r;
}

/* A heap sort: in place, without the memory that qsort() may allocate, and
 * never slow, whatever values a feed sends. */
static void
sort(struct row *rows, size_t n)
{
	struct row r;
	size_t i;

	for (i = n / 2; i-- > 0;)
		sift(rows, n, i);
	for (i = n; i-- > 1;) {
		r = rows[0];
		rows[0] = rows[i];
		rows[i] = r;
		sift(rows, i, 0);
	}
}

void
score_rows(const struct score_input *in, struct row *rows, struct legs *legs)
{
	const struct world *w = in->world;
	int64_t out_us[WORLD_BORDERS_MAX];
	struct legs own = {.out_us = out_us};
	size_t n = w->nsites * w->nborders, head = 0, tail = n, s, b, i;
	struct row r;

	assert(w->nborders <= WORLD_BORDERS_MAX);
	if (legs == NULL)
		legs = &own;
	one_way(in, legs);
	/* Rows without a metric are put behind the others, back to front. */
	for (s = 0; s < w->nsites; s++)
		for (b = 0; b < w->nborders; b++) {
			r = (struct row){
			    (int)s, (int)b, metric(in, legs, (int)s, (int)b)};
			rows[r.metric_us >= 0 ? head++ : --tail] = r;
		}
	for (i = n; tail < i; tail++) {
		r = rows[--i];
		rows[i] = rows[tail];
		rows[tail] = r;
	}
	sort(rows, head);
}
