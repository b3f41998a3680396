/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loads from samples, relative to the other live servers of a service. No
 * memory, no time of its own, no I/O.
 */
#include "lib/decide/weigh.h"

#include <math.h>

#include "lib/decide/pick.h"

#define PPM 1000000.0
/* The least share of one metric. Without it a full swap alone would take a
 * server out of the draw, which only a bound may do. */
#define SHARE_MIN (1.0 / LOAD_MAX)
/* Against a share such as 0.49999999999 that arithmetic makes of a half. */
#define ROUNDING 1e-6

/* The best value of each metric among the live servers. */
struct best {
	bool known[METRICS];
	double connections; /* fewest */
	double ram_free;    /* most */
	double swap_free;
};

static double
mixed(bool known, double before, double newest, double share)
{
	return known ? before + share * (newest - before) : newest;
}

void
weigh_smooth(
    struct sample *smooth, const struct sample *newest, uint32_t share_ppm)
{
	double share = share_ppm / PPM;
	const bool *known = smooth->known;

	smooth->connections = mixed(known[METRIC_CONNECTIONS],
	    smooth->connections, newest->connections, share);
	smooth->ram_free =
	    mixed(known[METRIC_RAM], smooth->ram_free, newest->ram_free, share);
	smooth->swap_free = mixed(
	    known[METRIC_SWAP], smooth->swap_free, newest->swap_free, share);
	smooth->cpu_idle =
	    mixed(known[METRIC_CPU], smooth->cpu_idle, newest->cpu_idle, share);
	/* Totals do not jitter, and what has gone has gone. */
	smooth->ram_total = newest->ram_total;
	smooth->swap_total = newest->swap_total;
	for (int m = 0; m < METRICS; m++)
		smooth->known[m] = newest->known[m];
}

static bool
is_used(const struct weigh_input *in)
{
	return in->live && in->sample != NULL && in->stale_us < WEIGH_AGEING_US;
}

static void
find_best(const struct weigh_input *in, size_t n, struct best *best)
{
	size_t i;

	*best = (struct best){.connections = 0};
	for (i = 0; i < n; i++) {
		const struct sample *s = in[i].sample;

		if (!is_used(&in[i]))
			continue;
		if (s->known[METRIC_CONNECTIONS]) {
			if (!best->known[METRIC_CONNECTIONS] ||
			    s->connections < best->connections)
				best->connections = s->connections;
			best->known[METRIC_CONNECTIONS] = true;
		}
		if (s->known[METRIC_RAM]) {
			best->known[METRIC_RAM] = true;
			best->ram_free = fmax(best->ram_free, s->ram_free);
		}
		/* Where nobody has any swap it says nothing. */
		if (s->known[METRIC_SWAP] && s->swap_total > 0) {
			best->known[METRIC_SWAP] = true;
			best->swap_free = fmax(best->swap_free, s->swap_free);
		}
	}
}

/* free/most-free; 1 where all have nothing. */
static double
part_of(double amount, double most)
{
	return most > 0 ? amount / most : 1.0;
}

/* A server's share by one metric, above 0 and at most 1; 1 for the best. */
static double
share_of(enum metric m, const struct sample *s, const struct best *best)
{
	double share = 1.0;

	switch (m) {
	case METRIC_CONNECTIONS:
		share = (1 + best->connections) / (1 + s->connections);
		break;
	case METRIC_RAM:
		share = part_of(s->ram_free, best->ram_free);
		break;
	case METRIC_SWAP:
		share = part_of(s->swap_free, best->swap_free);
		break;
	case METRIC_CPU:
		share = s->cpu_idle / 10000;
		break;
	}
	return fmin(fmax(share, SHARE_MIN), 1.0);
}

/* Whether a metric of the policy can be told of this server. */
static bool
counts(const struct policy *p, enum metric m, const struct sample *s,
    const struct best *best)
{
	return p->metric[m].used && s->known[m] &&
	       (m == METRIC_CPU || best->known[m]);
}

/* The weighted geometric mean of its shares; 1 where none is known. */
static double
mean_share(
    const struct policy *p, const struct sample *s, const struct best *best)
{
	double logs = 0, weights = 0, share = 1.0;
	int m;

	for (m = 0; m < METRICS; m++) {
		if (!counts(p, (enum metric)m, s, best))
			continue;
		share = share_of((enum metric)m, s, best);
		logs += p->metric[m].weight * log(share);
		weights += p->metric[m].weight;
	}
	if (weights == 0)
		return 1.0;
	return exp(logs / weights);
}

static bool
is_below(double amount, double total, uint32_t min_ppm)
{
	return min_ppm > 0 && total > 0 && amount * PPM < total * min_ppm;
}

/* Only a bound makes busy. */
static enum reason
bound_reached(const struct policy *p, const struct sample *s)
{
	const struct metric_rule *r = p->metric;

	if (r[METRIC_CONNECTIONS].used && s->known[METRIC_CONNECTIONS] &&
	    r[METRIC_CONNECTIONS].limit > 0 &&
	    s->connections >= r[METRIC_CONNECTIONS].limit)
		return REASON_AT_LIMIT;
	if (r[METRIC_RAM].used && s->known[METRIC_RAM] &&
	    is_below(s->ram_free, s->ram_total, r[METRIC_RAM].min_ppm))
		return REASON_RAM_LOW;
	if (r[METRIC_SWAP].used && s->known[METRIC_SWAP] &&
	    is_below(s->swap_free, s->swap_total, r[METRIC_SWAP].min_ppm))
		return REASON_SWAP_LOW;
	if (r[METRIC_CPU].used && s->known[METRIC_CPU] &&
	    is_below(s->cpu_idle, 10000, r[METRIC_CPU].min_ppm))
		return REASON_CPU_LOW;
	return REASON_NONE;
}

static int
at_least_1(double load)
{
	return load < 1 ? 1 : (int)load;
}

/* Just up: no connections yet must not draw the whole world. */
static int
slowly(const struct policy *p, int load, int64_t up_us)
{
	if (up_us < 0 || up_us >= p->slow_start_us)
		return load;
	return at_least_1(
	    (double)load * (double)up_us / (double)p->slow_start_us);
}

static struct weighed
weigh_one(const struct policy *p, const struct weigh_input *in,
    const struct best *best, unsigned largest)
{
	int weight = pick_weight_load(in->weight, largest), load = weight;
	enum reason reason;

	if (in->sample != NULL && pick_has_metrics(p)) {
		reason = bound_reached(p, in->sample);
		if (reason != REASON_NONE)
			return (struct weighed){0, true, reason};
		/* Rounded down, so that only the best has the most. */
		load = at_least_1(mean_share(p, in->sample, best) * LOAD_MAX *
				      in->weight / largest +
				  ROUNDING);
		load = weigh_aged(load, weight, in->stale_us);
	}
	return (struct weighed){slowly(p, load, in->up_us), false, REASON_NONE};
}

void
weigh(const struct policy *p, const struct weigh_input *in, size_t n,
    struct weighed *out)
{
	unsigned largest = 1;
	struct best best;
	size_t i;

	for (i = 0; i < n; i++)
		if (in[i].weight > largest)
			largest = in[i].weight;
	find_best(in, n, &best);
	for (i = 0; i < n; i++)
		out[i] = weigh_one(p, &in[i], &best, largest);
}

int
weigh_aged(int load, int weight, int64_t stale_us)
{
	if (load <= 0 || stale_us <= 0)
		return load;
	if (stale_us >= WEIGH_AGEING_US)
		return weight;
	return load + (int)((weight - load) * stale_us / WEIGH_AGEING_US);
}
