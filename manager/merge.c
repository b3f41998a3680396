/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One function an element of the fleet. What is kept is copied whole; what
 * names places in the world (numbers) is of the new one.
 */
#include "manager/merge.h"

#include <string.h>

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
same_user(const struct snmp_user *a, const struct snmp_user *b)
{
	return same_text(a->id, b->id) && a->auth == b->auth &&
	       a->priv == b->priv &&
	       same_text(a->auth_secret, b->auth_secret) &&
	       same_text(a->priv_secret, b->priv_secret);
}

bool
merge_same_agent(const struct world *a, const struct agent *x,
    const struct world *b, const struct agent *y)
{
	if (x->kind != y->kind)
		return false;
	if (x->kind == AGENT_NONE)
		return true;
	return addr_cmp(&x->addr, &y->addr) == 0 && x->port == y->port &&
	       same_user(&a->users[x->user], &b->users[y->user]);
}

bool
merge_same_endpoints(const struct listen_lines *a, size_t na,
    const struct listen_lines *b, size_t nb)
{
	size_t i;

	if (na != nb)
		return false;
	for (i = 0; i < na; i++)
		if (!same_text(a[i].socket, b[i].socket) ||
		    a[i].tls != b[i].tls || a[i].port != b[i].port ||
		    (a[i].socket == NULL &&
			addr_cmp(&a[i].addr, &b[i].addr) != 0))
			return false;
	return true;
}

/* Another agent is asked from now on, or none: what the old one has said of
 * its host holds until the new one says something, but not what only its kind
 * knows. */
static void
change_agent(
    struct fleet *f, int server, enum agent_kind before, struct mono now)
{
	enum agent_kind kind = f->world->servers[server].agent.kind;
	struct fleet_server *s = &f->servers[server];
	size_t i;

	s->heard = now;
	s->late = false;
	s->engine = 0;
	s->number = 0;
	s->agent_text[0] = '\0';
	for (i = 0; kind != AGENT_HOPSCOTCH && i < s->nuses; i++)
		f->uses[s->uses[i]].has_check = false;
	if (kind != AGENT_NONE && before != AGENT_NONE)
		return;
	s->has_sample = s->fresh = false;
	s->answered = (struct mono){0};
	s->agent = (struct status){STATE_UNKNOWN, REASON_NOT_JUDGED, now, 0};
}

static void
merge_server(
    struct fleet *f, int n, const struct fleet *old, int was, struct mono now)
{
	const struct agent *a = &f->world->servers[n].agent;
	const struct agent *b = &old->world->servers[was].agent;
	struct fleet_server *s = &f->servers[n], own = *s;

	*s = old->servers[was];
	s->uses = own.uses;
	s->nuses = own.nuses;
	if (!merge_same_agent(f->world, a, old->world, b))
		change_agent(f, n, b->kind, now);
}

static void
merge_use(struct fleet_use *u, const struct fleet_use *was)
{
	struct fleet_use own = *u;

	*u = *was;
	u->n = own.n;
	u->server = own.server;
	u->service = own.service;
}

static void
merge_uses(struct fleet *f, const struct fleet *old)
{
	size_t i;

	for (i = 0; i < f->nuses; i++) {
		struct fleet_use *u = &f->uses[i];
		int server =
		    world_server(old->world, f->world->servers[u->server].id);
		int service = world_service(
		    old->world, f->world->services[u->service].id);
		int was = server >= 0 && service >= 0
			      ? fleet_use(old, server, service)
			      : -1;

		u->added = was < 0;
		if (was >= 0)
			merge_use(u, &old->uses[was]);
	}
}

static void
merge_places(struct fleet *f, const struct fleet *old)
{
	size_t i;
	int was;

	for (i = 0; i < f->world->nsites; i++) {
		was = world_site(old->world, f->world->sites[i].id);
		if (was >= 0)
			f->sites[i] = old->sites[was];
	}
	for (i = 0; i < f->world->nborders; i++) {
		was = world_border(old->world, f->world->borders[i].id);
		if (was < 0)
			continue;
		f->borders[i] = old->borders[was];
		f->border_admin[i] = old->border_admin[was];
		f->uplink_down[i] = old->uplink_down[was];
	}
}

static void
merge_services(struct fleet *f, const struct fleet *old)
{
	size_t i;

	for (i = 0; i < f->world->nservices; i++) {
		struct fleet_service *s = &f->services[i];
		int was = world_service(old->world, f->world->services[i].id);

		s->dirty = true; /* weights and policies may be others */
		if (was < 0)
			continue;
		s->status = old->services[was].status;
		s->frozen = old->services[was].frozen;
		s->freezes = old->services[was].freezes;
	}
}

struct fleet *
merge_fleet(const struct fleet *old, const struct world *w,
    const struct manager *m, struct mono now)
{
	struct fleet *f = fleet_new(w, m, &old->on, now);
	size_t i;

	f->start = old->start;
	f->restless = old->restless;
	f->watched = old->watched;
	f->log = old->log;
	merge_services(f, old);
	merge_uses(f, old);
	for (i = 0; i < w->nservers; i++) {
		int was = world_server(old->world, w->servers[i].id);

		if (was >= 0)
			merge_server(f, (int)i, old, was, now);
	}
	merge_places(f, old);
	return f;
}
