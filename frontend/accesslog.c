/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/accesslog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/mem.h"

#define BUFFER (2 * 65536)
#define FLUSH  65536
#define TARGET 8192 /* bytes of a request's text that are shown */

struct accesslog {
	char *file;
	int fd;
	size_t len;
	uint64_t lost; /* lines */
	bool torn;     /* the file ends within a line */
	struct log_bound bound;
	char buf[BUFFER];
};

struct out {
	char *p;
	char *end;
};

static void
put(struct out *o, const char *text, size_t len)
{
	if ((size_t)(o->end - o->p) < len)
		len = (size_t)(o->end - o->p);
	memcpy(o->p, text, len);
	o->p += len;
}

static void
put_text(struct out *o, const char *key, const char *text)
{
	put(o, key, strlen(key));
	if (text == NULL || text[0] == '\0')
		text = "-";
	put(o, text, strlen(text));
}

static void
put_number(struct out *o, const char *key, int64_t n)
{
	char text[24], *p = text + sizeof(text);
	uint64_t v = n > 0 ? (uint64_t)n : 0;

	do {
		*--p = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	put(o, key, strlen(key));
	put(o, p, (size_t)(text + sizeof(text) - p));
}

/* A text of ours for people, as one field. */
static void
put_words(struct out *o, const char *key, const char *text)
{
	char *at;

	put(o, key, strlen(key));
	at = o->p;
	put_text(o, "", text);
	for (; at < o->p; at++)
		if (*at == ' ')
			*at = '-';
}

/* Bytes of a request: nothing in them may end or forge a field. */
static void
put_bytes(struct out *o, const char *key, const char *bytes, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	size_t i, done = 0;

	put(o, key, strlen(key));
	if (len == 0 || bytes == NULL) {
		put(o, "-", 1);
		return;
	}
	len = len < TARGET ? len : TARGET;
	for (i = 0; i < len; i++) {
		uint8_t c = (uint8_t)bytes[i];
		char x[4] = {'\\', 'x', hex[c >> 4], hex[c & 15]};

		if (c > ' ' && c < 127 && c != '\\')
			continue;
		put(o, bytes + done, i - done);
		put(o, x, sizeof(x));
		done = i + 1;
	}
	put(o, bytes + done, len - done);
}

size_t
access_format(const struct access *a, char *buf, size_t size)
{
	struct out o = {buf, buf + size};

	put_text(&o, "time=", a->time);
	put_text(&o, " client=", a->client);
	put_text(&o, " service=", a->service);
	put_number(&o, " status=", a->status);
	put_text(&o, " server=", a->server);
	put_text(&o, " border=", a->border);
	put_text(&o, " source=", a->source);
	put_words(&o, " reason=", a->reason);
	put_number(&o, " us=", a->us);
	if (a->rtt_us >= 0)
		put_number(&o, " rtt=", a->rtt_us);
	put_bytes(&o, " host=", a->host, a->host_len);
	put_bytes(&o, " method=", a->method, a->method_len);
	put_bytes(&o, " target=", a->target, a->target_len);
	return (size_t)(o.p - buf);
}

/* A pipe that nobody reads shall not hold up the clients, nor may a link lead
 * elsewhere while we are root. */
static int
open_file(const char *file)
{
	int flags =
	    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

	if (geteuid() == 0)
		flags |= O_NOFOLLOW;
	return open(file, flags, 0640);
}

struct accesslog *
accesslog_open(const char *file)
{
	struct accesslog *l;
	int fd = strcmp(file, "-") == 0 ? dup(STDOUT_FILENO) : open_file(file);

	if (fd < 0)
		return NULL;
	l = mem_new(sizeof(*l));
	l->file = mem_text(file);
	l->fd = fd;
	l->bound.burst = 1;
	return l;
}

void
accesslog_flush(struct accesslog *l)
{
	size_t done = 0, i;
	ssize_t n;

	while (done < l->len) {
		n = write(l->fd, l->buf + done, l->len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		done += (size_t)n;
	}
	for (i = done; i < l->len; i++)
		l->lost += l->buf[i] == '\n';
	if (done < l->len && log_allowed(&l->bound, "access"))
		log_warn("access", "%s: lines are lost", l->file);
	l->len = 0;
	/* The next line shall not go on with one that was torn. */
	if (done > 0)
		l->torn = l->buf[done - 1] != '\n';
	if (l->torn)
		l->buf[l->len++] = '\n';
}

void
accesslog_reopen(struct accesslog *l)
{
	int fd;

	accesslog_flush(l);
	if (strcmp(l->file, "-") == 0)
		return;
	fd = open_file(l->file);
	if (fd < 0) {
		log_warn("access",
		    "cannot open %s anew, going on with the "
		    "file that was open",
		    l->file);
		return;
	}
	(void)close(l->fd);
	l->fd = fd;
	log_info("access", "%s is open anew", l->file);
}

void
accesslog_close(struct accesslog **l)
{
	if (*l == NULL)
		return;
	accesslog_flush(*l);
	(void)close((*l)->fd);
	free((*l)->file);
	free(*l);
	*l = NULL;
}

uint64_t
accesslog_lost(const struct accesslog *l)
{
	return l->lost;
}

void
accesslog_add(struct accesslog *l, const struct access *a)
{
	if (BUFFER - l->len < ACCESS_MAX + 1)
		accesslog_flush(l);
	l->len += access_format(a, l->buf + l->len, ACCESS_MAX);
	l->buf[l->len++] = '\n';
	if (l->len >= FLUSH)
		accesslog_flush(l);
}
