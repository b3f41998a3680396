/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Judging, with the freeze: when more than half of a service's live servers
 * would go down within a short time, suspect ourselves. Their states are then
 * held, and each is tried directly once a second. It is believed to be down
 * when its host has refused three times in a row (the way there works, so the
 * fault is not ours), or when it has been silent for half a minute while
 * others of the service are alive; doc/decisions tells why.
 */
#include "manager/verdict.h"

#include <stdio.h>

#include "lib/log.h"

/* Deaths this close together are one event: what one cause does to several
 * servers shows over two polls, their time-outs and tries. */
#define FREEZE_WINDOW_MS 10000
#define HELD_REFUSALS    3
#define HELD_SILENT_MS   30000

bool
verdict_agent_answers(const struct fleet *f, int server)
{
	return f->servers[server].agent.state == STATE_UP;
}

bool
verdict_needs_try(const struct fleet *f, const struct fleet_use *u)
{
	const struct fleet_server *s = &f->servers[u->server];

	if (u->held || s->late)
		return true;
	/* Nothing polled yet: the first answer, or silence, will tell. */
	if (s->agent.state == STATE_UNKNOWN &&
	    f->world->servers[u->server].agent.kind != AGENT_NONE)
		return false;
	return s->agent.state != STATE_UP || !u->has_check ||
	       u->check == STATE_UNKNOWN;
}

static struct judge_input
input_of(const struct fleet *f, const struct fleet_use *u)
{
	const struct fleet_server *s = &f->servers[u->server];
	bool silent = s->late && u->tried.state == STATE_DOWN;

	return (struct judge_input){
	    .admin = s->admin,
	    .agent_answers = s->agent.state == STATE_UP && !silent,
	    .agent_reason = silent ? REASON_AGENT_TIMEOUT : s->agent.reason,
	    .check = u->check,
	    .check_reason = u->check_reason,
	    .has_check = u->has_check,
	    .tried = u->tried.state,
	    .tried_reason = u->tried.reason,
	    .busy = u->busy,
	    .busy_reason = u->busy_reason,
	};
}

/* --- states of what uses are part of --- */

/* The best of two states; unknown is better than down: who knows. */
static int
rank(enum state s)
{
	static const int ranks[] = {[STATE_UP] = 5,
	    [STATE_OVERLOADED] = 4,
	    [STATE_DRAINING] = 3,
	    [STATE_UNKNOWN] = 2,
	    [STATE_DOWN] = 1};

	return ranks[s];
}

static void
service_status(struct fleet *f, int service, struct mono now)
{
	const struct service *conf = &f->world->services[service];
	struct fleet_service *s = &f->services[service];
	const struct status *best = NULL;
	char what[RECORD_NAME + 16];
	size_t i;

	for (i = 0; i < conf->nuse; i++) {
		const struct status *x = &f->uses[s->first + (int)i].status;

		if (best == NULL || rank(x->state) > rank(best->state))
			best = x;
	}
	(void)snprintf(what, sizeof(what), "service %s", conf->id);
	if (best != NULL &&
	    (best->state != STATE_UNKNOWN || s->status.state == STATE_UNKNOWN))
		(void)status_set(&s->status, best->state,
		    s->frozen ? REASON_FROZEN : best->reason, now, false, what);
}

static void
server_status(struct fleet *f, int server, struct mono now)
{
	struct fleet_server *s = &f->servers[server];
	const struct status *best = NULL;
	size_t i;

	for (i = 0; i < s->nuses; i++) {
		const struct status *x = &f->uses[s->uses[i]].status;

		if (best == NULL || rank(x->state) > rank(best->state))
			best = x;
	}
	if (best == NULL)
		best = &s->agent; /* in no service */
	if (best->state == STATE_UNKNOWN && s->admin == ADMIN_ENABLED)
		return;
	if (status_set(&s->status, best->state, best->reason, now, true,
		f->world->servers[server].id) &&
	    f->on.server != NULL)
		f->on.server(f->on.arg, server);
}

static void
site_status(struct fleet *f, int site, struct mono now)
{
	const struct status *best = NULL;
	char what[RECORD_NAME + 16];
	size_t i;

	for (i = 0; i < f->world->nservers; i++) {
		const struct status *x = &f->servers[i].status;

		if (f->world->servers[i].site == site &&
		    (best == NULL || rank(x->state) > rank(best->state)))
			best = x;
	}
	(void)snprintf(what, sizeof(what), "site %s", f->world->sites[site].id);
	if (best != NULL && best->state != STATE_UNKNOWN)
		(void)status_set(&f->sites[site], best->state, best->reason,
		    now, true, what);
}

/* --- the freeze --- */

static bool
is_recent_death(const struct fleet_use *u, struct mono now)
{
	return u->status.state == STATE_DOWN && mono_set(u->died) &&
	       mono_ms(now, u->died) < FREEZE_WINDOW_MS;
}

/* After our own start nothing is known yet, but others may know it live; of
 * what a reload has added nobody does. */
static bool
is_presumed_live(const struct fleet_use *u)
{
	return status_is_live(&u->status) ||
	       (u->status.state == STATE_UNKNOWN && !u->added);
}

/* Whether this one would be one too many. */
static bool
would_freeze(const struct fleet *f, const struct fleet_use *u, struct mono now)
{
	const struct service *s = &f->world->services[u->service];
	const struct fleet_use *all = &f->uses[f->services[u->service].first];
	unsigned live = 0, dying = 1;
	size_t i;

	for (i = 0; i < s->nuse; i++) {
		bool dead = is_recent_death(&all[i], now);

		live += is_presumed_live(&all[i]) || dead;
		dying += dead || (all[i].held && &all[i] != u);
	}
	return judge_freezes(live, dying);
}

/* Somebody of this service is surely alive: we are not cut off. */
static bool
others_live(const struct fleet *f, const struct fleet_use *u)
{
	const struct service *s = &f->world->services[u->service];
	const struct fleet_use *all = &f->uses[f->services[u->service].first];
	size_t i;

	for (i = 0; i < s->nuse; i++)
		if (!all[i].held && status_is_live(&all[i].status))
			return true;
	return false;
}

static void
freeze(struct fleet *f, int service, struct mono now)
{
	struct fleet_service *s = &f->services[service];

	if (s->frozen)
		return;
	s->frozen = true;
	s->freezes++;
	service_status(f, service, now);
	log_warnx("fleet",
	    "FROZEN: more than half of the servers of %s would go down at "
	    "once; the fault may be ours (network, firewall, a check), so "
	    "their states are held and each is tried directly; `hopctl "
	    "disable server` takes one out at once",
	    f->world->services[service].id);
}

static void
hold(struct fleet *f, struct fleet_use *u, enum reason reason, bool quietly,
    struct mono now)
{
	if (!u->held) {
		u->held = true;
		u->held_since = now;
		u->held_refusals = 0;
		u->next_try = now;
	} else if (u->quietly == quietly) {
		return;
	}
	u->quietly = quietly;
	if (quietly)
		return;
	log_warnx("fleet", "%s of %s would be down (%s), but is held",
	    f->world->servers[u->server].id, f->world->services[u->service].id,
	    reason_text(reason));
	freeze(f, u->service, now);
}

/* A freeze ends with the last one that is held. */
static void
thaw(struct fleet *f, int service, struct mono now)
{
	struct fleet_service *s = &f->services[service];
	const struct service *conf = &f->world->services[service];
	size_t i;

	if (!s->frozen)
		return;
	for (i = 0; i < conf->nuse; i++)
		if (f->uses[s->first + (int)i].held)
			return;
	s->frozen = false;
	service_status(f, service, now);
	log_warnx("fleet", "%s is no longer frozen", conf->id);
}

static void
release(struct fleet *f, struct fleet_use *u, struct mono now)
{
	u->held = u->quietly = false;
	u->next_try = now;
	thaw(f, u->service, now);
}

/* Whether a use that is held must go down after all. */
static bool
is_believed(const struct fleet *f, const struct fleet_use *u, struct mono now)
{
	if (u->held_refusals >= HELD_REFUSALS)
		return true;
	return u->tried.state == STATE_DOWN && others_live(f, u) &&
	       mono_ms(now, u->held_since) >= HELD_SILENT_MS;
}

static bool
is_dying(const struct fleet_use *u, const struct verdict *v)
{
	return v->state == STATE_DOWN && v->reason != REASON_BY_OPERATOR &&
	       is_presumed_live(u);
}

/* Whether this one is kept from going down now. */
static bool
is_kept(struct fleet *f, struct fleet_use *u, const struct verdict *v,
    struct mono now)
{
	if (!is_dying(u, v) || (u->held && is_believed(f, u, now))) {
		if (u->held)
			release(f, u, now);
		return false;
	}
	/* Nothing of the service is known to live yet: are we blind? */
	if (u->status.state == STATE_UNKNOWN && !others_live(f, u)) {
		hold(f, u, v->reason, fleet_is_starting(f, now), now);
		return true;
	}
	if (u->held && !u->quietly)
		return true;
	if (would_freeze(f, u, now)) {
		hold(f, u, v->reason, false, now);
		return true;
	}
	if (u->held)
		release(f, u, now);
	return false;
}

/* --- judging --- */

/* Slow start and the time of death; before the state is written. */
static void
note_change(struct fleet *f, struct fleet_use *u, const struct verdict *v,
    struct mono now)
{
	bool was = status_is_live(&u->status);
	bool is = v->state == STATE_UP || v->state == STATE_OVERLOADED;

	if (v->state == STATE_DOWN && v->reason != REASON_BY_OPERATOR &&
	    is_presumed_live(u))
		u->died = now;
	/* First seen up after our own start: it may have been so for long. */
	if (is && !was && u->status.state != STATE_UNKNOWN)
		u->up_since = now;
	if (is != was)
		f->services[u->service].dirty = true;
}

static bool
judge_use(struct fleet *f, struct fleet_use *u, struct mono now)
{
	struct judge_input in = input_of(f, u);
	struct verdict v;
	char what[RECORD_NAME * 2 + 8];

	/* Nobody checks it yet: the agent alone says nothing of the service. */
	if (in.agent_answers && !u->has_check &&
	    u->tried.state == STATE_UNKNOWN && in.admin == ADMIN_ENABLED)
		return false;
	v = judge_server(&in);
	/* What is known holds until something else is known. */
	if (v.state == STATE_UNKNOWN || is_kept(f, u, &v, now))
		return false;
	note_change(f, u, &v, now);
	(void)snprintf(what, sizeof(what), "%s of %s",
	    f->world->servers[u->server].id, f->world->services[u->service].id);
	if (!status_set(&u->status, v.state, v.reason, now, false, what))
		return false;
	if (f->on.use != NULL)
		f->on.use(f->on.arg, u);
	return true;
}

void
verdict_use(struct fleet *f, struct fleet_use *u, struct mono now)
{
	if (!judge_use(f, u, now))
		return;
	service_status(f, u->service, now);
	server_status(f, u->server, now);
	site_status(f, f->world->servers[u->server].site, now);
}

void
verdict_server(struct fleet *f, int server, struct mono now)
{
	const struct fleet_server *s = &f->servers[server];
	bool changed = s->nuses == 0;
	size_t i;

	for (i = 0; i < s->nuses; i++) {
		struct fleet_use *u = &f->uses[s->uses[i]];

		if (judge_use(f, u, now)) {
			changed = true;
			service_status(f, u->service, now);
		}
	}
	if (changed) {
		server_status(f, server, now);
		site_status(f, f->world->servers[server].site, now);
	}
}

void
verdict_settle(struct fleet *f, struct mono now)
{
	size_t i;

	for (i = 0; i < f->world->nservices; i++) {
		thaw(f, (int)i, now);
		service_status(f, (int)i, now);
	}
	for (i = 0; i < f->world->nservers; i++) {
		verdict_server(f, (int)i, now);
		server_status(f, (int)i, now);
	}
	for (i = 0; i < f->world->nsites; i++)
		site_status(f, (int)i, now);
}
