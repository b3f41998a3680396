/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AGENT_PINGSTATUS_H
#define AGENT_PINGSTATUS_H

/* What hoppingd answers to `status`. */

#include "agent/pingargs.h"
#include "agent/pinger.h"
#include "lib/peer.h"

#define PINGSTATUS_OWNERS 32 /* rows for so many; the others in one */

struct pingstatus {
	const char *id;
	const struct pingargs *args;
	const struct pinger *pinger;
	bool snmp; /* our objects are served */
	struct mono started;
};

/* Rows of the tables daemon, uplink, canary, requests, probes, refused. */
void
pingstatus_send(struct peer *p, const struct pingstatus *s, struct mono now);

#endif
