/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Listening: a listener owns its socket and the peers that it accepted. When
 * all places are taken, who has not said hello makes room. It lives through a
 * reload: certificates may be renewed, the socket closed before the peers end.
 */
#include "lib/peer_own.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/mem.h"

#define LISTENER_MAGIC 0x6c697374u

#define PEERS_MAX 256
#define ACCEPTS   16 /* in one turn */

/* Where an accepted peer is; false: it may not be there. */
static bool
remote_allowed(const struct peer_listener *l, int fd, struct peer *p)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct listen_lines from = {.tls = l->at.tls};

	if (l->at.socket != NULL) {
		(void)endpoint_text(&l->at, p->where, sizeof(p->where));
		return true;
	}
	memset(&ss, 0, sizeof(ss));
	if (getpeername(fd, (struct sockaddr *)&ss, &len) < 0)
		return false;
	addr_from_sockaddr(
	    (const struct sockaddr *)&ss, &from.addr, &from.port);
	(void)endpoint_text(&from, p->where, sizeof(p->where));
	return from.tls || addr_is_loopback(&from.addr);
}

/* When all places are taken, who has not said hello makes room. */
static bool
make_room(struct peer_listener *l)
{
	size_t max = l->conf->peers_max > 0 ? l->conf->peers_max : PEERS_MAX;
	struct peer *p;

	if (l->npeers < max)
		return true;
	TAILQ_FOREACH(p, &l->peers, link)
	{
		if (p->phase == PHASE_HELLO && p->uses == 0) {
			peer_hang_up(p, REASON_DISCONNECTED,
			    "no hello yet, and others wait");
			return true;
		}
	}
	return false;
}

static void
add_peer(struct peer_listener *l, int fd)
{
	static const char full[] = "error too many peers\n";
	struct peer *p;

	if (!make_room(l)) {
		peer_count_refused();
		if (log_allowed(&l->bound, l->conf->sub))
			log_warnx(l->conf->sub, "too many peers: one refused");
		if (!l->at.tls)
			(void)send(fd, full, sizeof(full) - 1, MSG_NOSIGNAL);
		(void)close(fd);
		return;
	}
	p = peer_new(l->conf);
	if (!remote_allowed(l, fd, p)) {
		peer_count_refused();
		(void)close(fd);
		peer_destroy(p);
		return;
	}
	if (l->at.socket == NULL)
		endpoint_no_delay(fd);
	p->listener = l;
	TAILQ_INSERT_TAIL(&l->peers, p, link);
	l->npeers++;
	peer_begin_session(p, fd, l->tls);
	peer_begin_hello(p);
}

static void
on_acceptable(evutil_socket_t fd, short what, void *arg)
{
	struct peer_listener *l = arg;
	struct timeval pause = {.tv_sec = 1};
	int i, got;

	(void)what;
	assert(l->magic == LISTENER_MAGIC);
	for (i = 0; i < ACCEPTS; i++) {
		got = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (got >= 0) {
			add_peer(l, got);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
		    errno == ENOBUFS) {
			log_warn(l->conf->sub, "accept: pause of 1 s");
			(void)event_del(&l->acceptable);
			(void)event_add(&l->again, &pause);
		}
		return;
	}
}

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
	struct peer_listener *l = arg;

	(void)fd;
	(void)what;
	assert(l->magic == LISTENER_MAGIC);
	(void)event_add(&l->acceptable, NULL);
}

static int
load_tls(const struct listen_lines *at, const struct tls *files,
    struct stream_tls **tls, char *why, size_t size)
{
	*tls = NULL;
	if (!at->tls)
		return 0;
	if (files == NULL) {
		(void)snprintf(why, size,
		    "TLS is asked for, but the configuration has no <tls>");
		return -1;
	}
	*tls = stream_tls_new(files, true, why, size);
	return *tls != NULL ? 0 : -1;
}

struct peer_listener *
peer_listen_tls(const struct peer_conf *conf, const struct listen_lines *at,
    const struct tls *files, char *why, size_t size)
{
	struct stream_tls *tls;
	struct peer_listener *l;
	int fd;

	if (load_tls(at, files, &tls, why, size) < 0)
		return NULL;
	fd = endpoint_listen(at, why, size);
	if (fd < 0) {
		stream_tls_free(&tls);
		return NULL;
	}
	l = mem_new(sizeof(*l));
	l->magic = LISTENER_MAGIC;
	l->conf = conf;
	peer_copy_endpoint(&l->at, at);
	l->tls = tls;
	l->fd = fd;
	l->bound.burst = LOG_BURST;
	l->skew_bound.burst = SKEW_BURST;
	TAILQ_INIT(&l->peers);
	(void)event_assign(&l->acceptable, conf->base, fd, EV_READ | EV_PERSIST,
	    on_acceptable, l);
	(void)evtimer_assign(&l->again, conf->base, on_again, l);
	(void)event_add(&l->acceptable, NULL);
	return l;
}

struct peer_listener *
peer_listen(const struct peer_conf *conf, const struct listen_lines *at,
    char *why, size_t size)
{
	return peer_listen_tls(conf, at, conf->tls, why, size);
}

bool
peer_listener_is_at(
    const struct peer_listener *l, const struct listen_lines *at)
{
	return peer_same_endpoint(&l->at, at);
}

struct peer_renewal {
	struct stream_tls *tls;
	bool is_tls;
};

struct peer_renewal *
peer_listener_prepare(const struct listen_lines *at, const struct tls *files,
    char *why, size_t size)
{
	struct peer_renewal *r;
	struct stream_tls *tls;

	if (at->socket == NULL && !at->tls && !addr_is_loopback(&at->addr)) {
		(void)snprintf(
		    why, size, "TCP without TLS is for loopback only");
		return NULL;
	}
	if (load_tls(at, files, &tls, why, size) < 0)
		return NULL;
	r = mem_new(sizeof(*r));
	r->tls = tls;
	r->is_tls = at->tls;
	return r;
}

void
peer_renewal_free(struct peer_renewal **r)
{
	if (*r == NULL)
		return;
	stream_tls_free(&(*r)->tls);
	free(*r);
	*r = NULL;
}

void
peer_listener_renew(struct peer_listener *l, struct peer_renewal **r)
{
	assert(l->magic == LISTENER_MAGIC);
	stream_tls_free(&l->tls); /* who uses it keeps what it needs */
	l->tls = (*r)->tls;
	l->at.tls = (*r)->is_tls;
	(*r)->tls = NULL;
	peer_renewal_free(r);
}

void
peer_listener_close(struct peer_listener *l)
{
	assert(l->magic == LISTENER_MAGIC);
	if (l->fd < 0)
		return;
	(void)event_del(&l->acceptable);
	(void)event_del(&l->again);
	endpoint_unlink(&l->at, l->fd);
	(void)close(l->fd);
	l->fd = -1;
}

void
peer_listener_free(struct peer_listener **lp)
{
	struct peer_listener *l = *lp;
	struct peer *p;

	*lp = NULL;
	if (l == NULL)
		return;
	assert(l->magic == LISTENER_MAGIC);
	while ((p = TAILQ_FIRST(&l->peers)) != NULL)
		peer_free(&p);
	peer_listener_close(l);
	stream_tls_free(&l->tls);
	free(l->at.socket);
	l->magic = 0;
	free(l);
}

uint16_t
peer_listener_port(const struct peer_listener *l)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct addr a;
	uint16_t port = 0;

	memset(&ss, 0, sizeof(ss));
	if (getsockname(l->fd, (struct sockaddr *)&ss, &len) == 0)
		addr_from_sockaddr((const struct sockaddr *)&ss, &a, &port);
	return port;
}

size_t
peer_listener_peers(const struct peer_listener *l)
{
	return l->npeers;
}
