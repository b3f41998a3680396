/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_NUM_H
#define LIB_NUM_H

/* Numbers in text, strict and bounded: no sign but '-', no spaces, no tail. */

#include <stdint.h>

/* A decimal integer within [min, max]; 0, or -1 and *out unchanged. */
int num_parse(const char *text, int64_t min, int64_t max, int64_t *out);
/* "35ms", "2s", "400us", "10m", "1h", "1d" in microseconds; a bare "0" too. */
int num_duration(const char *text, int64_t *us);
/* "5%", "2.5%" (at most four decimals) in millionths: 5% is 50000. */
int num_percent(const char *text, int64_t *ppm);

#endif
