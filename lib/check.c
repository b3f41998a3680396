/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tries of services. A check owns its socket and events and frees itself; it
 * reads no more of an answer than it takes to judge it, at most REPLY_MAX
 * bytes. What a result means is not known here (lib/decide/judge).
 */

#include "lib/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/mem.h"
#include "lib/mono.h"

#define REQUEST_MAX 2048
#define REPLY_MAX   4096

struct check {
	enum check_type type;
	unsigned status;
	int fd;
	bool connected;
	bool ok; /* of a result that waits for the loop */
	enum reason reason;
	struct event *io;
	struct event *timeout;
	struct mono started;
	void (*done)(void *arg, bool ok, enum reason reason, int64_t us);
	void *arg;
	size_t request_len, sent, reply_len;
	char request[REQUEST_MAX];
	char reply[REPLY_MAX];
};

/* The end of the line that begins at bytes: behind its newline, or NULL. */
static const char *
line_end(const char *bytes, size_t len)
{
	const char *end = memchr(bytes, '\n', len);

	return end == NULL ? NULL : end + 1;
}

/* The three digits at p, which must stand before ' ', '-' or the end of the
 * line; 0: there are none. */
static unsigned
code_at(const char *p)
{
	int i;

	for (i = 0; i < 3; i++)
		if (p[i] < '0' || p[i] > '9')
			return 0;
	if (p[3] != ' ' && p[3] != '-' && p[3] != '\r' && p[3] != '\n')
		return 0;
	return (unsigned)((p[0] - '0') * 100 + (p[1] - '0') * 10 + p[2] - '0');
}

/* Whether what is there can still become a line that starts like this. */
static bool
starts_like(const char *bytes, size_t len, const char *start)
{
	size_t n = strlen(start);

	return memcmp(bytes, start, len < n ? len : n) == 0;
}

/* Behind the empty line that ends a head, or NULL. */
static const char *
head_end(const char *bytes, size_t len)
{
	const char *p = bytes, *end;

	while ((end = line_end(p, len - (size_t)(p - bytes))) != NULL) {
		if (end - p == 1 || (end - p == 2 && p[0] == '\r'))
			return end;
		p = end;
	}
	return NULL;
}

int
check_http_reply(
    const char *bytes, size_t len, unsigned status, enum reason *reason)
{
	static const char start[] = "HTTP/1.";
	const size_t code = sizeof(start) - 1 + 2; /* behind "HTTP/1.1 " */
	const char *end;
	unsigned got;

	*reason = REASON_REPLY_BAD;
	for (;;) {
		if (!starts_like(bytes, len, start))
			return 0;
		end = line_end(bytes, len);
		if (end == NULL)
			return -1;
		if ((size_t)(end - bytes) < code + 4 || bytes[code - 1] != ' ')
			return 0;
		got = code_at(bytes + code);
		if (got < 100 || got > 599)
			return 0;
		if (got >= 200)
			break;
		/* An interim answer (RFC 9110, 15.2): the real one follows. */
		end = head_end(bytes, len);
		if (end == NULL)
			return -1;
		len -= (size_t)(end - bytes);
		bytes = end;
	}
	if (status == 0 ? got < 400 : got == status) {
		*reason = REASON_CHECK_OK;
		return 1;
	}
	*reason = REASON_HTTP_STATUS;
	return 0;
}

int
check_ftp_reply(const char *bytes, size_t len, enum reason *reason)
{
	unsigned code;

	*reason = REASON_REPLY_BAD;
	if (line_end(bytes, len) == NULL)
		return len == 0 || (bytes[0] >= '0' && bytes[0] <= '9') ? -1
									: 0;
	code = len >= 4 ? code_at(bytes) : 0;
	if (code == 0)
		return 0;
	*reason = code == 220 ? REASON_CHECK_OK : REASON_FTP_GREETING;
	return code == 220;
}

/* The path as it goes into a request line: nothing in it ends that line. */
static void
encode_path(const char *path, char *buf, size_t size)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t n = 0;
	unsigned char c;

	for (; *path != '\0' && n + 4 <= size; path++) {
		c = (unsigned char)*path;
		if (c > 0x20 && c < 0x7f) {
			buf[n++] = (char)c;
		} else {
			buf[n++] = '%';
			buf[n++] = hex[c >> 4];
			buf[n++] = hex[c & 15];
		}
	}
	buf[n] = '\0';
}

int
check_http_request(const struct check_conf *c, char *buf, size_t size)
{
	char host[300], path[1024], text[ADDR_TEXT];
	const char *from = c->path == NULL ? "/" : c->path;
	int n;

	if (strlen(from) > sizeof(path) / 3 - 2)
		return -1;
	encode_path(from, path, sizeof(path));
	if (c->host != NULL)
		n = snprintf(host, sizeof(host), "%s", c->host);
	else
		n = snprintf(host, sizeof(host),
		    c->addr.family == AF_INET6 ? "[%s]" : "%s",
		    addr_text(&c->addr, text, sizeof(text)));
	if (n < 0 || (size_t)n >= sizeof(host) ||
	    strpbrk(host, " \t\r\n") != NULL)
		return -1;
	if (c->port != 80)
		n = snprintf(host + n, sizeof(host) - (size_t)n, ":%u",
		    (unsigned)c->port);
	n = snprintf(buf, size,
	    "GET %s HTTP/1.1\r\nHost: %s\r\n"
	    "User-Agent: hopscotch-check/" HOP_VERSION "\r\n"
	    "Accept: */*\r\nConnection: close\r\n\r\n",
	    path, host);
	return n < 0 || (size_t)n >= size ? -1 : n;
}

void
check_cancel(struct check **cp)
{
	struct check *c = *cp;

	if (c == NULL)
		return;
	if (c->io != NULL)
		event_free(c->io);
	if (c->timeout != NULL)
		event_free(c->timeout);
	if (c->fd >= 0)
		(void)close(c->fd);
	free(c);
	*cp = NULL;
}

static void
finish(struct check *c, bool ok, enum reason reason)
{
	void (*done)(void *, bool, enum reason, int64_t) = c->done;
	int64_t us = mono_us(mono_now(), c->started);
	void *arg = c->arg;

	check_cancel(&c);
	done(arg, ok, reason, us);
}

static enum reason
connect_reason(int error)
{
	switch (error) {
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case ENOBUFS:
	case EAGAIN:
	case EADDRNOTAVAIL: /* no port is left */
		return REASON_NOT_JUDGED;
	case ECONNREFUSED:
		return REASON_CONNECT_REFUSED;
	case ETIMEDOUT:
		return REASON_CONNECT_TIMEOUT;
	default:
		return REASON_CONNECT_FAILED;
	}
}

static void
on_timeout(evutil_socket_t fd, short what, void *arg)
{
	struct check *c = arg;

	(void)fd;
	(void)what;
	if (c->fd < 0) /* it failed before the loop ran */
		finish(c, false, c->reason);
	else
		finish(c, false,
		    c->connected ? REASON_REPLY_TIMEOUT
				 : REASON_CONNECT_TIMEOUT);
}

static int
judge_reply(struct check *c, enum reason *reason)
{
	if (c->type == CHECK_FTP)
		return check_ftp_reply(c->reply, c->reply_len, reason);
	return check_http_reply(c->reply, c->reply_len, c->status, reason);
}

static void
on_reply(evutil_socket_t fd, short what, void *arg)
{
	static const char quit[] = "QUIT\r\n";
	struct check *c = arg;
	enum reason reason;
	ssize_t n;
	int verdict;

	(void)what;
	n = recv(
	    fd, c->reply + c->reply_len, sizeof(c->reply) - c->reply_len, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		finish(c, false, REASON_REPLY_CLOSED);
		return;
	}
	c->reply_len += (size_t)n;
	verdict = judge_reply(c, &reason);
	if (verdict < 0 && c->reply_len < sizeof(c->reply))
		return;
	if (verdict == 1 && c->type == CHECK_FTP)
		/* Politeness: whether it arrives does not matter. */
		(void)send(
		    fd, quit, sizeof(quit) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	finish(c, verdict == 1, reason);
}

/* Wait for this from now on. */
static void
await(struct check *c, short what,
    void (*on)(evutil_socket_t fd, short what, void *arg))
{
	struct event_base *base = event_get_base(c->timeout);

	if (c->io != NULL)
		event_free(c->io);
	c->io = event_new(base, c->fd, what | EV_PERSIST, on, c);
	(void)event_add(c->io, NULL);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct check *c = arg;
	ssize_t n;

	(void)what;
	if (c->sent < c->request_len) {
		n = send(fd, c->request + c->sent, c->request_len - c->sent,
		    MSG_NOSIGNAL);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0) {
			finish(c, false, REASON_REPLY_CLOSED);
			return;
		}
		c->sent += (size_t)n;
	}
	if (c->sent == c->request_len)
		await(c, EV_READ, on_reply);
}

static void
on_connected(evutil_socket_t fd, short what, void *arg)
{
	struct check *c = arg;
	socklen_t len = sizeof(int);
	int error = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		error = errno;
	if (error != 0) {
		finish(c, false, connect_reason(error));
		return;
	}
	c->connected = true;
	if (c->type == CHECK_TCP) {
		finish(c, true, REASON_CHECK_OK);
		return;
	}
	await(c, EV_WRITE, on_writable);
	on_writable(fd, what, c);
}

/* A socket on its way to being connected, or -1 and errno. */
static int
open_socket(const struct check_conf *conf)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(&conf->addr, conf->port, &ss);
	int fd, saved;

	fd =
	    socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)&ss, len) == 0 ||
	    errno == EINPROGRESS)
		return fd;
	saved = errno;
	(void)close(fd);
	errno = saved;
	return -1;
}

struct check *
check_start(struct event_base *base, const struct check_conf *conf,
    void (*done)(void *arg, bool ok, enum reason reason, int64_t us), void *arg)
{
	struct check *c = mem_new(sizeof(*c));
	struct timeval tv = {
	    conf->timeout_ms / 1000, conf->timeout_ms % 1000 * 1000};
	int len = 0;

	c->type = conf->type;
	c->status = conf->status;
	c->done = done;
	c->arg = arg;
	c->started = mono_now();
	c->timeout = evtimer_new(base, on_timeout, c);
	if (conf->type == CHECK_HTTP)
		len = check_http_request(conf, c->request, sizeof(c->request));
	c->fd = len < 0 ? -1 : open_socket(conf);
	if (c->fd < 0) {
		c->reason = len < 0 ? REASON_REPLY_BAD : connect_reason(errno);
		if (c->reason == REASON_NOT_JUDGED && conf->log != NULL &&
		    log_allowed(conf->log, "check"))
			log_warn("check", "services cannot be tried from here");
		timerclear(&tv); /* told from the loop */
	} else {
		c->request_len = (size_t)len;
		await(c, EV_WRITE, on_connected);
	}
	(void)event_add(c->timeout, &tv);
	return c;
}
