/* SPDX-License-Identifier: BSD-2-Clause */
/* The hopProbe subtree. Reads the engine's tables; a SET becomes calls of the
 * engine, which only enqueue. */
#include "agent/pingmib.h"

#include <string.h>

#include "lib/reason.h"

static void
fill_uplink(struct snap *s, const struct canaries *c, struct mono now)
{
	const char *reason = "not-judged-yet";

	if (c->n == 0)
		reason = "no-canary";
	else if (c->uplink == STATE_UP)
		reason = "canaries-reply";
	else if (c->uplink == STATE_DOWN)
		reason = "canaries-silent";
	snap_scalar(s, MIB_hopProbeUplinkState, c->uplink);
	snap_text(s, MIB_hopProbeUplinkReason, NULL, 0, reason);
	snap_age(
	    s, MIB_hopProbeUplinkStateAge, NULL, 0, mono_us(now, c->since));
	snap_scalar(s, MIB_hopProbeUplinkStateChanges, c->changes);
	snap_scalar(s, MIB_hopProbeUplinkCanaries, (int64_t)c->n);
	snap_scalar(s, MIB_hopProbeUplinkCanariesUp, (int64_t)canaries_up(c));
}

static void
fill_limits(struct snap *s, const struct pingmib *m)
{
	snap_scalar(s, MIB_hopProbeMaxTargets,
	    (int64_t)targets_max(pinger_targets(m->pinger)));
	snap_scalar(s, MIB_hopProbeMaxRate, m->rate);
	snap_scalar(s, MIB_hopProbeTargetGap, LIMIT_TARGET_GAP_MS);
	snap_scalar(s, MIB_hopProbePrefixGap, LIMIT_PREFIX_GAP_MS);
	snap_scalar(s, MIB_hopProbePrefixLength4, LIMIT_PREFIX4);
	snap_scalar(s, MIB_hopProbePrefixLength6, LIMIT_PREFIX6);
}

static void
fill_counters(struct snap *s, const struct pinger *p)
{
	const struct pinger_counters *c = pinger_counters(p);

	snap_scalar(
	    s, MIB_hopProbeTargets, (int64_t)targets_count(pinger_targets(p)));
	snap_scalar(s, MIB_hopProbeInFlight, (int64_t)pinger_in_flight(p));
	snap_scalar(s, MIB_hopProbeSent, c->sent);
	snap_scalar(s, MIB_hopProbeReplies, c->replies);
	snap_scalar(s, MIB_hopProbeRepliesLate, c->late);
	snap_scalar(s, MIB_hopProbeRepliesUnmatched, c->unmatched);
	snap_scalar(s, MIB_hopProbeTimeouts, c->timeouts);
	snap_scalar(s, MIB_hopProbeSendErrors, c->send_errors);
	snap_scalar(s, MIB_hopProbeOwnLosses, c->own_losses);
	snap_scalar(s, MIB_hopProbeUnjudged, c->unjudged);
	snap_scalar(s, MIB_hopProbeRepliesDuplicate, c->duplicate);
	snap_scalar(s, MIB_hopProbeUnstamped, c->unstamped);
	snap_scalar(s, MIB_hopProbeStalls, c->stalls);
}

static void
fill_journal(struct snap *s, const struct journal *j)
{
	snap_scalar(s, MIB_hopProbeJournalCurrentEpoch, journal_epoch(j));
	snap_scalar(s, MIB_hopProbeJournalLastIndex, journal_last(j));
	snap_scalar(s, MIB_hopProbeJournalSize, (int64_t)journal_size(j));
	snap_scalar(s, MIB_hopProbeJournalBumped, journal_bumped(j));
}

static void
fill_refusals(struct snap *s, const struct pinger_counters *c)
{
	uint32_t why;

	for (why = LIMIT_DENIED; why < LIMIT_COUNT; why++) {
		if (strcmp(limit_text((enum limit)why), "-") == 0)
			continue; /* a number that has no meaning here */
		snap_text(s, MIB_hopProbeRefusalName, &why, 1,
		    limit_text((enum limit)why));
		snap_number(s, MIB_hopProbeRefusals, &why, 1, c->refused[why]);
	}
}

static const char *
canary_reason(const struct canary *a)
{
	switch (a->state) {
	case STATE_UP:
		return "reply";
	case STATE_DOWN:
		return "no-reply";
	default:
		return "not-judged-yet";
	}
}

static void
fill_canary(
    struct snap *s, const struct canary *a, uint32_t index, struct mono now)
{
	char text[ADDR_TEXT];

	snap_text(s, MIB_hopProbeCanaryName, &index, 1,
	    addr_text(&a->addr, text, sizeof(text)));
	snap_number(s, MIB_hopProbeCanaryState, &index, 1, a->state);
	snap_text(s, MIB_hopProbeCanaryReason, &index, 1, canary_reason(a));
	snap_age(
	    s, MIB_hopProbeCanaryStateAge, &index, 1, mono_us(now, a->since));
	snap_number(s, MIB_hopProbeCanaryStateChanges, &index, 1, a->changes);
	snap_number(s, MIB_hopProbeCanaryRtt, &index, 1, a->rtt_us);
	snap_number(s, MIB_hopProbeCanarySent, &index, 1, a->sent);
	snap_number(s, MIB_hopProbeCanaryReplies, &index, 1, a->replies);
}

void
pingmib_fill(struct snap *s, struct pingmib *m, struct mono now)
{
	const struct canaries *c = pinger_canaries(m->pinger);
	size_t i;

	m->changed = false;
	snap_text(s, MIB_hopProbeVersion, NULL, 0, HOP_VERSION);
	snap_age(s, MIB_hopProbeUptime, NULL, 0, mono_us(now, m->started));
	snap_text(s, MIB_hopProbeBorder, NULL, 0, m->border);
	snap_text(s, MIB_hopProbeSources, NULL, 0, m->sources);
	fill_uplink(s, c, now);
	fill_limits(s, m);
	fill_counters(s, m->pinger);
	fill_journal(s, pinger_journal(m->pinger));
	fill_refusals(s, pinger_counters(m->pinger));
	for (i = 0; i < c->n; i++)
		fill_canary(s, &c->list[i], (uint32_t)i + 1, now);
}

static void
put_text(struct snap_value *v, const char *text)
{
	v->bytes = (const uint8_t *)text;
	v->len = strlen(text);
}

/* hopProbeTargetTable */

static bool
target_next(void *arg, uint32_t *index, bool at)
{
	struct pingmib *m = arg;
	const struct target *t =
	    targets_next(pinger_targets(m->pinger), index[0], at);

	if (t == NULL)
		return false;
	index[0] = t->index;
	return true;
}

static int64_t
seconds_left(const struct target *t)
{
	int64_t ms = mono_ms(t->expires, mono_now());

	return ms <= 1000 ? 1 : (ms + 999) / 1000;
}

static void
target_value(
    void *arg, const uint32_t *index, enum mib_object o, struct snap_value *v)
{
	struct pingmib *m = arg;
	const struct target *t =
	    targets_find(pinger_targets(m->pinger), index[0]);

	switch (o) {
	case MIB_hopProbeTargetName:
		put_text(v, addr_text(&t->addr, m->text, sizeof(m->text)));
		break;
	case MIB_hopProbeTargetOwner:
		put_text(v, t->owner);
		break;
	case MIB_hopProbeTargetAddressType:
		v->number = t->addr.family == AF_INET ? 1 : 2;
		break;
	case MIB_hopProbeTargetAddress:
		v->bytes = t->addr.ip;
		v->len = addr_bits(&t->addr) / 8;
		break;
	case MIB_hopProbeTargetInterval:
		v->number = t->interval_ms;
		break;
	case MIB_hopProbeTargetProbes:
		v->number = t->probes;
		break;
	case MIB_hopProbeTargetTimeout:
		v->number = t->timeout_ms;
		break;
	case MIB_hopProbeTargetLifetime:
		v->number = seconds_left(t);
		break;
	default: /* MIB_hopProbeTargetRowStatus: active */
		v->number = 1;
		break;
	}
}

static void
do_row(struct pingmib *m, uint32_t index)
{
	struct request_todo todo;

	if (!request_take(m->request, index, &todo))
		return;
	m->changed = true;
	switch (todo.what) {
	case REQUEST_ADD:
		(void)pinger_add(m->pinger, index, todo.ask);
		break;
	case REQUEST_REMOVE:
		pinger_remove(m->pinger, index);
		break;
	case REQUEST_PROLONG:
		pinger_prolong(m->pinger, index, todo.ask->lifetime_s);
		break;
	}
}

static int
target_set(void *arg, enum agentx_step step, const uint32_t *index,
    enum mib_object o, const struct snap_value *v)
{
	struct pingmib *m = arg;
	int error = AGENTX_OK;

	switch (step) {
	case AGENTX_BEGIN:
	case AGENTX_DROP:
		request_begin(m->request);
		break;
	case AGENTX_STAGE:
		return request_stage(m->request, index[0], o, v);
	case AGENTX_TEST:
		error = request_test(m->request, index[0]);
		if (request_was_full(m->request))
			pinger_refuse_full(m->pinger);
		break;
	case AGENTX_COMMIT:
		do_row(m, index[0]);
		break;
	}
	return error;
}

/* hopProbeJournalTable */

static bool
row_next(void *arg, uint32_t *index, bool at)
{
	struct pingmib *m = arg;

	return journal_next(
	    pinger_journal(m->pinger), &index[0], &index[1], at);
}

static int64_t
age_ms(const struct journal_row *row)
{
	int64_t ms = mono_ms(mono_now(), row->written);

	return ms > UINT32_MAX ? UINT32_MAX : ms;
}

static void
row_value(
    void *arg, const uint32_t *index, enum mib_object o, struct snap_value *v)
{
	struct pingmib *m = arg;
	const struct journal_row *row =
	    journal_find(pinger_journal(m->pinger), index[0], index[1]);
	const struct train_result *r = &row->result;

	switch (o) {
	case MIB_hopProbeJournalName:
		put_text(v, addr_text(&row->addr, m->text, sizeof(m->text)));
		break;
	case MIB_hopProbeJournalTarget:
		v->number = row->target;
		break;
	case MIB_hopProbeJournalStatus:
		v->number = r->status;
		break;
	case MIB_hopProbeJournalReason:
		put_text(v, row->reason);
		break;
	case MIB_hopProbeJournalSent:
		v->number = r->sent;
		break;
	case MIB_hopProbeJournalRttMin:
		v->number = r->min_us;
		break;
	case MIB_hopProbeJournalRttMedian:
		v->number = r->median_us;
		break;
	case MIB_hopProbeJournalRttSpread:
		v->number = r->spread_us;
		break;
	case MIB_hopProbeJournalLoss:
		v->number = r->loss;
		break;
	default: /* MIB_hopProbeJournalAge */
		v->number = age_ms(row);
		break;
	}
}

const struct agentx_table pingmib_tables[PINGMIB_TABLES] = {
    {.first = MIB_hopProbeTargetName,
	.last = MIB_hopProbeTargetRowStatus,
	.index_len = 1,
	.next = target_next,
	.value = target_value,
	.set = target_set},
    {.first = MIB_hopProbeJournalName,
	.last = MIB_hopProbeJournalAge,
	.index_len = 2,
	.next = row_next,
	.value = row_value},
};
