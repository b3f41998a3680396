/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hoppingd: pings clients out of its border for whoever may write its table in
 * the host's snmpd, and keeps a journal of the results. Needs no configuration
 * file. One loop: when snmpd hangs it may stand still for a moment, and says of
 * what was on its way then that nothing is known.
 */

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/pinger.h"
#include "agent/pingmib.h"
#include "lib/agentx.h"
#include "lib/daemon.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/num.h"

#define LIST_MAX     1024
#define CANARIES_MAX 16
#define JOURNAL_ROWS 65536
#define FRESH_MS     100 /* what is served is not older */
#define NOTIFY_MS    200 /* between two notifications */

static const char usage_text[] =
    "usage: hoppingd --border ID [options]\n"
    "  --border ID          the border that it pings out of\n"
    "  --source ADDR        ping from this address, one of a family\n"
    "  --canary ADDR        an address outside that ought to reply\n"
    "  --allow PREFIX       special-purpose addresses that may be pinged\n"
    "  --deny PREFIX        addresses that may not; wins over all else\n"
    "  --rate N             probes a second, over all (1000)\n"
    "  --targets N          rows that managers may have (10000)\n"
    "  --user NAME          become this user\n"
    "  --agentx SOCKET      AgentX socket of snmpd\n"
    "  --context NAME       SNMP context (the default one)\n"
    "  --log-level LEVEL    debug, info (default) or warn\n"
    "  --version, --help\n"
    "--source, --canary, --allow and --deny may be repeated, or hold a list\n"
    "with commas.\n";

enum option_number {
	OPT_BORDER = 256,
	OPT_SOURCE,
	OPT_CANARY,
	OPT_ALLOW,
	OPT_DENY,
	OPT_RATE,
	OPT_TARGETS,
	OPT_USER,
	OPT_AGENTX,
	OPT_CONTEXT,
	OPT_LEVEL,
	OPT_VERSION,
	OPT_HELP
};

static const struct option long_options[] = {
    {"border", required_argument, NULL, OPT_BORDER},
    {"source", required_argument, NULL, OPT_SOURCE},
    {"canary", required_argument, NULL, OPT_CANARY},
    {"allow", required_argument, NULL, OPT_ALLOW},
    {"deny", required_argument, NULL, OPT_DENY},
    {"rate", required_argument, NULL, OPT_RATE},
    {"targets", required_argument, NULL, OPT_TARGETS},
    {"user", required_argument, NULL, OPT_USER},
    {"agentx", required_argument, NULL, OPT_AGENTX},
    {"context", required_argument, NULL, OPT_CONTEXT},
    {"log-level", required_argument, NULL, OPT_LEVEL},
    {"version", no_argument, NULL, OPT_VERSION},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

struct hoppingd {
	struct daemon daemon;
	/* options */
	const char *border, *context;
	struct addr source4, source6;
	char sources[2 * ADDR_TEXT];
	struct addr canaries[CANARIES_MAX];
	size_t ncanaries;
	struct prefix allow[LIST_MAX], deny[LIST_MAX];
	size_t nallow, ndeny;
	int64_t rate, targets;
	/* run time */
	struct pinger *pinger;
	struct pingmib mib;
	struct agentx *agentx;
	struct event *notify; /* a notification is due */
	struct mono published, notified;
	bool news; /* since what is published */
};

__attribute__((noreturn)) static void
usage(FILE *out, int status)
{
	fputs(usage_text, out);
	exit(status);
}

__attribute__((noreturn, format(printf, 1, 2))) static void
bad_option(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("hoppingd: ", stderr);
	(void)vfprintf(stderr, fmt, ap);
	fputs("\n`hoppingd --help` shows all options\n", stderr);
	va_end(ap);
	exit(2);
}

static void
set_border(struct hoppingd *h, const char *text)
{
	static const char allowed[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789._-";

	if (text[0] == '\0' || strlen(text) > 255 ||
	    strspn(text, allowed) != strlen(text))
		bad_option(
		    "--border \"%.40s\": 1 to 255 of A-Z a-z 0-9 . _ -", text);
	h->border = text;
}

static void
add_source(struct hoppingd *h, const char *text)
{
	struct addr a, *to;

	if (addr_parse(text, &a) < 0)
		bad_option("--source \"%.40s\": no IP address", text);
	to = a.family == AF_INET ? &h->source4 : &h->source6;
	if (to->family != AF_UNSPEC)
		bad_option("--source \"%.40s\": one of each family", text);
	*to = a;
	(void)snprintf(h->sources + strlen(h->sources),
	    sizeof(h->sources) - strlen(h->sources), "%s%s",
	    h->sources[0] != '\0' ? " " : "", text);
}

static void
add_canary(struct hoppingd *h, const char *text)
{
	if (h->ncanaries == CANARIES_MAX)
		bad_option("--canary: more than %d", CANARIES_MAX);
	if (addr_parse(text, &h->canaries[h->ncanaries]) < 0)
		bad_option("--canary \"%.40s\": no IP address", text);
	h->ncanaries++;
}

static void
add_prefix(const char *option, struct prefix *list, size_t *n, const char *text)
{
	if (*n == LIST_MAX)
		bad_option("--%s: more than %d", option, LIST_MAX);
	if (prefix_parse(text, &list[*n]) < 0)
		bad_option("--%s \"%.60s\": no prefix; 192.0.2.0/24, 2001:db8::"
			   "/32 or an address, without bits behind the length",
		    option, text);
	++*n;
}

static void
add_one(struct hoppingd *h, int c, const char *text)
{
	if (c == OPT_SOURCE)
		add_source(h, text);
	else if (c == OPT_CANARY)
		add_canary(h, text);
	else if (c == OPT_ALLOW)
		add_prefix("allow", h->allow, &h->nallow, text);
	else
		add_prefix("deny", h->deny, &h->ndeny, text);
}

static void
add_list(struct hoppingd *h, int c, char *text)
{
	char *word;

	while ((word = strsep(&text, ",")) != NULL)
		add_one(h, c, word);
}

static void
set_number(const char *name, const char *text, int64_t max, int64_t *out)
{
	if (num_parse(text, 1, max, out) < 0)
		bad_option(
		    "--%s \"%s\": 1 to %lld", name, text, (long long)max);
}

static void
set_level(const char *text)
{
	enum log_level level;

	if (log_level_parse(text, &level) < 0)
		bad_option("--log-level \"%s\": debug, info or warn", text);
	log_init("hoppingd", level);
}

static void
take_option(struct hoppingd *h, int c)
{
	switch (c) {
	case OPT_BORDER:
		set_border(h, optarg);
		break;
	case OPT_SOURCE:
	case OPT_CANARY:
	case OPT_ALLOW:
	case OPT_DENY:
		add_list(h, c, optarg);
		break;
	case OPT_RATE:
		set_number("rate", optarg, 10000, &h->rate);
		break;
	case OPT_TARGETS:
		set_number("targets", optarg, 100000, &h->targets);
		break;
	case OPT_USER:
		h->daemon.user = optarg;
		break;
	case OPT_AGENTX:
		h->daemon.agentx = optarg;
		break;
	case OPT_CONTEXT:
		h->context = optarg;
		break;
	case OPT_LEVEL:
		set_level(optarg);
		break;
	case OPT_VERSION:
		puts("hoppingd " HOP_VERSION);
		exit(0);
	case OPT_HELP:
		usage(stdout, 0);
	default:
		usage(stderr, 2);
	}
}

static void
check_canaries(const struct hoppingd *h)
{
	char addr[ADDR_TEXT], prefix[PREFIX_TEXT];
	size_t i, j;

	for (i = 0; i < h->ncanaries; i++)
		for (j = 0; j < h->ndeny; j++)
			if (prefix_covers(&h->deny[j], &h->canaries[i]))
				bad_option("--canary %s: --deny %s forbids it",
				    addr_text(
					&h->canaries[i], addr, sizeof(addr)),
				    prefix_text(
					&h->deny[j], prefix, sizeof(prefix)));
}

static void
options(struct hoppingd *h, int argc, char **argv)
{
	int c;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		take_option(h, c);
	if (optind < argc)
		bad_option("\"%s\": no such argument", argv[optind]);
	if (h->border == NULL)
		bad_option("--border is missing: the id of the border in "
			   "hopscotch.xml");
	check_canaries(h);
}

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
	    h->border, state_text(c->uplink), canaries_up(c), c->n);
	on_result(h);
}

static void
open_pinger(struct hoppingd *h)
{
	struct pinger_conf conf = {.base = h->daemon.base,
	    .source4 = h->source4,
	    .source6 = h->source6,
	    .limits = {.allow = h->allow,
		.nallow = h->nallow,
		.deny = h->deny,
		.ndeny = h->ndeny,
		.rate = (unsigned)h->rate,
		.targets = (size_t)h->targets},
	    .canaries = h->canaries,
	    .ncanaries = h->ncanaries,
	    .journal = JOURNAL_ROWS,
	    .on_result = on_result,
	    .on_uplink = on_uplink,
	    .arg = h};
	char why[200];

	h->pinger = pinger_new(&conf, why, sizeof(why));
	if (h->pinger == NULL)
		log_fatalx("ping", "%s", why);
	log_info("ping", "%s", pinger_sockets(h->pinger));
}

static void
start(struct hoppingd *h)
{
	struct agentx_conf agentx = {.base = h->daemon.base,
	    .program = "hoppingd",
	    .socket = h->daemon.agentx,
	    .context = h->context,
	    .arc = 2,
	    .on_ask = on_ask,
	    .tables = pingmib_tables,
	    .ntables = PINGMIB_TABLES,
	    .arg = &h->mib};

	h->mib = (struct pingmib){.pinger = h->pinger,
	    .request = request_new(pinger_targets(h->pinger)),
	    .border = h->border,
	    .sources = h->sources,
	    .rate = (unsigned)h->rate,
	    .started = mono_now(),
	    .daemon = h};
	h->notify = evtimer_new(h->daemon.base, on_notify_due, h);
	h->agentx = agentx_start(&agentx);
	publish(h, mono_now());
}

static void
end(struct hoppingd *h)
{
	agentx_free(&h->agentx);
	event_free(h->notify);
	request_free(&h->mib.request);
	pinger_free(&h->pinger);
	daemon_fini(&h->daemon);
	free(h);
}

int
main(int argc, char **argv)
{
	struct hoppingd *h = mem_new(sizeof(*h));
	int status;

	h->daemon.program = "hoppingd";
	h->rate = 1000;
	h->targets = 10000;
	log_init("hoppingd", LOG_LEVEL_INFO);
	options(h, argc, argv);
	daemon_base(&h->daemon);
	open_pinger(h);
	daemon_drop(&h->daemon);
	start(h);
	log_info("main", "version " HOP_VERSION ", border %s, epoch %u",
	    h->border, journal_epoch(pinger_journal(h->pinger)));
	status = daemon_run(&h->daemon);
	end(h);
	return status;
}
