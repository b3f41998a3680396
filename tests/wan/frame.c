/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ethernet, IPv4, IPv6 and ICMP echo, as far as the emulator looks. Keeps
 * nothing, changes nothing, knows neither VLANs nor extension headers.
 */
#include "tests/wan/frame.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

static uint16_t
two(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void
read_echo(struct frame *f, const uint8_t *p, size_t len, int request, int reply)
{
	if (len < 8 || p[1] != 0 || (p[0] != request && p[0] != reply))
		return;
	f->is_echo = true;
	f->echo.reply = p[0] == reply;
	f->echo.id = two(p + 4);
	f->echo.seq = two(p + 6);
}

static void
read_v4(struct frame *f, const uint8_t *p, size_t len)
{
	size_t header;

	if (len < 20 || p[0] >> 4 != 4)
		return;
	header = (size_t)(p[0] & 15) * 4;
	if (header < 20 || header > len)
		return;
	f->ip = true;
	memcpy(f->src.byte, mapped, sizeof(mapped));
	memcpy(f->dst.byte, mapped, sizeof(mapped));
	memcpy(f->src.byte + 12, p + 12, 4);
	memcpy(f->dst.byte + 12, p + 16, 4);
	/* Only a first fragment has the ICMP header. */
	if (p[9] == IPPROTO_ICMP && (two(p + 6) & 0x1fff) == 0)
		read_echo(f, p + header, len - header, 8, 0);
}

static void
read_v6(struct frame *f, const uint8_t *p, size_t len)
{
	if (len < 40 || p[0] >> 4 != 6)
		return;
	f->ip = true;
	memcpy(f->src.byte, p + 8, 16);
	memcpy(f->dst.byte, p + 24, 16);
	if (p[6] == IPPROTO_ICMPV6)
		read_echo(f, p + 40, len - 40, 128, 129);
}

bool
frame_read(struct frame *f, const uint8_t *data, size_t len)
{
	if (len < 14)
		return false;
	*f = (struct frame){.to = data, .from = data + 6};
	switch (two(data + 12)) {
	case 0x0800:
		read_v4(f, data + 14, len - 14);
		break;
	case 0x86dd:
		read_v6(f, data + 14, len - 14);
		break;
	default:
		break;
	}
	return true;
}

const char *
wan_addr_text(const struct wan_addr *a, char *text)
{
	bool v4 = memcmp(a->byte, mapped, sizeof(mapped)) == 0;

	if (inet_ntop(v4 ? AF_INET : AF_INET6, a->byte + (v4 ? 12 : 0), text,
		INET6_ADDRSTRLEN) == NULL)
		text[0] = '\0';
	return text;
}

bool
wan_prefix(const char *text, struct wan_addr *a, unsigned *len)
{
	const char *slash = strchr(text, '/');
	size_t n = slash != NULL ? (size_t)(slash - text) : strlen(text);
	char host[INET6_ADDRSTRLEN], *end = host;
	unsigned max = 32;
	unsigned long bits;

	if (n >= sizeof(host))
		return false;
	memcpy(host, text, n);
	host[n] = '\0';
	memcpy(a->byte, mapped, sizeof(mapped));
	if (inet_pton(AF_INET, host, a->byte + 12) != 1) {
		max = 128;
		if (inet_pton(AF_INET6, host, a->byte) != 1)
			return false;
	}
	bits = max;
	if (slash != NULL)
		bits = strtoul(slash + 1, &end, 10);
	if (bits > max || (slash != NULL && (end == slash + 1 || *end != '\0')))
		return false;
	*len = (unsigned)bits + 128 - max;
	return true;
}

bool
wan_within(
    const struct wan_addr *a, const struct wan_addr *prefix, unsigned len)
{
	unsigned whole = len / 8, rest = len % 8;

	if (memcmp(a->byte, prefix->byte, whole) != 0)
		return false;
	return rest == 0 ||
	       (a->byte[whole] ^ prefix->byte[whole]) >> (8 - rest) == 0;
}
