/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MANAGER_TAKE_H
#define MANAGER_TAKE_H

/*
 * A new configuration for the running manager: all parts go over to it by id,
 * at once. What is known of what stays is kept, connections too.
 */

#include "lib/reload.h"
#include "manager/manager.h"

/* For reload_world(); arg is the struct managerd. */
bool take_world(void *arg, struct world *w, char *why, size_t size);

/* Have something that measures paths if the world has probers, else nothing;
 * at the start too. */
void take_probers(struct managerd *m, struct mono now);
/* What operators want, for all servers and borders. */
void take_admin(struct managerd *m, struct mono now);

#endif
