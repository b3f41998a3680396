/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Peers over real sockets: unix, TCP on loopback and TLS. Each test makes its
 * own event base and directory; time is real, but beats are shorter here.
 */
#include "lib/peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/mem.h"
#include "lib/mono.h"
#include "tests/unit.h"

#define BEAT  500 /* ms; as long as a test may take on a busy machine */
#define QUICK 20

/* One side: its configuration and what it saw. */
struct side {
	struct peer_conf conf;
	struct peer *peer; /* up now, or the connecting one */
	int ups, downs, fails;
	char got[1 << 17];
	char why[400];
	void (*hook)(struct side *s, struct peer *p);
};

static struct {
	struct event_base *base;
	struct event *turn;
	char dir[64];
	char path[96];
	struct listen_lines at;
	struct side *a, *b; /* accepting, connecting */
} t;

static void note(struct side *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static void
note(struct side *s, const char *fmt, ...)
{
	size_t n = strlen(s->got);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(s->got + n, sizeof(s->got) - n, fmt, ap);
	va_end(ap);
}

static void
on_say(struct peer *p, const struct line *l, void *arg)
{
	struct side *s = arg;
	size_t i;

	(void)p;
	for (i = 1; i < l->fields; i++)
		note(s, "%s ", l->field[i]);
	for (i = 0; i < l->options; i++)
		note(s, "%s=%s ", l->option[i].key, l->option[i].value);
	note(s, "\n");
}

static void
on_error_line(struct peer *p, const struct line *l, void *arg)
{
	(void)p;
	note(arg, "[%s]\n", l->field[1]);
}

static void
on_drop(struct peer *p, const struct line *l, void *arg)
{
	struct side *s = arg;

	(void)l;
	s->peer = NULL;
	peer_error(p, "go away");
	peer_free(&p);
}

static void
on_bad(struct peer *p, const struct line *l, void *arg)
{
	(void)arg;
	peer_error(p, "no %s", l->field[1]);
}

static void
on_flood(struct peer *p, const struct line *l, void *arg)
{
	int i;

	(void)l;
	(void)arg;
	for (i = 0; i < 1000; i++)
		peer_send(p, "say %d", i);
}

static const struct verb verbs[] = {
    {"say", on_say, ROLE_ANY, 0, SIZE_MAX},
    {"two", on_say, ROLE_ANY, 2, 2},
    {"drop", on_drop, ROLE_ANY, 0, 0},
    {"bad", on_bad, ROLE_ANY, 1, 1},
    {"flood", on_flood, ROLE_ANY, 0, 0},
    {"secret", on_say, ROLE_CONTROL, 0, 0},
    {"error", on_error_line, ROLE_ANY, 1, 1},
    {NULL, NULL, 0, 0, 0},
};

static void
on_up(struct peer *p, void *arg)
{
	struct side *s = arg;

	s->peer = p;
	s->ups++;
	if (s->hook != NULL)
		s->hook(s, p);
}

static void
on_down(struct peer *p, const char *why, void *arg)
{
	struct side *s = arg;

	(void)p;
	s->downs++;
	(void)snprintf(s->why, sizeof(s->why), "%s", why);
}

static void
on_fail(struct peer *p, const char *why, void *arg)
{
	struct side *s = arg;

	(void)p;
	s->fails++;
	(void)snprintf(s->why, sizeof(s->why), "%s", why);
}

static struct side *
side_new(enum peer_role role, const char *id)
{
	struct side *s = mem_new(sizeof(*s));

	s->conf = (struct peer_conf){
	    .base = t.base,
	    .sub = "test",
	    .role = role,
	    .id = id,
	    .hash = "abc",
	    .verbs = verbs,
	    .on_up = on_up,
	    .on_down = on_down,
	    .on_fail = on_fail,
	    .arg = s,
	    .beat_ms = BEAT,
	};
	return s;
}

static void
quick_beats(void)
{
	t.a->conf.beat_ms = t.b->conf.beat_ms = QUICK;
}

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

	log_init("peer_test", LOG_LEVEL_NONE);
	t.base = event_base_new();
	t.turn = event_new(t.base, -1, EV_PERSIST, on_turn, NULL);
	(void)event_add(t.turn, &tv);
	(void)snprintf(t.dir, sizeof(t.dir), "/tmp/peer_test.XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(t.dir));
	(void)snprintf(t.path, sizeof(t.path), "%s/a.sock", t.dir);
	t.at = (struct listen_lines){.socket = t.path};
	t.a = side_new(ROLE_DIRECTOR, "d1");
	t.b = side_new(ROLE_FRONTEND, "f1");
}

static void
stop(void)
{
	free(t.a);
	free(t.b);
	event_free(t.turn);
	event_base_free(t.base);
	(void)unlink(t.path);
	(void)rmdir(t.dir);
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

static struct peer_listener *
listen_at(const struct listen_lines *at)
{
	char why[400] = "";
	struct peer_listener *l = peer_listen(&t.a->conf, at, why, sizeof(why));

	if (l == NULL)
		printf("listen: %s\n", why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(l);
	return l;
}

/* A plain client or server socket, to speak by hand. */
static int
raw_connect(void)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	(void)snprintf(un.sun_path, sizeof(un.sun_path), "%s", t.path);
	CU_ASSERT_EQUAL(connect(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	return fd;
}

static char raw_text[1 << 20];
static size_t raw_len;
static bool raw_end;

static void
raw_clear(void)
{
	raw_len = 0;
	raw_text[0] = '\0';
	raw_end = false;
}

static bool
raw_has(int fd, const char *text)
{
	ssize_t n =
	    recv(fd, raw_text + raw_len, sizeof(raw_text) - raw_len - 1, 0);

	if (n > 0)
		raw_len += (size_t)n;
	if (n == 0 || (n < 0 && errno != EAGAIN))
		raw_end = true;
	raw_text[raw_len] = '\0';
	return text != NULL && strstr(raw_text, text) != NULL;
}

static bool
raw_ended(int fd)
{
	(void)raw_has(fd, NULL);
	return raw_end;
}

static void
raw_say(int fd, const char *text)
{
	size_t n = strlen(text);

	CU_ASSERT_EQUAL(send(fd, text, n, MSG_NOSIGNAL), (ssize_t)n);
}

/* A raw client that has said hello. */
static int
raw_hello(const char *role)
{
	char hello[100];
	int fd = raw_connect();

	raw_clear();
	(void)snprintf(hello, sizeof(hello), "hello hop/1 %s x -\n", role);
	raw_say(fd, hello);
	UNTIL(raw_has(fd, "hello hop/1 director d1 abc\n"));
	return fd;
}

static void
hello_both_ways_then_lines(void)
{
	struct peer_listener *l;
	struct peer *p;

	start();
	l = listen_at(&t.at);
	t.b->conf.gives = "load,path";
	p = peer_connect(&t.b->conf, &t.at, 1);
	CU_ASSERT_FALSE(peer_is_up(p));
	peer_send(p, "say too-early");
	UNTIL(t.a->ups == 1 && t.b->ups == 1);
	CU_ASSERT_EQUAL(peer_role(t.a->peer), ROLE_FRONTEND);
	CU_ASSERT_STRING_EQUAL(peer_id(t.a->peer), "f1");
	CU_ASSERT_STRING_EQUAL(peer_id(p), "d1");
	CU_ASSERT_STRING_EQUAL(peer_hash(p), "abc");
	CU_ASSERT_TRUE(peer_gives(t.a->peer, "load"));
	CU_ASSERT_TRUE(peer_gives(t.a->peer, "path"));
	CU_ASSERT_FALSE(peer_gives(t.a->peer, "pat"));
	CU_ASSERT_FALSE(peer_gives(p, "load"));
	peer_send(p, "say %s x=%d", "one", 1);
	peer_send_text(t.a->peer, "say two", 7);
	UNTIL(t.a->got[0] && t.b->got[0]);
	CU_ASSERT_STRING_EQUAL(t.a->got, "one x=1 \n");
	CU_ASSERT_STRING_EQUAL(t.b->got, "two \n");
	peer_free(&p);
	CU_ASSERT_PTR_NULL(p);
	UNTIL(t.a->downs == 1);
	CU_ASSERT_STRING_EQUAL(t.a->why, "disconnected");
	CU_ASSERT_EQUAL(peer_listener_peers(l), 0);
	CU_ASSERT_EQUAL(t.b->downs, 0);
	peer_listener_free(&l);
	stop();
}

static void
the_connecting_side_speaks_first(void)
{
	struct peer_listener *l;
	int fd;

	start();
	l = listen_at(&t.at);
	fd = raw_connect();
	raw_clear();
	UNTIL(peer_listener_peers(l) == 1);
	CU_ASSERT_FALSE(raw_has(fd, "h"));
	CU_ASSERT_EQUAL(raw_len, 0);
	raw_say(fd, "hello hop/1 collector c -\n");
	UNTIL(raw_has(fd, "hello hop/1 director d1 abc\n"));
	(void)close(fd);
	peer_listener_free(&l);
	stop();
}

static void
bad_hellos_are_refused_with_a_reason(void)
{
	static const struct {
		const char *say, *answer;
	} cases[] = {
	    {"hello hop/2 control c -\n", "error this side speaks hop/1"},
	    {"hello hop/1 king c -\n", "error unknown role"},
	    {"hello hop/1 control c\n", "error hello needs"},
	    {"hello hop/1 control c - x\n", "error hello needs"},
	    {"hello hop/1 control c:d -\n", "error the id"},
	    {"hello hop/1 control c /\n", "error the hash"},
	    {"hello hop/1 control c - gives="
	     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	     "x\n",
		"error gives= of hello is too long"},
	    {"say hello\n", "error say hello first"},
	    {"beat\n", "error say hello first"},
	    {"\n", "error empty line"},
	    {"GET / HTTP/1.1\r\n", "error a byte"},
	    {"\x16\x03\x01\x02\n", "error a byte"},
	};
	struct peer_listener *l;
	uint64_t before = peer_refused();
	size_t i;
	int fd;

	start();
	l = listen_at(&t.at);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fd = raw_connect();
		raw_clear();
		raw_say(fd, cases[i].say);
		UNTIL(raw_ended(fd));
		CU_ASSERT_PTR_NOT_NULL(strstr(raw_text, cases[i].answer));
		(void)close(fd);
	}
	CU_ASSERT_EQUAL(t.a->ups, 0);
	CU_ASSERT_EQUAL(t.a->downs, 0);
	CU_ASSERT_EQUAL(peer_listener_peers(l), 0);
	CU_ASSERT_EQUAL(peer_refused() - before, i);
	peer_listener_free(&l);
	stop();
}

static void
who_says_no_hello_in_time_is_closed(void)
{
	struct peer_listener *l;
	int fd;

	start();
	quick_beats();
	l = listen_at(&t.at);
	fd = raw_connect();
	raw_clear();
	UNTIL(raw_ended(fd));
	CU_ASSERT_EQUAL(peer_listener_peers(l), 0);
	(void)close(fd);
	peer_listener_free(&l);
	stop();
}

static void
who_is_silent_for_three_beats_is_dead(void)
{
	struct peer_listener *l;
	struct mono from;
	int fd;

	start();
	quick_beats();
	l = listen_at(&t.at);
	fd = raw_hello("frontend");
	from = mono_now();
	UNTIL(t.a->downs == 1);
	CU_ASSERT(mono_ms(mono_now(), from) >= 2 * QUICK);
	CU_ASSERT_STRING_EQUAL(t.a->why, "silent");
	(void)close(fd);
	peer_listener_free(&l);
	stop();
}

static void
beats_keep_a_peer_alive(void)
{
	struct peer_counters c;
	struct peer_listener *l;
	struct peer *p;

	start();
	quick_beats();
	l = listen_at(&t.at);
	p = peer_connect(&t.b->conf, &t.at, 1);
	UNTIL((peer_counters(p, &c), c.lines_in >= 12));
	CU_ASSERT_EQUAL(t.a->downs + t.b->downs, 0);
	CU_ASSERT(c.lines_out >= 8);
	CU_ASSERT_EQUAL(t.a->got[0], '\0');
	peer_free(&p);
	peer_listener_free(&l);
	stop();
}

static void
a_new_configuration_is_told_with_the_next_beat(void)
{
	struct peer_listener *l;
	struct peer *p;

	start();
	quick_beats();
	l = listen_at(&t.at);
	p = peer_connect(&t.b->conf, &t.at, 1);
	UNTIL(t.a->ups == 1 && t.b->ups == 1);
	CU_ASSERT_FALSE(peer_is_skewed(p));
	t.a->conf.hash = "def";
	CU_ASSERT(peer_is_skewed(t.a->peer));
	UNTIL(strcmp(peer_hash(p), "def") == 0);
	CU_ASSERT(peer_is_skewed(p));
	CU_ASSERT_STRING_EQUAL(peer_hash(t.a->peer), "abc");
	t.b->conf.hash = "def";
	UNTIL(strcmp(peer_hash(t.a->peer), "def") == 0);
	CU_ASSERT_FALSE(peer_is_skewed(p));
	CU_ASSERT_FALSE(peer_is_skewed(t.a->peer));
	CU_ASSERT_EQUAL(t.a->downs + t.b->downs, 0);
	peer_free(&p);
	peer_listener_free(&l);
	stop();
}

static void
a_beat_with_a_bad_config_is_an_error_and_changes_nothing(void)
{
	struct peer_listener *l;
	int fd;

	start();
	l = listen_at(&t.at);
	fd = raw_hello("frontend");
	raw_say(fd, "beat config=0f0f\nbeat other=1\nbeat config=a/b\n");
	UNTIL(raw_has(fd, "error the config= of beat is not hex, or -\n"));
	CU_ASSERT_STRING_EQUAL(peer_hash(t.a->peer), "0f0f");
	(void)close(fd);
	UNTIL(t.a->downs == 1);
	peer_listener_free(&l);
	stop();
}

/* A process that was stopped must not take the others for dead. */
static void
a_stall_of_our_own_kills_nobody(void)
{
	struct peer_counters c;
	struct peer_listener *l;
	struct peer *p;
	uint64_t lines;

	start();
	quick_beats();
	l = listen_at(&t.at);
	p = peer_connect(&t.b->conf, &t.at, 1);
	UNTIL(t.a->ups == 1 && t.b->ups == 1);
	peer_counters(p, &c);
	lines = c.lines_in;
	mono_fake(mono_add_ms(mono_now(), 3600000));
	UNTIL((peer_counters(p, &c), c.lines_in >= lines + 5));
	CU_ASSERT_EQUAL(t.a->downs + t.b->downs, 0);
	mono_fake((struct mono){0});
	peer_free(&p);
	peer_listener_free(&l);
	stop();
}

static void
the_verb_table_is_kept_to(void)
{
	struct peer_listener *l;
	int fd;

	start();
	l = listen_at(&t.at);
	fd = raw_hello("frontend");
	raw_say(fd, "what is this\ntwo 1\ntwo 1 2 3\nsecret\ntwo a b k=v\n"
		    "bad luck\nsay  x\nhello hop/1 frontend x -\n");
	UNTIL(raw_has(fd, "unknown verb hello"));
	CU_ASSERT_PTR_NOT_NULL(
	    strstr(raw_text, "error unknown verb what\n"
			     "error two needs at least 2 fields, has 1\n"
			     "error two takes at most 2 fields, has 3\n"
			     "error secret is not for the role frontend\n"
			     "error no luck\n"
			     "error malformed line: empty field"));
	CU_ASSERT_STRING_EQUAL(t.a->got, "a b k=v \n");
	CU_ASSERT_EQUAL(t.a->downs, 0);
	(void)close(fd);
	fd = raw_hello("control");
	raw_say(fd, "secret\n");
	UNTIL(strcmp(t.a->got, "a b k=v \n\n") == 0);
	(void)close(fd);
	peer_listener_free(&l);
	stop();
}

static void
a_hundred_bad_lines_in_a_row_close(void)
{
	struct peer_listener *l;
	int fd, i;

	start();
	l = listen_at(&t.at);
	fd = raw_hello("frontend");
	for (i = 0; i < 99; i++)
		raw_say(fd, "garbage\n");
	raw_say(fd, "say fine\n");
	for (i = 0; i < 99; i++)
		raw_say(fd, i % 2 ? "bad luck\n" : "say  two-spaces\n");
	UNTIL(strcmp(t.a->got, "fine \n") == 0);
	CU_ASSERT_EQUAL(t.a->downs, 0);
	raw_say(fd, "garbage\nsay never\n");
	UNTIL(t.a->downs == 1);
	CU_ASSERT_STRING_EQUAL(t.a->why, "protocol-error");
	UNTIL(raw_ended(fd));
	CU_ASSERT_PTR_NOT_NULL(strstr(raw_text, "error 100 bad lines"));
	CU_ASSERT_STRING_EQUAL(t.a->got, "fine \n");
	(void)close(fd);
	peer_listener_free(&l);
	stop();
}

/* Bytes may come in any portions. */
static void
push(int fd, const char *bytes, size_t n, size_t portion)
{
	size_t at = 0, k;
	ssize_t r;

	while (at < n && t.a->downs == 0) {
		k = n - at < portion ? n - at : portion;
		r = send(fd, bytes + at, k, MSG_NOSIGNAL);
		if (r > 0)
			at += (size_t)r;
		(void)event_base_loop(t.base, EVLOOP_NONBLOCK);
	}
}

static void
lines_may_come_byte_by_byte(void)
{
	static const char text[] = "say one\nsay two k=v\nsay three\n";
	struct peer_listener *l;
	int fd;

	start();
	l = listen_at(&t.at);
	fd = raw_hello("frontend");
	push(fd, text, sizeof(text) - 1, 1);
	UNTIL(strcmp(t.a->got, "one \ntwo k=v \nthree \n") == 0);
	(void)close(fd);
	peer_listener_free(&l);
	stop();
}

static void
a_line_of_64_KiB_passes_and_one_more_byte_closes(void)
{
	static char big[LINE_MAX_BYTES + 1];
	struct peer_listener *l;
	int fd;

	start();
	l = listen_at(&t.at);
	fd = raw_hello("frontend");
	memset(big, 'x', sizeof(big));
	memcpy(big, "say ", 4);
	big[LINE_MAX_BYTES - 1] = '\n';
	push(fd, big, LINE_MAX_BYTES, 7000);
	UNTIL(strlen(t.a->got) == LINE_MAX_BYTES - 5 + 2);
	CU_ASSERT_EQUAL(t.a->downs, 0);
	big[LINE_MAX_BYTES - 1] = 'x';
	big[LINE_MAX_BYTES] = '\n';
	push(fd, big, LINE_MAX_BYTES + 1, 50000);
	UNTIL(t.a->downs == 1);
	CU_ASSERT_STRING_EQUAL(t.a->why, "protocol-error");
	(void)close(fd);
	peer_listener_free(&l);
	stop();
}

static void
lines_of_one_turn_leave_in_one_write(void)
{
	struct peer_listener *l;
	int fd;

	start();
	l = listen_at(&t.at);
	t.a->conf.beat_ms = 10000;
	fd = raw_hello("frontend");
	raw_clear();
	raw_say(fd, "flood\n");
	UNTIL(raw_has(fd, "say 0\n"));
	/* The first read has it all: 10 * 6 + 90 * 7 + 900 * 8 bytes. */
	CU_ASSERT_EQUAL(raw_len, 7890);
	(void)close(fd);
	peer_listener_free(&l);
	stop();
}

static void
who_does_not_read_is_cut_off(void)
{
	struct peer_counters c;
	struct peer_listener *l;
	char text[1000];
	size_t most = 0;
	int fd, i;

	start();
	t.a->conf.queue_max = 100000;
	l = listen_at(&t.at);
	fd = raw_hello("frontend");
	memset(text, 'x', sizeof(text));
	for (i = 0; i < 10000 && t.a->downs == 0; i++) {
		peer_send_text(t.a->peer, text, sizeof(text));
		peer_counters(t.a->peer, &c);
		most = c.queued > most ? c.queued : most;
		if (c.queued > 100000)
			UNTIL(t.a->downs == 1);
	}
	CU_ASSERT_EQUAL(t.a->downs, 1);
	CU_ASSERT(most <= 102000);
	(void)close(fd);
	peer_listener_free(&l);
	stop();
}

/* Ask for a thousand floods in one write. */
static void
raw_floods(int fd)
{
	char text[6001];
	int i;

	for (i = 0; i < 1000; i++)
		memcpy(text + 6 * i, "flood\n", 6);
	text[6000] = '\0';
	raw_say(fd, text);
}

/* A thousand floods are asked for at once: their answers, 7.9 kB each, would
 * be far more than the queue may hold. */
static void
who_asks_faster_than_it_reads_is_heard_later(void)
{
	struct peer_counters c;
	struct peer_listener *l;
	size_t total = 0, most = 0;
	int fd;

	start();
	t.a->conf.queue_max = 3000000;
	l = listen_at(&t.at);
	fd = raw_hello("frontend");
	raw_floods(fd);
	raw_say(fd, "say end\n");
	while (strcmp(t.a->got, "end \n") != 0 && t.a->downs == 0) {
		(void)event_base_loop(t.base, EVLOOP_ONCE);
		if (t.a->downs > 0)
			break;
		peer_counters(t.a->peer, &c);
		most = c.queued > most ? c.queued : most;
		raw_clear();
		(void)raw_has(fd, NULL);
		total += raw_len;
	}
	CU_ASSERT_EQUAL(t.a->downs, 0);
	CU_ASSERT(most >= 1 << 20);
	CU_ASSERT(most < 1100000);
	UNTIL((raw_clear(), (void)raw_has(fd, NULL), total += raw_len,
	    total >= 1000 * 7890));
	(void)close(fd);
	peer_listener_free(&l);
	stop();
}

static void
who_asks_and_reads_nothing_at_all_is_silent(void)
{
	struct peer_listener *l;
	int fd;

	start();
	quick_beats();
	l = listen_at(&t.at);
	fd = raw_hello("frontend");
	raw_floods(fd);
	UNTIL(t.a->downs == 1);
	CU_ASSERT_STRING_EQUAL(t.a->why, "silent");
	(void)close(fd);
	peer_listener_free(&l);
	stop();
}

/* What was blocked leaves when the reader comes back, all of it. */
static void
a_slow_reader_gets_all(void)
{
	struct peer_listener *l;
	char text[1000];
	int fd, i;
	size_t total = 0;

	start();
	t.a->conf.beat_ms = 10000;
	l = listen_at(&t.at);
	fd = raw_hello("frontend");
	memset(text, 'x', sizeof(text));
	for (i = 0; i < 2000; i++)
		peer_send_text(t.a->peer, text, sizeof(text));
	raw_clear();
	while (total < 2002000 && t.a->downs == 0) {
		(void)event_base_loop(t.base, EVLOOP_ONCE);
		raw_clear();
		(void)raw_has(fd, NULL);
		total += raw_len;
	}
	CU_ASSERT_EQUAL(total, 2002000);
	(void)close(fd);
	peer_listener_free(&l);
	stop();
}

static void
a_verb_may_free_its_own_peer_and_the_error_arrives(void)
{
	struct peer_listener *l;
	int fd;

	start();
	l = listen_at(&t.at);
	fd = raw_hello("frontend");
	raw_say(fd, "say before\ndrop\nsay after\n");
	UNTIL(raw_ended(fd));
	CU_ASSERT_PTR_NOT_NULL(strstr(raw_text, "error go away\n"));
	CU_ASSERT_STRING_EQUAL(t.a->got, "before \n");
	CU_ASSERT_EQUAL(t.a->downs, 0);
	CU_ASSERT_EQUAL(peer_listener_peers(l), 0);
	(void)close(fd);
	peer_listener_free(&l);
	stop();
}

static void
free_it(struct side *s, struct peer *p)
{
	s->peer = NULL;
	peer_free(&p);
}

static void
on_up_may_free_its_peer(void)
{
	struct peer_listener *l;

	start();
	l = listen_at(&t.at);
	t.b->hook = free_it;
	(void)peer_connect(&t.b->conf, &t.at, 1);
	UNTIL(t.b->ups == 1 && t.a->downs == 1);
	CU_ASSERT_EQUAL(t.b->downs, 0);
	CU_ASSERT_EQUAL(peer_listener_peers(l), 0);
	peer_listener_free(&l);
	stop();
}

static void
free_on_down(struct peer *p, const char *why, void *arg)
{
	on_down(p, why, arg);
	peer_free(&p);
}

static void
on_down_and_on_fail_may_free_their_peer(void)
{
	struct peer_listener *l;

	start();
	l = listen_at(&t.at);
	t.a->conf.on_down = free_on_down;
	t.b->conf.on_down = free_on_down;
	t.b->conf.on_fail = free_on_down;
	(void)peer_connect(&t.b->conf, &t.at, 1);
	UNTIL(t.a->ups == 1 && t.b->ups == 1);
	peer_listener_free(&l);
	UNTIL(t.b->downs == 1);
	(void)peer_connect(&t.b->conf, &t.at, 1);
	UNTIL(t.b->downs == 2);
	l = listen_at(&t.at);
	t.b->conf.on_down = on_down;
	t.b->peer = peer_connect(&t.b->conf, &t.at, 1);
	UNTIL(t.a->ups == 2);
	peer_free(&t.b->peer);
	UNTIL(t.a->downs == 1);
	peer_listener_free(&l);
	stop();
}

static void
a_connecting_peer_comes_back_by_itself(void)
{
	struct peer_listener *l;
	struct peer *p;

	start();
	p = peer_connect(&t.b->conf, &t.at, 1);
	UNTIL(t.b->fails >= 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(t.b->why, t.path));
	CU_ASSERT_PTR_NOT_NULL(strstr(t.b->why, "No such file"));
	l = listen_at(&t.at);
	UNTIL(t.b->ups == 1);
	peer_listener_free(&l);
	UNTIL(t.b->downs == 1);
	CU_ASSERT_FALSE(peer_is_up(p));
	l = listen_at(&t.at);
	UNTIL(t.b->ups == 2 && t.a->ups == 2);
	peer_send(p, "say again");
	UNTIL(strcmp(t.a->got, "again \n") == 0);
	peer_free(&p);
	peer_listener_free(&l);
	stop();
}

static void
tries_pause_longer_and_longer(void)
{
	struct peer *p;
	struct mono from;

	start();
	p = peer_connect(&t.b->conf, &t.at, 1);
	from = mono_now();
	UNTIL(t.b->fails == 4); /* after pauses of 100, 200, 400 ms */
	CU_ASSERT(mono_ms(mono_now(), from) >= 525);
	CU_ASSERT(mono_ms(mono_now(), from) <= 4000);
	peer_free(&p);
	stop();
}

static void
the_next_endpoint_is_tried_at_once(void)
{
	char nobody[128];
	struct listen_lines to[2];
	struct peer_listener *l;
	struct peer *p;

	start();
	(void)snprintf(nobody, sizeof(nobody), "%s/nobody.sock", t.dir);
	to[0] = (struct listen_lines){.socket = nobody};
	to[1] = t.at;
	l = listen_at(&t.at);
	p = peer_connect(&t.b->conf, to, 2);
	UNTIL(t.b->ups == 1);
	CU_ASSERT_EQUAL(t.b->fails, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(peer_where(p), t.path));
	peer_free(&p);
	peer_listener_free(&l);
	stop();
}

static void
other_endpoints_hold_from_the_next_connection_on(void)
{
	char path[2][110];
	struct listen_lines other[2] = {
	    {.socket = path[0]}, {.socket = path[1]}};
	struct peer_listener *l, *m;
	struct peer *p;

	start();
	quick_beats();
	(void)snprintf(path[0], sizeof(path[0]), "%s.new", t.path);
	(void)snprintf(path[1], sizeof(path[1]), "%s", t.path);
	l = listen_at(&t.at);
	m = listen_at(&other[0]);
	p = peer_connect(&t.b->conf, &t.at, 1);
	UNTIL(t.b->ups == 1);
	/* It is where it may be, though no longer in the first place. */
	CU_ASSERT(peer_set_endpoints(p, other, 2));
	CU_ASSERT(peer_is_up(p));
	CU_ASSERT_FALSE(peer_set_endpoints(p, other, 1));
	CU_ASSERT(peer_is_up(p));
	peer_listener_free(&l);
	UNTIL(t.b->ups == 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(peer_where(p), ".new"));
	peer_free(&p);
	peer_listener_free(&m);
	stop();
}

static void
the_other_side_says_why_it_refuses(void)
{
	struct peer_listener *l;
	struct peer *p;

	start();
	l = listen_at(&t.at);
	t.b->conf.id = "not/good";
	p = peer_connect(&t.b->conf, &t.at, 1);
	UNTIL(t.b->fails == 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(t.b->why, "the id of hello"));
	peer_free(&p);
	peer_listener_free(&l);
	stop();
}

static void
data_forges_no_line(void)
{
	static char big[LINE_MAX_BYTES];
	struct peer_listener *l;
	struct peer *p;

	start();
	l = listen_at(&t.at);
	p = peer_connect(&t.b->conf, &t.at, 1);
	UNTIL(t.a->ups == 1 && t.b->ups == 1);
	peer_send(p, "say %s", "a\nsay b");
	memset(big, 'x', sizeof(big));
	peer_send_text(p, big, sizeof(big)); /* too long: left out */
	big[sizeof(big) - 1] = '\0';
	peer_send(p, "say %s", big); /* too long as well */
	peer_send(p, "say end");
	UNTIL(strstr(t.a->got, "end") != NULL);
	CU_ASSERT_STRING_EQUAL(t.a->got, "a?say b \nend \n");
	peer_free(&p);
	peer_listener_free(&l);
	stop();
}

static void
an_error_line_is_free_text(void)
{
	struct peer_listener *l;
	int fd;

	start();
	l = listen_at(&t.at);
	fd = raw_hello("frontend");
	raw_say(fd, "error no  server a=b, c=d\nerror\nerror \n"
		    "error \x1b[31mred\xff\nerrors\n");
	UNTIL(raw_has(fd, "error unknown verb errors"));
	CU_ASSERT_STRING_EQUAL(
	    t.a->got, "[no  server a=b, c=d]\n[]\n[]\n[?[31mred?]\n");
	(void)close(fd);
	peer_listener_free(&l);
	stop();
}

static void
places_are_bounded_and_hello_comes_first(void)
{
	struct peer_listener *l;
	int fd[3];

	start();
	t.a->conf.beat_ms = 10000;
	t.a->conf.peers_max = 2;
	l = listen_at(&t.at);
	fd[0] = raw_hello("frontend");
	fd[1] = raw_connect(); /* says nothing */
	UNTIL(peer_listener_peers(l) == 2);
	fd[2] = raw_hello("frontend"); /* takes its place */
	raw_clear();
	UNTIL(raw_ended(fd[1]));
	(void)close(fd[1]);
	fd[1] = raw_connect();
	raw_clear();
	UNTIL(raw_ended(fd[1]));
	CU_ASSERT_STRING_EQUAL(raw_text, "error too many peers\n");
	CU_ASSERT_EQUAL(peer_listener_peers(l), 2);
	CU_ASSERT_EQUAL(t.a->downs, 0);
	(void)close(fd[0]);
	(void)close(fd[1]);
	(void)close(fd[2]);
	peer_listener_free(&l);
	stop();
}

static void
unix_sockets_are_for_owner_and_group(void)
{
	struct peer_listener *l;
	struct stat st;
	mode_t mask;

	start();
	mask = umask(0);
	l = listen_at(&t.at);
	CU_ASSERT_EQUAL(umask(mask), 0);
	CU_ASSERT_EQUAL(stat(t.path, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 07777, 0660);
	CU_ASSERT_EQUAL(peer_listener_port(l), 0);
	peer_listener_free(&l);
	CU_ASSERT_EQUAL(stat(t.path, &st), -1);
	stop();
}

static void
expect_no_listen(const struct listen_lines *at, const char *text)
{
	char why[400] = "";
	struct peer_listener *l = peer_listen(&t.a->conf, at, why, sizeof(why));

	CU_ASSERT_PTR_NULL(l);
	if (strstr(why, text) == NULL)
		printf("\"%s\" lacks \"%s\"\n", why, text);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, text));
	peer_listener_free(&l);
}

static void
a_stale_socket_is_replaced_and_one_in_use_is_not(void)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct peer_listener *l;
	int fd;

	start();
	(void)snprintf(un.sun_path, sizeof(un.sun_path), "%s", t.path);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	CU_ASSERT_EQUAL(bind(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	CU_ASSERT_EQUAL(listen(fd, 1), 0);
	expect_no_listen(&t.at, "in use by another process");
	(void)close(fd); /* as a crash leaves it */
	l = listen_at(&t.at);
	expect_no_listen(&t.at, "in use by another process");
	peer_listener_free(&l);
	stop();
}

static void
endpoints_that_cannot_be_say_why(void)
{
	char path[200];
	struct listen_lines at = {.socket = path};
	int fd;

	start();
	(void)snprintf(path, sizeof(path), "%s/none/a.sock", t.dir);
	expect_no_listen(&at, "directory is missing");
	expect_no_listen(&at, path);
	memset(path, 'x', 150);
	path[150] = '\0';
	expect_no_listen(&at, "too long");
	fd = open(t.path, O_CREAT | O_WRONLY, 0600);
	(void)close(fd);
	expect_no_listen(&t.at, "no socket");
	at = (struct listen_lines){.port = 1};
	CU_ASSERT_EQUAL(addr_parse("0.0.0.0", &at.addr), 0);
	expect_no_listen(&at, "loopback only");
	CU_ASSERT_EQUAL(addr_parse("192.0.2.1", &at.addr), 0);
	expect_no_listen(&at, "loopback only");
	at.tls = true;
	expect_no_listen(&at, "no <tls>");
	stop();
}

static void
tcp_on_loopback_needs_no_tls(void)
{
	static const char *const addrs[] = {"127.0.0.1", "127.1.2.3", "::1"};
	struct listen_lines at = {0};
	struct peer_listener *l;
	struct peer *p;
	size_t i;

	for (i = 0; i < 3; i++) {
		start();
		CU_ASSERT_EQUAL(addr_parse(addrs[i], &at.addr), 0);
		at.port = 0;
		l = listen_at(&at);
		at.port = peer_listener_port(l);
		CU_ASSERT_NOT_EQUAL(at.port, 0);
		expect_no_listen(&at, "in use");
		p = peer_connect(&t.b->conf, &at, 1);
		UNTIL(t.a->ups == 1 && t.b->ups == 1);
		CU_ASSERT_PTR_NOT_NULL(strstr(peer_where(p), addrs[i]));
		peer_send(p, "say tcp");
		UNTIL(strcmp(t.a->got, "tcp \n") == 0);
		peer_free(&p);
		peer_listener_free(&l);
		stop();
	}
}

static void
tcp_to_elsewhere_without_tls_is_not_tried(void)
{
	struct listen_lines to = {.port = 26559};
	struct peer *p;

	start();
	CU_ASSERT_EQUAL(addr_parse("192.0.2.1", &to.addr), 0);
	p = peer_connect(&t.b->conf, &to, 1);
	UNTIL(t.b->fails == 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(t.b->why, "loopback only"));
	peer_free(&p);
	to.tls = true;
	p = peer_connect(&t.b->conf, &to, 1);
	UNTIL(t.b->fails == 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(t.b->why, "no <tls>"));
	peer_free(&p);
	stop();
}

static void
refused_tcp_says_so(void)
{
	struct listen_lines to = {0};
	struct peer_listener *l;
	struct peer *p;

	start();
	CU_ASSERT_EQUAL(addr_parse("127.0.0.1", &to.addr), 0);
	l = listen_at(&to);
	to.port = peer_listener_port(l);
	peer_listener_free(&l);
	p = peer_connect(&t.b->conf, &to, 1);
	UNTIL(t.b->fails == 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(t.b->why, "Connection refused"));
	CU_ASSERT_PTR_NOT_NULL(strstr(t.b->why, "127.0.0.1:"));
	peer_free(&p);
	stop();
}

/* TLS: certificates of two authorities, made by openssl for this run. */

static char tls_dir[64];

static void openssl(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void
openssl(const char *fmt, ...)
{
	char args[600], command[800];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(args, sizeof(args), fmt, ap);
	va_end(ap);
	(void)snprintf(command, sizeof(command),
	    "cd %s && openssl %s >/dev/null 2>&1", tls_dir, args);
	CU_ASSERT_EQUAL_FATAL(system(command), 0);
}

static void
authority(const char *ca)
{
	openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
		"-days 2 -subj /CN=%s -keyout %s.key -out %s.pem",
	    ca, ca, ca);
}

static void
certificate(const char *who, const char *ca, const char *san)
{
	openssl("req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
		"-subj /CN=%s -addext subjectAltName=%s -keyout %s.key "
		"-out %s.csr",
	    who, san, who, who);
	openssl("x509 -req -in %s.csr -CA %s.pem -CAkey %s.key -days 2 "
		"-copy_extensions copy -out %s.pem",
	    who, ca, ca, who);
}

static void
make_certificates(void)
{
	(void)snprintf(tls_dir, sizeof(tls_dir), "/tmp/peer_tls.XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(tls_dir));
	authority("ca");
	authority("other");
	certificate("d1", "ca", "URI:hopscotch:role:director");
	certificate("f1", "ca",
	    "DNS:f1,URI:urn:x,URI:hopscotch:role:frontend,"
	    "URI:hopscotch:role:control");
	certificate("m1", "ca", "URI:hopscotch:role:manager");
	certificate("n1", "ca", "DNS:n1");
	certificate("x1", "other", "URI:hopscotch:role:frontend");
}

static struct tls
tls_of(const char *who, const char *ca)
{
	char path[3][128];

	(void)snprintf(path[0], sizeof(path[0]), "%s/%s.pem", tls_dir, who);
	(void)snprintf(path[1], sizeof(path[1]), "%s/%s.key", tls_dir, who);
	(void)snprintf(path[2], sizeof(path[2]), "%s/%s.pem", tls_dir, ca);
	return (struct tls){
	    mem_text(path[0]), mem_text(path[1]), mem_text(path[2])};
}

static void
tls_drop(struct tls *tls)
{
	free(tls->cert);
	free(tls->key);
	free(tls->ca);
}

/* A TLS listener on a free port; *at becomes its endpoint. */
static struct peer_listener *
listen_tls(struct listen_lines *at, const struct tls *tls)
{
	struct peer_listener *l;

	t.a->conf.tls = tls;
	*at = (struct listen_lines){.tls = true};
	CU_ASSERT_EQUAL(addr_parse("127.0.0.1", &at->addr), 0);
	l = listen_at(at);
	at->port = peer_listener_port(l);
	return l;
}

static void
tls_carries_lines_both_ways(void)
{
	struct peer_counters c;
	struct listen_lines at;
	struct tls mine, theirs;
	struct peer_listener *l;
	struct peer *p;
	int i;

	start();
	mine = tls_of("d1", "ca");
	theirs = tls_of("f1", "ca");
	l = listen_tls(&at, &mine);
	t.b->conf.tls = &theirs;
	p = peer_connect(&t.b->conf, &at, 1);
	UNTIL(t.a->ups == 1 && t.b->ups == 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(peer_where(p), " tls"));
	for (i = 0; i < 2000; i++) {
		peer_send(p, "say a %026d", i);
		peer_send(t.a->peer, "say b %026d", i);
	}
	UNTIL(strlen(t.a->got) == 2000 * 30 && strlen(t.b->got) == 2000 * 30);
	CU_ASSERT_PTR_NOT_NULL(strstr(t.a->got, "01999 \n"));
	/* Far more than the sockets hold, both ways at once, some of it asked
	 * for: 200 * 7.9 kB and 3 MB. */
	for (i = 0; i < 3000; i++) {
		peer_send(p, "say %01000d", i);
		peer_send(t.a->peer, "say %01000d", i);
		if (i % 15 == 0)
			peer_send(p, "flood");
	}
	UNTIL((peer_counters(p, &c), c.lines_in >= 2000 + 3000 + 200000));
	UNTIL((peer_counters(t.a->peer, &c), c.lines_in >= 2000 + 3200));
	CU_ASSERT_EQUAL(t.a->downs + t.b->downs, 0);
	peer_free(&p);
	UNTIL(t.a->downs == 1);
	peer_listener_free(&l);
	tls_drop(&mine);
	tls_drop(&theirs);
	stop();
}

/* Connect to director d1 with a certificate; what the two sides said. */
static void
expect_tls(const char *server, const char *who, const char *ca,
    enum peer_role role, const char *why)
{
	struct listen_lines at;
	struct tls mine, theirs;
	struct peer_listener *l;
	struct peer *p;

	start();
	mine = tls_of(server, "ca");
	theirs = tls_of(who, ca);
	l = listen_tls(&at, &mine);
	t.b->conf.tls = &theirs;
	t.b->conf.role = role;
	p = peer_connect(&t.b->conf, &at, 1);
	UNTIL(t.b->ups == 1 || t.b->fails > 0);
	if (why == NULL) {
		CU_ASSERT_EQUAL(t.b->ups, 1);
	} else {
		CU_ASSERT_EQUAL(t.b->ups, 0);
		if (strstr(t.b->why, why) == NULL)
			printf("\"%s\" lacks \"%s\"\n", t.b->why, why);
		CU_ASSERT_PTR_NOT_NULL(strstr(t.b->why, why));
	}
	peer_free(&p);
	peer_listener_free(&l);
	tls_drop(&mine);
	tls_drop(&theirs);
	stop();
}

static void
the_role_of_hello_must_be_in_the_certificate(void)
{
	expect_tls("d1", "f1", "ca", ROLE_FRONTEND, NULL);
	expect_tls("d1", "f1", "ca", ROLE_CONTROL, NULL);
	expect_tls("d1", "f1", "ca", ROLE_MANAGER, "certificate has no name");
	expect_tls("d1", "n1", "ca", ROLE_FRONTEND, "certificate has no name");
	/* The accepting side says it is a director: m1 may not. */
	expect_tls("m1", "f1", "ca", ROLE_FRONTEND, "certificate has no name");
}

static void
a_certificate_of_another_authority_is_refused(void)
{
	/* They do not trust ours ... */
	expect_tls("d1", "f1", "other", ROLE_FRONTEND, "their certificate");
	/* ... or we do not trust theirs. */
	expect_tls("d1", "x1", "ca", ROLE_FRONTEND, "alert");
}

static void
tls_needs_a_certificate_and_1_2(void)
{
	static const char *const options[] = {
	    "-cert f1.pem -key f1.key -tls1_2", /* the only good one */
	    "-cert f1.pem -key f1.key -tls1_1",
	    "-tls1_2",
	    "-tls1_3",
	};
	struct listen_lines at;
	struct tls mine;
	struct peer_listener *l;
	char command[600], out[100];
	FILE *f;
	size_t i;

	start();
	mine = tls_of("d1", "ca");
	l = listen_tls(&at, &mine);
	for (i = 0; i < 4; i++) {
		(void)snprintf(command, sizeof(command),
		    "cd %s && (printf 'hello hop/1 control x -\\n'; sleep 0.3) "
		    "| timeout 5 openssl s_client -quiet -no_ign_eof -connect "
		    "127.0.0.1:%u -CAfile ca.pem -cipher ALL:@SECLEVEL=0 %s "
		    "2>/dev/null",
		    tls_dir, at.port, options[i]);
		f = popen(command, "r");
		CU_ASSERT_PTR_NOT_NULL_FATAL(f);
		(void)fcntl(fileno(f), F_SETFL, O_NONBLOCK);
		memset(out, 0, sizeof(out));
		UNTIL(read(fileno(f), out, sizeof(out) - 1) != -1);
		CU_ASSERT_EQUAL(strncmp(out, "hello hop/1", 11) == 0, i == 0);
		CU_ASSERT_EQUAL(t.a->ups, 1);
		(void)pclose(f);
	}
	peer_listener_free(&l);
	tls_drop(&mine);
	stop();
}

static void
tls_files_that_cannot_be_used_say_why(void)
{
	struct listen_lines at = {.tls = true};
	struct tls tls;
	char key[128];

	start();
	CU_ASSERT_EQUAL(addr_parse("127.0.0.1", &at.addr), 0);
	t.a->conf.tls = &tls;
	tls = tls_of("d1", "nobody");
	expect_no_listen(&at, "CA file");
	tls_drop(&tls);
	tls = tls_of("nobody", "ca");
	expect_no_listen(&at, "nobody.key: No such file");
	tls_drop(&tls);
	tls = tls_of("d1", "ca");
	(void)snprintf(key, sizeof(key), "%s/d1.key", tls_dir);
	CU_ASSERT_EQUAL(chmod(key, 0640), 0);
	expect_no_listen(&at, "chmod 0600");
	CU_ASSERT_EQUAL(chmod(key, 0600), 0);
	free(tls.key);
	(void)snprintf(key, sizeof(key), "%s/f1.key", tls_dir);
	tls.key = mem_text(key);
	expect_no_listen(&at, "key values mismatch");
	/* Nobody writes to it: reading it would be waiting for ever. */
	free(tls.key);
	(void)snprintf(key, sizeof(key), "%s/pipe.key", tls_dir);
	CU_ASSERT_EQUAL(mkfifo(key, 0600), 0);
	tls.key = mem_text(key);
	expect_no_listen(&at, "is not a regular file");
	(void)unlink(key);
	tls_drop(&tls);
	stop();
}

/* Garbage where a handshake should be, and TLS where lines should be. */
static void
tls_and_plain_do_not_mix(void)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct listen_lines at;
	struct tls mine;
	struct peer_listener *l;
	struct peer *p;
	int fd;

	start();
	mine = tls_of("d1", "ca");
	l = listen_tls(&at, &mine);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	in.sin_port = htons(at.port);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CU_ASSERT_EQUAL(connect(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	raw_clear();
	raw_say(fd, "hello hop/1 control x -\n");
	UNTIL(raw_ended(fd));
	CU_ASSERT_EQUAL(t.a->ups, 0);
	(void)close(fd);
	peer_listener_free(&l);
	at.tls = false;
	l = listen_at(&at);
	at.tls = true;
	t.b->conf.tls = &mine;
	p = peer_connect(&t.b->conf, &at, 1);
	UNTIL(t.b->fails > 0);
	CU_ASSERT_EQUAL(t.a->ups, 0);
	peer_free(&p);
	peer_listener_free(&l);
	tls_drop(&mine);
	stop();
}

static void
remove_certificates(void)
{
	char command[100];

	(void)snprintf(command, sizeof(command), "rm -rf %s", tls_dir);
	CU_ASSERT_EQUAL(system(command), 0);
}

static void
the_default_socket_has_program_and_id(void)
{
	char path[128];

	CU_ASSERT_EQUAL(unsetenv("HOPSCOTCH_RUN"), 0);
	peer_default_socket("hopdirectord", "d1", path, sizeof(path));
	CU_ASSERT_STRING_EQUAL(path, "/run/hopscotch/hopdirectord-d1.sock");
	CU_ASSERT_EQUAL(setenv("HOPSCOTCH_RUN", "/tmp/lab", 1), 0);
	peer_default_socket("hopdirectord", "d1", path, sizeof(path));
	CU_ASSERT_STRING_EQUAL(path, "/tmp/lab/hopdirectord-d1.sock");
	CU_ASSERT_EQUAL(unsetenv("HOPSCOTCH_RUN"), 0);
}

#define T(name)             \
	{                   \
#name, name \
	}

static const struct unit_test tests[] = {
    T(hello_both_ways_then_lines),
    T(the_connecting_side_speaks_first),
    T(bad_hellos_are_refused_with_a_reason),
    T(who_says_no_hello_in_time_is_closed),
    T(who_is_silent_for_three_beats_is_dead),
    T(beats_keep_a_peer_alive),
    T(a_new_configuration_is_told_with_the_next_beat),
    T(a_beat_with_a_bad_config_is_an_error_and_changes_nothing),
    T(a_stall_of_our_own_kills_nobody),
    T(the_verb_table_is_kept_to),
    T(a_hundred_bad_lines_in_a_row_close),
    T(lines_may_come_byte_by_byte),
    T(a_line_of_64_KiB_passes_and_one_more_byte_closes),
    T(lines_of_one_turn_leave_in_one_write),
    T(who_does_not_read_is_cut_off),
    T(who_asks_faster_than_it_reads_is_heard_later),
    T(who_asks_and_reads_nothing_at_all_is_silent),
    T(a_slow_reader_gets_all),
    T(a_verb_may_free_its_own_peer_and_the_error_arrives),
    T(on_up_may_free_its_peer),
    T(on_down_and_on_fail_may_free_their_peer),
    T(a_connecting_peer_comes_back_by_itself),
    T(tries_pause_longer_and_longer),
    T(the_next_endpoint_is_tried_at_once),
    T(other_endpoints_hold_from_the_next_connection_on),
    T(the_other_side_says_why_it_refuses),
    T(data_forges_no_line),
    T(an_error_line_is_free_text),
    T(places_are_bounded_and_hello_comes_first),
    T(unix_sockets_are_for_owner_and_group),
    T(a_stale_socket_is_replaced_and_one_in_use_is_not),
    T(endpoints_that_cannot_be_say_why),
    T(tcp_on_loopback_needs_no_tls),
    T(tcp_to_elsewhere_without_tls_is_not_tried),
    T(refused_tcp_says_so),
    T(make_certificates),
    T(tls_carries_lines_both_ways),
    T(the_role_of_hello_must_be_in_the_certificate),
    T(a_certificate_of_another_authority_is_refused),
    T(tls_needs_a_certificate_and_1_2),
    T(tls_files_that_cannot_be_used_say_why),
    T(tls_and_plain_do_not_mix),
    T(remove_certificates),
    T(the_default_socket_has_program_and_id),
};

UNIT_MAIN("lib/peer", tests)
