/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connections are what a manager read from the agents. Those through a border,
 * or of a server without agent, nobody counts: there it has to do that no
 * director sends anybody any more.
 */
#include "ctl/empty.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

static bool
is_text(const struct tables *t, const char *table, size_t row, const char *key,
    const char *want)
{
	const char *text = tables_cell(t, table, row, key);

	return text != NULL && strcmp(text, want) == 0;
}

void
empty_init(struct empty *e, int64_t now_ms)
{
	e->sent = -1;
	e->quiet_since = now_ms;
}

/* A server may have a row a service: its connections count once. */
static void
look_at_servers(struct empty *e, const struct tables *t, int64_t max_age_ms)
{
	bool *done = mem_array(e->w->nservers, sizeof(*done));
	size_t i, n = tables_rows(t, "server");

	for (i = 0; i < n; i++) {
		int at = world_server(e->w, tables_id(t, "server", i));
		int64_t open = tables_number(t, "server", i, "connections");
		int64_t age = tables_number(t, "server", i, "age-ms");

		if (at < 0 || !e->server[at] || done[at])
			continue;
		done[at] = true;
		if (is_text(t, "server", i, "state", "up") ||
		    is_text(t, "server", i, "state", "overloaded"))
			e->applied = false;
		if (open < 0 || age < 0 || age > max_age_ms) {
			e->uncounted++;
			continue;
		}
		e->counted++;
		e->connections += open;
		e->full += open > e->at_most;
	}
	free(done);
}

/* What a director sent there since it started, -1: it does not say. */
static int64_t
sent(const struct empty *e, const struct tables *t)
{
	const char *table = e->border != NULL ? "border" : "server";
	size_t i, n = tables_rows(t, table);
	int64_t sum = 0;
	int at;

	for (i = 0; i < n; i++) {
		const char *id = tables_id(t, table, i);

		at = e->border != NULL ? -1 : world_server(e->w, id);
		if (e->border != NULL ? strcmp(e->border, id) != 0
				      : at < 0 || !e->server[at])
			continue;
		if (tables_number(t, table, i, "decisions") < 0)
			return -1;
		sum += tables_number(t, table, i, "decisions");
	}
	return sum;
}

void
empty_look(struct empty *e, const struct target *who,
    struct tables *const *answer, size_t n, int64_t max_age_ms, int64_t now_ms)
{
	int64_t sum = 0;
	size_t i;

	e->connections = 0;
	e->counted = e->uncounted = e->full = 0;
	e->seen = false;
	e->applied = true;
	for (i = 0; i < n; i++) {
		if (answer[i] == NULL)
			continue;
		if (strcmp(who[i].program, "hopdirectord") == 0) {
			sum += sent(e, answer[i]);
			continue;
		}
		if (e->seen || strcmp(who[i].program, "hopmanagerd") != 0)
			continue;
		e->seen = true; /* managers agree: one is enough */
		if (e->border == NULL)
			look_at_servers(e, answer[i], max_age_ms);
	}
	if (sum != e->sent)
		e->quiet_since = now_ms;
	e->sent = sum;
}

bool
empty_is(const struct empty *e, int64_t quiet_ms, int64_t now_ms)
{
	if (!e->seen || !e->applied || e->full > 0)
		return false;
	if (e->border == NULL && e->uncounted == 0)
		return true;
	return now_ms - e->quiet_since >= quiet_ms;
}
