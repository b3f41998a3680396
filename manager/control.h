/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MANAGER_CONTROL_H
#define MANAGER_CONTROL_H

/*
 * Who talks to the manager: hopctl, and the other managers, with whom drains
 * are exchanged: each side tells all it has when they meet, then what is new.
 */

#include <stddef.h>

#include "lib/listeners.h"
#include "manager/manager.h"

/* Listen and call the other managers; ends the program if an endpoint cannot
 * be had. */
struct control *control_start(struct managerd *m);
void control_free(struct control **c);
/* Open what another configuration wants: NULL and *why if that cannot be. */
struct listeners_change *control_prepare(struct control *c,
    const struct world *w, const struct manager *self, char *why, size_t size);
/* m->world and m->self are the new ones, while the old ones are still there. */
void control_renew(struct control *c, struct listeners_change **change);

/* An operator's word from another side (SNMP): keep it, let it hold, tell the
 * other managers. */
void control_operator(struct managerd *m, struct admin_word *word);

/* Other managers as they are connected now. */
struct control_info {
	const char *id;
	bool self, up;
	bool skewed; /* its configuration is another one */
	const char *hash;
};
size_t control_count(const struct control *c);
void control_info(const struct control *c, size_t i, struct control_info *out);

#endif
