/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The daemon's side of its face: starts it, feeds it, watches it. Owns the
 * pipe to the child of the day and the control socket of the nurse that makes
 * children (face_child.c). Nothing here waits for either of them.
 */

#include "lib/face.h"

#include <errno.h>
#include <event2/bufferevent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/face_pipe.h"
#include "lib/log.h"
#include "lib/mem.h"

#define HANG_MS        10000
#define BACKOFF_MS     1000
#define BACKOFF_MAX_MS 30000
#define GOOD_LIFE_MS   60000 /* after that a death costs no back-off */
#define END_TRIES      100   /* of 10 ms, for the nurse to end its child */

struct face {
	struct face_conf conf;
	pid_t dead;                /* a nurse to be reaped, or -1 */
	pid_t nurse;               /* -1: none */
	int control;               /* to the nurse */
	struct bufferevent *child; /* NULL: none */
	struct event *tick;
	struct mono started; /* the child */
	struct mono heard;   /* of the child */
	struct mono next;    /* when to start one */
	int64_t backoff_ms;
	bool ever_heard; /* of this child */
	struct log_bound bound;
};

static void
on_released(const void *data, size_t len, void *arg)
{
	(void)data;
	(void)len;
	free(arg);
}

void
face_publish(struct face *f, const struct snap *s)
{
	struct face_frame frame = {
	    .type = FACE_SNAPSHOT, .taken_ns = mono_now().ns};
	struct evbuffer *out;
	uint8_t *bytes;
	size_t len;

	if (f->child == NULL)
		return;
	out = bufferevent_get_output(f->child);
	if (evbuffer_get_length(out) > 0)
		return; /* one at a time: a hung child costs no memory */
	snap_encode(s, &bytes, &len);
	if (len > FACE_SNAPSHOT_MAX) {
		if (log_allowed(&f->bound, "snmp"))
			log_warnx("snmp",
			    "a snapshot of %zu bytes is too big "
			    "and not shown",
			    len);
		free(bytes);
		return;
	}
	frame.len = (uint32_t)len;
	(void)evbuffer_add(out, &frame, sizeof(frame));
	if (evbuffer_add_reference(out, bytes, len, on_released, bytes) < 0)
		free(bytes);
}

/* At the end only: waits up to a second. */
static void
end_nurse(struct face *f)
{
	struct timespec pause = {0, 10000000};
	int i;

	if (f->control >= 0)
		(void)close(f->control); /* it ends its child, then itself */
	f->control = -1;
	for (i = 0; f->nurse > 0 && i < END_TRIES; i++) {
		if (waitpid(f->nurse, NULL, WNOHANG) != 0)
			f->nurse = -1;
		else
			(void)nanosleep(&pause, NULL);
	}
	if (f->nurse > 0) {
		(void)kill(f->nurse, SIGKILL);
		(void)waitpid(f->nurse, NULL, 0);
	}
	f->nurse = -1;
}

/* One that does not answer has nothing to end in an orderly way, and its child
 * dies with it. Not waited for: it is reaped later. */
static void
kill_nurse(struct face *f)
{
	if (f->dead > 0)
		(void)waitpid(f->dead, NULL, WNOHANG);
	if (f->nurse > 0)
		(void)kill(f->nurse, SIGKILL);
	f->dead = f->nurse;
	f->nurse = -1;
	if (f->control >= 0)
		(void)close(f->control);
	f->control = -1;
}

static int
start_nurse(struct face *f)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	f->nurse = fork();
	if (f->nurse == 0) {
		(void)close(pair[0]);
		face_nurse(&f->conf, pair[1]);
	}
	(void)close(pair[1]);
	f->control = pair[0];
	if (f->nurse < 0) {
		(void)close(f->control);
		f->control = -1;
		return -1;
	}
	return 0;
}

/* Hand the nurse the far end of a child's pipe. */
static int
send_socket(struct face *f, int fd)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} u;
	char byte = 0;
	struct iovec iov = {&byte, 1};
	struct msghdr m = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = &u,
	    .msg_controllen = sizeof(u)};
	struct cmsghdr *head;

	memset(&u, 0, sizeof(u));
	head = CMSG_FIRSTHDR(&m);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	return sendmsg(f->control, &m, MSG_DONTWAIT | MSG_NOSIGNAL) == 1 ? 0
									 : -1;
}

static void
drop_child(struct face *f, const char *why)
{
	struct mono now = mono_now();

	bufferevent_free(f->child);
	f->child = NULL;
	if (!f->ever_heard)
		kill_nurse(f); /* it may be the one that hangs */
	if (mono_ms(now, f->started) > GOOD_LIFE_MS)
		f->backoff_ms = BACKOFF_MS;
	f->next = mono_add_ms(now, f->backoff_ms);
	if (log_allowed(&f->bound, "snmp"))
		log_warnx("snmp", "the SNMP process %s; a new one in %lld ms",
		    why, (long long)f->backoff_ms);
	f->backoff_ms *= 2;
	if (f->backoff_ms > BACKOFF_MAX_MS)
		f->backoff_ms = BACKOFF_MAX_MS;
}

/* One frame; -1: garbage. */
static int
take_frame(struct face *f, const struct face_frame *frame, struct evbuffer *in)
{
	struct snap_value v;
	const uint8_t *bytes;
	int bad = 0;

	if (frame->type == FACE_SET) {
		bytes = evbuffer_pullup(in, frame->len);
		bad = f->conf.on_set == NULL || bytes == NULL ||
		      face_get_set(bytes, frame->len, &v) < 0;
		if (!bad)
			f->conf.on_set(f->conf.arg, v.oid, v.oid_len, &v);
	} else if (frame->type != FACE_BEAT) {
		bad = 1;
	}
	(void)evbuffer_drain(in, frame->len);
	return bad ? -1 : 0;
}

static void
on_frames(struct bufferevent *child, void *arg)
{
	struct face *f = arg;
	struct evbuffer *in = bufferevent_get_input(child);
	struct face_frame frame;
	int got;

	f->heard = mono_now();
	f->ever_heard = true;
	while ((got = face_next(in, FACE_SET_MAX, &frame)) == 1)
		if (take_frame(f, &frame, in) < 0)
			got = -1;
	if (got < 0)
		drop_child(f, "sent garbage");
}

static void
on_end(struct bufferevent *child, short what, void *arg)
{
	(void)child;
	(void)what;
	drop_child(arg, "has died");
}

/* Have a child made at the other end of a new pipe; ours, or -1. */
static int
order_child(struct face *f)
{
	int pair[2], tries;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
		pair) < 0)
		return -1;
	for (tries = 0; tries < 2; tries++) {
		if (f->control < 0 && start_nurse(f) < 0)
			break;
		if (send_socket(f, pair[1]) == 0) {
			(void)close(pair[1]);
			return pair[0];
		}
		kill_nurse(f); /* most likely dead already */
	}
	(void)close(pair[0]);
	(void)close(pair[1]);
	return -1;
}

static void
start_child(struct face *f)
{
	int fd;

	f->started = f->heard = mono_now();
	f->ever_heard = false;
	f->next = mono_add_ms(f->started, f->backoff_ms);
	fd = order_child(f);
	if (fd < 0)
		return; /* no process or memory: tried again later */
	f->child =
	    bufferevent_socket_new(f->conf.base, fd, BEV_OPT_CLOSE_ON_FREE);
	bufferevent_setcb(f->child, on_frames, NULL, on_end, f);
	bufferevent_setwatermark(f->child, EV_READ, 0, FACE_SET_MAX * 4);
	(void)bufferevent_enable(f->child, EV_READ | EV_WRITE);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct face *f = arg;
	struct mono now = mono_now();

	(void)fd;
	(void)what;
	if (f->dead > 0 && waitpid(f->dead, NULL, WNOHANG) != 0)
		f->dead = -1;
	if (f->child == NULL && mono_cmp(now, f->next) >= 0)
		start_child(f);
	else if (f->child != NULL && mono_ms(now, f->heard) > f->conf.hang_ms)
		drop_child(f, "hangs");
}

struct face *
face_start(const struct face_conf *conf)
{
	struct face *f = mem_new(sizeof(*f));
	struct timeval period;
	int64_t ms;

	f->conf = *conf;
	if (f->conf.hang_ms == 0)
		f->conf.hang_ms = HANG_MS;
	f->control = -1;
	f->nurse = -1;
	f->dead = -1;
	f->backoff_ms = BACKOFF_MS;
	f->bound.burst = 5;
	start_child(f);
	ms = f->conf.hang_ms / 10;
	period.tv_sec = ms / 1000;
	period.tv_usec = ms % 1000 * 1000;
	f->tick = event_new(conf->base, -1, EV_PERSIST, on_tick, f);
	(void)event_add(f->tick, &period);
	return f;
}

void
face_free(struct face **fp)
{
	struct face *f = *fp;

	if (f == NULL)
		return;
	event_free(f->tick);
	if (f->child != NULL)
		bufferevent_free(f->child);
	end_nurse(f);
	free(f);
	*fp = NULL;
}
