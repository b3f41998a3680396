/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/mono.h"

#include <time.h>

static struct mono fake;

struct mono
mono_now(void)
{
	struct timespec ts;

	if (mono_set(fake))
		return fake;
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (struct mono){(int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec};
}

void
mono_fake(struct mono t)
{
	fake = t;
}
