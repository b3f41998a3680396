/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_DROP_H
#define LIB_DROP_H

/* Giving up rights, once the sockets are open. */

#include <stddef.h>

/*
 * Become this user with its groups, without capabilities and without a way to
 * new rights. NULL: stay who we are, but keep no capability either (root stays
 * root). 0, or -1 and *why; then nothing may go on.
 */
int drop_to(const char *user, char *why, size_t size);

#endif
