/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_WAN_FRAME_H
#define TESTS_WAN_FRAME_H

/* What the emulator reads in an Ethernet frame. Pure. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An address of either family; IPv4 is ::ffff:a.b.c.d. */
struct wan_addr {
	uint8_t byte[16];
};

/* An echo request or reply. */
struct wan_echo {
	bool reply;
	uint16_t id, seq;
};

struct frame {
	const uint8_t *to, *from; /* 6 bytes each, in the frame */
	bool ip;                  /* then these are set: */
	struct wan_addr src, dst;
	bool is_echo;
	struct wan_echo echo;
};

/* false: too short to be a frame. What is no sound IP packet has no `ip`. */
bool frame_read(struct frame *f, const uint8_t *data, size_t len);
/* "192.0.2.1" or "2001:db8::1"; returns text, of 46 bytes. */
const char *wan_addr_text(const struct wan_addr *a, char *text);
/* "192.0.2.0/24", "2001:db8::/48", or without a length: one host. false: no
 * such thing. *len counts in bits of IPv6. */
bool wan_prefix(const char *text, struct wan_addr *a, unsigned *len);
bool wan_within(
    const struct wan_addr *a, const struct wan_addr *prefix, unsigned len);

#endif
