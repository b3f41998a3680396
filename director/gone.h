/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DIRECTOR_GONE_H
#define DIRECTOR_GONE_H

/*
 * Which servers stopped being usable, so that front ends forget answers that
 * name them. It compares the picture with what it saw last; a thousand changes
 * in between are one comparison. No I/O.
 *
 * A server is usable in a service while it is up, overloaded or unknown there
 * (the unknown may be taken where nobody is live) and one of its aliases goes
 * through a border that is up.
 */

#include <stdbool.h>
#include <stddef.h>

#include "director/picture.h"
#include "lib/mono.h"
#include "lib/world.h"

struct gone;

/* The world must outlive it. Everything counts as usable at first. */
struct gone *gone_new(const struct world *w);
void gone_free(struct gone **g);

/*
 * The same of another world: what was usable is, what is new counts as usable.
 * tell() is called for each server of the old world that is in no service of
 * the new one, with border -1, and with a border for each that a service has
 * lost while others use it.
 */
struct renumber;
struct gone *gone_renumbered(const struct gone *old, const struct renumber *r,
    void (*tell)(void *arg, const char *server, const char *border), void *arg);

/*
 * Look at the picture. tell() is called once for each server that stopped
 * being usable in a service, with border -1, or that is usable but for aliases
 * through a border that went, with that border. Returns how many.
 */
size_t gone_look(struct gone *g, struct picture *p, struct mono now,
    void (*tell)(void *arg, int server, int border), void *arg);
/* The same for each server that is usable in none of its services, as of the
 * last look: for a front end that just came. */
void gone_list(const struct gone *g,
    void (*tell)(void *arg, int server, int border), void *arg);

#endif
