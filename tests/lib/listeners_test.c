/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Listeners that change as a whole, over real sockets; each test makes its own
 * event base and directory.
 */
#include "lib/listeners.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/mem.h"
#include "tests/unit.h"

static struct {
	struct event_base *base;
	struct event *turn;
	struct listeners *set;
	struct peer_conf conf, client;
	int ups, downs, fails, heard;
	char why[400];
	char dir[64];
	struct listen_lines at[4]; /* a.sock, b.sock, c.sock, TCP */
} t;

static void
on_up(struct peer *p, void *arg)
{
	(void)p;
	(void)arg;
	t.ups++;
}

static void
on_down(struct peer *p, const char *why, void *arg)
{
	(void)p;
	(void)why;
	(void)arg;
	t.downs++;
}

static void
on_fail(struct peer *p, const char *why, void *arg)
{
	(void)p;
	(void)arg;
	t.fails++;
	(void)snprintf(t.why, sizeof(t.why), "%s", why);
}

static void
on_say(struct peer *p, const struct line *l, void *arg)
{
	(void)p;
	(void)l;
	(void)arg;
	t.heard++;
}

static const struct verb verbs[] = {
    {"say", on_say, ROLE_ANY, 0, SIZE_MAX},
    {NULL, NULL, 0, 0, 0},
};

static void
on_turn(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

static void
start(void)
{
	struct timeval tv = {.tv_usec = 2000};
	char path[96];
	int i;

	memset(&t, 0, sizeof(t));
	log_init("listeners_test", LOG_LEVEL_NONE);
	t.base = event_base_new();
	t.turn = event_new(t.base, -1, EV_PERSIST, on_turn, NULL);
	(void)event_add(t.turn, &tv);
	(void)snprintf(t.dir, sizeof(t.dir), "/tmp/listeners_test.XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(t.dir));
	for (i = 0; i < 3; i++) {
		(void)snprintf(
		    path, sizeof(path), "%s/%c.sock", t.dir, 'a' + i);
		t.at[i].socket = mem_text(path);
	}
	t.conf = (struct peer_conf){.base = t.base,
	    .sub = "test",
	    .role = ROLE_DIRECTOR,
	    .id = "d1",
	    .hash = "-",
	    .verbs = verbs};
	t.client = t.conf;
	t.client.role = ROLE_FRONTEND;
	t.client.id = "f1";
	t.client.on_up = on_up;
	t.client.on_down = on_down;
	t.client.on_fail = on_fail;
	t.set = listeners_new(&t.conf);
}

static void
stop(void)
{
	char command[100];
	int i;

	listeners_free(&t.set);
	for (i = 0; i < 3; i++)
		free(t.at[i].socket);
	event_free(t.turn);
	event_base_free(t.base);
	(void)snprintf(command, sizeof(command), "rm -r %s", t.dir);
	CU_ASSERT_EQUAL(system(command), 0);
}

/* Turn the loop until something holds, for at most 5 s. */
#define UNTIL(cond)                                                  \
	do {                                                         \
		struct timespec from_, now_;                         \
		bool holds_;                                         \
		(void)clock_gettime(CLOCK_MONOTONIC, &from_);        \
		do {                                                 \
			(void)event_base_loop(t.base, EVLOOP_ONCE);  \
			(void)clock_gettime(CLOCK_MONOTONIC, &now_); \
			holds_ = (cond);                             \
		} while (!holds_ && now_.tv_sec - from_.tv_sec < 5); \
		CU_ASSERT(holds_);                                   \
	} while (0)

static void
open_them(const struct listen_lines *at, size_t n)
{
	char why[400] = "";
	int r = listeners_open(t.set, at, n, t.conf.tls, why, sizeof(why));

	if (r < 0)
		printf("%s\n", why);
	CU_ASSERT_EQUAL_FATAL(r, 0);
	CU_ASSERT_EQUAL(listeners_count(t.set), n);
}

static bool
is_there(int i)
{
	return access(t.at[i].socket, F_OK) == 0;
}

static void
what_stays_what_goes_and_what_comes(void)
{
	struct listen_lines next[2];
	struct peer_listener *b;
	struct peer *of_a, *of_b, *of_c;

	start();
	open_them(t.at, 2);
	b = listeners_at(t.set, 1);
	of_a = peer_connect(&t.client, &t.at[0], 1);
	of_b = peer_connect(&t.client, &t.at[1], 1);
	UNTIL(t.ups == 2);
	next[0] = t.at[2];
	next[1] = t.at[1];
	open_them(next, 2);
	CU_ASSERT_PTR_EQUAL(listeners_at(t.set, 1), b);
	CU_ASSERT_FALSE(is_there(0));
	CU_ASSERT(is_there(1) && is_there(2));
	/* Who came in by the one that closed is heard all the same. */
	peer_send(of_a, "say x");
	peer_send(of_b, "say x");
	UNTIL(t.heard == 2);
	of_c = peer_connect(&t.client, &t.at[2], 1);
	UNTIL(t.ups == 3);
	CU_ASSERT_EQUAL(t.downs, 0);
	peer_free(&of_a);
	/* Back again, now that its last one has gone: it is a new one. */
	UNTIL(t.downs == 0);
	open_them(t.at, 3);
	CU_ASSERT(is_there(0) && is_there(1) && is_there(2));
	peer_send(of_b, "say x");
	peer_send(of_c, "say x");
	UNTIL(t.heard == 4);
	peer_free(&of_b);
	peer_free(&of_c);
	stop();
}

static void
a_refused_change_changes_nothing(void)
{
	struct listen_lines next[3];
	struct listeners *other;
	struct peer_listener *a;
	char why[400];

	start();
	other = listeners_new(&t.conf);
	CU_ASSERT_EQUAL(
	    listeners_open(other, &t.at[2], 1, NULL, why, sizeof(why)), 0);
	open_them(t.at, 1);
	a = listeners_at(t.set, 0);
	next[0] = t.at[1]; /* can be had */
	next[1] = t.at[0]; /* is there */
	next[2] = t.at[2]; /* somebody else's */
	CU_ASSERT_PTR_NULL(
	    listeners_prepare(t.set, next, 3, NULL, why, sizeof(why)));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "c.sock: in use by another"));
	CU_ASSERT_EQUAL(listeners_count(t.set), 1);
	CU_ASSERT_PTR_EQUAL(listeners_at(t.set, 0), a);
	CU_ASSERT(is_there(0) && is_there(2));
	CU_ASSERT_FALSE(is_there(1));
	listeners_free(&other);
	stop();
}

static void
a_prepared_change_can_be_dropped(void)
{
	struct listeners_change *c;
	struct peer *p;
	char why[400];

	start();
	open_them(t.at, 1);
	c = listeners_prepare(t.set, &t.at[1], 2, NULL, why, sizeof(why));
	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	CU_ASSERT(is_there(1) && is_there(2));
	listeners_drop(&c);
	CU_ASSERT_PTR_NULL(c);
	CU_ASSERT(!is_there(1) && !is_there(2));
	p = peer_connect(&t.client, &t.at[0], 1);
	UNTIL(t.ups == 1);
	peer_free(&p);
	stop();
}

static void
the_same_endpoint_twice_is_refused(void)
{
	struct listen_lines next[2] = {{0}};
	char why[400];

	start();
	open_them(t.at, 1);
	next[0] = next[1] = t.at[0];
	CU_ASSERT_PTR_NULL(
	    listeners_prepare(t.set, next, 2, NULL, why, sizeof(why)));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "a.sock: listened at twice"));
	stop();
}

static void
tls_without_certificates_is_refused_with_the_endpoint(void)
{
	struct listen_lines at = {.port = 0, .tls = true};
	char why[400];

	start();
	CU_ASSERT_EQUAL(addr_parse("127.0.0.1", &at.addr), 0);
	CU_ASSERT_PTR_NULL(
	    listeners_prepare(t.set, &at, 1, NULL, why, sizeof(why)));
	CU_ASSERT_STRING_EQUAL(why,
	    "127.0.0.1:0 tls: TLS is asked for, but the configuration has no "
	    "<tls>");
	stop();
}

/* Certificates that become others. */

static void shell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void
shell(const char *fmt, ...)
{
	char args[600], command[800];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(args, sizeof(args), fmt, ap);
	va_end(ap);
	(void)snprintf(command, sizeof(command),
	    "cd %s && { %s; } >/dev/null 2>&1", t.dir, args);
	CU_ASSERT_EQUAL_FATAL(system(command), 0);
}

/* An authority, and one certificate of it for both sides. */
static void
make_certificates(const char *ca)
{
	shell("openssl req -x509 -newkey ec -pkeyopt "
	      "ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=%s "
	      "-keyout %s.key -out %s.pem",
	    ca, ca, ca);
	shell("openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 "
	      "-nodes -subj /CN=x -addext subjectAltName=URI:hopscotch:role:"
	      "director,URI:hopscotch:role:frontend -keyout x-%s.key "
	      "-out x-%s.csr",
	    ca, ca);
	shell("openssl x509 -req -in x-%s.csr -CA %s.pem -CAkey %s.key "
	      "-days 2 -copy_extensions copy -out x-%s.pem",
	    ca, ca, ca, ca);
}

static void
install(const char *ca)
{
	shell("install -m 644 x-%s.pem cert.pem; install -m 600 x-%s.key "
	      "cert.key; install -m 644 %s.pem ca.pem",
	    ca, ca, ca);
}

static uint16_t
free_port(const struct listen_lines *at)
{
	char why[400];
	struct peer_listener *l = peer_listen(&t.conf, at, why, sizeof(why));
	uint16_t port;

	CU_ASSERT_PTR_NOT_NULL_FATAL(l);
	port = peer_listener_port(l);
	peer_listener_free(&l);
	return port;
}

static void
certificates_are_read_anew_and_connections_stay(void)
{
	char cert[128], key[128], ca[128], why[400];
	struct tls files = {cert, key, ca};
	struct listen_lines at = {.port = 0, .tls = true};
	struct peer *before, *after;

	start();
	(void)snprintf(cert, sizeof(cert), "%s/cert.pem", t.dir);
	(void)snprintf(key, sizeof(key), "%s/cert.key", t.dir);
	(void)snprintf(ca, sizeof(ca), "%s/ca.pem", t.dir);
	make_certificates("one");
	make_certificates("two");
	install("one");
	t.conf.tls = t.client.tls = &files;
	CU_ASSERT_EQUAL(addr_parse("127.0.0.1", &at.addr), 0);
	at.port = free_port(&at);
	open_them(&at, 1);
	before = peer_connect(&t.client, &at, 1);
	after = peer_connect(&t.client, &at, 1);
	UNTIL(t.ups == 2);
	CU_ASSERT_TRUE(peer_uses_tls(before));
	/* Both sides trust another authority now. */
	install("two");
	open_them(&at, 1);
	peer_send(before, "say x");
	UNTIL(t.heard == 1);
	peer_free(&after);
	after = peer_connect(&t.client, &at, 1);
	UNTIL(t.ups == 3);
	peer_renew_tls(before); /* it stays up with what it has */
	CU_ASSERT_TRUE(peer_uses_tls(before));
	CU_ASSERT_TRUE(peer_try_tls(&files, why, sizeof(why)));
	CU_ASSERT_TRUE(peer_try_tls(NULL, why, sizeof(why)));
	peer_send(before, "say x");
	UNTIL(t.heard == 2);
	/* What cannot be used is refused, by name, and all goes on. */
	shell("echo nonsense >cert.pem");
	CU_ASSERT_PTR_NULL(
	    listeners_prepare(t.set, &at, 1, &files, why, sizeof(why)));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "certificate file "));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "/cert.pem: "));
	why[0] = '\0'; /* and who connects asks for himself */
	CU_ASSERT_FALSE(peer_try_tls(&files, why, sizeof(why)));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "/cert.pem: "));
	install("two");
	shell("chmod 644 cert.key");
	CU_ASSERT_PTR_NULL(
	    listeners_prepare(t.set, &at, 1, &files, why, sizeof(why)));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "/cert.key can be read by others"));
	peer_send(after, "say x");
	UNTIL(t.heard == 3);
	CU_ASSERT_EQUAL(t.downs, 0);
	peer_free(&before);
	peer_free(&after);
	stop();
}

#define T(name)             \
	{                   \
#name, name \
	}

static const struct unit_test tests[] = {
    T(what_stays_what_goes_and_what_comes),
    T(a_refused_change_changes_nothing),
    T(a_prepared_change_can_be_dropped),
    T(the_same_endpoint_twice_is_refused),
    T(tls_without_certificates_is_refused_with_the_endpoint),
    T(certificates_are_read_anew_and_connections_stay),
};

UNIT_MAIN("lib/listeners", tests)
