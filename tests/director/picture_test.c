/* SPDX-License-Identifier: BSD-2-Clause */
/* What the director believes, and when it says that it changed. */
#include "director/picture.h"
#include "lib/decide/pick.h"
#include "tests/director/fixture.h"

struct room {
	struct world *w;
	struct feeds *f;
	struct draws *d;
	struct picture *p;
	struct feed *m1, *c;
};

static void
room_init_with(struct room *r, struct world *w)
{
	r->w = w;
	r->f = feeds_new(r->w, &r->w->directors[0], at_ms(0));
	r->d = draws_new(r->w);
	r->p = picture_new(r->w, r->f, r->d);
	r->m1 = fixture_up(r->f, "m1", true, true, false, at_ms(0));
	r->c = fixture_up(r->f, "shell", false, false, true, at_ms(0));
	(void)fixture_say(
	    r->f, r->m1, at_ms(0), "load ny1 1000 ny2 2000 la1 3000");
	(void)fixture_say(r->f, r->m1, at_ms(0), "synced");
	(void)fixture_say(r->f, r->c, at_ms(0), "borders ny la");
	(void)feeds_choose(r->f, at_ms(0));
}

static void
room_init(struct room *r)
{
	room_init_with(r, fixture_world());
}

static void
room_fini(struct room *r)
{
	picture_free(&r->p);
	draws_free(&r->d);
	feeds_free(&r->f);
	world_free(&r->w);
}

static void
without_feeds_all_are_up_and_go_by_weight(void)
{
	struct world *w = fixture_world();
	struct feeds *f = feeds_new(w, &w->directors[0], at_ms(0));
	struct draws *d = draws_new(w);
	struct picture *p = picture_new(w, f, d);
	const struct picture_service *s = picture_service(p, 0, at_ms(0));
	int i;

	for (i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(s->state[i], STATE_UP);
		CU_ASSERT_EQUAL(s->load[i], -1);
	}
	CU_ASSERT_TRUE(picture_borders_up(p)[0]);
	CU_ASSERT_EQUAL(picture_server_state(p, 0), STATE_UP);
	CU_ASSERT_EQUAL(picture_border_state(p, 0), STATE_UP);
	picture_free(&p);
	draws_free(&d);
	feeds_free(&f);
	world_free(&w);
}

static void
the_epoch_grows_with_states_and_loads_only(void)
{
	struct room r;
	uint64_t epoch;

	room_init(&r);
	epoch = picture_service(r.p, 0, at_ms(0))->epoch;
	(void)fixture_say(r.f, r.m1, at_ms(10), "load ny1 1000");
	(void)fixture_say(r.f, r.m1, at_ms(10), "metrics ny1 cpu=50");
	CU_ASSERT_EQUAL(picture_service(r.p, 0, at_ms(600))->epoch, epoch);
	(void)fixture_say(r.f, r.m1, at_ms(20), "load ny1 1001");
	CU_ASSERT(picture_service(r.p, 0, at_ms(600))->epoch > epoch);
	epoch = picture_service(r.p, 0, at_ms(600))->epoch;
	(void)fixture_say(
	    r.f, r.m1, at_ms(20), "state ny1 draining by-operator");
	CU_ASSERT(picture_service(r.p, 0, at_ms(600))->epoch > epoch);
	CU_ASSERT_EQUAL(
	    picture_service(r.p, 0, at_ms(600))->state[0], STATE_DRAINING);
	CU_ASSERT_STRING_EQUAL(picture_server_reason(r.p, 0), "by-operator");
	room_fini(&r);
}

static void
loads_age_without_a_line(void)
{
	struct room r;

	room_init(&r);
	CU_ASSERT_FALSE(picture_service(r.p, 0, at_ms(0))->stale);
	feeds_down(r.f, r.m1, REASON_SILENT, at_ms(100));
	(void)feeds_choose(r.f, at_ms(100));
	CU_ASSERT_EQUAL(picture_service(r.p, 0, at_ms(6000))->load[0], 1000);
	CU_ASSERT(picture_service(r.p, 0, at_ms(20000))->load[0] > 1500);
	CU_ASSERT_TRUE(picture_service(r.p, 0, at_ms(20000))->stale);
	room_fini(&r);
}

static void
draws_count_as_load_until_the_next_sample(void)
{
	struct room r;
	struct fixture_line l;
	const char *why;
	unsigned unknown;

	room_init(&r);
	(void)fixture_say(
	    r.f, r.m1, at_ms(0), "metrics ny1 connections=9/2000");
	fixture_line(&l, "drawn ny1 10");
	CU_ASSERT_EQUAL(draws_take(r.d, &l.line, &unknown, &why), 0);
	fixture_line_free(&l);
	CU_ASSERT_EQUAL(picture_service(r.p, 0, at_ms(0))->load[0], 500);
	fixture_line(&l, "load ny1 1000");
	draws_sampled(r.d, &l.line);
	fixture_line_free(&l);
	CU_ASSERT_EQUAL(picture_service(r.p, 0, at_ms(0))->load[0], 1000);
	room_fini(&r);
}

static void
draws_count_where_a_weight_stands_in_for_a_load(void)
{
	struct world *w = fixture_world();
	struct feeds *f = feeds_new(w, &w->directors[0], at_ms(0));
	struct draws *d = draws_new(w);
	struct picture *p = picture_new(w, f, d);
	struct feed *m1 = fixture_up(f, "m1", true, true, false, at_ms(0));
	struct fixture_line l;
	const char *why;
	unsigned unknown;

	w->policies[w->services[0].policy].select = SELECT_BEST;
	(void)fixture_say(f, m1, at_ms(0), "synced");
	(void)feeds_choose(f, at_ms(0));
	fixture_line(&l, "drawn ny1 9");
	CU_ASSERT_EQUAL(draws_take(d, &l.line, &unknown, &why), 0);
	fixture_line_free(&l);
	/* Of nobody a load is known: all go by weight. */
	CU_ASSERT_EQUAL(picture_service(p, 0, at_ms(0))->load[0], LOAD_UNKNOWN);
	/* Of one it is: by the weights, ny1 would have 3333. */
	(void)fixture_say(f, m1, at_ms(0), "load ny2 2000");
	CU_ASSERT_EQUAL(picture_service(p, 0, at_ms(0))->load[0], 333);
	picture_free(&p);
	draws_free(&d);
	feeds_free(&f);
	world_free(&w);
}

static void
a_border_is_up_if_both_feeds_say_so(void)
{
	struct room r;
	uint64_t epoch;

	room_init(&r);
	CU_ASSERT_TRUE(picture_borders_up(r.p)[0]);
	epoch = picture_paths_epoch(r.p);
	(void)fixture_say(r.f, r.c, at_ms(1), "state border:ny down uplink");
	CU_ASSERT_FALSE(picture_borders_up(r.p)[0]);
	CU_ASSERT_TRUE(picture_borders_up(r.p)[1]);
	CU_ASSERT(picture_paths_epoch(r.p) > epoch);
	CU_ASSERT_EQUAL(picture_border_state(r.p, 0), STATE_DOWN);
	CU_ASSERT_STRING_EQUAL(picture_border_reason(r.p, 0), "uplink");
	(void)fixture_say(
	    r.f, r.m1, at_ms(2), "state border:la draining by-operator");
	CU_ASSERT_FALSE(picture_borders_up(r.p)[1]);
	CU_ASSERT_EQUAL(picture_border_state(r.p, 1), STATE_DRAINING);
	(void)fixture_say(r.f, r.c, at_ms(3), "state border:ny up -");
	CU_ASSERT_TRUE(picture_borders_up(r.p)[0]);
	room_fini(&r);
}

/* A service of 300 servers. */
static struct world *
big_world(void)
{
	size_t size = 300 * 200 + 4096, n;
	char *xml = malloc(size);
	struct world *w;
	int i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(xml);
	n = (size_t)snprintf(xml, size, FIXTURE_HEAD FIXTURE_POLICY);
	for (i = 0; i < 300; i++)
		n += (size_t)snprintf(xml + n, size - n,
		    "<server id='s%d' site='ny'><alias border='ny' "
		    "name='s%d.test' address='10.1.%d.%d'/></server>\n",
		    i, i, i / 200, i % 200 + 1);
	n += (size_t)snprintf(xml + n, size - n,
	    "<service id='www' protocol='http' host='www.test' "
	    "policy='balanced'>");
	for (i = 0; i < 300; i++)
		n += (size_t)snprintf(
		    xml + n, size - n, "<use server='s%d'/>", i);
	(void)snprintf(
	    xml + n, size - n, "</service>" FIXTURE_DAEMONS FIXTURE_TAIL);
	w = fixture_load(xml);
	free(xml);
	return w;
}

static void
a_big_service_is_not_looked_at_with_each_load(void)
{
	struct room r;

	room_init_with(&r, big_world());
	CU_ASSERT_EQUAL(picture_service(r.p, 0, at_ms(1000))->load[0], -1);
	(void)fixture_say(r.f, r.m1, at_ms(1000), "load s0 77");
	CU_ASSERT_EQUAL(picture_service(r.p, 0, at_ms(1000))->load[0], -1);
	CU_ASSERT_EQUAL(picture_service(r.p, 0, at_ms(1001))->load[0], 77);
	/* States are. */
	(void)fixture_say(r.f, r.m1, at_ms(1001), "state s0 down x");
	picture_void(r.p);
	CU_ASSERT_EQUAL(
	    picture_service(r.p, 0, at_ms(1001))->state[0], STATE_DOWN);
	room_fini(&r);
}

static void
pings_do_not_change_the_paths_epoch(void)
{
	struct room r;
	uint64_t epoch;

	room_init(&r);
	epoch = picture_paths_epoch(r.p);
	(void)fixture_say(r.f, r.c, at_ms(1), "ping 192.0.2.0/24 10 20");
	(void)fixture_say(r.f, r.m1, at_ms(1), "load ny1 4");
	CU_ASSERT_EQUAL(picture_paths_epoch(r.p), epoch);
	room_fini(&r);
}

static const struct unit_test tests[] = {
    {"without feeds all are up and go by weight",
	without_feeds_all_are_up_and_go_by_weight},
    {"the epoch grows with states and loads only",
	the_epoch_grows_with_states_and_loads_only},
    {"loads age without a line", loads_age_without_a_line},
    {"draws count as load until the next sample",
	draws_count_as_load_until_the_next_sample},
    {"draws count where a weight stands in for a load",
	draws_count_where_a_weight_stands_in_for_a_load},
    {"a border is up if both feeds say so",
	a_border_is_up_if_both_feeds_say_so},
    {"a big service is not looked at with each load",
	a_big_service_is_not_looked_at_with_each_load},
    {"pings do not change the paths epoch",
	pings_do_not_change_the_paths_epoch},
};

UNIT_MAIN("director/picture", tests)
