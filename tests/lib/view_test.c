/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines of a feed, good and bad, and what a view then says. */
#include "lib/view.h"

#include <string.h>

#include "lib/decide/pick.h"
#include "lib/decide/score.h"
#include "tests/lib/decide/worlds.h"
#include "tests/unit.h"

#define S   INT64_C(1000000000)
#define NOW (INT64_C(100000) * S)

static struct {
	struct world *w;
	struct view *v;
	struct line line;
	char why[160];
} self;

/* Sites, borders and servers 0..2; service0 has all, service1 server 0. */
static void
begin(void)
{
	self.w = worlds_new(3, 3, 3);
	self.w->services =
	    mem_resize(self.w->services, 2, sizeof(*self.w->services));
	self.w->nservices = 2;
	self.w->services[1] =
	    (struct service){.n = 1, .id = mem_text("service1"), .nuse = 1};
	self.w->services[1].use = mem_array(1, sizeof(int));
	(void)names_add(self.w->service_by_id, self.w->services[1].id, 1);
	self.v = view_new(self.w);
	line_init(&self.line);
}

static void
end(void)
{
	line_fini(&self.line);
	view_free(&self.v);
	CU_ASSERT_PTR_NULL(self.v);
	world_free(&self.w);
}

static enum view_result
say_at(const char *text, int64_t ns)
{
	char copy[256];
	const char *bad;

	(void)snprintf(copy, sizeof(copy), "%s", text);
	CU_ASSERT_EQUAL_FATAL(
	    line_split(&self.line, copy, strlen(copy), &bad), 0);
	return view_apply(
	    self.v, &self.line, (struct mono){ns}, self.why, sizeof(self.why));
}

static enum view_result
say(const char *text)
{
	return say_at(text, NOW);
}

#define TAKEN(text)     CU_ASSERT_EQUAL(say(text), VIEW_TAKEN)
#define UNKNOWN(text)   CU_ASSERT_EQUAL(say(text), VIEW_UNKNOWN_NAME)
#define MALFORMED(text) CU_ASSERT_EQUAL(say(text), VIEW_MALFORMED)

static int
load_at(int service, int use, int64_t ns, int64_t fresh_us)
{
	int load[3];

	view_loads(self.v, &self.w->services[service], (struct mono){ns},
	    fresh_us, load, NULL);
	return load[use];
}

static int
load(int service, int use)
{
	return load_at(service, use, NOW, INT64_MAX);
}

static enum state
state(int service, int use)
{
	enum state states[3];

	view_states(self.v, &self.w->services[service], states);
	return states[use];
}

/* The value at a border for a client, -2: no line holds. */
static int64_t
ping_at(const char *client, int border, int64_t ns)
{
	static const bool up[3] = {true, true, true};
	struct view_ping p;
	struct addr a;

	CU_ASSERT_EQUAL_FATAL(addr_parse(client, &a), 0);
	if (!view_ping(self.v, &a, up, (struct mono){ns}, &p))
		return -2;
	return p.ping_us[border];
}

static int64_t
ping(const char *client, int border)
{
	return ping_at(client, border, NOW);
}

static void
nothing_told_is_up_and_without_load(void)
{
	bool up[3];

	begin();
	CU_ASSERT_EQUAL(load(0, 0), LOAD_UNKNOWN);
	CU_ASSERT_EQUAL(state(0, 0), STATE_UP);
	CU_ASSERT_EQUAL(view_border_state(self.v, 1), STATE_UP);
	view_borders_up(self.v, up);
	CU_ASSERT_TRUE(up[0] && up[1] && up[2]);
	CU_ASSERT_EQUAL(ping("10.0.0.1", 0), -2);
	CU_ASSERT_STRING_EQUAL(
	    view_use_reason(self.v, &self.w->services[0], 0), "-");
	CU_ASSERT_PTR_NULL(view_metrics(self.v, 0));
	CU_ASSERT_EQUAL(view_connections(self.v, 0), -1);
	CU_ASSERT_FALSE(mono_set(view_load_time(self.v)));
	CU_ASSERT_FALSE(mono_set(view_path_time(self.v)));
	end();
}

static void
a_line_of_a_service_beats_one_without(void)
{
	begin();
	TAKEN("load server0 0 service=service1");
	TAKEN("load server0 7000 server1 8000");
	CU_ASSERT_EQUAL(load(0, 0), 7000);
	CU_ASSERT_EQUAL(load(1, 0), 0);
	CU_ASSERT_EQUAL(load(0, 1), 8000);
	TAKEN("state server0 up x service=service1");
	TAKEN("state server0 down y");
	CU_ASSERT_EQUAL(state(0, 0), STATE_DOWN);
	CU_ASSERT_EQUAL(state(1, 0), STATE_UP);
	CU_ASSERT_STRING_EQUAL(
	    view_use_reason(self.v, &self.w->services[1], 0), "x");
	CU_ASSERT_STRING_EQUAL(
	    view_use_reason(self.v, &self.w->services[0], 0), "y");
	CU_ASSERT_STRING_EQUAL(view_server_reason(self.v, 0), "y");
	CU_ASSERT_EQUAL(view_server_state(self.v, 0), STATE_DOWN);
	end();
}

static void
a_later_line_replaces_an_earlier_one(void)
{
	begin();
	TAKEN("load server0 1 server0 2");
	CU_ASSERT_EQUAL(load(0, 0), 2);
	TAKEN("load server0 10000 age=12 later=option");
	CU_ASSERT_EQUAL(load(0, 0), 10000);
	TAKEN("state server0 overloaded at-limit");
	TAKEN("state server0 unknown");
	CU_ASSERT_EQUAL(state(0, 0), STATE_UNKNOWN);
	CU_ASSERT_STRING_EQUAL(view_server_reason(self.v, 0), "-");
	end();
}

static void
a_server_that_a_service_does_not_use_is_passed_over(void)
{
	begin();
	TAKEN("load server1 5 server0 6 service=service1");
	TAKEN("state server1 down x service=service1");
	CU_ASSERT_EQUAL(load(1, 0), 6);
	CU_ASSERT_EQUAL(load(0, 1), LOAD_UNKNOWN);
	CU_ASSERT_EQUAL(state(0, 1), STATE_UP);
	end();
}

static void
unknown_names_are_skipped_and_the_rest_is_taken(void)
{
	begin();
	UNKNOWN("load nobody 5 server0 6");
	CU_ASSERT_EQUAL(load(0, 0), 6);
	CU_ASSERT_STRING_EQUAL(self.why, "load: no server \"nobody\"");
	UNKNOWN("load server0 7 service=nowhere");
	CU_ASSERT_EQUAL(load(0, 0), 6);
	UNKNOWN("state nobody up x");
	UNKNOWN("state server0 down x service=nowhere");
	CU_ASSERT_EQUAL(state(0, 0), STATE_UP);
	UNKNOWN("state border:mars down x");
	UNKNOWN("metrics nobody connections=1");
	UNKNOWN("borders unit=us border0 mars border2");
	TAKEN("ping 10.0.0.1 1 2 3"); /* its place counts all the same */
	CU_ASSERT_EQUAL(ping("10.0.0.1", 2), 3);
	CU_ASSERT_EQUAL(ping("10.0.0.1", 1), PING_NOT_MEASURED);
	end();
}

static void
of_a_malformed_line_nothing_is_taken(void)
{
	begin();
	TAKEN("load server0 5");
	TAKEN("borders unit=us border0 border1 border2");
	MALFORMED("load");
	MALFORMED("load server0");
	MALFORMED("load server0 6 server1");
	MALFORMED("load server0 6 server1 10001");
	MALFORMED("load server0 6 server1 -1");
	MALFORMED("load server0 6 server1 5.5");
	MALFORMED("load server0 6 age=-1");
	MALFORMED("load server0 6 age=x");
	CU_ASSERT_EQUAL(load(0, 0), 5);
	MALFORMED("state server0");
	MALFORMED("state server0 dead x");
	MALFORMED("state server0 down two words");
	CU_ASSERT_EQUAL(state(0, 0), STATE_UP);
	MALFORMED("metrics server0 12");
	MALFORMED("metrics connections=12");
	MALFORMED("borders unit=us");
	MALFORMED("borders unit=s border0");
	MALFORMED("borders unit=us border0 border1 border0");
	MALFORMED("ping");
	MALFORMED("ping 10.0.0.1");
	MALFORMED("ping 10.0.0.1 1 2");
	MALFORMED("ping 10.0.0.1 1 2 3 4");
	MALFORMED("ping 10.0.0.1 1 2 -3");
	MALFORMED("ping 10.0.0.1 1 2 --");
	MALFORMED("ping 10.0.0.1 1 2 3.5");
	MALFORMED("ping 10.0.0.300 1 2 3");
	MALFORMED("ping 10.0.0.1/24 1 2 3");
	MALFORMED("ping 10.0.0.0/33 1 2 3");
	MALFORMED("ping 10.0.0.1 1 2 3 age=old");
	CU_ASSERT(strlen(self.why) > 0);
	CU_ASSERT_EQUAL(ping("10.0.0.1", 0), -2);
	CU_ASSERT_EQUAL(say("want 10.0.0.1"), VIEW_OTHER);
	CU_ASSERT_EQUAL(say("synced"), VIEW_OTHER);
	end();
}

static void
pings_go_by_the_last_borders_line(void)
{
	begin();
	MALFORMED("ping 10.0.0.1 1 2 3"); /* none before */
	TAKEN("borders border2 border0 border1");
	TAKEN("ping 10.0.0.1 1 2 3");
	CU_ASSERT_EQUAL(ping("10.0.0.1", 2), 1);
	CU_ASSERT_EQUAL(ping("10.0.0.1", 0), 2);
	TAKEN("borders unit=us border1");
	MALFORMED("ping 10.0.0.1 9 9 9");
	TAKEN("ping 10.0.0.2 7");
	/* What was told before keeps its places. */
	CU_ASSERT_EQUAL(ping("10.0.0.1", 2), 1);
	CU_ASSERT_EQUAL(ping("10.0.0.2", 1), 7);
	CU_ASSERT_EQUAL(ping("10.0.0.2", 2), PING_NOT_MEASURED);
	/* A malformed order line leaves the last one in force. */
	MALFORMED("borders unit=us border1 border1");
	TAKEN("ping 10.0.0.3 8");
	CU_ASSERT_EQUAL(ping("10.0.0.3", 1), 8);
	end();
}

static void
values_above_the_constant_are_no_reply(void)
{
	begin();
	TAKEN("borders unit=us border0 border1 border2");
	TAKEN("ping 10.0.0.1 9999998 9999999 123456789012");
	CU_ASSERT_EQUAL(ping("10.0.0.1", 0), 9999998);
	CU_ASSERT_EQUAL(ping("10.0.0.1", 1), PING_NO_REPLY);
	CU_ASSERT_EQUAL(ping("10.0.0.1", 2), PING_NO_REPLY);
	TAKEN("borders unit=ms border0 border1 border2");
	TAKEN("ping 10.0.0.1 9999 9999999 10000");
	CU_ASSERT_EQUAL(ping("10.0.0.1", 0), 9999000);
	CU_ASSERT_EQUAL(ping("10.0.0.1", 1), PING_NO_REPLY);
	CU_ASSERT_EQUAL(ping("10.0.0.1", 2), PING_NO_REPLY);
	end();
}

static void
mapped_addresses_are_ipv4(void)
{
	begin();
	TAKEN("borders unit=us border0 border1 border2");
	TAKEN("ping ::ffff:10.0.0.1 1 2 3");
	CU_ASSERT_EQUAL(ping("10.0.0.1", 0), 1);
	TAKEN("ping 10.0.0.1 4 5 6");
	CU_ASSERT_EQUAL(ping("::ffff:10.0.0.1", 0), 4);
	end();
}

static void
a_border_that_is_not_up_is_told(void)
{
	uint64_t before;
	bool up[3];

	begin();
	before = view_path_generation(self.v);
	TAKEN("state border:border1 draining by-operator");
	CU_ASSERT(view_path_generation(self.v) > before);
	CU_ASSERT_EQUAL(view_border_state(self.v, 1), STATE_DRAINING);
	CU_ASSERT_STRING_EQUAL(view_border_reason(self.v, 1), "by-operator");
	TAKEN("state border:border0 unknown x");
	TAKEN("state border:border2 overloaded x");
	view_borders_up(self.v, up);
	CU_ASSERT_FALSE(up[0]);
	CU_ASSERT_FALSE(up[1]);
	CU_ASSERT_TRUE(up[2]);
	before = view_path_generation(self.v);
	TAKEN("state border:border1 draining by-operator");
	CU_ASSERT_EQUAL(view_path_generation(self.v), before);
	end();
}

static void
generations_grow_with_changes_only(void)
{
	uint64_t before;

	begin();
	TAKEN("load server0 5");
	TAKEN("state server0 up x");
	before = view_load_generation(self.v);
	TAKEN("load server0 5");
	TAKEN("state server0 up x");
	CU_ASSERT_EQUAL(view_load_generation(self.v), before);
	TAKEN("load server0 6");
	CU_ASSERT(view_load_generation(self.v) > before);
	before = view_load_generation(self.v);
	/* The same once more, later: it stops ageing. */
	CU_ASSERT_EQUAL(say_at("load server0 6", NOW + 3 * S), VIEW_TAKEN);
	CU_ASSERT(view_load_generation(self.v) > before);
	before = view_load_generation(self.v);
	TAKEN("state server0 down x");
	CU_ASSERT(view_load_generation(self.v) > before);
	TAKEN("borders unit=us border0 border1");
	before = view_path_generation(self.v);
	TAKEN("borders unit=us border0 border1");
	CU_ASSERT_EQUAL(view_path_generation(self.v), before);
	TAKEN("borders unit=us border1 border0");
	CU_ASSERT(view_path_generation(self.v) > before);
	end();
}

static void
loads_age_toward_the_weight_and_away(void)
{
	bool stale;
	int loads[3];

	begin();
	self.w->servers[0].weight = 2; /* weights are 10000, 5000, 5000 */
	TAKEN("load server0 0 server1 9000");
	TAKEN("load server2 1000 age=1000");
	CU_ASSERT_EQUAL(load_at(0, 1, NOW + 6 * S, 6000000), 9000);
	CU_ASSERT_EQUAL(load_at(0, 1, NOW + 21 * S, 6000000), 7000);
	CU_ASSERT_EQUAL(load_at(0, 2, NOW + 20 * S, 6000000), 3000);
	/* Aged away: no better than no line. */
	CU_ASSERT_EQUAL(load_at(0, 1, NOW + 36 * S, 6000000), LOAD_UNKNOWN);
	CU_ASSERT_EQUAL(load_at(0, 0, NOW + 360 * S, 6000000), 0);
	CU_ASSERT_EQUAL(load_at(0, 1, NOW + 360 * S, INT64_MAX), 9000);
	view_loads(self.v, &self.w->services[0], (struct mono){NOW + 5 * S},
	    6000000, loads, &stale);
	CU_ASSERT_FALSE(stale);
	view_loads(self.v, &self.w->services[0],
	    (struct mono){NOW + 5 * S + 1000}, 6000000, loads, &stale);
	CU_ASSERT_TRUE(stale);
	end();
}

static void
metrics_are_kept_as_they_came(void)
{
	begin();
	TAKEN("metrics server0 connections=12/2000 ram=812/2048 cpu=93.10");
	CU_ASSERT_STRING_EQUAL(view_metrics(self.v, 0),
	    "connections=12/2000 ram=812/2048 cpu=93.10");
	CU_ASSERT_EQUAL(view_connections(self.v, 0), 12);
	TAKEN("metrics server0 connections=7.5");
	CU_ASSERT_EQUAL(view_connections(self.v, 0), 7);
	TAKEN("metrics server0 connections=many");
	CU_ASSERT_EQUAL(view_connections(self.v, 0), -1);
	TAKEN("metrics server0 cpu=1");
	CU_ASSERT_EQUAL(view_connections(self.v, 0), -1);
	end();
}

static void
it_tells_when_a_load_came(void)
{
	begin();
	CU_ASSERT_FALSE(mono_set(view_load_came(self.v, 0)));
	CU_ASSERT_EQUAL(say_at("load server0 5 age=900", NOW), VIEW_TAKEN);
	CU_ASSERT_EQUAL(view_load_came(self.v, 0).ns, NOW);
	CU_ASSERT_FALSE(mono_set(view_load_came(self.v, 1)));
	CU_ASSERT_EQUAL(view_load_time(self.v).ns, NOW);
	CU_ASSERT_EQUAL(view_use_time(self.v, &self.w->services[0], 0).ns,
	    NOW - S * 9 / 10);
	CU_ASSERT_FALSE(mono_set(view_path_time(self.v)));
	TAKEN("borders unit=us border0");
	CU_ASSERT_EQUAL(view_path_time(self.v).ns, NOW);
	end();
}

static void
pings_are_fresh_then_stale_then_gone(void)
{
	static const bool up[3] = {true, true, true};
	struct view_limits limits = {10000000, 60000000, 100};
	struct view_paths paths;
	struct view_ping p;
	struct addr a;

	begin();
	view_set_limits(self.v, &limits);
	(void)addr_parse("10.0.0.1", &a);
	TAKEN("borders unit=us border0 border1 border2");
	TAKEN("ping 10.0.0.1 1 2 3");
	TAKEN("ping 10.0.0.0/24 4 5 6");
	CU_ASSERT_EQUAL(
	    say_at("ping 2001:db8::/48 1 1 1 age=5000", NOW), VIEW_TAKEN);
	CU_ASSERT_TRUE(
	    view_ping(self.v, &a, up, (struct mono){NOW + 10 * S}, &p));
	CU_ASSERT_TRUE(p.fresh);
	CU_ASSERT_EQUAL(p.prefix.len, 32);
	CU_ASSERT_EQUAL(p.time.ns, NOW);
	CU_ASSERT_TRUE(
	    view_ping(self.v, &a, up, (struct mono){NOW + 11 * S}, &p));
	CU_ASSERT_FALSE(p.fresh);
	view_count_paths(self.v, (struct mono){NOW + 11 * S}, &paths);
	CU_ASSERT_EQUAL(paths.prefixes, 3);
	CU_ASSERT_EQUAL(paths.hosts, 1);
	CU_ASSERT_EQUAL(paths.fresh, 0);
	CU_ASSERT_EQUAL(paths.max, 100);
	CU_ASSERT_EQUAL(ping_at("10.0.0.1", 0, NOW + 60 * S), 1);
	CU_ASSERT_EQUAL(ping_at("10.0.0.1", 0, NOW + 61 * S), -2);
	CU_ASSERT_EQUAL(
	    say_at("ping 10.0.0.9 1 2 3", NOW + 61 * S), VIEW_TAKEN);
	view_count_paths(self.v, (struct mono){NOW + 61 * S}, &paths);
	CU_ASSERT_EQUAL(paths.prefixes, 1);
	CU_ASSERT_EQUAL(paths.expired, 3);
	CU_ASSERT_EQUAL(paths.fresh, 1);
	end();
}

static void
options_of_a_ping_line_are_kept(void)
{
	static const bool up[3] = {true, true, true};
	struct view_paths paths;
	struct view_ping p;
	struct addr a;

	begin();
	(void)addr_parse("10.0.0.1", &a);
	TAKEN("borders unit=us border0 border1 border2");
	TAKEN("ping 10.0.0.0/24 4 - - spread=250 loss=1250 pending=2");
	CU_ASSERT_TRUE(view_ping(self.v, &a, up, (struct mono){NOW}, &p));
	CU_ASSERT_EQUAL(p.spread_us, 250);
	CU_ASSERT_EQUAL(p.loss, 1250);
	CU_ASSERT_FALSE(p.complete);
	CU_ASSERT_FALSE(p.inherited);
	TAKEN("ping 10.0.0.0/24 4 5 6 inherited=1");
	CU_ASSERT_TRUE(view_ping(self.v, &a, up, (struct mono){NOW}, &p));
	CU_ASSERT_TRUE(p.complete && p.inherited);
	CU_ASSERT_EQUAL(p.spread_us, 0);
	view_count_paths(self.v, (struct mono){NOW}, &paths);
	CU_ASSERT_EQUAL(paths.inherited, 1);
	TAKEN("ping 10.0.0.0/24 4 5 6 later=x");
	view_count_paths(self.v, (struct mono){NOW}, &paths);
	CU_ASSERT_EQUAL(paths.inherited, 0);
	CU_ASSERT_EQUAL(
	    say_at("ping 10.0.0.0/24 4 5 6 spread=x", NOW), VIEW_MALFORMED);
	CU_ASSERT_STRING_EQUAL(
	    self.why, "ping: spread= is a number, not \"x\"");
	end();
}

static void
paths_can_move_to_another_view(void)
{
	static const bool up[3] = {true, true, true};
	struct view *to;
	struct view_ping p;
	struct addr a;

	begin();
	to = view_new(self.w);
	(void)addr_parse("10.0.0.1", &a);
	TAKEN("borders unit=us border0 border1 border2");
	TAKEN("ping 10.0.0.0/24 4 5 6");
	view_move_paths(to, self.v);
	CU_ASSERT_FALSE(view_ping(self.v, &a, up, (struct mono){NOW}, &p));
	CU_ASSERT_TRUE(view_ping(to, &a, up, (struct mono){NOW}, &p));
	CU_ASSERT_EQUAL(p.ping_us[2], 6);
	view_free(&self.v);
	self.v = to;
	TAKEN("ping 10.0.0.0/24 7 8 9");
	end();
}

static void
who_measures_says_how_long_it_is_fresh(void)
{
	struct view_limits limits = {10000000, 60000000, 100};

	begin();
	view_set_limits(self.v, &limits);
	CU_ASSERT_EQUAL(view_fresh_us(self.v), 10000000);
	TAKEN("borders unit=us fresh=4000 border0");
	CU_ASSERT_EQUAL(view_fresh_us(self.v), 4000000);
	TAKEN("borders unit=us fresh=99000 border0");
	CU_ASSERT_EQUAL(view_fresh_us(self.v), 10000000);
	CU_ASSERT_EQUAL(
	    say_at("borders unit=us fresh=4s border0", NOW), VIEW_MALFORMED);
	end();
}

static const struct unit_test tests[] = {
    {"nothing told is up and without load",
	nothing_told_is_up_and_without_load},
    {"a line of a service beats one without",
	a_line_of_a_service_beats_one_without},
    {"a later line replaces an earlier one",
	a_later_line_replaces_an_earlier_one},
    {"a server that a service does not use is passed over",
	a_server_that_a_service_does_not_use_is_passed_over},
    {"unknown names are skipped and the rest is taken",
	unknown_names_are_skipped_and_the_rest_is_taken},
    {"of a malformed line nothing is taken",
	of_a_malformed_line_nothing_is_taken},
    {"pings go by the last borders line", pings_go_by_the_last_borders_line},
    {"values above the constant are no reply",
	values_above_the_constant_are_no_reply},
    {"mapped addresses are IPv4", mapped_addresses_are_ipv4},
    {"a border that is not up is told", a_border_that_is_not_up_is_told},
    {"generations grow with changes only", generations_grow_with_changes_only},
    {"loads age toward the weight and away",
	loads_age_toward_the_weight_and_away},
    {"metrics are kept as they came", metrics_are_kept_as_they_came},
    {"it tells when a load came", it_tells_when_a_load_came},
    {"pings are fresh, then stale, then gone",
	pings_are_fresh_then_stale_then_gone},
    {"options of a ping line are kept", options_of_a_ping_line_are_kept},
    {"paths can move to another view", paths_can_move_to_another_view},
    {"who measures says how long it is fresh",
	who_measures_says_how_long_it_is_fresh},
};

UNIT_MAIN("view", tests)
