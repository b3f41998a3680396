/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AGENT_REQUEST_H
#define AGENT_REQUEST_H

/*
 * One SET of the target table: its values gathered to rows, judged as a whole,
 * and then done. No I/O, no SNMP library.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/target.h"
#include "lib/agentx.h"

#define REQUEST_ROWS 2048 /* in one SET */

/* What is done, once it is sure. */
struct request_todo {
	enum { REQUEST_ADD, REQUEST_REMOVE, REQUEST_PROLONG } what;
	uint32_t index;
	const struct target_ask *ask; /* ADD; its lifetime for PROLONG */
};

struct request;

/* The table is only read. */
struct request *request_new(const struct targets *targets);
void request_free(struct request **r);

void request_begin(struct request *r);
/* A column of a row; 0 or enum agentx_error. */
int request_stage(struct request *r, uint32_t index, enum mib_object o,
    const struct snap_value *v);
/* Whether this row, with all that was staged, may be done. */
int request_test(struct request *r, uint32_t index);
/* What is to be done about the row; false: nothing (more). */
bool request_take(struct request *r, uint32_t index, struct request_todo *todo);
/* A row failed for want of room; true once a SET. */
bool request_was_full(struct request *r);

#endif
