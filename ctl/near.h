/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CTL_NEAR_H
#define CTL_NEAR_H

/* What somebody may have meant who typed a name that is not there. */

#include <stddef.h>
#include <stdio.h>

/* Print "; did you mean a, b?" or "; there are: a b c" after a message: the
 * few names that are near, else all if they are few, else nothing. */
void near_names(FILE *out, const char *given,
    const char *(*name)(const void *arg, size_t i), const void *arg, size_t n);
/* Letters to change, add, take away or swap with the next, without regard to
 * case, to come from a to b; at most `most` + 1. */
size_t near_distance(const char *a, const char *b, size_t most);

#endif
