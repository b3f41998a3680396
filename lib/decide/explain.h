/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_DECIDE_EXPLAIN_H
#define LIB_DECIDE_EXPLAIN_H

/*
 * A whole decision with its reasons: made the same way by a live director, by
 * hopctl offline, by tests. It travels as text lines and is shown as text for
 * people or JSON for machines.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/decide/pick.h"
#include "lib/decide/score.h"
#include "lib/line.h"
#include "lib/mono.h"
#include "lib/view.h"
#include "lib/world.h"

struct question {
	const struct world *world;
	int service;
	int contact;
	struct addr client;
	const char *client_text; /* as it was asked for, shown as such; NULL:
				    the address in its usual form */
	bool relay;
	int64_t rtt_us; /* -1: none */
	struct mono now;
	const struct view *loads; /* the view in use for loads and states */
	const struct view *paths; /* and for paths; either may be NULL */
	int64_t load_fresh_us;    /* see view_loads() */
	const uint32_t *assigned; /* drawn since the last sample, one a server,
				     or NULL */
};

struct explanation; /* owns all its text; independent of world and view */

struct explanation *explain(const struct question *q);
void explanation_free(struct explanation **e);
/* For people and for machines (the form in doc/protocol.md). */
void explanation_print(const struct explanation *e, FILE *out);
void explanation_json(const struct explanation *e, FILE *out);
/* Why this server, or why not, in one paragraph. */
void
explanation_why(const struct explanation *e, const char *server, FILE *out);
/*
 * As text lines, each given to put() without newline; and back. The last line
 * is "explained". explanation_line() returns 1 when it has seen that, 0 to go
 * on, -1 for a malformed line. The lines, words and texts encoded:
 *
 *   asked <service> <contact> <client> <policy> <select> [rtt=us] [relay=1]
 *   measured <prefix> age=<ms> fresh=<0|1> [inherited=1] [incomplete=1]
 *       [spread=us] [loss=n]                     if a line of paths holds
 *   replies <in us or -> [contradictions=n]
 *   border <id> <state> <reason> <ping us or -> <out us or -> [contradicts=1]
 *   delay <from> <to> <us or ->
 *   path <site> <border> <metric us or ->
 *   prefer <prefix> [site=<id>] [border=<id>] [server=<id>] [own=1]
 *       [ignored=<reason>]                       if there is one
 *   sticky <prefix> [first=<server>]             if the service is
 *   band <anchor us or -> <limit us or -> [last=1] [busy=1] [unknown=1]
 *       [weights=1] [stale=1] [backup=1] [none=<reason>]
 *   candidate <server> <site> <border> <name> <address> <load> <weight>
 *       [drawn=n] [metrics=<text>]
 *   excluded <server> <reason> [border=<id> metric=<us>] [metrics=<text>]
 *   explained
 */
void explanation_send(const struct explanation *e,
    void (*put)(void *arg, const char *line), void *arg);
struct explanation *explanation_new(void);
int explanation_line(struct explanation *e, const struct line *l);

#endif
