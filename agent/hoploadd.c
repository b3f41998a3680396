/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hoploadd: the load of a content server and the checks of its services, told
 * to whoever asks the host's snmpd. Needs no configuration file. One loop: it
 * may stand still for a moment when snmpd hangs, for then nobody can ask.
 */

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/checks.h"
#include "agent/load.h"
#include "agent/loadmib.h"
#include "agent/option.h"
#include "agent/ports.h"
#include "lib/agentx.h"
#include "lib/daemon.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/num.h"

#define CHECKS_MAX 256

static const char usage_text[] =
    "usage: hoploadd [options]\n"
    "  --check ID=HOW       check a service, ID is its id; HOW is\n"
    "                       tcp:ADDR:PORT, ftp://ADDR:PORT or\n"
    "                       http://ADDR:PORT/PATH[,status=N][,host=NAME]\n"
    "  --port N[,N ...]     count connections on these ports only\n"
    "  --interval TIME      of samples and checks (1s)\n"
    "  --rise N, --fall N   results in a row that change a state (2, 2)\n"
    "  --procfs DIR         where proc is (/proc)\n"
    "  --user NAME          become this user\n"
    "  --agentx SOCKET      AgentX socket of snmpd\n"
    "  --context NAME       SNMP context (the default one)\n"
    "  --log-level LEVEL    debug, info (default) or warn\n"
    "  --version, --help\n";

enum option_number {
	OPT_CHECK = 256,
	OPT_PORT,
	OPT_INTERVAL,
	OPT_RISE,
	OPT_FALL,
	OPT_PROCFS,
	OPT_USER,
	OPT_AGENTX,
	OPT_CONTEXT,
	OPT_LEVEL,
	OPT_VERSION,
	OPT_HELP
};

static const struct option long_options[] = {
    {"check", required_argument, NULL, OPT_CHECK},
    {"port", required_argument, NULL, OPT_PORT},
    {"interval", required_argument, NULL, OPT_INTERVAL},
    {"rise", required_argument, NULL, OPT_RISE},
    {"fall", required_argument, NULL, OPT_FALL},
    {"procfs", required_argument, NULL, OPT_PROCFS},
    {"user", required_argument, NULL, OPT_USER},
    {"agentx", required_argument, NULL, OPT_AGENTX},
    {"context", required_argument, NULL, OPT_CONTEXT},
    {"log-level", required_argument, NULL, OPT_LEVEL},
    {"version", no_argument, NULL, OPT_VERSION},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

struct hoploadd {
	struct daemon daemon;
	/* options */
	struct option_check *options;
	size_t noptions;
	uint16_t ports[PORTS_MAX];
	size_t nports;
	const char *procfs, *context;
	int64_t interval_ms;
	int64_t rise, fall;
	/* run time */
	struct load *load;
	struct checks *checks;
	struct agentx *agentx;
	struct event *tick;
	struct mono started, last_tick;
	uint32_t missed;
	char ports_text[PORTS_MAX * 6 + 1];
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
	fputs("hoploadd: ", stderr);
	(void)vfprintf(stderr, fmt, ap);
	fputs("\n`hoploadd --help` shows all options\n", stderr);
	va_end(ap);
	exit(2);
}

static void
add_check(struct hoploadd *h, const char *text)
{
	struct option_check o;
	char why[OPTION_WHY];
	size_t i;

	if (option_check(text, &o, why) < 0)
		bad_option("--check: %s", why);
	for (i = 0; i < h->noptions; i++)
		if (strcmp(h->options[i].id, o.id) == 0)
			bad_option("--check: \"%s\" is there twice", o.id);
	if (h->noptions == CHECKS_MAX)
		bad_option("--check: more than %d checks", CHECKS_MAX);
	h->options =
	    mem_resize(h->options, h->noptions + 1, sizeof(*h->options));
	h->options[h->noptions++] = o;
}

static void
set_level(const char *text)
{
	enum log_level level;

	if (log_level_parse(text, &level) < 0)
		bad_option("--log-level \"%s\": debug, info or warn", text);
	log_init("hoploadd", level);
}

static void
set_interval(struct hoploadd *h, const char *text)
{
	int64_t us;

	if (num_duration(text, &us) < 0 || us < 100000 ||
	    us > INT64_C(3600000000))
		bad_option("--interval \"%s\": 100ms to 1h", text);
	h->interval_ms = us / 1000;
}

static void
set_count(const char *name, const char *text, int64_t *out)
{
	if (num_parse(text, 1, 100, out) < 0)
		bad_option("--%s \"%s\": 1 to 100", name, text);
}

static void
take_option(struct hoploadd *h, int c)
{
	char why[OPTION_WHY];

	switch (c) {
	case OPT_CHECK:
		add_check(h, optarg);
		break;
	case OPT_PORT:
		if (option_ports(optarg, h->ports, &h->nports, PORTS_MAX, why) <
		    0)
			bad_option("--port: %s", why);
		break;
	case OPT_INTERVAL:
		set_interval(h, optarg);
		break;
	case OPT_RISE:
		set_count("rise", optarg, &h->rise);
		break;
	case OPT_FALL:
		set_count("fall", optarg, &h->fall);
		break;
	case OPT_PROCFS:
		h->procfs = optarg;
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
		puts("hoploadd " HOP_VERSION);
		exit(0);
	case OPT_HELP:
		usage(stdout, 0);
	default:
		usage(stderr, 2);
	}
}

static void
options(struct hoploadd *h, int argc, char **argv)
{
	size_t i, at = 0;
	int c;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		take_option(h, c);
	if (optind < argc)
		bad_option("\"%s\": no such argument", argv[optind]);
	for (i = 0; i < h->nports; i++)
		at += (size_t)snprintf(h->ports_text + at,
		    sizeof(h->ports_text) - at, "%s%u", i > 0 ? " " : "",
		    (unsigned)h->ports[i]);
}

static void
publish(struct hoploadd *h, struct mono now)
{
	struct loadmib m = {.started = h->started,
	    .interval_ms = h->interval_ms,
	    .ports = h->ports_text,
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
	int64_t late_ms = mono_ms(now, h->last_tick) - h->interval_ms;

	(void)fd;
	(void)what;
	/* Late by half: one is missing, whatever libevent makes of it. */
	if (late_ms > h->interval_ms / 2)
		h->missed +=
		    (uint32_t)((late_ms + h->interval_ms / 2) / h->interval_ms);
	h->last_tick = now;
	load_take(h->load, now);
	publish(h, now);
}

static void
start(struct hoploadd *h)
{
	struct event_base *base = h->daemon.base;
	struct load_conf load = {.base = base,
	    .procfs = h->procfs,
	    .ports = h->ports,
	    .nports = h->nports};
	struct checks_conf checks = {.base = base,
	    .interval_ms = h->interval_ms,
	    .rise = (unsigned)h->rise,
	    .fall = (unsigned)h->fall,
	    .on_change = on_change,
	    .arg = h};
	struct agentx_conf agentx = {.base = base,
	    .program = "hoploadd",
	    .socket = h->daemon.agentx,
	    .context = h->context,
	    .arc = 1};
	struct timeval tv = {
	    h->interval_ms / 1000, h->interval_ms % 1000 * 1000};

	h->started = h->last_tick = mono_now();
	h->load = load_new(&load);
	h->checks = checks_new(&checks, h->options, h->noptions);
	h->agentx = agentx_start(&agentx);
	load_take(h->load, h->started);
	publish(h, h->started);
	h->tick = event_new(base, -1, EV_PERSIST, on_tick, h);
	(void)event_add(h->tick, &tv);
}

static void
end(struct hoploadd *h)
{
	event_free(h->tick);
	checks_free(&h->checks);
	agentx_free(&h->agentx);
	load_free(&h->load);
	free(h->options);
	daemon_fini(&h->daemon);
}

int
main(int argc, char **argv)
{
	struct hoploadd h = {.daemon.program = "hoploadd",
	    .procfs = "/proc",
	    .interval_ms = 1000,
	    .rise = 2,
	    .fall = 2};
	int status;

	log_init("hoploadd", LOG_LEVEL_INFO);
	options(&h, argc, argv);
	daemon_base(&h.daemon);
	daemon_drop(&h.daemon);
	start(&h);
	log_info("main", "version " HOP_VERSION ", %zu checks, ports %s",
	    h.noptions, h.nports == 0 ? "all" : h.ports_text);
	status = daemon_run(&h.daemon);
	end(&h);
	return status;
}
