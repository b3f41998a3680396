/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MANAGER_VERDICT_H
#define MANAGER_VERDICT_H

/*
 * From what is known of a use to its state, and from there to the states of
 * server, service and site. The freeze lives here.
 */

#include "manager/fleet.h"

/* Judge one use, or all of a server, and what they are part of. */
void verdict_use(struct fleet *f, struct fleet_use *u, struct mono now);
void verdict_server(struct fleet *f, int server, struct mono now);

/* Behind a reload, as some of them may have gone: judge anew all that uses are
 * part of. */
void verdict_settle(struct fleet *f, struct mono now);

/* Whether the manager has to try the service by itself. */
bool verdict_needs_try(const struct fleet *f, const struct fleet_use *u);
/* Whether the agent answers with values that are new enough. */
bool verdict_agent_answers(const struct fleet *f, int server);

#endif
