/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an agent of another maker may answer, while it is learned and polled:
 * bytes become the variables of one answer after the other, each the object
 * that was asked for or one beside it. Whatever is read has to be a record
 * that the manager takes.
 */
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <stdlib.h>
#include <string.h>

#include "manager/standardmib.h"

#define ANSWERS 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct bytes {
	const uint8_t *p;
	size_t left;
};

static uint8_t
next(struct bytes *b)
{
	if (b->left == 0)
		return 0;
	b->left--;
	return *b->p++;
}

/* A value of any type behind this name. */
static void
add_value(netsnmp_pdu *a, const oid *name, size_t len, struct bytes *b)
{
	static const u_char types[] = {ASN_INTEGER, ASN_GAUGE, ASN_COUNTER,
	    ASN_TIMETICKS, ASN_OCTET_STR, ASN_OBJECT_ID, ASN_COUNTER64,
	    SNMP_NOSUCHOBJECT, SNMP_NOSUCHINSTANCE, SNMP_ENDOFMIBVIEW};
	static const char *const words[] = {"Physical memory", "swap space",
	    "Available memory", "memory buffers", "Cached Memory", "/"};
	u_char type = types[next(b) % sizeof(types)];
	struct counter64 big = {.high = next(b), .low = next(b)};
	oid ram[10] = {1, 3, 6, 1, 2, 1, 25, 2, 1, next(b) % 4};
	long number = 0;
	const char *word = words[next(b) % 6];
	size_t i;

	for (i = next(b) % sizeof(number); i > 0; i--)
		number = (long)((unsigned long)number << 8 | next(b));
	if (type == ASN_OCTET_STR)
		snmp_pdu_add_variable(a, name, len, type, word, strlen(word));
	else if (type == ASN_OBJECT_ID)
		snmp_pdu_add_variable(a, name, len, type, ram, sizeof(ram));
	else if (type == ASN_COUNTER64)
		snmp_pdu_add_variable(a, name, len, type, &big, sizeof(big));
	else if (type >= SNMP_NOSUCHOBJECT)
		snmp_pdu_add_variable(a, name, len, type, NULL, 0);
	else
		snmp_pdu_add_variable(
		    a, name, len, type, &number, sizeof(number));
}

/* The objects asked for, perhaps moved on, perhaps more than once. */
static netsnmp_pdu *
answer(const netsnmp_pdu *q, struct bytes *b)
{
	netsnmp_pdu *a = snmp_pdu_create(SNMP_MSG_RESPONSE);
	const netsnmp_variable_list *v;
	uint8_t rounds = q->command == SNMP_MSG_GETBULK ? next(b) % 8 : 1, r;
	oid name[MAX_OID_LEN];

	for (r = 0; r < rounds; r++)
		for (v = q->variables; v != NULL; v = v->next_variable) {
			uint8_t how = next(b);

			memcpy(name, v->name, v->name_length * sizeof(oid));
			if (q->command == SNMP_MSG_GETBULK)
				name[v->name_length - 1] += r + 1 + how % 3;
			if (how >= 250)
				name[v->name_length - 2]++;
			if (how != 249)
				add_value(a, name, v->name_length, b);
		}
	return a;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct standard_plan p = {0};
	struct bytes b = {data, size};
	int i;

	for (i = 0; i < ANSWERS && b.left > 0; i++) {
		struct record r = {.kind = RECORD_SAMPLE};
		netsnmp_pdu *q = standardmib_ask(&p), *a = answer(q, &b);
		bool again = false;

		if (p.step != STANDARD_READY)
			standardmib_learn(&p, a);
		else if (standardmib_sample(&p, a, &r.u.sample, &again) &&
			 !record_valid(&r, sizeof(r), 1, 1))
			abort();
		if (again)
			standardmib_forget(&p);
		snmp_free_pdu(q);
		snmp_free_pdu(a);
	}
	return 0;
}
