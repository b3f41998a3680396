/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_RELOAD_H
#define LIB_RELOAD_H

/*
 * A new configuration for a running daemon, by SIGHUP or by the verb `reload`
 * of an operator. A bad one changes nothing: all its errors go to the log and
 * to who asked.
 */

#include <stdbool.h>
#include <stddef.h>

#include "lib/conf.h"
#include "lib/daemon.h"
#include "lib/peer.h"

/*
 * The new world has no errors. Switch over to it whole, merging what was
 * learned by id, and return true: d->world is `w` then, and the old world
 * (still d->world during the call) is freed right after, so nothing may point
 * into it. Or change nothing, say why, and return false: `w` is freed.
 */
typedef bool
reload_world_fn(void *arg, struct world *w, char *why, size_t size);
/* For a daemon that reads hopscotch.xml; call it after daemon_start(). */
void reload_world(struct daemon *d, enum conf_secrets secrets,
    reload_world_fn *take, void *arg);

/* For a daemon that has options only: take those of its file, or change
 * nothing and blame what is wrong with reload_fault(), each with its place. */
struct reload_faults;
typedef bool reload_options_fn(
    void *arg, struct reload_faults *faults, char *why, size_t size);
void reload_options(struct daemon *d, reload_options_fn *take, void *arg);
void reload_fault(struct reload_faults *faults, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* How a daemon reloads; for the functions above alone. */
struct reload {
	reload_options_fn *take;
	void *arg;
	/* Of reload_world(). */
	struct daemon *daemon;
	enum conf_secrets secrets;
	reload_world_fn *take_world;
	void *world_arg;
};

/*
 * Do it now. `asker` (or NULL) is answered by any number of `fault <text>`
 * (encoded) and then `done <confhash>` ("-" without a configuration), or
 * `error <why>`. Returns whether it was done. For the verb table of each
 * daemon: {"reload", on_reload, ROLE_CONTROL, 0, 0}.
 */
bool reload_now(struct daemon *d, struct peer *asker);

#endif
