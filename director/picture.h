/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DIRECTOR_PICTURE_H
#define DIRECTOR_PICTURE_H

/*
 * What the director believes at this moment: borders, and states and loads of
 * each service, from the feeds in use and what was drawn since. It is renewed
 * only where something changed, and tells whether it did, so that answers made
 * from it can be used again.
 */

#include <stdbool.h>
#include <stdint.h>

#include "director/draws.h"
#include "director/feeds.h"
#include "lib/mono.h"
#include "lib/state.h"
#include "lib/world.h"

struct picture;

struct picture_service {
	const enum state *state; /* one an entry of service->use */
	const int *load;         /* the same, as pick_candidates() wants it */
	bool stale;              /* a load is ageing */
	uint64_t epoch;          /* grows when a state or load changes */
};

/* All must outlive it. */
struct picture *picture_new(
    const struct world *w, const struct feeds *f, const struct draws *d);
void picture_free(struct picture **p);

/* One flag a border of the world: true if it is up in the feeds in use. */
const bool *picture_borders_up(struct picture *p);
/* Grows when a border changes, or when paths come from another view. */
uint64_t picture_paths_epoch(struct picture *p);
/* States changed: look at all services anew, also at those that are so big that
 * they are not looked at with each line. */
void picture_void(struct picture *p);
/* The service as it is now. Valid until the next call. */
const struct picture_service *
picture_service(struct picture *p, int service, struct mono now);
/* States in the feeds in use; up if they told none. A border is as the worse
 * of the two feeds says. */
enum state picture_border_state(const struct picture *p, int border);
const char *picture_border_reason(const struct picture *p, int border);
enum state picture_server_state(const struct picture *p, int server);
const char *picture_server_reason(const struct picture *p, int server);
const char *picture_use_reason(const struct picture *p, int service, int use);

#endif
