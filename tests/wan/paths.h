/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_WAN_PATHS_H
#define TESTS_WAN_PATHS_H

/*
 * The emulated network: places, the ports (interfaces) at them, who is behind
 * which port, and what the way from one place to another is like. Set by text
 * lines, in a file or while it runs:
 *
 *	port IFACE PLACE
 *	route PREFIX IFACE
 *	set FROM TO [delay=5ms] [jitter=1ms] [loss=2%] [order=no] [both=yes]
 *
 * FROM and TO are places; * is all of them. There is no way between two places
 * before the first `set` of them. Jitter is added to the delay, evenly from 0
 * to the value; frames of a pair stay in order unless it says no. Pure.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/wan/frame.h"

#define PLACES_MAX   64
#define PORTS_MAX    128
#define ROUTES_MAX   1024
#define MACS_MAX     1024
#define WAN_NAME_MAX 16

struct path {
	bool open;
	bool unordered;
	int64_t delay_ns, jitter_ns;
	uint32_t loss_ppm;
	int64_t last_ns; /* when the last frame leaves, to keep order */
	uint64_t passed, lost;
	int64_t late_ns; /* most that a frame left too late */
};

struct port {
	char name[WAN_NAME_MAX];
	int place;
};

struct paths {
	char place[PLACES_MAX][WAN_NAME_MAX];
	int nplaces;
	struct port port[PORTS_MAX];
	int nports;
	struct {
		struct wan_addr prefix;
		unsigned len;
		int port;
	} route[ROUTES_MAX];
	int nroutes;
	struct {
		uint8_t mac[6];
		int port;
	} mac[MACS_MAX];
	int nmacs;
	struct path path[PLACES_MAX][PLACES_MAX];
	uint64_t random; /* state; not 0 */
};

/* Take one line, which is written to. false: nothing was changed, and *why
 * says what is wrong. Empty lines and those with # are taken as nothing. */
bool paths_line(struct paths *p, char *line, const char **why);
/* The port behind which an address is, by the longest prefix; -1: none. */
int paths_route(const struct paths *p, const struct wan_addr *a);
/* A station was seen at a port; where it is, or -1. */
void paths_learn(struct paths *p, const uint8_t *mac, int port);
int paths_station(const struct paths *p, const uint8_t *mac);
/*
 * When a frame that came at `in` is to leave. -1: never (lost, which is
 * counted, or no way). Where order is kept, what comes after a path was made
 * shorter does not overtake what came before.
 */
int64_t paths_due(struct paths *p, int from, int to, int64_t in_ns);

#endif
