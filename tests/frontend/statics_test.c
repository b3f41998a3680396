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
	unsigned i;

	for (i = 0; i < 4; i++)
		share[i] = 0;
	for (i = 0; i < 50000; i++) {
		const struct drawable *d = statics_draw(
		    s, world_service(w, "www"), family, g, avoid, &random);

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

static const struct unit_test tests[] = {
    {"the way out is the contact's first border",
	the_way_out_is_the_contacts_first_border},
    {"draws are by weight, in the client's family", draws_are_by_weight},
    {"the gone are left out until they are named again",
	the_gone_are_left_out_until_named_again},
};

UNIT_MAIN("frontend/statics", tests)
