/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines of a feed into a view. A line is checked as a whole before any of it is
 * taken; names that the world lacks are passed over, but told of. Keeps nothing
 * between lines but what is in the view; decides nothing.
 */
#include "lib/view_own.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/decide/pick.h"
#include "lib/decide/score.h"
#include "lib/mem.h"
#include "lib/num.h"

#define REASON_BYTES  200
#define METRICS_BYTES 500
#define AGE_MAX_MS    INT64_C(86400000)

/* A line in hand. */
struct taking {
	struct view *v;
	const struct line *line;
	struct mono now;
	char *why;
	size_t size;
	bool unknown_name;
};

static enum view_result
malformed(struct taking *t, const char *what, const char *value)
{
	(void)snprintf(t->why, t->size, "%s: %s \"%.60s\"", t->line->field[0],
	    what, value);
	return VIEW_MALFORMED;
}

static void
unknown_name(struct taking *t, const char *what, const char *name)
{
	if (!t->unknown_name)
		(void)snprintf(t->why, t->size, "%s: no %s \"%.60s\"",
		    t->line->field[0], what, name);
	t->unknown_name = true;
}

static enum view_result
taken(const struct taking *t)
{
	return t->unknown_name ? VIEW_UNKNOWN_NAME : VIEW_TAKEN;
}

/* The time that the values of a line are of: now, less its `age`. */
static int
line_time(struct taking *t, struct mono *time)
{
	const char *age = line_option(t->line, "age");
	int64_t ms = 0;

	if (age != NULL && num_parse(age, 0, INT64_MAX, &ms) < 0) {
		(void)malformed(t, "age in ms wanted, not", age);
		return -1;
	}
	if (ms > AGE_MAX_MS)
		ms = AGE_MAX_MS;
	*time = mono_add_ms(t->now, -ms);
	return 0;
}

/* What is kept of a server for the service of the line, or for all; NULL if
 * the world knows no such pair. */
static struct told *
find_told(struct taking *t, const char *name, int service)
{
	struct view *v = t->v;
	int s = world_server(v->world, name);
	size_t i;

	if (s < 0) {
		unknown_name(t, "server", name);
		return NULL;
	}
	if (service < 0)
		return &v->servers[s];
	for (i = v->places_from[s]; i < v->places_from[s + 1]; i++)
		if (v->place[i].service == service)
			return &v->uses[v->place[i].use];
	return NULL; /* of no interest: that service does not use it */
}

/* The service= of a line: 0 and -1 for none, or -1 if there is no such. */
static int
line_service(struct taking *t, int *service)
{
	const char *id = line_option(t->line, "service");

	*service = -1;
	if (id == NULL)
		return 0;
	*service = world_service(t->v->world, id);
	if (*service >= 0)
		return 0;
	unknown_name(t, "service", id);
	return -1;
}

static void
set_load(
    struct taking *t, const char *name, int service, int load, struct mono time)
{
	struct told *told = find_told(t, name, service);

	if (told == NULL)
		return;
	/* The same load, told anew, has stopped ageing. */
	if (!told->has_load || told->load != load ||
	    mono_cmp(told->load_time, time) != 0)
		t->v->load_generation++;
	told->has_load = true;
	told->load = load;
	told->load_time = time;
	t->v->load_came[world_server(t->v->world, name)] = t->now;
}

static enum view_result
take_load(struct taking *t)
{
	const struct line *l = t->line;
	struct mono time;
	int64_t load;
	int service;
	size_t i;

	if (l->fields < 3 || l->fields % 2 == 0)
		return malformed(t, "pairs of server and load wanted, behind",
		    l->field[l->fields - 1]);
	for (i = 2; i < l->fields; i += 2)
		if (num_parse(l->field[i], 0, LOAD_MAX, &load) < 0)
			return malformed(
			    t, "a load of 0 to 10000 wanted, not", l->field[i]);
	if (line_time(t, &time) < 0)
		return VIEW_MALFORMED;
	if (line_service(t, &service) < 0)
		return VIEW_UNKNOWN_NAME;
	for (i = 1; i < l->fields; i += 2)
		if (num_parse(l->field[i + 1], 0, LOAD_MAX, &load) == 0)
			set_load(t, l->field[i], service, (int)load, time);
	t->v->load_time = t->now;
	return taken(t);
}

static void
set_reason(char **reason, const struct line *l)
{
	free(*reason);
	*reason = l->fields > 3 ? mem_textn(l->field[3], REASON_BYTES) : NULL;
}

static enum view_result
set_border(struct taking *t, const char *name, enum state state)
{
	struct view *v = t->v;
	int b = world_border(v->world, name);

	if (b < 0) {
		unknown_name(t, "border", name);
		return VIEW_UNKNOWN_NAME;
	}
	if (v->borders[b].state != state)
		v->path_generation++;
	v->borders[b].state = state;
	set_reason(&v->borders[b].reason, t->line);
	return VIEW_TAKEN;
}

static enum view_result
take_state(struct taking *t)
{
	const struct line *l = t->line;
	struct told *told;
	enum state state;
	int service;

	if (l->fields < 3 || l->fields > 4)
		return malformed(t, "name, state and reason wanted, not",
		    l->field[l->fields - 1]);
	if (state_parse(l->field[2], &state) < 0)
		return malformed(t,
		    "unknown, up, overloaded, draining or down wanted, not",
		    l->field[2]);
	t->v->load_time = t->now;
	if (strncmp(l->field[1], "border:", 7) == 0)
		return set_border(t, l->field[1] + 7, state);
	if (line_service(t, &service) < 0)
		return VIEW_UNKNOWN_NAME;
	told = find_told(t, l->field[1], service);
	if (told == NULL)
		return taken(t);
	if (!told->has_state || told->state != state)
		t->v->load_generation++;
	told->has_state = true;
	told->state = state;
	set_reason(&told->reason, l);
	return VIEW_TAKEN;
}

/* "12/2000", "12" or "12.5" open connections; -1 if it is none of them. */
static int64_t
parse_connections(const char *text)
{
	char digits[20];
	size_t n = strcspn(text, "/.");
	int64_t open;

	if (n >= sizeof(digits))
		return -1;
	memcpy(digits, text, n);
	digits[n] = '\0';
	return num_parse(digits, 0, INT64_MAX, &open) == 0 ? open : -1;
}

static enum view_result
take_metrics(struct taking *t)
{
	const struct line *l = t->line;
	char text[METRICS_BYTES] = "";
	const char *open = line_option(l, "connections");
	size_t used = 0, i;
	int64_t connections;
	int s;

	if (l->fields != 2)
		return malformed(t, "a server and key=value wanted, not",
		    l->field[l->fields - 1]);
	s = world_server(t->v->world, l->field[1]);
	if (s < 0) {
		unknown_name(t, "server", l->field[1]);
		return VIEW_UNKNOWN_NAME;
	}
	for (i = 0; i < l->options; i++) {
		const struct option_field *o = &l->option[i];
		int n = snprintf(text + used, sizeof(text) - used, "%s%s=%s",
		    used > 0 ? " " : "", o->key, o->value);

		if ((size_t)n >= sizeof(text) - used)
			break;
		used += (size_t)n;
	}
	text[used] = '\0';
	free(t->v->metrics[s]);
	t->v->metrics[s] = mem_text(text);
	connections = open != NULL ? parse_connections(open) : -1;
	/* What is drawn weighs by the connections there are. */
	if (t->v->connections[s] != connections)
		t->v->load_generation++;
	t->v->connections[s] = connections;
	t->v->load_time = t->now;
	return VIEW_TAKEN;
}

static int
parse_unit(struct taking *t, int64_t *unit_us)
{
	const char *unit = line_option(t->line, "unit");

	if (unit == NULL || strcmp(unit, "us") == 0) {
		*unit_us = 1;
		return 0;
	}
	if (strcmp(unit, "ms") == 0) {
		*unit_us = 1000;
		return 0;
	}
	(void)malformed(t, "unit us or ms wanted, not", unit);
	return -1;
}

static enum view_result
take_borders(struct taking *t)
{
	const struct line *l = t->line;
	struct view *v = t->v;
	bool seen[WORLD_BORDERS_MAX] = {false};
	const char *fresh = line_option(l, "fresh");
	int64_t unit_us, fresh_ms = 0;
	size_t n = l->fields - 1, i;
	int *order;

	if (n == 0)
		return malformed(t, "names of borders wanted, not", "");
	if (parse_unit(t, &unit_us) < 0)
		return VIEW_MALFORMED;
	if (fresh != NULL && num_parse(fresh, 0, INT64_MAX, &fresh_ms) < 0)
		return malformed(t, "fresh in ms wanted, not", fresh);
	order = mem_array(n, sizeof(*order));
	for (i = 0; i < n; i++) {
		order[i] = world_border(v->world, l->field[i + 1]);
		if (order[i] < 0) {
			unknown_name(t, "border", l->field[i + 1]);
		} else if (seen[order[i]]) {
			free(order);
			return malformed(t, "twice:", l->field[i + 1]);
		} else {
			seen[order[i]] = true;
		}
	}
	if (n != v->norder || unit_us != v->unit_us ||
	    memcmp(order, v->order, n * sizeof(*order)) != 0)
		v->path_generation++;
	view_set_order(v, l, order, n);
	v->unit_us = unit_us;
	v->told_fresh_us =
	    fresh_ms < AGE_MAX_MS ? fresh_ms * 1000 : AGE_MAX_MS * 1000;
	v->path_time = t->now;
	return taken(t);
}

static int
parse_ping(const struct view *v, const char *text, int32_t *value)
{
	int64_t ping;

	if (strcmp(text, "-") == 0) {
		*value = (int32_t)PING_NOT_MEASURED;
		return 0;
	}
	if (num_parse(text, 0, INT64_MAX, &ping) < 0)
		return -1;
	if (ping >= PING_NO_REPLY || ping * v->unit_us >= PING_NO_REPLY)
		ping = PING_NO_REPLY;
	else
		ping *= v->unit_us;
	*value = (int32_t)ping;
	return 0;
}

/* A number among the options, 0 without it; false: it is none. */
static bool
ping_option(struct taking *t, const char *key, int64_t max, int64_t *value)
{
	const char *text = line_option(t->line, key);
	char what[40];

	*value = 0;
	if (text == NULL || num_parse(text, 0, INT64_MAX, value) == 0) {
		if (*value > max)
			*value = max;
		return true;
	}
	(void)snprintf(what, sizeof(what), "%s= is a number, not", key);
	(void)malformed(t, what, text);
	return false;
}

static bool
ping_note(struct taking *t, struct pings_note *note)
{
	int64_t spread, loss, pending, inherited;

	if (!ping_option(t, "spread", PING_NO_REPLY, &spread) ||
	    !ping_option(t, "loss", 10000, &loss) ||
	    !ping_option(t, "pending", WORLD_BORDERS_MAX, &pending) ||
	    !ping_option(t, "inherited", 1, &inherited))
		return false;
	*note = (struct pings_note){
	    (int32_t)spread, (uint16_t)loss, (uint16_t)pending, inherited == 1};
	return true;
}

static enum view_result
take_ping(struct taking *t)
{
	const struct line *l = t->line;
	struct view *v = t->v;
	struct prefix prefix;
	struct pings_note note;
	struct mono time;
	int32_t value;
	size_t i;

	if (v->order == NULL)
		return malformed(t, "no borders line before", "ping");
	if (l->fields < 2 || prefix_parse(l->field[1], &prefix) < 0)
		return malformed(t, "an address or prefix wanted, not",
		    l->fields < 2 ? "" : l->field[1]);
	if (l->fields - 2 != v->norder)
		return malformed(t,
		    "not one value a border of the borders line:", l->field[1]);
	for (i = 0; i < v->world->nborders; i++)
		v->values[i] = (int32_t)PING_NOT_MEASURED;
	for (i = 0; i < v->norder; i++) {
		if (parse_ping(v, l->field[i + 2], &value) < 0)
			return malformed(
			    t, "a number or - wanted, not", l->field[i + 2]);
		if (v->order[i] >= 0)
			v->values[v->order[i]] = value;
	}
	if (line_time(t, &time) < 0 || !ping_note(t, &note))
		return VIEW_MALFORMED;
	if (v->pings == NULL)
		v->pings = pings_new(v->world->nborders, v->limits.max);
	/* Two at a time: so they go faster than they come. */
	v->expired +=
	    pings_expire(v->pings, ago(t->now, v->limits.expire_us), 2);
	pings_put(v->pings, &prefix, v->values, &note, time);
	v->path_time = t->now;
	return VIEW_TAKEN;
}

enum view_result
view_apply(struct view *v, const struct line *l, struct mono now, char *why,
    size_t size)
{
	static const struct {
		const char *verb;
		enum view_result (*take)(struct taking *t);
	} verbs[] = {
	    {"load", take_load},
	    {"ping", take_ping},
	    {"metrics", take_metrics},
	    {"state", take_state},
	    {"borders", take_borders},
	};
	struct taking t = {v, l, now, why, size, false};
	size_t i;

	assert(l->fields > 0 && size > 0);
	why[0] = '\0';
	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(l->field[0], verbs[i].verb) == 0)
			return verbs[i].take(&t);
	return VIEW_OTHER;
}
