/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MANAGER_POLLMIB_H
#define MANAGER_POLLMIB_H

/*
 * Which objects a poller asks agents for, and what their answers say: hopLoad,
 * or TCP-MIB and UCD-SNMP-MIB. Pure functions on Net-SNMP's PDUs.
 */

#include <stdbool.h>
#include <stdint.h>

#include "lib/world.h"
#include "manager/record.h"

struct snmp_pdu; /* Net-SNMP's */
struct variable_list;

/* Standard MIBs tell CPU ticks; a share needs those of the poll before. */
struct pollmib_ticks {
	bool known;
	uint32_t n[TICKS];
};

/* All load objects of a kind of agent, for one GET. */
void pollmib_ask_sample(struct snmp_pdu *pdu, enum agent_kind kind);
/* The answer to it; false: none of the objects are there. Leaves rtt_us. */
bool pollmib_sample(const struct snmp_pdu *pdu, enum agent_kind kind,
    struct pollmib_ticks *ticks, struct record_sample *s);

/* Rows of the check table behind this index, for one GETBULK. */
void pollmib_ask_checks(struct snmp_pdu *pdu, uint32_t behind);
enum pollmib_row {
	POLLMIB_ROW, /* *c is one; *v and *index have gone on */
	POLLMIB_END, /* that was all */
	POLLMIB_TORN /* columns that do not fit together */
};
enum pollmib_row pollmib_check(
    const struct variable_list **v, uint32_t *index, struct record_check *c);

#endif
