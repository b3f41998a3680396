/* SPDX-License-Identifier: BSD-2-Clause */
/* The writer of JSON: commas, indents, escapes, numbers. */
#include "lib/json.h"

#include <math.h>
#include <string.h>

#include "tests/unit.h"

static char *out;
static size_t out_len;

static struct json
begin(bool flat)
{
	struct json j;

	json_init(&j, open_memstream(&out, &out_len), flat);
	return j;
}

static void
expect(struct json *j, const char *text)
{
	(void)fclose(j->out);
	if (strcmp(out, text) != 0)
		printf("got %s\n", out);
	CU_ASSERT_STRING_EQUAL(out, text);
	free(out);
}

static void
commas_and_indents_are_right(void)
{
	struct json j = begin(false);

	json_object(&j, NULL);
	json_text(&j, "a", "x");
	json_array(&j, "list");
	json_number(&j, NULL, -5);
	json_object(&j, NULL);
	json_object_end(&j);
	json_object(&j, NULL);
	json_bool(&j, "yes", true);
	json_bool(&j, "no", false);
	json_null(&j, "nil");
	json_object_end(&j);
	json_array_end(&j);
	json_array(&j, "empty");
	json_array_end(&j);
	json_object_end(&j);
	expect(&j, "{\n \"a\": \"x\",\n \"list\": [\n  -5,\n  {},\n  {\n"
		   "   \"yes\": true,\n   \"no\": false,\n   \"nil\": null\n"
		   "  }\n ],\n \"empty\": []\n}\n");
}

static void
flat_is_one_line(void)
{
	struct json j = begin(true);

	json_object(&j, NULL);
	json_number(&j, "a", INT64_MIN);
	json_array(&j, "b");
	json_number(&j, NULL, 1);
	json_number(&j, NULL, INT64_MAX);
	json_array_end(&j);
	json_object_end(&j);
	expect(&j, "{\"a\": -9223372036854775808, "
		   "\"b\": [1, 9223372036854775807]}\n");
}

static void
one_text(const char *text, const char *want)
{
	struct json j = begin(true);

	json_array(&j, NULL);
	json_text(&j, NULL, text);
	json_array_end(&j);
	expect(&j, want);
}

static void
texts_are_always_valid(void)
{
	one_text("", "[\"\"]\n");
	one_text("a\"b\\c/", "[\"a\\\"b\\\\c/\"]\n");
	one_text("\n\t\x01\x7f", "[\"\\u000a\\u0009\\u0001\\u007f\"]\n");
	/* UTF-8 stays: two, three and four bytes */
	one_text("f\xc3\xbcr \xe2\x82\xac \xf0\x9f\x98\x80",
	    "[\"f\xc3\xbcr \xe2\x82\xac \xf0\x9f\x98\x80\"]\n");
	one_text("\xf4\x8f\xbf\xbf", "[\"\xf4\x8f\xbf\xbf\"]\n");
	/* and what is none is taken as Latin-1 */
	one_text("\xfc", "[\"\\u00fc\"]\n");
	one_text("\xc3", "[\"\\u00c3\"]\n");
	one_text("\xc3(", "[\"\\u00c3(\"]\n");
	one_text("\xc0\xaf", "[\"\\u00c0\\u00af\"]\n");
	one_text("\xe0\x80\xaf", "[\"\\u00e0\\u0080\\u00af\"]\n");
	one_text("\xed\xa0\x80", "[\"\\u00ed\\u00a0\\u0080\"]\n");
	one_text("\xf0\x80\x80\x80", "[\"\\u00f0\\u0080\\u0080\\u0080\"]\n");
	one_text("\xf4\x90\x80\x80", "[\"\\u00f4\\u0090\\u0080\\u0080\"]\n");
	one_text("\xf5\x80\x80\x80", "[\"\\u00f5\\u0080\\u0080\\u0080\"]\n");
	one_text("\xe2\x82", "[\"\\u00e2\\u0082\"]\n");
}

static void
one_real(double value, const char *want)
{
	struct json j = begin(true);

	json_array(&j, NULL);
	json_real(&j, NULL, value);
	json_array_end(&j);
	expect(&j, want);
}

static void
reals_come_back_exactly_and_short(void)
{
	one_real(0.1, "[0.1]\n");
	one_real(0, "[0]\n");
	one_real(1, "[1]\n");
	one_real(1.0 / 14, "[0.07142857142857142]\n");
	one_real(6.0 / 14, "[0.42857142857142855]\n");
	one_real(1.0 / 3, "[0.3333333333333333]\n");
	one_real(-2.5, "[-2.5]\n");
	one_real(NAN, "[null]\n");
	one_real(INFINITY, "[null]\n");
}

static const struct unit_test tests[] = {
    {"commas and indents are right", commas_and_indents_are_right},
    {"flat is one line", flat_is_one_line},
    {"texts are always valid", texts_are_always_valid},
    {"reals come back exactly and short", reals_come_back_exactly_and_short},
};

UNIT_MAIN("lib/json", tests)
