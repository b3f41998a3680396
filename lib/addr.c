/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/addr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "lib/num.h"

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

static void
from_ip6(const uint8_t ip[16], struct addr *a)
{
	memset(a, 0, sizeof(*a));
	if (memcmp(ip, mapped, sizeof(mapped)) == 0) {
		a->family = AF_INET;
		memcpy(a->ip, ip + 12, 4);
	} else {
		a->family = AF_INET6;
		memcpy(a->ip, ip, 16);
	}
}

int
addr_parse(const char *text, struct addr *a)
{
	uint8_t ip[16];

	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET, text, a->ip) == 1) {
		a->family = AF_INET;
		return 0;
	}
	if (inet_pton(AF_INET6, text, ip) != 1)
		return -1;
	from_ip6(ip, a);
	return 0;
}

const char *
addr_text(const struct addr *a, char *buf, size_t size)
{
	if (a->family == AF_UNSPEC ||
	    inet_ntop(a->family, a->ip, buf, (socklen_t)size) == NULL)
		(void)snprintf(buf, size, "-");
	return buf;
}

void
addr_from_sockaddr(const struct sockaddr *sa, struct addr *a, uint16_t *port)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	memset(a, 0, sizeof(*a));
	*port = 0;
	if (sa->sa_family == AF_INET) {
		memcpy(&in, sa, sizeof(in));
		a->family = AF_INET;
		memcpy(a->ip, &in.sin_addr, 4);
		*port = ntohs(in.sin_port);
	} else if (sa->sa_family == AF_INET6) {
		memcpy(&in6, sa, sizeof(in6));
		from_ip6(in6.sin6_addr.s6_addr, a);
		*port = ntohs(in6.sin6_port);
	}
}

socklen_t
addr_to_sockaddr(
    const struct addr *a, uint16_t port, struct sockaddr_storage *ss)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

	memset(ss, 0, sizeof(*ss));
	if (a->family == AF_INET) {
		memcpy(&in.sin_addr, a->ip, 4);
		in.sin_port = htons(port);
		memcpy(ss, &in, sizeof(in));
		return sizeof(in);
	}
	memcpy(&in6.sin6_addr, a->ip, 16);
	in6.sin6_port = htons(port);
	memcpy(ss, &in6, sizeof(in6));
	return sizeof(in6);
}

unsigned
addr_bits(const struct addr *a)
{
	return a->family == AF_INET ? 32 : 128;
}

struct prefix
addr_prefix(const struct addr *a, unsigned len)
{
	struct prefix p = {*a, len};
	unsigned bits = addr_bits(a), i;

	if (p.len > bits)
		p.len = bits;
	for (i = 0; i < bits / 8; i++) {
		if (p.len <= i * 8)
			p.addr.ip[i] = 0;
		else if (p.len < i * 8 + 8)
			p.addr.ip[i] &= (uint8_t)(0xff00 >> (p.len - i * 8));
	}
	return p;
}

bool
addr_is_loopback(const struct addr *a)
{
	struct in6_addr ip6;

	if (a->family == AF_INET)
		return a->ip[0] == 127;
	memcpy(&ip6, a->ip, 16);
	return a->family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&ip6);
}

int
addr_cmp(const struct addr *a, const struct addr *b)
{
	int d;

	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	d = memcmp(a->ip, b->ip, sizeof(a->ip));
	return (d > 0) - (d < 0);
}

int
prefix_parse_cut(const char *text, struct prefix *p, bool *exact)
{
	char host[ADDR_TEXT];
	const char *slash = strchr(text, '/');
	size_t n = slash != NULL ? (size_t)(slash - text) : strlen(text);
	struct addr a;
	int64_t len;

	if (n >= sizeof(host))
		return -1;
	memcpy(host, text, n);
	host[n] = '\0';
	if (addr_parse(host, &a) < 0)
		return -1;
	len = addr_bits(&a);
	if (slash != NULL && num_parse(slash + 1, 0, 128, &len) < 0)
		return -1;
	/* ::ffff:10.0.0.0/104 is 10.0.0.0/8, counted in bits of IPv6. */
	if (a.family == AF_INET && len >= 96 && strchr(host, ':') != NULL)
		len -= 96;
	if (len > addr_bits(&a))
		return -1;
	*p = addr_prefix(&a, (unsigned)len);
	*exact = addr_cmp(&p->addr, &a) == 0;
	return 0;
}

int
prefix_parse(const char *text, struct prefix *p)
{
	bool exact;

	return prefix_parse_cut(text, p, &exact) == 0 && exact ? 0 : -1;
}

const char *
prefix_text(const struct prefix *p, char *buf, size_t size)
{
	char host[ADDR_TEXT];

	(void)snprintf(buf, size, "%s/%u",
	    addr_text(&p->addr, host, sizeof(host)), p->len);
	return buf;
}

bool
prefix_covers(const struct prefix *p, const struct addr *a)
{
	struct prefix q;

	if (p->addr.family != a->family)
		return false;
	q = addr_prefix(a, p->len);
	return addr_cmp(&p->addr, &q.addr) == 0;
}
