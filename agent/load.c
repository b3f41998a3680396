/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sampler. Reads three files of procfs, one after the other without going
 * back to the loop; connections on given ports come from the last count of
 * agent/ports.c. Owns that and a buffer.
 */

#include "agent/load.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "agent/ports.h"
#include "agent/procfs.h"
#include "lib/log.h"
#include "lib/mem.h"

/* Of /proc/stat the processors come first: enough for some thousands. */
#define BUFFER (512 * 1024)

/* Those of procfs stay open: to find them costs as much as to read them. */
enum load_file { FILE_SNMP, FILE_MEMORY, FILE_STAT, FILES };
static const char *const file_names[FILES] = {
    [FILE_SNMP] = "net/snmp", [FILE_MEMORY] = "meminfo", [FILE_STAT] = "stat"};

struct load {
	char *procfs;
	int fds[FILES]; /* -1: not open */
	bool stays[FILES];
	struct event_base *base;
	struct ports *ports; /* NULL: all ports, or none can be counted */
	uint16_t list[PORTS_MAX];
	size_t nlist;
	struct procfs_cpu cpu; /* of the sample before */
	struct load_sample sample;
	struct log_bound bound;
	char *buffer;
};

static int
open_file(const struct load *l, const char *name)
{
	char path[4096];

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", l->procfs, name) >=
	    sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* One that procfs makes anew for each reading from its beginning. */
static bool
may_stay_open(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

/* The beginning of a file; its length, or -1 and errno. procfs gives all of
 * these in one reading. */
static ssize_t
read_file(struct load *l, enum load_file f)
{
	ssize_t n;
	int saved;

	if (l->fds[f] < 0) {
		l->fds[f] = open_file(l, file_names[f]);
		if (l->fds[f] < 0)
			return -1;
		l->stays[f] = may_stay_open(l->fds[f]);
	}
	do
		n = pread(l->fds[f], l->buffer, BUFFER, 0);
	while (n < 0 && errno == EINTR);
	if (n >= 0 && l->stays[f])
		return n;
	saved = errno;
	(void)close(l->fds[f]);
	l->fds[f] = -1;
	errno = saved;
	return n;
}

static void
complain(struct load *l, enum load_file f, ssize_t len)
{
	if (!log_allowed(&l->bound, "load"))
		return;
	if (len < 0)
		log_warn("load", "%s/%s", l->procfs, file_names[f]);
	else
		log_warnx("load", "%s/%s: what we need is not in it", l->procfs,
		    file_names[f]);
}

static void
sample_connections(struct load *l, struct load_sample *s, struct mono now)
{
	ssize_t len = read_file(l, FILE_SNMP);
	const struct ports_result *r;
	uint64_t n;

	if (len < 0 || procfs_tcp(l->buffer, (size_t)len, &n) < 0) {
		complain(l, FILE_SNMP, len);
		return;
	}
	if (l->nlist > 0) {
		if (l->ports == NULL)
			return;
		ports_count(l->ports, n, now);
		r = ports_last(l->ports);
		if (r == NULL)
			return;
		n = r->connections;
		now = r->counted;
	}
	s->connections = n;
	s->counted = now;
	s->metrics |= 1u << LOAD_CONNECTIONS;
}

static void
sample_memory(struct load *l, struct load_sample *s)
{
	ssize_t len = read_file(l, FILE_MEMORY);
	struct procfs_memory m;

	if (len < 0 || procfs_memory(l->buffer, (size_t)len, &m) < 0) {
		complain(l, FILE_MEMORY, len);
		return;
	}
	s->ram_free = m.ram_free;
	s->ram_total = m.ram_total;
	s->swap_free = m.swap_free;
	s->swap_total = m.swap_total;
	s->metrics |= 1u << LOAD_RAM | 1u << LOAD_SWAP;
}

/* Idle between two readings in hundredths of 1 %. The kernel's idle may go
 * back a little (proc(5)). */
static unsigned
idle_share(const struct procfs_cpu *before, const struct procfs_cpu *now)
{
	uint64_t total = now->total - before->total, idle;

	idle = now->idle > before->idle ? now->idle - before->idle : 0;
	if (idle > total)
		idle = total;
	return (unsigned)(idle * 10000 / total);
}

static void
sample_cpu(struct load *l, struct load_sample *s)
{
	ssize_t len = read_file(l, FILE_STAT);
	struct procfs_cpu cpu;

	if (len < 0 || procfs_cpu(l->buffer, (size_t)len, &cpu) < 0) {
		complain(l, FILE_STAT, len);
		return;
	}
	s->cpus = cpu.cpus;
	if (l->cpu.total != 0 && cpu.total > l->cpu.total) {
		s->cpu_idle = idle_share(&l->cpu, &cpu);
		s->metrics |= 1u << LOAD_CPU;
	} else if (l->cpu.total != 0 && cpu.total == l->cpu.total) {
		/* No tick since: what held then holds. */
		s->cpu_idle = l->sample.cpu_idle;
		s->metrics |= l->sample.metrics & 1u << LOAD_CPU;
	}
	l->cpu = cpu;
}

void
load_take(struct load *l, struct mono now)
{
	struct load_sample s = {.taken = now};

	sample_connections(l, &s, now);
	sample_memory(l, &s);
	sample_cpu(l, &s);
	s.number = l->sample.number + 1;
	if (s.number == 0) /* 0 means none; in 136 years */
		s.number = 1;
	l->sample = s;
}

const struct load_sample *
load_last(const struct load *l)
{
	return &l->sample;
}

void
load_set_ports(struct load *l, const uint16_t *list, size_t n)
{
	if (n == l->nlist &&
	    (n == 0 || memcmp(l->list, list, n * sizeof(*list)) == 0))
		return;
	ports_free(&l->ports);
	l->nlist = n;
	if (n > 0)
		memcpy(l->list, list, n * sizeof(*list));
	l->sample.metrics &= ~(1u << LOAD_CONNECTIONS);
	l->sample.connections = 0;
	if (n == 0)
		return;
	l->ports = ports_new(l->base, list, n);
	if (l->ports == NULL)
		log_warn("load", "no sock_diag in this kernel: connections on "
				 "single ports are not known");
}

const struct ports_result *
load_ports(const struct load *l)
{
	return l->ports != NULL ? ports_last(l->ports) : NULL;
}

struct load *
load_new(const struct load_conf *conf)
{
	struct load *l = mem_new(sizeof(*l));
	int i;

	for (i = 0; i < FILES; i++)
		l->fds[i] = -1;
	l->procfs = mem_text(conf->procfs);
	l->buffer = mem_array(BUFFER, 1);
	l->bound.burst = 3;
	l->base = conf->base;
	load_set_ports(l, conf->ports, conf->nports);
	return l;
}

void
load_free(struct load **lp)
{
	struct load *l = *lp;
	int i;

	if (l == NULL)
		return;
	for (i = 0; i < FILES; i++)
		if (l->fds[i] >= 0)
			(void)close(l->fds[i]);
	ports_free(&l->ports);
	free(l->procfs);
	free(l->buffer);
	free(l);
	*lp = NULL;
}
