/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fill a server: open a bounded number of connections, send one request on
 * each as a browser would, and hold them idle until told to stop (SIGTERM) or
 * the time is over. Usage: fill SECONDS COUNT ADDRESS PORT HOST [SOURCE]
 */

#include "tests/lab/client.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define COUNT_MAX   20000
#define SECONDS_MAX 3600

/* One connection with a request sent, or -1. */
static int
hold(const struct sockaddr_in *to, const struct sockaddr_in *from,
    const char *request)
{
	char reply[4096];
	int fd;

	fd = patient_socket(2);
	if (fd == -1)
		return -1;
	if (bind(fd, (const struct sockaddr *)from, sizeof(*from)) == -1 ||
	    connect(fd, (const struct sockaddr *)to, sizeof(*to)) == -1 ||
	    send(fd, request, strlen(request), MSG_NOSIGNAL) == -1 ||
	    recv(fd, reply, sizeof(reply), 0) <= 0) {
		close(fd);
		return -1;
	}
	return fd;
}

int
main(int argc, char **argv)
{
	struct sockaddr_in to, from;
	char request[512];
	long seconds, count, held = 0;

	if (argc != 6 && argc != 7) {
		fprintf(stderr, "usage: fill SECONDS COUNT ADDRESS PORT HOST "
				"[SOURCE]\n");
		return 2;
	}
	seconds = number(argv[1], SECONDS_MAX);
	count = number(argv[2], COUNT_MAX);
	to = address(argv[3], number(argv[4], 65535));
	from = address(argc == 7 ? argv[6] : "0.0.0.0", 0);
	(void)raise_files();
	snprintf(request, sizeof(request), "GET / HTTP/1.1\r\nHost: %s\r\n\r\n",
	    argv[5]);
	while (held < count && hold(&to, &from, request) != -1)
		held++;
	printf("holding %ld connections\n", held);
	fflush(stdout);
	if (held < count) {
		perror("fill: the next one failed");
		return 1;
	}
	alarm((unsigned)seconds); /* ends us, as does SIGTERM */
	for (;;)
		(void)poll(NULL, 0, -1);
}
