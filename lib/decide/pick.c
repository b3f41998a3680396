/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bands of rows from the nearest on, until one holds a server with load; the
 * servers of that band and their weights in the draw. The scratch memory is
 * its maker's; results go to arrays of the caller. Knows no addresses of
 * clients, no time and no feed.
 */
#include "lib/decide/pick.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/decide/prefer.h"
#include "lib/decide/sticky.h"
#include "lib/mem.h"

/* What one pick knows of one server of the service. */
struct entry {
	const struct server *server;
	const struct alias *alias; /* it joined with, or NULL: not joined */
	size_t order;              /* of joining */
	int border;
	int load;       /* true load, or weight */
	bool by_weight; /* the latter */
	bool eligible;
	int next; /* eligible server of the same site, or -1 */
};

struct pick_scratch {
	struct entry *entries; /* the most servers a service has */
	int *site_first;       /* an eligible server of each site, or -1 */
	int *joined;           /* in order of joining */
	unsigned *largest;     /* weight a service */
	struct sticky_server *stuck;
	const struct prefer *prefer; /* all else is out now; or NULL */
	size_t njoined;
	size_t nfirst;    /* of them in the first band */
	size_t neligible; /* servers */
	bool yields;      /* one that joined has load */
};

unsigned
pick_largest_weight(const struct world *w, const struct service *s)
{
	unsigned largest = 1;
	size_t i;

	for (i = 0; i < s->nuse; i++)
		if (w->servers[s->use[i]].weight > largest)
			largest = w->servers[s->use[i]].weight;
	return largest;
}

struct pick_scratch *
pick_scratch_new(const struct world *w)
{
	struct pick_scratch *s = mem_new(sizeof(*s));
	size_t most = 0, i;

	s->largest = mem_array(w->nservices, sizeof(*s->largest));
	for (i = 0; i < w->nservices; i++) {
		s->largest[i] = pick_largest_weight(w, &w->services[i]);
		if (w->services[i].nuse > most)
			most = w->services[i].nuse;
	}
	s->entries = mem_array(most, sizeof(*s->entries));
	s->joined = mem_array(most, sizeof(*s->joined));
	s->stuck = mem_array(most, sizeof(*s->stuck));
	s->site_first = mem_array(w->nsites, sizeof(*s->site_first));
	return s;
}

void
pick_scratch_free(struct pick_scratch **s)
{
	if (*s == NULL)
		return;
	free((*s)->entries);
	free((*s)->joined);
	free((*s)->stuck);
	free((*s)->site_first);
	free((*s)->largest);
	free(*s);
	*s = NULL;
}

int
pick_weight_load(unsigned weight, unsigned largest)
{
	uint64_t load = (UINT64_C(2) * LOAD_MAX * weight + largest) /
			(UINT64_C(2) * largest);

	return load > 0 ? (int)load : 1;
}

int
pick_weight(const struct world *w, const struct service *s, int use)
{
	return pick_weight_load(
	    w->servers[s->use[use]].weight, pick_largest_weight(w, s));
}

bool
pick_has_metrics(const struct policy *p)
{
	int m;

	for (m = 0; m < METRICS; m++)
		if (p->metric[m].used)
			return true;
	return false;
}

static bool
has_address(const struct alias *a, int family)
{
	return (family == AF_INET ? a->v4 : a->v6).family != AF_UNSPEC;
}

const struct alias *
pick_alias(const struct server *s, int border, int family)
{
	size_t i;

	for (i = 0; i < s->naliases; i++)
		if (s->aliases[i].border == border &&
		    has_address(&s->aliases[i], family))
			return &s->aliases[i];
	return NULL;
}

/* Whether a client of this family can reach the server at all just now. */
static bool
is_reachable(const struct pick_input *in, const struct server *s)
{
	size_t i;

	for (i = 0; i < s->naliases; i++)
		if (in->border_up[s->aliases[i].border] &&
		    has_address(&s->aliases[i], in->family))
			return true;
	return false;
}

static void
admit(struct pick_scratch *x, size_t use)
{
	struct entry *e = &x->entries[use];

	e->eligible = true;
	e->next = x->site_first[e->server->site];
	x->site_first[e->server->site] = (int)use;
	x->neligible++;
}

/* In which turn a server is taken: 0 before 1 before 2 before 3; -1: never. An
 * overloaded one is still left. */
static int
turn_of(enum state state, bool backup)
{
	if (state == STATE_UP || state == STATE_OVERLOADED)
		return backup;
	return state == STATE_UNKNOWN ? 2 + backup : -1;
}

/* Rule 3: those up or overloaded, else backups that are; then the unknown in
 * the same way. */
static void
find_eligible(
    const struct pick_input *in, struct pick_scratch *x, struct pick *out)
{
	const struct service *s = in->service;
	size_t i;
	int turn;

	for (i = 0; i < in->world->nsites; i++)
		x->site_first[i] = -1;
	for (turn = 0; turn < 4 && x->neligible == 0; turn++) {
		for (i = 0; i < s->nuse; i++)
			if (turn_of(in->state[i], world_is_backup(s, i)) ==
				turn &&
			    is_reachable(in, x->entries[i].server))
				admit(x, i);
		out->unknown = x->neligible > 0 && turn >= 2;
		out->backup = x->neligible > 0 && turn % 2 == 1;
	}
}

/* Rule 6: what counts as each server's load. */
static void
begin(const struct pick_input *in, struct pick_scratch *x)
{
	const struct service *s = in->service;
	bool metrics = pick_has_metrics(&in->world->policies[s->policy]);
	size_t i;

	x->njoined = x->nfirst = x->neligible = 0;
	x->prefer = NULL;
	x->yields = false;
	for (i = 0; i < s->nuse; i++) {
		struct entry *e = &x->entries[i];

		e->server = &in->world->servers[s->use[i]];
		e->alias = NULL;
		e->border = -1;
		e->eligible = false;
		e->by_weight = !metrics || in->load[i] == LOAD_UNKNOWN;
		if (in->state[i] == STATE_OVERLOADED)
			e->load = 0;
		else if (e->by_weight)
			e->load = pick_weight_load(
			    e->server->weight, x->largest[s->n]);
		else
			e->load = in->load[i];
	}
}

/* The alias of a server for a border, if it is not one too many. */
static const struct alias *
way(const struct pick_input *in, const struct pick_scratch *x,
    const struct server *s, int border)
{
	if (x->prefer != NULL && !prefer_allows(x->prefer, s, border))
		return NULL;
	return pick_alias(s, border, in->family);
}

static void
join(struct pick_scratch *x, int use, int border, const struct alias *alias)
{
	struct entry *e = &x->entries[use];

	e->border = border;
	e->alias = alias;
	e->order = x->njoined;
	x->joined[x->njoined++] = use;
	if (e->load > 0)
		x->yields = true;
}

static bool
is_usable(const struct pick_input *in, const struct pick_scratch *x,
    const struct row *r)
{
	int use = x->site_first[r->site];

	if (r->metric_us == METRIC_NONE || !in->border_up[r->border])
		return false;
	for (; use >= 0; use = x->entries[use].next)
		if (way(in, x, x->entries[use].server, r->border) != NULL)
			return true;
	return false;
}

/* All that can take the row and have none so far join through it. */
static void
take_row(
    const struct pick_input *in, struct pick_scratch *x, const struct row *r)
{
	const struct alias *a;
	int use;

	for (use = x->site_first[r->site]; use >= 0;
	     use = x->entries[use].next) {
		if (x->entries[use].alias != NULL)
			continue;
		a = way(in, x, x->entries[use].server, r->border);
		if (a != NULL)
			join(x, use, r->border, a);
	}
}

/* anchor * (1 + fuzz) or anchor + fuzz-min, whichever is further. */
static int64_t
band_limit(const struct policy *p, int64_t anchor)
{
	int64_t share, limit;

	/* anchor * ppm / 1000000, rounded down, without overflow on the way */
	if (__builtin_mul_overflow(
		anchor / 1000000, (int64_t)p->fuzz_ppm, &share) ||
	    __builtin_add_overflow(share,
		anchor % 1000000 * (int64_t)p->fuzz_ppm / 1000000, &share))
		return INT64_MAX;
	if (share < p->fuzz_min_us)
		share = p->fuzz_min_us;
	return __builtin_add_overflow(anchor, share, &limit) ? INT64_MAX
							     : limit;
}

/* Rule 4 with <path/>: band after band until one yields. */
static void
take_bands(
    const struct pick_input *in, struct pick_scratch *x, struct pick *out)
{
	const struct policy *p = &in->world->policies[in->service->policy];
	const struct row *r = in->rows, *end = in->rows + in->nrows;

	for (; r < end && r->metric_us != METRIC_NONE; r++) {
		if (out->anchor_us != METRIC_NONE &&
		    r->metric_us > out->band_us) {
			if (x->nfirst == 0)
				x->nfirst = x->njoined;
			if (x->yields)
				return;
		}
		if (!is_usable(in, x, r))
			continue;
		/* The next usable row is the next anchor, whether or not its
		 * servers have joined already. */
		if (out->anchor_us == METRIC_NONE ||
		    r->metric_us > out->band_us) {
			out->anchor_us = r->metric_us;
			out->band_us = band_limit(p, r->metric_us);
		}
		take_row(in, x, r);
	}
}

/* Rule 4 without <path/>: one band, each server by its best row. */
static void
take_all(const struct pick_input *in, struct pick_scratch *x)
{
	const struct row *r = in->rows, *end = in->rows + in->nrows;

	for (; r < end && r->metric_us != METRIC_NONE; r++) {
		if (x->njoined == x->neligible)
			return;
		if (in->border_up[r->border])
			take_row(in, x, r);
	}
}

/* The first border in file order that leads to the server: one of its own
 * site, or any. */
static const struct alias *
first_alias(const struct pick_input *in, const struct pick_scratch *x,
    const struct server *s, bool own)
{
	const struct alias *best = NULL;
	size_t i;

	for (i = 0; i < s->naliases; i++) {
		const struct alias *a = &s->aliases[i];

		if (!in->border_up[a->border] || !has_address(a, in->family))
			continue;
		if (own && in->world->borders[a->border].site != s->site)
			continue;
		if (x->prefer != NULL &&
		    !prefer_allows(x->prefer, s, a->border))
			continue;
		if (best == NULL || a->border < best->border)
			best = a;
	}
	return best;
}

/* Rule 5: no live server is stranded by a missing ping. */
static void
take_stranded(
    const struct pick_input *in, struct pick_scratch *x, struct pick *out)
{
	const struct alias *a;
	size_t i;

	for (i = 0; i < in->service->nuse; i++) {
		struct entry *e = &x->entries[i];

		if (!e->eligible || e->alias != NULL)
			continue;
		a = first_alias(in, x, e->server, true);
		if (a == NULL)
			a = first_alias(in, x, e->server, false);
		if (a == NULL)
			continue; /* not as preferred */
		join(x, (int)i, a->border, a);
		out->last_band = true;
	}
}

/* Rules 4 and 5. */
static void
take_servers(
    const struct pick_input *in, struct pick_scratch *x, struct pick *out)
{
	bool path = in->world->policies[in->service->policy].path;

	if (path)
		take_bands(in, x, out);
	else
		take_all(in, x);
	if (!x->yields || !path) {
		if (x->nfirst == 0 && out->anchor_us != METRIC_NONE)
			x->nfirst = x->njoined;
		take_stranded(in, x, out);
	}
	if (x->nfirst == 0)
		x->nfirst = x->njoined;
}

/* As if nobody had joined. */
static void
take_none(struct pick_scratch *x, struct pick *out)
{
	size_t i;

	for (i = 0; i < x->njoined; i++) {
		x->entries[x->joined[i]].alias = NULL;
		x->entries[x->joined[i]].border = -1;
	}
	x->njoined = x->nfirst = 0;
	x->yields = false;
	out->anchor_us = out->band_us = METRIC_NONE;
	out->last_band = false;
}

/* What is preferred comes first, by the same rules, as if there were no other;
 * if nobody can be drawn of it, it is as if it were not preferred. */
static void
take_preferred(
    const struct pick_input *in, struct pick_scratch *x, struct pick *out)
{
	x->prefer = in->prefer;
	take_servers(in, x, out);
	out->preferred = x->yields;
	if (x->yields)
		return;
	x->prefer = NULL;
	take_none(x, out);
	take_servers(in, x, out);
}

static void
add_candidate(
    const struct pick_scratch *x, int use, int weight, struct pick *out)
{
	const struct entry *e = &x->entries[use];

	out->candidates[out->ncandidates++] = (struct candidate){.use = use,
	    .border = e->border,
	    .alias = e->alias,
	    .load = e->load,
	    .weight = (uint32_t)weight};
	out->total += (uint32_t)weight;
}

/* Whether it is one of those that the draw is among. */
static bool
could_be_drawn(
    const struct pick_scratch *x, const struct entry *e, bool all_busy)
{
	if (e->alias == NULL)
		return false;
	return all_busy ? e->order < x->nfirst : e->load > 0;
}

/* sticky: one of those that could be drawn, whatever `select` says. */
static void
choose_sticky(
    const struct pick_input *in, struct pick_scratch *x, struct pick *out)
{
	const struct service *s = in->service;
	size_t i, n = 0, first;
	const struct sticky_server *c;

	for (i = 0; i < s->nuse; i++) {
		const struct entry *e = &x->entries[i];

		if (could_be_drawn(x, e, out->all_busy))
			x->stuck[n++] = (struct sticky_server){
			    e->server->id, e->server->weight, e->load, (int)i};
	}
	c = &x->stuck[sticky_choose(s->id, in->sticky, x->stuck, n, &first)];
	out->first = x->stuck[first].n;
	add_candidate(x, c->n,
	    out->all_busy ? pick_weight_load(c->weight, x->largest[s->n])
			  : c->load,
	    out);
}

/* Rule 6: draw among those with load. */
static void
choose(const struct pick_input *in, struct pick_scratch *x, struct pick *out)
{
	const struct policy *p = &in->world->policies[in->service->policy];
	int most = 0;
	size_t i;

	out->by_weight = true;
	for (i = 0; i < x->njoined; i++) {
		const struct entry *e = &x->entries[x->joined[i]];

		if (e->load > most)
			most = e->load;
		if (e->load > 0 && !e->by_weight)
			out->by_weight = false;
	}
	if (in->sticky != NULL) {
		choose_sticky(in, x, out);
		return;
	}
	for (i = 0; i < in->service->nuse; i++) {
		const struct entry *e = &x->entries[i];

		if (e->alias == NULL || e->load == 0)
			continue;
		if (p->select == SELECT_WEIGHTED || out->by_weight)
			add_candidate(x, (int)i, e->load, out);
		else if (e->load == most)
			add_candidate(x, (int)i, 1, out);
	}
}

/* Rule 7: everybody is busy. The first band serves, by weight, or nobody. */
static void
choose_busy(
    const struct pick_input *in, struct pick_scratch *x, struct pick *out)
{
	size_t i;

	if (in->service->all_busy == ALL_BUSY_REFUSE) {
		out->none = REASON_ALL_BUSY;
		return;
	}
	out->all_busy = true;
	if (in->sticky != NULL) {
		choose_sticky(in, x, out);
		return;
	}
	for (i = 0; i < in->service->nuse; i++) {
		const struct entry *e = &x->entries[i];

		if (!could_be_drawn(x, e, true))
			continue;
		add_candidate(x, (int)i,
		    pick_weight_load(
			e->server->weight, x->largest[in->service->n]),
		    out);
	}
}

/* Whether a client can reach a server now in the way that is preferred. */
static bool
has_way(
    const struct pick_input *in, const struct server *s, const struct prefer *p)
{
	size_t i;

	for (i = 0; i < s->naliases; i++)
		if (in->border_up[s->aliases[i].border] &&
		    has_address(&s->aliases[i], in->family) &&
		    prefer_allows(p, s, s->aliases[i].border))
			return true;
	return false;
}

static enum reason
why_not(const struct pick_input *in, const struct pick_scratch *x, int use,
    const struct pick *out)
{
	const struct entry *e = &x->entries[use];
	size_t i;

	if (in->state[use] == STATE_DOWN || in->state[use] == STATE_DRAINING)
		return REASON_NONE;
	if (!e->eligible) {
		for (i = 0; i < e->server->naliases; i++)
			if (has_address(&e->server->aliases[i], in->family))
				break;
		if (i == e->server->naliases)
			return REASON_NO_ADDRESS;
		if (!is_reachable(in, e->server))
			return REASON_NO_BORDER;
		/* Of its own kind some are eligible, or better ones. */
		return turn_of(in->state[use], false) == 2 * out->unknown
			   ? REASON_BACKUP
			   : REASON_FALLBACK_ONLY;
	}
	if (x->prefer != NULL && !has_way(in, e->server, x->prefer))
		return REASON_NOT_PREFERRED;
	if (in->sticky != NULL && could_be_drawn(x, e, out->all_busy))
		return REASON_STICKY;
	if (e->alias == NULL)
		return REASON_NOT_IN_BAND;
	if (out->all_busy)
		return REASON_NOT_IN_BAND;
	return e->load == 0 ? REASON_BUSY : REASON_LOST_DRAW;
}

/* Why an eligible server that is as preferred cannot be drawn. */
static enum reason
why_no_way(
    const struct pick_input *in, const struct server *s, const struct prefer *p)
{
	size_t i;

	if (has_way(in, s, p))
		return REASON_BUSY;
	for (i = 0; i < s->naliases; i++)
		if (in->border_up[s->aliases[i].border] &&
		    prefer_allows(p, s, s->aliases[i].border))
			return REASON_NO_ADDRESS;
	return REASON_NO_BORDER;
}

/* Why nobody that is as preferred can be drawn: that one of them is busy says
 * more than that others are down. */
static enum reason
why_ignored(const struct pick_input *in, const struct pick_scratch *x,
    const struct pick *out)
{
	enum reason why = REASON_NOT_IN_SERVICE, r;
	size_t i;

	for (i = 0; i < in->service->nuse; i++) {
		const struct entry *e = &x->entries[i];

		if (!prefer_fits(in->prefer, e->server))
			continue;
		if (!e->eligible)
			r = why_not(in, x, (int)i, out);
		else
			r = why_no_way(in, e->server, in->prefer);
		if (r == REASON_BUSY)
			return r;
		if (r != REASON_NONE || why == REASON_NOT_IN_SERVICE)
			why = r;
	}
	return why == REASON_NONE ? REASON_NO_SERVER : why;
}

static void
list_excluded(
    const struct pick_input *in, const struct pick_scratch *x, struct pick *out)
{
	size_t i, c = 0;

	if (in->prefer != NULL && !out->preferred)
		out->ignored = why_ignored(in, x, out);
	for (i = 0; i < in->service->nuse; i++) {
		if (c < out->ncandidates && out->candidates[c].use == (int)i) {
			c++;
			continue;
		}
		out->excluded[out->nexcluded++] =
		    (struct excluded){(int)i, why_not(in, x, (int)i, out)};
	}
}

/* Why nobody is eligible: none is live, or nobody can reach those that are. */
static enum reason
nobody(const struct pick_input *in)
{
	size_t i;

	for (i = 0; i < in->service->nuse; i++)
		if (in->state[i] != STATE_DOWN &&
		    in->state[i] != STATE_DRAINING)
			return REASON_NO_ADDRESS;
	return REASON_NO_SERVER;
}

void
pick_candidates(
    const struct pick_input *in, struct pick_scratch *x, struct pick *out)
{
	*out = (struct pick){.candidates = out->candidates,
	    .excluded = out->excluded,
	    .anchor_us = METRIC_NONE,
	    .band_us = METRIC_NONE,
	    .none = REASON_NONE,
	    .ignored = REASON_NONE,
	    .first = -1};
	begin(in, x);
	find_eligible(in, x, out);
	if (in->prefer != NULL)
		take_preferred(in, x, out);
	else
		take_servers(in, x, out);
	if (x->neligible == 0)
		out->none = nobody(in);
	else if (x->yields)
		choose(in, x, out);
	else
		choose_busy(in, x, out);
	if (out->excluded != NULL)
		list_excluded(in, x, out);
}

const struct candidate *
pick_draw(const struct pick *p, uint32_t random)
{
	size_t i;

	assert(random < p->total);
	for (i = 0; random >= p->candidates[i].weight; i++)
		random -= p->candidates[i].weight;
	return &p->candidates[i];
}
