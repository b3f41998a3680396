/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_MONO_H
#define LIB_MONO_H

/*
 * Monotonic time as a type of its own, so that it cannot be mixed up with a
 * wall clock or a plain number. Tests put in a clock with mono_fake().
 */

#include <stdbool.h>
#include <stdint.h>

struct mono {
	int64_t ns;
};

/* The time now; {0} never occurs and may stand for "never". */
struct mono mono_now(void);
/* From now on mono_now() answers `t`; {0} brings the real clock back. */
void mono_fake(struct mono t);

static inline bool
mono_set(struct mono t)
{
	return t.ns != 0;
}

static inline struct mono
mono_add_ms(struct mono t, int64_t ms)
{
	return (struct mono){t.ns + ms * 1000000};
}

/* a - b in whole milliseconds or microseconds. */
static inline int64_t
mono_ms(struct mono a, struct mono b)
{
	return (a.ns - b.ns) / 1000000;
}

static inline int64_t
mono_us(struct mono a, struct mono b)
{
	return (a.ns - b.ns) / 1000;
}

/* -1, 0, 1 as a is before, at, after b. */
static inline int
mono_cmp(struct mono a, struct mono b)
{
	return (a.ns > b.ns) - (a.ns < b.ns);
}

#endif
