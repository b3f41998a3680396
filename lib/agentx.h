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
	void *arg;
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
/* Connected, and our subtree registered. */
bool agentx_is_up(const struct agentx *a);

#endif
