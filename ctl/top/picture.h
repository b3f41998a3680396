/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CTL_TOP_PICTURE_H
#define CTL_TOP_PICTURE_H

/* One picture of `top` as text: the farm on a terminal of some size. Pure. */

#include <stdbool.h>
#include <stdio.h>

#include "ctl/top/farm.h"

struct picture {
	int columns, lines; /* of the terminal; 0: no bound */
	bool colour;
	bool keys;          /* say which keys there are */
	size_t first;       /* of the servers: lines scrolled away */
	const char *sort;   /* for the heading */
	const char *filter; /* NULL: none */
	bool typing;        /* the filter is being typed */
	const char *when;   /* the time, as text */
	const char *conf;   /* the file's name */
	const char *hash;   /* and its hash */
};

/* Lines without the last newline, none wider than the terminal; returns how
 * many servers there was room for. */
size_t picture_print(const struct picture *p, const struct farm *f, FILE *out);

#endif
