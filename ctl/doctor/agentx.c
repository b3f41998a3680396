/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way of our daemons to snmpd: a socket in a directory, both with rights
 * for the daemons' group. Debian's own is root's alone.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl/doctor/as.h"
#include "ctl/doctor/doctor.h"
#include "ctl/doctor/snmpdconf.h"

#define OURS    "/run/hopscotch-agentx/master"
#define DEFAULT "/var/agentx/master"
#define REMEDY                                                               \
	"Install conf/snmpd.conf.d/agentx.conf and conf/tmpfiles.d, run "    \
	"`systemd-tmpfiles --create`, restart snmpd; the daemons' user has " \
	"to be in the group of the directory."

/* Where the daemons of this host look for it. */
static const char *
wanted(const struct doctor *d)
{
	char path[HOST_PATH];
	const char *given;
	size_t i;

	for (i = 0; i < d->host.nprocesses; i++) {
		given = host_option(&d->host.process[i], "--agentx");
		if (given != NULL)
			return given;
	}
	(void)host_path(&d->host, OURS, path, sizeof(path));
	return access(path, F_OK) == 0 || d->nroles > 0 ? OURS : DEFAULT;
}

/* 0, or the errno; at most 100 of them are told apart. */
static int
try_connect(void *arg, int fd)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int bad = 0;

	(void)fd;
	(void)snprintf(
	    to.sun_path, sizeof(to.sun_path), "%s", (const char *)arg);
	if (s < 0 || connect(s, (struct sockaddr *)&to, sizeof(to)) < 0)
		bad = errno > 100 ? 100 : errno;
	if (s >= 0)
		(void)close(s);
	return bad;
}

static void
as_them(const struct doctor *d, const char *path, struct findings *f)
{
	struct as_user user;
	char out[AS_TEXT], copy[HOST_PATH];
	int bad;

	if (as_find(&d->host, &user) < 0)
		return; /* whose rights? */
	(void)snprintf(copy, sizeof(copy), "%s", path);
	bad = as_run(&user, try_connect, copy, out);
	if (bad == 0)
		finding_ok(f, "user %s can connect to %s", user.name, path);
	else if (bad < 0)
		finding_bad(f, VERDICT_WARN, "Run doctor as root.",
		    "whether %s can connect to %s cannot be told", user.name,
		    path);
	else
		finding_bad(f, VERDICT_FAIL,
		    host_find(&d->host, "snmpd", NULL) != NULL
			? REMEDY
			: "systemctl start snmpd",
		    "user %s cannot connect to "
		    "%s: %s",
		    user.name, path, bad == 100 ? "refused" : strerror(bad));
}

/* Whoever may connect may serve any object to the managers. */
static void
rights(const struct doctor *d, const char *path, struct findings *f)
{
	char name[HOST_PATH], *slash;
	struct stat st;

	(void)host_path(&d->host, path, name, sizeof(name));
	if (stat(name, &st) < 0) {
		finding_bad(
		    f, VERDICT_FAIL, REMEDY, "%s: %s", path, strerror(errno));
		return;
	}
	slash = strrchr(name, '/');
	if (!d->live)
		finding_ok(f, "%s is there", path);
	if ((st.st_mode & 07) != 0 && slash != NULL) {
		*slash = '\0';
		if (stat(name, &st) == 0 && (st.st_mode & 01) != 0)
			finding_bad(f, VERDICT_WARN,
			    "agentXPerms 0660 0750 Debian-snmp hopscotch",
			    "every user may connect to %s and serve any "
			    "object",
			    path);
	}
	if (d->live)
		as_them(d, path, f);
}

static void
configured(const struct doctor *d, struct findings *f)
{
	const struct snmpd_directive *m = NULL;
	struct snmpd_conf c;
	bool on = false;

	snmpdconf_read(&c, &d->host, host_find(&d->host, "snmpd", NULL));
	while ((m = snmpdconf_find(&c, "master", m)) != NULL)
		on |= strcmp(snmpdconf_word(m, 1), "agentx") == 0;
	if (c.nfiles > 0 && !on)
		finding_bad(f, VERDICT_FAIL, REMEDY,
		    "snmpd is no AgentX master: `master agentx` is missing");
	snmpdconf_fini(&c);
}

void
check_agentx(const struct doctor *d, struct findings *f)
{
	f->area = "AgentX";
	if (d->nroles == 0 && host_find(&d->host, "snmpd", NULL) == NULL)
		return;
	configured(d, f);
	rights(d, wanted(d), f);
}
