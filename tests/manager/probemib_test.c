/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers of probers made by hand, good and bad ones. */
#include "manager/probemib.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <string.h>

#include "mib.h"
#include "tests/unit.h"

static void
put(netsnmp_pdu *pdu, enum mib_object o, uint32_t epoch, uint32_t index,
    u_char type, const void *value, size_t len)
{
	static const oid point[] = {MIB_POINT};
	const struct mib_info *info = &mib_objects[o];
	oid name[32];
	size_t i, n = MIB_POINT_LEN;

	memcpy(name, point, sizeof(point));
	for (i = 0; i < info->oid_len; i++)
		name[n++] = info->oid[i];
	name[n++] = epoch;
	if (info->column)
		name[n++] = index;
	(void)snmp_pdu_add_variable(pdu, name, n, type, value, len);
}

static void
put_gauge(netsnmp_pdu *pdu, enum mib_object o, uint32_t epoch, uint32_t index,
    long value)
{
	put(pdu, o, epoch, index, ASN_GAUGE, &value, sizeof(value));
}

static netsnmp_pdu *
answer(const char *border, long epoch)
{
	netsnmp_pdu *pdu = snmp_pdu_create(SNMP_MSG_RESPONSE);
	long uplink = 5;

	put(pdu, MIB_hopProbeBorder, 0, 0, ASN_OCTET_STR, border,
	    strlen(border));
	put(pdu, MIB_hopProbeUplinkState, 0, 0, ASN_INTEGER, &uplink,
	    sizeof(uplink));
	put(pdu, MIB_hopProbeUplinkReason, 0, 0, ASN_OCTET_STR, "uplink-silent",
	    13);
	put_gauge(pdu, MIB_hopProbeJournalCurrentEpoch, 0, 0, epoch);
	return pdu;
}

static void
put_row(netsnmp_pdu *pdu, uint32_t epoch, uint32_t index, const char *client,
    long status)
{
	put(pdu, MIB_hopProbeJournalName, epoch, index, ASN_OCTET_STR, client,
	    strlen(client));
	put(pdu, MIB_hopProbeJournalStatus, epoch, index, ASN_INTEGER, &status,
	    sizeof(status));
	put_gauge(pdu, MIB_hopProbeJournalRttMedian, epoch, index, 31000);
	put_gauge(pdu, MIB_hopProbeJournalRttSpread, epoch, index, 200);
	put_gauge(pdu, MIB_hopProbeJournalLoss, epoch, index, 2500);
	put_gauge(pdu, MIB_hopProbeJournalAge, epoch, index, 70);
}

static void
a_prober_is_read_with_its_journal(void)
{
	netsnmp_pdu *pdu = answer("ny", 9);
	const netsnmp_variable_list *v;
	struct record_cursor at = {7, 3};
	struct probemib_status s;
	struct record_result r;

	put_row(pdu, 7, 4, "192.0.2.7", PROBE_PROVISIONAL);
	put_row(pdu, 9, 1, "2001:db8::7", PROBE_REPLIED);
	CU_ASSERT_TRUE_FATAL(probemib_status(pdu, &s, &v));
	CU_ASSERT_STRING_EQUAL(s.border, "ny");
	CU_ASSERT_EQUAL(s.uplink, STATE_DOWN);
	CU_ASSERT_EQUAL(s.uplink_reason, REASON_UPLINK_SILENT);
	CU_ASSERT_EQUAL(s.epoch, 9);
	CU_ASSERT_TRUE_FATAL(probemib_row(&v, &at, &r));
	CU_ASSERT_EQUAL(r.status, PROBE_PROVISIONAL);
	CU_ASSERT_EQUAL(r.addr.family, AF_INET);
	CU_ASSERT_EQUAL(r.rtt_us, 31000);
	CU_ASSERT_EQUAL(r.spread_us, 200);
	CU_ASSERT_EQUAL(r.loss, 2500);
	CU_ASSERT_EQUAL(r.age_ms, 70);
	CU_ASSERT(at.epoch == 7 && at.index == 4);
	CU_ASSERT_TRUE_FATAL(probemib_row(&v, &at, &r));
	CU_ASSERT_EQUAL(r.addr.family, AF_INET6);
	CU_ASSERT(at.epoch == 9 && at.index == 1);
	CU_ASSERT_FALSE(probemib_row(&v, &at, &r));
	snmp_free_pdu(pdu);
}

static void
what_is_behind_the_journal_is_no_row(void)
{
	netsnmp_pdu *pdu = answer("ny", 9);
	const netsnmp_variable_list *v;
	struct record_cursor at = {9, 3};
	struct probemib_status s;
	struct record_result r;
	int i;

	for (i = 0; i < 6; i++)
		put_gauge(pdu, MIB_hopProbeTargets, 0, 0, 1);
	CU_ASSERT_TRUE(probemib_status(pdu, &s, &v));
	CU_ASSERT_FALSE(probemib_row(&v, &at, &r));
	snmp_free_pdu(pdu);
}

static void
rows_that_are_cut_off_or_go_back_end_it(void)
{
	netsnmp_pdu *pdu = answer("ny", 9);
	const netsnmp_variable_list *v;
	struct record_cursor at = {9, 3};
	struct probemib_status s;
	struct record_result r;

	put_row(pdu, 9, 4, "192.0.2.7", PROBE_REPLIED);
	put(pdu, MIB_hopProbeJournalName, 9, 5, ASN_OCTET_STR, "192.0.2.8", 9);
	CU_ASSERT_TRUE(probemib_status(pdu, &s, &v));
	CU_ASSERT_TRUE(probemib_row(&v, &at, &r));
	CU_ASSERT_FALSE(probemib_row(&v, &at, &r));
	CU_ASSERT_EQUAL(at.index, 4);
	snmp_free_pdu(pdu);
	pdu = answer("ny", 9);
	put_row(pdu, 9, 4, "192.0.2.7", PROBE_REPLIED);
	CU_ASSERT_TRUE(probemib_status(pdu, &s, &v));
	CU_ASSERT_FALSE(probemib_row(&v, &at, &r)); /* no progress */
	snmp_free_pdu(pdu);
}

static void
a_row_of_nonsense_is_passed_over(void)
{
	netsnmp_pdu *pdu = answer("ny", 9);
	const netsnmp_variable_list *v;
	struct record_cursor at = {9, 0};
	struct probemib_status s;
	struct record_result r;

	put_row(pdu, 9, 1, "nobody", PROBE_REPLIED);
	put_row(pdu, 9, 2, "192.0.2.7", 99);
	put_row(pdu, 9, 3, "192.0.2.7", PROBE_REPLIED);
	CU_ASSERT_TRUE(probemib_status(pdu, &s, &v));
	CU_ASSERT_TRUE(probemib_row(&v, &at, &r));
	CU_ASSERT_EQUAL(r.status, PROBE_UNKNOWN);
	CU_ASSERT_TRUE(probemib_row(&v, &at, &r));
	CU_ASSERT_TRUE(probemib_row(&v, &at, &r));
	CU_ASSERT_EQUAL(r.status, PROBE_REPLIED);
	snmp_free_pdu(pdu);
}

static void
without_the_objects_it_is_no_prober(void)
{
	netsnmp_pdu *pdu = snmp_pdu_create(SNMP_MSG_RESPONSE);
	const netsnmp_variable_list *v;
	struct probemib_status s;

	CU_ASSERT_FALSE(probemib_status(pdu, &s, &v));
	put_gauge(pdu, MIB_hopProbeTargets, 0, 0, 1);
	CU_ASSERT_FALSE(probemib_status(pdu, &s, &v));
	snmp_free_pdu(pdu);
}

static void
a_request_has_all_it_needs(void)
{
	netsnmp_pdu *pdu = snmp_pdu_create(SNMP_MSG_GETBULK);
	struct record_cursor at = {9, 3};
	struct addr a[2];

	probemib_ask(pdu, &at, 7);
	CU_ASSERT_EQUAL(pdu->non_repeaters, 4);
	CU_ASSERT_EQUAL(pdu->max_repetitions, 7);
	CU_ASSERT_EQUAL(count_varbinds(pdu->variables), 10);
	snmp_free_pdu(pdu);
	pdu = snmp_pdu_create(SNMP_MSG_SET);
	(void)addr_parse("192.0.2.7", &a[0]);
	(void)addr_parse("2001:db8::7", &a[1]);
	probemib_targets(pdu, 77, a, 2, "m1");
	CU_ASSERT_EQUAL(count_varbinds(pdu->variables), 8);
	CU_ASSERT_EQUAL(
	    pdu->variables->next_variable->next_variable->val_len, 4);
	snmp_free_pdu(pdu);
}

static const struct unit_test tests[] = {
    {"a prober is read with its journal", a_prober_is_read_with_its_journal},
    {"what is behind the journal is no row",
	what_is_behind_the_journal_is_no_row},
    {"rows that are cut off or go back end it",
	rows_that_are_cut_off_or_go_back_end_it},
    {"a row of nonsense is passed over", a_row_of_nonsense_is_passed_over},
    {"without the objects it is no prober",
	without_the_objects_it_is_no_prober},
    {"a request has all it needs", a_request_has_all_it_needs},
};

UNIT_MAIN("manager/probemib", tests)
