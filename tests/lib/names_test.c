/* SPDX-License-Identifier: BSD-2-Clause */
/* The map from names to numbers. */
#include "lib/names.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit.h"

static void
names_are_found_again_and_others_are_not(void)
{
	static char name[5000][24];
	struct names *n = names_new();
	int i;

	for (i = 0; i < 5000; i++) {
		(void)snprintf(name[i], sizeof(name[i]), "www%d.x", i);
		CU_ASSERT_EQUAL(names_find(n, name[i]), -1);
		CU_ASSERT_EQUAL(names_add(n, name[i], i), 0);
	}
	CU_ASSERT_EQUAL(names_count(n), 5000);
	for (i = 0; i < 5000; i++)
		CU_ASSERT_EQUAL(names_find(n, name[i]), i);
	CU_ASSERT_EQUAL(names_find(n, "www5000.x"), -1);
	CU_ASSERT_EQUAL(names_find(n, "www1.xx"), -1);
	CU_ASSERT_EQUAL(names_find(n, "www1."), -1);
	CU_ASSERT_EQUAL(names_find(n, ""), -1);
	names_free(&n);
	CU_ASSERT_PTR_NULL(n);
	names_free(&n);
}

static void
a_name_is_taken_once(void)
{
	struct names *n = names_new();

	CU_ASSERT_EQUAL(names_add(n, "la", 1), 0);
	CU_ASSERT_EQUAL(names_add(n, "la", 2), -1);
	CU_ASSERT_EQUAL(names_find(n, "la"), 1);
	CU_ASSERT_EQUAL(names_count(n), 1);
	names_free(&n);
}

static void
ids_differ_in_case_and_hosts_do_not(void)
{
	struct names *n = names_new();

	CU_ASSERT_EQUAL(names_add(n, "www.test.com", 1), 0);
	CU_ASSERT_EQUAL(names_add(n, "NY", 2), 0);
	CU_ASSERT_EQUAL(names_add(n, "ny", 3), 0);
	CU_ASSERT_EQUAL(names_find(n, "NY"), 2);
	CU_ASSERT_EQUAL(names_find(n, "ny"), 3);
	CU_ASSERT_EQUAL(names_find(n, "Ny"), -1);
	CU_ASSERT_EQUAL(names_find(n, "WWW.test.com"), -1);
	CU_ASSERT_EQUAL(names_find_host(n, "WwW.TEST.com", 12), 1);
	CU_ASSERT_EQUAL(names_find_host(n, "www.test.com:80", 12), 1);
	CU_ASSERT_EQUAL(names_find_host(n, "www.test.com", 11), -1);
	CU_ASSERT_EQUAL(names_find_host(n, "www.test.comm", 13), -1);
	CU_ASSERT_EQUAL(names_find_host(n, "", 0), -1);
	names_free(&n);
}

/* A host with a NUL comes from the network; each place of the map is probed
 * by one of them or another. */
static void
a_nul_in_a_host_is_no_match_and_reads_nothing_beyond(void)
{
	struct names *n = names_new();
	char *name = strdup("abc"), host[40];
	int i;

	CU_ASSERT_EQUAL(names_add(n, name, 1), 0);
	memset(host, 0, sizeof(host));
	memcpy(host, "abc", 3);
	for (i = 0; i < 256; i++) {
		host[39] = (char)i;
		CU_ASSERT_EQUAL(names_find_host(n, host, sizeof(host)), -1);
	}
	names_free(&n);
	free(name);
}

static const struct unit_test tests[] = {
    {"names are found again and others are not",
	names_are_found_again_and_others_are_not},
    {"a name is taken once", a_name_is_taken_once},
    {"ids differ in case and hosts do not",
	ids_differ_in_case_and_hosts_do_not},
    {"a NUL in a host is no match and reads nothing beyond",
	a_nul_in_a_host_is_no_match_and_reads_nothing_beyond},
};

UNIT_MAIN("lib/names", tests)
