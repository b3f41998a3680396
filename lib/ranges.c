/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses are numbers of 128 bits here; IPv4 has the uppermost 32. A range
 * goes from its start to the start of the next one. Owns its arrays.
 */
#include "lib/ranges.h"

#include <stdlib.h>

#include "lib/mem.h"

struct point {
	uint64_t high, low;
};

struct range {
	struct point start;
	int value; /* place in the list, or -1 */
};

/* Of one family; the first range starts at 0. */
struct side {
	struct range *list;
	size_t n;
};

struct ranges {
	struct side four, six;
};

/* A prefix as it is laid out. */
struct span {
	struct point first, last;
	int value;
};

static uint64_t
word(const uint8_t *bytes)
{
	uint64_t w = 0;
	int i;

	for (i = 0; i < 8; i++)
		w = w << 8 | bytes[i];
	return w;
}

static struct point
point_of(const struct addr *a)
{
	struct point p = {word(a->ip), word(a->ip + 8)};

	if (a->family == AF_INET)
		p = (struct point){p.high >> 32 << 32, 0};
	return p;
}

static int
compare(const struct point *a, const struct point *b)
{
	if (a->high != b->high)
		return a->high < b->high ? -1 : 1;
	return (a->low > b->low) - (a->low < b->low);
}

static struct point
before(const struct point *p)
{
	return (struct point){p->high - (p->low == 0), p->low - 1};
}

static struct point
after(const struct point *p)
{
	return (struct point){p->high + (p->low == UINT64_MAX), p->low + 1};
}

static bool
is_end(const struct point *p)
{
	return p->high == UINT64_MAX && p->low == UINT64_MAX;
}

/* The bits behind the first `len` of a word, set. */
static uint64_t
tail(unsigned len)
{
	return len >= 64 ? 0 : UINT64_MAX >> len;
}

static struct span
span_of(const struct prefix *p, int value)
{
	struct span s = {.first = point_of(&p->addr), .value = value};

	s.last.high = s.first.high | tail(p->len);
	s.last.low = s.first.low | tail(p->len < 64 ? 0 : p->len - 64);
	return s;
}

/* By start, the wider one first. */
static int
by_start(const void *a, const void *b)
{
	const struct span *x = a, *y = b;
	int d = compare(&x->first, &y->first);

	if (d == 0)
		d = -compare(&x->last, &y->last);
	return d != 0 ? d : (x->value > y->value) - (x->value < y->value);
}

/* From this point on it is this value; what began there before is nothing. */
static void
put(struct side *s, const struct point *start, int value)
{
	if (s->n > 0 && compare(&s->list[s->n - 1].start, start) == 0)
		s->n--;
	if (s->n > 0 && s->list[s->n - 1].value == value)
		return;
	s->list[s->n++] = (struct range){*start, value};
}

/* End all that ends before `next` (NULL: all). */
static size_t
close_open(struct side *s, const struct span **open, size_t n,
    const struct point *next)
{
	while (
	    n > 0 && (next == NULL || compare(&open[n - 1]->last, next) < 0)) {
		struct point end = open[n - 1]->last, start = after(&end);

		n--;
		if (!is_end(&end))
			put(s, &start, n > 0 ? open[n - 1]->value : -1);
	}
	return n;
}

static void
lay_out(struct side *s, struct span *spans, size_t n)
{
	const struct span **open = mem_array(n + 1, sizeof(*open));
	const struct point zero = {0, 0};
	size_t nopen = 0, i;

	s->list = mem_array(2 * n + 1, sizeof(*s->list));
	qsort(spans, n, sizeof(*spans), by_start);
	put(s, &zero, -1);
	for (i = 0; i < n; i++) {
		nopen = close_open(s, open, nopen, &spans[i].first);
		put(s, &spans[i].first, spans[i].value);
		open[nopen++] = &spans[i];
	}
	(void)close_open(s, open, nopen, NULL);
	free(open);
}

struct ranges *
ranges_new(const struct prefix *list, size_t n)
{
	struct ranges *r = mem_new(sizeof(*r));
	struct span *spans = mem_array(n + 1, sizeof(*spans));
	size_t four = 0, six = n, i;

	for (i = 0; i < n; i++)
		if (list[i].addr.family == AF_INET)
			spans[four++] = span_of(&list[i], (int)i);
		else
			spans[--six] = span_of(&list[i], (int)i);
	lay_out(&r->four, spans, four);
	lay_out(&r->six, spans + six, n - six);
	free(spans);
	return r;
}

void
ranges_free(struct ranges **r)
{
	if (*r == NULL)
		return;
	free((*r)->four.list);
	free((*r)->six.list);
	free(*r);
	*r = NULL;
}

/* How many bits two different points have in common at their front. */
static unsigned
common(const struct point *a, const struct point *b)
{
	if (a->high != b->high)
		return (unsigned)__builtin_clzll(a->high ^ b->high);
	return 64 + (unsigned)__builtin_clzll(a->low ^ b->low);
}

int
ranges_find(const struct ranges *r, const struct addr *a, unsigned *bits)
{
	const struct side *s = a->family == AF_INET ? &r->four : &r->six;
	struct point p = point_of(a), outside;
	size_t low = 0, high = s->n - 1, mid;
	unsigned n;

	while (low < high) {
		mid = (low + high + 1) / 2;
		if (compare(&s->list[mid].start, &p) <= 0)
			low = mid;
		else
			high = mid - 1;
	}
	/* A prefix holds as long as it has none of the two neighbours. */
	*bits = 0;
	if (low > 0) {
		outside = before(&s->list[low].start);
		*bits = common(&p, &outside) + 1;
	}
	if (low + 1 < s->n) {
		n = common(&p, &s->list[low + 1].start) + 1;
		if (n > *bits)
			*bits = n;
	}
	return s->list[low].value;
}
