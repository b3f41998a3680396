/* SPDX-License-Identifier: BSD-2-Clause */
/* hopctl, the operator's one command. The verbs are in ctl/verbs.c. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "ctl/ctl.h"
#include "lib/log.h"

int
main(int argc, char **argv)
{
	int status;

	log_init("hopctl", LOG_LEVEL_NONE);
	(void)signal(SIGPIPE, SIG_IGN);
	status = ctl_main(argc, argv, stdout, stderr);
	/* A full disk or a closed pipe must not look like success. */
	if (fflush(stdout) != 0 && status == CTL_OK)
		status = CTL_FAILED;
	return status;
}
