/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MANAGER_PROBEROUND_H
#define MANAGER_PROBEROUND_H

/* A prober's rounds: one window of one path, from all borders at a time. */

#include "manager/prober_own.h"

/* Begin one, if somebody waits or is due and the budget allows. */
bool proberound_start_next(struct prober *p, struct mono now);
/* A result, or that there will be none (WINDOW_NONE). Who sees that none is
 * open any more closes the window. */
void proberound_step_over(
    struct prober *p, uint32_t i, unsigned rep, size_t border, int32_t value);
/* The end of a path's round: its values count. */
void proberound_close(struct prober *p, uint32_t i, struct mono now);
/* What did not come in time is given up. */
void proberound_end_late(struct prober *p, struct mono now);

#endif
