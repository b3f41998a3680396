/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_DIRECTOR_WIRE_H
#define TESTS_DIRECTOR_WIRE_H

/* A director over real sockets, and clients that speak lines to it, in one
 * process and one loop. */

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "director/desk.h"
#include "lib/mem.h"
#include "tests/director/fixture.h"

#define PATIENCE_MS 5000

struct client {
	int fd;
	char *got; /* all that came, terminated */
	size_t n, seen;
};

/* A director of its own for each test. */
struct room {
	struct event_base *base;
	struct world *w;
	struct desk *desk;
	struct director self;
	struct listen_lines at;
	char dir[64], path[96];
};

static inline void
room_init(struct room *r, struct world *w)
{
	memset(r, 0, sizeof(*r));
	(void)snprintf(r->dir, sizeof(r->dir), "/tmp/hop-desk-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(r->dir));
	(void)snprintf(r->path, sizeof(r->path), "%s/d.sock", r->dir);
	r->w = w;
	r->at.socket = r->path;
	r->self = (struct director){.id = (char *)(uintptr_t) "d1",
	    .listen = &r->at,
	    .nlisten = 1,
	    .fresh_us = INT64_C(600000000),
	    .expire_us = INT64_C(86400000000),
	    .prefix4 = 24,
	    .prefix6 = 48};
	r->base = event_base_new();
	r->desk = desk_new(r->base, w, &r->self);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r->desk);
	r->desk->grace = (struct mono){0};
}

static inline void
room_fini(struct room *r)
{
	desk_free(&r->desk);
	event_base_free(r->base);
	(void)unlink(r->path);
	(void)rmdir(r->dir);
	world_free(&r->w);
}

static inline void
turn(struct room *r)
{
	struct timespec ms = {0, 1000000};

	(void)event_base_loop(r->base, EVLOOP_NONBLOCK);
	(void)nanosleep(&ms, NULL);
}

static inline void
take_in(struct client *c)
{
	char buf[16384];
	ssize_t n;

	while ((n = read(c->fd, buf, sizeof(buf))) > 0) {
		c->got = mem_resize(c->got, c->n + (size_t)n + 1, 1);
		memcpy(c->got + c->n, buf, (size_t)n);
		c->n += (size_t)n;
		c->got[c->n] = '\0';
	}
}

/* Wait until this text comes behind what was seen so far; what came until
 * then is seen. */
static inline const char *
until(struct room *r, struct client *c, const char *text)
{
	struct mono begun = mono_now();
	const char *at;

	while (mono_ms(mono_now(), begun) < PATIENCE_MS) {
		take_in(c);
		at = c->n > c->seen ? strstr(c->got + c->seen, text) : NULL;
		if (at != NULL && strchr(at, '\n') != NULL) {
			c->seen = (size_t)(strchr(at, '\n') + 1 - c->got);
			return at;
		}
		turn(r);
	}
	printf("did not come: %s; came: %s\n", text,
	    c->n > c->seen ? c->got + c->seen : "nothing");
	return NULL;
}

__attribute__((format(printf, 3, 4))) static inline void
say(struct room *r, struct client *c, const char *fmt, ...)
{
	char text[8192];
	size_t len, at = 0;
	ssize_t n;
	va_list ap;

	va_start(ap, fmt);
	len = (size_t)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	CU_ASSERT_FATAL(len < sizeof(text));
	text[len++] = '\n';
	while (at < len) {
		n = write(c->fd, text + at, len - at);
		if (n > 0)
			at += (size_t)n;
		else
			turn(r);
	}
}

static inline void
hello(struct room *r, struct client *c, const char *words)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};

	memset(c, 0, sizeof(*c));
	(void)snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", r->path);
	c->fd = socket(AF_UNIX, SOCK_STREAM, 0);
	CU_ASSERT_EQUAL_FATAL(
	    connect(c->fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	CU_ASSERT_EQUAL(fcntl(c->fd, F_SETFL, O_NONBLOCK), 0);
	say(r, c, "hello hop/1 %s", words);
	CU_ASSERT_PTR_NOT_NULL_FATAL(until(r, c, "hello hop/1 director d1 "));
}

static inline void
bye(struct client *c)
{
	(void)close(c->fd);
	free(c->got);
	memset(c, 0, sizeof(*c));
}

/* All that this client said before was taken. */
static inline void
barrier(struct room *r, struct client *c)
{
	say(r, c, "barrier");
	CU_ASSERT_PTR_NOT_NULL(until(r, c, "error unknown verb barrier"));
}

/* A feed of loads and paths that knows the three servers. */
static inline void
feed_up(struct room *r, struct client *c)
{
	hello(r, c, "manager m1 - gives=load,path");
	say(r, c, "borders unit=us ny la");
	say(r, c, "load ny1 1000 ny2 2000 la1 3000");
	say(r, c, "ping 192.0.2.0/24 10000 80000");
	say(r, c, "synced");
	barrier(r, c);
}

#endif
