/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines taken apart, and free text as a field. */
#include "lib/line.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit.h"

static char text[LINE_MAX_BYTES + 1];

static int
split(struct line *l, const char *line, const char **why)
{
	size_t n = strlen(line);

	memcpy(text, line, n);
	text[n] = '\n'; /* as in a peer's buffer */
	return line_split(l, text, n, why);
}

static void
fields_then_options(void)
{
	struct line l;
	const char *why;

	line_init(&l);
	CU_ASSERT_EQUAL(
	    split(&l, "ask 7 www la 10.0.0.1 rtt=300 relay=1", &why), 0);
	CU_ASSERT_EQUAL(l.fields, 5);
	CU_ASSERT_STRING_EQUAL(l.field[0], "ask");
	CU_ASSERT_STRING_EQUAL(l.field[4], "10.0.0.1");
	CU_ASSERT_EQUAL(l.options, 2);
	CU_ASSERT_STRING_EQUAL(line_option(&l, "rtt"), "300");
	CU_ASSERT_STRING_EQUAL(line_option(&l, "relay"), "1");
	CU_ASSERT_PTR_NULL(line_option(&l, "rt"));
	CU_ASSERT_EQUAL(split(&l, "beat", &why), 0);
	CU_ASSERT_EQUAL(l.fields, 1);
	CU_ASSERT_EQUAL(l.options, 0);
	CU_ASSERT_PTR_NULL(line_option(&l, "rtt"));
	line_fini(&l);
}

static void
a_value_keeps_its_own_equals(void)
{
	struct line l;
	const char *why;

	line_init(&l);
	CU_ASSERT_EQUAL(split(&l, "say a=b=c", &why), 0);
	CU_ASSERT_STRING_EQUAL(line_option(&l, "a"), "b=c");
	line_fini(&l);
}

static void
borders_may_have_its_option_first(void)
{
	struct line l;
	const char *why;

	line_init(&l);
	CU_ASSERT_EQUAL(split(&l, "borders unit=us ny la", &why), 0);
	CU_ASSERT_EQUAL(l.fields, 3);
	CU_ASSERT_STRING_EQUAL(line_option(&l, "unit"), "us");
	CU_ASSERT_EQUAL(split(&l, "border unit=us ny la", &why), -1);
	line_fini(&l);
}

static void
malformed_lines_say_why(void)
{
	static const struct {
		const char *line, *why;
	} cases[] = {
	    {"", "empty line"},
	    {" ", "empty field"},
	    {"a ", "empty field"},
	    {" a", "empty field"},
	    {"a  b", "empty field"},
	    {"a\tb", "not printable"},
	    {"a\rb", "not printable"},
	    {"a\r", "not printable"},
	    {"a \x7f", "not printable"},
	    {"a \xc3\xa4", "not printable"},
	    {"a=b", "verb"},
	    {"a =b", "without key"},
	    {"a b=", "without key"},
	    {"a =", "without key"},
	    {"a k=1 k=2", "twice"},
	    {"a k=1 b", "behind key=value"},
	};
	struct line l;
	const char *why;
	size_t i;

	line_init(&l);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL(split(&l, cases[i].line, &why), -1);
		CU_ASSERT_PTR_NOT_NULL_FATAL(why);
		CU_ASSERT_PTR_NOT_NULL(strstr(why, cases[i].why));
	}
	line_fini(&l);
}

static void
a_nul_byte_is_malformed(void)
{
	char nul[] = "a\0b\n";
	struct line l;
	const char *why;

	line_init(&l);
	CU_ASSERT_EQUAL(line_split(&l, nul, 3, &why), -1);
	line_fini(&l);
}

static void
many_fields_are_fine_and_many_options_are_not(void)
{
	static char line[LINE_MAX_BYTES];
	struct line l;
	const char *why;
	size_t i, n = 0;

	line_init(&l);
	for (i = 0; i < LINE_MAX_BYTES / 2 - 1; i++) {
		line[n++] = 'x';
		line[n++] = ' ';
	}
	line[--n] = '\0';
	CU_ASSERT_EQUAL(split(&l, line, &why), 0);
	CU_ASSERT_EQUAL(l.fields, LINE_MAX_BYTES / 2 - 1);
	n = (size_t)snprintf(line, sizeof(line), "v");
	for (i = 0; i < LINE_OPTIONS_MAX; i++)
		n += (size_t)snprintf(line + n, sizeof(line) - n, " k%zu=1", i);
	CU_ASSERT_EQUAL(split(&l, line, &why), 0);
	CU_ASSERT_EQUAL(l.options, LINE_OPTIONS_MAX);
	(void)snprintf(line + n, sizeof(line) - n, " more=1");
	CU_ASSERT_EQUAL(split(&l, line, &why), -1);
	CU_ASSERT_STRING_EQUAL(why, "too many key=value");
	line_fini(&l);
}

static void
free_text_comes_back_as_it_was(void)
{
	static const char *const texts[] = {"", "-", "--", "plain", "two words",
	    "a=b", "100%", "%41", "%", "%%2D", "f\xc3\xbcr", "\xc2\xa0\xff"};
	char field[100], back[100], *c;
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		CU_ASSERT_PTR_EQUAL(
		    line_encode(texts[i], field, sizeof(field)), field);
		CU_ASSERT_NOT_EQUAL(field[0], '\0');
		for (c = field; *c != '\0'; c++)
			CU_ASSERT(*c > ' ' && *c <= '~' && *c != '=');
		(void)line_decode(field, back, sizeof(back));
		CU_ASSERT_STRING_EQUAL(back, texts[i]);
	}
	CU_ASSERT_STRING_EQUAL(line_encode("", field, 2), "-");
	CU_ASSERT_STRING_EQUAL(line_encode("a b", field, 100), "a%20b");
}

/* Else a feed could write to the terminal of whoever asks why. */
static void
control_characters_do_not_come_out(void)
{
	char back[100];

	CU_ASSERT_STRING_EQUAL(
	    line_decode("%1B[2Ja%0Ab%09c%7F", back, 100), "?[2Ja?b?c?");
	CU_ASSERT_STRING_EQUAL(
	    line_decode("%C2%9B2J%C2%80%C2%9F", back, 100), "??2J????");
	CU_ASSERT_STRING_EQUAL(line_decode("%C2", back, 100), "\xc2");
}

static void
bad_escapes_stay_as_they_are(void)
{
	char back[100];

	CU_ASSERT_STRING_EQUAL(line_decode("%", back, 100), "%");
	CU_ASSERT_STRING_EQUAL(line_decode("%4", back, 100), "%4");
	CU_ASSERT_STRING_EQUAL(line_decode("%zz%41", back, 100), "%zzA");
	CU_ASSERT_STRING_EQUAL(line_decode("%00", back, 100), "%00");
	CU_ASSERT_STRING_EQUAL(line_decode("%c3%A4", back, 100), "\xc3\xa4");
}

static void
what_does_not_fit_is_cut_off(void)
{
	char buf[8];
	size_t size;

	for (size = 1; size <= sizeof(buf); size++) {
		memset(buf, 'x', sizeof(buf));
		(void)line_encode("ab  cd", buf, size);
		CU_ASSERT(strlen(buf) < size);
		memset(buf, 'x', sizeof(buf));
		(void)line_decode("abcdefghij", buf, size);
		CU_ASSERT_EQUAL(strlen(buf), size - 1);
	}
	CU_ASSERT_STRING_EQUAL(line_encode("abcdefghij", buf, 8), "abcdefg");
	CU_ASSERT_STRING_EQUAL(line_encode("abcd fghij", buf, 8), "abcd%20");
	CU_ASSERT_STRING_EQUAL(line_encode("abcde ghij", buf, 8), "abcde");
}

static const struct unit_test tests[] = {
    {"fields then options", fields_then_options},
    {"a value keeps its own equals", a_value_keeps_its_own_equals},
    {"borders may have its option first", borders_may_have_its_option_first},
    {"malformed lines say why", malformed_lines_say_why},
    {"a NUL byte is malformed", a_nul_byte_is_malformed},
    {"many fields are fine, many options are not",
	many_fields_are_fine_and_many_options_are_not},
    {"free text comes back as it was", free_text_comes_back_as_it_was},
    {"control characters do not come out", control_characters_do_not_come_out},
    {"bad escapes stay as they are", bad_escapes_stay_as_they_are},
    {"what does not fit is cut off", what_does_not_fit_is_cut_off},
};

UNIT_MAIN("lib/line", tests)
