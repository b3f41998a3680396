/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any text as lines of a feed, then a decision made from it, which goes over
 * the wire and comes back. The world is made by hand, small and odd.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/decide/explain.h"
#include "lib/mem.h"
#include "tests/lib/decide/worlds.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct wire {
	struct explanation *e;
	struct line line;
	int last;
};

static void
receive(void *arg, const char *text)
{
	struct wire *w = arg;
	char *copy = mem_text(text);
	const char *why;

	if (line_split(&w->line, copy, strlen(copy), &why) < 0)
		abort();
	w->last = explanation_line(w->e, &w->line);
	if (w->last < 0)
		abort(); /* we do not understand ourselves */
	free(copy);
}

static void
feed(struct view *v, const uint8_t *data, size_t size)
{
	char *text = mem_textn((const char *)data, size), *next, *p;
	struct mono now = {INT64_C(1000000000000)};
	struct line l;
	const char *bad;
	char why[160];

	line_init(&l);
	for (p = text; p != NULL; p = next) {
		next = strchr(p, '\n');
		if (next != NULL)
			*next++ = '\0';
		now.ns += 1000000000;
		if (line_split(&l, p, strlen(p), &bad) == 0)
			(void)view_apply(v, &l, now, why, sizeof(why));
	}
	line_fini(&l);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t seed = 88172645463325252u + (size > 0 ? data[0] % 16 : 0);
	struct world *w = worlds_random(&seed);
	struct view *v = view_new(w);
	struct view_limits limits = {10000000, 20000000, 5};
	struct question q = {.world = w,
	    .rtt_us = -1,
	    .now = {INT64_C(1020000000000)},
	    .loads = v,
	    .paths = v,
	    .load_fresh_us = 1000000};
	struct wire wire = {.e = explanation_new()};
	struct explanation *e;
	struct view_paths paths;

	view_set_limits(v, &limits);
	feed(v, data, size);
	(void)addr_parse("128.9.192.44", &q.client);
	e = explain(&q);
	line_init(&wire.line);
	explanation_send(e, receive, &wire);
	if (wire.last != 1)
		abort();
	view_count_paths(v, q.now, &paths);
	line_fini(&wire.line);
	explanation_free(&wire.e);
	explanation_free(&e);
	view_free(&v);
	world_free(&w);
	return 0;
}
