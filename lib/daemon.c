/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of a daemon: base, signals, loop, end. Owns world, event base and
 * signal events; knows nothing of what the daemon does. Daemons without a
 * configuration file have this alone, and so not the library that reads one.
 */
#include "lib/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/drop.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/notify.h"

static void
on_signal(evutil_socket_t number, short what, void *arg)
{
	struct daemon *d = arg;

	(void)what;
	if (number == SIGUSR1) {
		log_reopen();
	} else if (number == SIGHUP && d->on_hup != NULL) {
		d->on_hup(d);
	} else if (number == SIGHUP) {
		log_info("main", "SIGHUP: there is nothing to read anew");
	} else {
		log_info("main", "%s: ending", strsignal((int)number));
		notify_stopping();
		daemon_end(d, 0);
	}
}

static void
on_alive(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	notify_alive();
}

static void
open_files(void)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim) < 0)
		return;
	lim.rlim_cur = lim.rlim_max;
	/* Fewer than allowed is no reason not to start. */
	(void)setrlimit(RLIMIT_NOFILE, &lim);
}

static const int signal_numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};
#define NSIGNALS (sizeof(signal_numbers) / sizeof(signal_numbers[0]))

void
daemon_base(struct daemon *d)
{
	const struct timeval second = {1, 0};
	size_t i;

	if (d->log_file != NULL && log_file(d->log_file) < 0)
		log_fatalx("log", "--log-file \"%s\": %s", d->log_file,
		    strerror(errno));
	(void)signal(SIGPIPE, SIG_IGN);
	open_files();
	d->base = event_base_new();
	if (d->base == NULL)
		log_fatalx("main", "no event base");
	for (i = 0; i < NSIGNALS; i++) {
		d->signals[i] =
		    evsignal_new(d->base, signal_numbers[i], on_signal, d);
		if (d->signals[i] == NULL || event_add(d->signals[i], NULL) < 0)
			log_fatalx("main", "no signal events");
	}
	d->alive = event_new(d->base, -1, EV_PERSIST, on_alive, NULL);
	if (d->alive == NULL || event_add(d->alive, &second) < 0)
		log_fatalx("main", "no timer");
}

void
daemon_drop(struct daemon *d)
{
	char why[160];

	if (drop_to_keeping(d->user, d->keep, why, sizeof(why)) < 0)
		log_fatalx("main", "--user: %s", why);
	if (d->user == NULL && geteuid() == 0)
		log_warnx("main", "runs as root; --user NAME lets it drop "
				  "its rights");
}

int
daemon_run(struct daemon *d)
{
	log_info("main", "%s " HOP_VERSION " runs", d->program);
	notify_ready();
	if (event_base_dispatch(d->base) < 0) {
		log_warnx("main", "the event loop failed");
		return 1;
	}
	return d->status;
}

void
daemon_end(struct daemon *d, int status)
{
	d->status = status;
	(void)event_base_loopexit(d->base, NULL);
}

void
daemon_fini(struct daemon *d)
{
	size_t i;

	for (i = 0; i < NSIGNALS; i++)
		if (d->signals[i] != NULL)
			event_free(d->signals[i]);
	if (d->alive != NULL)
		event_free(d->alive);
	free(d->reload);
	if (d->base != NULL)
		event_base_free(d->base);
	world_free(&d->world);
}
