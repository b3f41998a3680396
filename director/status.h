/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DIRECTOR_STATUS_H
#define DIRECTOR_STATUS_H

/* What the director is doing, as `row` lines for hopctl, ended by `done`. */

#include "director/desk.h"

void status_send(struct desk *d, struct peer *p, struct mono now);

#endif
