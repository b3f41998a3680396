/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DIRECTOR_HELD_H
#define DIRECTOR_HELD_H

/*
 * Asks of first-time clients that wait for path values (`wait` of a service):
 * until a line for the client comes or the time is over. Bounded in number;
 * the service bounds the time. No I/O: whoever has a clock takes them out.
 */

#include <stdbool.h>
#include <stddef.h>

#include "director/answer.h"
#include "lib/mono.h"

#define HELD_MAX 4096

struct held;

struct held_ask {
	struct ask ask;
	void *peer; /* who asked */
	struct mono until;
};

struct held *held_new(void);
void held_free(struct held **h);
/* False: too many are held already. */
bool
held_add(struct held *h, const struct ask *q, void *peer, struct mono until);
/* Take out the next one whose time is over; false: none is. */
bool held_due(struct held *h, struct mono now, struct held_ask *out);
/* Those that are ready() are due at once; see held_due(). */
void held_sweep(
    struct held *h, bool (*ready)(void *arg, const struct ask *q), void *arg);
/* Show each of them; those that keep() does not want go. */
void held_filter(
    struct held *h, bool (*keep)(void *arg, struct held_ask *a), void *arg);
/* The peer is gone and with it its asks. */
void held_forget(struct held *h, const void *peer);
/* When the next one is due; {0}: none is held. */
struct mono held_next(const struct held *h);
size_t held_count(const struct held *h);

#endif
