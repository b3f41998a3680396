/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/frontstatus.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "lib/mem.h"
#include "lib/reload.h"

struct frontstatus {
	const struct front_view *view;
	struct peer_conf conf;
	struct listeners *listeners;
	struct daemon *daemon;
};

static void
send_daemon(struct peer *p, const struct front_view *v, struct mono now)
{
	struct ask_counters c;

	ask_counters(v->ask, &c);
	peer_send(p,
	    "row daemon %s program=hopfrontd version=%s hash=%s uptime=%lld "
	    "site=%s clients=%zu clients-max=%u directors-up=%zu kept=%zu "
	    "kept-max=%u evicted=%" PRIu64 " asking=%zu unknown=%" PRIu64
	    " loops=%" PRIu64 " log-lost=%" PRIu64 " when=%lld",
	    v->self->id, HOP_VERSION, v->world->hash,
	    (long long)(mono_ms(now, v->started) / 1000),
	    v->world->sites[v->self->site].id, http_clients(v->http),
	    v->self->clients, ask_directors_up(v->ask), c.kept, v->self->cache,
	    c.evicted, c.waiting, c.skipped, http_loops(v->http),
	    v->log != NULL ? accesslog_lost(v->log) : 0, (long long)time(NULL));
}

static void
send_director(struct peer *p, const struct ask_director *d, struct mono now)
{
	peer_send(p,
	    "row director %s state=%s reason=%s since=%lld changes=%u "
	    "asks=%" PRIu64 " answers=%" PRIu64 " timeouts=%" PRIu64
	    " errors=%" PRIu64 " rtt-us=%lld hash=%s skewed=%s",
	    d->conf->id, state_text(d->state), reason_text(d->reason),
	    (long long)(mono_ms(now, d->since) / 1000), d->changes, d->asks,
	    d->answers, d->timeouts, d->errors, (long long)d->rtt_us,
	    d->hash[0] != '\0' ? d->hash : "-", d->skewed ? "yes" : "no");
}

static void
send_listener(struct peer *p, const struct http_listener *l)
{
	const struct listener_counters *c = &l->counters;

	peer_send(p,
	    "row listener %s clients=%zu accepted=%" PRIu64 " refused=%" PRIu64
	    " requests=%" PRIu64 " redirects=%" PRIu64 " client-errors=%" PRIu64
	    " server-errors=%" PRIu64 " unknown-hosts=%" PRIu64
	    " time-us=%" PRIu64,
	    l->name, c->sessions, c->accepted, c->refused, c->requests,
	    c->redirects, c->client_errors, c->server_errors, c->unknown_hosts,
	    c->time_us);
}

static void
send_service(
    struct peer *p, const struct service *s, const struct service_counters *c)
{
	peer_send(p,
	    "row service %s requests=%" PRIu64 " redirects=%" PRIu64
	    " errors=%" PRIu64 " director=%" PRIu64 " cached=%" PRIu64
	    " last=%" PRIu64 " static=%" PRIu64 " fallback=%" PRIu64,
	    s->id, c->requests, c->redirects, c->errors,
	    c->answers[ASK_DIRECTOR], c->answers[ASK_CACHED],
	    c->answers[ASK_LAST], c->answers[ASK_STATIC],
	    c->answers[ASK_FALLBACK]);
}

static void
on_status(struct peer *p, const struct line *l, void *arg)
{
	const struct frontstatus *s = arg;
	const struct front_view *v = s->view;
	const struct http_listener *h;
	struct mono now = mono_now();
	size_t i;

	(void)l;
	send_daemon(p, v, now);
	for (i = 0; i < v->world->ndirectors; i++)
		send_director(p, ask_director(v->ask, i), now);
	for (i = 0; (h = http_listener(v->http, i)) != NULL; i++)
		send_listener(p, h);
	for (i = 0; i < v->world->nservices; i++)
		send_service(
		    p, &v->world->services[i], http_service(v->http, i));
	peer_send(p, "done");
}

static void
on_reload(struct peer *p, const struct line *l, void *arg)
{
	const struct frontstatus *s = arg;

	(void)l;
	(void)reload_now(s->daemon, p);
}

static const struct verb verbs[] = {
    {"status", on_status, ROLE_CONTROL, 0, 0},
    {"reload", on_reload, ROLE_CONTROL, 0, 0},
    {NULL, NULL, 0, 0, 0},
};

struct frontstatus *
frontstatus_new(
    struct daemon *daemon, const struct front_view *v, char *why, size_t size)
{
	struct frontstatus *s = mem_new(sizeof(*s));

	s->view = v;
	s->daemon = daemon;
	s->conf = (struct peer_conf){.base = daemon->base,
	    .sub = "control",
	    .role = ROLE_FRONTEND,
	    .id = v->self->id,
	    .hash = v->world->hash,
	    .verbs = verbs,
	    .arg = s,
	    .tls = v->world->tls};
	s->listeners = listeners_new(&s->conf);
	if (listeners_open(s->listeners, v->self->control, v->self->ncontrol,
		v->world->tls, why, size) < 0)
		frontstatus_free(&s);
	return s;
}

struct listeners_change *
frontstatus_prepare(struct frontstatus *s, const struct world *w,
    const struct frontend *self, char *why, size_t size)
{
	return listeners_prepare(
	    s->listeners, self->control, self->ncontrol, w->tls, why, size);
}

void
frontstatus_take(struct frontstatus *s, struct listeners_change **c)
{
	s->conf.id = s->view->self->id;
	s->conf.hash = s->view->world->hash;
	s->conf.tls = s->view->world->tls;
	listeners_take(s->listeners, c);
}

void
frontstatus_free(struct frontstatus **s)
{
	if (*s == NULL)
		return;
	listeners_free(&(*s)->listeners);
	free(*s);
	*s = NULL;
}
