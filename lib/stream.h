/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_STREAM_H
#define LIB_STREAM_H

/*
 * Bytes over a non-blocking socket, plain or TLS. With TLS both sides show a
 * certificate of the configured CA; what it says of roles is read here. The
 * only file that knows OpenSSL.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "lib/world.h"

struct stream_tls; /* certificate, key and CA, loaded */

/* For the accepting or the connecting side. NULL and *why (at least 160
 * bytes): unreadable, key does not fit, key readable by others ... */
struct stream_tls *
stream_tls_new(const struct tls *t, bool accepting, char *why, size_t size);
void stream_tls_free(struct stream_tls **t);
/* At the very start, before libcrypto has memory: have it wipe all that it
 * gives back. Of itself it leaves a key in what it decoded it with. */
void stream_wipe_memory(void);
/* For a child process that speaks none of it: no key of ours stays in its
 * memory. Nothing here can be used there any more, not even to be closed. */
void stream_forget(void);

struct stream {
	int fd; /* owned; -1: closed */
	struct ssl_st *ssl;
	bool wants_write; /* the last read waits for the socket to take bytes */
	bool wants_read;  /* the last write waits for bytes to come */
	LIST_ENTRY(stream) link; /* of those with TLS; it must not move */
};

/* Takes fd; tls NULL: plain. */
void stream_open_take(struct stream *s, int fd, const struct stream_tls *tls);
void stream_close(struct stream *s);
/* Bytes, 0 at the end, or -1: errno is EAGAIN, or *why says what is wrong. */
ssize_t
stream_read(struct stream *s, void *buf, size_t n, char *why, size_t size);
ssize_t stream_write(
    struct stream *s, const void *buf, size_t n, char *why, size_t size);
/* Whether bytes wait inside TLS, for which the socket gives no event. */
bool stream_pending(const struct stream *s);
/* The roles (bits) that the other side may claim: all without TLS, else those
 * of its certificate's URI names hopscotch:role:<role>. */
unsigned stream_roles(const struct stream *s);

#endif
