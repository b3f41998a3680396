/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a poller tells its parent, and what the answers of a server's agent
 * come to: samples and rows of checks. Owns nothing; what is noted in a target
 * is there for the next request.
 */
#include "manager/poll_own.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "manager/pollmib.h"

#define CHECK_ROWS 4096 /* of one agent that are read */
/* What an agent has is not learned more often than this. */
#define LEARN_MS 10000

/* Waits while the parent is behind: then it is the parent that is slow, and
 * asking for more would not help it. Without a parent there is no work. */
void
put_record(struct poller *p, const struct record *r)
{
	while (send(p->fd, r, sizeof(*r), MSG_NOSIGNAL) < 0)
		if (errno != EINTR)
			_exit(0);
}

void
put_about(const struct target *t, enum record_kind kind, struct record *r)
{
	r->kind = kind;
	r->server = t->server >= 0 ? t->place : -1;
	r->prober = t->server >= 0 ? -1 : t->place;
}

void
put_kind(struct target *t, enum record_kind kind)
{
	struct record r = {0};

	put_about(t, kind, &r);
	put_record(t->poller, &r);
}

void
put_fail(struct target *t, enum reason reason, const char *fmt, ...)
{
	struct record r = {0};
	va_list ap;

	put_about(t, RECORD_FAIL, &r);
	r.u.fail.reason = reason;
	va_start(ap, fmt);
	(void)vsnprintf(r.u.fail.text, sizeof(r.u.fail.text), fmt, ap);
	va_end(ap);
	put_record(t->poller, &r);
}

/* What has gone, or come with a restart, is learned anew before the next poll;
 * not in a circle with an agent that takes turns. */
static bool
on_standard(struct target *t, const netsnmp_pdu *pdu, struct record_sample *s)
{
	bool again, there = standardmib_sample(t->plan, pdu, s, &again);

	if ((again || !there) && mono_ms(mono_now(), t->learned) >= LEARN_MS)
		standardmib_forget(t->plan);
	return there;
}

enum end
answer_learn(struct target *t, const netsnmp_pdu *pdu)
{
	standardmib_learn(t->plan, pdu);
	t->learned = mono_now();
	return END_ANSWER;
}

enum end
answer_load(struct target *t, const netsnmp_pdu *pdu)
{
	struct record r = {0};

	put_about(t, RECORD_SAMPLE, &r);
	if (t->plan != NULL ? !on_standard(t, pdu, &r.u.sample)
			    : !pollmib_sample(pdu, &r.u.sample))
		return END_OBJECTS;
	r.u.sample.rtt_us = mono_us(mono_now(), t->sent);
	t->changes_seen = r.u.sample.check_changes;
	put_record(t->poller, &r);
	return END_ANSWER;
}

/* Rows of the check table, as many as one answer has. */
enum end
answer_checks(struct target *t, const netsnmp_pdu *pdu)
{
	struct record r = {0};
	const netsnmp_variable_list *v = pdu->variables;

	put_about(t, RECORD_CHECK, &r);
	t->check_more = false;
	while (v != NULL) {
		switch (pollmib_check(&v, &t->check_at, &r.u.check)) {
		case POLLMIB_ROW:
			put_record(t->poller, &r);
			if (++t->check_rows >= CHECK_ROWS)
				return END_ANSWER;
			break;
		case POLLMIB_END:
			return END_ANSWER;
		case POLLMIB_TORN: /* it changes: once more, later */
			return END_OBJECTS;
		}
	}
	t->check_more = pdu->variables != NULL;
	return END_ANSWER;
}
