/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AGENT_LOADSTATUS_H
#define AGENT_LOADSTATUS_H

/* What hoploadd answers to `status`. */

#include "agent/checks.h"
#include "agent/load.h"
#include "agent/loadargs.h"
#include "lib/peer.h"

struct loadstatus {
	const char *id;
	const struct loadargs *args;
	const struct load *load;
	const struct checks *checks;
	bool snmp; /* our objects are served */
	uint32_t missed;
	struct mono started;
};

/* Rows of the tables daemon, sample, check. */
void
loadstatus_send(struct peer *p, const struct loadstatus *s, struct mono now);

#endif
