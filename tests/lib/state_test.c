/* SPDX-License-Identifier: BSD-2-Clause */
/* The words of states. */
#include "lib/state.h"

#include <string.h>

#include "tests/unit.h"

static void
each_state_has_a_word_and_comes_back(void)
{
	static const char *const words[] = {
	    NULL, "unknown", "up", "overloaded", "draining", "down"};
	enum state s, back;

	for (s = STATE_UNKNOWN; s <= STATE_DOWN; s++) {
		CU_ASSERT_STRING_EQUAL(state_text(s), words[s]);
		CU_ASSERT_EQUAL(state_parse(words[s], &back), 0);
		CU_ASSERT_EQUAL(back, s);
	}
}

static void
each_admin_state_has_a_word_and_comes_back(void)
{
	static const char *const words[] = {
	    NULL, "enabled", "draining", "disabled"};
	enum admin a, back;

	for (a = ADMIN_ENABLED; a <= ADMIN_DISABLED; a++) {
		CU_ASSERT_STRING_EQUAL(admin_text(a), words[a]);
		CU_ASSERT_EQUAL(admin_parse(words[a], &back), 0);
		CU_ASSERT_EQUAL(back, a);
	}
}

static void
other_words_are_none_and_change_nothing(void)
{
	static const char *const bad[] = {"", "Up", "UP", "up ", "dead", "1"};
	enum state s = STATE_DOWN;
	enum admin a = ADMIN_DISABLED;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CU_ASSERT_EQUAL(state_parse(bad[i], &s), -1);
		CU_ASSERT_EQUAL(admin_parse(bad[i], &a), -1);
	}
	CU_ASSERT_EQUAL(s, STATE_DOWN);
	CU_ASSERT_EQUAL(a, ADMIN_DISABLED);
}

static const struct unit_test tests[] = {
    {"each state has a word and comes back",
	each_state_has_a_word_and_comes_back},
    {"each admin state has a word and comes back",
	each_admin_state_has_a_word_and_comes_back},
    {"other words are none and change nothing",
	other_words_are_none_and_change_nothing},
};

UNIT_MAIN("lib/state", tests)
