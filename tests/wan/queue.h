/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_WAN_QUEUE_H
#define TESTS_WAN_QUEUE_H

/* Frames on their way, the next one due first. Pure, but for malloc(). */

#include <stddef.h>
#include <stdint.h>

#define QUEUE_FRAMES_MAX 65536
#define QUEUE_BYTES_MAX  (64 << 20)

struct parcel {
	int64_t in_ns;  /* when it came */
	int64_t due_ns; /* when it is to leave */
	uint64_t order; /* set by queue_put(): first come, first out */
	int port;       /* where it leaves; the owner's number */
	int from, to;   /* places; the owner's numbers */
	size_t len;
	uint8_t data[]; /* len bytes */
};

struct queue {
	struct parcel *heap[QUEUE_FRAMES_MAX];
	size_t n;
	size_t bytes;
	uint64_t order;
};

/* Takes the parcel, made by malloc(); -1 if full: it is still the caller's. */
int queue_put(struct queue *q, struct parcel *p);
/* The next one due, still in the queue; NULL: empty. */
const struct parcel *queue_first(const struct queue *q);
/* Take it out; the caller frees it. */
struct parcel *queue_take(struct queue *q);

#endif
