/* SPDX-License-Identifier: BSD-2-Clause */
#include "manager/pace.h"

void
pace_init(struct pace *p, size_t n, int64_t interval_us, struct mono now)
{
	*p = (struct pace){
	    .n = n, .interval_ns = interval_us * 1000, .start = now};
}

/* When turn number i is. In 128 bits: turns times nanoseconds. */
static struct mono
turn(const struct pace *p, uint64_t i)
{
	__extension__ unsigned __int128 ns = i;

	ns = ns * (uint64_t)p->interval_ns / p->n;
	return (struct mono){p->start.ns + (int64_t)ns};
}

int
pace_next(struct pace *p, struct mono now)
{
	int64_t late;
	uint64_t skip, i;

	if (p->n == 0 || mono_cmp(turn(p, p->sent), now) > 0)
		return -1;
	late = now.ns - turn(p, p->sent).ns - p->interval_ns / 20;
	if (late > 0) {
		skip = (uint64_t)((double)late / (double)p->interval_ns *
				  (double)p->n);
		p->skipped += skip;
		p->sent += skip;
	}
	i = p->sent++;
	return (int)(i % p->n);
}

int64_t
pace_wait_us(const struct pace *p, struct mono now)
{
	int64_t us;

	if (p->n == 0)
		return p->interval_ns / 1000;
	us = mono_us(turn(p, p->sent), now);
	return us > 0 ? us : 0;
}
