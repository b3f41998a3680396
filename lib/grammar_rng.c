/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The grammar as RELAX NG, for editors and xmllint. Patterns are as strict as
 * a regular expression can say simply; the loader's own look at a value may be
 * stricter (ranges of times, addresses), never laxer.
 */
#include "lib/grammar.h"

#include <string.h>

#define LABEL "[A-Za-z0-9]([A-Za-z0-9\\-]{0,61}[A-Za-z0-9])?"
#define HOST  LABEL "(\\." LABEL ")*"
#define ID    "[A-Za-z0-9._\\-]{1,255}"
#define BYTE  "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
#define IP4   BYTE "\\." BYTE "\\." BYTE "\\." BYTE
#define IP6   "[0-9A-Fa-f]*:[0-9A-Fa-f:.]*"

static const char *const patterns[] = {
    [GRAMMAR_ID] = ID,
    [GRAMMAR_REF] = ID,
    [GRAMMAR_PAIR] = ID " " ID,
    [GRAMMAR_NUMBER] = "[0-9]+",
    [GRAMMAR_TIME] = "0+|[0-9]{1,15}(us|ms|s|m|h|d)",
    [GRAMMAR_SHARE] = "[0-9]{1,6}(\\.[0-9]{1,4})?%",
    [GRAMMAR_IP4] = IP4,
    [GRAMMAR_IP6] = IP6,
    [GRAMMAR_IP] = IP4 "|" IP6,
    [GRAMMAR_PREFIX] = "(" IP4 "|" IP6 ")(/[0-9]{1,3})?",
    [GRAMMAR_HOST] = HOST,
    [GRAMMAR_HOSTS] = " *" HOST "( +" HOST ")* *",
    [GRAMMAR_FILE] = ".{1,1023}",
    [GRAMMAR_SOCKET] = "/[!-~]{0,106}",
    [GRAMMAR_URL] = "(https?|ftp)://[A-Za-z0-9\\[][!-~]*",
    [GRAMMAR_PATH] = "/[!-~]*",
};

static void
indent(FILE *out, int depth)
{
	while (depth-- > 0)
		(void)fputs("  ", out);
}

/* Text of our own tables: no quotes in it, but perhaps & or <. */
static void
escaped(FILE *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '<')
			(void)fputs("&lt;", out);
		else if (*text == '&')
			(void)fputs("&amp;", out);
		else
			(void)fputc(*text, out);
	}
}

static void
print_help(FILE *out, int depth, const char *help)
{
	indent(out, depth);
	(void)fputs("<a:documentation>", out);
	escaped(out, help);
	(void)fputs("</a:documentation>\n", out);
}

static void
print_words(FILE *out, int depth, const char *words)
{
	size_t n;

	indent(out, depth);
	(void)fputs("<choice>\n", out);
	for (; *words != '\0'; words += n + strspn(words + n, " ")) {
		n = strcspn(words, " ");
		indent(out, depth + 1);
		(void)fprintf(out, "<value type=\"string\">%.*s</value>\n",
		    (int)n, words);
	}
	indent(out, depth);
	(void)fputs("</choice>\n", out);
}

static void
print_param(FILE *out, int depth, const char *name, const char *value)
{
	indent(out, depth);
	(void)fprintf(out, "<param name=\"%s\">", name);
	escaped(out, value);
	(void)fputs("</param>\n", out);
}

static void
print_data(FILE *out, int depth, const struct grammar_attribute *a)
{
	bool number = a->type == GRAMMAR_NUMBER;
	char text[32];

	indent(out, depth);
	(void)fprintf(
	    out, "<data type=\"%s\">\n", number ? "integer" : "string");
	print_param(out, depth + 1, "pattern", patterns[a->type]);
	if (number) {
		(void)snprintf(text, sizeof(text), "%lld", (long long)a->min);
		print_param(out, depth + 1, "minInclusive", text);
		(void)snprintf(text, sizeof(text), "%lld", (long long)a->max);
		print_param(out, depth + 1, "maxInclusive", text);
	}
	indent(out, depth);
	(void)fputs("</data>\n", out);
}

static void
print_attribute(FILE *out, int depth, const struct grammar_attribute *a)
{
	if (!a->required) {
		indent(out, depth++);
		(void)fputs("<optional>\n", out);
	}
	indent(out, depth);
	(void)fprintf(out, "<attribute name=\"%s\"", a->name);
	if (a->value != NULL)
		(void)fprintf(out, " a:defaultValue=\"%s\"", a->value);
	(void)fputs(">\n", out);
	print_help(out, depth + 1, a->help);
	if (a->type == GRAMMAR_WORD)
		print_words(out, depth + 1, a->words);
	else
		print_data(out, depth + 1, a);
	indent(out, depth);
	(void)fputs("</attribute>\n", out);
	if (!a->required) {
		indent(out, --depth);
		(void)fputs("</optional>\n", out);
	}
}

/* Definitions are named after the element and, below the root, its parent:
 * <listen> is not the same everywhere. */
static void
print_name(FILE *out, enum grammar_element_name e)
{
	const struct grammar_element *g = grammar_element(e);

	if (e != ELEM_HOPSCOTCH && g->parent != ELEM_HOPSCOTCH)
		(void)fprintf(out, "%s.", grammar_element(g->parent)->name);
	(void)fputs(g->name, out);
}

static void
print_children(FILE *out, enum grammar_element_name parent)
{
	bool any = false;
	int e;

	for (e = ELEM_HOPSCOTCH + 1; e < ELEMS; e++) {
		const struct grammar_element *g = grammar_element(e);
		const char *how = g->once ? "optional" : "zeroOrMore";

		if (g->parent != parent)
			continue;
		if (!any) {
			indent(out, 3);
			(void)fputs("<interleave>\n", out);
		}
		any = true;
		indent(out, 4);
		(void)fprintf(out, "<%s><ref name=\"", how);
		print_name(out, e);
		(void)fprintf(out, "\"/></%s>\n", how);
	}
	if (any) {
		indent(out, 3);
		(void)fputs("</interleave>\n", out);
	}
}

static void
print_element(FILE *out, enum grammar_element_name e)
{
	const struct grammar_element *g = grammar_element(e);
	const struct grammar_attribute *a;

	(void)fputs("\n  <define name=\"", out);
	print_name(out, e);
	(void)fprintf(out, "\">\n    <element name=\"%s\">\n", g->name);
	print_help(out, 3, g->help);
	for (a = g->attributes; a->name != NULL; a++)
		print_attribute(out, 3, a);
	print_children(out, e);
	indent(out, 3);
	(void)fputs("<empty/>\n    </element>\n  </define>\n", out);
}

void
grammar_print_rng(FILE *out)
{
	int e;

	(void)fputs(
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<!-- SPDX-License-Identifier: BSD-2-Clause -->\n"
	    "<!-- Made from lib/grammar.c by `make rng`: change that. -->\n"
	    "<grammar xmlns=\"http://relaxng.org/ns/structure/1.0\"\n"
	    "    xmlns:a=\"http://relaxng.org/ns/compatibility/annotations/"
	    "1.0\"\n"
	    "    datatypeLibrary=\"http://www.w3.org/2001/XMLSchema-"
	    "datatypes\"\n"
	    "    ns=\"" GRAMMAR_NAMESPACE "\">\n"
	    "  <start><ref name=\"hopscotch\"/></start>\n",
	    out);
	for (e = 0; e < ELEMS; e++)
		print_element(out, e);
	(void)fputs("</grammar>\n", out);
}
