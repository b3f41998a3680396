/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CTL_WAIT_H
#define CTL_WAIT_H

/* The wait of `drain --wait`. */

#include "ctl/ctl.h"

/* Check --at-most and --timeout of a wait; CTL_OK or CTL_USAGE. */
int wait_check(const struct ctl *c);
/*
 * Ask managers and directors each second until the server, site or border is
 * empty; progress goes to the output unless it is JSON. CTL_OK: it is empty;
 * CTL_FAILED: the time of --timeout is over.
 */
int wait_empty(
    struct ctl *c, const struct world *w, const char *what, const char *id);

#endif
