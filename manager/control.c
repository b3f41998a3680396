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
#include "lib/reload.h"
#include "manager/merge.h"
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
	struct listeners *listeners;
	struct other *others; /* one a manager of the world */
	size_t n;
	/* Managers that call us and that our configuration lacks: a reload may
	 * bring them. */
	struct peer **strangers;
	size_t nstrangers;
};

static struct other *
other_of(struct control *c, const struct peer *p)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (strcmp(c->others[i].manager->id, peer_id(p)) == 0)
			return &c->others[i];
	return NULL;
}

static void
tell(struct peer *p, enum admin_kind kind, const char *id,
    const struct admin_entry *e)
{
	char line[LINE_ROOM];

	if (e->when != 0 && admin_line(kind, id, e, line, sizeof(line)) == 0)
		peer_send_text(p, line, strlen(line));
}

/* What our configuration lacks too: the other side may have it. */
static void
tell_all(struct control *c, struct peer *p)
{
	const struct admin_table *t = c->m->admin;
	const struct admin_entry *e;
	enum admin_kind kind;
	const char *id;
	size_t i;
	int k;

	for (k = ADMIN_SERVER; k < ADMIN_KINDS; k++)
		for (i = 0; i < admin_count(t, (enum admin_kind)k); i++)
			tell(p, (enum admin_kind)k,
			    admin_id(t, (enum admin_kind)k, (int)i),
			    admin_entry(t, (enum admin_kind)k, (int)i));
	for (i = 0; i < admin_absent_count(t); i++) {
		e = admin_absent(t, i, &kind, &id);
		tell(p, kind, id, e);
	}
	peer_send(p, "synced");
}

/* A word that was new to us, to all but who said it. */
static void
pass_on(struct control *c, const struct peer *from, const struct admin_word *w)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (c->others[i].peer != NULL && c->others[i].peer != from)
			tell(c->others[i].peer, w->kind,
			    w->n >= 0 ? admin_id(c->m->admin, w->kind, w->n)
				      : w->id,
			    &w->entry);
}

static bool
take(struct managerd *m, struct peer *from, struct admin_word *word,
    bool by_operator)
{
	bool saved;

	if (!admin_take(m->admin, word, by_operator, &saved))
		return true;
	if (word->n >= 0)
		fleet_apply_admin(
		    m->fleet, m->admin, word->kind, word->n, mono_now());
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
	/* Another manager may have read a newer configuration than we. */
	if (word.n < 0 && by_operator) {
		peer_error(p, "no %s %.80s in the configuration",
		    admin_kind_text(word.kind), word.id);
		return;
	}
	/* Nobody acts in the future: that would outrank all words to come. */
	if (by_operator && word.entry.when > (int64_t)time(NULL))
		word.entry.when = (int64_t)time(NULL);
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

static void
on_reload(struct peer *p, const struct line *l, void *arg)
{
	struct control *c = arg;

	(void)l;
	(void)reload_now(&c->m->daemon, p);
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
    {"reload", on_reload, ROLE_CONTROL, 0, 0},
    {"status", on_status, ROLE_CONTROL, 0, 0},
    {"synced", on_synced, ROLE_MANAGER, 0, 0},
    {.name = NULL},
};

/* The connection of a manager that we have; false: there is no such. */
static bool
meet(struct control *c, struct peer *p)
{
	struct other *o = other_of(c, p);

	if (o == NULL || o->manager == c->m->self)
		return false;
	o->peer = p;
	tell_all(c, p);
	return true;
}

static void
on_up(struct peer *p, void *arg)
{
	struct control *c = arg;

	if (peer_role(p) != ROLE_MANAGER || meet(c, p))
		return;
	peer_error(
	    p, "no manager %s beside us in the configuration", peer_id(p));
	c->strangers =
	    mem_resize(c->strangers, c->nstrangers + 1, sizeof(struct peer *));
	c->strangers[c->nstrangers++] = p;
}

static void
forget_stranger(struct control *c, const struct peer *p)
{
	size_t i, n = 0;

	for (i = 0; i < c->nstrangers; i++)
		if (c->strangers[i] != p)
			c->strangers[n++] = c->strangers[i];
	c->nstrangers = n;
}

static void
on_down(struct peer *p, const char *why, void *arg)
{
	struct control *c = arg;
	size_t i;

	(void)why; /* peers log it */
	for (i = 0; i < c->n; i++)
		if (c->others[i].peer == p)
			c->others[i].peer = NULL;
	forget_stranger(c, p);
}

/* Let the connection to this one be as the configuration wants it: of two
 * managers the first calls. `same`: it goes where it went before. */
static void
call_other(struct control *c, struct other *o, bool same)
{
	bool wanted = o->manager->n > c->m->self->n;

	if (o->called != NULL && (!wanted || !same)) {
		if (o->peer == o->called)
			o->peer = NULL;
		peer_free(&o->called);
	}
	if (wanted && o->called == NULL)
		o->called = peer_connect(
		    &c->call, o->manager->listen, o->manager->nlisten);
	else if (wanted)
		peer_renew_tls(o->called);
}

/* What is ours in hello and beats. */
static void
introduce(struct control *c)
{
	c->listen.id = c->call.id = c->m->self->id;
	c->listen.hash = c->call.hash = c->m->world->hash;
	c->listen.tls = c->call.tls = c->m->world->tls;
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
	    .verbs = verbs,
	    .on_up = on_up,
	    .on_down = on_down,
	    .arg = c};
	c->call = c->listen;
	introduce(c);
	c->listeners = listeners_new(&c->listen);
	if (listeners_open(c->listeners, m->self->listen, m->self->nlisten,
		m->world->tls, why, sizeof(why)) < 0)
		log_fatalx("control", "%s", why);
	c->n = m->world->nmanagers;
	c->others = mem_array(c->n, sizeof(*c->others));
	for (i = 0; i < c->n; i++) {
		c->others[i].manager = &m->world->managers[i];
		call_other(c, &c->others[i], true);
	}
	return c;
}

/* Whether a manager is called with certificates. */
static bool
uses_tls(const struct control *c)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (c->others[i].called != NULL &&
		    peer_uses_tls(c->others[i].called))
			return true;
	return false;
}

struct listeners_change *
control_prepare(struct control *c, const struct world *w,
    const struct manager *self, char *why, size_t size)
{
	if (uses_tls(c) && !peer_try_tls(w->tls, why, size))
		return NULL;
	return listeners_prepare(
	    c->listeners, self->listen, self->nlisten, w->tls, why, size);
}

/* One of ours that is no longer in the configuration. */
static void
drop_other(struct other *o)
{
	if (o->peer != NULL && o->peer != o->called)
		peer_free(&o->peer);
	peer_free(&o->called);
}

/* Who called before we knew of it. */
static void
meet_strangers(struct control *c)
{
	size_t i, n = 0;

	for (i = 0; i < c->nstrangers; i++)
		if (!meet(c, c->strangers[i]))
			c->strangers[n++] = c->strangers[i];
	c->nstrangers = n;
}

void
control_renew(struct control *c, struct listeners_change **change)
{
	const struct world *w = c->m->world;
	struct other *old = c->others;
	size_t i, nold = c->n;

	introduce(c);
	listeners_take(c->listeners, change);
	c->n = w->nmanagers;
	c->others = mem_array(c->n, sizeof(*c->others));
	for (i = 0; i < nold; i++) {
		int n = daemon_find_manager(w, old[i].manager->id);
		const struct manager *was = old[i].manager, *is;

		if (n < 0) {
			drop_other(&old[i]);
			continue;
		}
		is = &w->managers[n];
		c->others[n] = old[i];
		c->others[n].manager = is;
		call_other(c, &c->others[n],
		    merge_same_endpoints(
			was->listen, was->nlisten, is->listen, is->nlisten));
	}
	for (i = 0; i < c->n; i++) {
		if (c->others[i].manager != NULL)
			continue;
		c->others[i].manager = &w->managers[i];
		call_other(c, &c->others[i], true);
	}
	free(old);
	meet_strangers(c);
}

void
control_free(struct control **cp)
{
	struct control *c = *cp;
	size_t i;

	if (c == NULL)
		return;
	for (i = 0; i < c->n; i++)
		peer_free(&c->others[i].called);
	listeners_free(&c->listeners);
	free(c->others);
	free(c->strangers);
	free(c);
	*cp = NULL;
}

size_t
control_count(const struct control *c)
{
	return c->n;
}

void
control_info(const struct control *c, size_t i, struct control_info *out)
{
	const struct other *o = &c->others[i];

	*out = (struct control_info){.id = o->manager->id,
	    .self = o->manager == c->m->self,
	    .up = o->peer != NULL,
	    .skewed = o->peer != NULL && peer_is_skewed(o->peer),
	    .hash = o->peer != NULL ? peer_hash(o->peer) : ""};
}
