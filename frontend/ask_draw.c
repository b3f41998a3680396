/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Draws of a server for a client without asking: by an answer that holds, the
 * last one that held, or the static list. Counts the draws and reports them to
 * the directors; the answers themselves are kept by kept.c.
 */
#include "frontend/ask_own.h"

#include <stdio.h>

#define DRAWN_MAX 60000 /* bytes of a line */

static void
count_draw(struct ask *a, int server)
{
	if (a->drawn[server]++ == 0)
		a->drew[a->ndrew++] = server;
}

static void
answer_with(struct ask *a, const struct drawable *d, enum ask_source source,
    struct ask_answer *out)
{
	*out = (struct ask_answer){source, d->server, d->alias, REASON_NONE};
	count_draw(a, d->server);
}

static bool
from_kept(struct ask *a, const struct kept_answer *k, int avoid,
    enum ask_source source, struct ask_answer *out)
{
	const struct drawable *d = draw(
	    k->list, k->n, &a->gone, k->moment, avoid, draw_random(&a->random));

	if (d != NULL)
		answer_with(a, d, source, out);
	return d != NULL;
}

/* Without a director: the last answer, then the static list. */
void
draw_from_memory(struct ask *a, int service, const struct addr *client,
    int avoid, struct ask_answer *out)
{
	const struct kept_answer *k = kept_find(a->kept, service, client);
	const struct drawable *d;

	if (k != NULL && from_kept(a, k, avoid, ASK_LAST, out))
		return;
	d = statics_draw(
	    a->statics, service, client, &a->gone, avoid, &a->random);
	if (d != NULL)
		answer_with(a, d, ASK_STATIC, out);
	else
		*out = (struct ask_answer){
		    ASK_FALLBACK, -1, NULL, REASON_NO_SERVER};
}

/* With a valid answer: false if all it names has gone since. */
bool
draw_from_answer(struct ask *a, const struct kept_answer *k, int avoid,
    enum ask_source source, struct ask_answer *out)
{
	if (k->n > 0)
		return from_kept(a, k, avoid, source, out);
	*out = (struct ask_answer){ASK_FALLBACK, -1, NULL, k->none};
	return true;
}

bool
ask_known(struct ask *a, int service, const struct addr *client, int avoid,
    struct mono now, struct ask_answer *out)
{
	const struct kept_answer *k = kept_find(a->kept, service, client);

	if (k != NULL && mono_cmp(now, k->until) < 0 &&
	    draw_from_answer(a, k, avoid, ASK_CACHED, out))
		return true;
	if (link_up(a, 0) < a->world->ndirectors)
		return false;
	draw_from_memory(a, service, client, avoid, out);
	return true;
}

void
draw_report(struct ask *a)
{
	char line[DRAWN_MAX + 512];
	size_t len = 0, i, d;

	for (i = 0; i < a->ndrew; i++) {
		int server = a->drew[i];

		if (len == 0)
			len = (size_t)snprintf(line, sizeof(line), "drawn");
		len += (size_t)snprintf(line + len, sizeof(line) - len,
		    " %s %u", a->world->servers[server].id, a->drawn[server]);
		a->drawn[server] = 0;
		if (len < DRAWN_MAX && i + 1 < a->ndrew)
			continue;
		for (d = 0; d < a->world->ndirectors; d++)
			if (peer_is_up(a->link[d].peer))
				peer_send_text(a->link[d].peer, line, len);
		len = 0;
	}
	a->ndrew = 0;
}
