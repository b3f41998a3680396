/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One function a table. Texts of people and of agents are encoded; ids and
 * our own words need not be.
 */
#include "manager/status.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "manager/control.h"

static long long
seconds(struct mono now, struct mono since)
{
	return (long long)(mono_ms(now, since) / 1000);
}

static const char *
yes(bool is)
{
	return is ? "yes" : "no";
}

static void
send_daemon(struct managerd *m, struct peer *p, struct mono now)
{
	struct record_beat b;

	pollers_totals(m->pollers, &b);
	peer_send(p,
	    "row daemon %s program=hopmanagerd version=%s hash=%s uptime=%lld "
	    "poll-ms=%lld ready=%s tries=%zu requests=%" PRIu64
	    " timeouts=%" PRIu64 " security-errors=%" PRIu64
	    " polls-skipped=%" PRIu64 " refused=%" PRIu64 " admin-saved=%s"
	    " when=%lld",
	    m->self->id, HOP_VERSION, m->world->hash, seconds(now, m->started),
	    (long long)m->self->poll_us / 1000, yes(fleet_ready(m->fleet, now)),
	    tries_running(m->tries), b.requests, b.timeouts, b.security_errors,
	    b.skipped, peer_refused(), yes(admin_is_saved(m->admin)),
	    (long long)time(NULL));
}

static void
send_pollers(struct managerd *m, struct peer *p, struct mono now)
{
	struct poller_info x;
	size_t i;

	for (i = 0; i < pollers_count(m->pollers); i++) {
		pollers_info(m->pollers, i, &x);
		peer_send(p,
		    "row poller %zu pid=%d agents=%zu since=%lld restarts=%u "
		    "requests=%" PRIu64 " timeouts=%" PRIu64 " cpu-ms=%" PRIu64,
		    i + 1, (int)x.pid, x.agents, seconds(now, x.since),
		    x.restarts, x.beat.requests, x.beat.timeouts,
		    x.beat.cpu_us / 1000);
	}
}

static void
send_agents(struct managerd *m, struct peer *p, struct mono now)
{
	static const char *const kinds[] = {"hopscotch", "standard", "none"};
	char text[RECORD_NAME * 3], host[ADDR_TEXT];
	size_t i;

	for (i = 0; i < m->world->nservers; i++) {
		const struct server *conf = &m->world->servers[i];
		const struct fleet_server *s = &m->fleet->servers[i];

		if (conf->agent.kind == AGENT_NONE)
			continue;
		peer_send(p,
		    "row agent %s kind=%s address=%s port=%u state=%s "
		    "reason=%s since=%lld rtt-us=%lld polls=%" PRIu64
		    " timeouts=%" PRIu64 " problem=%s",
		    conf->id, kinds[conf->agent.kind],
		    addr_text(&conf->agent.addr, host, sizeof(host)),
		    conf->agent.port, state_text(s->agent.state),
		    reason_text(s->agent.reason), seconds(now, s->agent.since),
		    (long long)s->rtt_us, s->polls, s->timeouts,
		    line_encode(s->agent_text, text, sizeof(text)));
	}
}

/* " connections=12 ram=812/2048 swap=0/0 cpu=93.10", MiB and per cent. */
static const char *
metrics_text(const struct fleet_server *s, char *buf, size_t size)
{
	const struct sample *x = &s->newest;
	size_t n = 0;

	buf[0] = '\0';
	if (!s->has_sample)
		return buf;
	if (x->known[METRIC_CONNECTIONS])
		n += (size_t)snprintf(
		    buf, size, " connections=%.0f", x->connections);
	if (x->known[METRIC_RAM])
		n += (size_t)snprintf(buf + n, size - n, " ram=%.0f/%.0f",
		    x->ram_free / 1024, x->ram_total / 1024);
	if (x->known[METRIC_SWAP])
		n += (size_t)snprintf(buf + n, size - n, " swap=%.0f/%.0f",
		    x->swap_free / 1024, x->swap_total / 1024);
	if (x->known[METRIC_CPU])
		(void)snprintf(
		    buf + n, size - n, " cpu=%.2f", x->cpu_idle / 100);
	return buf;
}

static void
send_server(struct managerd *m, struct peer *p, const struct server *conf,
    const struct fleet_use *u, struct mono now)
{
	const struct fleet_server *s = &m->fleet->servers[conf->n];
	const struct status *status = u != NULL ? &u->status : &s->status;
	char metrics[256], load[16] = "by-weight", age[24] = "-";

	if (u != NULL && u->has_load)
		(void)snprintf(load, sizeof(load), "%d", u->load);
	if (s->has_sample)
		(void)snprintf(age, sizeof(age), "%lld",
		    (long long)mono_ms(now, s->sampled));
	peer_send(p,
	    "row server %s service=%s site=%s weight=%u admin=%s state=%s "
	    "reason=%s since=%lld held=%s load=%s age-ms=%s%s",
	    conf->id, u != NULL ? m->world->services[u->service].id : "-",
	    m->world->sites[conf->site].id, conf->weight, admin_text(s->admin),
	    state_text(status->state), reason_text(status->reason),
	    seconds(now, status->since), yes(u != NULL && u->held), load, age,
	    metrics_text(s, metrics, sizeof(metrics)));
}

static void
send_servers(struct managerd *m, struct peer *p, struct mono now)
{
	size_t i, j;

	for (i = 0; i < m->world->nservers; i++) {
		const struct fleet_server *s = &m->fleet->servers[i];

		for (j = 0; j < s->nuses; j++)
			send_server(m, p, &m->world->servers[i],
			    &m->fleet->uses[s->uses[j]], now);
		if (s->nuses == 0)
			send_server(m, p, &m->world->servers[i], NULL, now);
	}
}

static void
send_services(struct managerd *m, struct peer *p, struct mono now)
{
	size_t i;

	for (i = 0; i < m->world->nservices; i++) {
		const struct service *conf = &m->world->services[i];
		const struct fleet_service *s = &m->fleet->services[i];

		peer_send(p,
		    "row service %s policy=%s state=%s reason=%s since=%lld "
		    "live=%u servers=%zu frozen=%s freezes=%" PRIu32,
		    conf->id, m->world->policies[conf->policy].id,
		    state_text(s->status.state), reason_text(s->status.reason),
		    seconds(now, s->status.since),
		    fleet_live_of_service(m->fleet, (int)i), conf->nuse,
		    yes(s->frozen), s->freezes);
	}
}

static void
send_places(struct managerd *m, struct peer *p, struct mono now)
{
	const struct world *w = m->world;
	unsigned live, all;
	size_t i;

	for (i = 0; i < w->nsites; i++) {
		const struct status *s = &m->fleet->sites[i];

		live = fleet_live_of_site(m->fleet, (int)i, &all);
		peer_send(p,
		    "row site %s admin=%s state=%s reason=%s since=%lld "
		    "live=%u servers=%u",
		    w->sites[i].id,
		    admin_text(
			admin_entry(m->admin, ADMIN_SITE, (int)i)->state),
		    state_text(s->state), reason_text(s->reason),
		    seconds(now, s->since), live, all);
	}
	for (i = 0; i < w->nborders; i++) {
		const struct status *s = &m->fleet->borders[i];

		peer_send(p,
		    "row border %s site=%s admin=%s state=%s reason=%s "
		    "since=%lld",
		    w->borders[i].id, w->sites[w->borders[i].site].id,
		    admin_text(
			admin_entry(m->admin, ADMIN_BORDER, (int)i)->state),
		    state_text(s->state), reason_text(s->reason),
		    seconds(now, s->since));
	}
}

static void
send_feeds(struct managerd *m, struct peer *p, struct mono now)
{
	struct feed_info x;
	size_t i;

	for (i = 0; i < feeds_count(m->feeds); i++) {
		feeds_info(m->feeds, i, &x);
		peer_send(p,
		    "row feed %s state=%s reason=%s since=%lld synced=%s "
		    "skewed=%s hash=%.12s lines=%" PRIu64 " bytes=%" PRIu64
		    " queued=%zu errors=%" PRIu64 " pictures=%" PRIu64
		    " wants=%" PRIu64,
		    x.id, state_text(x.status.state),
		    reason_text(x.status.reason), seconds(now, x.status.since),
		    yes(x.synced), yes(x.skewed),
		    x.hash[0] != '\0' ? x.hash : "-", x.counters.lines_out,
		    x.counters.bytes_out, x.counters.queued, x.counters.errors,
		    x.syncs, x.wants);
	}
}

static void
send_prober(struct managerd *m, struct peer *p, size_t i, struct mono now)
{
	const struct world *w = m->world;
	const struct prober_agent *a = prober_agent(m->prober, (int)i);
	const struct agent *at = &w->probers[i].agent;
	char text[RECORD_NAME * 3], host[ADDR_TEXT];

	peer_send(p,
	    "row prober %s address=%s port=%u state=%s reason=%s since=%lld "
	    "uplink=%s rtt-us=%lld orders=%" PRIu64 " taken=%" PRIu64
	    " results=%" PRIu64 " silent=%" PRIu64 " refused=%" PRIu64
	    " missing=%" PRIu64 " restarts=%" PRIu64 " problem=%s",
	    w->borders[w->probers[i].border].id,
	    addr_text(&at->addr, host, sizeof(host)), at->port,
	    state_text(a->status.state), reason_text(a->status.reason),
	    seconds(now, a->status.since), state_text(a->uplink),
	    (long long)a->rtt_us, a->orders, a->taken, a->results, a->silent,
	    a->refused, a->missing, a->restarts,
	    line_encode(a->text, text, sizeof(text)));
}

static void
send_probing(struct managerd *m, struct peer *p, struct mono now)
{
	struct prober_counts c;
	size_t i;

	if (m->prober == NULL)
		return;
	for (i = 0; i < m->world->nprobers; i++)
		send_prober(m, p, i, now);
	prober_count(m->prober, &c);
	peer_send(p,
	    "row probing all prefixes=%zu fresh=%zu stale=%zu inherited=%zu "
	    "silent=%zu split=%zu max=%zu evicted=%" PRIu64 " queued=%zu "
	    "rounds=%zu wants=%" PRIu64 " windows=%" PRIu64 " changes=%" PRIu64
	    " confirms=%" PRIu64 " timeouts=%" PRIu64 " orders-lost=%" PRIu64,
	    c.prefixes, c.fresh, c.stale, c.inherited, c.silent, c.split, c.max,
	    c.evicted, c.queued, c.rounds, c.wants, c.windows, c.changes,
	    c.confirms, c.timeouts, pollers_orders_lost(m->pollers));
}

static void
send_managers(struct managerd *m, struct peer *p)
{
	struct control_info x;
	size_t i;

	for (i = 0; i < control_count(m->control); i++) {
		control_info(m->control, i, &x);
		if (x.self)
			continue;
		peer_send(p, "row manager %s state=%s skewed=%s hash=%.12s",
		    x.id, x.up ? "up" : "down", yes(x.skewed),
		    x.hash[0] != '\0' ? x.hash : "-");
	}
}

static void
send_admin(struct peer *p, enum admin_kind kind, const char *id,
    const struct admin_entry *e, bool configured)
{
	char who[ADMIN_WHO * 3 + 4], why[ADMIN_WHY * 3 + 4];

	if (e->when == 0)
		return;
	peer_send(p,
	    "row admin %s kind=%s state=%s when=%lld who=%s why=%s "
	    "configured=%s",
	    id, admin_kind_text(kind), admin_text(e->state), (long long)e->when,
	    line_encode(e->who, who, sizeof(who)),
	    line_encode(e->why, why, sizeof(why)), yes(configured));
}

static void
send_admins(struct managerd *m, struct peer *p)
{
	const struct admin_entry *e;
	enum admin_kind kind;
	const char *id;
	size_t i;
	int k;

	for (k = ADMIN_SERVER; k < ADMIN_KINDS; k++)
		for (i = 0; i < admin_count(m->admin, (enum admin_kind)k); i++)
			send_admin(p, (enum admin_kind)k,
			    admin_id(m->admin, (enum admin_kind)k, (int)i),
			    admin_entry(m->admin, (enum admin_kind)k, (int)i),
			    true);
	for (i = 0; i < admin_absent_count(m->admin); i++) {
		e = admin_absent(m->admin, i, &kind, &id);
		send_admin(p, kind, id, e, false);
	}
}

void
status_send(struct managerd *m, struct peer *p)
{
	struct mono now = mono_now();

	send_daemon(m, p, now);
	send_pollers(m, p, now);
	send_agents(m, p, now);
	send_servers(m, p, now);
	send_services(m, p, now);
	send_places(m, p, now);
	send_feeds(m, p, now);
	send_probing(m, p, now);
	send_managers(m, p);
	send_admins(m, p);
	peer_send(p, "done");
}
