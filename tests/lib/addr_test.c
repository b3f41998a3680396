/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses and prefixes of both families. */
#include "lib/addr.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit.h"

static struct addr
addr(const char *text)
{
	struct addr a;

	CU_ASSERT_EQUAL(addr_parse(text, &a), 0);
	return a;
}

static void
addresses_come_back_as_text(void)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
	    {"10.0.0.1", "10.0.0.1"},
	    {"255.255.255.255", "255.255.255.255"},
	    {"0.0.0.0", "0.0.0.0"},
	    {"2001:DB8::1", "2001:db8::1"},
	    {"::", "::"},
	    {"::1", "::1"},
	    {"::ffff:10.0.0.1", "10.0.0.1"},
	    {"::ffff:a00:1", "10.0.0.1"},
	    {"::10.0.0.1", "::10.0.0.1"},
	    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
	};
	char buf[ADDR_TEXT];
	struct addr a, none = {0};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		a = addr(cases[i].in);
		CU_ASSERT_STRING_EQUAL(
		    addr_text(&a, buf, sizeof(buf)), cases[i].out);
	}
	CU_ASSERT_STRING_EQUAL(addr_text(&none, buf, sizeof(buf)), "-");
	a = addr("10.0.0.1");
	CU_ASSERT_STRING_EQUAL(addr_text(&a, buf, 4), "-");
}

static void
what_is_no_address_is_refused(void)
{
	static const char *const bad[] = {"", "10.0.0", "10.0.0.256",
	    "10.0.0.1.2", "010.0.0.1", "10.0.0.1 ", " 10.0.0.1", "0x0a000001",
	    "10", "::1%lo", "[::1]", ":::", "1:2:3:4:5:6:7", "localhost",
	    "10.0.0.1/32"};
	struct addr a;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(addr_parse(bad[i], &a), -1);
}

static void
the_kernels_form_comes_back(void)
{
	static const char *const texts[] = {"10.1.2.3", "2001:db8::7"};
	struct sockaddr_storage ss;
	struct sockaddr_in6 in6;
	struct addr a, b;
	uint16_t port;
	size_t i;

	for (i = 0; i < 2; i++) {
		a = addr(texts[i]);
		CU_ASSERT_EQUAL(addr_to_sockaddr(&a, 8080, &ss),
		    i == 0 ? sizeof(struct sockaddr_in)
			   : sizeof(struct sockaddr_in6));
		addr_from_sockaddr((struct sockaddr *)&ss, &b, &port);
		CU_ASSERT_EQUAL(addr_cmp(&a, &b), 0);
		CU_ASSERT_EQUAL(port, 8080);
	}
	/* A dual-stack socket shows an IPv4 client so. */
	a = addr("10.1.2.3");
	memset(&in6, 0, sizeof(in6));
	in6.sin6_family = AF_INET6;
	in6.sin6_addr.s6_addr[10] = in6.sin6_addr.s6_addr[11] = 0xff;
	memcpy(&in6.sin6_addr.s6_addr[12], a.ip, 4);
	addr_from_sockaddr((struct sockaddr *)&in6, &b, &port);
	CU_ASSERT_EQUAL(addr_cmp(&a, &b), 0);
	ss.ss_family = AF_UNIX;
	addr_from_sockaddr((struct sockaddr *)&ss, &b, &port);
	CU_ASSERT_EQUAL(b.family, AF_UNSPEC);
	CU_ASSERT_EQUAL(port, 0);
}

static void
addresses_have_an_order(void)
{
	static const char *const order[] = {"0.0.0.0", "9.255.255.255",
	    "10.0.0.0", "10.0.0.1", "200.0.0.1", "::", "::1", "fe80::1"};
	struct addr a, b;
	int i, j;

	for (i = 0; i < 8; i++)
		for (j = 0; j < 8; j++) {
			a = addr(order[i]);
			b = addr(order[j]);
			CU_ASSERT_EQUAL(addr_cmp(&a, &b), (i > j) - (i < j));
		}
}

static void
loopback_is_known(void)
{
	static const char *const yes[] = {
	    "127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1"};
	static const char *const no[] = {"0.0.0.0", "128.0.0.1", "126.1.1.1",
	    "::", "::2", "fe80::1", "::127.0.0.1"};
	struct addr a = {0};
	size_t i;

	CU_ASSERT_FALSE(addr_is_loopback(&a));
	for (i = 0; i < 4; i++) {
		a = addr(yes[i]);
		CU_ASSERT_TRUE(addr_is_loopback(&a));
	}
	for (i = 0; i < 7; i++) {
		a = addr(no[i]);
		CU_ASSERT_FALSE(addr_is_loopback(&a));
	}
}

/* Every length against a bit-by-bit count. */
static void
prefixes_keep_exactly_their_bits(void)
{
	static const char *const texts[] = {"255.255.255.255",
	    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "170.85.170.85"};
	struct addr a;
	struct prefix p;
	unsigned len, bit, bits, want;
	size_t i;

	for (i = 0; i < 3; i++) {
		a = addr(texts[i]);
		bits = addr_bits(&a);
		CU_ASSERT_EQUAL(bits, i == 1 ? 128 : 32);
		for (len = 0; len <= bits + 1; len++) {
			p = addr_prefix(&a, len);
			CU_ASSERT_EQUAL(p.len, len < bits ? len : bits);
			for (bit = 0; bit < bits; bit++) {
				want = a.ip[bit / 8] >> (7 - bit % 8) & 1;
				want = bit < len ? want : 0;
				CU_ASSERT_EQUAL(
				    p.addr.ip[bit / 8] >> (7 - bit % 8) & 1,
				    want);
			}
			CU_ASSERT_TRUE(prefix_covers(&p, &a));
		}
	}
}

static void
prefixes_in_text(void)
{
	static const struct {
		const char *in, *out;
	} good[] = {
	    {"10.0.0.0/8", "10.0.0.0/8"},
	    {"0.0.0.0/0", "0.0.0.0/0"},
	    {"10.1.2.3", "10.1.2.3/32"},
	    {"10.1.2.3/32", "10.1.2.3/32"},
	    {"128.9.192.0/24", "128.9.192.0/24"},
	    {"10.1.2.2/31", "10.1.2.2/31"},
	    {"2001:db8::/32", "2001:db8::/32"},
	    {"2001:db8::1", "2001:db8::1/128"},
	    {"::/0", "::/0"},
	    {"::ffff:10.1.2.0/24", "10.1.2.0/24"},
	    {"::ffff:10.1.2.0/120", "10.1.2.0/24"},
	    {"::ffff:0.0.0.0/96", "0.0.0.0/0"},
	    {"::ffff:10.1.2.3/128", "10.1.2.3/32"},
	};
	static const char *const bad[] = {"", "/8", "10.0.0.0/", "10.0.0.0/33",
	    "10.0.0.0/104", "::ffff:10.0.0.0/95", "::ffff:10.1.2.3/120",
	    "::ffff:10.0.0.0/129", "10.0.0.1/8", "10.1.2.3/31",
	    "2001:db8::/129", "2001:db8::1/64", "10.0.0.0/8/8", "10.0.0.0/8 ",
	    "10.0.0.0/+8", "x/8",
	    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffffffffffffffffff/8"};
	char buf[PREFIX_TEXT];
	struct prefix p;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		CU_ASSERT_EQUAL(prefix_parse(good[i].in, &p), 0);
		CU_ASSERT_STRING_EQUAL(
		    prefix_text(&p, buf, sizeof(buf)), good[i].out);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(prefix_parse(bad[i], &p), -1);
}

static bool
covers(const char *prefix, const char *text)
{
	struct addr a = addr(text);
	struct prefix p;

	CU_ASSERT_EQUAL(prefix_parse(prefix, &p), 0);
	return prefix_covers(&p, &a);
}

static void
a_prefix_covers_its_own_and_no_other_family(void)
{
	CU_ASSERT_TRUE(covers("10.1.2.0/24", "10.1.2.0"));
	CU_ASSERT_TRUE(covers("10.1.2.0/24", "10.1.2.255"));
	CU_ASSERT_FALSE(covers("10.1.2.0/24", "10.1.3.0"));
	CU_ASSERT_FALSE(covers("10.1.2.0/24", "10.1.1.255"));
	CU_ASSERT_TRUE(covers("0.0.0.0/0", "255.1.2.3"));
	CU_ASSERT_FALSE(covers("0.0.0.0/0", "::1"));
	CU_ASSERT_FALSE(covers("::/0", "10.0.0.1"));
	CU_ASSERT_TRUE(covers("2001:db8::/48", "2001:db8:0:ffff::1"));
	CU_ASSERT_FALSE(covers("2001:db8::/48", "2001:db8:1::1"));
	CU_ASSERT_TRUE(covers("10.0.0.0/9", "10.127.255.255"));
	CU_ASSERT_FALSE(covers("10.0.0.0/9", "10.128.0.0"));
}

static void
host_bits_of_a_prefix_are_cut_off_and_told(void)
{
	struct prefix p;
	char buf[PREFIX_TEXT];
	bool exact;

	CU_ASSERT_EQUAL(prefix_parse_cut("10.1.2.3/8", &p, &exact), 0);
	CU_ASSERT_FALSE(exact);
	CU_ASSERT_STRING_EQUAL(prefix_text(&p, buf, sizeof(buf)), "10.0.0.0/8");
	CU_ASSERT_EQUAL(prefix_parse_cut("2001:db8::/32", &p, &exact), 0);
	CU_ASSERT_TRUE(exact);
	CU_ASSERT_EQUAL(prefix_parse_cut("10.1.2.3/33", &p, &exact), -1);
}

static const struct unit_test tests[] = {
    {"addresses come back as text", addresses_come_back_as_text},
    {"what is no address is refused", what_is_no_address_is_refused},
    {"the kernel's form comes back", the_kernels_form_comes_back},
    {"addresses have an order", addresses_have_an_order},
    {"loopback is known", loopback_is_known},
    {"prefixes keep exactly their bits", prefixes_keep_exactly_their_bits},
    {"prefixes in text", prefixes_in_text},
    {"a prefix covers its own and no other family",
	a_prefix_covers_its_own_and_no_other_family},
    {"host bits of a prefix are cut off, and told",
	host_bits_of_a_prefix_are_cut_off_and_told},
};

UNIT_MAIN("lib/addr", tests)
