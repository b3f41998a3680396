/* SPDX-License-Identifier: BSD-2-Clause */
/* What `top` shows of two answers, and that it fits any terminal. */
#include "ctl/top/picture.h"

#include <string.h>

#include "ctl/readable.h"
#include "lib/conf.h"
#include "tests/unit.h"

static const char conf[] =
    "<hopscotch xmlns=\"urn:hopscotch:config:1\">"
    "<network><site id=\"ny\"/></network><policy id=\"even\"/>"
    "<server id=\"a\" site=\"ny\"><alias border=\"ny\" name=\"a.x\" "
    "address=\"10.1.1.1\"/></server>"
    "<server id=\"b\" site=\"ny\"><alias border=\"ny\" name=\"b.x\" "
    "address=\"10.1.1.2\"/></server>"
    "<service id=\"www\" host=\"www.x\" policy=\"even\">"
    "<use server=\"a\"/><use server=\"b\"/></service></hopscotch>";

static struct world *w;
static struct watch_one one[3];
static struct tables *kept[6];

static struct tables *
rows(const char *text)
{
	struct tables *t = tables_new();
	char copy[1000], *line, *rest = copy;
	const char *why;
	struct line l;

	(void)snprintf(copy, sizeof(copy), "%s", text);
	line_init(&l);
	while ((line = strsep(&rest, "\n")) != NULL) {
		CU_ASSERT_EQUAL(line_split(&l, line, strlen(line), &why), 0);
		CU_ASSERT_EQUAL(tables_take(t, &l), 0);
	}
	line_fini(&l);
	return t;
}

/* A manager, a director whose second answer is half a second later, and a
 * front end that is down. */
static void
start(void)
{
	struct conf_errors errs = {0};

	w = conf_load_text(
	    "test", conf, strlen(conf), CONF_SECRETS_SKIP, &errs);
	CU_ASSERT_PTR_NOT_NULL_FATAL(w);
	conf_errors_free(&errs);
	kept[0] = rows(
	    "row daemon m program=hopmanagerd uptime=125\n"
	    "row server a service=www site=ny state=up reason=ok load=9000 "
	    "connections=12 ram=512/2048 cpu=93.10 age-ms=400\n"
	    "row server b service=www site=ny state=down reason=check-failed "
	    "load=by-weight\n"
	    "row service www state=up reason=- live=1 servers=2");
	kept[1] = rows("row daemon d program=hopdirectord uptime=5 askers=2\n"
		       "row decisions all count=100 drawn=50\n"
		       "row server b service=www draws=7\n"
		       "row server a service=www draws=43\n"
		       "row service www decisions=100 no-server=0");
	kept[2] = rows("row daemon d program=hopdirectord uptime=6 askers=2\n"
		       "row decisions all count=150 drawn=80\n"
		       "row server a service=www draws=73\n"
		       "row server b service=www draws=3\n"
		       "row service www decisions=150 no-server=5");
	one[0] = (struct watch_one){.to = {.program = "hopmanagerd", .id = "m"},
	    .up = true,
	    .hash = w->hash,
	    .now = kept[0]};
	one[1] =
	    (struct watch_one){.to = {.program = "hopdirectord", .id = "d"},
		.up = true,
		.hash = "other",
		.now = kept[2],
		.before = kept[1],
		.apart_ms = 500};
	one[2] = (struct watch_one){
	    .to = {.program = "hopfrontd", .id = "f"}, .why = "gone"};
}

static void
stop(void)
{
	size_t i;

	for (i = 0; i < 3; i++)
		tables_free(&kept[i]);
	world_free(&w);
}

static char *
draw(const struct farm *f, int columns, int lines, bool colour)
{
	struct picture p = {.columns = columns,
	    .lines = lines,
	    .colour = colour,
	    .sort = "server",
	    .when = "now",
	    .conf = "hop.xml",
	    .hash = "0123456789abcdef"};
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)picture_print(&p, f, out);
	(void)fclose(out);
	return text;
}

static void
rates_are_differences_over_time(void)
{
	struct farm *f;

	start();
	f = farm_new(w, one, 3);
	CU_ASSERT_DOUBLE_EQUAL(f->decisions, 100, 0.01);
	CU_ASSERT_DOUBLE_EQUAL(f->draws, 60, 0.01);
	CU_ASSERT_DOUBLE_EQUAL(f->service[0].no_server, 10, 0.01);
	CU_ASSERT_DOUBLE_EQUAL(f->server[0].draws, 60, 0.01);
	/* A counter that went back is of a restart: no rate. */
	CU_ASSERT_DOUBLE_EQUAL(f->server[1].draws, 0, 0.01);
	CU_ASSERT_DOUBLE_EQUAL(f->server[0].ram, 25, 0.01);
	CU_ASSERT_EQUAL(f->server[1].connections, -1);
	CU_ASSERT_EQUAL(f->states[STATE_UP], 1);
	CU_ASSERT_EQUAL(f->states[STATE_DOWN], 1);
	CU_ASSERT_TRUE(f->daemon[1].skewed);
	farm_free(&f);
	stop();
}

static void
servers_can_be_sorted_and_filtered(void)
{
	enum farm_sort by;
	struct farm *f;

	start();
	f = farm_new(w, one, 3);
	CU_ASSERT_EQUAL(farm_sort_parse("state", &by), 0);
	farm_sort(f, by);
	CU_ASSERT_STRING_EQUAL(f->server[0].id, "b");
	CU_ASSERT_EQUAL(farm_sort_parse("drawn", &by), 0);
	farm_sort(f, by);
	CU_ASSERT_STRING_EQUAL(f->server[0].id, "a");
	CU_ASSERT_EQUAL(farm_sort_parse("size", &by), -1);
	farm_filter(f, "CHECK-");
	CU_ASSERT_EQUAL_FATAL(f->nservers, 1);
	CU_ASSERT_STRING_EQUAL(f->server[0].id, "b");
	farm_filter(f, "nothing");
	CU_ASSERT_EQUAL(f->nservers, 0);
	farm_free(&f);
	stop();
}

static void
every_line_fits_and_there_are_not_too_many(void)
{
	struct farm *f;
	char *text, *line, *rest;
	int columns, lines, n;

	start();
	f = farm_new(w, one, 3);
	for (columns = 1; columns < 120; columns += 7)
		for (lines = 1; lines < 30; lines++) {
			text = rest = draw(f, columns, lines, false);
			for (n = 0; (line = strsep(&rest, "\n")) != NULL; n++)
				CU_ASSERT(
				    readable_width(line) <= (size_t)columns);
			CU_ASSERT(n <= lines);
			free(text);
		}
	farm_free(&f);
	stop();
}

static void
what_is_wrong_is_seen(void)
{
	struct farm *f;
	char *text;

	start();
	f = farm_new(w, one, 3);
	text = draw(f, 0, 0, false);
	CU_ASSERT_PTR_NULL(strchr(text, '\033'));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "100.0 decisions/s"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "servers: 1 up 1 down"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "ANOTHER CONFIGURATION"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "gone"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "check-failed"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "25.0%"));
	/* Those that are not well come first. */
	CU_ASSERT(strstr(text, "gone") < strstr(text, "polls/s"));
	free(text);
	text = draw(f, 0, 0, true);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\033[31m"));
	free(text);
	farm_free(&f);
	stop();
}

static const struct unit_test tests[] = {
    {"rates are differences over time", rates_are_differences_over_time},
    {"servers can be sorted and filtered", servers_can_be_sorted_and_filtered},
    {"every line fits and there are not too many",
	every_line_fits_and_there_are_not_too_many},
    {"what is wrong is seen", what_is_wrong_is_seen},
};

UNIT_MAIN("ctl/top/picture", tests)
