/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reloads a configuration file: reads it, has the daemon take the new world,
 * frees the old one. Apart from lib/reload.c so that daemons without such a
 * file do without the library that reads one.
 */
#include <stdio.h>

#include "lib/reload.h"

/* Warnings are told as well: the new configuration is used all the same. */
static void
blame(const struct conf_errors *errs, struct reload_faults *faults)
{
	size_t i;

	for (i = 0; i < errs->n; i++) {
		const struct conf_error *e = &errs->list[i];

		reload_fault(faults, "%s:%d: %s%s", e->file, e->line,
		    e->warning ? "warning: " : "", e->text);
	}
}

static bool
take_world(void *arg, struct reload_faults *faults, char *why, size_t size)
{
	const struct reload *r = arg;
	struct daemon *d = r->daemon;
	struct conf_errors errs = {0};
	struct world *old = d->world, *w;

	w = conf_load(d->conf_file, r->secrets, &errs);
	blame(&errs, faults);
	conf_errors_free(&errs);
	if (w == NULL) {
		(void)snprintf(why, size,
		    "%s cannot be used; the old configuration goes on",
		    d->conf_file);
		return false;
	}
	if (!r->take_world(r->world_arg, w, why, size)) {
		world_free(&w);
		return false;
	}
	d->world = w;
	world_free(&old);
	return true;
}

void
reload_world(struct daemon *d, enum conf_secrets secrets, reload_world_fn *take,
    void *arg)
{
	reload_options(d, take_world, NULL);
	*d->reload = (struct reload){.take = take_world,
	    .arg = d->reload,
	    .daemon = d,
	    .secrets = secrets,
	    .take_world = take,
	    .world_arg = arg};
}
