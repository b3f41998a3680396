/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/num.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int
num_parse(const char *text, int64_t min, int64_t max, int64_t *out)
{
	const char *digits = text[0] == '-' ? text + 1 : text;
	long long v;

	if (digits[0] == '\0' || digits[strspn(digits, "0123456789")] != '\0')
		return -1;
	errno = 0;
	v = strtoll(text, NULL, 10);
	if (errno != 0 || v < min || v > max)
		return -1;
	*out = v;
	return 0;
}

int
num_duration(const char *text, int64_t *us)
{
	static const struct {
		const char *unit;
		int64_t us;
	} units[] = {
	    {"us", 1},
	    {"ms", 1000},
	    {"s", 1000000},
	    {"m", INT64_C(60000000)},
	    {"h", INT64_C(3600000000)},
	    {"d", INT64_C(86400000000)},
	};
	size_t n = strspn(text, "0123456789"), i;
	char digits[16];
	int64_t v;

	if (n == 0 || n >= sizeof(digits))
		return -1;
	memcpy(digits, text, n);
	digits[n] = '\0';
	if (num_parse(digits, 0, INT64_MAX, &v) < 0)
		return -1;
	if (text[n] == '\0' && v == 0) {
		*us = 0;
		return 0;
	}
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(text + n, units[i].unit) != 0)
			continue;
		if (v > INT64_MAX / units[i].us)
			return -1;
		*us = v * units[i].us;
		return 0;
	}
	return -1;
}

int
num_percent(const char *text, int64_t *ppm)
{
	size_t n = strspn(text, "0123456789");
	int64_t scale = 10000, v = 0;

	if (n == 0 || n > 6)
		return -1;
	for (; n > 0; n--)
		v = v * 10 + (*text++ - '0') * 10000;
	if (*text == '.') {
		text++;
		if (*text < '0' || *text > '9')
			return -1;
		for (; *text >= '0' && *text <= '9' && scale > 1; text++) {
			scale /= 10;
			v += (*text - '0') * scale;
		}
	}
	if (strcmp(text, "%") != 0)
		return -1;
	*ppm = v;
	return 0;
}
