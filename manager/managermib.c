/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One function a table. Row numbers stay with their elements (lib/rows).
 * Values that are not known have no instance.
 */
#include "manager/managermib.h"

#include <string.h>
#include <time.h>

/* RFC 3416: errorStatus. */
#define SNMP_NO_CREATION 11
#define SNMP_WRONG_VALUE 10

static uint32_t
row_of(const struct managerd *m, enum row_kind kind, size_t place)
{
	return rows_number(m->rows, kind, (int)place);
}

static void
fill_daemon(struct snap *s, const struct managerd *m, struct mono now)
{
	snap_text(s, MIB_hopManagerVersion, NULL, 0, HOP_VERSION);
	snap_age(s, MIB_hopManagerUptime, NULL, 0, mono_us(now, m->started));
	snap_text(s, MIB_hopManagerId, NULL, 0, m->self->id);
	snap_text(s, MIB_hopManagerConfigHash, NULL, 0, m->world->hash);
	snap_age(s, MIB_hopManagerSnapshotAge, NULL, 0, 0);
}

static void
fill_poll(struct snap *s, const struct managerd *m)
{
	const struct world *w = m->world;
	size_t i, agents = 0, up = 0, live = 0;
	struct record_beat b;

	for (i = 0; i < w->nservers; i++) {
		agents += w->servers[i].agent.kind != AGENT_NONE;
		up += m->fleet->servers[i].agent.state == STATE_UP;
		live += status_is_live(&m->fleet->servers[i].status);
	}
	pollers_totals(m->pollers, &b);
	snap_scalar(
	    s, MIB_hopManagerPollInterval, (uint64_t)m->self->poll_us / 1000);
	snap_scalar(s, MIB_hopManagerAgents, agents);
	snap_scalar(s, MIB_hopManagerAgentsUp, up);
	snap_scalar(s, MIB_hopManagerServers, w->nservers);
	snap_scalar(s, MIB_hopManagerServersLive, live);
	snap_scalar(s, MIB_hopManagerRequests, b.requests);
	snap_scalar(s, MIB_hopManagerTimeouts, b.timeouts);
	snap_scalar(s, MIB_hopManagerSecurityErrors, b.security_errors);
}

static void
fill_agents(struct snap *s, const struct managerd *m, struct mono now)
{
	size_t i;

	for (i = 0; i < m->world->nservers; i++) {
		const struct server *conf = &m->world->servers[i];
		const struct fleet_server *x = &m->fleet->servers[i];
		uint32_t r = row_of(m, ROW_SERVER, i);

		if (conf->agent.kind == AGENT_NONE)
			continue;
		snap_cell_text(s, MIB_hopManagerAgentName, r, conf->id);
		snap_cell(s, MIB_hopManagerAgentState, r, x->agent.state);
		snap_cell_text(s, MIB_hopManagerAgentReason, r,
		    reason_text(x->agent.reason));
		snap_cell_since(
		    s, MIB_hopManagerAgentStateAge, r, now, x->agent.since);
		snap_cell(
		    s, MIB_hopManagerAgentStateChanges, r, x->agent.changes);
		snap_cell_since(s, MIB_hopManagerAgentResponseAge, r, now,
		    mono_set(x->answered) ? x->answered : m->started);
		snap_cell(s, MIB_hopManagerAgentRtt, r, x->rtt_us);
		snap_cell(
		    s, MIB_hopManagerAgentTimeouts, r, (int64_t)x->timeouts);
	}
}

static void
fill_sites(struct snap *s, const struct managerd *m, struct mono now)
{
	unsigned all, live;
	size_t i;

	for (i = 0; i < m->world->nsites; i++) {
		const struct status *x = &m->fleet->sites[i];
		uint32_t r = row_of(m, ROW_SITE, i);

		live = fleet_live_of_site(m->fleet, (int)i, &all);
		snap_cell_text(
		    s, MIB_hopManagerSiteName, r, m->world->sites[i].id);
		snap_cell(s, MIB_hopManagerSiteState, r, x->state);
		snap_cell_text(
		    s, MIB_hopManagerSiteReason, r, reason_text(x->reason));
		snap_cell_since(
		    s, MIB_hopManagerSiteStateAge, r, now, x->since);
		snap_cell(s, MIB_hopManagerSiteServers, r, all);
		snap_cell(s, MIB_hopManagerSiteLive, r, live);
	}
}

static void
fill_borders(struct snap *s, const struct managerd *m)
{
	size_t i;

	for (i = 0; i < m->world->nborders; i++) {
		const struct status *x = &m->fleet->borders[i];
		uint32_t r = row_of(m, ROW_BORDER, i);

		snap_cell_text(
		    s, MIB_hopManagerBorderName, r, m->world->borders[i].id);
		snap_cell_text(s, MIB_hopManagerBorderSite, r,
		    m->world->sites[m->world->borders[i].site].id);
		snap_cell(s, MIB_hopManagerBorderState, r, x->state);
		snap_cell_text(
		    s, MIB_hopManagerBorderReason, r, reason_text(x->reason));
	}
}

/* HopMetrics: connections(0), ram(1), swap(2), cpu(3); bit 0 is the first. */
static uint8_t
metric_bits(const struct sample *x)
{
	uint8_t bits = 0;
	int i;

	for (i = 0; i < METRICS; i++)
		if (x->known[i])
			bits |= (uint8_t)(0x80 >> i);
	return bits;
}

static void
fill_sample(
    struct snap *s, const struct fleet_server *x, uint32_t r, struct mono now)
{
	const struct sample *v = &x->newest;
	uint8_t bits = metric_bits(v);

	snap_cell_since(s, MIB_hopManagerServerSampleAge, r, now, x->sampled);
	snap_bytes(s, MIB_hopManagerServerMetrics, &r, 1, &bits, 1);
	if (v->known[METRIC_CONNECTIONS])
		snap_cell(s, MIB_hopManagerServerConnections, r,
		    (int64_t)v->connections);
	if (v->known[METRIC_RAM]) {
		snap_cell(
		    s, MIB_hopManagerServerRamFree, r, (int64_t)v->ram_free);
		snap_cell(
		    s, MIB_hopManagerServerRamTotal, r, (int64_t)v->ram_total);
	}
	if (v->known[METRIC_SWAP]) {
		snap_cell(
		    s, MIB_hopManagerServerSwapFree, r, (int64_t)v->swap_free);
		snap_cell(s, MIB_hopManagerServerSwapTotal, r,
		    (int64_t)v->swap_total);
	}
	if (v->known[METRIC_CPU])
		snap_cell(
		    s, MIB_hopManagerServerCpuIdle, r, (int64_t)v->cpu_idle);
}

/* Where present knowledge of a server comes from: hopManagerServerSource. */
static int
source_of(const struct server *conf, const struct fleet_server *x)
{
	if (x->agent.state == STATE_UP)
		return conf->agent.kind == AGENT_STANDARD ? 3 : 2;
	return x->status.state == STATE_UNKNOWN ? 1 : 4;
}

static void
fill_servers(struct snap *s, const struct managerd *m, struct mono now)
{
	size_t i;

	for (i = 0; i < m->world->nservers; i++) {
		const struct server *conf = &m->world->servers[i];
		const struct fleet_server *x = &m->fleet->servers[i];
		uint32_t r = row_of(m, ROW_SERVER, i);

		snap_cell_text(s, MIB_hopManagerServerName, r, conf->id);
		snap_cell_text(s, MIB_hopManagerServerSite, r,
		    m->world->sites[conf->site].id);
		snap_cell(s, MIB_hopManagerServerWeight, r, conf->weight);
		snap_cell(s, MIB_hopManagerServerState, r, x->status.state);
		snap_cell_text(s, MIB_hopManagerServerReason, r,
		    reason_text(x->status.reason));
		snap_cell_since(
		    s, MIB_hopManagerServerStateAge, r, now, x->status.since);
		snap_cell(
		    s, MIB_hopManagerServerStateChanges, r, x->status.changes);
		snap_cell(s, MIB_hopManagerServerSource, r, source_of(conf, x));
		if (x->has_sample)
			fill_sample(s, x, r, now);
	}
}

static void
fill_services(struct snap *s, const struct managerd *m, struct mono now)
{
	size_t i;

	for (i = 0; i < m->world->nservices; i++) {
		const struct service *conf = &m->world->services[i];
		const struct fleet_service *x = &m->fleet->services[i];
		uint32_t r = row_of(m, ROW_SERVICE, i);

		snap_cell_text(s, MIB_hopManagerServiceName, r, conf->id);
		snap_cell_text(s, MIB_hopManagerServicePolicy, r,
		    m->world->policies[conf->policy].id);
		snap_cell(s, MIB_hopManagerServiceState, r, x->status.state);
		snap_cell_text(s, MIB_hopManagerServiceReason, r,
		    reason_text(x->status.reason));
		snap_cell_since(
		    s, MIB_hopManagerServiceStateAge, r, now, x->status.since);
		snap_cell(
		    s, MIB_hopManagerServiceServers, r, (int64_t)conf->nuse);
		snap_cell(s, MIB_hopManagerServiceLive, r,
		    fleet_live_of_service(m->fleet, (int)i));
		snap_cell(s, MIB_hopManagerServiceFrozen, r, x->frozen ? 1 : 2);
		snap_cell(s, MIB_hopManagerServiceFreezes, r, x->freezes);
	}
}

static void
fill_loads(struct snap *s, const struct managerd *m, struct mono now)
{
	size_t i;

	for (i = 0; i < m->fleet->nuses; i++) {
		const struct fleet_use *u = &m->fleet->uses[i];
		uint32_t r[2] = {row_of(m, ROW_SERVICE, (size_t)u->service),
		    row_of(m, ROW_SERVER, (size_t)u->server)};

		snap_text(s, MIB_hopManagerLoadService, r, 2,
		    m->world->services[u->service].id);
		snap_text(s, MIB_hopManagerLoadServer, r, 2,
		    m->world->servers[u->server].id);
		snap_number(s, MIB_hopManagerLoadState, r, 2, u->status.state);
		snap_text(s, MIB_hopManagerLoadReason, r, 2,
		    reason_text(u->status.reason));
		if (!u->has_load || !mono_set(u->load_time))
			continue;
		snap_number(s, MIB_hopManagerLoadValue, r, 2, u->load);
		snap_age(
		    s, MIB_hopManagerLoadAge, r, 2, mono_us(now, u->load_time));
	}
}

/* RFC 2579, DateAndTime in UTC; eight zeros: never. */
static size_t
date_and_time(int64_t when, uint8_t out[11])
{
	time_t t = (time_t)when;
	struct tm tm;

	memset(out, 0, 11);
	if (when == 0 || gmtime_r(&t, &tm) == NULL)
		return 8;
	out[0] = (uint8_t)((tm.tm_year + 1900) >> 8);
	out[1] = (uint8_t)(tm.tm_year + 1900);
	out[2] = (uint8_t)(tm.tm_mon + 1);
	out[3] = (uint8_t)tm.tm_mday;
	out[4] = (uint8_t)tm.tm_hour;
	out[5] = (uint8_t)tm.tm_min;
	out[6] = (uint8_t)tm.tm_sec;
	out[8] = '+';
	return 11;
}

static enum row_kind
row_kind(enum admin_kind kind)
{
	switch (kind) {
	case ADMIN_SITE:
		return ROW_SITE;
	case ADMIN_BORDER:
		return ROW_BORDER;
	default:
		return ROW_SERVER;
	}
}

static void
fill_admins(struct snap *s, const struct managerd *m)
{
	uint8_t when[11];
	size_t i, len;
	int k;

	for (k = ADMIN_SERVER; k < ADMIN_KINDS; k++)
		for (i = 0; i < admin_count(m->admin, (enum admin_kind)k);
		     i++) {
			enum admin_kind kind = (enum admin_kind)k;
			const struct admin_entry *e =
			    admin_entry(m->admin, kind, (int)i);
			uint32_t r[2] = {
			    (uint32_t)k, row_of(m, row_kind(kind), i)};

			len = date_and_time(e->when, when);
			snap_text(s, MIB_hopManagerAdminName, r, 2,
			    admin_id(m->admin, kind, (int)i));
			snap_number(
			    s, MIB_hopManagerAdminState, r, 2, e->state);
			snap_text(s, MIB_hopManagerAdminWho, r, 2, e->who);
			snap_bytes(s, MIB_hopManagerAdminWhen, r, 2, when, len);
			snap_text(s, MIB_hopManagerAdminWhy, r, 2, e->why);
		}
}

static void
fill_feeds(struct snap *s, const struct managerd *m, struct mono now)
{
	struct feed_info x;
	size_t i;

	for (i = 0; i < feeds_count(m->feeds); i++) {
		uint32_t r = row_of(m, ROW_DIRECTOR, i);

		feeds_info(m->feeds, i, &x);
		snap_cell_text(s, MIB_hopManagerFeedName, r, x.id);
		snap_cell(s, MIB_hopManagerFeedState, r, x.status.state);
		snap_cell_text(s, MIB_hopManagerFeedReason, r,
		    reason_text(x.status.reason));
		snap_cell_since(
		    s, MIB_hopManagerFeedStateAge, r, now, x.status.since);
		snap_cell(
		    s, MIB_hopManagerFeedStateChanges, r, x.status.changes);
		snap_cell_text(s, MIB_hopManagerFeedConfigHash, r, x.hash);
		snap_cell(
		    s, MIB_hopManagerFeedQueued, r, (int64_t)x.counters.queued);
		snap_cell(s, MIB_hopManagerFeedLines, r,
		    (int64_t)x.counters.lines_out);
		snap_cell(s, MIB_hopManagerFeedErrors, r, (int64_t)x.errors);
	}
}

static void
fill_probing(struct snap *s, const struct managerd *m)
{
	struct prober_counts c;
	uint64_t taken = 0, results = 0, missing = 0;
	size_t i;

	prober_count(m->prober, &c);
	for (i = 0; i < m->world->nprobers; i++) {
		const struct prober_agent *a = prober_agent(m->prober, (int)i);

		taken += a->taken;
		results += a->results;
		missing += a->missing;
	}
	snap_scalar(s, MIB_hopManagerPrefixes, c.prefixes);
	snap_scalar(s, MIB_hopManagerPrefixesFresh, c.fresh);
	snap_scalar(s, MIB_hopManagerPrefixesStale, c.stale);
	snap_scalar(s, MIB_hopManagerPrefixesInherited, c.inherited);
	snap_scalar(s, MIB_hopManagerPrefixesSilent, c.silent);
	snap_scalar(s, MIB_hopManagerPrefixesMax, c.max);
	snap_scalar(s, MIB_hopManagerPrefixesEvicted, c.evicted);
	snap_scalar(s, MIB_hopManagerPrefixesQueued, c.queued);
	snap_scalar(s, MIB_hopManagerWants, c.wants);
	snap_scalar(s, MIB_hopManagerTargetsSet, taken);
	snap_scalar(s, MIB_hopManagerResults, results);
	snap_scalar(s, MIB_hopManagerJournalGaps, missing);
	snap_scalar(s, MIB_hopManagerWindows, c.windows);
	snap_scalar(s, MIB_hopManagerPathChanges, c.changes);
}

static void
fill_probers(struct snap *s, const struct managerd *m, struct mono now)
{
	const struct world *w = m->world;
	size_t i;

	for (i = 0; i < w->nprobers; i++) {
		const struct prober_agent *a = prober_agent(m->prober, (int)i);
		size_t border = (size_t)w->probers[i].border;
		uint32_t r = row_of(m, ROW_BORDER, border);

		snap_cell_text(
		    s, MIB_hopManagerProberBorder, r, w->borders[border].id);
		snap_cell(s, MIB_hopManagerProberState, r, a->status.state);
		snap_cell_text(s, MIB_hopManagerProberReason, r,
		    reason_text(a->status.reason));
		snap_cell_since(
		    s, MIB_hopManagerProberStateAge, r, now, a->status.since);
		snap_cell(
		    s, MIB_hopManagerProberStateChanges, r, a->status.changes);
		snap_cell_since(s, MIB_hopManagerProberResultAge, r, now,
		    mono_set(a->result) ? a->result : m->started);
		snap_cell(
		    s, MIB_hopManagerProberTargetsSet, r, (int64_t)a->taken);
		snap_cell(
		    s, MIB_hopManagerProberResults, r, (int64_t)a->results);
		snap_cell(s, MIB_hopManagerProberResultsSilent, r,
		    (int64_t)a->silent);
		snap_cell(s, MIB_hopManagerProberResultsRefused, r,
		    (int64_t)a->refused);
		snap_cell(s, MIB_hopManagerProberUplink, r, a->uplink);
		snap_cell(
		    s, MIB_hopManagerProberRestarts, r, (int64_t)a->restarts);
	}
}

void
managermib_fill(const struct managerd *m, struct snap *s, struct mono now)
{
	fill_daemon(s, m, now);
	fill_poll(s, m);
	fill_agents(s, m, now);
	fill_sites(s, m, now);
	fill_borders(s, m);
	fill_servers(s, m, now);
	fill_services(s, m, now);
	fill_loads(s, m, now);
	fill_admins(s, m);
	fill_feeds(s, m, now);
	if (m->prober == NULL)
		return;
	fill_probing(s, m);
	fill_probers(s, m, now);
}

/* The row of hopManagerAdminState.kind.number; 0: it is none. */
static uint32_t
admin_row(const uint32_t *oid, size_t n, uint32_t *kind)
{
	const struct mib_info *info = &mib_objects[MIB_hopManagerAdminState];

	if (n != info->oid_len + 2 ||
	    memcmp(oid, info->oid, info->oid_len * sizeof(*oid)) != 0)
		return 0;
	*kind = oid[info->oid_len];
	if (*kind < ADMIN_SERVER || *kind >= ADMIN_KINDS)
		return 0;
	return oid[info->oid_len + 1];
}

int
managermib_check_set(const uint32_t *oid, size_t n, const struct snap_value *v)
{
	uint32_t kind;

	if (admin_row(oid, n, &kind) == 0)
		return SNMP_NO_CREATION;
	if (v->type != MIB_INTEGER || v->number < ADMIN_ENABLED ||
	    v->number > ADMIN_DISABLED)
		return SNMP_WRONG_VALUE;
	return 0;
}

bool
managermib_word(const struct managerd *m, const uint32_t *oid, size_t n,
    const struct snap_value *v, int64_t now, struct admin_word *word)
{
	uint32_t kind, row = admin_row(oid, n, &kind);
	int place;

	memset(word, 0, sizeof(*word));
	if (managermib_check_set(oid, n, v) != 0)
		return false;
	place = rows_place(m->rows, row_kind((enum admin_kind)kind), row);
	if (place < 0 ||
	    (size_t)place >= admin_count(m->admin, (enum admin_kind)kind))
		return false;
	word->kind = (enum admin_kind)kind;
	word->n = place;
	word->entry.state = (enum admin)v->number;
	word->entry.when = now;
	memcpy(word->entry.who, "snmp", sizeof("snmp"));
	return true;
}
