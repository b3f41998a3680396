/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void
json_init(struct json *j, FILE *out, bool flat)
{
	*j = (struct json){.out = out, .first = true, .flat = flat};
}

/* Length of a well-formed UTF-8 sequence of more than one byte, or 0: RFC 3629
 * section 4, without overlong forms, surrogates and what is above 10FFFF. */
static size_t
utf8(const char *s)
{
	const unsigned char *u = (const unsigned char *)s;
	unsigned char low = 0x80, high = 0xbf;
	size_t n, i;

	if (u[0] < 0xc2 || u[0] > 0xf4)
		return 0;
	n = u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : 4;
	if (u[0] == 0xe0)
		low = 0xa0;
	else if (u[0] == 0xed)
		high = 0x9f;
	else if (u[0] == 0xf0)
		low = 0x90;
	else if (u[0] == 0xf4)
		high = 0x8f;
	if (u[1] < low || u[1] > high)
		return 0;
	for (i = 2; i < n; i++)
		if (u[i] < 0x80 || u[i] > 0xbf)
			return 0;
	return n;
}

static void
quoted(struct json *j, const char *s)
{
	size_t n;

	fputc('"', j->out);
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\') {
			fprintf(j->out, "\\%c", c);
		} else if (c >= ' ' && c <= '~') {
			fputc(c, j->out);
		} else if ((n = utf8(s)) > 0) {
			fwrite(s, 1, n, j->out);
			s += n - 1;
		} else { /* as Latin-1, so that it is always valid JSON */
			fprintf(j->out, "\\u%04x", c);
		}
	}
	fputc('"', j->out);
}

static void
newline(struct json *j)
{
	if (j->depth == 0 || j->flat)
		return;
	fprintf(j->out, "\n%*s", (int)j->depth, "");
}

/* What stands before each value: comma, indent, name. */
static void
lead(struct json *j, const char *name)
{
	if (!j->first)
		fputs(j->flat ? ", " : ",", j->out);
	newline(j);
	j->first = false;
	if (name != NULL) {
		quoted(j, name);
		fputs(": ", j->out);
	}
}

static void
begin(struct json *j, const char *name, char bracket)
{
	lead(j, name);
	fputc(bracket, j->out);
	j->depth++;
	j->first = true;
}

static void
end(struct json *j, char bracket)
{
	bool empty = j->first;

	j->depth--;
	if (!empty && !j->flat)
		fprintf(j->out, "\n%*s", (int)j->depth, "");
	fputc(bracket, j->out);
	j->first = false;
	if (j->depth == 0)
		fputc('\n', j->out);
}

void
json_object(struct json *j, const char *name)
{
	begin(j, name, '{');
}

void
json_object_end(struct json *j)
{
	end(j, '}');
}

void
json_array(struct json *j, const char *name)
{
	begin(j, name, '[');
}

void
json_array_end(struct json *j)
{
	end(j, ']');
}

void
json_text(struct json *j, const char *name, const char *value)
{
	lead(j, name);
	quoted(j, value);
}

void
json_number(struct json *j, const char *name, int64_t value)
{
	lead(j, name);
	fprintf(j->out, "%lld", (long long)value);
}

void
json_real(struct json *j, const char *name, double value)
{
	char text[32];
	int digits = 15;

	lead(j, name);
	if (!isfinite(value)) {
		fputs("null", j->out);
		return;
	}
	do { /* the fewest digits that give the same number again */
		(void)snprintf(text, sizeof(text), "%.*g", digits, value);
	} while (strtod(text, NULL) != value && digits++ < 17);
	fputs(text, j->out);
}

void
json_bool(struct json *j, const char *name, bool value)
{
	lead(j, name);
	fputs(value ? "true" : "false", j->out);
}

void
json_null(struct json *j, const char *name)
{
	lead(j, name);
	fputs("null", j->out);
}
