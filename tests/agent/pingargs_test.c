/* SPDX-License-Identifier: BSD-2-Clause */
/* hoppingd's options from a file, and what is said of wrong ones. */

#include "agent/pingargs.h"

#include <string.h>

#include "tests/unit.h"

static struct args *
file(const char *text)
{
	static char name[] = "hoppingd";
	char *argv[] = {name, NULL};
	struct args *a =
	    args_new("hoppingd", pingargs_table, pingargs_usage, 1, argv);

	args_text(a, "f", text, strlen(text));
	return a;
}

static void
a_file_says_all_that_the_command_line_can(void)
{
	struct args *a = file("border ny\nsource 192.0.2.1\nsource ::1\n"
			      "canary 8.8.8.8,8.8.4.4\ncanary 2001::1\n"
			      "allow 10.0.0.0/8\ndeny 1.0.0.0/8,2.0.0.0/8\n"
			      "rate 50\ntargets 200\n");
	struct pingargs p;

	pingargs_take(&p, a);
	CU_ASSERT_EQUAL(args_faults(a), 0);
	CU_ASSERT_STRING_EQUAL(p.border, "ny");
	CU_ASSERT_STRING_EQUAL(p.sources, "192.0.2.1 ::1");
	CU_ASSERT(p.source4.family == AF_INET && p.source6.family == AF_INET6);
	CU_ASSERT(p.ncanaries == 3 && p.nallow == 1 && p.ndeny == 2);
	CU_ASSERT(p.rate == 50 && p.targets == 200);
	pingargs_fini(&p);
	args_free(&a);
}

static void
each_wrong_value_is_told_with_what_is_allowed(void)
{
	static const struct {
		const char *text, *fault;
	} t[] = {
	    {"rate 5", "--border is missing: the id of the border in "
		       "hopscotch.xml"},
	    {"border a b", "f:1: border \"a b\": 1 to 255 of A-Z a-z 0-9 . _ "
			   "-"},
	    {"border a\nsource x", "f:2: source \"x\": no IP address"},
	    {"border a\nsource 1.2.3.4,1.2.3.5",
		"f:2: source \"1.2.3.5\": one of each family"},
	    {"border a\ncanary 1.2.3", "f:2: canary \"1.2.3\": no IP address"},
	    {"border a\ncanary 1.2.3.4\ncanary 1.2.3.4",
		"f:3: canary \"1.2.3.4\": is there twice"},
	    {"border a\nallow 10.0.0.1/8",
		"f:2: allow \"10.0.0.1/8\": no prefix; 192.0.2.0/24, "
		"2001:db8::/32 or an address, without bits behind the "
		"length"},
	    {"border a\nrate 10001", "f:2: rate \"10001\": 1 to 10000"},
	    {"border a\ntargets 0", "f:2: targets \"0\": 1 to 100000"},
	    {"border a\ndeny 1.0.0.0/8\ncanary 1.2.3.4",
		"f:3: canary 1.2.3.4: --deny 1.0.0.0/8 forbids it"},
	};
	struct pingargs p;
	struct args *a;
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		a = file(t[i].text);
		pingargs_take(&p, a);
		CU_ASSERT_EQUAL_FATAL(args_faults(a), 1);
		CU_ASSERT_STRING_EQUAL(args_fault_text(a, 0), t[i].fault);
		pingargs_fini(&p);
		args_free(&a);
	}
}

static const struct unit_test tests[] = {
    {"a file says all that the command line can",
	a_file_says_all_that_the_command_line_can},
    {"each wrong value is told with what is allowed",
	each_wrong_value_is_told_with_what_is_allowed},
};

UNIT_MAIN("agent/pingargs", tests)
