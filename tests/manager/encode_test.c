/* SPDX-License-Identifier: BSD-2-Clause */
/* What the manager says is taken by what directors read with: lib/view. */
#include <string.h>

#include "lib/view.h"
#include "manager/encode.h"
#include "tests/manager/world.h"
#include "tests/unit.h"

#define MANY 3000

static const char farm[] =
    "<policy id='p'><connections limit='2000'/></policy>" WORLD_SERVER(
	"a", "ny", "1") WORLD_SERVER("b", "la",
	"2") "<service id='www' host='www.t' policy='p'><use server='a'/>"
	     "<use server='b'/></service>";

struct taken {
	struct view *view;
	unsigned lines, bad;
	size_t longest;
	char last[256];
};

static void
take(void *arg, const char *text, size_t len)
{
	struct taken *t = arg;
	char *copy = malloc(len + 1), why[200];
	const char *bad;
	struct line l;

	CU_ASSERT_EQUAL(strlen(text), len);
	memcpy(copy, text, len + 1);
	line_init(&l);
	t->lines++;
	if (line_split(&l, copy, len, &bad) < 0 ||
	    view_apply(t->view, &l, (struct mono){1}, why, sizeof(why)) !=
		VIEW_TAKEN)
		t->bad++;
	line_fini(&l);
	free(copy);
	if (len > t->longest)
		t->longest = len;
	(void)snprintf(t->last, sizeof(t->last), "%s", text);
}

static void
sample(struct fleet *f, int server, double connections)
{
	struct record r = {.kind = RECORD_SAMPLE, .server = server};
	struct sample *s = &r.u.sample.values;

	r.u.sample.number = 1;
	s->known[METRIC_CONNECTIONS] = s->known[METRIC_RAM] = true;
	s->known[METRIC_SWAP] = s->known[METRIC_CPU] = true;
	s->connections = connections;
	s->ram_free = 812 * 1024;
	s->ram_total = 2048 * 1024;
	s->cpu_idle = 9310;
	fleet_record(f, &r, (struct mono){1000000000});
}

static void
a_director_reads_what_we_mean(void)
{
	struct world *w = make_world(farm);
	struct fleet_events on = {.arg = NULL};
	struct mono now = {1000000000};
	struct fleet *f = fleet_new(w, &w->managers[0], &on, now);
	struct taken t = {.view = view_new(w)};
	struct emit e = {take, &t};
	enum state states[2];
	int loads[2];
	bool stale;

	sample(f, 0, 12);
	sample(f, 1, 25);
	(void)fleet_next_try(f, now);
	(void)fleet_next_try(f, now);
	fleet_tried(f, 0, true, REASON_NONE, now);
	fleet_tried(f, 1, false, REASON_CONNECT_REFUSED, now);
	fleet_set_border(f, 1, ADMIN_DRAINING, now);
	fleet_tick(f, now);
	encode_all(f, now, &e);
	CU_ASSERT_EQUAL(t.bad, 0);
	view_states(t.view, &w->services[0], states);
	CU_ASSERT_EQUAL(states[0], STATE_UP);
	CU_ASSERT_EQUAL(states[1], STATE_DOWN);
	CU_ASSERT_STRING_EQUAL(
	    view_use_reason(t.view, &w->services[0], 1), "connect-refused");
	view_loads(t.view, &w->services[0], (struct mono){2}, INT64_MAX, loads,
	    &stale);
	CU_ASSERT_EQUAL(loads[0], 10000);
	CU_ASSERT_EQUAL(view_border_state(t.view, 1), STATE_DRAINING);
	CU_ASSERT_EQUAL(view_border_state(t.view, 0), STATE_UP);
	encode_metrics(f, 0, mono_add_ms(now, 400), &e);
	CU_ASSERT_STRING_EQUAL(t.last,
	    "metrics a connections=12/2000 ram=812/2048 swap=0/0 cpu=93.10 "
	    "age=400");
	view_free(&t.view);
	fleet_free(&f);
	world_free(&w);
}

static void
a_director_reads_paths_as_we_mean_them(void)
{
	struct world *w = make_world(farm);
	struct taken t = {.view = view_new(w)};
	struct emit e = {take, &t};
	int32_t values[2] = {12345, -1};
	const bool up[2] = {true, true};
	struct prober_line l = {
	    .values = values, .spread_us = 70, .loss = 2500, .pending = 1};
	struct view_ping p;
	struct addr a;

	(void)addr_parse("192.0.2.7", &a);
	l.prefix = addr_prefix(&a, 24);
	encode_order(w, &w->managers[0], &e);
	CU_ASSERT_STRING_EQUAL(t.last, "borders unit=us fresh=600000 ny la");
	encode_path(w, &l, &e);
	CU_ASSERT_STRING_EQUAL(
	    t.last, "ping 192.0.2.0/24 12345 - spread=70 loss=2500 pending=1");
	CU_ASSERT_TRUE(view_ping(t.view, &a, up, (struct mono){1}, &p));
	CU_ASSERT(p.ping_us[0] == 12345 && p.ping_us[1] == -1 && !p.complete);
	values[1] = 9999999;
	l = (struct prober_line){.prefix = addr_prefix(&a, 32),
	    .values = values,
	    .age_ms = 1500,
	    .inherited = true};
	encode_path(w, &l, &e);
	CU_ASSERT_STRING_EQUAL(
	    t.last, "ping 192.0.2.7 12345 9999999 age=1500 inherited=1");
	CU_ASSERT_EQUAL(t.bad, 0);
	view_free(&t.view);
	world_free(&w);
}

static void
what_is_unknown_is_not_said(void)
{
	struct world *w = make_world(farm);
	struct fleet_events on = {.arg = NULL};
	struct mono now = {1000000000};
	struct fleet *f = fleet_new(w, &w->managers[0], &on, now);
	struct taken t = {.view = view_new(w)};
	struct emit e = {take, &t};

	encode_all(f, now, &e);
	CU_ASSERT_EQUAL(t.lines, 2); /* the two borders */
	view_free(&t.view);
	fleet_free(&f);
	world_free(&w);
}

static char *
many_servers(void)
{
	size_t room = MANY * 400, n;
	char *body = malloc(room);
	int i;

	n = (size_t)snprintf(
	    body, room, "<policy id='p'><connections/></policy>");
	for (i = 0; i < MANY; i++)
		n += (size_t)snprintf(body + n, room - n,
		    "<server id='www.server-number-%d' site='ny'>"
		    "<alias border='ny' name='s%d.t' address='10.1.%d.%d'/>"
		    "<agent address='10.1.%d.%d'/></server>",
		    i, i, i / 250, i % 250 + 1, i / 250, i % 250 + 1);
	n += (size_t)snprintf(
	    body + n, room - n, "<service id='www' host='www.t' policy='p'>");
	for (i = 0; i < MANY; i++)
		n += (size_t)snprintf(body + n, room - n,
		    "<use server='www.server-number-%d'/>", i);
	(void)snprintf(body + n, room - n, "</service>");
	return body;
}

static void
long_load_lines_are_split(void)
{
	char *body = many_servers();
	struct world *w = make_world(body);
	struct fleet_events on = {.arg = NULL};
	struct fleet *f = fleet_new(w, &w->managers[0], &on, (struct mono){1});
	struct taken t = {.view = view_new(w)};
	struct emit e = {take, &t};
	int *uses = malloc(MANY * sizeof(*uses)), *loads, i, ones = 0;
	bool stale;

	for (i = 0; i < MANY; i++) {
		uses[i] = i;
		f->uses[i].load = i % 10000;
	}
	encode_loads(f, 0, uses, MANY, &e);
	CU_ASSERT_EQUAL(t.bad, 0);
	CU_ASSERT_TRUE(t.lines > 1);
	CU_ASSERT_TRUE(t.longest < LINE_MAX_BYTES);
	loads = calloc(MANY, sizeof(*loads));
	view_loads(t.view, &w->services[0], (struct mono){1}, INT64_MAX, loads,
	    &stale);
	for (i = 0; i < MANY; i++)
		ones += loads[i] == i % 10000;
	CU_ASSERT_EQUAL(ones, MANY);
	t.lines = 0;
	encode_loads(f, 0, uses, 0, &e);
	CU_ASSERT_EQUAL(t.lines, 0);
	free(loads);
	free(uses);
	view_free(&t.view);
	fleet_free(&f);
	world_free(&w);
	free(body);
}

static void
what_a_reload_brings_or_takes_is_said(void)
{
	static const struct fleet_events on = {.arg = NULL};
	struct world *w = make_world(farm);
	struct fleet *f =
	    fleet_new(w, &w->managers[0], &on, (struct mono){1000});
	struct taken t = {.view = view_new(w)};
	struct emit e = {take, &t};

	encode_use(f, &f->uses[0], &e);
	CU_ASSERT_EQUAL(t.lines, 0);
	f->uses[0].added = true;
	encode_use(f, &f->uses[0], &e);
	CU_ASSERT_STRING_EQUAL(
	    t.last, "state a unknown not-judged-yet service=www");
	encode_gone("b", "www", &e);
	CU_ASSERT_STRING_EQUAL(
	    t.last, "state b draining not-in-service service=www");
	CU_ASSERT_EQUAL(t.bad, 0);
	view_free(&t.view);
	fleet_free(&f);
	world_free(&w);
}

static const struct unit_test tests[] = {
    {"a director reads what we mean", a_director_reads_what_we_mean},
    {"a director reads paths as we mean them",
	a_director_reads_paths_as_we_mean_them},
    {"what is unknown is not said", what_is_unknown_is_not_said},
    {"what a reload brings or takes is said",
	what_a_reload_brings_or_takes_is_said},
    {"long load lines are split", long_load_lines_are_split},
};

UNIT_MAIN("manager/encode", tests)
