/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CTL_READABLE_H
#define CTL_READABLE_H

/* Values as people read them. Each writes into buf and returns it. */

#include <stddef.h>
#include <stdint.h>

#define READABLE_TEXT 32

/* "400us", "35ms", "1.5s", "2m05s", "3h12m", "5d04h". */
const char *readable_duration(int64_t us, char *buf, size_t size);
/* "999", "1.2K", "34M": powers of 1024. */
const char *readable_bytes(int64_t bytes, char *buf, size_t size);
/* Seconds since 1970 as local "2026-01-31 12:00:05"; 0 is "-". */
const char *readable_time(int64_t seconds, char *buf, size_t size);
/*
 * A value of a `row` line by its key: since, uptime and when, keys that end in
 * -us, -ms, -s or -kib, bytes, hash, cpu, ram, swap; all others as text, in
 * which nothing can move the cursor of a terminal.
 */
const char *
readable_value(const char *key, const char *value, char *buf, size_t size);
/* The heading of a key: upper case, without the unit. */
const char *readable_heading(const char *key, char *buf, size_t size);
/* Columns that a text takes on a terminal (UTF-8). */
size_t readable_width(const char *text);

#endif
