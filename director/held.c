/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A list in the order of the times at which they are due. Services have few
 * different waits, so a new ask belongs near the end. Owns its entries.
 */
#include "director/held.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "lib/mem.h"

struct entry {
	struct held_ask held;
	TAILQ_ENTRY(entry) link;
};

struct held {
	TAILQ_HEAD(entries, entry) list;
	size_t n;
};

struct held *
held_new(void)
{
	struct held *h = mem_new(sizeof(*h));

	TAILQ_INIT(&h->list);
	return h;
}

static void
take(struct held *h, struct entry *e, struct held_ask *out)
{
	if (out != NULL)
		*out = e->held;
	TAILQ_REMOVE(&h->list, e, link);
	h->n--;
	free(e);
}

void
held_free(struct held **h)
{
	struct entry *e;

	if (*h == NULL)
		return;
	while ((e = TAILQ_FIRST(&(*h)->list)) != NULL)
		take(*h, e, NULL);
	free(*h);
	*h = NULL;
}

bool
held_add(struct held *h, const struct ask *q, void *peer, struct mono until)
{
	struct entry *e, *before;

	if (h->n >= HELD_MAX)
		return false;
	e = mem_new(sizeof(*e));
	e->held = (struct held_ask){*q, peer, until};
	TAILQ_FOREACH_REVERSE(before, &h->list, entries, link)
	if (mono_cmp(before->held.until, until) <= 0)
		break;
	if (before != NULL)
		TAILQ_INSERT_AFTER(&h->list, before, e, link);
	else
		TAILQ_INSERT_HEAD(&h->list, e, link);
	h->n++;
	return true;
}

bool
held_due(struct held *h, struct mono now, struct held_ask *out)
{
	struct entry *e = TAILQ_FIRST(&h->list);

	if (e == NULL || mono_cmp(e->held.until, now) > 0)
		return false;
	take(h, e, out);
	return true;
}

void
held_sweep(
    struct held *h, bool (*ready)(void *arg, const struct ask *q), void *arg)
{
	struct entry *e, *next;

	for (e = TAILQ_FIRST(&h->list); e != NULL; e = next) {
		next = TAILQ_NEXT(e, link);
		if (!mono_set(e->held.until) || !ready(arg, &e->held.ask))
			continue;
		e->held.until = (struct mono){0};
		TAILQ_REMOVE(&h->list, e, link);
		TAILQ_INSERT_HEAD(&h->list, e, link);
	}
}

void
held_filter(
    struct held *h, bool (*keep)(void *arg, struct held_ask *a), void *arg)
{
	struct entry *e, *next;

	for (e = TAILQ_FIRST(&h->list); e != NULL; e = next) {
		next = TAILQ_NEXT(e, link);
		if (!keep(arg, &e->held))
			take(h, e, NULL);
	}
}

void
held_forget(struct held *h, const void *peer)
{
	struct entry *e, *next;

	for (e = TAILQ_FIRST(&h->list); e != NULL; e = next) {
		next = TAILQ_NEXT(e, link);
		if (e->held.peer == peer)
			take(h, e, NULL);
	}
}

struct mono
held_next(const struct held *h)
{
	const struct entry *e = TAILQ_FIRST(&h->list);

	return e != NULL ? e->held.until : (struct mono){0};
}

size_t
held_count(const struct held *h)
{
	return h->n;
}
