/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bounded load of clients: each request on a connection of its own, at a
 * given rate, for a given time. Whatever is no redirect has failed. Usage:
 *     load SECONDS RATE CLIENTS ADDRESS PORT HOST [SOURCE ...]
 * Prints `requests N failed N slowest_ms N`, each kind of failure, and for
 * each place redirected to: `to NAME COUNT FIRST LAST` (ms since 1970).
 * SIGTERM ends it early, with the figures so far.
 */

#include "tests/lab/client.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CLIENTS_MAX 64
#define RATE_MAX    5000
#define SECONDS_MAX 600
#define WORDS_MAX   64
#define SOURCES_MAX 16

/* How often something was seen, and when. */
struct word {
	char text[128];
	unsigned long count;
	long long first_ms, last_ms;
};

struct tally {
	struct word word[WORDS_MAX];
	size_t n;
};

struct load {
	struct sockaddr_in to, source[SOURCES_MAX];
	size_t nsources;
	char request[512];
	long seconds, rate, clients;
	long long start_us;
	atomic_long next;     /* number of the next request */
	pthread_mutex_t lock; /* of all below */
	unsigned long requests, failed;
	long long slowest_us;
	struct tally targets, failures;
};

static volatile sig_atomic_t stop;

static void
on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

static long long
clock_us(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec * 1000000LL + ts.tv_nsec / 1000;
}

static void
tally_add(struct tally *t, const char *text)
{
	long long now = clock_us(CLOCK_REALTIME) / 1000;
	struct word *w;
	size_t i;

	for (i = 0; i < t->n && strcmp(t->word[i].text, text) != 0; i++)
		continue;
	if (i == WORDS_MAX)
		return;
	w = &t->word[i];
	if (i == t->n) {
		t->n++;
		snprintf(w->text, sizeof(w->text), "%s", text);
		w->first_ms = now;
	}
	w->count++;
	w->last_ms = now;
}

/* The host of a Location header into name; false if there is none. */
static bool
location_host(const char *reply, char *name, size_t size)
{
	const char *p = strcasestr(reply, "\r\nLocation: ");
	size_t n;

	if (p == NULL || (p = strstr(p, "://")) == NULL)
		return false;
	p += 3;
	n = strcspn(p, ":/?\r\n");
	if (n == 0 || n >= size)
		return false;
	memcpy(name, p, n);
	name[n] = '\0';
	return true;
}

/* Read until the end of the headers; false on anything else. */
static bool
read_reply(int fd, char *reply, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len < size - 1) {
		n = recv(fd, reply + len, size - 1 - len, 0);
		if (n <= 0)
			return false;
		len += (size_t)n;
		reply[len] = '\0';
		if (strstr(reply, "\r\n\r\n") != NULL)
			return true;
	}
	errno = EMSGSIZE;
	return false;
}

/* One request; NULL if it was redirected (to `name`), else what failed. */
static const char *
request(const struct load *l, long number, char *name, size_t size)
{
	const struct sockaddr_in *from =
	    &l->source[(size_t)number % l->nsources];
	static _Thread_local char reply[8192], failure[64];
	const char *bad = NULL;
	int fd;

	fd = patient_socket(3);
	if (fd == -1)
		return "socket";
	if (bind(fd, (const struct sockaddr *)from, sizeof(*from)) == -1)
		bad = "bind";
	else if (connect(fd, (const struct sockaddr *)&l->to, sizeof(l->to)) ==
		 -1)
		bad = "connect";
	else if (send(fd, l->request, strlen(l->request), MSG_NOSIGNAL) == -1)
		bad = "send";
	else if (!read_reply(fd, reply, sizeof(reply)))
		bad = errno == EAGAIN ? "timeout" : "closed";
	else if (strncmp(reply, "HTTP/1.1 30", 11) != 0 ||
		 !location_host(reply, name, size)) {
		snprintf(failure, sizeof(failure), "status-%.3s", reply + 9);
		bad = failure;
	}
	close(fd);
	return bad;
}

static void *
client(void *arg)
{
	struct load *l = arg;
	long long due, begin, took, pause;
	char name[128];
	const char *bad;
	long number;

	while (!stop) {
		number = atomic_fetch_add(&l->next, 1);
		due = l->start_us + number * 1000000LL / l->rate;
		if (due >= l->start_us + l->seconds * 1000000LL)
			break;
		while (!stop && (pause = due - clock_us(CLOCK_MONOTONIC)) > 0)
			usleep((useconds_t)(pause < 100000 ? pause : 100000));
		if (stop)
			break;
		begin = clock_us(CLOCK_MONOTONIC);
		bad = request(l, number, name, sizeof(name));
		took = clock_us(CLOCK_MONOTONIC) - begin;
		pthread_mutex_lock(&l->lock);
		l->requests++;
		if (took > l->slowest_us)
			l->slowest_us = took;
		if (bad != NULL) {
			l->failed++;
			tally_add(&l->failures, bad);
		} else {
			tally_add(&l->targets, name);
		}
		pthread_mutex_unlock(&l->lock);
	}
	return NULL;
}

static void
print(const struct tally *t, const char *what)
{
	for (size_t i = 0; i < t->n; i++)
		printf("%s %s %lu %lld %lld\n", what, t->word[i].text,
		    t->word[i].count, t->word[i].first_ms, t->word[i].last_ms);
}

int
main(int argc, char **argv)
{
	struct sigaction act = {.sa_handler = on_signal};
	static struct load l = {.lock = PTHREAD_MUTEX_INITIALIZER};
	pthread_t thread[CLIENTS_MAX];

	if (argc < 7 || argc > 7 + SOURCES_MAX) {
		fprintf(stderr, "usage: load SECONDS RATE CLIENTS ADDRESS PORT "
				"HOST [SOURCE ...]\n");
		return 2;
	}
	l.seconds = number(argv[1], SECONDS_MAX);
	l.rate = number(argv[2], RATE_MAX);
	l.clients = number(argv[3], CLIENTS_MAX);
	l.to = address(argv[4], number(argv[5], 65535));
	snprintf(l.request, sizeof(l.request),
	    "GET /news?id=1 HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n",
	    argv[6]);
	l.source[0] = address("0.0.0.0", 0);
	for (int i = 7; i < argc; i++)
		l.source[i - 7] = address(argv[i], 0);
	l.nsources = argc > 7 ? (size_t)argc - 7 : 1;
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	l.start_us = clock_us(CLOCK_MONOTONIC);
	for (long i = 0; i < l.clients; i++)
		if (pthread_create(&thread[i], NULL, client, &l) != 0)
			return 1;
	for (long i = 0; i < l.clients; i++)
		pthread_join(thread[i], NULL);
	printf("requests %lu failed %lu slowest_ms %lld\n", l.requests,
	    l.failed, l.slowest_us / 1000);
	print(&l.failures, "failed");
	print(&l.targets, "to");
	return l.failed == 0 && l.requests > 0 ? 0 : 1;
}
