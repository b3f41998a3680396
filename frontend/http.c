/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connections are in lists by what they wait for, those that have waited
 * longest first: so one timer serves all time limits, and at the limit of
 * clients it is known who can go. Where nobody can, accepting pauses, and new
 * clients wait in the kernel's queue.
 */
#include "frontend/http.h"

#include <errno.h>
#include <event2/event_struct.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frontend/conn.h"
#include "lib/mem.h"
#include "lib/renumber.h"

#define BACKLOG       4096
#define ACCEPTS       64 /* in one turn */
#define TICK_MS       250
#define SLOW_MS       1000 /* who sends or reads this slowly can be cut */
#define DRAIN_IDLE_MS 500
#define DRAIN_MS      2000
#define VISITS        16384 /* remembered for loops */

struct listener {
	struct http_listener shown;
	struct http *http;
	int fd;
	struct event acceptable;
};

struct http {
	struct front front;
	struct listener **listener;
	size_t nlisteners;
	struct listener **closed; /* that still have connections */
	size_t nclosed;
	unsigned next_n;
	bool paused;
	struct event tick;
	struct mono drain_since;
	void (*done)(void *arg);
	void *done_arg;
	struct log_bound bound;
};

void
front_tick(struct front *f)
{
	struct front_clock *c = &f->clock;
	struct timespec ts;
	struct tm tm;

	c->now = mono_now();
	(void)clock_gettime(CLOCK_REALTIME_COARSE, &ts);
	c->wall_ms = (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
	if (ts.tv_sec == c->second)
		return;
	c->second = ts.tv_sec;
	(void)reply_date(ts.tv_sec, c->date);
	if (gmtime_r(&ts.tv_sec, &tm) == NULL ||
	    strftime(c->iso, sizeof(c->iso), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		c->iso[0] = '\0';
}

/* How many, and for how long. */

static void
pause_accept(struct http *h, bool on)
{
	size_t i;

	if (h->paused == on)
		return;
	h->paused = on;
	for (i = 0; i < h->nlisteners; i++) {
		if (h->listener[i]->fd < 0)
			continue;
		if (on)
			(void)event_del(&h->listener[i]->acceptable);
		else
			(void)event_add(&h->listener[i]->acceptable, NULL);
	}
}

static void
on_close(struct front *f)
{
	struct http *h = (struct http *)(void *)f; /* its first member */

	if (h->done != NULL && f->nconns == 0)
		h->done(h->done_arg);
	else if (h->paused && f->nconns < f->self->clients)
		pause_accept(h, false);
}

/* The first of a list, if it has waited for so long. */
static struct conn *
waited(const struct front *f, enum conn_phase phase, int64_t ms)
{
	struct conn *c = TAILQ_FIRST(&f->conns[phase]);

	if (c == NULL || mono_ms(f->clock.now, conn_since(c)) < ms)
		return NULL;
	return c;
}

/* Who goes if one more comes: those who wait for nothing of ours, then those
 * who are slow on purpose. NULL: nobody can. */
static struct conn *
expendable(const struct front *f)
{
	struct conn *c = waited(f, CONN_LINGER, 0);

	if (c == NULL)
		c = waited(f, CONN_IDLE, 0);
	if (c == NULL)
		c = waited(f, CONN_HEAD, SLOW_MS);
	if (c == NULL)
		c = waited(f, CONN_SEND, SLOW_MS);
	return c;
}

/* Whether one more can come. */
static bool
has_room(struct http *h)
{
	const struct front *f = &h->front;

	if (f->nconns < f->self->clients || expendable(f) != NULL)
		return true;
	if (log_allowed(&h->bound, "http"))
		log_warnx("http",
		    "all %u clients are busy: new ones wait; see clients= of "
		    "<frontend>",
		    f->self->clients);
	pause_accept(h, true);
	return false;
}

static void
time_out(struct front *f)
{
	const int64_t limit[CONN_PHASES] = {
	    [CONN_IDLE] = f->self->idle_us / 1000,
	    [CONN_HEAD] = CONN_HEAD_MS,
	    [CONN_ASK] = INT64_MAX, /* questions end by themselves */
	    [CONN_SEND] = CONN_SEND_MS,
	    [CONN_LINGER] = CONN_LINGER_MS,
	};
	struct conn *c;
	int p;

	for (p = 0; p < CONN_PHASES; p++)
		while ((c = waited(f, (enum conn_phase)p, limit[p])) != NULL)
			conn_timeout(c);
}

/* The end. */

static void
close_all(struct front *f, enum conn_phase phase)
{
	struct conn *c;

	while ((c = TAILQ_FIRST(&f->conns[phase])) != NULL)
		conn_free(c);
}

static void
drain_on(struct http *h)
{
	int64_t ms = mono_ms(h->front.clock.now, h->drain_since);
	int p;

	if (ms >= DRAIN_IDLE_MS)
		close_all(&h->front, CONN_IDLE);
	for (p = 0; p < CONN_PHASES && ms >= DRAIN_MS; p++)
		close_all(&h->front, (enum conn_phase)p);
}

/* Closed listeners whose last connection has ended. */
static void
sweep(struct http *h)
{
	size_t i, n = 0;

	for (i = 0; i < h->nclosed; i++)
		if (h->closed[i]->shown.counters.sessions == 0)
			free(h->closed[i]);
		else
			h->closed[n++] = h->closed[i];
	h->nclosed = n;
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct http *h = arg;

	(void)fd;
	(void)what;
	front_tick(&h->front);
	time_out(&h->front);
	sweep(h);
	if (h->front.log != NULL)
		accesslog_flush(h->front.log);
	if (h->done != NULL)
		drain_on(h);
	/* Descriptors may have run out, not clients. */
	else if (h->paused && (h->front.nconns < h->front.self->clients ||
				  expendable(&h->front) != NULL))
		pause_accept(h, false);
}

/* Listeners. */

/* One connection from the queue; false: there is none, or no room. */
static bool
accept_one(struct listener *l)
{
	struct http *h = l->http;
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct addr client;
	uint16_t port;
	int fd;

	if (!has_room(h))
		return false;
	fd = accept4(
	    l->fd, (struct sockaddr *)&ss, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0) {
		if (errno == EAGAIN || errno == EINTR)
			return false;
		if (errno == ECONNABORTED || errno == EPROTO)
			return true;
		/* No descriptor or memory: the next tick tries again. */
		l->shown.counters.refused++;
		if (log_allowed(&h->bound, "http"))
			log_warn("http", "%s: accept", l->shown.name);
		pause_accept(h, true);
		return false;
	}
	if (h->front.nconns >= h->front.self->clients)
		conn_free(expendable(&h->front));
	addr_from_sockaddr((const struct sockaddr *)&ss, &client, &port);
	conn_new(&h->front, fd, &client, &l->shown.counters, &l->shown.service);
	return true;
}

static void
on_acceptable(evutil_socket_t fd, short what, void *arg)
{
	struct listener *l = arg;
	int i;

	(void)fd;
	(void)what;
	front_tick(&l->http->front);
	for (i = 0; i < ACCEPTS && accept_one(l); i++)
		;
}

static int
failed(const struct listener *l, const char *what, char *why, size_t size)
{
	int err = errno;

	if (err == EADDRINUSE)
		(void)snprintf(why, size,
		    "%s: the port is in use; who has it: ss -ltnp 'sport = "
		    ":%u'",
		    l->shown.name, l->shown.port);
	else if (err == EACCES)
		(void)snprintf(why, size,
		    "%s: ports below 1024 need CAP_NET_BIND_SERVICE, or a "
		    "restart as root",
		    l->shown.name);
	else if (err == EADDRNOTAVAIL)
		(void)snprintf(why, size, "%s: this host has no such address",
		    l->shown.name);
	else
		(void)snprintf(why, size, "%s: %s: %s", l->shown.name, what,
		    strerror(err));
	return -1;
}

static void
set_name(struct listener *l)
{
	char text[ADDR_TEXT];
	bool six = l->shown.addr.family == AF_INET6;

	(void)addr_text(&l->shown.addr, text, sizeof(text));
	(void)snprintf(l->shown.name, sizeof(l->shown.name), "http:%s%s%s:%u",
	    six ? "[" : "", text, six ? "]" : "", l->shown.port);
}

static int
listen_at(struct listener *l, char *why, size_t size)
{
	const int on = 1;
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(&l->shown.addr, l->shown.port, &ss);

	set_name(l);
	l->fd =
	    socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->fd < 0)
		return failed(l, "socket", why, size);
	/* Options are inherited by what is accepted: no call per client. */
	(void)setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	(void)setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (ss.ss_family == AF_INET6)
		(void)setsockopt(
		    l->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(l->fd, (struct sockaddr *)&ss, len) < 0)
		return failed(l, "bind", why, size);
	if (listen(l->fd, BACKLOG) < 0)
		return failed(l, "listen", why, size);
	len = sizeof(ss);
	if (getsockname(l->fd, (struct sockaddr *)&ss, &len) == 0)
		addr_from_sockaddr((const struct sockaddr *)&ss, &l->shown.addr,
		    &l->shown.port);
	set_name(l);
	(void)event_assign(&l->acceptable, l->http->front.base, l->fd,
	    EV_READ | EV_PERSIST, on_acceptable, l);
	(void)event_add(&l->acceptable, NULL);
	log_info("http", "listens at %s", l->shown.name);
	return 0;
}

static void
listener_close(struct listener *l)
{
	if (l->fd < 0)
		return;
	if (event_initialized(&l->acceptable))
		(void)event_del(&l->acceptable);
	(void)close(l->fd);
	l->fd = -1;
}

static struct http *
front_new(const struct http_conf *conf)
{
	struct http *h = mem_new(sizeof(*h));
	struct front *f = &h->front;
	int p;

	f->base = conf->base;
	f->world = conf->world;
	f->self = conf->self;
	f->ask = conf->ask;
	f->log = conf->log;
	f->loop = loop_new(VISITS);
	f->on_close = on_close;
	f->services = mem_array(conf->world->nservices, sizeof(*f->services));
	f->loop_bound.burst = 10;
	h->bound.burst = 3;
	for (p = 0; p < CONN_PHASES; p++)
		TAILQ_INIT(&f->conns[p]);
	front_tick(f);
	return h;
}

static struct listener *
listener_new(struct http *h, const struct listen_http *conf)
{
	struct listener *l = mem_new(sizeof(*l));

	l->http = h;
	l->fd = -1;
	l->shown.conf = conf;
	l->shown.service = conf->service;
	l->shown.addr = conf->addr;
	l->shown.port = conf->port;
	return l;
}

static void
listener_free(struct listener **l)
{
	if (*l == NULL)
		return;
	listener_close(*l);
	free(*l);
	*l = NULL;
}

struct http *
http_new(const struct http_conf *conf, char *why, size_t size)
{
	struct http *h = front_new(conf);
	const struct timeval tick = {.tv_usec = TICK_MS * 1000};
	size_t i, n = conf->self->nlisten;

	h->listener = mem_array(n, sizeof(struct listener *));
	(void)event_assign(&h->tick, conf->base, -1, EV_PERSIST, on_tick, h);
	(void)event_add(&h->tick, &tick);
	for (i = 0; i < n; i++) {
		h->listener[i] = listener_new(h, &conf->self->listen[i]);
		h->listener[i]->shown.n = ++h->next_n;
		h->nlisteners++;
		if (listen_at(h->listener[i], why, size) < 0) {
			http_free(&h);
			return NULL;
		}
	}
	return h;
}

void
http_free(struct http **hp)
{
	struct http *h = *hp;
	size_t i;
	int p;

	if (h == NULL)
		return;
	h->done = NULL;
	for (p = 0; p < CONN_PHASES; p++)
		close_all(&h->front, (enum conn_phase)p);
	for (i = 0; i < h->nlisteners; i++)
		listener_free(&h->listener[i]);
	for (i = 0; i < h->nclosed; i++)
		listener_free(&h->closed[i]);
	free(h->closed);
	(void)event_del(&h->tick);
	loop_free(&h->front.loop);
	free(h->front.services);
	free(h->listener);
	free(h);
	*hp = NULL;
}

void
http_drain(struct http *h, void (*done)(void *arg), void *arg)
{
	size_t i;

	front_tick(&h->front);
	h->drain_since = h->front.clock.now;
	h->front.draining = true;
	/* Clients in the kernel's queue believe that they are connected. */
	for (i = 0; i < h->nlisteners; i++) {
		while (h->listener[i]->fd >= 0 && accept_one(h->listener[i]))
			;
		listener_close(h->listener[i]);
	}
	close_all(&h->front, CONN_LINGER);
	h->done = done;
	h->done_arg = arg;
	if (h->front.nconns == 0)
		done(arg);
}

/* Reload. */

struct http_change {
	struct listener **list;
	bool *is_new;
	size_t n;
};

static struct listener *
find_listener(const struct http *h, const struct listen_http *at)
{
	size_t i;

	for (i = 0; i < h->nlisteners; i++) {
		const struct listen_http *c = h->listener[i]->shown.conf;

		if (c->port == at->port && addr_cmp(&c->addr, &at->addr) == 0)
			return h->listener[i];
	}
	return NULL;
}

static bool
is_in(const struct http_change *c, const struct listener *l)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (c->list[i] == l)
			return true;
	return false;
}

static bool
is_any_address(const struct addr *a)
{
	static const uint8_t none[sizeof(a->ip)];

	return memcmp(a->ip, none, sizeof(none)) == 0;
}

/* The new one is opened while the old one is open: where one is for all
 * addresses they are in each other's way. */
static void
blame_own(
    const struct http *h, const struct listener *l, char *why, size_t size)
{
	size_t i;

	for (i = 0; i < h->nlisteners; i++) {
		const struct http_listener *own = &h->listener[i]->shown;

		if (own->port == l->shown.port &&
		    own->addr.family == l->shown.addr.family &&
		    is_any_address(&own->addr) !=
			is_any_address(&l->shown.addr))
			(void)snprintf(why, size,
			    "%s: this daemon listens at %s, which a reload "
			    "cannot replace by it; restart it",
			    l->shown.name, own->name);
	}
}

struct http_change *
http_prepare(
    struct http *h, const struct frontend *self, char *why, size_t size)
{
	struct http_change *c;
	size_t n = self->nlisten;

	if (h->front.draining) {
		(void)snprintf(why, size, "it is ending");
		return NULL;
	}
	c = mem_new(sizeof(*c));
	c->list = mem_array(n + 1, sizeof(struct listener *));
	c->is_new = mem_array(n + 1, sizeof(*c->is_new));
	while (c->n < n) {
		const struct listen_http *at = &self->listen[c->n];
		struct listener *l = find_listener(h, at);

		c->is_new[c->n] = l == NULL || is_in(c, l);
		if (c->is_new[c->n])
			l = listener_new(h, at);
		c->list[c->n] = l;
		c->n++;
		if (l->fd < 0 && listen_at(l, why, size) < 0) {
			blame_own(h, l, why, size);
			http_drop(&c);
			return NULL;
		}
	}
	return c;
}

void
http_drop(struct http_change **c)
{
	size_t i;

	if (*c == NULL)
		return;
	for (i = 0; i < (*c)->n; i++)
		if ((*c)->is_new[i])
			listener_free(&(*c)->list[i]);
	free((*c)->list);
	free((*c)->is_new);
	free(*c);
	*c = NULL;
}

/* Whoever waits in the kernel's queue believes to be connected. */
static void
retire(struct http *h, struct listener *l)
{
	while (l->fd >= 0 && accept_one(l))
		;
	listener_close(l);
	l->shown.conf = NULL;
	log_info("http", "listens at %s no more", l->shown.name);
	h->closed =
	    mem_resize(h->closed, h->nclosed + 1, sizeof(struct listener *));
	h->closed[h->nclosed++] = l;
}

static void
take_listeners(struct http *h, struct http_change *c,
    const struct frontend *self, const struct renumber *r)
{
	size_t i;

	for (i = 0; i < h->nlisteners + h->nclosed; i++) {
		struct listener *l = i < h->nlisteners
					 ? h->listener[i]
					 : h->closed[i - h->nlisteners];

		/* New connections of those that go may still come. */
		l->shown.service = renumbered(r->service, l->shown.service);
	}
	for (i = 0; i < h->nlisteners; i++)
		if (!is_in(c, h->listener[i]))
			retire(h, h->listener[i]);
	free(h->listener);
	h->listener = c->list;
	h->nlisteners = c->n;
	for (i = 0; i < c->n; i++) {
		h->listener[i]->shown.conf = &self->listen[i];
		h->listener[i]->shown.service = self->listen[i].service;
		if (!c->is_new[i])
			continue;
		h->listener[i]->shown.n = ++h->next_n;
		if (h->paused)
			(void)event_del(&h->listener[i]->acceptable);
	}
	c->list = NULL;
	c->n = 0;
}

static void
renew_services(struct front *f, const struct renumber *r)
{
	struct service_counters *s = mem_array(r->to->nservices, sizeof(*s));
	size_t i;

	for (i = 0; i < r->from->nservices; i++)
		if (r->service[i] >= 0)
			s[r->service[i]] = f->services[i];
	free(f->services);
	f->services = s;
}

static void
renew_front(
    struct front *f, const struct http_conf *conf, const struct renumber *r)
{
	f->world = conf->world;
	f->self = conf->self;
	f->log = conf->log;
	renew_services(f, r);
	loop_renew(f->loop, r);
}

/* Those that a change of theirs lets go on move to other lists, or end. */
static void
resume_all(struct front *f)
{
	struct conn *c, *next;
	int p;

	for (p = 0; p < CONN_PHASES; p++)
		for (c = TAILQ_FIRST(&f->conns[p]); c != NULL; c = next) {
			next = conn_next(c);
			conn_resume(c);
		}
}

void
http_take(struct http *h, struct http_change **c, const struct http_conf *conf,
    const struct renumber *r)
{
	struct front *f = &h->front;
	struct conn *conn;
	int p;

	front_tick(f);
	for (p = 0; p < CONN_PHASES; p++)
		for (conn = TAILQ_FIRST(&f->conns[p]); conn != NULL;
		     conn = conn_next(conn))
			conn_renew(conn, r);
	ask_renew(f->ask, r, conf->self);
	renew_front(f, conf, r);
	take_listeners(h, *c, conf->self, r);
	resume_all(f);
	http_drop(c);
}

const struct http_listener *
http_listener(const struct http *h, size_t i)
{
	return i < h->nlisteners ? &h->listener[i]->shown : NULL;
}

const struct service_counters *
http_service(const struct http *h, size_t i)
{
	return &h->front.services[i];
}

size_t
http_clients(const struct http *h)
{
	return h->front.nconns;
}

uint64_t
http_loops(const struct http *h)
{
	return h->front.loops;
}
