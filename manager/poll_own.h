/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MANAGER_POLL_OWN_H
#define MANAGER_POLL_OWN_H

/*
 * What poll.c and the poll_*.c share, and nobody else includes. Each calls the
 * ones before it only:
 *   poll_answer   what answers say, told to the parent
 *   poll_session  the library, users and keys; a target's session
 *   poll_probe    the two targets of a prober, what it is asked for
 *   poll_target   a target's requests, one at a time, and their ends
 *   poll          the process: who has a turn when
 * poll.c makes the poller and its targets, which live until the process ends.
 */

#include <event2/event.h>
#include <stdlib.h>

#include "lib/mono.h"
#include "lib/world.h"
#include "manager/pace.h"
#include "manager/poll.h"
#include "manager/record.h"
#include "manager/standardmib.h"

struct log_bound;
struct snmp_pdu; /* Net-SNMP's, as is the next */
struct netsnmp_large_fd_set_s;

/* How long no one else may answer as an agent that has been there. */
#define PIN_MS 60000

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
	struct netsnmp_large_fd_set_s *fds; /* one bit set, during a read */
	struct user_keys *keys;             /* one a user of the world */
	struct record_beat count;
	const struct timeval *timeout;
};

/* That a callback was given. */
static inline struct target *
target(void *arg)
{
	struct target *t = arg;

	if (t->magic != TARGET_MAGIC)
		abort();
	return t;
}

static inline const struct agent *
agent_of(const struct target *t)
{
	const struct world *w = t->poller->world;

	return t->server >= 0 ? &w->servers[t->server].agent
			      : &w->probers[t->prober].agent;
}

/* For people. */
static inline const char *
name_of(const struct target *t)
{
	const struct world *w = t->poller->world;

	return t->server >= 0 ? w->servers[t->server].id
			      : w->borders[w->probers[t->prober].border].id;
}

static inline const struct snmp_user *
user_of(const struct target *t)
{
	return &t->poller->world->users[agent_of(t)->user];
}

/* poll_answer.c: records for the parent. Those about a target say which. */
void put_record(struct poller *p, const struct record *r);
void put_about(const struct target *t, enum record_kind kind, struct record *r);
void put_kind(struct target *t, enum record_kind kind);
void put_fail(struct target *t, enum reason reason, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The answers to the jobs of a server's target. */
enum end answer_learn(struct target *t, const struct snmp_pdu *pdu);
enum end answer_load(struct target *t, const struct snmp_pdu *pdu);
enum end answer_checks(struct target *t, const struct snmp_pdu *pdu);

/* poll_session.c: once, before all else of it; `bound` is kept. */
void session_library(struct poller *p, struct log_bound *bound);
/* 0, or -1: no descriptor, for example. `readable` is given the target. */
int session_open(struct target *t, event_callback_fn readable);
void session_close(struct target *t);
/* Whether this engine may be the one of the target; tells why not. */
bool session_may_pin(struct target *t, const unsigned char *id, size_t len);
/* Forget who answers there. */
void session_unpin(struct target *t);

/* poll_probe.c: t[0] reads, t[1] sets; `again` is given them, now and when
 * there is something to do. */
void probe_start(struct target *t, int prober, int place,
    const struct record_cursor *at, event_callback_fn again);
/* Addresses from the parent. */
void probe_take(struct poller *p, const struct order *o);
struct snmp_pdu *probe_ask_journal(struct target *t);
/* NULL: there is nothing to be set. */
struct snmp_pdu *probe_ask_targets(struct target *t);
enum end probe_on_journal(struct target *t, const struct snmp_pdu *pdu);
enum end probe_on_targets(struct target *t);
/* The SET got an error. */
void probe_fail(struct target *t);
/* The next turn, after a request that ended so. */
void probe_next(struct target *t, enum end end);

/* poll_target.c: `server` of the world or -1; all else is of probe_start(). */
void target_init(struct target *t, struct poller *p, int server, int place);
/* Its turn has come; it has no request under way. */
void target_turn(struct target *t);

#endif
