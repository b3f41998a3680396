/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DIRECTOR_DESK_H
#define DIRECTOR_DESK_H

/*
 * Where the director's lines come in and go out: feeds, front ends and
 * operators on one set of sockets, and the timers. It decodes, calls the
 * modules that know, and sends what they say.
 */

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "director/answer.h"
#include "director/draws.h"
#include "director/feeds.h"
#include "director/gone.h"
#include "director/held.h"
#include "director/picture.h"
#include "director/standing.h"
#include "director/tally.h"
#include "director/wants.h"
#include "lib/daemon.h"
#include "lib/listeners.h"
#include "lib/mono.h"
#include "lib/peer.h"
#include "lib/rows.h"
#include "lib/world.h"

/* Somebody who is connected. */
struct party {
	struct peer *peer;
	struct feed *feed; /* NULL: it feeds nothing */
	bool asks;         /* a front end or relay */
	struct mono since;
	uint64_t asked;
	uint64_t lines_counted, errors_counted; /* of the peer's, in feed's */
	TAILQ_ENTRY(party) link;
};

TAILQ_HEAD(parties, party);

/* Read by status and MIB; written by desk.c and reload.c alone. */
struct desk {
	struct event_base *base;
	const struct world *world;
	const struct director *self;
	struct mono started;
	struct feeds *feeds;
	struct draws *draws;
	struct picture *picture;
	struct tally *tally;
	struct answer *answer;
	struct wants *wants;
	struct held *held;
	struct gone *gone;
	struct standing *standing;
	struct rows *rows; /* of the MIB; NULL: places from 1 on */
	uint64_t gone_sent, unknown_drawn;

	struct parties parties;
	struct peer_conf conf;
	struct listeners *listeners;
	struct daemon *daemon; /* whom `reload` asks; NULL: it is refused */
	struct event *tick, *soon, *due;
	bool soon_set, look_at_gone, look_at_held;
	bool told;          /* a feed of loads has told all it knows */
	struct mono forgot; /* when draws of silent servers last started anew */
	struct mono grace; /* until then asks wait for that; {0}: they do not */
};

/* Listens at once; every error of that is in the log, then NULL. The world
 * must outlive it, or a reload. */
struct desk *desk_new(struct event_base *base, const struct world *w,
    const struct director *self);
/*
 * A reload: take this world in place of the one before, which may go then. All
 * that was learned of what stays is kept, by id; nobody is hung up on. False:
 * that cannot be, nothing has changed, and *why says for what reason.
 */
bool desk_reload(struct desk *d, const struct world *w, char *why, size_t size);
void desk_free(struct desk **d);
size_t desk_askers(const struct desk *d);
size_t desk_skewed(const struct desk *d);
/* For reload.c: what the answers are made with, from the feeds on. */
void desk_make_answer(struct desk *d);
/* For reload.c: look at all anew, soon. */
void desk_look(struct desk *d);
/* Bring the counters of lines and errors of the feeds up to date. */
void desk_count_lines(struct desk *d);

#endif
