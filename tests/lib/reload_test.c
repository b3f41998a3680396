/* SPDX-License-Identifier: BSD-2-Clause */
/* A daemon of the test's own reads a file anew, as its owner would. */
#include "lib/reload.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/log.h"
#include "tests/unit.h"

static char dir[] = "/tmp/hop-test-XXXXXX", path[64];
static struct daemon d = {.program = "hopd"};
static const struct world *taken;
static bool willing;
static int asked;

static void
write_conf(const char *servers)
{
	FILE *f = fopen(path, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fprintf(f,
	    "<hopscotch xmlns=\"urn:hopscotch:config:1\">\n"
	    "<network><site id=\"ny\"/></network>\n%s"
	    "<policy id=\"even\"/></hopscotch>\n",
	    servers);
	CU_ASSERT_EQUAL(fclose(f), 0);
}

static void
write_servers(int n)
{
	char text[1000] = "";
	int i;

	for (i = 1; i <= n; i++)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text),
		    "<server id=\"s%d\" site=\"ny\">"
		    "<alias border=\"ny\" name=\"s%d.x\" "
		    "address=\"10.0.0.%d\"/>"
		    "</server>\n",
		    i, i, i);
	write_conf(text);
}

static bool
on_world(void *arg, struct world *w, char *why, size_t size)
{
	CU_ASSERT_PTR_EQUAL(arg, &d);
	CU_ASSERT_PTR_NOT_EQUAL(w, d.world); /* the old one is still there */
	asked++;
	if (!willing)
		(void)snprintf(why, size, "not now");
	else
		taken = w;
	return willing;
}

static void
start(void)
{
	struct conf_errors errs = {0};

	log_init("hopd", LOG_LEVEL_NONE);
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/hopscotch.xml", dir);
	write_servers(1);
	d.conf_file = path;
	d.world = conf_load(path, CONF_SECRETS_SKIP, &errs);
	conf_errors_free(&errs);
	CU_ASSERT_PTR_NOT_NULL_FATAL(d.world);
	daemon_base(&d);
	reload_world(&d, CONF_SECRETS_SKIP, on_world, &d);
}

static void
a_good_file_takes_the_place_of_the_old(void)
{
	start();
	write_servers(3);
	willing = true;
	CU_ASSERT_TRUE(reload_now(&d, NULL));
	CU_ASSERT_PTR_EQUAL(d.world, taken);
	CU_ASSERT_EQUAL(d.world->nservers, 3);
}

static void
a_bad_file_changes_nothing_and_nobody_is_asked(void)
{
	const struct world *old = d.world;

	asked = 0;
	write_conf("<server id=\"s1\" site=\"nowhere\"/>\n");
	CU_ASSERT_FALSE(reload_now(&d, NULL));
	(void)unlink(path);
	CU_ASSERT_FALSE(reload_now(&d, NULL));
	CU_ASSERT_PTR_EQUAL(d.world, old);
	CU_ASSERT_EQUAL(d.world->nservers, 3);
	CU_ASSERT_EQUAL(asked, 0);
}

static void
a_daemon_may_refuse(void)
{
	const struct world *old = d.world;

	asked = 0;
	willing = false;
	write_servers(2);
	CU_ASSERT_FALSE(reload_now(&d, NULL));
	CU_ASSERT_PTR_EQUAL(d.world, old);
	CU_ASSERT_EQUAL(asked, 1);
}

static void
sighup_reloads(void)
{
	willing = true;
	(void)raise(SIGHUP);
	(void)event_base_loop(d.base, EVLOOP_ONCE);
	CU_ASSERT_EQUAL(d.world->nservers, 2);
	daemon_fini(&d);
	CU_ASSERT_PTR_NULL(d.world);
	(void)unlink(path);
	(void)rmdir(dir);
}

static const char *options_why;

static bool
on_options(void *arg, struct reload_faults *faults, char *why, size_t size)
{
	(void)arg;
	if (options_why == NULL)
		return true;
	reload_fault(faults, "options:3: \"x\": no such option");
	(void)snprintf(why, size, "%s", options_why);
	return false;
}

static void
options_are_taken_or_not(void)
{
	struct daemon o = {.program = "hopd"};

	daemon_base(&o);
	CU_ASSERT_FALSE(reload_now(&o, NULL)); /* it has nothing to read */
	reload_options(&o, on_options, NULL);
	CU_ASSERT_TRUE(reload_now(&o, NULL));
	options_why = "1 error";
	CU_ASSERT_FALSE(reload_now(&o, NULL));
	daemon_fini(&o);
}

static const struct unit_test tests[] = {
    {"a good file takes the place of the old",
	a_good_file_takes_the_place_of_the_old},
    {"a bad file changes nothing and nobody is asked",
	a_bad_file_changes_nothing_and_nobody_is_asked},
    {"a daemon may refuse", a_daemon_may_refuse},
    {"SIGHUP reloads", sighup_reloads},
    {"options are taken or not", options_are_taken_or_not},
};

UNIT_MAIN("lib/reload", tests)
