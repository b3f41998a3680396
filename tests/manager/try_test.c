/* SPDX-License-Identifier: BSD-2-Clause */
/* Tries of real sockets on loopback; the loop runs until the end is told. */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/mono.h"
#include "manager/try.h"
#include "tests/manager/world.h"
#include "tests/unit.h"

struct ends {
	struct event_base *base;
	int count, wanted, ok;
	enum reason reason;
};

static void
on_done(void *arg, int n, bool ok, enum reason reason)
{
	struct ends *e = arg;

	(void)n;
	e->count++;
	e->ok += ok;
	e->reason = reason;
	if (e->count == e->wanted)
		event_base_loopbreak(e->base);
}

/* A socket that listens, or only holds its port; which port. */
static int
bound(bool listening, uint16_t *port)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	socklen_t len = sizeof(in);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&in, len) < 0 ||
	    getsockname(fd, (struct sockaddr *)&in, &len) < 0 ||
	    (listening && listen(fd, 64) < 0))
		abort();
	*port = ntohs(in.sin_port);
	return fd;
}

static struct world *
loopback(uint16_t port)
{
	char body[1024];

	(void)snprintf(body, sizeof(body),
	    "<policy id='p'><connections/></policy><server id='a' site='ny'>"
	    "<alias border='ny' name='a.t' address='127.0.0.1'/></server>"
	    "<service id='www' host='www.t' policy='p' port='%u'>"
	    "<use server='a'/><try type='tcp'/></service>",
	    port);
	return make_world(body);
}

static struct ends
run(uint16_t port, int n)
{
	struct ends e = {.base = event_base_new(), .wanted = n};
	struct world *w = loopback(port);
	struct tries *t = tries_new(e.base, w, on_done, &e);
	int i;

	for (i = 0; i < n; i++)
		try_start(t, i, 0, 0);
	event_base_dispatch(e.base);
	CU_ASSERT_EQUAL(tries_running(t), 0);
	tries_free(&t);
	world_free(&w);
	event_base_free(e.base);
	return e;
}

static void
a_service_that_answers_is_ok(void)
{
	uint16_t port;
	int fd = bound(true, &port);
	struct ends e = run(port, 1);

	CU_ASSERT_EQUAL(e.ok, 1);
	close(fd);
}

static void
one_that_refuses_is_tried_twice_500_ms_apart(void)
{
	struct mono begin = mono_now();
	uint16_t port;
	int fd = bound(false, &port);
	struct ends e = run(port, 1);

	CU_ASSERT_EQUAL(e.ok, 0);
	CU_ASSERT_EQUAL(e.reason, REASON_CONNECT_REFUSED);
	CU_ASSERT_TRUE(mono_ms(mono_now(), begin) >= 495);
	close(fd);
}

static void
many_at_once_wait_for_their_turn(void)
{
	uint16_t port;
	int fd = bound(false, &port);
	struct ends e = run(port, 1100);

	CU_ASSERT_EQUAL(e.count, 1100);
	CU_ASSERT_EQUAL(e.ok, 0);
	close(fd);
}

static void
giving_up_in_the_middle_tells_nothing(void)
{
	struct ends e = {.base = event_base_new(), .wanted = 1};
	struct world *w = loopback(9);
	struct tries *t = tries_new(e.base, w, on_done, &e);

	try_start(t, 0, 0, 0);
	CU_ASSERT_EQUAL(tries_running(t), 1);
	tries_free(&t);
	event_base_dispatch(e.base);
	CU_ASSERT_EQUAL(e.count, 0);
	world_free(&w);
	event_base_free(e.base);
}

static void
attempts_go_to_different_aliases(void)
{
	struct world *w = make_world(
	    "<policy id='p'><connections/></policy><server id='a' site='ny'>"
	    "<alias border='ny' name='a-ny.t' address='10.0.0.1'/>"
	    "<alias border='la' name='a-la.t' address6='2001:db8::2' "
	    "port='8081'/></server>"
	    "<service id='www' host='www.t' policy='p' port='8080'>"
	    "<use server='a'/><try type='http' path='/up' status='204'/>"
	    "</service>");
	struct check_conf c;
	char text[ADDR_TEXT];

	CU_ASSERT_TRUE(try_conf(w, 0, 0, 0, &c));
	CU_ASSERT_STRING_EQUAL(
	    addr_text(&c.addr, text, sizeof(text)), "10.0.0.1");
	CU_ASSERT_EQUAL(c.port, 8080);
	CU_ASSERT_EQUAL(c.type, CHECK_HTTP);
	CU_ASSERT_STRING_EQUAL(c.path, "/up");
	CU_ASSERT_EQUAL(c.status, 204);
	CU_ASSERT_STRING_EQUAL(c.host, "www.t");
	CU_ASSERT_TRUE(try_conf(w, 0, 0, 1, &c));
	CU_ASSERT_STRING_EQUAL(
	    addr_text(&c.addr, text, sizeof(text)), "2001:db8::2");
	CU_ASSERT_EQUAL(c.port, 8081);
	world_free(&w);
}

/* Tries 0 and 2 stay, with other numbers; 1 is of what has gone. */
static int
place(void *arg, int n, int *server, int *service)
{
	(void)arg;
	*server = *service = 0;
	return n == 1 ? -1 : 10 + n;
}

static void
note_number(void *arg, int n, bool ok, enum reason reason)
{
	struct ends *e = arg;

	(void)reason;
	e->ok += ok;
	CU_ASSERT_TRUE(n == 10 || n == 12);
	if (++e->count == e->wanted)
		event_base_loopbreak(e->base);
}

/* The first attempt is refused in the old world, the second one goes to where
 * the new one has it. */
static void
tries_go_on_over_a_reload(void)
{
	struct ends e = {.base = event_base_new(), .wanted = 2};
	uint16_t dead, live;
	int fd = bound(false, &dead), fd2 = bound(true, &live), i;
	struct world *old = loopback(dead), *w = loopback(live);
	struct tries *t = tries_new(e.base, old, note_number, &e);

	for (i = 0; i < 3; i++)
		try_start(t, i, 0, 0);
	tries_renew(t, w, place, NULL);
	world_free(&old);
	CU_ASSERT_EQUAL(tries_running(t), 2);
	event_base_dispatch(e.base);
	CU_ASSERT_EQUAL(e.count, 2);
	CU_ASSERT_EQUAL(e.ok, 2);
	tries_free(&t);
	world_free(&w);
	event_base_free(e.base);
	close(fd);
	close(fd2);
}

static const struct unit_test tests[] = {
    {"a service that answers is ok", a_service_that_answers_is_ok},
    {"one that refuses is tried twice, 500 ms apart",
	one_that_refuses_is_tried_twice_500_ms_apart},
    {"many at once wait for their turn", many_at_once_wait_for_their_turn},
    {"giving up in the middle tells nothing",
	giving_up_in_the_middle_tells_nothing},
    {"tries go on over a reload", tries_go_on_over_a_reload},
    {"attempts go to different aliases", attempts_go_to_different_aliases},
};

UNIT_MAIN("manager/try", tests)
