/* SPDX-License-Identifier: BSD-2-Clause */
/* Files of options, for both daemons that read them. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/args.h"
#include "agent/loadargs.h"
#include "agent/pingargs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct args *
take(const struct arg *table, const uint8_t *data, size_t size)
{
	static char name[] = "fuzz";
	char *argv[] = {name, NULL};
	struct args *a = args_new(name, table, "", 1, argv);
	char *text = malloc(size);
	size_t i;

	if (size > 0)
		memcpy(text, data, size);
	args_text(a, "f", text, size);
	free(text);
	for (i = 1; i < args_count(a); i++)
		if (args_at(a, i)->line <= args_at(a, i - 1)->line)
			abort(); /* one a line, in order */
	return a;
}

static void
leave(struct args *a, struct args *other)
{
	size_t i;

	args_fault_fixed(other, a);
	for (i = 0; i < args_faults(other); i++)
		if (strpbrk(args_fault_text(other, i), "\n\r") != NULL)
			abort(); /* a line of the log */
	args_free(&a);
	args_free(&other);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct args *a = take(loadargs_table, data, size);
	struct args *b = take(pingargs_table, data, size);
	struct loadargs l;
	struct pingargs p;

	loadargs_take(&l, a);
	if (l.nchecks > LOADARGS_CHECKS_MAX || l.nports > PORTS_MAX ||
	    l.interval_ms < 100 || l.rise < 1)
		abort();
	loadargs_fini(&l);
	leave(a, take(loadargs_table, data, size / 2));
	pingargs_take(&p, b);
	if (p.ncanaries > PINGARGS_CANARIES_MAX ||
	    p.nallow > PINGARGS_LIST_MAX || p.rate < 1 || p.targets < 1)
		abort();
	pingargs_fini(&p);
	leave(b, take(pingargs_table, data, size / 2));
	return 0;
}
