/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One function a table. Texts of others (reasons) are encoded; ids need not
 * be.
 */
#include "director/status.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#define ENCODED 700

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
send_daemon(struct desk *d, struct peer *p, struct mono now)
{
	const struct tally *t = d->tally;

	peer_send(p,
	    "row daemon %s program=hopdirectord version=%s hash=%s uptime=%lld "
	    "askers=%zu skewed=%zu refused=%" PRIu64 " feeds-up=%zu "
	    "when=%lld",
	    d->self->id, HOP_VERSION, d->world->hash, seconds(now, d->started),
	    desk_askers(d), desk_skewed(d), peer_refused(),
	    feeds_count_up(d->feeds), (long long)time(NULL));
	peer_send(p,
	    "row decisions all count=%" PRIu64 " no-server=%" PRIu64
	    " errors=%" PRIu64 " time-us=%" PRIu64 " held=%zu held-all=%" PRIu64
	    " held-refused=%" PRIu64 " drawn=%" PRIu64 " gone=%" PRIu64,
	    t->decisions, t->no_server, t->ask_errors, t->time_ns / 1000,
	    held_count(d->held), t->held, t->held_refused,
	    draws_total(d->draws), d->gone_sent);
}

static void
send_feeds(struct desk *d, struct peer *p, struct mono now)
{
	bool fresh_load = feeds_is_fresh(d->feeds, FEED_LOAD);
	bool fresh_path = feeds_is_fresh(d->feeds, FEED_PATH);
	const struct feed *f;
	size_t i;

	desk_count_lines(d);
	for (i = 0; (f = feeds_at(d->feeds, i)) != NULL; i++) {
		bool load = f == feeds_used(d->feeds, FEED_LOAD);
		bool path = f == feeds_used(d->feeds, FEED_PATH);

		peer_send(p,
		    "row feed %s role=%s state=%s reason=%s since=%lld "
		    "loads=%s paths=%s age-ms=%lld hash=%s skewed=%s "
		    "lines=%" PRIu64 " errors=%" PRIu64 " unknown=%" PRIu64,
		    f->id, f->manager ? "manager" : "collector",
		    state_text(f->state), reason_text(f->reason),
		    seconds(now, f->state_since),
		    load ? (fresh_load ? "in-use" : "ageing") : "-",
		    path ? (fresh_path ? "in-use" : "ageing") : "-",
		    (long long)mono_ms(now, f->heard), f->hash, yes(f->skewed),
		    f->lines, f->errors, f->unknown);
	}
}

static void
send_askers(struct desk *d, struct peer *p, struct mono now)
{
	const struct party *t;

	TAILQ_FOREACH(t, &d->parties, link)
	if (t->asks)
		peer_send(p,
		    "row asker %s role=%s since=%lld hash=%s "
		    "skewed=%s asks=%" PRIu64,
		    peer_id(t->peer), role_text(peer_role(t->peer)),
		    seconds(now, t->since), peer_hash(t->peer),
		    yes(peer_is_skewed(t->peer)), t->asked);
}

static void
send_services(struct desk *d, struct peer *p, struct mono now)
{
	const struct world *w = d->world;
	size_t i;

	standing_look(d->standing, w, d->picture, now);
	for (i = 0; i < w->nservices; i++) {
		const struct service *s = &w->services[i];
		const struct standing *t = &d->standing[i];

		peer_send(p,
		    "row service %s policy=%s state=%s reason=%s since=%lld "
		    "live=%u servers=%zu decisions=%" PRIu64
		    " no-server=%" PRIu64,
		    s->id, w->policies[s->policy].id, state_text(t->state),
		    reason_text(t->reason), seconds(now, t->since), t->live,
		    s->nuse, d->tally->service[i].decisions,
		    d->tally->service[i].no_server);
	}
}

static void
send_servers_of(
    struct desk *d, struct peer *p, const struct service *s, struct mono now)
{
	const struct world *w = d->world;
	const struct picture_service *t =
	    picture_service(d->picture, s->n, now);
	const uint32_t *drawn = draws_counts(d->draws);
	const uint64_t *draws = draws_all(d->draws);
	char reason[ENCODED], load[16];
	size_t u;

	for (u = 0; u < s->nuse; u++) {
		const struct server *server = &w->servers[s->use[u]];

		if (t->load[u] >= 0)
			(void)snprintf(load, sizeof(load), "%d", t->load[u]);
		else
			(void)snprintf(load, sizeof(load), "by-weight");
		peer_send(p,
		    "row server %s service=%s site=%s state=%s reason=%s "
		    "load=%s drawn=%" PRIu32 " draws=%" PRIu64
		    " decisions=%" PRIu64 "%s",
		    server->id, s->id, w->sites[server->site].id,
		    state_text(t->state[u]),
		    line_encode(picture_use_reason(d->picture, s->n, (int)u),
			reason, sizeof(reason)),
		    load, drawn[server->n], draws[server->n],
		    d->tally->server[server->n],
		    world_is_backup(s, u) ? " backup=yes" : "");
	}
}

static void
send_borders(struct desk *d, struct peer *p)
{
	const struct world *w = d->world;
	char reason[ENCODED];
	size_t i;

	for (i = 0; i < w->nborders; i++)
		peer_send(p,
		    "row border %s site=%s state=%s reason=%s "
		    "decisions=%" PRIu64 " contradictions=%" PRIu64,
		    w->borders[i].id, w->sites[w->borders[i].site].id,
		    state_text(picture_border_state(d->picture, (int)i)),
		    line_encode(picture_border_reason(d->picture, (int)i),
			reason, sizeof(reason)),
		    d->tally->border[i], d->tally->contradictions[i]);
}

static void
send_cache(struct peer *p, const char *id, const struct cache_counters *c)
{
	peer_send(p,
	    "row cache %s entries=%zu bytes=%zu bytes-max=%zu hits=%" PRIu64
	    " misses=%" PRIu64 " evicted=%" PRIu64,
	    id, c->entries, c->bytes, c->bytes_max, c->hits, c->misses,
	    c->evicted);
}

static void
send_paths(struct desk *d, struct peer *p, struct mono now)
{
	struct cache_counters rows, answers;
	struct view_paths v;

	feeds_count_paths(d->feeds, now, &v);
	peer_send(p,
	    "row paths all prefixes=%zu hosts=%zu fresh=%zu inherited=%zu "
	    "max=%zu evicted=%" PRIu64 " expired=%" PRIu64 " wants=%" PRIu64
	    " wants-left-out=%" PRIu64,
	    v.prefixes, v.hosts, v.fresh, v.inherited, v.max, v.evicted,
	    v.expired, wants_sent(d->wants), wants_left_out(d->wants));
	answer_counters(d->answer, &rows, &answers);
	send_cache(p, "rows", &rows);
	send_cache(p, "answers", &answers);
}

static void
send_fallbacks(struct desk *d, struct peer *p)
{
	size_t i;
	int f;

	for (i = 0; i < d->world->nservices; i++)
		for (f = 0; f < FALLBACKS; f++)
			if (d->tally->service[i].fallbacks[f] > 0)
				peer_send(p,
				    "row fallback %s service=%s "
				    "decisions=%" PRIu64,
				    tally_fallback((enum fallback)f)->word,
				    d->world->services[i].id,
				    d->tally->service[i].fallbacks[f]);
}

void
status_send(struct desk *d, struct peer *p, struct mono now)
{
	size_t i;

	send_daemon(d, p, now);
	send_feeds(d, p, now);
	send_askers(d, p, now);
	send_services(d, p, now);
	for (i = 0; i < d->world->nservices; i++)
		send_servers_of(d, p, &d->world->services[i], now);
	send_borders(d, p);
	send_paths(d, p, now);
	send_fallbacks(d, p);
	peer_send(p, "done");
}
