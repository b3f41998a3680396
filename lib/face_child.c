/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The far side of a face. The nurse waits for sockets and makes a child for
 * each, after it has ended the child before; the child serves SNMP. Both go
 * when their socket closes, that is, whatever way the daemon ends. They hold
 * nothing of the daemon but its configuration of the face.
 */

#include "lib/face_pipe.h"

#include <errno.h>
#include <event2/bufferevent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/agentx.h"
#include "lib/drop.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/stream.h"

/* SETs that the daemon has not taken yet; beyond that they are refused. */
#define QUEUE_MAX 65536

struct child {
	const struct face_conf *conf;
	struct event_base *base;
	struct agentx *agentx;
	struct bufferevent *pipe;
	struct event *tick;
};

static void
take_snapshot(
    struct child *c, const struct face_frame *frame, struct evbuffer *in)
{
	struct snap *s = snap_new();

	if (snap_decode(s, evbuffer_pullup(in, frame->len), frame->len) == 0)
		agentx_publish_take(
		    c->agentx, s, (struct mono){frame->taken_ns});
	else
		snap_free(&s);
	(void)evbuffer_drain(in, frame->len);
}

static void
on_frames(struct bufferevent *pipe, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(pipe);
	struct child *c = arg;
	struct face_frame frame;
	int got;

	while ((got = face_next(in, FACE_SNAPSHOT_MAX, &frame)) == 1) {
		if (frame.type == FACE_SNAPSHOT)
			take_snapshot(c, &frame, in);
		else
			(void)evbuffer_drain(in, frame.len);
	}
	if (got < 0)
		_exit(1);
}

static void
on_end(struct bufferevent *pipe, short what, void *arg)
{
	(void)pipe;
	(void)what;
	(void)arg;
	_exit(0); /* not exit(): what the daemon registered is not ours */
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct child *c = arg;
	struct evbuffer *out = bufferevent_get_output(c->pipe);
	struct face_frame beat = {.type = FACE_BEAT};

	(void)fd;
	(void)what;
	if (evbuffer_get_length(out) == 0)
		(void)evbuffer_add(out, &beat, sizeof(beat));
}

static int
on_set(void *arg, const uint32_t *oid, size_t n, const struct snap_value *v,
    bool commit)
{
	struct child *c = arg;
	struct evbuffer *out = bufferevent_get_output(c->pipe);

	if (commit) {
		face_put_set(out, v);
		return FACE_OK;
	}
	if (evbuffer_get_length(out) > QUEUE_MAX)
		return FACE_NO_ROOM;
	return c->conf->check_set == NULL ? FACE_OK
					  : c->conf->check_set(oid, n, v);
}

static void __attribute__((noreturn))
child_main(const struct face_conf *conf, int fd)
{
	struct child c = {.conf = conf, .base = event_base_new()};
	struct agentx_conf agentx = {.base = c.base,
	    .program = conf->program,
	    .socket = conf->socket,
	    .context = conf->context,
	    .arc = conf->arc,
	    .on_set = conf->on_set == NULL ? NULL : on_set,
	    .arg = &c};
	struct timeval second = {1, 0};

	(void)prctl(PR_SET_NAME, "hop-snmp", 0, 0, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	(void)evutil_make_socket_nonblocking(fd);
	c.pipe = bufferevent_socket_new(c.base, fd, BEV_OPT_CLOSE_ON_FREE);
	bufferevent_setcb(c.pipe, on_frames, NULL, on_end, &c);
	(void)bufferevent_set_max_single_read(c.pipe, 1 << 20);
	(void)bufferevent_enable(c.pipe, EV_READ | EV_WRITE);
	c.agentx = agentx_start(&agentx);
	c.tick = event_new(c.base, -1, EV_PERSIST, on_tick, &c);
	(void)event_add(c.tick, &second);
	on_tick(-1, 0, &c);
	(void)event_base_dispatch(c.base);
	_exit(1);
}

/* The next socket from the daemon; -1: the daemon has gone. */
static int
next_socket(int control)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} u;
	char byte;
	struct iovec iov = {&byte, 1};
	struct msghdr m = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = &u,
	    .msg_controllen = sizeof(u)};
	const struct cmsghdr *head;
	ssize_t n;
	int fd;

	do
		n = recvmsg(control, &m, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return -1;
	head = CMSG_FIRSTHDR(&m);
	if (head == NULL || head->cmsg_type != SCM_RIGHTS)
		return -1;
	memcpy(&fd, CMSG_DATA(head), sizeof(fd));
	return fd;
}

/* The daemon's handlers write to the daemon's sockets. A signal to the whole
 * group is for the daemon: we go when it goes. */
static void
reset_signals(void)
{
	static const int ignored[] = {
	    SIGPIPE, SIGTERM, SIGINT, SIGHUP, SIGUSR1};
	sigset_t none;
	size_t i;
	int n;

	for (n = 1; n < NSIG; n++)
		(void)signal(n, SIG_DFL); /* some cannot be: fine */
	for (i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		(void)signal(ignored[i], SIG_IGN);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Keep standard input, output and error, and this one. */
static int
close_others(int keep)
{
	if (keep != 3) {
		(void)dup3(keep, 3, O_CLOEXEC);
		keep = 3;
	}
	(void)close_range(4, ~0U, 0);
	return keep;
}

static void
end_child(pid_t pid)
{
	if (pid <= 0)
		return;
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

static const char *
copy(const char *text)
{
	return text == NULL ? NULL : mem_text(text);
}

/* What stays when the daemon's memory is forgotten. */
static struct face_conf
keep_conf(const struct face_conf *conf)
{
	struct face_conf kept = *conf;

	kept.program = copy(conf->program);
	kept.socket = copy(conf->socket);
	kept.context = copy(conf->context);
	kept.user = copy(conf->user);
	if (conf->forget != NULL)
		conf->forget(conf->arg);
	stream_forget();
	return kept;
}

void
face_nurse(const struct face_conf *daemons, int control)
{
	const struct face_conf kept = keep_conf(daemons), *conf = &kept;
	char why[160];
	pid_t child = -1;
	int fd;

	reset_signals();
	control = close_others(control);
	(void)prctl(PR_SET_NAME, "hop-snmp-nurse", 0, 0, 0);
	if (drop_to(conf->user, why, sizeof(why)) < 0) {
		log_warnx("snmp", "no SNMP: %s", why);
		_exit(1);
	}
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	while ((fd = next_socket(control)) >= 0) {
		end_child(child);
		child = fork();
		if (child == 0) {
			(void)close(control);
			child_main(conf, fd);
		}
		(void)close(fd);
	}
	end_child(child);
	_exit(0);
}
