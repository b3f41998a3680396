/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The decision vectors: a configuration, the lines of a feed, a question, and
 * what every implementation has to answer. All of tests/vectors and, for what
 * came later, tests/vectors-own, or of the directory that HOP_VECTORS names, a
 * test each. What the expected JSON has
 * must be in ours, equal; ours may have more.
 */
#include "lib/decide/explain.h"

#include <glob.h>
#include <math.h>
#include <stdio.h>

#include "lib/conf.h"
#include "lib/mem.h"
#include "tests/json_read.h"
#include "tests/unit.h"

#define VECTORS_LEAST (84 + 44) /* and our own */
#define PROBABILITY   1e-9

/* CUnit's tests take no argument: they are run in order. */
static struct {
	glob_t found;
	size_t next;
} self;

static char *
read_file(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	if (f == NULL)
		return NULL;
	if (getdelim(&text, &size, '\0', f) < 0) {
		free(text);
		text = NULL;
	}
	(void)fclose(f);
	return text;
}

static bool same(const struct json_node *want, const struct json_node *got,
    char *where, size_t room);

static bool
same_members(const struct json_node *want, const struct json_node *got,
    char *where, size_t room)
{
	size_t len = strlen(where);

	for (want = want->child; want != NULL; want = want->next) {
		if (strcmp(want->name, "pins") == 0)
			continue;
		(void)snprintf(where + len, room - len, ".%s", want->name);
		if (!same(want, json_member(got, want->name), where, room))
			return false;
		where[len] = '\0';
	}
	return true;
}

static bool
same_list(const struct json_node *want, const struct json_node *got,
    char *where, size_t room)
{
	size_t len = strlen(where), i;

	want = want->child;
	got = got->child;
	for (i = 0; want != NULL || got != NULL; i++) {
		(void)snprintf(where + len, room - len, "[%zu]", i);
		if (!same(want, got, where, room))
			return false;
		where[len] = '\0';
		want = want->next;
		got = got->next;
	}
	return true;
}

/* Whether `got` has all of `want`; if not, `where` says where it differs. */
static bool
same(const struct json_node *want, const struct json_node *got, char *where,
    size_t room)
{
	if (want == NULL || got == NULL || want->kind != got->kind)
		return false;
	switch (want->kind) {
	case JSON_OBJECT:
		return same_members(want, got, where, room);
	case JSON_ARRAY:
		return same_list(want, got, where, room);
	case JSON_NUMBER:
		return strcmp(want->text, got->text) == 0 ||
		       (strstr(where, "probability") != NULL &&
			   fabs(want->number - got->number) <= PROBABILITY);
	case JSON_TEXT:
	case JSON_BOOL:
	case JSON_NULL:
		break;
	}
	return strcmp(want->text, got->text) == 0;
}

/* Give all lines of a file to a view, which goes on behind a bad one. */
static void
feed(struct view *v, const char *path, struct mono now)
{
	char why[160], *text = NULL;
	const char *bad;
	size_t size = 0;
	struct line l;
	ssize_t len;
	FILE *f = fopen(path, "r");

	line_init(&l);
	while (f != NULL && (len = getline(&text, &size, f)) > 0) {
		if (text[len - 1] == '\n')
			len--;
		if (line_split(&l, text, (size_t)len, &bad) < 0)
			printf("%s: %s\n", path, bad);
		else if (view_apply(v, &l, now, why, sizeof(why)) != VIEW_TAKEN)
			printf("%s: %s\n", path, why);
	}
	line_fini(&l);
	free(text);
	if (f != NULL)
		(void)fclose(f);
}

static const char *
text_of(const struct json_node *n, const char *name)
{
	const struct json_node *m = json_member(n, name);

	return m != NULL && m->kind == JSON_TEXT ? m->text : "";
}

/* The answer to what the expected JSON asks for, as JSON. */
static struct json_node *
answer(const struct world *w, const struct view *v, struct mono now,
    const struct json_node *asked)
{
	const struct json_node *rtt = json_member(asked, "rtt"),
			       *relay = json_member(asked, "relay");
	struct question q = {.world = w,
	    .service = world_service(w, text_of(asked, "service")),
	    .contact = world_site(w, text_of(asked, "contact")),
	    .client_text = text_of(asked, "client"),
	    .relay = relay != NULL && relay->number > 0,
	    .rtt_us = rtt != NULL ? (int64_t)rtt->number : -1,
	    .now = now,
	    .loads = v,
	    .paths = v,
	    .load_fresh_us = INT64_MAX};
	struct explanation *e;
	struct json_node *n;
	char *text = NULL;
	size_t size = 0;
	FILE *out;

	if (q.service < 0 || q.contact < 0 ||
	    addr_parse(q.client_text, &q.client) < 0)
		return NULL;
	out = open_memstream(&text, &size);
	e = explain(&q);
	explanation_json(e, out);
	(void)fclose(out);
	n = json_read(text);
	explanation_free(&e);
	free(text);
	return n;
}

static bool
agrees(const char *xml, const char *lines, const char *json)
{
	struct conf_errors errs = {NULL, 0};
	struct world *w = conf_load(xml, CONF_SECRETS_SKIP, &errs);
	struct mono now = {INT64_C(1000000000000)};
	struct json_node *want, *got;
	char *text = read_file(json), where[200] = "";
	struct view *v;
	bool ok;

	if (w == NULL || text == NULL) {
		printf("%s: cannot be read\n", w == NULL ? xml : json);
		(void)conf_errors_log(&errs);
		conf_errors_free(&errs);
		world_free(&w);
		free(text);
		return false;
	}
	v = view_new(w);
	want = json_read(text);
	feed(v, lines, now);
	got = want != NULL ? answer(w, v, now, want) : NULL;
	ok = same(want, got, where, sizeof(where));
	if (!ok)
		printf("%s: differs at %s (%s)\n", json, where,
		    text_of(want, "pins"));
	json_node_free(want);
	json_node_free(got);
	free(text);
	view_free(&v);
	world_free(&w);
	conf_errors_free(&errs);
	return ok;
}

static void
next_vector_agrees(void)
{
	const char *xml = self.found.gl_pathv[self.next++];
	size_t len = strlen(xml) - strlen("xml");
	char lines[512], json[512];

	(void)snprintf(lines, sizeof(lines), "%.*sfeed", (int)len, xml);
	(void)snprintf(json, sizeof(json), "%.*sjson", (int)len, xml);
	CU_ASSERT(agrees(xml, lines, json));
}

static void
all_vectors_are_there(void)
{
	CU_ASSERT(self.found.gl_pathc >= VECTORS_LEAST);
}

int
main(void)
{
	const char *dir = getenv("HOP_VECTORS");
	struct unit_test *tests;
	char pattern[512];
	size_t n, i;
	int status;

	(void)snprintf(pattern, sizeof(pattern), "%s/*.xml",
	    dir != NULL ? dir : "tests/vectors");
	if (glob(pattern, 0, NULL, &self.found) != 0)
		self.found.gl_pathc = 0;
	else if (dir == NULL)
		(void)glob(
		    "tests/vectors-own/*.xml", GLOB_APPEND, NULL, &self.found);
	n = self.found.gl_pathc;
	tests = mem_array(n + 1, sizeof(*tests));
	for (i = 0; i < n; i++)
		tests[i] = (struct unit_test){
		    self.found.gl_pathv[i], next_vector_agrees};
	if (dir == NULL)
		tests[i++] = (struct unit_test){
		    "all vectors are there", all_vectors_are_there};
	status = unit_run("vectors", tests, i);
	free(tests);
	globfree(&self.found);
	return status;
}
