/* SPDX-License-Identifier: BSD-2-Clause */
/* Real processes, whose agents nobody answers for. */
#include <signal.h>
#include <string.h>

#include "lib/mono.h"
#include "manager/pollers.h"
#include "tests/manager/world.h"
#include "tests/unit.h"

#define AGENT(id, n)                                                 \
	"<server id='" id "' site='ny'><alias border='ny' name='" id \
	".t' address='10.0.0." n "'/><agent address='127.0.0." n     \
	"' port='9'/></server>"

static const char farm[] =
    "<policy id='p'><connections/></policy>" AGENT("a", "1") AGENT("b", "2")
	AGENT("c", "3") AGENT("d", "4") AGENT("e",
	    "5") "<server id='f' site='la'><alias border='la' name='f.t' "
		 "address='10.0.0.6'/></server>"
		 "<service id='www' host='www.t' policy='p'><use server='a'/>"
		 "</service>";

struct test {
	struct event_base *base;
	struct pollers *p;
	struct world *w;
	struct manager self;
	int failed[6];
	bool (*until)(struct test *t);
	struct mono begin;
};

static void
on_record(void *arg, const struct record *r)
{
	struct test *t = arg;

	if (r->kind == RECORD_FAIL)
		t->failed[r->server]++;
}

static void
on_look(evutil_socket_t fd, short what, void *arg)
{
	struct test *t = arg;

	(void)fd;
	(void)what;
	if (t->until(t) || mono_ms(mono_now(), t->begin) > 10000)
		event_base_loopbreak(t->base);
}

/* Turn the loop until this holds; false after 10 s. */
static bool
wait_until(struct test *t, bool (*until)(struct test *t))
{
	struct timeval tv = {0, 10000};
	struct event *look;

	t->until = until;
	t->begin = mono_now();
	look = event_new(t->base, -1, EV_PERSIST, on_look, t);
	event_add(look, &tv);
	event_base_dispatch(t->base);
	event_free(look);
	return until(t);
}

static void
begin(struct test *t)
{
	struct pollers_conf conf = {.on_record = on_record, .arg = t};

	memset(t, 0, sizeof(*t));
	t->w = make_world(farm);
	t->self = t->w->managers[0];
	t->self.agents_per_poller = 2;
	t->self.poll_us = 200000;
	t->self.timeout_us = 50000;
	t->base = event_base_new();
	conf.base = t->base;
	conf.world = t->w;
	conf.manager = &t->self;
	t->p = pollers_start(&conf);
}

static void
end(struct test *t)
{
	pollers_free(&t->p);
	event_base_free(t->base);
	world_free(&t->w);
}

static bool
all_failed(struct test *t)
{
	int i;

	for (i = 0; i < 5; i++)
		if (t->failed[i] == 0)
			return false;
	return true;
}

static void
agents_are_shared_out_and_each_is_polled(void)
{
	struct poller_info x;
	struct test t;
	size_t i, agents = 0;

	begin(&t);
	CU_ASSERT_EQUAL(pollers_count(t.p), 3);
	for (i = 0; i < pollers_count(t.p); i++) {
		pollers_info(t.p, i, &x);
		CU_ASSERT_TRUE(x.pid > 0);
		CU_ASSERT_TRUE(x.agents <= 2);
		agents += x.agents;
	}
	CU_ASSERT_EQUAL(agents, 5);
	CU_ASSERT_TRUE(wait_until(&t, all_failed));
	CU_ASSERT_EQUAL(t.failed[5], 0);
	end(&t);
}

static bool
is_back(struct test *t)
{
	struct poller_info x;

	pollers_info(t->p, 0, &x);
	return x.restarts == 1 && x.pid > 0 && x.beat.requests > 0;
}

static void
one_that_is_killed_comes_back(void)
{
	struct poller_info before, after;
	struct test t;

	begin(&t);
	CU_ASSERT_TRUE(wait_until(&t, all_failed));
	pollers_info(t.p, 0, &before);
	CU_ASSERT_EQUAL(kill(before.pid, SIGKILL), 0);
	CU_ASSERT_TRUE(wait_until(&t, is_back));
	pollers_info(t.p, 0, &after);
	CU_ASSERT_NOT_EQUAL(before.pid, after.pid);
	end(&t);
}

static bool
new_one_failed(struct test *t)
{
	return t->failed[world_server(t->w, "n")] > 0;
}

static bool
all_went_on(struct test *t)
{
	return t->failed[0] > 0 && t->failed[1] > 0 && new_one_failed(t);
}

static bool
counts_requests(struct test *t)
{
	struct record_beat sum;

	pollers_totals(t->p, &sum);
	return sum.requests > 0;
}

/* Server n comes first, c goes, and so each has another number. */
static const char other[] = "<policy id='p'><connections/></policy>" AGENT(
    "n", "9") AGENT("e", "5") AGENT("d", "4") AGENT("b", "2") AGENT("a",
    "1") "<server id='f' "
	 "site='la'><alias border='la' name='f.t' address='10.0.0.6'/></server>"
	 "<service id='www' host='www.t' policy='p'><use server='a'/>"
	 "</service>";

static size_t
count_running(struct test *t, const pid_t *of, size_t n)
{
	struct poller_info x;
	size_t i, j, same = 0;

	for (i = 0; i < pollers_count(t->p); i++)
		for (j = 0; j < n; j++) {
			pollers_info(t->p, i, &x);
			same += x.pid == of[j];
		}
	return same;
}

static void
a_reload_replaces_only_processes_whose_agents_change(void)
{
	struct poller_info x;
	struct manager self;
	struct world *w = make_world(other);
	struct test t;
	pid_t pid[3];
	size_t i;

	begin(&t);
	CU_ASSERT_TRUE(wait_until(&t, all_failed));
	for (i = 0; i < 3; i++) {
		pollers_info(t.p, i, &x);
		pid[i] = x.pid;
	}
	self = t.self;
	CU_ASSERT_TRUE(pollers_renew(t.p, w, &self)); /* no prober was asked */
	world_free(&t.w);
	t.w = w;
	t.self = self;
	memset(t.failed, 0, sizeof(t.failed));
	CU_ASSERT_EQUAL(pollers_count(t.p), 3);
	/* c was polled with a neighbour, n takes its place. */
	CU_ASSERT_EQUAL(count_running(&t, pid, 3), 2);
	CU_ASSERT_TRUE(wait_until(&t, all_went_on));
	CU_ASSERT_EQUAL(t.failed[world_server(w, "f")], 0);
	CU_ASSERT_TRUE(wait_until(&t, counts_requests));
	end(&t);
}

static void
a_reload_of_nothing_replaces_none(void)
{
	struct world *w = make_world(farm);
	struct poller_info x;
	struct test t;
	pid_t pid[3];
	size_t i;

	begin(&t);
	for (i = 0; i < 3; i++) {
		pollers_info(t.p, i, &x);
		pid[i] = x.pid;
	}
	(void)pollers_renew(t.p, w, &t.self);
	world_free(&t.w);
	t.w = w;
	CU_ASSERT_EQUAL(count_running(&t, pid, 3), 3);
	/* Another interval: all of them. */
	w = make_world(farm);
	w->managers[0].agents_per_poller = 2;
	w->managers[0].poll_us = 100000;
	w->managers[0].timeout_us = 50000;
	(void)pollers_renew(t.p, w, &w->managers[0]);
	world_free(&t.w);
	t.w = w;
	CU_ASSERT_EQUAL(count_running(&t, pid, 3), 0);
	CU_ASSERT_EQUAL(pollers_count(t.p), 3);
	CU_ASSERT_TRUE(wait_until(&t, all_failed));
	end(&t);
}

static void
without_agents_there_are_no_processes(void)
{
	static const char none[] =
	    "<policy id='p'><connections/></policy><server id='f' site='la'>"
	    "<alias border='la' name='f.t' address='10.0.0.6'/></server>"
	    "<service id='www' host='www.t' policy='p'><use server='f'/>"
	    "</service>";
	struct world *w = make_world(none);
	struct test t;

	begin(&t);
	(void)pollers_renew(t.p, w, &t.self);
	world_free(&t.w);
	t.w = w;
	CU_ASSERT_EQUAL(pollers_count(t.p), 0);
	w = make_world(farm);
	(void)pollers_renew(t.p, w, &t.self);
	world_free(&t.w);
	t.w = w;
	CU_ASSERT_EQUAL(pollers_count(t.p), 3);
	CU_ASSERT_TRUE(wait_until(&t, all_failed));
	end(&t);
}

static void
back_off_grows_to_a_bound(void)
{
	CU_ASSERT_EQUAL(pollers_back_off_ms(0), 200);
	CU_ASSERT_EQUAL(pollers_back_off_ms(1), 400);
	CU_ASSERT_EQUAL(pollers_back_off_ms(100), 5000);
}

static const struct unit_test tests[] = {
    {"agents are shared out and each is polled",
	agents_are_shared_out_and_each_is_polled},
    {"one that is killed comes back", one_that_is_killed_comes_back},
    {"a reload replaces only processes whose agents change",
	a_reload_replaces_only_processes_whose_agents_change},
    {"a reload of nothing replaces none", a_reload_of_nothing_replaces_none},
    {"without agents there are no processes",
	without_agents_there_are_no_processes},
    {"back-off grows to a bound", back_off_grows_to_a_bound},
};

UNIT_MAIN("manager/pollers", tests)
