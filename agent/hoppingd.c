/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hoppingd: pings clients out of its border for whoever may write its table in
 * the host's snmpd, and keeps a journal of the results. Needs no configuration
 * file. One loop: when snmpd hangs it may stand still for a moment, and says of
 * what was on its way then that nothing is known.
 */

#include <stdlib.h>

#include "agent/common.h"
#include "agent/control.h"
#include "agent/pingargs.h"
#include "agent/pinger.h"
#include "agent/pingmib.h"
#include "agent/pingstatus.h"
#include "lib/agentx.h"
#include "lib/daemon.h"
#include "lib/log.h"
#include "lib/mem.h"

#define JOURNAL_ROWS 65536
#define FRESH_MS     100 /* what is served is not older */
#define NOTIFY_MS    200 /* between two notifications */

struct hoppingd {
	struct daemon daemon;
	struct args *first; /* what fixed options point into */
	struct args *args;  /* those of now; may be the first */
	struct pingargs now;
	struct pinger *pinger;
	struct pingmib mib;
	struct agentx *agentx;
	struct control *control;
	struct event *notify; /* a notification is due */
	struct mono published, notified;
	bool news; /* since what is published */
};

static void
publish(struct hoppingd *h, struct mono now)
{
	struct snap *s = snap_new();

	pingmib_fill(s, &h->mib, now);
	h->published = now;
	h->news = false;
	agentx_publish_take(h->agentx, s, now);
}

/* Only what somebody reads is put together. */
static void
on_ask(void *arg)
{
	struct pingmib *m = arg;
	struct hoppingd *h = m->daemon;
	struct mono now = mono_now();

	if (h->news || m->changed || mono_ms(now, h->published) >= FRESH_MS)
		publish(h, now);
}

static void
notify(struct hoppingd *h, struct mono now)
{
	static const uint32_t id[] = {MIB_NOTIFY_hopProbeResultsReady};
	static const enum mib_object objects[] = {MIB_hopProbeBorder,
	    MIB_hopProbeJournalCurrentEpoch, MIB_hopProbeJournalLastIndex,
	    MIB_hopProbeUplinkState};

	publish(h, now);
	h->notified = now;
	(void)agentx_notify(h->agentx, id, sizeof(id) / sizeof(id[0]), objects,
	    sizeof(objects) / sizeof(objects[0]));
}

static void
on_notify_due(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	notify(arg, mono_now());
}

/* At once when it was quiet; what follows soon comes in one. */
static void
on_result(void *arg)
{
	struct hoppingd *h = arg;
	struct mono now = mono_now();
	int64_t ms = NOTIFY_MS - mono_ms(now, h->notified);
	struct timeval tv = {0, (suseconds_t)(ms > 0 ? ms * 1000 : 0)};

	h->news = true;
	if (event_pending(h->notify, EV_TIMEOUT, NULL))
		return;
	if (!mono_set(h->notified) || ms <= 0)
		notify(h, now);
	else
		(void)event_add(h->notify, &tv);
}

static void
on_uplink(void *arg)
{
	struct hoppingd *h = arg;
	const struct canaries *c = pinger_canaries(h->pinger);

	log_info("uplink", "border %s: %s, %zu of %zu canaries reply",
	    h->now.border, state_text(c->uplink), canaries_up(c), c->n);
	on_result(h);
}

static void
on_status(struct peer *p, void *arg)
{
	const struct hoppingd *h = arg;
	struct pingstatus s = {.id = control_id(h->control),
	    .args = &h->now,
	    .pinger = h->pinger,
	    .snmp = agentx_is_up(h->agentx),
	    .started = h->mib.started};

	pingstatus_send(p, &s, mono_now());
}

static struct pinger_conf
pinger_conf(struct hoppingd *h, const struct pingargs *a)
{
	return (struct pinger_conf){.base = h->daemon.base,
	    .source4 = a->source4,
	    .source6 = a->source6,
	    .limits = {.allow = a->allow,
		.nallow = a->nallow,
		.deny = a->deny,
		.ndeny = a->ndeny,
		.rate = (unsigned)a->rate,
		.targets = (size_t)a->targets},
	    .canaries = a->canaries,
	    .ncanaries = a->ncanaries,
	    .journal = JOURNAL_ROWS,
	    .on_result = on_result,
	    .on_uplink = on_uplink,
	    .arg = h};
}

/* Reload. */

/* The engine has the new lists; nothing in it can fail. */
static void
apply(struct hoppingd *h, struct args *args, const struct pingargs *next)
{
	pingargs_fini(&h->now);
	h->now = *next;
	if (h->args != h->first)
		args_free(&h->args);
	h->args = args;
	h->mib.rate = (unsigned)h->now.rate;
	log_init("hoppingd", h->now.common.level);
	if (h->control != NULL)
		control_again(h->control);
	log_info("conf", "rate %lld, allow %zu, deny %zu, canaries %zu",
	    (long long)h->now.rate, h->now.nallow, h->now.ndeny,
	    h->now.ncanaries);
	publish(h, mono_now());
}

static bool
on_reload(void *arg, struct reload_faults *faults, char *why, size_t size)
{
	struct hoppingd *h = arg;
	struct args *args = common_again(h->args, why, size);
	struct pinger_conf conf;
	struct pingargs next;

	if (args == NULL)
		return false;
	pingargs_take(&next, args);
	conf = pinger_conf(h, &next);
	if (!common_accept(args, h->args, faults, why, size) ||
	    !pinger_set(h->pinger, &conf, why, size)) {
		pingargs_fini(&next);
		args_free(&args);
		return false;
	}
	apply(h, args, &next);
	return true;
}

/* Start and end. */

static void
options(struct hoppingd *h, int argc, char **argv)
{
	h->first = h->args =
	    common_args("hoppingd", pingargs_table, pingargs_usage, argc, argv);
	pingargs_take(&h->now, h->args);
	args_end_faulty(h->args);
	log_init("hoppingd", h->now.common.level);
	h->daemon.user = h->now.common.user;
	h->daemon.agentx = h->now.common.agentx;
	h->daemon.log_file = h->now.common.log_file;
}

static void
open_pinger(struct hoppingd *h)
{
	struct pinger_conf conf = pinger_conf(h, &h->now);
	char why[200];

	h->pinger = pinger_new(&conf, why, sizeof(why));
	if (h->pinger == NULL)
		log_fatalx("ping", "%s", why);
	log_info("ping", "%s", pinger_sockets(h->pinger));
}

/* One host may have several borders: each has its name. */
static void
open_control(struct hoppingd *h)
{
	struct control_conf conf = {.daemon = &h->daemon,
	    .id = h->now.common.id != NULL ? h->now.common.id : h->now.border,
	    .rows = on_status,
	    .arg = h};

	if (h->now.common.control)
		h->control = control_new(&conf);
}

static void
start(struct hoppingd *h)
{
	struct agentx_conf agentx = {.base = h->daemon.base,
	    .program = "hoppingd",
	    .socket = h->daemon.agentx,
	    .context = h->now.common.context,
	    .arc = 2,
	    .on_ask = on_ask,
	    .tables = pingmib_tables,
	    .ntables = PINGMIB_TABLES,
	    .arg = &h->mib};

	h->mib = (struct pingmib){.pinger = h->pinger,
	    .request = request_new(pinger_targets(h->pinger)),
	    .border = h->now.border,
	    .sources = h->now.sources,
	    .rate = (unsigned)h->now.rate,
	    .started = mono_now(),
	    .daemon = h};
	h->notify = evtimer_new(h->daemon.base, on_notify_due, h);
	h->agentx = agentx_start(&agentx);
	publish(h, mono_now());
	reload_options(&h->daemon, on_reload, h);
}

static void
end(struct hoppingd *h)
{
	control_free(&h->control);
	agentx_free(&h->agentx);
	event_free(h->notify);
	request_free(&h->mib.request);
	pinger_free(&h->pinger);
	pingargs_fini(&h->now);
	if (h->args != h->first)
		args_free(&h->args);
	daemon_fini(&h->daemon);
	args_free(&h->first);
	free(h);
}

int
main(int argc, char **argv)
{
	struct hoppingd *h = mem_new(sizeof(*h));
	int status;

	h->daemon.program = "hoppingd";
	log_init("hoppingd", LOG_LEVEL_INFO);
	options(h, argc, argv);
	daemon_base(&h->daemon);
	open_pinger(h);
	open_control(h);
	daemon_drop(&h->daemon);
	start(h);
	log_info("main", "version " HOP_VERSION ", border %s, epoch %u",
	    h->now.border, journal_epoch(pinger_journal(h->pinger)));
	status = daemon_run(&h->daemon);
	end(h);
	return status;
}
