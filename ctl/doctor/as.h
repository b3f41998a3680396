/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CTL_DOCTOR_AS_H
#define CTL_DOCTOR_AS_H

/* Doing something as the user that the daemons run as: the only way to know
 * whether that user may. */

#include "ctl/doctor/host.h"

#define AS_TEXT 8192

struct as_user {
	uid_t uid;
	gid_t gid;
	gid_t groups[HOST_GROUPS];
	size_t ngroups;
	char name[64]; /* for people */
};

/* Who our daemons are: that of one that runs and is not root, else the user
 * hopscotch. -1: there is neither. */
int as_find(const struct host *h, struct as_user *u);
/*
 * Run it in a child that is this user; what it writes to `fd` comes back in
 * out[AS_TEXT]. Its result, 0 to 100, or -1 if we may not become that user;
 * then nothing ran.
 */
int as_run(const struct as_user *u, int (*fn)(void *arg, int fd), void *arg,
    char *out);

#endif
