/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A try is two attempts that begin 500 ms apart, the second only if the first
 * did not work. Tries beyond a bound wait in a list, so that a site that dies
 * cannot take all descriptors. Each try is freed by its end or tries_free().
 */
#include "manager/try.h"

#include <stdlib.h>

#include "lib/mem.h"
#include "lib/mono.h"

#define ATTEMPTS    2
#define ATTEMPT_MS  500
#define RUNNING_MAX 1000

struct
try {
	struct tries *owner;
	struct try *next, *prev; /* of the running or the waiting ones */
	int n, server, service;
	unsigned attempt;
	struct mono began; /* the attempt */
	enum reason reason;
	struct check *check;
	struct event *timer; /* until the next attempt, or the end */
};

struct list {
	struct try *first, *last;
	size_t n;
};

struct tries {
	struct event_base *base;
	const struct world *world;
	void (*done)(void *arg, int n, bool ok, enum reason reason);
	void *arg;
	struct list running, waiting;
	struct log_bound log;
};

static void
append(struct list *l, struct try *x)
{
	x->next = NULL;
	x->prev = l->last;
	if (l->last != NULL)
		l->last->next = x;
	else
		l->first = x;
	l->last = x;
	l->n++;
}

static void
take_out(struct list *l, struct try *x)
{
	if (x->prev != NULL)
		x->prev->next = x->next;
	else
		l->first = x->next;
	if (x->next != NULL)
		x->next->prev = x->prev;
	else
		l->last = x->prev;
	l->n--;
}

static void
try_free(struct try *x)
{
	check_cancel(&x->check);
	if (x->timer != NULL)
		event_free(x->timer);
	free(x);
}

bool
try_conf(const struct world *w, int server, int service, unsigned attempt,
    struct check_conf *c)
{
	const struct server *s = &w->servers[server];
	const struct service *v = &w->services[service];
	size_t i;

	for (i = 0; i < s->naliases; i++) {
		const struct alias *a =
		    &s->aliases[(i + attempt) % s->naliases];

		if (a->v4.family == AF_UNSPEC && a->v6.family == AF_UNSPEC)
			continue;
		*c = (struct check_conf){
		    .type = v->try.http ? CHECK_HTTP : CHECK_TCP,
		    .addr = a->v4.family != AF_UNSPEC ? a->v4 : a->v6,
		    .port = v->try.port != 0 ? v->try.port : world_port(v, a),
		    .host = v->nhosts > 0 ? v->hosts[0] : a->name,
		    .path = v->try.path != NULL ? v->try.path : "/",
		    .status = v->try.status,
		    .timeout_ms = ATTEMPT_MS,
		};
		return true;
	}
	return false;
}

static void attempt(struct try *x);

static void
start_waiting(struct tries *t)
{
	struct try *x;

	while (t->running.n < RUNNING_MAX && t->waiting.n > 0) {
		x = t->waiting.first;
		take_out(&t->waiting, x);
		append(&t->running, x);
		attempt(x);
	}
}

static void
finish(struct try *x, bool ok)
{
	struct tries *t = x->owner;
	enum reason reason = x->reason;
	int n = x->n;

	take_out(&t->running, x);
	try_free(x);
	t->done(t->arg, n, ok, reason);
	start_waiting(t);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct try *x = arg;

	(void)fd;
	(void)what;
	if (x->attempt < ATTEMPTS)
		attempt(x);
	else
		finish(x, false);
}

/* The next attempt, or the end, 500 ms after this one began: a service that
 * refuses during a restart of its own gets that long. */
static void
wait_for_next(struct try *x)
{
	int64_t ms = ATTEMPT_MS - mono_ms(mono_now(), x->began);
	struct timeval tv = {0};

	if (x->attempt >= ATTEMPTS || ms < 0)
		ms = 0;
	tv.tv_usec = ms * 1000;
	(void)event_add(x->timer, &tv);
}

static void
on_done(void *arg, bool ok, enum reason reason, int64_t us)
{
	struct try *x = arg;

	(void)us;
	x->check = NULL; /* it frees itself */
	x->reason = reason;
	if (ok)
		finish(x, true);
	else
		wait_for_next(x);
}

static void
attempt(struct try *x)
{
	struct tries *t = x->owner;
	struct check_conf c;

	x->began = mono_now();
	x->reason = REASON_NO_ADDRESS;
	if (try_conf(t->world, x->server, x->service, x->attempt++, &c)) {
		c.log = &t->log;
		x->reason = REASON_CONNECT_FAILED;
		x->check = check_start(t->base, &c, on_done, x);
	}
	if (x->check == NULL)
		wait_for_next(x);
}

struct tries *
tries_new(struct event_base *base, const struct world *w,
    void (*done)(void *arg, int n, bool ok, enum reason reason), void *arg)
{
	struct tries *t = mem_new(sizeof(*t));

	t->base = base;
	t->world = w;
	t->done = done;
	t->arg = arg;
	t->log.burst = 1;
	return t;
}

static void
empty(struct list *l)
{
	struct try *x;

	while ((x = l->first) != NULL) {
		take_out(l, x);
		try_free(x);
	}
}

void
tries_free(struct tries **tp)
{
	struct tries *t = *tp;

	if (t == NULL)
		return;
	empty(&t->running);
	empty(&t->waiting);
	free(t);
	*tp = NULL;
}

static void
renew_list(struct list *l,
    int (*place)(void *arg, int n, int *server, int *service), void *arg)
{
	struct try *x, *next;

	for (x = l->first; x != NULL; x = next) {
		next = x->next;
		x->n = place(arg, x->n, &x->server, &x->service);
		if (x->n >= 0)
			continue;
		take_out(l, x);
		try_free(x);
	}
}

void
tries_renew(struct tries *t, const struct world *w,
    int (*place)(void *arg, int n, int *server, int *service), void *arg)
{
	t->world = w;
	renew_list(&t->running, place, arg);
	renew_list(&t->waiting, place, arg);
	start_waiting(t);
}

void
try_start(struct tries *t, int n, int server, int service)
{
	struct try *x = mem_new(sizeof(*x));

	x->owner = t;
	x->n = n;
	x->server = server;
	x->service = service;
	x->timer = evtimer_new(t->base, on_timer, x);
	if (x->timer == NULL)
		abort();
	append(&t->waiting, x);
	start_waiting(t);
}

size_t
tries_running(const struct tries *t)
{
	return t->running.n + t->waiting.n;
}
