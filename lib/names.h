/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_NAMES_H
#define LIB_NAMES_H

/*
 * A map from a name to a number: which server, site, host name is meant.
 * Keys are kept by reference and must outlive the map.
 */

#include <stddef.h>

struct names;

struct names *names_new(void);
void names_free(struct names **n);
/* 0, or -1 if the name is there already (the map is unchanged). */
int names_add(struct names *n, const char *name, int value);
/* The number of a name, or -1. */
int names_find(const struct names *n, const char *name);
/* The same for text that is not terminated; compared without regard to case
 * (ASCII), as host names are (RFC 4343). */
int names_find_host(const struct names *n, const char *name, size_t len);
size_t names_count(const struct names *n);

#endif
