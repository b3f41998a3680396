/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Net-SNMP's transport "hopscotch": a unix socket on which nothing blocks.
 * A hung snmpd fills its queue of connections after a few attempts, and from
 * then on connect() of a blocking socket stands still; one that does not read
 * any more does the same to send(). Here both fail instead. Net-SNMP owns the
 * transport that create() makes.
 */

#include "lib/agentx_link.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include "lib/mem.h"
#include "mib.h"

#define OUR_SOCKET       "/run/hopscotch-agentx/master"
#define AGENTX_PDU_CLOSE 2 /* RFC 2741, 6.1 */

/* Only has to differ from those of Net-SNMP's own transports. */
static const oid domain_oid[] = {MIB_POINT};

/* Net-SNMP passes no argument to what makes a transport. */
static struct {
	const char *socket; /* configured, or NULL */
	const char *path;   /* last tried */
	int error;
	int fd;
	bool allowed;
} self = {.fd = -1};

/* As Net-SNMP's own, but "nothing there" is not taken for the end: that is
 * what the flag of an empty packet says. */
static int
on_recv(netsnmp_transport *t, void *buf, int size, void **opaque, int *olength)
{
	ssize_t n;

	*opaque = NULL;
	*olength = 0;
	do
		n = recv(t->sock, buf, (size_t)size, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
		t->flags |= NETSNMP_TRANSPORT_FLAG_EMPTY_PKT;
		return 0;
	}
	return (int)n;
}

/*
 * All or nothing: half a PDU would spoil the stream, so a reader that leaves
 * no room is cut off. A Close is never sent. Net-SNMP would wait for its
 * answer, and the end of the connection tells snmpd the same.
 */
static int
on_send(netsnmp_transport *t, const void *buf, int size, void **opaque,
    int *olength)
{
	ssize_t n;

	(void)opaque;
	(void)olength;
	if (size > 1 && ((const unsigned char *)buf)[1] == AGENTX_PDU_CLOSE)
		return -1;
	do
		n = send(
		    t->sock, buf, (size_t)size, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n == size)
		return size;
	(void)shutdown(t->sock, SHUT_RDWR); /* the next recv() sees it */
	return -1;
}

static int
on_close(netsnmp_transport *t)
{
	if (t->sock >= 0)
		(void)close(t->sock);
	if (t->sock == self.fd)
		self.fd = -1;
	t->sock = -1;
	return 0;
}

static char *
on_fmtaddr(netsnmp_transport *t, const void *data, int len)
{
	(void)t;
	(void)data;
	(void)len;
	return strdup("snmpd");
}

/* A connected socket, or -1 and errno. */
static int
connect_to(const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd, saved;

	self.path = path;
	if (strlen(path) >= sizeof(sun.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(sun.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)&sun, sizeof(sun)) == 0)
		return fd;
	saved = errno; /* EAGAIN: its queue is full, it hangs */
	(void)close(fd);
	errno = saved;
	return -1;
}

static int
connect_any(void)
{
	int fd;

	if (self.socket != NULL)
		return connect_to(self.socket);
	fd = connect_to(OUR_SOCKET);
	if (fd < 0 && errno == ENOENT)
		fd = connect_to(NETSNMP_AGENTX_SOCKET);
	return fd;
}

static netsnmp_transport *
create(const char *target, int local, const char *default_target)
{
	netsnmp_transport *t;
	int fd;

	(void)target;
	(void)default_target;
	if (local || !self.allowed)
		return NULL;
	fd = connect_any();
	self.error = fd < 0 ? errno : 0;
	if (fd < 0)
		return NULL;
	/* Net-SNMP frees it with free(). */
	t = calloc(1, sizeof(*t));
	if (t == NULL) {
		(void)close(fd);
		return NULL;
	}
	t->domain = domain_oid;
	t->domain_length = OID_LENGTH(domain_oid);
	t->flags = NETSNMP_TRANSPORT_FLAG_STREAM;
	t->msgMaxSize = SNMP_MAX_PACKET_LEN;
	t->sock = fd;
	t->f_recv = on_recv;
	t->f_send = on_send;
	t->f_close = on_close;
	t->f_fmtaddr = on_fmtaddr;
	self.fd = fd;
	return t;
}

void
agentx_link_init(const char *socket)
{
	static netsnmp_tdomain domain;
	const char **prefix = mem_array(2, sizeof(*prefix));

	if (socket != NULL && strncmp(socket, "unix:", 5) == 0)
		socket += 5;
	self.socket = socket;
	self.path = socket != NULL ? socket : OUR_SOCKET;
	self.allowed = false;
	domain.name = domain_oid;
	domain.name_length = OID_LENGTH(domain_oid);
	prefix[0] = "hopscotch";
	domain.prefix = prefix; /* shutdown frees it, but not the domain */
	domain.f_create_from_tstring_new = create;
	(void)netsnmp_tdomain_register(&domain);
}

void
agentx_link_open(bool allowed)
{
	self.allowed = allowed;
}

const char *
agentx_link_path(void)
{
	return self.path;
}

int
agentx_link_error(void)
{
	return self.error;
}

void
agentx_link_cut(void)
{
	if (self.fd >= 0)
		(void)shutdown(self.fd, SHUT_RDWR);
}
