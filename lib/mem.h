/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_MEM_H
#define LIB_MEM_H

/*
 * Memory that is zeroed and always there: when the system has none left the
 * program aborts, as any other answer would be untested code. What a peer can
 * make us keep is bounded by its owner, not here.
 */

#include <stddef.h>

void *mem_new(size_t size);
/* n elements of this size; an overflow of the product aborts. */
void *mem_array(size_t n, size_t size);
/* Like realloc() for n elements; what is new is not zeroed. */
void *mem_resize(void *p, size_t n, size_t size);
char *mem_text(const char *text);
char *mem_textn(const char *text, size_t len);

#endif
