/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The directors as this front end sees them: a connection and a state each.
 * Owns the connections. What is asked and said there is not known here.
 */
#include "frontend/ask_own.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

/* States. */

const struct ask_director *
ask_director(const struct ask *a, size_t i)
{
	return &a->link[i].shown;
}

size_t
ask_directors_up(const struct ask *a)
{
	size_t i, up = 0;

	for (i = 0; i < a->world->ndirectors; i++)
		up += a->link[i].shown.state == STATE_UP;
	return up;
}

bool
ask_uses_tls(const struct ask *a)
{
	size_t i;

	for (i = 0; i < a->world->ndirectors; i++)
		if (peer_uses_tls(a->link[i].peer))
			return true;
	return false;
}

void
link_set_state(
    struct ask *a, struct link *l, enum state state, enum reason reason)
{
	struct mono now = mono_now();
	size_t up = ask_directors_up(a);
	struct ask_director *d = &l->shown;

	if (d->state == state) {
		d->reason = reason;
		return;
	}
	log_info("ask", "director %s: %s -> %s (%s), was so for %lld s",
	    d->conf->id, state_text(d->state), state_text(state),
	    reason_text(reason), (long long)(mono_ms(now, d->since) / 1000));
	if (d->state != STATE_UNKNOWN)
		d->changes++;
	d->state = state;
	d->reason = reason;
	d->since = now;
	if (up == 1 && ask_directors_up(a) == 0)
		log_warnx("ask", "no director answers: clients get last "
				 "answers and static lists");
	else if (up == 0 && state == STATE_UP)
		log_info("ask", "answers come from director %s", d->conf->id);
}

void
link_answered(struct ask *a, struct link *l)
{
	l->slow = 0;
	link_set_state(a, l, STATE_UP, REASON_CONNECTED);
}

/* The first director that is up, from the `from`th on; ndirectors: none. */
size_t
link_up(const struct ask *a, size_t from)
{
	while (from < a->world->ndirectors &&
	       a->link[from].shown.state != STATE_UP)
		from++;
	return from;
}

/* Beats may say that it is another one. */
void
link_note_hash(struct link *l)
{
	l->shown.skewed = peer_is_skewed(l->peer);
	if (peer_is_up(l->peer))
		(void)snprintf(l->shown.hash, sizeof(l->shown.hash), "%s",
		    peer_hash(l->peer));
}

/* Connections. */

void
link_new(struct ask *a, struct link *l, const struct director *d)
{
	l->shown = (struct ask_director){.conf = d,
	    .state = STATE_UNKNOWN,
	    .reason = REASON_NOT_JUDGED,
	    .since = mono_now(),
	    .rtt_us = -1};
	l->peer = peer_connect(&a->conf, d->listen, d->nlisten);
	peer_set_data(l->peer, l);
}

/* The director of the new world that was this one, at its new place; NOBODY if
 * there is none any more. */
static size_t
new_place(const struct renumber *r, size_t old)
{
	size_t i;

	for (i = 0; i < r->to->ndirectors; i++)
		if (strcmp(r->to->directors[i].id,
			r->from->directors[old].id) == 0)
			return i;
	return NOBODY;
}

/* A director that stays; one that has moved away is connected to anew. */
static bool
link_renew(struct ask *a, struct link *l, const struct director *d)
{
	l->shown.conf = d;
	if (a->conf.tls != NULL)
		peer_renew_tls(l->peer);
	if (peer_set_endpoints(l->peer, d->listen, d->nlisten)) {
		peer_set_data(l->peer, l);
		return true;
	}
	peer_free(&l->peer);
	l->slow = 0;
	l->peer = peer_connect(&a->conf, d->listen, d->nlisten);
	peer_set_data(l->peer, l);
	link_set_state(a, l, STATE_DOWN, REASON_DISCONNECTED);
	return false;
}

/* place[old] becomes the new place of each director whose questions go on. */
void
links_renew(struct ask *a, const struct renumber *r, size_t *place)
{
	struct link *old = a->link;
	size_t i;

	a->link = mem_array(r->to->ndirectors, sizeof(*a->link));
	for (i = 0; i < r->from->ndirectors; i++) {
		place[i] = new_place(r, i);
		if (place[i] != NOBODY)
			a->link[place[i]] = old[i];
		else
			peer_free(&old[i].peer);
	}
	free(old);
	for (i = 0; i < r->to->ndirectors; i++)
		if (a->link[i].peer == NULL)
			link_new(a, &a->link[i], &r->to->directors[i]);
	for (i = 0; i < r->from->ndirectors; i++)
		if (place[i] != NOBODY && !link_renew(a, &a->link[place[i]],
					      &r->to->directors[place[i]]))
			place[i] = NOBODY;
}
