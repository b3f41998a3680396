/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What only the whole world shows: sites without a way, policies without a
 * bound, names that stand for two things, listeners that clash. It only looks;
 * the notes are the result. After errors part of the world may be missing.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/build.h"
#include "lib/mem.h"

#define KEY_TEXT 700

/* Texts that may occur once, and the element each occurred at. */
struct once {
	struct names *names;
	char **keys;
	const struct elem **elems;
	size_t n;
};

static void
once_init(struct once *o)
{
	*o = (struct once){.names = names_new()};
}

static void
once_fini(struct once *o)
{
	size_t i;

	names_free(&o->names);
	for (i = 0; i < o->n; i++)
		free(o->keys[i]);
	free(o->keys);
	free(o->elems);
}

static const struct elem *
once_find(const struct once *o, const char *key)
{
	int i = names_find(o->names, key);

	return i >= 0 ? o->elems[i] : NULL;
}

/* NULL, or the element that this text occurred at first. */
static const struct elem *
once_add(struct once *o, const char *key, const struct elem *e)
{
	const struct elem *first = once_find(o, key);

	if (first != NULL)
		return first;
	if ((o->n & (o->n - 1)) == 0) { /* room doubles */
		size_t room = o->n > 0 ? 2 * o->n : 1;

		o->keys = mem_resize(o->keys, room, sizeof(*o->keys));
		o->elems = mem_resize(o->elems, room, sizeof(*o->elems));
	}
	o->keys[o->n] = mem_text(key);
	o->elems[o->n] = e;
	(void)names_add(o->names, o->keys[o->n], (int)o->n);
	o->n++;
	return NULL;
}

/* "dc, sj" into buf: the sites that one cannot reach, or is not reached by. */
static size_t
no_route(const struct world *w, int site, char *buf, size_t size)
{
	size_t i, n = 0, len = 0;

	for (i = 0; i < w->nsites; i++) {
		if (w->sites[i].id == NULL ||
		    (world_delay(w, site, (int)i) != WORLD_NO_ROUTE &&
			world_delay(w, (int)i, site) != WORLD_NO_ROUTE))
			continue;
		if (n++ < 5 && len < size)
			len += (size_t)snprintf(buf + len, size - len,
			    "%s%.60s", n > 1 ? ", " : "", w->sites[i].id);
	}
	if (n > 5 && len < size)
		(void)snprintf(buf + len, size - len, " and %zu more", n - 5);
	return n;
}

static void
check_routes(const struct build *b)
{
	const struct world *w = b->world;
	char list[GRAMMAR_TEXT];
	size_t i;

	if (w->delay_us == NULL)
		return;
	for (i = 0; i < w->nsites; i++)
		if (no_route(w, (int)i, list, sizeof(list)) > 0)
			note_warning(b->notes, b->sites.elems[i],
			    ": no route both ways between it and %s; paths "
			    "that need one are not used; add a <link>",
			    list);
}

static void
check_policies(const struct build *b)
{
	const struct world *w = b->world;
	size_t i, m;

	for (i = 0; i < w->npolicies; i++) {
		const struct policy *p = &w->policies[i];
		bool bound = false;

		for (m = 0; m < METRICS; m++)
			bound |=
			    p->metric[m].limit > 0 || p->metric[m].min_ppm > 0;
		if (p->path && !bound)
			note_warning(b->notes, b->policies.elems[i],
			    ": <path/> without a bound never leaves the "
			    "nearest site, however hard that is pressed; add "
			    "one, such as <connections limit=\"2000\"/> or "
			    "<ram min=\"5%%\"/>");
	}
}

/* Two aliases for one border in one family: nobody would be sent to one. */
static void
check_aliases(const struct build *b, size_t server)
{
	const struct server *s = &b->world->servers[server];
	const struct elem *e = elem_first(b->servers.elems[server], ELEM_ALIAS);
	const struct alias *x, *y;

	if (s->naliases > 2 * WORLD_BORDERS_MAX)
		return; /* a world of nonsense: do not take for ever */
	for (y = s->aliases; y < s->aliases + s->naliases;
	     y++, e = elem_next(e)) {
		for (x = s->aliases; x < y; x++) {
			if (x->border != y->border || x->border < 0)
				continue;
			if ((x->v4.family == AF_UNSPEC ||
				y->v4.family == AF_UNSPEC) &&
			    (x->v6.family == AF_UNSPEC ||
				y->v6.family == AF_UNSPEC))
				continue;
			note_warning(b->notes, e,
			    ": alias %s is for border %s already, so this "
			    "one is never used",
			    x->name != NULL ? x->name : "?",
			    elem_text(e, "border"));
			break;
		}
	}
}

static void
check_servers(const struct build *b)
{
	const struct world *w = b->world;
	bool asked = w->nmanagers > 0;
	size_t i;

	for (i = 0; i < w->nservers; i++) {
		if (w->servers[i].naliases == 0)
			note_warning(b->notes, b->servers.elems[i],
			    ": it has no <alias>, so no client can be sent "
			    "to it; add one");
		if (w->servers[i].has_agent && !asked) {
			note_warning(b->notes, b->servers.elems[i],
			    ": it has an <agent>, but there is no <manager> "
			    "to ask that; add one");
			asked = true; /* once is enough */
		}
		check_aliases(b, i);
	}
}

/* A name of an alias stands for one server and one exit: a second one would
 * undo what the first one is for. */
static void
check_alias_name(const struct build *b, struct once *once, const struct elem *e)
{
	const char *name = elem_text(e, "name"), *border, *other;
	char key[KEY_TEXT], place[GRAMMAR_TEXT];
	const struct elem *first;
	size_t i;

	if (name == NULL || strlen(name) >= sizeof(key))
		return;
	for (i = 0; name[i] != '\0'; i++)
		key[i] = (char)tolower((unsigned char)name[i]);
	key[i] = '\0';
	first = once_add(once, key, e);
	if (first == NULL)
		return;
	border = elem_text(e, "border");
	other = elem_text(first, "border");
	if (border == NULL || other == NULL ||
	    (first->parent == e->parent && strcmp(border, other) == 0))
		return; /* one line a family is fine */
	note_error(b->notes, e,
	    ": name=\"%s\" is that of the alias at %s; each exit of each "
	    "server needs a name of its own",
	    name, elem_place(first, place, sizeof(place)));
}

static void
check_alias_address(const struct build *b, struct once *once,
    const struct elem *e, const char *attribute)
{
	struct addr addr = elem_addr(e, attribute);
	char key[KEY_TEXT], text[ADDR_TEXT], place[GRAMMAR_TEXT];
	const struct elem *first;

	if (addr.family == AF_UNSPEC)
		return;
	(void)snprintf(key, sizeof(key), "%s %lld",
	    addr_text(&addr, text, sizeof(text)),
	    (long long)elem_number(e, "port"));
	first = once_add(once, key, e);
	if (first != NULL)
		note_warning(b->notes, e,
		    ": %s=\"%s\" is that of the alias at %s too; an address "
		    "leaves by one border",
		    attribute, text, elem_place(first, place, sizeof(place)));
}

static void
check_alias_once(const struct build *b)
{
	struct once names, addresses;
	const struct elem *e;
	size_t i;

	once_init(&names);
	once_init(&addresses);
	for (i = 0; i < b->servers.n; i++) {
		if (!roll_knows(&b->servers, b->servers.elems[i]))
			continue;
		e = elem_first(b->servers.elems[i], ELEM_ALIAS);
		for (; e != NULL; e = elem_next(e)) {
			check_alias_name(b, &names, e);
			check_alias_address(b, &addresses, e, "address");
			check_alias_address(b, &addresses, e, "address6");
		}
	}
	once_fini(&names);
	once_fini(&addresses);
}

static void
check_probers(const struct build *b)
{
	const struct elem *network = elem_first(b->root, ELEM_NETWORK);

	if (b->world->nprobers > 0 && b->world->nmanagers == 0)
		note_warning(b->notes, elem_first(network, ELEM_PROBER),
		    ": there is no <manager> to ask it; add one");
}

static void
check_service(const struct build *b, const struct service *s)
{
	const struct elem *e = b->services.elems[s->n];
	size_t backups = 0, i;

	for (i = 0; i < s->nuse; i++)
		backups += world_is_backup(s, i);
	if (s->nuse == 0)
		note_warning(b->notes, e,
		    ": it has no <use server=\"\"/>, so its clients "
		    "always get its fallback");
	else if (backups == s->nuse)
		note_warning(b->notes, e,
		    ": all its servers are backups, so they serve as if none "
		    "were; remove backup=\"yes\" from those to be used first");
	if (s->sticky && b->world->policies[s->policy].select == SELECT_BEST)
		note_warning(b->notes, e,
		    ": sticky=\"prefix\" takes the server that belongs to a "
		    "prefix, not the one with the highest load: "
		    "select=\"best\" "
		    "of policy %s has no effect here",
		    b->world->policies[s->policy].id);
}

static void
check_services(const struct build *b)
{
	size_t i;

	for (i = 0; i < b->world->nservices; i++)
		check_service(b, &b->world->services[i]);
}

static bool
world_has_family(const struct world *w, int family)
{
	size_t i, k;

	for (i = 0; i < w->nservers; i++)
		for (k = 0; k < w->servers[i].naliases; k++)
			if (w->servers[i].aliases[k].v4.family == family ||
			    w->servers[i].aliases[k].v6.family == family)
				return true;
	return false;
}

static void
check_frontends(const struct build *b)
{
	const struct world *w = b->world;
	bool four = world_has_family(w, AF_INET);
	bool six = world_has_family(w, AF_INET6);
	const struct elem *e;
	int family;
	size_t i;

	for (i = 0; i < w->nfrontends; i++) {
		e = elem_first(b->frontends.elems[i], ELEM_FRONTEND_LISTEN);
		if (e == NULL)
			note_warning(b->notes, b->frontends.elems[i],
			    ": it has no <listen address=\"\"/>, so it serves "
			    "nobody");
		for (; e != NULL; e = elem_next(e)) {
			family = elem_addr(e, "address").family;
			if ((family == AF_INET6 && !six) ||
			    (family == AF_INET && !four))
				note_warning(b->notes, e,
				    ": address=\"%s\" takes clients of a "
				    "family for which no alias has an "
				    "address; add %s to aliases",
				    elem_text(e, "address"),
				    family == AF_INET6 ? "address6"
						       : "address");
		}
	}
	if (w->nfrontends > 0 && w->ndirectors == 0)
		note_warning(b->notes, b->frontends.elems[0],
		    ": there is no <director> to ask: servers are drawn by "
		    "weight alone");
}

/* What has to be unique on one host: "HOST PORT ADDRESS" of a listener. False
 * if it has no address. `any`: the key of all addresses of its family. */
static bool
listen_key(const struct elem *daemon, const struct elem *e, bool any, char *key,
    size_t size)
{
	char tag[GRAMMAR_TEXT], text[ADDR_TEXT];
	const char *host = elem_text(daemon, "host"), *socket;
	struct addr addr = elem_addr(e, "address");
	long long port = elem_number(e, "port");

	if (host == NULL)
		host = elem_tag(daemon, tag, sizeof(tag));
	socket =
	    e->name != ELEM_FRONTEND_LISTEN ? elem_text(e, "socket") : NULL;
	if (socket != NULL && !any) {
		(void)snprintf(key, size, "%.300s %s", host, socket);
		return true;
	}
	if (addr.family == AF_UNSPEC || elem_bad(e, "port"))
		return false;
	if (any)
		memset(addr.ip, 0, sizeof(addr.ip));
	(void)snprintf(key, size, "%.300s %lld %s", host, port,
	    addr_text(&addr, text, sizeof(text)));
	return true;
}

/* Each listener of a roll's daemons: first pass the same endpoint twice, then
 * one address next to all addresses. */
static void
check_roll(
    const struct build *b, struct once *once, const struct roll *r, bool any)
{
	char key[KEY_TEXT], exact[KEY_TEXT], place[GRAMMAR_TEXT];
	const struct elem *e, *first;
	size_t i;

	for (i = 0; i < r->n; i++) {
		for (e = r->elems[i]->first; e != NULL; e = e->next) {
			if (!listen_key(r->elems[i], e, any, key, sizeof(key)))
				continue;
			first =
			    any ? once_find(once, key) : once_add(once, key, e);
			if (any &&
			    listen_key(
				r->elems[i], e, false, exact, sizeof(exact)) &&
			    strcmp(key, exact) == 0)
				continue; /* found itself */
			if (first != NULL)
				note_error(b->notes, e,
				    ": the listener at %s has the same %s on "
				    "this host; give one of them another",
				    elem_place(first, place, sizeof(place)),
				    elem_addr(e, "address").family == AF_UNSPEC
					? "socket"
					: "port");
		}
	}
}

static void
check_listeners(const struct build *b)
{
	struct once once;
	int any;

	once_init(&once);
	for (any = 0; any < 2; any++) {
		check_roll(b, &once, &b->managers, any == 1);
		check_roll(b, &once, &b->directors, any == 1);
		check_roll(b, &once, &b->frontends, any == 1);
	}
	once_fini(&once);
}

/* Warnings only for a world without errors: many would follow from those. */
void
sense_check(const struct build *b)
{
	check_alias_once(b);
	check_listeners(b);
	if (b->notes->failed)
		return;
	check_routes(b);
	check_policies(b);
	check_servers(b);
	check_probers(b);
	check_services(b);
	sense_check_prefers(b);
	check_frontends(b);
}
