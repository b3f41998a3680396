/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The desk's change from one world to another. First what may fail, the
 * listeners; then all modules, in the order in which they depend on each
 * other. Owns nothing; what it replaces it frees.
 */
#include <stdio.h>
#include <stdlib.h>

#include "director/desk.h"
#include "lib/log.h"
#include "lib/renumber.h"

/* Front ends shall forget what they know of a server; without a border it is
 * gone as a whole. */
static void
tell_lost(void *arg, const char *server, const char *border)
{
	struct desk *d = arg;
	struct party *t;

	TAILQ_FOREACH(t, &d->parties, link)
	{
		if (!t->asks)
			continue;
		if (border == NULL)
			peer_send(t->peer, "gone %s", server);
		else
			peer_send(t->peer, "gone %s border=%s", server, border);
		d->gone_sent++;
	}
}

struct held_arg {
	struct desk *d;
	const struct renumber *r;
};

/* An ask that waits is one of the new world, or is answered now. */
static bool
keep_held(void *arg, struct held_ask *h)
{
	const struct held_arg *a = arg;
	enum reason none = REASON_NONE;
	struct ask *q = &h->ask;
	const char *text;
	size_t len;

	q->service = renumbered(a->r->service, q->service);
	q->contact = renumbered(a->r->site, q->contact);
	if (q->service < 0)
		none = REASON_UNKNOWN_SERVICE;
	else if (q->contact < 0)
		none = REASON_UNKNOWN_SITE;
	if (none == REASON_NONE)
		return true;
	text = answer_none(a->d->answer, q->n, none, &len);
	peer_send_text(h->peer, text, len);
	return false;
}

static void
renew_answer(struct desk *d)
{
	struct answer *before = d->answer;
	struct picture *picture = d->picture;

	desk_make_answer(d);
	answer_continue(d->answer, before);
	answer_free(&before);
	picture_free(&picture);
}

static void
renew_gone(struct desk *d, const struct renumber *r)
{
	struct gone *before = d->gone;

	d->gone = gone_renumbered(before, r, tell_lost, d);
	gone_free(&before);
}

static void
renew_standing(struct desk *d, const struct renumber *r, struct mono now)
{
	struct standing *before = d->standing;

	d->standing = standing_renumbered(before, r, now);
	free(before);
}

static void
renew_modules(struct desk *d, const struct renumber *r, struct mono now)
{
	struct held_arg held = {d, r};

	feeds_renew(d->feeds, r, d->self, now);
	draws_renew(d->draws, r);
	tally_renew(d->tally, r);
	renew_answer(d);
	renew_gone(d, r);
	renew_standing(d, r, now);
	held_filter(d->held, keep_held, &held);
	rows_renew(d->rows, r->to);
}

/* What feeds told of things that the world did not have was passed over. */
static void
ask_again(struct desk *d)
{
	const struct party *t;

	TAILQ_FOREACH(t, &d->parties, link)
	if (t->feed != NULL)
		peer_send(t->peer, "resync");
}

bool
desk_reload(struct desk *d, const struct world *w, char *why, size_t size)
{
	int self = daemon_find_director(w, d->self->id);
	struct listeners_change *change;
	struct renumber *r;

	if (self < 0) {
		(void)snprintf(why, size,
		    "the file has no <director id=\"%s\"> any more, which this "
		    "one is; put it back, or stop the daemon",
		    d->self->id);
		return false;
	}
	change = listeners_prepare(d->listeners, w->directors[self].listen,
	    w->directors[self].nlisten, w->tls, why, size);
	if (change == NULL)
		return false;
	r = renumber_new(d->world, w);
	d->world = w;
	d->self = &w->directors[self];
	d->conf.id = d->self->id;
	d->conf.hash = w->hash;
	d->conf.tls = w->tls;
	listeners_take(d->listeners, &change);
	renew_modules(d, r, mono_now());
	if (renumber_brings(r))
		ask_again(d);
	renumber_free(&r);
	desk_look(d);
	return true;
}
