/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The start of a daemon with a configuration file: its options, the file, and
 * which one of it we are. What follows is lib/daemon.c's.
 */
#include "lib/daemon.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/stream.h"

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

void
daemon_start(struct daemon *d, int argc, char **argv, enum conf_secrets secrets)
{
	stream_wipe_memory();
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
