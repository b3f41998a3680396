/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A prober has two targets: one reads its journal, over and over, one creates
 * rows for what is to be pinged, so that neither waits for the other. Here is
 * what they ask for, what the answers come to, and when they have their next
 * turn. Owns what the two share: the place in the journal and the queue of
 * addresses.
 */
#include "manager/poll_own.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <stdio.h>
#include <string.h>

#include "lib/mem.h"
#include "manager/probemib.h"

/* The journal of a prober is read so often, and that often while first replies
 * are awaited. */
#define JOURNAL_MS      500
#define JOURNAL_SOON_MS 20
#define AWAIT_MS        3000
#define QUEUE_MAX       8192 /* addresses waiting for one prober */
/* A prober that takes no targets is told so for so long. */
#define REFUSES_MS 10000

/* --- the journal --- */

/* As many rows as are likely to be there: each costs its agent a step. */
struct snmp_pdu *
probe_ask_journal(struct target *t)
{
	netsnmp_pdu *pdu = snmp_pdu_create(SNMP_MSG_GETBULK);
	struct probe *x = t->probe;

	if (mono_ms(mono_now(), x->asked) > AWAIT_MS)
		x->awaited = 0;
	if (x->rows == 0)
		x->rows = x->awaited + 1 < PROBEMIB_ROWS && x->awaited > 0
			      ? (unsigned)x->awaited + 1
			      : PROBEMIB_ROWS;
	probemib_ask(pdu, &x->at, x->rows);
	return pdu;
}

static void
put_prober(struct target *t, const struct probemib_status *s)
{
	struct probe *x = t->probe;
	struct record r = {0};

	put_about(t, RECORD_PROBER, &r);
	r.u.prober = (struct record_prober){s->uplink, s->uplink_reason,
	    mono_us(mono_now(), t->sent), x->taken, x->missing};
	x->taken = x->missing = 0;
	put_record(t->poller, &r);
}

/* Its journal starts anew, and what it was asked for is lost. */
static void
on_epoch(struct target *t, uint32_t epoch)
{
	struct probe *x = t->probe;

	if (epoch < x->at.epoch) {
		x->at = (struct record_cursor){0, 0}; /* a clock went back */
		x->synced = false;
	}
	if (x->epoch != 0 && x->epoch != epoch)
		put_kind(t, RECORD_RESTART);
	x->epoch = epoch;
}

static unsigned
put_rows(struct target *t, const netsnmp_variable_list *v)
{
	struct probe *x = t->probe;
	struct record r = {0};
	struct record_cursor before = x->at;
	unsigned n;

	put_about(t, RECORD_RESULT, &r);
	for (n = 0; probemib_row(&v, &x->at, &r.u.result); n++) {
		if (x->synced && x->at.epoch == before.epoch)
			x->missing += x->at.index - before.index - 1;
		else if (x->synced)
			x->missing += x->at.index - 1;
		x->synced = true;
		before = x->at;
		if (r.u.result.status == PROBE_PROVISIONAL && x->awaited > 0)
			x->awaited--;
		r.u.result.at = x->at;
		if (r.u.result.addr.family != AF_UNSPEC)
			put_record(t->poller, &r);
	}
	return n;
}

enum end
probe_on_journal(struct target *t, const netsnmp_pdu *pdu)
{
	struct probe *x = t->probe;
	const netsnmp_variable_list *v;
	struct probemib_status s;
	unsigned n;

	if (!probemib_status(pdu, &s, &v))
		return END_OBJECTS;
	if (strcmp(s.border, name_of(t)) != 0) {
		put_fail(t, REASON_OTHER_BORDER,
		    "the hoppingd there pings for border %s: start it with "
		    "--border %s, or correct <prober border=\"%s\">",
		    s.border, name_of(t), name_of(t));
		return END_ANSWER;
	}
	if (mono_set(x->refused) &&
	    mono_ms(mono_now(), x->refused) < REFUSES_MS) {
		put_fail(t, REASON_AGENT_SECURITY, "%s", x->refusal);
		return END_ANSWER;
	}
	put_prober(t, &s);
	on_epoch(t, s.epoch);
	n = put_rows(t, v);
	x->rows = n > 0 && n == x->rows ? PROBEMIB_ROWS_MAX : 0;
	return END_ANSWER;
}

/* --- rows of targets --- */

struct snmp_pdu *
probe_ask_targets(struct target *t)
{
	struct probe *x = t->probe;
	struct addr a[PROBEMIB_ADDRESSES];
	struct timeval soon = {0, JOURNAL_SOON_MS * 1000};
	netsnmp_pdu *pdu;
	size_t n = 0;

	for (; n < x->queued && n < PROBEMIB_ADDRESSES; n++)
		a[n] = x->queue[(x->first + n) % QUEUE_MAX];
	if (n == 0)
		return NULL;
	if (x->index == 0 || x->index > UINT32_MAX - PROBEMIB_ADDRESSES)
		evutil_secure_rng_get_bytes(&x->index, sizeof(x->index));
	/* Room to count up: it is checked again above when it is used up. */
	if (x->index == 0 || x->index > UINT32_MAX / 2)
		x->index = x->index / 2 + 1;
	x->sent = n;
	x->resent = false;
	x->awaited += n;
	x->asked = mono_now();
	/* The reader stands before us; it looks for first replies from now
	 * on. */
	if (t[-1].job == JOB_NONE)
		(void)event_add(t[-1].again, &soon);
	pdu = snmp_pdu_create(SNMP_MSG_SET);
	probemib_targets(pdu, x->index, a, n, t->poller->manager->id);
	return pdu;
}

enum end
probe_on_targets(struct target *t)
{
	struct probe *x = t->probe;

	x->taken += (uint32_t)x->sent;
	x->first = (x->first + x->sent) % QUEUE_MAX;
	x->queued -= x->sent;
	x->index += (uint32_t)x->sent;
	x->sent = 0;
	x->refused = (struct mono){0};
	return END_ANSWER;
}

/* A SET that failed: its addresses are given up, but for a number that was
 * taken. */
void
probe_fail(struct target *t)
{
	struct probe *x = t->probe;

	if (t->error == SNMP_ERR_INCONSISTENTVALUE) {
		x->index = 0; /* another start */
		return;
	}
	x->first = (x->first + x->sent) % QUEUE_MAX;
	x->queued -= x->sent;
	if (t->error == SNMP_ERR_RESOURCEUNAVAILABLE)
		return; /* its table is full: it is behind */
	if (t->error == SNMP_ERR_AUTHORIZATIONERROR ||
	    t->error == SNMP_ERR_NOACCESS)
		(void)snprintf(x->refusal, sizeof(x->refusal),
		    "user %s may not SET hopProbeTargetTable there: a write "
		    "view is missing in snmpd's configuration",
		    user_of(t)->id);
	else
		(void)snprintf(x->refusal, sizeof(x->refusal),
		    "takes no targets: error %s",
		    snmp_errstring((int)t->error));
	x->refused = mono_now();
	put_fail(t, REASON_AGENT_SECURITY, "%s", x->refusal);
}

/* --- turns --- */

/* When the target of a prober has its next turn. */
void
probe_next(struct target *t, enum end end)
{
	const struct probe *x = t->probe;
	struct mono now = mono_now();
	int64_t ms = JOURNAL_MS;
	struct timeval tv;

	if (t->sets && end != END_ANSWER) {
		if (x->queued == 0)
			return;
	} else if (t->sets) {
		if (x->queued == 0)
			return;
		ms = 0;
	} else if (end == END_ANSWER && x->rows > 0) {
		ms = 0; /* there is more */
	} else if (x->awaited > 0) {
		ms = JOURNAL_SOON_MS - mono_ms(now, t->sent);
	}
	if (t->sets && t->error == SNMP_ERR_INCONSISTENTVALUE)
		ms = 0;
	if (ms < 0)
		ms = 0;
	tv = (struct timeval){ms / 1000, ms % 1000 * 1000};
	(void)event_add(t->again, &tv);
}

/* Addresses from the parent, to the queue of their prober. */
void
probe_take(struct poller *p, const struct order *o)
{
	struct timeval at_once = {0};
	struct target *t = NULL;
	struct probe *x;
	size_t i;

	for (i = p->npaced; i < p->n; i++)
		if (p->targets[i].sets && p->targets[i].place == o->prober)
			t = &p->targets[i];
	if (t == NULL)
		return;
	x = t->probe;
	for (i = 0; i < o->n && x->queued < QUEUE_MAX; i++)
		x->queue[(x->first + x->queued++) % QUEUE_MAX] = o->addr[i];
	if (t->job == JOB_NONE)
		(void)event_add(t->again, &at_once);
}

/* Both targets of a prober; the one that sets rows meets its agent now, so
 * that the first row does not wait for that. */
void
probe_start(struct target *t, int prober, int place,
    const struct record_cursor *at, event_callback_fn again)
{
	struct probe *x = mem_new(sizeof(*x));
	struct timeval at_once = {0};
	int i;

	x->at = *at;
	x->epoch = at->epoch;
	x->synced = at->epoch != 0;
	x->queue = mem_array(QUEUE_MAX, sizeof(*x->queue));
	for (i = 0; i < 2; i++) {
		t[i].prober = prober;
		t[i].place = place;
		t[i].sets = i == 1;
		t[i].probe = x;
		t[i].again = evtimer_new(t->poller->base, again, &t[i]);
		if (t[i].again == NULL)
			abort();
		(void)event_add(t[i].again, &at_once);
	}
}
