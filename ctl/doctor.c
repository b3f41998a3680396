/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hopctl doctor: this host and the configuration are examined; each finding is
 * good, to be looked at, or to be repaired, and then says how. The
 * examinations are in ctl/doctor/, a file each.
 */
#include "ctl/doctor/doctor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/mem.h"

#define SHOWN 20 /* errors of a configuration; `check` has all */

static void
check_conf(struct doctor *d, struct findings *f, struct world **w)
{
	struct conf_errors errs = {0};
	size_t i;

	f->area = "configuration";
	if (access(d->c->conf_file, F_OK) < 0) {
		finding_bad(f, VERDICT_WARN,
		    "A content server needs none. For all others: conf/"
		    "hopscotch.xml is an example, and -f names another.",
		    "there is no %s", d->c->conf_file);
		return;
	}
	*w = conf_load(d->c->conf_file, CONF_SECRETS_SKIP, &errs);
	d->w = *w;
	for (i = 0; i < errs.n && i < SHOWN; i++)
		finding_bad(f,
		    errs.list[i].warning ? VERDICT_WARN : VERDICT_FAIL, NULL,
		    "%s:%d: %s", errs.list[i].file, errs.list[i].line,
		    errs.list[i].text);
	if (errs.n > SHOWN)
		finding_bad(f, VERDICT_WARN, "hopctl check",
		    "and %zu more messages", errs.n - SHOWN);
	conf_errors_free(&errs);
	if (*w != NULL)
		finding_ok(f, "%s can be used (hash %.12s)", d->c->conf_file,
		    (*w)->hash);
}

static void
examine(struct doctor *d, struct findings *f)
{
	static void (*const checks[])(
	    const struct doctor *d, struct findings *f) = {
	    check_roles,
	    check_secrets,
	    check_daemons,
	    check_limits,
	    check_snmpd,
	    check_view,
	    check_agentx,
	    check_ports,
	    check_certs,
	    check_exits,
	    check_loops,
	    check_clock,
	};
	size_t i;

	roles_find(d);
	for (i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		checks[i](d, f);
}

/* --root without -f means the configuration below it. */
static char *
conf_below(const struct ctl *c)
{
	char path[HOST_PATH];

	if (c->root == NULL || strcmp(c->conf_file, CONF_DEFAULT_FILE) != 0)
		return mem_text(c->conf_file);
	(void)snprintf(path, sizeof(path), "%s%s", c->root, c->conf_file);
	return mem_text(path);
}

int
doctor_run(struct ctl *c, int argc, char **argv)
{
	struct doctor d = {.c = c, .live = c->root == NULL};
	struct findings f = {0};
	struct world *w = NULL;
	struct stat st;
	char *conf;
	int status;

	if (argc > 0)
		return ctl_usage(c, "\"%s\": no arguments here", argv[0]);
	if (c->root != NULL && (stat(c->root, &st) < 0 || !S_ISDIR(st.st_mode)))
		return ctl_usage(c, "--root \"%s\": no directory", c->root);
	conf = c->conf_file = conf_below(c);
	host_look(&d.host, c->root != NULL ? c->root : "");
	check_conf(&d, &f, &w);
	examine(&d, &f);
	if (c->json)
		findings_json(&f, c->out);
	else
		findings_print(&f,
		    isatty(fileno(c->out)) == 1 && getenv("NO_COLOR") == NULL,
		    c->out);
	status = f.count[VERDICT_FAIL] > 0 ? CTL_FAILED : CTL_OK;
	findings_fini(&f);
	host_fini(&d.host);
	world_free(&w);
	free(conf);
	return status;
}
