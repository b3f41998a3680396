/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AGENT_OPTION_H
#define AGENT_OPTION_H

/* What hoploadd's options say. Pure; errors are for people. */

#include <stdbool.h>
#include <stddef.h>

#include "lib/check.h"

#define OPTION_ID_MAX   255
#define OPTION_PATH_MAX 300
#define OPTION_WHY      160 /* room for an error */

struct option_check {
	char id[OPTION_ID_MAX + 1]; /* the service's id */
	enum check_type type;
	struct addr addr;
	uint16_t port;
	char path[OPTION_PATH_MAX + 1]; /* http */
	char host[OPTION_ID_MAX + 1];   /* http; "": the address */
	unsigned status;                /* http; 0: any 2xx or 3xx */
};

/*
 * ID=tcp:ADDR:PORT | ID=ftp://ADDR[:PORT] |
 * ID=http://ADDR[:PORT][/PATH][,status=200][,host=NAME]
 * IPv6 addresses in brackets. 0, or -1 and *why.
 */
int option_check(const char *text, struct option_check *out, char *why);
/* Whether two ask the same, their ids apart. */
bool option_same(const struct option_check *a, const struct option_check *b);
/* "80" or "80,443,..." behind what *n are there; at most max, each once,
 * ascending. 0, or -1 and *why. */
int option_ports(
    const char *text, uint16_t *list, size_t *n, size_t max, char *why);

#endif
