/* SPDX-License-Identifier: BSD-2-Clause */
/* Echo packets against the letter of the RFCs, and all that is not one. */

#include "agent/icmp.h"

#include <string.h>

#include "tests/unit.h"

static const struct icmp_key key = {
    {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)}};

/* The vectors of SipHash's authors, for 0, 1 and 15 bytes. */
static void
test_hash(void)
{
	uint8_t bytes[15];
	size_t i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	CU_ASSERT_EQUAL(
	    icmp_hash(&key, bytes, 0), UINT64_C(0x726fdb47dd0e0e31));
	CU_ASSERT_EQUAL(
	    icmp_hash(&key, bytes, 1), UINT64_C(0x74f839c593dc67fd));
	CU_ASSERT_EQUAL(
	    icmp_hash(&key, bytes, 15), UINT64_C(0xa129ca6149be45e5));
}

static void
test_cookie(void)
{
	struct addr a, b;
	uint64_t c;

	(void)addr_parse("192.0.2.1", &a);
	(void)addr_parse("192.0.2.2", &b);
	c = icmp_cookie(&key, &a, 1, 2, 3);
	CU_ASSERT_EQUAL(c, icmp_cookie(&key, &a, 1, 2, 3));
	CU_ASSERT_NOT_EQUAL(c, icmp_cookie(&key, &b, 1, 2, 3));
	CU_ASSERT_NOT_EQUAL(c, icmp_cookie(&key, &a, 2, 2, 3));
	CU_ASSERT_NOT_EQUAL(c, icmp_cookie(&key, &a, 1, 3, 3));
	CU_ASSERT_NOT_EQUAL(c, icmp_cookie(&key, &a, 1, 2, 4));
}

static uint32_t
ones_sum(const uint8_t *p, size_t n)
{
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i < n; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void
test_checksum(void)
{
	uint8_t packet[ICMP_SIZE];
	unsigned i;

	/* Carries of carries too: all sums come by. */
	for (i = 0; i < 70000; i++) {
		icmp_build(packet, AF_INET, (uint16_t)i, (uint16_t)(i >> 8),
		    (uint64_t)i * UINT64_C(0x9e3779b97f4a7c15));
		CU_ASSERT_EQUAL_FATAL(ones_sum(packet, ICMP_SIZE), 0xffff);
	}
	CU_ASSERT_EQUAL(packet[0], 8);
	icmp_build(packet, AF_INET6, 1, 2, 3);
	CU_ASSERT_EQUAL(packet[0], 128);
}

static void
reply(uint8_t *packet, int family)
{
	icmp_build(
	    packet, family, 0x1234, 0xfedc, UINT64_C(0x1122334455667788));
	packet[0] = family == AF_INET ? 0 : 129;
}

static void
test_round_trip(void)
{
	uint8_t packet[ICMP_SIZE];
	struct icmp_reply r;

	reply(packet, AF_INET);
	CU_ASSERT_EQUAL(
	    icmp_parse(packet, sizeof(packet), AF_INET, false, &r), 0);
	CU_ASSERT_EQUAL(r.ident, 0x1234);
	CU_ASSERT_EQUAL(r.seq, 0xfedc);
	CU_ASSERT_EQUAL(r.cookie, UINT64_C(0x1122334455667788));
	reply(packet, AF_INET6);
	CU_ASSERT_EQUAL(
	    icmp_parse(packet, sizeof(packet), AF_INET6, false, &r), 0);
	CU_ASSERT_EQUAL(r.ident, 0x1234);
	/* Of the other family it is something else. */
	CU_ASSERT_EQUAL(
	    icmp_parse(packet, sizeof(packet), AF_INET, false, &r), -1);
}

static void
test_with_ip_header(void)
{
	uint8_t packet[60 + ICMP_SIZE] = {0};
	struct icmp_reply r;
	size_t head;

	for (head = 20; head <= 60; head += 4) {
		memset(packet, 0, sizeof(packet));
		packet[0] = (uint8_t)(0x40 | head / 4);
		packet[9] = 1;
		reply(packet + head, AF_INET);
		CU_ASSERT_EQUAL(
		    icmp_parse(packet, head + ICMP_SIZE, AF_INET, true, &r), 0);
		CU_ASSERT_EQUAL(r.seq, 0xfedc);
	}
	packet[0] = 0x44; /* a header shorter than one can be */
	CU_ASSERT_EQUAL(
	    icmp_parse(packet, sizeof(packet), AF_INET, true, &r), -1);
	packet[0] = 0x65;
	CU_ASSERT_EQUAL(
	    icmp_parse(packet, sizeof(packet), AF_INET, true, &r), -1);
	packet[0] = 0x45;
	packet[9] = 17;
	CU_ASSERT_EQUAL(
	    icmp_parse(packet, sizeof(packet), AF_INET, true, &r), -1);
}

static void
test_short(void)
{
	uint8_t packet[ICMP_SIZE];
	struct icmp_reply r;
	size_t n;

	reply(packet, AF_INET);
	for (n = 0; n < 16; n++)
		CU_ASSERT_EQUAL(icmp_parse(packet, n, AF_INET, false, &r), -1);
	CU_ASSERT_EQUAL(icmp_parse(packet, 16, AF_INET, false, &r), 0);
	for (n = 0; n < 36; n++)
		CU_ASSERT_EQUAL(icmp_parse(packet, n, AF_INET, true, &r), -1);
}

static void
test_quote(void)
{
	uint8_t packet[ICMP_SIZE];
	struct icmp_reply r;
	bool cookie = true;

	icmp_build(packet, AF_INET, 7, 9, 11);
	CU_ASSERT_EQUAL(icmp_parse_quote(packet, 8, AF_INET, &r, &cookie), 0);
	CU_ASSERT_EQUAL(r.seq, 9);
	CU_ASSERT_FALSE(cookie);
	CU_ASSERT_EQUAL(icmp_parse_quote(packet, 16, AF_INET, &r, &cookie), 0);
	CU_ASSERT_TRUE(cookie);
	CU_ASSERT_EQUAL(r.cookie, 11);
	CU_ASSERT_EQUAL(icmp_parse_quote(packet, 7, AF_INET, &r, &cookie), -1);
	reply(packet, AF_INET);
	CU_ASSERT_EQUAL(icmp_parse_quote(packet, 64, AF_INET, &r, &cookie), -1);
}

static void
test_judge(void)
{
	static const unsigned prohibited[] = {9, 10, 13};
	size_t i;

	for (i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(
		    icmp_judge(AF_INET, 3, prohibited[i]), ICMP_PROHIBITED);
	CU_ASSERT_EQUAL(icmp_judge(AF_INET6, 1, 1), ICMP_PROHIBITED);
	CU_ASSERT_EQUAL(icmp_judge(AF_INET, 3, 1), ICMP_UNREACHABLE);
	CU_ASSERT_EQUAL(icmp_judge(AF_INET, 11, 0), ICMP_UNREACHABLE);
	CU_ASSERT_EQUAL(icmp_judge(AF_INET6, 3, 0), ICMP_UNREACHABLE);
	CU_ASSERT_EQUAL(icmp_judge(AF_INET6, 1, 0), ICMP_UNREACHABLE);
	CU_ASSERT_EQUAL(icmp_judge(AF_INET, 3, 4), ICMP_NOTHING);
	CU_ASSERT_EQUAL(icmp_judge(AF_INET, 5, 1), ICMP_NOTHING);
	CU_ASSERT_EQUAL(icmp_judge(AF_INET6, 2, 0), ICMP_NOTHING);
}

static const struct unit_test tests[] = {
    {"the hash is SipHash-2-4", test_hash},
    {"a cookie holds for one probe only", test_cookie},
    {"the checksum of IPv4 is right", test_checksum},
    {"what was built is found in the reply", test_round_trip},
    {"IPv4 headers of all lengths are skipped", test_with_ip_header},
    {"a short packet is no reply", test_short},
    {"an error may quote eight bytes only", test_quote},
    {"prohibited is told from unreachable", test_judge},
};

UNIT_MAIN("agent/icmp", tests)
