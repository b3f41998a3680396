/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hopmanagerd polls the agents of the content servers, judges states, computes
 * loads and tells them to the directors. This file puts its parts together.
 */
#include <stdlib.h>
#include <time.h>

#include "lib/face.h"
#include "lib/keep.h"
#include "lib/log.h"
#include "manager/control.h"
#include "manager/manager.h"
#include "manager/managermib.h"
#include "manager/take.h"

#define TICK_MS 100
_Static_assert(TICK_MS > PROBER_TURN_MS, "the busy one is the faster");

static void
on_record(void *arg, const struct record *r)
{
	struct managerd *m = arg;

	if (r->server < 0)
		prober_record(m->prober, r, mono_now());
	else
		fleet_record(m->fleet, r, mono_now());
}

static void
on_prober_lost(void *arg, int prober)
{
	struct managerd *m = arg;

	prober_lost(m->prober, prober, mono_now());
}

static void
on_order(void *arg, int prober, const struct addr *a)
{
	struct managerd *m = arg;

	pollers_order(m->pollers, prober, a);
}

static void
on_path(void *arg, const struct prober_line *l)
{
	struct managerd *m = arg;

	if (m->feeds != NULL)
		feeds_path(m->feeds, l);
}

static void
on_uplink(void *arg, int border, bool down, enum reason reason)
{
	struct managerd *m = arg;

	(void)reason;
	fleet_set_uplink(m->fleet, border, down, mono_now());
}

/* While there is work for probers we come back sooner than the tick. */
static void
give_orders(struct managerd *m)
{
	struct timeval tv = {0, PROBER_TURN_MS * 1000};

	pollers_flush(m->pollers);
	if (prober_busy(m->prober) && !event_pending(m->turn, EV_TIMEOUT, NULL))
		(void)event_add(m->turn, &tv);
}

static void
on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct managerd *m = arg;

	(void)fd;
	(void)what;
	if (m->prober == NULL)
		return; /* a reload took it away */
	prober_tick(m->prober, mono_now());
	give_orders(m);
}

/* A client waits perhaps: at once. */
static void
on_wants(void *arg)
{
	struct managerd *m = arg;

	prober_go(m->prober, mono_now());
	give_orders(m);
}

static void
on_tried(void *arg, int n, bool ok, enum reason reason)
{
	struct managerd *m = arg;

	fleet_tried(m->fleet, n, ok, reason, mono_now());
}

static void
on_use(void *arg, const struct fleet_use *u)
{
	struct managerd *m = arg;

	if (m->feeds != NULL)
		feeds_use(m->feeds, u);
}

static void
on_server(void *arg, int server)
{
	struct managerd *m = arg;

	if (m->feeds != NULL)
		feeds_server(m->feeds, server);
}

static void
on_border(void *arg, int border)
{
	struct managerd *m = arg;

	if (m->feeds != NULL)
		feeds_border(m->feeds, border);
}

static void
on_loads(void *arg, int service, const int *uses, size_t n)
{
	struct managerd *m = arg;

	feeds_loads(m->feeds, service, uses, n);
}

static void
on_sample(void *arg, int server)
{
	struct managerd *m = arg;

	feeds_sample(m->feeds, server, mono_now());
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct managerd *m = arg;
	struct mono now = mono_now();
	int use;

	(void)fd;
	(void)what;
	while ((use = fleet_next_try(m->fleet, now)) >= 0)
		try_start(m->tries, use, m->fleet->uses[use].server,
		    m->fleet->uses[use].service);
	fleet_tick(m->fleet, now);
	if (m->prober != NULL) {
		prober_tick(m->prober, now);
		give_orders(m);
	}
	feeds_tick(m->feeds, now);
	admin_retry(m->admin, now);
}

static void
on_second(evutil_socket_t fd, short what, void *arg)
{
	struct managerd *m = arg;

	(void)fd;
	(void)what;
	snap_reset(m->snap);
	managermib_fill(m, m->snap, mono_now());
	face_publish(m->face, m->snap);
}

static void
on_set(void *arg, const uint32_t *oid, size_t n, const struct snap_value *v)
{
	struct managerd *m = arg;
	struct admin_word word;

	if (managermib_word(m, oid, n, v, (int64_t)time(NULL), &word))
		control_operator(m, &word);
}

/* In the face's process: it shall not hold the users' passphrases. */
static void
forget_secrets(void *arg)
{
	struct managerd *m = arg;

	world_free(&m->daemon.world);
}

static void
start_face(struct managerd *m)
{
	struct face_conf conf = {.base = m->daemon.base,
	    .program = "hopmanagerd",
	    .socket = m->daemon.agentx,
	    .user = m->daemon.user,
	    .arc = MANAGERMIB_ARC,
	    .on_set = on_set,
	    .check_set = managermib_check_set,
	    .forget = forget_secrets,
	    .arg = m};
	struct timeval second = {1, 0};

	if (m->daemon.no_snmp)
		return;
	m->face = face_start(&conf);
	m->snap = snap_new();
	m->second = event_new(m->daemon.base, -1, EV_PERSIST, on_second, m);
	if (m->second == NULL || event_add(m->second, &second) < 0)
		abort();
}

static void
start_pollers(struct managerd *m)
{
	struct pollers_conf conf = {.base = m->daemon.base,
	    .world = m->world,
	    .manager = m->self,
	    .on_record = on_record,
	    .on_prober_lost = on_prober_lost,
	    .arg = m};

	m->pollers = pollers_start(&conf);
}

static void
start_prober(struct managerd *m)
{
	m->probing = (struct prober_events){
	    .order = on_order, .line = on_path, .uplink = on_uplink, .arg = m};
	m->wants = (struct feeds_wants){on_wants, m};
	m->turn = evtimer_new(m->daemon.base, on_turn, m);
	if (m->turn == NULL)
		abort();
	take_probers(m, m->started);
}

/* Drains first: nothing may be announced without them. */
static void
start_admin(struct managerd *m)
{
	char file[4096], why[8192];

	m->rows = rows_new(m->world,
	    keep_file("manager", m->self->id, "rows", file, sizeof(file)));
	admin_default_file(m->self->id, file, sizeof(file));
	m->admin = admin_new(m->world, file);
	if (admin_load(m->admin, why, sizeof(why)) < 0)
		log_fatalx("admin", "%s", why);
	take_admin(m, m->started);
}

static void
start_tick(struct managerd *m)
{
	struct timeval tv = {0, TICK_MS * 1000};

	m->tick = event_new(m->daemon.base, -1, EV_PERSIST, on_tick, m);
	if (m->tick == NULL || event_add(m->tick, &tv) < 0)
		abort();
}

static void
stop(struct managerd *m)
{
	event_free(m->tick);
	if (m->second != NULL)
		event_free(m->second);
	control_free(&m->control);
	feeds_free(&m->feeds);
	tries_free(&m->tries);
	pollers_free(&m->pollers);
	event_free(m->turn);
	prober_free(&m->prober);
	face_free(&m->face);
	snap_free(&m->snap);
	fleet_free(&m->fleet);
	admin_free(&m->admin);
	rows_free(&m->rows);
	daemon_fini(&m->daemon);
}

int
main(int argc, char **argv)
{
	struct managerd m = {.daemon = {.program = "hopmanagerd"}};
	struct fleet_events on = {.use = on_use,
	    .server = on_server,
	    .border = on_border,
	    .loads = on_loads,
	    .sample = on_sample,
	    .arg = &m};
	int status;

	daemon_start(&m.daemon, argc, argv, CONF_SECRETS_READ);
	m.world = m.daemon.world;
	m.self = &m.world->managers[daemon_self_manager(&m.daemon)];
	m.started = mono_now();
	start_face(&m);
	m.fleet = fleet_new(m.world, m.self, &on, m.started);
	m.control = control_start(&m);
	daemon_drop(&m.daemon);
	start_admin(&m);
	start_prober(&m);
	start_pollers(&m);
	m.tries = tries_new(m.daemon.base, m.world, on_tried, &m);
	m.feeds = feeds_start(m.daemon.base, m.world, m.self, m.fleet, m.prober,
	    &m.wants, m.started);
	start_tick(&m);
	reload_world(&m.daemon, CONF_SECRETS_READ, take_world, &m);
	status = daemon_run(&m.daemon);
	stop(&m);
	return status;
}
