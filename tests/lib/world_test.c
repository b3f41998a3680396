/* SPDX-License-Identifier: BSD-2-Clause */
/* The model's look-ups, on a small world from text. */
#include "lib/world.h"

#include <string.h>

#include "lib/conf.h"
#include "tests/unit.h"

static struct world *
sample(void)
{
	static const char text[] =
	    "<hopscotch xmlns='urn:hopscotch:config:1'>"
	    "<network><site id='ny'/><site id='la'/>"
	    "<link between='ny la' delay='30ms'/></network>"
	    "<policy id='even'/>"
	    "<server id='a' site='ny'><alias border='ny' name='a.test.com' "
	    "address='192.0.2.1' port='8080'/></server>"
	    "<server id='b' site='la'><alias border='la' name='b.test.com' "
	    "address='192.0.2.2'/></server>"
	    "<service id='web' host='WWW.test.com test.com' policy='even'>"
	    "<use server='b'/></service>"
	    "<service id='safe' protocol='https' host='safe.test.com' "
	    "port='444' policy='even'><use server='a'/></service>"
	    "<service id='files' protocol='ftp' host='test.com ftp.test.com' "
	    "policy='even'><use server='a'/></service></hopscotch>";
	struct conf_errors errs;
	struct world *w = conf_load_text(
	    "sample", text, sizeof(text) - 1, CONF_SECRETS_SKIP, &errs);

	CU_ASSERT_FATAL(w != NULL);
	conf_errors_free(&errs);
	return w;
}

static void
ids_find_their_numbers(void)
{
	struct world *w = sample();

	CU_ASSERT(world_site(w, "la") == 1 && world_site(w, "LA") == -1);
	CU_ASSERT(world_border(w, "la") == 1);
	CU_ASSERT(world_server(w, "b") == 1 && world_server(w, "c") == -1);
	CU_ASSERT(world_service(w, "files") == 2);
	CU_ASSERT(world_service(w, "") == -1);
	world_free(&w);
	CU_ASSERT(w == NULL);
	world_free(&w);
}

static int
of_host(const struct world *w, const char *host)
{
	return world_service_of_host(w, host, strlen(host));
}

static void
hosts_find_their_service_in_any_case(void)
{
	struct world *w = sample();

	CU_ASSERT(of_host(w, "www.test.com") == 0);
	CU_ASSERT(of_host(w, "wWw.TEST.com") == 0);
	CU_ASSERT(world_service_of_host(w, "www.test.com:80", 12) == 0);
	CU_ASSERT(of_host(w, "www.test.co") == -1);
	CU_ASSERT(of_host(w, "www.test.comm") == -1);
	CU_ASSERT(of_host(w, "") == -1);
	world_free(&w);
}

static void
a_host_of_web_and_ftp_is_the_web_service(void)
{
	struct world *w = sample();

	CU_ASSERT(of_host(w, "test.com") == 0);
	CU_ASSERT(of_host(w, "ftp.test.com") == 2);
	world_free(&w);
}

static void
the_port_is_that_of_alias_service_or_scheme(void)
{
	struct world *w = sample();
	const struct alias *a = w->servers[0].aliases;
	const struct alias *b = w->servers[1].aliases;

	CU_ASSERT(world_port(&w->services[0], a) == 8080);
	CU_ASSERT(world_port(&w->services[0], b) == 80);
	CU_ASSERT(world_port(&w->services[1], b) == 444);
	CU_ASSERT(world_port(&w->services[2], b) == 21);
	CU_ASSERT(world_scheme_port(PROTOCOL_HTTPS) == 443);
	CU_ASSERT_STRING_EQUAL(world_scheme(PROTOCOL_FTP), "ftp");
	CU_ASSERT_STRING_EQUAL(world_metric_text(METRIC_SWAP), "swap");
	world_free(&w);
}

static void
uses_find_their_place(void)
{
	struct world *w = sample();

	CU_ASSERT(world_use(&w->services[0], 1) == 0);
	CU_ASSERT(world_use(&w->services[0], 0) == -1);
	CU_ASSERT(world_delay(w, 1, 0) == 30000);
	world_free(&w);
}

static const struct unit_test tests[] = {
    {"ids find their numbers", ids_find_their_numbers},
    {"hosts find their service in any case",
	hosts_find_their_service_in_any_case},
    {"a host of web and FTP is the web service",
	a_host_of_web_and_ftp_is_the_web_service},
    {"the port is that of alias, service or scheme",
	the_port_is_that_of_alias_service_or_scheme},
    {"uses find their place", uses_find_their_place},
};

UNIT_MAIN("world", tests)
