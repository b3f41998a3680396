/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rules of the decision once more, written down as naively as they can be
 * read, against score and pick on random worlds. Both were written from the
 * text (doc/decision.md), not from each other: keep it so.
 */
#include "lib/decide/pick.h"
#include "lib/decide/score.h"

#include <string.h>

#include "tests/lib/decide/worlds.h"
#include "tests/unit.h"

#define WORLDS 20000
#define B      8                         /* borders at most */
#define S      8                         /* servers at most */
#define R      40                        /* rows at most */
#define FAR    INT64_C(1000000000000000) /* "infinite" */

struct scene {
	struct world *w;
	int contact, family;
	bool relay, up[B];
	int64_t rtt, ping[B];
	enum state state[S];
	int load[S];
	bool prefers, sticky;
	struct prefer prefer;
};

static int64_t
min(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
max(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static void
random_prefer(struct scene *c, uint64_t *seed)
{
	c->prefers = chance(seed, 30);
	c->prefer = (struct prefer){.site = -1, .border = -1, .server = -1};
	if (chance(seed, 60))
		c->prefer.site = roll(seed, (int)c->w->nsites);
	if (chance(seed, 30))
		c->prefer.border = roll(seed, (int)c->w->nborders);
	if (chance(seed, 30))
		c->prefer.server = roll(seed, (int)c->w->nservers);
}

static struct scene
random_scene(uint64_t *seed)
{
	struct scene c = {.w = worlds_random(seed)};
	int64_t base = roll(seed, 2) * 40000;
	bool coarse = chance(seed, 50), busy = chance(seed, 25);
	int silent = roll(seed, 100), lost = roll(seed, 100);
	size_t i;

	c.contact = roll(seed, (int)c.w->nsites);
	c.family = chance(seed, 50) ? AF_INET : AF_INET6;
	c.relay = chance(seed, 30);
	c.rtt = chance(seed, 70)   ? -1
		: chance(seed, 10) ? PING_NO_REPLY
				   : roll(seed, 90000);
	for (i = 0; i < c.w->nborders; i++) {
		c.up[i] = chance(seed, 85);
		c.ping[i] =
		    base + (coarse ? roll(seed, 5) * 1000 : roll(seed, 60000));
		if (chance(seed, silent))
			c.ping[i] = chance(seed, 50) ? PING_NOT_MEASURED
						     : PING_NO_REPLY;
	}
	for (i = 0; i < c.w->nservers; i++) {
		c.state[i] = chance(seed, 60) ? STATE_UP
					      : (enum state)(roll(seed, 5) + 1);
		if (lost < 20)
			c.state[i] =
			    chance(seed, 70) ? STATE_UNKNOWN : STATE_DOWN;
		c.load[i] = chance(seed, 30) ? 0 : roll(seed, 5) * 2500 + 1;
		if (busy)
			c.load[i] = 0;
		else if (chance(seed, 30))
			c.load[i] = LOAD_UNKNOWN;
	}
	random_prefer(&c, seed);
	c.sticky = chance(seed, 15);
	return c;
}

/* I[x][y], so far away that no sum with it comes near where there is none. */
static int64_t
I(const struct scene *c, int x, int y)
{
	return min(world_delay(c->w, x, y), FAR);
}

static int
s(const struct scene *c, size_t b)
{
	return c->w->borders[b].site;
}

/* Rule 1, to out[b] (FAR: none) and in. */
static void
naive_one_way(const struct scene *c, int64_t *out, int64_t *in)
{
	int64_t ping[B], at_contact = FAR, bound = FAR, least = FAR;
	bool shared = c->w->replies == REPLIES_SHARED, any = false;
	int k = c->contact;
	size_t b;

	for (b = 0; b < c->w->nborders; b++)
		ping[b] = c->up[b] && c->ping[b] >= 0 && c->ping[b] < 9999999
			      ? c->ping[b]
			      : FAR;
	for (b = 0; b < c->w->nborders; b++) {
		if (s(c, b) != k || !c->up[b])
			continue;
		if (ping[b] == FAR && c->rtt >= 0 && c->rtt < 9999999)
			ping[b] = c->rtt;
		break;
	}
	for (b = 0; b < c->w->nborders; b++) {
		out[b] = FAR;
		if (shared && I(c, k, s(c, b)) == FAR)
			ping[b] = FAR;
		if (ping[b] == FAR)
			continue;
		any = true;
		if (s(c, b) == k)
			at_contact = min(at_contact, ping[b]);
		bound = min(bound, ping[b] - I(c, k, s(c, b)));
		least = min(least, ping[b]);
	}
	*in = 0;
	if (!any) {
		for (b = 0; b < c->w->nborders; b++)
			if (c->w->unmeasured == UNMEASURED_CONTACT &&
			    c->up[b] && s(c, b) == k)
				out[b] = 0;
		return;
	}
	if (shared)
		*in = max(0,
		    at_contact < FAR ? min(at_contact / 2, bound) : bound / 2);
	else
		*in = (at_contact < FAR ? at_contact : least) / 2;
	for (b = 0; b < c->w->nborders; b++)
		if (ping[b] != FAR)
			out[b] = shared
				     ? max(0, ping[b] - *in - I(c, k, s(c, b)))
				     : ping[b] / 2;
}

/* Rules 2 and 3: all rows, in order, by looking for the least again and
 * again. */
static size_t
naive_rows(const struct scene *c, struct row *rows)
{
	int64_t out[B], in, metric[R];
	size_t n = c->w->nsites * c->w->nborders, i, done;
	int k = c->contact;

	naive_one_way(c, out, &in);
	for (i = 0; i < n; i++) {
		int site = (int)(i / c->w->nborders);
		size_t b = i % c->w->nborders;
		int64_t back;

		if (c->w->replies == REPLIES_OWN && !c->relay)
			back = out[b] + I(c, s(c, b), site);
		else if (c->w->return_leg == RETURN_SERVER)
			back = in + I(c, k, site);
		else
			back = in + I(c, s(c, b), k);
		metric[i] =
		    min(2 * out[b] + 2 * I(c, site, s(c, b)) + back, FAR);
	}
	for (done = 0; done < n; done++) {
		size_t best = 0;

		for (i = 0; i < n; i++)
			if (metric[i] < metric[best])
				best = i;
		rows[done] = (struct row){(int)(best / c->w->nborders),
		    (int)(best % c->w->nborders),
		    metric[best] == FAR ? METRIC_NONE : metric[best]};
		metric[best] = FAR + 1 + (int64_t)done;
	}
	return n;
}

static bool
has_alias(const struct scene *c, size_t server, int border)
{
	const struct server *v = &c->w->servers[server];
	size_t i;

	for (i = 0; i < v->naliases; i++)
		if (v->aliases[i].border == border && c->up[border] &&
		    (c->family == AF_INET
			    ? v->aliases[i].v4.family == AF_INET
			    : v->aliases[i].v6.family == AF_INET6))
			return true;
	return false;
}

struct choice {
	bool preferring; /* only what is preferred is there now */
	bool eligible[S], first[S];
	int via[S]; /* border it joined through, or -1 */
	int load[S];
	bool by_weight[S];
	unsigned weight[S]; /* in the draw */
};

static void
naive_loads(const struct scene *c, struct choice *x)
{
	const struct policy *p = &c->w->policies[0];
	bool metrics = p->metric[0].used || p->metric[1].used ||
		       p->metric[2].used || p->metric[3].used;
	unsigned largest = 0;
	size_t i;

	for (i = 0; i < c->w->nservers; i++)
		if (c->w->servers[i].weight > largest)
			largest = c->w->servers[i].weight;
	for (i = 0; i < c->w->nservers; i++) {
		/* 10000 * weight / largest, half up: in tenths first */
		unsigned long tenths =
		    100000UL * c->w->servers[i].weight / largest;

		x->weight[i] = (unsigned)((tenths + 5) / 10);
		if (x->weight[i] == 0)
			x->weight[i] = 1;
		x->by_weight[i] = !metrics || c->load[i] == LOAD_UNKNOWN;
		x->load[i] = x->by_weight[i] ? (int)x->weight[i] : c->load[i];
		if (c->state[i] == STATE_OVERLOADED)
			x->load[i] = 0;
	}
}

/* Rule 3: of four kinds the first one of which somebody can be reached. */
static void
naive_eligible(const struct scene *c, struct choice *x)
{
	bool reach[S] = {false}, any = false;
	size_t i, b;
	int kind;

	for (i = 0; i < c->w->nservers; i++)
		for (b = 0; b < c->w->nborders; b++)
			if (has_alias(c, i, (int)b))
				reach[i] = true;
	for (kind = 0; kind < 4 && !any; kind++)
		for (i = 0; i < c->w->nservers; i++) {
			bool live = c->state[i] == STATE_UP ||
				    c->state[i] == STATE_OVERLOADED;
			bool unknown = c->state[i] == STATE_UNKNOWN;
			bool backup = c->w->services[0].backup[i];
			bool is[4] = {live && !backup, live && backup,
			    unknown && !backup, unknown && backup};

			x->eligible[i] = reach[i] && is[kind];
			any = any || x->eligible[i];
		}
}

/* Whether server and exit are out because others are preferred. */
static bool
is_out(const struct scene *c, const struct choice *x, size_t server, int border)
{
	const struct prefer *p = &c->prefer;

	if (!x->preferring)
		return false;
	return (p->site >= 0 && p->site != c->w->servers[server].site) ||
	       (p->server >= 0 && p->server != (int)server) ||
	       (p->border >= 0 && p->border != border);
}

static bool
can_take(const struct scene *c, const struct choice *x, size_t server,
    const struct row *r)
{
	return x->eligible[server] && c->w->servers[server].site == r->site &&
	       has_alias(c, server, r->border) &&
	       !is_out(c, x, server, r->border);
}

static bool
yields(const struct scene *c, const struct choice *x)
{
	size_t i;

	for (i = 0; i < c->w->nservers; i++)
		if (x->via[i] >= 0 && x->load[i] > 0)
			return true;
	return false;
}

static void
mark_first(const struct scene *c, struct choice *x, bool *marked)
{
	size_t i;

	for (i = 0; i < c->w->nservers && !*marked; i++)
		x->first[i] = x->via[i] >= 0;
	*marked = true;
}

/* Rule 5, as a scan over borders. */
static void
naive_last(const struct scene *c, struct choice *x)
{
	size_t i, b;
	int own;

	for (i = 0; i < c->w->nservers; i++)
		for (own = 1; own >= 0; own--)
			for (b = 0; b < c->w->nborders; b++)
				if (x->eligible[i] && x->via[i] < 0 &&
				    has_alias(c, i, (int)b) &&
				    !is_out(c, x, i, (int)b) &&
				    (!own || s(c, b) == c->w->servers[i].site))
					x->via[i] = (int)b;
}

static void
join_row(const struct scene *c, struct choice *x, const struct row *r)
{
	size_t i;

	for (i = 0; i < c->w->nservers; i++)
		if (x->via[i] < 0 && can_take(c, x, i, r))
			x->via[i] = r->border;
}

/* Rules 4 and 5. */
static void
naive_bands(const struct scene *c, struct choice *x)
{
	const struct policy *p = &c->w->policies[0];
	struct row all[R], usable[R];
	size_t n = naive_rows(c, all), m = 0, i, k;
	bool marked = false;

	for (i = 0; i < n; i++) {
		bool taken = false;

		for (k = 0; k < c->w->nservers; k++)
			taken = taken || can_take(c, x, k, &all[i]);
		if (all[i].metric_us != METRIC_NONE && taken)
			usable[m++] = all[i];
	}
	for (i = 0; i < m && p->path && !yields(c, x);) {
		int64_t anchor = usable[i].metric_us;

		for (; i < m &&
		       (usable[i].metric_us * 1000000 <=
			       anchor * (1000000 + p->fuzz_ppm) ||
			   usable[i].metric_us <= anchor + p->fuzz_min_us);
		     i++)
			join_row(c, x, &usable[i]);
		mark_first(c, x, &marked);
	}
	for (i = 0; i < m && !p->path; i++)
		join_row(c, x, &usable[i]);
	if (!p->path || !yields(c, x))
		naive_last(c, x);
	mark_first(c, x, &marked);
}

/* Rules 6 and 7: the weight of each server in the draw. */
static void
naive_draw(const struct scene *c, struct choice *x)
{
	bool all_by_weight = true, busy = !yields(c, x);
	int most = 0;
	size_t i;

	for (i = 0; i < c->w->nservers; i++) {
		if (x->via[i] < 0 || x->load[i] == 0)
			continue;
		all_by_weight = all_by_weight && x->by_weight[i];
		most = x->load[i] > most ? x->load[i] : most;
	}
	for (i = 0; i < c->w->nservers; i++) {
		bool in = x->via[i] >= 0 && x->load[i] > 0;

		if (busy && c->w->services[0].all_busy == ALL_BUSY_SERVE) {
			if (!x->first[i])
				x->weight[i] = 0;
		} else if (!in) {
			x->weight[i] = 0;
		} else if (c->w->policies[0].select == SELECT_BEST &&
			   !all_by_weight) {
			x->weight[i] = x->load[i] == most;
		} else {
			x->weight[i] = (unsigned)x->load[i];
		}
	}
}

static struct choice
naive_choice(const struct scene *c)
{
	struct choice x = {.eligible = {false}}, preferred;
	size_t i;

	for (i = 0; i < S; i++)
		x.via[i] = -1;
	naive_loads(c, &x);
	naive_eligible(c, &x);
	preferred = x;
	preferred.preferring = true;
	if (c->prefers)
		naive_bands(c, &preferred);
	if (c->prefers && yields(c, &preferred))
		x = preferred;
	else
		naive_bands(c, &x);
	naive_draw(c, &x);
	return x;
}

static size_t
our_rows(const struct scene *c, struct row *rows)
{
	struct score_input in = {.world = c->w,
	    .contact = c->contact,
	    .relay = c->relay,
	    .rtt_us = c->rtt,
	    .ping_us = c->ping,
	    .border_up = c->up};

	score_rows(&in, rows, NULL);
	return c->w->nsites * c->w->nborders;
}

static void
rows_are_those_of_the_rules(void)
{
	uint64_t seed = UINT64_C(0x9e3779b97f4a7c15);
	struct row want[R], got[R];
	size_t i, k, n, wrong = 0;

	for (i = 0; i < WORLDS; i++) {
		struct scene c = random_scene(&seed);

		n = naive_rows(&c, want);
		CU_ASSERT_EQUAL(our_rows(&c, got), n);
		for (k = 0; k < n; k++)
			wrong += want[k].site != got[k].site ||
				 want[k].border != got[k].border ||
				 want[k].metric_us != got[k].metric_us;
		world_free(&c.w);
	}
	CU_ASSERT_EQUAL(wrong, 0);
}

/* Sticky: one of those that could have been drawn, whatever `select` says. */
static bool
is_one_of(const struct scene *c, const struct choice *x, const struct pick *p)
{
	const struct candidate *d = &p->candidates[0];
	size_t i, n = 0;

	for (i = 0; i < c->w->nservers; i++)
		n += x->weight[i] > 0;
	if (n == 0)
		return p->ncandidates == 0 && p->none != REASON_NONE;
	return p->ncandidates == 1 && p->total == d->weight && d->weight > 0 &&
	       d->border == x->via[d->use] && d->load == x->load[d->use] &&
	       (yields(c, x) ? d->load > 0 : x->first[d->use]) &&
	       p->nexcluded == c->w->nservers - 1;
}

/* Whether pick's candidates are the servers of the draw, each as it should. */
static bool
is_choice(const struct scene *c, const struct choice *x, const struct pick *p)
{
	size_t i, n = 0;

	if (c->sticky)
		return is_one_of(c, x, p);
	for (i = 0; i < c->w->nservers; i++) {
		const struct candidate *d = &p->candidates[n];

		if (x->weight[i] == 0)
			continue;
		if (n++ == p->ncandidates || d->use != (int)i ||
		    d->border != x->via[i] || d->weight != x->weight[i] ||
		    d->load != x->load[i] || d->alias->border != x->via[i])
			return false;
	}
	return n == p->ncandidates &&
	       p->ncandidates + p->nexcluded == c->w->nservers &&
	       (n == 0) == (p->none != REASON_NONE);
}

/* A preference is ignored for a reason, and only then there is one. */
static bool
ignored_for_nothing(const struct scene *c, const struct pick *p)
{
	return (p->ignored != REASON_NONE) != (c->prefers && !p->preferred);
}

static void
candidates_are_those_of_the_rules(void)
{
	uint64_t seed = UINT64_C(0xd1b54a32d192ed03);
	struct candidate candidates[S];
	struct excluded excluded[S];
	struct pick p = {.candidates = candidates, .excluded = excluded};
	struct prefix client = {{AF_INET, {10}}, 24};
	size_t i, wrong = 0, none = 0, busy = 0, last = 0, far = 0, backup = 0,
		  preferred = 0, ignored = 0;

	for (i = 0; i < WORLDS; i++) {
		struct scene c = random_scene(&seed);
		struct choice x = naive_choice(&c);
		struct pick_scratch *scratch = pick_scratch_new(c.w);
		struct row rows[R];
		struct pick_input in = {.world = c.w,
		    .service = &c.w->services[0],
		    .family = c.family,
		    .rows = rows,
		    .nrows = our_rows(&c, rows),
		    .border_up = c.up,
		    .state = c.state,
		    .load = c.load,
		    .prefer = c.prefers ? &c.prefer : NULL,
		    .sticky = c.sticky ? &client : NULL};

		client.addr.ip[1] = (uint8_t)i;
		pick_candidates(&in, scratch, &p);
		wrong += !is_choice(&c, &x, &p);
		none += p.none != REASON_NONE;
		busy += p.all_busy;
		last += p.last_band;
		far += p.anchor_us > rows[0].metric_us;
		backup += p.backup;
		preferred += p.preferred;
		ignored += c.prefers && p.none == REASON_NONE && !p.preferred;
		wrong += p.preferred && !c.prefers;
		wrong += ignored_for_nothing(&c, &p);
		pick_scratch_free(&scratch);
		world_free(&c.w);
	}
	CU_ASSERT_EQUAL(wrong, 0);
	/* The scenes are worth the while: each end is come to often. */
	CU_ASSERT(none > WORLDS / 50 && busy > WORLDS / 50);
	CU_ASSERT(last > WORLDS / 50 && far > WORLDS / 50);
	CU_ASSERT(backup > WORLDS / 50);
	CU_ASSERT(preferred > WORLDS / 50 && ignored > WORLDS / 50);
}

static const struct unit_test tests[] = {
    {"rows are those of the rules", rows_are_those_of_the_rules},
    {"candidates are those of the rules", candidates_are_those_of_the_rules},
};

UNIT_MAIN("decide/rules", tests)
