/* SPDX-License-Identifier: BSD-2-Clause */
/* A farm of four servers, of which d has no agent; time is the test's. */
#include <string.h>

#include "manager/fleet.h"
#include "tests/manager/world.h"
#include "tests/unit.h"

static const char farm[] =
    "<policy id='p' slow-start='30s'><connections "
    "limit='100'/></policy>" WORLD_SERVER("a", "ny", "1") WORLD_SERVER(
	"b", "ny", "2") WORLD_SERVER("c", "la", "3") WORLD_BARE("d", "la",
	"4") "<service id='www' host='www.t' policy='p'><use server='a'/>"
	     "<use server='b'/><use server='c'/><use server='d'/></service>"
	     "<service id='ftp' protocol='ftp' host='ftp.t' policy='p'>"
	     "<use server='a'/></service>";

enum { A, B, C, D }; /* servers, and their uses in www */
#define FTP 4        /* the use of a in ftp */

struct seen {
	int uses, servers, borders, loads, samples;
	size_t in_loads;
	enum state last[5]; /* as told, by use */
};

static struct {
	struct world *w;
	struct fleet *f;
	struct mono now;
	struct seen seen;
	uint32_t number;
} t;

static void
on_use(void *arg, const struct fleet_use *u)
{
	(void)arg;
	t.seen.uses++;
	t.seen.last[u->n] = u->status.state;
}

static void
on_server(void *arg, int server)
{
	(void)arg;
	(void)server;
	t.seen.servers++;
}

static void
on_border(void *arg, int border)
{
	(void)arg;
	(void)border;
	t.seen.borders++;
}

static void
on_loads(void *arg, int service, const int *uses, size_t n)
{
	(void)arg;
	(void)service;
	(void)uses;
	t.seen.loads++;
	t.seen.in_loads += n;
}

static void
on_sample(void *arg, int server)
{
	(void)arg;
	(void)server;
	t.seen.samples++;
}

static void
begin(void)
{
	struct fleet_events on = {
	    on_use, on_server, on_border, on_sample, on_loads, NULL};

	memset(&t, 0, sizeof(t));
	t.now = (struct mono){INT64_C(1000000000000)};
	t.w = make_world(farm);
	t.f = fleet_new(t.w, &t.w->managers[0], &on, t.now);
}

static void
end(void)
{
	fleet_free(&t.f);
	world_free(&t.w);
}

static void
pass(int64_t ms)
{
	t.now = mono_add_ms(t.now, ms);
}

static void
answer(int server, double connections)
{
	struct record r = {.kind = RECORD_SAMPLE, .server = server};

	r.u.sample.number = ++t.number;
	r.u.sample.values.known[METRIC_CONNECTIONS] = true;
	r.u.sample.values.connections = connections;
	fleet_record(t.f, &r, t.now);
}

static void
late(int server)
{
	struct record r = {.kind = RECORD_LATE, .server = server};

	fleet_record(t.f, &r, t.now);
}

static void
silent(int server)
{
	struct record r = {.kind = RECORD_FAIL, .server = server};

	r.u.fail.reason = REASON_AGENT_TIMEOUT;
	fleet_record(t.f, &r, t.now);
}

static void
check(int server, const char *service, enum state state)
{
	struct record r = {.kind = RECORD_CHECK, .server = server};

	(void)snprintf(r.u.check.name, sizeof(r.u.check.name), "%s", service);
	r.u.check.state = state;
	r.u.check.reason =
	    state == STATE_UP ? REASON_CHECK_OK : REASON_CONNECT_REFUSED;
	fleet_record(t.f, &r, t.now);
}

static void
mark(int server, enum record_kind kind)
{
	struct record r = {.kind = kind, .server = server};

	fleet_record(t.f, &r, t.now);
}

/* One check table with one row. */
static void
checked(int server, const char *service, enum state state)
{
	mark(server, RECORD_CHECKS);
	check(server, service, state);
	mark(server, RECORD_CHECKS_END);
}

/* All tries that are due end like this; how many there were. */
static int
tries(bool ok, enum reason reason)
{
	int due[16], n = 0, i;

	while (n < 16 && (due[n] = fleet_next_try(t.f, t.now)) >= 0)
		n++;
	for (i = 0; i < n; i++)
		fleet_tried(t.f, due[i], ok, reason, t.now);
	return n;
}

static enum state
state(int use)
{
	return t.f->uses[use].status.state;
}

static void
all_up(void)
{
	int i;

	for (i = A; i <= C; i++) {
		answer(i, 10);
		checked(i, "www", STATE_UP);
	}
	(void)tries(true, REASON_NONE);
	fleet_tick(t.f, t.now);
	for (i = A; i <= D; i++)
		CU_ASSERT_EQUAL(state(i), STATE_UP);
	memset(&t.seen, 0, sizeof(t.seen));
}

/* --- */

static void
nothing_is_announced_before_it_is_known(void)
{
	begin();
	answer(A, 1);
	CU_ASSERT_EQUAL(t.seen.uses, 0);
	CU_ASSERT_EQUAL(state(A), STATE_UNKNOWN);
	checked(A, "www", STATE_UP);
	CU_ASSERT_EQUAL(state(A), STATE_UP);
	CU_ASSERT_EQUAL(t.seen.uses, 1);
	end();
}

static void
a_check_takes_down_its_service_only(void)
{
	begin();
	all_up();
	checked(A, "www", STATE_DOWN);
	CU_ASSERT_EQUAL(state(A), STATE_DOWN);
	CU_ASSERT_EQUAL(t.f->uses[A].status.reason, REASON_CONNECT_REFUSED);
	CU_ASSERT_EQUAL(state(FTP), STATE_UP);
	CU_ASSERT_EQUAL(t.f->servers[A].status.state, STATE_UP);
	end();
}

static void
a_try_that_cannot_be_made_moves_nobody(void)
{
	int i;

	begin();
	all_up();
	silent(A);
	for (i = 0; i < 5; i++) {
		CU_ASSERT_TRUE(tries(false, REASON_NOT_JUDGED) > 0);
		pass(3000);
	}
	CU_ASSERT_EQUAL(state(A), STATE_UP);
	CU_ASSERT_EQUAL(state(D), STATE_UP);
	(void)tries(false, REASON_CONNECT_REFUSED);
	CU_ASSERT_EQUAL(state(A), STATE_DOWN);
	end();
}

static void
a_service_that_nobody_checks_is_tried(void)
{
	begin();
	answer(A, 1);
	checked(A, "www", STATE_UP);
	CU_ASSERT_EQUAL(state(FTP), STATE_UNKNOWN);
	CU_ASSERT_TRUE(tries(false, REASON_CONNECT_REFUSED) > 0);
	pass(1000);
	(void)tries(false, REASON_CONNECT_REFUSED);
	pass(1000);
	(void)tries(false, REASON_CONNECT_REFUSED);
	pass(1000);
	(void)tries(false, REASON_CONNECT_REFUSED);
	CU_ASSERT_EQUAL(state(FTP), STATE_DOWN);
	end();
}

static void
a_silent_agent_is_not_a_dead_server(void)
{
	begin();
	all_up();
	late(A);
	CU_ASSERT_EQUAL(tries(true, REASON_NONE), 2); /* www and ftp */
	silent(A);
	CU_ASSERT_EQUAL(state(A), STATE_UP);
	CU_ASSERT_EQUAL(t.f->servers[A].agent.state, STATE_DOWN);
	CU_ASSERT_EQUAL(t.f->uses[A].status.changes, 0);
	pass(2000);
	CU_ASSERT_TRUE(tries(true, REASON_NONE) >= 2);
	CU_ASSERT_EQUAL(state(A), STATE_UP);
	end();
}

static void
a_late_answer_and_a_dead_service_are_enough(void)
{
	begin();
	all_up();
	late(A);
	(void)tries(false, REASON_CONNECT_TIMEOUT);
	CU_ASSERT_EQUAL(state(A), STATE_DOWN);
	end();
}

static void
agents_of_all_servers_may_be_silent_at_once(void)
{
	int i, round;

	begin();
	all_up();
	for (round = 0; round < 5; round++) {
		for (i = A; i <= C; i++)
			late(i);
		(void)tries(true, REASON_NONE);
		pass(1000);
		for (i = A; i <= C; i++)
			silent(i);
		pass(1000);
		(void)tries(true, REASON_NONE);
	}
	for (i = A; i <= C; i++)
		answer(i, 10);
	for (i = A; i <= D; i++) {
		CU_ASSERT_EQUAL(state(i), STATE_UP);
		CU_ASSERT_EQUAL(t.f->uses[i].status.changes, 0);
	}
	CU_ASSERT_FALSE(t.f->services[0].frozen);
	end();
}

static void
without_an_agent_tries_decide(void)
{
	begin();
	all_up();
	pass(2000);
	(void)tries(false, REASON_CONNECT_REFUSED);
	CU_ASSERT_EQUAL(state(D), STATE_DOWN);
	pass(2000);
	(void)tries(true, REASON_NONE);
	CU_ASSERT_EQUAL(state(D), STATE_DOWN); /* once is not enough */
	pass(2000);
	(void)tries(true, REASON_NONE);
	CU_ASSERT_EQUAL(state(D), STATE_UP);
	end();
}

static void
half_may_go_down_but_not_more(void)
{
	begin();
	all_up();
	checked(A, "www", STATE_DOWN);
	checked(B, "www", STATE_DOWN);
	CU_ASSERT_FALSE(t.f->services[0].frozen);
	checked(C, "www", STATE_DOWN);
	CU_ASSERT_TRUE(t.f->services[0].frozen);
	CU_ASSERT_EQUAL(t.f->services[0].freezes, 1);
	CU_ASSERT_EQUAL(state(A), STATE_DOWN);
	CU_ASSERT_EQUAL(state(B), STATE_DOWN);
	CU_ASSERT_EQUAL(state(C), STATE_UP);
	CU_ASSERT_TRUE(t.f->uses[C].held);
	end();
}

static void
freeze_all(enum reason reason)
{
	all_up();
	late(A);
	late(B);
	late(C);
	pass(2000); /* d's turn comes too */
	(void)tries(false, reason);
	CU_ASSERT_TRUE(t.f->services[0].frozen);
}

static void
a_host_that_refuses_thrice_is_believed(void)
{
	int i, n = 0;

	begin();
	freeze_all(REASON_CONNECT_REFUSED);
	for (i = A; i <= D; i++)
		n += state(i) == STATE_UP;
	CU_ASSERT_EQUAL(n, 2);
	for (i = 0; i < 2; i++) {
		pass(1000);
		(void)tries(false, REASON_CONNECT_REFUSED);
		CU_ASSERT_TRUE(t.f->services[0].frozen);
	}
	pass(1000);
	(void)tries(false, REASON_CONNECT_REFUSED);
	CU_ASSERT_FALSE(t.f->services[0].frozen);
	for (i = A; i <= D; i++)
		CU_ASSERT_EQUAL(state(i), STATE_DOWN);
	end();
}

static void
silence_of_all_is_our_own_fault(void)
{
	int i, n = 0;

	begin();
	freeze_all(REASON_CONNECT_TIMEOUT);
	for (i = 0; i < 120; i++) {
		pass(1000);
		(void)tries(false, REASON_CONNECT_TIMEOUT);
	}
	CU_ASSERT_TRUE(t.f->services[0].frozen);
	for (i = A; i <= D; i++)
		n += state(i) == STATE_UP;
	CU_ASSERT_EQUAL(n, 2);
	end();
}

/* a, b, c fall silent; d, which has no agent, goes on working. */
static void
tries_with_d_alive(void)
{
	int use;

	while ((use = fleet_next_try(t.f, t.now)) >= 0)
		fleet_tried(t.f, use, use == D, REASON_CONNECT_TIMEOUT, t.now);
}

static void
silence_of_most_is_believed_after_half_a_minute(void)
{
	int i;

	begin();
	all_up();
	late(A);
	late(B);
	late(C);
	tries_with_d_alive();
	CU_ASSERT_TRUE(t.f->services[0].frozen);
	CU_ASSERT_EQUAL(state(C), STATE_UP);
	for (i = 0; i < 29; i++) {
		pass(1000);
		tries_with_d_alive();
	}
	CU_ASSERT_EQUAL(state(C), STATE_UP);
	pass(2000);
	tries_with_d_alive();
	CU_ASSERT_EQUAL(state(C), STATE_DOWN);
	CU_ASSERT_EQUAL(state(D), STATE_UP);
	CU_ASSERT_FALSE(t.f->services[0].frozen);
	end();
}

static void
a_freeze_ends_when_they_are_back(void)
{
	begin();
	all_up();
	checked(A, "www", STATE_DOWN);
	checked(B, "www", STATE_DOWN);
	checked(C, "www", STATE_DOWN);
	CU_ASSERT_TRUE(t.f->services[0].frozen);
	checked(C, "www", STATE_UP);
	CU_ASSERT_FALSE(t.f->services[0].frozen);
	CU_ASSERT_EQUAL(t.f->uses[C].status.changes, 0);
	end();
}

static void
a_wrong_check_of_all_takes_down_half(void)
{
	int i;

	begin();
	all_up();
	checked(A, "www", STATE_DOWN);
	checked(B, "www", STATE_DOWN);
	checked(C, "www", STATE_DOWN);
	for (i = 0; i < 60; i++) {
		pass(1000);
		(void)tries(true, REASON_NONE); /* it works, whatever it says */
	}
	CU_ASSERT_EQUAL(state(C), STATE_UP);
	end();
}

static void
an_operator_is_stronger_than_a_freeze(void)
{
	begin();
	all_up();
	checked(A, "www", STATE_DOWN);
	checked(B, "www", STATE_DOWN);
	checked(C, "www", STATE_DOWN);
	fleet_set_admin(t.f, C, ADMIN_DISABLED, t.now);
	CU_ASSERT_EQUAL(state(C), STATE_DOWN);
	CU_ASSERT_EQUAL(t.f->uses[C].status.reason, REASON_BY_OPERATOR);
	CU_ASSERT_FALSE(t.f->services[0].frozen);
	end();
}

static void
deaths_far_apart_do_not_freeze(void)
{
	begin();
	all_up();
	checked(A, "www", STATE_DOWN);
	pass(11000);
	checked(B, "www", STATE_DOWN);
	pass(11000);
	checked(C, "www", STATE_DOWN);
	CU_ASSERT_EQUAL(state(C), STATE_DOWN);
	CU_ASSERT_EQUAL(t.f->services[0].freezes, 0);
	end();
}

static void
a_start_in_the_dark_announces_nothing(void)
{
	int i;

	begin();
	for (i = A; i <= C; i++)
		silent(i);
	for (i = 0; i < 60; i++) {
		(void)tries(false, REASON_CONNECT_TIMEOUT);
		pass(1000);
	}
	CU_ASSERT_EQUAL(t.seen.uses, 0);
	CU_ASSERT_TRUE(t.f->services[0].frozen);
	end();
}

static void
one_dead_at_the_start_is_down_once_others_live(void)
{
	begin();
	silent(A);
	(void)tries(false, REASON_CONNECT_TIMEOUT);
	CU_ASSERT_EQUAL(state(A), STATE_UNKNOWN);
	CU_ASSERT_FALSE(t.f->services[0].frozen);
	answer(B, 1);
	checked(B, "www", STATE_UP);
	answer(C, 1);
	checked(C, "www", STATE_UP);
	pass(1000);
	(void)tries(false, REASON_CONNECT_TIMEOUT);
	CU_ASSERT_EQUAL(state(A), STATE_DOWN);
	CU_ASSERT_EQUAL(t.f->services[0].freezes, 0);
	end();
}

static void
a_service_dead_at_the_start_is_believed_when_refused(void)
{
	int i;

	begin();
	for (i = A; i <= C; i++)
		silent(i);
	for (i = 0; i < 4; i++) {
		CU_ASSERT_EQUAL(state(A), STATE_UNKNOWN);
		(void)tries(false, REASON_CONNECT_REFUSED);
		pass(1000);
	}
	for (i = A; i <= C; i++)
		CU_ASSERT_EQUAL(state(i), STATE_DOWN);
	end();
}

static void
a_drain_is_one_state_and_ends_with_a_slow_start(void)
{
	begin();
	all_up();
	fleet_set_admin(t.f, A, ADMIN_DRAINING, t.now);
	CU_ASSERT_EQUAL(state(A), STATE_DRAINING);
	CU_ASSERT_EQUAL(t.f->servers[A].status.state, STATE_DRAINING);
	fleet_set_admin(t.f, A, ADMIN_ENABLED, t.now);
	CU_ASSERT_EQUAL(state(A), STATE_UP);
	pass(3000);
	answer(A, 10);
	answer(B, 10);
	fleet_tick(t.f, t.now);
	CU_ASSERT_EQUAL(t.f->uses[A].load, 1000); /* 3 s of 30 */
	CU_ASSERT_EQUAL(t.f->uses[B].load, 10000);
	end();
}

static void
an_idle_backup_is_no_measure_for_the_others(void)
{
	int i;

	begin();
	t.w->services[0].backup[C] = true;
	all_up();
	for (i = 0; i < 10; i++) { /* smoothed to nothing */
		answer(A, 10);
		answer(B, 10);
		answer(C, 0);
	}
	pass(30000);
	for (i = A; i <= C; i++)
		answer(i, i == C ? 0 : 10);
	fleet_tick(t.f, t.now);
	CU_ASSERT_EQUAL(t.f->uses[A].load, 10000);
	CU_ASSERT_EQUAL(t.f->uses[B].load, 10000);
	CU_ASSERT_EQUAL(t.f->uses[C].load, 10000);
	/* With no other left it is measured like any. */
	t.w->services[0].backup[A] = t.w->services[0].backup[B] =
	    t.w->services[0].backup[D] = true;
	for (i = A; i <= C; i++)
		answer(i, i == C ? 0 : 10);
	fleet_tick(t.f, t.now);
	CU_ASSERT(t.f->uses[A].load < 1000);
	CU_ASSERT_EQUAL(t.f->uses[C].load, 10000);
	end();
}

static void
a_bound_makes_overloaded_and_load_0(void)
{
	begin();
	all_up();
	answer(A, 10);
	answer(A, 1000);
	fleet_tick(t.f, t.now);
	CU_ASSERT_EQUAL(state(A), STATE_OVERLOADED);
	CU_ASSERT_EQUAL(t.f->uses[A].status.reason, REASON_AT_LIMIT);
	CU_ASSERT_EQUAL(t.f->uses[A].load, 0);
	CU_ASSERT_EQUAL(t.f->servers[A].status.state, STATE_OVERLOADED);
	end();
}

static void
a_load_is_told_once_a_sample(void)
{
	begin();
	all_up();
	answer(A, 10);
	fleet_tick(t.f, t.now);
	CU_ASSERT_EQUAL(t.seen.in_loads, 2); /* a, for www and ftp */
	CU_ASSERT_EQUAL(t.seen.samples, 1);
	pass(100);
	fleet_tick(t.f, t.now);
	t.number--; /* the agent has not sampled since */
	answer(A, 10);
	fleet_tick(t.f, t.now);
	CU_ASSERT_EQUAL(t.seen.in_loads, 2);
	end();
}

static void
an_old_sample_is_no_answer(void)
{
	struct record r = {.kind = RECORD_SAMPLE, .server = A};

	begin();
	all_up();
	r.u.sample.age_ms = 15000;
	fleet_record(t.f, &r, t.now);
	CU_ASSERT_EQUAL(t.f->servers[A].agent.reason, REASON_AGENT_SAMPLE_OLD);
	CU_ASSERT_EQUAL(tries(true, REASON_NONE), 2);
	CU_ASSERT_EQUAL(state(A), STATE_UP);
	end();
}

static void
seconds(int n)
{
	while (n-- > 0) {
		pass(1000);
		fleet_tick(t.f, t.now);
	}
}

static void
an_agent_nobody_tells_of_is_silent(void)
{
	begin();
	all_up();
	seconds(6);
	CU_ASSERT_EQUAL(t.f->servers[A].agent.state, STATE_UP);
	seconds(2);
	CU_ASSERT_EQUAL(t.f->servers[A].agent.state, STATE_DOWN);
	CU_ASSERT_EQUAL(t.f->servers[A].agent.reason, REASON_SILENT);
	CU_ASSERT_TRUE(tries(true, REASON_NONE) >= 2);
	CU_ASSERT_EQUAL(state(A), STATE_UP);
	end();
}

static void
a_standstill_of_our_own_silences_nobody(void)
{
	begin();
	all_up();
	seconds(1);
	pass(60000);
	fleet_tick(t.f, t.now);
	CU_ASSERT_EQUAL(t.f->servers[A].agent.state, STATE_UP);
	end();
}

static void
a_stale_load_ages_toward_the_weight(void)
{
	begin();
	all_up();
	answer(A, 10);
	answer(B, 21);
	answer(B, 21);
	answer(B, 21);
	fleet_tick(t.f, t.now);
	CU_ASSERT_TRUE(t.f->uses[B].load < 6500);
	silent(B);
	(void)tries(true, REASON_NONE);
	pass(31000);
	answer(A, 10);
	fleet_tick(t.f, t.now);
	CU_ASSERT_EQUAL(t.f->uses[B].load, 10000);
	end();
}

static void
borders_are_up_unless_the_operator_says_so(void)
{
	begin();
	CU_ASSERT_EQUAL(t.f->borders[1].state, STATE_UP);
	fleet_set_border(t.f, 1, ADMIN_DRAINING, t.now);
	CU_ASSERT_EQUAL(t.f->borders[1].state, STATE_DRAINING);
	fleet_set_border(t.f, 1, ADMIN_DISABLED, t.now);
	CU_ASSERT_EQUAL(t.f->borders[1].state, STATE_DOWN);
	fleet_set_border(t.f, 1, ADMIN_ENABLED, t.now);
	CU_ASSERT_EQUAL(t.f->borders[1].state, STATE_UP);
	CU_ASSERT_EQUAL(t.seen.borders, 3);
	end();
}

static void
an_uplink_that_is_out_takes_its_border_down(void)
{
	begin();
	fleet_set_uplink(t.f, 1, true, t.now);
	CU_ASSERT_EQUAL(t.f->borders[1].state, STATE_DOWN);
	CU_ASSERT_EQUAL(t.f->borders[1].reason, REASON_UPLINK_SILENT);
	CU_ASSERT_EQUAL(t.f->borders[0].state, STATE_UP);
	/* It comes back to what the operator wants. */
	fleet_set_border(t.f, 1, ADMIN_DRAINING, t.now);
	CU_ASSERT_EQUAL(t.f->borders[1].state, STATE_DOWN);
	fleet_set_uplink(t.f, 1, false, t.now);
	CU_ASSERT_EQUAL(t.f->borders[1].state, STATE_DRAINING);
	CU_ASSERT_EQUAL(t.f->borders[1].reason, REASON_BY_OPERATOR);
	end();
}

static void
ready_is_all_judged_or_waited_for(void)
{
	begin();
	CU_ASSERT_FALSE(fleet_ready(t.f, t.now));
	all_up();
	(void)tries(true, REASON_NONE);
	CU_ASSERT_TRUE(fleet_ready(t.f, t.now));
	end();
	begin();
	pass(8000);
	CU_ASSERT_TRUE(fleet_ready(t.f, t.now));
	end();
}

/* A sample whose agent has told a CPU share, has none now, or never will. */
static void
answer_cpu(int server, int idle, bool lacks)
{
	struct record r = {.kind = RECORD_SAMPLE, .server = server};

	r.u.sample.values.known[METRIC_CONNECTIONS] = true;
	r.u.sample.values.known[METRIC_CPU] = idle >= 0;
	r.u.sample.values.cpu_idle = idle >= 0 ? idle : 0;
	r.u.sample.lacks[METRIC_CPU] = lacks;
	fleet_record(t.f, &r, t.now);
}

static bool
cpu_known(int server)
{
	return t.f->servers[server].newest.known[METRIC_CPU];
}

static void
a_cpu_share_holds_while_counters_stand_still(void)
{
	begin();
	answer_cpu(A, -1, false);
	CU_ASSERT_FALSE(cpu_known(A)); /* never invented */
	answer_cpu(A, 7000, false);
	pass(10000);
	answer_cpu(A, -1, false);
	CU_ASSERT_TRUE(cpu_known(A));
	CU_ASSERT_EQUAL(t.f->servers[A].newest.cpu_idle, 7000);
	pass(10000);
	answer_cpu(A, -1, false);
	CU_ASSERT_FALSE(cpu_known(A)); /* not for ever */
	answer_cpu(A, 5000, false);
	answer_cpu(A, -1, true);
	CU_ASSERT_FALSE(cpu_known(A)); /* it has no such objects any more */
	end();
}

static void
what_an_agent_lacks_is_named_if_a_policy_uses_it(void)
{
	struct record r = {.kind = RECORD_SAMPLE, .server = A};

	begin();
	r.u.sample.values.known[METRIC_RAM] = true;
	r.u.sample.lacks[METRIC_SWAP] = true;
	fleet_record(t.f, &r, t.now);
	CU_ASSERT_STRING_EQUAL(t.f->servers[A].agent_text, "");
	r.u.sample.lacks[METRIC_CONNECTIONS] = true;
	fleet_record(t.f, &r, t.now);
	CU_ASSERT_STRING_EQUAL(t.f->servers[A].agent_text,
	    "no objects for connections in its view: its load goes without "
	    "them");
	CU_ASSERT_EQUAL(t.f->servers[A].agent.state, STATE_UP);
	end();
}

static const struct unit_test tests[] = {
    {"nothing is announced before it is known",
	nothing_is_announced_before_it_is_known},
    {"a check takes down its service only",
	a_check_takes_down_its_service_only},
    {"a try that cannot be made moves nobody",
	a_try_that_cannot_be_made_moves_nobody},
    {"a service that nobody checks is tried",
	a_service_that_nobody_checks_is_tried},
    {"a silent agent is not a dead server",
	a_silent_agent_is_not_a_dead_server},
    {"a late answer and a dead service are enough",
	a_late_answer_and_a_dead_service_are_enough},
    {"agents of all servers may be silent at once",
	agents_of_all_servers_may_be_silent_at_once},
    {"a CPU share holds while counters stand still",
	a_cpu_share_holds_while_counters_stand_still},
    {"what an agent lacks is named if a policy uses it",
	what_an_agent_lacks_is_named_if_a_policy_uses_it},
    {"without an agent tries decide", without_an_agent_tries_decide},
    {"half may go down, but not more", half_may_go_down_but_not_more},
    {"a host that refuses thrice is believed",
	a_host_that_refuses_thrice_is_believed},
    {"silence of all is our own fault", silence_of_all_is_our_own_fault},
    {"silence of most is believed after half a minute",
	silence_of_most_is_believed_after_half_a_minute},
    {"a freeze ends when they are back", a_freeze_ends_when_they_are_back},
    {"a wrong check of all takes down half",
	a_wrong_check_of_all_takes_down_half},
    {"an operator is stronger than a freeze",
	an_operator_is_stronger_than_a_freeze},
    {"deaths far apart do not freeze", deaths_far_apart_do_not_freeze},
    {"a start in the dark announces nothing",
	a_start_in_the_dark_announces_nothing},
    {"one dead at the start is down once others live",
	one_dead_at_the_start_is_down_once_others_live},
    {"a service dead at the start is believed when refused",
	a_service_dead_at_the_start_is_believed_when_refused},
    {"a drain is one state and ends with a slow start",
	a_drain_is_one_state_and_ends_with_a_slow_start},
    {"an idle backup is no measure for the others",
	an_idle_backup_is_no_measure_for_the_others},
    {"a bound makes overloaded and load 0",
	a_bound_makes_overloaded_and_load_0},
    {"a load is told once a sample", a_load_is_told_once_a_sample},
    {"an old sample is no answer", an_old_sample_is_no_answer},
    {"an agent nobody tells of is silent", an_agent_nobody_tells_of_is_silent},
    {"a standstill of our own silences nobody",
	a_standstill_of_our_own_silences_nobody},
    {"a stale load ages toward the weight",
	a_stale_load_ages_toward_the_weight},
    {"borders are up unless the operator says so",
	borders_are_up_unless_the_operator_says_so},
    {"an uplink that is out takes its border down",
	an_uplink_that_is_out_takes_its_border_down},
    {"ready is all judged or waited for", ready_is_all_judged_or_waited_for},
};

UNIT_MAIN("manager/fleet", tests)
