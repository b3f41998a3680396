/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Row numbers, kept as lines "server 3 www.la1.test.com". Lines of elements
 * that have gone stay: their numbers are taken. Owns its arrays and the names
 * it has read.
 */
#include "lib/rows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/keep.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/names.h"
#include "lib/num.h"

#define FILE_MAX (64u << 20)

static const char *const words[ROW_KINDS] = {
    "site", "border", "server", "service", "manager", "director"};

struct kind {
	struct names *known; /* id to number */
	uint32_t highest;
	uint32_t *number; /* one a place */
	size_t n;
};

struct rows {
	struct kind kinds[ROW_KINDS];
	char *file;   /* or NULL */
	char *text;   /* of the file; names point into it */
	char **names; /* of those that came since */
	size_t nnames;
	char *lines; /* what it should hold */
	size_t lines_len, lines_room;
};

static size_t
count_of(const struct world *w, int kind)
{
	const size_t n[ROW_KINDS] = {w->nsites, w->nborders, w->nservers,
	    w->nservices, w->nmanagers, w->ndirectors};

	return n[kind];
}

static const char *
id_of(const struct world *w, int kind, size_t place)
{
	switch (kind) {
	case ROW_SITE:
		return w->sites[place].id;
	case ROW_BORDER:
		return w->borders[place].id;
	case ROW_SERVER:
		return w->servers[place].id;
	case ROW_SERVICE:
		return w->services[place].id;
	case ROW_MANAGER:
		return w->managers[place].id;
	default:
		return w->directors[place].id;
	}
}

static void
add_line(struct rows *r, int kind, uint32_t number, const char *id)
{
	size_t need = strlen(id) + 32;

	while (r->lines_room - r->lines_len < need) {
		r->lines_room = r->lines_room == 0 ? 4096 : r->lines_room * 2;
		r->lines = mem_resize(r->lines, r->lines_room, 1);
	}
	r->lines_len += (size_t)snprintf(r->lines + r->lines_len,
	    r->lines_room - r->lines_len, "%s %lu %s\n", words[kind],
	    (unsigned long)number, id);
}

/* One line of the file; what is not one of ours is dropped. Numbers of a kind
 * stand in ascending order, so that none is there twice. */
static void
take_line(struct rows *r, char *line)
{
	char *word = strsep(&line, " "), *number = strsep(&line, " ");
	struct kind *kind;
	int64_t value;
	int k;

	if (line == NULL || number == NULL || *line == '\0')
		return;
	for (k = 0; k < ROW_KINDS && strcmp(words[k], word) != 0; k++)
		;
	if (k == ROW_KINDS)
		return;
	kind = &r->kinds[k];
	if (num_parse(number, (int64_t)kind->highest + 1, INT32_MAX - 1,
		&value) < 0 ||
	    names_add(kind->known, line, (int)value) < 0)
		return;
	kind->highest = (uint32_t)value;
	add_line(r, k, (uint32_t)value, line);
}

static void
read_rows(struct rows *r, const char *file)
{
	char *rest, *line;

	r->text = keep_read(file, FILE_MAX);
	if (r->text == NULL) {
		if (errno != ENOENT)
			log_warn("snmp", "%s: row numbers start anew", file);
		return;
	}
	for (rest = r->text; (line = strsep(&rest, "\n")) != NULL;)
		take_line(r, line);
}

static void
add_name(struct rows *r, struct kind *k, const char *id, int number)
{
	r->names = mem_resize(r->names, r->nnames + 1, sizeof(*r->names));
	r->names[r->nnames] = mem_text(id);
	(void)names_add(k->known, r->names[r->nnames++], number);
}

/* Whether there was a new one. */
static bool
give_numbers(struct rows *r, const struct world *w, int kind)
{
	struct kind *k = &r->kinds[kind];
	bool added = false;
	size_t i;
	int known;

	k->n = count_of(w, kind);
	free(k->number);
	k->number = mem_array(k->n, sizeof(*k->number));
	for (i = 0; i < k->n; i++) {
		known = names_find(k->known, id_of(w, kind, i));
		if (known < 0) {
			known = (int)++k->highest;
			add_line(r, kind, (uint32_t)known, id_of(w, kind, i));
			add_name(r, k, id_of(w, kind, i), known);
			added = true;
		}
		k->number[i] = (uint32_t)known;
	}
	return added;
}

void
rows_renew(struct rows *r, const struct world *w)
{
	bool added = false;
	int k;

	if (r == NULL)
		return;
	for (k = 0; k < ROW_KINDS; k++)
		added = give_numbers(r, w, k) || added;
	if (added && r->file != NULL &&
	    keep_write(r->file, r->lines, r->lines_len) < 0)
		log_warn("snmp", "%s: row numbers may change at the next start",
		    r->file);
}

struct rows *
rows_new(const struct world *w, const char *file)
{
	struct rows *r = mem_new(sizeof(*r));
	int k;

	for (k = 0; k < ROW_KINDS; k++)
		r->kinds[k].known = names_new();
	if (file != NULL) {
		r->file = mem_text(file);
		read_rows(r, file);
	}
	rows_renew(r, w);
	return r;
}

void
rows_free(struct rows **rp)
{
	struct rows *r = *rp;
	size_t i;
	int k;

	if (r == NULL)
		return;
	for (k = 0; k < ROW_KINDS; k++) {
		names_free(&r->kinds[k].known);
		free(r->kinds[k].number);
	}
	for (i = 0; i < r->nnames; i++)
		free(r->names[i]);
	free(r->names);
	free(r->file);
	free(r->text);
	free(r->lines);
	free(r);
	*rp = NULL;
}

uint32_t
rows_number(const struct rows *r, enum row_kind kind, int place)
{
	return r == NULL ? (uint32_t)place + 1 : r->kinds[kind].number[place];
}

int
rows_place(const struct rows *r, enum row_kind kind, uint32_t number)
{
	size_t i;

	if (r == NULL)
		return number >= 1 && number <= INT32_MAX ? (int)number - 1
							  : -1;
	for (i = 0; i < r->kinds[kind].n; i++)
		if (r->kinds[kind].number[i] == number)
			return (int)i;
	return -1;
}
