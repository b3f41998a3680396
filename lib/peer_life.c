/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a peer ends: by its owner, or by itself, with what follows: a new try
 * after a pause, or no more than a word in the log. `uses` keeps its memory
 * until the last of its callbacks returns. Has its endpoints and its name too,
 * and the process's count of refusals. Opens nothing.
 */
#include "lib/peer_own.h"

#include <assert.h>
#include <event2/util.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

#define BACKOFF_MAX 2000

static struct {
	uint64_t refused;
} self;

void
peer_count_refused(void)
{
	self.refused++;
}

uint64_t
peer_refused(void)
{
	return self.refused;
}

const char *
peer_name(const struct peer *p, char *buf, size_t size)
{
	if (p->id[0] != '\0')
		(void)snprintf(buf, size, "%s %s at %s", role_text(p->role),
		    p->id, p->where);
	else
		(void)snprintf(buf, size, "%s", p->where);
	return buf;
}

void
peer_copy_endpoint(struct listen_lines *to, const struct listen_lines *from)
{
	*to = *from;
	if (from->socket != NULL)
		to->socket = mem_text(from->socket);
}

bool
peer_same_endpoint(const struct listen_lines *a, const struct listen_lines *b)
{
	if (a->socket != NULL || b->socket != NULL)
		return a->socket != NULL && b->socket != NULL &&
		       strcmp(a->socket, b->socket) == 0;
	return a->port == b->port && addr_cmp(&a->addr, &b->addr) == 0;
}

void
peer_free_endpoints(struct listen_lines *to, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		free(to[i].socket);
	free(to);
}

static void
close_session(struct peer *p)
{
	if (p->has_events) {
		(void)event_del(&p->readable);
		(void)event_del(&p->writable);
		p->has_events = false;
	}
	(void)event_del(&p->timer);
	stream_close(&p->stream);
	p->session++;
	p->phase = PHASE_IDLE;
	p->in_len = p->out_len = p->out_at = 0;
	p->blocked = p->flushing = p->broken = p->paused = false;
	p->bad_run = 0;
	p->skewed = false;
}

void
peer_destroy(struct peer *p)
{
	peer_free_endpoints(p->to, p->nto);
	stream_tls_free(&p->tls);
	line_fini(&p->line);
	free(p->in);
	free(p->out);
	p->magic = 0;
	free(p);
}

void
peer_enter(struct peer *p)
{
	p->uses++;
}

void
peer_leave(struct peer *p)
{
	if (--p->uses == 0 && p->gone)
		peer_destroy(p);
}

void
peer_free(struct peer **pp)
{
	struct peer *p = *pp;

	*pp = NULL;
	if (p == NULL || p->gone)
		return;
	assert(p->magic == PEER_MAGIC);
	if (p->phase == PHASE_UP || p->phase == PHASE_HELLO)
		peer_write_out(p); /* an `error` should arrive */
	p->gone = true;
	close_session(p);
	if (p->listener != NULL) {
		TAILQ_REMOVE(&p->listener->peers, p, link);
		p->listener->npeers--;
		p->listener = NULL;
	}
	peer_enter(p);
	peer_leave(p);
}

void
peer_retry_later(struct peer *p)
{
	unsigned char r;
	struct timeval tv;
	unsigned ms = p->backoff_ms;

	/* All endpoints are tried in turn; then comes the pause. */
	p->at++;
	if (p->at < p->nto) {
		ms = 0;
	} else {
		p->at = 0;
		p->backoff_ms = ms * 2 < BACKOFF_MAX ? ms * 2 : BACKOFF_MAX;
		evutil_secure_rng_get_bytes(&r, 1);
		ms = ms * 3 / 4 + ms * r / 512; /* 75 .. 125 % */
	}
	tv = in_ms(ms);
	(void)event_add(&p->timer, &tv);
}

void
peer_failed(struct peer *p, const char *why)
{
	bool known = strcmp(p->said, why) == 0;

	if (!known && log_allowed(&p->bound, p->conf->sub)) {
		log_warnx(p->conf->sub, "%s", why);
		(void)snprintf(p->said, sizeof(p->said), "%s", why);
	}
	if (p->conf->on_fail != NULL)
		p->conf->on_fail(p, why, p->conf->arg);
}

void
peer_hang_up(struct peer *p, enum reason reason, const char *text)
{
	bool was_up = p->phase == PHASE_UP, accepted = p->listener != NULL;
	char why[sizeof(p->why) + ENDPOINT_TEXT], who[NAME_TEXT];
	struct peer *ended = p;

	(void)snprintf(why, sizeof(why), "%s: %s", p->where, text);
	if (was_up && (!accepted || p->role != ROLE_CONTROL))
		log_info(p->conf->sub, "%s is gone: %s",
		    peer_name(p, who, sizeof(who)), text);
	if (!was_up && accepted) {
		self.refused++;
		if (log_allowed(peer_bound(p), p->conf->sub))
			log_info(p->conf->sub, "refused %s", why);
	}
	peer_write_out(p); /* an `error` should arrive */
	close_session(p);
	if (was_up && p->conf->on_down != NULL)
		p->conf->on_down(p, reason_text(reason), p->conf->arg);
	if (!was_up && !accepted)
		peer_failed(p, why);
	if (p->gone)
		return;
	if (accepted) {
		peer_free(&ended);
		return;
	}
	if (was_up)
		p->at = p->nto - 1; /* begin with the first, after a pause */
	p->id[0] = '\0';
	peer_retry_later(p);
}
