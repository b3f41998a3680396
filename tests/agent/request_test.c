/* SPDX-License-Identifier: BSD-2-Clause */
/* SETs of the target table: what is taken, as a whole or not at all. */

#include "agent/request.h"

#include <string.h>

#include "tests/unit.h"

static int
number(struct request *r, uint32_t index, enum mib_object o, int64_t value)
{
	struct snap_value v = {.object = o, .number = value};

	return request_stage(r, index, o, &v);
}

static int
bytes(struct request *r, uint32_t index, enum mib_object o, const void *value,
    size_t len)
{
	struct snap_value v = {.object = o, .bytes = value, .len = len};

	return request_stage(r, index, o, &v);
}

static void
create(struct request *r, uint32_t index)
{
	CU_ASSERT_EQUAL(
	    bytes(r, index, MIB_hopProbeTargetAddress, "\x08\x08\x08\x08", 4),
	    AGENTX_OK);
	CU_ASSERT_EQUAL(
	    number(r, index, MIB_hopProbeTargetRowStatus, 4), AGENTX_OK);
}

static void
test_defaults(void)
{
	struct targets *t = targets_new(10);
	struct request *r = request_new(t);
	struct request_todo todo;
	char text[ADDR_TEXT];

	request_begin(r);
	create(r, 7);
	CU_ASSERT_EQUAL(request_test(r, 7), AGENTX_OK);
	CU_ASSERT_TRUE(request_take(r, 7, &todo));
	CU_ASSERT_EQUAL(todo.what, REQUEST_ADD);
	CU_ASSERT_EQUAL(todo.index, 7);
	CU_ASSERT_STRING_EQUAL(
	    addr_text(&todo.ask->addr, text, sizeof(text)), "8.8.8.8");
	CU_ASSERT_EQUAL(todo.ask->interval_ms, 0);
	CU_ASSERT_EQUAL(todo.ask->probes, 4);
	CU_ASSERT_EQUAL(todo.ask->timeout_ms, 3000);
	CU_ASSERT_EQUAL(todo.ask->lifetime_s, 300);
	CU_ASSERT_STRING_EQUAL(todo.ask->owner, "");
	CU_ASSERT_FALSE(request_take(r, 7, &todo)); /* once */
	CU_ASSERT_FALSE(request_take(r, 8, &todo));
	request_free(&r);
	targets_free(&t);
}

static void
test_mapped(void)
{
	static const uint8_t mapped[16] = {
	    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 0, 0, 1};
	struct targets *t = targets_new(10);
	struct request *r = request_new(t);
	struct request_todo todo;

	request_begin(r);
	(void)number(r, 1, MIB_hopProbeTargetAddressType, 2);
	(void)bytes(r, 1, MIB_hopProbeTargetAddress, mapped, 16);
	(void)number(r, 1, MIB_hopProbeTargetRowStatus, 4);
	CU_ASSERT_EQUAL(request_test(r, 1), AGENTX_OK);
	CU_ASSERT_TRUE(request_take(r, 1, &todo));
	CU_ASSERT_EQUAL(todo.ask->addr.family, AF_INET);
	request_free(&r);
	targets_free(&t);
}

static void
test_form(void)
{
	struct targets *t = targets_new(10);
	struct request *r = request_new(t);
	char owner[300];

	memset(owner, 'a', sizeof(owner));
	request_begin(r);
	CU_ASSERT_EQUAL(
	    number(r, 0, MIB_hopProbeTargetRowStatus, 4), AGENTX_NO_CREATION);
	CU_ASSERT_EQUAL(
	    number(r, 1, MIB_hopProbeTargetRowStatus, 5), AGENTX_WRONG_VALUE);
	CU_ASSERT_EQUAL(
	    number(r, 1, MIB_hopProbeTargetInterval, 999), AGENTX_WRONG_VALUE);
	CU_ASSERT_EQUAL(
	    number(r, 1, MIB_hopProbeTargetAddressType, 3), AGENTX_WRONG_VALUE);
	CU_ASSERT_EQUAL(bytes(r, 1, MIB_hopProbeTargetAddress, "12345", 5),
	    AGENTX_WRONG_VALUE);
	CU_ASSERT_EQUAL(bytes(r, 1, MIB_hopProbeTargetOwner, owner, 256),
	    AGENTX_WRONG_VALUE);
	CU_ASSERT_EQUAL(
	    bytes(r, 1, MIB_hopProbeTargetOwner, "a b", 3), AGENTX_WRONG_VALUE);
	CU_ASSERT_EQUAL(
	    bytes(r, 1, MIB_hopProbeTargetOwner, owner, 255), AGENTX_OK);
	request_free(&r);
	targets_free(&t);
}

static void
test_sense(void)
{
	struct targets *t = targets_new(10);
	struct request *r = request_new(t);
	struct target_ask a = {.lifetime_s = 1};
	struct mono now = {1};

	(void)targets_add(t, 5, &a, now);
	request_begin(r);
	create(r, 5);                                       /* is there */
	(void)number(r, 6, MIB_hopProbeTargetRowStatus, 4); /* no address */
	(void)number(r, 7, MIB_hopProbeTargetLifetime, 4);  /* is not there */
	create(r, 8); /* an address of the other family's length */
	(void)number(r, 8, MIB_hopProbeTargetAddressType, 2);
	CU_ASSERT_EQUAL(request_test(r, 5), AGENTX_INCONSISTENT_VALUE);
	CU_ASSERT_EQUAL(request_test(r, 6), AGENTX_INCONSISTENT_VALUE);
	CU_ASSERT_EQUAL(request_test(r, 7), AGENTX_INCONSISTENT_NAME);
	CU_ASSERT_EQUAL(request_test(r, 8), AGENTX_INCONSISTENT_VALUE);
	CU_ASSERT_EQUAL(request_test(r, 9), AGENTX_INCONSISTENT_NAME);
	request_begin(r);
	(void)number(r, 5, MIB_hopProbeTargetLifetime, 9);
	CU_ASSERT_EQUAL(request_test(r, 5), AGENTX_OK);
	(void)number(r, 5, MIB_hopProbeTargetTimeout, 9);
	CU_ASSERT_EQUAL(request_test(r, 5), AGENTX_INCONSISTENT_VALUE);
	request_begin(r);
	(void)number(r, 5, MIB_hopProbeTargetRowStatus, 6);
	(void)number(r, 99, MIB_hopProbeTargetRowStatus, 6);
	CU_ASSERT_EQUAL(request_test(r, 5), AGENTX_OK);
	CU_ASSERT_EQUAL(request_test(r, 99), AGENTX_OK); /* RFC 2579 */
	request_free(&r);
	targets_free(&t);
}

static void
test_room(void)
{
	struct targets *t = targets_new(3);
	struct request *r = request_new(t);
	struct target_ask a = {.lifetime_s = 1};
	struct mono now = {1};
	uint32_t i;

	(void)targets_add(t, 100, &a, now);
	request_begin(r);
	create(r, 1);
	create(r, 2);
	CU_ASSERT_EQUAL(request_test(r, 1), AGENTX_OK);
	create(r, 3);
	CU_ASSERT_EQUAL(request_test(r, 1), AGENTX_NO_ROOM);
	CU_ASSERT_TRUE(request_was_full(r));
	CU_ASSERT_FALSE(request_was_full(r));
	request_begin(r);
	for (i = 1; i <= REQUEST_ROWS; i++)
		CU_ASSERT_EQUAL_FATAL(
		    number(r, i, MIB_hopProbeTargetRowStatus, 6), AGENTX_OK);
	CU_ASSERT_EQUAL(
	    number(r, i, MIB_hopProbeTargetRowStatus, 6), AGENTX_NO_ROOM);
	request_free(&r);
	targets_free(&t);
}

static const struct unit_test tests[] = {
    {"an address is enough, the rest has defaults", test_defaults},
    {"a mapped address is IPv4", test_mapped},
    {"values that cannot be are refused", test_form},
    {"rows that make no sense are refused", test_sense},
    {"there is a bound", test_room},
};

UNIT_MAIN("agent/request", tests)
