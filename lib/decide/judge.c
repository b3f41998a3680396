/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/decide/judge.h"

void
judge_init(struct judge *j, unsigned rise, unsigned fall)
{
	*j = (struct judge){.state = STATE_UNKNOWN,
	    .reason = REASON_NOT_JUDGED,
	    .rise = rise > 0 ? rise : 1,
	    .fall = fall > 0 ? fall : 1};
}

static bool
judge_nothing(struct judge *j)
{
	if (j->state == STATE_UNKNOWN || ++j->blind < j->fall)
		return false;
	judge_init(j, j->rise, j->fall);
	return true;
}

bool
judge_result(struct judge *j, bool ok, enum reason reason)
{
	enum state state = ok ? STATE_UP : STATE_DOWN;

	if (reason == REASON_NOT_JUDGED)
		return judge_nothing(j);
	j->blind = 0;
	if (state == j->state) {
		j->streak = 0;
		j->reason = reason;
		return false;
	}
	j->streak++;
	if (j->state != STATE_UNKNOWN && j->streak < (ok ? j->rise : j->fall))
		return false;
	j->state = state;
	j->reason = reason;
	j->streak = 0;
	return true;
}

static struct verdict
verdict(enum state state, enum reason reason)
{
	return (struct verdict){state, reason, false};
}

/* By the manager's own try of the service. */
static struct verdict
by_try(const struct judge_input *in)
{
	if (in->tried == STATE_DOWN)
		return verdict(STATE_DOWN, in->tried_reason != REASON_NONE
					       ? in->tried_reason
					       : in->agent_reason);
	return verdict(STATE_UP, in->tried_reason != REASON_NONE
				     ? in->tried_reason
				     : REASON_SERVICE_ANSWERS);
}

/* What the host and its service do, whatever the operator wants. */
static struct verdict
by_evidence(const struct judge_input *in)
{
	if (in->agent_answers && in->has_check && in->check != STATE_UNKNOWN)
		return verdict(in->check, in->check_reason);
	if (in->tried != STATE_UNKNOWN)
		return by_try(in);
	if (!in->agent_answers)
		/* A silent agent is not a dead server: not judged before
		 * somebody has tried the service. */
		return verdict(STATE_UNKNOWN, in->agent_reason);
	if (in->has_check)
		return verdict(STATE_UNKNOWN, REASON_NOT_JUDGED);
	return verdict(STATE_UP, REASON_NO_CHECK);
}

struct verdict
judge_server(const struct judge_input *in)
{
	struct verdict v = by_evidence(in);

	if (in->admin == ADMIN_DISABLED)
		return verdict(STATE_DOWN, REASON_BY_OPERATOR);
	if (v.state == STATE_DOWN)
		return v;
	if (in->admin == ADMIN_DRAINING)
		return verdict(STATE_DRAINING, REASON_BY_OPERATOR);
	if (v.state != STATE_UP)
		return v;
	if (in->busy)
		v = verdict(STATE_OVERLOADED, in->busy_reason);
	v.load_stale = !in->agent_answers;
	return v;
}

bool
judge_freezes(unsigned live, unsigned dying)
{
	return dying > live / 2;
}
