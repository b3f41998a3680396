/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Of two managers the first in the file calls the other, so that there is one
 * connection a pair. Either side may send; equal words end the round.
 */
#include "manager/control.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/log.h"
#include "lib/mem.h"
#include "manager/status.h"

#define LINE_ROOM 2048

struct other {
	const struct manager *manager;
	struct peer *called; /* by us; NULL: it calls us */
	struct peer *peer;   /* up now, either way, or NULL */
};

struct control {
	struct managerd *m;
	struct peer_conf listen, call;
	struct peer_listener **listeners;
	size_t nlisteners;
	struct other *others; /* one a manager of the world */
};

static struct other *
other_of(struct control *c, const struct peer *p)
{
	size_t i;

	for (i = 0; i < c->m->world->nmanagers; i++)
		if (strcmp(c->others[i].manager->id, peer_id(p)) == 0)
			return &c->others[i];
	return NULL;
}

static void
tell(struct control *c, struct peer *p, enum admin_kind kind, int n)
{
	const struct admin_entry *e = admin_entry(c->m->admin, kind, n);
	char line[LINE_ROOM];

	if (e->when == 0 ||
	    admin_line(c->m->world, kind, n, e, line, sizeof(line)) < 0)
		return;
	peer_send_text(p, line, strlen(line));
}

static void
tell_all(struct control *c, struct peer *p)
{
	size_t i;
	int k;

	for (k = ADMIN_SERVER; k < ADMIN_KINDS; k++)
		for (i = 0; i < admin_count(c->m->admin, (enum admin_kind)k);
		     i++)
			tell(c, p, (enum admin_kind)k, (int)i);
	peer_send(p, "synced");
}

/* A word that was new to us, to all but who said it. */
static void
pass_on(struct control *c, const struct peer *from, const struct admin_word *w)
{
	size_t i;

	for (i = 0; i < c->m->world->nmanagers; i++)
		if (c->others[i].peer != NULL && c->others[i].peer != from)
			tell(c, c->others[i].peer, w->kind, w->n);
}

static bool
take(struct managerd *m, struct peer *from, struct admin_word *word,
    bool by_operator)
{
	bool saved;

	if (!admin_take(m->admin, word, by_operator, &saved))
		return true;
	fleet_apply_admin(m->fleet, m->admin, word->kind, word->n, mono_now());
	pass_on(m->control, from, word);
	return saved;
}

void
control_operator(struct managerd *m, struct admin_word *word)
{
	(void)take(m, NULL, word, true);
}

static void
on_admin(struct peer *p, const struct line *l, void *arg)
{
	struct control *c = arg;
	bool by_operator = peer_role(p) == ROLE_CONTROL;
	struct admin_word word;
	char why[200];

	if (admin_parse_line(c->m->world, l, (int64_t)time(NULL), &word, why,
		sizeof(why)) < 0) {
		peer_error(p, "%s", why);
		return;
	}
	if (!take(c->m, p, &word, by_operator)) {
		peer_error(p,
		    "it holds now, but could not be written to disk (see the "
		    "log of %s): a restart would forget it",
		    c->m->self->id);
		return;
	}
	if (by_operator)
		peer_send(p, "done");
}

static void
on_status(struct peer *p, const struct line *l, void *arg)
{
	struct control *c = arg;

	(void)l;
	status_send(c->m, p);
}

/* The other side has told all; nothing waits for it. */
static void
on_synced(struct peer *p, const struct line *l, void *arg)
{
	(void)p;
	(void)l;
	(void)arg;
}

static const struct verb verbs[] = {
    {"admin", on_admin, ROLE_MANAGER | ROLE_CONTROL, 0, SIZE_MAX},
    {"status", on_status, ROLE_CONTROL, 0, 0},
    {"synced", on_synced, ROLE_MANAGER, 0, 0},
    {.name = NULL},
};

static void
on_up(struct peer *p, void *arg)
{
	struct control *c = arg;
	struct other *o;

	if (peer_role(p) != ROLE_MANAGER)
		return;
	o = other_of(c, p);
	if (o == NULL || o->manager == c->m->self) {
		peer_error(p, "no manager %s beside us in the configuration",
		    peer_id(p));
		return;
	}
	o->peer = p;
	tell_all(c, p);
}

static void
on_down(struct peer *p, const char *why, void *arg)
{
	struct control *c = arg;
	size_t i;

	(void)why; /* peers log it */
	for (i = 0; i < c->m->world->nmanagers; i++)
		if (c->others[i].peer == p)
			c->others[i].peer = NULL;
}

static void
call_others(struct control *c)
{
	const struct world *w = c->m->world;
	size_t i;

	c->others = mem_array(w->nmanagers, sizeof(*c->others));
	for (i = 0; i < w->nmanagers; i++) {
		const struct manager *x = &w->managers[i];

		c->others[i].manager = x;
		if (x->n > c->m->self->n)
			c->others[i].called =
			    peer_connect(&c->call, x->listen, x->nlisten);
	}
}

struct control *
control_start(struct managerd *m)
{
	struct control *c = mem_new(sizeof(*c));
	char why[512];
	size_t i;

	c->m = m;
	c->listen = (struct peer_conf){.base = m->daemon.base,
	    .sub = "control",
	    .role = ROLE_MANAGER,
	    .id = m->self->id,
	    .hash = m->world->hash,
	    .verbs = verbs,
	    .on_up = on_up,
	    .on_down = on_down,
	    .arg = c,
	    .tls = m->world->tls};
	c->call = c->listen;
	c->nlisteners = m->self->nlisten;
	c->listeners = mem_array(c->nlisteners, sizeof(*c->listeners));
	for (i = 0; i < c->nlisteners; i++) {
		c->listeners[i] = peer_listen(
		    &c->listen, &m->self->listen[i], why, sizeof(why));
		if (c->listeners[i] == NULL)
			log_fatalx("control", "%s", why);
	}
	call_others(c);
	return c;
}

void
control_free(struct control **cp)
{
	struct control *c = *cp;
	size_t i;

	if (c == NULL)
		return;
	for (i = 0; i < c->m->world->nmanagers; i++)
		peer_free(&c->others[i].called);
	for (i = 0; i < c->nlisteners; i++)
		peer_listener_free(&c->listeners[i]);
	free(c->others);
	free(c->listeners);
	free(c);
	*cp = NULL;
}

size_t
control_count(const struct control *c)
{
	return c->m->world->nmanagers;
}

void
control_info(const struct control *c, size_t i, struct control_info *out)
{
	const struct other *o = &c->others[i];

	*out = (struct control_info){.id = o->manager->id,
	    .up = o->peer != NULL,
	    .hash = o->peer != NULL ? peer_hash(o->peer) : ""};
}
