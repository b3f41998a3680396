/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Prints conf/hopscotch.rng, the configuration's grammar for editors, from the
 * table that the loader reads by. For building only; not installed.
 */
#include <stdio.h>
#include <stdlib.h>

#include "lib/grammar.h"

int
main(void)
{
	grammar_print_rng(stdout);
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
