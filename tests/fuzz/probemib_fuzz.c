/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a prober may answer: bytes become variables of a PDU, each led by an
 * object of the prober's subtree, its index, a type and a length. What is read
 * goes into the manager's paths, as a poller would send it.
 */
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <string.h>

#include "lib/log.h"
#include "manager/encode.h"
#include "manager/probemib.h"
#include "mib.h"
#include "tests/manager/world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char head[] =
    "<hopscotch xmlns='urn:hopscotch:config:1' domain='t'><network>"
    "<site id='ny'/><site id='la'/><link between='ny la' delay='20ms'/>"
    "<prober border='ny' address='10.0.0.1'/>"
    "<prober border='la' address='10.0.0.2'/></network>";

static const enum mib_object objects[] = {MIB_hopProbeBorder,
    MIB_hopProbeUplinkState, MIB_hopProbeUplinkReason,
    MIB_hopProbeJournalCurrentEpoch, MIB_hopProbeJournalName,
    MIB_hopProbeJournalStatus, MIB_hopProbeJournalRttMedian,
    MIB_hopProbeJournalRttSpread, MIB_hopProbeJournalLoss,
    MIB_hopProbeJournalAge, MIB_hopProbeTargets};

static const u_char types[] = {
    ASN_INTEGER, ASN_GAUGE, ASN_OCTET_STR, ASN_NULL, SNMP_NOSUCHOBJECT};

/* One variable; how many bytes it took, 0: there are too few. */
static size_t
add(netsnmp_pdu *pdu, const uint8_t *p, size_t size)
{
	static const oid point[] = {MIB_POINT};
	const struct mib_info *info;
	u_char type;
	oid name[24];
	size_t n = MIB_POINT_LEN, i, len;
	long number;

	if (size < 5)
		return 0;
	info = &mib_objects[objects[p[0] %
				    (sizeof(objects) / sizeof(objects[0]))]];
	type = types[p[1] % sizeof(types)];
	memcpy(name, point, sizeof(point));
	for (i = 0; i < info->oid_len; i++)
		name[n++] = info->oid[i];
	name[n++] = p[2];
	if (info->column)
		name[n++] = p[3];
	len = p[4] < size - 5 ? p[4] : size - 5;
	if (type == ASN_INTEGER || type == ASN_GAUGE) {
		number = 0;
		memcpy(&number, p + 5, len < 5 ? len : 5);
		(void)snmp_pdu_add_variable(
		    pdu, name, n, type, &number, sizeof(number));
	} else {
		(void)snmp_pdu_add_variable(pdu, name, n, type, p + 5, len);
	}
	return 5 + len;
}

static void
drop_order(void *arg, int prober, const struct addr *a)
{
	(void)arg;
	(void)prober;
	(void)a;
}

static void
drop_text(void *arg, const char *text, size_t len)
{
	(void)arg;
	if (strlen(text) != len)
		abort();
}

static void
drop_line(void *arg, const struct prober_line *l)
{
	struct emit e = {drop_text, NULL};

	encode_path(arg, l, &e);
}

static void
drop_uplink(void *arg, int border, bool down, enum reason reason)
{
	(void)arg;
	(void)border;
	(void)down;
	(void)reason;
}

static void
read_all(struct prober *p, const struct world *w, const netsnmp_pdu *pdu,
    struct record_cursor *at, struct mono now)
{
	struct record r = {.server = -1, .prober = at->epoch & 1};
	const netsnmp_variable_list *v;
	struct probemib_status s;

	if (!probemib_status(pdu, &s, &v))
		return;
	r.kind = RECORD_PROBER;
	r.u.prober.uplink = s.uplink;
	r.u.prober.uplink_reason = s.uplink_reason;
	if (!record_valid(&r, sizeof(r), w->nservers, w->nprobers))
		abort(); /* a poller would be killed for it */
	prober_record(p, &r, now);
	r.kind = RECORD_RESULT;
	while (probemib_row(&v, at, &r.u.result)) {
		if (r.u.result.addr.family == AF_UNSPEC)
			continue;
		if (!record_valid(&r, sizeof(r), w->nservers, w->nprobers))
			abort();
		prober_want(p, &r.u.result.addr, now);
		prober_record(p, &r, now);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world *w;
	struct prober_events on = {drop_order, drop_line, drop_uplink, NULL};
	struct mono now = {INT64_C(1000000000000)};
	struct record_cursor at = {0, 0};
	struct prober *p;
	netsnmp_pdu *pdu;
	size_t n;

	if (w == NULL) {
		log_init("fuzz", LOG_LEVEL_NONE);
		w = make_world_of(head, "");
		w->managers[0].prefixes = 64;
	}
	on.arg = w;
	p = prober_new(w, &w->managers[0], &on, 1, now);
	while (size > 0) {
		pdu = snmp_pdu_create(SNMP_MSG_RESPONSE);
		/* A zero in front ends an answer. */
		while (size > 0 && *data != 0 &&
		       (n = add(pdu, data + 1, size - 1)) > 0) {
			data += n + 1;
			size -= n + 1;
		}
		read_all(p, w, pdu, &at, now);
		snmp_free_pdu(pdu);
		if (size > 0) {
			data++;
			size--;
		}
		now = mono_add_ms(now, 700);
		prober_tick(p, now);
	}
	prober_free(&p);
	return 0;
}
