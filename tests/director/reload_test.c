/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A director takes other worlds while feeds, front ends and operators are
 * connected over real sockets.
 */
#include "director/directormib.h"
#include "tests/director/wire.h"

#define SERVER(id, site, more)                                             \
	"<server id='" id "' site='" site "'" more ">"                     \
	"<alias border='" site "' name='" id ".test' address='10.9.9.9'/>" \
	"</server>"
#define NETWORK                                                 \
	"<network replies='own'><site id='ny'/><site id='la'/>" \
	"<link between='ny la' delay='30ms'/></network>"
#define USES(more) \
	"<service id='www' protocol='http' host='www.test' policy='p' " more ">"
#define DIRECTOR "<director id='d1'><listen socket='%s'/>%s</director>"

/* A world of this text, with the director at the room's socket. */
static struct world *
world_at(const struct room *r, const char *xml, const char *more)
{
	char text[8192];

	(void)snprintf(text, sizeof(text),
	    "<hopscotch xmlns='urn:hopscotch:config:1'>%s"
	    "<policy id='p'><path/><connections limit='2000'/></policy>",
	    strncmp(xml, "<network", 8) == 0 ? "" : NETWORK);
	(void)snprintf(text + strlen(text), sizeof(text) - strlen(text),
	    "%s<manager id='m1'/>", xml);
	(void)snprintf(text + strlen(text), sizeof(text) - strlen(text),
	    DIRECTOR "</hopscotch>", r->path, more);
	return fixture_load(text);
}

/* The world before is gone at once, as in the daemon. */
static void
take(struct room *r, struct world *w)
{
	char why[400] = "";

	CU_ASSERT_TRUE_FATAL(desk_reload(r->desk, w, why, sizeof(why)));
	world_free(&r->w);
	r->w = w;
}

#define THREE                                     \
	SERVER("a", "ny", "")                     \
	SERVER("b", "ny", "")                     \
	SERVER("c", "la", "")                     \
	USES("")                                  \
	"<use server='a'/><use server='b'/><use " \
	"server='c'/></service>"

/* c in front, b gone, d new. */
#define OTHERS                                    \
	SERVER("c", "la", "")                     \
	SERVER("d", "ny", "")                     \
	SERVER("a", "ny", "")                     \
	USES("")                                  \
	"<use server='d'/><use server='c'/><use " \
	"server='a'/></service>"

/* The room with the first world, a manager that has told of all, and a front
 * end. */
static void
begin(struct room *r, struct client *m, struct client *f)
{
	room_init(r, fixture_world());
	take(r, world_at(r, THREE, ""));
	hello(r, m, "manager m1 - gives=load,path");
	say(r, m, "borders unit=us ny la");
	say(r, m, "load a 1000 b 2000 c 3000");
	say(r, m, "state c draining by-operator");
	say(r, m, "ping 192.0.2.0/24 10000 80000");
	say(r, m, "synced");
	barrier(r, m);
	hello(r, f, "frontend f1 -");
}

static void
finish(struct room *r, struct client *m, struct client *f)
{
	bye(m);
	bye(f);
	room_fini(r);
}

static void
what_was_learned_follows_its_server(void)
{
	struct room r;
	struct client m, f;

	begin(&r, &m, &f);
	say(&r, &f, "ask 1 www ny 192.0.2.1");
	CU_ASSERT_PTR_NOT_NULL(until(&r, &f, "best 1 "));
	say(&r, &f, "drawn c 7 a 2");
	barrier(&r, &f);
	take(&r, world_at(&r, OTHERS, ""));
	CU_ASSERT_EQUAL(
	    picture_server_state(r.desk->picture, 0), STATE_DRAINING);
	CU_ASSERT_EQUAL(picture_server_state(r.desk->picture, 2), STATE_UP);
	CU_ASSERT_EQUAL(draws_counts(r.desk->draws)[0], 7);
	CU_ASSERT_EQUAL(draws_counts(r.desk->draws)[1], 0);
	CU_ASSERT_EQUAL(draws_counts(r.desk->draws)[2], 2);
	CU_ASSERT_EQUAL(r.desk->tally->decisions, 1);
	CU_ASSERT_EQUAL(r.desk->tally->service[0].decisions, 1);
	/* Nobody has judged d, and c is drained: all go to a. */
	CU_ASSERT_EQUAL(
	    picture_server_state(r.desk->picture, 1), STATE_UNKNOWN);
	say(&r, &f, "ask 2 www ny 192.0.2.1");
	CU_ASSERT_PTR_NOT_NULL(
	    until(&r, &f, " 24 a ny a.test 10.9.9.9 1000\n"));
	/* The manager is asked for what it told in vain, and tells. */
	CU_ASSERT_PTR_NOT_NULL(until(&r, &m, "resync"));
	say(&r, &m, "state d up ok\nload d 5000\nsynced");
	barrier(&r, &m);
	say(&r, &f, "ask 3 www ny 192.0.2.1");
	CU_ASSERT_PTR_NOT_NULL(until(&r, &f, " d ny d.test 10.9.9.9 5000"));
	finish(&r, &m, &f);
}

static void
front_ends_forget_what_is_gone(void)
{
	struct room r;
	struct client m, f;

	begin(&r, &m, &f);
	take(&r, world_at(&r, OTHERS, ""));
	CU_ASSERT_PTR_NOT_NULL(until(&r, &f, "gone b\n"));
	/* Used by another service still: only answers are void. */
	take(&r, world_at(&r,
		     SERVER("c", "la", "") SERVER("a", "ny", "")
			 USES("") "<use server='c'/></service>"
				  "<service id='v' protocol='http' "
				  "host='v.test' policy='p'>"
				  "<use server='a'/></service>",
		     ""));
	CU_ASSERT_PTR_NOT_NULL(until(&r, &f, "gone a border=ny\n"));
	finish(&r, &m, &f);
}

static void
nothing_new_is_no_news(void)
{
	struct room r;
	struct client m, f;

	begin(&r, &m, &f);
	take(&r, world_at(&r, THREE, ""));
	say(&r, &f, "ask 1 www ny 192.0.2.1");
	CU_ASSERT_PTR_NOT_NULL(until(&r, &f, "best 1 "));
	barrier(&r, &m);
	CU_ASSERT_PTR_NULL(strstr(m.got, "resync"));
	CU_ASSERT_PTR_NULL(strstr(f.got, "gone a"));
	CU_ASSERT_EQUAL(feeds_count_up(r.desk->feeds), 1);
	finish(&r, &m, &f);
}

#define WAITS(services) SERVER("a", "ny", "") SERVER("b", "ny", "") services
#define WAIT_WWW        USES("wait='5s'") "<use server='a'/></service>"
#define WAIT_V                                                      \
	"<service id='v' protocol='http' host='v.test' policy='p' " \
	"wait='5s'><use server='b'/></service>"

static void
asks_that_wait_are_answered_in_the_new_world(void)
{
	struct room r;
	struct client m, f;

	begin(&r, &m, &f);
	take(&r, world_at(&r, WAITS(WAIT_V WAIT_WWW), ""));
	say(&r, &f, "ask 1 www ny 198.51.100.1");
	say(&r, &f, "ask 2 v ny 198.51.100.1");
	CU_ASSERT_PTR_NOT_NULL(until(&r, &m, "want 198.51.100.1"));
	barrier(&r, &f);
	CU_ASSERT_EQUAL(held_count(r.desk->held), 2);
	/* v goes, www has another number. */
	take(&r, world_at(&r, WAITS(WAIT_WWW), ""));
	CU_ASSERT_PTR_NOT_NULL(until(&r, &f, "none 2 unknown-service"));
	CU_ASSERT_EQUAL(held_count(r.desk->held), 1);
	say(&r, &m, "borders unit=us ny la\nping 198.51.100.0/24 1000 2000");
	CU_ASSERT_PTR_NOT_NULL(until(&r, &f, "best 1 "));
	finish(&r, &m, &f);
}

static void
who_no_longer_has_to_wait_is_answered(void)
{
	struct room r;
	struct client m, f;

	begin(&r, &m, &f);
	take(&r, world_at(&r, WAITS(WAIT_WWW), ""));
	say(&r, &f, "ask 1 www ny 198.51.100.1");
	CU_ASSERT_PTR_NOT_NULL(until(&r, &m, "want 198.51.100.1"));
	take(&r,
	    world_at(&r, WAITS(USES("") "<use server='a'/></service>"), ""));
	CU_ASSERT_PTR_NOT_NULL(until(&r, &f, "best 1 "));
	finish(&r, &m, &f);
}

static void
a_refused_world_changes_nothing(void)
{
	struct room r;
	struct client m, f;
	struct world *w;
	char why[400], more[200];

	begin(&r, &m, &f);
	w = fixture_load(
	    FIXTURE_HEAD FIXTURE_POLICY FIXTURE_SERVERS FIXTURE_SERVICE(
		"balanced", "") "<director id='d2'/>" FIXTURE_TAIL);
	CU_ASSERT_FALSE(desk_reload(r.desk, w, why, sizeof(why)));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "no <director id=\"d1\">"));
	world_free(&w);
	(void)snprintf(
	    more, sizeof(more), "<listen socket='%s/none/d.sock'/>", r.dir);
	w = world_at(&r, OTHERS, more);
	CU_ASSERT_FALSE(desk_reload(r.desk, w, why, sizeof(why)));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "its directory is missing"));
	world_free(&w);
	CU_ASSERT_EQUAL(r.desk->world, r.w);
	say(&r, &f, "ask 1 www ny 192.0.2.1");
	CU_ASSERT_PTR_NOT_NULL(until(&r, &f, "best 1 "));
	finish(&r, &m, &f);
}

static void
counters_and_rows_go_on(void)
{
	struct snap *s = snap_new();
	struct room r;
	struct client m, f;
	struct cache_counters rows, answers;
	int i;

	begin(&r, &m, &f);
	for (i = 0; i < 10; i++)
		say(&r, &f, "ask %d www ny 192.0.2.%d", i, i);
	CU_ASSERT_PTR_NOT_NULL(until(&r, &f, "best 9 "));
	answer_counters(r.desk->answer, &rows, &answers);
	CU_ASSERT_EQUAL(answers.hits, 9);
	take(&r, world_at(&r, OTHERS, ""));
	answer_counters(r.desk->answer, &rows, &answers);
	CU_ASSERT_EQUAL(answers.hits, 9);
	directormib_fill(s, r.desk, mono_now());
	CU_ASSERT(snap_count(s) > 80);
	snap_free(&s);
	finish(&r, &m, &f);
}

/* Managers that come, go and change their rank. */
static void
feeds_keep_their_records(void)
{
	static const char *const more[] = {"<manager id='m0'/>", ""};
	struct room r;
	struct client m, f;
	const struct feed *feed;
	char xml[4096];

	begin(&r, &m, &f);
	(void)snprintf(xml, sizeof(xml), THREE "%s", more[0]);
	take(&r, world_at(&r, xml, ""));
	feed = feeds_at(r.desk->feeds, 1);
	CU_ASSERT_STRING_EQUAL(feed->id, "m1");
	CU_ASSERT_EQUAL(feed->state, STATE_UP);
	CU_ASSERT_PTR_EQUAL(feeds_used(r.desk->feeds, FEED_LOAD), feed);
	take(&r, world_at(&r, THREE, ""));
	feed = feeds_at(r.desk->feeds, 0);
	CU_ASSERT_STRING_EQUAL(feed->id, "m1");
	CU_ASSERT_PTR_NULL(feeds_at(r.desk->feeds, 1));
	say(&r, &m, "load a 77");
	barrier(&r, &m);
	CU_ASSERT_EQUAL(
	    picture_service(r.desk->picture, 0, mono_now())->load[0], 77);
	finish(&r, &m, &f);
}

static const struct unit_test tests[] = {
    {"what was learned follows its server",
	what_was_learned_follows_its_server},
    {"front ends forget what is gone", front_ends_forget_what_is_gone},
    {"nothing new is no news", nothing_new_is_no_news},
    {"asks that wait are answered in the new world",
	asks_that_wait_are_answered_in_the_new_world},
    {"who no longer has to wait is answered",
	who_no_longer_has_to_wait_is_answered},
    {"a refused world changes nothing", a_refused_world_changes_nothing},
    {"counters and rows go on", counters_and_rows_go_on},
    {"feeds keep their records", feeds_keep_their_records},
};

UNIT_MAIN("director/reload", tests)
