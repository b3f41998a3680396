/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the listeners: those that listen, and those that were closed by a
 * change while some whom they had accepted are still there. Knows nothing of
 * who connects.
 */
#include "lib/listeners.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/endpoint.h"
#include "lib/mem.h"

struct listeners {
	const struct peer_conf *conf;
	struct peer_listener **list;
	size_t n;
	struct peer_listener **closed;
	size_t nclosed;
};

/* One endpoint of the set to be. */
struct place {
	struct peer_listener *listener;
	struct peer_renewal *renewal; /* NULL: the listener is new */
};

struct listeners_change {
	struct place *place;
	size_t n;
};

struct listeners *
listeners_new(const struct peer_conf *conf)
{
	struct listeners *l = mem_new(sizeof(*l));

	l->conf = conf;
	return l;
}

void
listeners_free(struct listeners **l)
{
	size_t i;

	if (*l == NULL)
		return;
	for (i = 0; i < (*l)->n; i++)
		peer_listener_free(&(*l)->list[i]);
	for (i = 0; i < (*l)->nclosed; i++)
		peer_listener_free(&(*l)->closed[i]);
	free((*l)->list);
	free((*l)->closed);
	free(*l);
	*l = NULL;
}

/* The listener there is at an endpoint, or NULL. */
static struct peer_listener *
find(const struct listeners *l, const struct listen_lines *at)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (peer_listener_is_at(l->list[i], at))
			return l->list[i];
	return NULL;
}

static bool
is_kept(const struct listeners_change *c, const struct peer_listener *l)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (c->place[i].listener == l)
			return true;
	return false;
}

/* The next place of the change. */
static int
fill(struct listeners_change *c, struct listeners *l,
    const struct listen_lines *at, const struct tls *files, char *reason,
    size_t size)
{
	struct place *p = &c->place[c->n];
	struct peer_listener *there = find(l, at);

	if (there == NULL) {
		p->listener = peer_listen_tls(l->conf, at, files, reason, size);
		return p->listener != NULL ? 0 : -1;
	}
	if (is_kept(c, there)) {
		(void)snprintf(reason, size, "listened at twice");
		return -1;
	}
	p->renewal = peer_listener_prepare(at, files, reason, size);
	if (p->renewal == NULL)
		return -1;
	p->listener = there;
	return 0;
}

static int
prepare_one(struct listeners_change *c, struct listeners *l,
    const struct listen_lines *at, const struct tls *files, char *why,
    size_t size)
{
	char text[ENDPOINT_TEXT], reason[512] = "";

	if (fill(c, l, at, files, reason, sizeof(reason)) == 0)
		return 0;
	(void)endpoint_text(at, text, sizeof(text));
	/* What comes from the endpoint names it already. */
	if (strncmp(reason, text, strlen(text)) == 0)
		(void)snprintf(why, size, "%s", reason);
	else
		(void)snprintf(why, size, "%s: %s", text, reason);
	return -1;
}

struct listeners_change *
listeners_prepare(struct listeners *l, const struct listen_lines *at, size_t n,
    const struct tls *files, char *why, size_t size)
{
	struct listeners_change *c = mem_new(sizeof(*c));

	c->place = mem_array(n + 1, sizeof(*c->place));
	for (c->n = 0; c->n < n; c->n++)
		if (prepare_one(c, l, &at[c->n], files, why, size) < 0) {
			listeners_drop(&c);
			return NULL;
		}
	return c;
}

void
listeners_drop(struct listeners_change **c)
{
	size_t i;

	if (*c == NULL)
		return;
	for (i = 0; i < (*c)->n; i++) {
		struct place *p = &(*c)->place[i];

		if (p->renewal == NULL)
			peer_listener_free(&p->listener);
		peer_renewal_free(&p->renewal);
	}
	free((*c)->place);
	free(*c);
	*c = NULL;
}

/* Those that were closed before and whose last peer is gone. */
static void
sweep(struct listeners *l)
{
	size_t i, n = 0;

	for (i = 0; i < l->nclosed; i++)
		if (peer_listener_peers(l->closed[i]) == 0)
			peer_listener_free(&l->closed[i]);
		else
			l->closed[n++] = l->closed[i];
	l->nclosed = n;
}

/* It must not be freed here: the reload may be the order of one whom it
 * accepted. */
static void
close_gone(struct listeners *l, const struct listeners_change *c)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		if (is_kept(c, l->list[i]))
			continue;
		peer_listener_close(l->list[i]);
		l->closed = mem_resize(
		    l->closed, l->nclosed + 1, sizeof(struct peer_listener *));
		l->closed[l->nclosed++] = l->list[i];
	}
}

void
listeners_take(struct listeners *l, struct listeners_change **cp)
{
	struct listeners_change *c = *cp;
	struct peer_listener **list = mem_array(c->n + 1, sizeof(*list));
	size_t i;

	close_gone(l, c);
	sweep(l);
	for (i = 0; i < c->n; i++) {
		list[i] = c->place[i].listener;
		if (c->place[i].renewal != NULL)
			peer_listener_renew(list[i], &c->place[i].renewal);
	}
	free(l->list);
	l->list = list;
	l->n = c->n;
	c->n = 0;
	listeners_drop(cp);
}

int
listeners_open(struct listeners *l, const struct listen_lines *at, size_t n,
    const struct tls *files, char *why, size_t size)
{
	struct listeners_change *c =
	    listeners_prepare(l, at, n, files, why, size);

	if (c == NULL)
		return -1;
	listeners_take(l, &c);
	return 0;
}

size_t
listeners_count(const struct listeners *l)
{
	return l->n;
}

struct peer_listener *
listeners_at(const struct listeners *l, size_t i)
{
	assert(i < l->n);
	return l->list[i];
}
