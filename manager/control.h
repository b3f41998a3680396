/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MANAGER_CONTROL_H
#define MANAGER_CONTROL_H

/*
 * Who talks to the manager: hopctl, and the other managers, with whom drains
 * are exchanged: each side tells all it has when they meet, then what is new.
 */

#include <stddef.h>

#include "manager/manager.h"

/* Listen and call the other managers; ends the program if an endpoint cannot
 * be had. */
struct control *control_start(struct managerd *m);
void control_free(struct control **c);

/* An operator's word from another side (SNMP): keep it, let it hold, tell the
 * other managers. */
void control_operator(struct managerd *m, struct admin_word *word);

/* Other managers as they are connected now. */
struct control_info {
	const char *id;
	bool up;
	const char *hash;
};
size_t control_count(const struct control *c);
void control_info(const struct control *c, size_t i, struct control_info *out);

#endif
