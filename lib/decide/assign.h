/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_DECIDE_ASSIGN_H
#define LIB_DECIDE_ASSIGN_H

/*
 * Clients sent to a server since its last sample count as load until the next
 * one, or all would go to the server that looked best for a moment. Pure.
 */

#include <stdint.h>

#include "lib/state.h"
#include "lib/view.h"
#include "lib/world.h"

/*
 * The load (0..LOAD_MAX or LOAD_UNKNOWN) under a policy of a server to which
 * `drawn` clients were sent since its last sample, which showed `open`
 * connections (-1: not known). 0 stays 0, LOAD_UNKNOWN stays; what is left is
 * at least 1.
 */
int assign_load(int load, const struct policy *p, int64_t open, uint32_t drawn);
/*
 * The same for all servers of a service: arrays of nuse, as view_states() and
 * view_loads() fill them; `drawn` is one a server of the world. Where others'
 * loads are known its weight stands in for one that is not. A sticky service
 * is left as it is.
 */
void assign_draws(const struct view *v, const struct world *w,
    const struct service *s, const uint32_t *drawn, const enum state *state,
    int *load);

#endif
