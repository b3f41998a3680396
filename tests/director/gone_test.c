/* SPDX-License-Identifier: BSD-2-Clause */
/* Whom front ends shall forget. */
#include "director/gone.h"
#include "tests/director/fixture.h"

struct room {
	struct world *w;
	struct feeds *f;
	struct draws *d;
	struct picture *p;
	struct gone *g;
	struct feed *m1;
	char told[200];
};

static void
room_init(struct room *r)
{
	memset(r, 0, sizeof(*r));
	r->w = fixture_world();
	r->f = feeds_new(r->w, &r->w->directors[0], at_ms(0));
	r->d = draws_new(r->w);
	r->p = picture_new(r->w, r->f, r->d);
	r->g = gone_new(r->w);
	r->m1 = fixture_up(r->f, "m1", true, true, false, at_ms(0));
	(void)fixture_say(r->f, r->m1, at_ms(0), "synced");
	(void)feeds_choose(r->f, at_ms(0));
}

static void
room_fini(struct room *r)
{
	gone_free(&r->g);
	picture_free(&r->p);
	draws_free(&r->d);
	feeds_free(&r->f);
	world_free(&r->w);
}

static void
tell(void *arg, int server, int border)
{
	struct room *r = arg;
	size_t n = strlen(r->told);

	(void)snprintf(r->told + n, sizeof(r->told) - n, "%s%s%s ",
	    r->w->servers[server].id, border >= 0 ? "!" : "",
	    border >= 0 ? r->w->borders[border].id : "");
}

static const char *
look(struct room *r)
{
	r->told[0] = '\0';
	(void)gone_look(r->g, r->p, at_ms(0), tell, r);
	return r->told;
}

static const char *
list(struct room *r)
{
	r->told[0] = '\0';
	gone_list(r->g, tell, r);
	return r->told;
}

static void
nobody_is_gone_at_first(void)
{
	struct room r;

	room_init(&r);
	CU_ASSERT_STRING_EQUAL(look(&r), "");
	CU_ASSERT_STRING_EQUAL(list(&r), "");
	room_fini(&r);
}

static void
a_server_is_told_once_each_time_it_goes(void)
{
	static const char *const states[] = {"down", "draining"};
	struct room r;
	int i;

	room_init(&r);
	for (i = 0; i < 2; i++) {
		(void)fixture_say(
		    r.f, r.m1, at_ms(0), "state ny2 %s x", states[i]);
		CU_ASSERT_STRING_EQUAL(look(&r), "ny2 ");
		CU_ASSERT_STRING_EQUAL(look(&r), "");
		CU_ASSERT_STRING_EQUAL(list(&r), "ny2 ");
		(void)fixture_say(r.f, r.m1, at_ms(0), "state ny2 up -");
		CU_ASSERT_STRING_EQUAL(look(&r), "");
		CU_ASSERT_STRING_EQUAL(list(&r), "");
	}
	room_fini(&r);
}

static void
busy_and_unknown_servers_are_not_gone(void)
{
	struct room r;

	room_init(&r);
	(void)fixture_say(r.f, r.m1, at_ms(0), "state ny1 overloaded busy");
	(void)fixture_say(r.f, r.m1, at_ms(0), "state ny2 unknown new");
	(void)fixture_say(r.f, r.m1, at_ms(0), "load la1 0");
	CU_ASSERT_STRING_EQUAL(look(&r), "");
	room_fini(&r);
}

static void
a_border_that_goes_takes_its_aliases(void)
{
	struct room r;

	room_init(&r);
	(void)fixture_say(r.f, r.m1, at_ms(0), "state border:la down uplink");
	CU_ASSERT_STRING_EQUAL(look(&r), "ny1!la la1 ");
	CU_ASSERT_STRING_EQUAL(list(&r), "la1 ");
	(void)fixture_say(r.f, r.m1, at_ms(0), "state border:la up -");
	CU_ASSERT_STRING_EQUAL(look(&r), "");
	CU_ASSERT_STRING_EQUAL(list(&r), "");
	room_fini(&r);
}

static void
what_went_and_came_between_two_looks_is_not_told(void)
{
	struct room r;
	int i;

	room_init(&r);
	for (i = 0; i < 1000; i++) {
		(void)fixture_say(r.f, r.m1, at_ms(0), "state ny1 down x");
		(void)fixture_say(r.f, r.m1, at_ms(0), "state ny1 up -");
	}
	(void)fixture_say(r.f, r.m1, at_ms(0), "state la1 down x");
	CU_ASSERT_STRING_EQUAL(look(&r), "la1 ");
	room_fini(&r);
}

static const struct unit_test tests[] = {
    {"nobody is gone at first", nobody_is_gone_at_first},
    {"a server is told once each time it goes",
	a_server_is_told_once_each_time_it_goes},
    {"busy and unknown servers are not gone",
	busy_and_unknown_servers_are_not_gone},
    {"a border that goes takes its aliases",
	a_border_that_goes_takes_its_aliases},
    {"what went and came between two looks is not told",
	what_went_and_came_between_two_looks_is_not_told},
};

UNIT_MAIN("director/gone", tests)
