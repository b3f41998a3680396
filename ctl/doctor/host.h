/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CTL_DOCTOR_HOST_H
#define CTL_DOCTOR_HOST_H

/*
 * A host as its files show it: processes, addresses and listening sockets of
 * /proc, and any other file, all below a root directory. Asks nobody.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/addr.h"

#define HOST_PATH   1024
#define HOST_GROUPS 64

/* A process of ours or snmpd, in this network namespace. */
struct host_process {
	pid_t pid;
	char program[17];
	char *args; /* as in /proc: each ends with NUL */
	size_t args_len;
	uid_t uid; /* effective */
	gid_t gid;
	gid_t groups[HOST_GROUPS];
	size_t ngroups;
	int64_t files; /* that it may open; -1: not known */
};

struct host_socket {
	struct addr addr; /* zeros: any */
	uint16_t port;
	bool tcp; /* else udp */
	uint64_t inode;
};

struct host {
	const char *root; /* "" is the real one */
	char name[256];
	struct host_process *process;
	size_t nprocesses;
	struct addr *addr; /* local, but for loopback */
	size_t naddrs;
	struct host_socket *socket; /* that listen */
	size_t nsockets;
};

void host_look(struct host *h, const char *root);
void host_fini(struct host *h);
/* The text of a file below the root, to be freed, at most 1 MiB; NULL and
 * errno. `len` may be NULL. */
char *host_read(const struct host *h, const char *path, size_t *len);
/* The path below the root in buf. */
const char *
host_path(const struct host *h, const char *path, char *buf, size_t size);
/* The first process of a program, behind `after` (or NULL), or NULL. */
const struct host_process *host_find(const struct host *h, const char *program,
    const struct host_process *after);
/* The value of an option, "--id x" or "--id=x", or NULL. */
const char *host_option(const struct host_process *p, const char *option);
bool host_is_local(const struct host *h, const struct addr *a);
/* Who listens at this address and port, at least as one of all addresses. */
const struct host_socket *host_listener(
    const struct host *h, const struct addr *a, uint16_t port, bool tcp);
/* The program that has a socket, in buf; false if that cannot be seen. */
bool host_owner(const struct host *h, uint64_t inode, char *buf, size_t size);
/* A number in a file of /proc/sys, or -1. */
int64_t host_sysctl(const struct host *h, const char *name);

#endif
