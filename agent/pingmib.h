/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AGENT_PINGMIB_H
#define AGENT_PINGMIB_H

/*
 * The hopProbe subtree of HOPSCOTCH-MIB: a snapshot of what is small, and the
 * target table and the journal as tables that are asked row by row.
 */

#include "agent/pinger.h"
#include "agent/request.h"
#include "lib/agentx.h"
#include "lib/mono.h"
#include "lib/snap.h"

#define PINGMIB_TABLES 2

/* The argument of the tables' functions. */
struct pingmib {
	struct pinger *pinger;
	struct request *request;
	const char *border, *sources;
	unsigned rate;
	struct mono started;
	bool changed; /* by a SET, since the snapshot was filled */
	void *daemon; /* whose it is */
	char text[ADDR_TEXT];
};

/* In the order of the MIB. */
extern const struct agentx_table pingmib_tables[PINGMIB_TABLES];

void pingmib_fill(struct snap *s, struct pingmib *m, struct mono now);

#endif
