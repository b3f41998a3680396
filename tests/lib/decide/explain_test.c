/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What people and machines are shown of a decision, against golden files in
 * tests/golden/explain; UPDATE_GOLDEN=1 writes them anew. And the way there
 * over the wire: what arrives shows the same.
 */
#include "lib/decide/explain.h"

#include <string.h>

#include "lib/decide/explanation.h"
#include "lib/mem.h"
#include "lib/ranges.h"
#include "tests/lib/decide/worlds.h"
#include "tests/unit.h"

#define GOLDEN "tests/golden/explain/"
#define S      INT64_C(1000000000)
#define NOW    (INT64_C(100000) * S)

static struct {
	struct world *w;
	struct view *v;
	struct question q;
	struct line line;
	uint32_t drawn[6];
} self;

static void
say(const char *text, int64_t ns)
{
	char copy[256], why[160];
	const char *bad;

	(void)snprintf(copy, sizeof(copy), "%s", text);
	CU_ASSERT_EQUAL_FATAL(
	    line_split(&self.line, copy, strlen(copy), &bad), 0);
	CU_ASSERT_EQUAL_FATAL(
	    view_apply(self.v, &self.line, (struct mono){ns}, why, sizeof(why)),
	    VIEW_TAKEN);
}

/* Three sites, border3 is the second of site0, two servers a site. */
static void
begin(void)
{
	self.w = worlds_new(3, 4, 6);
	self.v = view_new(self.w);
	line_init(&self.line);
	memset(self.drawn, 0, sizeof(self.drawn));
	self.q = (struct question){.world = self.w,
	    .rtt_us = -1,
	    .now = {NOW + 12 * S},
	    .loads = self.v,
	    .paths = self.v,
	    .load_fresh_us = INT64_MAX};
	(void)addr_parse("128.9.192.44", &self.q.client);
	say("borders unit=us border0 border1 border2 border3", NOW);
}

static void
end(void)
{
	line_fini(&self.line);
	view_free(&self.v);
	world_free(&self.w);
}

static void
say_the_usual(void)
{
	say("ping 128.9.192.0/24 40000 41500 9999999 -", NOW);
	say("load server0 1000 server1 2000 server2 3000 server3 0", NOW);
	say("load server4 4000 server5 5000 age=400", NOW);
	say("state server4 down agent-timeout", NOW);
	say("state server5 down taken%20out%20by%20Ann", NOW);
	say("state border:border3 draining by-operator", NOW);
	say("metrics server0 connections=12/2000 cpu=93.10", NOW);
}

typedef void (*show)(const struct explanation *e, FILE *out);

static char *
shown(const struct explanation *e, show how)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	how(e, out);
	(void)fclose(out);
	return text;
}

static char *
read_golden(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	if (f == NULL)
		return mem_text("");
	if (getdelim(&text, &size, '\0', f) < 0)
		text[0] = '\0';
	(void)fclose(f);
	return text;
}

static void
is_golden(const struct explanation *e, show how, const char *name)
{
	char *text = shown(e, how), *golden, path[128];
	FILE *f;

	(void)snprintf(path, sizeof(path), GOLDEN "%s", name);
	if (getenv("UPDATE_GOLDEN") != NULL) {
		f = fopen(path, "w");
		CU_ASSERT_PTR_NOT_NULL_FATAL(f);
		(void)fputs(text, f);
		(void)fclose(f);
	}
	golden = read_golden(path);
	if (strcmp(text, golden) != 0)
		printf("not as in %s:\n%s\n", path, text);
	CU_ASSERT_STRING_EQUAL(text, golden);
	free(golden);
	free(text);
}

struct wire {
	struct explanation *e;
	struct line line;
	int last;
	size_t lines;
};

static void
receive(void *arg, const char *text)
{
	struct wire *w = arg;
	char *copy = mem_text(text);
	const char *why;

	CU_ASSERT_EQUAL(w->last, 0);
	CU_ASSERT_EQUAL(line_split(&w->line, copy, strlen(copy), &why), 0);
	w->last = explanation_line(w->e, &w->line);
	w->lines++;
	free(copy);
}

/* Send it, take it in, and show both. */
static void
travels(const struct explanation *e)
{
	struct wire w = {.e = explanation_new()};
	char *sent, *come;

	line_init(&w.line);
	explanation_send(e, receive, &w);
	CU_ASSERT_EQUAL(w.last, 1);
	sent = shown(e, explanation_json);
	come = shown(w.e, explanation_json);
	CU_ASSERT_STRING_EQUAL(sent, come);
	free(sent);
	free(come);
	sent = shown(e, explanation_print);
	come = shown(w.e, explanation_print);
	CU_ASSERT_STRING_EQUAL(sent, come);
	free(sent);
	free(come);
	explanation_free(&w.e);
	line_fini(&w.line);
}

static void
is_shown_as(const char *name)
{
	struct explanation *e = explain(&self.q);
	char file[64];

	(void)snprintf(file, sizeof(file), "%s.txt", name);
	is_golden(e, explanation_print, file);
	(void)snprintf(file, sizeof(file), "%s.json", name);
	is_golden(e, explanation_json, file);
	travels(e);
	explanation_free(&e);
	CU_ASSERT_PTR_NULL(e);
}

static void
a_decision_by_path_and_load(void)
{
	begin();
	say_the_usual();
	self.drawn[0] = 13;
	self.q.assigned = self.drawn;
	is_shown_as("usual");
	end();
}

/* As a director decides: server1, of whom no load is known, was drawn, so it is
 * no longer the best by its weight. */
static void
draws_count_where_a_weight_stands_in_for_a_load(void)
{
	struct explanation *e;

	begin();
	self.w->policies[0].select = SELECT_BEST;
	self.w->policies[0].path = false;
	say("load server0 2000", NOW);
	say("state server2 down agent-timeout", NOW);
	say("state server3 down agent-timeout", NOW);
	say("state server4 down agent-timeout", NOW);
	say("state server5 down agent-timeout", NOW);
	self.q.assigned = self.drawn;
	e = explain(&self.q);
	CU_ASSERT_EQUAL_FATAL(e->ncandidates, 1);
	CU_ASSERT_STRING_EQUAL(e->candidates[0].server, "server1");
	explanation_free(&e);
	self.drawn[1] = 9;
	e = explain(&self.q);
	CU_ASSERT_EQUAL_FATAL(e->ncandidates, 1);
	CU_ASSERT_STRING_EQUAL(e->candidates[0].server, "server0");
	explanation_free(&e);
	end();
}

static void
a_client_nobody_has_measured(void)
{
	begin();
	self.q.paths = self.q.loads = NULL;
	self.q.client_text = "::ffff:128.9.192.44";
	self.q.rtt_us = 30000;
	self.q.relay = true;
	is_shown_as("unmeasured");
	end();
}

static void
all_are_busy(void)
{
	struct view_limits limits = {10000000, 60000000, 100};

	begin();
	view_set_limits(self.v, &limits);
	say_the_usual();
	say("load server0 0 server1 0 server2 0 server3 0", NOW);
	say("state server1 overloaded ram-low", NOW);
	self.q.load_fresh_us = 6000000;
	is_shown_as("busy");
	self.w->services[0].all_busy = ALL_BUSY_REFUSE;
	is_shown_as("refused");
	end();
}

static void
servers_that_no_path_leads_to(void)
{
	begin();
	self.w->unmeasured = UNMEASURED_SPREAD;
	self.w->policies[0].select = SELECT_BEST;
	say("ping 128.9.192.44 - - 9999999 -", NOW);
	say("state server0 unknown not-judged-yet", NOW);
	is_shown_as("spread");
	self.w->policies[0].path = false;
	is_shown_as("without-path");
	end();
}

/* A preference of the service for the client's network. */
static void
prefer(int site, int border, int server)
{
	struct prefers *p = &self.w->services[0].prefers;

	if (p->list == NULL)
		p->list = mem_array(1, sizeof(*p->list));
	p->n = 1;
	p->list[0] = (struct prefer){
	    .site = site, .border = border, .server = server, .own = true};
	(void)prefix_parse("128.9.0.0/16", &p->list[0].client);
	ranges_free(&p->ranges);
	p->ranges = ranges_new(&p->list[0].client, 1);
}

static void
preferences_backups_and_the_sticky(void)
{
	begin();
	say_the_usual();
	prefer(2, -1, 2);
	is_shown_as("preferred");
	say("state server2 overloaded at-limit", NOW);
	prefer(2, 1, -1);
	self.w->services[0].sticky = true;
	is_shown_as("ignored");
	say("state server0 draining by-operator", NOW);
	say("state server1 draining by-operator", NOW);
	say("state server2 draining by-operator", NOW);
	self.w->services[0].backup[3] = true;
	is_shown_as("backup");
	end();
}

static void
the_worse_word_on_a_border_counts(void)
{
	struct view *other;
	struct explanation *e;
	char *text;

	begin();
	say_the_usual();
	other = self.v;
	self.v = view_new(self.w);
	say("state border:border0 down no-canary", NOW);
	self.q.paths = self.v;
	self.q.loads = other;
	e = explain(&self.q);
	text = shown(e, explanation_print);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "no-canary"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "by-operator"));
	free(text);
	explanation_free(&e);
	view_free(&other);
	end();
}

static void
why_says(const struct explanation *e, const char *server, const char *what)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	explanation_why(e, server, out);
	(void)fclose(out);
	if (strstr(text, what) == NULL)
		printf("no '%s' in: %s\n", what, text);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, what));
	free(text);
}

static void
it_answers_why_not_this_server(void)
{
	struct explanation *e;

	begin();
	say_the_usual();
	self.w->policies[0].fuzz_ppm = 0;
	e = explain(&self.q);
	why_says(e, "server0", "in 100.00 % of all cases");
	why_says(e, "server1", "nearer band");
	why_says(e, "server1", "best path is via border1, 62.250 ms");
	why_says(e, "server4", "down: agent-timeout");
	why_says(e, "server5", "down: taken out by Ann");
	why_says(e, "nobody", "no server of service service0");
	explanation_free(&e);
	end();
}

/* With all of one band, and the loads of two servers that are not down. */
static struct explanation *
sticky_with_loads(int load0, int load1)
{
	char text[80];

	self.w->policies[0].path = false;
	self.w->services[0].sticky = true;
	(void)snprintf(
	    text, sizeof(text), "load server0 %d server1 %d", load0, load1);
	say(text, NOW);
	say("state server2 down x", NOW);
	say("state server3 down x", NOW);
	return explain(&self.q);
}

static void
it_answers_why_not_with_wishes(void)
{
	struct explanation *e;

	begin();
	say_the_usual();
	self.w->services[0].backup[1] = true;
	prefer(0, -1, -1);
	e = explain(&self.q);
	why_says(e, "server1", "it is a backup and others are left");
	why_says(e, "server2", "others are preferred for these clients");
	explanation_free(&e);
	end();
	begin();
	say_the_usual();
	e = sticky_with_loads(10000, 10000);
	why_says(e, "server0", "in 100.00 % of all cases");
	why_says(e, "server1", "another server has the client's prefix");
	explanation_free(&e);
	e = sticky_with_loads(1, 10000);
	why_says(e, "server1", "in 100.00 % of all cases");
	why_says(e, "server0", "much fuller than the others");
	explanation_free(&e);
	end();
}

static void
malformed_lines_are_refused(void)
{
	static const char *const bad[] = {"asked", "asked a b c d", "measured",
	    "replies", "replies x", "replies 1 contradictions=x",
	    "border b up - 1", "path a b", "path a b c", "path a b -5",
	    "path a b 9999999999999999999", "band 1", "candidate a b c d e 1",
	    "candidate a b c d e 1 0", "candidate a b c d e - 1",
	    "candidate a b c d e 1 10001", "excluded a", "explained", "best 1",
	    "excluded", "prefer", "sticky"};
	struct explanation *e;
	struct line l;
	const char *why;
	char text[128];
	size_t i;

	line_init(&l);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		e = explanation_new();
		(void)snprintf(text, sizeof(text), "%s", bad[i]);
		CU_ASSERT_EQUAL(line_split(&l, text, strlen(text), &why), 0);
		CU_ASSERT_EQUAL(explanation_line(e, &l), -1);
		explanation_free(&e);
	}
	line_fini(&l);
}

static const struct unit_test tests[] = {
    {"a decision by path and load", a_decision_by_path_and_load},
    {"draws count where a weight stands in for a load",
	draws_count_where_a_weight_stands_in_for_a_load},
    {"a client nobody has measured", a_client_nobody_has_measured},
    {"all are busy", all_are_busy},
    {"servers that no path leads to", servers_that_no_path_leads_to},
    {"preferences, backups and the sticky", preferences_backups_and_the_sticky},
    {"it answers why not with wishes", it_answers_why_not_with_wishes},
    {"the worse word on a border counts", the_worse_word_on_a_border_counts},
    {"it answers why not this server", it_answers_why_not_this_server},
    {"malformed lines are refused", malformed_lines_are_refused},
};

UNIT_MAIN("decide/explain", tests)
