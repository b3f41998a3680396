/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hopfrontd: sends clients to servers. This file is the map: what is made at
 * the start and in which order, what happens each second, and the end.
 */
#include <event2/event.h>
#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "frontend/ask.h"
#include "frontend/frontmib.h"
#include "frontend/frontstatus.h"
#include "frontend/http.h"
#include "lib/daemon.h"
#include "lib/face.h"
#include "lib/keep.h"
#include "lib/log.h"
#include "lib/reload.h"
#include "lib/renumber.h"
#include "lib/rows.h"

struct hopfrontd {
	struct daemon daemon;
	struct ask *ask;
	struct accesslog *log;
	struct http *http;
	struct frontstatus *status;
	struct front_view view;
	struct face *face;
	struct snap *snap;
	struct rows *rows;
	struct event *second, *usr1;
	bool drained;
};

static void
on_second(evutil_socket_t fd, short what, void *arg)
{
	struct hopfrontd *h = arg;

	(void)fd;
	(void)what;
	if (h->face == NULL)
		return;
	frontmib_fill(h->snap, &h->view, mono_now());
	face_publish(h->face, h->snap);
}

static void
on_usr1(evutil_socket_t sig, short what, void *arg)
{
	struct hopfrontd *h = arg;

	(void)sig;
	(void)what;
	if (h->log != NULL)
		accesslog_reopen(h->log);
}

static void
on_drained(void *arg)
{
	struct hopfrontd *h = arg;

	h->drained = true;
	(void)event_base_loopbreak(h->daemon.base);
}

static uint64_t
seed(void)
{
	uint64_t s = 0;

	if (getrandom(&s, sizeof(s), GRND_NONBLOCK) != (ssize_t)sizeof(s))
		s = (uint64_t)mono_now().ns;
	return s;
}

static void
open_log(struct hopfrontd *h, const struct frontend *self)
{
	if (self->access_log == NULL)
		return;
	h->log = accesslog_open(self->access_log);
	if (h->log == NULL)
		log_fatalx("access", "cannot open %s: %s", self->access_log,
		    strerror(errno));
}

/* What may fail of a reload is made first. */
struct change {
	const struct frontend *self;
	struct accesslog *log; /* the new one, or that which stays, or NULL */
	struct listeners_change *control;
	struct http_change *http;
};

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
open_other_log(struct hopfrontd *h, struct change *c, char *why, size_t size)
{
	const char *file = c->self->access_log;

	c->log = h->log;
	if (same_text(file, h->view.self->access_log))
		return true;
	c->log = file != NULL ? accesslog_open(file) : NULL;
	if (c->log != NULL || file == NULL)
		return true;
	(void)snprintf(why, size, "access log %s: %s", file, strerror(errno));
	return false;
}

static bool
prepare(struct hopfrontd *h, const struct world *w, struct change *c, char *why,
    size_t size)
{
	const char *id = h->view.self->id;
	int self = daemon_find_frontend(w, id);

	if (self < 0) {
		(void)snprintf(why, size,
		    "the file has no <frontend id=\"%s\"> any more, which this "
		    "one is; put it back, or stop the daemon",
		    id);
		return false;
	}
	c->self = &w->frontends[self];
	if (ask_uses_tls(h->ask) && !peer_try_tls(w->tls, why, size))
		return false;
	if (!open_other_log(h, c, why, size))
		return false;
	c->control = frontstatus_prepare(h->status, w, c->self, why, size);
	if (c->control != NULL)
		c->http = http_prepare(h->http, c->self, why, size);
	if (c->http != NULL)
		return true;
	listeners_drop(&c->control);
	if (c->log != h->log)
		accesslog_close(&c->log);
	return false;
}

static bool
take(void *arg, struct world *w, char *why, size_t size)
{
	struct hopfrontd *h = arg;
	struct daemon *d = &h->daemon;
	struct accesslog *log = h->log;
	struct change c = {NULL, NULL, NULL, NULL};
	struct renumber *r;

	if (!prepare(h, w, &c, why, size))
		return false;
	r = renumber_new(d->world, w);
	http_take(h->http, &c.http,
	    &(struct http_conf){d->base, w, c.self, h->ask, c.log}, r);
	renumber_free(&r);
	h->log = c.log;
	h->view.log = c.log;
	if (log != c.log)
		accesslog_close(&log);
	h->view.world = w;
	h->view.self = c.self;
	frontstatus_take(h->status, &c.control);
	rows_renew(h->rows, w);
	return true;
}

static void
start(struct hopfrontd *h)
{
	struct daemon *d = &h->daemon;
	const struct frontend *self =
	    &d->world->frontends[daemon_self_frontend(d)];
	char why[256], file[4096];

	open_log(h, self);
	h->ask = ask_new(d->base, d->world, self, seed());
	h->http = http_new(
	    &(struct http_conf){d->base, d->world, self, h->ask, h->log}, why,
	    sizeof(why));
	if (h->http == NULL)
		log_fatalx("http", "%s", why);
	h->view = (struct front_view){
	    d->world, self, h->ask, h->http, h->log, mono_now(), NULL};
	h->status = frontstatus_new(d, &h->view, why, sizeof(why));
	if (h->status == NULL)
		log_fatalx("control", "%s", why);
	daemon_drop(d);
	reload_world(d, CONF_SECRETS_SKIP, take, h);
	h->rows = rows_new(d->world,
	    keep_file("frontend", self->id, "rows", file, sizeof(file)));
	h->view.rows = h->rows;
	if (!d->no_snmp) {
		h->snap = snap_new();
		h->face = face_start(&(struct face_conf){.base = d->base,
		    .program = d->program,
		    .socket = d->agentx,
		    .arc = FRONTMIB_ARC});
	}
	log_info("front",
	    "%s at site %s serves %zu services, asks %zu "
	    "directors",
	    self->id, d->world->sites[self->site].id, d->world->nservices,
	    d->world->ndirectors);
}

static void
stop(struct hopfrontd *h)
{
	event_free(h->second);
	event_free(h->usr1);
	face_free(&h->face);
	snap_free(&h->snap);
	frontstatus_free(&h->status);
	http_free(&h->http);
	ask_free(&h->ask);
	accesslog_close(&h->log);
	rows_free(&h->rows);
	daemon_fini(&h->daemon);
}

int
main(int argc, char **argv)
{
	/* Low ports that a reload brings, if it was given the right to them. */
	struct hopfrontd h = {.daemon = {.program = "hopfrontd",
				  .keep = 1u << CAP_NET_BIND_SERVICE}};
	const struct timeval second = {1, 0};
	int status;

	daemon_start(&h.daemon, argc, argv, CONF_SECRETS_SKIP);
	start(&h);
	h.second = event_new(h.daemon.base, -1, EV_PERSIST, on_second, &h);
	h.usr1 = evsignal_new(h.daemon.base, SIGUSR1, on_usr1, &h);
	(void)event_add(h.second, &second);
	(void)event_add(h.usr1, NULL);
	status = daemon_run(&h.daemon);
	log_info("front", "%zu clients are finished, then the end",
	    http_clients(h.http));
	http_drain(h.http, on_drained, &h);
	if (!h.drained)
		(void)event_base_dispatch(h.daemon.base);
	stop(&h);
	return status;
}
