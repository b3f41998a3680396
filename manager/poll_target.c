/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A target's requests, at most one under way, and what comes of their ends.
 * What an answer means is noted in the library's callback and acted upon by
 * settle() after the library has returned, since a session cannot be closed or
 * used from within. The library's engine ID probe is turned off: it is sent
 * here like any other request. Owns the timer of each target.
 */
#include "manager/poll_own.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/library/large_fd_set.h>
#include <net-snmp/library/lcd_time.h>

#include <string.h>

#include "lib/mem.h"
#include "manager/pollmib.h"

/* Silent polls in a row until the engine is probed anew: its clock may have
 * gone back, which no report within the old time window can tell. */
#define PROBE_AFTER 3

static const char *
daemon_of(const struct target *t)
{
	return t->server >= 0 ? "hoploadd" : "hoppingd";
}

/* --- requests --- */

static void
arm(struct target *t)
{
	(void)event_add(t->timer, t->poller->timeout);
}

static void
on_resend(struct target *t)
{
	t->poller->count.requests++;
	t->end = END_NONE; /* the library called it an error first */
	arm(t);
	if (t->resync) {
		t->resync = false;
		return;
	}
	t->poller->count.timeouts++;
	if (t->job == JOB_TARGETS)
		t->probe->resent = true;
	if (t->job == JOB_LOAD || t->job == JOB_LEARN ||
	    (t->job == JOB_ENGINE && t->server >= 0))
		put_kind(t, RECORD_LATE);
}

static enum end
on_message(struct target *t, netsnmp_pdu *pdu)
{
	if (pdu->command == SNMP_MSG_REPORT) {
		t->report = snmpv3_get_report_type(pdu);
		t->resync = t->report == SNMPERR_NOT_IN_TIME_WINDOW;
		if (t->job != JOB_ENGINE)
			t->poller->count.security_errors++;
		/* Sent anew by the library, or END_REPORT if it gives up. */
		return t->resync ? t->end : END_REPORT;
	}
	if (pdu->command != SNMP_MSG_RESPONSE || t->job == JOB_ENGINE)
		return END_SILENT;
	if (t->job == JOB_DOUBT)
		return END_ANSWER;
	t->answered = mono_now();
	t->error = pdu->errstat;
	/* Sent twice, as the first answer was lost: the rows are there. */
	if (t->job == JOB_TARGETS && t->probe->resent &&
	    pdu->errstat == SNMP_ERR_INCONSISTENTVALUE)
		return probe_on_targets(t);
	if (pdu->errstat != SNMP_ERR_NOERROR)
		return t->job == JOB_LEARN && standardmib_learn_error(t->plan)
			   ? END_ANSWER
			   : END_ERROR;
	if (t->job == JOB_JOURNAL)
		return probe_on_journal(t, pdu);
	if (t->job == JOB_TARGETS)
		return probe_on_targets(t);
	if (t->job == JOB_LEARN)
		return answer_learn(t, pdu);
	return t->job == JOB_LOAD ? answer_load(t, pdu) : answer_checks(t, pdu);
}

/* Called by the library; 1: the request is done with. */
static int
on_snmp(int op, netsnmp_session *s, int id, netsnmp_pdu *pdu, void *arg)
{
	struct target *t = target(arg);

	(void)s;
	(void)id;
	switch (op) {
	case NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE:
		t->end = on_message(t, pdu);
		break;
	case NETSNMP_CALLBACK_OP_RESEND:
		on_resend(t);
		break;
	case NETSNMP_CALLBACK_OP_SEC_ERROR:
		t->end = END_REPORT;
		break;
	case NETSNMP_CALLBACK_OP_TIMED_OUT:
		t->poller->count.timeouts++;
		t->end = END_SILENT;
		break;
	default: /* could not be sent, or the socket is gone */
		t->end = END_SILENT;
		break;
	}
	return 1;
}

static void
request(struct target *t, enum job job, netsnmp_pdu *pdu)
{
	t->job = job;
	t->end = END_NONE;
	t->report = 0;
	t->resync = false;
	t->sent = mono_now();
	t->poller->count.requests++;
	arm(t);
	if (snmp_sess_async_send(t->session, pdu, on_snmp, t) == 0) {
		snmp_free_pdu(pdu);
		if (t->end == END_NONE)
			t->end = END_SILENT;
	}
}

/* RFC 3414, 4 (discovery): an empty user asks an unknown engine. */
static void
request_engine(struct target *t)
{
	netsnmp_pdu *pdu = snmp_pdu_create(SNMP_MSG_GET);

	pdu->version = SNMP_VERSION_3;
	pdu->securityName = mem_text("");
	pdu->securityNameLen = 0;
	pdu->securityLevel = SNMP_SEC_LEVEL_NOAUTH;
	pdu->securityModel = SNMP_SEC_MODEL_USM;
	request(t, JOB_ENGINE, pdu);
}

static void
request_load(struct target *t)
{
	netsnmp_pdu *pdu;

	if (t->plan != NULL) {
		request(t,
		    t->plan->step == STANDARD_READY ? JOB_LOAD : JOB_LEARN,
		    standardmib_ask(t->plan));
		return;
	}
	pdu = snmp_pdu_create(SNMP_MSG_GET);
	pollmib_ask_sample(pdu);
	request(t, JOB_LOAD, pdu);
}

static void
request_checks(struct target *t)
{
	netsnmp_pdu *pdu = snmp_pdu_create(SNMP_MSG_GETBULK);

	pollmib_ask_checks(pdu, t->check_at);
	request(t, JOB_CHECKS, pdu);
}

static void
request_targets(struct target *t)
{
	netsnmp_pdu *pdu = probe_ask_targets(t);

	if (pdu != NULL)
		request(t, JOB_TARGETS, pdu);
}

/* What a target is there for. */
static void
request_main(struct target *t)
{
	if (t->server >= 0)
		request_load(t);
	else if (t->sets)
		request_targets(t);
	else
		request(t, JOB_JOURNAL, probe_ask_journal(t));
}

/* An object that snmpd has by itself, without a subagent. */
static void
request_doubt(struct target *t)
{
	static const oid uptime[] = {1, 3, 6, 1, 2, 1, 1, 3, 0};
	netsnmp_pdu *pdu = snmp_pdu_create(SNMP_MSG_GET);

	snmp_add_null_var(pdu, uptime, OID_LENGTH(uptime));
	request(t, JOB_DOUBT, pdu);
}

/* --- ends of requests --- */

static void
fail_report(struct target *t)
{
	const char *user = user_of(t)->id, *text = NULL;

	switch (t->report) {
	case SNMPERR_UNKNOWN_USER_NAME:
		text = "user %s is not known there: createUser is missing in "
		       "snmpd's configuration";
		break;
	case SNMPERR_AUTHENTICATION_FAILURE:
		text = "wrong auth passphrase or protocol of user %s: compare "
		       "its secret file with createUser there";
		break;
	case SNMPERR_UNSUPPORTED_SEC_LEVEL:
		text = "user %s has no auth or no priv there, and both are "
		       "needed";
		break;
	case SNMPERR_DECRYPTION_ERR:
		text = "wrong priv passphrase or protocol of user %s: compare "
		       "its secret file with createUser there";
		break;
	case SNMPERR_UNKNOWN_ENG_ID:
		text = "another SNMP engine than before answers user %s there";
		break;
	case SNMPERR_NOT_IN_TIME_WINDOW:
		text = "its clock and ours do not meet for user %s: has its "
		       "engineBoots gone back?";
		break;
	default:
		text = "refuses requests of user %s";
		break;
	}
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	put_fail(t, REASON_AGENT_SECURITY, text, user);
#pragma GCC diagnostic pop
	session_close(t);
}

static void
fail_silent(struct target *t, enum job job)
{
	struct mono now = mono_now();

	t->silent++;
	/* snmpd drops what it cannot decrypt without a word. */
	if (job == JOB_DOUBT)
		put_fail(t, REASON_AGENT_SECURITY,
		    "its SNMP engine is there, but does not answer: is the "
		    "priv passphrase or protocol of user %s another one there?",
		    user_of(t)->id);
	else
		put_fail(t, REASON_AGENT_TIMEOUT, "no answer");
	if (t->engine_len > 0 && t->silent % PROBE_AFTER == 0) {
		(void)set_enginetime(t->engine, (u_int)t->engine_len, 0, 0, 1);
		session_close(t);
	}
	if (mono_ms(now, t->answered) > PIN_MS)
		session_unpin(t);
}

static void
fail_error(struct target *t)
{
	if (t->sets)
		probe_fail(t);
	else if (t->error == SNMP_ERR_AUTHORIZATIONERROR ||
		 t->error == SNMP_ERR_NOACCESS)
		put_fail(t, REASON_AGENT_SECURITY,
		    "user %s may not read there: group, view or access is "
		    "missing in snmpd's configuration",
		    user_of(t)->id);
	else
		put_fail(t, REASON_AGENT_NO_OBJECTS, "answers with error %s",
		    snmp_errstring((int)t->error));
}

static void
fail_objects(struct target *t, enum job job)
{
	t->checks_read = false;
	if (job == JOB_CHECKS) /* only the walk failed: at the next poll */
		return;
	if (agent_of(t)->kind == AGENT_HOPSCOTCH)
		put_fail(t, REASON_AGENT_NO_OBJECTS,
		    "answers, but has no %s objects: is %s running there, and "
		    "HOPSCOTCH-MIB in the view of %s?",
		    t->server >= 0 ? "hopLoad" : "hopProbe", daemon_of(t),
		    user_of(t)->id);
	else
		put_fail(t, REASON_AGENT_NO_OBJECTS,
		    "answers, but has neither TCP-MIB nor memory or CPU of "
		    "UCD-SNMP-MIB or HOST-RESOURCES-MIB in the view of %s",
		    user_of(t)->id);
}

static void
on_engine(struct target *t)
{
	netsnmp_session *s = snmp_sess_session(t->session);
	struct record r = {0};

	put_about(t, RECORD_ENGINE_ID, &r);
	if (!session_may_pin(t, s->securityEngineID, s->securityEngineIDLen)) {
		session_close(t);
		return;
	}
	if (t->engine_len != s->securityEngineIDLen ||
	    memcmp(t->engine, s->securityEngineID, t->engine_len) != 0)
		session_unpin(t);
	t->engine_len = s->securityEngineIDLen;
	memcpy(t->engine, s->securityEngineID, t->engine_len);
	if (usm_create_user_from_session(s) != SNMPERR_SUCCESS) {
		put_fail(t, REASON_AGENT_SECURITY,
		    "cannot make the keys of user %s", user_of(t)->id);
		session_close(t);
		return;
	}
	memcpy(r.u.engine.id, t->engine, t->engine_len);
	r.u.engine.len = (uint8_t)t->engine_len;
	put_record(t->poller, &r);
	request_main(t);
}

static void
start_checks(struct target *t)
{
	put_kind(t, RECORD_CHECKS);
	t->changes = t->changes_seen;
	t->check_at = 0;
	t->check_rows = 0;
	request_checks(t);
}

static void
on_answer(struct target *t, enum job job)
{
	if (job == JOB_DOUBT) {
		put_fail(t, REASON_AGENT_TIMEOUT,
		    "snmpd answers, but not for its subagent: does %s hang?",
		    daemon_of(t));
		return;
	}
	t->silent = 0;
	if (job == JOB_JOURNAL || job == JOB_TARGETS)
		return; /* what is next: probe_next() */
	if (job == JOB_LEARN) {
		request_load(t);
	} else if (job == JOB_LOAD) {
		if (agent_of(t)->kind == AGENT_HOPSCOTCH &&
		    (!t->checks_read || t->changes != t->changes_seen))
			start_checks(t);
	} else if (t->check_more) {
		request_checks(t);
	} else {
		t->checks_read = true;
		put_kind(t, RECORD_CHECKS_END);
	}
}

static void
on_bad_end(struct target *t, enum end end, enum job job)
{
	if (end == END_REPORT)
		fail_report(t);
	else if (end == END_OBJECTS)
		fail_objects(t, job);
	else if (end == END_ERROR)
		fail_error(t);
	else if ((job == JOB_LOAD || job == JOB_LEARN || job == JOB_JOURNAL) &&
		 !mono_set(t->answered))
		request_doubt(t);
	else
		fail_silent(t, job);
}

/* --- turns --- */

static void settle(struct target *t);

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct target *t = target(arg);
	netsnmp_large_fd_set *fds = t->poller->fds;

	(void)what;
	NETSNMP_LARGE_FD_SET(fd, fds);
	(void)snmp_sess_read2(t->session, fds);
	NETSNMP_LARGE_FD_CLR(fd, fds);
	settle(t);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct target *t = target(arg);

	(void)fd;
	(void)what;
	if (t->session == NULL || t->job == JOB_NONE)
		return;
	snmp_sess_timeout(t->session);
	if (t->job != JOB_NONE && t->end == END_NONE &&
	    !event_pending(t->timer, EV_TIMEOUT, NULL))
		arm(t);
	settle(t);
}

static void
start_poll(struct target *t)
{
	if (t->session == NULL && session_open(t, on_readable) < 0) {
		put_fail(t, REASON_AGENT_TIMEOUT,
		    "cannot open an SNMP session: %s",
		    snmp_api_errstring(snmp_errno));
		return;
	}
	if (snmp_sess_session(t->session)->securityEngineIDLen == 0)
		request_engine(t);
	else
		request_main(t);
}

/* Act on the end of a request. What it starts may end at once (a send that
 * fails), so go on until nothing does. */
static void
settle(struct target *t)
{
	while (t->end != END_NONE) {
		enum end end = t->end;
		enum job job = t->job;

		t->end = END_NONE;
		t->job = JOB_NONE;
		(void)event_del(t->timer);
		if (end == END_REPORT && job == JOB_ENGINE)
			on_engine(t);
		else if (end == END_ANSWER)
			on_answer(t, job);
		else
			on_bad_end(t, end, job);
		if (t->job == JOB_NONE && t->owed && end == END_SILENT) {
			t->owed = false;
			start_poll(t);
		}
		if (t->job == JOB_NONE && t->server < 0)
			probe_next(t, end);
	}
}

void
target_turn(struct target *t)
{
	start_poll(t);
	settle(t);
}

void
target_init(struct target *t, struct poller *p, int server, int place)
{
	t->magic = TARGET_MAGIC;
	t->poller = p;
	t->server = server;
	t->prober = -1;
	t->place = place;
	if (t->server >= 0 && agent_of(t)->kind == AGENT_STANDARD)
		t->plan = mem_new(sizeof(*t->plan));
	t->timer = evtimer_new(p->base, on_timer, t);
	if (t->timer == NULL)
		abort();
}
