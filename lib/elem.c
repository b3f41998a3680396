/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tree of elements and the list of notes. An element owns its values and
 * children; file names belong to the reader, the notes' copies to the notes.
 */
#include "lib/elem.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

#define HINT_NAMES 12   /* so many names are listed */
#define HINT_LOOK  4096 /* and so many compared */

static void
value_default(const struct grammar_attribute *a, struct elem_value *v)
{
	if (a->value != NULL && grammar_parse(a, a->value, &v->v) < 0)
		assert(!"a default that is not allowed");
}

struct elem *
elem_new(enum grammar_element_name name)
{
	const struct grammar_element *g = grammar_element(name);
	struct elem *e = mem_new(sizeof(*e));
	size_t i, n = grammar_attributes(g);

	e->name = name;
	e->values = mem_array(n, sizeof(*e->values));
	for (i = 0; i < n; i++)
		value_default(&g->attributes[i], &e->values[i]);
	return e;
}

void
elem_add_take(struct elem *parent, struct elem *e)
{
	e->parent = parent;
	if (parent->last == NULL)
		parent->first = e;
	else
		parent->last->next = e;
	parent->last = e;
}

static void
free_one(struct elem *e)
{
	size_t i, n = grammar_attributes(grammar_element(e->name));

	for (i = 0; i < n; i++)
		free(e->values[i].text);
	free(e->values);
	free(e);
}

void
elem_free(struct elem **root)
{
	struct elem *e = *root, *up;

	/* Down to a leaf, free it, on to its sibling: no recursion. */
	while (e != NULL) {
		if (e->first != NULL) {
			struct elem *child = e->first;

			e->first = NULL;
			e = child;
			continue;
		}
		up = e == *root ? NULL : e->next != NULL ? e->next : e->parent;
		free_one(e);
		e = up;
	}
	*root = NULL;
}

static const struct elem_value *
value(const struct elem *e, const char *attribute)
{
	int i = grammar_attribute(grammar_element(e->name), attribute);

	assert(i >= 0);
	return &e->values[i];
}

const char *
elem_text(const struct elem *e, const char *attribute)
{
	const struct elem_value *v = value(e, attribute);

	return v->bad ? NULL : v->text;
}

char *
elem_keep(const struct elem *e, const char *attribute)
{
	const char *text = elem_text(e, attribute);

	return text != NULL ? mem_text(text) : NULL;
}

char *
elem_path(const char *dir, const char *name)
{
	size_t size = strlen(dir) + strlen(name) + 2;
	char *path;

	if (name[0] == '/' || strcmp(dir, ".") == 0)
		return mem_text(name);
	path = mem_new(size);
	(void)snprintf(path, size, "%s%s%s", dir,
	    dir[strlen(dir) - 1] == '/' ? "" : "/", name);
	return path;
}

int64_t
elem_number(const struct elem *e, const char *attribute)
{
	return value(e, attribute)->v.number;
}

struct addr
elem_addr(const struct elem *e, const char *attribute)
{
	return value(e, attribute)->v.addr;
}

bool
elem_has(const struct elem *e, const char *attribute)
{
	const struct elem_value *v = value(e, attribute);

	return v->given && !v->bad;
}

bool
elem_bad(const struct elem *e, const char *attribute)
{
	return value(e, attribute)->bad;
}

static struct elem *
find(struct elem *e, enum grammar_element_name name)
{
	while (e != NULL && e->name != name)
		e = e->next;
	return e;
}

struct elem *
elem_first(const struct elem *parent, enum grammar_element_name name)
{
	return find(parent->first, name);
}

struct elem *
elem_next(const struct elem *e)
{
	return find(e->next, e->name);
}

size_t
elem_count(const struct elem *parent, enum grammar_element_name name)
{
	const struct elem *e = elem_first(parent, name);
	size_t n = 0;

	for (; e != NULL; e = elem_next(e))
		n++;
	return n;
}

const char *
elem_tag(const struct elem *e, char *buf, size_t size)
{
	const struct grammar_element *g = grammar_element(e->name);
	int id = grammar_attribute(g, "id");

	if (id >= 0 && e->values[id].text != NULL && !e->values[id].bad)
		(void)snprintf(
		    buf, size, "<%s id=\"%s\">", g->name, e->values[id].text);
	else
		(void)snprintf(buf, size, "<%s>", g->name);
	return buf;
}

const char *
elem_place(const struct elem *e, char *buf, size_t size)
{
	(void)snprintf(buf, size, "%s:%d", e->file->name, e->line);
	return buf;
}

static void
note(struct notes *notes, const struct elem_file *file, unsigned file_number,
    int line, bool warning, const char *text)
{
	struct note *n;
	char *c;

	if (!warning)
		notes->failed = true;
	if (notes->n >= NOTES_MAX ||
	    (warning && notes->warnings++ >= WARNINGS_MAX))
		return;
	if (notes->n == notes->room) {
		notes->room = notes->room * 2 + 16;
		notes->list =
		    mem_resize(notes->list, notes->room, sizeof(*notes->list));
	}
	n = &notes->list[notes->n];
	n->order = notes->n++;
	n->file_number = file_number;
	n->error.file = mem_text(file->name);
	n->error.line = line;
	n->error.warning = warning;
	n->error.sense = notes->sense;
	n->error.text = mem_text(
	    notes->n < NOTES_MAX ? text : "and more, which are left out");
	for (c = n->error.text; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == 127)
			*c = '?'; /* a value may have line breaks */
}

void
note_at(struct notes *notes, const struct elem_file *file, unsigned file_number,
    int line, const char *fmt, ...)
{
	char text[4 * GRAMMAR_TEXT];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	note(notes, file, file_number, line, false, text);
}

static void
note_elem(struct notes *notes, const struct elem *e, bool warning,
    const char *fmt, va_list ap)
{
	char text[4 * GRAMMAR_TEXT];
	size_t n;

	elem_tag(e, text, sizeof(text));
	n = strlen(text);
	(void)vsnprintf(text + n, sizeof(text) - n, fmt, ap);
	note(notes, e->file, e->file_number, e->line, warning, text);
}

void
note_error(struct notes *notes, const struct elem *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	note_elem(notes, e, false, fmt, ap);
	va_end(ap);
}

void
note_warning(struct notes *notes, const struct elem *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	note_elem(notes, e, true, fmt, ap);
	va_end(ap);
}

/* By file and line; what stands on one line in the order it was found. */
static int
compare(const void *a, const void *b)
{
	const struct note *x = a, *y = b;

	if (x->file_number != y->file_number)
		return x->file_number < y->file_number ? -1 : 1;
	if (x->error.line != y->error.line)
		return x->error.line < y->error.line ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

void
notes_move(struct notes *notes, struct conf_errors *errs)
{
	size_t i;

	if (notes->n > 0)
		qsort(notes->list, notes->n, sizeof(*notes->list), compare);
	errs->n = notes->n;
	errs->list = mem_array(notes->n, sizeof(*errs->list));
	for (i = 0; i < notes->n; i++)
		errs->list[i] = notes->list[i].error;
	free(notes->list);
	*notes = (struct notes){0};
}

/* Append to a bounded text, whole or not at all. */
static bool
append(char *buf, size_t size, const char *text)
{
	size_t have = strlen(buf), n = strlen(text);

	if (have + n >= size)
		return false;
	memcpy(buf + have, text, n + 1);
	return true;
}

const char *
elem_hint(const char *meant, const char *what, size_t n,
    const char *(*name)(const void *arg, size_t i), const void *arg, char *buf,
    size_t size)
{
	const char *near = NULL, *s;
	unsigned best = 3, d;
	size_t i, shown = 0;

	buf[0] = '\0';
	for (i = 0; i < n && i < HINT_LOOK; i++) {
		s = name(arg, i);
		if (s == NULL || !grammar_is_near(meant, s))
			continue;
		d = grammar_distance(meant, s, best);
		if (d < best) {
			best = d;
			near = s;
		}
	}
	if (near != NULL)
		(void)snprintf(buf, size, "; did you mean %s?", near);
	(void)append(buf, size, near != NULL ? " " : "; ");
	(void)append(buf, size, what);
	for (i = 0; i < n && shown < HINT_NAMES; i++) {
		s = name(arg, i);
		if (s == NULL)
			continue;
		if (!append(buf, size - 8, shown++ > 0 ? ", " : " ") ||
		    !append(buf, size - 8, s))
			break;
	}
	if (shown == 0)
		(void)append(buf, size, " none");
	else if (i < n)
		(void)append(buf, size, ", ...");
	return buf;
}
