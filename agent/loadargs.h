/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AGENT_LOADARGS_H
#define AGENT_LOADARGS_H

/* What hoploadd's options say. */

#include <stddef.h>
#include <stdint.h>

#include "agent/args.h"
#include "agent/common.h"
#include "agent/option.h"
#include "agent/ports.h"

#define LOADARGS_CHECKS_MAX 256

struct loadargs {
	struct common common;
	struct option_check *checks;
	size_t nchecks;
	uint16_t ports[PORTS_MAX];
	size_t nports;
	char ports_text[PORTS_MAX * 6 + 1]; /* "80 443"; "": all */
	int64_t interval_ms, rise, fall;
	const char *procfs;
};

extern const struct arg loadargs_table[];
extern const char loadargs_usage[];

/* What is wrong is a fault of `a`, whose texts are pointed into. */
void loadargs_take(struct loadargs *l, struct args *a);
void loadargs_fini(struct loadargs *l);

#endif
