/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_DECIDE_STICKY_H
#define LIB_DECIDE_STICKY_H

/*
 * sticky="prefix": which of the servers that could be drawn serves all clients
 * of a prefix. Rendezvous hashing by weight: nobody keeps state, everybody who
 * knows the configuration comes to the same server, on every machine, and a
 * server that comes or goes moves only the prefixes that are its own. Pure.
 */

#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/world.h"

struct sticky_server {
	const char *id;
	unsigned weight; /* as configured, 1..65535 */
	int load;        /* 0..10000; all 0: loads do not count */
	int n;           /* the caller's own */
};

/* The prefix of a client that stays together: the network's prefix4, prefix6,
 * whatever a director's own are, so that all of them agree. */
struct prefix sticky_prefix(const struct world *w, const struct addr *client);
/*
 * The place in list[n], n > 0, of the server for a prefix; the order of the
 * list does not matter. *first is the one it would be if no server were much
 * fuller than the others: one that is has less than half of the mean load per
 * weight, and keeps of its prefixes the share that its load is of that half,
 * always the same ones. It may be NULL.
 */
size_t sticky_choose(const char *service, const struct prefix *client,
    const struct sticky_server *list, size_t n, size_t *first);
/* SipHash-2-4 (Aumasson, Bernstein 2012) with its key as two numbers. */
uint64_t sticky_hash(const uint64_t key[2], const void *bytes, size_t len);

#endif
