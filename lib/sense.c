/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What only the whole world shows. All of it is pure looking: the notes are
 * the result.
 */
#include "lib/build.h"

void
sense_check(const struct build *b)
{
	(void)b;
}
