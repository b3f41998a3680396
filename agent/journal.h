/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AGENT_JOURNAL_H
#define AGENT_JOURNAL_H

/*
 * The results of the ping daemon in the order in which they came: a ring whose
 * rows are numbered 1, 2, 3 ... in an epoch. Finding a row is arithmetic.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "agent/train.h"
#include "lib/addr.h"
#include "lib/mono.h"

struct journal_row {
	struct addr addr;
	uint32_t target; /* its row in the table, which may be gone */
	struct train_result result;
	const char *reason; /* a constant */
	struct mono written;
};

struct journal;

/* Room for `size` rows, at least 1. */
struct journal *journal_new(size_t size, uint32_t epoch);
void journal_free(struct journal **j);
/* An epoch for a daemon that starts at this time: greater than for any
 * earlier quarter of a second. */
uint32_t journal_epoch_at(const struct timespec *now);

/* The oldest row makes room. Copies. */
void journal_add(struct journal *j, const struct journal_row *row);
/* The row, or NULL if it is not (any more) there. */
const struct journal_row *
journal_find(const struct journal *j, uint32_t epoch, uint32_t index);
/* The first row behind (epoch, index), or at it if `at`; false: none. */
bool journal_next(
    const struct journal *j, uint32_t *epoch, uint32_t *index, bool at);

uint32_t journal_epoch(const struct journal *j);
uint32_t journal_last(const struct journal *j); /* index; 0: empty */
size_t journal_size(const struct journal *j);
uint32_t journal_bumped(const struct journal *j); /* rows that made room */

#endif
