/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Leases stand in a table of fixed size, four places a hash value; a queue of
 * fixed size holds what is not yet sent.
 */
#include "director/wants.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

#define WAYS 4

struct lease {
	struct prefix prefix;
	struct mono since;
};

struct wants {
	struct lease *lease;
	struct addr *queue;
	size_t first, queued;
	int64_t lease_ms;
	struct mono filled; /* tokens as of then */
	int64_t tokens;
	uint64_t sent, left_out;
};

struct wants *
wants_new(int64_t lease_ms)
{
	struct wants *w = mem_new(sizeof(*w));

	w->lease_ms = lease_ms;
	w->lease = mem_array(WANTS_LEASES, sizeof(*w->lease));
	w->queue = mem_array(WANTS_QUEUE, sizeof(*w->queue));
	w->tokens = WANTS_A_SECOND;
	return w;
}

void
wants_set_lease(struct wants *w, int64_t lease_ms)
{
	w->lease_ms = lease_ms;
}

void
wants_free(struct wants **w)
{
	if (*w == NULL)
		return;
	free((*w)->lease);
	free((*w)->queue);
	free(*w);
	*w = NULL;
}

static struct lease *
ways(const struct wants *w, const struct prefix *p)
{
	uint64_t hi, lo;

	memcpy(&hi, p->addr.ip, sizeof(hi));
	memcpy(&lo, p->addr.ip + 8, sizeof(lo));
	hi = (hi ^ p->len) * UINT64_C(0x9e3779b97f4a7c15);
	hi = ((hi ^ (hi >> 29)) ^ lo) * UINT64_C(0x9e3779b97f4a7c15);
	hi ^= hi >> 32;
	return &w->lease[hi & (WANTS_LEASES - 1) & ~(uint64_t)(WAYS - 1)];
}

static bool
same(const struct prefix *a, const struct prefix *b)
{
	return a->len == b->len && addr_cmp(&a->addr, &b->addr) == 0;
}

static bool
holds(const struct wants *w, const struct lease *l, struct mono now)
{
	return mono_set(l->since) && mono_ms(now, l->since) < w->lease_ms;
}

struct mono
wants_since(const struct wants *w, const struct prefix *p, struct mono now)
{
	const struct lease *l = ways(w, p);
	size_t i;

	for (i = 0; i < WAYS; i++)
		if (same(&l[i].prefix, p) && holds(w, &l[i], now))
			return l[i].since;
	return (struct mono){0};
}

bool
wants_client(struct wants *w, const struct prefix *p, const struct addr *client,
    struct mono now)
{
	struct lease *l = ways(w, p), *oldest = l;
	size_t i;

	for (i = 0; i < WAYS; i++) {
		if (same(&l[i].prefix, p) && holds(w, &l[i], now))
			return false;
		if (mono_cmp(l[i].since, oldest->since) < 0)
			oldest = &l[i];
	}
	if (w->queued == WANTS_QUEUE) {
		w->left_out++;
		return false;
	}
	oldest->prefix = *p;
	oldest->since = now;
	w->queue[(w->first + w->queued) % WANTS_QUEUE] = *client;
	w->queued++;
	return true;
}

static void
refill(struct wants *w, struct mono now)
{
	int64_t ms = mono_set(w->filled) ? mono_ms(now, w->filled) : 0;

	if (mono_set(w->filled) && ms <= 0)
		return;
	w->filled = now;
	w->tokens += ms * WANTS_A_SECOND / 1000;
	if (w->tokens > WANTS_A_SECOND)
		w->tokens = WANTS_A_SECOND;
}

size_t
wants_line(struct wants *w, struct mono now, char *text, size_t size)
{
	char client[ADDR_TEXT];
	size_t len;

	refill(w, now);
	if (w->queued == 0 || w->tokens == 0)
		return 0;
	len = (size_t)snprintf(text, size, "want");
	while (w->queued > 0 && w->tokens > 0 && size - len > ADDR_TEXT + 1) {
		(void)addr_text(&w->queue[w->first], client, sizeof(client));
		len += (size_t)snprintf(text + len, size - len, " %s", client);
		w->first = (w->first + 1) % WANTS_QUEUE;
		w->queued--;
		w->tokens--;
		w->sent++;
	}
	return len;
}

uint64_t
wants_sent(const struct wants *w)
{
	return w->sent;
}

uint64_t
wants_left_out(const struct wants *w)
{
	return w->left_out;
}
