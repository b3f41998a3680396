/* SPDX-License-Identifier: BSD-2-Clause */
/* What both daemons have in common, and that manual and --help know it all. */

#include "agent/common.h"

#include <string.h>

#include "agent/loadargs.h"
#include "agent/pingargs.h"
#include "tests/unit.h"

static char *
read_all(const char *path)
{
	char *text = calloc(1, 1 << 16);
	FILE *f = fopen(path, "r");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT(fread(text, 1, (1 << 16) - 1, f) > 0);
	(void)fclose(f);
	return text;
}

/* Whether a line that begins so has this word in it. */
static bool
has(const char *text, const char *begin, const char *word)
{
	size_t n = strlen(word);
	const char *p, *line;

	for (p = strstr(text, word); p != NULL; p = strstr(p + 1, word)) {
		for (line = p; line > text && line[-1] != '\n'; line--)
			;
		if (strncmp(line, begin, strlen(begin)) == 0 &&
		    strchr(" ,\n", p[n]) != NULL)
			return true;
	}
	return false;
}

static void
check_all_are_told(
    const struct arg *table, const char *usage, const char *manual)
{
	char *text = read_all(manual), word[64];

	for (; table->name != NULL; table++) {
		(void)snprintf(word, sizeof(word), " -%s", table->name);
		if (!has(text, ".It Fl", word))
			fprintf(stderr, "%s: %s is missing\n", manual, word);
		CU_ASSERT(has(text, ".It Fl", word));
		(void)snprintf(word, sizeof(word), " --%s", table->name);
		CU_ASSERT(has(usage, "  --", word));
	}
	free(text);
}

static void
manual_and_help_know_each_option(void)
{
	check_all_are_told(
	    loadargs_table, loadargs_usage, "doc/man/hoploadd.8");
	check_all_are_told(
	    pingargs_table, pingargs_usage, "doc/man/hoppingd.8");
}

static void
the_shipped_files_of_options_have_no_fault(void)
{
	static char name[] = "x", option[] = "--options", border[] = "--border",
		    ny[] = "ny", load[] = "conf/default/hoploadd",
		    ping[] = "conf/default/hoppingd";
	char *of_load[] = {name, option, load, NULL};
	char *of_ping[] = {name, option, ping, border, ny, NULL};
	struct args *a;
	struct loadargs l;
	struct pingargs p;

	a = common_args(name, loadargs_table, "", 3, of_load);
	loadargs_take(&l, a);
	CU_ASSERT_EQUAL(args_faults(a), 0);
	loadargs_fini(&l);
	args_free(&a);
	a = common_args(name, pingargs_table, "", 5, of_ping);
	pingargs_take(&p, a);
	CU_ASSERT_EQUAL(args_faults(a), 0);
	pingargs_fini(&p);
	args_free(&a);
}

static void
without_a_file_there_is_nothing_to_read_anew(void)
{
	static char name[] = "x";
	char *argv[] = {name, NULL}, why[200];
	struct args *a = common_args(name, loadargs_table, "", 1, argv);

	CU_ASSERT_PTR_NULL(common_again(a, why, sizeof(why)));
	CU_ASSERT_STRING_EQUAL(why, "started without --options FILE: there is "
				    "nothing to read anew");
	args_free(&a);
}

static const struct unit_test tests[] = {
    {"manual and --help know each option", manual_and_help_know_each_option},
    {"the shipped files of options have no fault",
	the_shipped_files_of_options_have_no_fault},
    {"without a file there is nothing to read anew",
	without_a_file_there_is_nothing_to_read_anew},
};

UNIT_MAIN("agent/common", tests)
