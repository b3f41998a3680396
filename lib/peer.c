/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A peer is one connection: a stream, two buffers, one timer; here are its
 * events, its clock and connecting. A connecting peer belongs to whoever made
 * it, an accepted one to its listener. A callback may free its own peer.
 */
#include "lib/peer_own.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

#define BEAT_MS     1000
#define DEAD_BEATS  3 /* silent for so long: dead */
#define HELLO_BEATS 5 /* to connect and say hello */
#define IN_FIRST    16384

static int64_t
beat_ms(const struct peer *p)
{
	return p->conf->beat_ms > 0 ? p->conf->beat_ms : BEAT_MS;
}

/* One read; true if there is more to take without an event. */
static bool
read_in(struct peer *p)
{
	char why[160] = "";
	ssize_t n;

	if (p->in_len == p->in_room) {
		p->in_room = p->in_room > 0 ? p->in_room * 4 : IN_FIRST;
		p->in = mem_resize(p->in, p->in_room, 1);
	}
	n = stream_read(&p->stream, p->in + p->in_len, p->in_room - p->in_len,
	    why, sizeof(why));
	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0) {
		(void)snprintf(p->why, sizeof(p->why), "%s",
		    n == 0 ? "closed by the other side" : why);
		peer_hang_up(p, REASON_DISCONNECTED, p->why);
		return false;
	}
	p->heard = mono_now();
	p->counters.bytes_in += (uint64_t)n;
	p->in_len += (size_t)n;
	/* A full read: the next one shall take more. */
	if (p->in_len == p->in_room && p->in_room < LINE_MAX_BYTES) {
		p->in_room *= 4;
		p->in = mem_resize(p->in, p->in_room, 1);
	}
	peer_take_lines(p);
	return !p->gone && p->phase != PHASE_IDLE && !p->paused &&
	       stream_pending(&p->stream);
}
_Static_assert(IN_FIRST * 4 == LINE_MAX_BYTES, "in grows to one line");

/* After any work on the stream: see to breaks and to what waits. */
static void
settle(struct peer *p)
{
	if (p->gone || p->phase == PHASE_IDLE)
		return;
	if (p->out_len > 0 && !p->flushing && p->stream.wants_read)
		peer_write_out(p);
	if (p->broken) {
		peer_hang_up(p, REASON_DISCONNECTED, p->why);
		return;
	}
	peer_want_flush(p);
	if (p->stream.wants_write)
		(void)event_add(&p->writable, NULL);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct peer *p = arg;

	(void)fd;
	(void)what;
	assert(p->magic == PEER_MAGIC);
	peer_enter(p);
	while (read_in(p))
		continue;
	settle(p);
	peer_leave(p);
}

/* The queue is short again: hear what waits here, then what comes. */
static void
resume(struct peer *p)
{
	p->paused = false;
	(void)event_add(&p->readable, NULL);
	peer_take_lines(p);
	if (p->gone || p->phase == PHASE_IDLE || p->paused ||
	    !stream_pending(&p->stream))
		return;
	while (read_in(p))
		continue;
}

void
peer_begin_hello(struct peer *p)
{
	p->phase = PHASE_HELLO;
	(void)event_add(&p->readable, NULL);
	if (p->listener == NULL)
		peer_say_hello(p);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct peer *p = arg;
	int err;

	(void)what;
	assert(p->magic == PEER_MAGIC);
	peer_enter(p);
	p->flushing = false;
	if (p->phase == PHASE_CONNECTING) {
		err = endpoint_error(fd);
		if (err == 0)
			peer_begin_hello(p);
		else
			peer_hang_up(p, REASON_CONNECT_FAILED, strerror(err));
	} else if (p->phase != PHASE_IDLE) {
		peer_write_out(p);
		if (p->paused && p->out_len < OUT_PAUSE)
			resume(p);
		else if (p->stream.wants_write)
			while (read_in(p))
				continue;
	}
	settle(p);
	peer_leave(p);
}

/* Each beat: is the other side there, and ours is. */
static void
tick(struct peer *p)
{
	struct mono now = mono_now();
	struct timeval tv = in_ms(beat_ms(p));
	int64_t beat = beat_ms(p);

	/* If we stood still ourselves, their lines still wait to be read. */
	if (mono_ms(now, p->ticked) >= 2 * beat)
		p->heard = now;
	p->ticked = now;
	if (p->phase != PHASE_UP &&
	    mono_ms(now, p->begun) >= HELLO_BEATS * beat) {
		peer_hang_up(p, REASON_CONNECT_TIMEOUT,
		    p->phase == PHASE_CONNECTING ? "connect timed out"
						 : "no hello in time");
		return;
	}
	if (p->phase == PHASE_UP &&
	    mono_ms(now, p->heard) >= DEAD_BEATS * beat) {
		peer_hang_up(p, REASON_SILENT, "silent");
		return;
	}
	if (p->phase == PHASE_UP) {
		peer_say_beat(p);
		peer_note_skew(p);
	}
	(void)event_add(&p->timer, &tv);
}

void
peer_begin_session(struct peer *p, int fd, const struct stream_tls *tls)
{
	struct event_base *base = p->conf->base;
	struct timeval tv = in_ms(beat_ms(p));

	stream_open_take(&p->stream, fd, tls);
	(void)event_assign(
	    &p->readable, base, fd, EV_READ | EV_PERSIST, on_readable, p);
	(void)event_assign(&p->writable, base, fd, EV_WRITE, on_writable, p);
	p->has_events = true;
	p->begun = p->heard = p->ticked = mono_now();
	(void)event_add(&p->timer, &tv);
}

/* Connecting. */

static int
open_endpoint(struct peer *p, char *why, size_t size)
{
	const struct listen_lines *to = &p->to[p->at];
	char text[200];

	if (to->tls && p->tls == NULL) {
		if (p->conf->tls == NULL) {
			(void)snprintf(why, size,
			    "%s: no <tls> in the configuration", p->where);
			return -1;
		}
		p->tls =
		    stream_tls_new(p->conf->tls, false, text, sizeof(text));
		if (p->tls == NULL) {
			(void)snprintf(why, size, "%s: %s", p->where, text);
			return -1;
		}
	}
	return endpoint_connect(to, why, size);
}

static void
try_connect(struct peer *p)
{
	char why[400];
	int fd;

	(void)endpoint_text(&p->to[p->at], p->where, sizeof(p->where));
	fd = open_endpoint(p, why, sizeof(why));
	if (fd < 0) {
		peer_failed(p, why);
		if (!p->gone)
			peer_retry_later(p);
		return;
	}
	peer_begin_session(p, fd, p->to[p->at].tls ? p->tls : NULL);
	p->phase = PHASE_CONNECTING;
	(void)event_add(&p->writable, NULL);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct peer *p = arg;

	(void)fd;
	(void)what;
	assert(p->magic == PEER_MAGIC);
	peer_enter(p);
	if (p->phase == PHASE_IDLE)
		try_connect(p);
	else
		tick(p);
	peer_leave(p);
}

struct peer *
peer_new(const struct peer_conf *conf)
{
	struct peer *p = mem_new(sizeof(*p));

	p->magic = PEER_MAGIC;
	p->conf = conf;
	p->stream.fd = -1;
	p->backoff_ms = BACKOFF_MS;
	p->bound.burst = LOG_BURST;
	p->skew_bound.burst = SKEW_BURST;
	line_init(&p->line);
	(void)evtimer_assign(&p->timer, conf->base, on_timer, p);
	return p;
}

struct peer *
peer_connect(
    const struct peer_conf *conf, const struct listen_lines *to, size_t n)
{
	struct peer *p = peer_new(conf);
	struct timeval now = {0};
	size_t i;

	assert(n > 0);
	p->to = mem_array(n, sizeof(*p->to));
	p->nto = n;
	for (i = 0; i < n; i++)
		peer_copy_endpoint(&p->to[i], &to[i]);
	(void)endpoint_text(&p->to[0], p->where, sizeof(p->where));
	(void)event_add(&p->timer, &now);
	return p;
}

bool
peer_set_endpoints(struct peer *p, const struct listen_lines *to, size_t n)
{
	struct listen_lines *old = p->to, now = p->to[p->at];
	size_t nold = p->nto, i;
	bool there = p->phase == PHASE_IDLE;

	assert(p->magic == PEER_MAGIC && n > 0);
	p->to = mem_array(n, sizeof(*p->to));
	p->nto = n;
	p->at = 0;
	for (i = 0; i < n; i++) {
		peer_copy_endpoint(&p->to[i], &to[i]);
		if (p->phase != PHASE_IDLE &&
		    peer_same_endpoint(&to[i], &now) && to[i].tls == now.tls) {
			p->at = i;
			there = true;
		}
	}
	peer_free_endpoints(old, nold);
	return there;
}

void
peer_renew_tls(struct peer *p)
{
	assert(p->magic == PEER_MAGIC);
	stream_tls_free(&p->tls);
}

bool
peer_uses_tls(const struct peer *p)
{
	return p->tls != NULL || p->stream.ssl != NULL;
}

bool
peer_try_tls(const struct tls *files, char *why, size_t size)
{
	struct stream_tls *tls = NULL;

	if (files == NULL)
		return true;
	tls = stream_tls_new(files, false, why, size);
	if (tls == NULL)
		return false;
	stream_tls_free(&tls);
	return true;
}

/* What others ask of a peer. */

bool
peer_is_up(const struct peer *p)
{
	return p->phase == PHASE_UP;
}

enum peer_role
peer_role(const struct peer *p)
{
	return p->role;
}

const char *
peer_id(const struct peer *p)
{
	return p->id;
}

const char *
peer_hash(const struct peer *p)
{
	return p->hash;
}

const char *
peer_where(const struct peer *p)
{
	return p->where;
}

bool
peer_gives(const struct peer *p, const char *what)
{
	size_t n = strlen(what);
	const char *s = p->gives;

	for (;;) {
		size_t len = strcspn(s, ",");

		if (len == n && memcmp(s, what, n) == 0)
			return true;
		if (s[len] == '\0')
			return false;
		s += len + 1;
	}
}

void
peer_set_data(struct peer *p, void *data)
{
	p->data = data;
}

void *
peer_data(const struct peer *p)
{
	return p->data;
}

void
peer_counters(const struct peer *p, struct peer_counters *out)
{
	*out = p->counters;
	out->queued = p->out_len;
}

void
peer_default_socket(
    const char *program, const char *id, char *path, size_t size)
{
	const char *dir = getenv("HOPSCOTCH_RUN");

	(void)snprintf(path, size, "%s/%s-%s.sock",
	    dir != NULL && dir[0] != '\0' ? dir : "/run/hopscotch", program,
	    id);
}
