/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Paths of one size in chunks, named by number, so that nothing is moved and
 * links are small; a chained hash table, a list from the least to the most
 * lately touched, a binary heap of those due. The store owns all of it.
 */
#include "manager/prefixes.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

#define CHUNK 1024u /* paths */

struct prefixes {
	size_t nborders;
	size_t stride;
	size_t at_told, at_departed, at_values; /* in a path, bytes */
	size_t max, most;                       /* most: what max ever was */
	uint8_t **chunks;
	size_t nchunks;
	uint32_t *buckets;
	uint32_t mask;
	uint64_t seed;
	uint32_t used, spare;
	size_t count;
	uint32_t oldest, newest;
	uint32_t *heap; /* from 1 on */
	uint32_t nheap, heap_room;
	uint32_t first_urgent, last_urgent;
	size_t nurgent;
	uint64_t evicted;
};

static size_t
round_up(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

static void
set_layout(struct prefixes *s, size_t nborders)
{
	s->nborders = nborders;
	s->at_told = round_up(sizeof(struct path));
	s->at_values = s->at_told + nborders * sizeof(int32_t);
	s->at_departed = s->at_values + PATH_REPS * nborders * sizeof(int32_t);
	s->stride = round_up(s->at_departed + nborders);
}

static void
make_buckets(struct prefixes *s)
{
	size_t size = 16;

	while (size < s->max)
		size *= 2;
	s->buckets = mem_array(size, sizeof(*s->buckets));
	s->mask = (uint32_t)(size - 1);
}

struct prefixes *
prefixes_new(size_t nborders, size_t max, uint64_t seed)
{
	struct prefixes *s = mem_new(sizeof(*s));

	set_layout(s, nborders);
	s->max = s->most = max > 0 ? max : 1;
	make_buckets(s);
	s->chunks = mem_array((s->max + 1) / CHUNK + 1, sizeof(*s->chunks));
	s->seed = seed;
	return s;
}

void
prefixes_free(struct prefixes **ps)
{
	struct prefixes *s = *ps;
	size_t i;

	if (s == NULL)
		return;
	for (i = 0; i < s->nchunks; i++)
		free(s->chunks[i]);
	free(s->chunks);
	free(s->buckets);
	free(s->heap);
	free(s);
	*ps = NULL;
}

static uint8_t *
bytes_of(const struct prefixes *s, uint32_t i)
{
	return s->chunks[i / CHUNK] + (i % CHUNK) * s->stride;
}

struct path *
prefixes_at(const struct prefixes *s, uint32_t i)
{
	void *p = bytes_of(s, i);

	return p;
}

int32_t *
prefixes_told(const struct prefixes *s, uint32_t i)
{
	void *p = bytes_of(s, i) + s->at_told;

	return p;
}

int8_t *
prefixes_departed(const struct prefixes *s, uint32_t i)
{
	void *p = bytes_of(s, i) + s->at_departed;

	return p;
}

int32_t *
prefixes_values(const struct prefixes *s, uint32_t i, int rep)
{
	void *p = bytes_of(s, i) + s->at_values +
		  (size_t)rep * s->nborders * sizeof(int32_t);

	return p;
}

static struct addr
address(const uint8_t ip[16], bool v6)
{
	struct addr a = {.family = v6 ? AF_INET6 : AF_INET};

	memcpy(a.ip, ip, sizeof(a.ip));
	return a;
}

struct prefix
prefixes_prefix(const struct path *p)
{
	return (struct prefix){address(p->ip, p->v6), p->len};
}

struct addr
prefixes_rep(const struct path *p, int rep)
{
	return address(p->rep[rep].ip, p->v6);
}

size_t
prefixes_count(const struct prefixes *s)
{
	return s->count;
}

size_t
prefixes_max(const struct prefixes *s)
{
	return s->max;
}

uint64_t
prefixes_evicted(const struct prefixes *s)
{
	return s->evicted;
}

uint32_t
prefixes_last(const struct prefixes *s)
{
	return s->used;
}

/* One that is not in use has no time. */
bool
prefixes_used(const struct prefixes *s, uint32_t i)
{
	return i != PATH_NONE && i <= s->used &&
	       mono_set(prefixes_at(s, i)->touched);
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

/* With a secret: clients choose their addresses. */
static uint32_t *
bucket(const struct prefixes *s, const struct prefix *x)
{
	uint64_t half[2];

	memcpy(half, x->addr.ip, sizeof(half));
	half[0] = mix(half[0] ^ s->seed);
	return &s->buckets[mix(half[0] ^ half[1] ^ (uint64_t)x->len << 32 ^
			       (uint64_t)x->addr.family) &
			   s->mask];
}

static bool
is_prefix(const struct path *p, const struct prefix *x)
{
	return p->len == x->len && p->v6 == (x->addr.family == AF_INET6) &&
	       memcmp(p->ip, x->addr.ip, sizeof(p->ip)) == 0;
}

uint32_t
prefixes_find(const struct prefixes *s, const struct prefix *x)
{
	uint32_t i;

	for (i = *bucket(s, x); i != PATH_NONE; i = prefixes_at(s, i)->chain)
		if (is_prefix(prefixes_at(s, i), x))
			return i;
	return PATH_NONE;
}

/* --- by time --- */

static void
list_remove(struct prefixes *s, uint32_t i)
{
	struct path *p = prefixes_at(s, i);

	*(p->older != PATH_NONE ? &prefixes_at(s, p->older)->newer
				: &s->oldest) = p->newer;
	*(p->newer != PATH_NONE ? &prefixes_at(s, p->newer)->older
				: &s->newest) = p->older;
}

static void
list_add(struct prefixes *s, uint32_t i)
{
	struct path *p = prefixes_at(s, i);

	p->older = s->newest;
	p->newer = PATH_NONE;
	*(s->newest != PATH_NONE ? &prefixes_at(s, s->newest)->newer
				 : &s->oldest) = i;
	s->newest = i;
}

void
prefixes_touch(struct prefixes *s, uint32_t i, struct mono now)
{
	list_remove(s, i);
	prefixes_at(s, i)->touched = now;
	list_add(s, i);
}

uint32_t
prefixes_oldest(const struct prefixes *s)
{
	return s->oldest;
}

/* --- by due time --- */

static bool
before(const struct prefixes *s, uint32_t a, uint32_t b)
{
	return mono_cmp(prefixes_at(s, a)->due, prefixes_at(s, b)->due) < 0;
}

static void
heap_put(struct prefixes *s, uint32_t at, uint32_t i)
{
	s->heap[at] = i;
	prefixes_at(s, i)->heap = at;
}

static void
heap_up(struct prefixes *s, uint32_t at)
{
	uint32_t i = s->heap[at];

	while (at > 1 && before(s, i, s->heap[at / 2])) {
		heap_put(s, at, s->heap[at / 2]);
		at /= 2;
	}
	heap_put(s, at, i);
}

static void
heap_down(struct prefixes *s, uint32_t at)
{
	uint32_t i = s->heap[at], child;

	while ((child = 2 * at) <= s->nheap) {
		if (child < s->nheap &&
		    before(s, s->heap[child + 1], s->heap[child]))
			child++;
		if (!before(s, s->heap[child], i))
			break;
		heap_put(s, at, s->heap[child]);
		at = child;
	}
	heap_put(s, at, i);
}

static void
heap_remove(struct prefixes *s, uint32_t i)
{
	uint32_t at = prefixes_at(s, i)->heap, last;

	if (at == 0)
		return;
	prefixes_at(s, i)->heap = 0;
	last = s->heap[s->nheap--];
	if (last == i)
		return;
	heap_put(s, at, last);
	heap_up(s, at);
	heap_down(s, prefixes_at(s, last)->heap);
}

void
prefixes_set_due(struct prefixes *s, uint32_t i, struct mono due)
{
	struct path *p = prefixes_at(s, i);

	heap_remove(s, i);
	p->due = due;
	if (!mono_set(due))
		return;
	if (s->nheap + 1 >= s->heap_room) {
		s->heap_room = s->heap_room > 0 ? 2 * s->heap_room : 64;
		s->heap = mem_resize(s->heap, s->heap_room, sizeof(*s->heap));
	}
	heap_put(s, ++s->nheap, i);
	heap_up(s, s->nheap);
}

uint32_t
prefixes_due(const struct prefixes *s, struct mono now)
{
	if (s->nheap == 0 || mono_cmp(prefixes_at(s, s->heap[1])->due, now) > 0)
		return PATH_NONE;
	return s->heap[1];
}

void
prefixes_set_urgent(struct prefixes *s, uint32_t i, bool urgent)
{
	struct path *p = prefixes_at(s, i);

	if (p->urgent == urgent)
		return;
	p->urgent = urgent;
	if (urgent) {
		p->next_urgent = PATH_NONE;
		p->last_urgent = s->last_urgent;
		*(s->last_urgent != PATH_NONE
			? &prefixes_at(s, s->last_urgent)->next_urgent
			: &s->first_urgent) = i;
		s->last_urgent = i;
		s->nurgent++;
		return;
	}
	*(p->last_urgent != PATH_NONE
		? &prefixes_at(s, p->last_urgent)->next_urgent
		: &s->first_urgent) = p->next_urgent;
	*(p->next_urgent != PATH_NONE
		? &prefixes_at(s, p->next_urgent)->last_urgent
		: &s->last_urgent) = p->last_urgent;
	s->nurgent--;
}

uint32_t
prefixes_urgent(const struct prefixes *s)
{
	return s->first_urgent;
}

size_t
prefixes_urgents(const struct prefixes *s)
{
	return s->nurgent;
}

/* --- who covers whom --- */

void
prefixes_set_parent(struct prefixes *s, uint32_t i, uint32_t parent)
{
	struct path *p = prefixes_at(s, i);

	if (p->parent != PATH_NONE) {
		*(p->before != PATH_NONE ? &prefixes_at(s, p->before)->sibling
					 : &prefixes_at(s, p->parent)->child) =
		    p->sibling;
		if (p->sibling != PATH_NONE)
			prefixes_at(s, p->sibling)->before = p->before;
		prefixes_at(s, p->parent)->nchildren--;
	}
	p->parent = parent;
	p->before = p->sibling = PATH_NONE;
	if (parent == PATH_NONE)
		return;
	p->sibling = prefixes_at(s, parent)->child;
	if (p->sibling != PATH_NONE)
		prefixes_at(s, p->sibling)->before = i;
	prefixes_at(s, parent)->child = i;
	prefixes_at(s, parent)->nchildren++;
}

/* --- in and out --- */

void
prefixes_remove(struct prefixes *s, uint32_t i)
{
	struct path *p = prefixes_at(s, i);
	struct prefix x = prefixes_prefix(p);
	uint32_t *at;

	while (p->child != PATH_NONE)
		prefixes_set_parent(s, p->child, PATH_NONE);
	prefixes_set_parent(s, i, PATH_NONE);
	prefixes_set_urgent(s, i, false);
	heap_remove(s, i);
	list_remove(s, i);
	for (at = bucket(s, &x); *at != i; at = &prefixes_at(s, *at)->chain)
		;
	*at = p->chain;
	memset(p, 0, s->stride);
	p->chain = s->spare;
	s->spare = i;
	s->count--;
}

#define LOOKS 16 /* at how many old ones for one that can go */

static bool
make_room(struct prefixes *s)
{
	uint32_t i = s->oldest, n;

	for (n = 0; n < LOOKS && i != PATH_NONE; n++) {
		const struct path *p = prefixes_at(s, i);

		if (p->round == 0 && p->nchildren == 0) {
			prefixes_remove(s, i);
			s->evicted++;
			return true;
		}
		i = p->newer;
	}
	return false;
}

static uint32_t
take_spare(struct prefixes *s)
{
	uint32_t i = s->spare;

	if (i != PATH_NONE) {
		s->spare = prefixes_at(s, i)->chain;
		return i;
	}
	i = ++s->used;
	if (i / CHUNK == s->nchunks)
		s->chunks[s->nchunks++] = mem_array(CHUNK, s->stride);
	return i;
}

uint32_t
prefixes_add(
    struct prefixes *s, const struct prefix *x, int32_t none, struct mono now)
{
	uint32_t i, *head;
	struct path *p;
	int32_t *v;
	size_t n;

	if (s->count >= s->max && !make_room(s))
		return PATH_NONE;
	i = take_spare(s);
	p = prefixes_at(s, i);
	memset(p, 0, s->stride);
	memcpy(p->ip, x->addr.ip, sizeof(p->ip));
	p->v6 = x->addr.family == AF_INET6;
	p->len = (uint8_t)x->len;
	v = prefixes_told(s, i);
	for (n = 0; n < (1 + PATH_REPS) * s->nborders; n++)
		v[n] = none; /* the values of clients stand behind */
	head = bucket(s, x);
	p->chain = *head;
	*head = i;
	p->touched = now;
	list_add(s, i);
	s->count++;
	return i;
}

/* --- another world --- */

/* The columns of one path; its links are numbers and hold. */
static void
copy_columns(const struct prefixes *old, uint32_t was_at,
    const struct prefixes *s, uint32_t i, const int *from, int32_t none)
{
	size_t b;
	int k;

	for (b = 0; b < s->nborders; b++) {
		size_t was = from[b] >= 0 ? (size_t)from[b] : 0;
		bool is = from[b] >= 0;

		prefixes_told(s, i)[b] =
		    is ? prefixes_told(old, was_at)[was] : none;
		if (is)
			prefixes_departed(s, i)[b] =
			    prefixes_departed(old, was_at)[was];
		for (k = 0; k < PATH_REPS; k++)
			prefixes_values(s, i, k)[b] =
			    is ? prefixes_values(old, was_at, k)[was] : none;
	}
}

/* A chunk at a time, as all of them may be most of our memory. */
void
prefixes_renumber(
    struct prefixes *s, const int *from, size_t nborders, int32_t none)
{
	struct prefixes old = *s;
	uint8_t *was;
	uint32_t i;
	size_t c;

	old.chunks = &was;
	set_layout(s, nborders);
	for (c = 0; c < s->nchunks; c++) {
		was = s->chunks[c];
		s->chunks[c] = mem_array(CHUNK, s->stride);
		for (i = 0; i < CHUNK; i++) {
			uint32_t n = (uint32_t)c * CHUNK + i;

			memcpy(prefixes_at(s, n), prefixes_at(&old, i),
			    sizeof(struct path));
			copy_columns(&old, i, s, n, from, none);
		}
		free(was);
	}
}

static void
rehash(struct prefixes *s)
{
	uint32_t i, *head;

	free(s->buckets);
	make_buckets(s);
	for (i = 1; i <= s->used; i++) {
		struct path *p = prefixes_at(s, i);
		struct prefix x = prefixes_prefix(p);

		if (!prefixes_used(s, i))
			continue; /* its link is of the spare ones */
		head = bucket(s, &x);
		p->chain = *head;
		*head = i;
	}
}

void
prefixes_set_max(struct prefixes *s, size_t max)
{
	s->max = max > 0 ? max : 1;
	while (s->count > s->max && make_room(s))
		;
	if (s->max <= s->most)
		return;
	s->most = s->max;
	s->chunks =
	    mem_resize(s->chunks, (s->max + 1) / CHUNK + 1, sizeof(*s->chunks));
	rehash(s);
}
