/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_SNAP_H
#define LIB_SNAP_H

/*
 * A snapshot of MIB objects: one sorted list of (OID, value) that a daemon
 * fills from its own tables and an SNMP side serves by bisection. Which types
 * objects have comes from the MIB itself (build/mib.h is generated from
 * mibs/HOPSCOTCH-MIB.txt). Knows nothing of Net-SNMP.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/mono.h"
#include "mib.h" /* generated: enum mib_object, mib_objects[] */

#define SNAP_INDEX_MAX 4
#define SNAP_OID_MAX   (6 + SNAP_INDEX_MAX) /* below the registration point */

struct snap;

struct snap *snap_new(void);
void snap_free(struct snap **s);
/* Empty it, keep the memory. */
void snap_reset(struct snap *s);

/*
 * Put the value of an object at an index of n numbers (n = 0: a scalar), at
 * most SNAP_INDEX_MAX. Numbers are cut to the range of the object, but those
 * of counters wrap; an object of type BITS or OCTET STRING takes bytes, which
 * are copied and cut to the object's size.
 */
void snap_number(struct snap *s, enum mib_object o, const uint32_t *index,
    size_t n, int64_t value);
void snap_text(struct snap *s, enum mib_object o, const uint32_t *index,
    size_t n, const char *value);
void snap_bytes(struct snap *s, enum mib_object o, const uint32_t *index,
    size_t n, const void *value, size_t len);
/* An age that goes on growing until the moment of reading: `us` is its value
 * now. It is shown in the object's UNITS (seconds, milliseconds). */
void snap_age(struct snap *s, enum mib_object o, const uint32_t *index,
    size_t n, int64_t us);

/* The same for a scalar, and for a column of a table with one number for its
 * index. */
static inline void
snap_scalar(struct snap *s, enum mib_object o, int64_t value)
{
	snap_number(s, o, NULL, 0, value);
}

static inline void
snap_cell(struct snap *s, enum mib_object o, uint32_t row, int64_t value)
{
	snap_number(s, o, &row, 1, value);
}

static inline void
snap_cell_text(
    struct snap *s, enum mib_object o, uint32_t row, const char *value)
{
	snap_text(s, o, &row, 1, value);
}

static inline void
snap_cell_since(struct snap *s, enum mib_object o, uint32_t row,
    struct mono now, struct mono since)
{
	snap_age(s, o, &row, 1, mono_us(now, since));
}

/* Sort; needed before the look-ups. Two values for one OID keep the last. */
void snap_sort(struct snap *s);
size_t snap_count(const struct snap *s);

struct snap_value {
	uint32_t oid[SNAP_OID_MAX]; /* below the registration point */
	size_t oid_len;
	enum mib_object object;
	enum mib_type type;
	int64_t number;       /* of Counter64 the bits of its uint64_t */
	const uint8_t *bytes; /* the snapshot's */
	size_t len;
};
/* Exactly this OID, or the first behind it; 0, or -1 if there is none. `late`
 * us are added to ages: how long ago the snapshot was taken. */
int snap_get(const struct snap *s, const uint32_t *oid, size_t n, int64_t late,
    struct snap_value *v);
int snap_next(const struct snap *s, const uint32_t *oid, size_t n, int64_t late,
    struct snap_value *v);
/* Whether this OID is an instance, present or not, of an object of the MIB:
 * what tells noSuchInstance from noSuchObject. */
bool snap_has_object(const uint32_t *oid, size_t n);

/* To and from bytes, for a pipe between two processes of one program: not a
 * format for the wire. The reader checks all it reads; 0 or -1, and then *s is
 * empty. The bytes are the caller's to free. */
void snap_encode(const struct snap *s, uint8_t **bytes, size_t *len);
int snap_decode(struct snap *s, const uint8_t *bytes, size_t len);

#endif
