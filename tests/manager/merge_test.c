/* SPDX-License-Identifier: BSD-2-Clause */
/* What a reload keeps: two worlds of the real loader, one fleet after the
 * other, time is the test's. */
#include "manager/merge.h"

#include <string.h>

#include "manager/verdict.h"
#include "tests/manager/world.h"
#include "tests/unit.h"

#define POLICY \
	"<policy id='p' slow-start='30s'><connections limit='100'/></policy>"
#define WWW(uses) "<service id='www' host='www.t' policy='p'>" uses "</service>"
#define USE(id)   "<use server='" id "'/>"

static const char before[] =
    POLICY WORLD_SERVER("a", "ny", "1") WORLD_SERVER("b", "ny", "2")
	WORLD_SERVER("c", "la", "3") WWW(USE("a") USE("b") USE("c"));

static struct {
	struct world *old, *w;
	struct fleet *f;
	struct mono now;
	int uses, last_use;
} t;

static void
on_use(void *arg, const struct fleet_use *u)
{
	(void)arg;
	t.uses++;
	t.last_use = u->n;
}

static void
answer(int server, double connections)
{
	struct record r = {.kind = RECORD_SAMPLE, .server = server};
	struct record c = {.kind = RECORD_CHECKS, .server = server};

	r.u.sample.number = 7;
	r.u.sample.values.known[METRIC_CONNECTIONS] = true;
	r.u.sample.values.connections = connections;
	fleet_record(t.f, &r, t.now);
	fleet_record(t.f, &c, t.now);
	c.kind = RECORD_CHECK;
	memcpy(c.u.check.name, "www", 4);
	c.u.check.state = STATE_UP;
	c.u.check.reason = REASON_CHECK_OK;
	fleet_record(t.f, &c, t.now);
	c.kind = RECORD_CHECKS_END;
	fleet_record(t.f, &c, t.now);
}

static void
begin(void)
{
	struct fleet_events on = {.use = on_use};
	int i;

	memset(&t, 0, sizeof(t));
	t.now = (struct mono){INT64_C(1000000000000)};
	t.old = make_world(before);
	t.f = fleet_new(t.old, &t.old->managers[0], &on, t.now);
	for (i = 0; i < 3; i++)
		answer(i, 10 * i);
	fleet_tick(t.f, t.now);
	t.now = mono_add_ms(t.now, 60000); /* the start is over */
	t.uses = 0;
}

/* The old world is gone when this returns, as after a reload. */
static void
reload(const char *body)
{
	struct fleet *f;

	t.w = make_world(body);
	f = merge_fleet(t.f, t.w, &t.w->managers[0], t.now);
	fleet_free(&t.f);
	world_free(&t.old);
	t.old = t.w;
	t.f = f;
	verdict_settle(t.f, t.now);
}

static void
end(void)
{
	fleet_free(&t.f);
	world_free(&t.old);
}

/* The use of a server of the world that there is now. */
static const struct fleet_use *
use(const char *server)
{
	return &t.f->uses[fleet_use(t.f, world_server(t.old, server), 0)];
}

static void
what_stays_is_found_wherever_it_stands(void)
{
	begin();
	fleet_set_admin(t.f, 0, ADMIN_DRAINING, t.now);
	t.uses = 0;
	reload(POLICY WORLD_SERVER("c", "la", "3") WORLD_SERVER("a", "ny", "1")
		WORLD_SERVER("b", "ny", "2") WWW(USE("b") USE("a") USE("c")));
	CU_ASSERT_EQUAL(t.uses, 0); /* nothing has changed */
	CU_ASSERT_EQUAL(use("a")->status.state, STATE_DRAINING);
	CU_ASSERT_EQUAL(use("b")->status.state, STATE_UP);
	CU_ASSERT_EQUAL(use("c")->status.state, STATE_UP);
	CU_ASSERT_EQUAL(t.f->servers[0].newest.connections, 20);
	CU_ASSERT_EQUAL(t.f->servers[1].newest.connections, 0);
	CU_ASSERT_EQUAL(use("c")->service, 0);
	CU_ASSERT_EQUAL(use("c")->server, 0);
	CU_ASSERT_TRUE(use("b")->has_load);
	CU_ASSERT_EQUAL(t.f->services[0].status.state, STATE_UP);
	CU_ASSERT_EQUAL(t.f->sites[0].state, STATE_UP);
	CU_ASSERT_EQUAL(mono_ms(t.now, use("b")->status.since), 60000);
	end();
}

static void
what_is_new_is_unknown_until_judged(void)
{
	begin();
	reload(POLICY WORLD_SERVER("n", "ny", "9") WORLD_SERVER("a", "ny", "1")
		WORLD_SERVER("b", "ny", "2") WWW(USE("n") USE("a") USE("b")));
	CU_ASSERT_EQUAL(use("n")->status.state, STATE_UNKNOWN);
	CU_ASSERT_TRUE(use("n")->added);
	CU_ASSERT_FALSE(use("a")->added);
	CU_ASSERT_EQUAL(use("a")->status.state, STATE_UP);
	CU_ASSERT_EQUAL(t.f->nuses, 3);
	answer(world_server(t.w, "n"), 1);
	CU_ASSERT_EQUAL(use("n")->status.state, STATE_UP);
	CU_ASSERT_EQUAL(t.uses, 1);
	end();
}

/* Nobody has ever sent a client there: no reason to suspect ourselves. */
static void
new_ones_that_are_dead_freeze_nothing(void)
{
	struct record r = {.kind = RECORD_FAIL};
	int n, i;

	begin();
	reload(POLICY WORLD_SERVER("a", "ny", "1") WORLD_SERVER("x", "ny", "7")
		WORLD_SERVER("y", "ny", "8") WORLD_SERVER("z", "ny", "9")
		    WWW(USE("a") USE("x") USE("y") USE("z")));
	r.u.fail.reason = REASON_AGENT_TIMEOUT;
	for (i = 1; i < 4; i++) {
		r.server = i;
		fleet_record(t.f, &r, t.now);
	}
	while ((n = fleet_next_try(t.f, t.now)) >= 0)
		fleet_tried(t.f, n, false, REASON_CONNECT_TIMEOUT, t.now);
	CU_ASSERT_FALSE(t.f->services[0].frozen);
	CU_ASSERT_EQUAL(use("x")->status.state, STATE_DOWN);
	CU_ASSERT_EQUAL(use("z")->status.state, STATE_DOWN);
	CU_ASSERT_EQUAL(use("a")->status.state, STATE_UP);
	end();
}

static void
freeze_all(void)
{
	struct record r = {.kind = RECORD_FAIL};
	int i, n;

	r.u.fail.reason = REASON_AGENT_TIMEOUT;
	for (i = 0; i < 3; i++) {
		r.server = i;
		fleet_record(t.f, &r, t.now);
	}
	while ((n = fleet_next_try(t.f, t.now)) >= 0)
		fleet_tried(t.f, n, false, REASON_CONNECT_TIMEOUT, t.now);
}

static void
a_freeze_goes_on_and_ends_with_those_held(void)
{
	begin();
	freeze_all();
	CU_ASSERT_TRUE(t.f->services[0].frozen);
	CU_ASSERT_TRUE(use("c")->held);
	reload(POLICY WORLD_SERVER("b", "ny", "2") WORLD_SERVER("c", "la", "3")
		WWW(USE("b") USE("c")));
	CU_ASSERT_TRUE(t.f->services[0].frozen);
	CU_ASSERT_EQUAL(t.f->services[0].freezes, 1);
	CU_ASSERT_TRUE(use("c")->held);
	reload(POLICY WORLD_SERVER("a", "ny", "1") WWW(USE("a")));
	CU_ASSERT_FALSE(t.f->services[0].frozen);
	end();
}

static void
another_agent_takes_over_what_the_last_one_said(void)
{
	begin();
	reload(POLICY WORLD_SERVER("a", "ny", "1") WORLD_SERVER("b", "ny", "77")
		WORLD_SERVER("c", "la", "3") WWW(USE("a") USE("b") USE("c")));
	CU_ASSERT_EQUAL(t.uses, 0);
	CU_ASSERT_EQUAL(use("b")->status.state, STATE_UP);
	CU_ASSERT_TRUE(t.f->servers[1].has_sample);
	CU_ASSERT_EQUAL(t.f->servers[1].number, 0);
	/* A sample of the same number is another one. */
	answer(1, 55);
	CU_ASSERT_EQUAL(t.f->servers[1].newest.connections, 55);
	end();
}

static void
without_its_agent_a_server_goes_by_weight_and_tries(void)
{
	begin();
	reload(POLICY WORLD_SERVER("a", "ny", "1") WORLD_BARE("b", "ny", "2")
		WORLD_SERVER("c", "la", "3") WWW(USE("a") USE("b") USE("c")));
	fleet_tick(t.f, t.now);
	CU_ASSERT_EQUAL(use("b")->status.state, STATE_UP);
	CU_ASSERT_FALSE(use("b")->has_load);
	CU_ASSERT_EQUAL(t.f->servers[1].agent.state, STATE_UNKNOWN);
	CU_ASSERT_EQUAL(fleet_next_try(t.f, t.now), 1);
	fleet_tried(t.f, 1, true, REASON_NONE, t.now);
	CU_ASSERT_EQUAL(use("b")->status.state, STATE_UP);
	end();
}

static void
another_policy_is_weighed_at_once(void)
{
	begin();
	CU_ASSERT_EQUAL(use("b")->status.state, STATE_UP);
	reload("<policy id='p'><connections limit='5'/></policy>" WORLD_SERVER(
	    "a", "ny", "1") WORLD_SERVER("b", "ny", "2")
		WORLD_SERVER("c", "la", "3") WWW(USE("a") USE("b") USE("c")));
	fleet_tick(t.f, t.now);
	CU_ASSERT_EQUAL(use("a")->status.state, STATE_UP);
	CU_ASSERT_EQUAL(use("b")->status.state, STATE_OVERLOADED);
	end();
}

static void
borders_keep_drain_and_uplink(void)
{
	begin();
	fleet_set_uplink(t.f, 0, true, t.now);
	fleet_set_border(t.f, 1, ADMIN_DRAINING, t.now);
	reload(before);
	CU_ASSERT_EQUAL(t.f->borders[0].state, STATE_DOWN);
	CU_ASSERT_EQUAL(t.f->borders[1].state, STATE_DRAINING);
	CU_ASSERT_TRUE(t.f->uplink_down[0]);
	end();
}

static void
endpoints_are_compared_by_what_they_say(void)
{
	char one[] = "/run/x", two[] = "/run/x", three[] = "/run/y";
	struct listen_lines a = {.socket = one}, b = {.socket = two};

	CU_ASSERT_TRUE(merge_same_endpoints(&a, 1, &b, 1));
	CU_ASSERT_FALSE(merge_same_endpoints(&a, 1, &b, 0));
	b.socket = three;
	CU_ASSERT_FALSE(merge_same_endpoints(&a, 1, &b, 1));
	a.socket = b.socket = NULL;
	(void)addr_parse("127.0.0.1", &a.addr);
	b.addr = a.addr;
	CU_ASSERT_TRUE(merge_same_endpoints(&a, 1, &b, 1));
	b.tls = true;
	CU_ASSERT_FALSE(merge_same_endpoints(&a, 1, &b, 1));
}

static const struct unit_test tests[] = {
    {"what stays is found wherever it stands",
	what_stays_is_found_wherever_it_stands},
    {"what is new is unknown until judged",
	what_is_new_is_unknown_until_judged},
    {"new ones that are dead freeze nothing",
	new_ones_that_are_dead_freeze_nothing},
    {"a freeze goes on and ends with those held",
	a_freeze_goes_on_and_ends_with_those_held},
    {"another agent takes over what the last one said",
	another_agent_takes_over_what_the_last_one_said},
    {"without its agent a server goes by weight and tries",
	without_its_agent_a_server_goes_by_weight_and_tries},
    {"another policy is weighed at once", another_policy_is_weighed_at_once},
    {"borders keep drain and uplink", borders_keep_drain_and_uplink},
    {"endpoints are compared by what they say",
	endpoints_are_compared_by_what_they_say},
};

UNIT_MAIN("manager/merge", tests)
