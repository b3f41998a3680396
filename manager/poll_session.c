/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The library's set-up, the keys of users, and one Net-SNMP single session an
 * agent, each on a libevent event of its own: the library never gets to wait
 * or to select. A session is opened without the library's own engine ID probe,
 * which blocks (2 s per silent agent). Sessions, their event and the user
 * localized to an engine belong to their target; who may be that engine is
 * judged here, too. No request is made here.
 */
#include "manager/poll_own.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/library/large_fd_set.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "lib/log.h"
#include "lib/mem.h"

/* A user's keys before they are localized to an engine: 2 ms of hashing each,
 * so once a user and not once a session. */
struct user_keys {
	bool ready;
	u_char auth[USM_AUTH_KU_LEN], priv[USM_PRIV_KU_LEN];
	size_t auth_len, priv_len;
};

/* --- library and users --- */

static int
on_library_log(int major, int minor, void *arg, void *client)
{
	const struct snmp_log_message *m = arg;
	struct log_bound *bound = client;

	(void)major;
	(void)minor;
	if (log_allowed(bound, "poll"))
		log_debug("poll", "Net-SNMP: %.*s", (int)strcspn(m->msg, "\n"),
		    m->msg);
	return 0;
}

static void
init_library(struct log_bound *bound)
{
	/* Nothing of /etc/snmp, no MIB files, no state on disk. */
	(void)setenv("MIBS", "", 1);
	netsnmp_ds_set_boolean(
	    NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
	netsnmp_ds_set_boolean(
	    NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
	netsnmp_ds_set_boolean(
	    NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_ALARM_DONT_USE_SIG, 1);
	snmp_disable_stderrlog();
	snmp_enable_calllog();
	(void)snmp_register_callback(SNMP_CALLBACK_LIBRARY,
	    SNMP_CALLBACK_LOGGING, on_library_log, bound);
	init_snmp("hopmanagerd-poll");
}

/* The user without name that probes engines (as the library's own probe). */
static void
add_empty_user(void)
{
	struct usmUser *u = usm_create_user();

	if (u == NULL)
		abort();
	free(u->name);
	free(u->secName);
	u->name = mem_text("");
	u->secName = mem_text("");
	(void)usm_add_user(u);
}

static void
make_keys(struct poller *p)
{
	size_t i;

	p->keys = mem_array(p->world->nusers, sizeof(*p->keys));
	for (i = 0; i < p->world->nusers; i++) {
		const struct snmp_user *u = &p->world->users[i];
		struct user_keys *k = &p->keys[i];
		oid *proto = u->auth == SNMP_AUTH_SHA512
				 ? usmHMAC384SHA512AuthProtocol
				 : usmHMAC192SHA256AuthProtocol;
		size_t n = OID_LENGTH(usmHMAC192SHA256AuthProtocol);

		if (u->auth_secret == NULL || u->priv_secret == NULL)
			continue;
		k->auth_len = sizeof(k->auth);
		k->priv_len = sizeof(k->priv);
		/* Both by the auth protocol (RFC 3826, 1.2; its drafts for
		 * AES-256): the library stretches the private one. */
		k->ready =
		    generate_Ku(proto, (u_int)n, (const u_char *)u->auth_secret,
			strlen(u->auth_secret), k->auth,
			&k->auth_len) == SNMPERR_SUCCESS &&
		    generate_Ku(proto, (u_int)n, (const u_char *)u->priv_secret,
			strlen(u->priv_secret), k->priv,
			&k->priv_len) == SNMPERR_SUCCESS;
		if (!k->ready)
			log_warnx("poll",
			    "cannot make keys of user %s: passphrases need at "
			    "least 8 characters",
			    u->id);
	}
}

void
session_library(struct poller *p, struct log_bound *bound)
{
	init_library(bound);
	add_empty_user();
	make_keys(p);
	p->fds = mem_new(sizeof(*p->fds));
	netsnmp_large_fd_set_init(p->fds, 4096);
}

/* --- sessions --- */

void
session_close(struct target *t)
{
	if (t->session == NULL)
		return;
	event_free(t->io);
	t->io = NULL;
	(void)event_del(t->timer);
	(void)snmp_sess_close(t->session);
	t->session = NULL;
	t->job = JOB_NONE;
	t->checks_read = false;
}

static void
fill_user(struct target *t, netsnmp_session *s)
{
	const struct snmp_user *u = user_of(t);
	const struct user_keys *k = &t->poller->keys[agent_of(t)->user];

	s->securityName = u->id;
	s->securityNameLen = strlen(u->id);
	s->securityLevel = SNMP_SEC_LEVEL_AUTHPRIV;
	s->securityModel = SNMP_SEC_MODEL_USM;
	s->securityAuthProto = u->auth == SNMP_AUTH_SHA512
				   ? usmHMAC384SHA512AuthProtocol
				   : usmHMAC192SHA256AuthProtocol;
	s->securityAuthProtoLen = OID_LENGTH(usmHMAC192SHA256AuthProtocol);
	s->securityPrivProto = u->priv == SNMP_PRIV_AES256
				   ? usmAES256PrivProtocol
				   : usmAESPrivProtocol;
	s->securityPrivProtoLen = u->priv == SNMP_PRIV_AES256
				      ? OID_LENGTH(usmAES256PrivProtocol)
				      : OID_LENGTH(usmAESPrivProtocol);
	memcpy(s->securityAuthKey, k->auth, k->auth_len);
	s->securityAuthKeyLen = k->auth_len;
	memcpy(s->securityPrivKey, k->priv, k->priv_len);
	s->securityPrivKeyLen = k->priv_len;
}

/* Of two probers on one host each has its own. The library copies it. */
static void
fill_context(struct target *t, netsnmp_session *s)
{
	char *context = t->poller->world->probers[t->prober].context;

	if (context == NULL)
		return;
	s->contextName = context;
	s->contextNameLen = strlen(context);
}

int
session_open(struct target *t, event_callback_fn readable)
{
	const struct agent *a = agent_of(t);
	netsnmp_session s;
	char host[ADDR_TEXT], name[ADDR_TEXT + 16];
	int fd;

	(void)addr_text(&a->addr, host, sizeof(host));
	(void)snprintf(name, sizeof(name),
	    a->addr.family == AF_INET6 ? "udp6:[%s]:%u" : "udp:%s:%u", host,
	    a->port);
	snmp_sess_init(&s);
	s.version = SNMP_VERSION_3;
	s.peername = name;
	s.timeout = (long)t->poller->manager->timeout_us;
	s.retries = (int)t->poller->manager->retries;
	/* Before the open, which would probe, and again after it, as it takes
	 * the flag away and the first send would probe then. */
	s.flags |= SNMP_FLAGS_DONT_PROBE;
	fill_user(t, &s);
	if (t->server < 0)
		fill_context(t, &s);
	t->session = snmp_sess_open(&s);
	explicit_bzero(&s, sizeof(s));
	if (t->session == NULL)
		return -1;
	snmp_sess_session(t->session)->flags |= SNMP_FLAGS_DONT_PROBE;
	fd = snmp_sess_transport(t->session)->sock;
	/* A datagram with a bad checksum makes readable what is not. */
	(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	t->io =
	    event_new(t->poller->base, fd, EV_READ | EV_PERSIST, readable, t);
	if (t->io == NULL || event_add(t->io, NULL) < 0)
		abort();
	return 0;
}

/* --- engines --- */

/* Whether two servers name one and the same agent, as two server machines on
 * one host do. */
static bool
same_agent(const struct target *a, const struct target *b)
{
	const struct agent *x = agent_of(a), *y = agent_of(b);

	return addr_cmp(&x->addr, &y->addr) == 0 && x->port == y->port;
}

/* A target, with the same agent or with another one, that this engine is
 * pinned to, or NULL. Linear: it is asked once a contact. */
static const struct target *
holder_of(const struct target *t, const u_char *id, size_t len, bool same)
{
	const struct poller *p = t->poller;
	size_t i;

	for (i = 0; i < p->n; i++) {
		const struct target *o = &p->targets[i];

		if (o != t && o->engine_len == len &&
		    memcmp(o->engine, id, len) == 0 && same_agent(o, t) == same)
			return o;
	}
	return NULL;
}

/* Forget who answers there: the user localized to that engine, its clock. */
void
session_unpin(struct target *t)
{
	struct usmUser *u;

	if (t->engine_len == 0)
		return;
	u = usm_get_user(t->engine, t->engine_len, user_of(t)->id);
	if (u != NULL && holder_of(t, t->engine, t->engine_len, true) == NULL) {
		(void)usm_remove_user(u);
		(void)usm_free_user(u);
	}
	t->engine_len = 0;
}

/* Whether this engine may be the one of the target; tells why not. */
bool
session_may_pin(struct target *t, const u_char *id, size_t len)
{
	const struct target *other = holder_of(t, id, len, false);
	bool same = t->engine_len == len && memcmp(t->engine, id, len) == 0;

	if (len == 0 || len > RECORD_ENGINE) {
		put_fail(t, REASON_AGENT_SECURITY,
		    "answers with an engine ID of %zu octets", len);
		return false;
	}
	if (other != NULL) {
		put_fail(t, REASON_AGENT_CLONE,
		    "has the engine ID of %s: stop snmpd on one of them, "
		    "remove /var/lib/snmp/snmpd.conf, and create its users "
		    "anew",
		    name_of(other));
		return false;
	}
	if (t->engine_len > 0 && !same) {
		put_fail(t, REASON_AGENT_SECURITY,
		    "another SNMP engine than before answers there; it is "
		    "taken after %d s",
		    PIN_MS / 1000);
		if (mono_ms(mono_now(), t->answered) <= PIN_MS)
			return false;
	}
	return true;
}
