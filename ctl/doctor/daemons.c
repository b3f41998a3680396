/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The daemons themselves: those of this host run and answer, and all that can
 * be reached run the same configuration.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/call.h"
#include "ctl/doctor/doctor.h"
#include "ctl/sockets.h"
#include "lib/mem.h"
#include "lib/num.h"

/* Of two drains the later wins: so far clocks may differ. */
#define CLOCK_OFF_S 2

/* What a daemon's clock was ahead of ours when its answer came. */
struct ahead {
	bool told;
	int64_t s;
};

static enum call_line
on_line(void *arg, const struct line *l)
{
	struct ahead *a = arg;
	const char *when = line_option(l, "when");
	int64_t s;

	if (strcmp(l->field[0], "done") == 0)
		return CALL_DONE;
	if (a != NULL && l->fields > 1 && strcmp(l->field[1], "daemon") == 0 &&
	    when != NULL && num_parse(when, 0, INT64_MAX / 2, &s) == 0)
		*a = (struct ahead){true, s - (int64_t)time(NULL)};
	return CALL_GO_ON;
}

static bool
is_here(const struct doctor *d, const struct target *t)
{
	size_t i;

	for (i = 0; i < d->nroles; i++)
		if (strcmp(d->role[i].program, t->program) == 0 &&
		    strcmp(d->role[i].id, t->id) == 0)
			return true;
	return false;
}

/* Its daemon is of this host, and did not answer. */
static void
silent(const struct doctor *d, const struct call *c, struct findings *f)
{
	const char *name = c->to.program;
	char remedy[200];

	if (host_find(&d->host, name, NULL) == NULL)
		(void)snprintf(remedy, sizeof(remedy),
		    "systemctl start %s; journalctl -u %s tells why it ended.",
		    name, name);
	else if (strstr(c->why, strerror(ECONNREFUSED)) != NULL ||
		 strstr(c->why, strerror(ENOENT)) != NULL)
		(void)snprintf(remedy, sizeof(remedy),
		    "It runs, but has not taken this file: systemctl reload "
		    "%s; journalctl -u %s tells what it refuses.",
		    name, name);
	else
		(void)snprintf(remedy, sizeof(remedy),
		    "It runs: journalctl -u %s tells more, and below is what "
		    "is said of certificates.",
		    name);
	finding_bad(f, VERDICT_FAIL, remedy, "%s %s does not answer: %s", name,
	    c->to.id, c->why);
}

static void
judge(const struct doctor *d, const struct call *c, struct findings *f)
{
	if (!c->ok && is_here(d, &c->to)) {
		silent(d, c, f);
	} else if (!c->ok && c->to.at[0].socket == NULL) {
		finding_bad(f, VERDICT_WARN,
		    "Run doctor on its host; check the way there and the "
		    "certificates.",
		    "%s %s cannot be reached: %s", c->to.program, c->to.id,
		    c->why);
	} else if (c->ok && strcmp(c->hash, d->w->hash) != 0) {
		finding_bad(f, VERDICT_WARN,
		    "Copy the file to its host and `hopctl reload` there.",
		    "%s %s runs another configuration (%.12s) than this host "
		    "has (%.12s)",
		    c->to.program, c->to.id, c->hash, d->w->hash);
	} else if (c->ok) {
		finding_ok(f, "%s %s answers, same configuration",
		    c->to.program, c->to.id);
	}
}

static void
judge_clock(const struct call *c, struct findings *f)
{
	const struct ahead *a = c->arg;

	if (c->ok && a->told && llabs(a->s) > CLOCK_OFF_S)
		finding_bad(f, VERDICT_WARN,
		    "Run chrony or systemd-timesyncd on both hosts: of two "
		    "drains of the same server the one with the later time "
		    "wins.",
		    "the clock of %s %s is %lld s %s", c->to.program, c->to.id,
		    (long long)llabs(a->s),
		    a->s > 0 ? "ahead of this host's" : "behind this host's");
}

static void
configured(const struct doctor *d, struct findings *f)
{
	struct target *t;
	size_t n = call_targets(d->w, &t), i, hidden = 0;
	struct call *call = mem_array(n, sizeof(*call));
	struct ahead *ahead = mem_array(n, sizeof(*ahead));

	for (i = 0; i < n; i++)
		call[i] = (struct call){.to = t[i],
		    .line = "status",
		    .on_line = on_line,
		    .arg = &ahead[i]};
	if (calls_run(d->c, d->w, call, n) == 0)
		for (i = 0; i < n; i++) {
			judge(d, &call[i], f);
			judge_clock(&call[i], f);
			hidden += !call[i].ok && !is_here(d, &call[i].to) &&
				  call[i].to.at[0].socket != NULL;
		}
	if (hidden > 0)
		finding_ok(f,
		    "%zu daemons of other hosts listen on unix "
		    "sockets there: run doctor there too",
		    hidden);
	free(call);
	free(ahead);
	free(t);
}

/* hoploadd and hoppingd are in no configuration. */
static void
agents(const struct doctor *d, struct findings *f)
{
	struct target *t;
	size_t n = sockets_here(&t), i;

	for (i = 0; i < n; i++) {
		struct call call = {
		    .to = t[i], .line = "status", .on_line = on_line};

		if ((strcmp(t[i].program, "hoploadd") != 0 &&
			strcmp(t[i].program, "hoppingd") != 0) ||
		    calls_run(d->c, d->w, &call, 1) < 0)
			continue;
		if (call.ok)
			finding_ok(f, "%s %s answers", t[i].program, t[i].id);
		else
			finding_bad(f, VERDICT_WARN,
			    "A file of an agent that is gone may be removed.",
			    "%s %s does not answer: %s", t[i].program, t[i].id,
			    call.why);
	}
	sockets_free(&t, n);
}

static void
running(const struct doctor *d, struct findings *f)
{
	static const char *const agents_of[] = {"hoploadd", "hoppingd"};
	static const char *const remedy[] = {"systemctl enable --now hoploadd",
	    "Say which border this is (`border ID`) in /etc/default/hoppingd, "
	    "then systemctl enable --now hoppingd."};
	size_t i;

	for (i = 0; i < 2; i++) {
		if (!roles_have(d, agents_of[i]))
			continue;
		if (host_find(&d->host, agents_of[i], NULL) != NULL)
			finding_ok(f, "%s runs", agents_of[i]);
		else
			finding_bad(f, VERDICT_FAIL, remedy[i],
			    "%s does not run on this host", agents_of[i]);
	}
}

void
check_daemons(const struct doctor *d, struct findings *f)
{
	f->area = "daemons";
	if (d->w != NULL)
		running(d, f);
	if (!d->live)
		return;
	if (d->w != NULL)
		configured(d, f);
	agents(d, f);
}
