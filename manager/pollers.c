/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One slot a poller process: its agents never change, its process may. A
 * process that says nothing for ten seconds is killed; it beats each second.
 * Slots and their events belong to struct pollers.
 */
#include "manager/pollers.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/mem.h"
#include "manager/poll.h"

#define HANG_MS       10000
#define WATCH_MS      1000
#define BACK_OFF_MS   200
#define BACK_OFF_MAX  5000
#define SHORT_LIFE_MS 10000
#define RECORDS_TURN  256 /* read at once, then others have their turn */
#define SOCKET_BYTES  (1 << 20)
#define ORDERS_MAX    16384 /* addresses waiting for one prober */

/* What a prober is to be asked for, until its process takes it. */
struct orders {
	struct addr *ring; /* ORDERS_MAX, made with the first */
	size_t first, n;
};

struct slot {
	struct pollers *owner;
	int *servers;
	size_t n;
	int *probers;
	size_t nprobers;
	pid_t pid;
	int fd;
	struct event *readable, *again;
	unsigned restarts, failures;
	struct mono since, heard;
	struct record_beat beat, before; /* of this process, of all before */
};

struct pollers {
	struct pollers_conf conf;
	struct slot *slots;
	size_t n;
	struct event *watch;
	struct mono watched;
	struct orders *orders; /* one a prober of the world */
	uint64_t orders_lost;
};

int64_t
pollers_back_off_ms(unsigned failures)
{
	int64_t ms = BACK_OFF_MS;

	while (failures-- > 0 && ms < BACK_OFF_MAX)
		ms *= 2;
	return ms < BACK_OFF_MAX ? ms : BACK_OFF_MAX;
}

static void
add_up(struct record_beat *sum, const struct record_beat *b)
{
	sum->requests += b->requests;
	sum->timeouts += b->timeouts;
	sum->security_errors += b->security_errors;
	sum->skipped += b->skipped;
	sum->cpu_us += b->cpu_us;
}

static void
start_later(struct slot *s)
{
	int64_t ms = pollers_back_off_ms(s->failures);
	struct timeval tv = {ms / 1000, ms % 1000 * 1000};

	(void)event_add(s->again, &tv);
}

static void
lose_probers(struct slot *s)
{
	const struct pollers_conf *c = &s->owner->conf;
	size_t i;

	for (i = 0; i < s->nprobers; i++) {
		s->owner->orders[s->probers[i]].n = 0;
		c->on_prober_lost(c->arg, s->probers[i]);
	}
}

/* The process is gone or is to go; another one comes after a while. */
static void
end_process(struct slot *s, const char *why)
{
	int status = 0;

	(void)kill(s->pid, SIGKILL);
	if (waitpid(s->pid, &status, 0) == s->pid && WIFSIGNALED(status))
		log_warnx("pollers", "process %d: %s (signal %d)", (int)s->pid,
		    why, WTERMSIG(status));
	else
		log_warnx("pollers", "process %d: %s (exit %d)", (int)s->pid,
		    why, WEXITSTATUS(status));
	event_free(s->readable);
	s->readable = NULL;
	(void)close(s->fd);
	s->fd = -1;
	s->pid = 0;
	add_up(&s->before, &s->beat);
	memset(&s->beat, 0, sizeof(s->beat));
	if (mono_ms(mono_now(), s->since) < SHORT_LIFE_MS)
		s->failures++;
	else
		s->failures = 0;
	s->since = mono_now();
	s->restarts++;
	lose_probers(s);
	start_later(s);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct slot *s = arg;
	const struct pollers_conf *c = &s->owner->conf;
	struct record r;
	ssize_t len;
	int i;

	(void)what;
	for (i = 0; i < RECORDS_TURN; i++) {
		len = recv(fd, &r, sizeof(r), MSG_DONTWAIT);
		if (len < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (len <= 0) {
			end_process(s, "has ended");
			return;
		}
		s->heard = mono_now();
		if (!record_valid(&r, (size_t)len, c->world->nservers,
			c->world->nprobers)) {
			end_process(s, "sends what is no record");
			return;
		}
		if (r.kind == RECORD_BEAT)
			s->beat = r.u.beat;
		else
			c->on_record(c->arg, &r);
	}
}

static void
run_child(const struct slot *s, int fd)
{
	const struct pollers_conf *c = &s->owner->conf;
	struct poll_conf conf = {.fd = fd,
	    .world = c->world,
	    .manager = c->manager,
	    .servers = s->servers,
	    .n = s->n,
	    .probers = s->probers,
	    .nprobers = s->nprobers};

	poll_run(&conf);
}

static void
start(struct slot *s)
{
	int pair[2], bytes = SOCKET_BYTES;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		log_warn("pollers", "socketpair");
		s->failures++;
		start_later(s);
		return;
	}
	(void)setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	s->pid = fork();
	if (s->pid == 0)
		run_child(s, pair[1]);
	(void)close(pair[1]);
	s->since = s->heard = mono_now();
	if (s->pid < 0) {
		log_warn("pollers", "fork");
		(void)close(pair[0]);
		s->pid = 0;
		s->failures++;
		start_later(s);
		return;
	}
	s->fd = pair[0];
	s->readable = event_new(
	    s->owner->conf.base, s->fd, EV_READ | EV_PERSIST, on_readable, s);
	if (s->readable == NULL || event_add(s->readable, NULL) < 0)
		abort();
	log_info("pollers", "process %d polls %zu %s", (int)s->pid,
	    s->n + s->nprobers, s->nprobers > 0 ? "probers" : "agents");
}

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	start(arg);
}

static void
on_watch(evutil_socket_t fd, short what, void *arg)
{
	struct pollers *p = arg;
	struct mono now = mono_now();
	bool late = mono_ms(now, p->watched) > 2 * WATCH_MS;
	size_t i;

	(void)fd;
	(void)what;
	p->watched = now;
	/* We stood still ourselves: first read what they have said. */
	if (late)
		return;
	for (i = 0; i < p->n; i++)
		if (p->slots[i].pid > 0 &&
		    mono_ms(now, p->slots[i].heard) > HANG_MS)
			end_process(&p->slots[i], "hangs");
}

/* All probers in one process of their own: they are few, and asked so often
 * that their answers are not to wait behind those of many agents. */
static void
add_probers(struct pollers *p)
{
	size_t i, n = p->conf.world->nprobers;
	struct slot *s;

	if (n == 0)
		return;
	s = &p->slots[p->n++];
	s->nprobers = n;
	s->probers = mem_array(n, sizeof(*s->probers));
	for (i = 0; i < n; i++)
		s->probers[i] = (int)i;
	p->orders = mem_array(n, sizeof(*p->orders));
}

/* Neighbours in the file go to different processes, so that none gets all of
 * one site. */
static void
share_out(struct pollers *p)
{
	const struct world *w = p->conf.world;
	size_t i, agents = 0, most = p->conf.manager->agents_per_poller, at = 0;

	for (i = 0; i < w->nservers; i++)
		agents += w->servers[i].agent.kind != AGENT_NONE;
	p->n = (agents + most - 1) / most;
	p->slots = mem_array(p->n + 1, sizeof(*p->slots));
	for (i = 0; i < w->nservers; i++) {
		struct slot *s;

		if (w->servers[i].agent.kind == AGENT_NONE)
			continue;
		s = &p->slots[at++ % p->n];
		s->servers =
		    mem_resize(s->servers, s->n + 1, sizeof(*s->servers));
		s->servers[s->n++] = (int)i;
	}
}

struct pollers *
pollers_start(const struct pollers_conf *conf)
{
	struct pollers *p = mem_new(sizeof(*p));
	struct timeval tv = {WATCH_MS / 1000, 0};
	size_t i;

	p->conf = *conf;
	p->watched = mono_now();
	share_out(p);
	add_probers(p);
	for (i = 0; i < p->n; i++) {
		struct slot *s = &p->slots[i];

		s->owner = p;
		s->fd = -1;
		s->again = evtimer_new(conf->base, on_again, s);
		if (s->again == NULL)
			abort();
		start(s);
	}
	p->watch = event_new(conf->base, -1, EV_PERSIST, on_watch, p);
	if (p->watch == NULL || event_add(p->watch, &tv) < 0)
		abort();
	return p;
}

void
pollers_free(struct pollers **pp)
{
	struct pollers *p = *pp;
	size_t i;

	if (p == NULL)
		return;
	for (i = 0; i < p->n; i++) {
		struct slot *s = &p->slots[i];

		if (s->pid > 0) {
			(void)kill(s->pid, SIGKILL);
			(void)waitpid(s->pid, NULL, 0);
			event_free(s->readable);
			(void)close(s->fd);
		}
		event_free(s->again);
		free(s->servers);
		free(s->probers);
	}
	for (i = 0; p->orders != NULL && i < p->conf.world->nprobers; i++)
		free(p->orders[i].ring);
	free(p->orders);
	event_free(p->watch);
	free(p->slots);
	free(p);
	*pp = NULL;
}

void
pollers_order(struct pollers *p, int prober, const struct addr *a)
{
	struct orders *o = &p->orders[prober];

	if (o->ring == NULL)
		o->ring = mem_array(ORDERS_MAX, sizeof(*o->ring));
	if (o->n == ORDERS_MAX) {
		p->orders_lost++;
		return;
	}
	o->ring[(o->first + o->n++) % ORDERS_MAX] = *a;
}

/* False: the process is behind. */
static bool
send_some(const struct slot *s, int prober, struct orders *o)
{
	struct order order = {.prober = prober};
	size_t i;

	while (order.n < ORDER_ADDRESSES && order.n < o->n) {
		i = (o->first + order.n) % ORDERS_MAX;
		order.addr[order.n++] = o->ring[i];
	}
	if (send(s->fd, &order, sizeof(order), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return false;
	o->first = (o->first + order.n) % ORDERS_MAX;
	o->n -= order.n;
	return true;
}

void
pollers_flush(struct pollers *p)
{
	const struct slot *s;
	size_t i;

	if (p->orders == NULL)
		return;
	s = &p->slots[p->n - 1]; /* see add_probers() */
	if (s->pid == 0)
		return;
	for (i = 0; i < s->nprobers; i++)
		while (p->orders[i].n > 0)
			if (!send_some(s, (int)i, &p->orders[i]))
				break;
}

uint64_t
pollers_orders_lost(const struct pollers *p)
{
	return p->orders_lost;
}

size_t
pollers_count(const struct pollers *p)
{
	return p->n;
}

void
pollers_info(const struct pollers *p, size_t i, struct poller_info *out)
{
	const struct slot *s = &p->slots[i];

	*out = (struct poller_info){
	    s->pid, s->n + s->nprobers, s->restarts, s->since, s->beat};
}

void
pollers_totals(const struct pollers *p, struct record_beat *out)
{
	size_t i;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < p->n; i++) {
		add_up(out, &p->slots[i].before);
		add_up(out, &p->slots[i].beat);
		out->sessions += p->slots[i].beat.sessions;
	}
}
