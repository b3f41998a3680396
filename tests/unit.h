/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

/*
 * A unit test program: a table of named tests, run by CUnit. Each test's name
 * is the behaviour it holds. tests/run adds up what the programs print.
 */

#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>

struct unit_test {
	const char *name;
	void (*run)(void);
};

/* Run all; prints "unit <suite> <passed> <failed>", returns an exit status. */
static inline int
unit_run(const char *suite, const struct unit_test *tests, size_t n)
{
	CU_pSuite s;
	unsigned failed;
	size_t i;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return EXIT_FAILURE;
	s = CU_add_suite(suite, NULL, NULL);
	for (i = 0; s != NULL && i < n; i++)
		(void)CU_add_test(s, tests[i].name, tests[i].run);
	CU_basic_set_mode(CU_BRM_SILENT);
	(void)CU_basic_run_tests();
	CU_basic_show_failures(CU_get_failure_list());
	failed = CU_get_number_of_tests_failed();
	printf("\nunit %s %u %u\n", suite,
	    CU_get_number_of_tests_run() - failed, failed);
	if (CU_get_number_of_tests_run() != n)
		failed++;
	CU_cleanup_registry();
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#define UNIT_MAIN(suite, tests)                                            \
	int main(void)                                                     \
	{                                                                  \
		return unit_run(                                           \
		    (suite), (tests), sizeof(tests) / sizeof((tests)[0])); \
	}

#endif
