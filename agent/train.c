/* SPDX-License-Identifier: BSD-2-Clause */
/* What the probes of a round come to. At most twenty values: sorted by hand. */
#include "agent/train.h"

#include <string.h>

void
train_init(struct train *t, unsigned size)
{
	memset(t, 0, sizeof(*t));
	t->size = (uint8_t)(size > TRAIN_MAX ? TRAIN_MAX : size);
}

void
train_settle(struct train *t, unsigned i, enum train_outcome o)
{
	if (i >= t->size || t->outcome[i] != TRAIN_OPEN || o == TRAIN_OPEN)
		return;
	t->outcome[i] = (uint8_t)o;
	t->settled++;
}

void
train_reply(struct train *t, unsigned i, uint32_t rtt_us, bool inexact)
{
	if (i >= t->size || t->outcome[i] != TRAIN_OPEN)
		return;
	t->rtt_us[i] = rtt_us == 0 ? 1 : rtt_us; /* 0 says: no reply */
	t->inexact[i] = inexact;
	train_settle(t, i, TRAIN_REPLY);
}

bool
train_is_over(const struct train *t)
{
	return t->settled == t->size;
}

void
train_stop(struct train *t)
{
	unsigned i;

	for (i = 0; i < t->size; i++)
		train_settle(t, i, TRAIN_UNJUDGED);
	t->started = t->size;
}

uint32_t
train_median(uint32_t *values, size_t n)
{
	size_t i, j;
	uint32_t v;

	if (n == 0)
		return 0;
	for (i = 1; i < n; i++) {
		v = values[i];
		for (j = i; j > 0 && values[j - 1] > v; j--)
			values[j] = values[j - 1];
		values[j] = v;
	}
	return (uint32_t)(((uint64_t)values[(n - 1) / 2] + values[n / 2]) / 2);
}

static unsigned
count(const struct train *t, unsigned from, enum train_outcome o)
{
	unsigned i, n = 0;

	for (i = from; i < t->size; i++)
		n += t->outcome[i] == o;
	return n;
}

/* The times of the replies from this probe on into the result. */
static void
measure(const struct train *t, unsigned from, struct train_result *r)
{
	uint32_t rtt[TRAIN_MAX] = {0};
	unsigned i, n = 0;

	for (i = from; i < t->size; i++) {
		if (t->outcome[i] != TRAIN_REPLY)
			continue;
		r->inexact = r->inexact || t->inexact[i];
		rtt[n++] = t->rtt_us[i];
	}
	r->median_us = train_median(rtt, n);
	r->min_us = rtt[0];
	for (i = 0; i < n; i++)
		rtt[i] = rtt[i] > r->median_us ? rtt[i] - r->median_us
					       : r->median_us - rtt[i];
	r->spread_us = train_median(rtt, n);
	r->status = r->inexact ? TRAIN_INEXACT : TRAIN_REPLIED;
}

bool
train_provisional(const struct train *t, struct train_result *r)
{
	if (count(t, 0, TRAIN_REPLY) != 1 || train_is_over(t))
		return false;
	memset(r, 0, sizeof(*r));
	measure(t, 0, r);
	r->status = TRAIN_PROVISIONAL;
	r->sent = 1;
	return true;
}

/* Without a reply: errors say more than silence, and that the host could not
 * send says more than that it may have lost something. */
static enum train_status
silent_status(const struct train *t)
{
	if (count(t, 0, TRAIN_ERROR) > 0)
		return TRAIN_UNREACHABLE;
	if (count(t, 0, TRAIN_SILENT) > 0)
		return TRAIN_ALL_SILENT;
	return count(t, 0, TRAIN_FAILED) > 0 ? TRAIN_NOT_SENT : TRAIN_UNKNOWN;
}

void
train_final(const struct train *t, struct train_result *r)
{
	unsigned from = count(t, 1, TRAIN_REPLY) > 0 ? 1 : 0, replies, lost;

	memset(r, 0, sizeof(*r));
	replies = count(t, from, TRAIN_REPLY);
	lost = count(t, from, TRAIN_SILENT) + count(t, from, TRAIN_ERROR);
	r->sent = replies + lost;
	if (r->sent > 0)
		r->loss = lost * 10000 / r->sent;
	if (replies > 0)
		measure(t, from, r);
	else
		r->status = silent_status(t);
}
