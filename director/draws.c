/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One counter a server. Lines are checked whole before anything is counted, so
 * that a malformed one changes nothing.
 */
#include "director/draws.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/num.h"
#include "lib/renumber.h"

struct draws {
	const struct world *world;
	uint32_t *count; /* since the last sample */
	uint64_t *all;   /* since the start */
	uint64_t generation, total;
	bool any; /* a count is not 0 */
};

struct draws *
draws_new(const struct world *w)
{
	struct draws *d = mem_new(sizeof(*d));

	d->world = w;
	d->count = mem_array(w->nservers + 1, sizeof(*d->count));
	d->all = mem_array(w->nservers + 1, sizeof(*d->all));
	return d;
}

void
draws_free(struct draws **d)
{
	if (*d == NULL)
		return;
	free((*d)->count);
	free((*d)->all);
	free(*d);
	*d = NULL;
}

static const char *
check(const struct line *l)
{
	int64_t n;
	size_t i;

	if (l->fields < 3 || l->fields % 2 == 0)
		return "drawn: pairs of server and count are wanted";
	for (i = 2; i < l->fields; i += 2)
		if (num_parse(l->field[i], 0, UINT32_MAX, &n) < 0)
			return "drawn: a count is no number from 0 to "
			       "4294967295";
	return NULL;
}

static void
add(struct draws *d, int server, uint32_t n)
{
	uint32_t *c = &d->count[server];

	*c = UINT32_MAX - *c < n ? UINT32_MAX : *c + n;
	d->all[server] += n;
	d->total += n;
	d->any = d->any || n > 0;
}

int
draws_take(
    struct draws *d, const struct line *l, unsigned *unknown, const char **why)
{
	int64_t n = 0;
	size_t i;

	*unknown = 0;
	*why = check(l);
	if (*why != NULL)
		return -1;
	for (i = 1; i + 1 < l->fields; i += 2) {
		int server = world_server(d->world, l->field[i]);

		(void)num_parse(l->field[i + 1], 0, UINT32_MAX, &n);
		if (server < 0)
			(*unknown)++;
		else
			add(d, server, (uint32_t)n);
	}
	d->generation++;
	return 0;
}

void
draws_sampled(struct draws *d, const struct line *load)
{
	size_t i;

	if (!d->any)
		return;
	for (i = 1; i < load->fields; i += 2) {
		int server = world_server(d->world, load->field[i]);

		if (server >= 0 && d->count[server] > 0) {
			d->count[server] = 0;
			d->generation++;
		}
	}
}

void
draws_forget(struct draws *d, int server)
{
	if (d->count[server] == 0)
		return;
	d->count[server] = 0;
	d->generation++;
}

void
draws_renew(struct draws *d, const struct renumber *r)
{
	uint32_t *count = mem_array(r->to->nservers + 1, sizeof(*count));
	uint64_t *all = mem_array(r->to->nservers + 1, sizeof(*all));
	size_t i;

	for (i = 0; i < r->from->nservers; i++)
		if (r->server[i] >= 0) {
			count[r->server[i]] = d->count[i];
			all[r->server[i]] = d->all[i];
		}
	free(d->count);
	free(d->all);
	d->count = count;
	d->all = all;
	d->world = r->to;
	d->generation++;
}

const uint32_t *
draws_counts(const struct draws *d)
{
	return d->count;
}

const uint64_t *
draws_all(const struct draws *d)
{
	return d->all;
}

uint64_t
draws_generation(const struct draws *d)
{
	return d->generation;
}

uint64_t
draws_total(const struct draws *d)
{
	return d->total;
}
