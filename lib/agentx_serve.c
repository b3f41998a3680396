/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GET, GETNEXT and SET on a snapshot and on tables that are asked row by row.
 * GETBULK does not come: snmpd sends AgentX GetNext for it. Who may SET is
 * snmpd's business (VACM); a subagent does not even learn who asks.
 */

#include "lib/agentx_serve.h"

#include <string.h>

static const oid point[] = {MIB_POINT};

/* The part of a name below the registration point: its length, or -1 if the
 * name stands before all we have, or -2 behind. */
static ssize_t
below_point(const oid *name, size_t len, uint32_t *out)
{
	size_t i, n = len < MIB_POINT_LEN ? len : MIB_POINT_LEN;

	for (i = 0; i < n; i++)
		if (name[i] != point[i])
			return name[i] < point[i] ? -1 : -2;
	if (len <= MIB_POINT_LEN)
		return -1;
	len -= MIB_POINT_LEN;
	for (i = 0; i < len; i++)
		out[i] = name[MIB_POINT_LEN + i] > UINT32_MAX
			     ? UINT32_MAX
			     : (uint32_t)name[MIB_POINT_LEN + i];
	return (ssize_t)len;
}

static u_char
asn_type(enum mib_type type)
{
	switch (type) {
	case MIB_GAUGE32:
	case MIB_UNSIGNED32:
		return ASN_GAUGE; /* Unsigned32 has the same tag */
	case MIB_COUNTER32:
		return ASN_COUNTER;
	case MIB_COUNTER64:
		return ASN_COUNTER64;
	case MIB_INTEGER:
		return ASN_INTEGER;
	case MIB_OCTETS:
		return ASN_OCTET_STR;
	}
	return ASN_NULL;
}

static void
put_value(netsnmp_variable_list *vb, const struct snap_value *v)
{
	struct counter64 big;
	u_long number = (u_long)v->number;
	long integer = (long)v->number;

	if (v->type == MIB_OCTETS) {
		snmp_set_var_typed_value(vb, ASN_OCTET_STR, v->bytes, v->len);
	} else if (v->type == MIB_COUNTER64) {
		big.high = (u_long)((uint64_t)v->number >> 32);
		big.low = (u_long)((uint64_t)v->number & UINT32_MAX);
		snmp_set_var_typed_value(vb, ASN_COUNTER64, &big, sizeof(big));
	} else if (v->type == MIB_INTEGER) {
		snmp_set_var_typed_value(
		    vb, ASN_INTEGER, &integer, sizeof(integer));
	} else {
		snmp_set_var_typed_value(
		    vb, asn_type(v->type), &number, sizeof(number));
	}
}

static void
put_name(netsnmp_variable_list *vb, const struct snap_value *v)
{
	oid name[MIB_POINT_LEN + SNAP_OID_MAX];
	size_t i;

	memcpy(name, point, sizeof(point));
	for (i = 0; i < v->oid_len; i++)
		name[MIB_POINT_LEN + i] = v->oid[i];
	snmp_set_var_objid(vb, name, MIB_POINT_LEN + v->oid_len);
}

/* Of the first n numbers: whether `a` stands before, at or behind b. */
static int
compare(const uint32_t *a, const uint32_t *b, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return 0;
}

/* The table whose column this is, or NULL. */
static const struct agentx_table *
table_of(const struct agentx_serve *s, const uint32_t *name, size_t n,
    enum mib_object *column)
{
	const struct agentx_table *t = s->conf->tables;
	size_t i;
	int o;

	for (i = 0; i < s->conf->ntables; i++, t++) {
		for (o = (int)t->first; o <= (int)t->last; o++) {
			if (n < mib_objects[o].oid_len ||
			    compare(mib_objects[o].oid, name,
				mib_objects[o].oid_len) != 0)
				continue;
			*column = (enum mib_object)o;
			return t;
		}
	}
	return NULL;
}

static void
table_value(const struct agentx_serve *s, const struct agentx_table *t,
    enum mib_object o, const uint32_t *index, struct snap_value *v)
{
	const struct mib_info *info = &mib_objects[o];

	memset(v, 0, sizeof(*v));
	memcpy(v->oid, info->oid, info->oid_len * sizeof(*v->oid));
	memcpy(v->oid + info->oid_len, index, t->index_len * sizeof(*index));
	v->oid_len = info->oid_len + t->index_len;
	v->object = o;
	v->type = info->type;
	v->bytes = (const uint8_t *)"";
	t->value(s->conf->arg, index, o, v);
}

static int
table_get(const struct agentx_serve *s, const uint32_t *name, size_t n,
    struct snap_value *v)
{
	enum mib_object o;
	const struct agentx_table *t = table_of(s, name, n, &o);
	uint32_t index[SNAP_INDEX_MAX];
	size_t at;

	if (t == NULL)
		return -1;
	at = mib_objects[o].oid_len;
	if (n != at + t->index_len)
		return -1;
	memcpy(index, name + at, t->index_len * sizeof(*index));
	if (!t->next(s->conf->arg, index, true) ||
	    compare(index, name + at, t->index_len) != 0)
		return -1;
	table_value(s, t, o, index, v);
	return 0;
}

/* The first row of this column behind the name, which may end in it. */
static bool
column_next(const struct agentx_serve *s, const struct agentx_table *t,
    const struct mib_info *info, const uint32_t *name, size_t n,
    uint32_t *index)
{
	size_t common = n < info->oid_len ? n : info->oid_len, given;
	int c = compare(name, info->oid, common);

	memset(index, 0, SNAP_INDEX_MAX * sizeof(*index));
	if (c > 0)
		return false;
	if (c < 0 || n < info->oid_len)
		return t->next(s->conf->arg, index, true);
	given = n - info->oid_len;
	if (given > t->index_len)
		given = t->index_len;
	memcpy(index, name + info->oid_len, given * sizeof(*index));
	return t->next(s->conf->arg, index, given < t->index_len);
}

/* The first value of all tables behind the name. */
static int
table_next(const struct agentx_serve *s, const uint32_t *name, size_t n,
    struct snap_value *v)
{
	const struct agentx_table *t = s->conf->tables;
	uint32_t index[SNAP_INDEX_MAX];
	size_t i;
	int o;

	for (i = 0; i < s->conf->ntables; i++, t++) {
		for (o = (int)t->first; o <= (int)t->last; o++) {
			if (!column_next(s, t, &mib_objects[o], name, n, index))
				continue;
			table_value(s, t, (enum mib_object)o, index, v);
			return 0;
		}
	}
	return -1;
}

static int
find(const struct agentx_serve *s, const uint32_t *name, size_t n, int64_t late,
    struct snap_value *v)
{
	if (snap_get(s->snap, name, n, late, v) == 0)
		return 0;
	return table_get(s, name, n, v);
}

static int
find_next(const struct agentx_serve *s, const uint32_t *name, size_t n,
    int64_t late, struct snap_value *v)
{
	struct snap_value t;
	int found = snap_next(s->snap, name, n, late, v), c;
	size_t common;

	if (table_next(s, name, n, &t) != 0)
		return found;
	common = t.oid_len < v->oid_len ? t.oid_len : v->oid_len;
	c = found == 0 ? compare(t.oid, v->oid, common) : -1;
	if (c < 0 || (c == 0 && t.oid_len < v->oid_len))
		*v = t;
	return 0;
}

static void
serve_get(const struct agentx_serve *s, netsnmp_agent_request_info *reqinfo,
    netsnmp_request_info *request, int64_t late)
{
	netsnmp_variable_list *vb = request->requestvb;
	uint32_t name[MAX_OID_LEN];
	struct snap_value v;
	ssize_t n = below_point(vb->name, vb->name_length, name);

	if (n > 0 && find(s, name, (size_t)n, late, &v) == 0)
		put_value(vb, &v);
	else
		netsnmp_set_request_error(reqinfo, request,
		    n > 0 && snap_has_object(name, (size_t)n)
			? SNMP_NOSUCHINSTANCE
			: SNMP_NOSUCHOBJECT);
}

/* Leaves the request alone where nothing follows: snmpd goes on elsewhere. */
static void
serve_next(
    const struct agentx_serve *s, netsnmp_request_info *request, int64_t late)
{
	netsnmp_variable_list *vb = request->requestvb;
	uint32_t name[MAX_OID_LEN];
	struct snap_value v;
	ssize_t n = below_point(vb->name, vb->name_length, name);
	int found = -1;

	if (n == -2)
		return;
	if (n > 0 && request->inclusive)
		found = find(s, name, (size_t)n, late, &v);
	if (found != 0)
		found = find_next(s, name, n > 0 ? (size_t)n : 0, late, &v);
	if (found != 0)
		return;
	put_name(vb, &v);
	put_value(vb, &v);
}

/* The value into *v, if it is of the type and range of v->object. */
static int
take_value(const netsnmp_variable_list *vb, struct snap_value *v)
{
	const struct mib_info *info = &mib_objects[v->object];

	if (vb->type != asn_type(info->type) || info->type == MIB_COUNTER64)
		return SNMP_ERR_WRONGTYPE;
	if (info->type == MIB_OCTETS) {
		if (vb->val_len < (size_t)info->min ||
		    vb->val_len > (size_t)info->max)
			return SNMP_ERR_WRONGLENGTH;
		v->bytes = vb->val.string;
		v->len = vb->val_len;
		return SNMP_ERR_NOERROR;
	}
	v->number = info->type == MIB_INTEGER
			? (int64_t)*vb->val.integer
			: (int64_t)(u_long)*vb->val.integer;
	return v->number < info->min || v->number > info->max
		   ? SNMP_ERR_WRONGVALUE
		   : SNMP_ERR_NOERROR;
}

/* An object of the snapshot. */
static int
set_object(const struct agentx_serve *s, const netsnmp_variable_list *vb,
    const uint32_t *name, ssize_t n, enum agentx_step step)
{
	struct snap_value v;
	int error;

	if (step == AGENTX_TEST)
		return SNMP_ERR_NOERROR;
	if (n <= 0 || snap_get(s->snap, name, (size_t)n, 0, &v) != 0)
		return n > 0 && snap_has_object(name, (size_t)n)
			   ? SNMP_ERR_NOCREATION
			   : SNMP_ERR_NOTWRITABLE;
	if (!mib_objects[v.object].writable || s->conf->on_set == NULL)
		return SNMP_ERR_NOTWRITABLE;
	error = take_value(vb, &v);
	if (error != SNMP_ERR_NOERROR)
		return error;
	return s->conf->on_set(
	    s->conf->arg, v.oid, v.oid_len, &v, step == AGENTX_COMMIT);
}

/* A column of a row that may be there or not. */
static int
set_column(const struct agentx_serve *s, const struct agentx_table *t,
    const netsnmp_variable_list *vb, const uint32_t *name, size_t n,
    enum mib_object o, enum agentx_step step)
{
	const struct mib_info *info = &mib_objects[o];
	struct snap_value v = {.object = o, .type = info->type};
	int error;

	if (!info->writable || t->set == NULL)
		return SNMP_ERR_NOTWRITABLE;
	if (n != info->oid_len + t->index_len)
		return SNMP_ERR_NOCREATION;
	error = take_value(vb, &v);
	if (error != SNMP_ERR_NOERROR)
		return error;
	return t->set(s->conf->arg, step, name + info->oid_len, o, &v);
}

static void
serve_set(const struct agentx_serve *s, netsnmp_agent_request_info *reqinfo,
    netsnmp_request_info *request, enum agentx_step step)
{
	const netsnmp_variable_list *vb = request->requestvb;
	const struct agentx_table *t = NULL;
	uint32_t name[MAX_OID_LEN];
	ssize_t n = below_point(vb->name, vb->name_length, name);
	enum mib_object o;
	int error;

	if (n > 0)
		t = table_of(s, name, (size_t)n, &o);
	if (t != NULL)
		error = set_column(s, t, vb, name, (size_t)n, o, step);
	else
		error = set_object(s, vb, name, n, step);
	if (error != SNMP_ERR_NOERROR)
		netsnmp_set_request_error(reqinfo, request, error);
}

static void
tell_tables(const struct agentx_serve *s, enum agentx_step step)
{
	size_t i;

	for (i = 0; i < s->conf->ntables; i++)
		if (s->conf->tables[i].set != NULL)
			(void)s->conf->tables[i].set(
			    s->conf->arg, step, NULL, (enum mib_object)0, NULL);
}

static void
serve_one(const struct agentx_serve *s, netsnmp_agent_request_info *reqinfo,
    netsnmp_request_info *r, int64_t late)
{
	switch (reqinfo->mode) {
	case MODE_GET:
		serve_get(s, reqinfo, r, late);
		break;
	case MODE_GETNEXT:
		serve_next(s, r, late);
		break;
	/* Refused as long as that is possible; what is done cannot be taken
	 * back, so it is done last. */
	case MODE_SET_RESERVE1:
		serve_set(s, reqinfo, r, AGENTX_STAGE);
		break;
	case MODE_SET_RESERVE2:
		serve_set(s, reqinfo, r, AGENTX_TEST);
		break;
	case MODE_SET_COMMIT:
		serve_set(s, reqinfo, r, AGENTX_COMMIT);
		break;
	default:
		break;
	}
}

int
agentx_serve(netsnmp_mib_handler *handler,
    netsnmp_handler_registration *reginfo, netsnmp_agent_request_info *reqinfo,
    netsnmp_request_info *requests)
{
	const struct agentx_serve *s = handler->myvoid;
	netsnmp_request_info *r;
	int64_t late;

	(void)reginfo;
	if (s->conf->on_ask != NULL &&
	    (reqinfo->mode == MODE_GET || reqinfo->mode == MODE_GETNEXT))
		s->conf->on_ask(s->conf->arg);
	if (s->snap == NULL)
		return SNMP_ERR_NOERROR;
	if (reqinfo->mode == MODE_SET_RESERVE1)
		tell_tables(s, AGENTX_BEGIN);
	else if (reqinfo->mode == MODE_SET_FREE ||
		 reqinfo->mode == MODE_SET_UNDO)
		tell_tables(s, AGENTX_DROP);
	late = mono_us(mono_now(), s->taken);
	for (r = requests; r != NULL; r = r->next)
		if (!r->processed)
			serve_one(s, reqinfo, r, late);
	return SNMP_ERR_NOERROR;
}

void
agentx_serve_add(
    const struct agentx_serve *s, netsnmp_pdu *pdu, enum mib_object scalar)
{
	const struct mib_info *info = &mib_objects[scalar];
	netsnmp_variable_list *vb;
	struct snap_value v;
	uint32_t name[SNAP_OID_MAX] = {0};

	memcpy(name, info->oid, info->oid_len * sizeof(*name));
	if (s->snap == NULL || snap_get(s->snap, name, info->oid_len + 1,
				   mono_us(mono_now(), s->taken), &v) != 0)
		return;
	vb = snmp_pdu_add_variable(pdu, point, 1, ASN_NULL, NULL, 0);
	if (vb == NULL)
		return;
	put_name(vb, &v);
	put_value(vb, &v);
}
