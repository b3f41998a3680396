/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AGENT_PINGARGS_H
#define AGENT_PINGARGS_H

/* What hoppingd's options say. */

#include <stddef.h>
#include <stdint.h>

#include "agent/args.h"
#include "agent/common.h"
#include "lib/addr.h"

#define PINGARGS_LIST_MAX     1024
#define PINGARGS_CANARIES_MAX 16

struct pingargs {
	struct common common;
	const char *border;
	struct addr source4, source6;
	char sources[2 * ADDR_TEXT];
	struct addr canaries[PINGARGS_CANARIES_MAX];
	const struct args_value *canary_from[PINGARGS_CANARIES_MAX];
	size_t ncanaries;
	struct prefix *allow, *deny;
	size_t nallow, ndeny;
	int64_t rate, targets;
};

extern const struct arg pingargs_table[];
extern const char pingargs_usage[];

/* What is wrong is a fault of `a`, whose texts are pointed into. */
void pingargs_take(struct pingargs *p, struct args *a);
void pingargs_fini(struct pingargs *p);

#endif
