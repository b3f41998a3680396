/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Daemons find themselves by the host name or by --id, so do we: by the host
 * name, or by what runs here. Servers, borders and front ends also show by an
 * address of this host.
 */
#include <string.h>
#include <strings.h>

#include "ctl/doctor/doctor.h"

static void
add(struct doctor *d, const char *program, const char *id, const char *why,
    int n)
{
	size_t i;

	for (i = 0; i < d->nroles; i++)
		if (strcmp(d->role[i].program, program) == 0 &&
		    strcmp(d->role[i].id, id) == 0)
			return;
	if (d->nroles < ROLES_MAX)
		d->role[d->nroles++] = (struct role){program, id, why, n};
}

/* "ny" and "ny.example.com" are one machine. */
static bool
is_host(const char *host, const char *mine)
{
	size_t n = strcspn(mine, ".");

	if (host == NULL || mine[0] == '\0')
		return false;
	return strcasecmp(host, mine) == 0 ||
	       (strlen(host) == n && strncasecmp(host, mine, n) == 0);
}

static bool
is_running(const struct doctor *d, const char *program, const char *id)
{
	const struct host_process *p = NULL;
	const char *given;

	while ((p = host_find(&d->host, program, p)) != NULL) {
		given = host_option(p, "--id");
		if (given != NULL && strcmp(given, id) == 0)
			return true;
	}
	return false;
}

static void
of_daemon(struct doctor *d, const char *program, const char *id,
    const char *host, int n)
{
	if (is_host(host, d->host.name))
		add(d, program, id, "host name", n);
	else if (is_running(d, program, id))
		add(d, program, id, "running", n);
}

static bool
is_server_here(const struct doctor *d, const struct server *s)
{
	size_t i;

	if (s->has_agent && host_is_local(&d->host, &s->agent.addr))
		return true;
	for (i = 0; i < s->naliases; i++)
		if (host_is_local(&d->host, &s->aliases[i].v4) ||
		    host_is_local(&d->host, &s->aliases[i].v6))
			return true;
	return false;
}

static void
by_address(struct doctor *d)
{
	const struct world *w = d->w;
	size_t i, k;

	for (i = 0; i < w->nfrontends; i++)
		for (k = 0; k < w->frontends[i].nlisten; k++)
			if (host_is_local(
				&d->host, &w->frontends[i].listen[k].addr))
				add(d, "hopfrontd", w->frontends[i].id,
				    "address", (int)i);
	for (i = 0; i < w->nservers; i++)
		if (is_server_here(d, &w->servers[i]))
			add(d, "hoploadd", w->servers[i].id, "address", (int)i);
	for (i = 0; i < w->nprobers; i++)
		if (host_is_local(&d->host, &w->probers[i].agent.addr))
			add(d, "hoppingd", w->borders[w->probers[i].border].id,
			    "address", (int)i);
}

void
roles_find(struct doctor *d)
{
	const struct world *w = d->w;
	size_t i;

	if (w == NULL)
		return;
	for (i = 0; i < w->nmanagers; i++)
		of_daemon(d, "hopmanagerd", w->managers[i].id,
		    w->managers[i].host, (int)i);
	for (i = 0; i < w->ndirectors; i++)
		of_daemon(d, "hopdirectord", w->directors[i].id,
		    w->directors[i].host, (int)i);
	for (i = 0; i < w->nfrontends; i++)
		of_daemon(d, "hopfrontd", w->frontends[i].id,
		    w->frontends[i].host, (int)i);
	by_address(d);
}

bool
roles_have(const struct doctor *d, const char *program)
{
	size_t i;

	for (i = 0; i < d->nroles; i++)
		if (strcmp(d->role[i].program, program) == 0)
			return true;
	return false;
}

void
check_roles(const struct doctor *d, struct findings *f)
{
	size_t i;

	f->area = "this host";
	for (i = 0; i < d->nroles; i++)
		finding_ok(f, "%s is %s %s (by %s)",
		    d->host.name[0] != '\0' ? d->host.name : "it",
		    d->role[i].program, d->role[i].id, d->role[i].why);
	if (d->nroles == 0 && d->w != NULL)
		finding_bad(f, VERDICT_WARN,
		    "Give a manager, director or front end host=\"...\" of "
		    "this name, start daemons with --id, or ignore this if "
		    "hopctl is all that is used here.",
		    "the configuration knows no role of host \"%s\"",
		    d->host.name);
}
