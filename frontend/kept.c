/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entries live in one array that grows up to its bound and are linked by
 * numbers: in hash buckets, and in order of use.
 */
#include "frontend/kept.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/renumber.h"

#define NONE    UINT32_MAX
#define LENGTHS 129 /* of prefixes */

struct kept {
	struct kept_answer *entry;
	uint32_t *bucket;
	uint32_t buckets; /* a power of two */
	uint32_t n, room, max;
	uint32_t newest, oldest;
	uint64_t evicted;
	uint32_t of_length[2][LENGTHS]; /* entries, by family */
	uint8_t longest[2];             /* length in use, or 0 */
};

struct kept *
kept_new(unsigned max)
{
	struct kept *c = mem_new(sizeof(*c));

	c->max = max > 0 ? max : 1;
	for (c->buckets = 16; c->buckets < c->max; c->buckets *= 2)
		;
	c->bucket = mem_array(c->buckets, sizeof(*c->bucket));
	memset(c->bucket, 0xff, c->buckets * sizeof(*c->bucket));
	c->newest = c->oldest = NONE;
	return c;
}

void
kept_free(struct kept **c)
{
	if (*c == NULL)
		return;
	free((*c)->entry);
	free((*c)->bucket);
	free(*c);
	*c = NULL;
}

static size_t
family(const struct addr *a)
{
	return a->family == AF_INET6;
}

static uint32_t
hash(const struct kept *c, int service, const struct prefix *p)
{
	uint64_t w[2], h;

	memcpy(w, p->addr.ip, sizeof(w));
	h = (uint64_t)service * 131 + p->len + (family(&p->addr) << 9);
	h = (h ^ w[0]) * UINT64_C(0x9e3779b97f4a7c15);
	h = ((h ^ (h >> 32)) ^ w[1]) * UINT64_C(0x9e3779b97f4a7c15);
	return (uint32_t)(h >> 32) & (c->buckets - 1);
}

static uint32_t
find(const struct kept *c, int service, const struct prefix *p)
{
	uint32_t i = c->bucket[hash(c, service, p)];

	while (
	    i != NONE && (c->entry[i].service != service ||
			     c->entry[i].prefix.len != p->len ||
			     addr_cmp(&c->entry[i].prefix.addr, &p->addr) != 0))
		i = c->entry[i].next;
	return i;
}

static void
unlink_use(struct kept *c, uint32_t i)
{
	struct kept_answer *e = &c->entry[i];

	if (e->newer != NONE)
		c->entry[e->newer].older = e->older;
	else
		c->newest = e->older;
	if (e->older != NONE)
		c->entry[e->older].newer = e->newer;
	else
		c->oldest = e->newer;
}

static void
link_newest(struct kept *c, uint32_t i)
{
	struct kept_answer *e = &c->entry[i];

	e->newer = NONE;
	e->older = c->newest;
	if (c->newest != NONE)
		c->entry[c->newest].newer = i;
	else
		c->oldest = i;
	c->newest = i;
}

/* Count an entry of this length in or out. */
static void
length(struct kept *c, const struct prefix *p, int by)
{
	size_t f = family(&p->addr);

	c->of_length[f][p->len] += (uint32_t)by;
	if (by > 0 && p->len > c->longest[f])
		c->longest[f] = (uint8_t)p->len;
	while (c->longest[f] > 0 && c->of_length[f][c->longest[f]] == 0)
		c->longest[f]--;
}

static void
unhash(struct kept *c, uint32_t i)
{
	struct kept_answer *e = &c->entry[i];
	uint32_t *at = &c->bucket[hash(c, e->service, &e->prefix)];

	while (*at != i)
		at = &c->entry[*at].next;
	*at = e->next;
	length(c, &e->prefix, -1);
}

/* An entry that nothing links to. */
static uint32_t
take(struct kept *c)
{
	uint32_t i = c->oldest;

	if (c->n < c->max) {
		if (c->n == c->room) {
			c->room = c->room > 0 ? c->room * 2 : 64;
			if (c->room > c->max)
				c->room = c->max;
			c->entry =
			    mem_resize(c->entry, c->room, sizeof(*c->entry));
		}
		return c->n++;
	}
	unhash(c, i);
	unlink_use(c, i);
	c->evicted++;
	return i;
}

const struct kept_answer *
kept_find(struct kept *c, int service, const struct addr *client)
{
	size_t f = family(client);
	unsigned len = c->longest[f];
	struct prefix p;
	uint32_t i;

	for (;; len--) {
		if (c->of_length[f][len] > 0) {
			p = addr_prefix(client, len);
			i = find(c, service, &p);
			if (i != NONE)
				break;
		}
		if (len == 0)
			return NULL;
	}
	if (c->newest != i) {
		unlink_use(c, i);
		link_newest(c, i);
	}
	return &c->entry[i];
}

void
kept_put(struct kept *c, const struct kept_answer *answer)
{
	uint32_t i = find(c, answer->service, &answer->prefix), *bucket, next;

	if (i == NONE) {
		i = take(c);
		bucket = &c->bucket[hash(c, answer->service, &answer->prefix)];
		next = *bucket;
		*bucket = i;
		length(c, &answer->prefix, 1);
	} else {
		unlink_use(c, i);
		next = c->entry[i].next;
	}
	c->entry[i] = *answer;
	c->entry[i].next = next;
	link_newest(c, i);
}

size_t
kept_count(const struct kept *c)
{
	return c->n;
}

uint64_t
kept_evicted(const struct kept *c)
{
	return c->evicted;
}

/* Into the new world; false: nothing is left of it. `used` tells of each new
 * server whether its service has it. */
static bool
renew_answer(struct kept_answer *e, const struct renumber *r, const bool *used)
{
	size_t i, n = 0;

	for (i = 0; i < e->n; i++) {
		struct drawable d = e->list[i];

		d.alias = renumber_alias(r, d.server, d.alias);
		d.server = r->server[d.server];
		if (d.alias != NULL && used[d.server])
			e->list[n++] = d;
	}
	e->service = r->service[e->service];
	if (n == 0 && e->n > 0)
		return false;
	e->n = n;
	return true;
}

/* Entries by service, each linked to the next one of the same in `next`. */
static uint32_t *
by_service(const struct kept *c, size_t nservices, uint32_t *next)
{
	uint32_t *first = mem_array(nservices + 1, sizeof(*first)), i;
	size_t s;

	for (s = 0; s < nservices; s++)
		first[s] = NONE;
	for (i = 0; i < c->n; i++) {
		next[i] = first[c->entry[i].service];
		first[c->entry[i].service] = i;
	}
	return first;
}

/* All of a service; those that are of no use any more get the service -1. */
static void
renew_service(struct kept *c, const struct renumber *r, uint32_t first,
    const uint32_t *next, bool *used)
{
	const struct service *s = NULL;
	uint32_t i;
	size_t u;
	int n;

	if (first == NONE)
		return;
	n = r->service[c->entry[first].service];
	if (n >= 0)
		s = &r->to->services[n];
	for (u = 0; s != NULL && u < s->nuse; u++)
		used[s->use[u]] = true;
	for (i = first; i != NONE; i = next[i])
		if (s == NULL || !renew_answer(&c->entry[i], r, used))
			c->entry[i].service = -1;
	for (u = 0; s != NULL && u < s->nuse; u++)
		used[s->use[u]] = false;
}

void
kept_renew(struct kept **cp, const struct renumber *r, unsigned max)
{
	struct kept *c = *cp, *new = kept_new(max);
	uint32_t *next = mem_array(c->n + 1, sizeof(*next)), *first, i;
	bool *used = mem_array(r->to->nservers + 1, sizeof(*used));
	size_t s;

	first = by_service(c, r->from->nservices, next);
	for (s = 0; s < r->from->nservices; s++)
		renew_service(c, r, first[s], next, used);
	for (i = c->oldest; i != NONE; i = c->entry[i].newer)
		if (c->entry[i].service >= 0)
			kept_put(new, &c->entry[i]);
	new->evicted += c->evicted;
	free(first);
	free(next);
	free(used);
	kept_free(cp);
	*cp = new;
}
