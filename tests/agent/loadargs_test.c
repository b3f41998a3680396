/* SPDX-License-Identifier: BSD-2-Clause */
/* hoploadd's options from a file, and what is said of wrong ones. */

#include "agent/loadargs.h"

#include <string.h>

#include "tests/unit.h"

static struct args *
file(const char *text)
{
	static char name[] = "hoploadd";
	char *argv[] = {name, NULL};
	struct args *a =
	    args_new("hoploadd", loadargs_table, loadargs_usage, 1, argv);

	args_text(a, "f", text, strlen(text));
	return a;
}

static void
a_file_says_all_that_the_command_line_can(void)
{
	struct args *a = file("check www=http://127.0.0.1:81/\n"
			      "check db=tcp:127.0.0.1:5432\n"
			      "port 443,80\nport 80\n"
			      "interval 500ms\nrise 3\nfall 4\n"
			      "procfs /p\nuser u\nagentx /x\ncontext c\n"
			      "log-level warn\nlog-file /l\nid i\n"
			      "no-control\n");
	struct loadargs l;

	loadargs_take(&l, a);
	CU_ASSERT_EQUAL(args_faults(a), 0);
	CU_ASSERT_EQUAL_FATAL(l.nchecks, 2);
	CU_ASSERT_STRING_EQUAL(l.checks[1].id, "db");
	CU_ASSERT_STRING_EQUAL(l.ports_text, "80 443");
	CU_ASSERT(l.interval_ms == 500 && l.rise == 3 && l.fall == 4);
	CU_ASSERT_STRING_EQUAL(l.procfs, "/p");
	CU_ASSERT_STRING_EQUAL(l.common.user, "u");
	CU_ASSERT_STRING_EQUAL(l.common.agentx, "/x");
	CU_ASSERT_STRING_EQUAL(l.common.context, "c");
	CU_ASSERT_STRING_EQUAL(l.common.log_file, "/l");
	CU_ASSERT_STRING_EQUAL(l.common.id, "i");
	CU_ASSERT(l.common.level == LOG_LEVEL_WARN && !l.common.control);
	loadargs_fini(&l);
	args_free(&a);
}

static void
an_empty_file_means_the_defaults(void)
{
	struct args *a = file("");
	struct loadargs l;

	loadargs_take(&l, a);
	CU_ASSERT_EQUAL(args_faults(a), 0);
	CU_ASSERT(l.nchecks == 0 && l.nports == 0 && l.ports_text[0] == '\0');
	CU_ASSERT(l.interval_ms == 1000 && l.rise == 2 && l.fall == 2);
	CU_ASSERT_STRING_EQUAL(l.procfs, "/proc");
	CU_ASSERT(l.common.control && l.common.level == LOG_LEVEL_INFO);
	loadargs_fini(&l);
	args_free(&a);
}

static void
each_wrong_value_is_told_with_what_is_allowed(void)
{
	static const struct {
		const char *text, *fault;
	} t[] = {
	    {"check a", "f:1: check: \"a\" is no check: ID=tcp:"},
	    {"check a=tcp:1.2.3.4:5\ncheck a=tcp:1.2.3.4:6",
		"f:2: check: \"a\" is there twice"},
	    {"port 0", "f:1: port: \"0\" is no port: 1 to 65535"},
	    {"port 80,", "f:1: port: \"\" is no port: 1 to 65535"},
	    {"interval 99ms", "f:1: interval \"99ms\": 100ms to 1h"},
	    {"interval 1", "f:1: interval \"1\": 100ms to 1h"},
	    {"rise 0", "f:1: rise \"0\": 1 to 100"},
	    {"fall 101", "f:1: fall \"101\": 1 to 100"},
	    {"log-level loud", "f:1: log-level \"loud\": debug, info or warn"},
	    {"id a/b", "f:1: id \"a/b\": 1 to 255 of A-Z a-z 0-9 . _ -"},
	};
	struct loadargs l;
	struct args *a;
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		a = file(t[i].text);
		loadargs_take(&l, a);
		CU_ASSERT_EQUAL_FATAL(args_faults(a), 1);
		CU_ASSERT_PTR_EQUAL(strstr(args_fault_text(a, 0), t[i].fault),
		    args_fault_text(a, 0));
		loadargs_fini(&l);
		args_free(&a);
	}
}

static const struct unit_test tests[] = {
    {"a file says all that the command line can",
	a_file_says_all_that_the_command_line_can},
    {"an empty file means the defaults", an_empty_file_means_the_defaults},
    {"each wrong value is told with what is allowed",
	each_wrong_value_is_told_with_what_is_allowed},
};

UNIT_MAIN("agent/loadargs", tests)
