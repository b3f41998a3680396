/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A peer's way out: lines wait in one buffer, which the peer owns, and leave at
 * the end of the loop's turn in one write. Bounds the queue. Ends no
 * connection: it says in the peer that it broke, and has its event run.
 */
#include "lib/peer_own.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

#define QUEUE_MAX    (16u << 20)
#define OUT_FIRST    4096
#define OUT_EAGER    65536  /* write at once from so much on */
#define OUT_KEEP     262144 /* an idle peer keeps no bigger buffer */
#define CONTROL_MORE 8      /* a whole status of a big farm is one answer */

void
peer_write_out(struct peer *p)
{
	char why[160] = "";
	ssize_t n;

	while (p->out_len > 0 && !p->broken) {
		n = stream_write(&p->stream, p->out + p->out_at, p->out_len,
		    why, sizeof(why));
		if (n <= 0) {
			p->blocked = n < 0 && errno == EAGAIN;
			if (!p->blocked) {
				p->broken = true;
				(void)snprintf(p->why, sizeof(p->why),
				    "write: %s", why[0] ? why : "closed");
			}
			return;
		}
		if (p->paused)
			p->heard = mono_now(); /* it reads: it lives */
		p->counters.bytes_out += (uint64_t)n;
		p->out_at += (size_t)n;
		p->out_len -= (size_t)n;
	}
	p->blocked = false;
	p->out_at = 0;
	if (p->out_room > OUT_KEEP && p->out_len == 0) {
		free(p->out);
		p->out = NULL;
		p->out_room = 0;
	}
}

void
peer_want_flush(struct peer *p)
{
	if (p->flushing)
		return;
	if (p->broken || (p->out_len > 0 && !p->blocked) ||
	    (p->paused && p->out_len < OUT_PAUSE)) {
		p->flushing = true;
		event_active(&p->writable, EV_WRITE, 0);
	} else if (p->blocked && !p->stream.wants_read) {
		(void)event_add(&p->writable, NULL);
	}
}

/* Room for n more bytes behind the queue. */
static char *
out_tail(struct peer *p, size_t n)
{
	size_t room;

	if (p->out_room - p->out_at - p->out_len >= n)
		return p->out + p->out_at + p->out_len;
	if (p->out_at > 0 && p->out_len > 0)
		memmove(p->out, p->out + p->out_at, p->out_len);
	p->out_at = 0;
	for (room = p->out_room > 0 ? p->out_room : OUT_FIRST;
	     room - p->out_len < n;)
		room *= 2;
	if (room != p->out_room) {
		p->out = mem_resize(p->out, room, 1);
		p->out_room = room;
	}
	return p->out + p->out_len;
}

static size_t
queue_max(const struct peer *p)
{
	size_t max = p->conf->queue_max > 0 ? p->conf->queue_max : QUEUE_MAX;

	return p->role == ROLE_CONTROL ? max * CONTROL_MORE : max;
}

/* The n bytes at the tail become a line. */
static void
out_line(struct peer *p, size_t n)
{
	char *text = out_tail(p, n + 1), *bad = text;

	/* Data must not forge a line of its own. */
	while ((bad = memchr(bad, '\n', (size_t)(text + n - bad))) != NULL)
		*bad++ = '?';
	text[n] = '\n';
	p->out_len += n + 1;
	p->counters.lines_out++;
	if (p->out_len >= OUT_EAGER && !p->blocked)
		peer_write_out(p);
	if (p->out_len > queue_max(p) && !p->broken) {
		p->broken = true;
		(void)snprintf(p->why, sizeof(p->why),
		    "it does not read: %zu bytes were waiting", p->out_len);
	}
	peer_want_flush(p);
}

static bool
can_send(struct peer *p, size_t n)
{
	if (n + 1 <= LINE_MAX_BYTES)
		return true;
	if (log_allowed(peer_bound(p), p->conf->sub))
		log_warnx(p->conf->sub, "a line of %zu bytes for %s left out",
		    n, p->where);
	return false;
}

void
peer_put_text(struct peer *p, const char *text, size_t len)
{
	if (p->broken || !can_send(p, len))
		return;
	memcpy(out_tail(p, len + 1), text, len);
	out_line(p, len);
}

__attribute__((format(printf, 2, 0))) static void
send_va(struct peer *p, const char *fmt, va_list ap)
{
	char *tail;
	size_t room;
	va_list again;
	int n;

	if (p->broken)
		return;
	tail = out_tail(p, 256);
	room = p->out_room - p->out_at - p->out_len;
	va_copy(again, ap);
	n = vsnprintf(tail, room, fmt, ap);
	if (n >= 0 && can_send(p, (size_t)n)) {
		if ((size_t)n >= room) {
			tail = out_tail(p, (size_t)n + 1);
			(void)vsnprintf(tail, (size_t)n + 1, fmt, again);
		}
		out_line(p, (size_t)n);
	}
	va_end(again);
}

void
peer_put_line(struct peer *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	send_va(p, fmt, ap);
	va_end(ap);
}

void
peer_send(struct peer *p, const char *fmt, ...)
{
	va_list ap;

	assert(p->magic == PEER_MAGIC);
	if (p->phase != PHASE_UP)
		return;
	va_start(ap, fmt);
	send_va(p, fmt, ap);
	va_end(ap);
}

void
peer_send_text(struct peer *p, const char *text, size_t len)
{
	assert(p->magic == PEER_MAGIC);
	if (p->phase == PHASE_UP)
		peer_put_text(p, text, len);
}
