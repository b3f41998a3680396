/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_DECIDE_WEIGH_H
#define LIB_DECIDE_WEIGH_H

/*
 * Samples of a service's servers to their loads under a policy (section 4.3;
 * claims 7-10 hold exactly where a metric stands alone). Pure.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/reason.h"
#include "lib/world.h"

/* One sample, smoothed or raw. Amounts in KiB, CPU in hundredths of 1 %. */
struct sample {
	bool known[METRICS];
	double connections;
	double ram_free, ram_total;
	double swap_free, swap_total;
	double cpu_idle; /* 0..10000 */
};

/* The newest sample into the smoothed one: share ppm of the newest. */
void weigh_smooth(
    struct sample *smooth, const struct sample *newest, uint32_t share_ppm);

struct weigh_input {
	const struct sample *sample; /* NULL: none, its load is its weight's */
	unsigned weight;             /* of the server */
	bool live;                   /* counts among "the other live servers" */
	int64_t up_us;    /* how long it is up, for slow start; -1: long */
	int64_t stale_us; /* how long the sample is stale: ages to the weight */
};

struct weighed {
	int load; /* 0..LOAD_MAX */
	bool busy;
	enum reason reason; /* of busy: REASON_AT_LIMIT, REASON_RAM_LOW ... */
};

#define WEIGH_AGEING_US INT64_C(30000000) /* stale load to weight */

/* out[n] from in[n], the servers of one service in its order. */
void weigh(const struct policy *p, const struct weigh_input *in, size_t n,
    struct weighed *out);
/* A load of this age on its way to the weight; a busy 0 stays 0. */
int weigh_aged(int load, int weight, int64_t stale_us);

#endif
