/* SPDX-License-Identifier: BSD-2-Clause */
/* Files of /proc, or of what a container shows in their place. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/procfs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct procfs_memory m;
	struct procfs_cpu c;
	uint64_t n;
	char *text = malloc(size == 0 ? 1 : size);

	memcpy(text, data, size);
	(void)procfs_tcp(text, size, &n);
	if (procfs_memory(text, size, &m) == 0 &&
	    (m.ram_total == 0 || m.ram_free > m.ram_total ||
		m.swap_free > m.swap_total))
		abort();
	if (procfs_cpu(text, size, &c) == 0 && c.idle > c.total)
		abort();
	free(text);
	return 0;
}
