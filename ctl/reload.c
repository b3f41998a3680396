/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hopctl reload: the configuration is checked here first, then the daemons are
 * told to take theirs anew: managers, directors, front ends, one kind after the
 * other, all of a kind at once. Each judges by itself; one that refuses goes on
 * with what it had.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "ctl/call.h"
#include "ctl/ctl.h"
#include "ctl/near.h"
#include "ctl/sockets.h"
#include "lib/json.h"
#include "lib/mem.h"

#define FAULTS_MAX 1000

/* What a daemon answered. */
struct outcome {
	char **fault; /* "file:line: text" */
	size_t nfaults;
	bool taken, refused;
	char hash[WORLD_HASH_TEXT];
};

struct reload {
	const struct world *w; /* NULL: of no configuration */
	struct target *targets;
	struct call *call;
	struct outcome *outcome;
	size_t n;
};

static enum call_line
on_line(void *arg, const struct line *l)
{
	struct outcome *o = arg;
	char text[2048];

	if (strcmp(l->field[0], "fault") == 0) {
		if (o->nfaults == FAULTS_MAX)
			return CALL_GO_ON;
		o->fault =
		    mem_resize(o->fault, o->nfaults + 1, sizeof(*o->fault));
		o->fault[o->nfaults++] =
		    mem_text(line_decode(l->field[1], text, sizeof(text)));
		return CALL_GO_ON;
	}
	if (strcmp(l->field[0], "done") != 0)
		return CALL_MALFORMED;
	o->taken = true;
	if (l->fields > 1)
		(void)snprintf(o->hash, sizeof(o->hash), "%s", l->field[1]);
	return CALL_DONE;
}

static bool
is_wanted(const struct target *t, char *const *names)
{
	if (names[0] == NULL)
		return true;
	for (; *names != NULL; names++)
		if (strcmp(*names, t->id) == 0)
			return true;
	return false;
}

static void
init(struct reload *r, size_t n, char *const *names)
{
	size_t i;

	r->call = mem_array(n, sizeof(*r->call));
	r->outcome = mem_array(n, sizeof(*r->outcome));
	for (i = 0; i < n; i++) {
		if (!is_wanted(&r->targets[i], names))
			continue;
		r->call[r->n] = (struct call){.to = r->targets[i],
		    .line = "reload",
		    .on_line = on_line,
		    .arg = &r->outcome[r->n]};
		r->n++;
	}
}

static void
fini(struct reload *r)
{
	size_t i, k;

	for (i = 0; i < r->n; i++) {
		for (k = 0; k < r->outcome[i].nfaults; k++)
			free(r->outcome[i].fault[k]);
		free(r->outcome[i].fault);
	}
	free(r->outcome);
	free(r->call);
}

static void
print_outcome(const struct ctl *c, const struct reload *r, size_t i)
{
	const struct call *call = &r->call[i];
	const struct outcome *o = &r->outcome[i];
	size_t k;

	fprintf(c->out, "  %-12s  %s: ", call->to.program, call->to.id);
	if (o->taken)
		fprintf(c->out, "done\n");
	else
		fprintf(c->out, "%s: %s\n",
		    o->refused ? "REFUSED" : "not reached", call->why);
	for (k = 0; k < o->nfaults; k++)
		fprintf(c->out, "      %s\n", o->fault[k]);
}

/* The kinds one after the other; -1: wrong usage. */
static int
run(struct ctl *c, struct reload *r)
{
	size_t i, n, k;

	for (i = 0; i < r->n; i += n) {
		for (n = 1; i + n < r->n; n++)
			if (strcmp(r->call[i + n].to.program,
				r->call[i].to.program) != 0)
				break;
		if (calls_run(c, r->w, &r->call[i], n) < 0)
			return -1;
		for (k = i; k < i + n; k++) {
			r->outcome[k].refused = r->call[k].refused;
			if (!c->json)
				print_outcome(c, r, k);
		}
	}
	return 0;
}

static size_t
count(const struct reload *r, bool refused)
{
	size_t i, n = 0;

	for (i = 0; i < r->n; i++)
		n += refused ? r->outcome[i].refused : r->outcome[i].taken;
	return n;
}

/* The hash that a daemon runs now, or "-". */
static const char *
hash(const struct reload *r, size_t i)
{
	const struct outcome *o = &r->outcome[i];

	if (o->hash[0] != '\0')
		return o->hash;
	return r->call[i].hash[0] != '\0' ? r->call[i].hash : "-";
}

static void
print_end(const struct ctl *c, const struct reload *r)
{
	size_t done = count(r, false), refused = count(r, true), i;

	fprintf(c->out, "\n%zu done, %zu refused, %zu not reached\n", done,
	    refused, r->n - done - refused);
	if (r->w != NULL)
		fprintf(c->out, "  %-14.12s  %s\n", r->w->hash, c->conf_file);
	for (i = 0; i < r->n; i++) {
		if (strcmp(hash(r, i), "-") == 0)
			continue;
		fprintf(c->out, "  %-14.12s  %s%s\n", hash(r, i),
		    r->call[i].to.id,
		    r->w != NULL && strcmp(hash(r, i), r->w->hash) != 0
			? "  ANOTHER configuration"
			: "");
	}
}

static void
print_json(const struct ctl *c, const struct reload *r)
{
	struct json j;
	size_t i, k;

	json_init(&j, c->out, false);
	json_object(&j, NULL);
	if (r->w != NULL)
		json_text(&j, "hash", r->w->hash);
	json_array(&j, "daemons");
	for (i = 0; i < r->n; i++) {
		const struct outcome *o = &r->outcome[i];

		json_object(&j, NULL);
		json_text(&j, "id", r->call[i].to.id);
		json_text(&j, "program", r->call[i].to.program);
		json_text(&j, "outcome",
		    o->taken     ? "done"
		    : o->refused ? "refused"
				 : "not-reached");
		if (!o->taken)
			json_text(&j, "why", r->call[i].why);
		json_text(&j, "hash", hash(r, i));
		json_array(&j, "faults");
		for (k = 0; k < o->nfaults; k++)
			json_text(&j, NULL, o->fault[k]);
		json_array_end(&j);
		json_object_end(&j);
	}
	json_array_end(&j);
	json_object_end(&j);
}

/* Who is named has to be reached; of all others it is enough that one was and
 * that none refused: sockets of other hosts cannot be reached from here. */
static int
judge(const struct reload *r, bool named)
{
	size_t done = count(r, false);

	if (count(r, true) > 0 || done == 0)
		return CTL_FAILED;
	return named && done < r->n ? CTL_FAILED : CTL_OK;
}

static const char *
target_id(const void *arg, size_t i)
{
	return ((const struct target *)arg)[i].id;
}

static int
check_names(const struct ctl *c, const struct target *t, size_t n, char **names)
{
	size_t i;

	for (; *names != NULL; names++) {
		for (i = 0; i < n; i++)
			if (strcmp(t[i].id, *names) == 0)
				break;
		if (i < n)
			continue;
		fprintf(c->err, "hopctl reload: no daemon \"%s\" %s", *names,
		    c->local ? "with a socket here" : "in the configuration");
		near_names(c->err, *names, target_id, t, n);
		fputc('\n', c->err);
		return CTL_FAILED;
	}
	return CTL_OK;
}

static int
tell(struct ctl *c, struct reload *r, size_t n, char **names)
{
	int status = check_names(c, r->targets, n, names);

	if (status != CTL_OK)
		return status;
	if (n == 0)
		return ctl_failed(c, "there is no daemon to tell");
	init(r, n, names);
	if (run(c, r) < 0) {
		status = CTL_USAGE;
	} else {
		if (c->json)
			print_json(c, r);
		else
			print_end(c, r);
		status = judge(r, names[0] != NULL);
	}
	fini(r);
	return status;
}

int
reload_run(struct ctl *c, int argc, char **argv)
{
	struct reload r = {0};
	struct world *w = NULL;
	size_t n;
	int status;

	(void)argc;
	/* A content server has no configuration, and needs none. */
	if (!c->local || access(c->conf_file, F_OK) == 0) {
		w = ctl_load(c);
		if (w == NULL)
			return ctl_failed(c, "no daemon was told");
	}
	r.w = w;
	n = c->local ? sockets_here(&r.targets) : call_targets(w, &r.targets);
	status = tell(c, &r, n, argv);
	if (c->local)
		sockets_free(&r.targets, n);
	free(r.targets);
	world_free(&w);
	return status;
}
