/* SPDX-License-Identifier: BSD-2-Clause */
/* What the probes of a round come to. */

#include "agent/train.h"

#include "tests/unit.h"

static struct train_result
final(const struct train *t)
{
	struct train_result r;

	train_final(t, &r);
	return r;
}

/* Replies in this order of probes; 0: silent. */
static struct train
train_of(const uint32_t *rtts, unsigned n)
{
	struct train t;
	unsigned i;

	train_init(&t, n);
	for (i = 0; i < n; i++) {
		if (rtts[i] == 0)
			train_settle(&t, i, TRAIN_SILENT);
		else
			train_reply(&t, i, rtts[i], false);
	}
	return t;
}

static void
test_first_left_out(void)
{
	struct train t = train_of((uint32_t[]){9000, 120, 100, 170}, 4);
	struct train_result r = final(&t);

	CU_ASSERT_EQUAL(r.status, TRAIN_REPLIED);
	CU_ASSERT_EQUAL(r.sent, 3);
	CU_ASSERT_EQUAL(r.min_us, 100);
	CU_ASSERT_EQUAL(r.median_us, 120);
	CU_ASSERT_EQUAL(r.spread_us, 20); /* of 0, 20, 50 */
	CU_ASSERT_EQUAL(r.loss, 0);
}

static void
test_only_first(void)
{
	struct train t = train_of((uint32_t[]){9000, 0, 0, 0}, 4);
	struct train_result r = final(&t);

	CU_ASSERT_EQUAL(r.status, TRAIN_REPLIED);
	CU_ASSERT_EQUAL(r.median_us, 9000);
	CU_ASSERT_EQUAL(r.sent, 4);
	CU_ASSERT_EQUAL(r.loss, 7500);
}

static void
test_loss(void)
{
	struct train t = train_of((uint32_t[]){0, 0, 100, 200}, 4);
	struct train_result r = final(&t);

	CU_ASSERT_EQUAL(r.sent, 3);
	CU_ASSERT_EQUAL(r.loss, 3333);
	CU_ASSERT_EQUAL(r.median_us, 150);
}

static void
test_silent(void)
{
	struct train t = train_of((uint32_t[]){0, 0, 0, 0}, 4);
	struct train_result r = final(&t);

	CU_ASSERT_EQUAL(r.status, TRAIN_ALL_SILENT);
	CU_ASSERT_EQUAL(r.sent, 4);
	CU_ASSERT_EQUAL(r.loss, 10000);
	CU_ASSERT_EQUAL(r.median_us, 0);
}

static void
test_own_losses(void)
{
	struct train_result r;
	struct train t;

	train_init(&t, 4);
	train_reply(&t, 0, 100, false);
	train_settle(&t, 1, TRAIN_UNJUDGED);
	train_reply(&t, 2, 100, false);
	train_settle(&t, 3, TRAIN_UNJUDGED);
	r = final(&t);
	CU_ASSERT_EQUAL(r.sent, 1);
	CU_ASSERT_EQUAL(r.loss, 0);
	train_init(&t, 2);
	train_stop(&t);
	r = final(&t);
	CU_ASSERT_EQUAL(r.status, TRAIN_UNKNOWN);
	CU_ASSERT_EQUAL(r.sent, 0);
}

static void
test_errors(void)
{
	struct train_result r;
	struct train t;

	train_init(&t, 3);
	train_settle(&t, 0, TRAIN_SILENT);
	train_settle(&t, 1, TRAIN_ERROR);
	train_stop(&t);
	r = final(&t);
	CU_ASSERT_EQUAL(r.status, TRAIN_UNREACHABLE);
	CU_ASSERT_EQUAL(r.sent, 2);
	train_init(&t, 3);
	train_settle(&t, 0, TRAIN_FAILED);
	train_stop(&t);
	r = final(&t);
	CU_ASSERT_EQUAL(r.status, TRAIN_NOT_SENT);
	CU_ASSERT_EQUAL(r.sent, 0);
}

static void
test_provisional(void)
{
	struct train_result r;
	struct train t;

	train_init(&t, 4);
	CU_ASSERT_FALSE(train_provisional(&t, &r));
	train_settle(&t, 0, TRAIN_SILENT);
	CU_ASSERT_FALSE(train_provisional(&t, &r));
	train_reply(&t, 1, 500, false);
	CU_ASSERT_TRUE(train_provisional(&t, &r));
	CU_ASSERT_EQUAL(r.status, TRAIN_PROVISIONAL);
	CU_ASSERT_EQUAL(r.median_us, 500);
	CU_ASSERT_EQUAL(r.sent, 1);
	train_reply(&t, 2, 500, false);
	CU_ASSERT_FALSE(train_provisional(&t, &r));
	train_init(&t, 1);
	train_reply(&t, 0, 500, false);
	CU_ASSERT_FALSE(train_provisional(&t, &r)); /* it is the final one */
	CU_ASSERT_TRUE(train_is_over(&t));
}

static void
test_once(void)
{
	struct train t;

	train_init(&t, 2);
	train_reply(&t, 0, 100, false);
	train_reply(&t, 0, 1, false);
	train_settle(&t, 0, TRAIN_SILENT);
	train_settle(&t, 2, TRAIN_SILENT);
	CU_ASSERT_EQUAL(t.settled, 1);
	CU_ASSERT_EQUAL(final(&t).median_us, 100);
}

static void
test_inexact(void)
{
	struct train t;

	train_init(&t, 3);
	train_reply(&t, 0, 100, true);
	train_reply(&t, 1, 100, false);
	train_reply(&t, 2, 100, false);
	CU_ASSERT_EQUAL(final(&t).status, TRAIN_REPLIED);
	train_init(&t, 2);
	train_reply(&t, 0, 100, false);
	train_reply(&t, 1, 100, true);
	CU_ASSERT_EQUAL(final(&t).status, TRAIN_INEXACT);
}

static void
test_median(void)
{
	uint32_t big[] = {UINT32_MAX, UINT32_MAX};
	uint32_t odd[] = {5, 1, 3};

	CU_ASSERT_EQUAL(train_median(big, 2), UINT32_MAX);
	CU_ASSERT_EQUAL(train_median(odd, 3), 3);
	CU_ASSERT_EQUAL(train_median(odd, 0), 0);
}

static const struct unit_test tests[] = {
    {"the first probe is left out", test_first_left_out},
    {"unless it is the only one that was answered", test_only_first},
    {"loss is a share of what was judged", test_loss},
    {"no reply is silence", test_silent},
    {"what the host may have lost counts as nothing", test_own_losses},
    {"errors say more than silence", test_errors},
    {"the first reply makes a provisional result", test_provisional},
    {"an outcome is settled once", test_once},
    {"times without the kernel's stamps are marked", test_inexact},
    {"the median does not overflow", test_median},
};

UNIT_MAIN("agent/train", tests)
