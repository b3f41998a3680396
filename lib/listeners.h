/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_LISTENERS_H
#define LIB_LISTENERS_H

/*
 * A set of listeners of one peer_conf that a reload changes as a whole: first
 * all is opened and read that may fail, then nothing fails any more.
 *
 *	change = listeners_prepare(set, new->listen, n, w->tls, why, size);
 *	... whatever else may fail; on failure listeners_drop(&change) ...
 *	conf.id = ...; conf.hash = w->hash; conf.tls = w->tls;
 *	listeners_take(set, &change);
 */

#include <stddef.h>

#include "lib/peer.h"

struct listeners;
struct listeners_change;

/* Without a listener at first. conf must outlive it. */
struct listeners *listeners_new(const struct peer_conf *conf);
/* Ends all that they accepted too, without on_down(). */
void listeners_free(struct listeners **l);

/*
 * Open those that are new, and read the certificates (of `files`, which may be
 * NULL) for those with tls, also those that stay. NULL and *why (at least 200
 * bytes) names the endpoint and what is wrong; then nothing has changed. The
 * endpoints are copied.
 */
struct listeners_change *
listeners_prepare(struct listeners *l, const struct listen_lines *at, size_t n,
    const struct tls *files, char *why, size_t size);
/* Back: what was opened closes. */
void listeners_drop(struct listeners_change **c);
/* From now on it is as prepared. Those that are gone accept nobody any more;
 * whom they accepted stays until it ends. */
void listeners_take(struct listeners *l, struct listeners_change **c);

/* Both at once, for the start: 0, or -1 and *why. */
int listeners_open(struct listeners *l, const struct listen_lines *at, size_t n,
    const struct tls *files, char *why, size_t size);

/* How many listen, and each of them in the order of the endpoints. */
size_t listeners_count(const struct listeners *l);
struct peer_listener *listeners_at(const struct listeners *l, size_t i);

#endif
