/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/decide/assign.h"

#include <math.h>

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
