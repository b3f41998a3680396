/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Herding: servers under `best` between two samples, with and without the
 * clients counted that were sent there since.
 */
#include "lib/decide/assign.h"

#include "lib/decide/pick.h"
#include "tests/unit.h"

#define SERVERS  10
#define RATE     20000 /* clients a second */
#define HOLD     0.5 /* s, mean time of a connection: 1 000 a server is fair */
#define SAMPLE   2   /* s between two samples */
#define SECONDS  20
#define OPEN_MAX 20000 /* connections that can be open at once */

#define CONNECTIONS(s, w)                                                     \
	{                                                                     \
		.select = (s), .metric = {                                    \
			[METRIC_CONNECTIONS] = {.used = true, .weight = (w)}, \
		}                                                             \
	}

static const struct policy best_connections = CONNECTIONS(SELECT_BEST, 1);
static const struct policy weighted_connections =
    CONNECTIONS(SELECT_WEIGHTED, 3);

struct farm {
	uint64_t random;
	double end[OPEN_MAX]; /* heap: when each connection ends, and where */
	int at[OPEN_MAX];
	size_t n;
	int open[SERVERS];
	int64_t seen[SERVERS]; /* in the last sample */
	int load[SERVERS];
	uint32_t drawn[SERVERS];
	int most;
};

static uint64_t
random_of(struct farm *f)
{
	f->random ^= f->random << 13;
	f->random ^= f->random >> 7;
	f->random ^= f->random << 17;
	return f->random;
}

static void
swap(struct farm *f, size_t i, size_t j)
{
	double end = f->end[i];
	int at = f->at[i];

	f->end[i] = f->end[j];
	f->at[i] = f->at[j];
	f->end[j] = end;
	f->at[j] = at;
}

static void
connect_to(struct farm *f, int server, double end)
{
	size_t i = f->n++;

	CU_ASSERT_FATAL(f->n <= OPEN_MAX);
	f->end[i] = end;
	f->at[i] = server;
	for (; i > 0 && f->end[(i - 1) / 2] > f->end[i]; i = (i - 1) / 2)
		swap(f, i, (i - 1) / 2);
	if (++f->open[server] > f->most)
		f->most = f->open[server];
}

static void
disconnect_until(struct farm *f, double now)
{
	size_t i, c;

	while (f->n > 0 && f->end[0] <= now) {
		f->open[f->at[0]]--;
		swap(f, 0, --f->n);
		for (i = 0; (c = 2 * i + 1) < f->n; i = c) {
			if (c + 1 < f->n && f->end[c + 1] < f->end[c])
				c++;
			if (f->end[i] <= f->end[c])
				break;
			swap(f, i, c);
		}
	}
}

/* (1+fewest)/(1+open), as the `connections` of a policy. */
static void
sample(struct farm *f)
{
	int fewest = f->open[0], i;

	for (i = 1; i < SERVERS; i++)
		if (f->open[i] < fewest)
			fewest = f->open[i];
	for (i = 0; i < SERVERS; i++) {
		f->seen[i] = f->open[i];
		f->load[i] = LOAD_MAX * (1 + fewest) / (1 + f->open[i]);
		f->drawn[i] = 0;
	}
}

enum counting { COUNT_NOTHING, COUNT_CONNECTIONS, COUNT_BLINDLY };

static int
load_now(const struct farm *f, int i, enum counting how)
{
	if (how == COUNT_NOTHING)
		return f->load[i];
	return assign_load(f->load[i], &best_connections,
	    how == COUNT_CONNECTIONS ? f->seen[i] : -1, f->drawn[i]);
}

/* The highest load; ties drawn evenly. */
static int
best(struct farm *f, enum counting how)
{
	int most = 0, ties = 0, chosen = 0, i;

	for (i = 0; i < SERVERS; i++) {
		int load = load_now(f, i, how);

		if (load > most)
			ties = 0;
		if (load < most)
			continue;
		most = load;
		ties++;
		if (random_of(f) % (uint64_t)ties == 0)
			chosen = i;
	}
	return chosen;
}

/* An exponential time of mean HOLD, without libm's random numbers. */
static double
hold(struct farm *f)
{
	double t = 0, chance = 1.0 / 64;

	/* Steps of a 64th of the mean, each the last with chance 1/64. */
	do
		t += HOLD / 64;
	while ((double)(random_of(f) >> 11) / 9007199254740992.0 >= chance);
	return t;
}

/* The most connections that one server had. */
static int
most_connections(enum counting how)
{
	static struct farm f;
	size_t n;

	f = (struct farm){.random = UINT64_C(88172645463325252)};
	for (n = 0; n < (size_t)RATE * SECONDS; n++) {
		double now = (double)n / RATE;
		int server;

		disconnect_until(&f, now);
		if (n % ((size_t)RATE * SAMPLE) == 0)
			sample(&f);
		server = best(&f, how);
		f.drawn[server]++;
		connect_to(&f, server, now + hold(&f));
	}
	return f.most;
}

static void
without_counting_all_run_to_one_server(void)
{
	int most = most_connections(COUNT_NOTHING);

	printf("not counted: %d connections on one server\n", most);
	CU_ASSERT(most > 9000);
}

static void
counted_as_connections_they_spread(void)
{
	int most = most_connections(COUNT_CONNECTIONS);

	printf("counted as connections: %d, fair is 1000\n", most);
	CU_ASSERT(most < 1265);
}

static void
counted_without_known_connections_they_spread_too(void)
{
	int most = most_connections(COUNT_BLINDLY);

	printf("counted blindly: %d, fair is 1000\n", most);
	CU_ASSERT(most < 1265);
}

static void
a_draw_counts_as_one_more_connection(void)
{
	CU_ASSERT_EQUAL(assign_load(8000, &best_connections, 9, 0), 8000);
	CU_ASSERT_EQUAL(assign_load(8000, &best_connections, 9, 10), 4000);
	CU_ASSERT_EQUAL(assign_load(8000, &weighted_connections, 9, 10), 4000);
	CU_ASSERT_EQUAL(assign_load(8000, &best_connections, 0, 7), 1000);
}

static void
unknown_connections_matter_under_best_only(void)
{
	CU_ASSERT_EQUAL(assign_load(8000, &best_connections, -1, 7), 1000);
	CU_ASSERT_EQUAL(assign_load(8000, &weighted_connections, -1, 7), 8000);
}

static void
connections_count_for_their_share_of_the_policy(void)
{
	struct policy p = CONNECTIONS(SELECT_WEIGHTED, 2);

	p.metric[METRIC_RAM].used = true;
	p.metric[METRIC_RAM].weight = 2;
	CU_ASSERT_EQUAL(assign_load(8000, &p, 0, 3), 4000);
	p.metric[METRIC_CONNECTIONS].used = false;
	CU_ASSERT_EQUAL(assign_load(8000, &p, 0, 3), 8000);
	p.select = SELECT_BEST;
	CU_ASSERT_EQUAL(assign_load(8000, &p, 9, 3), 2000);
}

static void
busy_stays_busy_and_nobody_becomes_busy(void)
{
	CU_ASSERT_EQUAL(assign_load(0, &best_connections, 5, 100), 0);
	CU_ASSERT_EQUAL(
	    assign_load(LOAD_UNKNOWN, &best_connections, 5, 100), LOAD_UNKNOWN);
	CU_ASSERT_EQUAL(assign_load(1, &best_connections, 0, UINT32_MAX), 1);
	CU_ASSERT_EQUAL(
	    assign_load(LOAD_MAX, &best_connections, INT64_MAX, UINT32_MAX),
	    LOAD_MAX - 1);
}

static const struct unit_test tests[] = {
    {"without counting all run to one server",
	without_counting_all_run_to_one_server},
    {"counted as connections they spread", counted_as_connections_they_spread},
    {"counted without known connections they spread too",
	counted_without_known_connections_they_spread_too},
    {"a draw counts as one more connection",
	a_draw_counts_as_one_more_connection},
    {"unknown connections matter under best only",
	unknown_connections_matter_under_best_only},
    {"connections count for their share of the policy",
	connections_count_for_their_share_of_the_policy},
    {"busy stays busy and nobody becomes busy",
	busy_stays_busy_and_nobody_becomes_busy},
};

UNIT_MAIN("decide/assign", tests)
