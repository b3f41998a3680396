/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_VIEW_H
#define LIB_VIEW_H

/*
 * What one feed says: loads, states, metrics and paths, by its lines. The
 * director keeps one view per feed; hopctl makes one from a file. No I/O.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/line.h"
#include "lib/mono.h"
#include "lib/reason.h"
#include "lib/state.h"
#include "lib/world.h"

struct view;

enum view_result {
	VIEW_TAKEN,
	VIEW_UNKNOWN_NAME, /* taken but for names that the world lacks */
	VIEW_MALFORMED,    /* nothing was taken; why says what is wrong */
	VIEW_OTHER         /* not a verb of the feed */
};

struct view_limits {
	int64_t fresh_us;
	int64_t expire_us;
	size_t max; /* prefixes kept; the oldest go first */
};

/* The world must outlive the view. */
struct view *view_new(const struct world *w);
/*
 * The same view of another world: what was said of what both have is kept, by
 * id. Takes the paths away from `from`. What is new counts as never told of.
 * `l` as for view_set_limits(), but nothing is lost.
 */
struct renumber;
struct view *view_renumbered(
    struct view *from, const struct renumber *r, const struct view_limits *l);
/* A server of which nothing was said is `unknown` until something is: for those
 * that a reload brought, where the feed tells the state of each. */
void view_doubt(struct view *v, int server);
void view_free(struct view **v);
/* One of: borders, load, state, metrics, ping. `why` is for people, at least
 * 160 bytes; empty if the line was taken. */
enum view_result view_apply(struct view *v, const struct line *l,
    struct mono now, char *why, size_t size);

/* Loads and states of a service's servers at this moment; arrays of nuse. A
 * load is LOAD_UNKNOWN (lib/decide/pick.h) if there is no line, and again when
 * it has aged away: it ages toward the weight from `fresh_us` after its line
 * on (the line's own age counts); INT64_MAX: never. *stale, which may be NULL,
 * tells that one has aged. */
void view_loads(const struct view *v, const struct service *s, struct mono now,
    int64_t fresh_us, int *load, bool *stale);
void
view_states(const struct view *v, const struct service *s, enum state *state);
enum state view_server_state(const struct view *v, int server);
enum state view_border_state(const struct view *v, int border);
/* Reason texts as the feed gave them ("-" if it gave none). */
const char *
view_use_reason(const struct view *v, const struct service *s, int use);
const char *view_server_reason(const struct view *v, int server);
const char *view_border_reason(const struct view *v, int border);
/* The text of the last metrics line without verb and name, or NULL. */
const char *view_metrics(const struct view *v, int server);
/* Open connections by the last metrics line, or -1. */
int64_t view_connections(const struct view *v, int server);
/* When the last load line of a server came, {0}: never. What was drawn before
 * is in its load. */
struct mono view_load_came(const struct view *v, int server);
/* When the load of a service's server held (its age counted back), {0}: it has
 * none. */
struct mono
view_use_time(const struct view *v, const struct service *s, int use);
/* One flag a border: true if it is up. */
void view_borders_up(const struct view *v, bool *up);

/* When the last line of a kind came, {0}: none yet. */
struct mono view_load_time(const struct view *v);
struct mono view_path_time(const struct view *v);

/* Grows whenever a border changes state or the order line changes: what was
 * scored before is void. And whenever any load, state or number of connections
 * changes. */
uint64_t view_path_generation(const struct view *v);
uint64_t view_load_generation(const struct view *v);

/* Paths. */
struct view_ping {
	const int64_t *ping_us; /* one a border of the world; valid until the
				   next view_ping() of this view */
	struct prefix prefix;   /* of the line chosen */
	struct mono time;
	bool fresh;
	bool inherited;    /* an estimate from the prefixes it covers */
	bool complete;     /* no border's first value is still to come */
	int32_t spread_us; /* of the worst border; 0: not told */
	unsigned loss;     /* hundredths of 1 % */
};
#define VIEW_PINGS_MAX 1200000 /* the default of max */
/* Give the limits before the first ping line: those kept so far are lost. The
 * default is never to expire and VIEW_PINGS_MAX. */
void view_set_limits(struct view *v, const struct view_limits *l);
/* The line that holds for a client (design 4): the longest prefix that has
 * a measured value at a border that is up. False: none. */
bool view_ping(const struct view *v, const struct addr *client,
    const bool *border_up, struct mono now, struct view_ping *out);
struct view_paths {
	size_t prefixes, hosts, fresh, inherited, max;
	uint64_t evicted, expired;
};
/* How long values are fresh for whoever measures (the `fresh` of the borders
 * line), at most what the limits say. */
int64_t view_fresh_us(const struct view *v);
/* Let one view have the paths of another one of the same world, which loses
 * them: all its own are among those. */
void view_move_paths(struct view *to, struct view *from);
/* Cheap: the fresh ones are counted as time goes by, not anew. */
void view_count_paths(struct view *v, struct mono now, struct view_paths *out);

#endif
