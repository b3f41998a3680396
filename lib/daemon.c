/* SPDX-License-Identifier: BSD-2-Clause */
/* The start and the end of a daemon. Owns world, event base and signal events;
 * knows nothing of what the daemon does. */
#include "lib/daemon.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/drop.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/notify.h"

#define AGENTX_SOCKET "/run/hopscotch-agentx/master"

static const char usage_text[] =
    "usage: %s [options]\n"
    "  -f FILE              configuration (" CONF_DEFAULT_FILE ")\n"
    "  --id ID              which one of the configuration (default: the one\n"
    "                       whose host is this machine's name)\n"
    "  --user NAME          become this user once the sockets are open\n"
    "  --log-level LEVEL    debug, info (default) or warn\n"
    "  --log-file FILE      log to this file, opened anew on SIGUSR1\n"
    "  --agentx SOCKET      AgentX socket of snmpd (" AGENTX_SOCKET
    "\n                       if it is there, else Net-SNMP's default)\n"
    "  --no-snmp            serve no SNMP objects\n"
    "  --version, --help\n";

enum option_number {
	OPT_ID = 256,
	OPT_USER,
	OPT_LEVEL,
	OPT_LOG,
	OPT_AGENTX,
	OPT_NOSNMP,
	OPT_VERSION,
	OPT_HELP
};

static const struct option long_options[] = {
    {"config", required_argument, NULL, 'f'},
    {"id", required_argument, NULL, OPT_ID},
    {"user", required_argument, NULL, OPT_USER},
    {"log-level", required_argument, NULL, OPT_LEVEL},
    {"log-file", required_argument, NULL, OPT_LOG},
    {"agentx", required_argument, NULL, OPT_AGENTX},
    {"no-snmp", no_argument, NULL, OPT_NOSNMP},
    {"version", no_argument, NULL, OPT_VERSION},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

__attribute__((noreturn)) static void
usage(const char *program, FILE *out, int status)
{
	fprintf(out, usage_text, program);
	exit(status);
}

static void
set_level(const struct daemon *d, const char *text)
{
	enum log_level level;

	if (log_level_parse(text, &level) == 0) {
		log_init(d->program, level);
		return;
	}
	fprintf(stderr, "%s: --log-level \"%s\": debug, info or warn\n",
	    d->program, text);
	exit(2);
}

static void
take_option(struct daemon *d, int c)
{
	switch (c) {
	case 'f':
		d->conf_file = optarg;
		break;
	case OPT_ID:
		d->id = optarg;
		break;
	case OPT_USER:
		d->user = optarg;
		break;
	case OPT_LEVEL:
		set_level(d, optarg);
		break;
	case OPT_LOG:
		d->log_file = optarg;
		break;
	case OPT_AGENTX:
		d->agentx = optarg;
		break;
	case OPT_NOSNMP:
		d->no_snmp = true;
		break;
	case OPT_VERSION:
		printf("%s " HOP_VERSION "\n", d->program);
		exit(0);
	case OPT_HELP:
		usage(d->program, stdout, 0);
	default:
		usage(d->program, stderr, 2);
	}
}

static void
options(struct daemon *d, int argc, char **argv)
{
	int c;

	while ((c = getopt_long(argc, argv, "f:", long_options, NULL)) != -1)
		take_option(d, c);
	if (optind < argc) {
		fprintf(stderr, "%s: \"%s\": no such argument\n", d->program,
		    argv[optind]);
		usage(d->program, stderr, 2);
	}
}

const char *
daemon_agentx(void)
{
	return access(AGENTX_SOCKET, F_OK) == 0 ? AGENTX_SOCKET : NULL;
}

static void
load(struct daemon *d, enum conf_secrets secrets)
{
	struct conf_errors errs = {0};

	d->world = conf_load(d->conf_file, secrets, &errs);
	(void)conf_errors_log(&errs);
	conf_errors_free(&errs);
	if (d->world == NULL)
		log_fatalx("conf",
		    "%s cannot be used; `hopctl check -f %s` "
		    "checks it without starting anything",
		    d->conf_file, d->conf_file);
}

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
daemon_start(struct daemon *d, int argc, char **argv, enum conf_secrets secrets)
{
	log_init(d->program, LOG_LEVEL_INFO);
	d->conf_file = CONF_DEFAULT_FILE;
	options(d, argc, argv);
	if (d->agentx == NULL)
		d->agentx = daemon_agentx();
	load(d, secrets);
	daemon_base(d);
}

/* One kind of daemon of the configuration, as a list. */
struct kind {
	const char *word;
	size_t n;
	const char *(*id)(const struct world *w, size_t i);
	const char *(*host)(const struct world *w, size_t i);
};

/* "ny" and "ny.example.com" are one machine. */
static bool
is_host(const char *host, const char *mine)
{
	size_t n = strcspn(mine, ".");

	if (host == NULL)
		return false;
	return strcasecmp(host, mine) == 0 ||
	       (strlen(host) == n && strncasecmp(host, mine, n) == 0);
}

static void
add_id(char *list, size_t size, const char *id)
{
	size_t n = strlen(list);

	(void)snprintf(list + n, size - n, "%s%s", n > 0 ? " " : "", id);
}

static int
find_self(const struct daemon *d, const struct kind *k)
{
	char mine[256] = "", all[512] = "", found[512] = "";
	int at = -1, matches = 0;
	size_t i;

	(void)gethostname(mine, sizeof(mine) - 1);
	for (i = 0; i < k->n; i++) {
		add_id(all, sizeof(all), k->id(d->world, i));
		if (d->id != NULL ? strcmp(d->id, k->id(d->world, i)) != 0
				  : !is_host(k->host(d->world, i), mine))
			continue;
		add_id(found, sizeof(found), k->id(d->world, i));
		at = (int)i;
		matches++;
	}
	if (matches == 1)
		return at;
	if (k->n == 0)
		log_fatalx("conf", "%s has no <%s>", d->conf_file, k->word);
	if (matches > 1)
		log_fatalx("conf",
		    "host \"%s\" is several <%s> of %s: %s; say which with "
		    "--id",
		    mine, k->word, d->conf_file, found);
	if (d->id != NULL)
		log_fatalx("conf", "no <%s id=\"%s\"> in %s; there are: %s",
		    k->word, d->id, d->conf_file, all);
	log_fatalx("conf",
	    "no <%s> of %s has host=\"%s\"; there are: %s; say which with "
	    "--id",
	    k->word, d->conf_file, mine, all);
}

#define KIND(what)                                                        \
	static const char *what##_id(const struct world *w, size_t i)     \
	{                                                                 \
		return w->what##s[i].id;                                  \
	}                                                                 \
	static const char *what##_host(const struct world *w, size_t i)   \
	{                                                                 \
		return w->what##s[i].host;                                \
	}                                                                 \
	int daemon_self_##what(const struct daemon *d)                    \
	{                                                                 \
		const struct kind k = {                                   \
		    #what, d->world->n##what##s, what##_id, what##_host}; \
		return find_self(d, &k);                                  \
	}                                                                 \
	int daemon_find_##what(const struct world *w, const char *id)     \
	{                                                                 \
		size_t i;                                                 \
                                                                          \
		for (i = 0; i < w->n##what##s; i++)                       \
			if (strcmp(w->what##s[i].id, id) == 0)            \
				return (int)i;                            \
		return -1;                                                \
	}

KIND(manager)
KIND(director)
KIND(frontend)

void
daemon_drop(struct daemon *d)
{
	char why[160];

	if (drop_to(d->user, why, sizeof(why)) < 0)
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
