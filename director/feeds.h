/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DIRECTOR_FEEDS_H
#define DIRECTOR_FEEDS_H

/*
 * Who tells the director loads and paths, what each of them said, and whose
 * word counts now. No I/O: whoever holds the sockets calls in with lines and
 * the time.
 *
 * Of each kind (loads with states; paths) ONE feed is in use, whole; feeds are
 * never merged. It is the first fresh one: managers in file order, then the
 * others in the order in which they first came. If none is fresh it is the one
 * whose values are the newest, and they age.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/line.h"
#include "lib/mono.h"
#include "lib/reason.h"
#include "lib/state.h"
#include "lib/view.h"
#include "lib/world.h"

enum feed_kind { FEED_LOAD, FEED_PATH };
#define FEED_KINDS 2

/* Feeds beside the configured managers that are kept, connected or not. */
#define FEEDS_OTHERS_MAX 32
/* Prefixes and hosts with path values that one feed may fill in. */
#define FEEDS_PREFIXES_MAX ((size_t)1 << 20)

struct feed {
	unsigned n; /* row number: managers from 1 on in file order */
	char *id;
	bool manager;    /* configured: never forgotten */
	bool is_manager; /* it says it is one, configured or not */
	void *peer;      /* of whoever holds the socket; NULL: hung up */
	char hash[WORLD_HASH_TEXT];
	bool skewed;
	bool announced; /* its hello said what it gives */
	bool gives[FEED_KINDS];
	struct view *view; /* what it said; NULL: never connected */
	struct view *next; /* filled beside it until `synced` */
	bool syncing;      /* `synced` is awaited */
	struct mono syncing_since;
	int64_t poll_us; /* between two samples of a server */
	enum state state;
	enum reason reason;
	struct mono state_since;
	unsigned state_changes;
	struct mono last[FEED_KINDS]; /* line of this kind; {0}: never */
	struct mono load_since_up;    /* the same for loads, this connection */
	struct mono heard;            /* any line but a beat */
	uint64_t unknown;       /* lines with names that the world lacks */
	uint64_t lines, errors; /* kept by who holds the socket */
	bool told_unknown;      /* logged, for this connection */
};

struct feeds;

/* The world must outlive it. */
struct feeds *
feeds_new(const struct world *w, const struct director *self, struct mono now);
void feeds_free(struct feeds **f);

/*
 * A reload: the managers and limits of another world. Records that stay, by id,
 * keep all they know; their views are those of the new world. Managers that are
 * configured no more stand behind the others while they are connected or in
 * use, and are forgotten else. Views handed out before are void.
 */
struct renumber;
void feeds_renew(struct feeds *f, const struct renumber *r,
    const struct director *self, struct mono now);
/* The configuration of a feed that is connected became another. */
void feeds_set_hash(struct feeds *f, struct feed *feed, const char *hash);

struct feed_hello {
	const char *id;
	const char *hash;
	bool manager; /* its role */
	bool gives[FEED_KINDS];
};

/*
 * A feed connected. Returns its record, NULL if there are too many others.
 * *resync: it was here before, so ask it for everything. A record that is
 * still connected is returned too: its peer is the old one, which the caller
 * ends and replaces.
 */
struct feed *feeds_up(
    struct feeds *f, const struct feed_hello *h, struct mono now, bool *resync);
/* It hung up, or went silent; its values stay and age. */
void feeds_down(
    struct feeds *f, struct feed *feed, enum reason why, struct mono now);
/* A line of it: borders, load, state, metrics, ping, synced. As view_apply();
 * counted, and logged the first time in a connection. */
enum view_result feeds_line(struct feeds *f, struct feed *feed,
    const struct line *l, struct mono now, char *why, size_t size);

/* Judge all feeds and choose anew whose word counts; several times a second
 * and behind feeds_up() and feeds_down(). True if the choice changed. */
bool feeds_choose(struct feeds *f, struct mono now);
/* The feed in use, or NULL: there never was one of this kind. */
const struct feed *feeds_used(const struct feeds *f, enum feed_kind k);
/* Whether its word is fresh; if not its values age. */
bool feeds_is_fresh(const struct feeds *f, enum feed_kind k);
/* What it says, or NULL. Valid until the next call that is not const. */
const struct view *feeds_view(const struct feeds *f, enum feed_kind k);
/* Grows when another view is in use, of either kind. */
uint64_t feeds_generation(const struct feeds *f);
/* How long a load of the feed in use counts as fresh: three polls. */
int64_t feeds_load_fresh_us(const struct feeds *f);
/* Time until new samples of the feed in use are due; 0: overdue or none. */
int64_t feeds_next_sample_us(const struct feeds *f, struct mono now);

/* All records by rank; NULL behind the last. */
const struct feed *feeds_at(const struct feeds *f, size_t rank);
size_t feeds_count_up(const struct feeds *f);
/* The paths of the feed in use. */
void
feeds_count_paths(struct feeds *f, struct mono now, struct view_paths *out);

#endif
