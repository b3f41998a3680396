/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The clock. States, loads and paths are aged by a clock of their own; what
 * needs the true time is the newest of two drains, logs and certificates.
 */
#include <sys/timex.h>

#include "ctl/doctor/doctor.h"

void
check_clock(const struct doctor *d, struct findings *f)
{
	struct timex t = {0};
	int state;

	f->area = "clock";
	if (!d->live)
		return;
	state = adjtimex(&t);
	if (state >= 0 && state != TIME_ERROR && (t.status & STA_UNSYNC) == 0)
		finding_ok(
		    f, "synchronized, error at most %ld ms", t.maxerror / 1000);
	else
		finding_bad(f, VERDICT_WARN,
		    "Run chrony or systemd-timesyncd. Of two drains of the "
		    "same server the one with the later time wins, so the "
		    "clocks of managers have to agree.",
		    "the kernel says that the clock is not synchronized");
}
