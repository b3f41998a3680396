/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MANAGER_PROBEMIB_H
#define MANAGER_PROBEMIB_H

/*
 * What a poller asks probers for, and what their answers say: hopProbe, its
 * journal and the rows of its targets. Pure functions on Net-SNMP's PDUs.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "manager/record.h"

#define PROBEMIB_ROWS      7  /* of the journal in one packet of 1500 */
#define PROBEMIB_ROWS_MAX  15 /* snmpd answers with 100 varbinds at most */
#define PROBEMIB_ADDRESSES 10 /* new targets in one packet of 1500 */

struct snmp_pdu; /* Net-SNMP's */
struct variable_list;

struct probemib_status {
	char border[RECORD_NAME]; /* that it pings out of */
	enum state uplink;
	enum reason uplink_reason;
	uint32_t epoch; /* of the rows that it writes now */
};

/* How it does, and rows behind the cursor, in one GETBULK. */
void probemib_ask(
    struct snmp_pdu *pdu, const struct record_cursor *behind, unsigned rows);
/* The first part of the answer, *rows is the second; false: it has no such
 * objects. */
bool probemib_status(const struct snmp_pdu *pdu, struct probemib_status *s,
    const struct variable_list **rows);
/* The next row; false: there is none that is whole. The cursor goes on. */
bool probemib_row(const struct variable_list **v, struct record_cursor *at,
    struct record_result *r);

/* New rows of the target table for these addresses, numbered from `index` on,
 * for one SET. */
void probemib_targets(struct snmp_pdu *pdu, uint32_t index,
    const struct addr *a, size_t n, const char *owner);

#endif
