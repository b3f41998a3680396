/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_DECIDE_JUDGE_H
#define LIB_DECIDE_JUDGE_H

/*
 * Raw results to states, apart from whoever gets the results. Pure.
 */

#include <stdbool.h>
#include <stdint.h>

#include "lib/reason.h"
#include "lib/state.h"

/* Rise and fall of one yes-or-no check. */
struct judge {
	enum state state; /* STATE_UNKNOWN, STATE_UP or STATE_DOWN */
	enum reason reason;
	unsigned rise, fall; /* results in a row that change the state */
	unsigned streak;     /* of results that disagree with the state */
	unsigned blind;      /* tries in a row that could not be made */
};

void judge_init(struct judge *j, unsigned rise, unsigned fall);
/* Take a result; true if the state changed. The first result decides at once:
 * unknown is left without rise or fall. REASON_NOT_JUDGED says that nothing was
 * learned: after `fall` such in a row the state is unknown. */
bool judge_result(struct judge *j, bool ok, enum reason reason);

/* What a manager knows of one server for one service. */
struct judge_input {
	enum admin admin;         /* the strictest of server and site */
	bool agent_answers;       /* with a sample that is new enough */
	enum reason agent_reason; /* why not */
	enum state check; /* the agent's check of this service, or unknown */
	enum reason check_reason;
	bool has_check;   /* the agent checks this service */
	enum state tried; /* the manager's own try of the service, or unknown */
	enum reason tried_reason;
	bool busy; /* at a bound of the policy */
	enum reason busy_reason;
};

struct verdict {
	enum state state;
	enum reason reason;
	bool load_stale; /* up, but nobody has fresh values */
};

struct verdict judge_server(const struct judge_input *in);

/* More than half of a service's live servers would go down at once: then
 * suspect yourself. `live` before, `dying` of them now. */
bool judge_freezes(unsigned live, unsigned dying);

#endif
