/* SPDX-License-Identifier: BSD-2-Clause */
/* Looking again and again until ctl/empty.c is content. Owns the answers of
 * one look. */
#include "ctl/wait.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl/call.h"
#include "ctl/empty.h"
#include "ctl/readable.h"
#include "lib/mem.h"
#include "lib/mono.h"
#include "lib/num.h"

#define WAIT_US   INT64_C(3600000000)
#define WAIT_MAX  (31 * 24 * INT64_C(3600000000))
#define QUIET_MS  5000
#define SAMPLE_MS 10000
#define AT_MOST   1000000
#define PROGRESS  160

/* One look at all managers and directors. */
static void
look(struct ctl *c, struct empty *e, const struct target *t, size_t n,
    int64_t max_age_ms)
{
	struct call *call = mem_array(n, sizeof(*call));
	struct tables **answer = mem_array(n, sizeof(*answer));
	size_t i;

	for (i = 0; i < n; i++) {
		answer[i] = tables_new();
		call[i] = (struct call){.to = t[i],
		    .line = "status",
		    .on_line = tables_line,
		    .arg = answer[i]};
	}
	(void)calls_run(c, e->w, call, n); /* its time was checked */
	for (i = 0; i < n; i++)
		if (!call[i].ok)
			tables_free(&answer[i]);
	empty_look(
	    e, t, answer, n, max_age_ms, mono_ms(mono_now(), (struct mono){0}));
	for (i = 0; i < n; i++)
		tables_free(&answer[i]);
	free(answer);
	free(call);
}

static void
text_of(const struct empty *e, char *buf, size_t size)
{
	size_t n = 0;

	if (!e->seen)
		(void)snprintf(buf, size, "no manager answers");
	else if (!e->applied)
		(void)snprintf(buf, size, "not taken out yet");
	else if (e->border != NULL)
		(void)snprintf(
		    buf, size, "waiting until no director sends clients there");
	else {
		if (e->counted > 0)
			n = (size_t)snprintf(buf, size,
			    "%" PRId64 " connection%s", e->connections,
			    e->connections == 1 ? "" : "s");
		if (e->uncounted > 0)
			(void)snprintf(buf + n, size - n,
			    "%s%zu server%s without a fresh count",
			    n > 0 ? ", " : "", e->uncounted,
			    e->uncounted == 1 ? "" : "s");
	}
}

/* On a terminal one line that changes, else a line when it has changed. */
static void
show(const struct ctl *c, const char *text, char *last, int64_t us)
{
	bool tty = isatty(fileno(c->out)) == 1;
	char time[READABLE_TEXT];

	if (c->json || (!tty && strcmp(text, last) == 0))
		return;
	(void)readable_duration(us / 1000000 * 1000000, time, sizeof(time));
	fprintf(c->out, "%s  %s: %s%s", tty ? "\r\033[K" : "", time, text,
	    tty ? "" : "\n");
	(void)fflush(c->out);
	(void)snprintf(last, PROGRESS, "%s", text);
}

static void
mark(const struct world *w, const char *what, const char *id, bool *server)
{
	size_t i;

	for (i = 0; i < w->nservers; i++)
		server[i] =
		    strcmp(what, "server") == 0
			? strcmp(w->servers[i].id, id) == 0
			: strcmp(w->sites[w->servers[i].site].id, id) == 0;
}

static int64_t
total(const struct ctl *c)
{
	int64_t us = WAIT_US;

	if (c->timeout != NULL)
		(void)num_duration(c->timeout, &us); /* it was checked */
	return us;
}

int
wait_check(const struct ctl *c)
{
	int64_t n;

	if (!c->wait && c->at_most != NULL)
		return ctl_usage(c, "--at-most goes with --wait");
	if (c->at_most != NULL && num_parse(c->at_most, 0, AT_MOST, &n) < 0)
		return ctl_usage(
		    c, "--at-most \"%s\": 0 to %d", c->at_most, AT_MOST);
	if (c->wait && c->timeout != NULL &&
	    (num_duration(c->timeout, &n) < 0 || n == 0 || n > WAIT_MAX))
		return ctl_usage(c,
		    "--timeout \"%s\": a time such as 30s or 10m", c->timeout);
	return CTL_OK;
}

static bool
wait_until(struct ctl *c, struct empty *e, const struct target *t, size_t n)
{
	const struct timespec second = {1, 0};
	struct mono begin = mono_now(), now = begin;
	int64_t end = total(c), us = 0, max_age;
	char text[PROGRESS], last[PROGRESS] = "";

	c->timeout = NULL; /* of one answer again */
	for (;;) {
		/* A sample has to be younger than the wait. */
		max_age = us / 1000 < SAMPLE_MS ? us / 1000 : SAMPLE_MS;
		look(c, e, t, n, max_age);
		now = mono_now();
		us = mono_ms(now, begin) * 1000;
		text_of(e, text, sizeof(text));
		show(c, text, last, us);
		if (empty_is(e, QUIET_MS, mono_ms(now, (struct mono){0})))
			return true;
		if (us >= end)
			return false;
		(void)nanosleep(&second, NULL);
	}
}

int
wait_empty(
    struct ctl *c, const struct world *w, const char *what, const char *id)
{
	bool *server = mem_array(w->nservers, sizeof(*server));
	struct empty e = {.w = w, .server = server};
	struct target *t;
	bool empty;

	(void)call_targets(w, &t);
	if (strcmp(what, "border") == 0)
		e.border = id;
	else
		mark(w, what, id, server);
	if (c->at_most != NULL)
		(void)num_parse(c->at_most, 0, AT_MOST, &e.at_most);
	empty_init(&e, mono_ms(mono_now(), (struct mono){0}));
	/* managers, then directors */
	empty = wait_until(c, &e, t, w->nmanagers + w->ndirectors);
	if (!c->json)
		fprintf(c->out, "%s%s %s %s\n",
		    isatty(fileno(c->out)) == 1 ? "\n" : "", what, id,
		    empty ? "is empty" : "is NOT empty, the time is over");
	free(t);
	free(server);
	return empty ? CTL_OK : CTL_FAILED;
}
