/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CTL_TABLES_H
#define CTL_TABLES_H

/*
 * The rows of an answer to `status`, whatever tables they are of: kept as they
 * came, shown as aligned text or as JSON. Knows no table by name.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "ctl/call.h"
#include "lib/json.h"
#include "lib/line.h"

struct tables;

struct tables *tables_new(void);
void tables_free(struct tables **t);
/* Take `row <table> <id> [key=value ...]`; -1: malformed, or too much of it. */
int tables_take(struct tables *t, const struct line *l);
/* The value of a key in the first row of a table, or NULL. */
const char *
tables_value(const struct tables *t, const char *table, const char *key);
/* Rows of a table, 0 if there is none of this name. */
size_t tables_rows(const struct tables *t, const char *table);
/* The id of a row, or NULL. */
const char *tables_id(const struct tables *t, const char *table, size_t row);
/* The value of a key in a row as it came (encoded), or NULL. */
const char *tables_cell(
    const struct tables *t, const char *table, size_t row, const char *key);
/* The same as a whole number, or -1: there is none, or it is none. */
int64_t tables_number(
    const struct tables *t, const char *table, size_t row, const char *key);
/* A line of the answer to `status`, for struct call: `arg` is the tables. */
enum call_line tables_line(void *arg, const struct line *l);
/* The name of the i-th table in order of appearance, or NULL. */
const char *tables_name(const struct tables *t, size_t i);
/* Whether a table is wanted: NULL, or a list ended by NULL that names it. */
bool tables_wanted(const char *const *only, const char *table);

/* A table of one row whose id is `self` or "all" is shown as a paragraph, all
 * others in columns, each line indented. */
void tables_print(const struct tables *t, const char *self,
    const char *const *only, FILE *out);
/* An object of arrays of objects; whole numbers are numbers, "-" is null, '-'
 * in keys is '_'. */
void tables_json(const struct tables *t, const char *const *only,
    struct json *j, const char *name);

#endif
