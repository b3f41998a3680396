/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Snapshots: an array of entries of equal size and one heap of bytes that they
 * point into by offset, so that the whole travels between processes as it is.
 * The snapshot owns both. An entry names its object by number; the enum stands
 * in the order of the OIDs, so (object, index) sorts as the OID does.
 */

#define MIB_DEFINE_OBJECTS
#include "lib/snap.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

#define SNAP_MAGIC 0x534e4150u

struct entry {
	int64_t number; /* value, age in us, or offset of the bytes */
	uint32_t len;   /* of the bytes */
	uint16_t object;
	uint8_t index_len;
	uint8_t age;
	uint32_t index[SNAP_INDEX_MAX]; /* zero behind index_len */
};

struct snap {
	struct entry *entry;
	size_t n, room;
	uint8_t *heap;
	size_t heap_len, heap_room;
};

/* What stands before the entries and the heap when they travel. */
struct header {
	uint32_t magic;
	uint32_t entry_size;
	uint64_t n;
	uint64_t heap_len;
};

struct snap *
snap_new(void)
{
	return mem_new(sizeof(struct snap));
}

void
snap_free(struct snap **s)
{
	if (*s == NULL)
		return;
	free((*s)->entry);
	free((*s)->heap);
	free(*s);
	*s = NULL;
}

void
snap_reset(struct snap *s)
{
	s->n = 0;
	s->heap_len = 0;
}

size_t
snap_count(const struct snap *s)
{
	return s->n;
}

static struct entry *
add(struct snap *s, enum mib_object o, const uint32_t *index, size_t n)
{
	struct entry *e;
	size_t i;

	assert((unsigned)o < MIB_OBJECTS && n <= SNAP_INDEX_MAX);
	assert(mib_objects[o].column == (n > 0));
	if (s->n == s->room) {
		s->room = s->room == 0 ? 256 : s->room * 2;
		s->entry = mem_resize(s->entry, s->room, sizeof(*s->entry));
	}
	e = &s->entry[s->n++];
	memset(e, 0, sizeof(*e));
	e->object = (uint16_t)o;
	e->index_len = n == 0 ? 1 : (uint8_t)n; /* a scalar's index is 0 */
	for (i = 0; i < n; i++)
		e->index[i] = index[i];
	return e;
}

void
snap_number(struct snap *s, enum mib_object o, const uint32_t *index, size_t n,
    int64_t value)
{
	const struct mib_info *info = &mib_objects[o];
	struct entry *e = add(s, o, index, n);

	assert(info->type != MIB_OCTETS);
	if (info->type == MIB_COUNTER32)
		value = (uint32_t)value;
	else if (info->type != MIB_COUNTER64 && value < info->min)
		value = info->min;
	else if (info->type != MIB_COUNTER64 && value > info->max)
		value = info->max;
	e->number = value;
}

void
snap_age(struct snap *s, enum mib_object o, const uint32_t *index, size_t n,
    int64_t us)
{
	struct entry *e = add(s, o, index, n);

	assert(mib_objects[o].type == MIB_GAUGE32);
	e->number = us < 0 ? 0 : us;
	e->age = 1;
}

void
snap_bytes(struct snap *s, enum mib_object o, const uint32_t *index, size_t n,
    const void *value, size_t len)
{
	struct entry *e = add(s, o, index, n);

	assert(mib_objects[o].type == MIB_OCTETS);
	if (len > (size_t)mib_objects[o].max)
		len = (size_t)mib_objects[o].max;
	while (s->heap_room - s->heap_len < len) {
		s->heap_room = s->heap_room == 0 ? 4096 : s->heap_room * 2;
		s->heap = mem_resize(s->heap, s->heap_room, 1);
	}
	e->number = (int64_t)s->heap_len;
	e->len = (uint32_t)len;
	if (len > 0)
		memcpy(s->heap + s->heap_len, value, len);
	s->heap_len += len;
}

void
snap_text(struct snap *s, enum mib_object o, const uint32_t *index, size_t n,
    const char *value)
{
	snap_bytes(s, o, index, n, value, strlen(value));
}

static int
compare_numbers(const uint32_t *a, size_t na, const uint32_t *b, size_t nb)
{
	size_t i;

	for (i = 0; i < na && i < nb; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return (na > nb) - (na < nb);
}

static int
compare_entries(const struct entry *a, const struct entry *b)
{
	if (a->object != b->object)
		return a->object < b->object ? -1 : 1;
	return compare_numbers(a->index, a->index_len, b->index, b->index_len);
}

static int
compare_to_oid(const struct entry *e, const uint32_t *oid, size_t n)
{
	const struct mib_info *info = &mib_objects[e->object];
	int c;

	if (n <= info->oid_len) {
		c = compare_numbers(info->oid, info->oid_len, oid, n);
		return c == 0 ? 1 : c;
	}
	c = compare_numbers(info->oid, info->oid_len, oid, info->oid_len);
	if (c != 0)
		return c;
	return compare_numbers(
	    e->index, e->index_len, oid + info->oid_len, n - info->oid_len);
}

/* Merge the sorted runs a[0..na) and a[na..n) into out; stable. */
static void
merge(const struct entry *a, size_t na, size_t n, struct entry *out)
{
	size_t i = 0, j = na;

	while (i < na || j < n) {
		if (j == n || (i < na && compare_entries(&a[i], &a[j]) <= 0))
			*out++ = a[i++];
		else
			*out++ = a[j++];
	}
}

/* Bottom-up merge sort: stable, so that of equals the last one is the last. */
static void
sort_entries(struct snap *s)
{
	struct entry *from = s->entry, *to, *swap;
	size_t width, i, left;

	to = mem_array(s->room, sizeof(*to));
	for (width = 1; width < s->n; width *= 2) {
		for (i = 0; i < s->n; i += 2 * width) {
			left = s->n - i;
			merge(from + i, left < width ? left : width,
			    left < 2 * width ? left : 2 * width, to + i);
		}
		swap = from;
		from = to;
		to = swap;
	}
	s->entry = from;
	free(to);
}

static bool
is_sorted(const struct snap *s)
{
	size_t i;

	for (i = 1; i < s->n; i++)
		if (compare_entries(&s->entry[i - 1], &s->entry[i]) >= 0)
			return false;
	return true;
}

void
snap_sort(struct snap *s)
{
	size_t i, kept = 0;

	if (is_sorted(s))
		return;
	sort_entries(s);
	for (i = 0; i < s->n; i++) {
		if (kept > 0 &&
		    compare_entries(&s->entry[kept - 1], &s->entry[i]) == 0)
			kept--;
		s->entry[kept++] = s->entry[i];
	}
	s->n = kept;
}

static int64_t
age_now(const struct mib_info *info, int64_t us, int64_t late)
{
	if (late > 0)
		us = us > INT64_MAX - late ? INT64_MAX : us + late;
	us /= info->unit_us;
	return us > info->max ? info->max : us;
}

static void
value_of(const struct snap *s, const struct entry *e, int64_t late,
    struct snap_value *v)
{
	const struct mib_info *info = &mib_objects[e->object];

	memset(v, 0, sizeof(*v));
	memcpy(v->oid, info->oid, info->oid_len * sizeof(*v->oid));
	memcpy(
	    v->oid + info->oid_len, e->index, e->index_len * sizeof(*v->oid));
	v->oid_len = info->oid_len + e->index_len;
	v->object = (enum mib_object)e->object;
	v->type = info->type;
	if (info->type == MIB_OCTETS) {
		/* An empty text points at something too. */
		v->bytes =
		    e->len == 0 ? (const uint8_t *)"" : s->heap + e->number;
		v->len = e->len;
	} else {
		v->number = e->age ? age_now(info, e->number, late) : e->number;
	}
}

/* The first entry at or behind the OID; s->n if there is none. */
static size_t
lower_bound(const struct snap *s, const uint32_t *oid, size_t n)
{
	size_t low = 0, high = s->n, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (compare_to_oid(&s->entry[mid], oid, n) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

int
snap_get(const struct snap *s, const uint32_t *oid, size_t n, int64_t late,
    struct snap_value *v)
{
	size_t at = lower_bound(s, oid, n);

	if (at == s->n || compare_to_oid(&s->entry[at], oid, n) != 0)
		return -1;
	value_of(s, &s->entry[at], late, v);
	return 0;
}

int
snap_next(const struct snap *s, const uint32_t *oid, size_t n, int64_t late,
    struct snap_value *v)
{
	size_t at = lower_bound(s, oid, n);

	if (at < s->n && compare_to_oid(&s->entry[at], oid, n) == 0)
		at++;
	if (at == s->n)
		return -1;
	value_of(s, &s->entry[at], late, v);
	return 0;
}

bool
snap_has_object(const uint32_t *oid, size_t n)
{
	size_t i;

	for (i = 0; i < MIB_OBJECTS; i++)
		if (n >= mib_objects[i].oid_len &&
		    memcmp(mib_objects[i].oid, oid,
			mib_objects[i].oid_len * sizeof(*oid)) == 0)
			return true;
	return false;
}

void
snap_encode(const struct snap *s, uint8_t **bytes, size_t *len)
{
	struct header h = {.magic = SNAP_MAGIC,
	    .entry_size = sizeof(struct entry),
	    .n = s->n,
	    .heap_len = s->heap_len};
	size_t size = s->n * sizeof(struct entry);
	uint8_t *p;

	*len = sizeof(h) + size + s->heap_len;
	*bytes = p = mem_array(*len, 1);
	memcpy(p, &h, sizeof(h));
	if (size > 0)
		memcpy(p + sizeof(h), s->entry, size);
	if (s->heap_len > 0)
		memcpy(p + sizeof(h) + size, s->heap, s->heap_len);
}

static bool
entry_is_valid(const struct entry *e, size_t heap_len)
{
	const struct mib_info *info;

	if (e->object >= MIB_OBJECTS)
		return false;
	info = &mib_objects[e->object];
	if (e->index_len < 1 || e->index_len > SNAP_INDEX_MAX || e->age > 1)
		return false;
	if (!info->column && (e->index_len != 1 || e->index[0] != 0))
		return false;
	if (info->type == MIB_OCTETS)
		return e->age == 0 && e->number >= 0 &&
		       (uint64_t)e->number <= heap_len &&
		       e->len <= heap_len - (uint64_t)e->number;
	return e->age == 0 || (info->type == MIB_GAUGE32 && e->number >= 0);
}

int
snap_decode(struct snap *s, const uint8_t *bytes, size_t len)
{
	struct header h;
	size_t i, left;

	snap_reset(s);
	if (len < sizeof(h))
		return -1;
	memcpy(&h, bytes, sizeof(h));
	left = len - sizeof(h);
	if (h.magic != SNAP_MAGIC || h.entry_size != sizeof(struct entry) ||
	    h.n > left / sizeof(struct entry) ||
	    h.heap_len != left - h.n * sizeof(struct entry))
		return -1;
	if (s->room < h.n) {
		s->room = h.n;
		s->entry = mem_resize(s->entry, s->room, sizeof(*s->entry));
	}
	if (s->heap_room < h.heap_len) {
		s->heap_room = h.heap_len;
		s->heap = mem_resize(s->heap, s->heap_room, 1);
	}
	if (h.n > 0)
		memcpy(s->entry, bytes + sizeof(h), h.n * sizeof(*s->entry));
	if (h.heap_len > 0)
		memcpy(s->heap, bytes + len - h.heap_len, h.heap_len);
	for (i = 0; i < h.n; i++)
		if (!entry_is_valid(&s->entry[i], h.heap_len))
			return -1;
	s->n = h.n;
	s->heap_len = h.heap_len;
	return 0;
}
