/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads the new configuration, asks the daemon to take it, tells all who want
 * to know. Owns how a daemon reloads (struct reload, freed by daemon_fini());
 * what it reloads belongs to the daemon.
 */
#include "lib/reload.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/line.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/mono.h"
#include "lib/notify.h"

#define WHY_ROOM   512
#define FAULT_ROOM 1024
#define FAULTS_MAX 100 /* that are told: nobody repairs more at once */

struct reload {
	enum conf_secrets secrets;
	reload_world_fn *take_world;
	reload_options_fn *take_options;
	void *arg;
};

struct reload_faults {
	struct peer *asker; /* or NULL */
	unsigned n;
};

void
reload_fault(struct reload_faults *faults, const char *fmt, ...)
{
	char text[FAULT_ROOM], encoded[FAULT_ROOM * 3 + 1];
	va_list ap;

	if (faults->n++ >= FAULTS_MAX)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_warnx("conf", "%s", text);
	if (faults->asker != NULL)
		peer_send(faults->asker, "fault %s",
		    line_encode(text, encoded, sizeof(encoded)));
}

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
take_world(struct daemon *d, struct reload_faults *faults, char *why)
{
	struct conf_errors errs = {0};
	struct world *old = d->world, *w;

	w = conf_load(d->conf_file, d->reload->secrets, &errs);
	blame(&errs, faults);
	conf_errors_free(&errs);
	if (w == NULL) {
		(void)snprintf(why, WHY_ROOM,
		    "%s cannot be used; the old configuration goes on",
		    d->conf_file);
		return false;
	}
	if (!d->reload->take_world(d->reload->arg, w, why, WHY_ROOM)) {
		world_free(&w);
		return false;
	}
	d->world = w;
	world_free(&old);
	return true;
}

static bool
take(struct daemon *d, struct reload_faults *faults, char *why)
{
	if (d->reload == NULL) {
		(void)snprintf(why, WHY_ROOM, "there is nothing to read anew");
		return false;
	}
	if (d->reload->take_world != NULL)
		return take_world(d, faults, why);
	return d->reload->take_options(d->reload->arg, faults, why, WHY_ROOM);
}

bool
reload_now(struct daemon *d, struct peer *asker)
{
	struct reload_faults faults = {asker, 0};
	struct mono begin = mono_now();
	char why[WHY_ROOM] = "";
	const char *hash;
	bool done;

	notify_reloading();
	done = take(d, &faults, why);
	notify_ready();
	hash = d->world != NULL ? d->world->hash : "-";
	if (!done) {
		log_warnx("conf", "reload refused: %s", why);
		if (asker != NULL)
			peer_error(asker, "%s", why);
		return false;
	}
	log_info("conf", "reloaded in %lld ms, hash %.12s",
	    (long long)mono_ms(mono_now(), begin), hash);
	if (asker != NULL)
		peer_send(asker, "done %s", hash);
	return true;
}

static void
on_hup(struct daemon *d)
{
	(void)reload_now(d, NULL);
}

static void
start(struct daemon *d, const struct reload *how)
{
	d->reload = mem_new(sizeof(*d->reload));
	*d->reload = *how;
	d->on_hup = on_hup;
}

void
reload_world(
    struct daemon *d, enum conf_secrets secrets, reload_world_fn *fn, void *arg)
{
	start(d, &(struct reload){secrets, fn, NULL, arg});
}

void
reload_options(struct daemon *d, reload_options_fn *fn, void *arg)
{
	start(d, &(struct reload){CONF_SECRETS_SKIP, NULL, fn, arg});
}
