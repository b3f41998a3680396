/* SPDX-License-Identifier: BSD-2-Clause */
/* Row numbers over changes of the configuration, in a file of the test's. */

#include "lib/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/keep.h"
#include "lib/log.h"
#include "tests/unit.h"

static char dir[64], file[96];

static void
make_dir(void)
{
	(void)snprintf(dir, sizeof(dir), "/tmp/hop-rows-XXXXXX");
	CU_ASSERT_FATAL(mkdtemp(dir) != NULL);
	CU_ASSERT_FATAL(setenv("HOPSCOTCH_STATE", dir, 1) == 0);
	(void)keep_file("manager", "m", "rows", file, sizeof(file));
}

static void
remove_dir(void)
{
	(void)unlink(file);
	CU_ASSERT(rmdir(dir) == 0); /* nothing temporary is left */
}

/* A world of servers alone, named by letters; in the place of the last one. */
static struct world
world_of(const char *letters)
{
	static char id[26][2];
	static struct server servers[26];
	struct world w = {0};
	size_t i;

	w.servers = servers;
	w.nservers = strlen(letters);
	for (i = 0; i < w.nservers; i++) {
		id[i][0] = letters[i];
		servers[i].id = id[i];
	}
	return w;
}

static struct rows *
rows_of(const char *letters, const char *from)
{
	struct world w = world_of(letters);

	return rows_new(&w, from);
}

static void
numbers_hold_over_a_reload_without_a_file_too(void)
{
	struct rows *r = rows_of("abc", NULL);
	struct world w = world_of("dcb");

	rows_renew(r, &w);
	CU_ASSERT_EQUAL(rows_number(r, ROW_SERVER, 0), 4);
	CU_ASSERT_EQUAL(rows_number(r, ROW_SERVER, 1), 3);
	CU_ASSERT_EQUAL(rows_place(r, ROW_SERVER, 1), -1);
	w = world_of("ad");
	rows_renew(r, &w);
	CU_ASSERT_EQUAL(rows_number(r, ROW_SERVER, 0), 1);
	CU_ASSERT_EQUAL(rows_number(r, ROW_SERVER, 1), 4);
	rows_free(&r);
	rows_renew(NULL, &w);
}

static void
an_element_keeps_its_number_wherever_it_stands(void)
{
	struct rows *r;

	make_dir();
	r = rows_of("abc", file);
	CU_ASSERT_EQUAL(rows_number(r, ROW_SERVER, 0), 1);
	CU_ASSERT_EQUAL(rows_number(r, ROW_SERVER, 2), 3);
	rows_free(&r);
	r = rows_of("xcab", file);
	CU_ASSERT_EQUAL(rows_number(r, ROW_SERVER, 0), 4);
	CU_ASSERT_EQUAL(rows_number(r, ROW_SERVER, 1), 3);
	CU_ASSERT_EQUAL(rows_number(r, ROW_SERVER, 2), 1);
	CU_ASSERT_EQUAL(rows_place(r, ROW_SERVER, 2), 3);
	CU_ASSERT_EQUAL(rows_place(r, ROW_SERVER, 5), -1);
	CU_ASSERT_EQUAL(rows_place(r, ROW_SITE, 1), -1);
	rows_free(&r);
	remove_dir();
}

static void
a_number_is_never_given_twice(void)
{
	struct rows *r;

	make_dir();
	r = rows_of("abc", file);
	rows_free(&r);
	r = rows_of("a", file);
	rows_free(&r);
	r = rows_of("ad", file); /* not the number of b or c */
	CU_ASSERT_EQUAL(rows_number(r, ROW_SERVER, 1), 4);
	rows_free(&r);
	r = rows_of("c", file); /* back again */
	CU_ASSERT_EQUAL(rows_number(r, ROW_SERVER, 0), 3);
	rows_free(&r);
	remove_dir();
}

static void
lines_that_are_none_are_left_out(void)
{
	static const char text[] =
	    "server 7 a\nserver x b\nserver 0 b\nmoon 1 a"
	    "\nserver 9\nserver 9 \nserver 8 a\n\n"
	    "server 99999999999 b\nserver 3 b";
	struct rows *r;

	make_dir();
	CU_ASSERT(keep_write(file, text, sizeof(text) - 1) == 0);
	r = rows_of("abc", file);
	CU_ASSERT_EQUAL(rows_number(r, ROW_SERVER, 0), 7);
	CU_ASSERT_EQUAL(rows_number(r, ROW_SERVER, 1), 8);
	CU_ASSERT_EQUAL(rows_number(r, ROW_SERVER, 2), 9);
	rows_free(&r);
	remove_dir();
}

static void
without_a_file_numbers_are_places(void)
{
	struct rows *r = rows_of("abc", NULL);

	CU_ASSERT_EQUAL(rows_number(r, ROW_SERVER, 2), 3);
	rows_free(&r);
	r = rows_of("ab", "/nonexistent/directory/rows");
	CU_ASSERT_EQUAL(rows_number(r, ROW_SERVER, 1), 2);
	rows_free(&r);
	CU_ASSERT_EQUAL(rows_number(NULL, ROW_SITE, 4), 5);
	CU_ASSERT_EQUAL(rows_place(NULL, ROW_SITE, 5), 4);
	CU_ASSERT_EQUAL(rows_place(NULL, ROW_SITE, 0), -1);
}

static void
a_file_is_replaced_whole_or_not_at_all(void)
{
	char *text;

	make_dir();
	CU_ASSERT(keep_write(file, "one", 3) == 0);
	CU_ASSERT(keep_write(file, "two!", 4) == 0);
	text = keep_read(file, 100);
	CU_ASSERT_FATAL(text != NULL);
	CU_ASSERT_STRING_EQUAL(text, "two!");
	free(text);
	CU_ASSERT(keep_read(file, 3) == NULL);
	CU_ASSERT(keep_read(dir, 100) == NULL);
	CU_ASSERT(keep_write("/nonexistent/x", "one", 3) == -1);
	remove_dir();
}

static const struct unit_test tests[] = {
    {"an element keeps its number wherever it stands",
	an_element_keeps_its_number_wherever_it_stands},
    {"a number is never given twice", a_number_is_never_given_twice},
    {"numbers hold over a reload, without a file too",
	numbers_hold_over_a_reload_without_a_file_too},
    {"lines that are none are left out", lines_that_are_none_are_left_out},
    {"without a file numbers are places", without_a_file_numbers_are_places},
    {"a file is replaced whole or not at all",
	a_file_is_replaced_whole_or_not_at_all},
};

UNIT_MAIN("lib/rows", tests)
