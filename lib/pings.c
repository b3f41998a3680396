/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entries of one size in chunks, named by number; a chained hash table over
 * them, made once for the most there can be, so that nothing is ever moved
 * and no line waits for a big table to grow; and a list from the oldest to the
 * newest. The store owns all of it.
 */
#include "lib/pings.h"

#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "lib/decide/score.h"
#include "lib/mem.h"

#define CHUNK     4096u /* entries */
#define NONE      0     /* entries are numbered from 1 */
#define BYTES_MAX (UINT64_C(1) << 30)
#define V6_LENS   129

struct entry {
	uint8_t ip[16];
	int64_t time_ns;
	uint32_t chain;        /* next of the same bucket */
	uint32_t older, newer; /* neighbours in the list */
	bool v6;
	uint8_t len;
	bool fresh; /* counted in nfresh */
	struct pings_note note;
	int32_t values[];
};

struct pings {
	size_t nborders;
	size_t stride; /* bytes of an entry */
	size_t max;
	uint8_t **chunks;
	size_t nchunks;
	uint32_t *buckets;
	uint32_t mask;
	uint64_t seed;
	uint32_t used;  /* entries ever made; those let go are in `spare` */
	uint32_t spare; /* chained by `chain` */
	size_t count;
	uint32_t lens[2][V6_LENS]; /* how many of a family and length */
	uint32_t oldest, newest;
	uint32_t fresh_from; /* the oldest of the fresh */
	size_t nfresh;
	size_t ninherited;
	uint64_t evicted;
};

/* Clients choose the prefixes that are measured: without a secret they could
 * choose them to fall into one bucket. */
static uint64_t
process_secret(void)
{
	uint64_t seed = 0;
	unsigned long at = getauxval(AT_RANDOM);

	if (at != 0)
		memcpy(&seed, (const void *)at, sizeof(seed));
	return seed;
}

/* What so many borders ask for; how many chunks there can be at most. */
static size_t
set_size(struct pings *p, size_t nborders, size_t max)
{
	p->nborders = nborders;
	p->stride = (sizeof(struct entry) + nborders * sizeof(int32_t) + 7) &
		    ~(size_t)7;
	p->max = max > 0 ? max : 1;
	if (p->max > BYTES_MAX / p->stride)
		p->max = BYTES_MAX / p->stride;
	return (p->max + 1) / CHUNK + 1;
}

struct pings *
pings_new(size_t nborders, size_t max)
{
	struct pings *p = mem_new(sizeof(*p));
	size_t size = 16, chunks = set_size(p, nborders, max);

	while (size < p->max)
		size *= 2;
	p->buckets = mem_array(size, sizeof(*p->buckets));
	p->mask = (uint32_t)(size - 1);
	p->chunks = mem_array(chunks, sizeof(*p->chunks));
	p->seed = process_secret();
	return p;
}

void
pings_free(struct pings **p)
{
	size_t i;

	if (*p == NULL)
		return;
	for (i = 0; i < (*p)->nchunks; i++)
		free((*p)->chunks[i]);
	free((*p)->chunks);
	free((*p)->buckets);
	free(*p);
	*p = NULL;
}

static struct entry *
entry_at(const struct pings *p, uint32_t i)
{
	void *e = p->chunks[i / CHUNK] + (i % CHUNK) * p->stride;

	return e;
}

static uint64_t
mix(uint64_t h)
{
	h ^= h >> 32;
	h *= UINT64_C(0xd6e8feb86659fd93);
	h ^= h >> 32;
	h *= UINT64_C(0xd6e8feb86659fd93);
	return h ^ h >> 32;
}

static uint32_t *
bucket(const struct pings *p, const struct prefix *x)
{
	uint64_t half[2];

	memcpy(half, x->addr.ip, sizeof(half));
	half[0] = mix(half[0] ^ p->seed);
	return &p->buckets[mix(half[0] ^ half[1] ^ (uint64_t)x->len << 32 ^
			       (uint64_t)x->addr.family) &
			   p->mask];
}

static bool
is_prefix(const struct entry *e, const struct prefix *x)
{
	return e->len == x->len && e->v6 == (x->addr.family == AF_INET6) &&
	       memcmp(e->ip, x->addr.ip, sizeof(e->ip)) == 0;
}

static uint32_t
find(const struct pings *p, const struct prefix *x)
{
	uint32_t i;

	for (i = *bucket(p, x); i != NONE; i = entry_at(p, i)->chain)
		if (is_prefix(entry_at(p, i), x))
			return i;
	return NONE;
}

static void
list_remove(struct pings *p, uint32_t i)
{
	struct entry *e = entry_at(p, i);

	*(e->older != NONE ? &entry_at(p, e->older)->newer : &p->oldest) =
	    e->newer;
	*(e->newer != NONE ? &entry_at(p, e->newer)->older : &p->newest) =
	    e->older;
	if (p->fresh_from == i)
		p->fresh_from = e->newer;
	if (e->fresh)
		p->nfresh--;
	e->fresh = false;
}

static void
list_add(struct pings *p, uint32_t i)
{
	struct entry *e = entry_at(p, i);

	e->older = p->newest;
	e->newer = NONE;
	*(p->newest != NONE ? &entry_at(p, p->newest)->newer : &p->oldest) = i;
	p->newest = i;
	e->fresh = true;
	p->nfresh++;
	if (p->fresh_from == NONE)
		p->fresh_from = i;
}

static void
let_go(struct pings *p, uint32_t i)
{
	struct entry *e = entry_at(p, i);
	struct prefix x = {{.family = e->v6 ? AF_INET6 : AF_INET}, e->len};
	uint32_t *at;

	memcpy(x.addr.ip, e->ip, sizeof(e->ip));
	for (at = bucket(p, &x); *at != i; at = &entry_at(p, *at)->chain)
		;
	*at = e->chain;
	list_remove(p, i);
	p->lens[e->v6][e->len]--;
	p->ninherited -= e->note.inherited;
	e->note.inherited = false;
	p->count--;
	e->chain = p->spare;
	p->spare = i;
}

/* An unused entry; the oldest has to go where there is none. */
static uint32_t
take_entry(struct pings *p)
{
	uint32_t i;

	if (p->count == p->max) {
		let_go(p, p->oldest);
		p->evicted++;
	}
	if (p->spare != NONE) {
		i = p->spare;
		p->spare = entry_at(p, i)->chain;
		return i;
	}
	i = ++p->used;
	if (i / CHUNK == p->nchunks)
		p->chunks[p->nchunks++] = mem_array(CHUNK, p->stride);
	return i;
}

void
pings_put(struct pings *p, const struct prefix *prefix, const int32_t *values,
    const struct pings_note *note, struct mono time)
{
	uint32_t i = find(p, prefix), *head;
	struct entry *e;

	if (i != NONE) {
		list_remove(p, i);
	} else {
		i = take_entry(p);
		e = entry_at(p, i);
		memcpy(e->ip, prefix->addr.ip, sizeof(e->ip));
		e->v6 = prefix->addr.family == AF_INET6;
		e->len = (uint8_t)prefix->len;
		head = bucket(p, prefix);
		e->chain = *head;
		*head = i;
		p->lens[e->v6][e->len]++;
		p->count++;
	}
	e = entry_at(p, i);
	e->time_ns = time.ns;
	p->ninherited -= e->note.inherited;
	e->note = note != NULL ? *note : (struct pings_note){0};
	p->ninherited += e->note.inherited;
	memcpy(e->values, values, p->nborders * sizeof(*values));
	list_add(p, i);
}

static bool
has_measured(const struct pings *p, const struct entry *e, const bool *up)
{
	size_t b;

	for (b = 0; b < p->nborders; b++)
		if (up[b] && score_is_measured(e->values[b]))
			return true;
	return false;
}

bool
pings_find(const struct pings *p, const struct addr *a, const bool *up,
    struct mono oldest, struct pings_hit *out)
{
	const uint32_t *lens = p->lens[a->family == AF_INET6];
	unsigned len;

	for (len = addr_bits(a) + 1; len-- > 0;) {
		const struct entry *e;
		uint32_t i;

		if (lens[len] == 0)
			continue;
		out->prefix = addr_prefix(a, len);
		i = find(p, &out->prefix);
		if (i == NONE)
			continue;
		e = entry_at(p, i);
		if (e->time_ns < oldest.ns || !has_measured(p, e, up))
			continue;
		out->values = e->values;
		out->note = e->note;
		out->time = (struct mono){e->time_ns};
		return true;
	}
	return false;
}

size_t
pings_expire(struct pings *p, struct mono oldest, size_t n)
{
	size_t gone;

	for (gone = 0; gone < n && p->oldest != NONE &&
		       entry_at(p, p->oldest)->time_ns < oldest.ns;
	     gone++)
		let_go(p, p->oldest);
	return gone;
}

size_t
pings_count(const struct pings *p)
{
	return p->count;
}

size_t
pings_hosts(const struct pings *p)
{
	return p->lens[0][32] + p->lens[1][128];
}

size_t
pings_inherited(const struct pings *p)
{
	return p->ninherited;
}

size_t
pings_max(const struct pings *p)
{
	return p->max;
}

uint64_t
pings_evicted(const struct pings *p)
{
	return p->evicted;
}

size_t
pings_fresh(struct pings *p, struct mono since)
{
	while (p->fresh_from != NONE &&
	       entry_at(p, p->fresh_from)->time_ns < since.ns) {
		struct entry *e = entry_at(p, p->fresh_from);

		e->fresh = false;
		p->nfresh--;
		p->fresh_from = e->newer;
	}
	return p->nfresh;
}

/* The entries of a chunk keep their places: what links to them does not
 * change. */
static uint8_t *
widen(uint8_t *chunk, size_t old_stride, const struct pings *p, const int *from)
{
	uint8_t *wide = mem_array(CHUNK, p->stride);
	size_t i, b;

	for (i = 0; i < CHUNK; i++) {
		const void *at = chunk + i * old_stride;
		void *to_at = wide + i * p->stride;
		const struct entry *e = at;
		struct entry *to = to_at;

		memcpy(to, e, sizeof(*e));
		for (b = 0; b < p->nborders; b++)
			to->values[b] = from[b] >= 0
					    ? e->values[from[b]]
					    : (int32_t)PING_NOT_MEASURED;
	}
	free(chunk);
	return wide;
}

void
pings_renumber(struct pings *p, const int *from, size_t nborders, size_t max)
{
	size_t old_stride = p->stride, room, i;

	room = set_size(p, nborders, max);
	if (room < p->nchunks)
		room = p->nchunks;
	p->chunks = mem_resize(p->chunks, room, sizeof(*p->chunks));
	for (i = 0; i < p->nchunks; i++)
		p->chunks[i] = widen(p->chunks[i], old_stride, p, from);
	while (p->count > p->max) {
		let_go(p, p->oldest);
		p->evicted++;
	}
}

void
pings_recount(struct pings *p)
{
	uint32_t i;

	for (i = p->oldest; i != NONE; i = entry_at(p, i)->newer)
		entry_at(p, i)->fresh = true;
	p->fresh_from = p->oldest;
	p->nfresh = p->count;
}
