/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MANAGER_WINDOW_H
#define MANAGER_WINDOW_H

/*
 * What becomes of measured values before directors hear of them: the median of
 * a prefix's clients, whether they disagree, and the hysteresis that keeps
 * noise from moving clients. Round trips in us; pure functions on numbers.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WINDOW_NONE   (-1)    /* not measured */
#define WINDOW_SILENT 9999999 /* no reply: the seed's constant */
#define WINDOW_TURNS  2       /* windows that must agree on a change */

/* Whether it is a round trip. */
bool window_is_measured(int32_t value);
/* The median of n values, of the lower two where they are even in number; it
 * sorts them. WINDOW_NONE if n is 0. */
int32_t window_median(int32_t *values, size_t n);
/* Whether round trips are farther apart than max(5 ms, 20 % of the least):
 * these clients are not in one place. */
bool window_disagree(const int32_t *values, size_t n);
/*
 * One more window for one border: from what was told and what is measured now
 * to what is told from now on. A round trip that departs by more than max(5
 * ms, 10 %) is told when the next window departs the same way, and so is
 * silence; what was not measured before is told at once. *departed counts.
 */
int32_t window_apply(int32_t told, int32_t measured, int8_t *departed);

#endif
