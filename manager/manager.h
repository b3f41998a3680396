/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MANAGER_MANAGER_H
#define MANAGER_MANAGER_H

/* The parts of the daemon, for those that show or steer all of them. */

#include "lib/daemon.h"
#include "lib/mono.h"
#include "lib/rows.h"
#include "manager/admin.h"
#include "manager/feed.h"
#include "manager/fleet.h"
#include "manager/pollers.h"
#include "manager/try.h"

struct control;

struct managerd {
	struct daemon daemon;
	const struct world *world;
	const struct manager *self;
	struct mono started;
	struct fleet *fleet;
	struct admin_table *admin;
	struct pollers *pollers;
	struct tries *tries;
	struct prober *prober; /* NULL: the world has none */
	struct prober_events probing;
	struct feeds_wants wants;
	struct event *turn;
	struct feeds *feeds;
	struct control *control;
	struct face *face;
	struct rows *rows; /* of the MIB; NULL: places from 1 on */
	struct snap *snap;
	struct event *tick, *second;
};

#endif
