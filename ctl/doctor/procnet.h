/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CTL_DOCTOR_PROCNET_H
#define CTL_DOCTOR_PROCNET_H

/* Texts of /proc/net to what they say. Pure; each adds to an array that is the
 * caller's to free, and leaves out lines that it does not understand. */

#include "ctl/doctor/host.h"

/* tcp, tcp6 (those that listen) or udp, udp6 (those without a peer). */
void procnet_sockets(
    const char *text, bool tcp, struct host_socket **list, size_t *n);
/* fib_trie: local IPv4 addresses; if_inet6: those of IPv6. */
void procnet_addresses(const char *text, struct addr **list, size_t *n);
void procnet_addresses6(const char *text, struct addr **list, size_t *n);

#endif
