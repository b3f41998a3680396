/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_GRAMMAR_H
#define LIB_GRAMMAR_H

/*
 * The grammar of the configuration, declared once as a table: which elements
 * stand in which, their attributes, what these may be and what they are when
 * not given. The loader's errors come from it, and so does the RELAX NG for
 * editors. It knows neither XML parsers nor the world.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/addr.h"

#define GRAMMAR_NAMESPACE  "urn:hopscotch:config:1"
#define GRAMMAR_ATTRIBUTES 12  /* of one element, at most */
#define GRAMMAR_TEXT       600 /* enough for any text made here */

enum grammar_element_name {
	ELEM_HOPSCOTCH, /* the root; has no parent */
	ELEM_INCLUDE,
	ELEM_NETWORK,
	ELEM_SITE,
	ELEM_BORDER,
	ELEM_LINK,
	ELEM_PROBER,
	ELEM_SNMP_USER,
	ELEM_TLS,
	ELEM_POLICY,
	ELEM_PATH,
	ELEM_CONNECTIONS,
	ELEM_RAM,
	ELEM_SWAP,
	ELEM_CPU,
	ELEM_SERVER,
	ELEM_ALIAS,
	ELEM_AGENT,
	ELEM_SERVICE,
	ELEM_USE,
	ELEM_TRY,
	ELEM_SERVICE_PREFER,
	ELEM_PREFER, /* for all services */
	ELEM_MANAGER,
	ELEM_MANAGER_LISTEN,
	ELEM_DIRECTOR,
	ELEM_DIRECTOR_LISTEN,
	ELEM_FRONTEND,
	ELEM_FRONTEND_LISTEN,
	ELEM_FRONTEND_CONTROL,
	ELEMS
};

enum grammar_type {
	GRAMMAR_ID,
	GRAMMAR_REF,  /* the id of an element named in `words` */
	GRAMMAR_PAIR, /* the ids of two sites */
	GRAMMAR_WORD, /* one of `words`; the value is its place there */
	GRAMMAR_NUMBER,
	GRAMMAR_TIME,  /* us */
	GRAMMAR_SHARE, /* millionths */
	GRAMMAR_IP4,
	GRAMMAR_IP6,
	GRAMMAR_IP,
	GRAMMAR_PREFIX, /* host bits are cut off: only the text tells */
	GRAMMAR_HOST,
	GRAMMAR_HOSTS, /* one or more, with spaces between */
	GRAMMAR_FILE,
	GRAMMAR_SOCKET,
	GRAMMAR_URL,
	GRAMMAR_PATH /* of a URL */
};

struct grammar_attribute {
	const char *name;
	enum grammar_type type;
	bool required;
	const char *words; /* space-separated; see the types */
	int64_t min, max;  /* of numbers, times and shares */
	const char *value; /* when not given, in text; NULL: nothing */
	const char *help;
};

struct grammar_element {
	const char *name;
	enum grammar_element_name parent;
	bool once; /* at most one in its parent; else any number */
	const char *help;
	/* Ends with name NULL. */
	struct grammar_attribute attributes[GRAMMAR_ATTRIBUTES + 1];
};

/* The row of an element. */
const struct grammar_element *grammar_element(enum grammar_element_name e);
/* The element of this name below a parent, or -1. */
int grammar_child(enum grammar_element_name parent, const char *name);
/* The place of an attribute of an element, or -1. */
int grammar_attribute(const struct grammar_element *e, const char *name);
size_t grammar_attributes(const struct grammar_element *e);

struct grammar_value {
	int64_t number; /* of numbers, times, shares; the place of a word; the
			   length of a prefix */
	struct addr addr;
};

/* A value in text to what it means. 0, or -1 if it is not allowed. */
int grammar_parse(const struct grammar_attribute *a, const char *text,
    struct grammar_value *v);
/* What an attribute may be, for people: "one of weighted, best". */
const char *
grammar_allowed(const struct grammar_attribute *a, char *buf, size_t size);

/* How many edits lead from one word to the other; limit + 1 if more. */
unsigned grammar_distance(const char *a, const char *b, unsigned limit);
/* Whether b could be what was meant by a. */
bool grammar_is_near(const char *a, const char *b);

/* Write the grammar as RELAX NG (XML form, ISO/IEC 19757-2). */
void grammar_print_rng(FILE *out);

#endif
