/* SPDX-License-Identifier: BSD-2-Clause */
/* What comes out of the pipe between a daemon and its face, either way: what
 * is taken can be walked, read and sent again. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/face_pipe.h"
#include "lib/snap.h"

/* Touches every byte, so that the sanitizer sees a wrong end. */
static void
read_all(const struct snap_value *v)
{
	volatile uint8_t sum = 0;
	size_t i;

	for (i = 0; i < v->len; i++)
		sum = (uint8_t)(sum + v->bytes[i]);
}

static void
walk(struct snap *s)
{
	struct snap_value v, w;
	uint32_t oid[SNAP_OID_MAX];
	size_t n = 0, count = 0;

	snap_sort(s);
	while (snap_next(s, oid, n, 1000, &v) == 0) {
		if (snap_get(s, v.oid, v.oid_len, 1000, &w) != 0 ||
		    w.len != v.len || w.number != v.number)
			abort();
		read_all(&v);
		memcpy(oid, v.oid, sizeof(oid));
		n = v.oid_len;
		count++;
	}
	if (count != snap_count(s))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct snap *s = snap_new();
	struct snap_value v;
	uint8_t *copy = malloc(size == 0 ? 1 : size);

	memcpy(copy, data, size);
	if (snap_decode(s, copy, size) == 0)
		walk(s);
	if (face_get_set(copy, size, &v) == 0)
		read_all(&v);
	free(copy);
	snap_free(&s);
	return 0;
}
