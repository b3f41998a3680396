/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hopctl status: every daemon of the configuration is asked for its tables;
 * who cannot be reached, and who has another configuration, is said first.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/call.h"
#include "ctl/ctl.h"
#include "ctl/near.h"
#include "ctl/sockets.h"
#include "ctl/tables.h"
#include "lib/mem.h"

struct asked {
	struct call *call;
	struct tables **tables; /* one a call */
	size_t n;
};

static void
init(struct asked *a, const struct target *t, size_t n, const char *only)
{
	size_t i;

	a->call = mem_array(n, sizeof(*a->call));
	a->tables = mem_array(n, sizeof(*a->tables));
	for (i = 0; i < n; i++) {
		if (only != NULL && strcmp(only, t[i].id) != 0)
			continue;
		a->tables[a->n] = tables_new();
		a->call[a->n] = (struct call){.to = t[i],
		    .line = "status",
		    .on_line = tables_line,
		    .arg = a->tables[a->n]};
		a->n++;
	}
}

static void
fini(struct asked *a)
{
	size_t i;

	for (i = 0; i < a->n; i++)
		tables_free(&a->tables[i]);
	free(a->tables);
	free(a->call);
}

static const char *
of_daemon(const struct tables *t, const char *key)
{
	const char *v = tables_value(t, "daemon", key);

	return v != NULL ? v : "-";
}

/* Agents have no configuration, and without one nothing is compared. */
static const char *
skew(const struct call *c, const struct world *w)
{
	if (w == NULL || (c->to.any && strcmp(c->hash, "-") == 0))
		return "-";
	return strcmp(c->hash, w->hash) == 0 ? "same" : "OTHER";
}

/* A `row` line of our own, by its parts. */
static void
add_row(struct tables *t, const char *table, const char *id,
    const struct option_field *option, size_t n)
{
	const char *field[] = {"row", table, id};
	struct option_field copy[8];
	struct line l = {.field = field, .fields = 3, .option = copy};

	for (l.options = 0; l.options < n; l.options++)
		copy[l.options] = option[l.options];
	(void)tables_take(t, &l);
}

static void
print_daemons(const struct ctl *c, const struct world *w, const struct asked *a)
{
	struct tables *t = tables_new();
	size_t i;

	for (i = 0; i < a->n; i++) {
		const struct call *call = &a->call[i];
		const struct option_field option[] = {
		    {"program", call->to.program},
		    {"state", call->ok ? "up" : "unreachable"},
		    {"uptime", of_daemon(a->tables[i], "uptime")},
		    {"version", of_daemon(a->tables[i], "version")},
		    {"configuration", call->ok ? skew(call, w) : "-"},
		    {"hash", call->ok ? call->hash : "-"},
		};

		add_row(t, "daemon", call->to.id, option, 6);
	}
	if (a->n > 0)
		tables_print(t, "", NULL, c->out);
	tables_free(&t);
	for (i = 0; i < a->n; i++) {
		if (!a->call[i].ok)
			fprintf(c->out, "  %s: %s\n", a->call[i].to.id,
			    a->call[i].why);
		else if (strcmp(skew(&a->call[i], w), "OTHER") == 0)
			fprintf(c->out,
			    "  %s runs another configuration than %s "
			    "(%.12s)\n",
			    a->call[i].to.id, c->conf_file, w->hash);
	}
}

/* Of who has none of the wanted tables nothing is printed. */
static bool
is_shown(const struct tables *t, const char *const *only)
{
	const char *name;
	size_t k;

	for (k = 0; (name = tables_name(t, k)) != NULL; k++)
		if (tables_wanted(only, name))
			return true;
	return only == NULL || only[0] == NULL;
}

static void
print(const struct ctl *c, const struct world *w, const struct asked *a,
    const char *const *only)
{
	size_t i;

	print_daemons(c, w, a);
	for (i = 0; i < a->n; i++) {
		if (!a->call[i].ok || !is_shown(a->tables[i], only))
			continue;
		fprintf(c->out, "\n%s %s\n", a->call[i].to.program,
		    a->call[i].to.id);
		tables_print(a->tables[i], a->call[i].to.id, only, c->out);
	}
}

static void
print_json(const struct ctl *c, const struct world *w, const struct asked *a,
    const char *const *only)
{
	struct json j;
	size_t i;

	json_init(&j, c->out, false);
	json_object(&j, NULL);
	if (w != NULL)
		json_text(&j, "hash", w->hash);
	json_array(&j, "daemons");
	for (i = 0; i < a->n; i++) {
		const struct call *call = &a->call[i];

		json_object(&j, NULL);
		json_text(&j, "id", call->to.id);
		json_text(&j, "program", call->to.program);
		json_bool(&j, "reachable", call->ok);
		if (!call->ok) {
			json_text(&j, "why", call->why);
		} else {
			json_text(&j, "where", call->where);
			json_text(&j, "hash", call->hash);
			if (strcmp(skew(call, w), "-") != 0)
				json_bool(&j, "same_configuration",
				    strcmp(call->hash, w->hash) == 0);
			tables_json(a->tables[i], only, &j, "tables");
		}
		json_object_end(&j);
	}
	json_array_end(&j);
	json_object_end(&j);
}

/* Has one of the first n answers this table? */
static bool
has_table(const struct asked *a, size_t n, const char *table)
{
	const char *const only[] = {table, NULL};
	const char *name;
	size_t i, k;

	for (i = 0; i < n; i++)
		for (k = 0; (name = tables_name(a->tables[i], k)) != NULL; k++)
			if (tables_wanted(only, name))
				return true;
	return false;
}

/* All table names of all answers, each once. */
static void
print_names(const struct asked *a, FILE *out)
{
	const char *name;
	size_t i, k;

	for (i = 0; i < a->n; i++)
		for (k = 0; (name = tables_name(a->tables[i], k)) != NULL; k++)
			if (!has_table(a, i, name))
				fprintf(out, " %s", name);
}

static int
check_names(const struct ctl *c, const struct asked *a, char **names)
{
	for (; *names != NULL; names++) {
		if (has_table(a, a->n, *names))
			continue;
		fprintf(c->err, "hopctl status: no table \"%s\"; there are",
		    *names);
		print_names(a, c->err);
		fputc('\n', c->err);
		return CTL_FAILED;
	}
	return CTL_OK;
}

static const char *
target_id(const void *arg, size_t i)
{
	return ((const struct target *)arg)[i].id;
}

static int
no_daemon(const struct ctl *c, const struct target *t, size_t n)
{
	if (c->daemon == NULL && c->local)
		return ctl_failed(c, "no daemon has a socket on this host");
	if (c->daemon == NULL)
		return ctl_failed(c, "%s has no manager, director or front end",
		    c->conf_file);
	fprintf(c->err, "hopctl status: no daemon \"%s\" %s %s", c->daemon,
	    c->local ? "with a socket on" : "in",
	    c->local ? "this host" : c->conf_file);
	near_names(c->err, c->daemon, target_id, t, n);
	fputc('\n', c->err);
	return CTL_FAILED;
}

static int
ask(struct ctl *c, const struct world *w, struct asked *a, char **names)
{
	const char *const *only = (const char *const *)names;
	int status = CTL_OK;
	size_t i, reached = 0;

	if (calls_run(c, w, a->call, a->n) < 0)
		return CTL_USAGE;
	for (i = 0; i < a->n; i++)
		reached += a->call[i].ok;
	if (reached < a->n)
		status = CTL_FAILED;
	if (reached > 0 && check_names(c, a, names) != CTL_OK)
		return CTL_FAILED;
	if (c->json)
		print_json(c, w, a, only);
	else
		print(c, w, a, only);
	return status;
}

int
status_run(struct ctl *c, int argc, char **argv)
{
	struct asked a = {0};
	struct target *targets;
	struct world *w = NULL;
	size_t n;
	int status;

	(void)argc;
	/* A content server has no configuration, and needs none. */
	if (!c->local || access(c->conf_file, F_OK) == 0) {
		w = ctl_load(c);
		if (w == NULL)
			return CTL_FAILED;
	}
	n = c->local ? sockets_here(&targets) : call_targets(w, &targets);
	init(&a, targets, n, c->daemon);
	status = a.n > 0 ? ask(c, w, &a, argv) : no_daemon(c, targets, n);
	fini(&a);
	if (c->local)
		sockets_free(&targets, n);
	free(targets);
	world_free(&w);
	return status;
}
