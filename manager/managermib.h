/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MANAGER_MANAGERMIB_H
#define MANAGER_MANAGERMIB_H

/* The hopManager subtree: a snapshot for the face, and SETs from it. Knows
 * nothing of Net-SNMP. */

#include "lib/snap.h"
#include "manager/manager.h"

#define MANAGERMIB_ARC 3

void managermib_fill(const struct managerd *m, struct snap *s, struct mono now);

/* Whether a SET may be accepted; runs in the face's process. 0 or an error
 * number of SNMP. */
int
managermib_check_set(const uint32_t *oid, size_t n, const struct snap_value *v);
/* What an accepted SET of hopManagerAdminState asks for; false: there is no
 * such row (any more). Pure. */
bool managermib_word(const struct managerd *m, const uint32_t *oid, size_t n,
    const struct snap_value *v, int64_t now, struct admin_word *word);

#endif
