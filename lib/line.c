/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/line.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

void
line_init(struct line *l)
{
	memset(l, 0, sizeof(*l));
}

void
line_fini(struct line *l)
{
	free(l->field);
	free(l->option);
	line_init(l);
}

static void
add_field(struct line *l, const char *text)
{
	if (l->fields == l->field_room) {
		l->field_room = l->field_room > 0 ? l->field_room * 2 : 16;
		l->field =
		    mem_resize(l->field, l->field_room, sizeof(*l->field));
	}
	l->field[l->fields++] = text;
}

static void
add_option(struct line *l, const char *key, const char *value)
{
	if (l->options == l->option_room) {
		l->option_room = l->option_room > 0 ? l->option_room * 2 : 8;
		l->option =
		    mem_resize(l->option, l->option_room, sizeof(*l->option));
	}
	l->option[l->options++] = (struct option_field){key, value};
}

/* The text of one field, terminated, into the line. */
static const char *
take(struct line *l, char *text)
{
	char *equals = strchr(text, '=');

	if (equals == NULL) {
		if (l->options > 0 && strcmp(l->field[0], "borders") != 0)
			return "a plain field behind key=value";
		add_field(l, text);
		return NULL;
	}
	if (l->fields == 0)
		return "key=value where the verb should be";
	*equals = '\0';
	if (equals == text || equals[1] == '\0')
		return "key=value without key or value";
	if (l->options == LINE_OPTIONS_MAX)
		return "too many key=value";
	if (line_option(l, text) != NULL)
		return "the same key twice";
	add_option(l, text, equals + 1);
	return NULL;
}

int
line_split(struct line *l, char *text, size_t len, const char **why)
{
	char *start = text, *end = text + len, *p;

	l->fields = l->options = 0;
	*why = NULL;
	if (len == 0)
		*why = "empty line";
	for (p = text; p < end && *why == NULL; p++)
		if (*p < ' ' || *p > '~')
			*why = "a byte that is not printable ASCII";
	text[len] = '\0';
	for (p = text; p <= end && *why == NULL; p++) {
		if (p < end && *p != ' ')
			continue;
		*p = '\0';
		if (p == start)
			*why = "empty field (two spaces, or one at an end)";
		else
			*why = take(l, start);
		start = p + 1;
	}
	return *why == NULL ? 0 : -1;
}

const char *
line_option(const struct line *l, const char *key)
{
	size_t i;

	for (i = 0; i < l->options; i++)
		if (strcmp(l->option[i].key, key) == 0)
			return l->option[i].value;
	return NULL;
}

static bool
is_plain(char c)
{
	return c > ' ' && c <= '~' && c != '%' && c != '=';
}

const char *
line_encode(const char *text, char *dst, size_t size)
{
	char *d = dst, *end = dst + size;

	if (strcmp(text, "-") == 0) { /* a bare one stands for no text */
		(void)snprintf(dst, size, "%%2D");
		return dst;
	}
	if (*text == '\0')
		text = "-";
	for (; *text != '\0' && end - d > (is_plain(*text) ? 1 : 3); text++) {
		if (is_plain(*text))
			*d++ = *text;
		else
			d += snprintf(d, (size_t)(end - d), "%%%02X",
			    (unsigned)(unsigned char)*text);
	}
	*d = '\0';
	return dst;
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* What texts of others would do to a terminal or a log: it becomes '?', also
 * in UTF-8's two bytes. */
static void
tame(char *text)
{
	unsigned char *c = (unsigned char *)text;

	for (; *c != '\0'; c++) {
		if (*c < ' ' || *c == 127)
			*c = '?';
		else if (c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0)
			c[0] = c[1] = '?';
	}
}

const char *
line_decode(const char *field, char *dst, size_t size)
{
	char *d = dst, *end = dst + size - 1;

	if (strcmp(field, "-") == 0)
		field = "";
	for (; *field != '\0' && d < end; field++) {
		if (*field == '%' && hex(field[1]) >= 0 && hex(field[2]) >= 0 &&
		    hex(field[1]) * 16 + hex(field[2]) != 0) {
			*d++ = (char)(hex(field[1]) * 16 + hex(field[2]));
			field += 2;
		} else {
			*d++ = *field;
		}
	}
	*d = '\0';
	tame(dst);
	return dst;
}
