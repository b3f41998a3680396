/* SPDX-License-Identifier: BSD-2-Clause */
/* A binary heap by time. Owns the parcels in it. */
#include "tests/wan/queue.h"

#include <stdbool.h>

static bool
before(const struct parcel *a, const struct parcel *b)
{
	return a->due_ns != b->due_ns ? a->due_ns < b->due_ns
				      : a->order < b->order;
}

int
queue_put(struct queue *q, struct parcel *p)
{
	size_t i, up;

	if (q->n == QUEUE_FRAMES_MAX || q->bytes + p->len > QUEUE_BYTES_MAX)
		return -1;
	p->order = q->order++;
	q->bytes += p->len;
	for (i = q->n++; i > 0; i = up) {
		up = (i - 1) / 2;
		if (!before(p, q->heap[up]))
			break;
		q->heap[i] = q->heap[up];
	}
	q->heap[i] = p;
	return 0;
}

const struct parcel *
queue_first(const struct queue *q)
{
	return q->n > 0 ? q->heap[0] : NULL;
}

struct parcel *
queue_take(struct queue *q)
{
	struct parcel *first, *last;
	size_t i, down;

	if (q->n == 0)
		return NULL;
	first = q->heap[0];
	last = q->heap[--q->n];
	for (i = 0; (down = 2 * i + 1) < q->n; i = down) {
		if (down + 1 < q->n && before(q->heap[down + 1], q->heap[down]))
			down++;
		if (!before(q->heap[down], last))
			break;
		q->heap[i] = q->heap[down];
	}
	q->heap[i] = last;
	q->bytes -= first->len;
	return first;
}
