/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CTL_CALL_H
#define CTL_CALL_H

/*
 * Asking daemons: one line to each, all at once, and their answers until the
 * last line of each or until the time is over.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl/ctl.h"
#include "lib/peer.h"
#include "lib/world.h"

/* A daemon of the configuration. Points into the world. */
struct target {
	const char *program;
	const char *id;
	const char *host; /* or NULL */
	const struct listen_lines *at;
	size_t nat;
	bool any; /* whatever its hello says that it is */
};

/* All of the world, managers first; the list is the caller's to free. */
size_t call_targets(const struct world *w, struct target **list);

/* What became of a line of the answer. */
enum call_line { CALL_GO_ON, CALL_DONE, CALL_MALFORMED };

struct call {
	struct target to;
	const char *line; /* what is asked */
	enum call_line (*on_line)(void *arg, const struct line *l);
	void *arg;

	/* The result. */
	bool ok;
	bool refused;               /* it answered `error` */
	char why[600];              /* if not: for people */
	char where[160];            /* the endpoint that answered */
	char hash[WORLD_HASH_TEXT]; /* of its configuration */

	/* Of this module. */
	struct peer_conf conf;
	struct peer *peer;
	struct calls *all;
	size_t fails;
	bool finished;
};

/* Make all calls, with a world or, to sockets of this host, NULL; 0, or -1 if
 * the time of --timeout is no time. */
int
calls_run(struct ctl *c, const struct world *w, struct call *calls, size_t n);

#endif
