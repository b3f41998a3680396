/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_STATE_H
#define LIB_STATE_H

/* States of servers, sites, borders and services; the numbers are HopState. */

enum state {
	STATE_UNKNOWN = 1,
	STATE_UP,
	STATE_OVERLOADED,
	STATE_DRAINING,
	STATE_DOWN
};

/* What the operator wants; the numbers are HopAdminState. */
enum admin { ADMIN_ENABLED = 1, ADMIN_DRAINING, ADMIN_DISABLED };

/* The word of a state ("up"); never NULL. */
const char *state_text(enum state s);
/* 0, or -1 if the word is no state. */
int state_parse(const char *text, enum state *s);
const char *admin_text(enum admin a);
int admin_parse(const char *text, enum admin *a);

#endif
