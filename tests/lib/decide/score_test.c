/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One-way times and metrics by numbers that can be checked by hand: three
 * sites 10 ms from each other, a border each; the contact is site 0.
 */
#include "lib/decide/score.h"

#include "tests/lib/decide/worlds.h"
#include "tests/unit.h"

#define N 3

static struct {
	struct world *w;
	struct score_input in;
	int64_t ping[N + 1], out[N + 1];
	bool up[N + 1], contradicts[N + 1];
	struct row rows[N * (N + 1)];
	struct legs legs;
} self;

static void
begin(size_t nborders, enum replies replies)
{
	size_t i;

	self.w = worlds_new(N, nborders, 1);
	self.w->replies = replies;
	for (i = 0; i < N + 1; i++) {
		self.up[i] = true;
		self.ping[i] = PING_NOT_MEASURED;
	}
	self.in = (struct score_input){.world = self.w,
	    .rtt_us = -1,
	    .ping_us = self.ping,
	    .border_up = self.up};
	self.legs =
	    (struct legs){.out_us = self.out, .contradicts = self.contradicts};
}

static void
pings(int64_t a, int64_t b, int64_t c)
{
	self.ping[0] = a;
	self.ping[1] = b;
	self.ping[2] = c;
	score_rows(&self.in, self.rows, &self.legs);
}

static int64_t
metric(int site, int border)
{
	size_t i;

	for (i = 0; i < self.w->nsites * self.w->nborders; i++)
		if (self.rows[i].site == site && self.rows[i].border == border)
			return self.rows[i].metric_us;
	return -2;
}

static void
end(void)
{
	world_free(&self.w);
}

static void
shared_replies_come_in_at_the_contact(void)
{
	begin(N, REPLIES_SHARED);
	pings(40000, 60000, 90001);
	CU_ASSERT_EQUAL(self.legs.in_us, 20000);
	CU_ASSERT_EQUAL(self.out[0], 20000);
	CU_ASSERT_EQUAL(self.out[1], 30000);
	CU_ASSERT_EQUAL(self.out[2], 60001);
	/* 2 out + 2 I[s][b] + in + I[k][s] */
	CU_ASSERT_EQUAL(metric(0, 0), 60000);
	CU_ASSERT_EQUAL(metric(1, 1), 90000);
	CU_ASSERT_EQUAL(metric(1, 0), 90000);
	self.w->return_leg = RETURN_BORDER; /* in + I[s(b)][k] */
	pings(40000, 60000, 90001);
	CU_ASSERT_EQUAL(metric(1, 0), 80000);
	CU_ASSERT_EQUAL(self.legs.contradictions, 0);
	end();
}

static void
a_late_reply_at_the_contact_is_bounded_and_counted(void)
{
	begin(N, REPLIES_SHARED);
	pings(400000, 85000, 72000);
	CU_ASSERT_EQUAL(self.legs.in_us, 62000);
	CU_ASSERT_EQUAL(self.out[2], 0);
	CU_ASSERT_EQUAL(self.legs.contradictions, 2);
	CU_ASSERT_TRUE(self.contradicts[1]);
	CU_ASSERT_FALSE(self.contradicts[0]);
	/* Faster than the way inside: nothing gets below 0. */
	pings(400000, 85000, 9000);
	CU_ASSERT_EQUAL(self.legs.in_us, 0);
	CU_ASSERT_EQUAL(self.out[2], 0);
	end();
}

static void
a_silent_contact_halves_the_bound(void)
{
	begin(N, REPLIES_SHARED);
	pings(PING_NO_REPLY, 83001, 85000);
	CU_ASSERT_EQUAL(self.legs.in_us, 36500);
	CU_ASSERT_EQUAL(self.out[0], -1);
	CU_ASSERT_EQUAL(metric(0, 0), METRIC_NONE);
	end();
}

static void
own_replies_come_back_as_they_went(void)
{
	begin(N, REPLIES_OWN);
	pings(40001, 60000, PING_NOT_MEASURED);
	CU_ASSERT_EQUAL(self.legs.in_us, 20000);
	CU_ASSERT_EQUAL(self.out[0], 20000);
	/* Redirected: 2 out + 2 I[s][b] + out + I[b][s]. */
	CU_ASSERT_EQUAL(metric(0, 1), 90000 + 30000);
	self.in.relay = true; /* in + I[k][s] */
	pings(40001, 60000, PING_NOT_MEASURED);
	CU_ASSERT_EQUAL(metric(0, 1), 60000 + 20000 + 20000);
	CU_ASSERT_EQUAL(metric(1, 1), 60000 + 20000 + 10000);
	/* A silent contact: the least of all. */
	pings(PING_NO_REPLY, 60001, 90000);
	CU_ASSERT_EQUAL(self.legs.in_us, 30000);
	end();
}

static void
an_unmeasured_client_is_nearest_where_it_came_in(void)
{
	begin(N + 1, REPLIES_OWN); /* border 3 is the contact's second */
	self.in.ping_us = NULL;
	pings(0, 0, 0);
	CU_ASSERT_EQUAL(metric(0, 0), 0);
	CU_ASSERT_EQUAL(metric(0, 3), 0);
	CU_ASSERT_EQUAL(metric(1, 0), 30000);
	CU_ASSERT_EQUAL(metric(1, 1), METRIC_NONE);
	CU_ASSERT_FALSE(self.legs.measured);
	self.up[0] = false;
	pings(0, 0, 0);
	CU_ASSERT_EQUAL(metric(0, 0), METRIC_NONE);
	CU_ASSERT_EQUAL(metric(0, 3), 0);
	self.w->unmeasured = UNMEASURED_SPREAD;
	pings(0, 0, 0);
	CU_ASSERT_EQUAL(metric(0, 3), METRIC_NONE);
	CU_ASSERT_EQUAL(self.legs.in_us, -1);
	end();
}

static void
an_rtt_fills_the_first_border_that_is_up(void)
{
	begin(N + 1, REPLIES_OWN);
	self.in.rtt_us = 50000;
	self.up[0] = false;
	self.ping[3] = PING_NO_REPLY;
	pings(1000, 60000, 90000);
	CU_ASSERT_TRUE(self.legs.rtt_used);
	CU_ASSERT_EQUAL(self.out[0], -1);
	CU_ASSERT_EQUAL(self.out[3], 25000);
	self.ping[3] = 20000; /* a measured value is not beaten */
	pings(1000, 60000, 90000);
	CU_ASSERT_FALSE(self.legs.rtt_used);
	CU_ASSERT_EQUAL(self.out[3], 10000);
	self.ping[3] = PING_NOT_MEASURED;
	self.in.rtt_us = PING_NO_REPLY; /* is no rtt */
	pings(1000, 60000, 90000);
	CU_ASSERT_EQUAL(self.out[3], -1);
	end();
}

static void
what_has_no_route_has_no_metric(void)
{
	begin(N, REPLIES_SHARED);
	self.w->delay_us[0 * N + 1] = WORLD_NO_ROUTE;
	pings(40000, 1, 60000);
	/* The ping at border 1 needs the way 0 to 1: not measured. */
	CU_ASSERT_EQUAL(self.legs.in_us, 20000);
	CU_ASSERT_EQUAL(self.out[1], -1);
	/* Server at site 1: the return leg to it has no route. */
	CU_ASSERT_EQUAL(metric(1, 0), METRIC_NONE);
	CU_ASSERT_EQUAL(metric(2, 0), 40000 + 20000 + 20000 + 10000);
	end();
}

static void
sums_beyond_all_numbers_have_no_metric(void)
{
	begin(N, REPLIES_OWN);
	self.w->delay_us[1 * N + 0] = INT64_MAX - 10;
	pings(40000, 40000, 40000);
	CU_ASSERT_EQUAL(metric(1, 0), METRIC_NONE);
	CU_ASSERT_EQUAL(metric(0, 0), 60000);
	end();
}

static void
ties_go_by_file_order_and_none_come_last(void)
{
	size_t i;

	begin(N, REPLIES_OWN);
	for (i = 0; i < (size_t)N * N; i++)
		self.w->delay_us[i] = 0;
	pings(40000, PING_NOT_MEASURED, 40000);
	for (i = 0; i < 6; i++) {
		CU_ASSERT_EQUAL(self.rows[i].metric_us, 60000);
		CU_ASSERT_EQUAL(self.rows[i].site, (int)i / 2);
		CU_ASSERT_EQUAL(self.rows[i].border, i % 2 == 0 ? 0 : 2);
	}
	for (; i < 9; i++) {
		CU_ASSERT_EQUAL(self.rows[i].metric_us, METRIC_NONE);
		CU_ASSERT_EQUAL(self.rows[i].site, (int)i - 6);
		CU_ASSERT_EQUAL(self.rows[i].border, 1);
	}
	end();
}

static void
measured_is_from_0_to_below_no_reply(void)
{
	CU_ASSERT_TRUE(score_is_measured(0));
	CU_ASSERT_TRUE(score_is_measured(9999998));
	CU_ASSERT_FALSE(score_is_measured(9999999));
	CU_ASSERT_FALSE(score_is_measured(INT64_MAX));
	CU_ASSERT_FALSE(score_is_measured(-1));
}

static const struct unit_test tests[] = {
    {"shared replies come in at the contact",
	shared_replies_come_in_at_the_contact},
    {"a late reply at the contact is bounded and counted",
	a_late_reply_at_the_contact_is_bounded_and_counted},
    {"a silent contact halves the bound", a_silent_contact_halves_the_bound},
    {"own replies come back as they went", own_replies_come_back_as_they_went},
    {"an unmeasured client is nearest where it came in",
	an_unmeasured_client_is_nearest_where_it_came_in},
    {"an rtt fills the first border that is up",
	an_rtt_fills_the_first_border_that_is_up},
    {"what has no route has no metric", what_has_no_route_has_no_metric},
    {"sums beyond all numbers have no metric",
	sums_beyond_all_numbers_have_no_metric},
    {"ties go by file order and none come last",
	ties_go_by_file_order_and_none_come_last},
    {"measured is from 0 to below no reply",
	measured_is_from_0_to_below_no_reply},
};

UNIT_MAIN("decide/score", tests)
