/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CTL_DOCTOR_EXITS_H
#define CTL_DOCTOR_EXITS_H

/* By which way packets leave that carry the address of an alias. */

#include "ctl/doctor/finding.h"
#include "lib/addr.h"

struct exit_way {
	const char *server, *alias, *border;
	struct addr addr;
	bool local;          /* the address is of this host */
	bool routed;         /* the kernel has a way out for it */
	struct addr gateway; /* AF_UNSPEC: none, on the link */
	int interface;
	char name[32]; /* of the interface */
	int mtu;       /* of the route or interface; 0: not known */
	int rp_filter; /* 1: strict; -1: not known */
};

/* What is wrong with the ways of all aliases of this host. Pure. */
void exits_judge(const struct exit_way *way, size_t n, struct findings *f);
/* Ask the kernel for the way of `way->addr`; leaves it unrouted if there is
 * none. */
void exits_ask(struct exit_way *way);

#endif
