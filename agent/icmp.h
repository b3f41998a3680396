/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AGENT_ICMP_H
#define AGENT_ICMP_H

/*
 * ICMP and ICMPv6 echo packets (RFC 792, RFC 4443): built, and taken apart
 * when they come back. Pure.
 *
 * A probe carries a cookie, a keyed hash (SipHash-2-4) of what it is about, so
 * that nobody who has not seen it can answer it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

#define ICMP_COOKIE 8
#define ICMP_SIZE   64 /* of a probe: header, cookie, who we are */

struct icmp_key {
	uint64_t k[2];
};

/* The n bytes hashed; not the same for two keys or two inputs. */
uint64_t icmp_hash(const struct icmp_key *key, const void *bytes, size_t n);
/* The cookie of the nonce-th probe, to this address with these numbers. */
uint64_t icmp_cookie(const struct icmp_key *key, const struct addr *to,
    uint16_t ident, uint16_t seq, uint64_t nonce);

/* Write an echo request of ICMP_SIZE bytes. Its checksum is right for IPv4;
 * for IPv6 the kernel makes it. */
void icmp_build(
    uint8_t *packet, int family, uint16_t ident, uint16_t seq, uint64_t cookie);

/* An echo reply. */
struct icmp_reply {
	uint16_t ident, seq;
	uint64_t cookie;
};
/* `packet` begins with the ICMP header, or, if `ip`, with an IPv4 header.
 * 0, or -1 if it is no echo reply with a cookie. */
int icmp_parse(const uint8_t *packet, size_t n, int family, bool ip,
    struct icmp_reply *out);
/* What an ICMP error quotes of a probe: its first bytes, at least 8. The
 * cookie may be missing: RFC 792 asks for no more. 0 or -1. */
int icmp_parse_quote(const uint8_t *quote, size_t n, int family,
    struct icmp_reply *out, bool *has_cookie);

/* What an error of this type and code says of the target. */
enum icmp_verdict {
	ICMP_NOTHING, /* not that it cannot be reached */
	ICMP_UNREACHABLE,
	ICMP_PROHIBITED /* administratively: do not ask again */
};
enum icmp_verdict icmp_judge(int family, unsigned type, unsigned code);

#endif
