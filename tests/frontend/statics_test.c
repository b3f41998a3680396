/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/statics.h"

#include "tests/frontend/small_world.h"
#include "tests/unit.h"

static const char *
alias_at(const char *site, const char *server, int family)
{
	struct world *w = small_world();
	const struct alias *a = statics_alias(w,
	    &w->servers[world_server(w, server)], world_site(w, site), family);
	static char name[64];

	(void)snprintf(name, sizeof(name), "%s", a != NULL ? a->name : "-");
	world_free(&w);
	return name;
}

static void
the_way_out_is_the_contacts_first_border(void)
{
	CU_ASSERT_STRING_EQUAL(alias_at("la", "la1", AF_INET), "la1-la.test");
	CU_ASSERT_STRING_EQUAL(alias_at("sj", "la1", AF_INET), "la1-sj.test");
	CU_ASSERT_STRING_EQUAL(alias_at("sj", "sj1", AF_INET), "sj1-sj.test");
	/* The contact's second border; the server's own; its first. */
	CU_ASSERT_STRING_EQUAL(alias_at("la", "sj1", AF_INET), "sj1-lab.test");
	CU_ASSERT_STRING_EQUAL(alias_at("ny", "sj1", AF_INET), "sj1-sj.test");
	CU_ASSERT_STRING_EQUAL(alias_at("ny", "la1", AF_INET), "la1-la.test");
	CU_ASSERT_STRING_EQUAL(alias_at("la", "ny1", AF_INET), "ny1-ny.test");
	CU_ASSERT_STRING_EQUAL(alias_at("sj", "la1", AF_INET6), "la1-la.test");
	CU_ASSERT_STRING_EQUAL(alias_at("la", "sj1", AF_INET6), "-");
}

/* Draws of each server of "www" at la, in percent. */
static void
percent(struct world *w, const struct gone *g, int family, int avoid,
    unsigned share[4])
{
	struct statics *s = statics_new(w, world_site(w, "la"));
	uint64_t random = 7;
	struct addr client;
	unsigned i;

	(void)addr_parse(
	    family == AF_INET ? "192.0.2.1" : "2001:db8:c::1", &client);
	for (i = 0; i < 4; i++)
		share[i] = 0;
	for (i = 0; i < 50000; i++) {
		const struct drawable *d = statics_draw(
		    s, world_service(w, "www"), &client, g, avoid, &random);

		share[d != NULL ? d->server : 3]++;
	}
	for (i = 0; i < 4; i++)
		share[i] = (share[i] + 250) / 500;
	statics_free(&s);
}

static void
draws_are_by_weight(void)
{
	struct world *w = small_world();
	struct gone g;
	unsigned share[4];

	gone_init(&g, w);
	percent(w, &g, AF_INET, -1, share);
	CU_ASSERT(share[0] == 60 && share[1] == 20 && share[2] == 20);
	percent(w, &g, AF_INET6, -1, share);
	CU_ASSERT(share[0] == 100);
	percent(w, &g, AF_INET, 0, share);
	CU_ASSERT(share[0] == 0 && share[1] == 50 && share[2] == 50);
	percent(w, &g, AF_INET6, 0, share);
	CU_ASSERT(share[0] == 100);
	gone_fini(&g);
	world_free(&w);
}

static void
the_gone_are_left_out_until_named_again(void)
{
	struct world *w = small_world();
	struct gone g;
	unsigned share[4];

	gone_init(&g, w);
	gone_add(&g, 0);
	percent(w, &g, AF_INET, -1, share);
	CU_ASSERT(share[0] == 0 && share[1] == 50 && share[2] == 50);
	percent(w, &g, AF_INET6, -1, share);
	CU_ASSERT_EQUAL(share[3], 100);
	gone_add(&g, 1);
	percent(w, &g, AF_INET, 2, share);
	CU_ASSERT_EQUAL(share[2], 100);
	gone_add(&g, 2);
	percent(w, &g, AF_INET, -1, share);
	CU_ASSERT_EQUAL(share[3], 100);
	gone_clear(&g, 0);
	percent(w, &g, AF_INET, -1, share);
	CU_ASSERT_EQUAL(share[0], 100);
	gone_fini(&g);
	world_free(&w);
}

/* What a client gets at la of a service with these uses and preferences. */
struct asked {
	struct world *w;
	struct statics *s;
	struct gone gone;
	uint64_t random;
};

static void
begin(struct asked *a, const char *attributes, const char *inside)
{
	char text[4096];

	(void)snprintf(text, sizeof(text),
	    SMALL_HEAD "<service id=\"www\" host=\"www.test\""
		       " policy=\"even\" %s>%s</service>" SMALL_FRONTEND
		       "</hopscotch>",
	    attributes, inside);
	a->w = small_world_of(text);
	a->s = statics_new(a->w, world_site(a->w, "la"));
	gone_init(&a->gone, a->w);
	a->random = 7;
}

static void
end(struct asked *a)
{
	gone_fini(&a->gone);
	statics_free(&a->s);
	world_free(&a->w);
}

/* The name of the alias that a client always gets; "-": none, "?": several. */
static const char *
always(struct asked *a, const char *client, int avoid)
{
	const struct alias *first = NULL;
	const struct drawable *d;
	struct addr addr;
	int i;

	(void)addr_parse(client, &addr);
	for (i = 0; i < 100; i++) {
		d = statics_draw(a->s, 0, &addr, &a->gone, avoid, &a->random);
		if (d == NULL)
			return "-";
		if (first != NULL && d->alias != first)
			return "?";
		first = d->alias;
	}
	return first->name;
}

static void
backups_serve_when_no_other_is_left(void)
{
	struct asked a;

	begin(&a, "",
	    "<use server=\"ny1\" backup=\"yes\"/>"
	    "<use server=\"la1\"/><use server=\"sj1\"/>");
	CU_ASSERT_STRING_EQUAL(always(&a, "192.0.2.1", -1), "?");
	gone_add(&a.gone, 0);
	CU_ASSERT_STRING_EQUAL(always(&a, "192.0.2.1", -1), "sj1-lab.test");
	/* The only one but the backup, even if it is to be avoided. */
	CU_ASSERT_STRING_EQUAL(always(&a, "192.0.2.1", 1), "sj1-lab.test");
	gone_add(&a.gone, 1);
	CU_ASSERT_STRING_EQUAL(always(&a, "192.0.2.1", -1), "ny1-ny.test");
	gone_add(&a.gone, 2);
	CU_ASSERT_STRING_EQUAL(always(&a, "192.0.2.1", -1), "-");
	gone_clear(&a.gone, 1);
	CU_ASSERT_STRING_EQUAL(always(&a, "192.0.2.1", -1), "sj1-lab.test");
	end(&a);
}

static void
what_is_preferred_comes_first_if_it_is_there(void)
{
	struct asked a;

	begin(&a, "",
	    "<use server=\"la1\"/><use server=\"sj1\"/>"
	    "<use server=\"ny1\"/>"
	    "<prefer client=\"10.0.0.0/8\" site=\"sj\"/>"
	    "<prefer client=\"10.1.0.0/16\" border=\"sj\" server=\"la1\"/>"
	    "<prefer client=\"2001:db8::/32\" site=\"la\"/>");
	CU_ASSERT_STRING_EQUAL(always(&a, "192.0.2.1", -1), "?");
	CU_ASSERT_STRING_EQUAL(always(&a, "10.9.0.1", -1), "sj1-lab.test");
	CU_ASSERT_STRING_EQUAL(always(&a, "10.1.0.1", -1), "la1-sj.test");
	CU_ASSERT_STRING_EQUAL(
	    always(&a, "::ffff:10.1.0.1", -1), "la1-sj.test");
	CU_ASSERT_STRING_EQUAL(always(&a, "2001:db8::1", -1), "la1-la.test");
	CU_ASSERT_STRING_EQUAL(always(&a, "10.9.0.1", 1), "?");
	gone_add(&a.gone, 1);
	CU_ASSERT_STRING_EQUAL(always(&a, "10.9.0.1", -1), "?");
	CU_ASSERT_STRING_EQUAL(always(&a, "10.9.0.1", 2), "la1-la.test");
	end(&a);
}

static void
a_prefix_of_a_sticky_service_keeps_its_server(void)
{
	const char *own, *other;
	struct asked a;

	begin(&a, "sticky=\"prefix\"",
	    "<use server=\"la1\"/><use server=\"sj1\"/>"
	    "<use server=\"ny1\" backup=\"yes\"/>");
	own = always(&a, "198.51.100.1", -1);
	CU_ASSERT_STRING_NOT_EQUAL(own, "?");
	CU_ASSERT_STRING_EQUAL(always(&a, "198.51.100.200", -1), own);
	other = always(&a, "198.51.100.1", strcmp(own, "la1-la.test") != 0);
	CU_ASSERT_STRING_NOT_EQUAL(other, own);
	gone_add(&a.gone, strcmp(own, "la1-la.test") != 0);
	CU_ASSERT_STRING_EQUAL(always(&a, "198.51.100.1", -1), other);
	gone_clear(&a.gone, strcmp(own, "la1-la.test") != 0);
	CU_ASSERT_STRING_EQUAL(always(&a, "198.51.100.1", -1), own);
	end(&a);
}

static const struct unit_test tests[] = {
    {"the way out is the contact's first border",
	the_way_out_is_the_contacts_first_border},
    {"draws are by weight, in the client's family", draws_are_by_weight},
    {"the gone are left out until they are named again",
	the_gone_are_left_out_until_named_again},
    {"backups serve when no other is left",
	backups_serve_when_no_other_is_left},
    {"what is preferred comes first if it is there",
	what_is_preferred_comes_first_if_it_is_there},
    {"a prefix of a sticky service keeps its server",
	a_prefix_of_a_sticky_service_keeps_its_server},
};

UNIT_MAIN("frontend/statics", tests)
