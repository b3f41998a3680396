/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DIRECTOR_WANTS_H
#define DIRECTOR_WANTS_H

/*
 * Which clients' paths the feeds are asked to measure: each prefix once per
 * lease, so many a second at most, to one feed, so that two do not measure the
 * same. Bounded: the least lately wanted makes room. Pure; whoever holds the
 * sockets takes the lines.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/mono.h"

#define WANTS_LEASE_MS   30000 /* at most; a quarter of what is fresh */
#define WANTS_A_SECOND   1000
#define WANTS_QUEUE      1000
#define WANTS_LEASES     16384 /* a power of two */
#define WANTS_LINE_BYTES 4096

struct wants;

/* A lease is for so long. */
struct wants *wants_new(int64_t lease_ms);
void wants_set_lease(struct wants *w, int64_t lease_ms);
void wants_free(struct wants **w);
/*
 * A client of this prefix has no fresh values. True if that is news: nobody
 * asked for the prefix within a lease, and there was room in the queue.
 */
bool wants_client(struct wants *w, const struct prefix *p,
    const struct addr *client, struct mono now);
/* Since when somebody measures for this prefix; {0}: nobody does. */
struct mono
wants_since(const struct wants *w, const struct prefix *p, struct mono now);
/* The next line "want <client> ..." into text, within the rate. Its length, 0
 * if there is nothing to be sent now. */
size_t wants_line(struct wants *w, struct mono now, char *text, size_t size);
/* Asked for so far, and left out for lack of room. */
uint64_t wants_sent(const struct wants *w);
uint64_t wants_left_out(const struct wants *w);

#endif
