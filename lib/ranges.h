/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_RANGES_H
#define LIB_RANGES_H

/*
 * The longest prefix that covers an address, of a list that does not change:
 * nested prefixes are cut into ranges that lie side by side, so that a look-up
 * is one binary search, and tells how far around the address it holds.
 */

#include <stddef.h>

#include "lib/addr.h"

struct ranges;

/* Of n prefixes of either family, which need not be kept; of two that are the
 * same the later one counts. */
struct ranges *ranges_new(const struct prefix *list, size_t n);
void ranges_free(struct ranges **r);
/*
 * The place in the list of the longest prefix that covers the address, or -1.
 * *bits is the length of the shortest prefix around the address of which every
 * address has the same answer.
 */
int ranges_find(const struct ranges *r, const struct addr *a, unsigned *bits);

#endif
