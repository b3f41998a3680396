/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Choosing an alias chooses the exit: only if this host sends what has the
 * alias's address out through the alias's border. That takes a rule and a table
 * of routes for each border, which is easily forgotten and seldom noticed.
 */
#include "ctl/doctor/exits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/doctor/doctor.h"
#include "lib/mem.h"

#define MTU_LEAST 1280
#define REMEDY                                                                 \
	"One table of routes for each border, chosen by the alias's address: " \
	"`ip route add default via GATEWAY table N`, `ip rule add from ALIAS " \
	"lookup N`."

static bool
is_same_way(const struct exit_way *a, const struct exit_way *b)
{
	return a->routed && b->routed && a->interface == b->interface &&
	       addr_cmp(&a->gateway, &b->gateway) == 0;
}

/* An alias of another border of the same server that leaves by this way. */
static const struct exit_way *
twin(const struct exit_way *way, size_t n, size_t of)
{
	size_t i;

	for (i = 0; i < of; i++)
		if (strcmp(way[i].server, way[of].server) == 0 &&
		    way[i].addr.family == way[of].addr.family &&
		    strcmp(way[i].border, way[of].border) != 0 &&
		    is_same_way(&way[i], &way[of]))
			return &way[i];
	(void)n;
	return NULL;
}

static void
judge_link(const struct exit_way *w, bool many, struct findings *f)
{
	if (w->mtu > 0 && w->mtu < MTU_LEAST)
		finding_bad(f, VERDICT_WARN,
		    "Raise the MTU of interface and route; IPv6 needs 1280.",
		    "alias %s leaves by %s with an MTU of %d", w->alias,
		    w->name, w->mtu);
	if (many && w->rp_filter == 1)
		finding_bad(f, VERDICT_WARN,
		    "sysctl net.ipv4.conf.all.rp_filter=2 and the same of the "
		    "interface.",
		    "strict rp_filter on %s: what comes in by another "
		    "interface than it would leave by is dropped",
		    w->name);
}

/* How many interfaces lead out. */
static size_t
interfaces(const struct exit_way *way, size_t n)
{
	size_t i, k, found = 0;

	for (i = 0; i < n; i++) {
		for (k = 0; k < i; k++)
			if (way[k].routed &&
			    way[k].interface == way[i].interface)
				break;
		found += way[i].routed && k == i;
	}
	return found;
}

void
exits_judge(const struct exit_way *way, size_t n, struct findings *f)
{
	bool many = interfaces(way, n) > 1;
	char gateway[ADDR_TEXT], addr[ADDR_TEXT];
	const struct exit_way *other;
	size_t i;

	for (i = 0; i < n; i++) {
		const struct exit_way *w = &way[i];

		(void)addr_text(&w->addr, addr, sizeof(addr));
		(void)addr_text(&w->gateway, gateway, sizeof(gateway));
		if (!w->local) {
			finding_bad(f, VERDICT_WARN,
			    "`ip addr add` it to an interface of this host, "
			    "unless something in front of it translates the "
			    "address.",
			    "alias %s: %s is no address of this host", w->alias,
			    addr);
			continue;
		}
		if (!w->routed) {
			finding_bad(f, VERDICT_FAIL, REMEDY,
			    "alias %s: packets from %s have no way out",
			    w->alias, addr);
			continue;
		}
		other = twin(way, n, i);
		if (other != NULL)
			finding_bad(f, VERDICT_WARN, REMEDY,
			    "alias %s is of border %s, but leaves by the same "
			    "way as %s of border %s (via %s, %s)",
			    w->alias, w->border, other->alias, other->border,
			    gateway, w->name);
		else
			finding_ok(f, "alias %s (%s) leaves via %s, %s",
			    w->alias, addr, gateway, w->name);
		judge_link(w, many, f);
	}
}

static void
add(struct exit_way **list, size_t *n, const struct doctor *d,
    const struct server *s, const struct alias *a, const struct addr *addr)
{
	char name[96];
	int64_t all, one;
	struct exit_way w = {.server = s->id,
	    .alias = a->name,
	    .border = d->w->borders[a->border].id,
	    .addr = *addr,
	    .local = host_is_local(&d->host, addr)};

	if (addr->family == AF_UNSPEC)
		return;
	if (w.local)
		exits_ask(&w);
	(void)snprintf(
	    name, sizeof(name), "net/ipv4/conf/%s/rp_filter", w.name);
	/* The higher of the two counts (ip-sysctl). */
	all = host_sysctl(&d->host, "net/ipv4/conf/all/rp_filter");
	one = w.routed ? host_sysctl(&d->host, name) : -1;
	w.rp_filter = (int)(all > one ? all : one);
	*list = mem_resize(*list, *n + 1, sizeof(**list));
	(*list)[(*n)++] = w;
}

void
check_exits(const struct doctor *d, struct findings *f)
{
	struct exit_way *list = NULL;
	size_t n = 0, i, k;

	f->area = "exits";
	for (i = 0; d->live && i < d->nroles; i++) {
		const struct server *s;

		if (strcmp(d->role[i].program, "hoploadd") != 0)
			continue;
		s = &d->w->servers[d->role[i].n];
		for (k = 0; k < s->naliases; k++) {
			add(&list, &n, d, s, &s->aliases[k], &s->aliases[k].v4);
			add(&list, &n, d, s, &s->aliases[k], &s->aliases[k].v6);
		}
	}
	exits_judge(list, n, f);
	free(list);
}
