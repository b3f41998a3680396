/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/decide/assign.h"

#include "lib/decide/pick.h"

/*
 * Where connections are known a draw is one more of them: the load falls as
 * (1+open)/(1+open+drawn), as if all of them had stayed. Where they are not,
 * nobody knows what one client weighs: `best` then takes the servers in turn,
 * in proportion to their loads, as if nothing had been open before. A weighted
 * draw is in that proportion anyway and needs no correction.
 */
int
assign_load(int load, enum select select, int64_t open, uint32_t drawn)
{
	double before, left;

	if (load <= 0 || drawn == 0)
		return load;
	if (open < 0 && select == SELECT_WEIGHTED)
		return load;
	before = open < 0 ? 1.0 : 1.0 + (double)open;
	left = (double)load * before / (before + (double)drawn);
	return left < 1.0 ? 1 : (int)left;
}
