/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/best.h"

#include <string.h>

#include "lib/num.h"

#define TTL_MAX_MS 3600000
#define PER_SERVER 5 /* fields */
#define HEAD       4 /* best n ttl scope */

static const struct alias *
alias_of(const struct server *s, int border)
{
	size_t i;

	for (i = 0; i < s->naliases; i++)
		if (s->aliases[i].border == border)
			return &s->aliases[i];
	return NULL;
}

/* server border name address weight; the name, port and scheme that go into
 * the Location are those of our own configuration. */
static int
candidate(const struct world *w, const char *const *f, struct drawable *d,
    unsigned *skipped)
{
	int server = world_server(w, f[0]), border = world_border(w, f[1]);
	const struct alias *a = NULL;
	int64_t weight;

	if (num_parse(f[4], 1, 10000, &weight) < 0)
		return -1;
	if (server >= 0 && border >= 0)
		a = alias_of(&w->servers[server], border);
	*d = (struct drawable){a, server, (uint32_t)weight};
	if (a == NULL)
		(*skipped)++;
	return 0;
}

int
best_parse(const struct world *w, const struct line *l,
    const struct addr *client, struct kept_answer *out, int64_t *ttl_ms,
    unsigned *skipped, const char **why)
{
	int64_t scope;
	size_t i;

	*skipped = 0;
	out->n = 0;
	out->none = REASON_NONE;
	if (l->fields < HEAD + PER_SERVER ||
	    (l->fields - HEAD) % PER_SERVER != 0 ||
	    (l->fields - HEAD) / PER_SERVER > DRAW_MAX) {
		*why = "best: number of fields";
		return -1;
	}
	if (num_parse(l->field[2], 0, TTL_MAX_MS, ttl_ms) < 0 ||
	    num_parse(l->field[3], 0, addr_bits(client), &scope) < 0) {
		*why = "best: ttl or scope";
		return -1;
	}
	out->prefix = addr_prefix(client, (unsigned)scope);
	for (i = HEAD; i < l->fields; i += PER_SERVER) {
		struct drawable *d = &out->list[out->n];

		if (candidate(w, &l->field[i], d, skipped) < 0) {
			*why = "best: weight";
			return -1;
		}
		if (d->alias != NULL)
			out->n++;
	}
	return 0;
}

int
best_number(const struct line *l, uint64_t *n)
{
	int64_t v;

	if (l->fields < 2 || num_parse(l->field[1], 0, INT64_MAX, &v) < 0)
		return -1;
	*n = (uint64_t)v;
	return 0;
}

bool
best_none(const struct line *l, enum reason *reason)
{
	const char *word = l->fields > 2 ? l->field[2] : "";
	int r;

	*reason = REASON_NO_SERVER;
	for (r = 0; r < REASON_COUNT; r++)
		if (strcmp(reason_text((enum reason)r), word) == 0)
			*reason = (enum reason)r;
	return *reason != REASON_UNKNOWN_SERVICE &&
	       *reason != REASON_UNKNOWN_SITE;
}
