/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CTL_DOCTOR_DOCTOR_H
#define CTL_DOCTOR_DOCTOR_H

/*
 * The examinations of `hopctl doctor`, a file each. What they know of the host
 * is in struct host; `live` says that they may also ask: connect, look up
 * routes, run a tool. With --root they only look at files.
 */

#include <stdbool.h>

#include "ctl/ctl.h"
#include "ctl/doctor/finding.h"
#include "ctl/doctor/host.h"
#include "lib/world.h"

/* What of the configuration is on this host. */
struct role {
	const char *program;
	const char *id;
	const char *why; /* "host name", "running", "address" */
	int n;           /* in the world's array of its kind */
};
#define ROLES_MAX 64

struct doctor {
	struct ctl *c;
	const struct world *w; /* NULL: no usable configuration */
	struct host host;
	struct role role[ROLES_MAX];
	size_t nroles;
	bool live;
};

/* Find the roles of this host; those of servers and borders by address. */
void roles_find(struct doctor *d);
bool roles_have(const struct doctor *d, const char *program);

void check_roles(const struct doctor *d, struct findings *f);
void check_secrets(const struct doctor *d, struct findings *f);
void check_daemons(const struct doctor *d, struct findings *f);
void check_limits(const struct doctor *d, struct findings *f);
void check_snmpd(const struct doctor *d, struct findings *f);
void check_agentx(const struct doctor *d, struct findings *f);
void check_view(const struct doctor *d, struct findings *f);
void check_ports(const struct doctor *d, struct findings *f);
void check_certs(const struct doctor *d, struct findings *f);
void check_exits(const struct doctor *d, struct findings *f);
void check_clock(const struct doctor *d, struct findings *f);
void check_loops(const struct doctor *d, struct findings *f);

#endif
