/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DIRECTOR_DRAWS_H
#define DIRECTOR_DRAWS_H

/*
 * Clients that front ends have sent to each server since the last load line
 * about it came. They count as load until the next one, or else everybody
 * would run to the same server between two samples. Pure.
 */

#include <stdint.h>

#include "lib/line.h"
#include "lib/world.h"

struct draws;

/* The world must outlive it. */
struct draws *draws_new(const struct world *w);
void draws_free(struct draws **d);
/* Take a line `drawn <server> <count> ...`: 0 and how many of its names the
 * world lacks, or -1 if it is malformed; then nothing was taken and *why is
 * static text. */
int draws_take(
    struct draws *d, const struct line *l, unsigned *unknown, const char **why);
/* A `load` line came: the servers it names start anew. */
void draws_sampled(struct draws *d, const struct line *load);
/* No sample of this server is to be expected soon: it starts anew. */
void draws_forget(struct draws *d, int server);
/* One count a server; grows at most to UINT32_MAX. */
const uint32_t *draws_counts(const struct draws *d);
/* The same since the start: these never go back. */
const uint64_t *draws_all(const struct draws *d);
/* Another world: the counts of servers that stay are kept. */
struct renumber;
void draws_renew(struct draws *d, const struct renumber *r);
/* Grows whenever a count changes. */
uint64_t draws_generation(const struct draws *d);
/* All that was ever drawn. */
uint64_t draws_total(const struct draws *d);

#endif
