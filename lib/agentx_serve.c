/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GET, GETNEXT and SET on a snapshot. GETBULK does not come: snmpd sends
 * AgentX GetNext for it. Who may SET is snmpd's business (VACM); a subagent
 * does not even learn who asks.
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

static void
serve_get(const struct agentx_serve *s, netsnmp_agent_request_info *reqinfo,
    netsnmp_request_info *request, int64_t late)
{
	netsnmp_variable_list *vb = request->requestvb;
	uint32_t name[MAX_OID_LEN];
	struct snap_value v;
	ssize_t n = below_point(vb->name, vb->name_length, name);

	if (n > 0 && snap_get(s->snap, name, (size_t)n, late, &v) == 0)
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
		found = snap_get(s->snap, name, (size_t)n, late, &v);
	if (found != 0)
		found =
		    snap_next(s->snap, name, n > 0 ? (size_t)n : 0, late, &v);
	if (found != 0)
		return;
	put_name(vb, &v);
	put_value(vb, &v);
}

/* What is SET: which object, and a value of its type and range. */
static int
set_value(const struct agentx_serve *s, const netsnmp_variable_list *vb,
    struct snap_value *v)
{
	const struct mib_info *info;
	uint32_t name[MAX_OID_LEN];
	ssize_t n = below_point(vb->name, vb->name_length, name);

	if (n <= 0 || snap_get(s->snap, name, (size_t)n, 0, v) != 0)
		return n > 0 && snap_has_object(name, (size_t)n)
			   ? SNMP_ERR_NOCREATION
			   : SNMP_ERR_NOTWRITABLE;
	info = &mib_objects[v->object];
	if (!info->writable || s->conf->on_set == NULL)
		return SNMP_ERR_NOTWRITABLE;
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

static void
serve_set(const struct agentx_serve *s, netsnmp_agent_request_info *reqinfo,
    netsnmp_request_info *request, bool commit)
{
	struct snap_value v;
	int error = set_value(s, request->requestvb, &v);

	if (error == SNMP_ERR_NOERROR)
		error =
		    s->conf->on_set(s->conf->arg, v.oid, v.oid_len, &v, commit);
	if (error != SNMP_ERR_NOERROR)
		netsnmp_set_request_error(reqinfo, request, error);
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
	if (s->snap == NULL)
		return SNMP_ERR_NOERROR;
	late = mono_us(mono_now(), s->taken);
	for (r = requests; r != NULL; r = r->next) {
		if (r->processed)
			continue;
		switch (reqinfo->mode) {
		case MODE_GET:
			serve_get(s, reqinfo, r, late);
			break;
		case MODE_GETNEXT:
			serve_next(s, r, late);
			break;
		/* Refused as long as that is possible; what is done cannot be
		 * taken back, so it is done last. */
		case MODE_SET_RESERVE1:
			serve_set(s, reqinfo, r, false);
			break;
		case MODE_SET_COMMIT:
			serve_set(s, reqinfo, r, true);
			break;
		default:
			break;
		}
	}
	return SNMP_ERR_NOERROR;
}
