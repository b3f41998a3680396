/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MANAGER_PACE_H
#define MANAGER_PACE_H

/*
 * When whose turn is: n agents, each once an interval, spread evenly over it.
 * A synchronized burst would overflow receive buffers and cost the agents'
 * answers. Pure.
 */

#include <stddef.h>
#include <stdint.h>

#include "lib/mono.h"

struct pace {
	size_t n;
	int64_t interval_ns;
	struct mono start;
	uint64_t sent;    /* turns given so far */
	uint64_t skipped; /* turns left out, as there was no time for them */
};

/* n may be 0; the interval is in microseconds. */
void pace_init(struct pace *p, size_t n, int64_t interval_us, struct mono now);
/* Whose turn it is (0..n-1), or -1: nobody's yet. After a stall at most a
 * twentieth of an interval is made up for, the rest is skipped. */
int pace_next(struct pace *p, struct mono now);
/* Microseconds until the next turn, at least 0. */
int64_t pace_wait_us(const struct pace *p, struct mono now);

#endif
