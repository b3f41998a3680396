/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model's look-ups and its end. A world owns all that its structs point
 * to; lib/build.c makes it, nobody changes it.
 */
#include "lib/world.h"

#include <stdlib.h>
#include <string.h>

#include "lib/ranges.h"

int
world_site(const struct world *w, const char *id)
{
	return names_find(w->site_by_id, id);
}

int
world_border(const struct world *w, const char *id)
{
	return names_find(w->border_by_id, id);
}

int
world_server(const struct world *w, const char *id)
{
	return names_find(w->server_by_id, id);
}

int
world_service(const struct world *w, const char *id)
{
	return names_find(w->service_by_id, id);
}

int
world_service_of_host(const struct world *w, const char *host, size_t len)
{
	return names_find_host(w->service_by_host, host, len);
}

int64_t
world_delay(const struct world *w, int from, int to)
{
	return w->delay_us[(size_t)from * w->nsites + (size_t)to];
}

int
world_use(const struct service *s, int server)
{
	size_t i;

	for (i = 0; i < s->nuse; i++)
		if (s->use[i] == server)
			return (int)i;
	return -1;
}

uint16_t
world_port(const struct service *s, const struct alias *a)
{
	if (a->port != 0)
		return a->port;
	return s->port != 0 ? s->port : world_scheme_port(s->protocol);
}

static const struct {
	const char *word;
	uint16_t port;
} schemes[] = {
    [PROTOCOL_HTTP] = {"http", 80},
    [PROTOCOL_HTTPS] = {"https", 443},
    [PROTOCOL_FTP] = {"ftp", 21},
};

uint16_t
world_scheme_port(enum protocol p)
{
	return schemes[p].port;
}

const char *
world_scheme(enum protocol p)
{
	return schemes[p].word;
}

const char *
world_metric_text(enum metric m)
{
	static const char *const words[METRICS] = {
	    [METRIC_CONNECTIONS] = "connections",
	    [METRIC_RAM] = "ram",
	    [METRIC_SWAP] = "swap",
	    [METRIC_CPU] = "cpu",
	};

	return words[m];
}

static void
free_network(struct world *w)
{
	size_t i;

	for (i = 0; i < w->nsites; i++) {
		free(w->sites[i].id);
		free(w->sites[i].borders);
	}
	free(w->sites);
	for (i = 0; i < w->nborders; i++)
		free(w->borders[i].id);
	free(w->borders);
	for (i = 0; i < w->nprobers; i++)
		free(w->probers[i].context);
	free(w->probers);
	free(w->delay_us);
}

static void
free_servers(struct world *w)
{
	size_t i, k;

	for (i = 0; i < w->nservers; i++) {
		for (k = 0; k < w->servers[i].naliases; k++)
			free(w->servers[i].aliases[k].name);
		free(w->servers[i].aliases);
		free(w->servers[i].id);
	}
	free(w->servers);
}

static void
free_prefers(struct prefers *p)
{
	free(p->list);
	ranges_free(&p->ranges);
}

static void
free_services(struct world *w)
{
	size_t i, k;

	for (i = 0; i < w->npolicies; i++)
		free(w->policies[i].id);
	free(w->policies);
	for (i = 0; i < w->nservices; i++) {
		struct service *s = &w->services[i];

		for (k = 0; k < s->nhosts; k++)
			free(s->hosts[k]);
		free(s->hosts);
		free(s->fallback);
		free(s->try.path);
		free(s->use);
		free(s->backup);
		free_prefers(&s->prefers);
		free(s->id);
	}
	free(w->services);
	free_prefers(&w->prefers);
}

static void
free_secret(char *secret)
{
	if (secret != NULL)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

static void
free_users(struct world *w)
{
	size_t i;

	for (i = 0; i < w->nusers; i++) {
		free(w->users[i].id);
		free_secret(w->users[i].auth_secret);
		free_secret(w->users[i].priv_secret);
	}
	free(w->users);
	if (w->tls != NULL) {
		free(w->tls->cert);
		free(w->tls->key);
		free(w->tls->ca);
		free(w->tls);
	}
}

static void
free_listen(struct listen_lines *list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		free(list[i].socket);
	free(list);
}

static void
free_daemons(struct world *w)
{
	size_t i;

	for (i = 0; i < w->nmanagers; i++) {
		free(w->managers[i].id);
		free(w->managers[i].host);
		free_listen(w->managers[i].listen, w->managers[i].nlisten);
	}
	free(w->managers);
	for (i = 0; i < w->ndirectors; i++) {
		free(w->directors[i].id);
		free(w->directors[i].host);
		free_listen(w->directors[i].listen, w->directors[i].nlisten);
	}
	free(w->directors);
	for (i = 0; i < w->nfrontends; i++) {
		free(w->frontends[i].id);
		free(w->frontends[i].host);
		free(w->frontends[i].listen);
		free_listen(w->frontends[i].control, w->frontends[i].ncontrol);
		free(w->frontends[i].access_log);
	}
	free(w->frontends);
}

void
world_free(struct world **w)
{
	if (*w == NULL)
		return;
	free_network(*w);
	free_servers(*w);
	free_services(*w);
	free_users(*w);
	free_daemons(*w);
	names_free(&(*w)->site_by_id);
	names_free(&(*w)->border_by_id);
	names_free(&(*w)->server_by_id);
	names_free(&(*w)->service_by_id);
	names_free(&(*w)->service_by_host);
	free((*w)->domain);
	free((*w)->dir);
	free(*w);
	*w = NULL;
}
