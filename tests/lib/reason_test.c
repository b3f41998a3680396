/* SPDX-License-Identifier: BSD-2-Clause */
/* The words of reasons travel on lines: each must be one field. */
#include "lib/reason.h"

#include <string.h>

#include "tests/unit.h"

static void
each_reason_is_one_field_of_a_line(void)
{
	enum reason r;
	const char *c;

	for (r = REASON_NONE; r < REASON_COUNT; r++) {
		CU_ASSERT_PTR_NOT_NULL_FATAL(reason_text(r));
		CU_ASSERT_NOT_EQUAL(reason_text(r)[0], '\0');
		for (c = reason_text(r); *c != '\0'; c++)
			CU_ASSERT((*c >= 'a' && *c <= 'z') || *c == '-');
	}
	CU_ASSERT_STRING_EQUAL(reason_text(REASON_NONE), "-");
	CU_ASSERT_STRING_EQUAL(reason_text(REASON_BY_OPERATOR), "by-operator");
}

static void
no_two_reasons_share_a_word(void)
{
	enum reason a, b;

	for (a = REASON_NONE; a < REASON_COUNT; a++)
		for (b = a + 1; b < REASON_COUNT; b++)
			CU_ASSERT_STRING_NOT_EQUAL(
			    reason_text(a), reason_text(b));
}

static const struct unit_test tests[] = {
    {"each reason is one field of a line", each_reason_is_one_field_of_a_line},
    {"no two reasons share a word", no_two_reasons_share_a_word},
};

UNIT_MAIN("lib/reason", tests)
