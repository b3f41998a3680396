/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers echo requests to all IPv4 addresses of this network namespace, whose
 * kernel is told not to, by the last number of the address: truly, twice,
 * forged, late, or not at all. For tests of the ping daemon. Ends by a signal.
 */

#include <arpa/inet.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PACKET  512
#define WAITING 4096

enum how {
	TRUE_REPLY = 1,
	TWICE = 2,
	FORGED_COOKIE = 3,
	OTHER_SOURCE = 4,
	LATE = 5,
	SILENT = 6,
	PROHIBITED = 7,
	OTHER_IDENT = 8,
	UNREACHABLE = 9,
	OTHER_NUMBER = 10,
	FIRST_LOST = 11
};

struct packet {
	int64_t when; /* ms; 0: this place is free */
	uint8_t bytes[PACKET];
	size_t n;
};

struct liar {
	int fd;
	unsigned requests[256];
	struct packet waiting[WAITING];
};

static int64_t
now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
checksum(uint8_t *p, size_t n)
{
	uint32_t sum = 0;
	size_t i;

	p[2] = p[3] = 0;
	for (i = 0; i < n; i++)
		sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	p[2] = (uint8_t)(~sum >> 8);
	p[3] = (uint8_t)~sum;
}

/* `icmp` is what stands behind the IP header, from one address to another. */
static void
say(struct liar *l, const uint8_t *from, const uint8_t *to, const uint8_t *icmp,
    size_t n, int64_t delay)
{
	struct sockaddr_in sin = {.sin_family = AF_INET};
	struct packet p = {.when = now_ms() + delay, .n = n + 20};
	size_t i;

	memcpy(p.bytes,
	    (uint8_t[20]){0x45, 0, (uint8_t)(p.n >> 8), (uint8_t)p.n, 0, 0, 0,
		0, 64, IPPROTO_ICMP},
	    20);
	memcpy(p.bytes + 12, from, 4);
	memcpy(p.bytes + 16, to, 4);
	memcpy(p.bytes + 20, icmp, n);
	checksum(p.bytes + 20, n);
	memcpy(&sin.sin_addr, to, 4);
	if (delay == 0) {
		(void)sendto(l->fd, p.bytes, p.n, 0, (struct sockaddr *)&sin,
		    sizeof(sin));
		return;
	}
	for (i = 0; i < WAITING && l->waiting[i].when != 0; i++)
		;
	if (i < WAITING)
		l->waiting[i] = p;
}

static void
error(struct liar *l, const uint8_t *ip, size_t n, uint8_t code)
{
	uint8_t icmp[PACKET] = {3, code};

	if (n > 128)
		n = 128;
	memcpy(icmp + 8, ip, n);
	say(l, ip + 16, ip + 12, icmp, n + 8, 0);
}

/* An echo request with its IP header of 20 bytes. */
static void
answer(struct liar *l, const uint8_t *ip, size_t n)
{
	uint8_t how = ip[19], icmp[PACKET], from[4];
	unsigned count = ++l->requests[how];

	n -= 20;
	memcpy(icmp, ip + 20, n);
	memcpy(from, ip + 16, 4);
	icmp[0] = 0;
	if (how == SILENT || (how == FIRST_LOST && count == 1))
		return;
	if (how == PROHIBITED || how == UNREACHABLE) {
		error(l, ip, n + 20, how == PROHIBITED ? 13 : 1);
		return;
	}
	if (how == FORGED_COOKIE)
		icmp[8] ^= 1;
	if (how == OTHER_SOURCE)
		from[3] = 99;
	if (how == OTHER_IDENT)
		icmp[4] ^= 1;
	if (how == OTHER_NUMBER)
		icmp[7] ^= 1;
	say(l, from, ip + 12, icmp, n, how == LATE ? 1500 : 0);
	if (how == TWICE)
		say(l, from, ip + 12, icmp, n, 0);
}

static void
send_waiting(struct liar *l)
{
	struct sockaddr_in sin = {.sin_family = AF_INET};
	int64_t now = now_ms();
	size_t i;

	for (i = 0; i < WAITING; i++) {
		if (l->waiting[i].when == 0 || l->waiting[i].when > now)
			continue;
		memcpy(&sin.sin_addr, l->waiting[i].bytes + 16, 4);
		(void)sendto(l->fd, l->waiting[i].bytes, l->waiting[i].n, 0,
		    (struct sockaddr *)&sin, sizeof(sin));
		l->waiting[i].when = 0;
	}
}

int
main(void)
{
	static struct liar l;
	uint8_t bytes[PACKET];
	struct pollfd p = {.events = POLLIN};
	int one = 1;
	ssize_t n;

	l.fd = p.fd = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	if (l.fd < 0 ||
	    setsockopt(l.fd, IPPROTO_IP, IP_HDRINCL, &one, sizeof(one)) < 0) {
		perror("liar");
		return 1;
	}
	for (;;) {
		if (poll(&p, 1, 20) > 0) {
			n = recv(l.fd, bytes, sizeof(bytes), 0);
			if (n >= 36 && bytes[0] == 0x45 && bytes[20] == 8)
				answer(&l, bytes, (size_t)n);
		}
		send_waiting(&l);
	}
}
