/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AGENT_LOAD_H
#define AGENT_LOAD_H

/* The sampler: the load of this host, all values together. */

#include <event2/event.h>
#include <stdint.h>

#include "agent/ports.h"
#include "lib/mono.h"

/* Which metrics a sample holds; the bits are those of HopMetrics. */
enum load_metric { LOAD_CONNECTIONS, LOAD_RAM, LOAD_SWAP, LOAD_CPU };

struct load_sample {
	uint32_t number; /* 0: none yet */
	struct mono taken;
	unsigned metrics;     /* 1 << LOAD_CONNECTIONS ...; others are 0 */
	uint64_t connections; /* ESTABLISHED or CLOSE-WAIT */
	struct mono counted;  /* when they were; {0}: none */
	uint64_t ram_free, ram_total;   /* KiB */
	uint64_t swap_free, swap_total; /* KiB; 0: none */
	unsigned cpu_idle;              /* hundredths of 1 % */
	unsigned cpus;
};

struct load_conf {
	struct event_base *base;
	const char *procfs;    /* "/proc" */
	const uint16_t *ports; /* count on these only, if there are any */
	size_t nports;
};

struct load;

/* What cannot be read is missing in the samples and logged once in a while. */
struct load *load_new(const struct load_conf *conf);
void load_free(struct load **l);
/* Count on these ports from now on, on all if there are none: if that is
 * another list, no sample has connections until the first count. */
void load_set_ports(struct load *l, const uint16_t *ports, size_t n);
/* The last count by port, or NULL. */
const struct ports_result *load_ports(const struct load *l);
/* Take the next sample now. */
void load_take(struct load *l, struct mono now);
/* The last one; the sampler's. */
const struct load_sample *load_last(const struct load *l);

#endif
