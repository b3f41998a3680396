/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MANAGER_TRY_H
#define MANAGER_TRY_H

/*
 * The manager's own tries of services, for servers whose agents are silent or
 * that have none: at once, twice, 500 ms each.
 */

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/check.h"
#include "lib/reason.h"
#include "lib/world.h"

struct tries;

/* `done` is called from the loop, once for each try_start(), with its number:
 * ok if one of the two attempts was, else the reason of the last one. */
struct tries *tries_new(struct event_base *base, const struct world *w,
    void (*done)(void *arg, int n, bool ok, enum reason reason), void *arg);
/* No `done` after this. */
void tries_free(struct tries **t);

/* From now on it is about this world: `place` gives the new number of each try
 * under way, with its server and service, or -1: it is given up. */
void tries_renew(struct tries *t, const struct world *w,
    int (*place)(void *arg, int n, int *server, int *service), void *arg);

/* Try this service on this server; `n` is the caller's name for it. Waits for
 * its turn if too many are under way. */
void try_start(struct tries *t, int n, int server, int service);
size_t tries_running(const struct tries *t);

/* What attempt number `attempt` (0, 1) asks for; the two go to different
 * aliases where a server has several, as it is the server that is tried and
 * not the way through one border. False: no alias has an address. Pure. */
bool try_conf(const struct world *w, int server, int service, unsigned attempt,
    struct check_conf *c);

#endif
