/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_LINE_H
#define LIB_LINE_H

/*
 * One text line of the wire: fields separated by one space, the verb first,
 * optional key=value fields last. Pure functions on buffers, no I/O.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINE_MAX_BYTES   65536 /* with the newline */
#define LINE_OPTIONS_MAX 64    /* key=value fields of one line */

struct option_field {
	const char *key;
	const char *value;
};

/* A line taken apart. All pointers point into the text given to line_split();
 * the two arrays belong to the struct and are reused from line to line. */
struct line {
	const char **field; /* [0] is the verb, then the plain fields */
	size_t fields;
	struct option_field *option;
	size_t options;
	size_t field_room;
	size_t option_room;
};

void line_init(struct line *l);
void line_fini(struct line *l);
/*
 * Take apart text[0..len) (no newline), writing NULs into it, one at
 * text[len] too. Options may
 * stand only behind the last plain field, but for `borders`, where they may
 * stand anywhere. 0, or -1 and *why is a static text: empty line, two spaces,
 * a control character or a byte above 126, an option that is empty or given
 * twice, too many of them.
 */
int line_split(struct line *l, char *text, size_t len, const char **why);
/* The value of an option, or NULL. */
const char *line_option(const struct line *l, const char *key);
/* Free text as one field: space, %, =, control and non-ASCII bytes as %XX;
 * empty text is "-". What does not fit is cut off. Returns dst. */
const char *line_encode(const char *text, char *dst, size_t size);
/* The reverse, fit to be shown: control characters become '?'. A bad escape
 * stays as it is. `size` is at least 1. */
const char *line_decode(const char *field, char *dst, size_t size);

#endif
