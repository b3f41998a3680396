/* SPDX-License-Identifier: BSD-2-Clause */
/* Whose word counts: order, freshness, hanging up and coming back. */
#include "tests/director/fixture.h"

static struct feeds *
new_feeds(struct world *w)
{
	return feeds_new(w, &w->directors[0], at_ms(0));
}

static int
load_of(struct feeds *f, struct world *w, int use, struct mono now)
{
	const struct view *v = feeds_view(f, FEED_LOAD);
	int load[3];

	if (v == NULL)
		return -2;
	view_loads(v, &w->services[0], now, feeds_load_fresh_us(f), load, NULL);
	return load[use];
}

static const char *
used(const struct feeds *f, enum feed_kind k)
{
	const struct feed *feed = feeds_used(f, k);

	return feed != NULL ? feed->id : "-";
}

/* A manager that has told all: ny1's load, then synced. */
static struct feed *
synced_manager(struct feeds *f, const char *id, int load, int64_t ms)
{
	struct feed *m = fixture_up(f, id, true, true, false, at_ms(ms));

	(void)fixture_say(f, m, at_ms(ms), "load ny1 %d", load);
	(void)fixture_say(f, m, at_ms(ms), "synced");
	return m;
}

static void
without_feeds_nothing_is_in_use(void)
{
	struct world *w = fixture_world();
	struct feeds *f = new_feeds(w);

	CU_ASSERT_FALSE(feeds_choose(f, at_ms(0)));
	CU_ASSERT_PTR_NULL(feeds_view(f, FEED_LOAD));
	CU_ASSERT_PTR_NULL(feeds_view(f, FEED_PATH));
	CU_ASSERT_EQUAL(feeds_next_sample_us(f, at_ms(0)), 0);
	CU_ASSERT_STRING_EQUAL(feeds_at(f, 0)->id, "m1");
	CU_ASSERT_EQUAL(feeds_at(f, 0)->state, STATE_UNKNOWN);
	CU_ASSERT_STRING_EQUAL(feeds_at(f, 1)->id, "m2");
	CU_ASSERT_PTR_NULL(feeds_at(f, 2));
	feeds_free(&f);
	world_free(&w);
}

static void
the_first_fresh_manager_in_file_order_counts(void)
{
	struct world *w = fixture_world();
	struct feeds *f = new_feeds(w);

	(void)synced_manager(f, "m2", 2000, 0);
	CU_ASSERT_TRUE(feeds_choose(f, at_ms(0)));
	CU_ASSERT_EQUAL(load_of(f, w, 0, at_ms(0)), 2000);
	(void)synced_manager(f, "m1", 1000, 10);
	CU_ASSERT_TRUE(feeds_choose(f, at_ms(10)));
	CU_ASSERT_STRING_EQUAL(used(f, FEED_LOAD), "m1");
	CU_ASSERT_EQUAL(load_of(f, w, 0, at_ms(10)), 1000);
	CU_ASSERT_EQUAL(feeds_count_up(f), 2);
	feeds_free(&f);
	world_free(&w);
}

static void
views_that_disagree_are_not_merged(void)
{
	struct world *w = fixture_world();
	struct feeds *f = new_feeds(w);
	struct feed *m2;

	(void)synced_manager(f, "m1", 1000, 0);
	m2 = synced_manager(f, "m2", 2000, 0);
	(void)fixture_say(f, m2, at_ms(0), "state ny2 down connect-refused");
	(void)fixture_say(f, m2, at_ms(0), "load la1 77");
	(void)feeds_choose(f, at_ms(0));
	CU_ASSERT_EQUAL(load_of(f, w, 0, at_ms(0)), 1000);
	CU_ASSERT_EQUAL(load_of(f, w, 2, at_ms(0)), -1);
	CU_ASSERT_EQUAL(
	    view_server_state(feeds_view(f, FEED_LOAD), 1), STATE_UP);
	feeds_free(&f);
	world_free(&w);
}

static void
a_manager_counts_once_it_has_told_all(void)
{
	struct world *w = fixture_world();
	struct feeds *f = new_feeds(w);
	struct feed *m1;

	(void)synced_manager(f, "m2", 2000, 0);
	m1 = fixture_up(f, "m1", true, true, false, at_ms(5));
	(void)fixture_say(f, m1, at_ms(5), "load ny1 1000");
	(void)feeds_choose(f, at_ms(5));
	CU_ASSERT_STRING_EQUAL(used(f, FEED_LOAD), "m2");
	(void)fixture_say(f, m1, at_ms(6), "synced");
	(void)feeds_choose(f, at_ms(6));
	CU_ASSERT_STRING_EQUAL(used(f, FEED_LOAD), "m1");
	feeds_free(&f);
	world_free(&w);
}

static void
kinds_are_chosen_apart(void)
{
	struct world *w = fixture_world();
	struct feeds *f = new_feeds(w);
	struct feed *c = fixture_up(f, "shell", false, false, true, at_ms(0));

	(void)synced_manager(f, "m1", 1000, 0);
	(void)fixture_say(f, c, at_ms(0), "borders unit=ms ny la");
	(void)fixture_say(f, c, at_ms(0), "ping 192.0.2.0/24 10 20");
	(void)feeds_choose(f, at_ms(0));
	CU_ASSERT_STRING_EQUAL(used(f, FEED_LOAD), "m1");
	CU_ASSERT_STRING_EQUAL(used(f, FEED_PATH), "shell");
	feeds_free(&f);
	world_free(&w);
}

static void
a_collector_ranks_behind_managers(void)
{
	struct world *w = fixture_world();
	struct feeds *f = new_feeds(w);
	struct feed *c = fixture_up(f, "shell", false, true, false, at_ms(0));

	(void)fixture_say(f, c, at_ms(0), "load ny1 3000");
	(void)feeds_choose(f, at_ms(0));
	CU_ASSERT_STRING_EQUAL(used(f, FEED_LOAD), "shell");
	(void)synced_manager(f, "m2", 2000, 10);
	(void)feeds_choose(f, at_ms(10));
	CU_ASSERT_STRING_EQUAL(used(f, FEED_LOAD), "m2");
	feeds_free(&f);
	world_free(&w);
}

static void
a_collector_need_not_say_what_it_gives(void)
{
	struct world *w = fixture_world();
	struct feeds *f = new_feeds(w);
	struct feed *c = fixture_up(f, "shell", false, false, false, at_ms(0));

	(void)feeds_choose(f, at_ms(0));
	CU_ASSERT_PTR_NULL(feeds_view(f, FEED_LOAD));
	(void)fixture_say(f, c, at_ms(0), "load ny1 3000");
	(void)feeds_choose(f, at_ms(0));
	CU_ASSERT_STRING_EQUAL(used(f, FEED_LOAD), "shell");
	feeds_free(&f);
	world_free(&w);
}

static void
what_a_collector_did_not_announce_is_an_error(void)
{
	struct world *w = fixture_world();
	struct feeds *f = new_feeds(w);
	struct feed *c = fixture_up(f, "shell", false, false, true, at_ms(0));

	CU_ASSERT_EQUAL(
	    fixture_say(f, c, at_ms(0), "load ny1 3000"), VIEW_MALFORMED);
	CU_ASSERT_EQUAL(
	    fixture_say(f, c, at_ms(0), "state border:ny down x"), VIEW_TAKEN);
	(void)feeds_choose(f, at_ms(0));
	CU_ASSERT_PTR_NULL(feeds_view(f, FEED_LOAD));
	feeds_free(&f);
	world_free(&w);
}

static void
a_manager_the_configuration_lacks_ranks_behind(void)
{
	struct world *w = fixture_world();
	struct feeds *f = new_feeds(w);

	(void)synced_manager(f, "m0", 900, 0);
	(void)synced_manager(f, "m2", 2000, 0);
	(void)feeds_choose(f, at_ms(0));
	CU_ASSERT_STRING_EQUAL(used(f, FEED_LOAD), "m2");
	CU_ASSERT_STRING_EQUAL(feeds_at(f, 2)->id, "m0");
	CU_ASSERT_FALSE(feeds_at(f, 2)->manager);
	feeds_free(&f);
	world_free(&w);
}

static void
a_manager_whose_samples_stop_gives_way(void)
{
	struct world *w = fixture_world();
	struct feeds *f = new_feeds(w);
	struct feed *m2;

	(void)synced_manager(f, "m1", 1000, 0);
	m2 = synced_manager(f, "m2", 2000, 0);
	(void)fixture_say(f, m2, at_ms(5000), "load ny1 2001");
	(void)feeds_choose(f, at_ms(6000));
	CU_ASSERT_STRING_EQUAL(used(f, FEED_LOAD), "m1");
	(void)feeds_choose(f, at_ms(6001));
	CU_ASSERT_STRING_EQUAL(used(f, FEED_LOAD), "m2");
	CU_ASSERT_EQUAL(feeds_at(f, 0)->state, STATE_DOWN);
	CU_ASSERT_EQUAL(feeds_at(f, 0)->state_changes, 1);
	feeds_free(&f);
	world_free(&w);
}

static void
values_of_a_feed_that_hung_up_stay_and_age(void)
{
	struct world *w = fixture_world();
	struct feeds *f = new_feeds(w);
	struct feed *m1 = synced_manager(f, "m1", 1000, 0);

	(void)feeds_choose(f, at_ms(0));
	feeds_down(f, m1, REASON_DISCONNECTED, at_ms(500));
	(void)feeds_choose(f, at_ms(500));
	CU_ASSERT_STRING_EQUAL(used(f, FEED_LOAD), "m1");
	CU_ASSERT_FALSE(feeds_is_fresh(f, FEED_LOAD));
	CU_ASSERT_EQUAL(load_of(f, w, 0, at_ms(6000)), 1000);
	/* The weight of ny1 is 1 of at most 3: 3333. */
	CU_ASSERT(load_of(f, w, 0, at_ms(21000)) > 2000);
	CU_ASSERT(load_of(f, w, 0, at_ms(21000)) < 2400);
	CU_ASSERT_EQUAL(load_of(f, w, 0, at_ms(36001)), -1);
	feeds_free(&f);
	world_free(&w);
}

static void
the_newest_values_count_where_none_are_fresh(void)
{
	struct world *w = fixture_world();
	struct feeds *f = new_feeds(w);
	struct feed *m1 = synced_manager(f, "m1", 1000, 0);
	struct feed *m2 = synced_manager(f, "m2", 2000, 100);

	feeds_down(f, m1, REASON_DISCONNECTED, at_ms(200));
	feeds_down(f, m2, REASON_DISCONNECTED, at_ms(200));
	(void)feeds_choose(f, at_ms(200));
	CU_ASSERT_STRING_EQUAL(used(f, FEED_LOAD), "m2");
	feeds_free(&f);
	world_free(&w);
}

static void
a_feed_that_comes_back_is_asked_for_everything(void)
{
	struct world *w = fixture_world();
	struct feeds *f = new_feeds(w);
	struct feed_hello h = {"m1", "-", true, {true, false}};
	bool resync = true;
	struct feed *m1 = feeds_up(f, &h, at_ms(0), &resync);

	CU_ASSERT_FALSE(resync);
	m1->peer = m1;
	feeds_down(f, m1, REASON_SILENT, at_ms(1));
	CU_ASSERT_PTR_EQUAL(feeds_up(f, &h, at_ms(2), &resync), m1);
	CU_ASSERT_TRUE(resync);
	feeds_free(&f);
	world_free(&w);
}

static void
paths_that_are_not_said_again_stay(void)
{
	static const bool up[2] = {true, true};
	struct world *w = fixture_world();
	struct feeds *f = new_feeds(w);
	struct feed *m1 = fixture_up(f, "m1", true, true, true, at_ms(0));
	struct view_ping p;
	struct addr a;

	(void)addr_parse("192.0.2.1", &a);
	(void)fixture_say(f, m1, at_ms(0), "borders unit=ms ny la");
	(void)fixture_say(f, m1, at_ms(0), "ping 192.0.2.0/24 10 20");
	(void)fixture_say(f, m1, at_ms(0), "ping 192.0.3.0/24 30 40");
	(void)fixture_say(f, m1, at_ms(0), "synced");
	feeds_down(f, m1, REASON_DISCONNECTED, at_ms(100));
	m1 = fixture_up(f, "m1", true, true, true, at_ms(200));
	(void)fixture_say(f, m1, at_ms(200), "borders unit=ms la ny");
	(void)fixture_say(f, m1, at_ms(200), "ping 192.0.3.0/24 50 60");
	(void)fixture_say(f, m1, at_ms(200), "synced");
	(void)feeds_choose(f, at_ms(200));
	CU_ASSERT_TRUE_FATAL(
	    view_ping(feeds_view(f, FEED_PATH), &a, up, at_ms(200), &p));
	CU_ASSERT_EQUAL(p.ping_us[0], 10000);
	(void)addr_parse("192.0.3.1", &a);
	CU_ASSERT_TRUE_FATAL(
	    view_ping(feeds_view(f, FEED_PATH), &a, up, at_ms(200), &p));
	CU_ASSERT_EQUAL(p.ping_us[0], 60000);
	feeds_free(&f);
	world_free(&w);
}

/* m1 knew la1 as down and told a load of ny2; it hangs up and comes back. */
static struct feed *
come_back(struct feeds *f)
{
	struct feed *m1 = synced_manager(f, "m1", 1000, 0);

	(void)fixture_say(f, m1, at_ms(0), "state la1 down agent-timeout");
	(void)fixture_say(f, m1, at_ms(0), "load ny2 5000");
	feeds_down(f, m1, REASON_DISCONNECTED, at_ms(100));
	m1 = fixture_up(f, "m1", true, true, false, at_ms(200));
	(void)feeds_choose(f, at_ms(200));
	return m1;
}

static void
the_old_view_stays_in_use_until_synced(void)
{
	struct world *w = fixture_world();
	struct feeds *f = new_feeds(w);
	struct feed *m1 = come_back(f);
	uint64_t before;

	(void)fixture_say(f, m1, at_ms(210), "load ny1 1111");
	(void)feeds_choose(f, at_ms(210));
	CU_ASSERT_EQUAL(
	    view_server_state(feeds_view(f, FEED_LOAD), 2), STATE_DOWN);
	CU_ASSERT_EQUAL(load_of(f, w, 1, at_ms(210)), 5000);
	before = feeds_generation(f);
	(void)fixture_say(f, m1, at_ms(220), "synced");
	CU_ASSERT(feeds_generation(f) > before);
	CU_ASSERT_EQUAL(
	    view_server_state(feeds_view(f, FEED_LOAD), 2), STATE_UP);
	CU_ASSERT_EQUAL(load_of(f, w, 0, at_ms(220)), 1111);
	CU_ASSERT_EQUAL(load_of(f, w, 1, at_ms(220)), -1);
	feeds_free(&f);
	world_free(&w);
}

static void
news_counts_before_synced(void)
{
	struct world *w = fixture_world();
	struct feeds *f = new_feeds(w);
	struct feed *m1 = come_back(f);

	(void)fixture_say(f, m1, at_ms(210), "state ny2 down connect-refused");
	CU_ASSERT_EQUAL(
	    view_server_state(feeds_view(f, FEED_LOAD), 1), STATE_DOWN);
	feeds_free(&f);
	world_free(&w);
}

static void
a_feed_that_never_says_synced_counts_after_a_while(void)
{
	struct world *w = fixture_world();
	struct feeds *f = new_feeds(w);
	struct feed *m1 = come_back(f);

	CU_ASSERT_FALSE(feeds_is_fresh(f, FEED_LOAD));
	(void)fixture_say(f, m1, at_ms(60199), "load ny1 1111");
	(void)feeds_choose(f, at_ms(60199));
	CU_ASSERT_FALSE(feeds_is_fresh(f, FEED_LOAD));
	(void)feeds_choose(f, at_ms(60200));
	CU_ASSERT_TRUE(feeds_is_fresh(f, FEED_LOAD));
	CU_ASSERT_EQUAL(
	    view_server_state(feeds_view(f, FEED_LOAD), 2), STATE_DOWN);
	feeds_free(&f);
	world_free(&w);
}

static void
a_malformed_line_leaves_the_view_alone(void)
{
	struct world *w = fixture_world();
	struct feeds *f = new_feeds(w);
	struct feed *m1 = come_back(f);

	CU_ASSERT_EQUAL(
	    fixture_say(f, m1, at_ms(210), "load ny1"), VIEW_MALFORMED);
	CU_ASSERT_EQUAL(
	    fixture_say(f, m1, at_ms(210), "load ny1 10001"), VIEW_MALFORMED);
	CU_ASSERT_EQUAL(
	    fixture_say(f, m1, at_ms(210), "shout ny1"), VIEW_OTHER);
	CU_ASSERT_EQUAL(load_of(f, w, 0, at_ms(210)), 1000);
	CU_ASSERT_EQUAL(fixture_say(f, m1, at_ms(210), "load ny9 5 ny1 6"),
	    VIEW_UNKNOWN_NAME);
	CU_ASSERT_EQUAL(load_of(f, w, 0, at_ms(210)), 6);
	CU_ASSERT_EQUAL(m1->unknown, 1);
	feeds_free(&f);
	world_free(&w);
}

static void
other_feeds_are_bounded_in_number(void)
{
	struct world *w = fixture_world();
	struct feeds *f = new_feeds(w);
	struct feed *c;
	char id[32];
	int i;

	for (i = 0; i < FEEDS_OTHERS_MAX; i++) {
		(void)snprintf(id, sizeof(id), "c%d", i);
		c = fixture_up(f, id, false, true, false, at_ms(i));
		CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	}
	CU_ASSERT_PTR_NULL(
	    fixture_up(f, "more", false, true, false, at_ms(100)));
	CU_ASSERT_PTR_NOT_NULL(
	    fixture_up(f, "m1", true, true, false, at_ms(100)));
	c = fixture_up(f, "c5", false, true, false, at_ms(101));
	CU_ASSERT_PTR_NOT_NULL(c);
	feeds_down(f, c, REASON_DISCONNECTED, at_ms(102));
	CU_ASSERT_PTR_NOT_NULL(
	    fixture_up(f, "more", false, true, false, at_ms(103)));
	feeds_free(&f);
	world_free(&w);
}

static void
skew_of_the_configuration_is_noted(void)
{
	struct world *w = fixture_world();
	struct feeds *f = new_feeds(w);
	struct feed_hello h = {"m1", "0123", true, {true, false}};
	bool resync;

	CU_ASSERT_TRUE(feeds_up(f, &h, at_ms(0), &resync)->skewed);
	h.hash = w->hash;
	CU_ASSERT_FALSE(feeds_up(f, &h, at_ms(0), &resync)->skewed);
	h.hash = "-";
	CU_ASSERT_FALSE(feeds_up(f, &h, at_ms(0), &resync)->skewed);
	feeds_free(&f);
	world_free(&w);
}

static void
the_next_sample_is_due_a_poll_after_the_last(void)
{
	struct world *w = fixture_world();
	struct feeds *f = new_feeds(w);

	(void)synced_manager(f, "m1", 1000, 0);
	(void)feeds_choose(f, at_ms(0));
	CU_ASSERT_EQUAL(feeds_next_sample_us(f, at_ms(500)), 1500000);
	CU_ASSERT_EQUAL(feeds_next_sample_us(f, at_ms(2500)), 0);
	feeds_free(&f);
	world_free(&w);
}

static const struct unit_test tests[] = {
    {"without feeds nothing is in use", without_feeds_nothing_is_in_use},
    {"the first fresh manager in file order counts",
	the_first_fresh_manager_in_file_order_counts},
    {"views that disagree are not merged", views_that_disagree_are_not_merged},
    {"a manager counts once it has told all",
	a_manager_counts_once_it_has_told_all},
    {"kinds are chosen apart", kinds_are_chosen_apart},
    {"a collector ranks behind managers", a_collector_ranks_behind_managers},
    {"a collector need not say what it gives",
	a_collector_need_not_say_what_it_gives},
    {"a manager the configuration lacks ranks behind",
	a_manager_the_configuration_lacks_ranks_behind},
    {"what a collector did not announce is an error",
	what_a_collector_did_not_announce_is_an_error},
    {"a manager whose samples stop gives way",
	a_manager_whose_samples_stop_gives_way},
    {"values of a feed that hung up stay and age",
	values_of_a_feed_that_hung_up_stay_and_age},
    {"the newest values count where none are fresh",
	the_newest_values_count_where_none_are_fresh},
    {"a feed that comes back is asked for everything",
	a_feed_that_comes_back_is_asked_for_everything},
    {"paths that are not said again stay", paths_that_are_not_said_again_stay},
    {"the old view stays in use until synced",
	the_old_view_stays_in_use_until_synced},
    {"news counts before synced", news_counts_before_synced},
    {"a feed that never says synced counts after a while",
	a_feed_that_never_says_synced_counts_after_a_while},
    {"a malformed line leaves the view alone",
	a_malformed_line_leaves_the_view_alone},
    {"other feeds are bounded in number", other_feeds_are_bounded_in_number},
    {"skew of the configuration is noted", skew_of_the_configuration_is_noted},
    {"the next sample is due a poll after the last",
	the_next_sample_is_due_a_poll_after_the_last},
};

UNIT_MAIN("director/feeds", tests)
