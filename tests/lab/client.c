/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the lab's programs that open connections share, see client.h.
 */

#include "tests/lab/client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>

long
number(const char *text, long max)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	if (errno != 0 || *end != '\0' || end == text || n < 1 || n > max) {
		fprintf(stderr, "%s: %s is not in 1..%ld\n",
		    program_invocation_short_name, text, max);
		exit(2);
	}
	return n;
}

struct sockaddr_in
address(const char *text, long port)
{
	struct sockaddr_in sin = {
	    .sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

	if (inet_pton(AF_INET, text, &sin.sin_addr) != 1) {
		fprintf(stderr, "%s: %s is no IPv4 address\n",
		    program_invocation_short_name, text);
		exit(2);
	}
	return sin;
}

int
patient_socket(long seconds)
{
	struct timeval patience = {.tv_sec = seconds};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd == -1)
		return -1;
	(void)setsockopt(
	    fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	(void)setsockopt(
	    fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	return fd;
}

long
raise_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == -1)
		return -1;
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) == -1)
		return -1;
	return files.rlim_max > 1000000 ? 1000000 : (long)files.rlim_max;
}
