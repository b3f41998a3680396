/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void *
sure(void *p)
{
	if (p == NULL)
		abort();
	return p;
}

void *
mem_new(size_t size)
{
	return sure(calloc(1, size));
}

void *
mem_array(size_t n, size_t size)
{
	/* calloc(0) may be NULL, which would look like a failure. */
	return sure(calloc(n > 0 ? n : 1, size));
}

void *
mem_resize(void *p, size_t n, size_t size)
{
	return sure(reallocarray(p, n > 0 ? n : 1, size));
}

char *
mem_text(const char *text)
{
	return sure(strdup(text));
}

char *
mem_textn(const char *text, size_t len)
{
	return sure(strndup(text, len));
}
