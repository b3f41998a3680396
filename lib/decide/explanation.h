/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_DECIDE_EXPLANATION_H
#define LIB_DECIDE_EXPLANATION_H

/*
 * What an explanation is made of: for the files that make, send and show it
 * (explain*.c), nobody else. All text is its own.
 */

#include "lib/decide/explain.h"

struct explained_border {
	char *id, *state, *reason;
	int64_t ping_us; /* PING_NOT_MEASURED, or PING_NO_REPLY */
	int64_t out_us;  /* or -1 */
	bool contradicts;
};

/* One pair of the internal matrix. */
struct explained_link {
	char *from, *to;
	int64_t delay_us; /* one way; -1: no route */
};

struct explained_path {
	char *site, *border;
	int64_t metric_us; /* or METRIC_NONE */
};

struct explained_candidate {
	char *server, *site, *border, *name, *address;
	int64_t load, weight;
	int64_t drawn; /* since the last sample */
	char *metrics; /* or NULL */
};

struct explained_excluded {
	char *server, *reason;
	char *border; /* of its best row, or NULL */
	int64_t metric_us;
	char *metrics; /* or NULL */
};

/* A preference, with the ids that it gives; all NULL: there is none. */
struct explained_prefer {
	char *client; /* its prefix */
	char *site, *border, *server;
	bool own;      /* the service's */
	char *ignored; /* why, or NULL: it holds */
};

struct explanation {
	char *service, *contact, *client, *policy, *select;
	int64_t rtt_us; /* or -1 */
	bool relay;
	char *prefix; /* of the line of paths, or NULL: none holds */
	int64_t age_ms;
	bool fresh;
	bool inherited;          /* an estimate from the prefixes it covers */
	bool incomplete;         /* first values are still to come */
	int64_t spread_us, loss; /* of the worst border; 0: not told */
	int64_t in_us;           /* or -1 */
	int64_t contradictions;
	struct explained_border *borders;
	size_t nborders;
	struct explained_link *links;
	size_t nlinks;
	struct explained_path *paths;
	size_t npaths;
	int64_t anchor_us, band_us; /* or METRIC_NONE */
	bool last_band, all_busy, unknown, by_weight, stale, backup;
	struct explained_prefer prefer;
	char *sticky; /* the client's prefix if the service is, or NULL */
	char *first;  /* sticky: the server it would be if none were much
			 fuller than the others, or NULL */
	char *none;   /* why there are no candidates, or NULL */
	struct explained_candidate *candidates;
	size_t ncandidates;
	struct explained_excluded *excluded;
	size_t nexcluded;
};

/* A zeroed element at the end of the list; valid until the next one. */
struct explained_border *explanation_add_border(struct explanation *e);
struct explained_link *explanation_add_link(struct explanation *e);
struct explained_path *explanation_add_path(struct explanation *e);
struct explained_candidate *explanation_add_candidate(struct explanation *e);
struct explained_excluded *explanation_add_excluded(struct explanation *e);

#endif
