/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Net-SNMP's requests on a snapshot, put together by hand: no snmpd and no
 * sockets. What an snmpd makes of the answers is tested in the lab.
 */

#include "lib/agentx_serve.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit.h"

static const oid point[] = {MIB_POINT};
static struct {
	int n, commits;
	int64_t number;
	int answer;
} sets;

static int
on_set(void *arg, const uint32_t *name, size_t n, const struct snap_value *v,
    bool commit)
{
	(void)arg;
	CU_ASSERT(n == v->oid_len && memcmp(name, v->oid, n * 4) == 0);
	sets.n++;
	sets.commits += commit ? 1 : 0;
	sets.number = v->number;
	return commit ? 0 : sets.answer;
}

static const struct agentx_conf conf = {.on_set = on_set};

/* A snapshot of both kinds of tables and of all types. */
static struct agentx_serve
serve(void)
{
	struct agentx_serve s = {.snap = snap_new(), .conf = &conf};
	uint32_t row[2] = {1, 7};

	snap_text(s.snap, MIB_hopManagerVersion, NULL, 0, "0.1.0");
	snap_age(s.snap, MIB_hopManagerUptime, NULL, 0, 1000000);
	snap_number(s.snap, MIB_hopManagerAdminState, row, 2, 1);
	snap_text(s.snap, MIB_hopManagerAdminWho, row, 2, "ann");
	snap_number(
	    s.snap, MIB_hopDirectorDecisions, NULL, 0, INT64_C(0x123456789a));
	snap_sort(s.snap);
	s.taken = (struct mono){1};
	mono_fake((struct mono){1});
	return s;
}

/* One request about a name below the registration point. */
struct one {
	netsnmp_agent_request_info info;
	netsnmp_request_info request;
	netsnmp_variable_list vb;
	netsnmp_mib_handler handler;
	int status;
};

static struct one *
ask(struct agentx_serve *s, int mode, const uint32_t *name, size_t n,
    u_char type, const void *value, size_t len)
{
	static struct one o;
	oid full[MAX_OID_LEN];
	size_t i;

	snmp_reset_var_buffers(&o.vb);
	memset(&o, 0, sizeof(o));
	memcpy(full, point, sizeof(point));
	for (i = 0; i < n; i++)
		full[MIB_POINT_LEN + i] = name[i];
	snmp_set_var_objid(&o.vb, full, MIB_POINT_LEN + n);
	snmp_set_var_typed_value(&o.vb, type, value, len);
	o.info.mode = mode;
	o.request.requestvb = &o.vb;
	o.handler.myvoid = s;
	o.status = agentx_serve(&o.handler, NULL, &o.info, &o.request);
	CU_ASSERT_EQUAL(o.status, SNMP_ERR_NOERROR);
	return &o;
}

/* The part of the answer's name below the registration point. */
static bool
name_is(const struct one *o, const uint32_t *name, size_t n)
{
	size_t i;

	if (o->vb.name_length != MIB_POINT_LEN + n)
		return false;
	for (i = 0; i < n; i++)
		if (o->vb.name[MIB_POINT_LEN + i] != name[i])
			return false;
	return memcmp(o->vb.name, point, sizeof(point)) == 0;
}

static const uint32_t version[] = {1, 3, 1, 1, 0}, uptime[] = {1, 3, 1, 2, 0},
		      state[] = {1, 3, 12, 1, 4, 1, 7},
		      who[] = {1, 3, 12, 1, 5, 1, 7},
		      decisions[] = {1, 4, 2, 1, 0};

static void
a_get_has_the_type_of_its_object(void)
{
	struct agentx_serve s = serve();
	struct one *o = ask(&s, MODE_GET, version, 5, ASN_NULL, NULL, 0);

	CU_ASSERT_EQUAL(o->vb.type, ASN_OCTET_STR);
	CU_ASSERT(
	    o->vb.val_len == 5 && memcmp(o->vb.val.string, "0.1.0", 5) == 0);
	o = ask(&s, MODE_GET, uptime, 5, ASN_NULL, NULL, 0);
	CU_ASSERT(o->vb.type == ASN_GAUGE && *o->vb.val.integer == 1);
	o = ask(&s, MODE_GET, state, 7, ASN_NULL, NULL, 0);
	CU_ASSERT(o->vb.type == ASN_INTEGER && *o->vb.val.integer == 1);
	o = ask(&s, MODE_GET, decisions, 5, ASN_NULL, NULL, 0);
	CU_ASSERT_EQUAL(o->vb.type, ASN_COUNTER64);
	CU_ASSERT_EQUAL(o->vb.val.counter64->high, 0x12);
	CU_ASSERT_EQUAL(o->vb.val.counter64->low, 0x3456789a);
	snap_free(&s.snap);
}

static void
ages_are_of_the_moment_of_reading(void)
{
	struct agentx_serve s = serve();
	struct one *o;

	mono_fake((struct mono){2500000001});
	o = ask(&s, MODE_GET, uptime, 5, ASN_NULL, NULL, 0);
	CU_ASSERT_EQUAL(*o->vb.val.integer, 3);
	mono_fake((struct mono){0});
	snap_free(&s.snap);
}

static void
what_is_not_there_is_said_to_be_so(void)
{
	static const uint32_t no_row[] = {1, 3, 12, 1, 4, 1, 8},
			      no_object[] = {1, 3, 99, 1, 0};
	struct agentx_serve s = serve();
	struct one *o = ask(&s, MODE_GET, no_row, 7, ASN_NULL, NULL, 0);

	CU_ASSERT_EQUAL(o->vb.type, SNMP_NOSUCHINSTANCE);
	o = ask(&s, MODE_GET, no_object, 5, ASN_NULL, NULL, 0);
	CU_ASSERT_EQUAL(o->vb.type, SNMP_NOSUCHOBJECT);
	snap_free(&s.snap);
}

static void
next_walks_all_of_it_and_leaves_the_end_alone(void)
{
	static const uint32_t *const order[] = {
	    version, uptime, state, who, decisions};
	static const size_t len[] = {5, 5, 7, 7, 5};
	struct agentx_serve s = serve();
	struct one *o = ask(&s, MODE_GETNEXT, NULL, 0, ASN_NULL, NULL, 0);
	size_t i;

	CU_ASSERT(name_is(o, version, 5));
	for (i = 1; i < 5; i++) {
		o = ask(&s, MODE_GETNEXT, order[i - 1], len[i - 1], ASN_NULL,
		    NULL, 0);
		CU_ASSERT(name_is(o, order[i], len[i]));
	}
	o = ask(&s, MODE_GETNEXT, decisions, 5, ASN_NULL, NULL, 0);
	CU_ASSERT_EQUAL(o->vb.type, ASN_NULL);
	CU_ASSERT(name_is(o, decisions, 5));
	snap_free(&s.snap);
}

static void
without_a_snapshot_there_is_nothing(void)
{
	struct agentx_serve s = {.conf = &conf};
	struct one *o = ask(&s, MODE_GETNEXT, NULL, 0, ASN_NULL, NULL, 0);

	CU_ASSERT_EQUAL(o->vb.type, ASN_NULL);
}

static int
set(struct agentx_serve *s, int mode, const uint32_t *name, size_t n,
    u_char type, const void *value, size_t len)
{
	return ask(s, mode, name, n, type, value, len)->request.status;
}

static void
a_set_is_asked_first_and_done_last(void)
{
	struct agentx_serve s = serve();
	long two = 2;

	memset(&sets, 0, sizeof(sets));
	CU_ASSERT_EQUAL(set(&s, MODE_SET_RESERVE1, state, 7, ASN_INTEGER, &two,
			    sizeof(two)),
	    SNMP_ERR_NOERROR);
	CU_ASSERT(sets.n == 1 && sets.commits == 0 && sets.number == 2);
	(void)set(
	    &s, MODE_SET_RESERVE2, state, 7, ASN_INTEGER, &two, sizeof(two));
	(void)set(
	    &s, MODE_SET_ACTION, state, 7, ASN_INTEGER, &two, sizeof(two));
	(void)set(&s, MODE_SET_UNDO, state, 7, ASN_INTEGER, &two, sizeof(two));
	(void)set(&s, MODE_SET_FREE, state, 7, ASN_INTEGER, &two, sizeof(two));
	CU_ASSERT_EQUAL(sets.n, 1);
	(void)set(
	    &s, MODE_SET_COMMIT, state, 7, ASN_INTEGER, &two, sizeof(two));
	CU_ASSERT(sets.n == 2 && sets.commits == 1);
	sets.answer = SNMP_ERR_INCONSISTENTVALUE;
	CU_ASSERT_EQUAL(set(&s, MODE_SET_RESERVE1, state, 7, ASN_INTEGER, &two,
			    sizeof(two)),
	    SNMP_ERR_INCONSISTENTVALUE);
	snap_free(&s.snap);
}

static void
a_wrong_set_never_reaches_the_daemon(void)
{
	static const uint32_t no_row[] = {1, 3, 12, 1, 4, 1, 8},
			      no_object[] = {1, 3, 99, 1, 0};
	struct agentx_serve s = serve();
	long two = 2, four = 4, zero = 0, minus = -1;
	const struct {
		const uint32_t *name;
		size_t n;
		u_char type;
		const void *value;
		size_t len;
		int error;
	} t[] = {
	    {state, 7, ASN_INTEGER, &four, sizeof(long), SNMP_ERR_WRONGVALUE},
	    {state, 7, ASN_INTEGER, &zero, sizeof(long), SNMP_ERR_WRONGVALUE},
	    {state, 7, ASN_INTEGER, &minus, sizeof(long), SNMP_ERR_WRONGVALUE},
	    {state, 7, ASN_GAUGE, &two, sizeof(long), SNMP_ERR_WRONGTYPE},
	    {state, 7, ASN_OCTET_STR, "x", 1, SNMP_ERR_WRONGTYPE},
	    {who, 7, ASN_OCTET_STR, "x", 1, SNMP_ERR_NOTWRITABLE},
	    {no_row, 7, ASN_INTEGER, &two, sizeof(long), SNMP_ERR_NOCREATION},
	    {no_object, 5, ASN_INTEGER, &two, sizeof(long),
		SNMP_ERR_NOTWRITABLE},
	};
	size_t i;

	memset(&sets, 0, sizeof(sets));
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		CU_ASSERT_EQUAL(set(&s, MODE_SET_RESERVE1, t[i].name, t[i].n,
				    t[i].type, t[i].value, t[i].len),
		    t[i].error);
	CU_ASSERT_EQUAL(sets.n, 0);
	snap_free(&s.snap);
}

static const struct unit_test tests[] = {
    {"a GET has the type of its object", a_get_has_the_type_of_its_object},
    {"ages are of the moment of reading", ages_are_of_the_moment_of_reading},
    {"what is not there is said to be so", what_is_not_there_is_said_to_be_so},
    {"next walks all of it and leaves the end alone",
	next_walks_all_of_it_and_leaves_the_end_alone},
    {"without a snapshot there is nothing",
	without_a_snapshot_there_is_nothing},
    {"a SET is asked first and done last", a_set_is_asked_first_and_done_last},
    {"a wrong SET never reaches the daemon",
	a_wrong_set_never_reaches_the_daemon},
};

UNIT_MAIN("lib/agentx_serve", tests)
