/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AGENT_TARGET_H
#define AGENT_TARGET_H

/*
 * The addresses that managers asked for: a bounded table, in the order of the
 * numbers that they gave, and a queue of who is due. No I/O.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/limit.h"
#include "agent/train.h"
#include "lib/addr.h"
#include "lib/mono.h"

#define TARGET_OWNER_MAX 255

#define TARGET_NEVER ((struct mono){INT64_MAX})

/* What is asked for: the columns of hopProbeTargetTable. */
struct target_ask {
	struct addr addr;
	char owner[TARGET_OWNER_MAX + 1];
	uint32_t interval_ms; /* 0: one round */
	uint32_t probes, timeout_ms, lifetime_s;
};

struct target {
	uint32_t index;
	struct addr addr;
	char *owner;
	uint32_t interval_ms, timeout_ms, lifetime_s;
	uint8_t probes;
	struct mono expires;
	/* The round, which the engine runs. */
	struct train train;
	bool in_round;
	bool prohibited;        /* administratively, in this round */
	const char *trouble;    /* why a probe failed or met an error */
	enum limit waiting_for; /* why the round does not start */
	struct mono round;      /* when it started; {0}: none did */
	struct mono wanted;     /* when it has something to do */
	struct mono due;        /* that, or when it expires */
	uint32_t serial;        /* tells it from who had this place before */
};

struct targets;

struct targets *targets_new(size_t max);
void targets_free(struct targets **t);

size_t targets_count(const struct targets *t);
size_t targets_max(const struct targets *t);
/* A row with this number, due now; NULL: it is there already, or no room. */
struct target *targets_add(struct targets *t, uint32_t index,
    const struct target_ask *ask, struct mono now);
/* The row with this number, or NULL; the first one behind it, or at it. */
struct target *targets_find(const struct targets *t, uint32_t index);
struct target *targets_next(const struct targets *t, uint32_t index, bool at);
void targets_remove(struct targets *t, struct target *row);
/* Look at it then, or when it expires, whatever comes first. */
void targets_set_due(struct targets *t, struct target *row, struct mono due);
/* Who is due first, or NULL. */
struct target *targets_first(const struct targets *t);

#endif
