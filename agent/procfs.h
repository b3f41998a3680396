/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AGENT_PROCFS_H
#define AGENT_PROCFS_H

/*
 * What files of /proc say (proc(5)), as pure functions over their bytes. Each
 * answers 0, or -1 if what is asked for is not in them; then *out is
 * unchanged. Text need not be terminated.
 */

#include <stddef.h>
#include <stdint.h>

struct procfs_memory {     /* KiB */
	uint64_t ram_free; /* what programs can get without swapping */
	uint64_t ram_total;
	uint64_t swap_free, swap_total; /* 0: no swap */
};

struct procfs_cpu {     /* ticks since the start of the host */
	uint64_t idle;  /* without waiting for disks */
	uint64_t total; /* with what a hypervisor took */
	unsigned cpus;  /* online */
};

/* net/snmp: TCP connections in ESTABLISHED or CLOSE-WAIT, of both families
 * (tcpCurrEstab). */
int procfs_tcp(const char *text, size_t len, uint64_t *connections);
/* meminfo */
int procfs_memory(const char *text, size_t len, struct procfs_memory *out);
/* stat; only its beginning is needed. */
int procfs_cpu(const char *text, size_t len, struct procfs_cpu *out);

#endif
