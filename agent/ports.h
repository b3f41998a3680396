/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AGENT_PORTS_H
#define AGENT_PORTS_H

/*
 * How many TCP connections there are on some local ports: a question to the
 * kernel (sock_diag(7)) that is filtered there. Its cost grows with the
 * connections of the host, so it is asked no more often than a hundredth of a
 * processor allows.
 */

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/mono.h"

#define PORTS_MAX 64
#define PORTS_SHARE                                              \
	100 /* a count that took 10 ms is not done again for 1 s \
	     */

struct ports;

/* `list` is copied. NULL and errno if the kernel has no sock_diag. */
struct ports *
ports_new(struct event_base *base, const uint16_t *list, size_t n);
void ports_free(struct ports **p);
/* Start a count, if the last one has ended and was not too dear. `all` is the
 * number of connections on any port, now. */
void ports_count(struct ports *p, uint64_t all, struct mono now);

struct ports_result {
	uint64_t connections;
	struct mono counted; /* when it began */
	int64_t cost_us;     /* of a processor, the last one */
	uint32_t counts;     /* since ports_new() */
};
/* The last count, or NULL: there is none yet. */
const struct ports_result *ports_last(const struct ports *p);

/* The pure parts: from the beginning of a count that cost so much to the next
 * one, and a filter in the kernel's bytecode for sockets on one of these ports,
 * or on none of them (`others`). Returns its length; `code` has room for
 * PORTS_CODE_MAX bytes. */
int64_t ports_rest_ms(int64_t cost_ns);
#define PORTS_CODE_MAX (PORTS_MAX * 20)
size_t ports_filter(const uint16_t *list, size_t n, bool others, uint8_t *code);

#endif
