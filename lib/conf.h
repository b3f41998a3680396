/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_CONF_H
#define LIB_CONF_H

/*
 * The configuration file to a world. lib/grammar.c declares the grammar, this
 * module reads by it; it is the only one that knows libxml2. Keeps no state:
 * load as often as you like.
 */

#include <stdbool.h>
#include <stddef.h>

#include "lib/world.h"

struct conf_error {
	char *file;
	int line;
	bool warning; /* the file is usable all the same */
	bool sense;   /* the grammar allows it; it makes no sense */
	char *text;
};

struct conf_errors {
	struct conf_error *list; /* in order of file and line */
	size_t n;
};

enum conf_secrets { CONF_SECRETS_READ, CONF_SECRETS_SKIP };

/*
 * Read a file with all its includes. Returns the world, or NULL; *errs then
 * holds every error found, not just the first, and may hold warnings in either
 * case. Free them with conf_errors_free(). Secret files are read by the
 * daemons that need them and skipped by all others (a front end must not need
 * the manager's secrets).
 */
struct world *conf_load(
    const char *path, enum conf_secrets secrets, struct conf_errors *errs);
/* The same for text in memory, with a name for the messages; file names in it
 * are relative to the working directory, <include> is refused. */
struct world *conf_load_text(const char *name, const char *text, size_t len,
    enum conf_secrets secrets, struct conf_errors *errs);
void conf_errors_free(struct conf_errors *errs);
/* Log each of them as "file:line: text"; true if one is an error. */
bool conf_errors_log(const struct conf_errors *errs);

#define CONF_DEFAULT_FILE "/etc/hopscotch/hopscotch.xml"
#define CONF_RUN_DIR      "/run/hopscotch"
#define CONF_STATE_DIR    "/var/lib/hopscotch"

#endif
