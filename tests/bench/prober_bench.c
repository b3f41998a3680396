/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What it costs the manager to keep prefixes fresh, SNMP left out: wants,
 * orders, first replies and results of all borders, the lines for directors.
 *   prober_bench PREFIXES BORDERS WINDOWS
 * prints CPU time a window of a prefix, for 10 000 of them, and memory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/mem.h"
#include "manager/encode.h"
#include "manager/prober.h"

#define FRESH_MS 600000

struct bench {
	struct world *world;
	struct manager manager;
	struct prober *prober;
	struct mono now;
	struct {
		int prober;
		struct addr addr;
	} * orders;
	size_t norders, room;
	uint64_t lines, bytes;
};

static void
on_order(void *arg, int prober, const struct addr *a)
{
	struct bench *b = arg;

	if (b->norders == b->room) {
		b->room = b->room > 0 ? 2 * b->room : 1024;
		b->orders = mem_resize(b->orders, b->room, sizeof(*b->orders));
	}
	b->orders[b->norders].prober = prober;
	b->orders[b->norders++].addr = *a;
}

static void
count_text(void *arg, const char *text, size_t len)
{
	struct bench *b = arg;

	(void)text;
	b->lines++;
	b->bytes += len + 1;
}

static void
on_line(void *arg, const struct prober_line *l)
{
	struct bench *b = arg;
	struct emit e = {count_text, b};

	encode_path(b->world, l, &e);
}

static void
on_uplink(void *arg, int border, bool down, enum reason reason)
{
	(void)arg;
	(void)border;
	(void)down;
	(void)reason;
}

static void
make_world(struct bench *b, size_t n)
{
	struct world *w = b->world = mem_new(sizeof(*w));
	size_t i;
	char id[32];

	w->prefix4 = 24;
	w->prefix6 = 48;
	w->nborders = w->nprobers = n;
	w->borders = mem_array(n, sizeof(*w->borders));
	w->probers = mem_array(n, sizeof(*w->probers));
	for (i = 0; i < n; i++) {
		(void)snprintf(id, sizeof(id), "border%zu", i);
		w->borders[i].id = mem_text(id);
		w->probers[i].border = (int)i;
	}
}

static void
answer_all(struct bench *b, enum probe_status status)
{
	struct record r = {.kind = RECORD_RESULT, .server = -1};
	size_t i;

	for (i = 0; i < b->norders; i++) {
		r.prober = b->orders[i].prober;
		r.u.result = (struct record_result){b->orders[i].addr, status,
		    20000 + 1000 * (uint32_t)r.prober, 100, 0, 10, {0, 0}};
		prober_record(b->prober, &r, b->now);
	}
}

static struct addr
client(size_t n)
{
	struct addr a = {.family = AF_INET};

	a.ip[0] = (uint8_t)(1 + n / 65536);
	a.ip[1] = (uint8_t)(n / 256);
	a.ip[2] = (uint8_t)n;
	a.ip[3] = 9;
	return a;
}

/* Until all that is due has been measured: 20 ms a step. */
static void
run_window(struct bench *b, size_t prefixes)
{
	struct mono end = mono_add_ms(b->now, FRESH_MS);
	size_t i, each = prefixes * 20 / FRESH_MS + 1;

	for (i = 0; mono_cmp(b->now, end) < 0;
	     b->now = mono_add_ms(b->now, 20)) {
		size_t k;

		for (k = 0; k < each && i < prefixes; k++) {
			struct addr a = client(i++);

			prober_want(b->prober, &a, b->now);
		}
		prober_tick(b->prober, b->now);
		answer_all(b, PROBE_PROVISIONAL);
		answer_all(b, PROBE_REPLIED);
		b->norders = 0;
	}
}

static double
cpu_s(void)
{
	struct rusage u;

	(void)getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

int
main(int argc, char **argv)
{
	struct bench b = {.now = {INT64_C(1000000000000)}};
	struct prober_events on = {on_order, on_line, on_uplink, &b};
	struct record up = {.kind = RECORD_PROBER, .server = -1};
	struct prober_counts c;
	size_t prefixes, borders, windows, i;
	struct rusage u;
	double begun;

	if (argc != 4) {
		(void)fprintf(stderr, "see the source for its arguments\n");
		return 2;
	}
	log_init("bench", LOG_LEVEL_NONE);
	prefixes = strtoul(argv[1], NULL, 10);
	borders = strtoul(argv[2], NULL, 10);
	windows = strtoul(argv[3], NULL, 10);
	make_world(&b, borders);
	b.manager = (struct manager){.probe_fresh_us = FRESH_MS * INT64_C(1000),
	    .probe_expire_us = INT64_C(86400000000),
	    .probe_rate = 10000,
	    .prefixes = 1000000};
	b.prober = prober_new(b.world, &b.manager, &on, 1, b.now);
	up.u.prober.uplink = STATE_UP;
	for (i = 0; i < borders; i++) {
		up.prober = (int)i;
		prober_record(b.prober, &up, b.now);
	}
	begun = cpu_s();
	for (i = 0; i < windows; i++)
		run_window(&b, prefixes);
	begun = cpu_s() - begun;
	prober_count(b.prober, &c);
	(void)getrusage(RUSAGE_SELF, &u);
	printf("%zu prefixes, %zu borders: %llu windows, %.1f us of CPU each, "
	       "%.0f ms for 10 000; %.1f lines of %.0f bytes a window; "
	       "resident %ld MiB\n",
	    prefixes, borders, (unsigned long long)c.windows,
	    begun * 1e6 / (double)c.windows, begun * 1e7 / (double)c.windows,
	    (double)b.lines / (double)c.windows,
	    (double)b.bytes / (double)b.lines, u.ru_maxrss / 1024);
	return 0;
}
