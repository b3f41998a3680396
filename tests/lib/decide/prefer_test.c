/* SPDX-License-Identifier: BSD-2-Clause */
/* Which preference holds for a client, and how far around it. */
#include "lib/decide/prefer.h"

#include <string.h>

#include "lib/conf.h"
#include "lib/mem.h"
#include "lib/ranges.h"
#include "tests/lib/decide/worlds.h"
#include "tests/unit.h"

#define HEAD                                                              \
	"<hopscotch xmlns=\"urn:hopscotch:config:1\"><network>"           \
	"<site id=\"a\"/><site id=\"b\"/>"                                \
	"<link between=\"a b\" delay=\"1ms\"/></network>"                 \
	"<policy id=\"p\"/><server id=\"a1\" site=\"a\">"                 \
	"<alias border=\"a\" name=\"a1\" address=\"10.1.1.1\"/></server>" \
	"<server id=\"b1\" site=\"b\">"                                   \
	"<alias border=\"b\" name=\"b1\" address=\"10.1.1.2\"/></server>"
#define SERVICE(id, inside)                                    \
	"<service id=\"" id "\" host=\"" id "\" policy=\"p\">" \
	"<use server=\"a1\"/><use server=\"b1\"/>" inside "</service>"
#define PREFER(client, site) "<prefer client=\"" client "\" site=\"" site "\"/>"

static struct world *
load(const char *text)
{
	struct conf_errors errs;
	struct world *w = conf_load_text(
	    "test.xml", text, strlen(text), CONF_SECRETS_SKIP, &errs);

	if (w == NULL)
		(void)conf_errors_log(&errs);
	conf_errors_free(&errs);
	CU_ASSERT_PTR_NOT_NULL_FATAL(w);
	return w;
}

/* "10.0.0.0/8 b 9": the prefix of the preference, its site, the bits. */
static const char *
found(const struct world *w, int service, const char *client)
{
	static char text[100];
	char prefix[PREFIX_TEXT];
	const struct prefer *p;
	struct addr a;
	unsigned bits;

	CU_ASSERT_EQUAL(addr_parse(client, &a), 0);
	p = prefer_find(w, &w->services[service], &a, &bits);
	if (p == NULL)
		(void)snprintf(text, sizeof(text), "- %u", bits);
	else
		(void)snprintf(text, sizeof(text), "%s %s %u",
		    prefix_text(&p->client, prefix, sizeof(prefix)),
		    w->sites[p->site].id, bits);
	return text;
}

static void
without_preferences_everybody_has_none(void)
{
	struct world *w = load(HEAD SERVICE("s", "") "</hopscotch>");

	CU_ASSERT_STRING_EQUAL(found(w, 0, "10.0.0.1"), "- 0");
	CU_ASSERT_STRING_EQUAL(found(w, 0, "2001:db8::1"), "- 0");
	CU_ASSERT_PTR_NULL(w->prefers.ranges);
	world_free(&w);
}

static void
the_longest_counts_then_the_services_own(void)
{
	struct world *w = load(HEAD PREFER("10.0.0.0/8", "a")
		PREFER("10.1.1.0/24", "a") PREFER("2001:db8::/32", "b") SERVICE(
		    "s", PREFER("10.0.0.0/8", "b") PREFER("10.1.0.0/16", "b"))
		    SERVICE("t", "") "</hopscotch>");

	CU_ASSERT_STRING_EQUAL(found(w, 0, "10.200.0.1"), "10.0.0.0/8 b 9");
	CU_ASSERT_STRING_EQUAL(found(w, 0, "10.1.200.1"), "10.1.0.0/16 b 17");
	CU_ASSERT_STRING_EQUAL(found(w, 0, "10.1.1.1"), "10.1.1.0/24 a 24");
	CU_ASSERT_STRING_EQUAL(found(w, 1, "10.1.200.1"), "10.0.0.0/8 a 17");
	CU_ASSERT_STRING_EQUAL(
	    found(w, 0, "::ffff:10.1.1.1"), "10.1.1.0/24 a 24");
	CU_ASSERT_STRING_EQUAL(
	    found(w, 1, "2001:db8::1"), "2001:db8::/32 b 32");
	CU_ASSERT_STRING_EQUAL(found(w, 1, "11.0.0.1"), "- 8");
	world_free(&w);
}

/* Whoever is in the prefix that is told has the same, in random nests. */
static void
all_within_the_bits_have_the_same(void)
{
	uint64_t seed = 42;
	char text[16384];
	size_t n, i, round, wrong = 0;

	for (round = 0; round < 50; round++) {
		struct world *w;
		bool taken[8][256] = {{false}};

		n = (size_t)snprintf(text, sizeof(text),
		    HEAD "<service id=\"s\" host=\"s\" policy=\"p\">"
			 "<use server=\"a1\"/><use server=\"b1\"/>");
		for (i = 0; i < 40; i++) {
			unsigned len = (unsigned)roll(&seed, 8);
			unsigned at = (unsigned)roll(&seed, 256) &
				      (0xff00u >> len) & 0xff;
			if (i == 20)
				n += (size_t)snprintf(
				    text + n, sizeof(text) - n, "</service>");
			if (taken[len][at])
				continue;
			taken[len][at] = true;
			n += (size_t)snprintf(text + n, sizeof(text) - n,
			    "<prefer client=\"10.0.%u.0/%u\" site=\"%s\"/>", at,
			    16 + len, chance(&seed, 50) ? "a" : "b");
		}
		(void)snprintf(text + n, sizeof(text) - n, "</hopscotch>");
		w = load(text);
		for (i = 0; i < 256 * 256; i++) {
			struct addr x = {AF_INET, {10, 0, (uint8_t)(i >> 8)}};
			struct addr y = {AF_INET, {10, 0, (uint8_t)i}};
			unsigned bits, other;
			const struct prefer *p =
			    prefer_find(w, &w->services[0], &x, &bits);
			struct prefix around = addr_prefix(&x, bits);

			wrong +=
			    prefix_covers(&around, &y) &&
			    prefer_find(w, &w->services[0], &y, &other) != p;
		}
		world_free(&w);
	}
	CU_ASSERT_EQUAL(wrong, 0);
}

static void
a_server_fits_by_one_of_its_aliases(void)
{
	struct world *w = worlds_new(2, 2, 2);
	struct prefer p = {.site = -1, .border = 1, .server = -1};

	CU_ASSERT_TRUE(prefer_fits(&p, &w->servers[0]));
	w->servers[0].naliases = 1;
	CU_ASSERT_FALSE(prefer_fits(&p, &w->servers[0]));
	p.border = -1;
	p.site = 1;
	CU_ASSERT_FALSE(prefer_fits(&p, &w->servers[0]));
	CU_ASSERT_TRUE(prefer_fits(&p, &w->servers[1]));
	p.server = 0;
	CU_ASSERT_FALSE(prefer_fits(&p, &w->servers[1]));
	w->servers[0].naliases = 2;
	world_free(&w);
}

static const struct unit_test tests[] = {
    {"without preferences everybody has none",
	without_preferences_everybody_has_none},
    {"the longest counts, then the service's own",
	the_longest_counts_then_the_services_own},
    {"all within the bits that are told have the same",
	all_within_the_bits_have_the_same},
    {"a server fits by one of its aliases",
	a_server_fits_by_one_of_its_aliases},
};

UNIT_MAIN("decide/prefer", tests)
