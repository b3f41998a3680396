/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AGENT_COMMON_H
#define AGENT_COMMON_H

/* The options that hoploadd and hoppingd have in common. */

#include <stdbool.h>

#include "agent/args.h"
#include "lib/log.h"
#include "lib/reload.h"

enum {
	COMMON_OPTIONS = 1,
	COMMON_ID,
	COMMON_NO_CONTROL,
	COMMON_USER,
	COMMON_AGENTX,
	COMMON_CONTEXT,
	COMMON_LOG_LEVEL,
	COMMON_LOG_FILE,
	COMMON_VERSION,
	COMMON_HELP,
	COMMON_END /* the daemon's own go on from here */
};

/* Rows of a table of options, and what --help says of them. */
/* clang-format off */
#define COMMON_ARGS                                            \
	{"options", COMMON_OPTIONS, ARG_LINE},                 \
	{"id", COMMON_ID, ARG_FIXED},                          \
	{"no-control", COMMON_NO_CONTROL, ARG_FLAG | ARG_FIXED}, \
	{"user", COMMON_USER, ARG_FIXED},                      \
	{"agentx", COMMON_AGENTX, ARG_FIXED},                  \
	{"context", COMMON_CONTEXT, ARG_FIXED},                \
	{"log-level", COMMON_LOG_LEVEL, 0},                    \
	{"log-file", COMMON_LOG_FILE, ARG_FIXED},              \
	{"version", COMMON_VERSION, ARG_VERSION},              \
	{"help", COMMON_HELP, ARG_HELP}
/* clang-format on */
#define COMMON_USAGE                                                        \
	"  --no-control         no control socket\n"                        \
	"  --user NAME          become this user\n"                         \
	"  --agentx SOCKET      AgentX socket of snmpd\n"                   \
	"  --context NAME       SNMP context (the default one)\n"           \
	"  --log-level LEVEL    debug, info (default) or warn\n"            \
	"  --log-file FILE      log to this file, opened anew on SIGUSR1\n" \
	"  --options FILE       more options, one a line without dashes;\n" \
	"                       read again on SIGHUP and `hopctl reload`\n" \
	"  --version, --help\n"

/* Texts are NULL where they are not given. */
struct common {
	const char *options, *id, *user, *agentx, *context, *log_file;
	bool control;
	enum log_level level;
};

/* Take those of the list; pointers go into it. What is wrong is a fault. */
void common_take(struct common *c, struct args *a);
/* The command line, and the file that it names. */
struct args *common_args(const char *program, const struct arg *table,
    const char *usage, int argc, char **argv);
/*
 * For a reload: the command line and the file as it is now, or NULL and *why if
 * there is none. The daemon takes it and then asks whether it may have it: all
 * that is wrong is told, what cannot change while it runs as well.
 */
struct args *common_again(const struct args *old, char *why, size_t size);
bool common_accept(struct args *a, const struct args *old,
    struct reload_faults *faults, char *why, size_t size);
/* Whether it may be an id: 1 to 255 of A-Z a-z 0-9 . _ - */
bool common_is_id(const char *text);
#define COMMON_ID_FORM "1 to 255 of A-Z a-z 0-9 . _ -"

#endif
