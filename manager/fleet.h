/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MANAGER_FLEET_H
#define MANAGER_FLEET_H

/*
 * What the manager knows at run time of servers, services, sites and borders:
 * results go in, states and loads come out through struct fleet_events. No
 * I/O and no clock of its own. The structs are open for those who show them;
 * only fleet.c, verdict.c and loads.c write to them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/decide/judge.h"
#include "lib/decide/weigh.h"
#include "lib/log.h"
#include "lib/mono.h"
#include "lib/reason.h"
#include "lib/state.h"
#include "lib/world.h"
#include "manager/admin.h"
#include "manager/record.h"

/* A state, why, and since when. Written by status_set() alone. */
struct status {
	enum state state;
	enum reason reason;
	struct mono since; /* of the state */
	uint32_t changes;  /* the first judgement left out */
};

/* A server in a service. */
struct fleet_use {
	int n; /* in fleet.uses */
	int server, service;
	struct status status;
	/* It came with a reload: directors are told so, as nobody knows it. */
	bool added;
	/* The agent's check of the service, as last read. */
	bool has_check;
	enum state check;
	enum reason check_reason;
	bool staged_has; /* the same, while the table is being read */
	enum state staged;
	enum reason staged_reason;
	/* Our own tries. */
	struct judge tried;
	bool trying;
	struct mono next_try;
	/* It would be down, but is not believed to be; quietly while our own
	 * start goes on, else the service is frozen. */
	bool held, quietly;
	struct mono held_since;
	unsigned held_refusals; /* tries in a row that the host refused */
	struct mono died;       /* when it last went down by itself */
	struct mono up_since;   /* slow start; {0}: long */
	int load;
	bool has_load; /* it comes from a sample */
	bool busy;
	enum reason busy_reason;
	struct mono load_time; /* when it was last announced */
};

struct fleet_server {
	struct status status; /* the best of its uses */
	struct status agent;  /* UNKNOWN for ever if it has none */
	char agent_text[RECORD_NAME];
	bool late;            /* the poll under way has had one silence */
	struct mono heard;    /* of it, from its poller */
	struct mono answered; /* by it */
	int64_t rtt_us;
	uint64_t polls, timeouts;
	uint64_t engine; /* hash of its engine ID; 0: not met yet */
	bool has_sample;
	bool lacks[METRICS]; /* its agent has no such objects */
	struct mono cpu;     /* when its share was told last */
	struct sample newest, smooth;
	uint32_t number;     /* of the newest sample */
	struct mono sampled; /* when it was taken */
	bool fresh;          /* not yet in a load line */
	enum admin admin;    /* the strictest of server and site */
	int *uses;           /* in fleet.uses */
	size_t nuses;
};

struct fleet_service {
	struct status status;
	int first; /* its uses are in fleet.uses from here on */
	bool frozen;
	uint32_t freezes;
	bool dirty; /* to be weighed */
};

struct fleet_events {
	/* A state or its reason has changed. */
	void (*use)(void *arg, const struct fleet_use *u);
	void (*server)(void *arg, int server);
	void (*border)(void *arg, int border);
	/* Each new sample, behind the loads that follow from it. */
	void (*sample)(void *arg, int server);
	/* New loads of these uses of a service. */
	void (*loads)(void *arg, int service, const int *uses, size_t n);
	void *arg;
};

struct fleet {
	const struct world *world;
	struct fleet_events on;
	int64_t poll_us;
	uint32_t smooth_ppm;
	struct mono start;
	struct fleet_server *servers;
	struct fleet_service *services;
	struct fleet_use *uses;
	size_t nuses;
	struct status *sites;
	struct status *borders;
	enum admin *border_admin;
	bool *uplink_down;
	int *scratch; /* a number a use */
	struct weigh_input *weigh_in;
	struct weighed *weigh_out;
	size_t next_use; /* where the look for due tries goes on */
	struct mono restless, watched;
	struct log_bound log;
};

/* The world must outlive it; `m` says how often and how smooth. */
struct fleet *fleet_new(const struct world *w, const struct manager *m,
    const struct fleet_events *on, struct mono now);
void fleet_free(struct fleet **f);
/* The use of a server in a service, or -1. */
int fleet_use(const struct fleet *f, int server, int service);

/* What a poller said. */
void fleet_record(struct fleet *f, const struct record *r, struct mono now);

/* A use whose service is to be tried now, or -1; it counts as being tried
 * until fleet_tried(). Call it until it answers -1. */
int fleet_next_try(struct fleet *f, struct mono now);
void fleet_tried(
    struct fleet *f, int use, bool ok, enum reason reason, struct mono now);

/* What the operator wants: of a server (its site's included), of a border. */
void
fleet_set_admin(struct fleet *f, int server, enum admin admin, struct mono now);
void fleet_set_border(
    struct fleet *f, int border, enum admin admin, struct mono now);
/* The same as the table has it now: of a server, of all servers of a site, of
 * a border. */
void fleet_apply_admin(struct fleet *f, const struct admin_table *t,
    enum admin_kind kind, int n, struct mono now);

/* What the prober of a border says of its uplink. */
void fleet_set_uplink(struct fleet *f, int border, bool down, struct mono now);

/* Weigh what has changed, tell loads. About ten times a second. */
void fleet_tick(struct fleet *f, struct mono now);

/* Whether first results are still coming in after our own start. */
bool fleet_is_starting(const struct fleet *f, struct mono now);
/* Whether everything has been judged that can be, or waited for enough: only
 * then is silence about something news to a director. */
bool fleet_ready(const struct fleet *f, struct mono now);

/* How many are live, of a service; of a site, and of how many. */
unsigned fleet_live_of_service(const struct fleet *f, int service);
unsigned fleet_live_of_site(const struct fleet *f, int site, unsigned *all);

/* Whether new clients may go there: up or overloaded. */
bool status_is_live(const struct status *s);
/* The one function that writes a state; logs "what: from -> to (reason)" with
 * how long it was (at debug level if quiet). True if anything changed. */
bool status_set(struct status *s, enum state state, enum reason reason,
    struct mono now, bool quiet, const char *what);
/* "4 s", "3 min", "2 h", "5 d". Returns buf. */
const char *fleet_span_text(int64_t ms, char *buf, size_t size);

#endif
