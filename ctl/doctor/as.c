/* SPDX-License-Identifier: BSD-2-Clause */
/* A child that drops everything, runs one function and ends. */
#include "ctl/doctor/as.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define DAEMON_USER "hopscotch"

static int
of_process(const struct host_process *p, struct as_user *u)
{
	const struct passwd *pw;

	if (p->uid == 0 || p->uid == (uid_t)-1)
		return -1;
	u->uid = p->uid;
	u->gid = p->gid;
	u->ngroups = p->ngroups;
	memcpy(u->groups, p->groups, sizeof(u->groups));
	pw = getpwuid(p->uid);
	(void)snprintf(u->name, sizeof(u->name), "%s",
	    pw != NULL ? pw->pw_name : "the daemons' user");
	return 0;
}

int
as_find(const struct host *h, struct as_user *u)
{
	int n = HOST_GROUPS;
	struct passwd *pw;
	size_t i;

	*u = (struct as_user){0};
	for (i = 0; i < h->nprocesses; i++)
		if (strcmp(h->process[i].program, "snmpd") != 0 &&
		    of_process(&h->process[i], u) == 0)
			return 0;
	pw = getpwnam(DAEMON_USER);
	if (pw == NULL)
		return -1;
	u->uid = pw->pw_uid;
	u->gid = pw->pw_gid;
	if (getgrouplist(DAEMON_USER, pw->pw_gid, u->groups, &n) >= 0)
		u->ngroups = (size_t)n;
	(void)snprintf(u->name, sizeof(u->name), "%s", DAEMON_USER);
	return 0;
}

static void
child(const struct as_user *u, int (*fn)(void *arg, int fd), void *arg, int fd)
{
	if (setgroups(u->ngroups, u->groups) < 0 ||
	    setresgid(u->gid, u->gid, u->gid) < 0 ||
	    setresuid(u->uid, u->uid, u->uid) < 0)
		_exit(101);
	_exit(fn(arg, fd));
}

int
as_run(
    const struct as_user *u, int (*fn)(void *arg, int fd), void *arg, char *out)
{
	size_t n = 0;
	int fd[2], status;
	ssize_t got;
	pid_t pid;

	out[0] = '\0';
	if (getuid() != 0)
		return u->uid == getuid() ? fn(arg, -1) : -1;
	if (pipe(fd) < 0)
		return -1;
	pid = fork();
	if (pid == 0)
		child(u, fn, arg, fd[1]);
	(void)close(fd[1]);
	while (pid > 0 && n + 1 < AS_TEXT &&
	       ((got = read(fd[0], out + n, AS_TEXT - 1 - n)) > 0 ||
		   (got < 0 && errno == EINTR)))
		n += got > 0 ? (size_t)got : 0;
	out[n] = '\0';
	(void)close(fd[0]);
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status) ||
	    WEXITSTATUS(status) > 100)
		return -1;
	return WEXITSTATUS(status);
}
