/* SPDX-License-Identifier: BSD-2-Clause */
/* hoploadd's options. Owns the list of checks. */
#include "agent/loadargs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/num.h"

enum {
	OPT_CHECK = COMMON_END,
	OPT_PORT,
	OPT_INTERVAL,
	OPT_RISE,
	OPT_FALL,
	OPT_PROCFS
};

const struct arg loadargs_table[] = {
    {"check", OPT_CHECK, ARG_LIST},
    {"port", OPT_PORT, ARG_LIST},
    {"interval", OPT_INTERVAL, 0},
    {"rise", OPT_RISE, 0},
    {"fall", OPT_FALL, 0},
    {"procfs", OPT_PROCFS, ARG_FIXED},
    COMMON_ARGS,
    {NULL, 0, 0},
};

const char loadargs_usage[] =
    "usage: hoploadd [options]\n"
    "  --check ID=HOW       check a service, ID is its id; HOW is\n"
    "                       tcp:ADDR:PORT, ftp://ADDR:PORT or\n"
    "                       http://ADDR:PORT/PATH[,status=N][,host=NAME]\n"
    "  --port N[,N ...]     count connections on these ports only\n"
    "  --interval TIME      of samples and checks (1s)\n"
    "  --rise N, --fall N   results in a row that change a state (2, 2)\n"
    "  --procfs DIR         where proc is (/proc)\n"
    "  --id ID              name of the control socket (the host's "
    "name)\n" COMMON_USAGE;

static void
take_check(struct loadargs *l, struct args *a, const struct args_value *v)
{
	struct option_check o;
	char why[OPTION_WHY];
	size_t i;

	if (option_check(v->value, &o, why) < 0) {
		args_fault(a, v, ": %s", why);
		return;
	}
	for (i = 0; i < l->nchecks; i++) {
		if (strcmp(l->checks[i].id, o.id) == 0) {
			args_fault(a, v, ": \"%s\" is there twice", o.id);
			return;
		}
	}
	if (l->nchecks == LOADARGS_CHECKS_MAX) {
		args_fault(a, v, ": more than %d checks", LOADARGS_CHECKS_MAX);
		return;
	}
	l->checks = mem_resize(l->checks, l->nchecks + 1, sizeof(*l->checks));
	l->checks[l->nchecks++] = o;
}

static void
take_interval(struct loadargs *l, struct args *a, const struct args_value *v)
{
	int64_t us;

	if (num_duration(v->value, &us) < 0 || us < 100000 ||
	    us > INT64_C(3600000000))
		args_fault(a, v, " \"%.40s\": 100ms to 1h", v->value);
	else
		l->interval_ms = us / 1000;
}

static void
take_count(struct args *a, const struct args_value *v, int64_t *out)
{
	if (num_parse(v->value, 1, 100, out) < 0)
		args_fault(a, v, " \"%.40s\": 1 to 100", v->value);
}

static void
take(struct loadargs *l, struct args *a, const struct args_value *v)
{
	char why[OPTION_WHY];

	switch (v->arg->number) {
	case OPT_CHECK:
		take_check(l, a, v);
		break;
	case OPT_PORT:
		if (option_ports(
			v->value, l->ports, &l->nports, PORTS_MAX, why) < 0)
			args_fault(a, v, ": %s", why);
		break;
	case OPT_INTERVAL:
		take_interval(l, a, v);
		break;
	case OPT_RISE:
		take_count(a, v, &l->rise);
		break;
	case OPT_FALL:
		take_count(a, v, &l->fall);
		break;
	case OPT_PROCFS:
		l->procfs = v->value;
		break;
	default:
		break;
	}
}

void
loadargs_take(struct loadargs *l, struct args *a)
{
	size_t i, at = 0;

	*l = (struct loadargs){
	    .interval_ms = 1000, .rise = 2, .fall = 2, .procfs = "/proc"};
	common_take(&l->common, a);
	for (i = 0; i < args_count(a); i++)
		take(l, a, args_at(a, i));
	for (i = 0; i < l->nports; i++)
		at += (size_t)snprintf(l->ports_text + at,
		    sizeof(l->ports_text) - at, "%s%u", i > 0 ? " " : "",
		    (unsigned)l->ports[i]);
}

void
loadargs_fini(struct loadargs *l)
{
	free(l->checks);
	l->checks = NULL;
	l->nchecks = 0;
}
