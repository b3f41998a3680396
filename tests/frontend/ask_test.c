/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The order of answers, against directors that are played here, over real
 * sockets: what each is asked, and what the client gets.
 */
#include "frontend/ask.h"

#include <event2/event.h>
#include <unistd.h>

#include "lib/peer.h"
#include "lib/renumber.h"
#include "tests/frontend/small_world.h"
#include "tests/unit.h"

#define PATIENCE_MS 5000
#define LA1         "la1 la la1-la.test 10.1.1.1 5000"
#define SJ1         "sj1 la-b sj1-lab.test 10.2.1.3 5000"

/* A director of the test. `says` is the answer behind `best <n>` or `none
 * <n>`; NULL: it stays silent. */
struct played {
	struct peer_conf conf;
	struct peer_listener *listener;
	struct peer *peer;
	const char *verb, *says;
	unsigned asks, drawn;
	char last[300]; /* ask, without verb and number */
	uint64_t last_n;
	char draws[300]; /* the last `drawn` */
};

static struct {
	struct event_base *base;
	struct world *world;
	struct ask *ask;
	struct played d[2];
	char dir[64];
	char socket[2][100];
} t;

static void
on_ask(struct peer *p, const struct line *l, void *arg)
{
	struct played *d = arg;
	const char *rtt = line_option(l, "rtt");

	d->asks++;
	d->last_n = strtoull(l->field[1], NULL, 10);
	(void)snprintf(d->last, sizeof(d->last), "%s %s %s%s%s", l->field[2],
	    l->field[3], l->field[4], rtt != NULL ? " rtt=" : "",
	    rtt != NULL ? rtt : "");
	if (d->says != NULL)
		peer_send(p, "%s %s %s", d->verb, l->field[1], d->says);
}

static void
on_drawn(struct peer *p, const struct line *l, void *arg)
{
	struct played *d = arg;
	size_t i;

	(void)p;
	d->drawn++;
	d->draws[0] = '\0';
	for (i = 1; i < l->fields; i++)
		(void)snprintf(d->draws + strlen(d->draws),
		    sizeof(d->draws) - strlen(d->draws), "%s ", l->field[i]);
}

static const struct verb verbs[] = {
    {"ask", on_ask, ROLE_FRONTEND, 4, 4},
    {"drawn", on_drawn, ROLE_FRONTEND, 2, SIZE_MAX},
    {NULL, NULL, 0, 0, 0},
};

static void
on_up(struct peer *p, void *arg)
{
	((struct played *)arg)->peer = p;
}

static void
on_down(struct peer *p, const char *why, void *arg)
{
	(void)p;
	(void)why;
	((struct played *)arg)->peer = NULL;
}

static void
on_late(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	*(bool *)arg = true;
}

/* Turn the loop until `until` is not 0; false: it took too long. */
static bool
turn(bool (*until)(void))
{
	struct timeval tv = {PATIENCE_MS / 1000, 0};
	bool late = false;
	struct event *e = evtimer_new(t.base, on_late, &late);

	(void)event_add(e, &tv);
	while (!until() && !late)
		(void)event_base_loop(t.base, EVLOOP_ONCE);
	event_free(e);
	return !late;
}

static void
play(int i, const char *verb, const char *says)
{
	struct played *d = &t.d[i];
	const struct listen_lines at = {.socket = t.socket[i]};
	char why[200] = "";

	d->verb = verb;
	d->says = says;
	if (d->listener != NULL)
		return;
	d->conf = (struct peer_conf){.base = t.base,
	    .sub = "played",
	    .role = ROLE_DIRECTOR,
	    .id = i == 0 ? "d1" : "d2",
	    .hash = "-",
	    .verbs = verbs,
	    .on_up = on_up,
	    .on_down = on_down,
	    .arg = d};
	d->listener = peer_listen(&d->conf, &at, why, sizeof(why));
	CU_ASSERT_PTR_NOT_NULL_FATAL(d->listener);
}

static bool
all_up(void)
{
	size_t i, n = 0;

	for (i = 0; i < 2; i++)
		n += t.d[i].listener != NULL;
	return ask_directors_up(t.ask) == n &&
	       (n == 0 || t.d[0].peer != NULL || t.d[1].peer != NULL);
}

static void
begin(void)
{
	char text[8192];
	int i;

	memset(&t, 0, sizeof(t));
	t.base = event_base_new();
	(void)snprintf(t.dir, sizeof(t.dir), "/tmp/ask_test.XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(t.dir));
	for (i = 0; i < 2; i++)
		(void)snprintf(t.socket[i], sizeof(t.socket[i]), "%s/d%d.sock",
		    t.dir, i + 1);
	(void)snprintf(text, sizeof(text),
	    "%s<director id=\"d1\"><listen socket=\"%s\"/></director>"
	    "<director id=\"d2\"><listen socket=\"%s\"/></director>%s",
	    SMALL_HEAD SMALL_SERVICES, t.socket[0], t.socket[1],
	    SMALL_FRONTEND "</hopscotch>");
	t.world = small_world_of(text);
}

static void
start(void)
{
	t.ask = ask_new(t.base, t.world, &t.world->frontends[0], 42);
	CU_ASSERT(turn(all_up));
}

static void
finish(void)
{
	int i;

	ask_free(&t.ask);
	for (i = 0; i < 2; i++) {
		peer_listener_free(&t.d[i].listener);
		(void)unlink(t.socket[i]);
	}
	(void)rmdir(t.dir);
	event_base_free(t.base);
	world_free(&t.world);
}

/* A client and what it got. */
struct got {
	struct ask_waiter waiter;
	bool done;
	struct ask_answer answer;
	int64_t ms;
};
static struct got client[64];
static size_t nclients, ndone;

static void
on_done(struct ask_waiter *w, const struct ask_answer *answer)
{
	struct got *g = (struct got *)(void *)w;

	g->answer = *answer;
	g->done = true;
	ndone++;
}

static void
come(const char *address, int64_t rtt_us)
{
	struct got *g = &client[nclients++];
	struct ask_waiter *w = &g->waiter;

	*g = (struct got){.done = false};
	w->service = world_service(t.world, "www");
	w->avoid = -1;
	w->rtt_us = rtt_us;
	w->done = on_done;
	(void)addr_parse(address, &w->client);
	g->done = ask_known(
	    t.ask, w->service, &w->client, -1, mono_now(), &g->answer);
	if (g->done)
		ndone++;
	else
		ask_start(t.ask, w, mono_now());
}

static bool
all_done(void)
{
	return ndone == nclients;
}

/* "<source> <server> <alias>" that a client gets. */
static const char *
gets(const char *address)
{
	static char text[200];
	const struct ask_answer *a = &client[0].answer;
	struct mono then = mono_now();

	nclients = ndone = 0;
	come(address, -1);
	if (!turn(all_done))
		return "nothing";
	client[0].ms = mono_ms(mono_now(), then);
	if (a->source == ASK_FALLBACK)
		(void)snprintf(
		    text, sizeof(text), "fallback %s", reason_text(a->reason));
	else
		(void)snprintf(text, sizeof(text), "%s %s %s",
		    ask_source_text(a->source), t.world->servers[a->server].id,
		    a->alias->name);
	return text;
}

static void
a_director_is_asked_once_while_its_answer_holds(void)
{
	begin();
	play(0, "best", "60000 24 " SJ1);
	start();
	CU_ASSERT_STRING_EQUAL(gets("10.9.8.7"), "director sj1 sj1-lab.test");
	CU_ASSERT_STRING_EQUAL(t.d[0].last, "www la 10.9.8.7");
	CU_ASSERT_STRING_EQUAL(gets("10.9.8.99"), "cached sj1 sj1-lab.test");
	CU_ASSERT_EQUAL(t.d[0].asks, 1);
	CU_ASSERT_STRING_EQUAL(gets("10.9.9.7"), "director sj1 sj1-lab.test");
	CU_ASSERT_EQUAL(t.d[0].asks, 2);
	finish();
}

static void
the_rtt_of_the_connection_is_told(void)
{
	begin();
	play(0, "best", "0 24 " SJ1);
	start();
	nclients = ndone = 0;
	come("10.9.8.7", 1234);
	CU_ASSERT(turn(all_done));
	CU_ASSERT_STRING_EQUAL(t.d[0].last, "www la 10.9.8.7 rtt=1234");
	finish();
}

static void
an_answer_ends_with_its_time(void)
{
	begin();
	play(0, "best", "0 24 " SJ1);
	start();
	CU_ASSERT_STRING_EQUAL(gets("10.9.8.7"), "director sj1 sj1-lab.test");
	CU_ASSERT_STRING_EQUAL(gets("10.9.8.7"), "director sj1 sj1-lab.test");
	CU_ASSERT_EQUAL(t.d[0].asks, 2);
	finish();
}

static void
clients_of_one_prefix_wait_for_one_answer(void)
{
	char address[32];
	size_t i;

	begin();
	play(0, "best", "60000 24 " LA1);
	start();
	nclients = ndone = 0;
	for (i = 0; i < 50; i++) {
		(void)snprintf(address, sizeof(address), "10.9.8.%zu", i);
		come(address, -1);
	}
	CU_ASSERT_EQUAL(ndone, 0);
	CU_ASSERT(turn(all_done));
	CU_ASSERT_EQUAL(t.d[0].asks, 1);
	for (i = 0; i < 50; i++)
		CU_ASSERT_EQUAL(client[i].answer.source, ASK_DIRECTOR);
	finish();
}

static void
an_answer_for_one_host_is_for_nobody_else(void)
{
	begin();
	play(0, "best", "60000 32 " LA1);
	start();
	nclients = ndone = 0;
	come("10.9.8.1", -1);
	come("10.9.8.2", -1);
	come("10.9.8.3", -1);
	CU_ASSERT(turn(all_done));
	CU_ASSERT_EQUAL(t.d[0].asks, 3);
	finish();
}

static bool
first_is_slow(void)
{
	return ask_director(t.ask, 0)->state == STATE_DOWN;
}

static void
a_silent_director_costs_its_time_and_the_next_is_asked(void)
{
	const struct ask_director *d;
	char address[32];
	int i;

	begin();
	play(0, "best", NULL);
	play(1, "best", "60000 24 " SJ1);
	start();
	CU_ASSERT_STRING_EQUAL(gets("10.9.1.1"), "director sj1 sj1-lab.test");
	CU_ASSERT(client[0].ms >= 49 && client[0].ms < 1000);
	d = ask_director(t.ask, 0);
	CU_ASSERT_EQUAL(d->timeouts, 1);
	CU_ASSERT_EQUAL(d->state, STATE_UP);
	for (i = 2; i <= 3; i++) {
		(void)snprintf(address, sizeof(address), "10.9.%d.1", i);
		CU_ASSERT_STRING_EQUAL(
		    gets(address), "director sj1 sj1-lab.test");
	}
	/* Three in a row: it is not asked first any more. */
	CU_ASSERT(first_is_slow());
	CU_ASSERT_EQUAL(d->reason, REASON_REPLY_TIMEOUT);
	CU_ASSERT_EQUAL(t.d[1].asks, 3);
	i = (int)t.d[0].asks;
	CU_ASSERT_STRING_EQUAL(gets("10.9.4.1"), "director sj1 sj1-lab.test");
	CU_ASSERT_EQUAL((int)t.d[0].asks, i);
	finish();
}

static bool
first_is_up(void)
{
	return !first_is_slow();
}

static void
a_director_that_answers_again_is_asked_again(void)
{
	int i;
	char address[32];

	begin();
	play(0, "best", NULL);
	start();
	for (i = 1; i <= 3; i++) {
		(void)snprintf(address, sizeof(address), "10.9.%d.1", i);
		(void)gets(address);
	}
	CU_ASSERT(first_is_slow());
	play(0, "best", "60000 24 " SJ1);
	CU_ASSERT(turn(first_is_up));
	CU_ASSERT_STRING_EQUAL(gets("10.9.5.1"), "director sj1 sj1-lab.test");
	finish();
}

static void
without_answer_the_last_one_counts_then_the_static_list(void)
{
	begin();
	play(0, "best", "0 24 " SJ1);
	start();
	CU_ASSERT_STRING_EQUAL(gets("10.9.8.7"), "director sj1 sj1-lab.test");
	play(0, "best", NULL);
	CU_ASSERT_STRING_EQUAL(gets("10.9.8.9"), "last sj1 sj1-lab.test");
	CU_ASSERT(strncmp(gets("10.9.9.9"), "static ", 7) == 0);
	CU_ASSERT_STRING_EQUAL(gets("2001:db8::1"), "static la1 la1-la.test");
	finish();
}

static void
without_any_director_nobody_waits(void)
{
	begin();
	start();
	CU_ASSERT(strncmp(gets("10.9.9.9"), "static ", 7) == 0);
	CU_ASSERT(client[0].ms < 40);
	finish();
}

static bool
first_has_gone(void)
{
	return ask_directors_up(t.ask) == 0;
}

static void
a_director_that_dies_makes_nobody_wait(void)
{
	begin();
	play(0, "best", NULL);
	start();
	nclients = ndone = 0;
	come("10.9.8.7", -1);
	peer_listener_free(&t.d[0].listener);
	CU_ASSERT(turn(all_done));
	CU_ASSERT_EQUAL(client[0].answer.source, ASK_STATIC);
	CU_ASSERT(first_has_gone());
	CU_ASSERT_EQUAL(ask_director(t.ask, 0)->timeouts, 0);
	finish();
}

static bool
late_is_kept(void)
{
	struct ask_counters c;

	ask_counters(t.ask, &c);
	return c.kept > 0;
}

static void
a_late_answer_is_kept(void)
{
	begin();
	play(0, "best", NULL);
	start();
	CU_ASSERT(strncmp(gets("10.9.8.7"), "static ", 7) == 0);
	peer_send(t.d[0].peer, "best %llu 60000 24 " SJ1,
	    (unsigned long long)t.d[0].last_n);
	CU_ASSERT(turn(late_is_kept));
	CU_ASSERT_STRING_EQUAL(gets("10.9.8.7"), "cached sj1 sj1-lab.test");
	finish();
}

static void
none_leads_to_the_fallback(void)
{
	begin();
	play(0, "none", "all-busy");
	play(1, "best", "60000 24 " SJ1);
	start();
	CU_ASSERT_STRING_EQUAL(gets("10.9.8.7"), "fallback all-busy");
	/* For a second, also for others of the prefix. */
	CU_ASSERT_STRING_EQUAL(gets("10.9.8.8"), "fallback all-busy");
	CU_ASSERT_EQUAL(t.d[0].asks, 1);
	CU_ASSERT_EQUAL(t.d[1].asks, 0);
	finish();
}

static void
a_director_that_does_not_know_us_is_passed_over(void)
{
	static const char *const says[][2] = {
	    {"none", "unknown-service"},
	    {"none", "unknown-site"},
	    {"best", "60000 24 xx la x.test 10.1.1.1 5"},
	    {"best", "60000 99 " LA1},
	};
	char address[32];
	size_t i;

	begin();
	play(0, says[0][0], says[0][1]);
	play(1, "best", "60000 24 " SJ1);
	start();
	for (i = 0; i < sizeof(says) / sizeof(says[0]); i++) {
		play(0, says[i][0], says[i][1]);
		(void)snprintf(address, sizeof(address), "10.9.%zu.1", i);
		CU_ASSERT_STRING_EQUAL(
		    gets(address), "director sj1 sj1-lab.test");
		CU_ASSERT(client[0].ms < 40);
	}
	CU_ASSERT_EQUAL(ask_director(t.ask, 0)->errors, 4);
	finish();
}

static bool
cache_is_void(void)
{
	struct ask_answer a;
	struct addr c;

	(void)addr_parse("10.9.8.7", &c);
	return !ask_known(
	    t.ask, world_service(t.world, "www"), &c, -1, mono_now(), &a);
}

static void
gone_ends_the_answers_that_name_the_server(void)
{
	int i;

	begin();
	play(0, "best", "60000 24 " SJ1);
	start();
	CU_ASSERT_STRING_EQUAL(gets("10.9.8.7"), "director sj1 sj1-lab.test");
	peer_send(t.d[0].peer, "gone sj1");
	CU_ASSERT(turn(cache_is_void));
	play(0, "best", "60000 24 " LA1);
	CU_ASSERT_STRING_EQUAL(gets("10.9.8.7"), "director la1 la1-la.test");
	/* Not in the static list either, when nobody answers. */
	play(0, "best", NULL);
	for (i = 0; i < 20; i++)
		CU_ASSERT_STRING_NOT_EQUAL(
		    gets("10.7.7.7"), "static sj1 sj1-lab.test");
	finish();
}

static bool
draws_are_told(void)
{
	return t.d[0].drawn > 0 && t.d[1].drawn > 0;
}

static void
draws_are_told_to_all_directors(void)
{
	begin();
	play(0, "best", "60000 24 " SJ1);
	play(1, "best", "60000 24 " LA1);
	start();
	(void)gets("10.9.8.1");
	(void)gets("10.9.8.2");
	(void)gets("10.9.8.3");
	CU_ASSERT(turn(draws_are_told));
	CU_ASSERT_STRING_EQUAL(t.d[0].draws, "sj1 3 ");
	CU_ASSERT_STRING_EQUAL(t.d[1].draws, "sj1 3 ");
	finish();
}

static void
a_client_that_leaves_is_forgotten(void)
{
	begin();
	play(0, "best", NULL);
	start();
	nclients = ndone = 0;
	come("10.9.8.7", -1);
	come("10.9.8.8", -1);
	ask_cancel(&client[0].waiter);
	ask_cancel(&client[0].waiter);
	ndone++;
	CU_ASSERT(turn(all_done));
	CU_ASSERT_FALSE(client[0].done);
	CU_ASSERT(client[1].done);
	finish();
}

/* Reloads: directors of another world, by position "12", "21", "2". A client
 * that waits keeps its service here: the world's services are the same. */
static void
reload(const char *order, const char *more)
{
	char text[8192];
	struct renumber *r;
	struct world *w;
	size_t n;

	n = (size_t)snprintf(
	    text, sizeof(text), "%s", SMALL_HEAD SMALL_SERVICES);
	for (; *order != '\0'; order++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "<director id=\"d%c\"><listen socket=\"%s\"/></director>",
		    *order, *more != '\0' ? more : t.socket[*order - '1']);
	(void)snprintf(
	    text + n, sizeof(text) - n, SMALL_FRONTEND "</hopscotch>");
	w = small_world_of(text);
	r = renumber_new(t.world, w);
	ask_renew(t.ask, r, &w->frontends[0]);
	renumber_free(&r);
	world_free(&t.world);
	t.world = w;
}

static bool
first_asked(void)
{
	return t.d[0].asks == 1;
}

static void
directors_that_stay_keep_their_connections(void)
{
	struct peer *first, *second;

	begin();
	play(0, "best", "60000 24 " LA1);
	play(1, "best", "60000 24 " SJ1);
	start();
	CU_ASSERT_STRING_EQUAL(gets("10.9.8.7"), "director la1 la1-la.test");
	first = t.d[0].peer;
	second = t.d[1].peer;
	reload("21", "");
	CU_ASSERT_EQUAL(ask_directors_up(t.ask), 2);
	CU_ASSERT_STRING_EQUAL(ask_director(t.ask, 0)->conf->id, "d2");
	CU_ASSERT_EQUAL(ask_director(t.ask, 1)->answers, 1);
	/* What was kept holds; whoever is new asks the first one. */
	CU_ASSERT_STRING_EQUAL(gets("10.9.8.9"), "cached la1 la1-la.test");
	CU_ASSERT_STRING_EQUAL(gets("10.9.9.7"), "director sj1 sj1-lab.test");
	CU_ASSERT_PTR_EQUAL(t.d[0].peer, first);
	CU_ASSERT_PTR_EQUAL(t.d[1].peer, second);
	finish();
}

static void
who_waits_for_a_director_that_goes_asks_another(void)
{
	begin();
	play(0, "best", NULL);
	play(1, "best", "60000 24 " SJ1);
	start();
	nclients = ndone = 0;
	come("10.9.8.7", -1);
	CU_ASSERT(turn(first_asked));
	reload("2", "");
	CU_ASSERT(turn(all_done));
	CU_ASSERT_EQUAL(client[0].answer.source, ASK_DIRECTOR);
	CU_ASSERT_EQUAL(client[0].answer.server, world_server(t.world, "sj1"));
	CU_ASSERT_EQUAL(t.d[1].asks, 1);
	finish();
}

static bool
second_up(void)
{
	return t.d[1].peer != NULL && ask_directors_up(t.ask) == 1;
}

/* d1 is where d2 was; who waited for it there is served by it here. */
static void
a_director_that_moves_is_connected_to_anew(void)
{
	begin();
	play(0, "best", NULL);
	start();
	nclients = ndone = 0;
	come("10.9.8.7", -1);
	CU_ASSERT(turn(first_asked));
	play(1, "best", "60000 24 " SJ1);
	reload("1", t.socket[1]);
	/* Nobody can be asked at this moment: the static list. */
	CU_ASSERT(turn(all_done));
	CU_ASSERT_EQUAL(client[0].answer.source, ASK_STATIC);
	CU_ASSERT(turn(second_up));
	CU_ASSERT_STRING_EQUAL(gets("10.9.9.7"), "director sj1 sj1-lab.test");
	finish();
}

static const struct unit_test tests[] = {
    {"a director is asked once while its answer holds",
	a_director_is_asked_once_while_its_answer_holds},
    {"the RTT of the connection is told", the_rtt_of_the_connection_is_told},
    {"an answer ends with its time", an_answer_ends_with_its_time},
    {"clients of one prefix wait for one answer",
	clients_of_one_prefix_wait_for_one_answer},
    {"an answer for one host is for nobody else",
	an_answer_for_one_host_is_for_nobody_else},
    {"a silent director costs its time, then the next is asked",
	a_silent_director_costs_its_time_and_the_next_is_asked},
    {"a director that answers again is asked again",
	a_director_that_answers_again_is_asked_again},
    {"without an answer the last one counts, then the static list",
	without_answer_the_last_one_counts_then_the_static_list},
    {"without any director nobody waits", without_any_director_nobody_waits},
    {"a director that dies makes nobody wait",
	a_director_that_dies_makes_nobody_wait},
    {"a late answer is kept", a_late_answer_is_kept},
    {"none leads to the fallback", none_leads_to_the_fallback},
    {"a director that does not know us is passed over",
	a_director_that_does_not_know_us_is_passed_over},
    {"gone ends the answers that name the server",
	gone_ends_the_answers_that_name_the_server},
    {"draws are told to all directors", draws_are_told_to_all_directors},
    {"a client that leaves is forgotten", a_client_that_leaves_is_forgotten},
    {"directors that stay keep their connections",
	directors_that_stay_keep_their_connections},
    {"who waits for a director that goes asks another",
	who_waits_for_a_director_that_goes_asks_another},
    {"a director that moves is connected to anew",
	a_director_that_moves_is_connected_to_anew},
};

UNIT_MAIN("frontend/ask", tests)
