/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CTL_SOCKETS_H
#define CTL_SOCKETS_H

/* The sockets of daemons on this host, whatever any configuration says. */

#include <stddef.h>

#include "ctl/call.h"

/* All <program>-<id>.sock of /run/hopscotch (or HOPSCOTCH_RUN), sorted:
 * managers, directors, front ends, others. End it with sockets_free(). */
size_t sockets_here(struct target **list);
void sockets_free(struct target **list, size_t n);

#endif
