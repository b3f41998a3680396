/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables own their rows and columns, rows own their texts. The columns of a
 * table are the keys of its rows in order of appearance.
 */
#include "ctl/tables.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/readable.h"
#include "lib/mem.h"
#include "lib/num.h"

#define TABLES_MAX  64
#define COLUMNS_MAX 64
#define BYTES_MAX   (256u << 20)
#define CELL_TEXT   1024
#define LINE_WIDTH  78

struct row {
	char *id;
	char *value[]; /* one a column at the time it came, or NULL */
};

struct table {
	char *name;
	char *key[COLUMNS_MAX];
	size_t keys;
	struct row **row;
	size_t *cells; /* values that a row has */
	size_t rows, room;
};

struct tables {
	struct table table[TABLES_MAX];
	size_t n;
	size_t bytes;
};

struct tables *
tables_new(void)
{
	return mem_new(sizeof(struct tables));
}

static void
table_fini(struct table *t)
{
	size_t i, k;

	for (i = 0; i < t->rows; i++) {
		for (k = 0; k < t->cells[i]; k++)
			free(t->row[i]->value[k]);
		free(t->row[i]->id);
		free(t->row[i]);
	}
	for (k = 0; k < t->keys; k++)
		free(t->key[k]);
	free(t->row);
	free(t->cells);
	free(t->name);
}

void
tables_free(struct tables **t)
{
	size_t i;

	if (*t == NULL)
		return;
	for (i = 0; i < (*t)->n; i++)
		table_fini(&(*t)->table[i]);
	free(*t);
	*t = NULL;
}

static struct table *
find(struct tables *t, const char *name)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		if (strcmp(t->table[i].name, name) == 0)
			return &t->table[i];
	if (t->n == TABLES_MAX)
		return NULL;
	t->table[t->n].name = mem_text(name);
	return &t->table[t->n++];
}

/* The column of a key, or SIZE_MAX. */
static size_t
column(const struct table *t, const char *key)
{
	size_t k;

	for (k = 0; k < t->keys; k++)
		if (strcmp(t->key[k], key) == 0)
			return k;
	return SIZE_MAX;
}

static int
add_columns(struct table *t, const struct line *l)
{
	size_t i;

	for (i = 0; i < l->options; i++) {
		if (column(t, l->option[i].key) != SIZE_MAX)
			continue;
		if (t->keys == COLUMNS_MAX)
			return -1;
		t->key[t->keys++] = mem_text(l->option[i].key);
	}
	return 0;
}

static void
add_row(struct table *t, struct row *r)
{
	if (t->rows == t->room) {
		t->room = t->room > 0 ? t->room * 2 : 16;
		t->row = mem_resize(t->row, t->room, sizeof(*t->row));
		t->cells = mem_resize(t->cells, t->room, sizeof(*t->cells));
	}
	t->row[t->rows] = r;
	t->cells[t->rows++] = t->keys;
}

int
tables_take(struct tables *t, const struct line *l)
{
	struct table *table;
	struct row *r;
	size_t i;

	if (l->fields != 3 || t->bytes > BYTES_MAX)
		return -1;
	table = find(t, l->field[1]);
	if (table == NULL || add_columns(table, l) < 0)
		return -1;
	r = mem_new(sizeof(*r) + table->keys * sizeof(r->value[0]));
	r->id = mem_text(l->field[2]);
	for (i = 0; i < l->options; i++) {
		r->value[column(table, l->option[i].key)] =
		    mem_text(l->option[i].value);
		t->bytes += strlen(l->option[i].value) + 32;
	}
	t->bytes += sizeof(*r) + strlen(r->id) + 32;
	add_row(table, r);
	return 0;
}

static const char *
cell(const struct table *t, size_t row, size_t k)
{
	return k < t->cells[row] ? t->row[row]->value[k] : NULL;
}

static const struct table *
named(const struct tables *t, const char *name)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		if (strcmp(t->table[i].name, name) == 0)
			return &t->table[i];
	return NULL;
}

size_t
tables_rows(const struct tables *t, const char *table)
{
	const struct table *of = named(t, table);

	return of != NULL ? of->rows : 0;
}

const char *
tables_id(const struct tables *t, const char *table, size_t row)
{
	const struct table *of = named(t, table);

	return of != NULL && row < of->rows ? of->row[row]->id : NULL;
}

const char *
tables_cell(
    const struct tables *t, const char *table, size_t row, const char *key)
{
	const struct table *of = named(t, table);
	size_t k;

	if (of == NULL || row >= of->rows)
		return NULL;
	k = column(of, key);
	return k == SIZE_MAX ? NULL : cell(of, row, k);
}

enum call_line
tables_line(void *arg, const struct line *l)
{
	if (strcmp(l->field[0], "done") == 0)
		return CALL_DONE;
	if (strcmp(l->field[0], "row") != 0 || tables_take(arg, l) < 0)
		return CALL_MALFORMED;
	return CALL_GO_ON;
}

int64_t
tables_number(
    const struct tables *t, const char *table, size_t row, const char *key)
{
	const char *text = tables_cell(t, table, row, key);
	int64_t v;

	if (text == NULL || num_parse(text, 0, INT64_MAX, &v) < 0)
		return -1;
	return v;
}

const char *
tables_value(const struct tables *t, const char *table, const char *key)
{
	return tables_cell(t, table, 0, key);
}

const char *
tables_name(const struct tables *t, size_t i)
{
	return i < t->n ? t->table[i].name : NULL;
}

bool
tables_wanted(const char *const *only, const char *table)
{
	if (only == NULL || only[0] == NULL)
		return true;
	for (; *only != NULL; only++)
		if (strcmp(*only, table) == 0)
			return true;
	return false;
}

/* One row as "name: key value, key value", folded. */
static void
print_paragraph(const struct table *t, FILE *out)
{
	char text[CELL_TEXT], heading[64], *c;
	size_t k, n, at = 0;

	for (k = 0; k < t->keys; k++) {
		const char *value = cell(t, 0, k);

		if (value == NULL)
			continue;
		(void)readable_heading(t->key[k], heading, sizeof(heading));
		for (c = heading; *c != '\0'; c++)
			if (*c >= 'A' && *c <= 'Z')
				*c = (char)(*c + 0x20);
		(void)readable_value(t->key[k], value, text, sizeof(text));
		n = strlen(heading) + readable_width(text) + 3;
		if (at == 0)
			at = (size_t)fprintf(out, "  %s:", t->name);
		else if (at + n > LINE_WIDTH)
			at = (size_t)fprintf(out, ",\n     ") - 2;
		else
			at += (size_t)fprintf(out, ",");
		fprintf(out, " %s %s", heading, text);
		at += n - 1;
	}
	if (at > 0)
		fputc('\n', out);
}

/* How wide a column is and whether it holds numbers only. */
struct shape {
	size_t width;
	bool number;
};

/* The text of a cell; column 0 is the id, k + 1 the key k. */
static const char *
cell_text(const struct table *t, size_t row, size_t c, char *buf, size_t size)
{
	const char *value;

	if (c == 0)
		return readable_value("", t->row[row]->id, buf, size);
	value = cell(t, row, c - 1);
	if (value == NULL)
		return "-";
	return readable_value(t->key[c - 1], value, buf, size);
}

static void
measure(const struct table *t, size_t c, struct shape *s)
{
	char text[CELL_TEXT];
	const char *shown;
	bool text_seen = false;
	size_t i, n;
	int64_t v;

	(void)readable_heading(
	    c == 0 ? t->name : t->key[c - 1], text, sizeof(text));
	s->width = readable_width(text);
	s->number = false;
	for (i = 0; i < t->rows; i++) {
		shown = cell_text(t, i, c, text, sizeof(text));
		n = readable_width(shown);
		if (n > s->width)
			s->width = n;
		if (c == 0 || strcmp(shown, "-") == 0)
			continue;
		s->number =
		    num_parse(cell(t, i, c - 1), INT64_MIN, INT64_MAX, &v) == 0;
		text_seen |= !s->number;
	}
	s->number &= !text_seen;
}

static void
put(const char *text, const struct shape *s, bool last, FILE *out)
{
	int pad = (int)(s->width - readable_width(text));

	fprintf(out, "  %*s%s%*s", s->number ? pad : 0, "", text,
	    s->number || last ? 0 : pad, "");
}

static void
print_columns(const struct table *t, FILE *out)
{
	struct shape *shape = mem_array(t->keys + 1, sizeof(*shape));
	char text[CELL_TEXT];
	size_t i, c;

	for (c = 0; c <= t->keys; c++) {
		measure(t, c, &shape[c]);
		put(readable_heading(
			c == 0 ? t->name : t->key[c - 1], text, sizeof(text)),
		    &shape[c], c == t->keys, out);
	}
	fputc('\n', out);
	for (i = 0; i < t->rows; i++) {
		for (c = 0; c <= t->keys; c++)
			put(cell_text(t, i, c, text, sizeof(text)), &shape[c],
			    c == t->keys, out);
		fputc('\n', out);
	}
	free(shape);
}

void
tables_print(const struct tables *t, const char *self, const char *const *only,
    FILE *out)
{
	size_t i;

	for (i = 0; i < t->n; i++) {
		const struct table *table = &t->table[i];
		const char *id = table->row[0]->id;

		if (!tables_wanted(only, table->name))
			continue;
		if (table->rows == 1 &&
		    (strcmp(id, self) == 0 || strcmp(id, "all") == 0))
			print_paragraph(table, out);
		else
			print_columns(table, out);
	}
}

static void
json_value(struct json *j, const char *key, const char *value)
{
	char name[64], text[CELL_TEXT], *c;
	int64_t n;

	(void)snprintf(name, sizeof(name), "%s", key);
	for (c = name; *c != '\0'; c++)
		if (*c == '-')
			*c = '_';
	if (strcmp(value, "-") == 0)
		json_null(j, name);
	else if (strcmp(key, "hash") != 0 &&
		 num_parse(value, INT64_MIN, INT64_MAX, &n) == 0)
		json_number(j, name, n);
	else
		json_text(j, name, line_decode(value, text, sizeof(text)));
}

void
tables_json(const struct tables *t, const char *const *only, struct json *j,
    const char *name)
{
	char text[CELL_TEXT];
	size_t i, r, k;

	json_object(j, name);
	for (i = 0; i < t->n; i++) {
		const struct table *table = &t->table[i];

		if (!tables_wanted(only, table->name))
			continue;
		json_array(j, table->name);
		for (r = 0; r < table->rows; r++) {
			json_object(j, NULL);
			json_text(j, "id",
			    line_decode(table->row[r]->id, text, sizeof(text)));
			for (k = 0; k < table->cells[r]; k++)
				if (cell(table, r, k) != NULL)
					json_value(j, table->key[k],
					    cell(table, r, k));
			json_object_end(j);
		}
		json_array_end(j);
	}
	json_object_end(j);
}
