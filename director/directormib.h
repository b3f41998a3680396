/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DIRECTOR_DIRECTORMIB_H
#define DIRECTOR_DIRECTORMIB_H

/* The hopDirector subtree of HOPSCOTCH-MIB: the desk's tables as a snapshot. */

#include "director/desk.h"
#include "lib/mono.h"
#include "lib/snap.h"

#define DIRECTORMIB_ARC 4 /* of hopObjects */

/* Empties the snapshot and fills it; unsorted. */
void directormib_fill(struct snap *s, struct desk *d, struct mono now);

#endif
