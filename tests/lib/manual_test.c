/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hopscotch.xml(5) against the grammar's table: each element and attribute
 * stands in the manual, and what the manual calls one is one. In the manual an
 * element is introduced by ".It Ic <name> ..."; what follows as Cm, until the
 * next one, are its attributes and the words that they may be.
 */
#include <string.h>

#include "lib/grammar.h"
#include "tests/unit.h"

#define MANUAL   "doc/man/hopscotch.xml.5"
#define ELEMENTS 8
#define WORDS    400
#define WORD     64

/* One entry of the manual: elements explained together, and their words. */
struct entry {
	char element[ELEMENTS][WORD];
	size_t elements;
	char word[WORDS][WORD];
	bool listed[WORDS]; /* on an .It line: one of this element */
	size_t words;
};

static struct entry entries[64];
static size_t nentries;

/* The next token of a line: blanks divide; a quoted one is without quotes. */
static char *
token(char **rest)
{
	char *t;

	while ((t = strsep(rest, " \n")) != NULL && *t == '\0')
		;
	return t;
}

static bool
is_macro(const char *t)
{
	static const char *const macros[] = {"Ic", "Cm", "Ns", "Ar", "Li", "Ql",
	    "Pa", "Fl", "No", "Xr", "Op", "Oo", "Oc", "Dq"};
	size_t i;

	for (i = 0; i < sizeof(macros) / sizeof(macros[0]); i++)
		if (strcmp(macros[i], t) == 0)
			return true;
	return false;
}

static bool
is_word(const char *t)
{
	return t[strspn(t, "abcdefghijklmnopqrstuvwxyz"
			   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")] == '\0' &&
	       t[0] != '-';
}

static void
take(struct entry *e, const char *t, bool in_it, const char *macro)
{
	size_t n = strlen(t);

	if (in_it && strcmp(macro, "Ic") == 0 && t[0] == '<' &&
	    t[n - 1] == '>' && e->elements < ELEMENTS)
		(void)snprintf(e->element[e->elements++], WORD, "%.*s",
		    (int)(n - 2), t + 1);
	else if (strcmp(macro, "Cm") == 0 && is_word(t) && e->words < WORDS) {
		e->listed[e->words] = in_it;
		(void)snprintf(e->word[e->words++], WORD, "%s", t);
	}
}

static void
take_line(char *line)
{
	bool it = strncmp(line, ".It ", 4) == 0;
	const char *macro = "";
	char *rest, *t;

	if (line[0] != '.')
		return;
	if (strncmp(line, ".It Ic <", 8) == 0)
		nentries++;
	else if (strncmp(line, ".Sh", 3) == 0 && nentries > 0 &&
		 entries[nentries - 1].elements > 0)
		nentries++; /* what follows is of no element yet */
	if (nentries == 0)
		return;
	rest = line + 1;
	while ((t = token(&rest)) != NULL) {
		if (is_macro(t))
			macro = t;
		else
			take(&entries[nentries - 1], t, it, macro);
	}
}

static void
read_manual(void)
{
	FILE *f = fopen(MANUAL, "r");
	char *line = NULL;
	size_t room = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	memset(entries, 0, sizeof(entries));
	nentries = 0;
	while (getline(&line, &room, f) >= 0)
		take_line(line);
	(void)fclose(f);
	free(line);
}

/* Whether an entry is of this element, in whichever parent. */
static bool
is_of(const struct entry *e, const char *element)
{
	size_t i;

	for (i = 0; i < e->elements; i++)
		if (strcmp(e->element[i], element) == 0)
			return true;
	return false;
}

static bool
has_word(const struct entry *e, const char *word)
{
	size_t i;

	for (i = 0; i < e->words; i++)
		if (strcmp(e->word[i], word) == 0)
			return true;
	return false;
}

static bool
is_listed(const char *words, const char *word)
{
	size_t n, len = strlen(word);

	for (; words != NULL && *words != '\0';
	     words += n + strspn(words + n, " ")) {
		n = strcspn(words, " ");
		if (n == len && strncmp(words, word, n) == 0)
			return true;
	}
	return false;
}

/* Whether it is an attribute of the element or what one may be. */
static bool
is_known(const struct grammar_element *e, const char *word)
{
	const struct grammar_attribute *a;

	for (a = e->attributes; a->name != NULL; a++)
		if (strcmp(a->name, word) == 0 ||
		    (a->type == GRAMMAR_WORD && is_listed(a->words, word)))
			return true;
	return false;
}

static void
every_element_and_attribute_stands_in_the_manual(void)
{
	const struct grammar_attribute *a;
	const struct grammar_element *e;
	bool element, attribute;
	size_t i, k;

	read_manual();
	for (i = 0; i < ELEMS; i++) {
		e = grammar_element((enum grammar_element_name)i);
		element = false;
		for (k = 0; k < nentries; k++)
			element |= is_of(&entries[k], e->name);
		if (!element)
			printf("<%s> is not in " MANUAL "\n", e->name);
		CU_ASSERT_TRUE(element);
		for (a = e->attributes; element && a->name != NULL; a++) {
			attribute = false;
			for (k = 0; k < nentries; k++)
				attribute |= is_of(&entries[k], e->name) &&
					     has_word(&entries[k], a->name);
			if (!attribute)
				printf("<%s %s=> is not in " MANUAL "\n",
				    e->name, a->name);
			CU_ASSERT_TRUE(attribute);
		}
	}
}

/* Running text may speak of the attributes of others. */
static void
check_word(const struct entry *e, const char *word, bool listed)
{
	bool known = false;
	size_t i;

	for (i = 0; i < ELEMS; i++) {
		const struct grammar_element *g =
		    grammar_element((enum grammar_element_name)i);

		known |= (!listed || is_of(e, g->name)) && is_known(g, word);
	}
	if (!known)
		printf(MANUAL ": %s is nothing of <%s>\n", word, e->element[0]);
	CU_ASSERT_TRUE(known);
}

static void
what_the_manual_calls_an_attribute_is_one(void)
{
	size_t i, k, n;
	bool found;

	read_manual();
	for (i = 0; i < nentries; i++) {
		for (k = 0; k < entries[i].elements; k++) {
			found = false;
			for (n = 0; n < ELEMS; n++)
				found |=
				    strcmp(grammar_element(
					       (enum grammar_element_name)n)
					       ->name,
					entries[i].element[k]) == 0;
			if (!found)
				printf(MANUAL ": there is no <%s>\n",
				    entries[i].element[k]);
			CU_ASSERT_TRUE(found);
		}
		for (k = 0; entries[i].elements > 0 && k < entries[i].words;
		     k++)
			check_word(&entries[i], entries[i].word[k],
			    entries[i].listed[k]);
	}
}

static void
the_manual_is_read(void)
{
	read_manual();
	CU_ASSERT(nentries > 15);
}

static const struct unit_test tests[] = {
    {"the manual is read", the_manual_is_read},
    {"every element and attribute stands in the manual",
	every_element_and_attribute_stands_in_the_manual},
    {"what the manual calls an attribute is one",
	what_the_manual_calls_an_attribute_is_one},
};

UNIT_MAIN("lib/manual", tests)
