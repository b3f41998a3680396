/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_FACE_H
#define LIB_FACE_H

/*
 * A daemon's SNMP side as a process of its own: a child with the AgentX
 * session and the last snapshot. The parent sends whole snapshots and gets
 * SETs; it never waits. A child that dies or hangs (no answer for 10 s) is
 * replaced, with back-off.
 */

#include <event2/event.h>

#include "lib/snap.h"

struct face;

struct face_conf {
	struct event_base *base;
	const char *program;
	const char *socket; /* AgentX, see agentx.h */
	const char *context;
	uint32_t arc;
	/* A SET that the child has accepted; oid is below the registration
	 * point. NULL: nothing is writable. */
	void (*on_set)(void *arg, const uint32_t *oid, size_t n,
	    const struct snap_value *v);
	/* Whether the child may accept it: pure, runs in the child. 0 or an
	 * SNMP error number (wrongValue ...). */
	int (*check_set)(
	    const uint32_t *oid, size_t n, const struct snap_value *v);
	void *arg;
};

/* Fork the child; call before other threads or secrets exist. */
struct face *face_start(const struct face_conf *conf);
/* Send a snapshot; skipped if the last one is not yet taken. Unsorted is
 * fine: the child sorts. The caller keeps it. */
void face_publish(struct face *f, const struct snap *s);
void face_free(struct face **f);

#endif
