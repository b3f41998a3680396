/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Secret files, read as the daemon reads them: by the loader, as its user. The
 * loader's own words say what is wrong with mode, owner or content.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl/doctor/as.h"
#include "ctl/doctor/doctor.h"
#include "lib/conf.h"

/* "file:line: text" of each error to fd; how many. */
static int
load(void *arg, int fd)
{
	struct conf_errors errs = {0};
	struct world *w = conf_load(arg, CONF_SECRETS_READ, &errs);
	int bad = 0;
	size_t i;

	for (i = 0; i < errs.n; i++) {
		if (errs.list[i].warning)
			continue;
		bad++;
		if (fd >= 0)
			(void)dprintf(fd, "%s:%d: %s\n", errs.list[i].file,
			    errs.list[i].line, errs.list[i].text);
	}
	conf_errors_free(&errs);
	world_free(&w);
	return bad > 100 ? 100 : bad;
}

/* What is not there has to be brought, the rest is of mode and owner. */
static void
tell(struct findings *f, char *text, const char *user)
{
	char *line, *rest = text;
	char absent[400], wrong[300];

	(void)snprintf(absent, sizeof(absent),
	    "Managers' hosts all have the same secrets: copy it from another "
	    "one, or `hopscotch-snmp-setup` makes the first, then chown %s and "
	    "chmod 0600. A TLS key is each host's own: doc/install.md.",
	    user);
	(void)snprintf(wrong, sizeof(wrong),
	    "chown %s and chmod 0600 the file that it names; `hopctl check "
	    "--secrets`, run as %s, says when it is right.",
	    user, user);
	while ((line = strsep(&rest, "\n")) != NULL)
		if (line[0] != '\0')
			finding_bad(f, VERDICT_FAIL,
			    strstr(line, strerror(ENOENT)) != NULL ? absent
								   : wrong,
			    "%s", line);
}

void
check_secrets(const struct doctor *d, struct findings *f)
{
	struct as_user user;
	char text[AS_TEXT];
	int bad;

	f->area = "secrets";
	if (d->w == NULL || !d->live || !roles_have(d, "hopmanagerd"))
		return;
	if (as_find(&d->host, &user) < 0) {
		finding_bad(f, VERDICT_WARN,
		    "The packages make the user; `systemd-sysusers` makes it "
		    "by hand.",
		    "there is no user hopscotch to read secrets as");
		return;
	}
	bad = as_run(&user, load, d->c->conf_file, text);
	if (bad < 0)
		finding_bad(f, VERDICT_WARN, "Run doctor as root.",
		    "what %s may read cannot be told", user.name);
	else if (bad == 0)
		finding_ok(f, "user %s can read the secret files, no other can",
		    user.name);
	else if (text[0] != '\0')
		tell(f, text, user.name);
	else
		finding_bad(f, VERDICT_FAIL, "hopctl check --secrets",
		    "%d secrets cannot be used", bad);
}
