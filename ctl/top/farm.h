/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CTL_TOP_FARM_H
#define CTL_TOP_FARM_H

/*
 * The farm as `top` shows it: out of the last two answers of each daemon, rows
 * with rates. Pure; all texts are those of the answers, encoded as they came,
 * and live as long as these.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl/top/watch.h"
#include "lib/state.h"

/* A server in a service. A number below 0 is not known. */
struct farm_server {
	const char *id, *service, *site, *reason;
	enum state state;
	int64_t load, connections, age_ms;
	double ram, cpu; /* per cent that is free */
	double draws;    /* clients a second, of all services */
};

struct farm_service {
	const char *id, *reason;
	enum state state;
	int64_t live, servers;
	double decisions, no_server, requests; /* a second */
};

#define FARM_DOES 160

struct farm_daemon {
	const char *id, *program, *why;
	bool up, skewed;
	int64_t uptime_s;
	char does[FARM_DOES]; /* for people */
};

struct farm {
	struct farm_server *server;
	size_t nservers;
	struct farm_service *service;
	size_t nservices;
	struct farm_daemon *daemon;
	size_t ndaemons;
	double decisions, draws, requests; /* a second, of all */
	size_t states[STATE_DOWN + 1];     /* servers in each */
};

enum farm_sort {
	FARM_BY_SERVER,
	FARM_BY_STATE,
	FARM_BY_LOAD,
	FARM_BY_CONNECTIONS,
	FARM_BY_DRAWS,
	FARM_SORTS
};

struct farm *
farm_new(const struct world *w, const struct watch_one *one, size_t n);
void farm_free(struct farm **f);
/* The order of servers; those that are alike stay in the file's. */
void farm_sort(struct farm *f, enum farm_sort by);
/* Keep only servers with this text in id, service, site, state or reason. */
void farm_filter(struct farm *f, const char *text);
const char *farm_sort_text(enum farm_sort by);
/* 0, or -1 if there is no such word. */
int farm_sort_parse(const char *text, enum farm_sort *by);

#endif
