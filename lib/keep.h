/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_KEEP_H
#define LIB_KEEP_H

/* Small files that a daemon keeps over its restarts: whole or not at all. */

#include <stddef.h>

/* The file of a daemon: <directory>/<daemon>-<id>.<what>, the directory being
 * $HOPSCOTCH_STATE or /var/lib/hopscotch. Returns buf. */
const char *keep_file(const char *daemon, const char *id, const char *what,
    char *buf, size_t size);
/* Put text there, mode 0640, on disk before this returns. 0, or -1 and errno;
 * what was there before is then still there. Follows no link. */
int keep_write(const char *file, const char *text, size_t len);
/* All of a file of at most `max` bytes, with a NUL behind it; to be freed.
 * NULL and errno if that cannot be: EFBIG, EINVAL of what is no regular file,
 * ELOOP of a link. */
char *keep_read(const char *file, size_t max);

#endif
