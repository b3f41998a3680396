/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_AGENTX_H
#define LIB_AGENTX_H

/*
 * A Net-SNMP subagent in a libevent loop that serves one subtree of
 * HOPSCOTCH-MIB from a snapshot. All that Net-SNMP starts by itself is
 * synchronous: use it in a process whose loop may stand still for seconds.
 */

#include <event2/event.h>

#include "lib/snap.h"

struct agentx_set; /* one SET of a writable object */

struct agentx_conf {
	struct event_base *base;
	const char *program; /* for snmpd's log and sysORTable */
	const char *socket;  /* "/run/...": NULL is Net-SNMP's default */
	const char *context; /* NULL: the default context */
	uint32_t arc; /* of hopObjects: 1 load, 3 manager, 4 director ... */
	/* SETs of one PDU, all or nothing: 0, or an SNMP error number. It may
	 * only enqueue. NULL: nothing is writable. */
	int (*on_set)(void *arg, const uint32_t *oid, size_t n,
	    const struct snap_value *v, bool commit);
	void *arg;
};

struct agentx;

struct agentx *agentx_start(const struct agentx_conf *conf);
void agentx_free(struct agentx **a);
/* Serve this from now on; takes the snapshot and frees it when replaced. */
void agentx_publish_take(struct agentx *a, struct snap *s);
bool agentx_is_up(const struct agentx *a);

#endif
