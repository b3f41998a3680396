/* SPDX-License-Identifier: BSD-2-Clause */
/* Bounds of the system that our daemons run into when it gets busy. */
#include <inttypes.h>
#include <string.h>

#include "ctl/doctor/doctor.h"

#define SPARE 300 /* files beside those of clients: peers, logs, libraries */

/* Files that a daemon may need at once. */
static int64_t
wanted(const struct doctor *d, const char *program)
{
	int64_t n = 1024;
	size_t i;

	for (i = 0; i < d->nroles; i++)
		if (strcmp(program, "hopfrontd") == 0 &&
		    strcmp(d->role[i].program, program) == 0 &&
		    d->w->frontends[d->role[i].n].clients + SPARE > n)
			n = d->w->frontends[d->role[i].n].clients + SPARE;
	return n;
}

void
check_limits(const struct doctor *d, struct findings *f)
{
	size_t i;

	f->area = "limits";
	if (d->w == NULL)
		return;
	for (i = 0; i < d->host.nprocesses; i++) {
		const struct host_process *p = &d->host.process[i];
		int64_t want = wanted(d, p->program);

		if (p->files < 0 || strcmp(p->program, "snmpd") == 0)
			continue;
		if (p->files >= want)
			finding_ok(f, "%s (pid %d) may open %" PRId64 " files",
			    p->program, (int)p->pid, p->files);
		else
			finding_bad(f, VERDICT_WARN,
			    "LimitNOFILE= of its unit, or `ulimit -Hn` before "
			    "it is started.",
			    "%s (pid %d) may open %" PRId64
			    " files; with clients= as configured it may need "
			    "%" PRId64,
			    p->program, (int)p->pid, p->files, want);
	}
}
