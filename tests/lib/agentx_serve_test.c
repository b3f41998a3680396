/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Snapshot and tables served together, without an snmpd: the walk is in order
 * and the set of the GETs, and a SET goes through its steps.
 */

#include "lib/agentx_serve.h"

#include <string.h>

#include "tests/unit.h"

static const uint32_t rows[] = {1, 5, 9, UINT32_MAX};
#define NROWS (sizeof(rows) / sizeof(rows[0]))

struct fake {
	unsigned begins, stages, tests, commits, drops;
	int answer; /* to TEST */
};

static bool
next(void *arg, uint32_t *index, bool at)
{
	size_t i;

	(void)arg;
	for (i = 0; i < NROWS; i++) {
		if (rows[i] > index[0] || (at && rows[i] == index[0])) {
			index[0] = rows[i];
			return true;
		}
	}
	return false;
}

static void
value(void *arg, const uint32_t *index, enum mib_object o, struct snap_value *v)
{
	(void)arg;
	v->number = index[0] % 10;
	if (mib_objects[o].type == MIB_OCTETS) {
		v->bytes = (const uint8_t *)"8888";
		v->len = 4;
	}
}

static int
set(void *arg, enum agentx_step step, const uint32_t *index, enum mib_object o,
    const struct snap_value *v)
{
	struct fake *f = arg;

	(void)index;
	(void)o;
	(void)v;
	f->begins += step == AGENTX_BEGIN;
	f->stages += step == AGENTX_STAGE;
	f->tests += step == AGENTX_TEST;
	f->commits += step == AGENTX_COMMIT;
	f->drops += step == AGENTX_DROP;
	return step == AGENTX_TEST ? f->answer : AGENTX_OK;
}

static const struct agentx_table table = {.first = MIB_hopProbeTargetName,
    .last = MIB_hopProbeTargetRowStatus,
    .index_len = 1,
    .next = next,
    .value = value,
    .set = set};

struct server {
	struct fake fake;
	struct agentx_conf conf;
	struct agentx_serve serve;
	netsnmp_mib_handler handler;
	netsnmp_agent_request_info info;
};

/* Scalars before and behind the table. */
static struct server *
server_new(void)
{
	struct server *s = calloc(1, sizeof(*s));

	s->conf.tables = &table;
	s->conf.ntables = 1;
	s->conf.arg = &s->fake;
	s->serve.conf = &s->conf;
	s->serve.snap = snap_new();
	s->serve.taken = mono_now();
	snap_number(s->serve.snap, MIB_hopProbeTargets, NULL, 0, 4);
	snap_number(s->serve.snap, MIB_hopProbeJournalLastIndex, NULL, 0, 7);
	snap_sort(s->serve.snap);
	s->handler.myvoid = &s->serve;
	return s;
}

static void
server_free(struct server *s)
{
	snap_free(&s->serve.snap);
	free(s);
}

/* One request; its answer stays in *vb. The error, or 0. */
static int
ask(struct server *s, int mode, netsnmp_variable_list *vb)
{
	netsnmp_request_info r = {.requestvb = vb};

	s->info.mode = mode;
	CU_ASSERT_EQUAL(
	    agentx_serve(&s->handler, NULL, &s->info, &r), SNMP_ERR_NOERROR);
	return r.status;
}

static netsnmp_variable_list *
name_of(enum mib_object o, uint32_t index)
{
	static const oid point[] = {MIB_POINT};
	const struct mib_info *info = &mib_objects[o];
	netsnmp_variable_list *vb = calloc(1, sizeof(*vb));
	oid name[MAX_OID_LEN];
	size_t i;

	memcpy(name, point, sizeof(point));
	for (i = 0; i < info->oid_len; i++)
		name[MIB_POINT_LEN + i] = info->oid[i];
	name[MIB_POINT_LEN + info->oid_len] = index;
	snmp_set_var_objid(vb, name, MIB_POINT_LEN + info->oid_len + 1);
	vb->type = ASN_NULL;
	return vb;
}

static void
test_walk(void)
{
	static const oid point[] = {MIB_POINT};
	struct server *s = server_new();
	netsnmp_variable_list *vb = calloc(1, sizeof(*vb)), *one;
	oid last[MAX_OID_LEN];
	size_t last_len = MIB_POINT_LEN, steps = 0;

	snmp_set_var_objid(vb, point, MIB_POINT_LEN);
	memcpy(last, point, sizeof(point));
	for (;; steps++) {
		vb->type = ASN_NULL;
		(void)ask(s, MODE_GETNEXT, vb);
		if (vb->type == ASN_NULL)
			break;
		CU_ASSERT_TRUE_FATAL(snmp_oid_compare(vb->name, vb->name_length,
					 last, last_len) > 0);
		last_len = vb->name_length;
		memcpy(last, vb->name, last_len * sizeof(*last));
		one = calloc(1, sizeof(*one));
		snmp_set_var_objid(one, vb->name, vb->name_length);
		CU_ASSERT_EQUAL(ask(s, MODE_GET, one), 0);
		CU_ASSERT_EQUAL(one->type, vb->type);
		CU_ASSERT_EQUAL(one->val_len, vb->val_len);
		snmp_free_varbind(one);
	}
	CU_ASSERT_EQUAL(steps, 2 + 9 * NROWS);
	snmp_free_varbind(vb);
	server_free(s);
}

static void
test_no_row(void)
{
	struct server *s = server_new();
	netsnmp_variable_list *vb = name_of(MIB_hopProbeTargetName, 2);

	CU_ASSERT_EQUAL(ask(s, MODE_GET, vb), 0);
	CU_ASSERT_EQUAL(vb->type, SNMP_NOSUCHINSTANCE);
	snmp_free_varbind(vb);
	server_free(s);
}

static int
set_steps(struct server *s, enum mib_object o, u_char type, const void *value_,
    size_t len, int last)
{
	static const int modes[] = {
	    MODE_SET_RESERVE1, MODE_SET_RESERVE2, MODE_SET_ACTION};
	netsnmp_variable_list *vb = name_of(o, 77);
	int error = 0;
	size_t i;

	(void)snmp_set_var_typed_value(vb, type, value_, len);
	for (i = 0; i < 3 && error == 0; i++)
		error = ask(s, modes[i], vb);
	(void)ask(s, error == 0 ? last : MODE_SET_FREE, vb);
	snmp_free_varbind(vb);
	return error;
}

static void
test_set(void)
{
	struct server *s = server_new();
	u_long n = 2000;
	long status = 4;

	CU_ASSERT_EQUAL(set_steps(s, MIB_hopProbeTargetInterval, ASN_UNSIGNED,
			    &n, sizeof(n), MODE_SET_COMMIT),
	    0);
	CU_ASSERT_EQUAL(s->fake.begins, 1);
	CU_ASSERT_EQUAL(s->fake.stages, 1);
	CU_ASSERT_EQUAL(s->fake.tests, 1);
	CU_ASSERT_EQUAL(s->fake.commits, 1);
	CU_ASSERT_EQUAL(s->fake.drops, 0);
	s->fake.answer = AGENTX_INCONSISTENT_VALUE;
	CU_ASSERT_EQUAL(set_steps(s, MIB_hopProbeTargetRowStatus, ASN_INTEGER,
			    &status, sizeof(status), MODE_SET_COMMIT),
	    AGENTX_INCONSISTENT_VALUE);
	CU_ASSERT_EQUAL(s->fake.commits, 1);
	CU_ASSERT_EQUAL(s->fake.drops, 1);
	server_free(s);
}

static void
test_form(void)
{
	struct server *s = server_new();
	u_long n = 86400001;
	long i = 1;

	CU_ASSERT_EQUAL(set_steps(s, MIB_hopProbeTargetInterval, ASN_UNSIGNED,
			    &n, sizeof(n), MODE_SET_COMMIT),
	    SNMP_ERR_WRONGVALUE);
	CU_ASSERT_EQUAL(set_steps(s, MIB_hopProbeTargetInterval, ASN_INTEGER,
			    &i, sizeof(i), MODE_SET_COMMIT),
	    SNMP_ERR_WRONGTYPE);
	CU_ASSERT_EQUAL(set_steps(s, MIB_hopProbeTargetAddress, ASN_OCTET_STR,
			    "123", 3, MODE_SET_COMMIT),
	    SNMP_ERR_WRONGLENGTH);
	CU_ASSERT_EQUAL(set_steps(s, MIB_hopProbeTargetName, ASN_OCTET_STR,
			    "123", 3, MODE_SET_COMMIT),
	    SNMP_ERR_NOTWRITABLE);
	CU_ASSERT_EQUAL(s->fake.stages, 0);
	server_free(s);
}

static const struct unit_test tests[] = {
    {"a walk over scalars and tables is the set of its GETs", test_walk},
    {"a row that is not there is no such instance", test_no_row},
    {"a SET is staged, tested, and done or dropped", test_set},
    {"what is not of the MIB's form comes to no table", test_form},
};

UNIT_MAIN("lib/agentx_serve", tests)
