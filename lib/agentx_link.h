/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_AGENTX_LINK_H
#define LIB_AGENTX_LINK_H

/*
 * The way to snmpd: a transport for Net-SNMP over a unix socket that never
 * blocks, which Net-SNMP's own does in connect() and send(). One connection at
 * a time; part of lib/agentx.
 */

#include <stdbool.h>

/* What NETSNMP_DS_AGENT_X_SOCKET has to be for this transport. */
#define AGENTX_LINK_TARGET "hopscotch:snmpd"

/* Make it known to Net-SNMP. `socket` as in struct agentx_conf, kept. Until
 * agentx_link_open(true) every attempt fails at once. */
void agentx_link_init(const char *socket);
void agentx_link_open(bool allowed);
/* The socket last tried, and errno of that: 0 if it worked. */
const char *agentx_link_path(void);
int agentx_link_error(void);
/* Cut the connection; Net-SNMP sees that as snmpd's end. */
void agentx_link_cut(void);

#endif
