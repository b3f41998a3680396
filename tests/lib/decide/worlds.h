/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_LIB_DECIDE_WORLDS_H
#define TESTS_LIB_DECIDE_WORLDS_H

/*
 * Worlds without a configuration file, for tests and benches: one of a given
 * size in which all is alike, to be changed by hand, and random ones. Freed
 * with world_free().
 */

#include <stdio.h>

#include "lib/mem.h"
#include "lib/world.h"

/* xorshift64: the same numbers on every machine. */
static inline uint64_t
dice(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* One of 0..n-1. */
static inline int
roll(uint64_t *seed, int n)
{
	return (int)((dice(seed) >> 11) % (uint64_t)n);
}

static inline bool
chance(uint64_t *seed, int percent)
{
	return roll(seed, 100) < percent;
}

static inline char *
worlds_id(const char *what, size_t n)
{
	char id[32];

	(void)snprintf(id, sizeof(id), "%s%zu", what, n);
	return mem_text(id);
}

/* Sites, and borders dealt out to them in turn; 10 ms between any two. */
static inline void
worlds_network(struct world *w, size_t nsites, size_t nborders)
{
	size_t i, j;

	w->nsites = nsites;
	w->sites = mem_array(nsites, sizeof(*w->sites));
	w->nborders = nborders;
	w->borders = mem_array(nborders, sizeof(*w->borders));
	w->delay_us = mem_array(nsites * nsites, sizeof(*w->delay_us));
	for (i = 0; i < nsites; i++) {
		w->sites[i].n = (int)i;
		w->sites[i].id = worlds_id("site", i);
		w->sites[i].borders = mem_array(nborders, sizeof(int));
		(void)names_add(w->site_by_id, w->sites[i].id, (int)i);
		for (j = 0; j < nsites; j++)
			w->delay_us[i * nsites + j] = i == j ? 0 : 10000;
	}
	for (i = 0; i < nborders; i++) {
		struct site *s = &w->sites[i % nsites];

		w->borders[i].n = (int)i;
		w->borders[i].id = worlds_id("border", i);
		w->borders[i].site = s->n;
		s->borders[s->nborders++] = (int)i;
		(void)names_add(w->border_by_id, w->borders[i].id, (int)i);
	}
}

/* A server with an alias of both families through every border. */
static inline void
worlds_server(struct world *w, size_t n)
{
	struct server *s = &w->servers[n];
	char text[64];
	size_t b;

	s->n = (int)n;
	s->id = worlds_id("server", n);
	s->site = (int)(n % w->nsites);
	s->weight = 1;
	s->naliases = w->nborders;
	s->aliases = mem_array(w->nborders, sizeof(*s->aliases));
	(void)names_add(w->server_by_id, s->id, s->n);
	for (b = 0; b < w->nborders; b++) {
		s->aliases[b].border = (int)b;
		(void)snprintf(text, sizeof(text), "server%zu-%zu.test", n, b);
		s->aliases[b].name = mem_text(text);
		(void)snprintf(text, sizeof(text), "10.%zu.%zu.%zu", n / 250,
		    n % 250, b % 250);
		(void)addr_parse(text, &s->aliases[b].v4);
		(void)snprintf(
		    text, sizeof(text), "2001:db8:%zx:%zx::1", n + 1, b + 1);
		(void)addr_parse(text, &s->aliases[b].v6);
	}
}

/* One service, "service0", of all servers, under "policy0": weighted, 5 %,
 * by path and connections. */
static inline struct world *
worlds_new(size_t nsites, size_t nborders, size_t nservers)
{
	struct world *w = mem_new(sizeof(*w));
	size_t i;

	w->site_by_id = names_new();
	w->border_by_id = names_new();
	w->server_by_id = names_new();
	w->service_by_id = names_new();
	w->service_by_host = names_new();
	worlds_network(w, nsites, nborders);
	w->nservers = nservers;
	w->servers = mem_array(nservers, sizeof(*w->servers));
	for (i = 0; i < nservers; i++)
		worlds_server(w, i);
	w->npolicies = 1;
	w->policies = mem_array(1, sizeof(*w->policies));
	w->policies[0] = (struct policy){.id = mem_text("policy0"),
	    .fuzz_ppm = 50000,
	    .path = true,
	    .slow_start_us = 30000000};
	w->policies[0].metric[METRIC_CONNECTIONS] =
	    (struct metric_rule){.used = true, .weight = 1};
	w->nservices = 1;
	w->services = mem_array(1, sizeof(*w->services));
	w->services[0] =
	    (struct service){.id = mem_text("service0"), .nuse = nservers};
	w->services[0].use = mem_array(nservers, sizeof(int));
	w->services[0].backup = mem_array(nservers, sizeof(bool));
	w->prefix4 = 24;
	w->prefix6 = 48;
	for (i = 0; i < nservers; i++)
		w->services[0].use[i] = (int)i;
	(void)names_add(w->service_by_id, w->services[0].id, 0);
	return w;
}

static inline void
worlds_random_delays(struct world *w, uint64_t *seed)
{
	size_t i, n = w->nsites;
	bool coarse = chance(seed, 50);

	for (i = 0; i < n * n; i++) {
		if (i % (n + 1) == 0)
			w->delay_us[i] = 0;
		else if (chance(seed, 10))
			w->delay_us[i] = WORLD_NO_ROUTE;
		else
			w->delay_us[i] =
			    coarse ? roll(seed, 4) * 1000 : roll(seed, 60000);
	}
}

static inline void
worlds_random_servers(struct world *w, uint64_t *seed)
{
	static const unsigned weights[] = {1, 1, 2, 3, 5, 30000};
	size_t i, b;

	for (i = 0; i < w->nservers; i++) {
		struct server *s = &w->servers[i];

		s->site = roll(seed, (int)w->nsites);
		s->weight = weights[roll(seed, 6)];
		for (b = 0; b < s->naliases; b++) {
			struct alias swap = s->aliases[b];
			size_t other = (size_t)roll(seed, (int)s->naliases);

			s->aliases[b] = s->aliases[other];
			s->aliases[other] = swap;
			if (chance(seed, 30))
				s->aliases[b].v4.family = AF_UNSPEC;
			if (chance(seed, 30))
				s->aliases[b].v6.family = AF_UNSPEC;
		}
	}
}

/* A small world, odd in every way that the rules know. */
static inline struct world *
worlds_random(uint64_t *seed)
{
	static const uint32_t fuzz[] = {0, 0, 25000, 50000, 100000, 1000000};
	size_t nsites = (size_t)roll(seed, 5) + 1, i;
	struct world *w = worlds_new(
	    nsites, nsites + (size_t)roll(seed, 3), (size_t)roll(seed, 8) + 1);
	struct policy *p = &w->policies[0];
	int m;

	w->replies = chance(seed, 50) ? REPLIES_OWN : REPLIES_SHARED;
	w->return_leg = chance(seed, 50) ? RETURN_SERVER : RETURN_BORDER;
	w->unmeasured =
	    chance(seed, 50) ? UNMEASURED_CONTACT : UNMEASURED_SPREAD;
	worlds_random_delays(w, seed);
	worlds_random_servers(w, seed);
	p->select = chance(seed, 50) ? SELECT_BEST : SELECT_WEIGHTED;
	p->fuzz_ppm = fuzz[roll(seed, 6)];
	p->fuzz_min_us = chance(seed, 30) ? roll(seed, 5000) : 0;
	p->path = chance(seed, 75);
	for (m = 0; m < METRICS; m++)
		p->metric[m].used = chance(seed, 25);
	w->services[0].all_busy =
	    chance(seed, 50) ? ALL_BUSY_SERVE : ALL_BUSY_REFUSE;
	if (chance(seed, 30))
		for (i = 0; i < w->nservers; i++)
			w->services[0].backup[i] = chance(seed, 40);
	return w;
}

#endif
