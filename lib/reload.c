/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asks the daemon to take what is new, tells all who want to know. Owns how a
 * daemon reloads (struct reload, freed by daemon_fini()); what it reloads
 * belongs to the daemon. That of a configuration file is in reload_world.c.
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

static bool
take(struct daemon *d, struct reload_faults *faults, char *why)
{
	if (d->reload == NULL) {
		(void)snprintf(why, WHY_ROOM, "there is nothing to read anew");
		return false;
	}
	return d->reload->take(d->reload->arg, faults, why, WHY_ROOM);
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

void
reload_options(struct daemon *d, reload_options_fn *take_new, void *arg)
{
	d->reload = mem_new(sizeof(*d->reload));
	d->reload->take = take_new;
	d->reload->arg = arg;
	d->on_hup = on_hup;
}
