/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_DROP_H
#define LIB_DROP_H

/* Giving up rights, once the sockets are open. */

#include <stddef.h>
#include <stdint.h>

/*
 * Become this user with its groups, without capabilities and without a way to
 * new rights, and closed to debuggers and core files: there are secrets in our
 * memory. NULL: stay who we are, but the same holds (root stays root, with
 * all that). 0, or -1 and *why; then nothing may go on.
 */
int drop_to(const char *user, char *why, size_t size);
/* The same, but of the capabilities that somebody who is not root was given
 * (by AmbientCapabilities= of systemd) those in `keep` stay: 1 << CAP_... */
int drop_to_keeping(const char *user, uint32_t keep, char *why, size_t size);

#endif
