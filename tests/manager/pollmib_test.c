/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers made by hand, good and bad ones. */
#include "manager/pollmib.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <string.h>

#include "mib.h"
#include "tests/unit.h"

static netsnmp_pdu *
answer_to(netsnmp_pdu *request)
{
	request->command = SNMP_MSG_RESPONSE;
	return request;
}

static netsnmp_variable_list *
nth(netsnmp_pdu *pdu, int n)
{
	netsnmp_variable_list *v = pdu->variables;

	while (n-- > 0 && v != NULL)
		v = v->next_variable;
	return v;
}

static void
put_number(netsnmp_pdu *pdu, int n, u_char type, long value)
{
	snmp_set_var_typed_value(nth(pdu, n), type, &value, sizeof(value));
}

static netsnmp_pdu *
load_answer(u_char bits)
{
	netsnmp_pdu *pdu = snmp_pdu_create(SNMP_MSG_GET);
	int i;

	pollmib_ask_sample(pdu);
	for (i = 0; i < 10; i++)
		put_number(pdu, i, ASN_GAUGE, 100 + i);
	snmp_set_var_typed_value(nth(pdu, 2), ASN_OCTET_STR, &bits, 1);
	return answer_to(pdu);
}

static void
a_sample_is_read_as_it_was_asked_for(void)
{
	netsnmp_pdu *pdu = load_answer(0xf0);
	struct record_sample s = {0};

	CU_ASSERT_TRUE(pollmib_sample(pdu, &s));
	CU_ASSERT_EQUAL(s.number, 100);
	CU_ASSERT_EQUAL(s.age_ms, 101);
	CU_ASSERT_EQUAL(s.values.connections, 103);
	CU_ASSERT_EQUAL(s.values.ram_free, 104);
	CU_ASSERT_EQUAL(s.values.ram_total, 105);
	CU_ASSERT_EQUAL(s.values.swap_free, 106);
	CU_ASSERT_EQUAL(s.values.swap_total, 107);
	CU_ASSERT_EQUAL(s.values.cpu_idle, 108);
	CU_ASSERT_EQUAL(s.check_changes, 109);
	CU_ASSERT_TRUE(
	    s.values.known[METRIC_CONNECTIONS] && s.values.known[METRIC_CPU]);
	snmp_free_pdu(pdu);
}

static void
only_metrics_that_the_agent_names_are_known(void)
{
	netsnmp_pdu *pdu = load_answer(0x90); /* connections and cpu */
	struct record_sample s = {0};

	CU_ASSERT_TRUE(pollmib_sample(pdu, &s));
	CU_ASSERT_TRUE(s.values.known[METRIC_CONNECTIONS]);
	CU_ASSERT_FALSE(s.values.known[METRIC_RAM]);
	CU_ASSERT_FALSE(s.values.known[METRIC_SWAP]);
	CU_ASSERT_TRUE(s.values.known[METRIC_CPU]);
	snmp_free_pdu(pdu);
}

static void
an_agent_without_the_objects_has_no_sample(void)
{
	netsnmp_pdu *pdu = load_answer(0xf0);
	struct record_sample s = {0};
	int i;

	for (i = 0; i < 10; i++)
		snmp_set_var_typed_value(
		    nth(pdu, i), SNMP_NOSUCHOBJECT, NULL, 0);
	CU_ASSERT_FALSE(pollmib_sample(pdu, &s));
	snmp_free_pdu(pdu);
}

static void
values_of_other_objects_do_not_count(void)
{
	netsnmp_pdu *pdu = load_answer(0xf0);
	struct record_sample s = {0};

	nth(pdu, 0)->name[nth(pdu, 0)->name_length - 1] = 1;
	CU_ASSERT_FALSE(pollmib_sample(pdu, &s));
	snmp_free_pdu(pdu);
}

/* Whatever an agent says must become a record that the manager takes, or a
 * bad agent could make it give up on all others of its poller. */
static void
impossible_numbers_are_missing_ones(void)
{
	struct counter64 huge = {.high = 0xffffffff, .low = 1};
	netsnmp_pdu *pdu = load_answer(0xf0);
	struct record r = {.kind = RECORD_SAMPLE};

	put_number(pdu, 3, ASN_INTEGER, -5);
	snmp_set_var_typed_value(
	    nth(pdu, 5), ASN_COUNTER64, &huge, sizeof(huge));
	CU_ASSERT_TRUE(pollmib_sample(pdu, &r.u.sample));
	CU_ASSERT_FALSE(r.u.sample.values.known[METRIC_CONNECTIONS]);
	CU_ASSERT_FALSE(r.u.sample.values.known[METRIC_RAM]);
	CU_ASSERT_TRUE(record_valid(&r, sizeof(r), 1, 1));
	snmp_free_pdu(pdu);
}

static void
add_cell(netsnmp_pdu *pdu, enum mib_object o, uint32_t index, u_char type,
    const void *value, size_t len)
{
	const struct mib_info *info = &mib_objects[o];
	oid name[32] = {MIB_POINT};
	size_t i, n = MIB_POINT_LEN;

	for (i = 0; i < info->oid_len; i++)
		name[n++] = info->oid[i];
	name[n++] = index;
	snmp_pdu_add_variable(pdu, name, n, type, value, len);
}

static void
add_row(netsnmp_pdu *pdu, uint32_t index, const char *name, long state)
{
	add_cell(pdu, MIB_hopLoadCheckName, index, ASN_OCTET_STR, name,
	    strlen(name));
	add_cell(pdu, MIB_hopLoadCheckState, index, ASN_INTEGER, &state,
	    sizeof(state));
	add_cell(pdu, MIB_hopLoadCheckReason, index, ASN_OCTET_STR,
	    "connect-refused", 15);
}

static void
checks_are_read_row_by_row(void)
{
	netsnmp_pdu *pdu = snmp_pdu_create(SNMP_MSG_RESPONSE);
	const netsnmp_variable_list *v;
	struct record_check c;
	uint32_t index = 0;

	add_row(pdu, 1, "www", STATE_UP);
	add_row(pdu, 7, "ftp", STATE_DOWN);
	v = pdu->variables;
	CU_ASSERT_EQUAL(pollmib_check(&v, &index, &c), POLLMIB_ROW);
	CU_ASSERT_STRING_EQUAL(c.name, "www");
	CU_ASSERT_EQUAL(c.state, STATE_UP);
	CU_ASSERT_EQUAL(pollmib_check(&v, &index, &c), POLLMIB_ROW);
	CU_ASSERT_EQUAL(index, 7);
	CU_ASSERT_EQUAL(c.state, STATE_DOWN);
	CU_ASSERT_EQUAL(c.reason, REASON_CONNECT_REFUSED);
	CU_ASSERT_PTR_NULL(v);
	snmp_free_pdu(pdu);
}

static enum pollmib_row
first(netsnmp_pdu *pdu, uint32_t index)
{
	const netsnmp_variable_list *v = pdu->variables;
	struct record_check c;
	enum pollmib_row r = pollmib_check(&v, &index, &c);

	snmp_free_pdu(pdu);
	return r;
}

static void
the_table_ends_where_its_column_does(void)
{
	netsnmp_pdu *pdu = snmp_pdu_create(SNMP_MSG_RESPONSE);
	long number = 1;

	add_cell(
	    pdu, MIB_hopLoadCheckType, 1, ASN_INTEGER, &number, sizeof(number));
	CU_ASSERT_EQUAL(first(pdu, 5), POLLMIB_END);
}

static void
a_walk_that_goes_back_ends(void)
{
	netsnmp_pdu *pdu = snmp_pdu_create(SNMP_MSG_RESPONSE);

	add_row(pdu, 5, "www", STATE_UP);
	CU_ASSERT_EQUAL(first(pdu, 5), POLLMIB_END);
}

static void
rows_that_do_not_fit_are_torn(void)
{
	netsnmp_pdu *pdu = snmp_pdu_create(SNMP_MSG_RESPONSE);
	long state = STATE_UP;

	add_cell(pdu, MIB_hopLoadCheckName, 1, ASN_OCTET_STR, "www", 3);
	CU_ASSERT_EQUAL(first(pdu, 0), POLLMIB_TORN);
	pdu = snmp_pdu_create(SNMP_MSG_RESPONSE);
	add_cell(pdu, MIB_hopLoadCheckName, 1, ASN_OCTET_STR, "www", 3);
	add_cell(
	    pdu, MIB_hopLoadCheckState, 2, ASN_INTEGER, &state, sizeof(state));
	CU_ASSERT_EQUAL(first(pdu, 0), POLLMIB_TORN);
	pdu = snmp_pdu_create(SNMP_MSG_RESPONSE);
	add_row(pdu, 1, "www", 9);
	CU_ASSERT_EQUAL(first(pdu, 0), POLLMIB_TORN);
	pdu = snmp_pdu_create(SNMP_MSG_RESPONSE);
	add_row(pdu, 1, "", STATE_UP);
	CU_ASSERT_EQUAL(first(pdu, 0), POLLMIB_TORN);
}

static const struct unit_test tests[] = {
    {"a sample is read as it was asked for",
	a_sample_is_read_as_it_was_asked_for},
    {"only metrics that the agent names are known",
	only_metrics_that_the_agent_names_are_known},
    {"an agent without the objects has no sample",
	an_agent_without_the_objects_has_no_sample},
    {"values of other objects do not count",
	values_of_other_objects_do_not_count},
    {"impossible numbers are missing ones",
	impossible_numbers_are_missing_ones},
    {"checks are read row by row", checks_are_read_row_by_row},
    {"the table ends where its column does",
	the_table_ends_where_its_column_does},
    {"a walk that goes back ends", a_walk_that_goes_back_ends},
    {"rows that do not fit are torn", rows_that_do_not_fit_are_torn},
};

UNIT_MAIN("manager/pollmib", tests)
