/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hoploadd: the load of a content server and the checks of its services, told
 * to whoever asks the host's snmpd. Needs no configuration file. One loop: it
 * may stand still for a moment when snmpd hangs, for then nobody can ask.
 */

#include <stdlib.h>

#include "agent/checks.h"
#include "agent/common.h"
#include "agent/control.h"
#include "agent/load.h"
#include "agent/loadargs.h"
#include "agent/loadmib.h"
#include "agent/loadstatus.h"
#include "lib/agentx.h"
#include "lib/daemon.h"
#include "lib/log.h"

struct hoploadd {
	struct daemon daemon;
	struct args *first; /* what fixed options point into */
	struct args *args;  /* those of now; may be the first */
	struct loadargs now;
	struct load *load;
	struct checks *checks;
	struct agentx *agentx;
	struct control *control;
	struct event *tick;
	struct mono started, last_tick;
	uint32_t missed;
};

static void
publish(struct hoploadd *h, struct mono now)
{
	struct loadmib m = {.started = h->started,
	    .interval_ms = h->now.interval_ms,
	    .ports = h->now.ports_text,
	    .missed = h->missed,
	    .sample = load_last(h->load),
	    .checks = h->checks};
	struct snap *s = snap_new();

	loadmib_fill(s, &m, now);
	agentx_publish_take(h->agentx, s, now);
}

/* The manager shall see it with its next poll, not with the one after. */
static void
on_change(void *arg)
{
	publish(arg, mono_now());
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct hoploadd *h = arg;
	struct mono now = mono_now();
	int64_t interval_ms = h->now.interval_ms;
	int64_t late_ms = mono_ms(now, h->last_tick) - interval_ms;

	(void)fd;
	(void)what;
	/* Late by half: one is missing, whatever libevent makes of it. */
	if (late_ms > interval_ms / 2)
		h->missed +=
		    (uint32_t)((late_ms + interval_ms / 2) / interval_ms);
	h->last_tick = now;
	load_take(h->load, now);
	publish(h, now);
}

static void
on_status(struct peer *p, void *arg)
{
	const struct hoploadd *h = arg;
	struct loadstatus s = {.id = control_id(h->control),
	    .args = &h->now,
	    .load = h->load,
	    .checks = h->checks,
	    .snmp = agentx_is_up(h->agentx),
	    .missed = h->missed,
	    .started = h->started};

	loadstatus_send(p, &s, mono_now());
}

static struct checks_conf
checks_conf(struct hoploadd *h)
{
	return (struct checks_conf){.base = h->daemon.base,
	    .interval_ms = h->now.interval_ms,
	    .rise = (unsigned)h->now.rise,
	    .fall = (unsigned)h->now.fall,
	    .on_change = on_change,
	    .arg = h};
}

static void
arm_tick(struct hoploadd *h)
{
	struct timeval tv = {
	    h->now.interval_ms / 1000, h->now.interval_ms % 1000 * 1000};

	h->last_tick = mono_now();
	(void)event_add(h->tick, &tv);
}

static void
say_options(const struct hoploadd *h)
{
	log_info("main", "version " HOP_VERSION ", %zu checks, ports %s",
	    h->now.nchecks, h->now.nports == 0 ? "all" : h->now.ports_text);
}

/* Reload. */

/* Nothing in it can fail. */
static void
apply(struct hoploadd *h, bool new_interval)
{
	struct checks_conf conf = checks_conf(h);
	struct checks_change c;

	log_init("hoploadd", h->now.common.level);
	c = checks_set(h->checks, &conf, h->now.checks, h->now.nchecks);
	load_set_ports(h->load, h->now.ports, h->now.nports);
	if (new_interval)
		arm_tick(h);
	if (h->control != NULL)
		control_again(h->control);
	say_options(h);
	log_info("conf", "checks: %u added, %u changed, %u removed", c.added,
	    c.changed, c.removed);
	publish(h, mono_now());
}

static bool
on_reload(void *arg, struct reload_faults *faults, char *why, size_t size)
{
	struct hoploadd *h = arg;
	struct args *args = common_again(h->args, why, size);
	struct loadargs next;
	bool new_interval;

	if (args == NULL)
		return false;
	loadargs_take(&next, args);
	if (!common_accept(args, h->args, faults, why, size)) {
		loadargs_fini(&next);
		args_free(&args);
		return false;
	}
	new_interval = next.interval_ms != h->now.interval_ms;
	loadargs_fini(&h->now);
	h->now = next;
	if (h->args != h->first)
		args_free(&h->args);
	h->args = args;
	apply(h, new_interval);
	return true;
}

/* Start and end. */

static void
options(struct hoploadd *h, int argc, char **argv)
{
	h->first = h->args =
	    common_args("hoploadd", loadargs_table, loadargs_usage, argc, argv);
	loadargs_take(&h->now, h->args);
	args_end_faulty(h->args);
	log_init("hoploadd", h->now.common.level);
	h->daemon.user = h->now.common.user;
	h->daemon.agentx = h->now.common.agentx;
	h->daemon.log_file = h->now.common.log_file;
}

static void
open_control(struct hoploadd *h)
{
	struct control_conf conf = {.daemon = &h->daemon,
	    .id = h->now.common.id,
	    .rows = on_status,
	    .arg = h};

	if (h->now.common.control)
		h->control = control_new(&conf);
}

static void
start(struct hoploadd *h)
{
	struct event_base *base = h->daemon.base;
	struct load_conf load = {.base = base,
	    .procfs = h->now.procfs,
	    .ports = h->now.ports,
	    .nports = h->now.nports};
	struct checks_conf checks = checks_conf(h);
	struct agentx_conf agentx = {.base = base,
	    .program = "hoploadd",
	    .socket = h->daemon.agentx,
	    .context = h->now.common.context,
	    .arc = 1};

	h->started = mono_now();
	h->load = load_new(&load);
	h->checks = checks_new(&checks, h->now.checks, h->now.nchecks);
	h->agentx = agentx_start(&agentx);
	load_take(h->load, h->started);
	publish(h, h->started);
	h->tick = event_new(base, -1, EV_PERSIST, on_tick, h);
	arm_tick(h);
	reload_options(&h->daemon, on_reload, h);
}

static void
end(struct hoploadd *h)
{
	event_free(h->tick);
	control_free(&h->control);
	checks_free(&h->checks);
	agentx_free(&h->agentx);
	load_free(&h->load);
	loadargs_fini(&h->now);
	if (h->args != h->first)
		args_free(&h->args);
	daemon_fini(&h->daemon);
	args_free(&h->first);
}

int
main(int argc, char **argv)
{
	struct hoploadd h = {.daemon.program = "hoploadd"};
	int status;

	log_init("hoploadd", LOG_LEVEL_INFO);
	options(&h, argc, argv);
	daemon_base(&h.daemon);
	open_control(&h);
	daemon_drop(&h.daemon);
	start(&h);
	say_options(&h);
	status = daemon_run(&h.daemon);
	end(&h);
	return status;
}
