/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the lab's programs that open connections share: words of the command
 * line, sockets, limits. No state; the caller owns each socket.
 */

#ifndef TESTS_LAB_CLIENT_H
#define TESTS_LAB_CLIENT_H

#include <netinet/in.h>

/* A number in 1..max; on anything else the program ends with status 2. */
long number(const char *text, long max);

/* An IPv4 address with a port, 0 for any; ends the program as number() does. */
struct sockaddr_in address(const char *text, long port);

/* A TCP socket that waits for so many seconds at most, or -1, see errno. */
int patient_socket(long seconds);

/* As many open files as may be, see errno if that is -1. */
long raise_files(void);

#endif
