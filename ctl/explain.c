/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hopctl explain: where a client would be sent and why, asked of a live
 * director or worked out here from a file of feed lines, by the same code.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/call.h"
#include "ctl/ctl.h"
#include "ctl/near.h"
#include "lib/decide/explain.h"
#include "lib/num.h"

#define RTT_MAX INT64_C(1000000000)

/* What is asked, checked against the world. */
struct asked {
	const struct world *w;
	int service, contact, why_not;
	const char *client_text;
	struct addr client;
	int64_t rtt_us; /* -1: none */
};

static const char *
service_id(const void *arg, size_t i)
{
	return ((const struct world *)arg)->services[i].id;
}

static const char *
site_id(const void *arg, size_t i)
{
	return ((const struct world *)arg)->sites[i].id;
}

static const char *
server_id(const void *arg, size_t i)
{
	return ((const struct world *)arg)->servers[i].id;
}

static const char *
director_id(const void *arg, size_t i)
{
	return ((const struct world *)arg)->directors[i].id;
}

static int
unknown(const struct ctl *c, const struct world *w, const char *word,
    const char *given, const char *(*name)(const void *, size_t), size_t n)
{
	fprintf(c->err, "hopctl explain: no %s \"%s\" in %s", word, given,
	    c->conf_file);
	near_names(c->err, given, name, w, n);
	fputc('\n', c->err);
	return CTL_FAILED;
}

static int
find_names(const struct ctl *c, struct asked *a)
{
	const struct world *w = a->w;

	if (w->nservices == 0)
		return ctl_failed(c, "%s has no service", c->conf_file);
	a->service = c->service != NULL ? world_service(w, c->service) : 0;
	if (a->service < 0)
		return unknown(
		    c, w, "service", c->service, service_id, w->nservices);
	a->contact = world_site(w, c->contact);
	if (a->contact < 0)
		return unknown(c, w, "site", c->contact, site_id, w->nsites);
	a->why_not = c->why_not != NULL ? world_server(w, c->why_not) : -1;
	if (c->why_not != NULL && a->why_not < 0)
		return unknown(
		    c, w, "server", c->why_not, server_id, w->nservers);
	return CTL_OK;
}

/* The part of the question that needs no world. */
static int
parse(const struct ctl *c, struct asked *a, int argc, char **argv)
{
	if (c->contact == NULL)
		return ctl_usage(
		    c, "--contact SITE says where the request comes in");
	if (argc == 0)
		return ctl_usage(c, "which client? Give its address");
	if (argc > 1)
		return ctl_usage(c, "\"%s\": one client at a time", argv[1]);
	a->client_text = argv[0];
	if (addr_parse(argv[0], &a->client) < 0)
		return ctl_usage(
		    c, "\"%s\" is no IPv4 or IPv6 address", argv[0]);
	a->rtt_us = -1;
	if (c->rtt != NULL && num_parse(c->rtt, 0, RTT_MAX, &a->rtt_us) < 0 &&
	    (num_duration(c->rtt, &a->rtt_us) < 0 || a->rtt_us > RTT_MAX))
		return ctl_usage(c,
		    "--rtt \"%s\": microseconds, or a time such as 35ms",
		    c->rtt);
	return CTL_OK;
}

static void
show(const struct ctl *c, const struct explanation *e)
{
	if (c->json)
		explanation_json(e, c->out);
	else if (c->why_not != NULL)
		explanation_why(e, c->why_not, c->out);
	else
		explanation_print(e, c->out);
}

/* Offline: a file of lines. */

/* Lines of a recorded feed that say nothing of loads, states and paths. */
static bool
is_talk(const char *verb)
{
	static const char *const talk[] = {
	    "hello", "beat", "synced", "resync", "want", "admin"};
	size_t i;

	for (i = 0; i < sizeof(talk) / sizeof(talk[0]); i++)
		if (strcmp(verb, talk[i]) == 0)
			return true;
	return false;
}

/* As a director takes it: a bad line is told and left out. */
static void
take_line(const struct ctl *c, struct view *v, struct line *l, struct mono now,
    char *text, size_t len, size_t number)
{
	char why[400];
	const char *bad;

	if (len == 0 || text[0] == '#')
		return;
	if (line_split(l, text, len, &bad) < 0) {
		fprintf(c->err, "%s:%zu: %s\n", c->feed, number, bad);
		return;
	}
	switch (view_apply(v, l, now, why, sizeof(why))) {
	case VIEW_TAKEN:
		break;
	case VIEW_OTHER:
		if (!is_talk(l->field[0]))
			fprintf(c->err, "%s:%zu: unknown verb %s\n", c->feed,
			    number, l->field[0]);
		break;
	case VIEW_UNKNOWN_NAME:
	case VIEW_MALFORMED:
		fprintf(c->err, "%s:%zu: %s\n", c->feed, number, why);
		break;
	}
}

static int
read_feed(const struct ctl *c, struct view *v, struct mono now)
{
	bool std = strcmp(c->feed, "-") == 0;
	FILE *f = std ? stdin : fopen(c->feed, "r");
	char *text = NULL;
	size_t room = 0, number = 0, n;
	ssize_t len;
	struct line l;
	bool failed;

	if (f == NULL)
		return ctl_failed(c, "%s: %s", c->feed, strerror(errno));
	line_init(&l);
	while ((len = getline(&text, &room, f)) >= 0) {
		n = (size_t)len;
		if (n > 0 && text[n - 1] == '\n')
			n--;
		number++;
		if (n >= LINE_MAX_BYTES)
			fprintf(c->err,
			    "%s:%zu: a line of more than %d bytes\n", c->feed,
			    number, LINE_MAX_BYTES);
		else
			take_line(c, v, &l, now, text, n, number);
	}
	failed = ferror(f) != 0;
	line_fini(&l);
	free(text);
	if (!std)
		(void)fclose(f);
	return failed ? ctl_failed(c, "%s cannot be read", c->feed) : CTL_OK;
}

static int
offline(const struct ctl *c, const struct asked *a)
{
	struct mono now = mono_now(); /* the lines are as old as the answer */
	struct view *v = view_new(a->w);
	struct explanation *e;
	int status = read_feed(c, v, now);

	if (status == CTL_OK) {
		const struct question q = {
		    .world = a->w,
		    .service = a->service,
		    .contact = a->contact,
		    .client = a->client,
		    .client_text = a->client_text,
		    .relay = c->relay,
		    .rtt_us = a->rtt_us,
		    .now = now,
		    .loads = v,
		    .paths = v,
		    .load_fresh_us = INT64_MAX,
		};

		e = explain(&q);
		show(c, e);
		explanation_free(&e);
	}
	view_free(&v);
	return status;
}

/* Live: a director. */

static enum call_line
on_line(void *arg, const struct line *l)
{
	switch (explanation_line(arg, l)) {
	case 0:
		return CALL_GO_ON;
	case 1:
		return CALL_DONE;
	default:
		return CALL_MALFORMED;
	}
}

/* One director; true if it answered. */
static bool
ask_one(struct ctl *c, const struct asked *a, const struct target *t,
    const char *line, int *status)
{
	struct explanation *e = explanation_new();
	struct call call = {
	    .to = *t, .line = line, .on_line = on_line, .arg = e};

	if (calls_run(c, a->w, &call, 1) < 0) {
		*status = CTL_USAGE;
	} else if (call.ok) {
		*status = CTL_OK;
		if (strcmp(call.hash, a->w->hash) != 0)
			fprintf(c->err,
			    "hopctl explain: director %s runs another "
			    "configuration than %s\n",
			    t->id, c->conf_file);
		show(c, e);
	} else {
		*status = ctl_failed(c, "director %s: %s", t->id, call.why);
	}
	explanation_free(&e);
	return *status != CTL_FAILED;
}

static int
live(struct ctl *c, const struct asked *a)
{
	char line[1024], rtt[32] = "";
	struct target *t;
	size_t n = call_targets(a->w, &t), i, found = 0;
	int status = CTL_FAILED;

	if (a->rtt_us >= 0)
		(void)snprintf(
		    rtt, sizeof(rtt), " rtt=%lld", (long long)a->rtt_us);
	(void)snprintf(line, sizeof(line), "explain %s %s %s%s%s",
	    a->w->services[a->service].id, a->w->sites[a->contact].id,
	    a->client_text, rtt, c->relay ? " relay=1" : "");
	for (i = 0; i < n; i++) {
		if (strcmp(t[i].program, "hopdirectord") != 0 ||
		    (c->director != NULL && strcmp(c->director, t[i].id) != 0))
			continue;
		found++;
		if (ask_one(c, a, &t[i], line, &status))
			break;
	}
	free(t);
	if (found == 0 && c->director != NULL)
		return unknown(c, a->w, "director", c->director, director_id,
		    a->w->ndirectors);
	if (found == 0)
		return ctl_failed(c,
		    "%s has no director; --feed FILE explains offline",
		    c->conf_file);
	return status;
}

int
explain_run(struct ctl *c, int argc, char **argv)
{
	struct asked a = {0};
	struct world *w;
	int status = parse(c, &a, argc, argv);

	if (status != CTL_OK)
		return status;
	w = ctl_load(c);
	if (w == NULL)
		return CTL_FAILED;
	a.w = w;
	status = find_names(c, &a);
	if (status == CTL_OK)
		status = c->feed != NULL ? offline(c, &a) : live(c, &a);
	world_free(&w);
	return status;
}
