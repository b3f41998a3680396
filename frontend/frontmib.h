/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FRONTEND_FRONTMIB_H
#define FRONTEND_FRONTMIB_H

/* The hopFrontEnd subtree of HOPSCOTCH-MIB as a snapshot. */

#include "frontend/ask.h"
#include "frontend/http.h"
#include "lib/rows.h"
#include "lib/snap.h"

#define FRONTMIB_ARC 5 /* of hopObjects */

/* What a front end shows of itself, to SNMP and to hopctl. */
struct front_view {
	const struct world *world;
	const struct frontend *self;
	const struct ask *ask;
	const struct http *http;
	const struct accesslog *log; /* or NULL */
	struct mono started;
	const struct rows *rows; /* of the MIB; NULL: places from 1 on */
};

/* Empties the snapshot and fills it; unsorted. */
void frontmib_fill(struct snap *s, const struct front_view *v, struct mono now);

#endif
