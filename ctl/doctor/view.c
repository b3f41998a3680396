/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What this host's snmpd really answers to the manager's user: asked by
 * Net-SNMP's own tool, if it is installed and the secret can be read here. The
 * passphrases go there in a file of mode 0600 in a directory of mode 0700,
 * never in arguments or environment, which others can see.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/doctor/doctor.h"
#include "lib/conf.h"
#include "mib.h"

#define TOOL   "/usr/bin/snmpgetnext"
#define OUTPUT 1024

/* The agent of this host as the manager asks it, or NULL: it asks none. */
static const struct agent *
agent_here(const struct doctor *d)
{
	size_t i;

	for (i = 0; i < d->nroles; i++) {
		const struct role *r = &d->role[i];

		if (strcmp(r->program, "hoploadd") == 0 &&
		    d->w->servers[r->n].has_agent)
			return &d->w->servers[r->n].agent;
		if (strcmp(r->program, "hoppingd") == 0)
			return &d->w->probers[r->n].agent;
	}
	return NULL;
}

/* A quoted text of snmp.conf. */
static void
put(FILE *out, const char *key, const char *value)
{
	fprintf(out, "%s \"", key);
	for (; *value != '\0'; value++) {
		if (*value == '"' || *value == '\\')
			fputc('\\', out);
		fputc(*value, out);
	}
	fputs("\"\n", out);
}

static int
write_conf(const char *dir, const struct snmp_user *u)
{
	char path[HOST_PATH];
	FILE *out;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/snmp.conf", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	out = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (out == NULL)
		return -1;
	fputs("defVersion 3\ndefSecurityLevel authPriv\n", out);
	put(out, "defSecurityName", u->id);
	fprintf(out, "defAuthType %s\n",
	    u->auth == SNMP_AUTH_SHA512 ? "SHA-512" : "SHA-256");
	fprintf(out, "defPrivType %s\n",
	    u->priv == SNMP_PRIV_AES256 ? "AES-256" : "AES");
	put(out, "defAuthPassphrase", u->auth_secret);
	put(out, "defPrivPassphrase", u->priv_secret);
	return fclose(out);
}

static void
run_tool(const char *dir, const char *to, int fd)
{
	char path[HOST_PATH], state[HOST_PATH], oid[128], *env[4];
	static const unsigned point[] = {MIB_POINT};
	char mibs[] = "MIBS=";
	size_t i, n = 0;

	(void)snprintf(path, sizeof(path), "SNMPCONFPATH=%s", dir);
	(void)snprintf(state, sizeof(state), "SNMP_PERSISTENT_DIR=%s", dir);
	env[0] = path;
	env[1] = state;
	env[2] = mibs;
	env[3] = NULL;
	for (i = 0; i < MIB_POINT_LEN; i++)
		n +=
		    (size_t)snprintf(oid + n, sizeof(oid) - n, ".%u", point[i]);
	(void)dup2(fd, STDOUT_FILENO);
	(void)dup2(fd, STDERR_FILENO);
	(void)execle(TOOL, TOOL, "-Onq", "-t", "1", "-r", "1", to, oid,
	    (char *)NULL, env);
	_exit(127);
}

/* Its output; the tool ends by itself after two seconds of silence. */
static void
ask(const char *dir, const char *to, char out[OUTPUT])
{
	size_t n = 0;
	ssize_t got;
	pid_t pid;
	int fd[2];

	out[0] = '\0';
	if (pipe(fd) < 0)
		return;
	pid = fork();
	if (pid == 0)
		run_tool(dir, to, fd[1]);
	(void)close(fd[1]);
	while (pid > 0 && n + 1 < OUTPUT &&
	       ((got = read(fd[0], out + n, OUTPUT - 1 - n)) > 0 ||
		   (got < 0 && errno == EINTR)))
		n += got > 0 ? (size_t)got : 0;
	out[n] = '\0';
	(void)close(fd[0]);
	if (pid > 0)
		(void)waitpid(pid, NULL, 0);
}

/* Of what the tool said: the line of an object, or else its last one. */
static const char *
essence(char *text)
{
	const char *last = "it said nothing";
	char *line;

	while ((line = strsep(&text, "\n")) != NULL) {
		if (line[0] == '.')
			return line;
		if (line[0] != '\0')
			last = line;
	}
	return last;
}

static void
judge(const struct snmp_user *u, const char *to, const char *said,
    struct findings *f)
{
	char oid[128] = "";
	static const unsigned point[] = {MIB_POINT};
	size_t i, n = 0;

	for (i = 0; i < MIB_POINT_LEN; i++)
		n +=
		    (size_t)snprintf(oid + n, sizeof(oid) - n, ".%u", point[i]);
	if (strncmp(said, oid, n) == 0)
		finding_ok(
		    f, "%s, asked as %s, shows HOPSCOTCH-MIB", to, u->id);
	else if (said[0] == '.')
		finding_bad(f, VERDICT_FAIL,
		    "Is the daemon running and connected to snmpd (AgentX)? "
		    "Has the user's view our subtree?",
		    "%s, asked as %s, shows nothing of HOPSCOTCH-MIB", to,
		    u->id);
	else
		finding_bad(f, VERDICT_FAIL,
		    "Timeout: wrong address, snmpd is down, or the engine is "
		    "unknown; unknown user or digest: make the user anew with "
		    "the passphrases of the secret file.",
		    "%s, asked as %s: %s", to, u->id, said);
}

static void
forget(const char *dir)
{
	static const char *const names[] = {"snmp.conf", "snmpapp.conf"};
	char path[HOST_PATH];
	size_t i;

	for (i = 0; i < 2; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		(void)unlink(path);
	}
	(void)snprintf(path, sizeof(path), "%s/cert_indexes", dir);
	(void)rmdir(path);
	(void)snprintf(path, sizeof(path), "%s/mib_indexes", dir);
	(void)rmdir(path);
	(void)rmdir(dir);
}

/* What would end us has to wait until the passphrases are gone: at most the
 * few seconds that the tool takes. */
static void
ask_as(const struct snmp_user *u, const char *to, struct findings *f)
{
	char dir[] = "/tmp/hopctl-XXXXXX", said[OUTPUT];
	sigset_t ends, before;

	(void)sigemptyset(&ends);
	(void)sigaddset(&ends, SIGINT);
	(void)sigaddset(&ends, SIGTERM);
	(void)sigaddset(&ends, SIGHUP);
	(void)sigaddset(&ends, SIGQUIT);
	(void)sigprocmask(SIG_BLOCK, &ends, &before);
	if (mkdtemp(dir) != NULL) {
		if (write_conf(dir, u) == 0) {
			ask(dir, to, said);
			judge(u, to, essence(said), f);
		}
		forget(dir);
	}
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
}

void
check_view(const struct doctor *d, struct findings *f)
{
	char to[96], text[ADDR_TEXT];
	struct conf_errors errs = {0};
	const struct agent *a;
	struct world *w;

	f->area = "snmpd";
	a = d->w != NULL ? agent_here(d) : NULL;
	if (!d->live || a == NULL || a->kind == AGENT_NONE || a->user < 0 ||
	    access(TOOL, X_OK) < 0)
		return;
	(void)snprintf(to, sizeof(to),
	    a->addr.family == AF_INET6 ? "udp6:[%s]:%u" : "udp:%s:%u",
	    addr_text(&a->addr, text, sizeof(text)), a->port);
	w = conf_load(d->c->conf_file, CONF_SECRETS_READ, &errs);
	conf_errors_free(&errs);
	/* Most hosts have no secret of the manager's, and need none. */
	if (w != NULL)
		ask_as(&w->users[a->user], to, f);
	world_free(&w);
}
