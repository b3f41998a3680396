/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers and foreign text for a terminal. Holds nothing. */
#include "ctl/readable.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/line.h"
#include "lib/num.h"

#define HASH_SHOWN 12

const char *
readable_duration(int64_t us, char *buf, size_t size)
{
	long long s = (long long)(us / 1000000);

	if (us < 0)
		(void)snprintf(buf, size, "-");
	else if (us == 0)
		(void)snprintf(buf, size, "0");
	else if (us < 1000)
		(void)snprintf(buf, size, "%lldus", (long long)us);
	else if (us < 10000 && us % 1000 != 0)
		(void)snprintf(buf, size, "%lld.%lldms", (long long)us / 1000,
		    (long long)us / 100 % 10);
	else if (us < 1000000)
		(void)snprintf(buf, size, "%lldms", (long long)us / 1000);
	else if (s < 10 && us % 1000000 != 0)
		(void)snprintf(
		    buf, size, "%lld.%llds", s, (long long)us / 100000 % 10);
	else if (s < 60)
		(void)snprintf(buf, size, "%llds", s);
	else if (s < 3600)
		(void)snprintf(buf, size, "%lldm%02llds", s / 60, s % 60);
	else if (s < 86400)
		(void)snprintf(
		    buf, size, "%lldh%02lldm", s / 3600, s / 60 % 60);
	else
		(void)snprintf(
		    buf, size, "%lldd%02lldh", s / 86400, s / 3600 % 24);
	return buf;
}

const char *
readable_bytes(int64_t bytes, char *buf, size_t size)
{
	static const char units[] = "KMGTPE";
	double v = (double)bytes;
	size_t u = 0;

	if (bytes < 1000) {
		(void)snprintf(buf, size, "%lld", (long long)bytes);
		return buf;
	}
	for (v /= 1024; v >= 1000 && u + 1 < sizeof(units) - 1; u++)
		v /= 1024;
	(void)snprintf(buf, size, v < 9.95 ? "%.1f%c" : "%.0f%c", v, units[u]);
	return buf;
}

const char *
readable_time(int64_t seconds, char *buf, size_t size)
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (seconds == 0 || localtime_r(&t, &tm) == NULL ||
	    strftime(buf, size, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		(void)snprintf(buf, size, "-");
	return buf;
}

/* The unit at the end of a key in us (0: no time), and how long it is. */
static int64_t
unit(const char *key, size_t *len)
{
	static const struct {
		const char *end;
		int64_t us;
	} units[] = {{"-us", 1}, {"-ms", 1000}, {"-s", 1000000}, {"-kib", 0}};
	size_t i, n = strlen(key);

	for (i = 0; i < 4; i++) {
		*len = strlen(units[i].end);
		if (n > *len && strcmp(key + n - *len, units[i].end) == 0)
			return units[i].us;
	}
	*len = 0;
	if (strcmp(key, "since") == 0 || strcmp(key, "uptime") == 0)
		return 1000000;
	return 0;
}

static const char *
plain(const char *value, char *buf, size_t size)
{
	char *c;

	(void)line_decode(value, buf, size);
	for (c = buf; *c != '\0'; c++)
		if (iscntrl((unsigned char)*c))
			*c = '?';
	if (buf[0] == '\0')
		(void)snprintf(buf, size, "-");
	return buf;
}

/* What servers measure: idle CPU in per cent, free and all memory in MiB. */
static const char *
measured(const char *key, const char *value, char *buf, size_t size)
{
	size_t n;

	(void)plain(value, buf, size);
	n = strlen(buf);
	if (buf[0] >= '0' && buf[0] <= '9')
		(void)snprintf(buf + n, size - n, "%s",
		    strcmp(key, "cpu") == 0 ? "%" : "MiB");
	return buf;
}

const char *
readable_value(const char *key, const char *value, char *buf, size_t size)
{
	size_t len;
	int64_t us = unit(key, &len), n;

	if (strcmp(key, "hash") == 0) {
		(void)snprintf(buf, size, "%.*s", HASH_SHOWN, value);
		return buf;
	}
	if (strcmp(key, "cpu") == 0 || strcmp(key, "ram") == 0 ||
	    strcmp(key, "swap") == 0)
		return measured(key, value, buf, size);
	if (num_parse(value, 0, INT64_MAX / 1000000, &n) < 0)
		return plain(value, buf, size);
	if (us > 0)
		return readable_duration(n * us, buf, size);
	if (strcmp(key, "when") == 0)
		return readable_time(n, buf, size);
	if (len == strlen("-kib") && n < INT64_MAX / 1024)
		return readable_bytes(n * 1024, buf, size);
	if (strncmp(key, "bytes", 5) == 0)
		return readable_bytes(n, buf, size);
	return plain(value, buf, size);
}

const char *
readable_heading(const char *key, char *buf, size_t size)
{
	size_t len, i;

	(void)unit(key, &len);
	(void)snprintf(buf, size, "%.*s", (int)(strlen(key) - len), key);
	for (i = 0; buf[i] != '\0'; i++)
		buf[i] = (char)toupper((unsigned char)buf[i]);
	return buf;
}

size_t
readable_width(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}
