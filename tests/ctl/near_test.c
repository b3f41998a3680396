/* SPDX-License-Identifier: BSD-2-Clause */
/* What somebody may have meant. */
#include "ctl/near.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit.h"

static const char *
name(const void *arg, size_t i)
{
	return ((const char *const *)arg)[i];
}

static void
expect(const char *given, const char *const *names, size_t n, const char *want)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	near_names(out, given, name, names, n);
	(void)fclose(out);
	if (strcmp(text, want) != 0)
		printf("got %s\n", text);
	CU_ASSERT_STRING_EQUAL(text, want);
	free(text);
}

static void
letters_are_counted(void)
{
	static const struct {
		const char *a, *b;
		size_t d;
	} cases[] = {
	    {"", "", 0},
	    {"a", "", 1},
	    {"", "ab", 2},
	    {"check", "check", 0},
	    {"check", "CHECK", 0},
	    {"chek", "check", 1},
	    {"chekc", "check", 1},
	    {"xcheck", "check", 1},
	    {"kitten", "sitting", 3},
	    {"abcdef", "ghijkl", 4},
	};
	char big[300];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL(
		    near_distance(cases[i].a, cases[i].b, 3), cases[i].d);
		CU_ASSERT_EQUAL(
		    near_distance(cases[i].b, cases[i].a, 3), cases[i].d);
	}
	memset(big, 'x', sizeof(big));
	big[299] = '\0';
	CU_ASSERT_EQUAL(near_distance(big, big, 3), 4); /* longer than any id */
	big[255] = '\0';
	CU_ASSERT_EQUAL(near_distance(big, big, 3), 0);
}

static void
the_near_come_nearest_first(void)
{
	static const char *const names[] = {
	    "www.ny1", "www.la1", "www.ny2", "mail"};

	expect("www.ny22", names, 4, "; did you mean www.ny2, www.ny1?");
	expect(
	    "WWW.LA1", names, 4, "; did you mean www.la1, www.ny1, www.ny2?");
	expect("mial", names, 4, "; did you mean mail?");
}

static void
without_a_near_one_all_are_listed_if_few(void)
{
	static const char *const names[] = {"a1", "a2", "a3", "a4", "a5", "a6",
	    "a7", "a8", "a9", "b1", "b2", "b3", "b4"};

	expect("qwertz", names, 3, "; there are: a1 a2 a3");
	expect("qwertz", names, 13, "");
	expect("qwertz", names, 0, "");
	expect("a", names, 13, "; did you mean a1, a2, a3, a4, a5?");
}

static const struct unit_test tests[] = {
    {"letters are counted", letters_are_counted},
    {"the near come nearest first", the_near_come_nearest_first},
    {"without a near one all are listed, if few",
	without_a_near_one_all_are_listed_if_few},
};

UNIT_MAIN("ctl/near", tests)
