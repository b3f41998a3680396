/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CTL_EMPTY_H
#define CTL_EMPTY_H

/*
 * Whether what is drained is empty, from what managers and directors say of
 * it. Looks at answers to `status`; asks nobody and waits for nothing.
 */

#include <stdbool.h>
#include <stdint.h>

#include "ctl/call.h"
#include "ctl/tables.h"
#include "lib/world.h"

/* What is to be empty, and what was seen of it before. */
struct empty {
	const struct world *w;
	const char *border; /* its id, or NULL: the servers that follow */
	const bool *server; /* one a server of the world */
	int64_t at_most;    /* connections that may be left, of each server */

	/* What the last look found. */
	int64_t connections; /* of all servers together */
	size_t counted;      /* servers whose connections are known */
	size_t uncounted;    /* the others */
	size_t full;         /* counted, with more than at_most */
	bool applied;        /* the state has reached who decides */
	bool seen;           /* somebody answered */

	/* Clients that directors sent there, and since when (ms of the look)
	 * there was no new one. */
	int64_t sent, quiet_since;
};

/* Before the first look, `now_ms` on any clock. */
void empty_init(struct empty *e, int64_t now_ms);
/*
 * Look at the answers of these managers and directors, NULL for who did not
 * answer. Samples older than max_age_ms are no sample: they may be of
 * before the drain, or their agent is silent.
 */
void empty_look(struct empty *e, const struct target *who,
    struct tables *const *answer, size_t n, int64_t max_age_ms, int64_t now_ms);
/* Nothing is left: all counted servers have at most at_most connections, and
 * where nobody counts them no client was sent for `quiet_ms`. */
bool empty_is(const struct empty *e, int64_t quiet_ms, int64_t now_ms);

#endif
