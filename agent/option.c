/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of hoploadd, taken apart on a copy; nothing is kept. */
#include "agent/option.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/mem.h"
#include "lib/num.h"

#define FORMS                                                                \
	"ID=tcp:ADDR:PORT, ID=http://ADDR:PORT/PATH[,status=N][,host=NAME] " \
	"or ID=ftp://ADDR:PORT"

/* -1, always. */
__attribute__((format(printf, 2, 3))) static int
wrong(char *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(why, OPTION_WHY, fmt, ap);
	va_end(ap);
	return -1;
}

/* "ADDR:PORT", or "ADDR" where there is a default port. */
static int
parse_target(char *text, uint16_t port, struct option_check *out, char *why)
{
	char *addr = text, *colon = strrchr(text, ':'), *end;
	int64_t number = port;

	if (text[0] == '[') {
		addr = text + 1;
		end = strchr(addr, ']');
		if (end == NULL || (end[1] != '\0' && end[1] != ':'))
			return wrong(why,
			    "\"%s\": an IPv6 address stands in "
			    "brackets, [::1]:80",
			    text);
		colon = end[1] == ':' ? end + 1 : NULL;
		*end = '\0';
	}
	if (colon != NULL) {
		if (num_parse(colon + 1, 1, 65535, &number) < 0)
			return wrong(
			    why, "\"%s\" is no port: 1 to 65535", colon + 1);
		*colon = '\0';
	}
	if (number == 0)
		return wrong(why, "\"%s\" has no port", text);
	if (addr_parse(addr, &out->addr) < 0)
		return wrong(why,
		    "\"%s\" is no IP address (names are not "
		    "looked up)",
		    addr);
	out->port = (uint16_t)number;
	return 0;
}

static int
parse_modifier(const char *text, struct option_check *out, char *why)
{
	int64_t status;

	if (strncmp(text, "host=", 5) == 0 && text[5] != '\0' &&
	    strlen(text + 5) < sizeof(out->host)) {
		(void)snprintf(out->host, sizeof(out->host), "%s", text + 5);
		return 0;
	}
	if (strncmp(text, "status=", 7) == 0 &&
	    num_parse(text + 7, 200, 599, &status) == 0) {
		out->status = (unsigned)status;
		return 0;
	}
	return wrong(why, "\"%s\": host=NAME or status=200 to 599", text);
}

/* "ADDR:PORT/PATH,modifier,modifier" */
static int
parse_http(char *text, struct option_check *out, char *why)
{
	char *rest = strchr(text, ','), *slash, *word;

	if (rest != NULL)
		*rest++ = '\0';
	while ((word = strsep(&rest, ",")) != NULL)
		if (parse_modifier(word, out, why) < 0)
			return -1;
	slash = strchr(text, '/');
	if (slash != NULL && strlen(slash) > OPTION_PATH_MAX)
		return wrong(
		    why, "the path is longer than %d bytes", OPTION_PATH_MAX);
	(void)snprintf(
	    out->path, sizeof(out->path), "%s", slash != NULL ? slash : "/");
	if (slash != NULL)
		*slash = '\0';
	return parse_target(text, 80, out, why);
}

static int
parse_how(char *how, struct option_check *out, char *why)
{
	char *slash;

	if (strncmp(how, "tcp:", 4) == 0) {
		out->type = CHECK_TCP;
		return parse_target(how + 4, 0, out, why);
	}
	if (strncmp(how, "http://", 7) == 0) {
		out->type = CHECK_HTTP;
		return parse_http(how + 7, out, why);
	}
	if (strncmp(how, "ftp://", 6) == 0) {
		out->type = CHECK_FTP;
		slash = strchr(how + 6, '/');
		if (slash != NULL && slash[1] == '\0')
			*slash = '\0';
		return parse_target(how + 6, 21, out, why);
	}
	return wrong(why, "\"%.40s\" is no check: " FORMS, how);
}

static int
parse_id(const char *id, struct option_check *out, char *why)
{
	static const char allowed[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789._-";

	if (id[0] == '\0' || strlen(id) > OPTION_ID_MAX ||
	    strspn(id, allowed) != strlen(id))
		return wrong(why,
		    "\"%.40s\" is no service id: 1 to 255 of "
		    "A-Z a-z 0-9 . _ -",
		    id);
	(void)snprintf(out->id, sizeof(out->id), "%s", id);
	return 0;
}

int
option_check(const char *text, struct option_check *out, char *why)
{
	char *copy = mem_text(text), *equals = strchr(copy, '=');
	int result;

	memset(out, 0, sizeof(*out));
	if (equals == NULL) {
		free(copy);
		return wrong(why, "\"%.40s\" is no check: " FORMS, text);
	}
	*equals = '\0';
	result = parse_id(copy, out, why);
	if (result == 0)
		result = parse_how(equals + 1, out, why);
	free(copy);
	return result;
}

bool
option_same(const struct option_check *a, const struct option_check *b)
{
	return a->type == b->type && addr_cmp(&a->addr, &b->addr) == 0 &&
	       a->port == b->port && a->status == b->status &&
	       strcmp(a->path, b->path) == 0 && strcmp(a->host, b->host) == 0;
}

static int
add_port(uint16_t port, uint16_t *list, size_t *n, size_t max)
{
	size_t i = *n;

	while (i > 0 && list[i - 1] > port)
		i--;
	if (i > 0 && list[i - 1] == port)
		return 0;
	if (*n == max)
		return -1;
	memmove(list + i + 1, list + i, (*n - i) * sizeof(*list));
	list[i] = port;
	++*n;
	return 0;
}

int
option_ports(const char *text, uint16_t *list, size_t *n, size_t max, char *why)
{
	char *copy = mem_text(text), *rest = copy, *word;
	int64_t port;
	int result = 0;

	while (result == 0 && (word = strsep(&rest, ",")) != NULL) {
		if (num_parse(word, 1, 65535, &port) < 0)
			result = wrong(
			    why, "\"%.40s\" is no port: 1 to 65535", word);
		else if (add_port((uint16_t)port, list, n, max) < 0)
			result = wrong(why, "more than %zu ports", max);
	}
	free(copy);
	return result;
}
