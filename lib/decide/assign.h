/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_DECIDE_ASSIGN_H
#define LIB_DECIDE_ASSIGN_H

/*
 * Clients sent to a server since its last sample count as load until the next
 * one, or all would go to the server that looked best for a moment. Pure.
 */

#include <stdint.h>

#include "lib/world.h"

/*
 * The load (0..LOAD_MAX or LOAD_UNKNOWN) under a policy of a server to which
 * `drawn` clients were sent since its last sample, which showed `open`
 * connections (-1: not known). 0 stays 0, LOAD_UNKNOWN stays; what is left is
 * at least 1.
 */
int assign_load(int load, const struct policy *p, int64_t open, uint32_t drawn);

#endif
