/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sockets of endpoints. Holds nothing: the descriptors are the caller's. Knows
 * neither lines nor TLS.
 */
#include "lib/endpoint.h"

#include <errno.h>
#include <libgen.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 128

const char *
endpoint_text(const struct listen_lines *at, char *buf, size_t size)
{
	char host[ADDR_TEXT];
	bool six = at->addr.family == AF_INET6;

	if (at->socket != NULL) {
		(void)snprintf(buf, size, "unix:%s", at->socket);
		return buf;
	}
	(void)snprintf(buf, size, "%s%s%s:%u%s", six ? "[" : "",
	    addr_text(&at->addr, host, sizeof(host)), six ? "]" : "", at->port,
	    at->tls ? " tls" : "");
	return buf;
}

/* Put "endpoint: text[: errno]" and return -1. */
static int
fail(const struct listen_lines *at, const char *text, int err, char *why,
    size_t size)
{
	char name[ENDPOINT_TEXT];

	(void)snprintf(why, size, "%s: %s%s%s",
	    endpoint_text(at, name, sizeof(name)), text, err != 0 ? ": " : "",
	    err != 0 ? strerror(err) : "");
	return -1;
}

static int
unix_name(const struct listen_lines *at, struct sockaddr_un *un)
{
	memset(un, 0, sizeof(*un));
	un->sun_family = AF_UNIX;
	if (strlen(at->socket) >= sizeof(un->sun_path))
		return -1;
	memcpy(un->sun_path, at->socket, strlen(at->socket));
	return 0;
}

static const char too_long[] =
    "the path is too long for a unix socket (at most 107 bytes)";

static int
new_socket(int family)
{
	return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

enum used { USED_FREE, USED_STALE, USED_BUSY, USED_OTHER };

/* What is at the path of a unix socket. */
static enum used
look(const struct sockaddr_un *un)
{
	struct stat st;
	enum used used = USED_BUSY;
	int fd;

	if (lstat(un->sun_path, &st) < 0)
		return USED_FREE; /* or bind() tells better */
	if (!S_ISSOCK(st.st_mode))
		return USED_OTHER;
	fd = new_socket(AF_UNIX);
	if (fd < 0)
		return USED_BUSY;
	if (connect(fd, (const struct sockaddr *)un, sizeof(*un)) < 0 &&
	    errno == ECONNREFUSED)
		used = USED_STALE;
	(void)close(fd);
	return used;
}

/* Whoever may use the directory of the socket may use the socket: a daemon
 * that starts as root makes it for the user that it will be. */
static void
give_to_owner(const char *path)
{
	char copy[sizeof(((struct sockaddr_un *)NULL)->sun_path) + 1];
	struct stat st;

	(void)snprintf(copy, sizeof(copy), "%s", path);
	if (geteuid() != 0 || stat(dirname(copy), &st) < 0)
		return;
	/* It works for root without this. */
	if (lchown(path, st.st_uid, st.st_gid) < 0)
		return;
}

static int
bind_unix(const struct listen_lines *at, int fd, char *why, size_t size)
{
	struct sockaddr_un un;
	mode_t mask;
	int r, err;

	if (unix_name(at, &un) < 0)
		return fail(at, too_long, 0, why, size);
	switch (look(&un)) {
	case USED_BUSY:
		return fail(at, "in use by another process", 0, why, size);
	case USED_OTHER:
		return fail(at, "there is a file that is no socket; remove it",
		    0, why, size);
	case USED_STALE:
		(void)unlink(un.sun_path);
		break;
	case USED_FREE:
		break;
	}
	mask = umask(0117);
	r = bind(fd, (struct sockaddr *)&un, sizeof(un));
	err = errno;
	(void)umask(mask);
	if (r < 0 && err == ENOENT)
		return fail(at,
		    "its directory is missing; make it (mkdir -p), or set "
		    "HOPSCOTCH_RUN",
		    0, why, size);
	if (r < 0)
		return fail(at, "cannot bind", err, why, size);
	give_to_owner(un.sun_path);
	return 0;
}

static int
bind_tcp(const struct listen_lines *at, int fd, char *why, size_t size)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(&at->addr, at->port, &ss);
	int on = 1;

	if (!at->tls && !addr_is_loopback(&at->addr))
		return fail(at,
		    "TCP without TLS is for loopback only; use tls=\"yes\", "
		    "127.0.0.1 or a unix socket",
		    0, why, size);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (at->addr.family == AF_INET6)
		(void)setsockopt(
		    fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&ss, len) < 0)
		return fail(at, "cannot bind", errno, why, size);
	return 0;
}

int
endpoint_listen(const struct listen_lines *at, char *why, size_t size)
{
	int family = at->socket != NULL ? AF_UNIX : at->addr.family, fd;
	int r;

	fd = new_socket(family);
	if (fd < 0)
		return fail(at, "no socket", errno, why, size);
	r = at->socket != NULL ? bind_unix(at, fd, why, size)
			       : bind_tcp(at, fd, why, size);
	if (r == 0 && listen(fd, BACKLOG) < 0)
		r = fail(at, "cannot listen", errno, why, size);
	if (r == 0)
		return fd;
	(void)close(fd);
	return -1;
}

void
endpoint_unlink(const struct listen_lines *at, int fd)
{
	struct sockaddr_un un, mine;
	socklen_t len = sizeof(mine);

	if (at->socket == NULL || unix_name(at, &un) < 0)
		return;
	memset(&mine, 0, sizeof(mine));
	if (getsockname(fd, (struct sockaddr *)&mine, &len) < 0 ||
	    strcmp(mine.sun_path, un.sun_path) != 0)
		return;
	/* Ours stops answering first, so that a successor's is told apart. */
	(void)shutdown(fd, SHUT_RDWR);
	if (look(&un) == USED_STALE)
		(void)unlink(un.sun_path);
}

void
endpoint_no_delay(int fd)
{
	int on = 1;

	/* Only slower without it. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

int
endpoint_connect(const struct listen_lines *to, char *why, size_t size)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(struct sockaddr_un);
	int family = to->socket != NULL ? AF_UNIX : to->addr.family, fd;
	int err;

	if (to->socket == NULL) {
		if (!to->tls && !addr_is_loopback(&to->addr))
			return fail(to, "TCP without TLS is for loopback only",
			    0, why, size);
		len = addr_to_sockaddr(&to->addr, to->port, &ss);
	} else if (unix_name(to, (struct sockaddr_un *)&ss) < 0) {
		return fail(to, too_long, 0, why, size);
	}
	fd = new_socket(family);
	if (fd < 0)
		return fail(to, "no socket", errno, why, size);
	if (family != AF_UNIX)
		endpoint_no_delay(fd);
	if (connect(fd, (struct sockaddr *)&ss, len) == 0 ||
	    errno == EINPROGRESS)
		return fd;
	err = errno;
	(void)close(fd);
	return fail(to, "cannot connect", err, why, size);
}

int
endpoint_error(int fd)
{
	int err = 0;
	socklen_t len = sizeof(err);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
		return errno;
	return err;
}
