/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Echo requests and replies, byte by byte: no struct is laid over a packet, so
 * alignment and byte order are nobody's surprise. Owns nothing.
 */

#include "agent/icmp.h"

#include <string.h>

#define HEADER      8 /* type, code, checksum, ident, sequence number */
#define IP_HEADER   20
#define IP_ICMP     1
#define REQUEST4    8
#define REPLY4      0
#define REQUEST6    128
#define REPLY6      129
#define OFFSET_TEXT (HEADER + ICMP_COOKIE)

/* For those who look what arrives at their door. */
static const char text[ICMP_SIZE - OFFSET_TEXT] =
    "HOPSCOTCH measures the way to its clients";

static uint64_t
rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static void
sip_round(uint64_t *v)
{
	v[0] += v[1];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[0] = rotate(v[0], 32);
	v[2] += v[3];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

static void
sip_word(uint64_t *v, uint64_t word)
{
	v[3] ^= word;
	sip_round(v);
	sip_round(v);
	v[0] ^= word;
}

uint64_t
icmp_hash(const struct icmp_key *key, const void *bytes, size_t n)
{
	uint64_t v[4] = {key->k[0] ^ UINT64_C(0x736f6d6570736575),
	    key->k[1] ^ UINT64_C(0x646f72616e646f6d),
	    key->k[0] ^ UINT64_C(0x6c7967656e657261),
	    key->k[1] ^ UINT64_C(0x7465646279746573)};
	const uint8_t *p = bytes;
	uint64_t word = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		word |= (uint64_t)p[i] << 8 * (i % 8);
		if (i % 8 == 7) {
			sip_word(v, word);
			word = 0;
		}
	}
	sip_word(v, word | (uint64_t)n << 56);
	v[2] ^= 0xff;
	for (i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t
icmp_cookie(const struct icmp_key *key, const struct addr *to, uint16_t ident,
    uint16_t seq, uint64_t nonce)
{
	uint8_t bytes[sizeof(to->ip) + 12];

	memcpy(bytes, to->ip, sizeof(to->ip));
	memcpy(bytes + 16, &ident, 2);
	memcpy(bytes + 18, &seq, 2);
	memcpy(bytes + 20, &nonce, 8);
	return icmp_hash(key, bytes, sizeof(bytes));
}

static void
put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint16_t
get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void
put64(uint8_t *p, uint64_t v)
{
	int i;

	for (i = 0; i < 8; i++)
		p[i] = (uint8_t)(v >> (56 - 8 * i));
}

static uint64_t
get64(const uint8_t *p)
{
	uint64_t v = 0;
	int i;

	for (i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

/* RFC 1071; n is even. */
static uint16_t
checksum(const uint8_t *p, size_t n)
{
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i < n; i += 2)
		sum += get16(p + i);
	sum = (sum & 0xffff) + (sum >> 16);
	sum += sum >> 16;
	return (uint16_t)~sum;
}

void
icmp_build(
    uint8_t *packet, int family, uint16_t ident, uint16_t seq, uint64_t cookie)
{
	memset(packet, 0, HEADER);
	packet[0] = family == AF_INET ? REQUEST4 : REQUEST6;
	put16(packet + 4, ident);
	put16(packet + 6, seq);
	put64(packet + HEADER, cookie);
	memcpy(packet + OFFSET_TEXT, text, sizeof(text));
	if (family == AF_INET)
		put16(packet + 2, checksum(packet, ICMP_SIZE));
}

/* How long the IPv4 header is, 0 if this is none before ICMP. */
static size_t
ip_header(const uint8_t *packet, size_t n)
{
	size_t len;

	if (n < IP_HEADER || packet[0] >> 4 != 4 || packet[9] != IP_ICMP)
		return 0;
	len = (size_t)(packet[0] & 15) * 4;
	return len >= IP_HEADER && len <= n ? len : 0;
}

int
icmp_parse(const uint8_t *packet, size_t n, int family, bool ip,
    struct icmp_reply *out)
{
	size_t skip = 0;

	if (ip) {
		skip = ip_header(packet, n);
		if (skip == 0)
			return -1;
	}
	packet += skip;
	n -= skip;
	if (n < OFFSET_TEXT || packet[1] != 0 ||
	    packet[0] != (family == AF_INET ? REPLY4 : REPLY6))
		return -1;
	out->ident = get16(packet + 4);
	out->seq = get16(packet + 6);
	out->cookie = get64(packet + HEADER);
	return 0;
}

int
icmp_parse_quote(const uint8_t *quote, size_t n, int family,
    struct icmp_reply *out, bool *has_cookie)
{
	if (n < HEADER || quote[1] != 0 ||
	    quote[0] != (family == AF_INET ? REQUEST4 : REQUEST6))
		return -1;
	out->ident = get16(quote + 4);
	out->seq = get16(quote + 6);
	*has_cookie = n >= OFFSET_TEXT;
	out->cookie = *has_cookie ? get64(quote + HEADER) : 0;
	return 0;
}

enum icmp_verdict
icmp_judge(int family, unsigned type, unsigned code)
{
	if (family == AF_INET && type == 3) {
		if (code == 9 || code == 10 || code == 13) /* RFC 1812, 5.2.7 */
			return ICMP_PROHIBITED;
		/* "Fragmentation needed" is no answer to 64 bytes. */
		return code == 4 ? ICMP_NOTHING : ICMP_UNREACHABLE;
	}
	if (family == AF_INET6 && type == 1)
		return code == 1 ? ICMP_PROHIBITED : ICMP_UNREACHABLE;
	if (type == (family == AF_INET ? 11u : 3u)) /* time exceeded */
		return ICMP_UNREACHABLE;
	return ICMP_NOTHING;
}
