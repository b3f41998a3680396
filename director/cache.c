/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A chained hash table whose entries are also in one list by time of use. The
 * cache owns all entries; nothing else keeps a pointer into them.
 */
#include "director/cache.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

#define BYTES_A_BUCKET 1024

struct entry {
	struct cache_key key;
	struct cache_stamp stamp;
	struct entry *chain;         /* of its bucket */
	struct entry *newer, *older; /* by time of use */
	size_t len, room;
	_Alignas(max_align_t) unsigned char bytes[];
};

struct cache {
	struct entry **bucket;
	size_t buckets; /* a power of two */
	struct entry *newest, *oldest;
	struct cache_counters count;
};

struct cache *
cache_new(size_t bytes_max)
{
	struct cache *c = mem_new(sizeof(*c));

	c->count.bytes_max = bytes_max;
	c->buckets = 64;
	while (c->buckets * BYTES_A_BUCKET < bytes_max)
		c->buckets *= 2;
	c->bucket = mem_array(c->buckets, sizeof(*c->bucket));
	return c;
}

void
cache_free(struct cache **c)
{
	struct entry *e, *older;

	if (*c == NULL)
		return;
	for (e = (*c)->newest; e != NULL; e = older) {
		older = e->older;
		free(e);
	}
	free((*c)->bucket);
	free(*c);
	*c = NULL;
}

struct cache_key
cache_key(const struct prefix *p, int contact, int relay, int service)
{
	struct cache_key k;

	memset(&k, 0, sizeof(k));
	if (p != NULL) {
		memcpy(k.ip, p->addr.ip, sizeof(k.ip));
		k.family = (uint8_t)p->addr.family;
		k.len = (uint8_t)p->len;
	}
	k.relay = relay != 0;
	k.contact = (uint32_t)contact;
	k.service = service;
	return k;
}

/* Prefixes come from a feed that is trusted with worse than collisions. */
static size_t
bucket_of(const struct cache *c, const struct cache_key *k)
{
	uint64_t word[sizeof(*k) / sizeof(uint64_t)], h = 0;
	size_t i;

	_Static_assert(sizeof(*k) % sizeof(uint64_t) == 0, "whole words");
	memcpy(word, k, sizeof(*k));
	for (i = 0; i < sizeof(word) / sizeof(word[0]); i++) {
		h = (h ^ word[i]) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 29;
	}
	return (size_t)h & (c->buckets - 1);
}

static void
unlist(struct cache *c, struct entry *e)
{
	if (e->newer != NULL)
		e->newer->older = e->older;
	else
		c->newest = e->older;
	if (e->older != NULL)
		e->older->newer = e->newer;
	else
		c->oldest = e->newer;
}

static void
list(struct cache *c, struct entry *e)
{
	e->newer = NULL;
	e->older = c->newest;
	if (c->newest != NULL)
		c->newest->newer = e;
	else
		c->oldest = e;
	c->newest = e;
}

static struct entry **
find(struct cache *c, const struct cache_key *k)
{
	struct entry **at = &c->bucket[bucket_of(c, k)];

	while (*at != NULL && memcmp(&(*at)->key, k, sizeof(*k)) != 0)
		at = &(*at)->chain;
	return at;
}

/* Take the entry out of bucket and list, and free it. */
static void
drop(struct cache *c, struct entry **at)
{
	struct entry *e = *at;

	*at = e->chain;
	unlist(c, e);
	c->count.entries--;
	c->count.bytes -= sizeof(*e) + e->room;
	free(e);
}

const void *
cache_get(struct cache *c, const struct cache_key *k,
    const struct cache_stamp *s, size_t *len)
{
	struct entry *e = *find(c, k);

	if (e == NULL || e->stamp.paths != s->paths ||
	    e->stamp.line != s->line || e->stamp.loads != s->loads) {
		c->count.misses++;
		return NULL;
	}
	if (e != c->newest) {
		unlist(c, e);
		list(c, e);
	}
	c->count.hits++;
	*len = e->len;
	return e->bytes;
}

/* An entry of this key that has the room, else a new one. */
static struct entry *
entry_for(struct cache *c, const struct cache_key *k, size_t len)
{
	struct entry **at = find(c, k), *e = *at;

	if (e != NULL && e->room >= len && e->room / 2 <= len) {
		unlist(c, e);
		return e;
	}
	if (e != NULL)
		drop(c, at);
	while (c->oldest != NULL &&
	       c->count.bytes + sizeof(*e) + len > c->count.bytes_max) {
		drop(c, find(c, &c->oldest->key));
		c->count.evicted++;
	}
	at = &c->bucket[bucket_of(c, k)];
	e = mem_array(1, sizeof(*e) + len);
	e->key = *k;
	e->room = len;
	e->chain = *at;
	*at = e;
	c->count.entries++;
	c->count.bytes += sizeof(*e) + len;
	return e;
}

void *
cache_put(struct cache *c, const struct cache_key *k,
    const struct cache_stamp *s, size_t len)
{
	struct entry *e;

	if (len > c->count.bytes_max || sizeof(*e) + len > c->count.bytes_max)
		return NULL;
	e = entry_for(c, k, len);
	e->stamp = *s;
	e->len = len;
	list(c, e);
	return e->bytes;
}

void
cache_continue(struct cache *c, const struct cache *before)
{
	c->count.hits += before->count.hits;
	c->count.misses += before->count.misses;
	c->count.evicted += before->count.evicted;
}

void
cache_counters(const struct cache *c, struct cache_counters *out)
{
	*out = c->count;
}
