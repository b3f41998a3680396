/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The whole front end but main(), with clients on real sockets. Clients and
 * server take turns in one thread; time limits are reached by a fake clock.
 */
#include "frontend/http.h"

#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frontend/conn.h"
#include "lib/peer.h"
#include "lib/renumber.h"
#include "tests/frontend/small_world.h"
#include "tests/unit.h"

#define PATIENCE 5000 /* ms */

static struct {
	struct event_base *base;
	struct world *world;
	struct ask *ask;
	struct http *http;
	char dir[64], socket[100];
	struct peer_conf conf;
	struct peer_listener *director;
	struct peer *asker;
	unsigned long long asked[8];
	unsigned nasked;
	bool drained;
} t;

static void
on_ask(struct peer *p, const struct line *l, void *arg)
{
	(void)arg;
	t.asker = p;
	if (t.nasked < 8)
		t.asked[t.nasked++] = strtoull(l->field[1], NULL, 10);
}

static void
on_drawn(struct peer *p, const struct line *l, void *arg)
{
	(void)p;
	(void)l;
	(void)arg;
}

static const struct verb verbs[] = {
    {"ask", on_ask, ROLE_FRONTEND, 4, 4},
    {"drawn", on_drawn, ROLE_FRONTEND, 2, SIZE_MAX},
    {NULL, NULL, 0, 0, 0},
};

static void
turn(void)
{
	(void)event_base_loop(t.base, EVLOOP_NONBLOCK);
}

/* A director that is asked and answers when the test says so. */
static void
add_director(void)
{
	struct listen_lines at = {.socket = t.socket};
	char why[200] = "";

	t.conf = (struct peer_conf){.base = t.base,
	    .sub = "played",
	    .role = ROLE_DIRECTOR,
	    .id = "d1",
	    .hash = "-",
	    .verbs = verbs};
	t.director = peer_listen(&t.conf, &at, why, sizeof(why));
	CU_ASSERT_PTR_NOT_NULL_FATAL(t.director);
}

static void
begin_with(const char *listen, bool director)
{
	char text[8192], more[300] = "", why[256] = "";
	size_t i;

	memset(&t, 0, sizeof(t));
	t.base = event_base_new();
	(void)snprintf(t.dir, sizeof(t.dir), "/tmp/http_test.XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(t.dir));
	(void)snprintf(t.socket, sizeof(t.socket), "%s/d1.sock", t.dir);
	if (director)
		(void)snprintf(more, sizeof(more),
		    "<director id=\"d1\"><listen socket=\"%s\"/></director>",
		    t.socket);
	(void)snprintf(text, sizeof(text),
	    SMALL_HEAD SMALL_SERVICES
	    "%s<frontend id=\"f1\" site=\"la\" ask=\"5s\" clients=\"3\">%s"
	    "</frontend></hopscotch>",
	    more, listen);
	t.world = small_world_of(text);
	for (i = 0; i < t.world->frontends[0].nlisten; i++)
		t.world->frontends[0].listen[i].port = 0;
	if (director)
		add_director();
	t.ask = ask_new(t.base, t.world, &t.world->frontends[0], 42);
	while (director && ask_directors_up(t.ask) == 0)
		(void)event_base_loop(t.base, EVLOOP_ONCE);
	t.http = http_new(&(struct http_conf){t.base, t.world,
			      &t.world->frontends[0], t.ask, NULL},
	    why, sizeof(why));
	CU_ASSERT_PTR_NOT_NULL_FATAL(t.http);
}

#define LISTEN4 "<listen protocol=\"http\" address=\"127.0.0.1\" port=\"80\"/>"
#define LISTEN6 "<listen protocol=\"http\" address=\"::1\" port=\"80\"/>"

static void
begin(void)
{
	begin_with(LISTEN4, false);
}

static void
finish(void)
{
	http_free(&t.http);
	ask_free(&t.ask);
	peer_listener_free(&t.director);
	event_base_free(t.base);
	world_free(&t.world);
	(void)unlink(t.socket);
	(void)rmdir(t.dir);
	mono_fake((struct mono){0});
}

/* A client: what it has received so far. */
struct client {
	int fd;
	bool closed, reset;
	size_t len;
	char got[2000000];
};
static struct client one, two;

static void
connect_to(struct client *c, size_t listener)
{
	const struct http_listener *l = http_listener(t.http, listener);
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(&l->addr, l->port, &ss);

	c->closed = c->reset = false;
	c->len = 0;
	c->got[0] = '\0';
	c->fd = socket(ss.ss_family, SOCK_STREAM, 0);
	CU_ASSERT_EQUAL_FATAL(connect(c->fd, (struct sockaddr *)&ss, len), 0);
	turn();
}

static void
hang_up(struct client *c)
{
	(void)close(c->fd);
	turn();
	turn();
}

static void
say_bytes(struct client *c, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n =
		    send(c->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno != EAGAIN)
			return;
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		}
		turn();
	}
	turn();
}

static void
say(struct client *c, const char *text)
{
	say_bytes(c, text, strlen(text));
}

/* Let the server work and take what it says. */
static void
hear(struct client *c)
{
	ssize_t n;

	turn();
	if (c->len == sizeof(c->got) - 1)
		return;
	n = recv(
	    c->fd, c->got + c->len, sizeof(c->got) - 1 - c->len, MSG_DONTWAIT);
	if (n > 0)
		c->len += (size_t)n;
	c->closed = c->closed || n == 0;
	c->reset = c->reset || (n < 0 && errno != EAGAIN);
	c->got[c->len] = '\0';
}

static size_t
count(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)) != NULL; text++)
		n++;
	return n;
}

/* Hear until there are so many responses (whole: the test's end in </p> or
 * have no body), or the server closes. */
static size_t
responses(struct client *c, size_t want)
{
	int ms;

	for (ms = 0; ms < PATIENCE; ms++) {
		hear(c);
		if (c->closed || c->reset || count(c->got, "</p>\n") >= want)
			break;
		if (ms > 10)
			(void)usleep(1000);
	}
	return count(c->got, "HTTP/1.1 ");
}

static bool
is_closed(struct client *c)
{
	int ms;

	for (ms = 0; ms < PATIENCE && !c->closed && !c->reset; ms++) {
		hear(c);
		if (ms > 10)
			(void)usleep(1000);
	}
	return c->closed && !c->reset;
}

static bool
has(const struct client *c, const char *text)
{
	return strstr(c->got, text) != NULL;
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: www.test\r\n\r\n"

static void
one_connection_serves_many_requests(void)
{
	begin();
	connect_to(&one, 0);
	say(&one, GET("/1"));
	CU_ASSERT_EQUAL(responses(&one, 1), 1);
	say(&one, GET("/2"));
	CU_ASSERT_EQUAL(responses(&one, 2), 2);
	CU_ASSERT_FALSE(one.closed);
	CU_ASSERT(has(&one, "302 Found") && has(&one, "/2\r\n"));
	hang_up(&one);
	CU_ASSERT_EQUAL(http_clients(t.http), 0);
	finish();
}

static void
old_clients_are_closed_unless_they_ask(void)
{
	begin();
	connect_to(&one, 0);
	say(&one, "GET /1 HTTP/1.0\r\nHost: www.test\r\n\r\n");
	CU_ASSERT_EQUAL(responses(&one, 1), 1);
	CU_ASSERT(is_closed(&one));
	CU_ASSERT(has(&one, "Connection: close"));
	hang_up(&one);
	connect_to(&one, 0);
	say(&one, "GET /1 HTTP/1.0\r\nHost: www.test\r\n"
		  "Connection: keep-alive\r\n\r\n");
	CU_ASSERT_EQUAL(responses(&one, 1), 1);
	CU_ASSERT(has(&one, "Connection: keep-alive"));
	say(&one, "GET /2 HTTP/1.0\r\nHost: www.test\r\n\r\n");
	CU_ASSERT(is_closed(&one));
	CU_ASSERT(has(&one, "/2\r\n"));
	hang_up(&one);
	finish();
}

static void
pipelined_requests_are_answered_in_order(void)
{
	begin();
	connect_to(&one, 0);
	say(&one, GET("/1") GET("/2") "HEAD /3 HTTP/1.1\r\nHost: www.test\r\n"
				      "\r\n" GET("/4"));
	CU_ASSERT_EQUAL(responses(&one, 3), 4);
	CU_ASSERT(strstr(one.got, "/1\r\n") < strstr(one.got, "/2\r\n"));
	CU_ASSERT(strstr(one.got, "/2\r\n") < strstr(one.got, "/3\r\n"));
	CU_ASSERT(strstr(one.got, "/3\r\n") < strstr(one.got, "/4\r\n"));
	hang_up(&one);
	finish();
}

static void
bytes_may_come_one_by_one(void)
{
	const char *text = GET("/1") GET("/2");
	size_t i;

	begin();
	connect_to(&one, 0);
	for (i = 0; text[i] != '\0'; i++)
		say_bytes(&one, text + i, 1);
	CU_ASSERT_EQUAL(responses(&one, 2), 2);
	hang_up(&one);
	finish();
}

/* Wait for so many asks. */
static unsigned
asks(unsigned want)
{
	int ms;

	for (ms = 0; ms < PATIENCE && t.nasked < want; ms++) {
		turn();
		(void)usleep(1000);
	}
	return t.nasked;
}

static void
answers_out_of_order_leave_in_order(void)
{
	begin_with(LISTEN4, true);
	connect_to(&one, 0);
	say(&one, GET("/1") "GET /2 HTTP/1.1\r\nHost: moved.test\r\n\r\n"
			    "GET /3 HTTP/1.1\r\nHost: unknown\r\n\r\n");
	CU_ASSERT_EQUAL(asks(2), 2);
	peer_send(t.asker, "best %llu 60000 24 la1 la la1-la.test 10.1.1.1 5",
	    t.asked[1]);
	hear(&one);
	CU_ASSERT_EQUAL(responses(&one, 0), 0);
	peer_send(t.asker,
	    "best %llu 60000 24 sj1 la-b sj1-lab.test 10.2.1.3 5", t.asked[0]);
	CU_ASSERT_EQUAL(responses(&one, 3), 3);
	CU_ASSERT(has(&one, "http://sj1-lab.test:8081/1\r\n"));
	CU_ASSERT(has(&one, "http://10.1.1.1:8080/2\r\n"));
	CU_ASSERT(strstr(one.got, "/1\r\n") < strstr(one.got, "/2\r\n"));
	CU_ASSERT(strstr(one.got, "/2\r\n") < strstr(one.got, " 421 "));
	hang_up(&one);
	finish();
}

static void
more_than_may_wait_are_answered_too(void)
{
	char text[64];
	int i;

	begin_with(LISTEN4, true);
	connect_to(&one, 0);
	for (i = 0; i < CONN_DEPTH * 3; i++) {
		(void)snprintf(text, sizeof(text),
		    "GET /%d HTTP/1.1\r\nHost: www.test\r\n\r\n", i);
		say(&one, text);
	}
	CU_ASSERT_EQUAL(asks(1), 1);
	peer_send(t.asker, "best %llu 60000 24 la1 la la1-la.test 10.1.1.1 5",
	    t.asked[0]);
	CU_ASSERT_EQUAL(responses(&one, CONN_DEPTH * 3), CONN_DEPTH * 3);
	CU_ASSERT_EQUAL(t.nasked, 1);
	hang_up(&one);
	finish();
}

static void
a_client_that_leaves_while_it_waits_is_forgotten(void)
{
	begin_with(LISTEN4, true);
	connect_to(&one, 0);
	say(&one, GET("/1"));
	CU_ASSERT_EQUAL(asks(1), 1);
	(void)setsockopt(one.fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0},
	    sizeof(struct linger));
	hang_up(&one);
	CU_ASSERT_EQUAL(http_clients(t.http), 0);
	peer_send(t.asker, "best %llu 60000 24 la1 la la1-la.test 10.1.1.1 5",
	    t.asked[0]);
	turn();
	finish();
}

static void
a_client_that_sends_no_more_still_gets_its_answer(void)
{
	begin_with(LISTEN4, true);
	connect_to(&one, 0);
	say(&one, GET("/1"));
	(void)shutdown(one.fd, SHUT_WR);
	CU_ASSERT_EQUAL(asks(1), 1);
	peer_send(t.asker, "best %llu 60000 24 la1 la la1-la.test 10.1.1.1 5",
	    t.asked[0]);
	CU_ASSERT_EQUAL(responses(&one, 1), 1);
	CU_ASSERT(is_closed(&one));
	hang_up(&one);
	finish();
}

static void
garbage_ends_the_connection(void)
{
	static const char *const bad[] = {"\x16\x03\x01", "GARBAGE\r\n\r\n",
	    "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
	    "POST / HTTP/1.1\r\nHost: www.test\r\nContent-Length: 3\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"};
	size_t i;

	begin();
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		connect_to(&one, 0);
		say(&one, bad[i]);
		say(&one, GET("/smuggled"));
		CU_ASSERT_EQUAL(responses(&one, 1), 1);
		CU_ASSERT(is_closed(&one));
		CU_ASSERT(has(&one, "HTTP/1.1 400 Bad Request\r\n"));
		CU_ASSERT(has(&one, "Connection: close\r\n"));
		CU_ASSERT_FALSE(has(&one, "smuggled"));
		hang_up(&one);
	}
	CU_ASSERT_EQUAL(http_clients(t.http), 0);
	CU_ASSERT_EQUAL(http_listener(t.http, 0)->counters.client_errors,
	    sizeof(bad) / sizeof(bad[0]));
	finish();
}

#define POST "POST /p HTTP/1.1\r\nHost: www.test\r\n"

static void
content_is_read_and_thrown_away(void)
{
	begin();
	connect_to(&one, 0);
	say(&one, POST "Content-Length: 5\r\n\r\nGET /" GET("/2"));
	CU_ASSERT_EQUAL(responses(&one, 2), 2);
	CU_ASSERT(has(&one, "307 Temporary Redirect") && has(&one, "/2\r\n"));
	say(&one, POST "Transfer-Encoding: chunked\r\n\r\n3\r\nab");
	CU_ASSERT_EQUAL(responses(&one, 3), 3);
	say(&one, "c\r\n0\r\n\r\n" GET("/4"));
	CU_ASSERT_EQUAL(responses(&one, 4), 4);
	CU_ASSERT(has(&one, "/4\r\n"));
	CU_ASSERT_FALSE(one.closed);
	/* Chunks that are none end it. */
	say(&one, POST "Transfer-Encoding: chunked\r\n\r\nxx\r\n" GET("/6"));
	CU_ASSERT(is_closed(&one));
	CU_ASSERT_FALSE(has(&one, "/6\r\n"));
	hang_up(&one);
	finish();
}

static void
content_that_is_too_long_is_not_read(void)
{
	static char much[CONN_BODY_MAX + 100000];

	begin();
	memset(much, 'x', sizeof(much));
	connect_to(&one, 0);
	say(&one, POST "Content-Length: 99999999\r\n\r\n");
	CU_ASSERT_EQUAL(responses(&one, 1), 1);
	CU_ASSERT(has(&one, "Connection: close\r\n"));
	/* What is under way must not reset the connection. */
	say_bytes(&one, much, 50000);
	CU_ASSERT(is_closed(&one));
	hang_up(&one);
	/* Chunks do not tell how long they are. */
	connect_to(&one, 0);
	say(&one, POST "Transfer-Encoding: chunked\r\n\r\nffffff\r\n");
	CU_ASSERT_EQUAL(responses(&one, 1), 1);
	say_bytes(&one, much, sizeof(much));
	CU_ASSERT(is_closed(&one));
	hang_up(&one);
	finish();
}

static void
who_expects_100_gets_the_answer_at_once(void)
{
	begin();
	connect_to(&one, 0);
	say(&one, POST "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n");
	CU_ASSERT_EQUAL(responses(&one, 1), 1);
	CU_ASSERT(has(&one, "HTTP/1.1 307 "));
	CU_ASSERT(has(&one, "Connection: close\r\n"));
	CU_ASSERT(is_closed(&one));
	hang_up(&one);
	finish();
}

/* The clock goes on by so much, and the server sees it. */
static void
later(int64_t ms)
{
	static const struct timeval tick = {0, 260000};

	mono_fake(mono_add_ms(mono_now(), ms));
	(void)event_base_loopexit(t.base, &tick);
	(void)event_base_dispatch(t.base);
}

static void
slow_requests_end_with_408(void)
{
	begin();
	connect_to(&one, 0);
	say(&one, "GET / HTTP/1.1\r\nHost:");
	later(CONN_HEAD_MS / 2);
	say(&one, " www");
	CU_ASSERT_FALSE(one.closed);
	later(CONN_HEAD_MS / 2 + 1);
	CU_ASSERT_EQUAL(responses(&one, 1), 1);
	CU_ASSERT(has(&one, "HTTP/1.1 408 "));
	CU_ASSERT(is_closed(&one));
	hang_up(&one);
	finish();
}

static void
idle_connections_end_in_silence(void)
{
	begin();
	connect_to(&one, 0);
	connect_to(&two, 0);
	say(&two, GET("/"));
	CU_ASSERT_EQUAL(responses(&two, 1), 1);
	later(14000);
	CU_ASSERT_EQUAL(http_clients(t.http), 2);
	say(&two, GET("/"));
	CU_ASSERT_EQUAL(responses(&two, 2), 2);
	later(2000);
	CU_ASSERT(is_closed(&one));
	CU_ASSERT_EQUAL(one.len, 0);
	CU_ASSERT_EQUAL(http_clients(t.http), 1);
	hang_up(&one);
	hang_up(&two);
	finish();
}

static void
the_oldest_idle_one_makes_room(void)
{
	static struct client c[4];
	size_t i;

	begin();
	for (i = 0; i < 3; i++) {
		connect_to(&c[i], 0);
		say(&c[i], GET("/"));
		CU_ASSERT_EQUAL(responses(&c[i], 1), 1);
	}
	CU_ASSERT_EQUAL(http_clients(t.http), 3);
	connect_to(&c[3], 0);
	say(&c[3], GET("/"));
	CU_ASSERT_EQUAL(responses(&c[3], 1), 1);
	CU_ASSERT(is_closed(&c[0]));
	CU_ASSERT_EQUAL(http_clients(t.http), 3);
	for (i = 0; i < 4; i++)
		hang_up(&c[i]);
	finish();
}

static void
where_all_are_busy_new_ones_wait(void)
{
	static struct client c[4];
	size_t i;

	begin();
	for (i = 0; i < 3; i++) {
		connect_to(&c[i], 0);
		say(&c[i], "GET ");
	}
	connect_to(&c[3], 0);
	say(&c[3], GET("/"));
	CU_ASSERT_EQUAL(http_clients(t.http), 3);
	say(&c[0], "/ HTTP/1.1\r\nHost: www.test\r\n\r\n");
	CU_ASSERT_EQUAL(responses(&c[0], 1), 1);
	hang_up(&c[0]);
	CU_ASSERT_EQUAL(responses(&c[3], 1), 1);
	for (i = 1; i < 4; i++)
		hang_up(&c[i]);
	finish();
}

static void
a_client_that_does_not_read_holds_only_so_much(void)
{
	static char many[1000 * 64];
	size_t len = 0, i, sent = 0;

	begin();
	for (i = 0; i < 1000; i++)
		len += (size_t)snprintf(many + len, sizeof(many) - len,
		    "GET /%05zu HTTP/1.1\r\nHost: www.test\r\n\r\n", i);
	connect_to(&one, 0);
	for (i = 0; i < 5000; i++) {
		ssize_t n = send(one.fd, many + sent % len, len - sent % len,
		    MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0)
			break;
		sent += (size_t)n;
		turn();
	}
	/* It was stopped: nobody reads what it sends any more. */
	CU_ASSERT(i < 5000);
	CU_ASSERT_FALSE(one.closed);
	CU_ASSERT(responses(&one, 2000) >= 2000);
	CU_ASSERT(has(&one, "/00999\r\n"));
	/* And it must read in time. */
	for (i = 0; i < 100; i++) {
		(void)send(one.fd, many, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		turn();
	}
	/* What the kernel still takes counts as reading, at first. */
	for (i = 0; i < 3 && http_clients(t.http) > 0; i++)
		later(CONN_SEND_MS + 1);
	CU_ASSERT_EQUAL(http_clients(t.http), 0);
	hang_up(&one);
	finish();
}

/* Asks and asks without reading until the server hears it no more. */
static void
stuff(struct client *c)
{
	static char many[1000 * 64];
	size_t len = 0, i, sent = 0;
	ssize_t n = 0;

	for (i = 0; i < 1000; i++)
		len += (size_t)snprintf(many + len, sizeof(many) - len,
		    "GET /%05zu HTTP/1.1\r\nHost: www.test\r\n\r\n", i);
	for (i = 0; i < 5000 && n >= 0; i++) {
		n = send(c->fd, many + sent % len, len - sent % len,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
		sent += n > 0 ? (size_t)n : 0;
		turn();
	}
	CU_ASSERT(i < 5000);
}

static void
who_does_not_read_makes_room(void)
{
	static struct client c[4];
	size_t i;

	begin();
	for (i = 0; i < 3; i++) {
		connect_to(&c[i], 0);
		stuff(&c[i]);
	}
	CU_ASSERT_EQUAL(http_clients(t.http), 3);
	later(1001);
	connect_to(&c[3], 0);
	say(&c[3], GET("/"));
	CU_ASSERT_EQUAL(responses(&c[3], 1), 1);
	CU_ASSERT_EQUAL(http_clients(t.http), 3);
	for (i = 0; i < 4; i++)
		hang_up(&c[i]);
	finish();
}

static void
ipv6_clients_get_ipv6(void)
{
	begin_with(LISTEN4 LISTEN6, false);
	connect_to(&one, 1);
	say(&one, "GET /1 HTTP/1.1\r\nHost: moved.test\r\n\r\n"
		  "GET /2 HTTP/1.1\r\nHost: www.test\r\n\r\n");
	CU_ASSERT_EQUAL(responses(&one, 2), 2);
	CU_ASSERT(has(&one, "301 Moved Permanently\r\n"
			    "Location: http://[2001:db8::11]:8080/1\r\n"));
	CU_ASSERT(has(&one, "Location: http://la1-la.test/2\r\n"));
	/* The service "other" has no server for them. */
	say(&one, "GET /3 HTTP/1.1\r\nHost: other.test\r\n\r\n");
	CU_ASSERT_EQUAL(responses(&one, 3), 3);
	CU_ASSERT(has(&one, "302 Found\r\n"
			    "Location: http://backup.test/3\r\n"));
	CU_ASSERT(has(&one, "desc=\"fallback, no-server\""));
	hang_up(&one);
	finish();
}

static void
who_comes_back_and_back_is_stopped(void)
{
	size_t i;

	begin();
	connect_to(&one, 0);
	for (i = 0; i < 5; i++) {
		say(&one, GET("/x"));
		(void)responses(&one, i + 1);
	}
	CU_ASSERT_EQUAL(count(one.got, "/x?hop-loop\r\n"), 1);
	/* Its server sends it back, with the query, twice. */
	say(&one, GET("/x?hop-loop"));
	(void)responses(&one, 6);
	CU_ASSERT_EQUAL(count(one.got, "/x?hop-loop\r\n"), 2);
	say(&one, GET("/x?hop-loop"));
	(void)responses(&one, 7);
	CU_ASSERT(has(&one, "HTTP/1.1 508 Loop Detected\r\n"));
	CU_ASSERT_EQUAL(http_loops(t.http), 2);
	hang_up(&one);
	finish();
}

static void
a_port_in_use_is_named(void)
{
	struct http_conf conf;
	char why[256] = "", port[16];

	begin();
	conf = (struct http_conf){
	    t.base, t.world, &t.world->frontends[0], t.ask, NULL};
	t.world->frontends[0].listen[0].port = http_listener(t.http, 0)->port;
	CU_ASSERT_PTR_NULL(http_new(&conf, why, sizeof(why)));
	(void)snprintf(
	    port, sizeof(port), ":%u", http_listener(t.http, 0)->port);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "http:127.0.0.1"));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, port));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "in use"));
	finish();
}

static void
on_drained(void *arg)
{
	(void)arg;
	t.drained = true;
}

static void
the_end_drops_no_request(void)
{
	begin_with(LISTEN4, true);
	connect_to(&one, 0);
	connect_to(&two, 0);
	say(&one, GET("/1"));
	CU_ASSERT_EQUAL(asks(1), 1);
	http_drain(t.http, on_drained, NULL);
	/* One waits for the director; the other was about to ask. */
	say(&two, "GET /2 HTTP/1.1\r\nHost: evil.test\r\n\r\n");
	CU_ASSERT_EQUAL(responses(&two, 1), 1);
	CU_ASSERT(has(&two, "Connection: close\r\n"));
	CU_ASSERT(is_closed(&two));
	CU_ASSERT_FALSE(t.drained);
	peer_send(t.asker, "best %llu 60000 24 la1 la la1-la.test 10.1.1.1 5",
	    t.asked[0]);
	CU_ASSERT_EQUAL(responses(&one, 1), 1);
	CU_ASSERT(has(&one, "Connection: close\r\n"));
	CU_ASSERT(is_closed(&one));
	CU_ASSERT(t.drained);
	hang_up(&one);
	hang_up(&two);
	finish();
}

static void
the_end_does_not_wait_for_ever(void)
{
	begin();
	connect_to(&one, 0);
	connect_to(&two, 0);
	say(&two, "GET ");
	http_drain(t.http, on_drained, NULL);
	later(600);
	CU_ASSERT(is_closed(&one));
	CU_ASSERT_FALSE(t.drained);
	later(1500);
	CU_ASSERT(t.drained);
	hang_up(&one);
	hang_up(&two);
	finish();
}

/* Reloads. */

#define OTHER_NETWORK                                                      \
	"<hopscotch xmlns=\"urn:hopscotch:config:1\">"                     \
	"<network><site id=\"ny\"/><site id=\"sj\"/><site id=\"la\"/>"     \
	"<border id=\"la-b\" site=\"la\"/>"                                \
	"<link between=\"la sj\" delay=\"1ms\"/>"                          \
	"<link between=\"la ny\" delay=\"30ms\"/></network>"               \
	"<policy id=\"even\"/>"                                            \
	"<server id=\"ny1\" site=\"ny\">"                                  \
	"<alias border=\"ny\" name=\"ny1-ny.test\" address=\"10.3.1.1\"/>" \
	"</server>"
#define OTHER_SJ                                                            \
	"<server id=\"sj1\" site=\"sj\">"                                   \
	"<alias border=\"la-b\" name=\"sj1-new.test\" address=\"10.2.1.9\"" \
	"/></server>"
#define OTHER_LA                                                           \
	"<server id=\"la1\" site=\"la\">"                                  \
	"<alias border=\"la\" name=\"la1-la.test\" address=\"10.1.1.1\"/>" \
	"</server>"
#define OTHER_SERVICE(id, host, uses)                           \
	"<service id=\"" id "\" protocol=\"http\" host=\"" host \
	"\" policy=\"even\">" uses "</service>"
#define USE(id) "<use server=\"" id "\"/>"
#define OTHER                                          \
	OTHER_NETWORK OTHER_SJ OTHER_LA OTHER_SERVICE( \
	    "moved", "moved.test", USE("la1"))         \
	    OTHER_SERVICE("www", "www.test", USE("sj1") USE("la1"))

/* Take the world of this text; the one before is gone then. */
static bool
reload(const char *text, const char *listen, char *why, size_t size)
{
	char all[8192];
	struct world *w;
	struct frontend *self;
	struct http_change *change;
	struct renumber *r;
	size_t i;

	(void)snprintf(all, sizeof(all),
	    "%s<director id=\"d1\"><listen socket=\"%s\"/></director>"
	    "<frontend id=\"f1\" site=\"la\" ask=\"5s\" clients=\"3\">%s"
	    "</frontend></hopscotch>",
	    text, t.socket, listen);
	w = small_world_of(all);
	self = &w->frontends[0];
	for (i = 0; i < self->nlisten; i++)
		if (self->listen[i].port == 80)
			self->listen[i].port = 0;
	change = http_prepare(t.http, self, why, size);
	if (change == NULL) {
		world_free(&w);
		return false;
	}
	r = renumber_new(t.world, w);
	http_take(t.http, &change,
	    &(struct http_conf){t.base, w, self, t.ask, NULL}, r);
	renumber_free(&r);
	world_free(&t.world);
	t.world = w;
	return true;
}

static void
take(const char *text)
{
	char why[256] = "";

	CU_ASSERT_FATAL(reload(text, LISTEN4, why, sizeof(why)));
}

static void
a_question_in_flight_is_answered_in_another_world(void)
{
	begin_with(LISTEN4, true);
	connect_to(&one, 0);
	say(&one, GET("/1"));
	CU_ASSERT_EQUAL(asks(1), 1);
	take(OTHER);
	CU_ASSERT_EQUAL(responses(&one, 0), 0);
	/* The director has the new world, too: another name of the alias. */
	peer_send(t.asker,
	    "best %llu 60000 24 sj1 la-b sj1-new.test 10.2.1.9 5", t.asked[0]);
	CU_ASSERT_EQUAL(responses(&one, 1), 1);
	CU_ASSERT(has(&one, "http://sj1-new.test/1\r\n"));
	/* It is kept, for the right service. */
	say(&one, GET("/2"));
	CU_ASSERT_EQUAL(responses(&one, 2), 2);
	CU_ASSERT(has(&one, "http://sj1-new.test/2\r\n"));
	CU_ASSERT_EQUAL(t.nasked, 1);
	CU_ASSERT_EQUAL(http_service(t.http, 1)->requests, 2);
	hang_up(&one);
	finish();
}

static void
half_a_request_is_completed_in_another_world(void)
{
	begin_with(LISTEN4, true);
	connect_to(&one, 0);
	say(&one, "GET /half HTTP/1.1\r\nHost: mov");
	take(OTHER);
	say(&one, "ed.test\r\n\r\n");
	CU_ASSERT_EQUAL(asks(1), 1);
	peer_send(t.asker, "best %llu 60000 24 la1 la la1-la.test 10.1.1.1 5",
	    t.asked[0]);
	CU_ASSERT_EQUAL(responses(&one, 1), 1);
	CU_ASSERT(has(&one, "http://la1-la.test/half\r\n"));
	hang_up(&one);
	finish();
}

static void
who_waits_for_a_service_that_goes_is_told(void)
{
	begin_with(LISTEN4, true);
	connect_to(&one, 0);
	say(&one,
	    GET("/1") "GET /2 HTTP/1.1\r\nHost: other.test\r\n\r\n" GET("/3"));
	CU_ASSERT_EQUAL(asks(2), 2);
	take(OTHER);
	peer_send(t.asker, "best %llu 60000 24 la1 la la1-la.test 10.1.1.1 5",
	    t.asked[0]);
	CU_ASSERT_EQUAL(responses(&one, 3), 3);
	CU_ASSERT_EQUAL(count(one.got, " 302 "), 2);
	CU_ASSERT_EQUAL(count(one.got, " 421 "), 1);
	CU_ASSERT(strstr(one.got, "/1\r\n") < strstr(one.got, " 421 "));
	/* A late answer for it is nobody's. */
	peer_send(t.asker, "best %llu 60000 24 ny1 ny ny1-ny.test 10.3.1.1 5",
	    t.asked[1]);
	say(&one, GET("/4"));
	CU_ASSERT_EQUAL(responses(&one, 4), 4);
	hang_up(&one);
	finish();
}

static void
an_answer_that_waited_its_turn_is_asked_for_anew(void)
{
	begin_with(LISTEN4, true);
	connect_to(&one, 0);
	say(&one, GET("/1") "GET /2 HTTP/1.1\r\nHost: moved.test\r\n\r\n");
	CU_ASSERT_EQUAL(asks(2), 2);
	/* The second one is answered, by an alias that goes. */
	peer_send(t.asker, "best %llu 60000 24 la1 sj la1-sj.test 10.1.1.2 5",
	    t.asked[1]);
	turn();
	turn();
	take(OTHER);
	CU_ASSERT_EQUAL(asks(3), 3);
	peer_send(t.asker, "best %llu 60000 24 la1 la la1-la.test 10.1.1.1 5",
	    t.asked[0]);
	peer_send(t.asker, "best %llu 60000 24 la1 la la1-la.test 10.1.1.1 5",
	    t.asked[2]);
	CU_ASSERT_EQUAL(responses(&one, 2), 2);
	CU_ASSERT(has(&one, "http://la1-la.test/1\r\n"));
	CU_ASSERT(has(&one, "http://la1-la.test/2\r\n"));
	hang_up(&one);
	finish();
}

static void
last_answers_are_those_of_the_new_world(void)
{
	int ms;

	begin_with(LISTEN4, true);
	connect_to(&one, 0);
	say(&one, GET("/1"));
	CU_ASSERT_EQUAL(asks(1), 1);
	peer_send(t.asker,
	    "best %llu 60000 24 ny1 ny ny1-ny.test 10.3.1.1 9 "
	    "sj1 la-b sj1-lab.test 10.2.1.3 1",
	    t.asked[0]);
	CU_ASSERT_EQUAL(responses(&one, 1), 1);
	/* Of the two www has only sj1 in the new one. */
	take(OTHER);
	peer_listener_free(&t.director);
	for (ms = 0; ms < PATIENCE && ask_directors_up(t.ask) > 0; ms++) {
		turn();
		(void)usleep(1000);
	}
	mono_fake(mono_add_ms(mono_now(), 120000));
	say(&one, GET("/2"));
	CU_ASSERT_EQUAL(responses(&one, 2), 2);
	CU_ASSERT(has(&one, "http://sj1-new.test/2\r\n"));
	CU_ASSERT(has(&one, "via la-b, last"));
	/* And the static list is that of the new one. */
	take(OTHER_NETWORK OTHER_SERVICE("www", "www.test", USE("ny1")));
	say(&one, GET("/3"));
	CU_ASSERT_EQUAL(responses(&one, 3), 3);
	CU_ASSERT(has(&one, "http://ny1-ny.test/3\r\n"));
	CU_ASSERT(has(&one, "via ny, static"));
	hang_up(&one);
	finish();
}

static void
connections_outlive_their_listener(void)
{
	char why[256] = "";
	uint16_t port;

	begin_with(LISTEN4 LISTEN6, true);
	connect_to(&two, 1);
	port = http_listener(t.http, 0)->port;
	CU_ASSERT_FATAL(reload(OTHER, LISTEN4, why, sizeof(why)));
	CU_ASSERT_PTR_NULL(http_listener(t.http, 1));
	CU_ASSERT_EQUAL(http_listener(t.http, 0)->port, port);
	CU_ASSERT_EQUAL(http_listener(t.http, 0)->n, 1);
	say(&two, "GET /1 HTTP/1.1\r\nHost: unknown.test\r\n\r\n");
	CU_ASSERT_EQUAL(responses(&two, 1), 1);
	CU_ASSERT(has(&two, " 421 "));
	/* It comes again: another row, as its counters are others. */
	CU_ASSERT_FATAL(reload(OTHER, LISTEN4 LISTEN6, why, sizeof(why)));
	CU_ASSERT_EQUAL(http_listener(t.http, 1)->n, 3);
	connect_to(&one, 1);
	say(&one, "GET /1 HTTP/1.1\r\nHost: unknown.test\r\n\r\n");
	CU_ASSERT_EQUAL(responses(&one, 1), 1);
	hang_up(&one);
	hang_up(&two);
	finish();
}

static void
a_listener_that_cannot_be_refuses_the_reload(void)
{
	struct sockaddr_in in = {
	    .sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(in);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char why[256] = "", more[200];

	CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&in, len), 0);
	CU_ASSERT_EQUAL_FATAL(listen(fd, 1), 0);
	(void)getsockname(fd, (struct sockaddr *)&in, &len);
	begin_with(LISTEN4, true);
	(void)snprintf(more, sizeof(more),
	    LISTEN4 "<listen protocol=\"http\" address=\"127.0.0.1\" "
		    "port=\"%u\"/>",
	    ntohs(in.sin_port));
	CU_ASSERT_FALSE(reload(OTHER, more, why, sizeof(why)));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "the port is in use"));
	CU_ASSERT_PTR_NULL(http_listener(t.http, 1));
	connect_to(&one, 0);
	say(&one, "GET /1 HTTP/1.1\r\nHost: unknown.test\r\n\r\n");
	CU_ASSERT_EQUAL(responses(&one, 1), 1);
	hang_up(&one);
	(void)close(fd);
	finish();
}

static void
all_addresses_cannot_become_one(void)
{
	char why[256] = "", one_address[200];

	begin_with("<listen protocol=\"http\" address=\"0.0.0.0\" "
		   "port=\"80\"/>",
	    true);
	(void)snprintf(one_address, sizeof(one_address),
	    "<listen protocol=\"http\" address=\"127.0.0.1\" port=\"%u\"/>",
	    http_listener(t.http, 0)->port);
	CU_ASSERT_FALSE(reload(OTHER, one_address, why, sizeof(why)));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "this daemon listens at http:0"));
	finish();
}

static void
the_default_service_follows(void)
{
	const char *with = "<listen protocol=\"http\" address=\"127.0.0.1\" "
			   "port=\"80\" default=\"moved\"/>";
	char why[256] = "";

	begin_with(LISTEN4, true);
	connect_to(&one, 0);
	say(&one, "GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	CU_ASSERT_EQUAL(responses(&one, 1), 1);
	CU_ASSERT(has(&one, " 400 "));
	CU_ASSERT_FATAL(reload(OTHER, with, why, sizeof(why)));
	say(&one, "GET /2 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	CU_ASSERT_EQUAL(asks(1), 1);
	peer_send(t.asker, "best %llu 60000 24 la1 la la1-la.test 10.1.1.1 5",
	    t.asked[0]);
	CU_ASSERT_EQUAL(responses(&one, 2), 2);
	CU_ASSERT(has(&one, "http://la1-la.test/2\r\n"));
	hang_up(&one);
	finish();
}

static const struct unit_test tests[] = {
    {"one connection serves many requests",
	one_connection_serves_many_requests},
    {"HTTP/1.0 connections are closed unless they ask",
	old_clients_are_closed_unless_they_ask},
    {"pipelined requests are answered in order",
	pipelined_requests_are_answered_in_order},
    {"bytes may come one by one", bytes_may_come_one_by_one},
    {"answers out of order leave in order",
	answers_out_of_order_leave_in_order},
    {"more than may wait are answered too",
	more_than_may_wait_are_answered_too},
    {"a client that leaves while it waits is forgotten",
	a_client_that_leaves_while_it_waits_is_forgotten},
    {"a client that sends no more still gets its answer",
	a_client_that_sends_no_more_still_gets_its_answer},
    {"garbage ends the connection, and nothing behind it is served",
	garbage_ends_the_connection},
    {"content is read and thrown away", content_is_read_and_thrown_away},
    {"content that is too long is not read",
	content_that_is_too_long_is_not_read},
    {"who expects 100 gets the answer at once",
	who_expects_100_gets_the_answer_at_once},
    {"slow requests end with 408", slow_requests_end_with_408},
    {"idle connections end in silence", idle_connections_end_in_silence},
    {"the oldest idle connection makes room", the_oldest_idle_one_makes_room},
    {"where all are busy new clients wait", where_all_are_busy_new_ones_wait},
    {"a client that does not read holds only so much",
	a_client_that_does_not_read_holds_only_so_much},
    {"who does not read makes room", who_does_not_read_makes_room},
    {"IPv6 clients get IPv6 aliases", ipv6_clients_get_ipv6},
    {"who is sent back again and again is stopped",
	who_comes_back_and_back_is_stopped},
    {"a port in use is named", a_port_in_use_is_named},
    {"the end drops no request", the_end_drops_no_request},
    {"the end does not wait for ever", the_end_does_not_wait_for_ever},
    {"a question in flight is answered in another world",
	a_question_in_flight_is_answered_in_another_world},
    {"half a request is completed in another world",
	half_a_request_is_completed_in_another_world},
    {"who waits for a service that goes is told",
	who_waits_for_a_service_that_goes_is_told},
    {"an answer that waited its turn is asked for anew",
	an_answer_that_waited_its_turn_is_asked_for_anew},
    {"last answers are those of the new world",
	last_answers_are_those_of_the_new_world},
    {"connections outlive their listener", connections_outlive_their_listener},
    {"a listener that cannot be refuses the reload",
	a_listener_that_cannot_be_refuses_the_reload},
    {"all addresses cannot become one", all_addresses_cannot_become_one},
    {"the default service follows", the_default_service_follows},
};

UNIT_MAIN("frontend/http", tests)
