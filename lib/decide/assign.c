/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/decide/assign.h"

#include <math.h>

#include "lib/decide/pick.h"

/* The exponent that weigh() gives connections in its geometric mean, or 0. */
static double
connections_share(const struct policy *p)
{
	unsigned sum = 0;
	int m;

	if (!p->metric[METRIC_CONNECTIONS].used)
		return 0;
	for (m = 0; m < METRICS; m++)
		if (p->metric[m].used)
			sum += p->metric[m].weight;
	return (double)p->metric[METRIC_CONNECTIONS].weight / sum;
}

/*
 * Where a policy looks at connections a draw is one more of them: their part
 * of the load falls as (1+open)/(1+open+drawn), as if all of them had stayed.
 * Elsewhere nobody knows what one client weighs: `best` then takes the servers
 * in turn, in proportion to their loads. A weighted draw is in that proportion
 * anyway and needs no correction.
 */
int
assign_load(int load, const struct policy *p, int64_t open, uint32_t drawn)
{
	double share = connections_share(p), left;

	if (load <= 0 || drawn == 0)
		return load;
	if (share > 0 && open >= 0)
		left = load * pow((1.0 + (double)open) /
				      (1.0 + (double)open + (double)drawn),
				  share);
	else if (p->select == SELECT_BEST)
		left = load / (1.0 + (double)drawn);
	else
		return load;
	return left < 1.0 ? 1 : (int)left;
}

/* Whether a server is up whose load is known. */
static bool
knows_a_load(const enum state *state, const int *load, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (load[i] != LOAD_UNKNOWN && state[i] == STATE_UP)
			return true;
	return false;
}

/* Not where a prefix has its server: nobody runs there in a crowd, and should
 * not be driven away. */
void
assign_draws(const struct view *v, const struct world *w,
    const struct service *s, const uint32_t *drawn, const enum state *state,
    int *load)
{
	const struct policy *policy = &w->policies[s->policy];
	unsigned largest = pick_largest_weight(w, s);
	bool known = knows_a_load(state, load, s->nuse);
	size_t i;

	for (i = 0; i < s->nuse && !s->sticky; i++) {
		int server = s->use[i];

		if (drawn[server] == 0)
			continue;
		/* Or `best` would send everybody to the one server that nobody
		 * knows anything of. */
		if (load[i] == LOAD_UNKNOWN && known)
			load[i] = pick_weight_load(
			    w->servers[server].weight, largest);
		load[i] = assign_load(load[i], policy,
		    view_connections(v, server), drawn[server]);
	}
}
