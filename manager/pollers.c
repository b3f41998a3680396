/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One slot a poller process: whom it polls changes only by a reload, its
 * process may end at any time. A process that says nothing for ten seconds is
 * killed; it beats each second. It names agents by their places in the lists
 * of its slot. Slots and their events belong to struct pollers.
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
#include "manager/merge.h"
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
	int *servers; /* in the world */
	size_t n;
	int *probers;
	struct record_cursor *cursors; /* one a prober */
	size_t nprobers;
	bool changed; /* during a reload: to be replaced */
	pid_t pid;
	int fd;
	struct event *readable, *again;
	unsigned restarts, failures;
	struct mono since, heard;
	struct record_beat beat, before; /* of this process, of all before */
};

struct pollers {
	struct pollers_conf conf;
	struct slot **slots;
	size_t n;
	struct slot *asks;       /* the one with the probers, or NULL */
	struct record_beat gone; /* of slots that are no more */
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

/* What is left of a process that has ended. */
static void
forget_process(struct slot *s)
{
	event_free(s->readable);
	s->readable = NULL;
	(void)close(s->fd);
	s->fd = -1;
	s->pid = 0;
	add_up(&s->before, &s->beat);
	memset(&s->beat, 0, sizeof(s->beat));
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
	forget_process(s);
	if (mono_ms(mono_now(), s->since) < SHORT_LIFE_MS)
		s->failures++;
	else
		s->failures = 0;
	s->since = mono_now();
	s->restarts++;
	lose_probers(s);
	start_later(s);
}

/* Places in our lists become numbers of the world. */
static void
hand_on(struct slot *s, struct record *r)
{
	const struct pollers_conf *c = &s->owner->conf;

	if (r->kind == RECORD_BEAT) {
		s->beat = r->u.beat;
		return;
	}
	if (r->kind == RECORD_RESULT)
		s->cursors[r->prober] = r->u.result.at;
	if (r->server >= 0)
		r->server = s->servers[r->server];
	else
		r->prober = s->probers[r->prober];
	c->on_record(c->arg, r);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct slot *s = arg;
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
		if (!record_valid(&r, (size_t)len, s->n, s->nprobers)) {
			end_process(s, "sends what is no record");
			return;
		}
		hand_on(s, &r);
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
	    .nprobers = s->nprobers,
	    .cursors = s->cursors};

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
		if (p->slots[i]->pid > 0 &&
		    mono_ms(now, p->slots[i]->heard) > HANG_MS)
			end_process(p->slots[i], "hangs");
}

static struct slot *
add_slot(struct pollers *p)
{
	struct slot *s = mem_new(sizeof(*s));

	s->owner = p;
	s->fd = -1;
	s->changed = true;
	s->again = evtimer_new(p->conf.base, on_again, s);
	if (s->again == NULL)
		abort();
	p->slots = mem_resize(p->slots, p->n + 1, sizeof(struct slot *));
	p->slots[p->n++] = s;
	return s;
}

static void
slot_free(struct slot **sp)
{
	struct slot *s = *sp;

	if (s->pid > 0) {
		(void)kill(s->pid, SIGKILL);
		(void)waitpid(s->pid, NULL, 0);
		forget_process(s);
	}
	event_free(s->again);
	free(s->servers);
	free(s->probers);
	free(s->cursors);
	free(s);
	*sp = NULL;
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
	s = p->asks = add_slot(p);
	s->nprobers = n;
	s->probers = mem_array(n, sizeof(*s->probers));
	s->cursors = mem_array(n, sizeof(*s->cursors));
	for (i = 0; i < n; i++)
		s->probers[i] = (int)i;
	p->orders = mem_array(n, sizeof(*p->orders));
}

/* Slots with room for one more, the emptiest of those that are to be replaced
 * anyway; NULL: there is none. */
static struct slot *
find_room(const struct pollers *p)
{
	struct slot *best = NULL;
	size_t i;

	for (i = 0; i < p->n; i++) {
		struct slot *s = p->slots[i];

		if (s == p->asks || s->n >= p->conf.manager->agents_per_poller)
			continue;
		if (best == NULL || s->changed > best->changed ||
		    (s->changed == best->changed && s->n < best->n))
			best = s;
	}
	return best;
}

/* Agents that are in no slot yet. Neighbours in the file go to different
 * processes, so that none gets all of one site. */
static void
share_out(struct pollers *p, const bool *placed)
{
	const struct world *w = p->conf.world;
	size_t i, agents = 0, room = 0,
		  most = p->conf.manager->agents_per_poller;
	struct slot *s;

	for (i = 0; i < w->nservers; i++)
		agents += w->servers[i].agent.kind != AGENT_NONE && !placed[i];
	for (i = 0; i < p->n; i++)
		if (p->slots[i] != p->asks && p->slots[i]->n < most)
			room += most - p->slots[i]->n;
	for (; room < agents; room += most)
		(void)add_slot(p);
	for (i = 0; i < w->nservers; i++) {
		if (w->servers[i].agent.kind == AGENT_NONE || placed[i])
			continue;
		s = find_room(p);
		s->changed = true;
		s->servers =
		    mem_resize(s->servers, s->n + 1, sizeof(*s->servers));
		s->servers[s->n++] = (int)i;
	}
}

static void
start_changed(struct pollers *p)
{
	size_t i;

	for (i = 0; i < p->n; i++) {
		if (p->slots[i]->changed && p->slots[i]->pid == 0)
			start(p->slots[i]);
		p->slots[i]->changed = false;
	}
}

struct pollers *
pollers_start(const struct pollers_conf *conf)
{
	struct pollers *p = mem_new(sizeof(*p));
	struct timeval tv = {WATCH_MS / 1000, 0};
	bool *placed = mem_array(conf->world->nservers, sizeof(*placed));

	p->conf = *conf;
	p->watched = mono_now();
	share_out(p, placed);
	free(placed);
	add_probers(p);
	start_changed(p);
	p->watch = event_new(conf->base, -1, EV_PERSIST, on_watch, p);
	if (p->watch == NULL || event_add(p->watch, &tv) < 0)
		abort();
	return p;
}

static void
free_orders(struct orders *o, size_t n)
{
	size_t i;

	for (i = 0; o != NULL && i < n; i++)
		free(o[i].ring);
	free(o);
}

void
pollers_free(struct pollers **pp)
{
	struct pollers *p = *pp;
	size_t i;

	if (p == NULL)
		return;
	for (i = 0; i < p->n; i++)
		slot_free(&p->slots[i]);
	free_orders(p->orders, p->conf.world->nprobers);
	event_free(p->watch);
	free(p->slots);
	free(p);
	*pp = NULL;
}

/* --- another world --- */

/* The place in the new world of a server that is polled as before, or -1. */
static int
same_server(const struct world *a, int n, const struct world *b)
{
	int is = world_server(b, a->servers[n].id);

	return is >= 0 && merge_same_agent(
			      a, &a->servers[n].agent, b, &b->servers[is].agent)
		   ? is
		   : -1;
}

int
pollers_same_prober(const struct world *a, int n, const struct world *b)
{
	const struct border_prober *x = &a->probers[n], *y;
	int border = world_border(b, a->borders[x->border].id);
	size_t i;

	for (i = 0; border >= 0 && i < b->nprobers; i++) {
		y = &b->probers[i];
		if (y->border == border &&
		    merge_same_agent(a, &x->agent, b, &y->agent) &&
		    (x->context == NULL) == (y->context == NULL) &&
		    (x->context == NULL || strcmp(x->context, y->context) == 0))
			return (int)i;
	}
	return -1;
}

/* Replace a process: all that it has said counts, and then the next one
 * begins. */
static void
stop_process(struct slot *s)
{
	struct record r;

	(void)event_del(s->again);
	if (s->pid == 0)
		return;
	(void)kill(s->pid, SIGKILL);
	(void)waitpid(s->pid, NULL, 0);
	while (recv(s->fd, &r, sizeof(r), MSG_DONTWAIT) == (ssize_t)sizeof(r))
		if (record_valid(&r, sizeof(r), s->n, s->nprobers))
			hand_on(s, &r);
	forget_process(s);
	s->failures = 0;
}

/* Whether all that a slot polls is polled as before. */
static bool
is_same(const struct pollers *p, const struct slot *s, const struct world *w)
{
	size_t i;

	if (s == p->asks && w->nprobers != s->nprobers)
		return false;
	for (i = 0; i < s->n; i++)
		if (same_server(p->conf.world, s->servers[i], w) < 0)
			return false;
	for (i = 0; i < s->nprobers; i++)
		if (pollers_same_prober(p->conf.world, s->probers[i], w) < 0)
			return false;
	return true;
}

/* The lists of a slot in numbers of the new world; who is gone is left out. */
static void
renumber(struct slot *s, const struct world *w, bool *placed)
{
	size_t i, n = 0;

	for (i = 0; i < s->n; i++) {
		int is = same_server(s->owner->conf.world, s->servers[i], w);

		if (is < 0)
			continue;
		placed[is] = true;
		s->servers[n++] = is;
	}
	s->n = n;
}

/* One list of all probers, in which those that stay go on where they were. */
static void
renumber_probers(struct pollers *p, const struct world *w)
{
	struct record_cursor *cursors =
	    mem_array(w->nprobers, sizeof(*cursors));
	struct orders *orders = mem_array(w->nprobers, sizeof(*orders));
	struct slot *s = p->asks;
	size_t i;

	for (i = 0; i < s->nprobers; i++) {
		int was = s->probers[i];
		int is = pollers_same_prober(p->conf.world, was, w);

		if (is < 0)
			continue;
		cursors[is] = s->cursors[i];
		orders[is] = p->orders[was];
		p->orders[was].ring = NULL;
	}
	free_orders(p->orders, p->conf.world->nprobers);
	p->orders = orders;
	/* A process that goes on has its own order of them. */
	if (!s->changed) {
		free(cursors);
		for (i = 0; i < s->nprobers; i++)
			s->probers[i] = pollers_same_prober(
			    p->conf.world, s->probers[i], w);
		return;
	}
	free(s->cursors);
	s->cursors = cursors;
	s->nprobers = w->nprobers;
	s->probers = mem_resize(s->probers, s->nprobers, sizeof(*s->probers));
	for (i = 0; i < s->nprobers; i++)
		s->probers[i] = (int)i;
}

/* Slots that have nothing to poll any more. */
static void
drop_empty(struct pollers *p)
{
	size_t i, n = 0;

	for (i = 0; i < p->n; i++) {
		struct slot *s = p->slots[i];

		if (s->n > 0 || s->nprobers > 0) {
			p->slots[n++] = s;
			continue;
		}
		if (s == p->asks)
			p->asks = NULL;
		add_up(&p->gone, &s->before);
		slot_free(&s);
	}
	p->n = n;
	if (p->asks == NULL) {
		free(p->orders);
		p->orders = NULL;
	}
}

/* What processes know of the manager's own element. */
static bool
same_manner(const struct manager *a, const struct manager *b)
{
	return a->poll_us == b->poll_us && a->timeout_us == b->timeout_us &&
	       a->retries == b->retries &&
	       a->agents_per_poller == b->agents_per_poller;
}

/* How many of a slot's agents stay with it. */
static size_t
staying(const struct pollers *p, const struct slot *s, const struct world *w)
{
	size_t i, n = 0;

	for (i = 0; i < s->n; i++)
		n += same_server(p->conf.world, s->servers[i], w) >= 0;
	return n;
}

/* The slot with most room of those that could go on as they are, or NULL. */
static struct slot *
most_room(const struct pollers *p, size_t most)
{
	struct slot *best = NULL;
	size_t i;

	for (i = 0; i < p->n; i++) {
		struct slot *s = p->slots[i];

		if (s != p->asks && !s->changed && s->n < most &&
		    (best == NULL || s->n < best->n))
			best = s;
	}
	return best;
}

/* Which processes are to be replaced: those who lose an agent, and as few of
 * the others as are needed to give the new ones a place. */
static void
mark_changed(struct pollers *p, const struct world *w, const struct manager *m)
{
	bool same = same_manner(p->conf.manager, m);
	size_t i, stay, fresh = 0, room = 0, most = m->agents_per_poller;
	struct slot *s;

	for (i = 0; i < w->nservers; i++)
		fresh += w->servers[i].agent.kind != AGENT_NONE;
	for (i = 0; i < p->n; i++) {
		s = p->slots[i];
		s->changed = !same || !is_same(p, s, w);
		if (s == p->asks)
			continue;
		stay = staying(p, s, w);
		fresh -= stay;
		if (s->changed && stay < most)
			room += most - stay;
	}
	while (room < fresh && (s = most_room(p, most)) != NULL) {
		s->changed = true;
		room += most - s->n;
	}
}

bool
pollers_renew(struct pollers *p, const struct world *w, const struct manager *m)
{
	bool *placed = mem_array(w->nservers, sizeof(*placed)), replaced;
	bool anew = p->conf.manager->agents_per_poller != m->agents_per_poller;
	size_t i;

	mark_changed(p, w, m);
	/* All of them before any numbers change. */
	for (i = 0; i < p->n; i++)
		if (p->slots[i]->changed)
			stop_process(p->slots[i]);
	for (i = 0; i < p->n; i++) {
		if (anew)
			p->slots[i]->n = 0;
		renumber(p->slots[i], w, placed);
	}
	replaced = p->asks == NULL || p->asks->changed;
	if (p->asks != NULL)
		renumber_probers(p, w);
	p->conf.world = w;
	p->conf.manager = m;
	if (p->asks == NULL)
		add_probers(p);
	share_out(p, placed);
	free(placed);
	drop_empty(p);
	start_changed(p);
	return replaced;
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
send_some(const struct slot *s, int place, struct orders *o)
{
	struct order order = {.prober = place};
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
	const struct slot *s = p->asks;
	size_t i;

	if (s == NULL || s->pid == 0)
		return;
	for (i = 0; i < s->nprobers; i++)
		while (p->orders[s->probers[i]].n > 0)
			if (!send_some(s, (int)i, &p->orders[s->probers[i]]))
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
	const struct slot *s = p->slots[i];

	*out = (struct poller_info){
	    s->pid, s->n + s->nprobers, s->restarts, s->since, s->beat};
}

void
pollers_totals(const struct pollers *p, struct record_beat *out)
{
	size_t i;

	*out = p->gone;
	for (i = 0; i < p->n; i++) {
		add_up(out, &p->slots[i]->before);
		add_up(out, &p->slots[i]->beat);
		out->sessions += p->slots[i]->beat.sessions;
	}
}
