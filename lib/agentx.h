/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_AGENTX_H
#define LIB_AGENTX_H

/*
 * A Net-SNMP subagent in a libevent loop that serves one subtree of
 * HOPSCOTCH-MIB from a snapshot. All that Net-SNMP starts by itself is
 * synchronous: with snmpd hung the loop stands still for half a second now and
 * then. A process has one at most.
 */

#include <event2/event.h>

#include "lib/mono.h"
#include "lib/snap.h"

/* SNMP errors for SETs (RFC 3416, 3). */
enum agentx_error {
	AGENTX_OK = 0,
	AGENTX_WRONG_VALUE = 10,
	AGENTX_NO_CREATION = 11,
	AGENTX_INCONSISTENT_VALUE = 12,
	AGENTX_NO_ROOM = 13,
	AGENTX_INCONSISTENT_NAME = 18
};

/* A SET of several values goes through all of them with one step, then with
 * the next: BEGIN once, STAGE each, TEST each, then COMMIT each or DROP once.
 * What COMMIT does may not fail. There is one SET at a time. */
enum agentx_step {
	AGENTX_BEGIN,
	AGENTX_STAGE,
	AGENTX_TEST,
	AGENTX_COMMIT,
	AGENTX_DROP
};

/*
 * A table too big or too quick for snapshots: each value is asked for when it
 * is read. Its columns are the objects first to last of the MIB, its index is
 * index_len numbers.
 */
struct agentx_table {
	enum mib_object first, last;
	size_t index_len;
	/* Put the first row behind `index`, or at it if `at`, into it. */
	bool (*next)(void *arg, uint32_t *index, bool at);
	/* Put a column of a row that is there into v->number, or v->bytes and
	 * v->len, which stay until the next call. */
	void (*value)(void *arg, const uint32_t *index, enum mib_object o,
	    struct snap_value *v);
	/* A value of the right type and size for a row that need not be there.
	 * Index, object and value are NULL or 0 for BEGIN and DROP. NULL: all
	 * is read only. */
	int (*set)(void *arg, enum agentx_step step, const uint32_t *index,
	    enum mib_object o, const struct snap_value *v);
};

struct agentx_conf {
	struct event_base *base;
	const char *program; /* for snmpd's log and sysORTable */
	/* "/run/...", with or without "unix:" before it; NULL: the socket of
	 * ours if it is there, else Net-SNMP's default, looked up anew at each
	 * attempt. */
	const char *socket;
	const char *context; /* NULL: the default context */
	uint32_t arc; /* of hopObjects: 1 load, 3 manager, 4 director ... */
	/* A SET of a writable object, right in type and range; asked first
	 * (commit false), then done, all those of one PDU or none. 0, or an
	 * SNMP error number; it may only enqueue, and not fail when it commits.
	 * NULL: nothing is writable. */
	int (*on_set)(void *arg, const uint32_t *oid, size_t n,
	    const struct snap_value *v, bool commit);
	/* Before something is read; may publish. NULL: nothing to do. */
	void (*on_ask)(void *arg);
	const struct agentx_table *tables;
	size_t ntables;
	void *arg; /* of all these functions */
};

struct agentx;

/* Never fails for want of an snmpd: it goes on trying, at least once a second.
 * The configuration's texts are kept by reference. */
struct agentx *agentx_start(const struct agentx_conf *conf);
void agentx_free(struct agentx **a);
/* Serve this from now on; `taken` is when its ages were true. Takes the
 * snapshot, sorts it and frees it when replaced. Nothing is registered before
 * the first one. */
void agentx_publish_take(struct agentx *a, struct snap *s, struct mono taken);
/* Send a notification with these scalars of the snapshot. It never waits: -1
 * if snmpd is not there or has not yet answered four of them. `oid` is below
 * the registration point. */
int agentx_notify(struct agentx *a, const uint32_t *oid, size_t n,
    const enum mib_object *scalars, size_t nscalars);
/* Connected, and our subtree registered. */
bool agentx_is_up(const struct agentx *a);

#endif
