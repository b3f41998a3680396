/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_DAEMON_H
#define LIB_DAEMON_H

/*
 * What the daemons have in common: options, configuration, finding oneself in
 * it, the event base, signals. For start-up: errors end the program with a
 * message and exit status 2 (usage) or 1.
 */

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/conf.h"
#include "lib/world.h"

struct daemon {
	const char *program;   /* given by the caller; all else is filled in */
	const char *conf_file; /* -f */
	const char *id;        /* --id, or NULL */
	const char *user;      /* --user, or NULL */
	const char *agentx;    /* AgentX socket, or NULL: the default */
	const char *log_file;  /* --log-file, or NULL: standard error */
	bool no_snmp;
	uint32_t keep; /* capabilities for daemon_drop(), see lib/drop.h */
	struct world *world; /* the daemon's owner frees it, or nobody does */
	struct event_base *base;
	struct event *signals[4], *alive;
	/* On SIGHUP; see lib/reload.h. NULL: it only says that it cannot. */
	void (*on_hup)(struct daemon *d);
	struct reload *reload; /* of lib/reload.c */
	int status;            /* what daemon_run() answers */
};

/*
 * Options, configuration (all its errors are printed, then exit 1), then
 * daemon_base(). --version and --help end with 0.
 */
void daemon_start(
    struct daemon *d, int argc, char **argv, enum conf_secrets secrets);
/* The part for a daemon without configuration file: event base, SIGPIPE
 * ignored, open files up to the hard limit, SIGTERM and SIGINT end the loop,
 * SIGUSR1 opens the log file anew. */
void daemon_base(struct daemon *d);
/* The default AgentX socket: ours for unprivileged daemons if it is there,
 * else NULL. */
const char *daemon_agentx(void);

/* Our place in the world's array, by --id or by host name. */
int daemon_self_manager(const struct daemon *d);
int daemon_self_director(const struct daemon *d);
int daemon_self_frontend(const struct daemon *d);
/* The place of this id in another world, or -1: for a reload. */
int daemon_find_manager(const struct world *w, const char *id);
int daemon_find_director(const struct world *w, const char *id);
int daemon_find_frontend(const struct world *w, const char *id);

/* Become --user; call it after the sockets are open. */
void daemon_drop(struct daemon *d);
/* The loop, after telling the service manager that we are ready, until
 * SIGTERM or SIGINT; returns the exit status. */
int daemon_run(struct daemon *d);
/* End the loop with this status, after this turn. */
void daemon_end(struct daemon *d, int status);
/* Frees base and signals, and the world. */
void daemon_fini(struct daemon *d);

#endif
