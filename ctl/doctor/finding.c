/* SPDX-License-Identifier: BSD-2-Clause */
/* A list that grows. Texts belong to it. */
#include "ctl/doctor/finding.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

#define TEXT  1024
#define WIDTH 78

static const char *const words[VERDICTS] = {"ok", "warn", "fail"};

void
findings_fini(struct findings *f)
{
	size_t i;

	for (i = 0; i < f->n; i++) {
		free(f->list[i].text);
		free(f->list[i].remedy);
	}
	free(f->list);
	*f = (struct findings){0};
}

static void
add(struct findings *f, enum verdict v, const char *text, const char *remedy)
{
	f->list = mem_resize(f->list, f->n + 1, sizeof(*f->list));
	f->list[f->n++] = (struct finding){.area = f->area,
	    .verdict = v,
	    .text = mem_text(text),
	    .remedy = remedy != NULL ? mem_text(remedy) : NULL};
	f->count[v]++;
}

void
finding_ok(struct findings *f, const char *fmt, ...)
{
	char text[TEXT];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	add(f, VERDICT_OK, text, NULL);
}

void
finding_bad(struct findings *f, enum verdict v, const char *remedy,
    const char *fmt, ...)
{
	char text[TEXT];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	add(f, v, text, remedy);
}

bool
findings_have(const struct findings *f, enum verdict v, const char *text)
{
	size_t i;

	for (i = 0; i < f->n; i++) {
		const struct finding *x = &f->list[i];

		if (x->verdict == v &&
		    (strstr(x->text, text) != NULL ||
			(x->remedy != NULL && strstr(x->remedy, text) != NULL)))
			return true;
	}
	return false;
}

/* Text in lines that fit a terminal, each behind `indent` spaces; words are
 * never cut. The first line stands where the cursor is, at `indent`. */
static void
fold(const char *text, int indent, FILE *out)
{
	int at = indent, n;

	while (*text != '\0') {
		n = (int)strcspn(text, " ");
		if (at > indent && at + 1 + n > WIDTH) {
			fprintf(out, "\n%*s", indent, "");
			at = indent;
		} else if (at > indent) {
			fputc(' ', out);
			at++;
		}
		fprintf(out, "%.*s", n, text);
		at += n;
		text += n;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

static void
print_one(const struct finding *x, bool colour, FILE *out)
{
	static const char *const shown[VERDICTS] = {"ok", "WARN", "FAIL"};
	static const char *const colours[VERDICTS] = {
	    "\033[32m", "\033[33m", "\033[31m"};

	fprintf(out, "  %s%-4s%s  ", colour ? colours[x->verdict] : "",
	    shown[x->verdict], colour ? "\033[0m" : "");
	fold(x->text, 8, out);
	if (x->remedy != NULL) {
		fputs("        -> ", out);
		fold(x->remedy, 11, out);
	}
}

void
findings_print(const struct findings *f, bool colour, FILE *out)
{
	const char *area = "";
	size_t i;

	for (i = 0; i < f->n; i++) {
		const struct finding *x = &f->list[i];

		if (strcmp(area, x->area) != 0)
			fprintf(out, "%s%s\n", i > 0 ? "\n" : "", x->area);
		area = x->area;
		print_one(x, colour, out);
	}
	fprintf(out, "\n%zu ok, %zu to look at (WARN), %zu to repair (FAIL)\n",
	    f->count[VERDICT_OK], f->count[VERDICT_WARN],
	    f->count[VERDICT_FAIL]);
}

void
findings_json(const struct findings *f, FILE *out)
{
	struct json j;
	size_t i;

	json_init(&j, out, false);
	json_object(&j, NULL);
	for (i = 0; i < VERDICTS; i++)
		json_number(&j, words[i], (int64_t)f->count[i]);
	json_array(&j, "findings");
	for (i = 0; i < f->n; i++) {
		const struct finding *x = &f->list[i];

		json_object(&j, NULL);
		json_text(&j, "area", x->area);
		json_text(&j, "verdict", words[x->verdict]);
		json_text(&j, "text", x->text);
		if (x->remedy != NULL)
			json_text(&j, "remedy", x->remedy);
		json_object_end(&j);
	}
	json_array_end(&j);
	json_object_end(&j);
}
