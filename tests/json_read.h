/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_JSON_READ_H
#define TESTS_JSON_READ_H

/*
 * A small reader of JSON for tests: a tree of nodes that the test frees. It is
 * strict about structure; text is kept as it is written but for \" \\ \/.
 */

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

enum json_kind {
	JSON_NULL,
	JSON_BOOL,
	JSON_NUMBER,
	JSON_TEXT,
	JSON_ARRAY,
	JSON_OBJECT
};

struct json_node {
	enum json_kind kind;
	char *name; /* in an object */
	char *text; /* of a text, or as written of the rest */
	double number;
	struct json_node *child; /* first of an array or object */
	struct json_node *next;
};

static inline void
json_node_free(struct json_node *n)
{
	struct json_node *next;

	for (; n != NULL; n = next) {
		next = n->next;
		json_node_free(n->child);
		free(n->name);
		free(n->text);
		free(n);
	}
}

static inline void
json_skip(const char **p)
{
	while (isspace((unsigned char)**p))
		(*p)++;
}

static inline char *
json_read_text(const char **p)
{
	char *text, *d;

	if (**p != '"')
		return NULL;
	d = text = mem_new(strlen(*p) + 1);
	for ((*p)++; **p != '"'; (*p)++) {
		if (**p == '\\' && strchr("\"\\/", (*p)[1]) != NULL)
			(*p)++;
		if (**p == '\0') {
			free(text);
			return NULL;
		}
		*d++ = **p;
	}
	(*p)++;
	return text;
}

static inline struct json_node *json_read_node(const char **p);

/* What stands between brackets; 0 or -1. */
static inline int
json_read_list(const char **p, struct json_node *list, char close)
{
	struct json_node **end = &list->child;
	char *name = NULL;

	(*p)++;
	json_skip(p);
	while (**p != close) {
		if (list->child != NULL) {
			if (*(*p)++ != ',')
				return -1;
			json_skip(p);
		}
		if (list->kind == JSON_OBJECT) {
			name = json_read_text(p);
			json_skip(p);
			if (name == NULL || *(*p)++ != ':') {
				free(name);
				return -1;
			}
		}
		*end = json_read_node(p);
		if (*end == NULL) {
			free(name);
			return -1;
		}
		(*end)->name = name;
		name = NULL;
		end = &(*end)->next;
		json_skip(p);
	}
	(*p)++;
	return 0;
}

static inline int
json_read_word(const char **p, struct json_node *n)
{
	size_t len = strcspn(*p, ",]} \t\r\n");
	char *end;

	n->text = mem_textn(*p, len);
	*p += len;
	if (strcmp(n->text, "null") == 0)
		return 0;
	n->kind = JSON_BOOL;
	n->number = strcmp(n->text, "true") == 0;
	if (n->number > 0 || strcmp(n->text, "false") == 0)
		return 0;
	n->kind = JSON_NUMBER;
	n->number = strtod(n->text, &end);
	return len > 0 && *end == '\0' ? 0 : -1;
}

/* A value and what it holds, or NULL. */
static inline struct json_node *
json_read_node(const char **p)
{
	struct json_node *n = mem_new(sizeof(*n));
	int bad = 0;

	json_skip(p);
	if (**p == '{') {
		n->kind = JSON_OBJECT;
		bad = json_read_list(p, n, '}');
	} else if (**p == '[') {
		n->kind = JSON_ARRAY;
		bad = json_read_list(p, n, ']');
	} else if (**p == '"') {
		n->kind = JSON_TEXT;
		n->text = json_read_text(p);
		bad = n->text == NULL;
	} else {
		bad = json_read_word(p, n);
	}
	if (bad == 0)
		return n;
	json_node_free(n);
	return NULL;
}

/* A whole text; NULL if it is no JSON or has a tail. */
static inline struct json_node *
json_read(const char *text)
{
	struct json_node *n = json_read_node(&text);

	if (n == NULL)
		return NULL;
	json_skip(&text);
	if (*text == '\0')
		return n;
	json_node_free(n);
	return NULL;
}

/* The member of an object, or NULL. */
static inline const struct json_node *
json_member(const struct json_node *n, const char *name)
{
	if (n == NULL || n->kind != JSON_OBJECT)
		return NULL;
	for (n = n->child; n != NULL; n = n->next)
		if (strcmp(n->name, name) == 0)
			return n;
	return NULL;
}

#endif
