/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The director over real sockets: clients that speak lines, in one process and
 * one loop with it. Among them all decision vectors, asked for over the wire.
 */
#include "director/desk.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "director/directormib.h"
#include "lib/decide/explain.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "tests/director/wire.h"
#include "tests/json_read.h"

static void
an_ask_gets_its_best(void)
{
	struct room r;
	struct client m, f;
	int i;

	room_init(&r, fixture_world());
	feed_up(&r, &m);
	hello(&r, &f, "frontend f1 -");
	for (i = 0; i < 100; i++)
		say(&r, &f, "ask %d www ny 192.0.2.%d", i, i);
	CU_ASSERT_PTR_NOT_NULL(until(&r, &f, "best 0 "));
	CU_ASSERT_PTR_NOT_NULL(until(&r, &f,
	    " 24 ny1 ny ny1-ny.test 10.1.1.1 1000 ny2 ny ny2-ny.test "
	    "10.1.2.1 2000"));
	CU_ASSERT_PTR_NOT_NULL(until(&r, &f, "best 99 "));
	CU_ASSERT_EQUAL(r.desk->tally->decisions, 100);
	bye(&f);
	bye(&m);
	room_fini(&r);
}

static void
just_started_it_waits_for_its_managers(void)
{
	struct room r;
	struct client m, f;

	room_init(&r, fixture_world());
	r.desk->grace = mono_add_ms(mono_now(), 60000);
	hello(&r, &f, "frontend f1 -");
	say(&r, &f, "ask 1 www ny 192.0.2.1");
	barrier(&r, &f);
	CU_ASSERT_EQUAL(held_count(r.desk->held), 1);
	hello(&r, &m, "manager m1 - gives=load");
	say(&r, &m, "state ny1 down connect-refused");
	barrier(&r, &m);
	CU_ASSERT_EQUAL(held_count(r.desk->held), 1);
	say(&r, &m, "synced");
	CU_ASSERT_PTR_NOT_NULL(until(&r, &f, "best 1 "));
	CU_ASSERT_PTR_NULL(strstr(f.got, " ny1 "));
	bye(&m);
	say(&r, &f, "ask 2 www ny 192.0.2.1");
	CU_ASSERT_PTR_NOT_NULL(until(&r, &f, "best 2 "));
	bye(&f);
	room_fini(&r);
}

static void
it_does_not_wait_for_managers_for_ever(void)
{
	struct room r;
	struct client f;

	room_init(&r, fixture_world());
	r.desk->grace = mono_add_ms(mono_now(), 100);
	hello(&r, &f, "frontend f1 -");
	say(&r, &f, "ask 1 www ny 192.0.2.1");
	CU_ASSERT_PTR_NOT_NULL(until(&r, &f, "best 1 "));
	bye(&f);
	room_fini(&r);
}

static void
bad_asks_are_answered_and_nobody_is_cut_off(void)
{
	struct room r;
	struct client f;

	room_init(&r, fixture_world());
	hello(&r, &f, "frontend f1 -");
	say(&r, &f, "ask 5 wwx ny 192.0.2.1");
	CU_ASSERT_PTR_NOT_NULL(until(&r, &f, "none 5 unknown-service"));
	say(&r, &f, "ask 6 www nz 192.0.2.1");
	CU_ASSERT_PTR_NOT_NULL(until(&r, &f, "none 6 unknown-site"));
	say(&r, &f, "ask 7 www ny not-an-address");
	CU_ASSERT_PTR_NOT_NULL(until(&r, &f, "error ask: client"));
	say(&r, &f, "ask 8 www");
	CU_ASSERT_PTR_NOT_NULL(until(&r, &f, "error ask needs"));
	say(&r, &f, "load ny1 5");
	CU_ASSERT_PTR_NOT_NULL(until(&r, &f, "error load is not for"));
	say(&r, &f, "drawn ny1");
	CU_ASSERT_PTR_NOT_NULL(until(&r, &f, "error drawn"));
	say(&r, &f, "ask 9 www ny 192.0.2.1");
	CU_ASSERT_PTR_NOT_NULL(until(&r, &f, "best 9 "));
	CU_ASSERT_EQUAL(r.desk->tally->ask_errors, 3);
	bye(&f);
	room_fini(&r);
}

static void
malformed_feed_lines_change_nothing_else(void)
{
	struct room r;
	struct client m;

	room_init(&r, fixture_world());
	feed_up(&r, &m);
	say(&r, &m, "load ny1");
	CU_ASSERT_PTR_NOT_NULL(until(&r, &m, "error load"));
	say(&r, &m, "ping 192.0.2.0/24 1");
	CU_ASSERT_PTR_NOT_NULL(until(&r, &m, "error ping"));
	say(&r, &m, "load  ny1 5");
	CU_ASSERT_PTR_NOT_NULL(until(&r, &m, "error "));
	say(&r, &m, "state ny1 sick x");
	CU_ASSERT_PTR_NOT_NULL(until(&r, &m, "error state"));
	say(&r, &m, "load nobody 7 ny1 1234");
	barrier(&r, &m);
	desk_count_lines(r.desk);
	/* With those of the two barriers. */
	CU_ASSERT_EQUAL(feeds_at(r.desk->feeds, 0)->errors, 6);
	CU_ASSERT_EQUAL(feeds_at(r.desk->feeds, 0)->unknown, 1);
	CU_ASSERT_EQUAL(
	    picture_service(r.desk->picture, 0, mono_now())->load[0], 1234);
	bye(&m);
	room_fini(&r);
}

static void
servers_that_go_are_told_to_front_ends(void)
{
	struct room r;
	struct client m, f, late;

	room_init(&r, fixture_world());
	feed_up(&r, &m);
	hello(&r, &f, "frontend f1 -");
	say(&r, &m, "state ny2 draining by-operator");
	CU_ASSERT_PTR_NOT_NULL(until(&r, &f, "gone ny2"));
	say(&r, &f, "ask 1 www ny 192.0.2.1");
	CU_ASSERT_PTR_NOT_NULL(until(&r, &f, " 10.1.1.1 1000\n"));
	hello(&r, &late, "frontend f2 -");
	CU_ASSERT_PTR_NOT_NULL(until(&r, &late, "gone ny2"));
	bye(&late);
	bye(&f);
	bye(&m);
	room_fini(&r);
}

static void
a_burst_of_changes_is_told_once_each(void)
{
	struct room r;
	struct client m, f;
	const char *at;
	int i, n = 0;

	room_init(&r, fixture_world());
	feed_up(&r, &m);
	hello(&r, &f, "frontend f1 -");
	for (i = 0; i < 500; i++) {
		say(&r, &m, "state ny2 down x%d", i);
		say(&r, &m, "state la1 down x%d", i);
	}
	CU_ASSERT_PTR_NOT_NULL(until(&r, &f, "gone ny2"));
	CU_ASSERT_PTR_NOT_NULL(until(&r, &f, "gone la1"));
	barrier(&r, &m);
	say(&r, &f, "ask 1 www ny 192.0.2.1");
	CU_ASSERT_PTR_NOT_NULL(until(&r, &f, "best 1 "));
	for (at = f.got; (at = strstr(at, "gone ")) != NULL; at++)
		n++;
	CU_ASSERT_EQUAL(n, 2);
	bye(&f);
	bye(&m);
	room_fini(&r);
}

static void
draws_count_as_load(void)
{
	struct room r;
	struct client m, f;

	room_init(&r, fixture_world());
	feed_up(&r, &m);
	say(&r, &m, "metrics ny1 connections=9/2000");
	barrier(&r, &m);
	hello(&r, &f, "frontend f1 -");
	say(&r, &f, "drawn ny1 10 nobody 3");
	say(&r, &f, "ask 1 www ny 192.0.2.1");
	CU_ASSERT_PTR_NOT_NULL(until(&r, &f, " 10.1.1.1 500 "));
	CU_ASSERT_EQUAL(r.desk->unknown_drawn, 1);
	/* Told again for want of a newer one: no sample. */
	say(&r, &m, "load ny1 1000 age=9000");
	barrier(&r, &m);
	CU_ASSERT_EQUAL(draws_counts(r.desk->draws)[0], 10);
	say(&r, &m, "load ny1 1000 age=300");
	barrier(&r, &m);
	say(&r, &f, "ask 2 www ny 192.0.2.1");
	CU_ASSERT_PTR_NOT_NULL(until(&r, &f, " 10.1.1.1 1000 "));
	bye(&f);
	bye(&m);
	room_fini(&r);
}

static void
a_client_without_paths_is_wanted_once(void)
{
	struct room r;
	struct client m, f;

	room_init(&r, fixture_world());
	feed_up(&r, &m);
	hello(&r, &f, "frontend f1 -");
	say(&r, &f, "ask 1 www ny 198.51.100.7 rtt=300");
	say(&r, &f, "ask 2 www ny 198.51.100.8 rtt=300");
	say(&r, &f, "ask 3 www ny 192.0.2.1 rtt=300");
	CU_ASSERT_PTR_NOT_NULL(until(&r, &f, "best 3 "));
	CU_ASSERT_PTR_NOT_NULL(until(&r, &m, "want 198.51.100.7\n"));
	barrier(&r, &m);
	CU_ASSERT_EQUAL(wants_sent(r.desk->wants), 1);
	bye(&f);
	bye(&m);
	room_fini(&r);
}

static struct world *
patient_world(const char *wait)
{
	char more[64], xml[4096];

	(void)snprintf(more, sizeof(more), "wait='%s'", wait);
	(void)snprintf(xml, sizeof(xml),
	    FIXTURE_HEAD FIXTURE_POLICY FIXTURE_SERVERS
	    "<service id='www' protocol='http' host='www.test' "
	    "policy='balanced' %s><use server='ny1'/><use server='la1'/>"
	    "</service>" FIXTURE_DAEMONS FIXTURE_TAIL,
	    more);
	return fixture_load(xml);
}

static void
a_first_ask_waits_for_its_paths(void)
{
	struct room r;
	struct client m, f;

	room_init(&r, patient_world("4s"));
	feed_up(&r, &m);
	hello(&r, &f, "frontend f1 -");
	say(&r, &f, "ask 1 www ny 198.51.100.7 rtt=300");
	say(&r, &f, "ask 2 www ny 192.0.2.1");
	CU_ASSERT_PTR_NOT_NULL(until(&r, &f, "best 2 "));
	CU_ASSERT_PTR_NOT_NULL(until(&r, &m, "want 198.51.100.7\n"));
	CU_ASSERT_EQUAL(held_count(r.desk->held), 1);
	say(&r, &m, "ping 198.51.100.0/24 90000 1000");
	CU_ASSERT_PTR_NOT_NULL(until(&r, &f, "best 1 "));
	CU_ASSERT_PTR_NOT_NULL(strstr(f.got, " 24 la1 la "));
	CU_ASSERT_EQUAL(held_count(r.desk->held), 0);
	bye(&f);
	bye(&m);
	room_fini(&r);
}

static void
it_waits_for_all_first_values_and_not_for_an_estimate(void)
{
	struct room r;
	struct client m, f;

	room_init(&r, patient_world("4s"));
	feed_up(&r, &m);
	hello(&r, &f, "frontend f1 -");
	say(&r, &m, "ping 198.51.0.0/16 1000 90000 inherited=1");
	say(&r, &f, "ask 1 www ny 198.51.100.7");
	CU_ASSERT_PTR_NOT_NULL(until(&r, &m, "want 198.51.100.7\n"));
	say(&r, &m, "ping 198.51.100.0/24 90000 - pending=1");
	barrier(&r, &m);
	CU_ASSERT_EQUAL(held_count(r.desk->held), 1);
	say(&r, &m, "ping 198.51.100.0/24 90000 1000");
	CU_ASSERT_PTR_NOT_NULL(until(&r, &f, "best 1 "));
	CU_ASSERT_PTR_NOT_NULL(strstr(f.got, " 24 la1 la "));
	bye(&f);
	bye(&m);
	room_fini(&r);
}

static void
clients_of_what_is_split_are_wanted_each(void)
{
	struct room r;
	struct client m, f;

	room_init(&r, fixture_world());
	feed_up(&r, &m);
	hello(&r, &f, "frontend f1 -");
	say(&r, &m, "ping 198.51.100.0/24 1000 90000 inherited=1");
	barrier(&r, &m);
	say(&r, &f, "ask 1 www ny 198.51.100.7");
	say(&r, &f, "ask 2 www ny 198.51.100.8");
	CU_ASSERT_PTR_NOT_NULL(until(&r, &f, "best 2 "));
	barrier(&r, &m);
	CU_ASSERT_EQUAL(wants_sent(r.desk->wants), 2);
	CU_ASSERT_EQUAL(
	    r.desk->tally->service[0].fallbacks[FALLBACK_INHERITED_PATH], 2);
	bye(&f);
	bye(&m);
	room_fini(&r);
}

static void
values_are_wanted_again_before_they_get_stale(void)
{
	struct room r;
	struct client m, f;

	room_init(&r, fixture_world());
	feed_up(&r, &m);
	hello(&r, &f, "frontend f1 -");
	say(&r, &m, "ping 198.51.100.0/24 1000 90000 age=200000");
	say(&r, &m, "ping 203.0.113.0/24 1000 90000 age=400000");
	barrier(&r, &m);
	say(&r, &f, "ask 1 www ny 198.51.100.7");
	say(&r, &f, "ask 2 www ny 203.0.113.7");
	CU_ASSERT_PTR_NOT_NULL(until(&r, &m, "want 203.0.113.7\n"));
	CU_ASSERT_EQUAL(wants_sent(r.desk->wants), 1);
	bye(&f);
	bye(&m);
	room_fini(&r);
}

static void
the_wait_ends_without_paths_and_is_not_repeated(void)
{
	struct room r;
	struct client m, f;
	struct mono begun;

	room_init(&r, patient_world("100ms"));
	feed_up(&r, &m);
	hello(&r, &f, "frontend f1 -");
	begun = mono_now();
	say(&r, &f, "ask 1 www ny 198.51.100.7");
	CU_ASSERT_PTR_NOT_NULL(until(&r, &f, "best 1 "));
	CU_ASSERT(mono_ms(mono_now(), begun) >= 99);
	CU_ASSERT_EQUAL(
	    r.desk->tally->service[0].fallbacks[FALLBACK_WAIT_EXPIRED], 1);
	CU_ASSERT_EQUAL(r.desk->tally->held, 1);
	say(&r, &f, "ask 2 www ny 198.51.100.9");
	CU_ASSERT_PTR_NOT_NULL(until(&r, &f, "best 2 "));
	CU_ASSERT_EQUAL(r.desk->tally->held, 1);
	bye(&f);
	bye(&m);
	room_fini(&r);
}

static void
nobody_waits_where_nobody_measures(void)
{
	struct room r;
	struct client f;

	room_init(&r, patient_world("4s"));
	hello(&r, &f, "frontend f1 -");
	say(&r, &f, "ask 1 www ny 198.51.100.7");
	CU_ASSERT_PTR_NOT_NULL(until(&r, &f, "best 1 "));
	CU_ASSERT_EQUAL(r.desk->tally->held, 0);
	bye(&f);
	room_fini(&r);
}

static void
held_asks_go_with_their_front_end(void)
{
	struct room r;
	struct client m, f;

	room_init(&r, patient_world("4s"));
	feed_up(&r, &m);
	hello(&r, &f, "frontend f1 -");
	say(&r, &f, "ask 1 www ny 198.51.100.7");
	CU_ASSERT_PTR_NOT_NULL(until(&r, &m, "want 198.51.100.7\n"));
	CU_ASSERT_EQUAL(held_count(r.desk->held), 1);
	bye(&f);
	while (held_count(r.desk->held) > 0)
		turn(&r);
	say(&r, &m, "ping 198.51.100.0/24 90000 1000");
	barrier(&r, &m);
	bye(&m);
	room_fini(&r);
}

static void
a_feed_that_hung_up_keeps_its_word(void)
{
	struct room r;
	struct client m, f;

	room_init(&r, fixture_world());
	feed_up(&r, &m);
	say(&r, &m, "state ny1 down connect-refused");
	barrier(&r, &m);
	bye(&m);
	hello(&r, &f, "frontend f1 -");
	while (feeds_is_fresh(r.desk->feeds, FEED_LOAD))
		turn(&r);
	say(&r, &f, "ask 1 www ny 192.0.2.1");
	CU_ASSERT_PTR_NOT_NULL(until(&r, &f, " 24 ny2 ny "));
	hello(&r, &m, "manager m1 - gives=load,path");
	CU_ASSERT_PTR_NOT_NULL(until(&r, &m, "resync"));
	say(&r, &f, "ask 2 www ny 192.0.2.1");
	CU_ASSERT_PTR_NOT_NULL(until(&r, &f, " 24 ny2 ny "));
	say(&r, &m, "synced");
	barrier(&r, &m);
	say(&r, &f, "ask 3 www ny 192.0.2.1");
	CU_ASSERT_PTR_NOT_NULL(until(&r, &f, " 24 ny1 ny "));
	bye(&f);
	bye(&m);
	room_fini(&r);
}

static void
a_second_connection_of_a_feed_ends_the_first(void)
{
	struct room r;
	struct client m, again;

	room_init(&r, fixture_world());
	feed_up(&r, &m);
	feed_up(&r, &again);
	CU_ASSERT_PTR_NOT_NULL(strstr(again.got, "resync"));
	CU_ASSERT_EQUAL(feeds_count_up(r.desk->feeds), 1);
	bye(&m);
	say(&r, &again, "load ny1 4321");
	barrier(&r, &again);
	CU_ASSERT_TRUE(feeds_is_fresh(r.desk->feeds, FEED_LOAD));
	CU_ASSERT_EQUAL(
	    picture_service(r.desk->picture, 0, mono_now())->load[0], 4321);
	bye(&again);
	room_fini(&r);
}

static void
a_different_configuration_is_shown(void)
{
	struct room r;
	struct client f, c;
	struct snap *s = snap_new();

	room_init(&r, fixture_world());
	hello(&r, &f, "frontend f1 0123abcd");
	hello(&r, &c, "control op -");
	CU_ASSERT_EQUAL(desk_skewed(r.desk), 1);
	say(&r, &c, "status");
	CU_ASSERT_PTR_NOT_NULL(until(&r, &c, "row asker f1 role=frontend"));
	CU_ASSERT_PTR_NOT_NULL(
	    strstr(c.got, " hash=0123abcd skewed=yes asks=0\n"));
	CU_ASSERT_PTR_NOT_NULL(until(&r, &c, "done"));
	directormib_fill(s, r.desk, mono_now());
	CU_ASSERT(snap_count(s) > 80);
	snap_free(&s);
	bye(&c);
	bye(&f);
	room_fini(&r);
}

/* The vectors. */

static char *
read_file(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_FATAL(getdelim(&text, &size, '\0', f) > 0);
	(void)fclose(f);
	return text;
}

static const char *
member(const struct json_node *n, const char *name)
{
	const struct json_node *m = json_member(n, name);

	return m != NULL ? m->text : "";
}

/* What is compared of an explanation, appended a line. */
struct sum {
	char text[1 << 16];
	size_t n;
};

static void
sum_line(void *arg, const char *line)
{
	static const char *const verbs[] = {"path ", "candidate ", "excluded ",
	    "band ", "border ", "explained"};
	struct sum *s = arg;
	size_t i;

	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strncmp(line, verbs[i], strlen(verbs[i])) == 0)
			s->n += (size_t)snprintf(s->text + s->n,
			    sizeof(s->text) - s->n, "%s\n", line);
	CU_ASSERT_FATAL(s->n < sizeof(s->text));
}

static void
sum_live(struct sum *s, char *text)
{
	char *line, *rest = text;

	while ((line = strsep(&rest, "\n")) != NULL)
		sum_line(s, line);
}

/* Lines of a file to a view and to the director alike. */
static void
feed_both(struct room *r, struct client *c, struct view *v, const char *path,
    struct mono now)
{
	char *text = read_file(path), *rest = text, *one, why[200];
	const char *bad;
	struct line l;

	line_init(&l);
	while ((one = strsep(&rest, "\n")) != NULL) {
		if (*one == '\0')
			continue;
		say(r, c, "%s", one);
		CU_ASSERT_EQUAL(line_split(&l, one, strlen(one), &bad), 0);
		(void)view_apply(v, &l, now, why, sizeof(why));
	}
	line_fini(&l);
	free(text);
}

static void
sum_offline(struct sum *s, const struct world *w, const struct view *v,
    const struct json_node *want, struct mono now)
{
	const struct json_node *rtt = json_member(want, "rtt");
	struct question q = {.world = w,
	    .service = world_service(w, member(want, "service")),
	    .contact = world_site(w, member(want, "contact")),
	    .client_text = member(want, "client"),
	    .relay = json_member(want, "relay") != NULL &&
		     json_member(want, "relay")->number > 0,
	    .rtt_us = rtt != NULL ? (int64_t)rtt->number : -1,
	    .now = now,
	    .loads = v,
	    .paths = v,
	    .load_fresh_us = INT64_MAX};
	struct explanation *e;

	CU_ASSERT_EQUAL_FATAL(addr_parse(q.client_text, &q.client), 0);
	e = explain(&q);
	explanation_send(e, sum_line, s);
	explanation_free(&e);
}

/* A `best` line names what the explanation calls candidates, in order and with
 * its weights; some of them where they do not fit. */
static void
same_candidates(const char *best, const char *explained)
{
	char server[260], border[260], name[260], address[64], want[900];
	unsigned weight, n = 0, listed = 0;
	const char *at, *line;
	int len;

	for (at = explained; (at = strstr(at, "candidate ")) != NULL; at++)
		listed++;
	if (listed == 0) {
		CU_ASSERT_EQUAL(strncmp(best, "none 1 ", 7), 0);
		return;
	}
	CU_ASSERT_EQUAL_FATAL(sscanf(best, "best 1 %*u %*u%n", &len), 0);
	line = explained;
	for (at = best + len; sscanf(at, " %259s %259s %259s %63s %u%n", server,
				  border, name, address, &weight, &len) == 5;
	     at += len, n++) {
		if (listed > ANSWER_CANDIDATES) {
			(void)snprintf(want, sizeof(want), " %s %s %s ", border,
			    name, address);
			CU_ASSERT_PTR_NOT_NULL(strstr(explained, want));
			continue;
		}
		line = strstr(line, "candidate ");
		CU_ASSERT_PTR_NOT_NULL_FATAL(line);
		(void)snprintf(
		    want, sizeof(want), " %s %s %s ", border, name, address);
		CU_ASSERT_EQUAL(strncmp(line + 10, server, strlen(server)), 0);
		CU_ASSERT(strstr(line, want) != NULL &&
			  strstr(line, want) < strchr(line, '\n'));
		(void)snprintf(want, sizeof(want), " %u", weight);
		CU_ASSERT(strstr(line, want) != NULL &&
			  strstr(line, want) < strchr(line, '\n'));
		line++;
	}
	if (listed > ANSWER_CANDIDATES)
		CU_ASSERT(n >= 1 && n <= ANSWER_CANDIDATES)
	else
		CU_ASSERT_EQUAL(n, listed);
}

static void
vector_agrees(const char *xml)
{
	struct conf_errors errs = {NULL, 0};
	struct world *w = conf_load(xml, CONF_SECRETS_SKIP, &errs);
	size_t stem = strlen(xml) - strlen("xml");
	char file[512], *text, asked[400], options[64] = "";
	struct mono now = {INT64_C(1000000000000)};
	static struct sum live, offline;
	struct json_node *want;
	struct client c, f, op;
	struct view *v;
	struct room r;
	const char *at;

	CU_ASSERT_PTR_NOT_NULL_FATAL(w);
	conf_errors_free(&errs);
	v = view_new(w);
	live.n = offline.n = 0;
	room_init(&r, w);
	(void)snprintf(file, sizeof(file), "%.*sjson", (int)stem, xml);
	text = read_file(file);
	want = json_read(text);
	free(text);
	hello(&r, &c, "collector shell - gives=load,path");
	(void)snprintf(file, sizeof(file), "%.*sfeed", (int)stem, xml);
	feed_both(&r, &c, v, file, now);
	barrier(&r, &c);
	if (json_member(want, "rtt") != NULL)
		(void)snprintf(options, sizeof(options), " rtt=%d",
		    (int)json_member(want, "rtt")->number);
	if (json_member(want, "relay") != NULL &&
	    json_member(want, "relay")->number > 0)
		(void)snprintf(options + strlen(options),
		    sizeof(options) - strlen(options), " relay=1");
	(void)snprintf(asked, sizeof(asked), "%s %s %s%s",
	    member(want, "service"), member(want, "contact"),
	    member(want, "client"), options);

	hello(&r, &op, "control op -");
	say(&r, &op, "explain %s", asked);
	CU_ASSERT_PTR_NOT_NULL_FATAL(until(&r, &op, "explained"));
	sum_live(&live, op.got);
	sum_offline(&offline, w, v, want, now);
	CU_ASSERT_STRING_EQUAL(live.text, offline.text);

	hello(&r, &f, "frontend f1 -");
	say(&r, &f, "ask 1 %s", asked);
	at = until(&r, &f, " 1 ");
	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	same_candidates(at - strlen("best"), offline.text);
	json_node_free(want);
	view_free(&v);
	bye(&c);
	bye(&op);
	bye(&f);
	room_fini(&r);
}

static void
all_vectors_agree_over_the_wire(void)
{
	glob_t found;
	size_t i;

	CU_ASSERT_EQUAL_FATAL(glob("tests/vectors/*.xml", 0, NULL, &found), 0);
	CU_ASSERT(found.gl_pathc >= 84);
	for (i = 0; i < found.gl_pathc; i++)
		vector_agrees(found.gl_pathv[i]);
	globfree(&found);
}

static const struct unit_test tests[] = {
    {"an ask gets its best", an_ask_gets_its_best},
    {"just started it waits for its managers",
	just_started_it_waits_for_its_managers},
    {"it does not wait for managers for ever",
	it_does_not_wait_for_managers_for_ever},
    {"bad asks are answered and nobody is cut off",
	bad_asks_are_answered_and_nobody_is_cut_off},
    {"malformed feed lines change nothing else",
	malformed_feed_lines_change_nothing_else},
    {"servers that go are told to front ends",
	servers_that_go_are_told_to_front_ends},
    {"a burst of changes is told once each",
	a_burst_of_changes_is_told_once_each},
    {"draws count as load", draws_count_as_load},
    {"a client without paths is wanted once",
	a_client_without_paths_is_wanted_once},
    {"a first ask waits for its paths", a_first_ask_waits_for_its_paths},
    {"it waits for all first values and not for an estimate",
	it_waits_for_all_first_values_and_not_for_an_estimate},
    {"clients of what is split are wanted each",
	clients_of_what_is_split_are_wanted_each},
    {"values are wanted again before they get stale",
	values_are_wanted_again_before_they_get_stale},
    {"the wait ends without paths and is not repeated",
	the_wait_ends_without_paths_and_is_not_repeated},
    {"nobody waits where nobody measures", nobody_waits_where_nobody_measures},
    {"held asks go with their front end", held_asks_go_with_their_front_end},
    {"a feed that hung up keeps its word", a_feed_that_hung_up_keeps_its_word},
    {"a second connection of a feed ends the first",
	a_second_connection_of_a_feed_ends_the_first},
    {"a different configuration is shown", a_different_configuration_is_shown},
    {"all vectors agree over the wire", all_vectors_agree_over_the_wire},
};

UNIT_MAIN("director/desk", tests)
