/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_ADDR_H
#define LIB_ADDR_H

/*
 * IP addresses and prefixes of both families. ::ffff:a.b.c.d is IPv4
 * everywhere (RFC 4291, 2.5.5.2), so that a client has one name.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define ADDR_TEXT   46 /* "x:x:x:x:x:x:255.255.255.255" and NUL */
#define PREFIX_TEXT 50

struct addr {
	int family;     /* AF_INET, AF_INET6, or AF_UNSPEC: none */
	uint8_t ip[16]; /* network order; IPv4 uses the first four */
};

struct prefix {
	struct addr addr; /* bits behind `len` are zero */
	unsigned len;
};

/* An address in text form; 0, or -1 if it is none. */
int addr_parse(const char *text, struct addr *a);
/* Text of an address ("-" for none) in buf of at least ADDR_TEXT; returns it.
 */
const char *addr_text(const struct addr *a, char *buf, size_t size);
/* From and to the kernel's form. addr_to_sockaddr() returns its length. */
void
addr_from_sockaddr(const struct sockaddr *sa, struct addr *a, uint16_t *port);
socklen_t addr_to_sockaddr(
    const struct addr *a, uint16_t port, struct sockaddr_storage *ss);
/* Length of an address of this family in bits: 32 or 128. */
unsigned addr_bits(const struct addr *a);
/* The prefix of this length that covers the address. */
struct prefix addr_prefix(const struct addr *a, unsigned len);
bool addr_is_loopback(const struct addr *a);
/* Total order: family, then bytes; -1, 0 or 1. */
int addr_cmp(const struct addr *a, const struct addr *b);

/* "10.0.0.0/8", or an address, which is a prefix of full length; host bits
 * behind the length are an error. 0 or -1. */
int prefix_parse(const char *text, struct prefix *p);
/* The same, but host bits are cut off, which *exact then tells. */
int prefix_parse_cut(const char *text, struct prefix *p, bool *exact);
const char *prefix_text(const struct prefix *p, char *buf, size_t size);
bool prefix_covers(const struct prefix *p, const struct addr *a);

#endif
