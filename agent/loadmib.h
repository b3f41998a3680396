/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AGENT_LOADMIB_H
#define AGENT_LOADMIB_H

/* The hopLoad subtree of HOPSCOTCH-MIB from the sampler and the checks. */

#include "agent/checks.h"
#include "agent/load.h"
#include "lib/mono.h"
#include "lib/snap.h"

struct loadmib {
	struct mono started;
	int64_t interval_ms;
	const char *ports; /* "80 443", "" for all */
	uint32_t missed;   /* samples */
	const struct load_sample *sample;
	const struct checks *checks;
};

void loadmib_fill(struct snap *s, const struct loadmib *m, struct mono now);

#endif
