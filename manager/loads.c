/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A load line follows a sample: a director counts its own assignments from
 * one load line of a server to the next, so one without a new sample would
 * make it forget what no sample shows yet.
 */
#include "manager/loads.h"

#include "manager/verdict.h"

static int64_t
stale_us(const struct fleet *f, int server, struct mono now)
{
	const struct fleet_server *s = &f->servers[server];

	if (verdict_agent_answers(f, server))
		return 0;
	return mono_us(now, s->sampled);
}

/* Whether a server that is no backup is live: then an idle backup is not what
 * the others are measured by. */
static bool
primary_is_live(const struct fleet *f, int service)
{
	const struct service *conf = &f->world->services[service];
	const struct fleet_use *all = &f->uses[f->services[service].first];
	size_t i;

	for (i = 0; i < conf->nuse; i++)
		if (!world_is_backup(conf, i) && status_is_live(&all[i].status))
			return true;
	return false;
}

static void
fill(const struct fleet *f, int service, struct mono now)
{
	const struct service *conf = &f->world->services[service];
	bool primaries = primary_is_live(f, service);
	size_t i;

	for (i = 0; i < conf->nuse; i++) {
		const struct fleet_use *u =
		    &f->uses[f->services[service].first + (int)i];
		const struct fleet_server *s = &f->servers[u->server];
		struct weigh_input *in = &f->weigh_in[i];

		*in = (struct weigh_input){
		    .sample = s->has_sample ? &s->smooth : NULL,
		    .weight = f->world->servers[u->server].weight,
		    .live = status_is_live(&u->status) &&
			    !(primaries && world_is_backup(conf, i)),
		    .up_us =
			mono_set(u->up_since) ? mono_us(now, u->up_since) : -1,
		    .stale_us = s->has_sample ? stale_us(f, u->server, now) : 0,
		};
	}
}

void
loads_weigh(struct fleet *f, int service, struct mono now)
{
	const struct service *conf = &f->world->services[service];
	struct fleet_use *all = &f->uses[f->services[service].first];
	size_t i;

	fill(f, service, now);
	weigh(&f->world->policies[conf->policy], f->weigh_in, conf->nuse,
	    f->weigh_out);
	for (i = 0; i < conf->nuse; i++) {
		struct fleet_use *u = &all[i];
		const struct weighed *w = &f->weigh_out[i];
		bool changed = w->busy != u->busy;

		u->load = w->load;
		u->has_load = f->servers[u->server].has_sample;
		u->busy = w->busy;
		u->busy_reason = w->reason;
		if (changed)
			verdict_use(f, u, now);
	}
}

/* Whether its load goes on changing without samples: slow start. (A load that
 * is not told anew ages by itself at the directors.) */
static bool
is_restless(const struct fleet *f, const struct fleet_use *u, struct mono now)
{
	const struct policy *p =
	    &f->world->policies[f->world->services[u->service].policy];

	return f->servers[u->server].has_sample &&
	       !verdict_agent_answers(f, u->server) && mono_set(u->up_since) &&
	       mono_us(now, u->up_since) < p->slow_start_us + f->poll_us;
}

void
loads_tell(struct fleet *f, int service, struct mono now)
{
	const struct service *conf = &f->world->services[service];
	struct fleet_use *all = &f->uses[f->services[service].first];
	size_t i, n = 0;

	for (i = 0; i < conf->nuse; i++) {
		struct fleet_use *u = &all[i];

		if (!u->has_load)
			continue;
		if (!f->servers[u->server].fresh &&
		    !(is_restless(f, u, now) &&
			mono_us(now, u->load_time) >= f->poll_us))
			continue;
		u->load_time = now;
		f->scratch[n++] = u->n;
	}
	if (n > 0 && f->on.loads != NULL)
		f->on.loads(f->on.arg, service, f->scratch, n);
}

void
loads_mark_restless(struct fleet *f, struct mono now)
{
	size_t i;

	for (i = 0; i < f->nuses; i++)
		if (is_restless(f, &f->uses[i], now))
			f->services[f->uses[i].service].dirty = true;
}
