/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AGENT_PINGSOCK_H
#define AGENT_PINGSOCK_H

/*
 * An ICMP socket of one address family, with the kernel's time stamps of what
 * goes out and of what comes in. Sends and reads in batches. It knows nothing
 * of targets and rounds.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/icmp.h"
#include "lib/addr.h"

#define PINGSOCK_BATCH 64

/* A probe to be sent. */
struct pingsock_probe {
	struct addr to;
	uint16_t seq;
	uint64_t cookie;
	int error; /* afterwards: 0, or the errno it was not sent for */
};

/* Stamps are nanoseconds of CLOCK_REALTIME; 0 is none. */
struct pingsock_events {
	/* The probe with this number left; the last word counts. */
	void (*on_sent)(void *arg, uint16_t seq, int64_t stamp);
	/* An echo reply to our ident. */
	void (*on_reply)(void *arg, const struct icmp_reply *reply,
	    const struct addr *from, int64_t stamp);
	/* An ICMP error about a probe of our ident to this address; the
	 * cookie may be missing in what it quotes. */
	void (*on_error)(void *arg, const struct icmp_reply *quote,
	    bool has_cookie, const struct addr *to, unsigned type,
	    unsigned code);
	/* An echo reply to somebody else: raw sockets get them all. */
	void (*on_foreign)(void *arg);
	void *arg;
};

struct pingsock;

enum pingsock_fault {
	PINGSOCK_NO_FAMILY = 1, /* the host does not speak it */
	PINGSOCK_NO_RIGHT,
	PINGSOCK_OTHER
};

/*
 * A ping socket if net.ipv4.ping_group_range allows it, else a raw one.
 * `source` may be NULL. NULL and *fault and *why (what to do) if neither can
 * be had. The events are copied.
 */
struct pingsock *pingsock_open(int family, const struct addr *source,
    const struct pingsock_events *events, enum pingsock_fault *fault, char *why,
    size_t size);
void pingsock_free(struct pingsock **s);
bool pingsock_is_raw(const struct pingsock *s);
uint16_t pingsock_ident(const struct pingsock *s);

/* Send n probes, at most PINGSOCK_BATCH; each tells by its `error`. */
void pingsock_send(struct pingsock *s, struct pingsock_probe *p, size_t n);
/* Read stamps and errors, then replies, until there is nothing more or a
 * bound is reached. */
void pingsock_read(struct pingsock *s);
/* Read stamps and errors only. */
void pingsock_read_stamps(struct pingsock *s);
/* A reply came without a stamp of its probe: from now on ask for the one that
 * the queue of the interface gives too, for drivers that give none. */
void pingsock_miss_stamp(struct pingsock *s);
/* Packets that the kernel had no room for since the last call. */
uint32_t pingsock_drops(struct pingsock *s);

#endif
