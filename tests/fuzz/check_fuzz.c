/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers of checked services. Whatever is said of a part of an answer must
 * be said of the whole. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/check.h"

static int
judge(const char *text, size_t len, unsigned which, enum reason *reason)
{
	return which == 0
		   ? check_ftp_reply(text, len, reason)
		   : check_http_reply(text, len, which == 1 ? 0 : 200, reason);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum reason part, whole;
	unsigned which;
	size_t cut;
	char *text;
	int a, b;

	if (size < 2)
		return 0;
	which = data[0] % 3;
	cut = data[1] % size;
	data += 2;
	size -= 2;
	if (cut > size)
		cut = size;
	text = malloc(size + 1);
	memcpy(text, data, size);
	b = judge(text, size, which, &whole);
	a = judge(text, cut, which, &part);
	if (a != -1 && (a != b || part != whole))
		abort();
	free(text);
	return 0;
}
