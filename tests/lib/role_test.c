/* SPDX-License-Identifier: BSD-2-Clause */
/* The words of roles. */
#include "lib/role.h"

#include <string.h>

#include "tests/unit.h"

static void
each_role_has_a_word_and_comes_back(void)
{
	enum peer_role r, back;
	unsigned bit, all = 0;

	for (bit = 1; bit <= ROLE_AGENT; bit <<= 1) {
		r = (enum peer_role)bit;
		CU_ASSERT_STRING_NOT_EQUAL(role_text(r), "-");
		CU_ASSERT_EQUAL(role_parse(role_text(r), &back), 0);
		CU_ASSERT_EQUAL(back, r);
		all |= bit;
	}
	CU_ASSERT_EQUAL(all & ROLE_ANY, all);
}

static void
other_words_are_no_role(void)
{
	enum peer_role r = ROLE_RELAY;

	CU_ASSERT_EQUAL(role_parse("", &r), -1);
	CU_ASSERT_EQUAL(role_parse("Manager", &r), -1);
	CU_ASSERT_EQUAL(role_parse("manager ", &r), -1);
	CU_ASSERT_EQUAL(role_parse("-", &r), -1);
	CU_ASSERT_EQUAL(r, ROLE_RELAY);
	CU_ASSERT_STRING_EQUAL(role_text((enum peer_role)0), "-");
}

static const struct unit_test tests[] = {
    {"each role has a word and comes back",
	each_role_has_a_word_and_comes_back},
    {"other words are no role", other_words_are_no_role},
};

UNIT_MAIN("lib/role", tests)
