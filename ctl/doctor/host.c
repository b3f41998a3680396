/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files of /proc as the kernel documents them in proc(5). Whatever is not
 * there or not readable is not known, never an error: doctor says so where it
 * matters.
 */
#include "ctl/doctor/host.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/doctor/procnet.h"
#include "lib/mem.h"
#include "lib/num.h"

#define FILE_MAX (1u << 20)

const char *
host_path(const struct host *h, const char *path, char *buf, size_t size)
{
	(void)snprintf(buf, size, "%s%s", h->root, path);
	return buf;
}

char *
host_read(const struct host *h, const char *path, size_t *len)
{
	char name[HOST_PATH], *text;
	size_t n = 0;
	ssize_t got;
	int fd;

	/* A FIFO in the place of a file must not hold us up. */
	fd = open(host_path(h, path, name, sizeof(name)),
	    O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return NULL;
	text = mem_new(FILE_MAX + 1);
	while (n < FILE_MAX && (got = read(fd, text + n, FILE_MAX - n)) > 0)
		n += (size_t)got;
	(void)close(fd);
	text[n] = '\0';
	if (len != NULL)
		*len = n;
	return text;
}

int64_t
host_sysctl(const struct host *h, const char *name)
{
	char path[HOST_PATH], *text;
	int64_t v = -1;

	(void)snprintf(path, sizeof(path), "/proc/sys/%s", name);
	text = host_read(h, path, NULL);
	if (text == NULL)
		return -1;
	text[strcspn(text, "\n\t ")] = '\0';
	if (num_parse(text, 0, INT64_MAX, &v) < 0)
		v = -1;
	free(text);
	return v;
}

/* Behind "Key:" of a file of such lines, or NULL. */
static const char *
field(const char *text, const char *key)
{
	const char *at = text != NULL ? strstr(text, key) : NULL;

	while (at != NULL && at != text && at[-1] != '\n')
		at = strstr(at + 1, key);
	return at != NULL ? at + strlen(key) : NULL;
}

static void
read_ids(struct host_process *p, const char *status)
{
	const char *uid = field(status, "Uid:"), *gid = field(status, "Gid:");
	const char *groups = field(status, "Groups:");
	char *end;

	if (uid != NULL)
		(void)sscanf(uid, "%*u %u", &p->uid);
	if (gid != NULL)
		(void)sscanf(gid, "%*u %u", &p->gid);
	while (groups != NULL && p->ngroups < HOST_GROUPS) {
		while (*groups == ' ' || *groups == '\t')
			groups++;
		if (!isdigit((unsigned char)*groups))
			break;
		p->groups[p->ngroups++] = (gid_t)strtoul(groups, &end, 10);
		groups = end;
	}
}

/* Another network namespace is another host, as in a lab or a container. One
 * that has ended but is still listed has none. */
static bool
is_here(const struct host *h, const char *pid)
{
	char path[HOST_PATH], name[64], mine[64] = "", its[64] = "";

	if (readlink(host_path(h, "/proc/self/ns/net", path, sizeof(path)),
		mine, sizeof(mine) - 1) < 0)
		return true;
	(void)snprintf(name, sizeof(name), "/proc/%.20s/ns/net", pid);
	if (readlink(host_path(h, name, path, sizeof(path)), its,
		sizeof(its) - 1) < 0)
		return errno == EACCES;
	return strcmp(mine, its) == 0;
}

static char *
proc_file(const struct host *h, const char *pid, const char *name, size_t *len)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "/proc/%.20s/%s", pid, name);
	return host_read(h, path, len);
}

static bool
is_ours(const char *program)
{
	static const char *const all[] = {"hopmanagerd", "hopdirectord",
	    "hopfrontd", "hoploadd", "hoppingd", "snmpd"};
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(all[i], program) == 0)
			return true;
	return false;
}

static void
take_process(struct host *h, const char *pid)
{
	struct host_process p = {.uid = (uid_t)-1, .files = -1};
	char *name = proc_file(h, pid, "comm", NULL), *text;
	const char *limit;

	if (name != NULL)
		name[strcspn(name, "\n")] = '\0';
	if (name == NULL || !is_ours(name) || !is_here(h, pid)) {
		free(name);
		return;
	}
	p.pid = (pid_t)strtol(pid, NULL, 10);
	(void)snprintf(p.program, sizeof(p.program), "%.16s", name);
	free(name);
	p.args = proc_file(h, pid, "cmdline", &p.args_len);
	text = proc_file(h, pid, "status", NULL);
	read_ids(&p, text);
	free(text);
	text = proc_file(h, pid, "limits", NULL);
	limit = field(text, "Max open files");
	if (limit != NULL && sscanf(limit, "%" SCNd64, &p.files) != 1)
		p.files = -1; /* "unlimited" */
	free(text);
	h->process =
	    mem_resize(h->process, h->nprocesses + 1, sizeof(*h->process));
	h->process[h->nprocesses++] = p;
}

static bool
is_pid(const char *name)
{
	return name[strspn(name, "0123456789")] == '\0';
}

static void
look_at_processes(struct host *h)
{
	char path[HOST_PATH];
	DIR *d = opendir(host_path(h, "/proc", path, sizeof(path)));
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL)
		if (is_pid(e->d_name))
			take_process(h, e->d_name);
	if (d != NULL)
		(void)closedir(d);
}

static void
look_at_network(struct host *h)
{
	static const struct {
		const char *path;
		bool tcp;
	} tables[] = {{"/proc/net/tcp", true}, {"/proc/net/tcp6", true},
	    {"/proc/net/udp", false}, {"/proc/net/udp6", false}};
	char *text;
	size_t i;

	for (i = 0; i < 4; i++) {
		text = host_read(h, tables[i].path, NULL);
		if (text != NULL)
			procnet_sockets(
			    text, tables[i].tcp, &h->socket, &h->nsockets);
		free(text);
	}
	text = host_read(h, "/proc/net/fib_trie", NULL);
	if (text != NULL)
		procnet_addresses(text, &h->addr, &h->naddrs);
	free(text);
	text = host_read(h, "/proc/net/if_inet6", NULL);
	if (text != NULL)
		procnet_addresses6(text, &h->addr, &h->naddrs);
	free(text);
}

void
host_look(struct host *h, const char *root)
{
	char *name;

	*h = (struct host){.root = root};
	if (root[0] == '\0') {
		(void)gethostname(h->name, sizeof(h->name) - 1);
	} else if ((name = host_read(h, "/etc/hostname", NULL)) != NULL) {
		(void)snprintf(h->name, sizeof(h->name), "%.*s",
		    (int)strcspn(name, " \n"), name);
		free(name);
	}
	look_at_processes(h);
	look_at_network(h);
}

void
host_fini(struct host *h)
{
	size_t i;

	for (i = 0; i < h->nprocesses; i++)
		free(h->process[i].args);
	free(h->process);
	free(h->addr);
	free(h->socket);
	*h = (struct host){0};
}

const struct host_process *
host_find(
    const struct host *h, const char *program, const struct host_process *after)
{
	size_t i = after != NULL ? (size_t)(after - h->process) + 1 : 0;

	for (; i < h->nprocesses; i++)
		if (strcmp(h->process[i].program, program) == 0)
			return &h->process[i];
	return NULL;
}

const char *
host_option(const struct host_process *p, const char *option)
{
	const char *at = p->args, *end = p->args + p->args_len;
	size_t n = strlen(option);

	for (; at != NULL && at < end; at += strlen(at) + 1) {
		if (strcmp(at, option) == 0 && at + n + 1 < end)
			return at + n + 1;
		if (strncmp(at, option, n) == 0 && at[n] == '=')
			return at + n + 1;
	}
	return NULL;
}

bool
host_is_local(const struct host *h, const struct addr *a)
{
	size_t i;

	for (i = 0; i < h->naddrs; i++)
		if (addr_cmp(&h->addr[i], a) == 0)
			return true;
	return false;
}

static bool
is_any(const struct addr *a)
{
	static const uint8_t zero[16];

	return memcmp(a->ip, zero, sizeof(zero)) == 0;
}

const struct host_socket *
host_listener(
    const struct host *h, const struct addr *a, uint16_t port, bool tcp)
{
	const struct host_socket *any = NULL;
	size_t i;

	for (i = 0; i < h->nsockets; i++) {
		const struct host_socket *s = &h->socket[i];

		if (s->port != port || s->tcp != tcp)
			continue;
		if (addr_cmp(&s->addr, a) == 0)
			return s;
		/* :: takes both families, as a rule. */
		if (is_any(&s->addr) &&
		    (s->addr.family == a->family || s->addr.family == AF_INET6))
			any = s;
	}
	return any;
}

/* Whether one of a process's descriptors is this. */
static bool
has_socket(const struct host *h, const char *pid, const char *want)
{
	char path[HOST_PATH], name[64], link[64];
	struct dirent *e;
	bool found = false;
	ssize_t n;
	DIR *d;

	(void)snprintf(name, sizeof(name), "/proc/%.20s/fd", pid);
	d = opendir(host_path(h, name, path, sizeof(path)));
	while (d != NULL && !found && (e = readdir(d)) != NULL) {
		n = readlinkat(dirfd(d), e->d_name, link, sizeof(link) - 1);
		if (n < 0)
			continue;
		link[n] = '\0';
		found = strcmp(link, want) == 0;
	}
	if (d != NULL)
		(void)closedir(d);
	return found;
}

bool
host_owner(const struct host *h, uint64_t inode, char *buf, size_t size)
{
	char path[HOST_PATH], want[64], *name;
	struct dirent *e;
	bool found = false;
	DIR *d = opendir(host_path(h, "/proc", path, sizeof(path)));

	(void)snprintf(want, sizeof(want), "socket:[%" PRIu64 "]", inode);
	while (d != NULL && !found && (e = readdir(d)) != NULL) {
		if (!is_pid(e->d_name) || !has_socket(h, e->d_name, want))
			continue;
		name = proc_file(h, e->d_name, "comm", NULL);
		(void)snprintf(buf, size, "%.*s",
		    name != NULL ? (int)strcspn(name, "\n") : 0,
		    name != NULL ? name : "");
		found = name != NULL;
		free(name);
	}
	if (d != NULL)
		(void)closedir(d);
	return found;
}
