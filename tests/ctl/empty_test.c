/* SPDX-License-Identifier: BSD-2-Clause */
/* When what is drained is empty. */
#include "ctl/empty.h"

#include <string.h>

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
static const struct target who[] = {{.program = "hopmanagerd", .id = "m"},
    {.program = "hopdirectord", .id = "d"}};

static void
start(void)
{
	struct conf_errors errs = {0};

	w = conf_load_text(
	    "test", conf, strlen(conf), CONF_SECRETS_SKIP, &errs);
	CU_ASSERT_PTR_NOT_NULL_FATAL(w);
	conf_errors_free(&errs);
}

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

/* One look at what manager and director say (NULL: no answer). */
static void
look(struct empty *e, const char *manager, const char *director, int64_t now)
{
	struct tables *t[] = {manager != NULL ? rows(manager) : NULL,
	    director != NULL ? rows(director) : NULL};

	empty_look(e, who, t, 2, 1000, now);
	tables_free(&t[0]);
	tables_free(&t[1]);
}

static void
connections_of_fresh_samples_decide(void)
{
	bool both[] = {true, true};
	struct empty e = {.server = both};

	start();
	e.w = w;
	empty_init(&e, 0);
	look(&e,
	    "row server a service=www state=draining connections=2 age-ms=10\n"
	    "row server a service=ftp state=draining connections=2 age-ms=10\n"
	    "row server b service=www state=draining connections=0 age-ms=10",
	    NULL, 1);
	CU_ASSERT_EQUAL(e.connections, 2); /* not once a service */
	CU_ASSERT_FALSE(empty_is(&e, 5000, 1));
	e.at_most = 2;
	look(&e,
	    "row server a state=draining connections=2 age-ms=10\n"
	    "row server b state=draining connections=0 age-ms=10",
	    NULL, 2);
	CU_ASSERT_TRUE(empty_is(&e, 5000, 2));
	/* An old sample is of before the drain. */
	look(&e,
	    "row server a state=draining connections=0 age-ms=1001\n"
	    "row server b state=draining connections=0 age-ms=10",
	    NULL, 3);
	CU_ASSERT_EQUAL(e.uncounted, 1);
	CU_ASSERT_FALSE(empty_is(&e, 5000, 3));
	world_free(&w);
}

static void
a_server_that_still_gets_clients_is_not_empty(void)
{
	bool a[] = {true, false};
	struct empty e = {.server = a};

	start();
	e.w = w;
	empty_init(&e, 0);
	look(&e, "row server a state=up connections=0 age-ms=1", NULL, 1);
	CU_ASSERT_FALSE(empty_is(&e, 0, 1));
	look(&e, "row server a state=overloaded connections=0 age-ms=1", NULL,
	    2);
	CU_ASSERT_FALSE(empty_is(&e, 0, 2));
	look(&e, "row server a state=down connections=0 age-ms=1", NULL, 3);
	CU_ASSERT_TRUE(empty_is(&e, 0, 3));
	look(&e, NULL, NULL, 4);
	CU_ASSERT_FALSE(empty_is(&e, 0, 4));
	world_free(&w);
}

static void
without_a_count_it_has_to_be_quiet(void)
{
	bool a[] = {true, false};
	struct empty e = {.server = a}, border = {.server = a, .border = "ny"};

	start();
	e.w = border.w = w;
	empty_init(&e, 0);
	look(&e, "row server a state=draining", "row server a decisions=7", 0);
	look(
	    &e, "row server a state=draining", "row server a decisions=8", 900);
	CU_ASSERT_FALSE(empty_is(&e, 1000, 1800));
	look(&e, "row server a state=draining", "row server a decisions=8",
	    1900);
	CU_ASSERT_TRUE(empty_is(&e, 1000, 1900));
	empty_init(&border, 0);
	look(&border, "row border ny state=draining",
	    "row border ny decisions=1\nrow border la decisions=9", 0);
	CU_ASSERT_FALSE(empty_is(&border, 1000, 999));
	look(&border, "row border ny state=draining",
	    "row border ny decisions=1\nrow border la decisions=11", 1000);
	CU_ASSERT_TRUE(empty_is(&border, 1000, 1000));
	world_free(&w);
}

static const struct unit_test tests[] = {
    {"connections of fresh samples decide",
	connections_of_fresh_samples_decide},
    {"a server that still gets clients is not empty",
	a_server_that_still_gets_clients_is_not_empty},
    {"without a count it has to be quiet", without_a_count_it_has_to_be_quiet},
};

UNIT_MAIN("ctl/empty", tests)
