/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of a command line and of a file, and what is said of wrong ones. */

#include "agent/args.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit.h"

enum { RATE = 1, DENY, QUIET, USER, FILE_OPTION };

static const struct arg table[] = {
    {"rate", RATE, 0},
    {"deny", DENY, ARG_LIST},
    {"quiet", QUIET, ARG_FLAG},
    {"user", USER, ARG_FIXED},
    {"options", FILE_OPTION, ARG_LINE},
    {NULL, 0, 0},
};

static struct args *
line(const char *a, const char *b, const char *c)
{
	static char copies[4][64];
	static char *argv[5];
	const char *const words[] = {"hopx", a, b, c};
	int i;

	for (i = 0; i < 4 && words[i] != NULL; i++) {
		(void)snprintf(copies[i], sizeof(copies[i]), "%s", words[i]);
		argv[i] = copies[i];
	}
	argv[i] = NULL;
	return args_new("hopx", table, "usage\n", i, argv);
}

static struct args *
file(const char *text)
{
	struct args *a = line(NULL, NULL, NULL);

	args_text(a, "f", text, strlen(text));
	return a;
}

static void
a_file_has_an_option_a_line(void)
{
	struct args *a = file("# all of it\n"
			      "rate 5\n\n"
			      "  deny\t10.0.0.0/8  # with a tab\n"
			      "deny a#b\n"
			      "\t#\n"
			      "quiet");

	CU_ASSERT_EQUAL(args_faults(a), 0);
	CU_ASSERT_EQUAL_FATAL(args_count(a), 4);
	CU_ASSERT_STRING_EQUAL(args_at(a, 0)->value, "5");
	CU_ASSERT_STRING_EQUAL(args_at(a, 1)->value, "10.0.0.0/8");
	CU_ASSERT_EQUAL(args_at(a, 1)->line, 4);
	CU_ASSERT_STRING_EQUAL(args_at(a, 2)->value, "a#b");
	CU_ASSERT_STRING_EQUAL(args_at(a, 3)->value, "");
	CU_ASSERT_EQUAL(args_at(a, 3)->arg->number, QUIET);
	args_free(&a);
}

static void
the_command_line_beats_the_file_and_adds_to_its_lists(void)
{
	struct args *a = line("--rate=7", "--deny", "c"), *again;

	args_text(a, "f", "deny a\nrate 5\ndeny b\n", 21);
	CU_ASSERT_EQUAL_FATAL(args_count(a), 5);
	CU_ASSERT_STRING_EQUAL(args_last(a, RATE)->value, "7");
	CU_ASSERT_EQUAL(args_last(a, RATE)->line, 0);
	CU_ASSERT_STRING_EQUAL(args_at(a, 0)->value, "a");
	CU_ASSERT_STRING_EQUAL(args_at(a, 2)->value, "b");
	CU_ASSERT_STRING_EQUAL(args_last(a, DENY)->value, "c");
	again = args_again(a);
	CU_ASSERT_EQUAL(args_count(again), 2);
	CU_ASSERT_PTR_NULL(args_last(again, USER));
	args_free(&again);
	args_free(&a);
}

static void
each_fault_is_told_with_its_place(void)
{
	static const struct {
		const char *text, *fault;
	} t[] = {
	    {"\nrats 5", "f:2: \"rats\" is no option; there are: rate deny "
			 "quiet user"},
	    {"--rate 5", "f:1: \"--rate\": here options stand without their "
			 "dashes"},
	    {"rate=5", "f:1: \"rate=5\": here a blank stands before the value, "
		       "not \"=\""},
	    {"rate", "f:1: rate needs a value"},
	    {"rate #5", "f:1: rate needs a value"},
	    {"quiet yes", "f:1: quiet has no value; \"yes\" is too much"},
	    {"options f", "f:1: options is for the command line only"},
	    {"rate 1\n\nrate 2", "f:3: rate is there twice, first in line 1"},
	    {"rate 5\r", "f:1: a control character; it is to be a text file, "
			 "its lines end with LF alone"},
	};
	struct args *a;
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		a = file(t[i].text);
		CU_ASSERT_EQUAL_FATAL(args_faults(a), 1);
		CU_ASSERT_STRING_EQUAL(args_fault_text(a, 0), t[i].fault);
		args_free(&a);
	}
}

static void
all_faults_are_told_in_order(void)
{
	struct args *a = line("--rate", "9", "extra");

	args_text(a, "f", "x 1\nrate 8\ny 2\n", 15);
	args_fault(a, args_at(a, 1), " \"9\": too much");
	args_fault(a, args_at(a, 0), ": too little");
	CU_ASSERT_EQUAL_FATAL(args_faults(a), 5);
	CU_ASSERT_STRING_EQUAL(
	    args_fault_text(a, 0), "\"extra\": no such argument");
	CU_ASSERT_PTR_NOT_NULL(strstr(args_fault_text(a, 1), "f:1: \"x\""));
	CU_ASSERT_STRING_EQUAL(args_fault_text(a, 2), "f:2: rate: too little");
	CU_ASSERT_PTR_NOT_NULL(strstr(args_fault_text(a, 3), "f:3: \"y\""));
	CU_ASSERT_STRING_EQUAL(args_fault_text(a, 4), "--rate \"9\": too much");
	args_free(&a);
}

static void
what_is_fixed_may_be_said_again_but_not_otherwise(void)
{
	static const struct {
		const char *old, *new, *fault;
	} t[] = {
	    {"user a\n", "rate 1\nuser a\n", NULL},
	    {"", "", NULL},
	    {"user a\n", "\nuser b\n",
		"f:2: user \"b\", it was \"a\": cannot "
		"change while hopx runs; restart it "
		"for that"},
	    {"user a\n", "",
		"f: user is gone, it was \"a\": cannot change "
		"while hopx runs; restart it for that"},
	    {"", "user b\n",
		"f:1: user \"b\", it was not set: cannot change "
		"while hopx runs; restart it for that"},
	};
	struct args *old, *new;
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		old = file(t[i].old);
		new = file(t[i].new);
		args_fault_fixed(new, old);
		CU_ASSERT_EQUAL(args_faults(new), t[i].fault != NULL);
		if (args_faults(new) > 0)
			CU_ASSERT_STRING_EQUAL(
			    args_fault_text(new, 0), t[i].fault);
		args_free(&old);
		args_free(&new);
	}
}

static void
what_cannot_be_read_is_a_fault(void)
{
	char dir[] = "/tmp/hop-test-XXXXXX", path[64];
	struct args *a = line(NULL, NULL, NULL);
	FILE *f;
	int i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/o", dir);
	args_file(a, path);
	CU_ASSERT_PTR_NOT_NULL(
	    strstr(args_fault_text(a, 0), "/o: No such file"));
	args_file(a, dir);
	CU_ASSERT_PTR_NOT_NULL(strstr(args_fault_text(a, 1), ": not a file"));
	CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
	args_file(a, path); /* and does not wait */
	CU_ASSERT_PTR_NOT_NULL(strstr(args_fault_text(a, 2), ": not a file"));
	(void)unlink(path);
	f = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	for (i = 0; i <= ARGS_FILE_MAX; i++)
		(void)fputc('\n', f);
	(void)fclose(f);
	args_file(a, path);
	CU_ASSERT_PTR_NOT_NULL(
	    strstr(args_fault_text(a, 3), ": File too large"));
	CU_ASSERT_EQUAL(args_faults(a), 4);
	(void)unlink(path);
	(void)rmdir(dir);
	args_free(&a);
}

static void
lines_and_faults_are_bounded(void)
{
	char text[ARGS_LINE_MAX + 2], many[1000];
	struct args *a;

	memset(text, ' ', sizeof(text));
	text[ARGS_LINE_MAX + 1] = '\0';
	a = file(text);
	CU_ASSERT_EQUAL(args_faults(a), 1);
	args_free(&a);
	text[ARGS_LINE_MAX] = '\0';
	a = file(text);
	CU_ASSERT_EQUAL(args_faults(a), 0);
	args_free(&a);
	memset(many, '\n', sizeof(many));
	for (size_t i = 0; i < sizeof(many) - 1; i += 2)
		many[i] = 'x';
	many[sizeof(many) - 1] = '\0';
	a = file(many);
	CU_ASSERT_EQUAL(args_faults(a), 100);
	args_free(&a);
}

static const struct unit_test tests[] = {
    {"a file has an option a line", a_file_has_an_option_a_line},
    {"the command line beats the file and adds to its lists",
	the_command_line_beats_the_file_and_adds_to_its_lists},
    {"each fault is told with its place", each_fault_is_told_with_its_place},
    {"all faults are told, in order", all_faults_are_told_in_order},
    {"what is fixed may be said again, but not otherwise",
	what_is_fixed_may_be_said_again_but_not_otherwise},
    {"what cannot be read is a fault", what_cannot_be_read_is_a_fault},
    {"lines and faults are bounded", lines_and_faults_are_bounded},
};

UNIT_MAIN("agent/args", tests)
