/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bands, the draw and the reasons of those left out, on rows made by hand:
 * three sites, a border and a server each, everybody reaches everything.
 */
#include "lib/decide/pick.h"

#include "tests/lib/decide/worlds.h"
#include "tests/unit.h"

#define N 3

static struct {
	struct world *w;
	struct pick_scratch *scratch;
	struct row rows[N * N];
	size_t nrows;
	bool up[N];
	enum state state[N];
	int load[N];
	struct candidate candidates[N];
	struct excluded excluded[N];
	struct pick pick;
} self;

static struct policy *
policy(void)
{
	return &self.w->policies[0];
}

static void
begin(void)
{
	size_t i;

	self.w = worlds_new(N, N, N);
	self.nrows = 0;
	for (i = 0; i < N; i++) {
		self.up[i] = true;
		self.state[i] = STATE_UP;
		self.load[i] = 5000;
	}
}

static void
row(int site, int border, int64_t metric_us)
{
	self.rows[self.nrows++] = (struct row){site, border, metric_us};
}

static void
pick(void)
{
	struct pick_input in = {.world = self.w,
	    .service = &self.w->services[0],
	    .family = AF_INET,
	    .rows = self.rows,
	    .nrows = self.nrows,
	    .border_up = self.up,
	    .state = self.state,
	    .load = self.load};

	/* Made anew: tests change weights. */
	pick_scratch_free(&self.scratch);
	self.scratch = pick_scratch_new(self.w);
	self.pick.candidates = self.candidates;
	self.pick.excluded = self.excluded;
	pick_candidates(&in, self.scratch, &self.pick);
}

static void
end(void)
{
	pick_scratch_free(&self.scratch);
	world_free(&self.w);
}

/* The weight of a server in the draw; 0: it is no candidate. */
static unsigned
weight(int use)
{
	size_t i;

	for (i = 0; i < self.pick.ncandidates; i++)
		if (self.candidates[i].use == use)
			return self.candidates[i].weight;
	return 0;
}

static enum reason
reason(int use)
{
	size_t i;

	for (i = 0; i < self.pick.nexcluded; i++)
		if (self.excluded[i].use == use)
			return self.excluded[i].reason;
	return REASON_COUNT;
}

static void
a_band_reaches_to_its_limit_and_no_further(void)
{
	begin();
	row(0, 0, 100000);
	row(1, 1, 105000);
	row(2, 2, 105001);
	pick();
	CU_ASSERT_EQUAL(self.pick.ncandidates, 2);
	CU_ASSERT_EQUAL(weight(2), 0);
	CU_ASSERT_EQUAL(reason(2), REASON_NOT_IN_BAND);
	CU_ASSERT_EQUAL(self.pick.anchor_us, 100000);
	CU_ASSERT_EQUAL(self.pick.band_us, 105000);
	policy()->fuzz_min_us = 5001;
	pick();
	CU_ASSERT_EQUAL(self.pick.ncandidates, 3);
	end();
}

static void
the_next_row_anchors_though_its_servers_have_joined(void)
{
	begin();
	policy()->fuzz_ppm = 100000;
	self.load[0] = 0;
	row(0, 0, 100000);
	row(0, 1, 112000); /* the same busy server: the anchor all the same */
	row(1, 1, 123200);
	row(2, 2, 123201);
	pick();
	CU_ASSERT_EQUAL(self.pick.anchor_us, 112000);
	CU_ASSERT_EQUAL(weight(1), 5000);
	CU_ASSERT_EQUAL(weight(2), 0);
	end();
}

static void
those_of_earlier_bands_stay_with_their_border(void)
{
	begin();
	self.load[0] = 0;
	row(0, 2, 100000);
	row(0, 0, 200000);
	row(1, 1, 200000);
	self.w->services[0].all_busy = ALL_BUSY_SERVE;
	pick();
	CU_ASSERT_EQUAL(self.pick.ncandidates, 1);
	CU_ASSERT_EQUAL(weight(1), 5000);
	CU_ASSERT_EQUAL(reason(0), REASON_BUSY);
	self.load[1] = 0;
	self.load[2] = 0;
	pick();
	CU_ASSERT_TRUE(self.pick.all_busy);
	CU_ASSERT_EQUAL(self.pick.ncandidates, 1);
	CU_ASSERT_EQUAL(self.candidates[0].use, 0);
	CU_ASSERT_EQUAL(self.candidates[0].border, 2);
	CU_ASSERT_EQUAL(self.candidates[0].load, 0);
	end();
}

static void
a_row_nobody_can_take_anchors_nothing(void)
{
	begin();
	self.state[0] = STATE_DOWN;
	row(0, 0, 10000);
	row(1, 1, 100000);
	pick();
	CU_ASSERT_EQUAL(self.pick.anchor_us, 100000);
	CU_ASSERT_EQUAL(reason(0), REASON_NONE);
	end();
}

static void
without_path_each_server_goes_by_its_best_row(void)
{
	begin();
	policy()->path = false;
	row(0, 1, 10000);
	row(0, 0, 20000);
	row(1, 1, 900000);
	row(2, 0, METRIC_NONE);
	pick();
	CU_ASSERT_EQUAL(self.pick.ncandidates, 3);
	CU_ASSERT_EQUAL(self.candidates[0].border, 1);
	CU_ASSERT_EQUAL(self.candidates[1].border, 1);
	CU_ASSERT_EQUAL(self.candidates[2].border, 2); /* its own site's */
	CU_ASSERT_TRUE(self.pick.last_band);
	end();
}

static void
the_last_band_takes_the_own_border_then_any(void)
{
	begin();
	self.up[2] = false;
	self.load[0] = self.load[1] = 0;
	row(0, 0, 10000);
	pick();
	/* Server 2's own border is down: the first in file order. */
	CU_ASSERT_EQUAL(self.pick.ncandidates, 1);
	CU_ASSERT_EQUAL(self.candidates[0].use, 2);
	CU_ASSERT_EQUAL(self.candidates[0].border, 0);
	end();
}

static void
best_takes_the_highest_and_draws_ties_evenly(void)
{
	begin();
	policy()->select = SELECT_BEST;
	row(0, 0, 1000);
	row(1, 1, 1000);
	row(2, 2, 1000);
	self.load[0] = 4999;
	pick();
	CU_ASSERT_EQUAL(self.pick.ncandidates, 2);
	CU_ASSERT_EQUAL(weight(1), 1);
	CU_ASSERT_EQUAL(weight(2), 1);
	CU_ASSERT_EQUAL(reason(0), REASON_LOST_DRAW);
	end();
}

static void
weights_stand_in_for_loads(void)
{
	begin();
	row(0, 0, 1000);
	row(1, 1, 1000);
	row(2, 2, 1000);
	policy()->select = SELECT_BEST;
	self.w->servers[0].weight = 3;
	self.w->servers[2].weight = 30000;
	self.load[0] = self.load[1] = self.load[2] = LOAD_UNKNOWN;
	pick();
	CU_ASSERT_TRUE(self.pick.by_weight);
	CU_ASSERT_EQUAL(weight(0), 1);
	CU_ASSERT_EQUAL(weight(1), 1); /* 0.33, but at least 1 */
	CU_ASSERT_EQUAL(weight(2), 10000);
	/* One that is busy could not be drawn: it changes nothing. */
	self.load[1] = 0;
	pick();
	CU_ASSERT_EQUAL(weight(2), 10000);
	CU_ASSERT_EQUAL(weight(0), 1);
	/* One that is known does. */
	self.load[1] = 9999;
	pick();
	CU_ASSERT_EQUAL(self.pick.ncandidates, 1);
	CU_ASSERT_EQUAL(weight(2), 1);
	end();
}

static void
weights_are_rounded_half_up_to_the_largest_of_the_service(void)
{
	begin();
	self.w->servers[0].weight = 20000;
	self.w->servers[1].weight = 3; /* 1.5 */
	CU_ASSERT_EQUAL(pick_weight(self.w, &self.w->services[0], 1), 2);
	CU_ASSERT_EQUAL(pick_weight(self.w, &self.w->services[0], 0), 10000);
	CU_ASSERT_EQUAL(pick_weight_load(65535, 65535), 10000);
	CU_ASSERT_EQUAL(pick_weight_load(1, 65535), 1);
	/* Whatever its state. */
	self.state[0] = STATE_DOWN;
	policy()->metric[METRIC_CONNECTIONS].used = false;
	row(1, 1, 1000);
	pick();
	CU_ASSERT_EQUAL(weight(1), 2);
	end();
}

static void
an_overloaded_server_keeps_the_unknown_out(void)
{
	begin();
	row(0, 0, 1000);
	row(1, 1, 1000);
	self.state[0] = STATE_OVERLOADED;
	self.state[1] = STATE_UNKNOWN;
	self.state[2] = STATE_DRAINING;
	pick();
	CU_ASSERT_EQUAL(self.pick.ncandidates, 1);
	CU_ASSERT_EQUAL(self.candidates[0].use, 0);
	CU_ASSERT_EQUAL(self.candidates[0].load, 0);
	CU_ASSERT_EQUAL(reason(1), REASON_FALLBACK_ONLY);
	self.state[0] = STATE_DOWN;
	pick();
	CU_ASSERT_EQUAL(self.pick.ncandidates, 1);
	CU_ASSERT_EQUAL(self.candidates[0].use, 1);
	CU_ASSERT_TRUE(self.pick.unknown);
	end();
}

static void
refused_and_empty_say_why(void)
{
	begin();
	row(0, 0, 1000);
	self.load[0] = self.load[1] = self.load[2] = 0;
	self.w->services[0].all_busy = ALL_BUSY_REFUSE;
	pick();
	CU_ASSERT_EQUAL(self.pick.ncandidates, 0);
	CU_ASSERT_EQUAL(self.pick.none, REASON_ALL_BUSY);
	self.state[0] = self.state[1] = self.state[2] = STATE_DOWN;
	pick();
	CU_ASSERT_EQUAL(self.pick.none, REASON_NO_SERVER);
	end();
}

static void
servers_out_of_reach_say_why(void)
{
	size_t i;

	begin();
	for (i = 0; i < N; i++)
		self.w->servers[0].aliases[i].v4.family = AF_UNSPEC;
	self.w->servers[1].naliases = 1; /* through border 0 only */
	for (i = 1; i < N; i++)
		free(self.w->servers[1].aliases[i].name);
	self.up[0] = false;
	row(2, 2, 1000);
	pick();
	CU_ASSERT_EQUAL(reason(0), REASON_NO_ADDRESS);
	CU_ASSERT_EQUAL(reason(1), REASON_NO_BORDER);
	CU_ASSERT_EQUAL(weight(2), 5000);
	self.up[1] = self.up[2] = false;
	pick();
	CU_ASSERT_EQUAL(self.pick.ncandidates, 0);
	CU_ASSERT_EQUAL(self.pick.none, REASON_NO_ADDRESS);
	end();
}

static void
each_number_of_the_draw_falls_on_its_server(void)
{
	begin();
	row(0, 0, 1000);
	row(1, 1, 1000);
	row(2, 2, 1000);
	self.load[0] = 1;
	self.load[1] = 2;
	self.load[2] = 3;
	pick();
	CU_ASSERT_EQUAL(self.pick.total, 6);
	CU_ASSERT_EQUAL(pick_draw(&self.pick, 0)->use, 0);
	CU_ASSERT_EQUAL(pick_draw(&self.pick, 1)->use, 1);
	CU_ASSERT_EQUAL(pick_draw(&self.pick, 2)->use, 1);
	CU_ASSERT_EQUAL(pick_draw(&self.pick, 3)->use, 2);
	CU_ASSERT_EQUAL(pick_draw(&self.pick, 5)->use, 2);
	end();
}

static void
a_limit_beyond_all_numbers_takes_everything(void)
{
	begin();
	policy()->fuzz_ppm = UINT32_MAX;
	row(0, 0, INT64_MAX / 2);
	row(1, 1, INT64_MAX - 1);
	pick();
	CU_ASSERT_EQUAL(self.pick.ncandidates, 2);
	end();
}

static const struct unit_test tests[] = {
    {"a band reaches to its limit and no further",
	a_band_reaches_to_its_limit_and_no_further},
    {"the next row anchors though its servers have joined",
	the_next_row_anchors_though_its_servers_have_joined},
    {"those of earlier bands stay with their border",
	those_of_earlier_bands_stay_with_their_border},
    {"a row nobody can take anchors nothing",
	a_row_nobody_can_take_anchors_nothing},
    {"without path each server goes by its best row",
	without_path_each_server_goes_by_its_best_row},
    {"the last band takes the own border, then any",
	the_last_band_takes_the_own_border_then_any},
    {"best takes the highest and draws ties evenly",
	best_takes_the_highest_and_draws_ties_evenly},
    {"weights stand in for loads", weights_stand_in_for_loads},
    {"weights are rounded half up, to the largest of the service",
	weights_are_rounded_half_up_to_the_largest_of_the_service},
    {"an overloaded server keeps the unknown out",
	an_overloaded_server_keeps_the_unknown_out},
    {"refused and empty say why", refused_and_empty_say_why},
    {"servers out of reach say why", servers_out_of_reach_say_why},
    {"each number of the draw falls on its server",
	each_number_of_the_draw_falls_on_its_server},
    {"a limit beyond all numbers takes everything",
	a_limit_beyond_all_numbers_takes_everything},
};

UNIT_MAIN("decide/pick", tests)
