/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line of hopctl: two tables, options and verbs, from which it is
 * parsed and its help is written. Owns nothing but the run's struct ctl.
 */
#include "ctl/ctl.h"

#include <stdarg.h>
#include <string.h>

#include "ctl/near.h"

/* Which verbs take an option. */
enum {
	FOR_CHECK = 1 << 0,
	FOR_STATUS = 1 << 1,
	FOR_EXPLAIN = 1 << 2,
	FOR_DRAIN = 1 << 3,
	FOR_VERSION = 1 << 4,
	FOR_CONF = FOR_CHECK | FOR_STATUS | FOR_EXPLAIN | FOR_DRAIN,
	FOR_PEERS = FOR_STATUS | FOR_EXPLAIN | FOR_DRAIN,
	FOR_ALL = FOR_CONF | FOR_VERSION
};

struct option_row {
	const char *name;
	const char *arg; /* NULL: none */
	unsigned verbs;
	size_t at; /* in struct ctl: a bool without arg, else a text */
	const char *help;
};

#define AT(field) offsetof(struct ctl, field)

static const struct option_row options[] = {
    {"-f", "FILE", FOR_CONF, AT(conf_file),
	"configuration (" CONF_DEFAULT_FILE ")"},
    {"--json", NULL, FOR_CHECK | FOR_STATUS | FOR_EXPLAIN | FOR_DRAIN, AT(json),
	"print JSON, for machines"},
    {"--secrets", NULL, FOR_CHECK, AT(secrets),
	"read the secret files too, as a manager does"},
    {"--daemon", "ID", FOR_STATUS, AT(daemon), "this daemon only"},
    {"--contact", "SITE", FOR_EXPLAIN, AT(contact),
	"where the request comes in"},
    {"--service", "ID", FOR_EXPLAIN, AT(service),
	"what is asked for (the first of the configuration)"},
    {"--relay", NULL, FOR_EXPLAIN, AT(relay),
	"packets are relayed, not redirected"},
    {"--rtt", "US", FOR_EXPLAIN, AT(rtt),
	"the client's round trip, in us or with a unit"},
    {"--feed", "FILE", FOR_EXPLAIN, AT(feed),
	"offline: loads, states and paths are these lines (-: stdin)"},
    {"--director", "ID", FOR_EXPLAIN, AT(director),
	"ask this one (the first that answers)"},
    {"--why-not", "SERVER", FOR_EXPLAIN, AT(why_not),
	"why, or why not, this server"},
    {"--reason", "TEXT", FOR_DRAIN, AT(reason), "why; all will see it"},
    {"--as", "NAME", FOR_DRAIN, AT(as), "who (SUDO_USER or the login name)"},
    {"--timeout", "TIME", FOR_PEERS, AT(timeout),
	"for each daemon to answer (3s)"},
    {"--cert", "FILE", FOR_PEERS, AT(cert),
	"TLS certificate with the role control, instead of the\n"
	"                     configuration's; with --key and --ca"},
    {"--key", "FILE", FOR_PEERS, AT(key), "its key"},
    {"--ca", "FILE", FOR_PEERS, AT(ca), "who signs"},
    {"--help", NULL, FOR_ALL, AT(help), "this text"},
};
#define NOPTIONS (sizeof(options) / sizeof(options[0]))

struct verb_row {
	const char *name;
	unsigned bit;
	const char *args;
	const char *help;
	int (*run)(struct ctl *c, int argc, char **argv);
};

static const struct verb_row verbs[] = {
    {"check", FOR_CHECK, "", "check a configuration: every error with line",
	check_run},
    {"status", FOR_STATUS, "[TABLE ...]", "what each daemon says of itself",
	status_run},
    {"explain", FOR_EXPLAIN, "--contact SITE CLIENT",
	"where a client would be sent, and why", explain_run},
    {"drain", FOR_DRAIN, "server|site|border ID", "send no new clients there",
	drain_run},
    {"disable", FOR_DRAIN, "server|site|border ID",
	"take it for down until undrain", drain_run},
    {"undrain", FOR_DRAIN, "server|site|border ID", "take it into use again",
	drain_run},
    {"version", FOR_VERSION, "", "print the version", version_run},
};
#define NVERBS (sizeof(verbs) / sizeof(verbs[0]))

static void
help_all(FILE *out)
{
	char call[64];
	size_t i;

	fputs("usage: hopctl VERB [options] [arguments]\n\n", out);
	for (i = 0; i < NVERBS; i++) {
		(void)snprintf(
		    call, sizeof(call), "%s %s", verbs[i].name, verbs[i].args);
		fprintf(out, "  %-31s%s\n", call, verbs[i].help);
	}
	fputs("\n`hopctl help VERB` shows its options. Exit status: 0 ok, 1 "
	      "failed, 2 usage.\n",
	    out);
}

static void
help_verb(const struct verb_row *v, FILE *out)
{
	char name[32];
	size_t i;

	fprintf(out, "usage: hopctl %s [options]%s%s\n\n%s\n\n", v->name,
	    v->args[0] != '\0' ? " " : "", v->args, v->help);
	for (i = 0; i < NOPTIONS; i++) {
		const struct option_row *o = &options[i];

		if ((o->verbs & v->bit) == 0)
			continue;
		(void)snprintf(name, sizeof(name), "%s%s%s", o->name,
		    o->arg != NULL ? " " : "", o->arg != NULL ? o->arg : "");
		fprintf(out, "  %-18s %s\n", name, o->help);
	}
}

static const struct verb_row *
find_verb(const char *name)
{
	size_t i;

	for (i = 0; i < NVERBS; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static const char *
verb_name(const void *arg, size_t i)
{
	(void)arg;
	return verbs[i].name;
}

static int
unknown_verb(const char *name, FILE *err)
{
	fprintf(err, "hopctl: no verb \"%s\"", name);
	near_names(err, name, verb_name, NULL, NVERBS);
	fputs("; see hopctl --help\n", err);
	return CTL_USAGE;
}

static void say(const struct ctl *c, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));
static void
say(const struct ctl *c, const char *fmt, va_list ap)
{
	fprintf(c->err, "hopctl %s: ", c->verb);
	(void)vfprintf(c->err, fmt, ap);
	fputc('\n', c->err);
}

int
ctl_usage(const struct ctl *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(c, fmt, ap);
	va_end(ap);
	fprintf(c->err, "See hopctl help %s.\n", c->verb);
	return CTL_USAGE;
}

int
ctl_failed(const struct ctl *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(c, fmt, ap);
	va_end(ap);
	return CTL_FAILED;
}

/* The option that a word names ("--rtt", "--rtt=300"), or NULL. */
static const struct option_row *
find_option(const struct verb_row *v, const char *word)
{
	size_t i, n = strcspn(word, "=");

	for (i = 0; i < NOPTIONS; i++)
		if ((options[i].verbs & v->bit) != 0 &&
		    strlen(options[i].name) == n &&
		    memcmp(options[i].name, word, n) == 0)
			return &options[i];
	return NULL;
}

/* Take the option at argv[*i]; CTL_OK or CTL_USAGE. */
static int
take_option(
    struct ctl *c, const struct verb_row *v, int argc, char **argv, int *i)
{
	char *word = argv[*i], *equals = strchr(word, '=');
	const struct option_row *o = find_option(v, word);
	void *at;

	if (o == NULL)
		return ctl_usage(c, "no option %s", word);
	at = (char *)c + o->at;
	if (o->arg == NULL) {
		if (equals != NULL)
			return ctl_usage(c, "%s takes no value", o->name);
		*(bool *)at = true;
		return CTL_OK;
	}
	if (equals == NULL && *i + 1 == argc)
		return ctl_usage(c, "%s needs a value: %s", o->name, o->arg);
	*(char **)at = equals != NULL ? equals + 1 : argv[++*i];
	return CTL_OK;
}

/* Options may stand anywhere; behind "--" there are none. */
static int
parse(struct ctl *c, const struct verb_row *v, int *argc, char **argv)
{
	int i, n = 0;
	bool plain = false;

	for (i = 0; i < *argc; i++) {
		if (!plain && strcmp(argv[i], "--") == 0)
			plain = true;
		else if (plain || argv[i][0] != '-' || argv[i][1] == '\0')
			argv[n++] = argv[i];
		else if (take_option(c, v, *argc, argv, &i) != CTL_OK)
			return CTL_USAGE;
	}
	argv[n] = NULL;
	*argc = n;
	if ((c->cert != NULL || c->key != NULL || c->ca != NULL) &&
	    (c->cert == NULL || c->key == NULL || c->ca == NULL))
		return ctl_usage(c, "--cert, --key and --ca go together");
	return CTL_OK;
}

static int
run_verb(const struct verb_row *v, int argc, char **argv, FILE *out, FILE *err)
{
	char default_conf[] = CONF_DEFAULT_FILE;
	struct ctl c = {
	    .verb = v->name, .conf_file = default_conf, .out = out, .err = err};

	if (parse(&c, v, &argc, argv) != CTL_OK)
		return CTL_USAGE;
	if (c.help) {
		help_verb(v, out);
		return CTL_OK;
	}
	return v->run(&c, argc, argv);
}

static int
run_help(int argc, char **argv, FILE *out, FILE *err)
{
	const struct verb_row *v;

	if (argc == 0) {
		help_all(out);
		return CTL_OK;
	}
	v = find_verb(argv[0]);
	if (v == NULL)
		return unknown_verb(argv[0], err);
	help_verb(v, out);
	return CTL_OK;
}

int
ctl_main(int argc, char **argv, FILE *out, FILE *err)
{
	const struct verb_row *v;

	if (argc < 2) {
		help_all(err);
		return CTL_USAGE;
	}
	if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 ||
	    strcmp(argv[1], "-h") == 0)
		return run_help(argc - 2, argv + 2, out, err);
	v = find_verb(strcmp(argv[1], "--version") == 0 ? "version" : argv[1]);
	if (v == NULL)
		return unknown_verb(argv[1], err);
	return run_verb(v, argc - 2, argv + 2, out, err);
}
