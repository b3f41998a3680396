/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One Net-SNMP single session an agent, each on a libevent event of its own:
 * the library never gets to wait or to select. A session is opened without
 * the library's own engine ID probe, which blocks (2 s per silent agent); the
 * probe is sent here like any other request.
 *
 * A target has at most one request under way. What its answer means is noted
 * in the library's callback and acted upon by settle() after the library has
 * returned, since a session cannot be closed or used from within.
 *
 * A prober has two targets: one reads its journal, over and over, one creates
 * rows for what is to be pinged, so that neither waits for the other.
 *
 * Targets belong to the poller; sessions, events and users to their target.
 */
#include "manager/poll.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/library/large_fd_set.h>
#include <net-snmp/library/lcd_time.h>

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/mem.h"
#include "lib/mono.h"
#include "lib/stream.h"
#include "manager/pace.h"
#include "manager/pollmib.h"
#include "manager/probemib.h"
#include "manager/record.h"
#include "manager/standardmib.h"

#define TICK_MIN_US 10000 /* sends are paced in steps of 10 ms */
#define BEAT_MS     1000
#define CHECK_ROWS  4096 /* of one agent that are read */
/* Silent polls in a row until the engine is probed anew: its clock may have
 * gone back, which no report within the old time window can tell. */
#define PROBE_AFTER 3
/* How long no one else may answer as an agent that has been there. */
#define PIN_MS 60000
/* The journal of a prober is read so often, and that often while first replies
 * are awaited. */
#define JOURNAL_MS      500
#define JOURNAL_SOON_MS 20
#define AWAIT_MS        3000
#define QUEUE_MAX       8192 /* addresses waiting for one prober */
/* What an agent has is not learned more often than this. */
#define LEARN_MS 10000
/* A prober that takes no targets is told so for so long. */
#define REFUSES_MS 10000

/* Learn: which standard objects there are. Doubt: the engine is there, but
 * never answered: what is wrong? */
enum job {
	JOB_NONE,
	JOB_ENGINE,
	JOB_LEARN,
	JOB_LOAD,
	JOB_CHECKS,
	JOB_DOUBT,
	JOB_JOURNAL,
	JOB_TARGETS
};
enum end {
	END_NONE,
	END_ANSWER,
	END_SILENT,
	END_REPORT,
	END_OBJECTS,
	END_ERROR
};

/* A user's keys before they are localized to an engine: 2 ms of hashing each,
 * so once a user and not once a session. */
struct user_keys {
	bool ready;
	u_char auth[USM_AUTH_KU_LEN], priv[USM_PRIV_KU_LEN];
	size_t auth_len, priv_len;
};

struct poller;

/* What the two targets of a prober share. */
struct probe {
	struct record_cursor at;
	bool synced;        /* the cursor is of a row that was read */
	uint32_t epoch;     /* that it was in last; 0: not met yet */
	struct addr *queue; /* QUEUE_MAX, a ring */
	size_t first, queued;
	uint32_t index; /* of the next row */
	size_t sent;    /* rows of the SET under way */
	bool resent;    /* and it was */
	uint32_t taken; /* not yet told to the parent, as is missing */
	uint32_t missing;
	size_t awaited; /* first replies */
	struct mono asked;
	unsigned rows; /* to be asked for */
	struct mono refused;
	char refusal[RECORD_NAME];
};

#define TARGET_MAGIC 0x7a26e7u
struct target {
	unsigned magic;
	struct poller *poller;
	int server; /* in the world; -1: a prober */
	int prober;
	int place; /* in what we were given, for records */
	bool sets; /* rows of targets; else it reads */
	struct probe *probe;
	struct event *again; /* of a prober: its next turn */
	void *session;       /* NULL: closed */
	struct event *io, *timer;
	enum job job;
	enum end end;
	bool owed;   /* its turn came while a request was under way */
	bool resync; /* the next resend is for the clock, not for a loss */
	int report;  /* SNMPERR_ of the last report */
	long error;  /* errstat of the last answer */
	struct mono sent, answered; /* this job; the last valid answer */
	unsigned silent;            /* polls in a row */
	uint8_t engine[RECORD_ENGINE];
	size_t engine_len; /* 0: nobody is pinned */
	bool checks_read;
	uint32_t changes, changes_seen;
	uint32_t check_at; /* index that the walk has reached */
	size_t check_rows;
	bool check_more;
	struct standard_plan *plan; /* of standard objects, or NULL */
	struct mono learned;
};

struct poller {
	struct event_base *base;
	int fd;
	const struct world *world;
	const struct manager *manager;
	struct target *targets; /* those of servers, then those of probers */
	size_t n, npaced;
	struct pace pace;
	struct event *tick, *beat, *parent;
	netsnmp_large_fd_set fds; /* one bit set, during a read */
	struct user_keys *keys;   /* one a user of the world */
	struct record_beat count;
	const struct timeval *timeout;
};

static struct target *
target(void *arg)
{
	struct target *t = arg;

	if (t->magic != TARGET_MAGIC)
		abort();
	return t;
}

static const struct agent *
agent_of(const struct target *t)
{
	const struct world *w = t->poller->world;

	return t->server >= 0 ? &w->servers[t->server].agent
			      : &w->probers[t->prober].agent;
}

/* For people. */
static const char *
name_of(const struct target *t)
{
	const struct world *w = t->poller->world;

	return t->server >= 0 ? w->servers[t->server].id
			      : w->borders[w->probers[t->prober].border].id;
}

static const char *
daemon_of(const struct target *t)
{
	return t->server >= 0 ? "hoploadd" : "hoppingd";
}

static const struct snmp_user *
user_of(const struct target *t)
{
	return &t->poller->world->users[agent_of(t)->user];
}

/* Waits while the parent is behind: then it is the parent that is slow, and
 * asking for more would not help it. Without a parent there is no work. */
static void
put(struct poller *p, const struct record *r)
{
	while (send(p->fd, r, sizeof(*r), MSG_NOSIGNAL) < 0)
		if (errno != EINTR)
			_exit(0);
}

static void
about(const struct target *t, enum record_kind kind, struct record *r)
{
	r->kind = kind;
	r->server = t->server >= 0 ? t->place : -1;
	r->prober = t->server >= 0 ? -1 : t->place;
}

static void
put_kind(struct target *t, enum record_kind kind)
{
	struct record r = {0};

	about(t, kind, &r);
	put(t->poller, &r);
}

static void __attribute__((format(printf, 3, 4)))
put_fail(struct target *t, enum reason reason, const char *fmt, ...)
{
	struct record r = {0};
	va_list ap;

	about(t, RECORD_FAIL, &r);
	r.u.fail.reason = reason;
	va_start(ap, fmt);
	(void)vsnprintf(r.u.fail.text, sizeof(r.u.fail.text), fmt, ap);
	va_end(ap);
	put(t->poller, &r);
}

/* --- answers --- */

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

static enum end
on_learn(struct target *t, const netsnmp_pdu *pdu)
{
	standardmib_learn(t->plan, pdu);
	t->learned = mono_now();
	return END_ANSWER;
}

static enum end
on_load(struct target *t, const netsnmp_pdu *pdu)
{
	struct record r = {0};

	about(t, RECORD_SAMPLE, &r);
	if (t->plan != NULL ? !on_standard(t, pdu, &r.u.sample)
			    : !pollmib_sample(pdu, &r.u.sample))
		return END_OBJECTS;
	r.u.sample.rtt_us = mono_us(mono_now(), t->sent);
	t->changes_seen = r.u.sample.check_changes;
	put(t->poller, &r);
	return END_ANSWER;
}

/* Rows of the check table, as many as one answer has. */
static enum end
on_checks(struct target *t, const netsnmp_pdu *pdu)
{
	struct record r = {0};
	const netsnmp_variable_list *v = pdu->variables;

	about(t, RECORD_CHECK, &r);
	t->check_more = false;
	while (v != NULL) {
		switch (pollmib_check(&v, &t->check_at, &r.u.check)) {
		case POLLMIB_ROW:
			put(t->poller, &r);
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

static void
put_prober(struct target *t, const struct probemib_status *s)
{
	struct probe *x = t->probe;
	struct record r = {0};

	about(t, RECORD_PROBER, &r);
	r.u.prober = (struct record_prober){s->uplink, s->uplink_reason,
	    mono_us(mono_now(), t->sent), x->taken, x->missing};
	x->taken = x->missing = 0;
	put(t->poller, &r);
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

	about(t, RECORD_RESULT, &r);
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
			put(t->poller, &r);
	}
	return n;
}

static enum end
on_journal(struct target *t, const netsnmp_pdu *pdu)
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

static enum end
on_targets(struct target *t)
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
		return on_targets(t);
	if (pdu->errstat != SNMP_ERR_NOERROR)
		return t->job == JOB_LEARN && standardmib_learn_error(t->plan)
			   ? END_ANSWER
			   : END_ERROR;
	if (t->job == JOB_JOURNAL)
		return on_journal(t, pdu);
	if (t->job == JOB_TARGETS)
		return on_targets(t);
	if (t->job == JOB_LEARN)
		return on_learn(t, pdu);
	return t->job == JOB_LOAD ? on_load(t, pdu) : on_checks(t, pdu);
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

/* As many rows as are likely to be there: each costs its agent a step. */
static void
request_journal(struct target *t)
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
	request(t, JOB_JOURNAL, pdu);
}

static void
request_targets(struct target *t)
{
	struct probe *x = t->probe;
	struct addr a[PROBEMIB_ADDRESSES];
	struct timeval soon = {0, JOURNAL_SOON_MS * 1000};
	netsnmp_pdu *pdu;
	size_t n = 0;

	for (; n < x->queued && n < PROBEMIB_ADDRESSES; n++)
		a[n] = x->queue[(x->first + n) % QUEUE_MAX];
	if (n == 0)
		return;
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
		request_journal(t);
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

/* --- sessions --- */

static void
close_session(struct target *t)
{
	if (t->session == NULL)
		return;
	event_free(t->io);
	t->io = NULL;
	(void)event_del(t->timer);
	(void)snmp_sess_close(t->session);
	t->session = NULL;
	t->job = JOB_NONE;
	t->checks_read = false;
}

/* Whether two servers name one and the same agent, as two server machines on
 * one host do. */
static bool
same_agent(const struct target *a, const struct target *b)
{
	const struct agent *x = agent_of(a), *y = agent_of(b);

	return addr_cmp(&x->addr, &y->addr) == 0 && x->port == y->port;
}

/* A target, with the same agent or with another one, that this engine is
 * pinned to, or NULL. Linear: it is asked once a contact. */
static const struct target *
holder_of(const struct target *t, const u_char *id, size_t len, bool same)
{
	const struct poller *p = t->poller;
	size_t i;

	for (i = 0; i < p->n; i++) {
		const struct target *o = &p->targets[i];

		if (o != t && o->engine_len == len &&
		    memcmp(o->engine, id, len) == 0 && same_agent(o, t) == same)
			return o;
	}
	return NULL;
}

/* Forget who answers there: the user localized to that engine, its clock. */
static void
unpin(struct target *t)
{
	struct usmUser *u;

	if (t->engine_len == 0)
		return;
	u = usm_get_user(t->engine, t->engine_len, user_of(t)->id);
	if (u != NULL && holder_of(t, t->engine, t->engine_len, true) == NULL) {
		(void)usm_remove_user(u);
		(void)usm_free_user(u);
	}
	t->engine_len = 0;
}

static void settle(struct target *t);

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct target *t = target(arg);
	netsnmp_large_fd_set *fds = &t->poller->fds;

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
fill_user(struct target *t, netsnmp_session *s)
{
	const struct snmp_user *u = user_of(t);
	const struct user_keys *k = &t->poller->keys[agent_of(t)->user];

	s->securityName = u->id;
	s->securityNameLen = strlen(u->id);
	s->securityLevel = SNMP_SEC_LEVEL_AUTHPRIV;
	s->securityModel = SNMP_SEC_MODEL_USM;
	s->securityAuthProto = u->auth == SNMP_AUTH_SHA512
				   ? usmHMAC384SHA512AuthProtocol
				   : usmHMAC192SHA256AuthProtocol;
	s->securityAuthProtoLen = OID_LENGTH(usmHMAC192SHA256AuthProtocol);
	s->securityPrivProto = u->priv == SNMP_PRIV_AES256
				   ? usmAES256PrivProtocol
				   : usmAESPrivProtocol;
	s->securityPrivProtoLen = u->priv == SNMP_PRIV_AES256
				      ? OID_LENGTH(usmAES256PrivProtocol)
				      : OID_LENGTH(usmAESPrivProtocol);
	memcpy(s->securityAuthKey, k->auth, k->auth_len);
	s->securityAuthKeyLen = k->auth_len;
	memcpy(s->securityPrivKey, k->priv, k->priv_len);
	s->securityPrivKeyLen = k->priv_len;
}

/* Of two probers on one host each has its own. The library copies it. */
static void
fill_context(struct target *t, netsnmp_session *s)
{
	char *context = t->poller->world->probers[t->prober].context;

	if (context == NULL)
		return;
	s->contextName = context;
	s->contextNameLen = strlen(context);
}

static int
open_session(struct target *t)
{
	const struct agent *a = agent_of(t);
	netsnmp_session s;
	char host[ADDR_TEXT], name[ADDR_TEXT + 16];
	int fd;

	(void)addr_text(&a->addr, host, sizeof(host));
	(void)snprintf(name, sizeof(name),
	    a->addr.family == AF_INET6 ? "udp6:[%s]:%u" : "udp:%s:%u", host,
	    a->port);
	snmp_sess_init(&s);
	s.version = SNMP_VERSION_3;
	s.peername = name;
	s.timeout = (long)t->poller->manager->timeout_us;
	s.retries = (int)t->poller->manager->retries;
	/* Before the open, which would probe, and again after it, as it takes
	 * the flag away and the first send would probe then. */
	s.flags |= SNMP_FLAGS_DONT_PROBE;
	fill_user(t, &s);
	if (t->server < 0)
		fill_context(t, &s);
	t->session = snmp_sess_open(&s);
	explicit_bzero(&s, sizeof(s));
	if (t->session == NULL)
		return -1;
	snmp_sess_session(t->session)->flags |= SNMP_FLAGS_DONT_PROBE;
	fd = snmp_sess_transport(t->session)->sock;
	/* A datagram with a bad checksum makes readable what is not. */
	(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	t->io = event_new(
	    t->poller->base, fd, EV_READ | EV_PERSIST, on_readable, t);
	if (t->io == NULL || event_add(t->io, NULL) < 0)
		abort();
	return 0;
}

static void
start_poll(struct target *t)
{
	if (t->session == NULL && open_session(t) < 0) {
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
	close_session(t);
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
		close_session(t);
	}
	if (mono_ms(now, t->answered) > PIN_MS)
		unpin(t);
}

/* A SET that failed: its addresses are given up, but for a number that was
 * taken. */
static void
fail_targets(struct target *t)
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

static void
fail_error(struct target *t)
{
	if (t->sets)
		fail_targets(t);
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

/* Whether this engine may be the one of the target; tells why not. */
static bool
may_pin(struct target *t, const u_char *id, size_t len)
{
	const struct target *other = holder_of(t, id, len, false);
	bool same = t->engine_len == len && memcmp(t->engine, id, len) == 0;

	if (len == 0 || len > RECORD_ENGINE) {
		put_fail(t, REASON_AGENT_SECURITY,
		    "answers with an engine ID of %zu octets", len);
		return false;
	}
	if (other != NULL) {
		put_fail(t, REASON_AGENT_CLONE,
		    "has the engine ID of %s: stop snmpd on one of them, "
		    "remove /var/lib/snmp/snmpd.conf, and create its users "
		    "anew",
		    name_of(other));
		return false;
	}
	if (t->engine_len > 0 && !same) {
		put_fail(t, REASON_AGENT_SECURITY,
		    "another SNMP engine than before answers there; it is "
		    "taken after %d s",
		    PIN_MS / 1000);
		if (mono_ms(mono_now(), t->answered) <= PIN_MS)
			return false;
	}
	return true;
}

static void
on_engine(struct target *t)
{
	netsnmp_session *s = snmp_sess_session(t->session);
	struct record r = {0};

	about(t, RECORD_ENGINE_ID, &r);
	if (!may_pin(t, s->securityEngineID, s->securityEngineIDLen)) {
		close_session(t);
		return;
	}
	if (t->engine_len != s->securityEngineIDLen ||
	    memcmp(t->engine, s->securityEngineID, t->engine_len) != 0)
		unpin(t);
	t->engine_len = s->securityEngineIDLen;
	memcpy(t->engine, s->securityEngineID, t->engine_len);
	if (usm_create_user_from_session(s) != SNMPERR_SUCCESS) {
		put_fail(t, REASON_AGENT_SECURITY,
		    "cannot make the keys of user %s", user_of(t)->id);
		close_session(t);
		return;
	}
	memcpy(r.u.engine.id, t->engine, t->engine_len);
	r.u.engine.len = (uint8_t)t->engine_len;
	put(t->poller, &r);
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

/* When the target of a prober has its next turn. */
static void
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

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
	struct target *t = target(arg);

	(void)fd;
	(void)what;
	if (t->job != JOB_NONE)
		return;
	start_poll(t);
	settle(t);
	/* A session that could not be opened. */
	if (t->job == JOB_NONE && t->session == NULL)
		probe_next(t, END_SILENT);
}

/* Addresses from the parent, to the queue of their prober. */
static void
take_order(struct poller *p, const struct order *o)
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

/* --- the process --- */

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct poller *p = arg;
	struct mono now = mono_now();
	struct timeval tv = {0};
	int64_t us;
	int i;

	(void)fd;
	(void)what;
	while ((i = pace_next(&p->pace, now)) >= 0) {
		struct target *t = &p->targets[i];

		if (t->job != JOB_NONE) {
			t->owed = true;
			continue;
		}
		t->owed = false;
		start_poll(t);
		settle(t);
	}
	us = pace_wait_us(&p->pace, mono_now());
	if (us < TICK_MIN_US)
		us = TICK_MIN_US;
	tv.tv_sec = us / 1000000;
	tv.tv_usec = us % 1000000;
	(void)event_add(p->tick, &tv);
}

static void
on_beat(evutil_socket_t fd, short what, void *arg)
{
	struct poller *p = arg;
	struct record r = {.kind = RECORD_BEAT, .server = -1, .prober = -1};
	struct rusage ru;

	(void)fd;
	(void)what;
	if (getrusage(RUSAGE_SELF, &ru) == 0)
		p->count.cpu_us =
		    (uint64_t)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) *
			1000000 +
		    (uint64_t)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec);
	p->count.skipped = p->pace.skipped;
	p->count.sessions = (uint32_t)p->n;
	r.u.beat = p->count;
	put(p, &r);
}

static void
on_parent(evutil_socket_t fd, short what, void *arg)
{
	struct poller *p = arg;
	struct order o;
	ssize_t len;

	(void)what;
	while ((len = recv(fd, &o, sizeof(o), MSG_DONTWAIT)) > 0)
		if (len == sizeof(o) && o.n <= ORDER_ADDRESSES)
			take_order(p, &o);
	if (len == 0 || (errno != EAGAIN && errno != EINTR))
		_exit(0); /* its end */
}

static int
on_library_log(int major, int minor, void *arg, void *client)
{
	const struct snmp_log_message *m = arg;
	struct log_bound *bound = client;

	(void)major;
	(void)minor;
	if (log_allowed(bound, "poll"))
		log_debug("poll", "Net-SNMP: %.*s", (int)strcspn(m->msg, "\n"),
		    m->msg);
	return 0;
}

static void
init_library(struct log_bound *bound)
{
	/* Nothing of /etc/snmp, no MIB files, no state on disk. */
	(void)setenv("MIBS", "", 1);
	netsnmp_ds_set_boolean(
	    NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
	netsnmp_ds_set_boolean(
	    NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
	netsnmp_ds_set_boolean(
	    NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_ALARM_DONT_USE_SIG, 1);
	snmp_disable_stderrlog();
	snmp_enable_calllog();
	(void)snmp_register_callback(SNMP_CALLBACK_LIBRARY,
	    SNMP_CALLBACK_LOGGING, on_library_log, bound);
	init_snmp("hopmanagerd-poll");
}

/* The user without name that probes engines (as the library's own probe). */
static void
add_empty_user(void)
{
	struct usmUser *u = usm_create_user();

	if (u == NULL)
		abort();
	free(u->name);
	free(u->secName);
	u->name = mem_text("");
	u->secName = mem_text("");
	(void)usm_add_user(u);
}

static void
make_keys(struct poller *p)
{
	size_t i;

	p->keys = mem_array(p->world->nusers, sizeof(*p->keys));
	for (i = 0; i < p->world->nusers; i++) {
		const struct snmp_user *u = &p->world->users[i];
		struct user_keys *k = &p->keys[i];
		oid *proto = u->auth == SNMP_AUTH_SHA512
				 ? usmHMAC384SHA512AuthProtocol
				 : usmHMAC192SHA256AuthProtocol;
		size_t n = OID_LENGTH(usmHMAC192SHA256AuthProtocol);

		if (u->auth_secret == NULL || u->priv_secret == NULL)
			continue;
		k->auth_len = sizeof(k->auth);
		k->priv_len = sizeof(k->priv);
		/* Both by the auth protocol (RFC 3826, 1.2; its drafts for
		 * AES-256): the library stretches the private one. */
		k->ready =
		    generate_Ku(proto, (u_int)n, (const u_char *)u->auth_secret,
			strlen(u->auth_secret), k->auth,
			&k->auth_len) == SNMPERR_SUCCESS &&
		    generate_Ku(proto, (u_int)n, (const u_char *)u->priv_secret,
			strlen(u->priv_secret), k->priv,
			&k->priv_len) == SNMPERR_SUCCESS;
		if (!k->ready)
			log_warnx("poll",
			    "cannot make keys of user %s: passphrases need at "
			    "least 8 characters",
			    u->id);
	}
}

/* The parent's descriptors are none of ours: ours moves to 3. */
static int
keep_only(int fd)
{
	if (fd != 3) {
		if (dup2(fd, 3) < 0)
			_exit(1);
		fd = 3;
	}
	(void)close_range(4, ~0U, 0);
	return fd;
}

static void
settle_in(void)
{
	(void)prctl(PR_SET_NAME, "hopmanager-poll", 0, 0, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	(void)signal(SIGTERM, SIG_DFL);
	(void)signal(SIGINT, SIG_IGN); /* Ctrl-C is for the parent */
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGUSR1, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
}

/* Both targets of a prober; the one that sets rows meets its agent now, so
 * that the first row does not wait for that. */
static void
start_prober(
    struct target *t, int prober, int place, const struct record_cursor *at)
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
		t[i].again = evtimer_new(t->poller->base, on_again, &t[i]);
		if (t[i].again == NULL)
			abort();
		(void)event_add(t[i].again, &at_once);
	}
}

static void
start_targets(struct poller *p, const struct poll_conf *conf)
{
	struct timeval tv;
	int64_t us = p->manager->timeout_us + 1000; /* surely expired then */
	size_t i;

	tv.tv_sec = us / 1000000;
	tv.tv_usec = us % 1000000;
	p->timeout = event_base_init_common_timeout(p->base, &tv);
	p->npaced = conf->n;
	p->n = conf->n + 2 * conf->nprobers;
	p->targets = mem_array(p->n, sizeof(*p->targets));
	for (i = 0; i < p->n; i++) {
		struct target *t = &p->targets[i];

		t->magic = TARGET_MAGIC;
		t->poller = p;
		t->server = i < p->npaced ? conf->servers[i] : -1;
		t->prober = -1;
		t->place = (int)i;
		if (t->server >= 0 && agent_of(t)->kind == AGENT_STANDARD)
			t->plan = mem_new(sizeof(*t->plan));
		t->timer = evtimer_new(p->base, on_timer, t);
		if (t->timer == NULL)
			abort();
	}
	for (i = 0; i < conf->nprobers; i++)
		start_prober(&p->targets[p->npaced + 2 * i], conf->probers[i],
		    (int)i, &conf->cursors[i]);
	pace_init(&p->pace, p->npaced, p->manager->poll_us, mono_now());
}

void
poll_run(const struct poll_conf *conf)
{
	struct log_bound bound = {.burst = 5};
	struct poller p = {.world = conf->world, .manager = conf->manager};
	struct timeval beat = {BEAT_MS / 1000, 0}, now = {0};

	settle_in();
	stream_forget(); /* no lines here */
	p.fd = keep_only(conf->fd);
	init_library(&bound);
	add_empty_user();
	make_keys(&p);
	netsnmp_large_fd_set_init(&p.fds, 4096);
	p.base = event_base_new();
	if (p.base == NULL)
		_exit(1);
	start_targets(&p, conf);
	p.tick = evtimer_new(p.base, on_tick, &p);
	p.beat = event_new(p.base, -1, EV_PERSIST, on_beat, &p);
	p.parent = event_new(p.base, p.fd, EV_READ | EV_PERSIST, on_parent, &p);
	if (p.tick == NULL || p.beat == NULL || p.parent == NULL)
		_exit(1);
	(void)event_add(p.tick, &now);
	(void)event_add(p.beat, &beat);
	(void)event_add(p.parent, NULL);
	on_beat(-1, 0, &p);
	(void)event_base_dispatch(p.base);
	_exit(1);
}
