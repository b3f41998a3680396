/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MANAGER_STATUS_H
#define MANAGER_STATUS_H

/* Rows of the manager's tables for hopctl status. */

#include "lib/peer.h"
#include "manager/manager.h"

/* All rows, then `done`. */
void status_send(struct managerd *m, struct peer *p);

#endif
