/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's snmpd as its files show it: that it runs, reads our file, lets
 * our users see what they need and nobody else anything.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ctl/doctor/doctor.h"
#include "ctl/doctor/snmpdconf.h"
#include "mib.h"

#define OID_TEXT 128
#define CONF_D   "/etc/snmp/snmpd.conf.d"

static const char *
our_oid(char *buf, size_t size)
{
	static const unsigned point[] = {MIB_POINT};
	size_t i, n = 0;

	for (i = 0; i < MIB_POINT_LEN; i++)
		n += (size_t)snprintf(buf + n, size - n, ".%u", point[i]);
	return buf;
}

/* Whether a view includes our whole subtree. */
static bool
view_has_ours(const struct snmpd_conf *c, const char *view)
{
	const struct snmpd_directive *d = NULL;
	char oid[OID_TEXT];
	size_t n;

	(void)our_oid(oid, sizeof(oid));
	while ((d = snmpdconf_find(c, "view", d)) != NULL) {
		const char *at = snmpdconf_word(d, 3);

		if (strcmp(snmpdconf_word(d, 1), view) != 0 ||
		    strcasecmp(snmpdconf_word(d, 2), "included") != 0)
			continue;
		at += at[0] == '.';
		n = strlen(at);
		if (strncmp(at, oid + 1, n) == 0 &&
		    (oid[1 + n] == '\0' || oid[1 + n] == '.'))
			return true;
	}
	return false;
}

/* The read view of a user by group and access, or NULL. */
static const char *
read_view(const struct snmpd_conf *c, const char *user)
{
	const struct snmpd_directive *g = NULL, *a;

	while ((g = snmpdconf_find(c, "group", g)) != NULL) {
		if (strcmp(snmpdconf_word(g, 3), user) != 0)
			continue;
		for (a = NULL; (a = snmpdconf_find(c, "access", a)) != NULL;)
			if (strcmp(snmpdconf_word(a, 1),
				snmpdconf_word(g, 1)) == 0)
				return snmpdconf_word(a, 6);
	}
	return NULL;
}

/* usmUser lines hold the name in hex: 0x686f706d677200, or as a text. */
static bool
is_name(const char *word, const char *user)
{
	char hex[160];
	size_t i, n = 0;

	if (strcmp(word, user) == 0)
		return true;
	for (i = 0; user[i] != '\0' && n + 3 < sizeof(hex); i++)
		n += (size_t)snprintf(
		    hex + n, sizeof(hex) - n, "%02x", (unsigned char)user[i]);
	return strncasecmp(word, "0x", 2) == 0 &&
	       strncasecmp(word + 2, hex, n) == 0 &&
	       (word[2 + n] == '\0' || strcmp(word + 2 + n, "00") == 0);
}

static bool
user_is_made(const struct snmpd_conf *c, const char *user)
{
	const struct snmpd_directive *d = NULL;

	while ((d = snmpdconf_find(c, "createUser", d)) != NULL)
		if (is_name(snmpdconf_word(d, 1), user))
			return true;
	/* usmUser status storage engine name ... */
	while ((d = snmpdconf_find(c, "usmUser", d)) != NULL)
		if (is_name(snmpdconf_word(d, 4), user))
			return true;
	return false;
}

static void
communities(const struct snmpd_conf *c, struct findings *f)
{
	static const char *const words[] = {"rocommunity", "rocommunity6",
	    "rwcommunity", "rwcommunity6", "com2sec", "com2sec6"};
	const struct snmpd_directive *d;
	size_t i, n = 0;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		for (d = NULL; (d = snmpdconf_find(c, words[i], d)) != NULL;
		     n++)
			/* The community itself is a secret of a kind. */
			finding_bad(f,
			    words[i][1] == 'w' ? VERDICT_FAIL : VERDICT_WARN,
			    "Remove the line: whoever reads the network can "
			    "read it, and all of HOPSCOTCH works without.",
			    "%s:%d: a community (%s%s)", d->file, d->line,
			    words[i],
			    strcmp(snmpdconf_word(d, 1), "public") == 0
				? " public, Debian's default"
				: "");
	if (n == 0)
		finding_ok(f, "no community: SNMPv3 only");
}

/* `unmade`: how bad it is that nobody has made the user. */
static void
user(const struct snmpd_conf *c, const char *name, enum verdict unmade,
    struct findings *f)
{
	const char *view = read_view(c, name);
	char remedy[200];

	(void)snprintf(remedy, sizeof(remedy),
	    "`hopscotch-snmp-setup %s` makes it%s; doc/snmp.md says how by "
	    "hand.",
	    name, unmade == VERDICT_WARN ? ", if it is to read this host" : "");
	if (view == NULL || !view_has_ours(c, view))
		finding_bad(f, VERDICT_FAIL,
		    "Install the files of conf/snmpd.conf.d for the roles of "
		    "this host in " CONF_D " and restart snmpd.",
		    view == NULL ? "user %s has no access rights"
				 : "user %s does not see HOPSCOTCH-MIB",
		    name);
	else if (c->persistent && !user_is_made(c, name))
		finding_bad(f, unmade, remedy,
		    "user %s has rights, but nobody has made it", name);
	else
		finding_ok(f, "user %s %s sees HOPSCOTCH-MIB", name,
		    c->persistent ? "is there and" : "(if it was made)");
}

/* Our files lie there, but are they read? */
static void
installed(
    const struct doctor *d, const struct snmpd_conf *c, struct findings *f)
{
	static const char *const names[] = {
	    "users", "agentx", "content-server", "border", "manager"};
	char path[HOST_PATH], *text;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(
		    path, sizeof(path), CONF_D "/hopscotch-%s.conf", names[i]);
		text = host_read(&d->host, path, NULL);
		if (text != NULL && !snmpdconf_has_file(c, path))
			finding_bad(f, VERDICT_FAIL,
			    "Add `includeDir " CONF_D "` to "
			    "/etc/snmp/snmpd.conf and restart snmpd.",
			    "%s is there, but snmpd does not read it", path);
		else if (text != NULL)
			finding_ok(f, "%s is read", path);
		free(text);
	}
}

/* The manager polls from elsewhere: loopback alone is not enough. */
static void
listens(const struct doctor *d, struct findings *f)
{
	const struct addr any = {.family = AF_INET};
	const struct host *h = &d->host;
	bool out = false, some = false;
	size_t i;

	for (i = 0; i < h->nsockets; i++) {
		const struct host_socket *s = &h->socket[i];

		if (s->tcp || s->port != 161)
			continue;
		some = true;
		out |= addr_cmp(&s->addr, &any) == 0 ||
		       !addr_is_loopback(&s->addr);
	}
	if (!some)
		finding_bad(f, VERDICT_WARN,
		    "Look at agentaddress, and at the log of snmpd.",
		    "nothing listens on UDP port 161");
	else if (!out &&
		 (roles_have(d, "hoploadd") || roles_have(d, "hoppingd")))
		finding_bad(f, VERDICT_WARN,
		    "Set `agentaddress udp:ADDRESS:161` to the address that "
		    "<agent> or <prober> of the configuration names, unless "
		    "the manager is on this host.",
		    "snmpd listens on loopback only, no manager can poll it");
	else
		finding_ok(f, "snmpd listens on UDP port 161%s",
		    out ? "" : " of loopback");
}

void
check_snmpd(const struct doctor *d, struct findings *f)
{
	const struct host_process *p = host_find(&d->host, "snmpd", NULL);
	bool is_polled = roles_have(d, "hoploadd") || roles_have(d, "hoppingd");
	struct snmpd_conf c;

	f->area = "snmpd";
	if (p == NULL) {
		finding_bad(f, is_polled ? VERDICT_FAIL : VERDICT_WARN,
		    "apt-get install snmpd; systemctl enable --now snmpd",
		    "no snmpd runs on this host");
	} else {
		finding_ok(f, "snmpd runs (pid %d)", (int)p->pid);
		listens(d, f);
	}
	snmpdconf_read(&c, &d->host, p);
	if (c.nfiles == 0) {
		finding_bad(f, VERDICT_WARN, "Run doctor as root.",
		    "the configuration of snmpd cannot be read");
	} else {
		installed(d, &c, f);
		communities(&c, f);
		if (is_polled)
			user(&c, "hopmgr", VERDICT_FAIL, f);
		/* Not everybody has a management station. */
		user(&c, "hopnms", VERDICT_WARN, f);
	}
	snmpdconf_fini(&c);
}
