/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FRONTEND_BEST_H
#define FRONTEND_BEST_H

/* A director's answer, `best` or `none`, from its line. Pure. */

#include "frontend/kept.h"
#include "lib/line.h"

/* best <n> <ttl-ms> <scope> <server> <border> <name> <address> <weight> ...
 * for this service and client. Servers and aliases that this world lacks are
 * skipped and counted. 0; or -1 and `why` is a static text. */
int best_parse(const struct world *w, const struct line *l,
    const struct addr *client, struct kept_answer *out, int64_t *ttl_ms,
    unsigned *skipped, const char **why);

/* The number behind `best` or `none`; 0, or -1. */
int best_number(const struct line *l, uint64_t *n);

/* The reason of a `none` line. False: the director cannot know (its
 * configuration differs from ours), another should be asked. */
bool best_none(const struct line *l, enum reason *reason);

#endif
