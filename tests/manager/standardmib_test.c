/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Learning what an agent has, and its samples. The agent is a sorted list of
 * objects that answers GET and GETBULK as RFC 3416 has it.
 */
#include "manager/standardmib.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <stdlib.h>
#include <string.h>

#include "tests/unit.h"

#define OBJECTS 4000

struct object {
	oid oid[16];
	size_t len;
	u_char type;
	long number;
	char text[32];
};

static struct {
	struct object list[OBJECTS];
	size_t n;
	unsigned requests;
	size_t max; /* variables in an answer; 0: no bound */
} agent;

static struct object *
find(const oid *name, size_t len)
{
	size_t i;

	for (i = 0; i < agent.n; i++)
		if (snmp_oid_compare(
			agent.list[i].oid, agent.list[i].len, name, len) == 0)
			return &agent.list[i];
	return NULL;
}

static struct object *
next(const oid *name, size_t len)
{
	struct object *best = NULL;
	size_t i;

	for (i = 0; i < agent.n; i++) {
		struct object *o = &agent.list[i];

		if (snmp_oid_compare(o->oid, o->len, name, len) > 0 &&
		    (best == NULL || snmp_oid_compare(o->oid, o->len, best->oid,
					 best->len) < 0))
			best = o;
	}
	return best;
}

static struct object *
object(const char *name)
{
	struct object o = {.len = 0}, *at;
	char *end;

	for (; *name == '.'; name = end)
		o.oid[o.len++] = strtoul(name + 1, &end, 10);
	at = find(o.oid, o.len);
	if (at != NULL)
		return at;
	if (agent.n == OBJECTS)
		abort();
	agent.list[agent.n] = o;
	return &agent.list[agent.n++];
}

static void
number(const char *name, u_char type, long value)
{
	struct object *o = object(name);

	o->type = type;
	o->number = value;
}

static void
cell(const char *entry, unsigned column, unsigned row, u_char type, long value)
{
	char name[128];

	(void)snprintf(name, sizeof(name), "%s.%u.%u", entry, column, row);
	number(name, type, value);
}

static void
word(const char *entry, unsigned column, unsigned row, const char *text)
{
	char name[128];
	struct object *o;

	(void)snprintf(name, sizeof(name), "%s.%u.%u", entry, column, row);
	o = object(name);
	o->type = ASN_OCTET_STR;
	(void)snprintf(o->text, sizeof(o->text), "%s", text);
}

#define MEMORY(n) ".1.3.6.1.4.1.2021.4." n ".0"
#define STATS(n)  ".1.3.6.1.4.1.2021.11." n ".0"
#define UPTIME    ".1.3.6.1.2.1.1.3.0"
#define TCP       ".1.3.6.1.2.1.6.9.0"
#define STORAGE   ".1.3.6.1.2.1.25.2.3.1"
#define PROCESSOR ".1.3.6.1.2.1.25.3.3.1"

static void
storage(
    unsigned row, bool ram, const char *descr, long unit, long size, long used)
{
	oid type[] = {1, 3, 6, 1, 2, 1, 25, 2, 1, ram ? 2 : 4};
	struct object *o;

	cell(STORAGE, 2, row, ASN_OBJECT_ID, 0);
	o = &agent.list[agent.n - 1];
	memcpy(o->text, &type[9], sizeof(oid)); /* its last number */
	word(STORAGE, 3, row, descr);
	cell(STORAGE, 4, row, ASN_INTEGER, unit);
	cell(STORAGE, 5, row, ASN_INTEGER, size);
	cell(STORAGE, 6, row, ASN_INTEGER, used);
}

static void
put_value(netsnmp_pdu *pdu, const struct object *o)
{
	oid type[10] = {1, 3, 6, 1, 2, 1, 25, 2, 1};

	if (o->type == ASN_OCTET_STR) {
		snmp_pdu_add_variable(
		    pdu, o->oid, o->len, o->type, o->text, strlen(o->text));
	} else if (o->type == ASN_OBJECT_ID) {
		memcpy(&type[9], o->text, sizeof(oid));
		snmp_pdu_add_variable(
		    pdu, o->oid, o->len, o->type, type, sizeof(type));
	} else {
		snmp_pdu_add_variable(pdu, o->oid, o->len, o->type, &o->number,
		    sizeof(o->number));
	}
}

static bool
is_full(size_t n)
{
	return agent.max > 0 && n >= agent.max;
}

static void
answer_get(const netsnmp_pdu *q, netsnmp_pdu *a)
{
	const netsnmp_variable_list *v;
	const struct object *o;

	for (v = q->variables; v != NULL; v = v->next_variable) {
		o = find(v->name, v->name_length);
		if (o != NULL)
			put_value(a, o);
		else
			snmp_pdu_add_variable(a, v->name, v->name_length,
			    SNMP_NOSUCHOBJECT, NULL, 0);
	}
}

static void
answer_bulk(const netsnmp_pdu *q, netsnmp_pdu *a)
{
	const netsnmp_variable_list *v;
	struct object last[4];
	size_t columns = 0, i, n = 0;
	long r;

	for (v = q->variables; v != NULL; v = v->next_variable, columns++) {
		memcpy(
		    last[columns].oid, v->name, v->name_length * sizeof(oid));
		last[columns].len = v->name_length;
	}
	for (r = 0; r < q->max_repetitions; r++)
		for (i = 0; i < columns && !is_full(n); i++, n++) {
			const struct object *o = next(last[i].oid, last[i].len);

			if (o == NULL) {
				snmp_pdu_add_variable(a, last[i].oid,
				    last[i].len, SNMP_ENDOFMIBVIEW, NULL, 0);
				continue;
			}
			put_value(a, o);
			last[i] = *o;
		}
}

static netsnmp_pdu *
answer(netsnmp_pdu *q)
{
	netsnmp_pdu *a = snmp_pdu_create(SNMP_MSG_RESPONSE);

	agent.requests++;
	if (q->command == SNMP_MSG_GETBULK)
		answer_bulk(q, a);
	else
		answer_get(q, a);
	snmp_free_pdu(q);
	return a;
}

static void
learn(struct standard_plan *p)
{
	netsnmp_pdu *a;

	while (p->step != STANDARD_READY && agent.requests < 1000) {
		a = answer(standardmib_ask(p));
		standardmib_learn(p, a);
		snmp_free_pdu(a);
	}
	CU_ASSERT_EQUAL(p->step, STANDARD_READY);
}

static bool
sample(struct standard_plan *p, struct record_sample *s, bool *again)
{
	netsnmp_pdu *a = answer(standardmib_ask(p));
	bool there;

	memset(s, 0, sizeof(*s));
	there = standardmib_sample(p, a, s, again);
	snmp_free_pdu(a);
	return there;
}

static void
ticks(long user, long idle)
{
	number(STATS("50"), ASN_COUNTER, user);
	number(STATS("53"), ASN_COUNTER, idle);
}

/* As a Linux host's Net-SNMP 5.9 is. */
static void
net_snmp(void)
{
	memset(&agent, 0, sizeof(agent));
	number(UPTIME, ASN_TIMETICKS, 5000);
	number(TCP, ASN_GAUGE, 12);
	number(MEMORY("3"), ASN_INTEGER, 2000);
	number(MEMORY("4"), ASN_INTEGER, 1500);
	number(MEMORY("5"), ASN_INTEGER, 10000);
	number(MEMORY("6"), ASN_INTEGER, 3000);
	number(MEMORY("14"), ASN_INTEGER, 400);
	number(MEMORY("15"), ASN_INTEGER, 1600);
	number(MEMORY("27"), ASN_INTEGER, 4500);
	ticks(1000, 9000);
}

/* The same as HOST-RESOURCES-MIB has it. */
static void
host_resources(void)
{
	memset(&agent, 0, sizeof(agent));
	number(UPTIME, ASN_TIMETICKS, 5000);
	number(TCP, ASN_GAUGE, 12);
	storage(1, true, "Physical memory", 1024, 10000, 7000);
	storage(3, false, "Virtual memory", 1024, 12000, 7500);
	storage(6, false, "Memory buffers", 1024, 10000, 400);
	storage(7, false, "Cached memory", 1024, 1600, 1600);
	storage(10, false, "Swap space", 1024, 2000, 500);
	storage(31, false, "/", 4096, 99999, 55555);
	cell(PROCESSOR, 1, 196608, ASN_INTEGER, 0);
	cell(PROCESSOR, 1, 196609, ASN_INTEGER, 0);
	cell(PROCESSOR, 2, 196608, ASN_INTEGER, 30);
	cell(PROCESSOR, 2, 196609, ASN_INTEGER, 10);
}

static void
ucd_is_learned_in_one_request_and_polled_in_one(void)
{
	struct standard_plan p = {0};
	struct record_sample s;
	bool again;

	net_snmp();
	storage(1, true, "Physical memory", 1024, 1, 1); /* not asked for */
	learn(&p);
	CU_ASSERT_EQUAL(agent.requests, 1);
	CU_ASSERT_TRUE(sample(&p, &s, &again));
	CU_ASSERT_FALSE(again);
	CU_ASSERT_EQUAL(s.values.connections, 12);
	CU_ASSERT_EQUAL(s.values.ram_free, 4500); /* what is available */
	CU_ASSERT_EQUAL(s.values.ram_total, 10000);
	CU_ASSERT_EQUAL(s.values.swap_free, 1500);
	CU_ASSERT_EQUAL(s.values.swap_total, 2000);
	CU_ASSERT_FALSE(s.values.known[METRIC_CPU]);
	CU_ASSERT_FALSE(s.lacks[METRIC_CPU]);
	ticks(1050, 9150);
	CU_ASSERT_TRUE(sample(&p, &s, &again));
	CU_ASSERT_TRUE(s.values.known[METRIC_CPU]);
	CU_ASSERT_EQUAL(s.values.cpu_idle, 7500);
	CU_ASSERT_EQUAL(agent.requests, 3);
}

static void
without_available_ram_the_parts_are_added(void)
{
	struct standard_plan p = {0};
	struct record_sample s;
	bool again;

	net_snmp();
	object(MEMORY("27"))->type = SNMP_NOSUCHOBJECT;
	learn(&p);
	CU_ASSERT_TRUE(sample(&p, &s, &again));
	CU_ASSERT_EQUAL(s.values.ram_free, 3000 + 400 + 1600);
}

static void
host_resources_stand_in_for_ucd(void)
{
	struct standard_plan p = {0};
	struct record_sample s;
	bool again;

	host_resources();
	learn(&p);
	CU_ASSERT_TRUE(sample(&p, &s, &again));
	CU_ASSERT_FALSE(again);
	CU_ASSERT_EQUAL(s.values.connections, 12);
	CU_ASSERT_EQUAL(s.values.ram_total, 10000);
	CU_ASSERT_EQUAL(s.values.ram_free, 3000 + 400 + 1600);
	CU_ASSERT_EQUAL(s.values.swap_total, 2000);
	CU_ASSERT_EQUAL(s.values.swap_free, 1500);
	CU_ASSERT_TRUE(s.values.known[METRIC_CPU]);
	CU_ASSERT_EQUAL(s.values.cpu_idle, 8000);
	/* Net-SNMP 5.9 has a row for it. */
	storage(11, false, "Available memory", 2048, 2250, 0);
	memset(&p, 0, sizeof(p));
	learn(&p);
	CU_ASSERT_TRUE(sample(&p, &s, &again));
	CU_ASSERT_EQUAL(s.values.ram_free, 4500);
}

/* Of Windows: other rows, other words, units of 64 KiB. */
static void
other_makers_name_it_otherwise(void)
{
	struct standard_plan p = {0};
	struct record_sample s;
	bool again;

	memset(&agent, 0, sizeof(agent));
	number(TCP, ASN_GAUGE, 7);
	storage(1, false, "C:\\ Label:  Serial Number 1", 4096, 100, 50);
	storage(2, false, "Virtual Memory", 65536, 200, 100);
	storage(3, true, "Real RAM", 65536, 100, 40);
	learn(&p);
	CU_ASSERT_TRUE(sample(&p, &s, &again));
	CU_ASSERT_EQUAL(s.values.ram_total, 6400);
	CU_ASSERT_EQUAL(s.values.ram_free, 60 * 64);
	CU_ASSERT_FALSE(s.values.known[METRIC_SWAP]);
	CU_ASSERT_TRUE(s.lacks[METRIC_SWAP]);
	CU_ASSERT_FALSE(s.values.known[METRIC_CPU]);
	CU_ASSERT_TRUE(s.lacks[METRIC_CPU]);
	CU_ASSERT_FALSE(s.lacks[METRIC_RAM]);
}

static void
an_agent_with_nothing_has_no_sample(void)
{
	struct standard_plan p = {0};
	struct record_sample s;
	bool again;

	memset(&agent, 0, sizeof(agent));
	number(UPTIME, ASN_TIMETICKS, 1);
	learn(&p);
	CU_ASSERT_FALSE(sample(&p, &s, &again));
}

static void
rows_that_vanish_are_looked_for_again(void)
{
	struct standard_plan p = {0};
	struct record_sample s;
	bool again;
	size_t i;

	host_resources();
	learn(&p);
	CU_ASSERT_TRUE(sample(&p, &s, &again));
	for (i = 0; i < agent.n; i++) /* another number for RAM */
		if (agent.list[i].len == 12 && agent.list[i].oid[11] == 1)
			agent.list[i].oid[11] = 2;
	CU_ASSERT_TRUE(sample(&p, &s, &again));
	CU_ASSERT_TRUE(again);
	CU_ASSERT_FALSE(s.values.known[METRIC_RAM]); /* never invented */
	CU_ASSERT_TRUE(s.values.known[METRIC_SWAP]);
	standardmib_forget(&p);
	learn(&p);
	CU_ASSERT_TRUE(sample(&p, &s, &again));
	CU_ASSERT_FALSE(again);
	CU_ASSERT_EQUAL(s.values.ram_total, 10000);
}

/* hrProcessorLoad is of the last minute, so it is not there at first. */
static void
processors_may_come_a_minute_later(void)
{
	struct standard_plan p = {0};
	struct record_sample s;
	bool again;

	host_resources();
	agent.n -= 2;
	learn(&p);
	CU_ASSERT_TRUE(sample(&p, &s, &again));
	CU_ASSERT_FALSE(again);
	CU_ASSERT_FALSE(s.values.known[METRIC_CPU]);
	CU_ASSERT_FALSE(s.lacks[METRIC_CPU]);
	agent.n += 1; /* one of two: not all that there were */
	CU_ASSERT_TRUE(sample(&p, &s, &again));
	CU_ASSERT_TRUE(again);
	CU_ASSERT_EQUAL(s.values.cpu_idle, 7000);
}

static void
counters_that_stand_still_tell_nothing(void)
{
	struct standard_plan p = {0};
	struct record_sample s;
	bool again;

	net_snmp();
	learn(&p);
	(void)sample(&p, &s, &again);
	(void)sample(&p, &s, &again);
	CU_ASSERT_FALSE(s.values.known[METRIC_CPU]);
	ticks(1050, 9150);
	(void)sample(&p, &s, &again);
	CU_ASSERT_EQUAL(s.values.cpu_idle, 7500);
}

static void
a_restarted_agent_is_learned_anew_and_its_zeros_do_not_count(void)
{
	struct standard_plan p = {0};
	struct record_sample s;
	bool again;

	net_snmp();
	learn(&p);
	(void)sample(&p, &s, &again);
	number(UPTIME, ASN_TIMETICKS, 100);
	ticks(0, 0);
	CU_ASSERT_TRUE(sample(&p, &s, &again));
	CU_ASSERT_TRUE(again);
	CU_ASSERT_FALSE(s.values.known[METRIC_CPU]);
	/* The kernel has gone on counting. */
	number(UPTIME, ASN_TIMETICKS, 600);
	ticks(1100, 9100);
	CU_ASSERT_TRUE(sample(&p, &s, &again));
	CU_ASSERT_FALSE(again);
	CU_ASSERT_EQUAL(s.values.cpu_idle, 5000);
}

static void
a_restarted_host_begins_to_count_anew(void)
{
	struct standard_plan p = {0};
	struct record_sample s;
	bool again;

	net_snmp();
	ticks(4000000000, 4000000000);
	learn(&p);
	(void)sample(&p, &s, &again);
	number(UPTIME, ASN_TIMETICKS, 100);
	ticks(500, 100);
	CU_ASSERT_TRUE(sample(&p, &s, &again));
	CU_ASSERT_FALSE(s.values.known[METRIC_CPU]);
	ticks(600, 400);
	CU_ASSERT_TRUE(sample(&p, &s, &again));
	CU_ASSERT_EQUAL(s.values.cpu_idle, 7500);
}

static void
counters_that_wrap_go_on(void)
{
	struct standard_plan p = {0};
	struct record_sample s;
	bool again;

	net_snmp();
	ticks(1000, 4294967290);
	learn(&p);
	(void)sample(&p, &s, &again);
	ticks(1010, 24); /* 30 more */
	(void)sample(&p, &s, &again);
	CU_ASSERT_TRUE(s.values.known[METRIC_CPU]);
	CU_ASSERT_EQUAL(s.values.cpu_idle, 7500);
}

/* More disks than anybody walks, processors beyond the bound. */
static void
walks_are_bounded(void)
{
	struct standard_plan p = {0};
	struct record_sample s;
	unsigned i;
	bool again;

	host_resources();
	for (i = 0; i < 650; i++)
		storage(100 + i, false, "/mnt", 4096, 10, 5);
	for (i = 0; i < 100; i++)
		cell(PROCESSOR, 2, 196610 + i, ASN_INTEGER, 50);
	learn(&p);
	CU_ASSERT(agent.requests < 100);
	CU_ASSERT_EQUAL(p.ncpus, STANDARD_CPUS);
	CU_ASSERT_TRUE(sample(&p, &s, &again));
	CU_ASSERT_EQUAL(s.values.ram_total, 10000);
	/* An agent whose answers hold less than a row. */
	memset(&p, 0, sizeof(p));
	agent.max = 2;
	agent.requests = 0;
	learn(&p);
	CU_ASSERT(agent.requests < 100);
}

static void
a_walk_goes_on_behind_a_short_answer(void)
{
	struct standard_plan p = {0};
	struct record_sample s;
	bool again;

	host_resources();
	agent.max = 4; /* a row and a part of the next */
	learn(&p);
	agent.max = 0;
	CU_ASSERT_TRUE(sample(&p, &s, &again));
	CU_ASSERT_EQUAL(s.values.swap_total, 2000);
	CU_ASSERT_EQUAL(p.ncpus, 2);
}

static void
a_walk_that_fails_is_over(void)
{
	struct standard_plan p = {0};
	struct record_sample s;
	netsnmp_pdu *a;
	bool again;

	host_resources();
	CU_ASSERT_FALSE(standardmib_learn_error(&p));
	a = answer(standardmib_ask(&p));
	standardmib_learn(&p, a);
	snmp_free_pdu(a);
	CU_ASSERT_EQUAL(p.step, STANDARD_STORAGE);
	CU_ASSERT_TRUE(standardmib_learn_error(&p));
	learn(&p);
	CU_ASSERT_TRUE(sample(&p, &s, &again));
	CU_ASSERT_TRUE(s.lacks[METRIC_RAM]);
	CU_ASSERT_TRUE(s.values.known[METRIC_CPU]);
}

static void
impossible_numbers_are_missing_ones(void)
{
	struct standard_plan p = {0};
	struct record r = {.kind = RECORD_SAMPLE};
	bool again;

	net_snmp();
	learn(&p);
	number(TCP, ASN_INTEGER, -5);
	number(MEMORY("27"), ASN_INTEGER, 99999); /* more than there is */
	number(MEMORY("4"), ASN_OCTET_STR, 0);
	CU_ASSERT_TRUE(sample(&p, &r.u.sample, &again));
	CU_ASSERT_TRUE(again);
	CU_ASSERT_FALSE(r.u.sample.values.known[METRIC_CONNECTIONS]);
	CU_ASSERT_FALSE(r.u.sample.values.known[METRIC_SWAP]);
	CU_ASSERT_EQUAL(r.u.sample.values.ram_free, 10000);
	CU_ASSERT_TRUE(record_valid(&r, sizeof(r), 1, 1));
}

/* The manager would give up on the poller of all agents for it. */
static void
units_make_no_impossible_amounts(void)
{
	struct standard_plan p = {0};
	struct record r = {.kind = RECORD_SAMPLE};
	bool again;

	memset(&agent, 0, sizeof(agent));
	number(TCP, ASN_GAUGE, 1);
	storage(1, true, "Physical memory", 2147483647, 900000000000000, 1);
	storage(2, false, "Swap space", 2147483647, 900000000000000, 1);
	learn(&p);
	CU_ASSERT_TRUE(sample(&p, &r.u.sample, &again));
	CU_ASSERT_FALSE(r.u.sample.values.known[METRIC_RAM]);
	CU_ASSERT_FALSE(r.u.sample.values.known[METRIC_SWAP]);
	CU_ASSERT_TRUE(record_valid(&r, sizeof(r), 1, 1));
}

static const struct unit_test tests[] = {
    {"UCD is learned in one request and polled in one",
	ucd_is_learned_in_one_request_and_polled_in_one},
    {"without available RAM the parts are added",
	without_available_ram_the_parts_are_added},
    {"HOST-RESOURCES stand in for UCD", host_resources_stand_in_for_ucd},
    {"other makers name it otherwise", other_makers_name_it_otherwise},
    {"an agent with nothing has no sample",
	an_agent_with_nothing_has_no_sample},
    {"rows that vanish are looked for again",
	rows_that_vanish_are_looked_for_again},
    {"processors may come a minute later", processors_may_come_a_minute_later},
    {"counters that stand still tell nothing",
	counters_that_stand_still_tell_nothing},
    {"a restarted agent is learned anew, and its zeros do not count",
	a_restarted_agent_is_learned_anew_and_its_zeros_do_not_count},
    {"a restarted host begins to count anew",
	a_restarted_host_begins_to_count_anew},
    {"counters that wrap go on", counters_that_wrap_go_on},
    {"walks are bounded", walks_are_bounded},
    {"a walk goes on behind a short answer",
	a_walk_goes_on_behind_a_short_answer},
    {"a walk that fails is over", a_walk_that_fails_is_over},
    {"impossible numbers are missing ones",
	impossible_numbers_are_missing_ones},
    {"units make no impossible amounts", units_make_no_impossible_amounts},
};

UNIT_MAIN("manager/standardmib", tests)
