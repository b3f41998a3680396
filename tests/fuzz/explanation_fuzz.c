/* SPDX-License-Identifier: BSD-2-Clause */
/* Any text as the lines of an explanation, shown in every way. */
#include <stdlib.h>
#include <string.h>

#include "lib/decide/explain.h"
#include "lib/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = mem_textn((const char *)data, size), *next, *p;
	struct explanation *e = explanation_new();
	FILE *out = fopen("/dev/null", "w");
	struct line l;
	const char *bad;
	int last = 0;

	line_init(&l);
	for (p = text; p != NULL && last == 0; p = next) {
		next = strchr(p, '\n');
		if (next != NULL)
			*next++ = '\0';
		last = line_split(&l, p, strlen(p), &bad) < 0
			   ? -1
			   : explanation_line(e, &l);
	}
	if (last == 1 && out != NULL) {
		explanation_print(e, out);
		explanation_json(e, out);
		explanation_why(e, "server0", out);
	}
	if (out != NULL)
		(void)fclose(out);
	line_fini(&l);
	explanation_free(&e);
	free(text);
	return 0;
}
