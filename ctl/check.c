/* SPDX-License-Identifier: BSD-2-Clause */
/* hopctl check: a configuration file, every error of it, and what it holds. */
#include "ctl/ctl.h"
#include "lib/json.h"

/* What a summary counts. */
struct count {
	const char *one, *many;
	size_t n;
};
#define COUNTS 7

static void
counts(const struct world *w, struct count out[COUNTS])
{
	const struct count all[COUNTS] = {
	    {"site", "sites", w->nsites},
	    {"border", "borders", w->nborders},
	    {"server", "servers", w->nservers},
	    {"service", "services", w->nservices},
	    {"manager", "managers", w->nmanagers},
	    {"director", "directors", w->ndirectors},
	    {"front end", "front ends", w->nfrontends},
	};
	size_t i;

	for (i = 0; i < COUNTS; i++)
		out[i] = all[i];
}

static size_t
count_errors(const struct conf_errors *errs, bool warnings)
{
	size_t i, n = 0;

	for (i = 0; i < errs->n; i++)
		n += errs->list[i].warning == warnings;
	return n;
}

static const char *
plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static void
print(
    const struct ctl *c, const struct world *w, const struct conf_errors *errs)
{
	size_t bad = count_errors(errs, false), odd = errs->n - bad, i;
	struct count n[COUNTS];

	ctl_print_errors(errs, true, c->out);
	fprintf(c->out, "%s: ", c->conf_file);
	if (w == NULL) {
		fprintf(c->out, "%zu error%s, %zu warning%s\n", bad,
		    plural(bad), odd, plural(odd));
		return;
	}
	counts(w, n);
	for (i = 0; i < COUNTS; i++)
		fprintf(c->out, "%s%zu %s", i > 0 ? ", " : "ok: ", n[i].n,
		    n[i].n == 1 ? n[i].one : n[i].many);
	if (odd > 0)
		fprintf(c->out, "; %zu warning%s", odd, plural(odd));
	fprintf(c->out, "\nhash %s\n", w->hash);
}

static void
json_errors(struct json *j, const struct conf_errors *errs, bool warnings)
{
	size_t i;

	json_array(j, warnings ? "warnings" : "errors");
	for (i = 0; i < errs->n; i++) {
		if (errs->list[i].warning != warnings)
			continue;
		json_object(j, NULL);
		json_text(j, "file", errs->list[i].file);
		json_number(j, "line", errs->list[i].line);
		json_text(j, "text", errs->list[i].text);
		json_object_end(j);
	}
	json_array_end(j);
}

static void
print_json(
    const struct ctl *c, const struct world *w, const struct conf_errors *errs)
{
	static const char *const keys[COUNTS] = {"sites", "borders", "servers",
	    "services", "managers", "directors", "frontends"};
	struct count n[COUNTS];
	struct json j;
	size_t i;

	json_init(&j, c->out, false);
	json_object(&j, NULL);
	json_text(&j, "file", c->conf_file);
	json_bool(&j, "ok", w != NULL);
	json_errors(&j, errs, false);
	json_errors(&j, errs, true);
	if (w != NULL) {
		counts(w, n);
		for (i = 0; i < COUNTS; i++)
			json_number(&j, keys[i], (int64_t)n[i].n);
		json_text(&j, "hash", w->hash);
	}
	json_object_end(&j);
}

int
check_run(struct ctl *c, int argc, char **argv)
{
	enum conf_secrets secrets =
	    c->secrets ? CONF_SECRETS_READ : CONF_SECRETS_SKIP;
	struct conf_errors errs = {0};
	struct world *w;
	int status;

	if (argc > 0)
		return ctl_usage(
		    c, "\"%s\": the file is given with -f", argv[0]);
	w = conf_load(c->conf_file, secrets, &errs);
	status = w != NULL ? CTL_OK : CTL_FAILED;
	if (c->json)
		print_json(c, w, &errs);
	else
		print(c, w, &errs);
	conf_errors_free(&errs);
	world_free(&w);
	return status;
}
