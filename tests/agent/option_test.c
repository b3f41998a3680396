/* SPDX-License-Identifier: BSD-2-Clause */
/* What hoploadd's options say, and what is said of wrong ones. */

#include "agent/option.h"

#include <string.h>

#include "tests/unit.h"

static void
checks_are_taken_apart(void)
{
	struct option_check o;
	char why[OPTION_WHY], addr[ADDR_TEXT];

	CU_ASSERT(option_check("db=tcp:127.0.0.1:5432", &o, why) == 0);
	CU_ASSERT(o.type == CHECK_TCP && o.port == 5432);
	CU_ASSERT_STRING_EQUAL(o.id, "db");
	CU_ASSERT(option_check("www=http://10.0.0.1:8080/a,b?c,status=204,"
			       "host=www.test.com",
		      &o, why) == -1); /* a comma ends the path */
	CU_ASSERT(option_check("www=http://10.0.0.1:8080/a?c=d,status=204,"
			       "host=www.test.com",
		      &o, why) == 0);
	CU_ASSERT(o.type == CHECK_HTTP && o.port == 8080 && o.status == 204);
	CU_ASSERT_STRING_EQUAL(o.path, "/a?c=d");
	CU_ASSERT_STRING_EQUAL(o.host, "www.test.com");
	CU_ASSERT(option_check("w=http://10.0.0.1", &o, why) == 0);
	CU_ASSERT(o.port == 80 && strcmp(o.path, "/") == 0 && o.status == 0);
	CU_ASSERT(option_check("f=ftp://[2001:db8::1]/", &o, why) == 0);
	CU_ASSERT(o.type == CHECK_FTP && o.port == 21);
	CU_ASSERT_STRING_EQUAL(
	    addr_text(&o.addr, addr, sizeof(addr)), "2001:db8::1");
	CU_ASSERT(option_check("f=ftp://[::1]:2121", &o, why) == 0);
	CU_ASSERT_EQUAL(o.port, 2121);
}

static void
wrong_checks_are_refused_with_the_reason(void)
{
	static const struct {
		const char *text, *part;
	} t[] = {
	    {"", "is no check"},
	    {"www", "is no check"},
	    {"=tcp:1.2.3.4:5", "is no service id"},
	    {"a b=tcp:1.2.3.4:5", "is no service id"},
	    {"a=udp:1.2.3.4:5", "is no check"},
	    {"a=tcp:1.2.3.4", "has no port"},
	    {"a=tcp:1.2.3.4:0", "1 to 65535"},
	    {"a=tcp:1.2.3.4:65536", "1 to 65535"},
	    {"a=tcp:localhost:80", "is no IP address"},
	    {"a=http://[::1:80/", "brackets"},
	    {"a=http://1.2.3.4:80/,status=99", "status=200 to 599"},
	    {"a=http://1.2.3.4:80/,colour=red", "status=200 to 599"},
	    {"a=https://1.2.3.4/", "is no check"},
	    {"a=ftp://1.2.3.4/dir", "is no IP address"},
	};
	struct option_check o;
	char why[OPTION_WHY];
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		why[0] = '\0';
		CU_ASSERT(option_check(t[i].text, &o, why) == -1);
		CU_ASSERT(strstr(why, t[i].part) != NULL);
	}
}

static void
ports_are_sorted_and_single(void)
{
	uint16_t list[4];
	size_t n = 0;
	char why[OPTION_WHY];

	CU_ASSERT(option_ports("443,80", list, &n, 4, why) == 0);
	CU_ASSERT(option_ports("21", list, &n, 4, why) == 0);
	CU_ASSERT(option_ports("80", list, &n, 4, why) == 0);
	CU_ASSERT(n == 3 && list[0] == 21 && list[1] == 80 && list[2] == 443);
	CU_ASSERT(option_ports("1,2", list, &n, 4, why) == -1);
	CU_ASSERT(strstr(why, "more than 4") != NULL);
	CU_ASSERT(option_ports("80,", list, &n, 4, why) == -1);
	CU_ASSERT(option_ports("http", list, &n, 4, why) == -1);
	CU_ASSERT(option_ports("0", list, &n, 4, why) == -1);
}

static const struct unit_test tests[] = {
    {"checks are taken apart", checks_are_taken_apart},
    {"wrong checks are refused with the reason",
	wrong_checks_are_refused_with_the_reason},
    {"ports are sorted and single", ports_are_sorted_and_single},
};

UNIT_MAIN("agent/option", tests)
