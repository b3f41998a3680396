/* SPDX-License-Identifier: BSD-2-Clause */
/* Samples to loads: the claims, their mixture, bounds, slow start, ageing. */
#include "lib/decide/weigh.h"

#include <string.h>

#include "lib/decide/pick.h"
#include "tests/unit.h"

#define N 3

static struct {
	struct policy policy;
	struct sample sample[N];
	struct weigh_input in[N];
	struct weighed out[N];
} self;

/* Three servers alike, under a policy of no metric. */
static void
begin(void)
{
	size_t i;

	memset(&self, 0, sizeof(self));
	self.policy.slow_start_us = 30000000;
	for (i = 0; i < N; i++) {
		self.sample[i] =
		    (struct sample){.known = {true, true, true, true},
			.connections = 100,
			.ram_free = 1000,
			.ram_total = 4000,
			.swap_free = 500,
			.swap_total = 1000,
			.cpu_idle = 5000};
		self.in[i] = (struct weigh_input){.sample = &self.sample[i],
		    .weight = 1,
		    .live = true,
		    .up_us = -1};
	}
}

static void
use(enum metric m, unsigned weight)
{
	self.policy.metric[m].used = true;
	self.policy.metric[m].weight = weight;
}

static void
loads(int a, int b, int c)
{
	weigh(&self.policy, self.in, N, self.out);
	CU_ASSERT_EQUAL(self.out[0].load, a);
	CU_ASSERT_EQUAL(self.out[1].load, b);
	CU_ASSERT_EQUAL(self.out[2].load, c);
}

static void
the_fewest_connections_have_the_most_load(void)
{
	begin();
	use(METRIC_CONNECTIONS, 1);
	self.sample[0].connections = 99;
	self.sample[1].connections = 199;
	self.sample[2].connections = 399;
	loads(10000, 5000, 2500);
	self.sample[0].connections = 0;
	loads(10000, 50, 25);
	/* One more of very many is less, not the same. */
	self.sample[0].connections = 1000000;
	self.sample[1].connections = 1000001;
	self.sample[2].connections = 1e12;
	loads(10000, 9999, 1);
}

static void
the_largest_amount_of_ram_has_the_most_load(void)
{
	begin();
	use(METRIC_RAM, 3);
	self.sample[1].ram_free = 250;
	self.sample[2].ram_free = 0;
	loads(10000, 2500, 1);
	self.sample[0].ram_free = self.sample[1].ram_free = 0;
	loads(10000, 10000, 10000);
}

static void
the_largest_amount_of_swap_has_the_most_load(void)
{
	begin();
	use(METRIC_SWAP, 1);
	self.sample[1].swap_free = 100;
	loads(10000, 2000, 10000);
}

static void
swap_is_left_out_where_nobody_has_any(void)
{
	size_t i;

	begin();
	use(METRIC_SWAP, 1);
	use(METRIC_CONNECTIONS, 1);
	for (i = 0; i < N; i++)
		self.sample[i].swap_total = self.sample[i].swap_free = 0;
	self.sample[1].connections = 201;
	loads(10000, 5000, 10000);
	/* One has: those without have none of it, which is never an outage. */
	self.sample[0].swap_total = self.sample[0].swap_free = 100;
	loads(10000, 70, 100);
}

static void
the_highest_idle_time_has_the_most_load(void)
{
	begin();
	use(METRIC_CPU, 1);
	self.sample[0].cpu_idle = 9310;
	self.sample[1].cpu_idle = 0;
	self.sample[2].cpu_idle = 10000;
	loads(9310, 1, 10000);
}

static void
together_they_are_a_weighted_geometric_mean(void)
{
	begin();
	use(METRIC_CONNECTIONS, 1);
	use(METRIC_CPU, 1);
	self.sample[0].connections = 24;
	self.sample[0].cpu_idle = 10000;
	self.sample[1].connections = 99; /* a quarter */
	self.sample[1].cpu_idle = 2500;  /* and a quarter */
	self.sample[2].connections = 99;
	self.sample[2].cpu_idle = 10000;
	loads(10000, 2500, 5000);
	use(METRIC_CONNECTIONS, 3); /* (1/4)^(3/4) */
	loads(10000, 2500, 3535);
}

static void
weights_count_against_the_largest(void)
{
	begin();
	use(METRIC_CONNECTIONS, 1);
	self.in[0].weight = 4;
	self.in[1].weight = 2;
	self.in[2].weight = 1;
	loads(10000, 5000, 2500);
	self.in[0].live = false; /* whatever its state */
	loads(10000, 5000, 2500);
	self.in[0].weight = 65535;
	loads(10000, 1, 1);
}

static void
only_live_servers_are_compared_with(void)
{
	begin();
	use(METRIC_CONNECTIONS, 1);
	self.sample[0].connections = 0;
	self.in[0].live = false;
	self.sample[2].connections = 201;
	loads(10000, 10000, 5000);
	/* Nor those whose sample is too old to say anything. */
	self.in[0].live = true;
	self.in[0].stale_us = WEIGH_AGEING_US;
	loads(10000, 10000, 5000);
}

static void
no_metric_or_no_sample_goes_by_weight(void)
{
	begin();
	self.in[0].weight = 3;
	loads(10000, 3333, 3333);
	use(METRIC_CONNECTIONS, 1);
	self.in[1].sample = NULL;
	self.sample[2].connections = 201;
	loads(10000, 3333, 1666);
	/* A metric that a server does not tell is left out for it. */
	use(METRIC_CPU, 1);
	self.sample[0].known[METRIC_CPU] = false;
	self.sample[2].cpu_idle = 2500;
	loads(10000, 3333, 1178); /* sqrt(1/2 * 1/4) / 3 */
}

static void
only_a_bound_makes_busy(void)
{
	begin();
	use(METRIC_CONNECTIONS, 1);
	use(METRIC_RAM, 1);
	use(METRIC_CPU, 1);
	self.policy.metric[METRIC_CONNECTIONS].limit = 2000;
	self.policy.metric[METRIC_RAM].min_ppm = 50000;
	self.sample[0].connections = 2000;
	self.sample[1].ram_free = 199;
	self.sample[2].cpu_idle = 0;
	weigh(&self.policy, self.in, N, self.out);
	CU_ASSERT_TRUE(self.out[0].busy);
	CU_ASSERT_EQUAL(self.out[0].load, 0);
	CU_ASSERT_EQUAL(self.out[0].reason, REASON_AT_LIMIT);
	CU_ASSERT_EQUAL(self.out[1].reason, REASON_RAM_LOW);
	CU_ASSERT_FALSE(self.out[2].busy);
	CU_ASSERT(self.out[2].load > 0);
	self.sample[0].connections = 1999;
	self.sample[1].ram_free = 200; /* 5 % is not below 5 % */
	weigh(&self.policy, self.in, N, self.out);
	CU_ASSERT_FALSE(self.out[0].busy);
	CU_ASSERT_FALSE(self.out[1].busy);
	self.policy.metric[METRIC_CPU].min_ppm = 10000;
	weigh(&self.policy, self.in, N, self.out);
	CU_ASSERT_EQUAL(self.out[2].reason, REASON_CPU_LOW);
}

static void
a_bound_of_swap_needs_swap(void)
{
	begin();
	use(METRIC_SWAP, 1);
	self.policy.metric[METRIC_SWAP].min_ppm = 100000;
	self.sample[0].swap_free = 99;
	self.sample[1].swap_total = self.sample[1].swap_free = 0;
	weigh(&self.policy, self.in, N, self.out);
	CU_ASSERT_EQUAL(self.out[0].reason, REASON_SWAP_LOW);
	CU_ASSERT_FALSE(self.out[1].busy);
	CU_ASSERT_EQUAL(self.out[1].load, 1);
}

static void
a_server_that_comes_up_ramps_to_its_load(void)
{
	begin();
	use(METRIC_CONNECTIONS, 1);
	self.sample[0].connections = 0;
	self.in[0].up_us = 0;
	loads(1, 99, 99);
	self.in[0].up_us = 15000000;
	loads(5000, 99, 99);
	self.in[0].up_us = 30000000;
	loads(10000, 99, 99);
	self.in[0].up_us = 3000000;
	self.policy.metric[METRIC_CONNECTIONS].used = false;
	loads(1000, 10000, 10000);
	self.policy.slow_start_us = 0;
	loads(10000, 10000, 10000);
}

static void
a_stale_load_ages_to_its_weight(void)
{
	CU_ASSERT_EQUAL(weigh_aged(2000, 10000, -5), 2000);
	CU_ASSERT_EQUAL(weigh_aged(2000, 10000, 0), 2000);
	CU_ASSERT_EQUAL(weigh_aged(2000, 10000, 15000000), 6000);
	CU_ASSERT_EQUAL(weigh_aged(10000, 2000, 15000000), 6000);
	CU_ASSERT_EQUAL(weigh_aged(2000, 10000, 30000000), 10000);
	CU_ASSERT_EQUAL(weigh_aged(2000, 10000, INT64_MAX), 10000);
	CU_ASSERT_EQUAL(weigh_aged(0, 10000, 15000000), 0);
	CU_ASSERT_EQUAL(weigh_aged(0, 10000, INT64_MAX), 0);
}

static void
a_stale_busy_server_stays_busy(void)
{
	begin();
	use(METRIC_CONNECTIONS, 1);
	self.policy.metric[METRIC_CONNECTIONS].limit = 50;
	self.in[0].stale_us = INT64_MAX;
	weigh(&self.policy, self.in, N, self.out);
	CU_ASSERT_TRUE(self.out[0].busy);
	CU_ASSERT_EQUAL(self.out[0].load, 0);
}

static void
smoothing_takes_a_share_of_the_newest(void)
{
	struct sample a = {.known = {true, true, false, true},
	    .connections = 100,
	    .ram_free = 100,
	    .ram_total = 1000,
	    .cpu_idle = 0};
	struct sample b = {.known = {true, false, true, true},
	    .connections = 200,
	    .swap_free = 50,
	    .swap_total = 70,
	    .cpu_idle = 10000};

	weigh_smooth(&a, &b, 250000);
	CU_ASSERT_EQUAL(a.connections, 125);
	CU_ASSERT_EQUAL(a.cpu_idle, 2500);
	CU_ASSERT_FALSE(a.known[METRIC_RAM]); /* nobody tells it any more */
	CU_ASSERT_TRUE(a.known[METRIC_SWAP]);
	CU_ASSERT_EQUAL(a.swap_free, 50); /* the first is taken as it is */
	CU_ASSERT_EQUAL(a.swap_total, 70);
	weigh_smooth(&a, &b, 1000000);
	CU_ASSERT_EQUAL(a.connections, 200);
}

static const struct unit_test tests[] = {
    {"the fewest connections have the most load",
	the_fewest_connections_have_the_most_load},
    {"the largest amount of RAM has the most load",
	the_largest_amount_of_ram_has_the_most_load},
    {"the largest amount of swap has the most load",
	the_largest_amount_of_swap_has_the_most_load},
    {"swap is left out where nobody has any",
	swap_is_left_out_where_nobody_has_any},
    {"the highest idle time has the most load",
	the_highest_idle_time_has_the_most_load},
    {"together they are a weighted geometric mean",
	together_they_are_a_weighted_geometric_mean},
    {"weights count against the largest", weights_count_against_the_largest},
    {"only live servers are compared with",
	only_live_servers_are_compared_with},
    {"no metric or no sample goes by weight",
	no_metric_or_no_sample_goes_by_weight},
    {"only a bound makes busy", only_a_bound_makes_busy},
    {"a bound of swap needs swap", a_bound_of_swap_needs_swap},
    {"a server that comes up ramps to its load",
	a_server_that_comes_up_ramps_to_its_load},
    {"a stale load ages to its weight", a_stale_load_ages_to_its_weight},
    {"a stale busy server stays busy", a_stale_busy_server_stays_busy},
    {"smoothing takes a share of the newest",
	smoothing_takes_a_share_of_the_newest},
};

UNIT_MAIN("decide/weigh", tests)
