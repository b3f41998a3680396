/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Clients that stay: connections that are opened once and kept, with a request
 * on each at intervals, sent in two halves with a pause between them; every
 * third with another one right behind it. Usage:
 *     steady SECONDS CONNECTIONS INTERVAL_MS ADDRESS PORT HOST
 * Whatever is no redirect has failed; a connection that ends was dropped and is
 * opened anew. Prints `requests N failed N dropped N slowest_ms N`. SIGTERM
 * ends it early, with the figures so far.
 */

#include "tests/lab/client.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 500
#define SECONDS_MAX     600
#define PATIENCE_MS     3000

struct client {
	int fd;
	long long due_ms, sent_ms;
	int half; /* 0: nothing of the request is sent, 1: one half, 2: all */
	int answers; /* still to come */
	unsigned n;
	size_t len;
	char got[16384];
};

static struct {
	struct sockaddr_in to;
	const char *host;
	long interval_ms;
	unsigned long requests, failed, dropped;
	long long slowest_ms;
	size_t nclients;
	struct client client[CONNECTIONS_MAX];
	struct pollfd poll[CONNECTIONS_MAX];
} self;

static volatile sig_atomic_t stop;

static void
on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

static long long
now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

static void
open_client(struct client *c, long long now)
{
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || connect(c->fd, (const struct sockaddr *)&self.to,
			     sizeof(self.to)) < 0) {
		printf("cannot connect: %s\n", strerror(errno));
		self.failed++;
	}
	c->half = c->answers = 0;
	c->len = 0;
	c->due_ms = now + self.interval_ms;
}

static void
dropped(struct client *c, long long now, const char *why)
{
	printf("dropped: %s, %d answers to come, half %d\n", why, c->answers,
	    c->half);
	self.dropped++;
	self.failed += (unsigned long)c->answers;
	(void)close(c->fd);
	open_client(c, now);
}

static void
send_half(struct client *c, long long now)
{
	char text[600];
	int len, at, more = c->n % 3 == 0;

	len = snprintf(text, sizeof(text),
	    "GET /%zu-%u HTTP/1.1\r\nHost: %s\r\n\r\n",
	    (size_t)(c - self.client), c->n, self.host);
	if (more)
		len += snprintf(text + len, sizeof(text) - (size_t)len,
		    "GET /%zu-%u/more HTTP/1.1\r\nHost: %s\r\n\r\n",
		    (size_t)(c - self.client), c->n, self.host);
	at = 20;
	if (c->half == 0) {
		(void)send(c->fd, text, (size_t)at, MSG_NOSIGNAL);
		c->half = 1;
		c->due_ms = now + self.interval_ms;
		return;
	}
	(void)send(c->fd, text + at, (size_t)(len - at), MSG_NOSIGNAL);
	c->half = 2;
	c->answers = 1 + more;
	c->sent_ms = now;
	c->n++;
}

/* A whole response at the front of what came: its length, or 0. */
static size_t
whole(const struct client *c)
{
	const char *end = strstr(c->got, "\r\n\r\n"), *body;
	size_t len;

	if (end == NULL)
		return 0;
	body = strcasestr(c->got, "\r\nContent-Length: ");
	if (body == NULL || body > end)
		return c->len; /* that is wrong, too */
	len = (size_t)(end + 4 - c->got) + strtoul(body + 18, NULL, 10);
	return len <= c->len ? len : 0;
}

static void
take_answers(struct client *c, long long now)
{
	size_t n;

	while ((n = whole(c)) > 0) {
		self.requests++;
		c->answers--;
		if (strncmp(c->got, "HTTP/1.1 302 ", 13) != 0) {
			self.failed++;
			printf("failed: %.60s\n", c->got);
		}
		memmove(c->got, c->got + n, c->len - n);
		c->len -= n;
		c->got[c->len] = '\0';
	}
	if (c->answers > 0 || c->half != 2)
		return;
	if (now - c->sent_ms > self.slowest_ms)
		self.slowest_ms = now - c->sent_ms;
	c->half = 0;
	c->due_ms = now + self.interval_ms;
}

static void
hear(struct client *c, long long now)
{
	ssize_t n = recv(
	    c->fd, c->got + c->len, sizeof(c->got) - 1 - c->len, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		dropped(c, now, n == 0 ? "closed" : strerror(errno));
		return;
	}
	c->len += (size_t)n;
	c->got[c->len] = '\0';
	take_answers(c, now);
}

static void
turn(void)
{
	long long now;
	size_t i;

	for (i = 0; i < self.nclients; i++)
		self.poll[i] = (struct pollfd){self.client[i].fd, POLLIN, 0};
	(void)poll(self.poll, self.nclients, 10);
	now = now_ms();
	for (i = 0; i < self.nclients; i++) {
		struct client *c = &self.client[i];

		if (self.poll[i].revents != 0)
			hear(c, now);
		if (c->half < 2 && now >= c->due_ms)
			send_half(c, now);
		else if (c->half == 2 && now - c->sent_ms > PATIENCE_MS)
			dropped(c, now, "no answer");
	}
}

int
main(int argc, char **argv)
{
	struct sigaction act = {.sa_handler = on_signal};
	long long begun = now_ms(), end;
	size_t i;

	if (argc != 7) {
		fprintf(stderr, "usage: steady SECONDS CONNECTIONS "
				"INTERVAL_MS ADDRESS PORT HOST\n");
		return 2;
	}
	(void)sigaction(SIGTERM, &act, NULL);
	end = begun + number(argv[1], SECONDS_MAX) * 1000;
	self.nclients = (size_t)number(argv[2], CONNECTIONS_MAX);
	self.interval_ms = number(argv[3], 60000);
	self.to = address(argv[4], number(argv[5], 65535));
	self.host = argv[6];
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 0; i < self.nclients; i++) {
		open_client(&self.client[i], begun);
		/* Spread over the interval. */
		self.client[i].due_ms = begun + self.interval_ms *
						    (long long)i /
						    (long long)self.nclients;
	}
	while (!stop && now_ms() < end)
		turn();
	printf("requests %lu failed %lu dropped %lu slowest_ms %lld\n",
	    self.requests, self.failed, self.dropped, self.slowest_ms);
	return self.failed + self.dropped > 0;
}
