/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CTL_DOCTOR_SNMPDCONF_H
#define CTL_DOCTOR_SNMPDCONF_H

/* The directives that a snmpd reads, with all files that it includes. */

#include <stdbool.h>
#include <stddef.h>

#include "ctl/doctor/host.h"

#define SNMPDCONF_WORDS 12

struct snmpd_directive {
	char *file;
	int line;
	char *text; /* the words point into it */
	const char *word[SNMPDCONF_WORDS];
	size_t words;
};

struct snmpd_conf {
	struct snmpd_directive *list;
	size_t n;
	char **files; /* that were read */
	size_t nfiles;
	bool persistent; /* the file of its users could be read */
};

/* Read what this snmpd reads, or with p == NULL one with Debian's paths. */
void snmpdconf_read(
    struct snmpd_conf *c, const struct host *h, const struct host_process *p);
void snmpdconf_fini(struct snmpd_conf *c);
/* The next directive of this name (without regard to case) behind `after` (or
 * NULL), or NULL. */
const struct snmpd_directive *snmpdconf_find(const struct snmpd_conf *c,
    const char *name, const struct snmpd_directive *after);
/* A word, "" if there are fewer. */
const char *snmpdconf_word(const struct snmpd_directive *d, size_t i);
bool snmpdconf_has_file(const struct snmpd_conf *c, const char *path);

#endif
