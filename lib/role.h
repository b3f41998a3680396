/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_ROLE_H
#define LIB_ROLE_H

/* Roles of hello, as bits: a verb says who may use it. */

enum peer_role {
	ROLE_MANAGER = 1 << 0,
	ROLE_DIRECTOR = 1 << 1,
	ROLE_FRONTEND = 1 << 2,
	ROLE_CONTROL = 1 << 3,   /* hopctl */
	ROLE_COLLECTOR = 1 << 4, /* a feed that is not ours */
	ROLE_RELAY = 1 << 5,
	ROLE_AGENT = 1 << 6 /* hoploadd and hoppingd, of their sockets */
};
#define ROLE_ANY 0xff

/* The word of a role ("manager"); never NULL. */
const char *role_text(enum peer_role r);
/* 0, or -1 if the word is no role. */
int role_parse(const char *text, enum peer_role *r);

#endif
