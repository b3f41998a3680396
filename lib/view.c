/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines of a feed to what they say now. A view owns copies of all it keeps and
 * nothing of the world. A line is checked as a whole before any of it is
 * taken; names that the world lacks are passed over. Makes no decision, and
 * ages nothing but loads of which it is asked.
 */
#include "lib/view.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/decide/pick.h"
#include "lib/decide/score.h"
#include "lib/decide/weigh.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/pings.h"
#include "lib/renumber.h"

#define REASON_BYTES  200
#define METRICS_BYTES 500
#define AGE_MAX_MS    INT64_C(86400000)

/* What was told of a server, for all its services or for one. */
struct told {
	bool has_load;
	bool has_state;
	int load;
	struct mono load_time; /* of the value, not of the line */
	enum state state;
	char *reason;
};

struct told_border {
	enum state state;
	char *reason;
};

/* A place in the `use` of a service, seen from the server. */
struct place {
	int service;
	size_t use; /* in view.uses */
};

struct view {
	const struct world *world;
	struct told *servers;
	struct told *uses;   /* of all services, one behind the other */
	size_t *uses_from;   /* a service: its first in uses */
	struct place *place; /* of all servers, one behind the other */
	size_t *places_from; /* a server: its first in place; and the end */
	struct told_border *borders;
	char **metrics;
	int64_t *connections;
	struct mono *load_came; /* a server */
	struct mono load_time, path_time;
	uint64_t load_generation, path_generation;
	int *order; /* borders of a ping line; -1 for one not in the world */
	char **order_id; /* as they were told: a reload may bring them */
	size_t norder;
	int64_t unit_us;
	int64_t told_fresh_us; /* 0: not told */
	struct pings *pings;   /* made with the first; NULL: none yet */
	struct view_limits limits;
	uint64_t expired;
	int32_t *values; /* of the line in hand */
	int64_t *answer; /* of the last view_ping() */
};

static size_t
number_uses(struct view *v)
{
	const struct world *w = v->world;
	size_t n = 0, i;

	v->uses_from = mem_array(w->nservices + 1, sizeof(*v->uses_from));
	for (i = 0; i < w->nservices; i++) {
		v->uses_from[i] = n;
		n += w->services[i].nuse;
	}
	v->uses_from[i] = n;
	return n;
}

/* Which services use a server: a counting sort of all uses by server. */
static void
place_uses(struct view *v, size_t nuses)
{
	const struct world *w = v->world;
	size_t *at, i, j;

	v->place = mem_array(nuses, sizeof(*v->place));
	v->places_from = mem_array(w->nservers + 1, sizeof(*v->places_from));
	for (i = 0; i < w->nservices; i++)
		for (j = 0; j < w->services[i].nuse; j++)
			v->places_from[w->services[i].use[j] + 1]++;
	for (i = 0; i < w->nservers; i++)
		v->places_from[i + 1] += v->places_from[i];
	at = mem_array(w->nservers, sizeof(*at));
	for (i = 0; i < w->nservers; i++)
		at[i] = v->places_from[i];
	for (i = 0; i < w->nservices; i++)
		for (j = 0; j < w->services[i].nuse; j++)
			v->place[at[w->services[i].use[j]]++] =
			    (struct place){(int)i, v->uses_from[i] + j};
	free(at);
}

struct view *
view_new(const struct world *w)
{
	struct view *v = mem_new(sizeof(*v));
	size_t nuses, i;

	v->world = w;
	nuses = number_uses(v);
	place_uses(v, nuses);
	v->servers = mem_array(w->nservers, sizeof(*v->servers));
	v->uses = mem_array(nuses, sizeof(*v->uses));
	v->borders = mem_array(w->nborders, sizeof(*v->borders));
	for (i = 0; i < w->nborders; i++)
		v->borders[i].state = STATE_UP;
	v->metrics = mem_array(w->nservers, sizeof(*v->metrics));
	v->connections = mem_array(w->nservers, sizeof(*v->connections));
	for (i = 0; i < w->nservers; i++)
		v->connections[i] = -1;
	v->load_came = mem_array(w->nservers, sizeof(*v->load_came));
	v->values = mem_array(w->nborders, sizeof(*v->values));
	v->answer = mem_array(w->nborders, sizeof(*v->answer));
	v->limits = (struct view_limits){INT64_MAX, INT64_MAX, VIEW_PINGS_MAX};
	return v;
}

static void
free_order(struct view *v)
{
	size_t i;

	for (i = 0; i < v->norder; i++)
		free(v->order_id[i]);
	free(v->order_id);
	free(v->order);
	v->order = NULL;
	v->order_id = NULL;
	v->norder = 0;
}

void
view_free(struct view **pv)
{
	struct view *v = *pv;
	size_t i;

	if (v == NULL)
		return;
	for (i = 0; i < v->world->nservers; i++) {
		free(v->servers[i].reason);
		free(v->metrics[i]);
	}
	for (i = 0; i < v->uses_from[v->world->nservices]; i++)
		free(v->uses[i].reason);
	for (i = 0; i < v->world->nborders; i++)
		free(v->borders[i].reason);
	free(v->servers);
	free(v->uses);
	free(v->uses_from);
	free(v->place);
	free(v->places_from);
	free(v->borders);
	free(v->metrics);
	free(v->connections);
	free(v->load_came);
	free_order(v);
	free(v->values);
	free(v->answer);
	pings_free(&v->pings);
	free(v);
	*pv = NULL;
}

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

/* Takes `order`; the names stand behind the verb. */
static void
set_order(struct view *v, const struct line *l, int *order, size_t n)
{
	size_t i;

	free_order(v);
	v->order = order;
	v->order_id = mem_array(n, sizeof(*v->order_id));
	for (i = 0; i < n; i++)
		v->order_id[i] = mem_text(l->field[i + 1]);
	v->norder = n;
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
	set_order(v, l, order, n);
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

/* Times before this are too old; the clock may have begun later. */
static struct mono
ago(struct mono now, int64_t us)
{
	if (us > INT64_MAX / 1000 || now.ns < us * 1000)
		return (struct mono){INT64_MIN};
	return (struct mono){now.ns - us * 1000};
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

static const struct told *
use_told(const struct view *v, const struct service *s, size_t use)
{
	return &v->uses[v->uses_from[s->n] + use];
}

/* A load on its way to its weight; there, the weight stands in for it. */
static int
aged_load(int load, unsigned weight, unsigned largest, int64_t stale_us)
{
	if (load > 0 && stale_us >= WEIGH_AGEING_US)
		return LOAD_UNKNOWN;
	return weigh_aged(load, pick_weight_load(weight, largest), stale_us);
}

void
view_loads(const struct view *v, const struct service *s, struct mono now,
    int64_t fresh_us, int *load, bool *stale)
{
	unsigned largest = 0;
	size_t i;

	if (stale != NULL)
		*stale = false;
	for (i = 0; i < s->nuse; i++) {
		const struct told *t = use_told(v, s, i);
		int64_t age_us;

		if (!t->has_load)
			t = &v->servers[s->use[i]];
		load[i] = t->has_load ? t->load : LOAD_UNKNOWN;
		if (!t->has_load)
			continue;
		age_us = mono_us(now, t->load_time);
		if (age_us <= fresh_us)
			continue;
		if (largest == 0)
			largest = pick_largest_weight(v->world, s);
		load[i] =
		    aged_load(t->load, v->world->servers[s->use[i]].weight,
			largest, age_us - fresh_us);
		if (stale != NULL)
			*stale = true;
	}
}

static const struct told *
state_told(const struct view *v, const struct service *s, size_t use)
{
	const struct told *t = use_told(v, s, use);

	return t->has_state ? t : &v->servers[s->use[use]];
}

void
view_states(const struct view *v, const struct service *s, enum state *state)
{
	size_t i;

	for (i = 0; i < s->nuse; i++) {
		const struct told *t = state_told(v, s, i);

		state[i] = t->has_state ? t->state : STATE_UP;
	}
}

enum state
view_server_state(const struct view *v, int server)
{
	const struct told *t = &v->servers[server];

	return t->has_state ? t->state : STATE_UP;
}

enum state
view_border_state(const struct view *v, int border)
{
	return v->borders[border].state;
}

static const char *
reason_or_none(const char *reason)
{
	return reason != NULL ? reason : reason_text(REASON_NONE);
}

const char *
view_use_reason(const struct view *v, const struct service *s, int use)
{
	return reason_or_none(state_told(v, s, (size_t)use)->reason);
}

const char *
view_server_reason(const struct view *v, int server)
{
	return reason_or_none(v->servers[server].reason);
}

const char *
view_border_reason(const struct view *v, int border)
{
	return reason_or_none(v->borders[border].reason);
}

const char *
view_metrics(const struct view *v, int server)
{
	return v->metrics[server];
}

int64_t
view_connections(const struct view *v, int server)
{
	return v->connections[server];
}

struct mono
view_load_came(const struct view *v, int server)
{
	return v->load_came[server];
}

struct mono
view_use_time(const struct view *v, const struct service *s, int use)
{
	const struct told *t = use_told(v, s, (size_t)use);

	if (!t->has_load)
		t = &v->servers[s->use[use]];
	return t->has_load ? t->load_time : (struct mono){0};
}

void
view_borders_up(const struct view *v, bool *up)
{
	size_t i;

	/* A border that is overloaded still carries what it is given. */
	for (i = 0; i < v->world->nborders; i++)
		up[i] = v->borders[i].state == STATE_UP ||
			v->borders[i].state == STATE_OVERLOADED;
}

struct mono
view_load_time(const struct view *v)
{
	return v->load_time;
}

struct mono
view_path_time(const struct view *v)
{
	return v->path_time;
}

uint64_t
view_path_generation(const struct view *v)
{
	return v->path_generation;
}

uint64_t
view_load_generation(const struct view *v)
{
	return v->load_generation;
}

void
view_set_limits(struct view *v, const struct view_limits *l)
{
	v->limits = *l;
	pings_free(&v->pings);
}

bool
view_ping(const struct view *v, const struct addr *client,
    const bool *border_up, struct mono now, struct view_ping *out)
{
	struct pings_hit hit;
	size_t b;

	if (v->pings == NULL || !pings_find(v->pings, client, border_up,
				    ago(now, v->limits.expire_us), &hit))
		return false;
	for (b = 0; b < v->world->nborders; b++)
		v->answer[b] = hit.values[b];
	*out = (struct view_ping){.ping_us = v->answer,
	    .prefix = hit.prefix,
	    .time = hit.time,
	    .fresh = mono_cmp(hit.time, ago(now, v->limits.fresh_us)) >= 0,
	    .inherited = hit.note.inherited,
	    .complete = hit.note.pending == 0,
	    .spread_us = hit.note.spread_us,
	    .loss = hit.note.loss};
	return true;
}

int64_t
view_fresh_us(const struct view *v)
{
	return v->told_fresh_us > 0 && v->told_fresh_us < v->limits.fresh_us
		   ? v->told_fresh_us
		   : v->limits.fresh_us;
}

static void
take_order(struct view *to, struct view *from)
{
	to->order = from->order;
	to->order_id = from->order_id;
	to->norder = from->norder;
	from->order = NULL;
	from->order_id = NULL;
	from->norder = 0;
}

void
view_move_paths(struct view *to, struct view *from)
{
	pings_free(&to->pings);
	to->pings = from->pings;
	from->pings = NULL;
	to->expired = from->expired;
	to->path_time = from->path_time;
	if (to->order != NULL)
		return;
	take_order(to, from);
	to->unit_us = from->unit_us;
	to->told_fresh_us = from->told_fresh_us;
}

void
view_count_paths(struct view *v, struct mono now, struct view_paths *out)
{
	*out = (struct view_paths){.max = v->limits.max};
	if (v->pings == NULL)
		return;
	/* A bound on the work of one call; the rest goes with the next. */
	v->expired +=
	    pings_expire(v->pings, ago(now, v->limits.expire_us), 10000);
	*out = (struct view_paths){.prefixes = pings_count(v->pings),
	    .hosts = pings_hosts(v->pings),
	    .fresh = pings_fresh(v->pings, ago(now, v->limits.fresh_us)),
	    .inherited = pings_inherited(v->pings),
	    .max = pings_max(v->pings),
	    .evicted = pings_evicted(v->pings),
	    .expired = v->expired};
}

/* A reload: the same view of another world. */

static void
copy_told(struct told *to, const struct told *from)
{
	*to = *from;
	if (from->reason != NULL)
		to->reason = mem_text(from->reason);
}

static void
copy_servers(struct view *v, const struct view *from, const struct renumber *r)
{
	size_t i;

	for (i = 0; i < r->from->nservers; i++) {
		int n = r->server[i];

		if (n < 0)
			continue;
		copy_told(&v->servers[n], &from->servers[i]);
		if (from->metrics[i] != NULL)
			v->metrics[n] = mem_text(from->metrics[i]);
		v->connections[n] = from->connections[i];
		v->load_came[n] = from->load_came[i];
	}
}

static void
copy_uses(struct view *v, const struct view *from, const struct renumber *r)
{
	int *use = mem_array(r->from->nservers + 1, sizeof(*use));
	size_t i, u;

	for (i = 0; i < r->from->nservices; i++) {
		const struct service *s = &r->from->services[i];

		renumber_uses(r, (int)i, use);
		for (u = 0; u < s->nuse; u++)
			if (use[u] >= 0)
				copy_told(&v->uses[v->uses_from[r->service[i]] +
						   (size_t)use[u]],
				    &from->uses[from->uses_from[i] + u]);
	}
	free(use);
}

static void
copy_borders(struct view *v, const struct view *from, const struct renumber *r)
{
	size_t i;

	for (i = 0; i < r->from->nborders; i++) {
		const struct told_border *old = &from->borders[i];

		if (r->border[i] < 0)
			continue;
		v->borders[r->border[i]] =
		    (struct told_border){old->state, NULL};
		if (old->reason != NULL)
			v->borders[r->border[i]].reason = mem_text(old->reason);
	}
}

static bool
same_borders(const struct renumber *r)
{
	size_t i;

	for (i = 0; i < r->to->nborders; i++)
		if (r->old_border[i] != (int)i)
			return false;
	return r->from->nborders == r->to->nborders;
}

static void
move_paths(struct view *v, struct view *from, const struct renumber *r)
{
	bool longer = v->limits.fresh_us > from->limits.fresh_us;
	size_t i;

	take_order(v, from);
	for (i = 0; i < v->norder; i++)
		v->order[i] = world_border(v->world, v->order_id[i]);
	v->unit_us = from->unit_us;
	v->told_fresh_us = from->told_fresh_us;
	v->pings = from->pings;
	v->expired = from->expired;
	from->pings = NULL;
	if (v->pings == NULL)
		return;
	if (!same_borders(r))
		pings_renumber(
		    v->pings, r->old_border, r->to->nborders, v->limits.max);
	if (longer)
		pings_recount(v->pings);
}

struct view *
view_renumbered(
    struct view *from, const struct renumber *r, const struct view_limits *l)
{
	struct view *v = view_new(r->to);

	assert(from->world == r->from);
	v->limits = *l;
	copy_servers(v, from, r);
	copy_uses(v, from, r);
	copy_borders(v, from, r);
	move_paths(v, from, r);
	v->load_time = from->load_time;
	v->path_time = from->path_time;
	v->load_generation = from->load_generation + 1;
	v->path_generation = from->path_generation + 1;
	return v;
}

void
view_doubt(struct view *v, int server)
{
	struct told *told = &v->servers[server];

	if (told->has_state)
		return;
	told->has_state = true;
	told->state = STATE_UNKNOWN;
	told->reason = mem_text(reason_text(REASON_NOT_JUDGED));
	v->load_generation++;
}
