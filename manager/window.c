/* SPDX-License-Identifier: BSD-2-Clause */
#include "manager/window.h"

#define APART_US      5000
#define APART_PERCENT 20
#define NOISE_US      5000
#define NOISE_PERCENT 10

bool
window_is_measured(int32_t value)
{
	return value >= 0 && value < WINDOW_SILENT;
}

/* Few values: an insertion sort. */
int32_t
window_median(int32_t *values, size_t n)
{
	size_t i, k;

	for (i = 1; i < n; i++) {
		int32_t v = values[i];

		for (k = i; k > 0 && values[k - 1] > v; k--)
			values[k] = values[k - 1];
		values[k] = v;
	}
	return n > 0 ? values[(n - 1) / 2] : WINDOW_NONE;
}

static int32_t
bound(int32_t value, int32_t least, int32_t percent)
{
	int32_t share = (int32_t)((int64_t)value * percent / 100);

	return share > least ? share : least;
}

bool
window_disagree(const int32_t *values, size_t n)
{
	int32_t least, most;
	size_t i;

	if (n == 0)
		return false;
	least = most = values[0];
	for (i = 1; i < n; i++) {
		if (values[i] < least)
			least = values[i];
		if (values[i] > most)
			most = values[i];
	}
	return most - least > bound(least, APART_US, APART_PERCENT);
}

/* 1: longer than what was told, or silent; -1: shorter; 0: the same. */
static int
direction(int32_t told, int32_t measured)
{
	int32_t noise;

	if (measured == WINDOW_SILENT)
		return 1;
	noise = bound(told, NOISE_US, NOISE_PERCENT);
	if (measured > told + noise)
		return 1;
	return measured < told - noise ? -1 : 0;
}

int32_t
window_apply(int32_t told, int32_t measured, int8_t *departed)
{
	int way;

	if (measured == WINDOW_NONE) /* it says neither yes nor no */
		return told;
	if (measured == told)
		way = 0;
	else if (!window_is_measured(told))
		way = 2; /* news */
	else
		way = direction(told, measured);
	if (way == 0)
		*departed = 0;
	else if (way * *departed > 0)
		*departed = (int8_t)(*departed + way);
	else
		*departed = (int8_t)way;
	if (*departed<WINDOW_TURNS && * departed> - WINDOW_TURNS)
		return told;
	*departed = 0;
	return measured;
}
