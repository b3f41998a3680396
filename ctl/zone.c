/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hopctl zone: what a configuration needs in the DNS, a record for each alias
 * and, for the host names of each service, the addresses of the front ends; or
 * the names that each server's certificate needs. Asks nobody.
 */
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl.h"
#include "lib/addr.h"
#include "lib/mem.h"
#include "lib/num.h"

#define TTL_MAX INT64_C(2147483647) /* RFC 2181, 8 */

struct zone {
	FILE *out;
	const struct world *w;
	int64_t ttl;
	bool hosts;         /* as /etc/hosts, else as a master file */
	struct addr *front; /* the front ends' addresses, each once */
	size_t nfront;
};

static void
comment(const struct zone *z, const char *what, const char *id)
{
	fprintf(z->out, "%c %s %s\n", z->hosts ? '#' : ';', what, id);
}

static void
record(const struct zone *z, const char *name, const struct addr *a)
{
	char text[ADDR_TEXT];
	int pad = (int)strlen(name);

	if (a->family == AF_UNSPEC)
		return;
	(void)addr_text(a, text, sizeof(text));
	if (z->hosts) {
		fprintf(z->out, "%-24s %s\n", text, name);
		return;
	}
	fprintf(z->out, "%s.%*s %lld IN %-4s %s\n", name,
	    pad < 32 ? 32 - pad : 0, "", (long long)z->ttl,
	    a->family == AF_INET6 ? "AAAA" : "A", text);
}

static void
aliases(const struct zone *z)
{
	size_t i, k;

	for (i = 0; i < z->w->nservers; i++) {
		const struct server *s = &z->w->servers[i];

		comment(z, "server", s->id);
		for (k = 0; k < s->naliases; k++) {
			record(z, s->aliases[k].name, &s->aliases[k].v4);
			record(z, s->aliases[k].name, &s->aliases[k].v6);
		}
	}
}

static bool
is_any(const struct addr *a)
{
	static const uint8_t zero[16];

	return memcmp(a->ip, zero, sizeof(zero)) == 0;
}

/* 0.0.0.0 and loopback are no addresses for the world. */
static void
find_fronts(struct zone *z)
{
	size_t i, k, n;

	for (i = 0; i < z->w->nfrontends; i++) {
		const struct frontend *f = &z->w->frontends[i];

		for (k = 0; k < f->nlisten; k++) {
			const struct addr *a = &f->listen[k].addr;

			if (is_any(a) || addr_is_loopback(a))
				continue;
			for (n = 0; n < z->nfront; n++)
				if (addr_cmp(&z->front[n], a) == 0)
					break;
			if (n < z->nfront)
				continue;
			z->front = mem_resize(
			    z->front, z->nfront + 1, sizeof(*z->front));
			z->front[z->nfront++] = *a;
		}
	}
}

static void
services(const struct zone *z)
{
	size_t i, k, n;

	for (i = 0; i < z->w->nservices; i++) {
		const struct service *s = &z->w->services[i];

		comment(z, "service", s->id);
		for (k = 0; k < s->nhosts; k++)
			for (n = 0; n < z->nfront; n++)
				record(z, s->hosts[k], &z->front[n]);
	}
	if (z->nfront == 0 && z->w->nfrontends > 0)
		comment(z, "the front ends listen at all addresses;",
		    "add those that clients reach");
}

static bool
is_used(const struct service *s, int server)
{
	return world_use(s, server) >= 0;
}

/* A browser that is redirected asks the server for the alias's name. */
static void
certificate(const struct zone *z, const struct server *s)
{
	size_t i, k;
	int used = 0, tls = 0;

	for (i = 0; i < z->w->nservices; i++) {
		const struct service *v = &z->w->services[i];

		used += is_used(v, s->n);
		tls += is_used(v, s->n) && v->protocol == PROTOCOL_HTTPS;
	}
	fprintf(z->out, "# server %s%s\n", s->id,
	    used == 0  ? ", which no service uses"
	    : tls == 0 ? ", of no https service"
		       : "");
	fprintf(z->out, "subjectAltName =");
	for (k = 0; k < s->naliases; k++)
		fprintf(
		    z->out, "%s DNS:%s", k > 0 ? "," : "", s->aliases[k].name);
	fputc('\n', z->out);
}

static void
print(const struct ctl *c, struct zone *z)
{
	size_t i;

	if (c->certs) {
		for (i = 0; i < z->w->nservers; i++)
			certificate(z, &z->w->servers[i]);
		return;
	}
	find_fronts(z);
	aliases(z);
	services(z);
	free(z->front);
}

int
zone_run(struct ctl *c, int argc, char **argv)
{
	struct zone z = {.out = c->out, .ttl = 300};
	struct world *w;

	if (argc > 0)
		return ctl_usage(c, "\"%s\": no arguments here", argv[0]);
	if (c->ttl != NULL && num_parse(c->ttl, 0, TTL_MAX, &z.ttl) < 0)
		return ctl_usage(
		    c, "--ttl \"%s\": seconds, such as 300", c->ttl);
	z.hosts = c->format != NULL && strcmp(c->format, "hosts") == 0;
	if (c->format != NULL && !z.hosts && strcmp(c->format, "bind") != 0)
		return ctl_usage(
		    c, "--format \"%s\": bind or hosts", c->format);
	w = ctl_load(c);
	if (w == NULL)
		return CTL_FAILED;
	z.w = w;
	print(c, &z);
	world_free(&w);
	return CTL_OK;
}
