/* SPDX-License-Identifier: BSD-2-Clause */
/* Rows of an answer, as text and as JSON. */
#include "ctl/tables.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit.h"

static int
take(struct tables *t, const char *text)
{
	char copy[4096];
	const char *why;
	struct line l;
	int r;

	(void)snprintf(copy, sizeof(copy), "%s", text);
	line_init(&l);
	CU_ASSERT_EQUAL(line_split(&l, copy, strlen(copy), &why), 0);
	r = tables_take(t, &l);
	line_fini(&l);
	return r;
}

static struct tables *
example(void)
{
	struct tables *t = tables_new();

	CU_ASSERT_EQUAL(take(t, "row daemon m1 hash=abc uptime=125"), 0);
	CU_ASSERT_EQUAL(
	    take(t, "row server www.la1 state=up load=8700 since=5"), 0);
	CU_ASSERT_EQUAL(take(t, "row server www.ny1.test state=down "
				"reason=agent-timeout load=-"),
	    0);
	CU_ASSERT_EQUAL(take(t, "row decisions all count=7 time-us=1500"), 0);
	CU_ASSERT_EQUAL(take(t, "row server x"), 0);
	return t;
}

static void
expect(const char *const *only, const char *want)
{
	struct tables *t = example();
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	tables_print(t, "m1", only, out);
	(void)fclose(out);
	if (strcmp(text, want) != 0)
		printf("got:\n%s", text);
	CU_ASSERT_STRING_EQUAL(text, want);
	free(text);
	tables_free(&t);
	CU_ASSERT_PTR_NULL(t);
}

static void
columns_are_aligned_and_single_rows_are_paragraphs(void)
{
	expect(NULL, "  daemon: hash abc, uptime 2m05s\n"
		     "  SERVER        STATE  LOAD  SINCE  REASON\n"
		     "  www.la1       up     8700     5s  -\n"
		     "  www.ny1.test  down      -      -  agent-timeout\n"
		     "  x             -         -      -  -\n"
		     "  decisions: count 7, time 1.5ms\n");
}

static void
only_what_is_wanted_is_shown(void)
{
	static const char *const only[] = {"decisions", NULL};
	static const char *const none[] = {NULL};

	expect(only, "  decisions: count 7, time 1.5ms\n");
	CU_ASSERT_TRUE(tables_wanted(none, "x"));
	CU_ASSERT_FALSE(tables_wanted(only, "x"));
}

static void
long_paragraphs_are_folded(void)
{
	struct tables *t = tables_new();
	char *text = NULL, *line;
	size_t len, lines = 0;
	FILE *out = open_memstream(&text, &len);

	CU_ASSERT_EQUAL(
	    take(t, "row many all aaaaaaaaaaaaaaaa=1 bbbbbbbbbbbbbbbbbbb=2 "
		    "cccccccccccccccccccc=3 ddddddddddddddddddddd=4 "
		    "eeeeeeeeeeeeeeeeeee=5 fffffffffffffffffffffff=6"),
	    0);
	tables_print(t, "", NULL, out);
	(void)fclose(out);
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		CU_ASSERT(strlen(line) <= 80);
		lines++;
	}
	CU_ASSERT_EQUAL(lines, 3);
	free(text);
	tables_free(&t);
}

static void
json_has_numbers_and_nulls(void)
{
	struct tables *t = example();
	char *text = NULL;
	size_t len;
	struct json j;

	json_init(&j, open_memstream(&text, &len), true);
	json_object(&j, NULL);
	tables_json(t, NULL, &j, "tables");
	json_object_end(&j);
	(void)fclose(j.out);
	CU_ASSERT_STRING_EQUAL(text,
	    "{\"tables\": {\"daemon\": [{\"id\": \"m1\", \"hash\": \"abc\", "
	    "\"uptime\": 125}], \"server\": [{\"id\": \"www.la1\", \"state\": "
	    "\"up\", \"load\": 8700, \"since\": 5}, {\"id\": \"www.ny1.test\", "
	    "\"state\": \"down\", \"load\": null, \"reason\": "
	    "\"agent-timeout\"}, {\"id\": \"x\"}], \"decisions\": [{\"id\": "
	    "\"all\", \"count\": 7, \"time_us\": 1500}]}}\n");
	free(text);
	tables_free(&t);
}

static void
values_can_be_looked_up(void)
{
	struct tables *t = example();

	CU_ASSERT_STRING_EQUAL(tables_value(t, "daemon", "uptime"), "125");
	CU_ASSERT_PTR_NULL(tables_value(t, "daemon", "none"));
	CU_ASSERT_PTR_NULL(tables_value(t, "none", "uptime"));
	/* the first row came before this column */
	CU_ASSERT_PTR_NULL(tables_value(t, "server", "reason"));
	CU_ASSERT_STRING_EQUAL(tables_name(t, 2), "decisions");
	CU_ASSERT_PTR_NULL(tables_name(t, 3));
	tables_free(&t);
}

static void
what_is_no_row_or_too_many_is_refused(void)
{
	struct tables *t = tables_new();
	char text[100];
	int i;

	CU_ASSERT_EQUAL(take(t, "row"), -1);
	CU_ASSERT_EQUAL(take(t, "row server"), -1);
	CU_ASSERT_EQUAL(take(t, "row server a b"), -1);
	for (i = 0; i < 64; i++) {
		(void)snprintf(text, sizeof(text), "row t%d a k%d=1", i, i);
		CU_ASSERT_EQUAL(take(t, text), 0);
	}
	CU_ASSERT_EQUAL(take(t, "row t64 a"), -1);
	CU_ASSERT_EQUAL(take(t, "row t63 a"), 0);
	for (i = 1; i < 64; i++) {
		(void)snprintf(text, sizeof(text), "row t0 a k%d=1", i);
		CU_ASSERT_EQUAL(take(t, text), 0);
	}
	CU_ASSERT_EQUAL(take(t, "row t0 a more=1"), -1);
	tables_free(&t);
}

static const struct unit_test tests[] = {
    {"columns are aligned and single rows are paragraphs",
	columns_are_aligned_and_single_rows_are_paragraphs},
    {"only what is wanted is shown", only_what_is_wanted_is_shown},
    {"long paragraphs are folded", long_paragraphs_are_folded},
    {"JSON has numbers and nulls", json_has_numbers_and_nulls},
    {"values can be looked up", values_can_be_looked_up},
    {"what is no row, or too many, is refused",
	what_is_no_row_or_too_many_is_refused},
};

UNIT_MAIN("ctl/tables", tests)
