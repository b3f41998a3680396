/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CTL_TOP_SCREEN_H
#define CTL_TOP_SCREEN_H

/*
 * The terminal while `top` has it: another screen, no cursor, keys as they
 * are typed. It is given back however the program ends, but by SIGKILL.
 */

#include <stddef.h>

/* Take it over; 0, or -1 if it is no terminal. */
int screen_begin(void);
/* Give it back; fine if it was never taken. */
void screen_end(void);
/* Columns and lines, 80 x 24 if it does not say. */
void screen_size(int *columns, int *lines);
/* Put a picture there, text of lines without the last newline, in one write;
 * -1 if the terminal is gone. */
int screen_show(const char *text, size_t len);

#endif
