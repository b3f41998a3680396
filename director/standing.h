/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DIRECTOR_STANDING_H
#define DIRECTOR_STANDING_H

/*
 * How each service stands: a state, its reason and since when; for log, MIB
 * and status. Decisions are not made from it.
 */

#include "director/picture.h"
#include "lib/mono.h"
#include "lib/reason.h"
#include "lib/state.h"
#include "lib/world.h"

struct standing {
	enum state state;
	enum reason reason;
	struct mono since;
	unsigned live; /* servers up or overloaded */
};

/* One a service of the world, all unknown; free() it. */
struct standing *standing_new(const struct world *w, struct mono now);
/* The same of another world: those that stay are as they were. free() it. */
struct renumber;
struct standing *standing_renumbered(
    const struct standing *old, const struct renumber *r, struct mono now);
/* Look at the picture; logs changes. */
void standing_look(struct standing *s, const struct world *w, struct picture *p,
    struct mono now);

#endif
