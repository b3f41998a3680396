/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SNMP users with their secrets, TLS, managers, directors and front ends with
 * their listeners. Secrets go into the world and nowhere else: no message
 * shows what is in a secret file.
 */
#include "lib/build.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/mem.h"
#include "lib/peer.h"

#define SECRET_FILE_MAX 4096
#define SECRET_MIN      8 /* RFC 3414, section 11.2 */

/*
 * Open a file that nobody but its owner may read. The descriptor, or -1, which
 * is noted.
 */
static int
open_secret(struct build *b, const struct elem *e, const char *attribute,
    const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		note_error(b->notes, e,
		    ": %s=\"%s\": cannot read %s: %s; put it there, of mode "
		    "0600 and owned by the user that reads it",
		    attribute, elem_text(e, attribute), path, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		note_error(b->notes, e, ": %s=\"%s\": %s is not a regular file",
		    attribute, elem_text(e, attribute), path);
	else if ((st.st_mode & 077) != 0)
		note_error(b->notes, e,
		    ": %s=\"%s\": %s has mode %04o, others could read it; "
		    "chmod 0600 it and change the secret if they did",
		    attribute, elem_text(e, attribute), path,
		    (unsigned)st.st_mode & 07777);
	else
		return fd;
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

/* One line of a secret file: 0, or -1 if it is none of the two. */
static int
secret_line(char *line, struct snmp_user *u)
{
	char **to;

	if (line[0] == '\0' || line[0] == '#')
		return 0;
	if (strncmp(line, "auth ", 5) == 0)
		to = &u->auth_secret;
	else if (strncmp(line, "priv ", 5) == 0)
		to = &u->priv_secret;
	else
		return -1;
	if (*to != NULL || strlen(line + 5) < SECRET_MIN)
		return -1;
	*to = mem_text(line + 5);
	return 0;
}

static void
secret_lines(
    struct build *b, const struct elem *e, char *text, struct snmp_user *u)
{
	const char *name = elem_text(e, "secret");
	char *save = NULL, *line;
	int n = 0;

	/* Empty lines do not count for strtok_r(); then n is too small, so it
	 * is found by hand. */
	for (line = text; line != NULL; line = save) {
		save = strchr(line, '\n');
		if (save != NULL)
			*save++ = '\0';
		line[strcspn(line, "\r")] = '\0';
		n++;
		if (secret_line(line, u) < 0)
			note_error(b->notes, e,
			    ": secret=\"%s\": line %d of it is not allowed; "
			    "once each it has `auth PASSPHRASE` and `priv "
			    "PASSPHRASE`, of at least %d characters",
			    name, n, SECRET_MIN);
	}
	if (u->auth_secret == NULL || u->priv_secret == NULL)
		note_error(b->notes, e,
		    ": secret=\"%s\" has no line `%s PASSPHRASE`; add it", name,
		    u->auth_secret == NULL ? "auth" : "priv");
}

static void
read_secret(struct build *b, const struct elem *e, struct snmp_user *u)
{
	char *path = build_file(e, "secret"), text[SECRET_FILE_MAX];
	ssize_t n;
	int fd;

	fd = path != NULL ? open_secret(b, e, "secret", path) : -1;
	free(path);
	if (fd < 0)
		return;
	n = read(fd, text, sizeof(text) - 1);
	(void)close(fd);
	if (n < 0 || (size_t)n == sizeof(text) - 1) {
		note_error(b->notes, e, ": secret=\"%s\": %s",
		    elem_text(e, "secret"),
		    n < 0 ? strerror(errno)
			  : "it has to be smaller than 4 KiB");
	} else {
		text[n] = '\0';
		secret_lines(b, e, text, u);
	}
	explicit_bzero(text, sizeof(text));
}

static void
build_users(struct build *b)
{
	struct world *w = b->world;
	size_t i;

	w->nusers = b->users.n;
	w->users = mem_array(w->nusers, sizeof(*w->users));
	for (i = 0; i < w->nusers; i++) {
		const struct elem *e = b->users.elems[i];
		struct snmp_user *u = &w->users[i];

		u->id = elem_keep(e, "id");
		u->auth = (enum snmp_auth)elem_number(e, "auth");
		u->priv = (enum snmp_priv)elem_number(e, "priv");
		/* snmpd's own bound (RFC 3414: SnmpAdminString of 32). */
		if (u->id != NULL && strlen(u->id) > 32)
			note_error(b->notes, e,
			    ": a user name has at most 32 characters");
		if (b->secrets == CONF_SECRETS_READ)
			read_secret(b, e, u);
	}
}

static void
build_tls(struct build *b)
{
	const struct elem *e = elem_first(b->root, ELEM_TLS);
	struct tls *tls;
	int fd;

	if (e == NULL)
		return;
	tls = b->world->tls = mem_new(sizeof(*tls));
	tls->cert = build_file(e, "cert");
	tls->key = build_file(e, "key");
	tls->ca = build_file(e, "ca");
	if (b->secrets != CONF_SECRETS_READ || tls->key == NULL)
		return;
	fd = open_secret(b, e, "key", tls->key);
	if (fd >= 0)
		(void)close(fd);
}

/* A listener for lines: a unix socket or an address, and TLS with the latter
 * wherever others than this host can connect. */
static void
build_lines(struct build *b, const struct elem *e, struct listen_lines *l)
{
	l->socket = elem_keep(e, "socket");
	l->addr = elem_addr(e, "address");
	l->port = (uint16_t)elem_number(e, "port");
	l->tls = elem_number(e, "tls") == 1;
	if (elem_bad(e, "socket") || elem_bad(e, "address"))
		return;
	if ((l->socket == NULL) == (l->addr.family == AF_UNSPEC))
		note_error(b->notes, e,
		    ": give either socket=\"/PATH\" or address=\"IP\"");
	else if (l->socket != NULL && (l->tls || elem_has(e, "port")))
		note_error(b->notes, e,
		    ": port and tls are for an address; a unix socket has "
		    "neither");
	else if (l->tls && b->world->tls == NULL)
		note_error(b->notes, e,
		    ": tls=\"yes\" needs <tls cert=\"\" key=\"\" ca=\"\"/> at "
		    "top level");
	else if (l->socket == NULL && !l->tls && !elem_bad(e, "tls") &&
		 !addr_is_loopback(&l->addr))
		note_error(b->notes, e,
		    ": address=\"%s\" can be reached by others; add "
		    "tls=\"yes\", or take 127.0.0.1, ::1 or a socket",
		    elem_text(e, "address"));
}

/* All listeners for lines of a daemon, or its default socket. */
static struct listen_lines *
build_listeners(struct build *b, const struct elem *daemon,
    enum grammar_element_name name, const char *program, size_t *n)
{
	const struct elem *e = elem_first(daemon, name);
	struct listen_lines *list;
	const char *id = elem_text(daemon, "id");
	char path[512];
	size_t i = 0;

	*n = elem_count(daemon, name);
	if (*n == 0 && id != NULL) {
		*n = 1;
		list = mem_new(sizeof(*list));
		peer_default_socket(program, id, path, sizeof(path));
		list->socket = mem_text(path);
		if (strlen(path) > 107)
			note_error(b->notes, daemon,
			    ": the id is too long for its socket %s; shorten "
			    "it or add <%s socket=\"/PATH\"/>",
			    path, grammar_element(name)->name);
		return list;
	}
	list = mem_array(*n, sizeof(*list));
	for (; e != NULL; e = elem_next(e))
		build_lines(b, e, &list[i++]);
	return list;
}

static void
build_managers(struct build *b)
{
	struct world *w = b->world;
	size_t i;

	w->nmanagers = b->managers.n;
	w->managers = mem_array(w->nmanagers, sizeof(*w->managers));
	for (i = 0; i < w->nmanagers; i++) {
		const struct elem *e = b->managers.elems[i];
		struct manager *m = &w->managers[i];

		m->n = (int)i;
		m->id = elem_keep(e, "id");
		m->host = elem_keep(e, "host");
		m->poll_us = elem_number(e, "poll");
		m->timeout_us = elem_number(e, "timeout");
		m->retries = (unsigned)elem_number(e, "retries");
		m->smooth_ppm = (uint32_t)elem_number(e, "smooth");
		m->agents_per_poller =
		    (unsigned)elem_number(e, "agents-per-poller");
		m->probe_fresh_us = elem_number(e, "probe-fresh");
		m->probe_expire_us = elem_number(e, "probe-expire");
		m->probe_rate = (unsigned)elem_number(e, "probe-rate");
		m->prefixes = (unsigned)elem_number(e, "prefixes");
		if (m->probe_expire_us < m->probe_fresh_us)
			note_error(b->notes, e,
			    ": probe-expire has to be at least as long as "
			    "probe-fresh");
		m->listen = build_listeners(
		    b, e, ELEM_MANAGER_LISTEN, "hopmanagerd", &m->nlisten);
	}
}

static void
build_directors(struct build *b)
{
	struct world *w = b->world;
	size_t i;

	w->ndirectors = b->directors.n;
	w->directors = mem_array(w->ndirectors, sizeof(*w->directors));
	for (i = 0; i < w->ndirectors; i++) {
		const struct elem *e = b->directors.elems[i];
		struct director *d = &w->directors[i];

		d->n = (int)i;
		d->id = elem_keep(e, "id");
		d->host = elem_keep(e, "host");
		d->fresh_us = elem_number(e, "fresh");
		d->expire_us = elem_number(e, "expire");
		d->prefix4 = elem_has(e, "prefix4")
				 ? (unsigned)elem_number(e, "prefix4")
				 : w->prefix4;
		d->prefix6 = elem_has(e, "prefix6")
				 ? (unsigned)elem_number(e, "prefix6")
				 : w->prefix6;
		if (d->expire_us < d->fresh_us)
			note_error(b->notes, e,
			    ": expire has to be at least as long as fresh");
		d->listen = build_listeners(
		    b, e, ELEM_DIRECTOR_LISTEN, "hopdirectord", &d->nlisten);
	}
}

static void
build_http(struct build *b, const struct elem *frontend, struct frontend *f)
{
	const struct elem *e = elem_first(frontend, ELEM_FRONTEND_LISTEN);
	struct listen_http *l;

	f->listen = mem_array(
	    elem_count(frontend, ELEM_FRONTEND_LISTEN), sizeof(*f->listen));
	for (; e != NULL; e = elem_next(e)) {
		l = &f->listen[f->nlisten++];
		l->addr = elem_addr(e, "address");
		l->port = (uint16_t)elem_number(e, "port");
		l->service = roll_find(&b->services, b->notes, e, "default");
	}
}

static void
build_frontends(struct build *b)
{
	struct world *w = b->world;
	size_t i;

	w->nfrontends = b->frontends.n;
	w->frontends = mem_array(w->nfrontends, sizeof(*w->frontends));
	for (i = 0; i < w->nfrontends; i++) {
		const struct elem *e = b->frontends.elems[i];
		struct frontend *f = &w->frontends[i];

		f->n = (int)i;
		f->id = elem_keep(e, "id");
		f->host = elem_keep(e, "host");
		f->site = roll_find(&b->sites, b->notes, e, "site");
		f->access_log = build_file(e, "access-log");
		f->ask_us = elem_number(e, "ask");
		f->clients = (unsigned)elem_number(e, "clients");
		f->cache = (unsigned)elem_number(e, "cache");
		f->idle_us = elem_number(e, "idle");
		f->control = build_listeners(
		    b, e, ELEM_FRONTEND_CONTROL, "hopfrontd", &f->ncontrol);
		build_http(b, e, f);
	}
}

void
build_daemons(struct build *b)
{
	build_users(b);
	build_tls(b);
	build_managers(b);
	build_directors(b);
	build_frontends(b);
}
