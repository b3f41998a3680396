/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DIRECTOR_CACHE_H
#define DIRECTOR_CACHE_H

/*
 * What was computed for a prefix and can be used again: bounded in bytes, the
 * least recently used goes first. The director keeps one for rows of paths and
 * one for answers. An entry holds only under the stamp it was put with.
 */

#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

struct cache;

/* What an entry is about. Compared byte by byte: make it with cache_key(). */
struct cache_key {
	uint8_t ip[16];
	uint8_t family; /* of the prefix; 0: no line of paths */
	uint8_t len;
	uint8_t client; /* family of the client; 0: it does not matter */
	uint8_t relay;
	uint32_t contact;
	int32_t service; /* -1: it does not matter */
	uint32_t prefer; /* number of a preference, from 1 on; 0: none */
};

/* What it was made from: generations and times; any change makes it void. */
struct cache_stamp {
	uint64_t paths, line, loads;
};

struct cache_counters {
	size_t entries, bytes, bytes_max;
	uint64_t hits, misses, evicted;
};

struct cache *cache_new(size_t bytes_max);
void cache_free(struct cache **c);

/* A key of a prefix (NULL: none), a contact and a way to serve. */
struct cache_key
cache_key(const struct prefix *p, int contact, int relay, int service);
/* The bytes kept for this key under this stamp, or NULL; counted either way.
 * They are valid until the next cache_put(). */
const void *cache_get(struct cache *c, const struct cache_key *k,
    const struct cache_stamp *s, size_t *len);
/* Room of `len` bytes for this key, to be filled now; replaces what was there.
 * NULL if it is more than the cache may hold. */
void *cache_put(struct cache *c, const struct cache_key *k,
    const struct cache_stamp *s, size_t len);
/* Go on counting where another one, which it replaces, stopped. */
void cache_continue(struct cache *c, const struct cache *before);
void cache_counters(const struct cache *c, struct cache_counters *out);

#endif
