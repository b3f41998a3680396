/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Giving up rights, in children of this test. What root can do is tried as
 * root, what others cannot as others: run by root, both are.
 */
#include "lib/drop.h"

#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
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

/* Root with these two alone becomes somebody else who has them still. */
static int
have_two(void)
{
	struct __user_cap_header_struct head = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct two[2] = {{0}};

	two[0].permitted = two[0].effective =
	    1u << CAP_NET_BIND_SERVICE | 1u << CAP_NET_RAW;
	return prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0 && setgid(65534) == 0 &&
		       setuid(65534) == 0 &&
		       syscall(SYS_capset, &head, two) == 0
		   ? 0
		   : -1;
}

/* What is to be kept is, if it was given; nothing else. */
static int
keeping_one(void)
{
	struct __user_cap_header_struct head = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct has[2] = {{0}};
	char why[160] = "";
	uint32_t wanted;

	if (geteuid() == 0 && have_two() != 0)
		return 1;
	(void)syscall(SYS_capget, &head, has);
	wanted = has[0].permitted & 1u << CAP_NET_BIND_SERVICE;
	if (drop_to_keeping(NULL,
		1u << CAP_NET_BIND_SERVICE | 1u << CAP_SYS_ADMIN, why,
		sizeof(why)) != 0)
		return 2;
	(void)syscall(SYS_capget, &head, has);
	return has[0].permitted == wanted && has[0].effective == wanted &&
		       has[0].inheritable == 0 && has[1].permitted == 0
		   ? 0
		   : 3;
}

/* Of root nothing stays: it had all, and nobody chose. */
static int
keeping_as_root(void)
{
	char why[160] = "";

	if (drop_to_keeping(geteuid() == 0 ? "nobody" : NULL,
		1u << CAP_NET_BIND_SERVICE, why, sizeof(why)) != 0)
		return 1;
	return has_capabilities() == 0 ? 0 : 2;
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
what_is_to_be_kept_is_kept_and_no_more(void)
{
	CU_ASSERT_EQUAL(in_child(keeping_one), 0);
	CU_ASSERT_EQUAL(in_child(keeping_as_root), 0);
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
    {"what is to be kept is kept, and no more",
	what_is_to_be_kept_is_kept_and_no_more},
    {"a plain user cannot become another", a_plain_user_cannot_become_another},
    {"an unknown user is named", an_unknown_user_is_named},
};

UNIT_MAIN("lib/drop", tests)
