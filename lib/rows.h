/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_ROWS_H
#define LIB_ROWS_H

/*
 * Numbers of elements in the MIB (HopIndex). An element keeps its number
 * whatever becomes of its place in the configuration, over restarts too, and
 * no other one ever gets it: else graphs would go on with another server's
 * values, and an operator's old SET would drain another server.
 */

#include <stddef.h>
#include <stdint.h>

#include "lib/world.h"

enum row_kind {
	ROW_SITE,
	ROW_BORDER,
	ROW_SERVER,
	ROW_SERVICE,
	ROW_MANAGER,
	ROW_DIRECTOR,
	ROW_KINDS
};

struct rows;

/*
 * Numbers for all elements of the world: those that the file holds, new ones
 * for the others, which are then kept there too. A file that cannot be read or
 * written is logged, and the numbers hold for this run. NULL: no file.
 */
struct rows *rows_new(const struct world *w, const char *file);
void rows_free(struct rows **r);
/* From now on the places are those of this world: elements that stay keep
 * their numbers, those that go leave theirs to nobody. r NULL: nothing. */
void rows_renew(struct rows *r, const struct world *w);
/* The number of the element at this place of the world's array of its kind;
 * r NULL: its place, from 1 on. */
uint32_t rows_number(const struct rows *r, enum row_kind kind, int place);
/* The reverse; -1: there is no such row. For r NULL the place is not checked
 * against the world. */
int rows_place(const struct rows *r, enum row_kind kind, uint32_t number);

#endif
