/* SPDX-License-Identifier: BSD-2-Clause */
/* Values as people read them. */
#include "ctl/readable.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/unit.h"

static void
durations_have_two_parts_at_most(void)
{
	static const struct {
		int64_t us;
		const char *text;
	} cases[] = {
	    {-1, "-"},
	    {0, "0"},
	    {999, "999us"},
	    {1000, "1ms"},
	    {1500, "1.5ms"},
	    {9999, "9.9ms"},
	    {35000, "35ms"},
	    {999999, "999ms"},
	    {1000000, "1s"},
	    {1500000, "1.5s"},
	    {59999999, "59s"},
	    {60000000, "1m00s"},
	    {125000000, "2m05s"},
	    {INT64_C(3599999999), "59m59s"},
	    {INT64_C(11520000000), "3h12m"},
	    {INT64_C(86400000000), "1d00h"},
	    {INT64_C(446400000000), "5d04h"},
	    {INT64_MAX, "106751991d04h"},
	};
	char buf[READABLE_TEXT];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CU_ASSERT_STRING_EQUAL(
		    readable_duration(cases[i].us, buf, sizeof(buf)),
		    cases[i].text);
}

static void
bytes_carry_a_unit(void)
{
	static const struct {
		int64_t bytes;
		const char *text;
	} cases[] = {
	    {0, "0"},
	    {999, "999"},
	    {1000, "1.0K"},
	    {1536, "1.5K"},
	    {10240, "10K"},
	    {1023 * 1024, "1.0M"},
	    {INT64_C(3) << 30, "3.0G"},
	    {INT64_MAX, "8.0E"},
	};
	char buf[READABLE_TEXT];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CU_ASSERT_STRING_EQUAL(
		    readable_bytes(cases[i].bytes, buf, sizeof(buf)),
		    cases[i].text);
}

static void
a_key_says_how_its_value_is_read(void)
{
	static const struct {
		const char *key, *value, *text;
	} cases[] = {
	    {"load", "8700", "8700"},
	    {"since", "125", "2m05s"},
	    {"uptime", "0", "0"},
	    {"age-ms", "1500", "1.5s"},
	    {"time-us", "250", "250us"},
	    {"age-ms", "-", "-"},
	    {"bytes", "2048", "2.0K"},
	    {"bytes-max", "1048576", "1.0M"},
	    {"ram-free-kib", "2048", "2.0M"},
	    {"ram", "812/2048", "812/2048MiB"},
	    {"cpu", "93.10", "93.10%"},
	    {"cpu", "-", "-"},
	    {"when", "0", "-"},
	    {"when", "86400", "1970-01-02 00:00:00"},
	    {"reason", "by%20hand%25", "by hand%"},
	    {"reason", "-", "-"},
	    {"reason", "f%C3%BCr", "f\xc3\xbcr"},
	    {"who", "%1B[31mroot%0A", "?[31mroot?"},
	    {"hash", "0123456789abcdef0123", "0123456789ab"},
	    {"hash", "123456789012345", "123456789012"},
	    {"since", "99999999999999999999", "99999999999999999999"},
	};
	char buf[100];
	size_t i;

	(void)setenv("TZ", "UTC", 1);
	tzset();
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CU_ASSERT_STRING_EQUAL(readable_value(cases[i].key,
					   cases[i].value, buf, sizeof(buf)),
		    cases[i].text);
}

static void
headings_have_no_unit(void)
{
	char buf[100];

	CU_ASSERT_STRING_EQUAL(readable_heading("age-ms", buf, 100), "AGE");
	CU_ASSERT_STRING_EQUAL(readable_heading("load", buf, 100), "LOAD");
	CU_ASSERT_STRING_EQUAL(
	    readable_heading("feeds-up", buf, 100), "FEEDS-UP");
	CU_ASSERT_STRING_EQUAL(readable_heading("-s", buf, 100), "-S");
}

static void
width_is_in_columns(void)
{
	CU_ASSERT_EQUAL(readable_width(""), 0);
	CU_ASSERT_EQUAL(readable_width("abc"), 3);
	CU_ASSERT_EQUAL(readable_width("f\xc3\xbcr"), 3);
}

static const struct unit_test tests[] = {
    {"durations have two parts at most", durations_have_two_parts_at_most},
    {"bytes carry a unit", bytes_carry_a_unit},
    {"a key says how its value is read", a_key_says_how_its_value_is_read},
    {"headings have no unit", headings_have_no_unit},
    {"width is in columns", width_is_in_columns},
};

UNIT_MAIN("ctl/readable", tests)
