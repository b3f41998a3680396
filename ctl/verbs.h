/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CTL_VERBS_H
#define CTL_VERBS_H

/* The verbs of hopctl and their options, as tables that do not change. */

#include <stddef.h>
#include <stdio.h>

#include "ctl/ctl.h"

struct verbs_option {
	const char *name;
	const char *arg; /* NULL: none */
	unsigned verbs;  /* bits of those that take it */
	size_t at;       /* in struct ctl: a bool without arg, else a text */
	const char *help;
};

struct verbs_verb {
	const char *name;
	unsigned bit;
	const char *args;
	const char *help;
	int (*run)(struct ctl *c, int argc, char **argv);
};

/* The i-th verb, or NULL. */
const struct verbs_verb *verbs_at(size_t i);
/* The verb of this name, or NULL. */
const struct verbs_verb *verbs_find(const char *name);
/* The i-th option of a verb, or NULL. */
const struct verbs_option *verbs_option(const struct verbs_verb *v, size_t i);
/* Usage: of all, or of one verb with its options. */
void verbs_help_all(FILE *out);
void verbs_help(const struct verbs_verb *v, FILE *out);

#endif
