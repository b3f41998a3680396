/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CTL_CTL_H
#define CTL_CTL_H

/*
 * What the verbs of hopctl share: the options, the configuration, the exit
 * statuses. A verb is one file and one row of the table in ctl/verbs.c.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "lib/conf.h"
#include "lib/world.h"

enum ctl_exit { CTL_OK = 0, CTL_FAILED = 1, CTL_USAGE = 2 };

/* One run of hopctl: options as given (NULL or false: not given). */
struct ctl {
	const char *verb;
	char *conf_file;
	char *timeout, *cert, *key, *ca;
	char *daemon;
	char *contact, *service, *feed, *rtt, *director, *why_not;
	char *reason, *as, *at_most;
	char *sort, *filter, *root, *ttl, *format;
	bool json, relay, secrets, wait, local, once, certs, help;
	FILE *out, *err;
	struct tls tls; /* of the three files, if given */
};

/* The verbs: arguments without options, argv[argc] is NULL. */
int check_run(struct ctl *c, int argc, char **argv);
int status_run(struct ctl *c, int argc, char **argv);
int explain_run(struct ctl *c, int argc, char **argv);
int drain_run(struct ctl *c, int argc, char **argv);
int reload_run(struct ctl *c, int argc, char **argv);
int top_run(struct ctl *c, int argc, char **argv);
int doctor_run(struct ctl *c, int argc, char **argv);
int zone_run(struct ctl *c, int argc, char **argv);
int completion_run(struct ctl *c, int argc, char **argv);
int version_run(struct ctl *c, int argc, char **argv);

/* Parse the command line and run its verb; the exit status. */
int ctl_main(int argc, char **argv, FILE *out, FILE *err);
/* "hopctl VERB: text" and a hint at --help; CTL_USAGE. */
int ctl_usage(const struct ctl *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* "hopctl VERB: text"; CTL_FAILED. */
int ctl_failed(const struct ctl *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* "file:line: text" each; without warnings or with them. */
void ctl_print_errors(const struct conf_errors *errs, bool warnings, FILE *out);
/* The configuration, or NULL after all errors have been printed. */
struct world *ctl_load(const struct ctl *c);
/* TLS files for connections: those of the options, else the world's. */
const struct tls *ctl_tls(struct ctl *c, const struct world *w);

#endif
