/* SPDX-License-Identifier: BSD-2-Clause */
/* Any rows as the answers of daemons, as `top` and `status` show them, on a
 * terminal whose size is the first two bytes. */
#include <stdlib.h>
#include <string.h>

#include "ctl/top/picture.h"
#include "lib/conf.h"
#include "lib/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char conf[] =
    "<hopscotch xmlns=\"urn:hopscotch:config:1\">"
    "<network><site id=\"ny\"/></network><policy id=\"even\"/>"
    "<server id=\"a\" site=\"ny\"><alias border=\"ny\" name=\"a.x\" "
    "address=\"10.1.1.1\"/></server>"
    "<service id=\"www\" host=\"www.x\" policy=\"even\">"
    "<use server=\"a\"/></service></hopscotch>";

static struct tables *
rows(const char *text, size_t len)
{
	struct tables *t = tables_new();
	char *copy = mem_textn(text, len), *line, *rest = copy;
	const char *why;
	struct line l;

	line_init(&l);
	while ((line = strsep(&rest, "\n")) != NULL)
		if (line_split(&l, line, strlen(line), &why) == 0)
			(void)tables_take(t, &l);
	line_fini(&l);
	free(copy);
	return t;
}

static void
show(const struct world *w, const struct watch_one *one, const uint8_t *size,
    FILE *out)
{
	struct farm *f = farm_new(w, one, 2);
	struct picture p = {.columns = size[0],
	    .lines = size[1],
	    .colour = true,
	    .keys = true,
	    .sort = "x",
	    .filter = "x",
	    .when = "x",
	    .conf = "x",
	    .hash = "x"};

	farm_sort(f, FARM_BY_STATE);
	(void)picture_print(&p, f, out);
	farm_filter(f, "a");
	(void)picture_print(&p, f, out);
	farm_free(&f);
}

/* The first half is what one said before, and a manager says now. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world *w;
	struct conf_errors errs = {0};
	struct tables *one, *two;
	FILE *out = fopen("/dev/null", "w");
	const char *text = (const char *)data + 2;
	size_t half;

	if (w == NULL)
		w = conf_load_text(
		    "x", conf, strlen(conf), CONF_SECRETS_SKIP, &errs);
	conf_errors_free(&errs);
	if (size > 2 && out != NULL && w != NULL) {
		half = (size - 2) / 2;
		one = rows(text, half);
		two = rows(text + half, size - 2 - half);
		{
			const struct watch_one list[] = {
			    {.to = {.program = "hopmanagerd", .id = "m"},
				.up = true,
				.hash = "x",
				.now = one},
			    {.to = {.program = "hopdirectord", .id = "d"},
				.up = true,
				.hash = "x",
				.now = two,
				.before = one,
				.apart_ms = 1000}};

			show(w, list, data, out);
		}
		tables_print(one, "x", NULL, out);
		tables_free(&one);
		tables_free(&two);
	}
	if (out != NULL)
		(void)fclose(out);
	return 0;
}
