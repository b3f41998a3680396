/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_AGENTX_SERVE_H
#define LIB_AGENTX_SERVE_H

/*
 * Net-SNMP's requests to look-ups in a snapshot. No sockets and no events:
 * part of lib/agentx, apart so that it is tested without an snmpd.
 */

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>

#include "lib/agentx.h"

struct agentx_serve {
	struct snap *snap; /* sorted, or NULL: nothing there yet */
	struct mono taken;
	const struct agentx_conf *conf;
};

/* The handler of our registration; handler->myvoid is a struct agentx_serve. */
int agentx_serve(netsnmp_mib_handler *handler,
    netsnmp_handler_registration *reginfo, netsnmp_agent_request_info *reqinfo,
    netsnmp_request_info *requests);
/* Put a scalar of the snapshot, if it is there, into a PDU. */
void agentx_serve_add(
    const struct agentx_serve *s, netsnmp_pdu *pdu, enum mib_object scalar);

#endif
