/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_JSON_H
#define LIB_JSON_H

/*
 * A writer of JSON: commas, indents and escapes in one place. A name is given
 * inside objects and NULL inside arrays.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json {
	FILE *out;
	unsigned depth;
	bool first; /* nothing yet at this depth */
	bool flat;  /* one line, no indent */
};

void json_init(struct json *j, FILE *out, bool flat);
void json_object(struct json *j, const char *name);
void json_object_end(struct json *j);
void json_array(struct json *j, const char *name);
void json_array_end(struct json *j);
void json_text(struct json *j, const char *name, const char *value);
void json_number(struct json *j, const char *name, int64_t value);
void json_real(struct json *j, const char *name, double value);
void json_bool(struct json *j, const char *name, bool value);
void json_null(struct json *j, const char *name);

#endif
