/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a configuration: they load or are refused with a reason, and
 * what loads is whole.
 */
#include <stdint.h>
#include <stdlib.h>

#include "lib/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
need(bool ok)
{
	if (!ok)
		abort();
}

static void
look_at_services(const struct world *w)
{
	size_t i, k;

	for (i = 0; i < w->nservices; i++) {
		const struct service *s = &w->services[i];

		need(s->id != NULL && s->nhosts > 0);
		need(world_service(w, s->id) == (int)i);
		need(s->policy >= 0 && (size_t)s->policy < w->npolicies);
		for (k = 0; k < s->nuse; k++)
			need(s->use[k] >= 0 && (size_t)s->use[k] < w->nservers);
	}
}

static void
look_at(const struct world *w)
{
	size_t i, k;

	need(w->nsites > 0 && w->nborders >= w->nsites);
	for (i = 0; i < w->nsites; i++) {
		need(w->sites[i].nborders > 0);
		need(world_delay(w, (int)i, (int)i) == 0);
		for (k = 0; k < w->nsites; k++)
			need(world_delay(w, (int)i, (int)k) >= 0);
	}
	for (i = 0; i < w->nservers; i++) {
		const struct server *s = &w->servers[i];

		need(s->site >= 0 && (size_t)s->site < w->nsites);
		need(s->weight > 0);
		for (k = 0; k < s->naliases; k++)
			need(s->aliases[k].name != NULL &&
			     s->aliases[k].border >= 0 &&
			     (size_t)s->aliases[k].border < w->nborders);
		need(s->agent.kind == AGENT_NONE || s->agent.user >= 0);
	}
	look_at_services(w);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf_errors errs;
	struct world *w = conf_load_text(
	    "fuzz", (const char *)data, size, CONF_SECRETS_SKIP, &errs);
	size_t i, errors = 0;

	for (i = 0; i < errs.n; i++)
		errors += !errs.list[i].warning;
	need((w == NULL) == (errors > 0));
	if (w != NULL)
		look_at(w);
	world_free(&w);
	conf_errors_free(&errs);
	return 0;
}
