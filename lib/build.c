/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Policies, servers and services of the tree to those of a world, and the
 * rolls by which names find numbers. What is wrong is noted and passed over,
 * so that one run finds all; such a world is thrown away by the caller.
 */
#include "lib/build.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/num.h"

static void
roll_init(struct roll *r, const char *what, size_t most)
{
	*r = (struct roll){.what = what, .most = most, .by_id = names_new()};
}

static void
roll_fini(struct roll *r)
{
	free(r->elems);
	names_free(&r->by_id);
}

void
roll_add(struct roll *r, struct notes *notes, struct elem *e)
{
	const char *id = elem_text(e, "id");
	char place[GRAMMAR_TEXT];

	if (r->n == r->most && notes != NULL)
		note_error(notes, e, ": more than %zu %s are not possible",
		    r->most, r->what);
	if ((r->n & (r->n - 1)) == 0) /* room doubles */
		r->elems = mem_resize(
		    r->elems, r->n > 0 ? 2 * r->n : 1, sizeof(*r->elems));
	r->elems[r->n] = e;
	if (id != NULL && names_add(r->by_id, id, (int)r->n) < 0 &&
	    notes != NULL)
		note_error(notes, e,
		    ": the id is taken by %s of %s; give it another",
		    grammar_element(r->elems[names_find(r->by_id, id)]->name)
			->name,
		    elem_place(r->elems[names_find(r->by_id, id)], place,
			sizeof(place)));
	r->n++;
}

bool
roll_knows(const struct roll *r, const struct elem *e)
{
	const char *id = elem_text(e, "id");
	int n = id != NULL ? names_find(r->by_id, id) : -1;

	return n < 0 || r->elems[n] == e;
}

static void
roll_call(struct build *b, struct roll *r, enum grammar_element_name name)
{
	struct elem *e = elem_first(b->root, name);

	for (; e != NULL; e = elem_next(e))
		roll_add(r, b->notes, e);
}

static const char *
roll_name(const void *arg, size_t i)
{
	const struct roll *r = arg;

	return roll_knows(r, r->elems[i]) ? elem_text(r->elems[i], "id") : NULL;
}

int
roll_find_id(const struct roll *r, struct notes *notes, const struct elem *e,
    const char *attribute, const char *id)
{
	int n = names_find(r->by_id, id);
	char hint[GRAMMAR_TEXT], what[64];

	if (n >= 0)
		return n;
	(void)snprintf(what, sizeof(what), "%s there are:", r->what);
	hint[0] = '\0';
	if (notes->n < NOTES_MAX) /* nobody will see it else; it takes time */
		elem_hint(id, what, r->n, roll_name, r, hint, sizeof(hint));
	note_error(
	    notes, e, ": %s=\"%s\" refers to nothing%s", attribute, id, hint);
	return -1;
}

int
roll_find(const struct roll *r, struct notes *notes, const struct elem *e,
    const char *attribute)
{
	const char *id = elem_text(e, attribute);

	return id != NULL ? roll_find_id(r, notes, e, attribute, id) : -1;
}

char *
build_file(const struct elem *e, const char *attribute)
{
	const char *name = elem_text(e, attribute);

	return name != NULL ? elem_path(e->file->dir, name) : NULL;
}

static struct metric_rule
metric_rule(const struct elem *policy, enum grammar_element_name name)
{
	const struct elem *e = elem_first(policy, name);
	struct metric_rule m = {0};

	if (e == NULL)
		return m;
	m.used = true;
	m.weight = (unsigned)elem_number(e, "weight");
	if (name == ELEM_CONNECTIONS)
		m.limit = (uint32_t)elem_number(e, "limit");
	else
		m.min_ppm = (uint32_t)elem_number(e, "min");
	return m;
}

static void
build_policies(struct build *b)
{
	static const enum grammar_element_name names[METRICS] = {
	    [METRIC_CONNECTIONS] = ELEM_CONNECTIONS,
	    [METRIC_RAM] = ELEM_RAM,
	    [METRIC_SWAP] = ELEM_SWAP,
	    [METRIC_CPU] = ELEM_CPU,
	};
	struct world *w = b->world;
	size_t i, m;

	w->npolicies = b->policies.n;
	w->policies = mem_array(w->npolicies, sizeof(*w->policies));
	for (i = 0; i < w->npolicies; i++) {
		const struct elem *e = b->policies.elems[i];
		struct policy *p = &w->policies[i];

		p->n = (int)i;
		p->id = elem_keep(e, "id");
		p->select = (enum select)elem_number(e, "select");
		p->fuzz_ppm = (uint32_t)elem_number(e, "fuzz");
		if (!elem_has(e, "fuzz"))
			p->fuzz_ppm = p->select == SELECT_BEST ? 0 : 50000;
		p->fuzz_min_us = elem_number(e, "fuzz-min");
		p->slow_start_us = elem_number(e, "slow-start");
		p->path = elem_first(e, ELEM_PATH) != NULL;
		for (m = 0; m < METRICS; m++)
			p->metric[m] = metric_rule(e, names[m]);
	}
}

static void
check_address(struct build *b, const struct elem *e, const char *attribute)
{
	static const uint8_t zero[16];
	struct addr a = elem_addr(e, attribute);

	if (a.family != AF_UNSPEC &&
	    (memcmp(a.ip, zero, addr_bits(&a) / 8) == 0 ||
		(a.family == AF_INET ? a.ip[0] >= 224 : a.ip[0] == 0xff)))
		note_error(b->notes, e,
		    ": %s=\"%s\" is the address of no single host; give the "
		    "one that clients or managers connect to",
		    attribute, elem_text(e, attribute));
}

static void
build_alias(struct build *b, const struct elem *e, struct alias *a)
{
	a->border = roll_find(&b->borders, b->notes, e, "border");
	a->name = elem_keep(e, "name");
	a->v4 = elem_addr(e, "address");
	a->v6 = elem_addr(e, "address6");
	a->port = (uint16_t)elem_number(e, "port");
	check_address(b, e, "address");
	check_address(b, e, "address6");
	if (elem_text(e, "address") == NULL &&
	    elem_text(e, "address6") == NULL && !elem_bad(e, "address") &&
	    !elem_bad(e, "address6"))
		note_error(b->notes, e,
		    ": address or address6 is needed: no client could reach "
		    "it");
}

void
build_snmp(struct build *b, const struct elem *e, struct agent *a)
{
	a->addr = elem_addr(e, "address");
	a->port = (uint16_t)elem_number(e, "port");
	a->user = -1;
	check_address(b, e, "address");
	if (elem_has(e, "user"))
		a->user = roll_find(&b->users, b->notes, e, "user");
	else if (b->users.n > 0)
		a->user = 0;
	else
		note_error(b->notes, e,
		    ": there is no <snmp-user> to ask it with; add one%s",
		    e->name == ELEM_AGENT ? ", or kind=\"none\"" : "");
}

/* How a server is asked for its load. */
static void
build_agent(struct build *b, const struct elem *e, struct agent *a)
{
	a->kind = (enum agent_kind)elem_number(e, "kind");
	a->addr = elem_addr(e, "address");
	a->port = (uint16_t)elem_number(e, "port");
	a->user = -1;
	if (a->kind == AGENT_NONE)
		return;
	if (elem_text(e, "address") == NULL && !elem_bad(e, "address"))
		note_error(b->notes, e,
		    ": address is needed: that of the server's snmpd");
	build_snmp(b, e, a);
}

static void
build_server(struct build *b, size_t i)
{
	const struct elem *e = b->servers.elems[i], *child;
	struct server *s = &b->world->servers[i];
	size_t k = 0;

	s->n = (int)i;
	s->id = elem_keep(e, "id");
	s->site = roll_find(&b->sites, b->notes, e, "site");
	s->weight = (unsigned)elem_number(e, "weight");
	s->naliases = elem_count(e, ELEM_ALIAS);
	s->aliases = mem_array(s->naliases, sizeof(*s->aliases));
	child = elem_first(e, ELEM_ALIAS);
	for (; child != NULL; child = elem_next(child))
		build_alias(b, child, &s->aliases[k++]);
	s->agent = (struct agent){.kind = AGENT_NONE, .user = -1};
	child = elem_first(e, ELEM_AGENT);
	if (child != NULL) {
		build_agent(b, child, &s->agent);
		s->has_agent = s->agent.kind != AGENT_NONE;
	}
}

static void
build_servers(struct build *b)
{
	struct world *w = b->world;
	size_t i;

	w->nservers = b->servers.n;
	w->servers = mem_array(w->nservers, sizeof(*w->servers));
	for (i = 0; i < w->nservers; i++)
		build_server(b, i);
}

/* "www.test.com test.com" to a list, in lower case. */
static void
build_hosts(const struct elem *e, struct service *s)
{
	const char *text = elem_text(e, "host");
	size_t n, i;
	char *host;

	s->hosts = mem_array(1, sizeof(*s->hosts));
	for (; text != NULL && *text != '\0'; text += n) {
		text += strspn(text, " ");
		n = strcspn(text, " ");
		if (n == 0)
			break;
		host = mem_textn(text, n);
		for (i = 0; i < n; i++)
			host[i] = (char)tolower((unsigned char)host[i]);
		s->hosts =
		    mem_resize(s->hosts, s->nhosts + 1, sizeof(*s->hosts));
		s->hosts[s->nhosts++] = host;
	}
}

static void
build_try(struct build *b, const struct elem *e, struct try_rule *t)
{
	t->path = NULL;
	if (e == NULL)
		return;
	t->http = elem_number(e, "type") == 1;
	t->port = (uint16_t)elem_number(e, "port");
	t->status = (unsigned)elem_number(e, "status");
	if (t->http)
		t->path =
		    elem_has(e, "path") ? elem_keep(e, "path") : mem_text("/");
	else if (elem_has(e, "path") || elem_has(e, "status"))
		note_error(b->notes, e,
		    ": path and status are for type=\"http\" alone; add that "
		    "or remove them");
}

/* `seen` holds, per server, the service that used it last, from 1 on. */
static void
build_uses(struct build *b, const struct elem *e, struct service *s,
    struct elem const **seen)
{
	const struct elem *use = elem_first(e, ELEM_USE);
	char place[GRAMMAR_TEXT];
	int server;

	s->use = mem_array(elem_count(e, ELEM_USE), sizeof(*s->use));
	s->backup = mem_array(elem_count(e, ELEM_USE), sizeof(*s->backup));
	for (; use != NULL; use = elem_next(use)) {
		server = roll_find(&b->servers, b->notes, use, "server");
		if (server < 0)
			continue;
		if (seen[server] != NULL && seen[server]->parent == e) {
			note_error(b->notes, use,
			    ": server=\"%s\" is used at %s already; remove "
			    "one",
			    elem_text(use, "server"),
			    elem_place(seen[server], place, sizeof(place)));
			continue;
		}
		seen[server] = use;
		s->backup[s->nuse] = elem_number(use, "backup") == 1;
		s->use[s->nuse++] = server;
	}
}

static void
build_service(struct build *b, size_t i, struct elem const **seen)
{
	const struct elem *e = b->services.elems[i];
	struct service *s = &b->world->services[i];
	int64_t status = 302;

	s->n = (int)i;
	s->id = elem_keep(e, "id");
	s->protocol = (enum protocol)elem_number(e, "protocol");
	build_hosts(e, s);
	s->policy = roll_find(&b->policies, b->notes, e, "policy");
	s->all_busy = (enum all_busy)elem_number(e, "all-busy");
	s->fallback = elem_keep(e, "fallback");
	s->retry_after_s =
	    (unsigned)((elem_number(e, "retry-after") + 999999) / 1000000);
	s->wait_us = elem_number(e, "wait");
	s->port = (uint16_t)elem_number(e, "port");
	s->location = (enum location)elem_number(e, "location");
	if (elem_has(e, "redirect"))
		(void)num_parse(elem_text(e, "redirect"), 300, 399, &status);
	s->redirect = (unsigned)status;
	s->sticky = elem_number(e, "sticky") == 1;
	build_try(b, elem_first(e, ELEM_TRY), &s->try);
	build_uses(b, e, s, seen);
}

static void
build_services(struct build *b)
{
	struct world *w = b->world;
	struct elem const **seen = mem_array(b->servers.n, sizeof(*seen));
	size_t i;

	w->nservices = b->services.n;
	w->services = mem_array(w->nservices, sizeof(*w->services));
	for (i = 0; i < w->nservices; i++)
		build_service(b, i, seen);
	free(seen);
}

/*
 * One host name means one service on the web and one by FTP. The world's map
 * is filled with those of the web first: FTP clients name no host.
 */
static void
index_hosts(struct build *b, bool ftp)
{
	struct names *own = names_new();
	char place[GRAMMAR_TEXT];
	const struct elem *e, *first;
	size_t i, k;

	for (i = 0; i < b->world->nservices; i++) {
		struct service *s = &b->world->services[i];

		e = b->services.elems[i];
		if ((s->protocol == PROTOCOL_FTP) != ftp ||
		    !roll_knows(&b->services, e))
			continue;
		for (k = 0; k < s->nhosts; k++) {
			(void)names_add(
			    b->world->service_by_host, s->hosts[k], s->n);
			if (names_add(own, s->hosts[k], s->n) == 0)
				continue;
			first = b->services.elems[names_find(own, s->hosts[k])];
			note_error(b->notes, e,
			    ": host %s is that of the service at %s; a "
			    "request can mean only one",
			    s->hosts[k],
			    elem_place(first, place, sizeof(place)));
		}
	}
	names_free(&own);
}

#define INDEX(names, list, n)                                         \
	do {                                                          \
		size_t at;                                            \
		(names) = names_new();                                \
		for (at = 0; at < (n); at++)                          \
			if ((list)[at].id != NULL)                    \
				(void)names_add(                      \
				    (names), (list)[at].id, (int)at); \
	} while (0)

static void
build_index(struct build *b)
{
	struct world *w = b->world;

	INDEX(w->site_by_id, w->sites, w->nsites);
	INDEX(w->border_by_id, w->borders, w->nborders);
	INDEX(w->server_by_id, w->servers, w->nservers);
	INDEX(w->service_by_id, w->services, w->nservices);
	w->service_by_host = names_new();
	index_hosts(b, false);
	index_hosts(b, true);
}

static void
rolls_init(struct build *b)
{
	roll_init(&b->sites, "sites", WORLD_SITES_MAX);
	roll_init(&b->borders, "borders", WORLD_BORDERS_MAX);
	roll_init(&b->policies, "policies", WORLD_SERVICES_MAX);
	roll_init(&b->servers, "servers", WORLD_SERVERS_MAX);
	roll_init(&b->services, "services", WORLD_SERVICES_MAX);
	roll_init(&b->users, "snmp-users", 100);
	roll_init(&b->managers, "managers", 100);
	roll_init(&b->directors, "directors", 1000);
	roll_init(&b->frontends, "front ends", 10000);
	roll_call(b, &b->policies, ELEM_POLICY);
	roll_call(b, &b->servers, ELEM_SERVER);
	roll_call(b, &b->services, ELEM_SERVICE);
	roll_call(b, &b->users, ELEM_SNMP_USER);
	roll_call(b, &b->managers, ELEM_MANAGER);
	roll_call(b, &b->directors, ELEM_DIRECTOR);
	roll_call(b, &b->frontends, ELEM_FRONTEND);
}

static void
rolls_fini(struct build *b)
{
	roll_fini(&b->sites);
	roll_fini(&b->borders);
	roll_fini(&b->policies);
	roll_fini(&b->servers);
	roll_fini(&b->services);
	roll_fini(&b->users);
	roll_fini(&b->managers);
	roll_fini(&b->directors);
	roll_fini(&b->frontends);
}

struct world *
build_world(const struct elem *root, const char *dir, enum conf_secrets secrets,
    struct notes *notes)
{
	struct build b = {.root = root, .notes = notes, .secrets = secrets};

	notes->sense = true;
	b.world = mem_new(sizeof(*b.world));
	b.world->dir = mem_text(dir);
	b.world->domain = elem_keep(root, "domain");
	rolls_init(&b);
	build_network(&b);
	build_policies(&b);
	build_daemons(&b);
	build_servers(&b);
	build_services(&b);
	build_prefers(&b);
	build_index(&b);
	sense_check(&b);
	rolls_fini(&b);
	return b.world;
}
