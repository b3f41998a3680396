/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The order matters: what pollers have said by now is of the old world, so it
 * is taken first; the new fleet is made beside the old one; then nothing tells
 * anybody anything until all parts are of the new world. Only listeners can
 * fail, so they come before all else.
 */
#include "manager/take.h"

#include <stdio.h>

#include "lib/log.h"
#include "manager/control.h"
#include "manager/merge.h"
#include "manager/verdict.h"

void
take_probers(struct managerd *m, struct mono now)
{
	uint64_t seed;

	if (m->world->nprobers == 0) {
		prober_free(&m->prober);
		return;
	}
	if (m->prober != NULL)
		return;
	evutil_secure_rng_get_bytes(&seed, sizeof(seed));
	m->prober = prober_new(m->world, m->self, &m->probing, seed, now);
}

void
take_admin(struct managerd *m, struct mono now)
{
	size_t i;

	for (i = 0; i < m->world->nservers; i++)
		fleet_apply_admin(
		    m->fleet, m->admin, ADMIN_SERVER, (int)i, now);
	for (i = 0; i < m->world->nborders; i++)
		fleet_apply_admin(
		    m->fleet, m->admin, ADMIN_BORDER, (int)i, now);
}

/* The place of a use of the old world in the new one, or -1. */
static int
place_of(const struct world *old, int server, int service,
    const struct world *w, int *new_server, int *new_service)
{
	*new_server = world_server(w, old->servers[server].id);
	*new_service = world_service(w, old->services[service].id);
	if (*new_server < 0 || *new_service < 0)
		return -1;
	return world_use(&w->services[*new_service], *new_server);
}

/* Whether clients of a service have somebody to go to that stays. */
static bool
has_others(const struct managerd *m, int service, const struct world *w)
{
	const struct fleet_use *u =
	    &m->fleet->uses[m->fleet->services[service].first];
	size_t i, n = m->world->services[service].nuse;
	int x, y;

	for (i = 0; i < n; i++, u++)
		if (status_is_live(&u->status) &&
		    place_of(m->world, u->server, u->service, w, &x, &y) >= 0)
			return true;
	return false;
}

/* Directors that still have what is gone shall send nobody there, if there is
 * somebody else: they may read the new configuration later than we. */
static void
tell_gone(struct managerd *m, const struct world *w)
{
	const struct world *old = m->world;
	int server, service;
	size_t i;

	for (i = 0; i < m->fleet->nuses; i++) {
		const struct fleet_use *u = &m->fleet->uses[i];

		if (place_of(old, u->server, u->service, w, &server, &service) <
			0 &&
		    has_others(m, u->service, w))
			feeds_gone(m->feeds, old->servers[u->server].id,
			    old->services[u->service].id);
	}
}

struct move {
	const struct fleet *from, *to;
};

static int
place_try(void *arg, int n, int *server, int *service)
{
	const struct move *x = arg;
	const struct fleet_use *u = &x->from->uses[n];
	int use = place_of(x->from->world, u->server, u->service, x->to->world,
	    server, service);

	return use < 0 ? -1 : x->to->services[*service].first + use;
}

static void
take_fleet(struct managerd *m, const struct world *w,
    const struct manager *self, struct mono now)
{
	struct fleet *f = merge_fleet(m->fleet, w, self, now);
	struct move move = {m->fleet, f};

	tries_renew(m->tries, w, place_try, &move);
	fleet_free(&m->fleet);
	m->fleet = f;
}

static size_t
lacks(const struct world *a, const struct world *b)
{
	size_t i, n = 0;

	for (i = 0; i < a->nservers; i++)
		n += world_server(b, a->servers[i].id) < 0;
	return n;
}

/* Nothing here fails. */
static void
go_over(struct managerd *m, const struct world *w, const struct manager *self,
    struct listeners_change *change)
{
	struct mono now = mono_now();
	bool replaced;
	size_t i;

	log_info("main", "%zu servers (%zu new, %zu gone), %zu services",
	    w->nservers, lacks(w, m->world), lacks(m->world, w), w->nservices);
	tell_gone(m, w);
	replaced = pollers_renew(m->pollers, w, self);
	if (m->prober != NULL)
		prober_renew(m->prober, w, self, pollers_same_prober, now);
	take_fleet(m, w, self, now);
	m->world = w;
	m->self = self;
	take_probers(m, now);
	rows_renew(m->rows, w);
	admin_renew(m->admin, w);
	feeds_renew(m->feeds, w, self, m->fleet, m->prober, now);
	control_renew(m->control, &change);
	take_admin(m, now);
	verdict_settle(m->fleet, now);
	for (i = 0; replaced && i < w->nprobers; i++)
		prober_again(m->prober, (int)i, now);
}

bool
take_world(void *arg, struct world *w, char *why, size_t size)
{
	struct managerd *m = arg;
	int n = daemon_find_manager(w, m->self->id);
	struct listeners_change *change;

	if (n < 0) {
		(void)snprintf(why, size,
		    "it has no <manager id=\"%s\"> any more; to end this one, "
		    "stop it",
		    m->self->id);
		return false;
	}
	if (feeds_use_tls(m->feeds) && !peer_try_tls(w->tls, why, size))
		return false;
	change = control_prepare(m->control, w, &w->managers[n], why, size);
	if (change == NULL)
		return false;
	go_over(m, w, &w->managers[n], change);
	return true;
}
