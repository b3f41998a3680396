/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hopctl drain, disable, undrain: what the operator wants of a server, a site
 * or a border, told to every manager of the configuration. They tell each
 * other, so one that takes it is enough.
 */
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/call.h"
#include "ctl/ctl.h"
#include "ctl/near.h"
#include "ctl/wait.h"
#include "lib/json.h"
#include "lib/mem.h"
#include "lib/state.h"

#define TEXT_MAX 300

struct kind {
	const char *word;
	int (*find)(const struct world *w, const char *id);
	const char *(*name)(const void *world, size_t i);
	size_t (*count)(const struct world *w);
};

#define KIND(what)                                                 \
	static const char *what##_name(const void *arg, size_t i)  \
	{                                                          \
		return ((const struct world *)arg)->what##s[i].id; \
	}                                                          \
	static size_t what##_count(const struct world *w)          \
	{                                                          \
		return w->n##what##s;                              \
	}

KIND(server)
KIND(site)
KIND(border)

static const struct kind kinds[] = {
    {"server", world_server, server_name, server_count},
    {"site", world_site, site_name, site_count},
    {"border", world_border, border_name, border_count},
};
#define NKINDS (sizeof(kinds) / sizeof(kinds[0]))

static const struct kind *
find_kind(const char *word)
{
	size_t i;

	for (i = 0; i < NKINDS; i++)
		if (strcmp(kinds[i].word, word) == 0)
			return &kinds[i];
	return NULL;
}

static enum admin
wanted(const struct ctl *c)
{
	if (strcmp(c->verb, "drain") == 0)
		return ADMIN_DRAINING;
	return strcmp(c->verb, "disable") == 0 ? ADMIN_DISABLED : ADMIN_ENABLED;
}

/* Who does this: as told, behind sudo, or logged in. */
static const char *
who(const struct ctl *c)
{
	const char *sudo = getenv("SUDO_USER");
	const struct passwd *pw;

	if (c->as != NULL)
		return c->as;
	if (sudo != NULL && sudo[0] != '\0')
		return sudo;
	pw = getpwuid(getuid());
	return pw != NULL ? pw->pw_name : "unknown";
}

static enum call_line
on_line(void *arg, const struct line *l)
{
	(void)arg;
	return strcmp(l->field[0], "done") == 0 ? CALL_DONE : CALL_MALFORMED;
}

static size_t
count_ok(const struct call *call, size_t n)
{
	size_t i, ok = 0;

	for (i = 0; i < n; i++)
		ok += call[i].ok;
	return ok;
}

static void
print(const struct ctl *c, const char *what, const char *id,
    const struct call *call, size_t n)
{
	size_t ok = count_ok(call, n), i;

	for (i = 0; i < n; i++)
		if (!call[i].ok)
			fprintf(c->err, "hopctl %s: manager %s: %s\n", c->verb,
			    call[i].to.id, call[i].why);
	if (ok == 0) {
		fprintf(c->err,
		    "hopctl %s: no manager took it: nothing has changed\n",
		    c->verb);
		return;
	}
	fprintf(
	    c->out, "%s %s is %s: taken by", what, id, admin_text(wanted(c)));
	for (i = 0; i < n; i++)
		if (call[i].ok)
			fprintf(c->out, " %s", call[i].to.id);
	fputs(ok < n ? "; the others learn it from there\n" : "\n", c->out);
}

static void
print_json(const struct ctl *c, const char *what, const char *id,
    const struct call *call, size_t n, bool empty)
{
	struct json j;
	size_t i;

	json_init(&j, c->out, false);
	json_object(&j, NULL);
	json_text(&j, "kind", what);
	json_text(&j, "id", id);
	json_text(&j, "state", admin_text(wanted(c)));
	json_bool(&j, "taken", count_ok(call, n) > 0);
	if (c->wait)
		json_bool(&j, "empty", empty);
	json_array(&j, "managers");
	for (i = 0; i < n; i++) {
		json_object(&j, NULL);
		json_text(&j, "id", call[i].to.id);
		json_bool(&j, "taken", call[i].ok);
		if (!call[i].ok)
			json_text(&j, "why", call[i].why);
		json_object_end(&j);
	}
	json_array_end(&j);
	json_object_end(&j);
}

static int
tell(struct ctl *c, const struct world *w, const char *what, const char *id)
{
	char line[2048], by[TEXT_MAX * 3 + 1], why[TEXT_MAX * 3 + 1];
	struct call *call = mem_array(w->nmanagers, sizeof(*call));
	struct target *t;
	size_t n = w->nmanagers, i;
	char *timeout = c->timeout;
	int status;

	if (c->wait)
		c->timeout = NULL; /* that one is of the wait */
	(void)call_targets(w, &t);
	(void)snprintf(line, sizeof(line), "admin %s %s %s 0 %s %s", what, id,
	    admin_text(wanted(c)), line_encode(who(c), by, sizeof(by)),
	    line_encode(c->reason != NULL ? c->reason : "", why, sizeof(why)));
	for (i = 0; i < n; i++) /* managers stand first */
		call[i] =
		    (struct call){.to = t[i], .line = line, .on_line = on_line};
	status = CTL_USAGE;
	if (calls_run(c, w, call, n) == 0) {
		if (!c->json)
			print(c, what, id, call, n);
		status = count_ok(call, n) > 0 ? CTL_OK : CTL_FAILED;
		c->timeout = timeout;
		if (c->wait && status == CTL_OK)
			status = wait_empty(c, w, what, id);
		if (c->json)
			print_json(c, what, id, call, n, status == CTL_OK);
	}
	free(t);
	free(call);
	return status;
}

static int
check_text(const struct ctl *c, const char *option, const char *text)
{
	if (text == NULL || strlen(text) <= TEXT_MAX)
		return CTL_OK;
	return ctl_usage(c, "%s is longer than %d bytes", option, TEXT_MAX);
}

int
drain_run(struct ctl *c, int argc, char **argv)
{
	const struct kind *k;
	struct world *w;
	int status;

	if (argc != 2)
		return ctl_usage(c, "what? Give server, site or border, and "
				    "its id, as in: server www1");
	k = find_kind(argv[0]);
	if (k == NULL)
		return ctl_usage(c, "\"%s\": server, site or border", argv[0]);
	if (check_text(c, "--reason", c->reason) != CTL_OK ||
	    check_text(c, "--as", c->as) != CTL_OK || wait_check(c) != CTL_OK)
		return CTL_USAGE;
	w = ctl_load(c);
	if (w == NULL)
		return CTL_FAILED;
	if (k->find(w, argv[1]) < 0) {
		fprintf(c->err, "hopctl %s: no %s \"%s\" in %s", c->verb,
		    k->word, argv[1], c->conf_file);
		near_names(c->err, argv[1], k->name, w, k->count(w));
		fputc('\n', c->err);
		status = CTL_FAILED;
	} else if (w->nmanagers == 0) {
		status = ctl_failed(c, "%s has no manager", c->conf_file);
	} else {
		status = tell(c, w, k->word, argv[1]);
	}
	world_free(&w);
	return status;
}
