/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_LOG_H
#define LIB_LOG_H

/*
 * One log for every program: a line is "program: subsystem: text". It goes to
 * standard error, with a priority where that is systemd's journal, or to a
 * file. This module knows no type of the project. All functions keep errno.
 */

#include <stdbool.h>
#include <stdint.h>

enum log_level {
	LOG_LEVEL_DEBUG,
	LOG_LEVEL_INFO,
	LOG_LEVEL_WARN,
	LOG_LEVEL_NONE /* of log_init(): a command that says all by itself */
};

/* Name the program (kept by reference) and the least level that is shown. */
void log_init(const char *program, enum log_level least);
/*
 * Write to this file from now on (kept by reference; made with mode 0640 if it
 * is not there), and what libraries say on standard error too. 0, or -1 with
 * errno. Once the name leads to another file, lines go there, in child
 * processes as well; until it leads to one they go on into the old file.
 */
int log_file(const char *path);
/* Open the file of log_file() anew, if there is one; for SIGUSR1, after the
 * file was moved away. An error is logged, into the old file. */
void log_reopen(void);
/* A level that can be asked for: debug, info or warn; 0, or -1. */
int log_level_parse(const char *text, enum log_level *level);

/* Subsystem first ("poll", "http"), then a printf format without newline. */
void log_debug(const char *sub, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void log_info(const char *sub, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* log_warn() adds ": " and the text of errno, log_warnx() does not. */
void log_warn(const char *sub, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void log_warnx(const char *sub, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* For start-up only: logs and ends the program with exit status 1. */
void log_fatalx(const char *sub, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), noreturn));

/*
 * A bound for what a peer can make us log: at most `burst` lines per 10 s.
 * log_allowed() says whether a line may be written now; when it opens again
 * after having refused lines it logs how many were left out.
 */
struct log_bound {
	unsigned burst;
	unsigned used;
	unsigned left_out;
	int64_t window_ns;
};
bool log_allowed(struct log_bound *b, const char *sub);

#endif
