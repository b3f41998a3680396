/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/exchange.h"

#include <stdio.h>
#include <string.h>

#include "lib/renumber.h"

void
exchange_refuse(struct exchange *x, const struct front *f,
    const struct http_parse *p, unsigned status)
{
	*x = (struct exchange){
	    .req = p->req,
	    .route = {status, -1, p->why},
	    .avoid = -1,
	    .close = true,
	    .rtt_us = -1,
	    .begun = f->clock.now,
	};
	x->req.method = HTTP_GET; /* so that the body says why */
}

static void
log_loop(struct exchange *x, struct front *f, const char *bytes,
    const struct addr *client)
{
	const struct service *s = &f->world->services[x->route.service];
	char text[ADDR_TEXT];

	f->loops++;
	if (!log_allowed(&f->loop_bound, "http"))
		return;
	log_warnx("http",
	    "loop: client %s came back %u times for service %s, %.*s%s: %s; "
	    "does a server redirect to the service's own name?",
	    addr_text(client, text, sizeof(text)), x->loop.count, s->id,
	    x->target_len < 200 ? (int)x->target_len : 200,
	    bytes + x->req.target.at, x->target_len < 200 ? "" : "...",
	    x->loop.verdict == LOOP_STOP ? "508" : "another server");
}

/* See loop.h for the rule. */
static void
look_for_loop(struct exchange *x, struct front *f, const char *bytes,
    const struct addr *client, struct loop_chain *chain, bool pipelined)
{
	const struct http_request *r = &x->req;
	const char *id = f->world->services[x->route.service].id;
	struct loop_visit v = {
	    .chain = r->keep_alive ? chain : NULL,
	    .client = client,
	    .host = id,
	    .host_len = strlen(id),
	    .target = bytes + r->target.at,
	    .cookie = bytes + r->mark.at,
	    .cookie_len = r->mark.len,
	    .counts = !pipelined && !r->reload,
	    .now_ms = f->clock.wall_ms,
	};

	x->target_len = loop_unmark(v.target, r->target.len, &v.marked);
	v.target_len = x->target_len;
	loop_visit(f->loop, &v, &x->loop);
	if (x->loop.verdict == LOOP_OTHER)
		x->avoid = loop_server(f->loop, x->loop.key);
	if (x->loop.verdict != LOOP_NONE)
		log_loop(x, f, bytes, client);
	if (x->loop.verdict == LOOP_STOP) {
		x->route.status = 508;
		x->route.why = "The server that this page is on sends its "
			       "clients back to here. If it was not that, "
			       "reload the page.";
	}
}

bool
exchange_begin(struct exchange *x, struct front *f,
    const struct http_request *r, const char *bytes, int fallback,
    const struct addr *client, struct loop_chain *chain, bool pipelined)
{
	x->req = *r;
	x->target_len = r->target.len;
	x->loop.verdict = LOOP_NONE;
	x->loop.mark = x->loop.set = false;
	x->avoid = -1;
	x->close = !r->keep_alive;
	x->rtt_us = -1;
	x->begun = f->clock.now;
	route(f->world, fallback, r, bytes, &x->route);
	/* What would follow an unread body, or a tunnel, is no request. */
	if (r->method == HTTP_CONNECT)
		x->close = true;
	if (x->route.service >= 0) {
		f->services[x->route.service].requests++;
		look_for_loop(x, f, bytes, client, chain, pipelined);
	}
	if (x->route.status != 0)
		return true;
	return ask_known(
	    f->ask, x->route.service, client, x->avoid, x->begun, &x->answer);
}

bool
exchange_renew(struct exchange *x, const struct renumber *r, bool answered)
{
	struct ask_answer *a = &x->answer;

	x->avoid = renumbered(r->server, x->avoid);
	if (x->route.service < 0)
		return true;
	x->route.service = r->service[x->route.service];
	if (x->route.service < 0 && x->route.status == 0) {
		x->route.status = 421;
		x->route.why = "This site is served here no more.";
	}
	if (x->route.status != 0)
		return true;
	if (!answered || a->source == ASK_FALLBACK)
		return answered;
	a->alias = renumber_alias(r, a->server, a->alias);
	a->server = r->server[a->server];
	return a->alias != NULL;
}

/* The place of a server: our scheme, its alias, its port. */
static void
to_server(struct reply *r, const struct service *s, const struct alias *a,
    const struct addr *client, char address[ADDR_TEXT])
{
	const struct addr *ip = client->family == AF_INET6 ? &a->v6 : &a->v4;
	uint16_t port = world_port(s, a);

	r->scheme = world_scheme(s->protocol);
	r->host = a->name;
	if ((s->location == LOCATION_ADDRESS || a->name == NULL) &&
	    ip->family != AF_UNSPEC)
		r->host = addr_text(ip, address, ADDR_TEXT);
	if (r->host == NULL)
		r->host = "";
	r->port = port == world_scheme_port(s->protocol) ? 0 : port;
}

/* A fallback URL without a path stands for a whole site: path and query go
 * behind it. One with a path is one page. */
static bool
is_site(const char *url)
{
	const char *host = strstr(url, "://");

	return host != NULL && strpbrk(host + 3, "/?#") == NULL;
}

static void
to_fallback(struct exchange *x, struct reply *r, const struct service *s)
{
	r->server = "fallback";
	r->source = reason_text(x->answer.reason);
	if (s->fallback == NULL) {
		r->status = 503;
		r->server = "none";
		r->retry_after_s = s->retry_after_s;
		r->why = "No server can take this request now.";
		r->path_len = 0;
		return;
	}
	/* It is never permanent, whatever the service's redirects are. */
	r->status = route_redirect(302, x->req.method);
	r->url = s->fallback;
	if (!is_site(s->fallback))
		r->path_len = 0;
}

static void
to_reply(struct exchange *x, const struct front *f, const char *bytes,
    const struct addr *client, struct reply *r, char address[ADDR_TEXT])
{
	const struct service *s;

	*r = (struct reply){
	    .status = x->route.status,
	    .connection = x->close            ? REPLY_CLOSE
			  : x->req.minor == 0 ? REPLY_KEEP_SAY
					      : REPLY_KEEP,
	    .head = x->req.method == HTTP_HEAD,
	    .date = f->clock.date,
	    .path = "",
	    .cookie = x->loop.set ? x->loop.cookie : NULL,
	    .why = x->route.why,
	};
	if (r->status != 0)
		return;
	s = &f->world->services[x->route.service];
	r->path = bytes + x->req.target.at;
	r->path_len = x->target_len;
	r->mark = x->loop.mark ? LOOP_MARK : NULL;
	if (x->answer.source == ASK_FALLBACK) {
		to_fallback(x, r, s);
		return;
	}
	r->status = route_redirect(s->redirect, x->req.method);
	r->server = f->world->servers[x->answer.server].id;
	r->border = f->world->borders[x->answer.alias->border].id;
	if (x->answer.source > ASK_CACHED)
		r->source = ask_source_text(x->answer.source);
	to_server(r, s, x->answer.alias, client, address);
}

static void
count(const struct exchange *x, struct front *f, struct listener_counters *c,
    unsigned status, int64_t us)
{
	struct service_counters *s =
	    x->route.service >= 0 ? &f->services[x->route.service] : NULL;

	c->requests++;
	c->time_us += (uint64_t)us;
	if (status >= 500)
		c->server_errors++;
	else if (status >= 400)
		c->client_errors++;
	c->unknown_hosts += status == 421;
	if (s != NULL && status >= 400)
		s->errors++;
	if (x->route.status != 0)
		return;
	s->answers[x->answer.source]++;
	if (x->answer.source != ASK_FALLBACK) {
		c->redirects++;
		s->redirects++;
	}
}

static const char *
reason_of(const struct exchange *x)
{
	if (x->loop.verdict == LOOP_STOP)
		return "loop";
	if (x->route.status != 0)
		return x->route.why;
	if (x->loop.verdict == LOOP_OTHER)
		return "loop-other";
	return x->answer.source == ASK_FALLBACK ? reason_text(x->answer.reason)
						: NULL;
}

static void
log_access(const struct exchange *x, struct front *f, const struct reply *r,
    const char *bytes, const struct addr *client, int64_t us)
{
	const struct span host =
	    x->req.authority.len > 0 ? x->req.authority : x->req.host;
	bool answered = x->route.status == 0;
	char text[ADDR_TEXT];
	const struct access a = {
	    .time = f->clock.iso,
	    .client = addr_text(client, text, sizeof(text)),
	    .service = x->route.service >= 0
			   ? f->world->services[x->route.service].id
			   : NULL,
	    .host = bytes + host.at,
	    .host_len = host.len,
	    .method = bytes + x->req.word.at,
	    .method_len = x->req.word.len,
	    .target = bytes + x->req.target.at,
	    .target_len = x->req.target.len,
	    .status = r->status,
	    .server = answered && r->border != NULL ? r->server : NULL,
	    .border = r->border,
	    .source = answered ? ask_source_text(x->answer.source) : NULL,
	    .reason = reason_of(x),
	    .us = us,
	    .rtt_us = x->rtt_us,
	};

	accesslog_add(f->log, &a);
}

size_t
exchange_end(struct exchange *x, struct front *f,
    struct listener_counters *counters, const char *bytes,
    const struct addr *client, char *buf, size_t size)
{
	int64_t us = mono_us(mono_now(), x->begun);
	char address[ADDR_TEXT];
	struct reply r;
	size_t len;

	if (f->draining)
		x->close = true;
	to_reply(x, f, bytes, client, &r, address);
	len = reply_format(&r, buf, size);
	if (len == 0)
		return 0;
	if (x->route.status == 0 && x->answer.source != ASK_FALLBACK)
		loop_sent(f->loop, x->loop.key, x->answer.server);
	count(x, f, counters, r.status, us);
	if (f->log != NULL)
		log_access(x, f, &r, bytes, client, us);
	return len;
}
