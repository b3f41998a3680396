/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The poller's process: its loop, whose turn it is, orders from the parent and
 * the beat to it. Owns the poller and its targets, which live until the
 * process ends. Knows nothing of SNMP: what a turn does is in poll_target.c
 * and below.
 */
#include "manager/poll_own.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/mem.h"
#include "lib/stream.h"

#define TICK_MIN_US 10000 /* sends are paced in steps of 10 ms */
#define BEAT_MS     1000

/* A prober's target; on_tick() is for those of servers. */
static void
on_again(evutil_socket_t fd, short what, void *arg)
{
	struct target *t = target(arg);

	(void)fd;
	(void)what;
	if (t->job != JOB_NONE)
		return;
	target_turn(t);
	/* A session that could not be opened. */
	if (t->job == JOB_NONE && t->session == NULL)
		probe_next(t, END_SILENT);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct poller *p = arg;
	struct mono now = mono_now();
	struct timeval tv = {0};
	int64_t us;
	int i;

	(void)fd;
	(void)what;
	while ((i = pace_next(&p->pace, now)) >= 0) {
		struct target *t = &p->targets[i];

		if (t->job != JOB_NONE) {
			t->owed = true;
			continue;
		}
		t->owed = false;
		target_turn(t);
	}
	us = pace_wait_us(&p->pace, mono_now());
	if (us < TICK_MIN_US)
		us = TICK_MIN_US;
	tv.tv_sec = us / 1000000;
	tv.tv_usec = us % 1000000;
	(void)event_add(p->tick, &tv);
}

static void
on_beat(evutil_socket_t fd, short what, void *arg)
{
	struct poller *p = arg;
	struct record r = {.kind = RECORD_BEAT, .server = -1, .prober = -1};
	struct rusage ru;

	(void)fd;
	(void)what;
	if (getrusage(RUSAGE_SELF, &ru) == 0)
		p->count.cpu_us =
		    (uint64_t)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) *
			1000000 +
		    (uint64_t)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec);
	p->count.skipped = p->pace.skipped;
	p->count.sessions = (uint32_t)p->n;
	r.u.beat = p->count;
	put_record(p, &r);
}

static void
on_parent(evutil_socket_t fd, short what, void *arg)
{
	struct poller *p = arg;
	struct order o;
	ssize_t len;

	(void)what;
	while ((len = recv(fd, &o, sizeof(o), MSG_DONTWAIT)) > 0)
		if (len == sizeof(o) && o.n <= ORDER_ADDRESSES)
			probe_take(p, &o);
	if (len == 0 || (errno != EAGAIN && errno != EINTR))
		_exit(0); /* its end */
}

/* --- start --- */

/* The parent's descriptors are none of ours: ours moves to 3. */
static int
keep_only(int fd)
{
	if (fd != 3) {
		if (dup2(fd, 3) < 0)
			_exit(1);
		fd = 3;
	}
	(void)close_range(4, ~0U, 0);
	return fd;
}

static void
settle_in(void)
{
	(void)prctl(PR_SET_NAME, "hopmanager-poll", 0, 0, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	(void)signal(SIGTERM, SIG_DFL);
	(void)signal(SIGINT, SIG_IGN); /* Ctrl-C is for the parent */
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGUSR1, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
}

static void
start_targets(struct poller *p, const struct poll_conf *conf)
{
	struct timeval tv;
	int64_t us = p->manager->timeout_us + 1000; /* surely expired then */
	size_t i;

	tv.tv_sec = us / 1000000;
	tv.tv_usec = us % 1000000;
	p->timeout = event_base_init_common_timeout(p->base, &tv);
	p->npaced = conf->n;
	p->n = conf->n + 2 * conf->nprobers;
	p->targets = mem_array(p->n, sizeof(*p->targets));
	for (i = 0; i < p->n; i++)
		target_init(&p->targets[i], p,
		    i < p->npaced ? conf->servers[i] : -1, (int)i);
	for (i = 0; i < conf->nprobers; i++)
		probe_start(&p->targets[p->npaced + 2 * i], conf->probers[i],
		    (int)i, &conf->cursors[i], on_again);
	pace_init(&p->pace, p->npaced, p->manager->poll_us, mono_now());
}

void
poll_run(const struct poll_conf *conf)
{
	struct log_bound bound = {.burst = 5};
	struct poller p = {.world = conf->world, .manager = conf->manager};
	struct timeval beat = {BEAT_MS / 1000, 0}, now = {0};

	settle_in();
	stream_forget(); /* no lines here */
	p.fd = keep_only(conf->fd);
	session_library(&p, &bound);
	p.base = event_base_new();
	if (p.base == NULL)
		_exit(1);
	start_targets(&p, conf);
	p.tick = evtimer_new(p.base, on_tick, &p);
	p.beat = event_new(p.base, -1, EV_PERSIST, on_beat, &p);
	p.parent = event_new(p.base, p.fd, EV_READ | EV_PERSIST, on_parent, &p);
	if (p.tick == NULL || p.beat == NULL || p.parent == NULL)
		_exit(1);
	(void)event_add(p.tick, &now);
	(void)event_add(p.beat, &beat);
	(void)event_add(p.parent, NULL);
	on_beat(-1, 0, &p);
	(void)event_base_dispatch(p.base);
	_exit(1);
}
