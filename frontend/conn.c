/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes are read into the front end's one buffer and answered from there; a
 * connection has memory of its own only while a request is incomplete, waits
 * for a director, or the client does not read. Requests are answered in order:
 * as long as none waits, each is answered as it is parsed; behind one that
 * waits they queue as jobs. All responses of a turn leave in one write.
 */
#include "frontend/conn.h"

#include <assert.h>
#include <errno.h>
#include <event2/event_struct.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frontend/exchange.h"
#include "lib/mem.h"

#define CONN_MAGIC 0x636f6e6eu
#define IN_MAX     (HTTP_HEAD_MAX + FRONT_IN) /* own buffer */
#define IN_FIRST   2048

/* A request whose answer, or whose turn, is still to come. */
struct job {
	struct ask_waiter waiter;
	TAILQ_ENTRY(job) link;
	struct conn *conn;
	size_t at; /* of its head in conn->in */
	bool ready;
	bool renewed; /* by a reload that changed what becomes of it */
	struct exchange x;
};

struct conn {
	unsigned magic;
	struct front *front;
	struct listener_counters *counters;
	const int *fallback; /* of the listener, which a reload may change */
	int fd;
	struct addr client;
	int64_t rtt_us; /* -2: not looked at yet */
	enum conn_phase phase;
	struct mono since;
	TAILQ_ENTRY(conn) link;
	struct event readable, writable;
	bool reading; /* readable is added */

	/* Input. Own memory, or none: then it is in front->in for now. */
	char *in;
	size_t in_len, in_room;
	size_t parsed; /* where the next request begins */
	struct http_parse parse;
	struct http_body body;
	bool in_body;
	unsigned batch; /* requests of this turn */
	struct loop_chain chain;
	TAILQ_HEAD(, job) jobs;
	unsigned njobs;
	void (*on_answer)(
	    struct ask_waiter *w, const struct ask_answer *answer);

	/* Output that the socket did not take. */
	char *out;
	size_t out_at, out_len;

	bool last;   /* the last request has been taken */
	bool linger; /* bytes may come that nobody will read */
	bool eof;    /* the client sends no more */
	bool broken; /* the socket failed */
	size_t lingered;
};

struct mono
conn_since(const struct conn *c)
{
	return c->since;
}

static void
enter(struct conn *c, enum conn_phase phase)
{
	TAILQ_REMOVE(&c->front->conns[c->phase], c, link);
	c->phase = phase;
	c->since = c->front->clock.now;
	TAILQ_INSERT_TAIL(&c->front->conns[phase], c, link);
}

/* Stay in a phase, or enter it: only a new phase starts a new time. */
static void
be_in(struct conn *c, enum conn_phase phase)
{
	if (c->phase != phase)
		enter(c, phase);
}

static void
job_free(struct job *j)
{
	ask_cancel(&j->waiter);
	TAILQ_REMOVE(&j->conn->jobs, j, link);
	j->conn->njobs--;
	free(j);
}

void
conn_free(struct conn *c)
{
	struct front *f = c->front;
	struct job *j;

	assert(c->magic == CONN_MAGIC);
	while ((j = TAILQ_FIRST(&c->jobs)) != NULL)
		job_free(j);
	(void)event_del(&c->readable);
	(void)event_del(&c->writable);
	(void)close(c->fd);
	TAILQ_REMOVE(&f->conns[c->phase], c, link);
	f->nconns--;
	c->counters->sessions--;
	free(c->in);
	free(c->out);
	c->magic = 0;
	free(c);
	f->on_close(f);
}

static void
read_on(struct conn *c, bool on)
{
	if (c->reading == on)
		return;
	c->reading = on;
	if (on)
		(void)event_add(&c->readable, NULL);
	else
		(void)event_del(&c->readable);
}

/* Output. */

static ssize_t
write_some(struct conn *c, const char *bytes, size_t len)
{
	ssize_t n;

	do
		n = send(c->fd, bytes, len, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n < 0)
		c->broken = true;
	return n;
}

/* What was made this turn: to the socket, the rest to memory. */
static void
flush(struct conn *c)
{
	struct front *f = c->front;
	size_t len = f->out_len;
	ssize_t n = 0;

	f->out_len = 0;
	if (len == 0 || c->broken)
		return;
	if (c->out_len == 0) {
		n = write_some(c, f->out, len);
		if (n < 0 || (size_t)n == len)
			return;
		(void)event_add(&c->writable, NULL);
	}
	if (c->out_at > 0 && c->out_len > 0)
		memmove(c->out, c->out + c->out_at, c->out_len);
	c->out_at = 0;
	len -= (size_t)n;
	c->out = mem_resize(c->out, c->out_len + len, 1);
	memcpy(c->out + c->out_len, f->out + n, len);
	c->out_len += len;
}

/* The response of an exchange, behind those before it. */
static void
respond(struct conn *c, struct exchange *x, const char *bytes)
{
	struct front *f = c->front;
	size_t n;

	if (sizeof(f->out) - f->out_len < REPLY_MAX)
		flush(c);
	n = exchange_end(x, f, c->counters, bytes, &c->client,
	    f->out + f->out_len, sizeof(f->out) - f->out_len);
	f->out_len += n;
	if (n == 0)
		c->broken = true; /* a configured URL of more than 32 KiB */
	if (x->close)
		c->last = true;
}

/* Requests. */

static int64_t
rtt(struct conn *c)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	if (c->rtt_us != -2)
		return c->rtt_us;
	c->rtt_us = -1;
	if (getsockopt(c->fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 &&
	    info.tcpi_rtt > 0)
		c->rtt_us = info.tcpi_rtt;
	return c->rtt_us;
}

static void
start_job(struct job *j)
{
	struct conn *c = j->conn;

	j->x.rtt_us = rtt(c);
	j->waiter.service = j->x.route.service;
	j->waiter.avoid = j->x.avoid;
	j->waiter.client = c->client;
	j->waiter.rtt_us = j->x.rtt_us;
	j->waiter.done = c->on_answer;
	ask_start(c->front->ask, &j->waiter, c->front->clock.now);
}

static void
queue(struct conn *c, const struct exchange *x, bool ready)
{
	struct job *j = mem_new(sizeof(*j));

	j->conn = c;
	j->at = c->parsed;
	j->ready = ready;
	j->x = *x;
	TAILQ_INSERT_TAIL(&c->jobs, j, link);
	c->njobs++;
	if (ready)
		return;
	start_job(j);
}

/* After a request's head comes its content. Its response does not wait for
 * that; the next request does. */
static void
begin_body(struct conn *c, struct exchange *x)
{
	const struct http_request *r = &x->req;

	http_body_start(&c->body, r);
	c->in_body = r->chunked || r->body > 0;
	/* Whoever expects 100 (Continue) may or may not send the content now
	 * (RFC 9110, 10.1.1), and what is long is not worth reading. */
	if (c->in_body && (r->expects || r->body > CONN_BODY_MAX)) {
		x->close = true;
		c->linger = true;
	}
}

static void
take_request(struct conn *c, const char *buf)
{
	struct front *f = c->front;
	const char *bytes = buf + c->parsed;
	bool pipelined = c->batch++ > 0 || c->njobs > 0 || c->out_len > 0;
	struct exchange x;
	bool ready = exchange_begin(&x, f, &c->parse.req, bytes, *c->fallback,
	    &c->client, &c->chain, pipelined);

	begin_body(c, &x);
	if (x.close)
		c->last = true;
	if (ready && c->njobs == 0)
		respond(c, &x, bytes);
	else
		queue(c, &x, ready);
	c->parsed += c->parse.req.head_len;
	memset(&c->parse, 0, sizeof(c->parse));
}

static void
refuse_request(struct conn *c, const char *buf, unsigned status)
{
	struct exchange x;

	exchange_refuse(&x, c->front, &c->parse, status);
	c->last = c->linger = true;
	if (c->njobs == 0)
		respond(c, &x, buf + c->parsed);
	else
		queue(c, &x, true);
}

/* False: more bytes are needed, or it is over. */
static bool
skip_body(struct conn *c, const char *buf, size_t len)
{
	size_t used;
	int rc =
	    http_body_skip(&c->body, buf + c->parsed, len - c->parsed, &used);

	c->parsed += used;
	if (rc == 1)
		c->in_body = false;
	else if (rc < 0 || c->body.seen > CONN_BODY_MAX)
		c->last = c->linger = true;
	return rc == 1;
}

/* All whole requests of the input, as far as they can be taken now: not while
 * the client does not read what it has been told. */
static void
take_input(struct conn *c, const char *buf, size_t len)
{
	int rc;

	while (!c->last && !c->broken && c->njobs < CONN_DEPTH &&
	       c->out_len == 0 && c->parsed < len) {
		if (c->in_body) {
			if (!skip_body(c, buf, len))
				break;
			continue;
		}
		rc = http_parse(&c->parse, buf + c->parsed, len - c->parsed);
		if (rc == HTTP_MORE)
			break;
		if (rc == HTTP_DONE)
			take_request(c, buf);
		else
			refuse_request(c, buf, (unsigned)rc);
	}
}

/* Keep what is still needed of the input, and only that. */
static void
keep_input(struct conn *c, char *buf, size_t len)
{
	struct job *j, *first = TAILQ_FIRST(&c->jobs);
	size_t from = first != NULL ? first->at : c->last ? len : c->parsed;
	size_t left = len - from;

	if (c->last && c->parsed < len)
		c->linger = true;
	if (left == 0) {
		free(c->in);
		c->in = NULL;
		c->in_len = c->in_room = c->parsed = 0;
		return;
	}
	if (buf != c->in) {
		c->in_room = left > IN_FIRST ? left : IN_FIRST;
		c->in = mem_resize(NULL, c->in_room, 1);
		memcpy(c->in, buf + from, left);
	} else if (from > 0) {
		memmove(c->in, c->in + from, left);
	}
	c->in_len = left;
	c->parsed -= from < c->parsed ? from : c->parsed;
	TAILQ_FOREACH(j, &c->jobs, link)
	j->at -= from;
}

/* All is sent after the last request: close, without a reset that would take
 * the response away from a client that is still sending (RFC 9112, 9.6). */
static void
end(struct conn *c)
{
	if (c->eof || (!c->linger && c->in_len == 0) || c->broken) {
		conn_free(c);
		return;
	}
	if (c->phase != CONN_LINGER) {
		(void)shutdown(c->fd, SHUT_WR);
		enter(c, CONN_LINGER);
	}
	read_on(c, true);
}

/* What to wait for now. The connection may be gone after this. */
static void
settle(struct conn *c)
{
	bool more =
	    !c->eof && !c->last && c->in_len < IN_MAX && c->out_len == 0;

	if (c->broken) {
		conn_free(c);
	} else if (c->out_len > 0 || c->njobs > 0) {
		be_in(c, c->out_len > 0 ? CONN_SEND : CONN_ASK);
		read_on(c, more);
	} else if (c->last || c->eof) {
		end(c);
	} else if (c->in_len > c->parsed || c->in_body) {
		/* The time of a head runs from its first byte on, however
		 * slowly the others follow. */
		if (c->batch > 0)
			enter(c, CONN_HEAD);
		be_in(c, CONN_HEAD);
		read_on(c, true);
	} else {
		if (c->batch > 0)
			enter(c, CONN_IDLE);
		be_in(c, CONN_IDLE);
		read_on(c, true);
	}
}

static void
run(struct conn *c, char *buf, size_t len)
{
	take_input(c, buf, len);
	keep_input(c, buf, len);
	flush(c);
	settle(c);
}

/* Answers that are there, in order; then what could not be taken before. */
static void
advance(struct conn *c)
{
	struct job *j;

	c->batch = 0;
	while ((j = TAILQ_FIRST(&c->jobs)) != NULL && j->ready) {
		respond(c, &j->x, c->in + j->at);
		job_free(j);
		c->batch++;
	}
	run(c, c->in, c->in_len);
}

/* A reload. */

void
conn_renew(struct conn *c, const struct renumber *r)
{
	struct job *j;

	TAILQ_FOREACH(j, &c->jobs, link)
	{
		bool can = exchange_renew(&j->x, r, j->ready);

		if (can == j->ready) {
			j->waiter.service = j->x.route.service;
			j->waiter.avoid = j->x.avoid;
			continue;
		}
		/* It need not wait any more, or has to again. */
		ask_cancel(&j->waiter);
		j->ready = can;
		j->renewed = true;
	}
}

struct conn *
conn_next(const struct conn *c)
{
	return TAILQ_NEXT(c, link);
}

void
conn_resume(struct conn *c)
{
	struct front *f = c->front;
	bool any = false;
	struct job *j;

	TAILQ_FOREACH(j, &c->jobs, link)
	{
		if (!j->renewed)
			continue;
		j->renewed = false;
		any = true;
		if (j->ready)
			continue;
		j->ready = ask_known(f->ask, j->x.route.service, &c->client,
		    j->x.avoid, f->clock.now, &j->x.answer);
		if (!j->ready)
			start_job(j);
	}
	/* While the client does not read, its turn comes when it does. */
	if (any && c->out_len == 0)
		advance(c);
}

/* Events. */

static void
on_answer(struct ask_waiter *w, const struct ask_answer *answer)
{
	struct job *j = (struct job *)(void *)w; /* its first member */

	j->x.answer = *answer;
	j->ready = true;
	front_tick(j->conn->front);
	advance(j->conn);
}

/* A place to read to: own memory behind what is kept there, or the shared. */
static char *
room(struct conn *c, size_t *size)
{
	if (c->in == NULL) {
		*size = sizeof(c->front->in);
		return c->front->in;
	}
	if (c->in_room - c->in_len < IN_FIRST && c->in_room < IN_MAX) {
		c->in_room = c->in_room * 2 < IN_MAX ? c->in_room * 2 : IN_MAX;
		c->in = mem_resize(c->in, c->in_room, 1);
	}
	*size = c->in_room - c->in_len;
	return c->in + c->in_len;
}

static void
linger(struct conn *c)
{
	ssize_t n = recv(c->fd, c->front->in, sizeof(c->front->in), 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		c->lingered += (size_t)n;
	if (n <= 0 || c->lingered > CONN_LINGER_MAX)
		conn_free(c);
}

/* True if the client had something to say. */
static bool
receive(struct conn *c)
{
	size_t size, len;
	char *to = room(c, &size);
	ssize_t n = size > 0 ? recv(c->fd, to, size, 0) : -1;

	if (n < 0 && (size == 0 || errno == EAGAIN || errno == EINTR))
		return false;
	c->batch = 0;
	if (n <= 0) {
		c->eof = true;
		c->broken = n < 0;
		run(c, c->in, c->in_len);
		return true;
	}
	len = (size_t)n;
	if (c->in != NULL)
		len = c->in_len += len;
	run(c, c->in != NULL ? c->in : to, len);
	return true;
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;

	(void)fd;
	(void)what;
	assert(c->magic == CONN_MAGIC);
	front_tick(c->front);
	if (c->phase == CONN_LINGER)
		linger(c);
	else
		(void)receive(c);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;
	ssize_t n;

	(void)fd;
	(void)what;
	assert(c->magic == CONN_MAGIC);
	front_tick(c->front);
	n = write_some(c, c->out + c->out_at, c->out_len);
	if (n > 0) {
		c->out_at += (size_t)n;
		c->out_len -= (size_t)n;
	}
	c->batch = 0;
	if (c->out_len == 0) {
		free(c->out);
		c->out = NULL;
		c->out_at = 0;
		/* It has read all: a new time. A byte now and then buys none:
		 * places could be held for nothing. */
		enter(c, c->phase);
		advance(c);
	} else if (c->broken) {
		conn_free(c);
	} else {
		(void)event_add(&c->writable, NULL);
	}
}

void
conn_new(struct front *f, int fd, const struct addr *client,
    struct listener_counters *counters, const int *fallback)
{
	struct conn *c = mem_new(sizeof(*c));

	c->magic = CONN_MAGIC;
	c->front = f;
	c->counters = counters;
	c->fallback = fallback;
	c->fd = fd;
	c->client = *client;
	c->rtt_us = -2;
	c->on_answer = on_answer;
	c->phase = CONN_IDLE;
	c->since = f->clock.now;
	TAILQ_INIT(&c->jobs);
	TAILQ_INSERT_TAIL(&f->conns[CONN_IDLE], c, link);
	f->nconns++;
	counters->sessions++;
	counters->accepted++;
	(void)event_assign(
	    &c->readable, f->base, fd, EV_READ | EV_PERSIST, on_readable, c);
	(void)event_assign(&c->writable, f->base, fd, EV_WRITE, on_writable, c);
	/* The request comes with the handshake's last packet, mostly. */
	if (!receive(c))
		read_on(c, true);
}

void
conn_timeout(struct conn *c)
{
	struct exchange x;

	/* A client that began a request is told; what it sent of it is lost
	 * (RFC 9110, 15.5.9). Nobody waits for an answer otherwise. */
	if (c->phase != CONN_HEAD || c->in_body || c->parse.scan == 0) {
		conn_free(c);
		return;
	}
	c->parse.why = "The request was not complete within 10 seconds.";
	exchange_refuse(&x, c->front, &c->parse, 408);
	c->linger = true;
	respond(c, &x, c->in + c->parsed);
	run(c, c->in, c->in_len);
}
