/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tables of the fleet and what goes into them. Judging is in verdict.c,
 * weighing in loads.c. All arrays belong to the fleet.
 */
#include "manager/fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "manager/loads.h"
#include "manager/verdict.h"

/* Our own tries: one good burst of two is enough at first contact, two in a
 * row bring back what was down; a burst that failed has failed twice. */
#define TRY_RISE 2
#define TRY_FALL 1
/* Net-SNMP counts CPU ticks anew every 5 s, and two counts are needed. */
#define CPU_HOLD_MS 15000
/* A load daemon whose newest sample is older than this does not work. */
#define SAMPLE_OLD_MS 10000
/* On top of two polls: the time that an agent's failure may take. */
#define LOST_MS  3000
#define WATCH_MS 1000
/* How long a start may take until silence is news, on top of three polls. */
#define READY_MS 2000

const char *
fleet_span_text(int64_t ms, char *buf, size_t size)
{
	int64_t s = ms / 1000;

	if (s < 120)
		(void)snprintf(buf, size, "%lld s", (long long)s);
	else if (s < 7200)
		(void)snprintf(buf, size, "%lld min", (long long)s / 60);
	else if (s < 172800)
		(void)snprintf(buf, size, "%lld h", (long long)s / 3600);
	else
		(void)snprintf(buf, size, "%lld d", (long long)s / 86400);
	return buf;
}

bool
status_is_live(const struct status *s)
{
	return s->state == STATE_UP || s->state == STATE_OVERLOADED;
}

bool
status_set(struct status *s, enum state state, enum reason reason,
    struct mono now, bool quiet, const char *what)
{
	char span[32];

	if (s->state == state && s->reason == reason)
		return false;
	if (s->state != state) {
		(void)fleet_span_text(
		    mono_ms(now, s->since), span, sizeof(span));
		if (quiet)
			log_debug("fleet", "%s: %s -> %s (%s) after %s", what,
			    state_text(s->state), state_text(state),
			    reason_text(reason), span);
		else
			log_info("fleet", "%s: %s -> %s (%s) after %s", what,
			    state_text(s->state), state_text(state),
			    reason_text(reason), span);
		if (s->state != STATE_UNKNOWN)
			s->changes++;
		s->since = now;
		s->state = state;
	}
	s->reason = reason;
	return true;
}

static void
status_init(struct status *s, struct mono now)
{
	*s = (struct status){STATE_UNKNOWN, REASON_NOT_JUDGED, now, 0};
}

static void
make_uses(struct fleet *f, struct mono now)
{
	const struct world *w = f->world;
	size_t i, j;
	int n = 0;

	for (i = 0; i < w->nservices; i++)
		f->nuses += w->services[i].nuse;
	f->uses = mem_array(f->nuses, sizeof(*f->uses));
	for (i = 0; i < w->nservices; i++) {
		f->services[i].first = n;
		for (j = 0; j < w->services[i].nuse; j++, n++) {
			struct fleet_use *u = &f->uses[n];
			struct fleet_server *s =
			    &f->servers[w->services[i].use[j]];

			u->n = n;
			u->server = w->services[i].use[j];
			u->service = (int)i;
			status_init(&u->status, now);
			judge_init(&u->tried, TRY_RISE, TRY_FALL);
			s->uses =
			    mem_resize(s->uses, s->nuses + 1, sizeof(*s->uses));
			s->uses[s->nuses++] = n;
		}
	}
}

struct fleet *
fleet_new(const struct world *w, const struct manager *m,
    const struct fleet_events *on, struct mono now)
{
	struct fleet *f = mem_new(sizeof(*f));
	size_t i;

	f->world = w;
	f->on = *on;
	f->poll_us = m->poll_us;
	f->smooth_ppm = m->smooth_ppm;
	f->start = f->restless = f->watched = now;
	f->log.burst = 20;
	f->servers = mem_array(w->nservers, sizeof(*f->servers));
	f->services = mem_array(w->nservices, sizeof(*f->services));
	f->sites = mem_array(w->nsites, sizeof(*f->sites));
	f->borders = mem_array(w->nborders, sizeof(*f->borders));
	f->border_admin = mem_array(w->nborders, sizeof(*f->border_admin));
	f->uplink_down = mem_array(w->nborders, sizeof(*f->uplink_down));
	make_uses(f, now);
	f->scratch = mem_array(f->nuses, sizeof(*f->scratch));
	f->weigh_in = mem_array(f->nuses, sizeof(*f->weigh_in));
	f->weigh_out = mem_array(f->nuses, sizeof(*f->weigh_out));
	for (i = 0; i < w->nservers; i++) {
		status_init(&f->servers[i].status, now);
		status_init(&f->servers[i].agent, now);
		f->servers[i].admin = ADMIN_ENABLED;
		f->servers[i].heard = now;
	}
	for (i = 0; i < w->nservices; i++)
		status_init(&f->services[i].status, now);
	for (i = 0; i < w->nsites; i++)
		status_init(&f->sites[i], now);
	for (i = 0; i < w->nborders; i++) {
		f->borders[i] = (struct status){STATE_UP, REASON_NONE, now, 0};
		f->border_admin[i] = ADMIN_ENABLED;
	}
	return f;
}

void
fleet_free(struct fleet **fp)
{
	struct fleet *f = *fp;
	size_t i;

	if (f == NULL)
		return;
	for (i = 0; i < f->world->nservers; i++)
		free(f->servers[i].uses);
	free(f->servers);
	free(f->services);
	free(f->sites);
	free(f->borders);
	free(f->border_admin);
	free(f->uplink_down);
	free(f->uses);
	free(f->scratch);
	free(f->weigh_in);
	free(f->weigh_out);
	free(f);
	*fp = NULL;
}

/* Tries that were needed no longer are, or the other way round. */
static void
try_anew(struct fleet *f, int server, struct mono at)
{
	struct fleet_server *s = &f->servers[server];
	size_t i;

	for (i = 0; i < s->nuses; i++) {
		struct fleet_use *u = &f->uses[s->uses[i]];

		judge_init(&u->tried, TRY_RISE, TRY_FALL);
		u->next_try = at;
	}
}

static void
set_agent(struct fleet *f, int server, enum state state, enum reason reason,
    const char *text, struct mono now)
{
	struct fleet_server *s = &f->servers[server];
	const char *id = f->world->servers[server].id;
	enum state before = s->agent.state;
	bool news = strcmp(text, s->agent_text) != 0;
	bool quiet =
	    (state != before || news) && !log_allowed(&f->log, "fleet");
	char what[RECORD_NAME + 16];

	if (news && text[0] != '\0' && !quiet)
		log_warnx("fleet", "agent of %s: %s", id, text);
	if (news)
		(void)snprintf(
		    s->agent_text, sizeof(s->agent_text), "%s", text);
	(void)snprintf(what, sizeof(what), "agent of %s", id);
	(void)status_set(&s->agent, state, reason, now, quiet, what);
	/* At once when it falls silent, unless a late answer began it. */
	if (state == STATE_DOWN && before != STATE_DOWN && !s->late)
		try_anew(f, server, now);
}

/* A CPU share needs two readings that differ: one that is missing, while
 * counters stand still or begin anew, is the last one for a while. */
static void
hold_cpu(const struct fleet_server *s, struct sample *x, struct mono now)
{
	if (x->known[METRIC_CPU] || s->lacks[METRIC_CPU] || !s->has_sample ||
	    !s->newest.known[METRIC_CPU] || mono_ms(now, s->cpu) > CPU_HOLD_MS)
		return;
	x->known[METRIC_CPU] = true;
	x->cpu_idle = s->newest.cpu_idle;
}

/* For people: which metrics of its policies an agent cannot tell. */
static const char *
lack_text(const struct fleet *f, int server, char *buf, size_t size)
{
	const struct fleet_server *s = &f->servers[server];
	size_t i, n = 0;
	int m;

	buf[0] = '\0';
	for (m = 0; m < METRICS; m++) {
		bool used = false;

		for (i = 0; i < s->nuses; i++) {
			int service = f->uses[s->uses[i]].service;

			used |=
			    f->world
				->policies[f->world->services[service].policy]
				.metric[m]
				.used;
		}
		if (s->lacks[m] && used)
			n += (size_t)snprintf(buf + n, size - n, "%s %s",
			    n > 0 ? "," : "no objects for",
			    world_metric_text((enum metric)m));
	}
	if (n > 0)
		(void)snprintf(buf + n, size - n,
		    " in its view: its load goes without them");
	return buf;
}

static void
on_sample(
    struct fleet *f, int server, const struct record_sample *r, struct mono now)
{
	struct fleet_server *s = &f->servers[server];
	bool again = s->has_sample && r->number != 0 && r->number == s->number;
	bool was = verdict_agent_answers(f, server) && !s->late;
	struct sample values = r->values;
	char lacks[RECORD_NAME];
	size_t i;

	s->polls++;
	s->answered = now;
	s->rtt_us = r->rtt_us;
	if (r->age_ms > SAMPLE_OLD_MS) {
		set_agent(f, server, STATE_DOWN, REASON_AGENT_SAMPLE_OLD,
		    "its newest sample is old: does hoploadd hang?", now);
		s->late = false;
		verdict_server(f, server, now);
		return;
	}
	s->late = false;
	memcpy(s->lacks, r->lacks, sizeof(s->lacks));
	set_agent(f, server, STATE_UP, REASON_AGENT_OK,
	    lack_text(f, server, lacks, sizeof(lacks)), now);
	if (!was)
		try_anew(f, server, now);
	if (!again) {
		hold_cpu(s, &values, now);
		if (r->values.known[METRIC_CPU])
			s->cpu = now;
		s->newest = values;
		if (s->has_sample)
			weigh_smooth(&s->smooth, &s->newest, f->smooth_ppm);
		else
			s->smooth = s->newest;
		s->has_sample = s->fresh = true;
		s->number = r->number;
		s->sampled = mono_add_ms(now, -r->age_ms);
		for (i = 0; i < s->nuses; i++)
			f->services[f->uses[s->uses[i]].service].dirty = true;
	}
	verdict_server(f, server, now);
}

static void
on_late(struct fleet *f, int server, struct mono now)
{
	struct fleet_server *s = &f->servers[server];

	s->timeouts++;
	if (s->late || s->agent.state == STATE_DOWN)
		return;
	s->late = true;
	try_anew(f, server, now);
}

static void
on_fail(
    struct fleet *f, int server, const struct record_fail *r, struct mono now)
{
	struct fleet_server *s = &f->servers[server];

	s->polls++;
	if (r->reason == REASON_AGENT_TIMEOUT)
		s->timeouts++;
	set_agent(f, server, STATE_DOWN, r->reason, r->text, now);
	s->late = false;
	verdict_server(f, server, now);
}

/* Agents of which nothing is heard although each poll ends with an answer or
 * a failure: their poller is gone, or hangs. */
static void
watch_agents(struct fleet *f, struct mono now)
{
	bool late = mono_ms(now, f->watched) > 2 * WATCH_MS;
	int64_t lost_ms = 2 * f->poll_us / 1000 + LOST_MS;
	size_t i;

	f->watched = now;
	/* We stood still ourselves: what they said waits to be read. */
	if (late)
		return;
	for (i = 0; i < f->world->nservers; i++) {
		struct fleet_server *s = &f->servers[i];

		if (f->world->servers[i].agent.kind == AGENT_NONE ||
		    s->agent.state == STATE_DOWN ||
		    mono_ms(now, s->heard) < lost_ms)
			continue;
		set_agent(f, (int)i, STATE_DOWN, REASON_SILENT,
		    "the process that polls it says nothing", now);
		s->late = false;
		verdict_server(f, (int)i, now);
	}
}

static void
on_checks(struct fleet *f, const struct fleet_server *s)
{
	size_t i;

	for (i = 0; i < s->nuses; i++)
		f->uses[s->uses[i]].staged_has = false;
}

/* A check is named by its service. */
static void
on_check(struct fleet *f, int server, const struct record_check *r)
{
	const struct fleet_server *s = &f->servers[server];
	int service = world_service(f->world, r->name);
	size_t i;

	for (i = 0; i < s->nuses; i++) {
		struct fleet_use *u = &f->uses[s->uses[i]];

		if (u->service != service)
			continue;
		u->staged_has = true;
		u->staged = r->state;
		u->staged_reason = r->reason;
	}
}

static void
on_checks_end(struct fleet *f, int server, struct mono now)
{
	const struct fleet_server *s = &f->servers[server];
	size_t i;

	for (i = 0; i < s->nuses; i++) {
		struct fleet_use *u = &f->uses[s->uses[i]];

		u->has_check = u->staged_has;
		u->check = u->staged_has ? u->staged : STATE_UNKNOWN;
		u->check_reason = u->staged_reason;
	}
	verdict_server(f, server, now);
}

/* Two pollers cannot see each other's agents: here all of them meet. */
static void
on_engine(struct fleet *f, int server, const uint8_t *id, size_t len)
{
	const struct agent *a = &f->world->servers[server].agent, *b;
	uint64_t h = 14695981039346656037u; /* FNV-1a */
	size_t i;

	for (i = 0; i < len; i++)
		h = (h ^ id[i]) * 1099511628211u;
	f->servers[server].engine = h;
	for (i = 0; i < f->world->nservers; i++) {
		b = &f->world->servers[i].agent;
		if ((int)i == server || f->servers[i].engine != h ||
		    (addr_cmp(&a->addr, &b->addr) == 0 && a->port == b->port))
			continue;
		if (log_allowed(&f->log, "fleet"))
			log_warnx("fleet",
			    "agent of %s: has the engine ID of %s "
			    "(%s): remove /var/lib/snmp/snmpd.conf on one of "
			    "them, with snmpd stopped",
			    f->world->servers[server].id,
			    f->world->servers[i].id,
			    reason_text(REASON_AGENT_CLONE));
	}
}

void
fleet_record(struct fleet *f, const struct record *r, struct mono now)
{
	f->servers[r->server].heard = now;
	switch (r->kind) {
	case RECORD_SAMPLE:
		on_sample(f, r->server, &r->u.sample, now);
		break;
	case RECORD_LATE:
		on_late(f, r->server, now);
		break;
	case RECORD_FAIL:
		on_fail(f, r->server, &r->u.fail, now);
		break;
	case RECORD_ENGINE_ID:
		on_engine(f, r->server, r->u.engine.id, r->u.engine.len);
		break;
	case RECORD_CHECKS:
		on_checks(f, &f->servers[r->server]);
		break;
	case RECORD_CHECK:
		on_check(f, r->server, &r->u.check);
		break;
	case RECORD_CHECKS_END:
		on_checks_end(f, r->server, now);
		break;
	default:
		break;
	}
}

int
fleet_use(const struct fleet *f, int server, int service)
{
	const struct fleet_server *s = &f->servers[server];
	size_t i;

	for (i = 0; i < s->nuses; i++)
		if (f->uses[s->uses[i]].service == service)
			return s->uses[i];
	return -1;
}

int
fleet_next_try(struct fleet *f, struct mono now)
{
	for (; f->next_use < f->nuses; f->next_use++) {
		struct fleet_use *u = &f->uses[f->next_use];

		if (u->trying || mono_cmp(u->next_try, now) > 0 ||
		    !verdict_needs_try(f, u))
			continue;
		u->trying = true;
		return u->n;
	}
	f->next_use = 0;
	return -1;
}

/* An answer of the host itself, be it a bad one: the way there works. */
static bool
is_refusal(enum reason r)
{
	return r == REASON_CONNECT_REFUSED || r == REASON_HTTP_STATUS ||
	       r == REASON_FTP_GREETING || r == REASON_REPLY_BAD ||
	       r == REASON_REPLY_CLOSED;
}

void
fleet_tried(
    struct fleet *f, int use, bool ok, enum reason reason, struct mono now)
{
	struct fleet_use *u = &f->uses[use];

	u->trying = false;
	u->next_try = mono_add_ms(now, u->held ? 1000 : f->poll_us / 1000);
	if (!verdict_needs_try(f, u))
		return; /* the agent has answered meanwhile */
	if (reason == REASON_NOT_JUDGED)
		return; /* it was we who could not try */
	(void)judge_result(&u->tried, ok, ok ? REASON_SERVICE_ANSWERS : reason);
	if (!ok && is_refusal(reason))
		u->held_refusals++;
	else
		u->held_refusals = 0;
	verdict_use(f, u, now);
}

void
fleet_set_admin(struct fleet *f, int server, enum admin admin, struct mono now)
{
	if (f->servers[server].admin == admin)
		return;
	f->servers[server].admin = admin;
	verdict_server(f, server, now);
}

/* What the operator wants goes before what the prober sees. */
static void
judge_border(struct fleet *f, int border, struct mono now)
{
	enum state state = STATE_UP;
	enum reason reason = REASON_NONE;
	char what[RECORD_NAME + 16];

	if (f->border_admin[border] != ADMIN_ENABLED) {
		state = f->border_admin[border] == ADMIN_DRAINING
			    ? STATE_DRAINING
			    : STATE_DOWN;
		reason = REASON_BY_OPERATOR;
	}
	if (f->uplink_down[border] && state != STATE_DOWN) {
		state = STATE_DOWN;
		reason = REASON_UPLINK_SILENT;
	}
	(void)snprintf(
	    what, sizeof(what), "border %s", f->world->borders[border].id);
	if (status_set(&f->borders[border], state, reason, now, false, what) &&
	    f->on.border != NULL)
		f->on.border(f->on.arg, border);
}

void
fleet_set_border(struct fleet *f, int border, enum admin admin, struct mono now)
{
	f->border_admin[border] = admin;
	judge_border(f, border, now);
}

void
fleet_apply_admin(struct fleet *f, const struct admin_table *t,
    enum admin_kind kind, int n, struct mono now)
{
	const struct world *w = f->world;
	size_t i;

	if (kind == ADMIN_BORDER) {
		fleet_set_border(
		    f, n, admin_entry(t, ADMIN_BORDER, n)->state, now);
		return;
	}
	for (i = 0; i < w->nservers; i++)
		if (kind == ADMIN_SITE ? w->servers[i].site == n : (int)i == n)
			fleet_set_admin(
			    f, (int)i, admin_server(t, (int)i), now);
}

void
fleet_set_uplink(struct fleet *f, int border, bool down, struct mono now)
{
	f->uplink_down[border] = down;
	judge_border(f, border, now);
}

void
fleet_tick(struct fleet *f, struct mono now)
{
	size_t i;

	if (mono_ms(now, f->watched) >= WATCH_MS)
		watch_agents(f, now);
	if (mono_us(now, f->restless) >= f->poll_us) {
		f->restless = now;
		loads_mark_restless(f, now);
	}
	for (i = 0; i < f->world->nservices; i++) {
		if (!f->services[i].dirty)
			continue;
		loads_weigh(f, (int)i, now);
		loads_tell(f, (int)i, now);
		f->services[i].dirty = false;
	}
	for (i = 0; i < f->world->nservers; i++) {
		if (!f->servers[i].fresh)
			continue;
		f->servers[i].fresh = false;
		if (f->on.sample != NULL)
			f->on.sample(f->on.arg, (int)i);
	}
}

bool
fleet_is_starting(const struct fleet *f, struct mono now)
{
	return mono_us(now, f->start) < 3 * f->poll_us + READY_MS * 1000;
}

bool
fleet_ready(const struct fleet *f, struct mono now)
{
	size_t i;

	if (!fleet_is_starting(f, now))
		return true;
	for (i = 0; i < f->nuses; i++)
		if (f->uses[i].status.state == STATE_UNKNOWN)
			return false;
	return true;
}

unsigned
fleet_live_of_service(const struct fleet *f, int service)
{
	const struct fleet_use *all = &f->uses[f->services[service].first];
	unsigned live = 0;
	size_t i;

	for (i = 0; i < f->world->services[service].nuse; i++)
		live += status_is_live(&all[i].status);
	return live;
}

unsigned
fleet_live_of_site(const struct fleet *f, int site, unsigned *all)
{
	unsigned live = 0;
	size_t i;

	*all = 0;
	for (i = 0; i < f->world->nservers; i++) {
		if (f->world->servers[i].site != site)
			continue;
		(*all)++;
		live += status_is_live(&f->servers[i].status);
	}
	return live;
}
