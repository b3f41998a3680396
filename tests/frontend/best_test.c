/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/best.h"

#include "tests/frontend/small_world.h"
#include "tests/unit.h"

static struct kept_answer answer;
static int64_t ttl_ms;
static unsigned skipped;

/* Parse a line for the client 10.9.8.7; the names of its servers, or what is
 * wrong with it. */
static const char *
parse(const char *text)
{
	static char names[300];
	struct world *w = small_world();
	struct line l;
	struct addr client;
	const char *why = NULL;
	char *copy = strdup(text);
	size_t i;

	line_init(&l);
	(void)addr_parse("10.9.8.7", &client);
	names[0] = '\0';
	if (line_split(&l, copy, strlen(text), &why) < 0 ||
	    best_parse(w, &l, &client, &answer, &ttl_ms, &skipped, &why) < 0)
		(void)snprintf(names, sizeof(names), "%s", why);
	else
		for (i = 0; i < answer.n; i++)
			(void)snprintf(names + strlen(names),
			    sizeof(names) - strlen(names), "%s %u ",
			    answer.list[i].alias->name, answer.list[i].weight);
	line_fini(&l);
	free(copy);
	world_free(&w);
	return names;
}

static void
a_line_becomes_candidates(void)
{
	char prefix[PREFIX_TEXT];

	CU_ASSERT_STRING_EQUAL(
	    parse("best 7 1500 24 la1 la la1-la.test 10.1.1.1 9000 "
		  "sj1 la-b sj1-lab.test 10.2.1.3 1"),
	    "la1-la.test 9000 sj1-lab.test 1 ");
	CU_ASSERT_EQUAL(ttl_ms, 1500);
	CU_ASSERT_EQUAL(skipped, 0);
	CU_ASSERT_STRING_EQUAL(
	    prefix_text(&answer.prefix, prefix, sizeof(prefix)), "10.9.8.0/24");
}

static void
names_that_are_not_ours_are_skipped(void)
{
	CU_ASSERT_STRING_EQUAL(
	    parse("best 7 0 32 xx1 la x.test 10.1.1.1 9 la1 xx x 10.1.1.1 9 "
		  "la1 ny x 10.1.1.1 9 la1 sj x 10.1.1.2 5"),
	    "la1-sj.test 5 ");
	CU_ASSERT_EQUAL(skipped, 3);
	CU_ASSERT_STRING_EQUAL(
	    parse("best 7 0 32 xx1 la x.test 10.1.1.1 9"), "");
	CU_ASSERT_EQUAL(skipped, 1);
}

static void
malformed_lines_are_refused(void)
{
	static const char *const bad[] = {
	    "best 7 1500 24",
	    "best 7 1500 24 la1 la la1-la.test 10.1.1.1",
	    "best 7 1500 24 la1 la la1-la.test 10.1.1.1 0",
	    "best 7 1500 24 la1 la la1-la.test 10.1.1.1 10001",
	    "best 7 1500 24 la1 la la1-la.test 10.1.1.1 x",
	    "best 7 1500 24 la1 la la1-la.test 10.1.1.1 5 sj1",
	    "best 7 -1 24 la1 la la1-la.test 10.1.1.1 5",
	    "best 7 x 24 la1 la la1-la.test 10.1.1.1 5",
	    "best 7 9999999999 24 la1 la la1-la.test 10.1.1.1 5",
	    "best 7 1500 33 la1 la la1-la.test 10.1.1.1 5",
	    "best 7 1500 x la1 la la1-la.test 10.1.1.1 5",
	};
	char nine[1000] = "best 7 1500 24";
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(strncmp(parse(bad[i]), "best: ", 6), 0);
	for (i = 0; i < 9; i++)
		(void)strncat(nine, " la1 la la1-la.test 10.1.1.1 5",
		    sizeof(nine) - strlen(nine) - 1);
	CU_ASSERT_EQUAL(strncmp(parse(nine), "best: ", 6), 0);
}

static void
none_says_why_or_that_it_cannot_know(void)
{
	static const struct {
		const char *word;
		bool knows;
		enum reason reason;
	} t[] = {
	    {"all-busy", true, REASON_ALL_BUSY},
	    {"no-server", true, REASON_NO_SERVER},
	    {"a-word-of-later", true, REASON_NO_SERVER},
	    {"unknown-service", false, REASON_UNKNOWN_SERVICE},
	    {"unknown-site", false, REASON_UNKNOWN_SITE},
	};
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		const char *field[3] = {"none", "5", t[i].word};
		const struct line l = {.field = field, .fields = 3};
		enum reason r;
		uint64_t n = 0;

		CU_ASSERT_EQUAL(best_none(&l, &r), t[i].knows);
		CU_ASSERT_EQUAL(r, t[i].reason);
		CU_ASSERT_EQUAL(best_number(&l, &n), 0);
		CU_ASSERT_EQUAL(n, 5);
	}
}

static const struct unit_test tests[] = {
    {"a line becomes candidates", a_line_becomes_candidates},
    {"names that are not ours are skipped and counted",
	names_that_are_not_ours_are_skipped},
    {"malformed lines are refused", malformed_lines_are_refused},
    {"none says why, or that the director cannot know",
	none_says_why_or_that_it_cannot_know},
};

UNIT_MAIN("frontend/best", tests)
