/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decisions a second of one core: 100 servers at 20 sites with 20 exits, whose
 * rows are computed anew for each client, or come from a cache; and what
 * finding a client among a million prefixes costs. No daemon, no socket.
 *   decide_bench [SECONDS-EACH]
 */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "lib/decide/pick.h"
#include "lib/decide/score.h"
#include "lib/line.h"
#include "lib/num.h"
#include "lib/view.h"
#include "tests/lib/decide/worlds.h"

#define SITES    20
#define BORDERS  20
#define SERVERS  100
#define PREFIXES 1000000

struct bench {
	struct world *w;
	struct view *v;
	struct pick_scratch *scratch;
	uint64_t seed, sum; /* so that nothing is optimised away */
	int64_t ping[BORDERS];
	bool up[BORDERS];
	struct row rows[SITES * BORDERS];
	enum state state[SERVERS];
	int load[SERVERS];
	struct candidate candidates[SERVERS];
	struct pick pick;
};

static double
cpu_seconds(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
score(struct bench *b)
{
	struct score_input in = {.world = b->w,
	    .contact = roll(&b->seed, SITES),
	    .rtt_us = -1,
	    .ping_us = b->ping,
	    .border_up = b->up};

	b->ping[roll(&b->seed, BORDERS)] = 20000 + roll(&b->seed, 100000);
	score_rows(&in, b->rows, NULL);
	b->sum += (uint64_t)b->rows[0].metric_us;
}

static void
draw(struct bench *b)
{
	struct pick_input in = {.world = b->w,
	    .service = &b->w->services[0],
	    .family = AF_INET,
	    .rows = b->rows,
	    .nrows = SITES * BORDERS,
	    .border_up = b->up,
	    .state = b->state,
	    .load = b->load};

	b->pick.candidates = b->candidates;
	pick_candidates(&in, b->scratch, &b->pick);
	b->sum += (uint64_t)pick_draw(
	    &b->pick, (uint32_t)roll(&b->seed, (int)b->pick.total))
		      ->use;
}

static void
both(struct bench *b)
{
	score(b);
	draw(b);
}

static void
find(struct bench *b)
{
	struct view_ping p;
	struct addr a = {.family = AF_INET};
	uint64_t x = dice(&b->seed);

	a.ip[0] = (uint8_t)(x >> 8 & 15);
	a.ip[1] = (uint8_t)(x >> 16);
	a.ip[2] = (uint8_t)(x >> 24);
	a.ip[3] = (uint8_t)(x >> 32);
	b->sum += view_ping(b->v, &a, b->up, (struct mono){1}, &p)
		      ? (uint64_t)p.ping_us[0]
		      : 0;
}

static void
tell(struct bench *b)
{
	static uint32_t n;
	struct line l;
	char text[512], why[160];
	const char *bad;
	int at, i;

	n = (n + 1) % PREFIXES;
	at = snprintf(text, sizeof(text), "ping %u.%u.%u.0/24",
	    (unsigned)n >> 16 & 255, (unsigned)n >> 8 & 255, (unsigned)n & 255);
	for (i = 0; i < BORDERS; i++)
		at += snprintf(text + at, sizeof(text) - (size_t)at, " %d",
		    roll(&b->seed, 200000));
	line_init(&l);
	if (line_split(&l, text, (size_t)at, &bad) == 0)
		b->sum +=
		    view_apply(b->v, &l, (struct mono){1}, why, sizeof(why));
	line_fini(&l);
}

static void
measure(struct bench *b, const char *what, void (*one)(struct bench *b),
    double seconds)
{
	double start = cpu_seconds(), took;
	size_t n = 0, i;

	do {
		for (i = 0; i < 1000; i++)
			one(b);
		n += 1000;
		took = cpu_seconds() - start;
	} while (took < seconds);
	printf("%-46s %10.0f a second, %7.2f us each\n", what, (double)n / took,
	    took * 1e6 / (double)n);
}

static void
begin(struct bench *b)
{
	char text[512] = "borders";
	struct line l;
	char why[160];
	const char *bad;
	int i;

	b->seed = 88172645463325252u;
	b->w = worlds_new(SITES, BORDERS, SERVERS);
	b->v = view_new(b->w);
	b->scratch = pick_scratch_new(b->w);
	for (i = 0; i < BORDERS; i++) {
		b->up[i] = true;
		b->ping[i] = 20000 + roll(&b->seed, 100000);
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text),
		    " %s", b->w->borders[i].id);
	}
	for (i = 0; i < SERVERS; i++) {
		b->state[i] = STATE_UP;
		b->load[i] = roll(&b->seed, 10000) + 1;
	}
	line_init(&l);
	if (line_split(&l, text, strlen(text), &bad) == 0)
		(void)view_apply(b->v, &l, (struct mono){1}, why, sizeof(why));
	line_fini(&l);
}

int
main(int argc, char **argv)
{
	static struct bench b;
	struct rusage usage;
	int64_t seconds = 1;
	int i;

	if (argc > 1 && num_parse(argv[1], 1, 60, &seconds) < 0) {
		fprintf(stderr, "usage: decide_bench [SECONDS-EACH]\n");
		return 2;
	}
	begin(&b);
	printf("%d servers, %d sites, %d borders\n", SERVERS, SITES, BORDERS);
	measure(&b, "score and pick", both, (double)seconds);
	measure(&b, "pick, rows from a cache", draw, (double)seconds);
	b.w->policies[0].path = false;
	measure(
	    &b, "pick without path, rows from a cache", draw, (double)seconds);
	b.w->policies[0].path = true;
	for (i = 1; i < SERVERS; i++)
		b.load[i] = 0;
	measure(&b, "pick, rows from a cache, all but one busy", draw,
	    (double)seconds);
	for (i = 0; i < PREFIXES; i++)
		tell(&b);
	measure(
	    &b, "ping lines taken, a million prefixes", tell, (double)seconds);
	measure(&b, "find a client among a million prefixes", find,
	    (double)seconds);
	(void)getrusage(RUSAGE_SELF, &usage);
	printf("memory: %ld MiB (%llu)\n", usage.ru_maxrss / 1024,
	    (unsigned long long)b.sum % 10);
	pick_scratch_free(&b.scratch);
	view_free(&b.v);
	world_free(&b.w);
	return 0;
}
