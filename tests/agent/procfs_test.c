/* SPDX-License-Identifier: BSD-2-Clause */
/* Files of /proc as found on hosts: tests/golden/procfs/<kind of host>/. */

#include "agent/procfs.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit.h"

static char text[65536];

static size_t
read_golden(const char *name)
{
	char path[128];
	size_t n = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "tests/golden/procfs/%s", name);
	f = fopen(path, "r");
	CU_ASSERT_FATAL(f != NULL);
	n = fread(text, 1, sizeof(text), f);
	(void)fclose(f);
	return n;
}

static void
connections_are_tcp_curr_estab(void)
{
	uint64_t n = 99;

	CU_ASSERT(procfs_tcp(text, read_golden("debian12/net/snmp"), &n) == 0);
	CU_ASSERT_EQUAL(n, 417);
	CU_ASSERT(procfs_tcp(text, read_golden("linux3.10/net/snmp"), &n) == 0);
	CU_ASSERT_EQUAL(n, 12);
	CU_ASSERT(procfs_tcp(text, read_golden("broken/net/snmp"), &n) == -1);
	CU_ASSERT(procfs_tcp(text, 0, &n) == -1);
	CU_ASSERT_EQUAL(n, 12);
}

static void
free_ram_is_what_programs_can_get(void)
{
	struct procfs_memory m;

	CU_ASSERT(
	    procfs_memory(text, read_golden("debian12/meminfo"), &m) == 0);
	CU_ASSERT_EQUAL(m.ram_free, 5210744);
	CU_ASSERT_EQUAL(m.ram_total, 8133340);
	CU_ASSERT_EQUAL(m.swap_free, 2010876);
	CU_ASSERT_EQUAL(m.swap_total, 2097148);
	/* No MemAvailable: what is free, and what can be freed. */
	CU_ASSERT(
	    procfs_memory(text, read_golden("linux3.10/meminfo"), &m) == 0);
	CU_ASSERT_EQUAL(m.ram_free, 350000);
	CU_ASSERT(procfs_memory(text, read_golden("broken/meminfo"), &m) == -1);
}

static void
nobody_has_more_free_than_in_all(void)
{
	struct procfs_memory m;

	/* A container's share is less than what its host has free. */
	CU_ASSERT(procfs_memory(text, read_golden("lxcfs/meminfo"), &m) == 0);
	CU_ASSERT_EQUAL(m.ram_free, 524288);
	CU_ASSERT_EQUAL(m.swap_total, 0);
	CU_ASSERT_EQUAL(m.swap_free, 0);
	CU_ASSERT(
	    procfs_memory(text, read_golden("linux3.10/meminfo"), &m) == 0);
	CU_ASSERT_EQUAL(m.swap_free, 1000);
}

static void
idle_time_leaves_out_waiting_and_guests(void)
{
	struct procfs_cpu c;

	CU_ASSERT(procfs_cpu(text, read_golden("debian12/stat"), &c) == 0);
	CU_ASSERT_EQUAL(c.idle, 13343292);
	CU_ASSERT_EQUAL(c.total,
	    1393280 + 32966 + 572056 + 13343292 + 6130 + 0 + 17875 + 1000);
	CU_ASSERT_EQUAL(c.cpus, 4);
	CU_ASSERT(procfs_cpu(text, read_golden("lxcfs/stat"), &c) == 0);
	CU_ASSERT(c.idle == 9000 && c.total == 9000 && c.cpus == 1);
	CU_ASSERT(procfs_cpu(text, read_golden("linux3.10/stat"), &c) == 0);
	CU_ASSERT(c.idle == 40 && c.total == 100 && c.cpus == 0);
	CU_ASSERT(procfs_cpu(text, read_golden("broken/stat"), &c) == -1);
}

static void
huge_numbers_do_not_wrap(void)
{
	static const char stat[] =
	    "cpu 99999999999999999999999 99999999999999999999999 1 1\n";
	struct procfs_cpu c;

	CU_ASSERT(procfs_cpu(stat, sizeof(stat) - 1, &c) == 0);
	CU_ASSERT(c.total >= c.idle);
	CU_ASSERT(c.total > UINT64_MAX / 16);
}

static const struct unit_test tests[] = {
    {"connections are tcpCurrEstab", connections_are_tcp_curr_estab},
    {"free RAM is what programs can get", free_ram_is_what_programs_can_get},
    {"nobody has more free than in all", nobody_has_more_free_than_in_all},
    {"idle time leaves out waiting and guests",
	idle_time_leaves_out_waiting_and_guests},
    {"huge numbers do not wrap", huge_numbers_do_not_wrap},
};

UNIT_MAIN("agent/procfs", tests)
