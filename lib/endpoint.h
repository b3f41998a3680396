/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_ENDPOINT_H
#define LIB_ENDPOINT_H

/*
 * The sockets of an endpoint: bound, connected, named. TCP without TLS is
 * loopback only, here for both directions. The caller owns the descriptors,
 * which are non-blocking and closed on exec.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "lib/world.h"

#define ENDPOINT_TEXT 160

/* A listening socket, or -1 and *why says what to do (at least 160 bytes). A
 * unix socket that nobody serves is replaced; its mode is 0660 and its owner
 * that of its directory. */
int endpoint_listen(const struct listen_lines *at, char *why, size_t size);
/* Remove the file of a unix socket that we made, if it is still ours. */
void endpoint_unlink(const struct listen_lines *at, int fd);
/* A socket that is connected or connecting, or -1 and *why. */
int endpoint_connect(const struct listen_lines *to, char *why, size_t size);
/* For accepted TCP: small answers leave at once. */
void endpoint_no_delay(int fd);
/* What became of a connect: 0 or an errno. */
int endpoint_error(int fd);
/* "unix:/run/x.sock", "127.0.0.1:26559", "[::1]:26559 tls"; returns buf. */
const char *
endpoint_text(const struct listen_lines *at, char *buf, size_t size);

#endif
