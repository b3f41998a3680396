/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AGENT_ARGS_H
#define AGENT_ARGS_H

/*
 * The options of a daemon without a configuration file: those of its command
 * line, and the same ones in a file, one a line, which can be read again. This
 * knows names and places; what a value means is agent/loadargs's and
 * agent/pingargs's, who find fault with it here, so that all faults are told.
 *
 *	check www=http://127.0.0.1/      # behind a blank: a comment
 *	no-control
 *
 * What stands on the command line beats the file; of an option that may be
 * there more than once both count.
 */

#include <stddef.h>

#define ARGS_LINE_MAX 4096      /* bytes of a line in the file */
#define ARGS_FILE_MAX (1 << 20) /* and of the file */

enum {
	ARG_FLAG = 1,  /* has no value */
	ARG_LINE = 2,  /* for the command line only */
	ARG_LIST = 4,  /* may be there more than once */
	ARG_FIXED = 8, /* is not changed by a daemon that runs */
	/* What every daemon has; these two end the program. */
	ARG_VERSION = 16 | ARG_FLAG | ARG_LINE,
	ARG_HELP = 32 | ARG_FLAG | ARG_LINE
};

struct arg {
	const char *name; /* without dashes; NULL ends the table */
	int number;       /* the daemon's */
	unsigned kind;    /* ARG_... */
};

struct args_value {
	const struct arg *arg;
	const char *value; /* "" of a flag */
	unsigned line;     /* of the file; 0: on the command line */
};

struct args;

/*
 * The command line, taken apart; `usage` is printed for --help, and if it can
 * not be taken apart, which ends the program too. Keeps all by reference.
 */
struct args *args_new(const char *program, const struct arg *table,
    const char *usage, int argc, char **argv);
/* Another one with the same command line and no file. */
struct args *args_again(const struct args *a);
void args_free(struct args **a);

/* Add what a file says; what cannot be read or taken apart is a fault. */
void args_file(struct args *a, const char *path);
/* The same for text; `name` is for the faults. */
void args_text(struct args *a, const char *name, const char *text, size_t len);

/* Values in order, those of the command line behind those of the file. */
size_t args_count(const struct args *a);
const struct args_value *args_at(const struct args *a, size_t i);
/* The last value of an option, or NULL. */
const struct args_value *args_last(const struct args *a, int number);

/* Find fault with a value, text follows its place and name: "--rate..." or
 * "FILE:3: rate..."; or (NULL) with all of it. */
void args_fault(struct args *a, const struct args_value *v, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));
/* A fault for each fixed option that says something else than in `old`. */
void args_fault_fixed(struct args *a, const struct args *old);
size_t args_faults(const struct args *a);
const char *args_fault_text(const struct args *a, size_t i);
/* For the start: if there are faults, print them all and end the program. */
void args_end_faulty(const struct args *a);

#endif
