/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One function a table. Row numbers stay with their elements (lib/rows). Reads
 * the desk, changes nothing but what it brings up to date there.
 */
#include "director/directormib.h"

#include <string.h>

#include "lib/decide/pick.h"
#include "lib/view.h"

static uint32_t
row_of(const struct desk *d, enum row_kind kind, int place)
{
	return rows_number(d->rows, kind, place);
}

static void
fill_daemon(struct snap *s, const struct desk *d, struct mono now)
{
	snap_text(s, MIB_hopDirectorVersion, NULL, 0, HOP_VERSION);
	snap_age(s, MIB_hopDirectorUptime, NULL, 0, mono_us(now, d->started));
	snap_text(s, MIB_hopDirectorId, NULL, 0, d->self->id);
	snap_text(s, MIB_hopDirectorConfigHash, NULL, 0, d->world->hash);
	snap_age(s, MIB_hopDirectorSnapshotAge, NULL, 0, 0);
}

static void
fill_answers(struct snap *s, const struct desk *d)
{
	const struct tally *t = d->tally;

	snap_scalar(s, MIB_hopDirectorDecisions, t->decisions);
	snap_scalar(s, MIB_hopDirectorNoServer, t->no_server);
	snap_scalar(s, MIB_hopDirectorDecisionTime, t->time_ns / 1000);
	snap_scalar(s, MIB_hopDirectorAskErrors, t->ask_errors);
	snap_scalar(s, MIB_hopDirectorAskers, desk_askers(d));
	snap_scalar(s, MIB_hopDirectorPeersSkewed, desk_skewed(d));
	snap_scalar(s, MIB_hopDirectorPeersRefused, peer_refused());
	snap_scalar(s, MIB_hopDirectorFeedsUp, feeds_count_up(d->feeds));
}

static void
fill_paths(struct snap *s, struct desk *d, struct mono now)
{
	struct cache_counters rows, answers;
	struct view_paths v;

	feeds_count_paths(d->feeds, now, &v);
	answer_counters(d->answer, &rows, &answers);
	snap_scalar(s, MIB_hopDirectorPrefixes, v.prefixes);
	snap_scalar(s, MIB_hopDirectorPrefixesFresh, v.fresh);
	snap_scalar(s, MIB_hopDirectorPrefixesInherited, v.inherited);
	snap_scalar(s, MIB_hopDirectorHosts, v.hosts);
	snap_scalar(s, MIB_hopDirectorPrefixesMax, v.max);
	snap_scalar(s, MIB_hopDirectorPrefixesEvicted, v.evicted);
	snap_scalar(s, MIB_hopDirectorPrefixesExpired, v.expired);
	snap_scalar(s, MIB_hopDirectorWants, wants_sent(d->wants));
	snap_scalar(s, MIB_hopDirectorHeld, d->tally->held);
	/* An answer that is used again uses its scores again. */
	snap_scalar(s, MIB_hopDirectorScoreHits, rows.hits + answers.hits);
	snap_scalar(
	    s, MIB_hopDirectorScoreMisses, rows.misses + d->tally->rtt_scores);
}

static void
fill_feeds(struct snap *s, struct desk *d, struct mono now)
{
	const struct feed *f;
	size_t i;

	desk_count_lines(d);
	for (i = 0; (f = feeds_at(d->feeds, i)) != NULL; i++) {
		bool used = f == feeds_used(d->feeds, FEED_LOAD) ||
			    f == feeds_used(d->feeds, FEED_PATH);

		snap_cell_text(s, MIB_hopDirectorFeedName, f->n, f->id);
		snap_cell(s, MIB_hopDirectorFeedState, f->n, f->state);
		snap_cell_text(
		    s, MIB_hopDirectorFeedReason, f->n, reason_text(f->reason));
		snap_cell_since(
		    s, MIB_hopDirectorFeedStateAge, f->n, now, f->state_since);
		snap_cell(
		    s, MIB_hopDirectorFeedStateChanges, f->n, f->state_changes);
		snap_cell(s, MIB_hopDirectorFeedInUse, f->n, used ? 1 : 2);
		snap_cell_text(s, MIB_hopDirectorFeedConfigHash, f->n,
		    strcmp(f->hash, "-") == 0 ? "" : f->hash);
		snap_cell_since(s, MIB_hopDirectorFeedAge, f->n, now, f->heard);
		snap_cell(s, MIB_hopDirectorFeedLines, f->n, f->lines);
		snap_cell(s, MIB_hopDirectorFeedErrors, f->n, f->errors);
		snap_cell(s, MIB_hopDirectorFeedUnknownNames, f->n, f->unknown);
	}
}

static void
fill_fallbacks(struct snap *s, const struct desk *d, const struct service *v)
{
	int f;

	for (f = 0; f < FALLBACKS; f++) {
		const struct fallback_row *r = tally_fallback((enum fallback)f);
		uint32_t index[2] = {row_of(d, ROW_SERVICE, v->n), r->number};

		snap_text(s, MIB_hopDirectorFallbackService, index, 2, v->id);
		snap_text(s, MIB_hopDirectorFallbackName, index, 2, r->word);
		snap_number(s, MIB_hopDirectorFallbacks, index, 2,
		    (int64_t)d->tally->service[v->n].fallbacks[f]);
	}
}

static void
fill_loads(
    struct snap *s, struct desk *d, const struct service *v, struct mono now)
{
	const struct picture_service *t =
	    picture_service(d->picture, v->n, now);
	const struct view *view = feeds_view(d->feeds, FEED_LOAD);
	size_t u;

	for (u = 0; u < v->nuse; u++) {
		uint32_t index[2] = {row_of(d, ROW_SERVICE, v->n),
		    row_of(d, ROW_SERVER, v->use[u])};
		struct mono since = {0};
		int load = t->load[u];

		if (load == LOAD_UNKNOWN)
			load = pick_weight(d->world, v, (int)u);
		if (view != NULL)
			since = view_use_time(view, v, (int)u);
		if (!mono_set(since))
			since = d->started;
		snap_text(s, MIB_hopDirectorLoadService, index, 2, v->id);
		snap_text(s, MIB_hopDirectorLoadServer, index, 2,
		    d->world->servers[v->use[u]].id);
		snap_number(s, MIB_hopDirectorLoadValue, index, 2, load);
		snap_age(
		    s, MIB_hopDirectorLoadAge, index, 2, mono_us(now, since));
	}
}

static void
fill_services(struct snap *s, struct desk *d, struct mono now)
{
	size_t i;

	standing_look(d->standing, d->world, d->picture, now);
	for (i = 0; i < d->world->nservices; i++) {
		const struct service *v = &d->world->services[i];
		const struct standing *t = &d->standing[i];
		uint32_t row = row_of(d, ROW_SERVICE, v->n);

		snap_cell_text(s, MIB_hopDirectorServiceName, row, v->id);
		snap_cell(s, MIB_hopDirectorServiceState, row, t->state);
		snap_cell_text(s, MIB_hopDirectorServiceReason, row,
		    reason_text(t->reason));
		snap_cell_since(
		    s, MIB_hopDirectorServiceStateAge, row, now, t->since);
		snap_cell(s, MIB_hopDirectorServiceLive, row, t->live);
		snap_cell(s, MIB_hopDirectorServiceDecisions, row,
		    d->tally->service[i].decisions);
		snap_cell(s, MIB_hopDirectorServiceNoServer, row,
		    d->tally->service[i].no_server);
		fill_loads(s, d, v, now);
		fill_fallbacks(s, d, v);
	}
}

static void
fill_network(struct snap *s, const struct desk *d)
{
	const struct world *w = d->world;
	size_t i;

	for (i = 0; i < w->nsites; i++) {
		uint32_t row = row_of(d, ROW_SITE, (int)i);

		snap_cell_text(s, MIB_hopDirectorSiteName, row, w->sites[i].id);
		snap_cell(
		    s, MIB_hopDirectorSiteContacts, row, d->tally->contact[i]);
		snap_cell(
		    s, MIB_hopDirectorSiteDecisions, row, d->tally->site[i]);
	}
	for (i = 0; i < w->nborders; i++) {
		uint32_t row = row_of(d, ROW_BORDER, (int)i);

		snap_cell_text(
		    s, MIB_hopDirectorBorderName, row, w->borders[i].id);
		snap_cell(s, MIB_hopDirectorBorderState, row,
		    picture_border_state(d->picture, (int)i));
		snap_cell_text(s, MIB_hopDirectorBorderReason, row,
		    picture_border_reason(d->picture, (int)i));
		snap_cell(s, MIB_hopDirectorBorderDecisions, row,
		    d->tally->border[i]);
		snap_cell(s, MIB_hopDirectorBorderContradictions, row,
		    d->tally->contradictions[i]);
	}
}

static void
fill_servers(struct snap *s, const struct desk *d)
{
	const uint32_t *drawn = draws_counts(d->draws);
	size_t i;

	for (i = 0; i < d->world->nservers; i++) {
		uint32_t row = row_of(d, ROW_SERVER, (int)i);

		snap_cell_text(
		    s, MIB_hopDirectorServerName, row, d->world->servers[i].id);
		snap_cell(s, MIB_hopDirectorServerState, row,
		    picture_server_state(d->picture, (int)i));
		snap_cell_text(s, MIB_hopDirectorServerReason, row,
		    picture_server_reason(d->picture, (int)i));
		snap_cell(s, MIB_hopDirectorServerAssigned, row, drawn[i]);
		snap_cell(s, MIB_hopDirectorServerDecisions, row,
		    d->tally->server[i]);
	}
}

void
directormib_fill(struct snap *s, struct desk *d, struct mono now)
{
	snap_reset(s);
	fill_daemon(s, d, now);
	fill_answers(s, d);
	fill_paths(s, d, now);
	fill_feeds(s, d, now);
	fill_services(s, d, now);
	fill_network(s, d);
	fill_servers(s, d);
}
