/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/draw.h"

#include "frontend/statics.h"
#include "tests/frontend/small_world.h"
#include "tests/unit.h"

#define DRAWS 60000

static const struct drawable list[] = {
    {NULL, 0, 1000}, {NULL, 1, 3000}, {NULL, 2, 2000}};

/* How often each server is drawn, in shares of 60. */
static void
shares(const struct gone *g, uint64_t since, int avoid, unsigned share[4])
{
	uint64_t random = 1;
	unsigned i;

	for (i = 0; i < 4; i++)
		share[i] = 0;
	for (i = 0; i < DRAWS; i++) {
		const struct drawable *d =
		    draw(list, 3, g, since, avoid, draw_random(&random));

		share[d != NULL ? d->server : 3]++;
	}
	for (i = 0; i < 4; i++)
		share[i] = (share[i] + DRAWS / 120) / (DRAWS / 60);
}

#define SHARES(a, b, c, none)                                              \
	CU_ASSERT(share[0] == (a) && share[1] == (b) && share[2] == (c) && \
		  share[3] == (none))

static void
each_is_drawn_by_its_weight(void)
{
	unsigned share[4];

	shares(NULL, 0, -1, share);
	SHARES(10, 30, 20, 0);
}

static void
who_went_after_the_answer_is_left_out(void)
{
	struct world *w = small_world();
	struct gone g;
	unsigned share[4];
	uint64_t before, after;

	gone_init(&g, w);
	before = gone_moment(&g);
	gone_add(&g, 1);
	after = gone_moment(&g);
	shares(&g, before, -1, share);
	SHARES(20, 0, 40, 0);
	shares(&g, after, -1, share);
	SHARES(10, 30, 20, 0);
	/* That it is back does not make the old answer true again. */
	gone_clear(&g, 1);
	shares(&g, before, -1, share);
	SHARES(20, 0, 40, 0);
	gone_add(&g, 0);
	gone_add(&g, 2);
	shares(&g, before, -1, share);
	SHARES(0, 0, 0, 60);
	gone_fini(&g);
	world_free(&w);
}

static void
a_lost_exit_voids_answers_but_the_server_stays(void)
{
	struct world *w = small_world();
	struct gone g;
	unsigned share[4];
	uint64_t before;

	gone_init(&g, w);
	before = gone_moment(&g);
	gone_void(&g, 1);
	shares(&g, before, -1, share);
	SHARES(20, 0, 40, 0);
	CU_ASSERT_FALSE(g.still[1]);
	gone_fini(&g);
	world_free(&w);
}

static void
who_is_avoided_is_drawn_only_if_alone(void)
{
	struct world *w = small_world();
	struct gone g;
	unsigned share[4];
	uint64_t before;

	gone_init(&g, w);
	before = gone_moment(&g);
	shares(&g, before, 1, share);
	SHARES(20, 0, 40, 0);
	gone_add(&g, 0);
	gone_add(&g, 2);
	shares(&g, before, 1, share);
	SHARES(0, 60, 0, 0);
	gone_fini(&g);
	world_free(&w);
}

static void
an_empty_list_has_nobody(void)
{
	CU_ASSERT_PTR_NULL(draw(list, 0, NULL, 0, -1, 5));
	CU_ASSERT_PTR_NULL(draw(list, 0, NULL, 0, 1, 5));
}

static const struct unit_test tests[] = {
    {"each is drawn by its weight", each_is_drawn_by_its_weight},
    {"who went after the answer is left out",
	who_went_after_the_answer_is_left_out},
    {"a lost exit voids answers, but the server stays",
	a_lost_exit_voids_answers_but_the_server_stays},
    {"who is avoided is drawn only if alone",
	who_is_avoided_is_drawn_only_if_alone},
    {"an empty list has nobody", an_empty_list_has_nobody},
};

UNIT_MAIN("frontend/draw", tests)
