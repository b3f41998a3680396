/* SPDX-License-Identifier: BSD-2-Clause */
/* hoppingd's options. Owns the lists of prefixes. */
#include "agent/pingargs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/num.h"

enum {
	OPT_BORDER = COMMON_END,
	OPT_SOURCE,
	OPT_CANARY,
	OPT_ALLOW,
	OPT_DENY,
	OPT_RATE,
	OPT_TARGETS
};

const struct arg pingargs_table[] = {
    {"border", OPT_BORDER, ARG_FIXED},
    {"source", OPT_SOURCE, ARG_LIST | ARG_FIXED},
    {"canary", OPT_CANARY, ARG_LIST},
    {"allow", OPT_ALLOW, ARG_LIST},
    {"deny", OPT_DENY, ARG_LIST},
    {"rate", OPT_RATE, 0},
    {"targets", OPT_TARGETS, ARG_FIXED},
    COMMON_ARGS,
    {NULL, 0, 0},
};

const char pingargs_usage[] =
    "usage: hoppingd --border ID [options]\n"
    "  --border ID          the border that it pings out of\n"
    "  --source ADDR        ping from this address, one of a family\n"
    "  --canary ADDR        an address outside that ought to reply\n"
    "  --allow PREFIX       special-purpose addresses that may be pinged\n"
    "  --deny PREFIX        addresses that may not; wins over all else\n"
    "  --rate N             probes a second, over all (1000)\n"
    "  --targets N          rows that managers may have (10000)\n"
    "  --id ID              name of the control socket (the border's "
    "id)\n" COMMON_USAGE
    "--source, --canary, --allow and --deny may be repeated, or hold a list\n"
    "with commas.\n";

static void
add_source(struct pingargs *p, struct args *a, const struct args_value *v,
    const char *text)
{
	struct addr addr, *to;

	if (addr_parse(text, &addr) < 0) {
		args_fault(a, v, " \"%.40s\": no IP address", text);
		return;
	}
	to = addr.family == AF_INET ? &p->source4 : &p->source6;
	if (to->family != AF_UNSPEC) {
		args_fault(a, v, " \"%.40s\": one of each family", text);
		return;
	}
	*to = addr;
	(void)snprintf(p->sources + strlen(p->sources),
	    sizeof(p->sources) - strlen(p->sources), "%s%s",
	    p->sources[0] != '\0' ? " " : "", text);
}

static void
add_canary(struct pingargs *p, struct args *a, const struct args_value *v,
    const char *text)
{
	struct addr addr;
	size_t i;

	if (addr_parse(text, &addr) < 0) {
		args_fault(a, v, " \"%.40s\": no IP address", text);
		return;
	}
	for (i = 0; i < p->ncanaries; i++) {
		if (addr_cmp(&p->canaries[i], &addr) == 0) {
			args_fault(a, v, " \"%.40s\": is there twice", text);
			return;
		}
	}
	if (p->ncanaries == PINGARGS_CANARIES_MAX) {
		args_fault(a, v, ": more than %d", PINGARGS_CANARIES_MAX);
		return;
	}
	p->canary_from[p->ncanaries] = v;
	p->canaries[p->ncanaries++] = addr;
}

static void
add_prefix(struct prefix **list, size_t *n, struct args *a,
    const struct args_value *v, const char *text)
{
	struct prefix prefix;

	if (prefix_parse(text, &prefix) < 0) {
		args_fault(a, v,
		    " \"%.60s\": no prefix; 192.0.2.0/24, 2001:db8::/32 or an "
		    "address, without bits behind the length",
		    text);
		return;
	}
	if (*n == PINGARGS_LIST_MAX) {
		args_fault(a, v, ": more than %d", PINGARGS_LIST_MAX);
		return;
	}
	*list = mem_resize(*list, *n + 1, sizeof(**list));
	(*list)[(*n)++] = prefix;
}

static void
add_one(struct pingargs *p, struct args *a, const struct args_value *v,
    const char *text)
{
	switch (v->arg->number) {
	case OPT_SOURCE:
		add_source(p, a, v, text);
		break;
	case OPT_CANARY:
		add_canary(p, a, v, text);
		break;
	case OPT_ALLOW:
		add_prefix(&p->allow, &p->nallow, a, v, text);
		break;
	default:
		add_prefix(&p->deny, &p->ndeny, a, v, text);
		break;
	}
}

static void
add_list(struct pingargs *p, struct args *a, const struct args_value *v)
{
	char *copy = mem_text(v->value), *rest = copy, *word;

	while ((word = strsep(&rest, ",")) != NULL)
		add_one(p, a, v, word);
	free(copy);
}

static void
take_number(
    struct args *a, const struct args_value *v, int64_t max, int64_t *out)
{
	if (num_parse(v->value, 1, max, out) < 0)
		args_fault(
		    a, v, " \"%.40s\": 1 to %lld", v->value, (long long)max);
}

static void
take(struct pingargs *p, struct args *a, const struct args_value *v)
{
	switch (v->arg->number) {
	case OPT_BORDER:
		p->border = v->value;
		if (!common_is_id(v->value))
			args_fault(
			    a, v, " \"%.40s\": " COMMON_ID_FORM, v->value);
		break;
	case OPT_SOURCE:
	case OPT_CANARY:
	case OPT_ALLOW:
	case OPT_DENY:
		add_list(p, a, v);
		break;
	case OPT_RATE:
		take_number(a, v, 10000, &p->rate);
		break;
	case OPT_TARGETS:
		take_number(a, v, 100000, &p->targets);
		break;
	default:
		break;
	}
}

static void
check_canaries(const struct pingargs *p, struct args *a)
{
	char addr[ADDR_TEXT], prefix[PREFIX_TEXT];
	size_t i, j;

	for (i = 0; i < p->ncanaries; i++)
		for (j = 0; j < p->ndeny; j++)
			if (prefix_covers(&p->deny[j], &p->canaries[i]))
				args_fault(a, p->canary_from[i],
				    " %s: --deny %s forbids it",
				    addr_text(
					&p->canaries[i], addr, sizeof(addr)),
				    prefix_text(
					&p->deny[j], prefix, sizeof(prefix)));
}

void
pingargs_take(struct pingargs *p, struct args *a)
{
	size_t i;

	*p = (struct pingargs){.rate = 1000, .targets = 10000};
	common_take(&p->common, a);
	for (i = 0; i < args_count(a); i++)
		take(p, a, args_at(a, i));
	if (p->border == NULL)
		args_fault(a, NULL,
		    "--border is missing: the id of the border in "
		    "hopscotch.xml");
	check_canaries(p, a);
}

void
pingargs_fini(struct pingargs *p)
{
	free(p->allow);
	free(p->deny);
	p->allow = p->deny = NULL;
	p->nallow = p->ndeny = 0;
}
