/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_NOTIFY_H
#define LIB_NOTIFY_H

/*
 * What a service manager is told of us: sd_notify(3)'s protocol, a datagram to
 * the socket that NOTIFY_SOCKET names. Without one nothing happens.
 */

void notify_ready(void);
void notify_reloading(void); /* notify_ready() follows */
void notify_stopping(void);
/* One line for `systemctl status`. */
void notify_status(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Still alive; only does something if the service manager asked for it
 * (WATCHDOG_USEC). Once a second is enough. */
void notify_alive(void);

#endif
