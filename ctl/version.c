/* SPDX-License-Identifier: BSD-2-Clause */
/* hopctl version: which one this is. */
#include "ctl/ctl.h"

int
version_run(struct ctl *c, int argc, char **argv)
{
	if (argc > 0)
		return ctl_usage(c, "\"%s\": no arguments here", argv[0]);
	fputs("hopctl " HOP_VERSION "\n", c->out);
	return CTL_OK;
}
