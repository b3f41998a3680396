/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Giving up rights, in children of this test. What root can do is tried as
 * root, what others cannot as others: run by root, both are.
 */
#include "lib/drop.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit.h"

/* 0 if all capability sets but the bounding set are empty. */
static int
has_capabilities(void)
{
	char line[200];
	unsigned long long bits;
	FILE *f = fopen("/proc/self/status", "r");
	int found = 0, seen = 0;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, "CapBnd", 6) == 0 ||
		    sscanf(line, "Cap%*3s: %llx", &bits) != 1)
			continue;
		seen++;
		found |= bits != 0;
	}
	if (f != NULL)
		(void)fclose(f);
	return seen == 4 ? found : -1;
}

/* In the child: 0, or the number of what is wrong. */
static int
as_nobody(void)
{
	const struct passwd *pw = getpwnam("nobody");
	char why[160] = "";
	gid_t groups[64];
	uid_t r, e, s;
	int n;

	if (drop_to("nobody", why, sizeof(why)) != 0)
		return 1;
	if (getresuid(&r, &e, &s) != 0 || r != pw->pw_uid || e != r || s != r)
		return 2;
	if (getgid() != pw->pw_gid || getegid() != pw->pw_gid)
		return 3;
	n = getgroups(64, groups);
	while (n-- > 0)
		if (groups[n] != pw->pw_gid)
			return 4;
	if (has_capabilities() != 0)
		return 5;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 6;
	if (setuid(0) == 0 || seteuid(0) == 0)
		return 7;
	if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		return 8;
	return 0;
}

/* Without a name a plain user stays itself, without capabilities. */
static int
as_myself(void)
{
	char why[160] = "";
	uid_t uid;

	if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
		return 1;
	uid = getuid();
	if (drop_to(NULL, why, sizeof(why)) != 0 || getuid() != uid)
		return 2;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 3;
	if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		return 4;
	return has_capabilities() == 0 ? 0 : 5;
}

static int
another_than_myself(void)
{
	char why[160] = "";

	if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
		return 1;
	if (drop_to("root", why, sizeof(why)) != -1)
		return 2;
	return strstr(why, "cannot become root") != NULL ? 0 : 3;
}

static int
nobody_knows(void)
{
	char why[160] = "";

	if (drop_to("no-such-user-here", why, sizeof(why)) != -1)
		return 1;
	return strstr(why, "no user no-such-user-here") != NULL ? 0 : 2;
}

static int
in_child(int (*run)(void))
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(run());
	(void)waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
root_becomes_a_plain_user_for_good(void)
{
	/* For others only the way without a name is open. */
	CU_ASSERT_EQUAL(in_child(geteuid() == 0 ? as_nobody : as_myself), 0);
}

static void
without_a_name_capabilities_go_all_the_same(void)
{
	CU_ASSERT_EQUAL(in_child(as_myself), 0);
}

static void
a_plain_user_cannot_become_another(void)
{
	CU_ASSERT_EQUAL(in_child(another_than_myself), 0);
}

static void
an_unknown_user_is_named(void)
{
	CU_ASSERT_EQUAL(in_child(nobody_knows), 0);
}

static const struct unit_test tests[] = {
    {"root becomes a plain user for good", root_becomes_a_plain_user_for_good},
    {"without a name, capabilities go all the same",
	without_a_name_capabilities_go_all_the_same},
    {"a plain user cannot become another", a_plain_user_cannot_become_another},
    {"an unknown user is named", an_unknown_user_is_named},
};

UNIT_MAIN("lib/drop", tests)
