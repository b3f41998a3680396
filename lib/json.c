/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/json.h"

#include <math.h>
#include <string.h>

void
json_init(struct json *j, FILE *out, bool flat)
{
	*j = (struct json){.out = out, .first = true, .flat = flat};
}

static void
quoted(struct json *j, const char *s)
{
	fputc('"', j->out);
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			fprintf(j->out, "\\%c", c);
		else if (c < ' ' || c > '~') /* Latin-1: always valid JSON */
			fprintf(j->out, "\\u%04x", c);
		else
			fputc(c, j->out);
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
	lead(j, name);
	if (isfinite(value))
		fprintf(j->out, "%.17g", value);
	else
		fputs("null", j->out);
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
