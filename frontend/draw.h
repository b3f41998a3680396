/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FRONTEND_DRAW_H
#define FRONTEND_DRAW_H

/* What can be drawn for a client, and the draw by weight. Pure. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/world.h"

#define DRAW_MAX 8 /* candidates of an answer */

struct drawable {
	const struct alias *alias; /* of the world; its border is the exit */
	int server;
	uint32_t weight; /* never 0 */
};

/* When servers were last said to be gone: what was learnt before is void. */
struct gone {
	uint64_t now; /* grows with each event */
	uint64_t *at; /* one a server: when it went; 0: never */
	bool *still;  /* it has not been named by a director since */
	size_t nservers;
};

void gone_init(struct gone *g, const struct world *w);
void gone_fini(struct gone *g);
/* Another world: servers that stay are as they were. */
struct renumber;
void gone_renew(struct gone *g, const struct renumber *r);
void gone_add(struct gone *g, int server);
/* An exit of it went: answers that name it are void, but it is still there. */
void gone_void(struct gone *g, int server);
/* A director names the server again. */
void gone_clear(struct gone *g, int server);
/* The moment for what is learnt now, to be compared with later ones. */
uint64_t gone_moment(struct gone *g);

/* Draw one of list[n] by weight with a random number; those that went after
 * `since` are left out, and `avoid` (a server, or -1) too unless it is the
 * only one. NULL: nobody is left. */
const struct drawable *draw(const struct drawable *list, size_t n,
    const struct gone *g, uint64_t since, int avoid, uint64_t random);

/* A small generator of random numbers (xorshift64*). */
uint64_t draw_random(uint64_t *state);

#endif
