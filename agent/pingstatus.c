/* SPDX-License-Identifier: BSD-2-Clause */
/* Rows of hoppingd. Reads, owns nothing. */
#include "agent/pingstatus.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FILE_TEXT 1024

static void
send_daemon(struct peer *p, const struct pingstatus *s, struct mono now)
{
	const struct pingargs *a = s->args;
	char file[FILE_TEXT], sources[sizeof(a->sources) * 3 + 1];

	peer_send(p,
	    "row daemon %s program=hoppingd version=" HOP_VERSION " hash=- "
	    "uptime=%lld snmp=%s border=%s sources=%s rate=%lld allowed=%zu "
	    "denied=%zu targets=%zu targets-max=%zu in-flight=%zu "
	    "options=%s",
	    s->id, (long long)(mono_ms(now, s->started) / 1000),
	    s->snmp ? "up" : "down", a->border,
	    line_encode(a->sources, sources, sizeof(sources)),
	    (long long)a->rate, a->nallow, a->ndeny,
	    targets_count(pinger_targets(s->pinger)),
	    targets_max(pinger_targets(s->pinger)), pinger_in_flight(s->pinger),
	    line_encode(a->common.options != NULL ? a->common.options : "",
		file, sizeof(file)));
}

static void
send_uplink(struct peer *p, const struct pingstatus *s, struct mono now)
{
	const struct canaries *c = pinger_canaries(s->pinger);
	char addr[ADDR_TEXT];
	size_t i;

	peer_send(p,
	    "row uplink %s state=%s since=%lld changes=%" PRIu32
	    " canaries=%zu up=%zu",
	    s->args->border, state_text(c->uplink),
	    (long long)(mono_ms(now, c->since) / 1000), c->changes, c->n,
	    canaries_up(c));
	for (i = 0; i < c->n; i++)
		peer_send(p,
		    "row canary %s state=%s since=%lld changes=%" PRIu32
		    " rtt-us=%" PRIu32 " sent=%" PRIu32 " replies=%" PRIu32,
		    addr_text(&c->list[i].addr, addr, sizeof(addr)),
		    state_text(c->list[i].state),
		    (long long)(mono_ms(now, c->list[i].since) / 1000),
		    c->list[i].changes, c->list[i].rtt_us, c->list[i].sent,
		    c->list[i].replies);
}

struct owner {
	const char *name;
	size_t targets, rounds;
};

static struct owner *
owner_of(struct owner *list, size_t *n, const char *name)
{
	size_t i;

	for (i = 0; i < *n; i++)
		if (strcmp(list[i].name, name) == 0)
			return &list[i];
	if (*n == PINGSTATUS_OWNERS)
		return &list[PINGSTATUS_OWNERS];
	list[*n].name = name;
	return &list[(*n)++];
}

/* Who has asked for how many. */
static void
send_requests(struct peer *p, const struct pingstatus *s)
{
	struct owner list[PINGSTATUS_OWNERS + 1] = {{NULL, 0, 0}}, *o;
	const struct targets *all = pinger_targets(s->pinger);
	const struct target *t = targets_next(all, 0, true);
	char name[TARGET_OWNER_MAX * 3 + 1];
	size_t n = 0, i;

	list[PINGSTATUS_OWNERS].name = "all others";
	for (; t != NULL; t = targets_next(all, t->index, false)) {
		o = owner_of(list, &n, t->owner);
		o->targets++;
		o->rounds += t->in_round ? 1 : 0;
	}
	for (i = 0; i <= PINGSTATUS_OWNERS; i++)
		if (list[i].targets > 0)
			peer_send(p, "row requests %s targets=%zu in-round=%zu",
			    line_encode(list[i].name, name, sizeof(name)),
			    list[i].targets, list[i].rounds);
}

static void
send_counters(struct peer *p, const struct pingstatus *s)
{
	const struct pinger_counters *c = pinger_counters(s->pinger);
	const struct journal *j = pinger_journal(s->pinger);
	int why;

	peer_send(p,
	    "row probes all sent=%" PRIu32 " replies=%" PRIu32
	    " timeouts=%" PRIu32 " late=%" PRIu32 " duplicate=%" PRIu32
	    " unmatched=%" PRIu32 " errors=%" PRIu32 " own-losses=%" PRIu32
	    " unjudged=%" PRIu32 " unstamped=%" PRIu32 " stalls=%" PRIu32
	    " epoch=%" PRIu32 " results=%" PRIu32 " bumped=%" PRIu32,
	    c->sent, c->replies, c->timeouts, c->late, c->duplicate,
	    c->unmatched, c->send_errors, c->own_losses, c->unjudged,
	    c->unstamped, c->stalls, journal_epoch(j), journal_last(j),
	    journal_bumped(j));
	for (why = LIMIT_NONE + 1; why < LIMIT_COUNT; why++)
		if (c->refused[why] > 0)
			peer_send(p, "row refused %s count=%" PRIu32,
			    limit_text((enum limit)why), c->refused[why]);
}

void
pingstatus_send(struct peer *p, const struct pingstatus *s, struct mono now)
{
	send_daemon(p, s, now);
	send_uplink(p, s, now);
	send_requests(p, s);
	send_counters(p, s);
}
