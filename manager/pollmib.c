/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tables of objects and the reading of answers. An agent may answer
 * anything: what does not fit is taken for missing.
 */
#include "manager/pollmib.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <string.h>

#include "mib.h"

#define OID_MAX       24
#define CHECK_COLUMNS 3
/* 45 varbinds of about 29 octets fit one packet of 1500. */
#define CHECK_REPEATS 15
/* More than any amount: such a number is a mistake. */
#define NUMBER_MAX INT64_C(1000000000000000)

enum {
	LOAD_NUMBER,
	LOAD_AGE,
	LOAD_METRICS,
	LOAD_CONNECTIONS,
	LOAD_RAM_FREE,
	LOAD_RAM_TOTAL,
	LOAD_SWAP_FREE,
	LOAD_SWAP_TOTAL,
	LOAD_CPU_IDLE,
	LOAD_CHECK_CHANGES,
	LOAD_OBJECTS
};

static const enum mib_object load_objects[LOAD_OBJECTS] = {
    [LOAD_NUMBER] = MIB_hopLoadSampleNumber,
    [LOAD_AGE] = MIB_hopLoadSampleAge,
    [LOAD_METRICS] = MIB_hopLoadSampleMetrics,
    [LOAD_CONNECTIONS] = MIB_hopLoadConnections,
    [LOAD_RAM_FREE] = MIB_hopLoadRamFree,
    [LOAD_RAM_TOTAL] = MIB_hopLoadRamTotal,
    [LOAD_SWAP_FREE] = MIB_hopLoadSwapFree,
    [LOAD_SWAP_TOTAL] = MIB_hopLoadSwapTotal,
    [LOAD_CPU_IDLE] = MIB_hopLoadCpuIdle,
    [LOAD_CHECK_CHANGES] = MIB_hopLoadCheckChanges,
};

static const enum mib_object check_objects[CHECK_COLUMNS] = {
    MIB_hopLoadCheckName, MIB_hopLoadCheckState, MIB_hopLoadCheckReason};

struct name {
	oid oid[OID_MAX];
	size_t len;
};

/* An object of ours with an index of one number. */
static void
name_of(enum mib_object o, uint32_t index, struct name *n)
{
	static const oid point[] = {MIB_POINT};
	const struct mib_info *info = &mib_objects[o];
	size_t i;

	memcpy(n->oid, point, sizeof(point));
	n->len = MIB_POINT_LEN;
	for (i = 0; i < info->oid_len; i++)
		n->oid[n->len++] = info->oid[i];
	n->oid[n->len++] = index;
}

void
pollmib_ask_sample(netsnmp_pdu *pdu)
{
	struct name n;
	size_t i;

	for (i = 0; i < LOAD_OBJECTS; i++) {
		name_of(load_objects[i], 0, &n);
		(void)snmp_add_null_var(pdu, n.oid, n.len);
	}
}

struct value {
	bool there;
	int64_t number;
	const u_char *bytes;
	size_t len;
};

static int64_t
number_of(const netsnmp_variable_list *v)
{
	switch (v->type) {
	case ASN_INTEGER:
		return *v->val.integer;
	case ASN_GAUGE: /* and Unsigned32 */
	case ASN_COUNTER:
	case ASN_TIMETICKS:
		return (int64_t)(*v->val.integer & 0xffffffff);
	case ASN_COUNTER64:
		if (v->val.counter64->high > 0x7fffffff)
			return -1;
		return (int64_t)((uint64_t)v->val.counter64->high << 32 |
				 (v->val.counter64->low & 0xffffffff));
	default: /* noSuchObject and its like */
		return -1;
	}
}

static void
value_of(const netsnmp_variable_list *v, struct value *out)
{
	memset(out, 0, sizeof(*out));
	if (v->type == ASN_OCTET_STR) {
		out->there = true;
		out->bytes = v->val.string;
		out->len = v->val_len;
		return;
	}
	out->number = number_of(v);
	out->there = out->number >= 0 && out->number <= NUMBER_MAX;
	if (!out->there)
		out->number = 0;
}

/* The values of the objects asked for; what is not there stays out. */
static void
values_of(const netsnmp_pdu *pdu, struct value out[LOAD_OBJECTS])
{
	const netsnmp_variable_list *v = pdu->variables;
	struct name n;
	size_t i;

	memset(out, 0, LOAD_OBJECTS * sizeof(*out));
	/* An answer has the order of its request (RFC 3416, 4.2.1). */
	for (i = 0; i < LOAD_OBJECTS && v != NULL; i++, v = v->next_variable) {
		name_of(load_objects[i], 0, &n);
		if (snmp_oid_compare(v->name, v->name_length, n.oid, n.len) ==
		    0)
			value_of(v, &out[i]);
	}
}

bool
pollmib_sample(const netsnmp_pdu *pdu, struct record_sample *s)
{
	struct value v[LOAD_OBJECTS];
	struct sample *x = &s->values;
	uint8_t bits;

	values_of(pdu, v);
	if (!v[LOAD_NUMBER].there || !v[LOAD_METRICS].there)
		return false;
	bits = v[LOAD_METRICS].len > 0 ? v[LOAD_METRICS].bytes[0] : 0;
	s->number = (uint32_t)v[LOAD_NUMBER].number;
	s->age_ms = v[LOAD_AGE].number;
	s->check_changes = (uint32_t)v[LOAD_CHECK_CHANGES].number;
	/* BITS count from the left (RFC 2578, 7.1.4). */
	x->known[METRIC_CONNECTIONS] =
	    (bits & 0x80) != 0 && v[LOAD_CONNECTIONS].there;
	x->known[METRIC_RAM] = (bits & 0x40) != 0 && v[LOAD_RAM_TOTAL].there;
	x->known[METRIC_SWAP] = (bits & 0x20) != 0 && v[LOAD_SWAP_TOTAL].there;
	x->known[METRIC_CPU] = (bits & 0x10) != 0 && v[LOAD_CPU_IDLE].there;
	x->connections = (double)v[LOAD_CONNECTIONS].number;
	x->ram_free = (double)v[LOAD_RAM_FREE].number;
	x->ram_total = (double)v[LOAD_RAM_TOTAL].number;
	x->swap_free = (double)v[LOAD_SWAP_FREE].number;
	x->swap_total = (double)v[LOAD_SWAP_TOTAL].number;
	x->cpu_idle = (double)v[LOAD_CPU_IDLE].number;
	return true;
}

void
pollmib_ask_checks(netsnmp_pdu *pdu, uint32_t behind)
{
	struct name n;
	size_t i;

	pdu->non_repeaters = 0;
	pdu->max_repetitions = CHECK_REPEATS;
	for (i = 0; i < CHECK_COLUMNS; i++) {
		name_of(check_objects[i], behind, &n);
		/* No index is 0: this is the column from its start. */
		(void)snmp_add_null_var(pdu, n.oid, n.len);
	}
}

/* The index of a variable in a column of the check table, or 0. */
static uint32_t
index_in(const netsnmp_variable_list *v, int column)
{
	struct name n;

	name_of(check_objects[column], 0, &n);
	if (v == NULL || v->name_length != n.len ||
	    memcmp(v->name, n.oid, (n.len - 1) * sizeof(oid)) != 0)
		return 0;
	return (uint32_t)v->name[n.len - 1];
}

static bool
read_check(const struct value *name, const struct value *state,
    const struct value *reason, struct record_check *c)
{
	memset(c, 0, sizeof(*c));
	if (name->len == 0 || name->len >= sizeof(c->name) ||
	    memchr(name->bytes, '\0', name->len) != NULL || !state->there ||
	    state->number < STATE_UNKNOWN || state->number > STATE_DOWN)
		return false;
	memcpy(c->name, name->bytes, name->len);
	c->state = (enum state)state->number;
	c->reason = REASON_NONE;
	if (reason->len > 0)
		c->reason =
		    record_reason((const char *)reason->bytes, reason->len);
	return true;
}

enum pollmib_row
pollmib_check(
    const netsnmp_variable_list **vp, uint32_t *index, struct record_check *c)
{
	const netsnmp_variable_list *v = *vp, *second, *third;
	struct value name, state, reason;
	uint32_t at = index_in(v, 0);

	/* Behind the column; or no progress, which would never end. */
	if (at <= *index)
		return POLLMIB_END;
	second = v->next_variable;
	third = second != NULL ? second->next_variable : NULL;
	/* A row that came or went while the table was read. */
	if (third == NULL || index_in(second, 1) != at ||
	    index_in(third, 2) != at)
		return POLLMIB_TORN;
	value_of(v, &name);
	value_of(second, &state);
	value_of(third, &reason);
	if (!read_check(&name, &state, &reason, c))
		return POLLMIB_TORN;
	*index = at;
	*vp = third->next_variable;
	return POLLMIB_ROW;
}
