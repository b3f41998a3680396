/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MANAGER_ADMIN_H
#define MANAGER_ADMIN_H

/*
 * What the operator wants of servers, sites and borders: enabled, draining,
 * disabled. The newest word wins, on all managers alike; it is kept on disk
 * and survives restarts. Words about what the configuration does not have are
 * kept too, and hold when it comes (back). Knows no sockets.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/line.h"
#include "lib/mono.h"
#include "lib/state.h"
#include "lib/world.h"

#define ADMIN_WHO 65 /* octets with NUL, as in HOPSCOTCH-MIB */
#define ADMIN_WHY 256

enum admin_kind { ADMIN_SERVER = 1, ADMIN_SITE, ADMIN_BORDER };
#define ADMIN_KINDS 4
/* Words about what is not in the configuration; the oldest go first. */
#define ADMIN_ABSENT_MAX 10000

struct admin_entry {
	enum admin state;
	int64_t when; /* unix seconds; 0: nobody ever said anything */
	char who[ADMIN_WHO];
	char why[ADMIN_WHY];
};

/* One admin line, decoded. */
struct admin_word {
	enum admin_kind kind;
	int n;        /* in the world; -1: it is not there */
	char id[256]; /* only then */
	struct admin_entry entry;
};

struct admin_table;

/* Keep the table in `file`; NULL keeps nothing (tests). The world must
 * outlive it. */
struct admin_table *admin_new(const struct world *w, const char *file);
void admin_free(struct admin_table **t);
/* From now on it is about this world, by id. */
void admin_renew(struct admin_table *t, const struct world *w);

/* Read what was kept. No file is fine: 0. -1 and *why (at least 512 bytes) if
 * it cannot be read; lines that cannot be understood are left out with a
 * warning in the log. */
int admin_load(struct admin_table *t, char *why, size_t size);

/*
 * Take the fields of `admin <kind> <id> <state> <when> <who> <why>`. `when` 0
 * means now. 0, or -1 and *why (for people, at least 160 bytes). An id that
 * the world lacks is fine (n is -1), unless it is none at all.
 */
int admin_parse_line(const struct world *w, const struct line *l, int64_t now,
    struct admin_word *word, char *why, size_t size);
/* The same as a line without newline; -1 if it does not fit. */
int admin_line(enum admin_kind kind, const char *id,
    const struct admin_entry *e, char *buf, size_t size);

/*
 * Take a word: true if it is newer than what is known and was taken. One by an
 * operator is newer by definition: it gets the next second if need be, so that
 * a manager whose clock is ahead does not have the last word for long. *saved
 * tells whether it is on disk.
 */
bool admin_take(struct admin_table *t, struct admin_word *word,
    bool by_operator, bool *saved);
/* Whether all of it is on disk; if not, write it anew every few seconds: to be
 * called often. */
bool admin_is_saved(const struct admin_table *t);
void admin_retry(struct admin_table *t, struct mono now);

const struct admin_entry *
admin_entry(const struct admin_table *t, enum admin_kind kind, int n);
size_t admin_count(const struct admin_table *t, enum admin_kind kind);
/* Words about what is not there: how many, and one of them. */
size_t admin_absent_count(const struct admin_table *t);
const struct admin_entry *admin_absent(const struct admin_table *t, size_t i,
    enum admin_kind *kind, const char **id);
/* What holds for a server: the strictest of its own and its site's. */
enum admin admin_server(const struct admin_table *t, int server);
const char *admin_id(const struct admin_table *t, enum admin_kind kind, int n);
const char *admin_kind_text(enum admin_kind kind);

/* $HOPSCOTCH_STATE or /var/lib/hopscotch, and manager-<id>.admin in it. */
void admin_default_file(const char *id, char *path, size_t size);

#endif
