/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MANAGER_MERGE_H
#define MANAGER_MERGE_H

/*
 * What a reload keeps of the fleet: all that is known of what stays, found by
 * id. Pure.
 */

#include "manager/fleet.h"

/*
 * A fleet of another world in which all that stays is as it is in `old`, which
 * is left as it is. Tells nobody; behind it fleet_apply_admin() for what
 * operators want, and verdict_settle().
 */
struct fleet *merge_fleet(const struct fleet *old, const struct world *w,
    const struct manager *m, struct mono now);

/* Whether two agents, of two worlds, are one and the same to who polls them:
 * place, kind, and a user with the same secrets. */
bool merge_same_agent(const struct world *a, const struct agent *x,
    const struct world *b, const struct agent *y);

/* Whether a connection to these endpoints is one to those. */
bool merge_same_endpoints(const struct listen_lines *a, size_t na,
    const struct listen_lines *b, size_t nb);

#endif
