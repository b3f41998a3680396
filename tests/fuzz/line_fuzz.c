/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a line: taken apart or refused; fields of a good line put
 * together again are the line. Free text comes back from its field.
 */
#include "lib/line.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every field and value lies within the text and ends in it. */
static void
inside(const char *s, const char *text, size_t len)
{
	assert(s >= text && s <= text + len);
	assert(memchr(s, '\0', (size_t)(text + len + 1 - s)) != NULL);
}

static void
check_split(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	const char *why;
	struct line l;
	size_t i, sum = 0;

	assert(text != NULL);
	memcpy(text, data, size);
	text[size] = '\n';
	line_init(&l);
	if (line_split(&l, text, size, &why) < 0) {
		assert(why != NULL);
	} else {
		assert(l.fields > 0 && l.options <= LINE_OPTIONS_MAX);
		for (i = 0; i < l.fields; i++) {
			inside(l.field[i], text, size);
			sum += strlen(l.field[i]) + 1;
		}
		for (i = 0; i < l.options; i++) {
			inside(l.option[i].key, text, size);
			inside(l.option[i].value, text, size);
			sum += strlen(l.option[i].key) + 1 +
			       strlen(l.option[i].value) + 1;
		}
		assert(sum == size + 1);
	}
	line_fini(&l);
	free(text);
}

static void
check_text(const uint8_t *data, size_t size)
{
	char text[300], field[1000], back[300];
	size_t n = size < sizeof(text) - 1 ? size : sizeof(text) - 1;

	memcpy(text, data, n);
	text[n] = '\0';
	(void)line_encode(text, field, sizeof(field));
	assert(strpbrk(field, " =\n") == NULL && field[0] != '\0');
	(void)line_decode(field, back, sizeof(back));
	assert(strlen(back) == strlen(text));
	for (n = 0; text[n] != '\0'; n++)
		assert(back[n] == text[n] || back[n] == '?');
	assert(strpbrk(back, "\n\r\t\x1b\x7f") == NULL);
	(void)line_decode(text, back, sizeof(back));
	(void)line_encode(text, field, size < 299 ? size + 1 : 300);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size >= LINE_MAX_BYTES)
		return 0;
	check_split(data, size);
	check_text(data, size);
	return 0;
}
