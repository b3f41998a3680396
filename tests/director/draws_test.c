/* SPDX-License-Identifier: BSD-2-Clause */
/* What front ends drew counts until the next sample. */
#include "director/draws.h"
#include "lib/renumber.h"
#include "tests/director/fixture.h"

#define ONE(id)                                                      \
	"<server id='" id "' site='ny'>"                             \
	"<alias border='ny' name='" id ".test' address='10.9.9.9'/>" \
	"</server>"
#define OTHERS                                                               \
	FIXTURE_HEAD FIXTURE_POLICY ONE("la1") ONE("n1") ONE("n2") ONE("n3") \
	    ONE("n4") ONE(                                                   \
		"ny2") "<service id='www' protocol='http' host='www.test' "  \
		       "policy='balanced'><use "                             \
		       "server='la1'/></service>" FIXTURE_DAEMONS FIXTURE_TAIL

static int
take(struct draws *d, unsigned *unknown, const char *text)
{
	struct fixture_line l;
	const char *why;
	int r;

	fixture_line(&l, "%s", text);
	r = draws_take(d, &l.line, unknown, &why);
	CU_ASSERT((r == 0) == (why == NULL));
	fixture_line_free(&l);
	return r;
}

static void
sampled(struct draws *d, const char *text)
{
	struct fixture_line l;

	fixture_line(&l, "%s", text);
	draws_sampled(d, &l.line);
	fixture_line_free(&l);
}

static void
draws_add_up(void)
{
	struct world *w = fixture_world();
	struct draws *d = draws_new(w);
	unsigned unknown;

	CU_ASSERT_EQUAL(take(d, &unknown, "drawn ny1 3 la1 5"), 0);
	CU_ASSERT_EQUAL(take(d, &unknown, "drawn ny1 4"), 0);
	CU_ASSERT_EQUAL(unknown, 0);
	CU_ASSERT_EQUAL(draws_counts(d)[0], 7);
	CU_ASSERT_EQUAL(draws_counts(d)[1], 0);
	CU_ASSERT_EQUAL(draws_counts(d)[2], 5);
	CU_ASSERT_EQUAL(draws_total(d), 12);
	draws_free(&d);
	world_free(&w);
}

static void
a_sample_starts_the_servers_it_names_anew(void)
{
	struct world *w = fixture_world();
	struct draws *d = draws_new(w);
	uint64_t before;
	unsigned unknown;

	(void)take(d, &unknown, "drawn ny1 3 ny2 4 la1 5");
	before = draws_generation(d);
	sampled(d, "load ny1 5000 nobody 1 la1 2 age=300");
	CU_ASSERT_EQUAL(draws_counts(d)[0], 0);
	CU_ASSERT_EQUAL(draws_counts(d)[1], 4);
	CU_ASSERT_EQUAL(draws_all(d)[0], 3);
	CU_ASSERT_EQUAL(draws_counts(d)[2], 0);
	CU_ASSERT(draws_generation(d) > before);
	draws_free(&d);
	world_free(&w);
}

static void
a_malformed_line_changes_nothing(void)
{
	static const char *const bad[] = {"drawn ny1", "drawn ny1 x",
	    "drawn ny1 -1", "drawn ny1 3 la1", "drawn ny1 3 la1 4294967296"};
	struct world *w = fixture_world();
	struct draws *d = draws_new(w);
	unsigned unknown;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(take(d, &unknown, bad[i]), -1);
	CU_ASSERT_EQUAL(draws_total(d), 0);
	CU_ASSERT_EQUAL(draws_generation(d), 0);
	draws_free(&d);
	world_free(&w);
}

static void
unknown_names_are_skipped_and_counted(void)
{
	struct world *w = fixture_world();
	struct draws *d = draws_new(w);
	unsigned unknown;

	CU_ASSERT_EQUAL(
	    take(d, &unknown, "drawn ny9 3 la1 5 ny8 1 service=www"), 0);
	CU_ASSERT_EQUAL(unknown, 2);
	CU_ASSERT_EQUAL(draws_total(d), 5);
	draws_free(&d);
	world_free(&w);
}

/* ny1 gone, la1 in front, four that nobody had heard of. */
static void
a_reload_keeps_counts_by_id(void)
{
	struct world *w = fixture_world(), *next = fixture_load(OTHERS);
	struct draws *d = draws_new(w);
	struct renumber *r = renumber_new(w, next);
	unsigned unknown;

	(void)take(d, &unknown, "drawn ny1 3 ny2 4 la1 5");
	sampled(d, "load la1 2");
	draws_renew(d, r);
	renumber_free(&r);
	world_free(&w);
	CU_ASSERT_EQUAL(draws_counts(d)[0], 0);
	CU_ASSERT_EQUAL(draws_counts(d)[5], 4);
	CU_ASSERT_EQUAL(draws_all(d)[0], 5);
	CU_ASSERT_EQUAL(draws_all(d)[1], 0);
	CU_ASSERT_EQUAL(draws_all(d)[5], 4);
	(void)take(d, &unknown, "drawn n4 7 ny2 1 ny1 9");
	CU_ASSERT_EQUAL(unknown, 1);
	CU_ASSERT_EQUAL(draws_all(d)[4], 7);
	CU_ASSERT_EQUAL(draws_all(d)[5], 5);
	draws_free(&d);
	world_free(&next);
}

static void
counts_stop_at_their_limit(void)
{
	struct world *w = fixture_world();
	struct draws *d = draws_new(w);
	unsigned unknown;

	(void)take(d, &unknown, "drawn ny1 4294967295");
	(void)take(d, &unknown, "drawn ny1 10");
	CU_ASSERT_EQUAL(draws_counts(d)[0], UINT32_MAX);
	draws_forget(d, 0);
	CU_ASSERT_EQUAL(draws_counts(d)[0], 0);
	draws_free(&d);
	world_free(&w);
}

static const struct unit_test tests[] = {
    {"draws add up", draws_add_up},
    {"a sample starts the servers it names anew",
	a_sample_starts_the_servers_it_names_anew},
    {"a malformed line changes nothing", a_malformed_line_changes_nothing},
    {"unknown names are skipped and counted",
	unknown_names_are_skipped_and_counted},
    {"a reload keeps counts by id", a_reload_keeps_counts_by_id},
    {"counts stop at their limit", counts_stop_at_their_limit},
};

UNIT_MAIN("director/draws", tests)
