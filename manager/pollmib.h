/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MANAGER_POLLMIB_H
#define MANAGER_POLLMIB_H

/*
 * Which objects a poller asks load daemons for, and what their answers say:
 * hopLoad. Pure functions on Net-SNMP's PDUs; see standardmib.h for agents of
 * other makers.
 */

#include <stdbool.h>
#include <stdint.h>

#include "lib/world.h"
#include "manager/record.h"

struct snmp_pdu; /* Net-SNMP's */
struct variable_list;

/* All load objects, for one GET. */
void pollmib_ask_sample(struct snmp_pdu *pdu);
/* The answer to it; false: none of the objects are there. Leaves rtt_us. */
bool pollmib_sample(const struct snmp_pdu *pdu, struct record_sample *s);

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
