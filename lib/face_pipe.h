/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_FACE_PIPE_H
#define LIB_FACE_PIPE_H

/*
 * What travels between a daemon and its face: frames on a socketpair, in the
 * form of this build. Part of lib/face.
 */

#include <event2/buffer.h>

#include "lib/face.h"
#include "lib/mono.h"

#define FACE_SNAPSHOT_MAX (256u << 20)
#define FACE_SET_MAX      4096u

enum face_type { FACE_SNAPSHOT = 1, FACE_BEAT, FACE_SET };

struct face_frame {
	uint32_t type;
	uint32_t len;     /* of what follows */
	int64_t taken_ns; /* snapshots: when */
};

/* A whole frame of at most `max` bytes to *frame, taken out of the buffer but
 * for its payload. 1; 0: not all there yet; -1: garbage. */
int face_next(struct evbuffer *in, size_t max, struct face_frame *frame);

void face_put_set(struct evbuffer *out, const struct snap_value *v);
/* A SET as the child sent it. The child talks to snmpd and is not trusted: -1
 * unless it is a writable object and a value of its type and range. */
int face_get_set(const uint8_t *bytes, size_t len, struct snap_value *v);

/* Be the process that children come from; `control` brings their sockets. */
void
face_nurse(const struct face_conf *conf, int control) __attribute__((noreturn));

#endif
