/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One function a table. Row numbers stay with their elements (lib/rows).
 */
#include "frontend/frontmib.h"

#include <stdio.h>

#define PROTOCOL_HTTP_NUMBER 2 /* HopProtocol */

static void
fill_daemon(struct snap *s, const struct front_view *v, struct mono now)
{
	struct ask_counters c;

	ask_counters(v->ask, &c);
	snap_text(s, MIB_hopFrontEndVersion, NULL, 0, HOP_VERSION);
	snap_age(s, MIB_hopFrontEndUptime, NULL, 0, mono_us(now, v->started));
	snap_text(s, MIB_hopFrontEndId, NULL, 0, v->self->id);
	snap_text(s, MIB_hopFrontEndConfigHash, NULL, 0, v->world->hash);
	snap_age(s, MIB_hopFrontEndSnapshotAge, NULL, 0, 0);
	snap_text(
	    s, MIB_hopFrontEndSite, NULL, 0, v->world->sites[v->self->site].id);
	snap_scalar(s, MIB_hopFrontEndDirectors, v->world->ndirectors);
	snap_scalar(s, MIB_hopFrontEndDirectorsUp, ask_directors_up(v->ask));
	snap_scalar(s, MIB_hopFrontEndCached, c.kept);
	snap_scalar(s, MIB_hopFrontEndLoops, http_loops(v->http));
}

static void
fill_director(
    struct snap *s, uint32_t row, const struct ask_director *d, struct mono now)
{
	snap_cell_text(s, MIB_hopFrontEndDirectorName, row, d->conf->id);
	snap_cell(s, MIB_hopFrontEndDirectorState, row, d->state);
	snap_cell_text(
	    s, MIB_hopFrontEndDirectorReason, row, reason_text(d->reason));
	snap_age(s, MIB_hopFrontEndDirectorStateAge, &row, 1,
	    mono_us(now, d->since));
	snap_cell(s, MIB_hopFrontEndDirectorStateChanges, row, d->changes);
	/* No value is true before it has said one. */
	if (d->hash[0] != '\0')
		snap_cell_text(
		    s, MIB_hopFrontEndDirectorConfigHash, row, d->hash);
	if (d->rtt_us >= 0)
		snap_cell(
		    s, MIB_hopFrontEndDirectorRtt, row, (uint64_t)d->rtt_us);
	snap_cell(s, MIB_hopFrontEndDirectorAsks, row, d->asks);
	snap_cell(s, MIB_hopFrontEndDirectorTimeouts, row, d->timeouts);
}

static void
fill_listener(struct snap *s, uint32_t row, const struct http_listener *l)
{
	const struct listener_counters *c = &l->counters;

	snap_cell_text(s, MIB_hopFrontEndListenerName, row, l->name);
	snap_cell(
	    s, MIB_hopFrontEndListenerProtocol, row, PROTOCOL_HTTP_NUMBER);
	snap_cell(s, MIB_hopFrontEndListenerSessions, row, c->sessions);
	snap_cell(s, MIB_hopFrontEndListenerAccepted, row, c->accepted);
	snap_cell(s, MIB_hopFrontEndListenerRefused, row, c->refused);
	snap_cell(s, MIB_hopFrontEndListenerRequests, row, c->requests);
	snap_cell(s, MIB_hopFrontEndListenerRedirects, row, c->redirects);
	snap_cell(
	    s, MIB_hopFrontEndListenerClientErrors, row, c->client_errors);
	snap_cell(
	    s, MIB_hopFrontEndListenerServerErrors, row, c->server_errors);
	snap_cell(
	    s, MIB_hopFrontEndListenerUnknownHosts, row, c->unknown_hosts);
	snap_cell(s, MIB_hopFrontEndListenerTime, row, c->time_us);
}

static void
fill_service(struct snap *s, uint32_t row, const struct service *service,
    const struct service_counters *c)
{
	int source;

	snap_cell_text(s, MIB_hopFrontEndServiceName, row, service->id);
	snap_cell(s, MIB_hopFrontEndServiceRequests, row, c->requests);
	snap_cell(s, MIB_hopFrontEndServiceRedirects, row, c->redirects);
	snap_cell(s, MIB_hopFrontEndServiceErrors, row, c->errors);
	for (source = ASK_DIRECTOR; source < ASK_SOURCES; source++) {
		const uint32_t index[2] = {row, (uint32_t)source};

		snap_text(
		    s, MIB_hopFrontEndAnswerService, index, 2, service->id);
		snap_text(s, MIB_hopFrontEndAnswerName, index, 2,
		    ask_source_text((enum ask_source)source));
		snap_number(s, MIB_hopFrontEndAnswers, index, 2,
		    (int64_t)c->answers[source]);
	}
}

void
frontmib_fill(struct snap *s, const struct front_view *v, struct mono now)
{
	const struct http_listener *l;
	uint32_t i;

	snap_reset(s);
	fill_daemon(s, v, now);
	for (i = 0; i < v->world->ndirectors; i++)
		fill_director(s, rows_number(v->rows, ROW_DIRECTOR, (int)i),
		    ask_director(v->ask, i), now);
	for (i = 0; (l = http_listener(v->http, i)) != NULL; i++)
		fill_listener(s, l->n, l);
	for (i = 0; i < v->world->nservices; i++)
		fill_service(s, rows_number(v->rows, ROW_SERVICE, (int)i),
		    &v->world->services[i], http_service(v->http, i));
}
