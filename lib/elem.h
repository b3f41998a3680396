/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_ELEM_H
#define LIB_ELEM_H

/*
 * The configuration as a tree of elements that keep to the grammar, with the
 * place of each, and the notes (errors, warnings) made on the way to a world.
 * Between lib/conf.c, which reads, and lib/build.c, which makes the world.
 */

#include <stdbool.h>
#include <stddef.h>

#include "lib/conf.h"
#include "lib/grammar.h"

_Static_assert(ELEMS <= 32, "elem.once has a bit for each");

#define NOTES_MAX    500 /* more help nobody */
#define WARNINGS_MAX 250 /* of them, so that errors find room */

/* One file: the names of all files outlive the elements. */
struct elem_file {
	char *name; /* as given, for messages */
	char *dir;  /* that it is in, absolute */
};

struct elem_value {
	bool given; /* by the file, not by default */
	bool bad;   /* was noted */
	char *text; /* as given, or NULL */
	struct grammar_value v;
};

struct elem {
	enum grammar_element_name name;
	const struct elem_file *file;
	unsigned file_number; /* in order of reading */
	int line;
	struct elem_value *values; /* one an attribute of the grammar */
	struct elem *parent;
	struct elem *first, *last; /* children in document order */
	struct elem *next;
	unsigned long once; /* children that may be there once, seen: bits */
	bool text_noted;
};

struct elem *elem_new(enum grammar_element_name name);
/* Hang an element behind its new siblings; it belongs to the parent then. */
void elem_add_take(struct elem *parent, struct elem *e);
/* With all below it. */
void elem_free(struct elem **e);

/*
 * Values by the name of the attribute, which has to be one of this element's:
 * all else is a programming error. A value that is absent or bad is NULL, its
 * default's number (or 0), no address.
 */
const char *elem_text(const struct elem *e, const char *attribute);
/* A copy of elem_text(), to be freed. */
char *elem_keep(const struct elem *e, const char *attribute);
int64_t elem_number(const struct elem *e, const char *attribute);
struct addr elem_addr(const struct elem *e, const char *attribute);
/* Whether it was given, and was not bad. */
bool elem_has(const struct elem *e, const char *attribute);
bool elem_bad(const struct elem *e, const char *attribute);

/* A file name in a directory, or as it is if absolute; to be freed. */
char *elem_path(const char *dir, const char *name);

/* Loop over the children of one name: elem_first(), then elem_next(). */
struct elem *
elem_first(const struct elem *parent, enum grammar_element_name name);
struct elem *elem_next(const struct elem *e);
size_t elem_count(const struct elem *parent, enum grammar_element_name name);

/* What there is to say, in the order it was found. */
struct note {
	struct conf_error error;
	unsigned file_number;
	size_t order;
};

struct notes {
	struct note *list;
	size_t n;
	size_t room;
	size_t warnings;
	bool failed; /* an error is among them */
	bool sense;  /* what is noted from now on is not of the grammar */
};

/* Note an error at a place; those above NOTES_MAX are dropped. */
void
note_at(struct notes *notes, const struct elem_file *file, unsigned file_number,
    int line, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* The same at an element: the text begins with its tag and id. */
void note_error(struct notes *notes, const struct elem *e, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void note_warning(struct notes *notes, const struct elem *e, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));
/* Sort by file and line, move to *errs; `notes` is empty after that. */
void notes_move(struct notes *notes, struct conf_errors *errs);

/* "<server id="a">" of an element; returns buf. */
const char *elem_tag(const struct elem *e, char *buf, size_t size);
/* "file:line" of an element; returns buf. */
const char *elem_place(const struct elem *e, char *buf, size_t size);

/*
 * The end of a message on a name that is not known: "; did you mean "x"?" if
 * one of the n names is near, and what there is. name(arg, i) may be NULL.
 */
const char *elem_hint(const char *meant, const char *what, size_t n,
    const char *(*name)(const void *arg, size_t i), const void *arg, char *buf,
    size_t size);

#endif
