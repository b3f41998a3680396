/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks: what answers say, byte by byte, and tries against real sockets on
 * loopback whose other side each test plays itself.
 */

#include "lib/check.h"

#include <event2/event.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/mono.h"
#include "tests/unit.h"

/* Feed text byte by byte; the verdict where it falls, and *used bytes. */
static int
http(const char *text, unsigned status, enum reason *reason, size_t *used)
{
	int verdict = -1;

	for (*used = 0; *used <= strlen(text); ++*used) {
		verdict = check_http_reply(text, *used, status, reason);
		if (verdict >= 0)
			break;
	}
	return verdict;
}

static void
an_http_status_is_judged(void)
{
	static const struct {
		const char *text;
		unsigned status;
		int verdict;
		enum reason reason;
	} t[] = {
	    {"HTTP/1.1 200 OK\r\n", 0, 1, REASON_CHECK_OK},
	    {"HTTP/1.0 200\r\n", 0, 1, REASON_CHECK_OK},
	    {"HTTP/1.1 200 OK\n", 200, 1, REASON_CHECK_OK},
	    {"HTTP/1.1 302 Found\r\n", 0, 1, REASON_CHECK_OK},
	    {"HTTP/1.1 302 Found\r\n", 200, 0, REASON_HTTP_STATUS},
	    {"HTTP/1.1 404 Not Found\r\n", 0, 0, REASON_HTTP_STATUS},
	    {"HTTP/1.1 404 Not Found\r\n", 404, 1, REASON_CHECK_OK},
	    {"HTTP/1.1 503 Busy\r\n", 0, 0, REASON_HTTP_STATUS},
	    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n", 0, 1,
		REASON_CHECK_OK},
	    {"HTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 500 No\r\n", 0, 0,
		REASON_HTTP_STATUS},
	    {"HTTP/2.0 200 OK\r\n", 0, 0, REASON_REPLY_BAD},
	    {"HTTP/1.1 20 OK\r\n", 0, 0, REASON_REPLY_BAD},
	    {"HTTP/1.1 2000 OK\r\n", 0, 0, REASON_REPLY_BAD},
	    {"HTTP/1.1 099 OK\r\n", 0, 0, REASON_REPLY_BAD},
	    {"HTTP/1.1 600 OK\r\n", 0, 0, REASON_REPLY_BAD},
	    {"HTTP/1.1\r\n", 0, 0, REASON_REPLY_BAD},
	    {"220 ftp here\r\n", 0, 0, REASON_REPLY_BAD},
	    {"\r\n", 0, 0, REASON_REPLY_BAD},
	    {"HTTP/1.1 200 OK", 0, -1, REASON_REPLY_BAD},
	    {"HTTP/1.1 100 Continue\r\n", 0, -1, REASON_REPLY_BAD},
	    {"", 0, -1, REASON_REPLY_BAD},
	};
	enum reason reason;
	size_t i, used;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		CU_ASSERT_EQUAL(
		    http(t[i].text, t[i].status, &reason, &used), t[i].verdict);
		CU_ASSERT_EQUAL(reason, t[i].reason);
	}
}

static void
an_ftp_greeting_is_judged(void)
{
	static const struct {
		const char *text;
		int verdict;
		enum reason reason;
	} t[] = {
	    {"220 ready\r\n", 1, REASON_CHECK_OK},
	    {"220-welcome\r\n", 1, REASON_CHECK_OK},
	    {"220\r\n", 1, REASON_CHECK_OK},
	    {"120 soon\r\n", 0, REASON_FTP_GREETING},
	    {"421 too many\r\n", 0, REASON_FTP_GREETING},
	    {"2200 x\r\n", 0, REASON_REPLY_BAD},
	    {"22\n", 0, REASON_REPLY_BAD},
	    {"SSH-2.0-x\r\n", 0, REASON_REPLY_BAD},
	    {"S", 0, REASON_REPLY_BAD},
	    {"220 rea", -1, REASON_REPLY_BAD},
	    {"", -1, REASON_REPLY_BAD},
	};
	enum reason reason;
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		CU_ASSERT_EQUAL(
		    check_ftp_reply(t[i].text, strlen(t[i].text), &reason),
		    t[i].verdict);
		CU_ASSERT_EQUAL(reason, t[i].reason);
	}
}

static void
a_request_asks_for_one_path_of_one_host(void)
{
	struct check_conf c = {.type = CHECK_HTTP, .port = 80};
	char buf[2048];

	CU_ASSERT(addr_parse("192.0.2.7", &c.addr) == 0);
	CU_ASSERT(check_http_request(&c, buf, sizeof(buf)) > 0);
	CU_ASSERT(strstr(buf, "GET / HTTP/1.1\r\nHost: 192.0.2.7\r\n") == buf);
	CU_ASSERT(strstr(buf, "Connection: close\r\n\r\n") != NULL);
	c.host = "www.test.com";
	c.path = "/a b\r\nX: y";
	c.port = 8080;
	CU_ASSERT(check_http_request(&c, buf, sizeof(buf)) > 0);
	CU_ASSERT(strstr(buf, "GET /a%20b%0D%0AX:%20y HTTP/1.1\r\n"
			      "Host: www.test.com:8080\r\n") == buf);
	c.host = "a\r\nb";
	CU_ASSERT(check_http_request(&c, buf, sizeof(buf)) == -1);
	c.host = NULL;
	c.path = NULL;
	c.port = 80;
	CU_ASSERT(addr_parse("2001:db8::1", &c.addr) == 0);
	CU_ASSERT(check_http_request(&c, buf, sizeof(buf)) > 0);
	CU_ASSERT(strstr(buf, "\r\nHost: [2001:db8::1]\r\n") != NULL);
	CU_ASSERT(check_http_request(&c, buf, 20) == -1);
}

/* The tries. */

struct outcome {
	struct event_base *base;
	int calls;
	bool ok;
	enum reason reason;
	int64_t us;
};

static void
on_done(void *arg, bool ok, enum reason reason, int64_t us)
{
	struct outcome *o = arg;

	o->calls++;
	o->ok = ok;
	o->reason = reason;
	o->us = us;
	(void)event_base_loopbreak(o->base);
}

/* A listening socket on a free port of loopback. */
static int
listener(uint16_t *port)
{
	struct sockaddr_in sin = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	CU_ASSERT_FATAL(bind(fd, (struct sockaddr *)&sin, sizeof(sin)) == 0 &&
			listen(fd, 5) == 0 &&
			getsockname(fd, (struct sockaddr *)&sin, &len) == 0);
	*port = ntohs(sin.sin_port);
	return fd;
}

static struct check_conf
conf_for(enum check_type type, uint16_t port)
{
	struct check_conf c = {.type = type, .port = port, .timeout_ms = 2000};

	(void)addr_parse("127.0.0.1", &c.addr);
	return c;
}

/* The server's side: answers on the first connection, then closes if told. */
struct server {
	int fd, conn;
	const char *answer;
	bool close;
};

static void
on_accept(evutil_socket_t fd, short what, void *arg)
{
	struct server *s = arg;

	(void)what;
	s->conn = accept(fd, NULL, NULL);
	if (s->answer != NULL)
		CU_ASSERT(send(s->conn, s->answer, strlen(s->answer), 0) > 0);
	if (s->close) {
		(void)close(s->conn);
		s->conn = -1;
	}
}

static struct outcome
try_against(
    enum check_type type, const char *answer, bool closes, int64_t timeout_ms)
{
	struct outcome o = {.base = event_base_new()};
	struct server s = {.conn = -1, .answer = answer, .close = closes};
	struct check_conf conf;
	struct event *accepting;
	uint16_t port;

	s.fd = listener(&port);
	conf = conf_for(type, port);
	conf.timeout_ms = timeout_ms;
	accepting = event_new(o.base, s.fd, EV_READ, on_accept, &s);
	(void)event_add(accepting, NULL);
	CU_ASSERT(check_start(o.base, &conf, on_done, &o) != NULL);
	CU_ASSERT_EQUAL(o.calls, 0);
	(void)event_base_dispatch(o.base);
	CU_ASSERT_EQUAL(o.calls, 1);
	event_free(accepting);
	if (s.conn >= 0)
		(void)close(s.conn);
	(void)close(s.fd);
	event_base_free(o.base);
	return o;
}

static void
a_service_that_answers_is_ok(void)
{
	struct outcome o = try_against(CHECK_TCP, NULL, false, 2000);

	CU_ASSERT(o.ok && o.reason == REASON_CHECK_OK && o.us > 0);
	o = try_against(CHECK_HTTP, "HTTP/1.1 204 No\r\n\r\n", true, 2000);
	CU_ASSERT(o.ok);
	o = try_against(CHECK_FTP, "220 hi\r\n", false, 2000);
	CU_ASSERT(o.ok);
}

static void
a_service_that_says_no_is_not(void)
{
	struct outcome o =
	    try_against(CHECK_HTTP, "HTTP/1.1 500 No\r\n\r\n", true, 2000);

	CU_ASSERT(!o.ok && o.reason == REASON_HTTP_STATUS);
	o = try_against(CHECK_FTP, "421 no\r\n", true, 2000);
	CU_ASSERT(!o.ok && o.reason == REASON_FTP_GREETING);
	o = try_against(CHECK_FTP, "SSH-2.0\r\n", true, 2000);
	CU_ASSERT(!o.ok && o.reason == REASON_REPLY_BAD);
}

static void
a_service_that_hangs_up_is_not(void)
{
	struct outcome o = try_against(CHECK_HTTP, "HTTP/1.1 2", true, 2000);

	CU_ASSERT(!o.ok && o.reason == REASON_REPLY_CLOSED);
}

static void
a_service_that_hangs_is_given_up(void)
{
	struct outcome o = try_against(CHECK_HTTP, "HTTP/1.1 2", false, 50);

	CU_ASSERT(!o.ok && o.reason == REASON_REPLY_TIMEOUT);
	CU_ASSERT(o.us >= 49000);
}

static void
an_endless_answer_is_cut_off(void)
{
	static char flood[8192];
	struct outcome o;

	memset(flood, '1', sizeof(flood) - 1);
	o = try_against(CHECK_FTP, flood, false, 2000);
	CU_ASSERT(!o.ok && o.reason == REASON_REPLY_BAD);
}

static void
a_closed_port_is_refused(void)
{
	struct outcome o = {.base = event_base_new()};
	struct check_conf conf;
	uint16_t port;
	int fd = listener(&port);

	(void)close(fd);
	conf = conf_for(CHECK_TCP, port);
	(void)check_start(o.base, &conf, on_done, &o);
	(void)event_base_dispatch(o.base);
	CU_ASSERT(o.calls == 1 && !o.ok);
	CU_ASSERT_EQUAL(o.reason, REASON_CONNECT_REFUSED);
	event_base_free(o.base);
}

static void
what_cannot_start_is_told_from_the_loop(void)
{
	struct outcome o = {.base = event_base_new()};
	struct check_conf conf = conf_for(CHECK_HTTP, 80);

	conf.host = "bad host";
	(void)check_start(o.base, &conf, on_done, &o);
	CU_ASSERT_EQUAL(o.calls, 0);
	(void)event_base_dispatch(o.base);
	CU_ASSERT(o.calls == 1 && !o.ok && o.reason == REASON_REPLY_BAD);
	event_base_free(o.base);
}

static void
without_descriptors_nothing_is_learned(void)
{
	struct outcome o = {.base = event_base_new()};
	struct check_conf conf = conf_for(CHECK_TCP, 80);
	struct rlimit had, none;

	CU_ASSERT_EQUAL(getrlimit(RLIMIT_NOFILE, &had), 0);
	none = (struct rlimit){0, had.rlim_max};
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &none), 0);
	(void)check_start(o.base, &conf, on_done, &o);
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &had), 0);
	(void)event_base_dispatch(o.base);
	CU_ASSERT(o.calls == 1 && !o.ok);
	CU_ASSERT_EQUAL(o.reason, REASON_NOT_JUDGED);
	event_base_free(o.base);
}

static void
a_cancelled_check_says_nothing(void)
{
	struct outcome o = {.base = event_base_new()};
	struct check_conf conf;
	struct check *c;
	uint16_t port;
	int fd = listener(&port);

	conf = conf_for(CHECK_TCP, port);
	c = check_start(o.base, &conf, on_done, &o);
	check_cancel(&c);
	CU_ASSERT(c == NULL);
	(void)event_base_dispatch(o.base);
	CU_ASSERT_EQUAL(o.calls, 0);
	(void)close(fd);
	event_base_free(o.base);
}

static const struct unit_test tests[] = {
    {"an HTTP status is judged", an_http_status_is_judged},
    {"an FTP greeting is judged", an_ftp_greeting_is_judged},
    {"a request asks for one path of one host",
	a_request_asks_for_one_path_of_one_host},
    {"without descriptors nothing is learned",
	without_descriptors_nothing_is_learned},
    {"a service that answers is ok", a_service_that_answers_is_ok},
    {"a service that says no is not", a_service_that_says_no_is_not},
    {"a service that hangs up is not", a_service_that_hangs_up_is_not},
    {"a service that hangs is given up", a_service_that_hangs_is_given_up},
    {"an endless answer is cut off", an_endless_answer_is_cut_off},
    {"a closed port is refused", a_closed_port_is_refused},
    {"what cannot start is told from the loop",
	what_cannot_start_is_told_from_the_loop},
    {"a cancelled check says nothing", a_cancelled_check_says_nothing},
};

UNIT_MAIN("lib/check", tests)
