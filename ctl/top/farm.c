/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Servers and services come from the first manager that answers, or where
 * there is none from a director; rates are sums over all who count.
 */
#include "ctl/top/farm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/mem.h"

static const char *
text(const struct tables *t, const char *table, size_t row, const char *key)
{
	const char *v = tables_cell(t, table, row, key);

	return v != NULL ? v : "-";
}

static bool
is_same(const struct tables *a, const struct tables *b, const char *table,
    size_t row, size_t other)
{
	const char *x = tables_id(a, table, row);
	const char *y = tables_id(b, table, other);

	return x != NULL && y != NULL && strcmp(x, y) == 0 &&
	       strcmp(text(a, table, row, "service"),
		   text(b, table, other, "service")) == 0;
}

/* How fast a counter grows, a second; 0 if that is not known, as after the
 * daemon's restart. Rows mostly stay where they were. */
static double
rate(const struct watch_one *o, const char *table, size_t row, const char *key)
{
	int64_t now, before;
	size_t at = row, n;

	if (o->now == NULL || o->before == NULL || o->apart_ms <= 0)
		return 0;
	if (!is_same(o->now, o->before, table, row, at)) {
		n = tables_rows(o->before, table);
		for (at = 0; at < n; at++)
			if (is_same(o->now, o->before, table, row, at))
				break;
	}
	now = tables_number(o->now, table, row, key);
	before = tables_number(o->before, table, at, key);
	if (now < 0 || before < 0 || now < before)
		return 0;
	return (double)(now - before) * 1000 / (double)o->apart_ms;
}

static bool
is_program(const struct watch_one *o, const char *program)
{
	return o->now != NULL && strcmp(o->to.program, program) == 0;
}

static const struct watch_one *
first(const struct watch_one *one, size_t n, const char *program)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (is_program(&one[i], program))
			return &one[i];
	return NULL;
}

static enum state
state(const struct tables *t, const char *table, size_t row)
{
	enum state s;

	if (state_parse(text(t, table, row, "state"), &s) < 0)
		return STATE_UNKNOWN;
	return s;
}

/* "812/2048" as the per cent that is free. */
static double
share(const char *value)
{
	double part, whole;

	if (sscanf(value, "%lf/%lf", &part, &whole) != 2 || whole <= 0)
		return -1;
	return part * 100 / whole;
}

static double
real(const char *value)
{
	double v;

	return sscanf(value, "%lf", &v) == 1 ? v : -1;
}

static void
add_servers(struct farm *f, const struct tables *t)
{
	size_t i, n = tables_rows(t, "server");

	f->server = mem_array(n, sizeof(*f->server));
	f->nservers = n;
	for (i = 0; i < n; i++) {
		f->server[i] = (struct farm_server){
		    .id = tables_id(t, "server", i),
		    .service = text(t, "server", i, "service"),
		    .site = text(t, "server", i, "site"),
		    .reason = text(t, "server", i, "reason"),
		    .state = state(t, "server", i),
		    .load = tables_number(t, "server", i, "load"),
		    .connections = tables_number(t, "server", i, "connections"),
		    .age_ms = tables_number(t, "server", i, "age-ms"),
		    .ram = share(text(t, "server", i, "ram")),
		    .cpu = real(text(t, "server", i, "cpu")),
		};
		f->states[f->server[i].state]++;
	}
}

static void
add_services(struct farm *f, const struct tables *t)
{
	size_t i, n = tables_rows(t, "service");

	f->service = mem_array(n, sizeof(*f->service));
	f->nservices = n;
	for (i = 0; i < n; i++)
		f->service[i] = (struct farm_service){
		    .id = tables_id(t, "service", i),
		    .reason = text(t, "service", i, "reason"),
		    .state = state(t, "service", i),
		    .live = tables_number(t, "service", i, "live"),
		    .servers = tables_number(t, "service", i, "servers"),
		};
}

/* What one director drew, by the number of the server; once each, though a
 * server has a row for each of its services. */
static void
add_draws(struct farm *f, const struct world *w, const struct watch_one *o)
{
	double *draws = mem_array(w->nservers, sizeof(*draws));
	size_t i, n = tables_rows(o->now, "server");
	int at;

	for (i = 0; i < n; i++) {
		at = world_server(w, tables_id(o->now, "server", i));
		if (at >= 0)
			draws[at] = rate(o, "server", i, "draws");
	}
	for (i = 0; i < f->nservers; i++) {
		at = world_server(w, f->server[i].id);
		if (at >= 0)
			f->server[i].draws += draws[at];
	}
	free(draws);
}

static void
add_rates(struct farm *f, const struct watch_one *o, const char *table)
{
	size_t i, k, n = tables_rows(o->now, table);
	bool front = is_program(o, "hopfrontd");

	for (i = 0; i < n; i++)
		for (k = 0; k < f->nservices; k++) {
			struct farm_service *s = &f->service[k];

			if (strcmp(s->id, tables_id(o->now, table, i)) != 0)
				continue;
			if (front) {
				s->requests += rate(o, table, i, "requests");
				continue;
			}
			s->decisions += rate(o, table, i, "decisions");
			s->no_server += rate(o, table, i, "no-server");
		}
}

static double
sum(const struct watch_one *o, const char *table, const char *key)
{
	size_t i, n = tables_rows(o->now, table);
	double all = 0;

	for (i = 0; i < n; i++)
		all += rate(o, table, i, key);
	return all;
}

static size_t
count_up(const struct tables *t, const char *table)
{
	size_t i, n = tables_rows(t, table), up = 0;

	for (i = 0; i < n; i++)
		up += strcmp(text(t, table, i, "state"), "up") == 0;
	return up;
}

/* What a daemon does now, in a few words. */
static void
describe(struct farm_daemon *d, const struct watch_one *o)
{
	const struct tables *t = o->now;

	if (!o->up || t == NULL)
		(void)snprintf(d->does, sizeof(d->does), "%s",
		    o->up ? "has not answered yet" : o->why);
	else if (is_program(o, "hopmanagerd"))
		(void)snprintf(d->does, sizeof(d->does),
		    "%.1f polls/s, %zu/%zu agents, %zu/%zu probers, %zu/%zu "
		    "directors up",
		    sum(o, "agent", "polls"), count_up(t, "agent"),
		    tables_rows(t, "agent"), count_up(t, "prober"),
		    tables_rows(t, "prober"), count_up(t, "feed"),
		    tables_rows(t, "feed"));
	else if (is_program(o, "hopdirectord"))
		(void)snprintf(d->does, sizeof(d->does),
		    "%.1f decisions/s for %s askers, %s prefixes, %zu/%zu "
		    "feeds up",
		    rate(o, "decisions", 0, "count"),
		    text(t, "daemon", 0, "askers"),
		    text(t, "paths", 0, "prefixes"), count_up(t, "feed"),
		    tables_rows(t, "feed"));
	else
		(void)snprintf(d->does, sizeof(d->does),
		    "%.1f requests/s of %s clients, %zu/%zu directors up",
		    sum(o, "listener", "requests"),
		    text(t, "daemon", 0, "clients"), count_up(t, "director"),
		    tables_rows(t, "director"));
}

static void
add_daemons(struct farm *f, const struct world *w, const struct watch_one *one,
    size_t n)
{
	size_t i;

	f->daemon = mem_array(n, sizeof(*f->daemon));
	f->ndaemons = n;
	for (i = 0; i < n; i++) {
		struct farm_daemon *d = &f->daemon[i];

		*d = (struct farm_daemon){.id = one[i].to.id,
		    .program = one[i].to.program,
		    .why = one[i].why,
		    .up = one[i].up,
		    .uptime_s = -1};
		d->skewed = d->up && strcmp(one[i].hash, w->hash) != 0;
		if (one[i].now != NULL)
			d->uptime_s =
			    tables_number(one[i].now, "daemon", 0, "uptime");
		describe(d, &one[i]);
	}
}

struct farm *
farm_new(const struct world *w, const struct watch_one *one, size_t n)
{
	struct farm *f = mem_new(sizeof(*f));
	const struct watch_one *who = first(one, n, "hopmanagerd");
	size_t i;

	if (who == NULL)
		who = first(one, n, "hopdirectord");
	if (who != NULL) {
		add_servers(f, who->now);
		add_services(f, who->now);
	}
	for (i = 0; i < n; i++) {
		if (is_program(&one[i], "hopdirectord")) {
			add_draws(f, w, &one[i]);
			add_rates(f, &one[i], "service");
			f->decisions += rate(&one[i], "decisions", 0, "count");
			f->draws += rate(&one[i], "decisions", 0, "drawn");
		} else if (is_program(&one[i], "hopfrontd")) {
			add_rates(f, &one[i], "service");
			f->requests += sum(&one[i], "listener", "requests");
		}
	}
	add_daemons(f, w, one, n);
	return f;
}

void
farm_free(struct farm **f)
{
	if (*f == NULL)
		return;
	free((*f)->server);
	free((*f)->service);
	free((*f)->daemon);
	free(*f);
	*f = NULL;
}

static int
order(double a, double b)
{
	return (a > b) - (a < b);
}

static int
by_server(const void *a, const void *b)
{
	const struct farm_server *x = a, *y = b;

	return strcmp(x->id, y->id);
}

/* The worst first. */
static int
by_state(const void *a, const void *b)
{
	static const int rank[] = {[STATE_DOWN] = 0,
	    [STATE_UNKNOWN] = 1,
	    [STATE_OVERLOADED] = 2,
	    [STATE_DRAINING] = 3,
	    [STATE_UP] = 4};
	const struct farm_server *x = a, *y = b;
	int d = rank[x->state] - rank[y->state];

	return d != 0 ? d : by_server(a, b);
}

static int
by_load(const void *a, const void *b)
{
	const struct farm_server *x = a, *y = b;
	int d = order((double)x->load, (double)y->load);

	return d != 0 ? d : by_server(a, b);
}

static int
by_connections(const void *a, const void *b)
{
	const struct farm_server *x = a, *y = b;
	int d = order((double)y->connections, (double)x->connections);

	return d != 0 ? d : by_server(a, b);
}

static int
by_draws(const void *a, const void *b)
{
	const struct farm_server *x = a, *y = b;
	int d = order(y->draws, x->draws);

	return d != 0 ? d : by_server(a, b);
}

static const struct {
	const char *word;
	int (*compare)(const void *a, const void *b);
} sorts[FARM_SORTS] = {
    [FARM_BY_SERVER] = {"server", by_server},
    [FARM_BY_STATE] = {"state", by_state},
    [FARM_BY_LOAD] = {"load", by_load},
    [FARM_BY_CONNECTIONS] = {"conns", by_connections},
    [FARM_BY_DRAWS] = {"drawn", by_draws},
};

void
farm_sort(struct farm *f, enum farm_sort by)
{
	if (f->nservers > 0)
		qsort(f->server, f->nservers, sizeof(*f->server),
		    sorts[by].compare);
}

static bool
has(const struct farm_server *s, const char *what)
{
	return strcasestr(s->id, what) != NULL ||
	       strcasestr(s->service, what) != NULL ||
	       strcasestr(s->site, what) != NULL ||
	       strcasestr(state_text(s->state), what) != NULL ||
	       strcasestr(s->reason, what) != NULL;
}

void
farm_filter(struct farm *f, const char *what)
{
	size_t i, n = 0;

	for (i = 0; i < f->nservers; i++)
		if (has(&f->server[i], what))
			f->server[n++] = f->server[i];
	f->nservers = n;
}

const char *
farm_sort_text(enum farm_sort by)
{
	return sorts[by].word;
}

int
farm_sort_parse(const char *word, enum farm_sort *by)
{
	size_t i;

	for (i = 0; i < FARM_SORTS; i++) {
		if (strcmp(sorts[i].word, word) != 0)
			continue;
		*by = (enum farm_sort)i;
		return 0;
	}
	return -1;
}
