/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AGENT_TRAIN_H
#define AGENT_TRAIN_H

/*
 * The outcomes of the probes of one round, and what they come to. Pure.
 *
 * The first probe wakes the path up (radio, ARP, caches): its reply makes a
 * provisional result, and the final one leaves it out where it can.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRAIN_MAX 20

enum train_outcome {
	TRAIN_OPEN, /* not sent, or on its way */
	TRAIN_REPLY,
	TRAIN_SILENT,
	TRAIN_ERROR,   /* an ICMP error instead of a reply */
	TRAIN_FAILED,  /* the host could not send it */
	TRAIN_UNJUDGED /* the host may have lost the reply */
};

/* HopProbeStatus */
enum train_status {
	TRAIN_REPLIED = 1,
	TRAIN_ALL_SILENT,
	TRAIN_UNREACHABLE,
	TRAIN_REFUSED,
	TRAIN_NOT_SENT,
	TRAIN_UNKNOWN,
	TRAIN_PROVISIONAL,
	TRAIN_INEXACT
};

struct train {
	uint8_t size;    /* probes of it, at most TRAIN_MAX */
	uint8_t started; /* numbers given out */
	uint8_t settled; /* outcomes known */
	uint8_t outcome[TRAIN_MAX];
	bool inexact[TRAIN_MAX]; /* the time is not by the kernel's stamps */
	uint32_t rtt_us[TRAIN_MAX];
};

struct train_result {
	enum train_status status;
	unsigned sent; /* judged probes that it is about */
	unsigned loss; /* of them, in hundredths of a percent */
	uint32_t min_us, median_us, spread_us;
	bool inexact; /* a time is not by the kernel's stamps */
};

void train_init(struct train *t, unsigned size);
/* The outcome of probe i, once; a later one is ignored. */
void train_settle(struct train *t, unsigned i, enum train_outcome o);
void train_reply(struct train *t, unsigned i, uint32_t rtt_us, bool inexact);
/* There is nothing to wait for. */
bool train_is_over(const struct train *t);
/* Send no more, and do not wait for what is on its way. */
void train_stop(struct train *t);
/* The result if the first reply just came and more is to come. */
bool train_provisional(const struct train *t, struct train_result *r);
void train_final(const struct train *t, struct train_result *r);
/* The median of n values (the lower middle one's mean with the upper one);
 * sorts them. 0 for none. */
uint32_t train_median(uint32_t *values, size_t n);

#endif
