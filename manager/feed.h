/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MANAGER_FEED_H
#define MANAGER_FEED_H

/*
 * The feeds: one connection to each configured director, which is told the
 * whole fleet, `synced`, and then what changes. Directors that are slow are
 * cut off by their queue's bound and come back.
 */

#include <event2/event.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/peer.h"
#include "manager/fleet.h"
#include "manager/prober.h"

struct feeds;

/* Whom to tell that directors want something: the prober has it by then. */
struct feeds_wants {
	void (*heard)(void *arg);
	void *arg;
};

/* All of it must outlive it; prober is NULL where there are no paths. */
struct feeds *feeds_start(struct event_base *base, const struct world *w,
    const struct manager *self, const struct fleet *f, struct prober *prober,
    const struct feeds_wants *wants, struct mono now);
void feeds_free(struct feeds **f);
/* Another world, while the old one is still there: connections to directors
 * that stay where they are are kept, and told the new picture. */
void
feeds_renew(struct feeds *f, const struct world *w, const struct manager *self,
    const struct fleet *fleet, struct prober *prober, struct mono now);

/* To all that are connected; meant for struct fleet_events. */
void feeds_use(struct feeds *f, const struct fleet_use *u);
void feeds_server(struct feeds *f, int server);
/* What the configuration has no longer: a server of a service. */
void feeds_gone(struct feeds *f, const char *server, const char *service);
void feeds_border(struct feeds *f, int border);
void feeds_loads(struct feeds *f, int service, const int *uses, size_t n);
void feeds_sample(struct feeds *f, int server, struct mono now);
void feeds_path(struct feeds *f, const struct prober_line *l);
/* Whole pictures that are due; about ten times a second. */
void feeds_tick(struct feeds *f, struct mono now);

struct feed_info {
	const char *id; /* of the director */
	struct status status;
	const char *hash; /* of its configuration, "" while not connected */
	bool synced;
	bool skewed; /* its configuration is another one than ours */
	uint64_t wants, syncs, errors; /* error lines received */
	struct peer_counters counters;
};
size_t feeds_count(const struct feeds *f);
/* Whether certificates are needed to reach the directors. */
bool feeds_use_tls(const struct feeds *f);
void feeds_info(const struct feeds *f, size_t i, struct feed_info *out);

#endif
