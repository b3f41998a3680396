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

#include "mib.h" /* generated: enum mib_object, mib_objects[] */

struct snap;

struct snap *snap_new(void);
void snap_free(struct snap **s);
/* Empty it, keep the memory. */
void snap_reset(struct snap *s);

/*
 * Put the value of an object at an index (n = 0: a scalar). Numbers are cut to
 * the range of the object's type (Gauge32, Counter64, Unsigned32, INTEGER);
 * an object of type BITS or OCTET STRING takes bytes.
 */
void snap_number(struct snap *s, enum mib_object o, const uint32_t *index,
    size_t n, int64_t value);
void snap_text(struct snap *s, enum mib_object o, const uint32_t *index,
    size_t n, const char *value);
void snap_bytes(struct snap *s, enum mib_object o, const uint32_t *index,
    size_t n, const void *value, size_t len);
/* An age that goes on growing until the moment of reading, in the object's
 * UNITS (seconds, milliseconds): `us` is its value now. */
void snap_age(struct snap *s, enum mib_object o, const uint32_t *index,
    size_t n, int64_t us);

/* Sort; needed before the look-ups. Two values for one OID keep the last. */
void snap_sort(struct snap *s);
size_t snap_count(const struct snap *s);

struct snap_value {
	const uint32_t *oid; /* below the registration point */
	size_t oid_len;
	enum mib_type type;
	int64_t number; /* ages: as of snap_set_clock()'s moment */
	const uint8_t *bytes;
	size_t len;
};
/* Exactly this OID, or the first behind it; 0, or -1 if there is none. `late`
 * us are added to ages: how long ago the snapshot was taken. */
int snap_get(const struct snap *s, const uint32_t *oid, size_t n, int64_t late,
    struct snap_value *v);
int snap_next(const struct snap *s, const uint32_t *oid, size_t n, int64_t late,
    struct snap_value *v);

/* To and from bytes, for a pipe between two processes of one program. The
 * reader checks every length; 0 or -1. */
void snap_encode(const struct snap *s, uint8_t **bytes, size_t *len);
int snap_decode(struct snap *s, const uint8_t *bytes, size_t len);

#endif
