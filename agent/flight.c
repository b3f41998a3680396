/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Probes by sequence number, and a wheel of 10 ms slots a little longer than
 * the longest timeout. Numbers are given out in an order that only we know.
 * Owns the probes; their owners are the engine's.
 */

#include "agent/flight.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

#define PLACES  65536
#define SLOTS   8192
#define SLOT_NS INT64_C(10000000)
#define TRIES   16

LIST_HEAD(slot, probe);

struct flight {
	struct icmp_key key;
	uint16_t ident;
	/* The n-th place has number n * step + start: nobody knows what comes
	 * next, but what was sent together lies together. */
	uint16_t step, back, start; /* step * back is 1 */
	uint64_t launched;
	size_t open;
	int64_t turn; /* slots before this one are empty */
	struct slot slots[SLOTS];
	struct probe *probes;
};

/* The inverse of an odd number modulo 2^16, by Newton's method. */
static uint16_t
inverse(uint16_t odd)
{
	uint32_t x = odd; /* right in the last three bits */
	int i;

	for (i = 0; i < 4; i++)
		x *= 2 - odd * x;
	return (uint16_t)x;
}

static struct probe *
at(struct flight *f, uint16_t seq)
{
	return &f->probes[(
	    uint16_t)((uint32_t)(uint16_t)(seq - f->start) * f->back)];
}

struct flight *
flight_new(const struct icmp_key *key, uint16_t ident)
{
	struct flight *f = mem_new(sizeof(*f));
	uint64_t order = icmp_hash(key, &ident, sizeof(ident));

	f->key = *key;
	f->ident = ident;
	f->step = (uint16_t)(order | 1); /* odd: each number once a round */
	f->back = inverse(f->step);
	f->start = (uint16_t)(order >> 16);
	f->probes = mem_array(PLACES, sizeof(*f->probes));
	return f;
}

void
flight_free(struct flight **f)
{
	if (*f == NULL)
		return;
	free((*f)->probes);
	free(*f);
	*f = NULL;
}

static struct slot *
slot_at(struct flight *f, int64_t turn)
{
	return &f->slots[turn % SLOTS];
}

/* The first slot that ends behind the deadline, so that nobody is given up
 * too early. */
static void
enlist(struct flight *f, struct probe *p)
{
	int64_t turn = p->deadline.ns / SLOT_NS + 1;

	if (turn < f->turn)
		turn = f->turn;
	LIST_INSERT_HEAD(slot_at(f, turn), p, link);
}

static struct probe *
next_place(struct flight *f)
{
	struct probe *p;
	uint16_t seq;
	int i;

	for (i = 0; i < TRIES; i++) {
		seq = (uint16_t)(f->launched * f->step + f->start);
		p = &f->probes[f->launched++ % PLACES];
		p->seq = seq;
		if (p->state != FLIGHT_OPEN)
			return p;
	}
	return NULL;
}

struct probe *
flight_launch(struct flight *f, const struct addr *to, struct mono now,
    uint32_t timeout_ms)
{
	struct probe *p = next_place(f);

	if (p == NULL)
		return NULL;
	if (f->open == 0 && f->turn < now.ns / SLOT_NS)
		f->turn = now.ns / SLOT_NS;
	if (timeout_ms > FLIGHT_TIMEOUT_MAX)
		timeout_ms = FLIGHT_TIMEOUT_MAX;
	*p = (struct probe){.state = FLIGHT_OPEN,
	    .seq = p->seq,
	    .to = *to,
	    .sent = now,
	    .deadline = mono_add_ms(now, timeout_ms)};
	p->cookie = icmp_cookie(&f->key, to, f->ident, p->seq, f->launched);
	f->open++;
	enlist(f, p);
	return p;
}

struct probe *
flight_find(struct flight *f, uint16_t seq)
{
	struct probe *p = at(f, seq);

	return p->state == FLIGHT_OPEN || p->state == FLIGHT_LATE ? p : NULL;
}

enum flight_match
flight_match(struct flight *f, const struct icmp_reply *reply, bool has_cookie,
    const struct addr *from, struct mono now, struct probe **out)
{
	struct probe *p = at(f, reply->seq);

	*out = NULL;
	if (p->state == FLIGHT_FREE || reply->ident != f->ident ||
	    addr_cmp(&p->to, from) != 0 ||
	    (has_cookie && reply->cookie != p->cookie) ||
	    mono_ms(now, p->sent) > FLIGHT_LATE_MS)
		return FLIGHT_MATCH_NONE;
	*out = p;
	if (p->state == FLIGHT_OPEN)
		return FLIGHT_MATCH;
	return p->state == FLIGHT_LATE ? FLIGHT_MATCH_LATE
				       : FLIGHT_MATCH_DUPLICATE;
}

static void
leave(struct flight *f, struct probe *p, enum flight_state state)
{
	if (p->state == FLIGHT_OPEN) {
		LIST_REMOVE(p, link);
		f->open--;
	}
	p->state = state;
}

void
flight_land(struct flight *f, struct probe *p)
{
	leave(f, p, FLIGHT_DONE);
}

struct probe *
flight_expired(struct flight *f, struct mono now)
{
	struct probe *p;

	if (f->open == 0)
		return NULL;
	/* A slot is over when its time is; then all of it is. */
	for (; f->turn <= now.ns / SLOT_NS; f->turn++) {
		p = LIST_FIRST(slot_at(f, f->turn));
		if (p == NULL)
			continue;
		leave(f, p, FLIGHT_LATE);
		return p;
	}
	return NULL;
}

size_t
flight_open(const struct flight *f)
{
	return f->open;
}
