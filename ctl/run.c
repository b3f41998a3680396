/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A run of hopctl: its command line, by the tables of ctl/verbs.c, to a struct
 * ctl, and then the verb. Owns nothing but that struct.
 */
#include <stdarg.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/near.h"
#include "ctl/verbs.h"

static const char *
verb_name(const void *arg, size_t i)
{
	(void)arg;
	return verbs_at(i)->name;
}

static size_t
verb_count(void)
{
	size_t n = 0;

	while (verbs_at(n) != NULL)
		n++;
	return n;
}

static int
unknown_verb(const char *name, FILE *err)
{
	fprintf(err, "hopctl: no verb \"%s\"", name);
	near_names(err, name, verb_name, NULL, verb_count());
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
static const struct verbs_option *
find_option(const struct verbs_verb *v, const char *word)
{
	size_t i, n = strcspn(word, "=");
	const struct verbs_option *o;

	for (i = 0; (o = verbs_option(v, i)) != NULL; i++)
		if (strlen(o->name) == n && memcmp(o->name, word, n) == 0)
			return o;
	return NULL;
}

/* Take the option at argv[*i]; CTL_OK or CTL_USAGE. */
static int
take_option(
    struct ctl *c, const struct verbs_verb *v, int argc, char **argv, int *i)
{
	char *word = argv[*i], *equals = strchr(word, '=');
	const struct verbs_option *o = find_option(v, word);
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
parse(struct ctl *c, const struct verbs_verb *v, int *argc, char **argv)
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
run_verb(
    const struct verbs_verb *v, int argc, char **argv, FILE *out, FILE *err)
{
	char default_conf[] = CONF_DEFAULT_FILE;
	struct ctl c = {
	    .verb = v->name, .conf_file = default_conf, .out = out, .err = err};

	if (parse(&c, v, &argc, argv) != CTL_OK)
		return CTL_USAGE;
	if (c.help) {
		verbs_help(v, out);
		return CTL_OK;
	}
	return v->run(&c, argc, argv);
}

static int
run_help(int argc, char **argv, FILE *out, FILE *err)
{
	const struct verbs_verb *v;

	if (argc == 0 || strcmp(argv[0], "help") == 0) {
		verbs_help_all(out);
		return CTL_OK;
	}
	v = verbs_find(argv[0]);
	if (v == NULL)
		return unknown_verb(argv[0], err);
	verbs_help(v, out);
	return CTL_OK;
}

int
ctl_main(int argc, char **argv, FILE *out, FILE *err)
{
	const struct verbs_verb *v;

	if (argc < 2) {
		verbs_help_all(err);
		return CTL_USAGE;
	}
	if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 ||
	    strcmp(argv[1], "-h") == 0)
		return run_help(argc - 2, argv + 2, out, err);
	v = verbs_find(strcmp(argv[1], "--version") == 0 ? "version" : argv[1]);
	if (v == NULL)
		return unknown_verb(argv[1], err);
	return run_verb(v, argc - 2, argv + 2, out, err);
}
