/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A prober may answer anything: what does not fit is taken for missing. A row
 * that the answer has cut off, or that went while it was read, is left for the
 * next one.
 */
#include "manager/probemib.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <string.h>

#include "mib.h"

#define OID_MAX 24

enum { SCALAR_BORDER, SCALAR_UPLINK, SCALAR_REASON, SCALAR_EPOCH, SCALARS };
enum {
	COLUMN_NAME,
	COLUMN_STATUS,
	COLUMN_RTT,
	COLUMN_SPREAD,
	COLUMN_LOSS,
	COLUMN_AGE,
	COLUMNS
};

static const enum mib_object scalars[SCALARS] = {
    [SCALAR_BORDER] = MIB_hopProbeBorder,
    [SCALAR_UPLINK] = MIB_hopProbeUplinkState,
    [SCALAR_REASON] = MIB_hopProbeUplinkReason,
    [SCALAR_EPOCH] = MIB_hopProbeJournalCurrentEpoch,
};

static const enum mib_object columns[COLUMNS] = {
    [COLUMN_NAME] = MIB_hopProbeJournalName,
    [COLUMN_STATUS] = MIB_hopProbeJournalStatus,
    [COLUMN_RTT] = MIB_hopProbeJournalRttMedian,
    [COLUMN_SPREAD] = MIB_hopProbeJournalRttSpread,
    [COLUMN_LOSS] = MIB_hopProbeJournalLoss,
    [COLUMN_AGE] = MIB_hopProbeJournalAge,
};

struct name {
	oid oid[OID_MAX];
	size_t len;
};

static void
name_of(enum mib_object o, struct name *n)
{
	static const oid point[] = {MIB_POINT};
	const struct mib_info *info = &mib_objects[o];
	size_t i;

	memcpy(n->oid, point, sizeof(point));
	n->len = MIB_POINT_LEN;
	for (i = 0; i < info->oid_len; i++)
		n->oid[n->len++] = info->oid[i];
}

void
probemib_ask(
    netsnmp_pdu *pdu, const struct record_cursor *behind, unsigned rows)
{
	struct name n;
	size_t i;

	pdu->non_repeaters = SCALARS;
	pdu->max_repetitions = (long)rows;
	for (i = 0; i < SCALARS; i++) {
		name_of(scalars[i], &n); /* what comes next is its .0 */
		(void)snmp_add_null_var(pdu, n.oid, n.len);
	}
	for (i = 0; i < COLUMNS; i++) {
		name_of(columns[i], &n);
		/* No epoch is 0: this is the column from its start. */
		n.oid[n.len++] = behind->epoch;
		n.oid[n.len++] = behind->index;
		(void)snmp_add_null_var(pdu, n.oid, n.len);
	}
}

/* Whether a variable is an instance of an object, with so many numbers behind
 * it. */
static bool
is_of(const netsnmp_variable_list *v, enum mib_object o, size_t index)
{
	struct name n;

	name_of(o, &n);
	return v != NULL && v->name_length == n.len + index &&
	       memcmp(v->name, n.oid, n.len * sizeof(oid)) == 0;
}

/* An unsigned number; -1: it is none. */
static int64_t
number_of(const netsnmp_variable_list *v)
{
	if (v->type != ASN_INTEGER && v->type != ASN_GAUGE)
		return -1;
	return (int64_t)(*v->val.integer & 0xffffffff);
}

/* Octets as text; false: there are none, or too many, or one is NUL. */
static bool
text_of(const netsnmp_variable_list *v, char *buf, size_t size)
{
	if (v->type != ASN_OCTET_STR || v->val_len == 0 || v->val_len >= size ||
	    memchr(v->val.string, '\0', v->val_len) != NULL)
		return false;
	memcpy(buf, v->val.string, v->val_len);
	buf[v->val_len] = '\0';
	return true;
}

bool
probemib_status(const netsnmp_pdu *pdu, struct probemib_status *s,
    const netsnmp_variable_list **rows)
{
	const netsnmp_variable_list *v = pdu->variables, *part[SCALARS];
	char reason[RECORD_NAME];
	int64_t uplink, epoch;
	size_t i;

	memset(s, 0, sizeof(*s));
	for (i = 0; i < SCALARS; i++, v = v->next_variable) {
		if (!is_of(v, scalars[i], 1))
			return false;
		part[i] = v;
	}
	*rows = v;
	uplink = number_of(part[SCALAR_UPLINK]);
	epoch = number_of(part[SCALAR_EPOCH]);
	if (!text_of(part[SCALAR_BORDER], s->border, sizeof(s->border)) ||
	    uplink < STATE_UNKNOWN || uplink > STATE_DOWN || epoch <= 0)
		return false;
	s->uplink = (enum state)uplink;
	s->epoch = (uint32_t)epoch;
	if (text_of(part[SCALAR_REASON], reason, sizeof(reason)))
		s->uplink_reason = record_reason(reason, strlen(reason));
	return true;
}

static bool
behind(const struct record_cursor *a, const struct record_cursor *b)
{
	return a->epoch != b->epoch ? a->epoch > b->epoch : a->index > b->index;
}

/* The index of a variable in a column. */
static bool
index_in(const netsnmp_variable_list *v, int column, struct record_cursor *at)
{
	if (!is_of(v, columns[column], 2))
		return false;
	at->epoch = (uint32_t)v->name[v->name_length - 2];
	at->index = (uint32_t)v->name[v->name_length - 1];
	return true;
}

static bool
read_row(netsnmp_variable_list const *const *part, struct record_result *r)
{
	int64_t n[COLUMNS];
	char name[ADDR_TEXT];
	int i;

	memset(r, 0, sizeof(*r));
	for (i = COLUMN_STATUS; i < COLUMNS; i++) {
		n[i] = number_of(part[i]);
		if (n[i] < 0)
			return false;
	}
	if (!text_of(part[COLUMN_NAME], name, sizeof(name)) ||
	    addr_parse(name, &r->addr) < 0 ||
	    n[COLUMN_STATUS] < PROBE_REPLIED ||
	    n[COLUMN_STATUS] > PROBE_INEXACT)
		return false;
	r->status = (enum probe_status)n[COLUMN_STATUS];
	r->rtt_us = (uint32_t)n[COLUMN_RTT];
	r->spread_us = (uint32_t)n[COLUMN_SPREAD];
	r->loss = (uint32_t)n[COLUMN_LOSS];
	r->age_ms = (uint32_t)n[COLUMN_AGE];
	return true;
}

bool
probemib_row(const netsnmp_variable_list **vp, struct record_cursor *at,
    struct record_result *r)
{
	const netsnmp_variable_list *v = *vp, *part[COLUMNS];
	struct record_cursor first = {0, 0}, here;
	int i;

	for (i = 0; i < COLUMNS; i++, v = v->next_variable) {
		if (!index_in(v, i, &here))
			return false;
		if (i == 0)
			first = here;
		if (here.epoch != first.epoch || here.index != first.index)
			return false;
		part[i] = v;
	}
	/* No progress would never end. */
	if (!behind(&first, at))
		return false;
	*at = first;
	*vp = v;
	if (!read_row(part, r))
		r->status = PROBE_UNKNOWN; /* passed over */
	return true;
}

static void
add(netsnmp_pdu *pdu, enum mib_object o, uint32_t index, u_char type,
    const void *value, size_t len)
{
	struct name n;

	name_of(o, &n);
	n.oid[n.len++] = index;
	(void)snmp_pdu_add_variable(pdu, n.oid, n.len, type, value, len);
}

void
probemib_targets(netsnmp_pdu *pdu, uint32_t index, const struct addr *a,
    size_t n, const char *owner)
{
	const long create = 4; /* RowStatus: createAndGo */
	long type;
	size_t i;

	for (i = 0; i < n; i++, index++) {
		type = a[i].family == AF_INET ? 1 : 2; /* InetAddressType */
		add(pdu, MIB_hopProbeTargetOwner, index, ASN_OCTET_STR, owner,
		    strlen(owner));
		add(pdu, MIB_hopProbeTargetAddressType, index, ASN_INTEGER,
		    &type, sizeof(type));
		add(pdu, MIB_hopProbeTargetAddress, index, ASN_OCTET_STR,
		    a[i].ip, addr_bits(&a[i]) / 8);
		add(pdu, MIB_hopProbeTargetRowStatus, index, ASN_INTEGER,
		    &create, sizeof(create));
	}
}
