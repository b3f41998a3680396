/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rendezvous hashing in whole numbers alone: logarithms of a C library differ
 * in their last bits from one to the next, and directors must agree. Owns
 * nothing.
 */
#include "lib/decide/sticky.h"

#include <stdbool.h>
#include <string.h>

#define KEEP_BITS 15 /* of the share of prefixes that a server keeps */

struct siphash {
	uint64_t a, b, c, d;
};

static uint64_t
rotate(uint64_t x, int n)
{
	return x << n | x >> (64 - n);
}

static void
round_of(struct siphash *s)
{
	s->a += s->b;
	s->c += s->d;
	s->b = rotate(s->b, 13) ^ s->a;
	s->d = rotate(s->d, 16) ^ s->c;
	s->a = rotate(s->a, 32);
	s->c += s->b;
	s->a += s->d;
	s->b = rotate(s->b, 17) ^ s->c;
	s->d = rotate(s->d, 21) ^ s->a;
	s->c = rotate(s->c, 32);
}

/* Up to eight bytes as a number, the first one lowest, on every machine. */
static uint64_t
little_endian(const uint8_t *bytes, size_t n)
{
	uint64_t w = 0;
	size_t i;

	for (i = 0; i < n; i++)
		w |= (uint64_t)bytes[i] << 8 * i;
	return w;
}

static void
take_word(struct siphash *s, uint64_t w)
{
	s->d ^= w;
	round_of(s);
	round_of(s);
	s->a ^= w;
}

uint64_t
sticky_hash(const uint64_t key[2], const void *bytes, size_t len)
{
	struct siphash s = {key[0] ^ UINT64_C(0x736f6d6570736575),
	    key[1] ^ UINT64_C(0x646f72616e646f6d),
	    key[0] ^ UINT64_C(0x6c7967656e657261),
	    key[1] ^ UINT64_C(0x7465646279746573)};
	const uint8_t *at = bytes;
	size_t left = len;
	int i;

	for (; left >= 8; at += 8, left -= 8)
		take_word(&s, little_endian(at, 8));
	take_word(&s, little_endian(at, left) | (uint64_t)len << 56);
	s.c ^= 0xff;
	for (i = 0; i < 4; i++)
		round_of(&s);
	return s.a ^ s.b ^ s.c ^ s.d;
}

struct prefix
sticky_prefix(const struct world *w, const struct addr *client)
{
	return addr_prefix(
	    client, client->family == AF_INET ? w->prefix4 : w->prefix6);
}

/* The key that stands for a prefix of a service. The order of the fields is
 * part of the configuration's meaning: another one would move everybody. */
static void
key_of(const char *service, const struct prefix *p, uint64_t key[2])
{
	static const uint64_t start[2][2] = {{0, 0}, {0, 1}};
	uint8_t bytes[256 + 1 + 1 + 16];
	size_t len = strlen(service);

	if (len > 255)
		len = 255; /* ids are no longer */
	memcpy(bytes, service, len);
	bytes[len++] = 0;
	bytes[len++] = (uint8_t)p->len;
	memcpy(bytes + len, p->addr.ip, addr_bits(&p->addr) / 8);
	len += addr_bits(&p->addr) / 8;
	key[0] = sticky_hash(start[0], bytes, len);
	key[1] = sticky_hash(start[1], bytes, len);
}

/*
 * -log2(hash / 2^64) in units of 2^-32, by squaring: distributed as the waiting
 * time for a bus. Divided by its weight each server's is, so the least of them
 * is a server's as often as its weight is of all.
 */
static uint64_t
waiting_time(uint64_t hash)
{
	unsigned zeros = hash != 0 ? (unsigned)__builtin_clzll(hash) : 63, i;
	uint64_t x = hash << zeros >> 32 | UINT64_C(1) << 31, log = 0;

	for (i = 0; i < 32; i++) {
		x = x * x >> 31; /* 1 to 4, the point behind 31 bits */
		log = log << 1 | x >> 32;
		x >>= x >> 32;
	}
	return ((uint64_t)(zeros + 1) << 32) - log;
}

/* A server's place in the order of a prefix. */
struct place {
	uint64_t hash, time;
	const struct sticky_server *server;
};

static bool
is_before(const struct place *a, const struct place *b)
{
	uint64_t x = a->time * b->server->weight;
	uint64_t y = b->time * a->server->weight;

	if (x != y)
		return x < y;
	if (a->hash != b->hash)
		return a->hash > b->hash;
	return strcmp(a->server->id, b->server->id) < 0;
}

struct sums {
	uint64_t loads, weights;
};

/*
 * Whether a server keeps this prefix. With r its load per weight and m the mean
 * of that, it keeps the share 2r/m of them: all, unless it has less than half
 * of what the others have.
 */
static bool
keeps(const struct sticky_server *s, const struct sums *all,
    const uint64_t key[2], size_t len)
{
	const uint64_t other[2] = {key[1], key[0]};
	uint64_t share;

	if (all->loads == 0)
		return true;
	/* at most 2 * 2^14 * 2^17 * 2^16 * 2^15 = 2^63 */
	share = (2 * (uint64_t)s->load * all->weights << KEEP_BITS) /
		(s->weight * all->loads);
	if (share >> KEEP_BITS > 0)
		return true;
	return sticky_hash(other, s->id, len) >> (64 - KEEP_BITS) < share;
}

/* Who keeps a prefix does not depend on the order, so that the first in order
 * of those that keep it is the one that going down the order comes to. */
size_t
sticky_choose(const char *service, const struct prefix *client,
    const struct sticky_server *list, size_t n, size_t *first)
{
	struct place best = {0}, first_best = {0}, p;
	struct sums all = {0, 0};
	uint64_t key[2];
	size_t i, len;

	key_of(service, client, key);
	for (i = 0; i < n; i++) {
		all.loads += (uint64_t)list[i].load;
		all.weights += list[i].weight;
	}
	for (i = 0; i < n; i++) {
		len = strlen(list[i].id);
		p.server = &list[i];
		p.hash = sticky_hash(key, list[i].id, len);
		p.time = waiting_time(p.hash);
		if (first_best.server == NULL || is_before(&p, &first_best))
			first_best = p;
		if ((best.server == NULL || is_before(&p, &best)) &&
		    keeps(&list[i], &all, key, len))
			best = p;
	}
	if (best.server == NULL) /* the mean rounded everybody out */
		best = first_best;
	if (first != NULL)
		*first = (size_t)(first_best.server - list);
	return (size_t)(best.server - list);
}
