/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_FACE_H
#define LIB_FACE_H

/*
 * A daemon's SNMP side as a process of its own: a child with the AgentX
 * session and the last snapshot. The parent sends whole snapshots and gets
 * SETs; it never waits. A child that dies or hangs (no sign of life for 10 s)
 * is replaced, with back-off.
 *
 * Children come from a small process that is forked once, at the start, and
 * does nothing else: so that replacing one neither copies what the daemon has
 * learned since, secrets among it, nor costs the daemon the time of a fork.
 */

#include <event2/event.h>

#include "lib/snap.h"

struct face;

/* SNMP errors for check_set (RFC 3416, 3). */
enum face_error {
	FACE_OK = 0,
	FACE_WRONG_VALUE = 10,
	FACE_INCONSISTENT_VALUE = 12,
	FACE_NO_ROOM = 13
};

struct face_conf {
	struct event_base *base;
	const char *program;
	const char *socket; /* AgentX, see agentx.h */
	const char *context;
	const char *user; /* the child becomes this user; NULL: stays */
	uint32_t arc;
	/* A SET that the child has accepted; oid is below the registration
	 * point, the value is right in type and range. NULL: nothing is
	 * writable. */
	void (*on_set)(void *arg, const uint32_t *oid, size_t n,
	    const struct snap_value *v);
	/* Whether the child may accept it: pure, runs in the child. 0 or an
	 * SNMP error number. NULL: whatever is right in type and range. */
	int (*check_set)(
	    const uint32_t *oid, size_t n, const struct snap_value *v);
	/* Runs in the child before all else: free what it must not hold, such
	 * as secrets. May be NULL. */
	void (*forget)(void *arg);
	void *arg;
	int64_t hang_ms; /* 0: 10 s */
};

/* Fork the child; call before threads exist. The texts of *conf are kept by
 * reference. */
struct face *face_start(const struct face_conf *conf);
/* Send a snapshot; skipped if the last one is not yet taken. Unsorted is
 * fine: the child sorts. The caller keeps it. */
void face_publish(struct face *f, const struct snap *s);
/* Ends the child too. */
void face_free(struct face **f);

#endif
