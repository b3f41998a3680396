/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/reason.h"

#include <assert.h>

static const char *const texts[] = {
#define X(name, text) [REASON_##name] = (text),
    REASONS(X)
#undef X
};

const char *
reason_text(enum reason r)
{
	assert((unsigned)r < REASON_COUNT);
	return texts[r];
}
