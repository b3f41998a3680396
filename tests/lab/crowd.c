/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many open connections, held until it is killed, in as many processes as the
 * bound of open files makes necessary.
 *   crowd listen COUNT ADDRESS PORT...         all that come, up to COUNT
 *   crowd connect COUNT ADDRESS PORT SOURCE... in turn from these addresses;
 *                                              says `holds COUNT`
 */

#include "tests/lab/client.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define COUNT_MAX 200000
#define PORTS_MAX 16
#define SPARE     64 /* descriptors for all else */

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

/* How many connections one process can hold. */
static long
share(void)
{
	long files = raise_files();

	if (files <= SPARE)
		die("crowd: open files");
	return files > COUNT_MAX ? COUNT_MAX : files - SPARE;
}

/* Fork until each process has no more than that of count; its part, and 0 for
 * the first process, which has none. The others end with it. */
static long
divide(long count)
{
	long max = share(), part;
	pid_t pid;

	for (; count > 0; count -= part) {
		part = count < max ? count : max;
		pid = fork();
		if (pid < 0)
			die("crowd: fork");
		if (pid > 0)
			continue;
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		return part;
	}
	return 0;
}

static int
listen_at(const struct sockaddr_in *at)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;

	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (const struct sockaddr *)at, sizeof(*at)) < 0 ||
	    listen(fd, 4096) < 0)
		die("crowd: listen");
	return fd;
}

static void
serve(struct pollfd *at, nfds_t n, long count)
{
	nfds_t i;

	while (count > 0) {
		if (poll(at, n, -1) < 0)
			die("crowd: poll");
		for (i = 0; i < n && count > 0; i++)
			if (at[i].revents != 0 &&
			    accept(at[i].fd, NULL, NULL) >= 0)
				count--;
	}
}

/* The kernel chooses the port once it knows where to: each source has all. */
static void
hold_one(const struct sockaddr_in *to, const struct sockaddr_in *from)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	if (fd < 0 ||
	    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one,
		sizeof(one)) < 0 ||
	    bind(fd, (const struct sockaddr *)from, sizeof(*from)) < 0 ||
	    connect(fd, (const struct sockaddr *)to, sizeof(*to)) < 0)
		die("crowd: connect");
}

static void
hold(long count, const struct sockaddr_in *to, char **sources, int n)
{
	struct sockaddr_in from;
	long i;

	for (i = 0; i < count; i++) {
		from = address(sources[i % n], 0);
		hold_one(to, &from);
	}
}

/* The end of the pipe that nobody writes to any more: all are connected. */
static void
connect_all(long count, const struct sockaddr_in *to, char **sources, int n)
{
	int done[2];
	char byte;
	long part;

	if (pipe(done) < 0)
		die("crowd: pipe");
	part = divide(count);
	(void)close(part > 0 ? done[0] : done[1]);
	if (part > 0) {
		hold(part, to, sources, n);
		(void)close(done[1]);
		return;
	}
	while (read(done[0], &byte, 1) < 0 && errno == EINTR)
		;
	printf("holds %ld\n", count);
	(void)fflush(stdout);
}

static void
listen_all(long count, const char *at, char **ports)
{
	struct pollfd fds[PORTS_MAX];
	struct sockaddr_in sin;
	nfds_t n;
	long part;

	for (n = 0; n < PORTS_MAX && ports[n] != NULL; n++) {
		sin = address(at, number(ports[n], 65535));
		fds[n] = (struct pollfd){listen_at(&sin), POLLIN, 0};
	}
	part = divide(count);
	if (part > 0)
		serve(fds, n, part);
}

int
main(int argc, char **argv)
{
	struct sockaddr_in sin;

	if (argc > 4 && strcmp(argv[1], "listen") == 0) {
		listen_all(number(argv[2], COUNT_MAX), argv[3], argv + 4);
	} else if (argc > 5 && strcmp(argv[1], "connect") == 0) {
		sin = address(argv[3], number(argv[4], 65535));
		connect_all(
		    number(argv[2], COUNT_MAX), &sin, argv + 5, argc - 5);
	} else {
		fputs("usage: crowd listen COUNT ADDRESS PORT...\n"
		      "       crowd connect COUNT ADDRESS PORT SOURCE...\n",
		    stderr);
		return 2;
	}
	for (;;)
		(void)pause();
}
