/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MANAGER_PROBEPATH_H
#define MANAGER_PROBEPATH_H

/* A prober's paths: which one a client is measured by, what directors are told
 * of it, when it is due, and estimates from those it covers. */

#include "manager/prober_own.h"

/* Whether somebody pings out of this border, or out of any. */
bool probepath_is_live(const struct prober *p, size_t border);
bool probepath_any_live(const struct prober *p);
/* us, but for up to an eighth more or less: nothing shall beat in step. */
int64_t probepath_jitter(struct prober *p, int64_t us);

/* The line of a path, valid until the next one is made; false if there is
 * nothing to be told. */
bool probepath_line(
    struct prober *p, uint32_t i, struct mono now, struct prober_line *l);
void probepath_tell(struct prober *p, uint32_t i, struct mono now);
bool probepath_has_reply(const struct prober *p, uint32_t i);

/* Clients have come lately: it is worth measuring. */
bool probepath_in_demand(
    const struct prober *p, const struct path *x, struct mono now);
/* Due at this time, or before if it is due before. */
void probepath_due_by(struct prober *p, uint32_t i, struct mono due);
/* Silence is asked again at longer and longer times. */
int64_t probepath_silence_us(const struct prober *p, const struct path *x);
/* When it is measured next, behind a window. */
void probepath_schedule(struct prober *p, uint32_t i, struct mono now);

/* The values of a path from those that it covers. */
void probepath_estimate(struct prober *p, uint32_t i, struct mono now);
/* What it covers has changed. */
void probepath_tell_parent(struct prober *p, uint32_t i, struct mono now);

/* The path that a client is measured by: its own, or that of its prefix; made
 * if there is none and `make`, else PATH_NONE. */
uint32_t probepath_find(
    struct prober *p, const struct addr *a, bool make, struct mono now);
uint32_t probepath_add(
    struct prober *p, const struct prefix *x, uint32_t parent, struct mono now);
/* Which of its clients this is, or -1. */
int probepath_find_rep(const struct path *x, const struct addr *a);
/* Let a client stand for its path: which one it is, or -1 if there is no place
 * now. */
int probepath_take_rep(
    struct prober *p, uint32_t i, const struct addr *a, bool *is_new);

#endif
