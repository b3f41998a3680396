/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Snapshots: order, look-ups, the cutting of values and the way through a
 * pipe. The walk is held against the GETs, as an SNMP client would do.
 */

#include "lib/snap.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit.h"

static void
oid_of(enum mib_object o, const uint32_t *index, size_t n, uint32_t *oid,
    size_t *len)
{
	const struct mib_info *info = &mib_objects[o];

	memcpy(oid, info->oid, info->oid_len * sizeof(*oid));
	oid[info->oid_len] = 0;
	if (n > 0)
		memcpy(oid + info->oid_len, index, n * sizeof(*oid));
	*len = info->oid_len + (n == 0 ? 1 : n);
}

static int
get(const struct snap *s, enum mib_object o, const uint32_t *index, size_t n,
    int64_t late, struct snap_value *v)
{
	uint32_t oid[SNAP_OID_MAX];
	size_t len;

	oid_of(o, index, n, oid, &len);
	return snap_get(s, oid, len, late, v);
}

static int64_t
number(const struct snap *s, enum mib_object o, int64_t late)
{
	struct snap_value v;

	return get(s, o, NULL, 0, late, &v) == 0 ? v.number : -1;
}

/* Two tables and some scalars, put in against the order. */
static struct snap *
sample(void)
{
	struct snap *s = snap_new();
	uint32_t i, two[2];

	for (i = 3; i >= 1; i--) {
		snap_text(s, MIB_hopManagerServerName, &i, 1, "www");
		snap_number(s, MIB_hopManagerServerState, &i, 1, i);
		two[0] = i;
		two[1] = 4 - i;
		snap_number(s, MIB_hopManagerLoadValue, two, 2, 100 * i);
	}
	snap_text(s, MIB_hopManagerVersion, NULL, 0, "0.1.0");
	snap_number(s, MIB_hopManagerServers, NULL, 0, 3);
	snap_sort(s);
	return s;
}

static void
a_walk_is_the_set_of_gets(void)
{
	struct snap *s = sample();
	struct snap_value v, w;
	uint32_t oid[SNAP_OID_MAX] = {0};
	size_t n = 0, count = 0;

	while (snap_next(s, oid, n, 0, &v) == 0) {
		CU_ASSERT(count == 0 || memcmp(oid, v.oid, sizeof(oid)) != 0);
		CU_ASSERT(snap_get(s, v.oid, v.oid_len, 0, &w) == 0);
		CU_ASSERT(w.object == v.object && w.number == v.number);
		memcpy(oid, v.oid, sizeof(oid));
		n = v.oid_len;
		count++;
	}
	CU_ASSERT_EQUAL(count, 11);
	CU_ASSERT_EQUAL(count, snap_count(s));
	snap_free(&s);
}

static void
a_walk_goes_up(void)
{
	struct snap *s = sample();
	struct snap_value v;
	uint32_t oid[SNAP_OID_MAX];
	size_t n = 0, i;

	while (snap_next(s, oid, n, 0, &v) == 0) {
		for (i = 0; i < n && i < v.oid_len && oid[i] == v.oid[i]; i++)
			;
		CU_ASSERT(i == n || (i < v.oid_len && oid[i] < v.oid[i]));
		memcpy(oid, v.oid, sizeof(oid));
		n = v.oid_len;
	}
	snap_free(&s);
}

static void
next_works_from_any_place(void)
{
	struct snap *s = sample();
	struct snap_value v;
	/* The load subtree, which is not there, and everything behind. */
	const uint32_t load[] = {1, 1, 1, 1, 0}, last[] = {9};
	/* Behind a scalar's instance, and between two rows. */
	const uint32_t scalar[] = {1, 3, 1, 1, 0, 5};
	uint32_t row[] = {1, 3, 8, 1, 2, 1, 77};

	CU_ASSERT(snap_next(s, load, 5, 0, &v) == 0);
	CU_ASSERT_EQUAL(v.object, MIB_hopManagerVersion);
	CU_ASSERT(snap_next(s, scalar, 6, 0, &v) == 0);
	CU_ASSERT_EQUAL(v.object, MIB_hopManagerServers);
	CU_ASSERT(snap_next(s, row, 7, 0, &v) == 0);
	CU_ASSERT_EQUAL(v.object, MIB_hopManagerServerName);
	CU_ASSERT_EQUAL(v.oid[5], 2);
	CU_ASSERT(snap_next(s, last, 1, 0, &v) == -1);
	CU_ASSERT(snap_get(s, row, 7, 0, &v) == -1);
	snap_free(&s);
}

static void
of_two_values_the_last_stays(void)
{
	struct snap *s = snap_new();
	int i;

	for (i = 0; i < 100; i++)
		snap_number(s, MIB_hopManagerServers, NULL, 0, i);
	snap_number(s, MIB_hopManagerAgents, NULL, 0, 7);
	snap_sort(s);
	CU_ASSERT_EQUAL(snap_count(s), 2);
	CU_ASSERT_EQUAL(number(s, MIB_hopManagerServers, 0), 99);
	CU_ASSERT_EQUAL(number(s, MIB_hopManagerAgents, 0), 7);
	snap_free(&s);
}

static void
numbers_are_cut_but_counters_wrap(void)
{
	static const struct {
		enum mib_object o;
		int64_t in, out;
	} t[] = {
	    {MIB_hopLoadConnections, -1, 0},
	    {MIB_hopLoadConnections, INT64_C(4294967295), INT64_C(4294967295)},
	    {MIB_hopLoadConnections, INT64_C(4294967296), INT64_C(4294967295)},
	    {MIB_hopLoadCpuIdle, 10001, 10000},
	    {MIB_hopLoadSamplesMissed, INT64_C(4294967297), 1},
	    {MIB_hopDirectorDecisions, INT64_C(4294967297),
		INT64_C(4294967297)},
	    {MIB_hopLoadSampleInterval, 0, 100},
	};
	struct snap *s = snap_new();
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		snap_reset(s);
		snap_number(s, t[i].o, NULL, 0, t[i].in);
		snap_sort(s);
		CU_ASSERT_EQUAL(number(s, t[i].o, 0), t[i].out);
	}
	snap_free(&s);
}

static void
ages_grow_until_they_are_read(void)
{
	struct snap *s = snap_new();

	snap_age(s, MIB_hopLoadUptime, NULL, 0, 1900000);
	snap_age(s, MIB_hopLoadSampleAge, NULL, 0, 1500);
	snap_sort(s);
	CU_ASSERT_EQUAL(number(s, MIB_hopLoadUptime, 0), 1);
	CU_ASSERT_EQUAL(number(s, MIB_hopLoadUptime, 100000), 2);
	CU_ASSERT_EQUAL(number(s, MIB_hopLoadSampleAge, 0), 1);
	CU_ASSERT_EQUAL(number(s, MIB_hopLoadSampleAge, 1500), 3);
	CU_ASSERT_EQUAL(
	    number(s, MIB_hopLoadSampleAge, INT64_MAX), INT64_C(4294967295));
	snap_free(&s);
}

static void
text_is_cut_to_the_size_of_its_object(void)
{
	struct snap *s = snap_new();
	char text[400];
	struct snap_value v;
	uint32_t one = 1;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	snap_text(s, MIB_hopLoadVersion, NULL, 0, text);
	snap_text(s, MIB_hopLoadCheckReason, &one, 1, text);
	snap_text(s, MIB_hopLoadPorts, NULL, 0, "");
	snap_sort(s);
	CU_ASSERT(get(s, MIB_hopLoadVersion, NULL, 0, 0, &v) == 0);
	CU_ASSERT_EQUAL(v.len, 255);
	CU_ASSERT(get(s, MIB_hopLoadCheckReason, &one, 1, 0, &v) == 0);
	CU_ASSERT_EQUAL(v.len, 64);
	CU_ASSERT(get(s, MIB_hopLoadPorts, NULL, 0, 0, &v) == 0);
	CU_ASSERT(v.len == 0 && v.bytes != NULL);
	snap_free(&s);
}

static void
a_snapshot_survives_the_pipe(void)
{
	struct snap *s = sample(), *t = snap_new();
	struct snap_value v, w;
	uint8_t *bytes;
	size_t len, n = 0;
	uint32_t oid[SNAP_OID_MAX];

	snap_encode(s, &bytes, &len);
	CU_ASSERT_FATAL(snap_decode(t, bytes, len) == 0);
	CU_ASSERT_EQUAL(snap_count(t), snap_count(s));
	while (snap_next(s, oid, n, 0, &v) == 0) {
		CU_ASSERT(snap_get(t, v.oid, v.oid_len, 0, &w) == 0);
		CU_ASSERT(v.len == w.len && v.number == w.number);
		CU_ASSERT(v.len == 0 || memcmp(v.bytes, w.bytes, v.len) == 0);
		memcpy(oid, v.oid, sizeof(oid));
		n = v.oid_len;
	}
	free(bytes);
	snap_free(&s);
	snap_free(&t);
}

static void
bytes_that_are_not_whole_are_refused(void)
{
	struct snap *s = sample(), *t = snap_new();
	uint8_t *bytes, *copy;
	size_t len, cut;

	snap_encode(s, &bytes, &len);
	for (cut = 0; cut < len; cut++) {
		copy = malloc(cut == 0 ? 1 : cut); /* asan sees the end */
		memcpy(copy, bytes, cut);
		CU_ASSERT(snap_decode(t, copy, cut) == -1);
		CU_ASSERT_EQUAL(snap_count(t), 0);
		free(copy);
	}
	free(bytes);
	snap_free(&s);
	snap_free(&t);
}

static void
an_instance_belongs_to_an_object_or_not(void)
{
	const uint32_t yes[] = {1, 3, 8, 1, 2, 99}, no[] = {1, 3, 8, 1, 99, 1};

	CU_ASSERT(snap_has_object(yes, 6));
	CU_ASSERT(!snap_has_object(no, 6));
	CU_ASSERT(!snap_has_object(yes, 2));
}

static void
the_objects_stand_in_order(void)
{
	size_t i, k;

	for (i = 1; i < MIB_OBJECTS; i++) {
		const struct mib_info *a = &mib_objects[i - 1],
				      *b = &mib_objects[i];

		for (k = 0; k < a->oid_len && a->oid[k] == b->oid[k]; k++)
			;
		CU_ASSERT(
		    k < a->oid_len && k < b->oid_len && a->oid[k] < b->oid[k]);
	}
}

static const struct unit_test tests[] = {
    {"a walk is the set of GETs", a_walk_is_the_set_of_gets},
    {"a walk goes up", a_walk_goes_up},
    {"next works from any place", next_works_from_any_place},
    {"of two values the last stays", of_two_values_the_last_stays},
    {"numbers are cut, but counters wrap", numbers_are_cut_but_counters_wrap},
    {"ages grow until they are read", ages_grow_until_they_are_read},
    {"text is cut to its object's size", text_is_cut_to_the_size_of_its_object},
    {"a snapshot survives the pipe", a_snapshot_survives_the_pipe},
    {"bytes that are not whole are refused",
	bytes_that_are_not_whole_are_refused},
    {"an instance belongs to an object or not",
	an_instance_belongs_to_an_object_or_not},
    {"the objects stand in order", the_objects_stand_in_order},
};

UNIT_MAIN("lib/snap", tests)
