/* SPDX-License-Identifier: BSD-2-Clause */
/* Raw results to states: rise and fall, silent agents, operators, the freeze.
 */
#include "lib/decide/judge.h"

#include "tests/unit.h"

static void
the_first_result_decides_at_once(void)
{
	struct judge j;

	judge_init(&j, 3, 3);
	CU_ASSERT_EQUAL(j.state, STATE_UNKNOWN);
	CU_ASSERT_EQUAL(j.reason, REASON_NOT_JUDGED);
	CU_ASSERT_TRUE(judge_result(&j, false, REASON_CONNECT_REFUSED));
	CU_ASSERT_EQUAL(j.state, STATE_DOWN);
	CU_ASSERT_EQUAL(j.reason, REASON_CONNECT_REFUSED);
	judge_init(&j, 3, 3);
	CU_ASSERT_TRUE(judge_result(&j, true, REASON_CHECK_OK));
	CU_ASSERT_EQUAL(j.state, STATE_UP);
}

static void
only_results_in_a_row_change_the_state(void)
{
	struct judge j;

	judge_init(&j, 3, 2);
	(void)judge_result(&j, true, REASON_CHECK_OK);
	CU_ASSERT_FALSE(judge_result(&j, false, REASON_HTTP_STATUS));
	CU_ASSERT_FALSE(judge_result(&j, true, REASON_CHECK_OK));
	CU_ASSERT_FALSE(judge_result(&j, false, REASON_HTTP_STATUS));
	CU_ASSERT_EQUAL(j.state, STATE_UP);
	CU_ASSERT_TRUE(judge_result(&j, false, REASON_REPLY_TIMEOUT));
	CU_ASSERT_EQUAL(j.state, STATE_DOWN);
	CU_ASSERT_EQUAL(j.reason, REASON_REPLY_TIMEOUT);
	CU_ASSERT_FALSE(judge_result(&j, true, REASON_CHECK_OK));
	CU_ASSERT_FALSE(judge_result(&j, true, REASON_CHECK_OK));
	CU_ASSERT_TRUE(judge_result(&j, true, REASON_CHECK_OK));
	CU_ASSERT_EQUAL(j.state, STATE_UP);
}

static void
a_counter_of_0_counts_as_1(void)
{
	struct judge j;

	judge_init(&j, 0, 0);
	(void)judge_result(&j, true, REASON_CHECK_OK);
	CU_ASSERT_TRUE(judge_result(&j, false, REASON_CONNECT_REFUSED));
}

static void
what_cannot_be_tried_is_unknown_after_a_while(void)
{
	struct judge j;

	judge_init(&j, 1, 2);
	(void)judge_result(&j, true, REASON_CHECK_OK);
	CU_ASSERT_FALSE(judge_result(&j, false, REASON_NOT_JUDGED));
	CU_ASSERT_FALSE(judge_result(&j, true, REASON_CHECK_OK));
	CU_ASSERT_FALSE(judge_result(&j, false, REASON_NOT_JUDGED));
	CU_ASSERT_EQUAL(j.state, STATE_UP);
	CU_ASSERT_TRUE(judge_result(&j, false, REASON_NOT_JUDGED));
	CU_ASSERT_EQUAL(j.state, STATE_UNKNOWN);
	CU_ASSERT_FALSE(judge_result(&j, false, REASON_NOT_JUDGED));
	CU_ASSERT_TRUE(judge_result(&j, false, REASON_HTTP_STATUS));
	CU_ASSERT_EQUAL(j.state, STATE_DOWN);
}

static struct judge_input
healthy(void)
{
	return (struct judge_input){.admin = ADMIN_ENABLED,
	    .agent_answers = true,
	    .agent_reason = REASON_AGENT_OK,
	    .has_check = true,
	    .check = STATE_UP,
	    .check_reason = REASON_CHECK_OK,
	    .tried = STATE_UNKNOWN};
}

static struct judge_input
silent(enum state tried, enum reason reason)
{
	struct judge_input in = healthy();

	in.agent_answers = false;
	in.agent_reason = REASON_AGENT_TIMEOUT;
	in.tried = tried;
	in.tried_reason = reason;
	return in;
}

#define IS(in, s, r)                                    \
	do {                                            \
		struct verdict v = judge_server(&(in)); \
		CU_ASSERT_EQUAL(v.state, (s));          \
		CU_ASSERT_EQUAL(v.reason, (r));         \
	} while (0)

static void
the_agents_check_decides(void)
{
	struct judge_input in = healthy();

	IS(in, STATE_UP, REASON_CHECK_OK);
	CU_ASSERT_FALSE(judge_server(&in).load_stale);
	in.check = STATE_DOWN;
	in.check_reason = REASON_HTTP_STATUS;
	IS(in, STATE_DOWN, REASON_HTTP_STATUS);
	/* Even if a try of ours got through: the agent sees it all the time. */
	in.tried = STATE_UP;
	IS(in, STATE_DOWN, REASON_HTTP_STATUS);
	in.tried = STATE_UNKNOWN;
	in.check = STATE_UNKNOWN;
	IS(in, STATE_UNKNOWN, REASON_NOT_JUDGED);
}

static void
a_silent_agent_is_not_a_dead_server(void)
{
	struct judge_input in = silent(STATE_UP, REASON_SERVICE_ANSWERS);

	IS(in, STATE_UP, REASON_SERVICE_ANSWERS);
	CU_ASSERT_TRUE(judge_server(&in).load_stale);
	in = silent(STATE_DOWN, REASON_CONNECT_REFUSED);
	IS(in, STATE_DOWN, REASON_CONNECT_REFUSED);
	in = silent(STATE_UNKNOWN, REASON_NONE);
	IS(in, STATE_UNKNOWN, REASON_AGENT_TIMEOUT);
	/* What its check said before it fell silent is old. */
	in.check = STATE_DOWN;
	IS(in, STATE_UNKNOWN, REASON_AGENT_TIMEOUT);
}

static void
a_service_nobody_checks_goes_by_our_try(void)
{
	struct judge_input in = healthy();

	in.has_check = false;
	IS(in, STATE_UP, REASON_NO_CHECK);
	in.tried = STATE_DOWN;
	in.tried_reason = REASON_CONNECT_TIMEOUT;
	IS(in, STATE_DOWN, REASON_CONNECT_TIMEOUT);
	in.tried = STATE_UP;
	in.tried_reason = REASON_SERVICE_ANSWERS;
	IS(in, STATE_UP, REASON_SERVICE_ANSWERS);
	CU_ASSERT_FALSE(judge_server(&in).load_stale);
}

static void
busy_is_overloaded_but_only_if_up(void)
{
	struct judge_input in = healthy();

	in.busy = true;
	in.busy_reason = REASON_AT_LIMIT;
	IS(in, STATE_OVERLOADED, REASON_AT_LIMIT);
	in.check = STATE_DOWN;
	in.check_reason = REASON_CONNECT_REFUSED;
	IS(in, STATE_DOWN, REASON_CONNECT_REFUSED);
}

static void
the_operator_takes_out_and_the_dead_stay_dead(void)
{
	struct judge_input in = healthy();

	in.admin = ADMIN_DRAINING;
	IS(in, STATE_DRAINING, REASON_BY_OPERATOR);
	in.busy = true;
	IS(in, STATE_DRAINING, REASON_BY_OPERATOR);
	in.check = STATE_DOWN;
	in.check_reason = REASON_CONNECT_REFUSED;
	IS(in, STATE_DOWN, REASON_CONNECT_REFUSED);
	in.admin = ADMIN_DISABLED;
	IS(in, STATE_DOWN, REASON_BY_OPERATOR);
	in = silent(STATE_UNKNOWN, REASON_NONE);
	in.admin = ADMIN_DRAINING;
	IS(in, STATE_DRAINING, REASON_BY_OPERATOR);
}

static void
more_than_half_at_once_freezes(void)
{
	CU_ASSERT_FALSE(judge_freezes(0, 0));
	CU_ASSERT_FALSE(judge_freezes(4, 2));
	CU_ASSERT_TRUE(judge_freezes(4, 3));
	CU_ASSERT_FALSE(judge_freezes(5, 2));
	CU_ASSERT_TRUE(judge_freezes(5, 3));
	CU_ASSERT_FALSE(judge_freezes(2, 1));
	CU_ASSERT_TRUE(judge_freezes(2, 2));
	CU_ASSERT_TRUE(judge_freezes(1, 1));
	CU_ASSERT_TRUE(judge_freezes(UINT32_MAX, UINT32_MAX));
}

static const struct unit_test tests[] = {
    {"the first result decides at once", the_first_result_decides_at_once},
    {"what cannot be tried is unknown after a while",
	what_cannot_be_tried_is_unknown_after_a_while},
    {"only results in a row change the state",
	only_results_in_a_row_change_the_state},
    {"a counter of 0 counts as 1", a_counter_of_0_counts_as_1},
    {"the agent's check decides", the_agents_check_decides},
    {"a silent agent is not a dead server",
	a_silent_agent_is_not_a_dead_server},
    {"a service nobody checks goes by our try",
	a_service_nobody_checks_goes_by_our_try},
    {"busy is overloaded, but only if up", busy_is_overloaded_but_only_if_up},
    {"the operator takes out, and the dead stay dead",
	the_operator_takes_out_and_the_dead_stay_dead},
    {"more than half at once freezes", more_than_half_at_once_freezes},
};

UNIT_MAIN("decide/judge", tests)
