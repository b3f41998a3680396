/* SPDX-License-Identifier: BSD-2-Clause */
/* From root, or from a user with capabilities, to a plain user. Holds nothing.
 */
#include "lib/drop.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int
few_capabilities(uint32_t keep, char *why, size_t size)
{
	struct __user_cap_header_struct head = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct few[2], had[2];

	memset(few, 0, sizeof(few));
	memset(had, 0, sizeof(had));
	if (keep != 0 && syscall(SYS_capget, &head, had) == 0)
		few[0].permitted = few[0].effective = had[0].permitted & keep;
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	/* Passphrases and keys: in no core file, and not for other processes
	 * of the same user, the other daemons of the host. */
	if (syscall(SYS_capset, &head, few) == 0 &&
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0)
		return 0;
	(void)snprintf(
	    why, size, "cannot give up capabilities: %s", strerror(errno));
	return -1;
}

static int
become(const struct passwd *pw, char *why, size_t size)
{
	if (initgroups(pw->pw_name, pw->pw_gid) < 0 ||
	    setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) < 0 ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) < 0) {
		(void)snprintf(why, size, "cannot become %s: %s", pw->pw_name,
		    strerror(errno));
		return -1;
	}
	if (pw->pw_uid != 0 && setuid(0) == 0) {
		(void)snprintf(
		    why, size, "%s can become root again", pw->pw_name);
		return -1;
	}
	return 0;
}

int
drop_to_keeping(const char *user, uint32_t keep, char *why, size_t size)
{
	const struct passwd *pw;

	if (geteuid() == 0)
		keep = 0; /* it had all, and nobody chose these */

	if (user == NULL && geteuid() == 0)
		return 0;
	if (user == NULL)
		return few_capabilities(keep, why, size);
	errno = 0;
	pw = getpwnam(user);
	if (pw == NULL) {
		(void)snprintf(why, size, "no user %s%s%s", user,
		    errno != 0 ? ": " : "", errno != 0 ? strerror(errno) : "");
		return -1;
	}
	if (geteuid() != 0 && pw->pw_uid != geteuid()) {
		(void)snprintf(
		    why, size, "not started as root: cannot become %s", user);
		return -1;
	}
	if (geteuid() == 0 && become(pw, why, size) < 0)
		return -1;
	return few_capabilities(keep, why, size);
}

int
drop_to(const char *user, char *why, size_t size)
{
	return drop_to_keeping(user, 0, why, size);
}
