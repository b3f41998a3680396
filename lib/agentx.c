/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Net-SNMP's subagent in libevent's loop: its settings, its descriptors and
 * its timer, and the way back to an snmpd that went away. Owns all of it and
 * the snapshot that is served; agentx_serve.c answers, agentx_link.c connects.
 *
 * Net-SNMP closes and opens sockets inside its own calls, and the new one
 * often has the number of the old: so all events are made anew whenever a
 * session ends or begins.
 */

#include "lib/agentx.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>
#include <net-snmp/agent/agent_callbacks.h>
#include <net-snmp/agent/agent_sysORTable.h>
#include <net-snmp/library/large_fd_set.h>

#include "lib/agentx_link.h"
#include "lib/agentx_serve.h"
#include "lib/log.h"
#include "lib/mem.h"

/* Of one request to snmpd, without repetition: the loop stands still as long
 * when snmpd hangs. */
#define TIMEOUT_US 500000
#define PING_S     1 /* of silence, then snmpd is asked if it is alive */
#define RETRY_MS   100
#define RETRY_MAX  1000
/* Notifications that snmpd has not answered. A burst that nobody reads would
 * fill the sockets of both sides until neither can write. */
#define NOTIFY_MAX 4
#define NOTIFY_PDU 12 /* RFC 2741, 6.1 */

/* Exported by libnetsnmpagent, declared in none of its headers: connects, and
 * registers what there is to register. */
int subagent_startup(int major, int minor, void *server, void *client);

struct watch {
	int fd;
	struct event *event;
};

struct agentx {
	struct agentx_conf conf;
	struct agentx_serve serve;
	netsnmp_session *session; /* NULL: not connected */
	netsnmp_handler_registration *registration;
	struct watch *watches;
	size_t nwatches;
	struct event *timer; /* Net-SNMP's next timeout */
	struct event *retry;
	int retry_ms;
	unsigned notifying;
	bool register_failed; /* since the session began */
	bool lost;            /* and that is known */
	int said_error;       /* what the log said last; 0: connected */
	struct log_bound bound;
};

/* Net-SNMP has one agent a process. */
static struct agentx *self;

/* The events it makes call it in turn. */
static void settle(struct agentx *a);

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct agentx *a = arg;
	netsnmp_large_fd_set set;

	(void)what;
	netsnmp_large_fd_set_init(&set, FD_SETSIZE);
	NETSNMP_LARGE_FD_ZERO(&set);
	NETSNMP_LARGE_FD_SET(fd, &set);
	snmp_read2(&set);
	netsnmp_large_fd_set_cleanup(&set);
	settle(a);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct agentx *a = arg;

	(void)fd;
	(void)what;
	snmp_timeout();
	run_alarms();
	settle(a);
}

static void
unwatch(struct agentx *a)
{
	size_t i;

	for (i = 0; i < a->nwatches; i++)
		event_free(a->watches[i].event);
	a->nwatches = 0;
}

static bool
is_watched(const struct agentx *a, netsnmp_large_fd_set *set, int nfds)
{
	size_t i = 0;
	int fd;

	for (fd = 0; fd < nfds; fd++)
		if (NETSNMP_LARGE_FD_ISSET(fd, set) &&
		    (i == a->nwatches || a->watches[i++].fd != fd))
			return false;
	return i == a->nwatches;
}

static void
watch_all(struct agentx *a, netsnmp_large_fd_set *set, int nfds)
{
	struct watch *w;
	int fd;

	unwatch(a);
	for (fd = 0; fd < nfds; fd++) {
		if (!NETSNMP_LARGE_FD_ISSET(fd, set))
			continue;
		a->watches = mem_resize(
		    a->watches, a->nwatches + 1, sizeof(*a->watches));
		w = &a->watches[a->nwatches++];
		w->fd = fd;
		w->event = event_new(
		    a->conf.base, fd, EV_READ | EV_PERSIST, on_readable, a);
		(void)event_add(w->event, NULL);
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	}
}

/* Bring libevent in line with what Net-SNMP waits for. */
static void
watch(struct agentx *a)
{
	netsnmp_large_fd_set set;
	struct timeval tv = {0};
	int nfds = 0, block = 1;

	netsnmp_large_fd_set_init(&set, FD_SETSIZE);
	NETSNMP_LARGE_FD_ZERO(&set);
	(void)snmp_select_info2(&nfds, &set, &tv, &block);
	if (!is_watched(a, &set, nfds))
		watch_all(a, &set, nfds);
	netsnmp_large_fd_set_cleanup(&set);
	if (block)
		(void)event_del(a->timer);
	else
		(void)event_add(a->timer, &tv);
}

static void
retry_in(struct agentx *a, int ms)
{
	struct timeval tv = {ms / 1000, ms % 1000 * 1000};

	if (!event_pending(a->retry, EV_TIMEOUT, NULL))
		(void)event_add(a->retry, &tv);
}

/*
 * To be called after everything that may have run code of Net-SNMP. It is we
 * who connect again: alarms of Net-SNMP's own for that are not all removed
 * when one of them succeeds.
 */
static void
settle(struct agentx *a)
{
	netsnmp_check_outstanding_agent_requests();
	if (a->session == NULL) {
		snmp_alarm_unregister_all();
		retry_in(a, a->retry_ms);
	} else if (a->register_failed) {
		retry_in(a, RETRY_MAX);
	}
	watch(a);
}

static const char *
remedy(int error)
{
	switch (error) {
	case ENOENT:
		return "; is snmpd running with \"master agentx\"?";
	case EACCES:
	case EPERM:
		return "; the group of the socket and of its directory must "
		       "have us in it (agentXSocket and agentXPerms in "
		       "snmpd.conf)";
	case ECONNREFUSED:
		return "; snmpd is not running";
	case EAGAIN:
		return "; snmpd hangs";
	default:
		return "";
	}
}

/* Once for each new reason, not for each attempt. */
static bool
is_news(struct agentx *a, int error)
{
	if (error == a->said_error || !log_allowed(&a->bound, "snmp"))
		return false;
	a->said_error = error;
	return true;
}

static void
say_result(struct agentx *a)
{
	const char *path = agentx_link_path();
	int error = agentx_link_error();

	if (a->session == NULL) {
		if (error == 0)
			error = ETIMEDOUT; /* connected, but no answer */
		if (is_news(a, error))
			log_warnx("snmp", "%s: %s%s; trying on", path,
			    strerror(error), remedy(error));
	} else if (a->register_failed) {
		if (is_news(a, EEXIST))
			log_warnx("snmp",
			    "%s: snmpd does not take our objects; does another "
			    "daemon of this kind serve them? trying on",
			    path);
	} else {
		a->lost = false;
		if (is_news(a, 0))
			log_info("snmp", "%s: connected", path);
	}
}

static void
on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct agentx *a = arg;

	(void)fd;
	(void)what;
	if (a->session != NULL) {
		a->lost = true;
		agentx_link_cut(); /* to be seen as snmpd's end */
		settle(a);
		return;
	}
	a->retry_ms = a->retry_ms * 2 > RETRY_MAX ? RETRY_MAX : a->retry_ms * 2;
	(void)subagent_startup(0, 0, NULL, NULL);
	say_result(a);
	settle(a);
}

/* The rest are callbacks of Net-SNMP's. */

static int
on_session_init(int major, int minor, void *server, void *client)
{
	netsnmp_session *session = server;

	(void)major;
	(void)minor;
	(void)client;
	session->timeout = TIMEOUT_US;
	session->retries = 0;
	return 0;
}

static int
on_session_start(int major, int minor, void *server, void *client)
{
	struct agentx *a = client;

	(void)major;
	(void)minor;
	a->session = server;
	a->register_failed = false;
	a->retry_ms = RETRY_MS;
	a->notifying = 0;
	unwatch(a);
	return 0;
}

/* Comes before the socket is closed, so epoll still knows it. */
static int
on_session_stop(int major, int minor, void *server, void *client)
{
	struct agentx *a = client;

	(void)major;
	(void)minor;
	(void)server;
	a->session = NULL;
	unwatch(a);
	if (!a->lost && is_news(a, EPIPE))
		log_warnx("snmp", "%s: snmpd has gone or hangs; trying on",
		    agentx_link_path());
	a->lost = true;
	return 0;
}

/* After Net-SNMP's own callback, which registers with snmpd and does not tell
 * anybody when there was no answer. A refusal only goes to its log. */
static int
on_registered(int major, int minor, void *server, void *client)
{
	struct agentx *a = client;

	(void)major;
	(void)minor;
	(void)server;
	if (a->session != NULL && a->session->s_snmp_errno != SNMPERR_SUCCESS)
		a->register_failed = true;
	return 0;
}

static int
on_library_log(int major, int minor, void *server, void *client)
{
	const struct snmp_log_message *m = server;
	struct agentx *a = client;
	size_t len = strlen(m->msg);

	(void)major;
	(void)minor;
	while (len > 0 && m->msg[len - 1] == '\n')
		len--;
	if (strncmp(m->msg, "registering pdu failed", 22) == 0)
		a->register_failed = true;
	else if (m->priority <= LOG_ERR && log_allowed(&a->bound, "snmp"))
		log_warnx("snmp", "Net-SNMP: %.*s", (int)len, m->msg);
	log_debug("snmp", "Net-SNMP: %.*s", (int)len, m->msg);
	return 0;
}

static void
set_library(void)
{
	static const int library[] = {NETSNMP_DS_LIB_DONT_PERSIST_STATE,
	    NETSNMP_DS_LIB_DONT_READ_CONFIGS,
	    NETSNMP_DS_LIB_DONT_LOAD_HOST_FILES,
	    NETSNMP_DS_LIB_ALARM_DONT_USE_SIG};
	size_t i;

	(void)setenv("MIBS", "", 1); /* we need no names */
	(void)setenv("MIBDIRS", "", 1);
	for (i = 0; i < sizeof(library) / sizeof(library[0]); i++)
		(void)netsnmp_ds_set_boolean(
		    NETSNMP_DS_LIBRARY_ID, library[i], 1);
	(void)netsnmp_ds_set_boolean(
	    NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_NO_ROOT_ACCESS, 1);
	(void)netsnmp_ds_set_boolean(NETSNMP_DS_APPLICATION_ID,
	    NETSNMP_DS_AGENT_NO_CONNECTION_WARNINGS, 1);
	(void)netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID,
	    NETSNMP_DS_AGENT_X_SOCKET, AGENTX_LINK_TARGET);
	netsnmp_enable_subagent();
	snmp_disable_log();
	snmp_enable_calllog();
}

static const struct {
	int major, minor;
	SNMPCallback *fn;
	int priority; /* 0: the default; the lowest comes last */
} callbacks[] = {
    {SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_LOGGING, on_library_log, 0},
    {SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_SESSION_INIT, on_session_init, 0},
    {SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_START, on_session_start,
	0},
    {SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_STOP, on_session_stop, 0},
    {SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_REGISTER_OID, on_registered,
	NETSNMP_CALLBACK_LOWEST_PRIORITY},
};
#define NCALLBACKS (sizeof(callbacks) / sizeof(callbacks[0]))

static void
register_callbacks(struct agentx *a)
{
	size_t i;

	for (i = 0; i < NCALLBACKS; i++)
		(void)netsnmp_register_callback(callbacks[i].major,
		    callbacks[i].minor, callbacks[i].fn, a,
		    callbacks[i].priority);
}

/* snmp_shutdown() would free the argument of whatever is still registered. */
static void
unregister_callbacks(struct agentx *a)
{
	size_t i;

	for (i = 0; i < NCALLBACKS; i++)
		(void)snmp_unregister_callback(callbacks[i].major,
		    callbacks[i].minor, callbacks[i].fn, a, 1);
}

struct agentx *
agentx_start(const struct agentx_conf *conf)
{
	struct agentx *a = mem_new(sizeof(*a));

	assert(self == NULL);
	self = a;
	a->conf = *conf;
	a->serve.conf = &a->conf;
	a->retry_ms = RETRY_MS;
	a->said_error = -1;
	a->bound.burst = 10;
	a->timer = evtimer_new(conf->base, on_timer, a);
	a->retry = evtimer_new(conf->base, on_retry, a);
	set_library();
	register_callbacks(a);
	(void)init_agent(conf->program);
	agentx_link_init(conf->socket);
	init_snmp(conf->program);
	/* Only now: init_agent() sets 15 s, after which objects would come
	 * back too late. */
	(void)netsnmp_ds_set_int(NETSNMP_DS_APPLICATION_ID,
	    NETSNMP_DS_AGENT_AGENTX_PING_INTERVAL, PING_S);
	snmp_alarm_unregister_all();
	agentx_link_open(true);
	retry_in(a, 0);
	watch(a);
	return a;
}

static void
register_subtree(struct agentx *a)
{
	static const oid point[] = {MIB_POINT};
	oid name[MIB_POINT_LEN + 2];

	memcpy(name, point, sizeof(point));
	name[MIB_POINT_LEN] = 1; /* hopObjects */
	name[MIB_POINT_LEN + 1] = a->conf.arc;
	a->registration = netsnmp_create_handler_registration(a->conf.program,
	    agentx_serve, name, MIB_POINT_LEN + 2, HANDLER_CAN_RWRITE);
	if (a->registration == NULL)
		return;
	a->registration->handler->myvoid = &a->serve;
	if (a->conf.context != NULL)
		a->registration->contextName = strdup(a->conf.context);
	if (netsnmp_register_handler(a->registration) != MIB_REGISTERED_OK)
		log_warnx("snmp", "cannot register our objects");
	/* So that an operator sees in sysORTable who serves them. */
	(void)register_sysORTable(name, MIB_POINT_LEN + 2, "HOPSCOTCH-MIB");
	if (a->session != NULL)
		say_result(a);
	settle(a);
}

void
agentx_publish_take(struct agentx *a, struct snap *s, struct mono taken)
{
	snap_sort(s);
	snap_free(&a->serve.snap);
	a->serve.snap = s;
	a->serve.taken = taken;
	if (a->registration == NULL)
		register_subtree(a);
}

bool
agentx_is_up(const struct agentx *a)
{
	return a->session != NULL && a->registration != NULL &&
	       !a->register_failed;
}

static int
on_notified(
    int op, netsnmp_session *session, int id, netsnmp_pdu *pdu, void *arg)
{
	(void)op; /* an answer or none in time: it does not wait any more */
	(void)id;
	(void)pdu;
	(void)arg;
	if (self != NULL && self->session == session && self->notifying > 0)
		self->notifying--;
	return 1;
}

/* RFC 2741, 6.2.10: snmpTrapOID first, snmpd adds the time itself. */
static netsnmp_pdu *
notification(const struct agentx *a, const uint32_t *id, size_t n)
{
	static const oid point[] = {MIB_POINT};
	static const oid trap[] = {1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0};
	oid name[MIB_POINT_LEN + 4];
	netsnmp_pdu *pdu = snmp_pdu_create(NOTIFY_PDU);
	size_t i;

	assert(n <= 4);
	if (pdu == NULL)
		return NULL;
	pdu->sessid = a->session->sessid;
	memcpy(name, point, sizeof(point));
	for (i = 0; i < n; i++)
		name[MIB_POINT_LEN + i] = id[i];
	(void)snmp_pdu_add_variable(pdu, trap, OID_LENGTH(trap), ASN_OBJECT_ID,
	    name, (MIB_POINT_LEN + n) * sizeof(*name));
	return pdu;
}

int
agentx_notify(struct agentx *a, const uint32_t *id, size_t n,
    const enum mib_object *scalars, size_t nscalars)
{
	netsnmp_pdu *pdu;
	size_t i;

	if (!agentx_is_up(a) || a->notifying >= NOTIFY_MAX)
		return -1;
	pdu = notification(a, id, n);
	if (pdu == NULL)
		return -1;
	for (i = 0; i < nscalars; i++)
		agentx_serve_add(&a->serve, pdu, scalars[i]);
	a->notifying++;
	if (snmp_async_send(a->session, pdu, on_notified, NULL) == 0) {
		snmp_free_pdu(pdu);
		a->notifying--;
		settle(a);
		return -1;
	}
	watch(a);
	return 0;
}

void
agentx_free(struct agentx **ap)
{
	struct agentx *a = *ap;

	if (a == NULL)
		return;
	unwatch(a);
	event_free(a->timer);
	event_free(a->retry);
	a->lost = true; /* we are the ones who go */
	agentx_link_open(false);
	unregister_callbacks(a);
	snmp_shutdown(a->conf.program);
	shutdown_agent();
	snap_free(&a->serve.snap);
	free(a->watches);
	free(a);
	self = NULL;
	*ap = NULL;
}
