/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line of hopctl as two tables, options and verbs: it is parsed,
 * helped, completed and checked against the manual by them. Const data.
 */
#include "ctl/verbs.h"

#include <string.h>

/* Which verbs take an option. */
enum {
	FOR_CHECK = 1 << 0,
	FOR_STATUS = 1 << 1,
	FOR_EXPLAIN = 1 << 2,
	FOR_DRAIN = 1 << 3,
	FOR_UNDRAIN = 1 << 4,
	FOR_RELOAD = 1 << 5,
	FOR_TOP = 1 << 6,
	FOR_DOCTOR = 1 << 7,
	FOR_ZONE = 1 << 8,
	FOR_COMPLETION = 1 << 9,
	FOR_VERSION = 1 << 10,
	FOR_ADMIN = FOR_DRAIN | FOR_UNDRAIN,
	FOR_PEERS = FOR_STATUS | FOR_EXPLAIN | FOR_ADMIN | FOR_RELOAD |
		    FOR_TOP | FOR_DOCTOR,
	FOR_CONF = FOR_CHECK | FOR_PEERS | FOR_ZONE,
	FOR_JSON = FOR_CHECK | FOR_STATUS | FOR_EXPLAIN | FOR_ADMIN |
		   FOR_RELOAD | FOR_DOCTOR,
	FOR_ALL = FOR_CONF | FOR_COMPLETION | FOR_VERSION
};

#define AT(field) offsetof(struct ctl, field)

static const struct verbs_option options[] = {
    {"-f", "FILE", FOR_CONF | FOR_COMPLETION, AT(conf_file),
	"configuration (" CONF_DEFAULT_FILE ")"},
    {"--json", NULL, FOR_JSON, AT(json), "print JSON, for machines"},
    {"--secrets", NULL, FOR_CHECK, AT(secrets),
	"read the secret files too, as a manager does"},
    {"--daemon", "ID", FOR_STATUS | FOR_TOP, AT(daemon), "this daemon only"},
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
    {"--reason", "TEXT", FOR_ADMIN, AT(reason), "why; all will see it"},
    {"--as", "NAME", FOR_ADMIN, AT(as), "who (SUDO_USER or the login name)"},
    {"--wait", NULL, FOR_DRAIN, AT(wait), "until it has no connections left"},
    {"--at-most", "N", FOR_DRAIN, AT(at_most),
	"with --wait: so many connections may be left (0)"},
    {"--local", NULL, FOR_RELOAD | FOR_STATUS, AT(local),
	"every daemon with a socket on this host"},
    {"--once", NULL, FOR_TOP, AT(once), "print one picture and end"},
    {"--sort", "KEY", FOR_TOP, AT(sort), "server, state, load, conns or drawn"},
    {"--filter", "TEXT", FOR_TOP, AT(filter),
	"only servers whose row has this text"},
    {"--root", "DIR", FOR_DOCTOR, AT(root),
	"look at the files below this directory only"},
    {"--ttl", "SECONDS", FOR_ZONE, AT(ttl), "of the records (300)"},
    {"--format", "FORM", FOR_ZONE, AT(format), "bind or hosts (bind)"},
    {"--certs", NULL, FOR_ZONE, AT(certs),
	"the names that each server's certificate needs"},
    {"--timeout", "TIME", FOR_DRAIN, AT(timeout),
	"for each daemon to answer (3s); with --wait: in all (1h)"},
    {"--timeout", "TIME", FOR_PEERS & ~FOR_TOP & ~FOR_DRAIN, AT(timeout),
	"for each daemon to answer (3s)"},
    {"--cert", "FILE", FOR_PEERS, AT(cert),
	"TLS certificate with the role control, instead of the\n"
	"                     configuration's; with --key and --ca"},
    {"--key", "FILE", FOR_PEERS, AT(key), "its key"},
    {"--ca", "FILE", FOR_PEERS, AT(ca), "who signs"},
    {"--help", NULL, FOR_ALL, AT(help), "this text"},
};
#define NOPTIONS (sizeof(options) / sizeof(options[0]))

static const struct verbs_verb verbs[] = {
    {"check", FOR_CHECK, "", "check a configuration: every error with line",
	check_run},
    {"status", FOR_STATUS, "[TABLE ...]", "what each daemon says of itself",
	status_run},
    {"top", FOR_TOP, "", "servers, services and daemons, live", top_run},
    {"explain", FOR_EXPLAIN, "--contact SITE CLIENT",
	"where a client would be sent, and why", explain_run},
    {"drain", FOR_DRAIN, "server|site|border ID", "send no new clients there",
	drain_run},
    {"disable", FOR_DRAIN, "server|site|border ID",
	"take it for down until undrain", drain_run},
    {"undrain", FOR_UNDRAIN, "server|site|border ID", "take it into use again",
	drain_run},
    {"reload", FOR_RELOAD, "[DAEMON ...]",
	"let daemons take the configuration anew", reload_run},
    {"doctor", FOR_DOCTOR, "", "what is wrong on this host, and its remedy",
	doctor_run},
    {"zone", FOR_ZONE, "", "the DNS records that a configuration needs",
	zone_run},
    {"completion", FOR_COMPLETION, "[KIND]", "print the completion for bash",
	completion_run},
    {"version", FOR_VERSION, "", "print the version", version_run},
};
#define NVERBS (sizeof(verbs) / sizeof(verbs[0]))

const struct verbs_verb *
verbs_at(size_t i)
{
	return i < NVERBS ? &verbs[i] : NULL;
}

const struct verbs_verb *
verbs_find(const char *name)
{
	size_t i;

	for (i = 0; i < NVERBS; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

const struct verbs_option *
verbs_option(const struct verbs_verb *v, size_t i)
{
	size_t k;

	for (k = 0; k < NOPTIONS; k++)
		if ((options[k].verbs & v->bit) != 0 && i-- == 0)
			return &options[k];
	return NULL;
}

void
verbs_help_all(FILE *out)
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

void
verbs_help(const struct verbs_verb *v, FILE *out)
{
	const struct verbs_option *o;
	char name[32];
	size_t i;

	fprintf(out, "usage: hopctl %s [options]%s%s\n\n%s\n\n", v->name,
	    v->args[0] != '\0' ? " " : "", v->args, v->help);
	for (i = 0; (o = verbs_option(v, i)) != NULL; i++) {
		(void)snprintf(name, sizeof(name), "%s%s%s", o->name,
		    o->arg != NULL ? " " : "", o->arg != NULL ? o->arg : "");
		fprintf(out, "  %-18s %s\n", name, o->help);
	}
}
