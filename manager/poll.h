/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MANAGER_POLL_H
#define MANAGER_POLL_H

/*
 * The SNMP poller: a process that asks its agents for their load, one GET
 * each an interval, and sends records (manager/record.h) to its parent.
 * SNMPv3 authPriv only; nothing here waits for any one agent.
 */

#include <stddef.h>

#include "lib/world.h"
#include "manager/record.h"

struct poll_conf {
	int fd; /* to the parent: SOCK_SEQPACKET */
	const struct world *world;
	const struct manager *manager;
	const int *servers; /* to be polled, of kind hopscotch or standard */
	size_t n;
	const int *probers; /* to be asked for paths */
	size_t nprobers;
	const struct record_cursor *cursors; /* one a prober: where to go on */
};

/* The life of the process after fork(): closes all other descriptors but
 * standard error, ends when the parent does. */
void poll_run(const struct poll_conf *conf) __attribute__((noreturn));

#endif
