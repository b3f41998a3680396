/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A question to its explanation: gathers what the views say, lets score and
 * pick decide, and writes down in words what they were given and what they
 * made of it. Not for the hot path: it copies all text.
 */
#include "lib/decide/explain.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/decide/assign.h"
#include "lib/decide/explanation.h"
#include "lib/decide/prefer.h"
#include "lib/decide/sticky.h"
#include "lib/mem.h"

#define REASON_TEXT 256
#define LINK_SITES  12 /* of which the whole matrix is shown */

/* The lists grow by doubling: the room of n is the next power of two. */
static void *
grown(void *list, size_t n, size_t size)
{
	return (n & (n - 1)) == 0 ? mem_resize(list, n > 0 ? 2 * n : 1, size)
				  : list;
}

struct explained_border *
explanation_add_border(struct explanation *e)
{
	e->borders = grown(e->borders, e->nborders, sizeof(*e->borders));
	e->borders[e->nborders] = (struct explained_border){
	    .ping_us = PING_NOT_MEASURED, .out_us = -1};
	return &e->borders[e->nborders++];
}

struct explained_link *
explanation_add_link(struct explanation *e)
{
	e->links = grown(e->links, e->nlinks, sizeof(*e->links));
	e->links[e->nlinks] = (struct explained_link){.delay_us = -1};
	return &e->links[e->nlinks++];
}

struct explained_path *
explanation_add_path(struct explanation *e)
{
	e->paths = grown(e->paths, e->npaths, sizeof(*e->paths));
	e->paths[e->npaths] = (struct explained_path){.metric_us = METRIC_NONE};
	return &e->paths[e->npaths++];
}

struct explained_candidate *
explanation_add_candidate(struct explanation *e)
{
	e->candidates =
	    grown(e->candidates, e->ncandidates, sizeof(*e->candidates));
	e->candidates[e->ncandidates] =
	    (struct explained_candidate){.drawn = 0};
	return &e->candidates[e->ncandidates++];
}

struct explained_excluded *
explanation_add_excluded(struct explanation *e)
{
	e->excluded = grown(e->excluded, e->nexcluded, sizeof(*e->excluded));
	e->excluded[e->nexcluded] =
	    (struct explained_excluded){.metric_us = METRIC_NONE};
	return &e->excluded[e->nexcluded++];
}

struct explanation *
explanation_new(void)
{
	struct explanation *e = mem_new(sizeof(*e));

	e->rtt_us = e->in_us = -1;
	e->anchor_us = e->band_us = METRIC_NONE;
	return e;
}

static void
free_lists(struct explanation *e)
{
	size_t i;

	for (i = 0; i < e->nborders; i++) {
		free(e->borders[i].id);
		free(e->borders[i].state);
		free(e->borders[i].reason);
	}
	for (i = 0; i < e->nlinks; i++) {
		free(e->links[i].from);
		free(e->links[i].to);
	}
	free(e->links);
	for (i = 0; i < e->npaths; i++) {
		free(e->paths[i].site);
		free(e->paths[i].border);
	}
	for (i = 0; i < e->ncandidates; i++) {
		free(e->candidates[i].server);
		free(e->candidates[i].site);
		free(e->candidates[i].border);
		free(e->candidates[i].name);
		free(e->candidates[i].address);
		free(e->candidates[i].metrics);
	}
	for (i = 0; i < e->nexcluded; i++) {
		free(e->excluded[i].server);
		free(e->excluded[i].reason);
		free(e->excluded[i].border);
		free(e->excluded[i].metrics);
	}
	free(e->borders);
	free(e->paths);
	free(e->candidates);
	free(e->excluded);
}

void
explanation_free(struct explanation **pe)
{
	struct explanation *e = *pe;

	if (e == NULL)
		return;
	free_lists(e);
	free(e->service);
	free(e->contact);
	free(e->client);
	free(e->policy);
	free(e->select);
	free(e->prefix);
	free(e->prefer.client);
	free(e->prefer.site);
	free(e->prefer.border);
	free(e->prefer.server);
	free(e->prefer.ignored);
	free(e->sticky);
	free(e->first);
	free(e->none);
	free(e);
	*pe = NULL;
}

/* All that a decision takes in, gathered, and what it gives. */
struct inquiry {
	const struct question *q;
	const struct service *service;
	struct explanation *e;
	bool *up, *contradicts;
	int64_t *out_us;
	struct view_ping ping;
	bool has_ping;
	struct legs legs;
	struct row *rows;
	size_t nrows;
	enum state *state;
	int *load;
	const struct prefer *prefer; /* or NULL */
	struct prefix sticky;        /* if the service is */
	struct pick pick;
};

/* A border is up if neither view knows better: the one has what the managers
 * and the operator say, the other what its prober sees. */
static void
gather_borders(struct inquiry *x)
{
	const struct question *q = x->q;
	size_t n = q->world->nborders, b;
	bool *other = mem_array(n, sizeof(*other));

	x->up = mem_array(n, sizeof(*x->up));
	for (b = 0; b < n; b++)
		x->up[b] = true;
	if (q->loads != NULL)
		view_borders_up(q->loads, x->up);
	if (q->paths != NULL)
		view_borders_up(q->paths, other);
	for (b = 0; b < n && q->paths != NULL; b++)
		x->up[b] = x->up[b] && other[b];
	free(other);
}

static void
gather_servers(struct inquiry *x)
{
	const struct question *q = x->q;
	const struct service *s = x->service;
	size_t i;

	x->state = mem_array(s->nuse, sizeof(*x->state));
	x->load = mem_array(s->nuse, sizeof(*x->load));
	for (i = 0; i < s->nuse; i++) {
		x->state[i] = STATE_UP;
		x->load[i] = LOAD_UNKNOWN;
	}
	if (q->loads == NULL)
		return;
	view_states(q->loads, s, x->state);
	view_loads(
	    q->loads, s, q->now, q->load_fresh_us, x->load, &x->e->stale);
	if (q->assigned != NULL)
		assign_draws(
		    q->loads, q->world, s, q->assigned, x->state, x->load);
}

static void
find_rows(struct inquiry *x)
{
	const struct question *q = x->q;
	struct score_input in = {.world = q->world,
	    .contact = q->contact,
	    .relay = q->relay,
	    .rtt_us = q->rtt_us,
	    .border_up = x->up};

	x->has_ping = q->paths != NULL &&
		      view_ping(q->paths, &q->client, x->up, q->now, &x->ping);
	if (x->has_ping)
		in.ping_us = x->ping.ping_us;
	x->nrows = q->world->nsites * q->world->nborders;
	x->rows = mem_array(x->nrows, sizeof(*x->rows));
	x->out_us = mem_array(q->world->nborders, sizeof(*x->out_us));
	x->contradicts = mem_array(q->world->nborders, sizeof(bool));
	x->legs.out_us = x->out_us;
	x->legs.contradicts = x->contradicts;
	score_rows(&in, x->rows, &x->legs);
}

static void
find_wishes(struct inquiry *x)
{
	const struct question *q = x->q;
	unsigned bits;

	x->prefer = prefer_find(q->world, x->service, &q->client, &bits);
	x->sticky = sticky_prefix(q->world, &q->client);
}

static void
find_candidates(struct inquiry *x)
{
	struct pick_scratch *scratch = pick_scratch_new(x->q->world);
	struct pick_input in = {.world = x->q->world,
	    .service = x->service,
	    .family = x->q->client.family,
	    .rows = x->rows,
	    .nrows = x->nrows,
	    .border_up = x->up,
	    .state = x->state,
	    .load = x->load,
	    .prefer = x->prefer,
	    .sticky = x->service->sticky ? &x->sticky : NULL};

	x->pick.candidates =
	    mem_array(x->service->nuse, sizeof(*x->pick.candidates));
	x->pick.excluded =
	    mem_array(x->service->nuse, sizeof(*x->pick.excluded));
	pick_candidates(&in, scratch, &x->pick);
	pick_scratch_free(&scratch);
}

static void
tell_question(struct inquiry *x)
{
	const struct question *q = x->q;
	const struct policy *p = &q->world->policies[x->service->policy];
	struct explanation *e = x->e;
	char text[PREFIX_TEXT];

	e->service = mem_text(x->service->id);
	e->contact = mem_text(q->world->sites[q->contact].id);
	e->client = mem_text(q->client_text != NULL
				 ? q->client_text
				 : addr_text(&q->client, text, sizeof(text)));
	e->policy = mem_text(p->id);
	e->select = mem_text(p->select == SELECT_BEST ? "best" : "weighted");
	e->relay = q->relay;
	e->rtt_us = q->rtt_us;
	if (!x->has_ping)
		return;
	e->prefix = mem_text(prefix_text(&x->ping.prefix, text, sizeof(text)));
	if (mono_cmp(q->now, x->ping.time) > 0)
		e->age_ms = mono_ms(q->now, x->ping.time);
	e->fresh = x->ping.fresh;
	e->inherited = x->ping.inherited;
	e->incomplete = !x->ping.complete;
	e->spread_us = x->ping.spread_us;
	e->loss = x->ping.loss;
}

/* The feed whose word on a border is the worse. */
static const struct view *
who_tells_of(const struct question *q, int border)
{
	if (q->loads == NULL || (q->paths != NULL && view_border_state(q->loads,
							 border) == STATE_UP))
		return q->paths;
	return q->loads;
}

static void
tell_borders(struct inquiry *x)
{
	const struct world *w = x->q->world;
	char reason[REASON_TEXT];
	size_t b;

	x->e->in_us = x->legs.in_us;
	x->e->contradictions = x->legs.contradictions;
	for (b = 0; b < w->nborders; b++) {
		struct explained_border *t = explanation_add_border(x->e);
		const struct view *v = who_tells_of(x->q, (int)b);

		t->id = mem_text(w->borders[b].id);
		t->state = mem_text(state_text(
		    v != NULL ? view_border_state(v, (int)b) : STATE_UP));
		t->reason = mem_text(
		    line_decode(v != NULL ? view_border_reason(v, (int)b) : "-",
			reason, sizeof(reason)));
		if (x->has_ping)
			t->ping_us = x->ping.ping_us[b];
		t->out_us = x->out_us[b];
		t->contradicts = x->contradicts[b];
	}
}

static void
tell_link(struct inquiry *x, int from, int to)
{
	const struct world *w = x->q->world;
	struct explained_link *t = explanation_add_link(x->e);
	int64_t delay = world_delay(w, from, to);

	t->from = mem_text(w->sites[from].id);
	t->to = mem_text(w->sites[to].id);
	t->delay_us = delay == WORLD_NO_ROUTE ? -1 : delay;
}

/* The internal matrix; of a big network only what touches the contact. */
static void
tell_links(struct inquiry *x)
{
	int n = (int)x->q->world->nsites, k = x->q->contact, i, j;

	for (i = 0; i < n; i++)
		for (j = 0; j < n; j++)
			if (i != j && (n <= LINK_SITES || i == k || j == k))
				tell_link(x, i, j);
}

static void
tell_paths(struct inquiry *x)
{
	const struct world *w = x->q->world;
	size_t i;

	for (i = 0; i < x->nrows; i++) {
		struct explained_path *t = explanation_add_path(x->e);

		t->site = mem_text(w->sites[x->rows[i].site].id);
		t->border = mem_text(w->borders[x->rows[i].border].id);
		t->metric_us = x->rows[i].metric_us;
	}
}

static char *
metrics_of(const struct inquiry *x, int server)
{
	const char *m =
	    x->q->loads != NULL ? view_metrics(x->q->loads, server) : NULL;

	return m != NULL ? mem_text(m) : NULL;
}

static void
tell_candidates(struct inquiry *x)
{
	const struct world *w = x->q->world;
	char text[ADDR_TEXT];
	size_t i;

	for (i = 0; i < x->pick.ncandidates; i++) {
		const struct candidate *c = &x->pick.candidates[i];
		const struct server *s = &w->servers[x->service->use[c->use]];
		struct explained_candidate *t = explanation_add_candidate(x->e);

		t->server = mem_text(s->id);
		t->site = mem_text(w->sites[s->site].id);
		t->border = mem_text(w->borders[c->border].id);
		t->name = mem_text(c->alias->name);
		t->address = mem_text(
		    addr_text(x->q->client.family == AF_INET ? &c->alias->v4
							     : &c->alias->v6,
			text, sizeof(text)));
		t->load = c->load;
		t->weight = c->weight;
		if (x->q->assigned != NULL)
			t->drawn = x->q->assigned[s->n];
		t->metrics = metrics_of(x, s->n);
	}
}

/* "down: agent-timeout", or what kept it out although it is up. */
static char *
reason_of(const struct inquiry *x, const struct excluded *out)
{
	enum state state = x->state[out->use];
	char decoded[REASON_TEXT], text[REASON_TEXT + 32];
	bool by_state =
	    out->reason == REASON_NONE ||
	    (out->reason == REASON_BUSY && state == STATE_OVERLOADED);

	if (!by_state)
		return mem_text(reason_text(out->reason));
	(void)line_decode(view_use_reason(x->q->loads, x->service, out->use),
	    decoded, sizeof(decoded));
	(void)snprintf(text, sizeof(text), "%s%s%s", state_text(state),
	    decoded[0] != '\0' ? ": " : "", decoded);
	return mem_text(text);
}

/* The best row that a server could take, or NULL. */
static const struct row *
best_row(const struct inquiry *x, const struct server *s)
{
	size_t i;

	for (i = 0; i < x->nrows && x->rows[i].metric_us != METRIC_NONE; i++)
		if (x->rows[i].site == s->site &&
		    pick_alias(s, x->rows[i].border, x->q->client.family) !=
			NULL)
			return &x->rows[i];
	return NULL;
}

static void
tell_excluded(struct inquiry *x)
{
	const struct world *w = x->q->world;
	size_t i;

	for (i = 0; i < x->pick.nexcluded; i++) {
		const struct excluded *out = &x->pick.excluded[i];
		const struct server *s = &w->servers[x->service->use[out->use]];
		struct explained_excluded *t = explanation_add_excluded(x->e);
		const struct row *r = best_row(x, s);

		t->server = mem_text(s->id);
		t->reason = reason_of(x, out);
		if (r != NULL) {
			t->border = mem_text(w->borders[r->border].id);
			t->metric_us = r->metric_us;
		}
		t->metrics = metrics_of(x, s->n);
	}
}

static void
tell_prefer(struct inquiry *x)
{
	const struct world *w = x->q->world;
	const struct prefer *p = x->prefer;
	struct explained_prefer *t = &x->e->prefer;
	char text[PREFIX_TEXT];

	if (p == NULL)
		return;
	t->client = mem_text(prefix_text(&p->client, text, sizeof(text)));
	if (p->site >= 0)
		t->site = mem_text(w->sites[p->site].id);
	if (p->border >= 0)
		t->border = mem_text(w->borders[p->border].id);
	if (p->server >= 0)
		t->server = mem_text(w->servers[p->server].id);
	t->own = p->own;
	if (!x->pick.preferred)
		t->ignored = mem_text(reason_text(x->pick.ignored));
}

static void
tell_sticky(struct inquiry *x)
{
	char text[PREFIX_TEXT];

	if (!x->service->sticky)
		return;
	x->e->sticky = mem_text(prefix_text(&x->sticky, text, sizeof(text)));
	if (x->pick.first >= 0)
		x->e->first = mem_text(
		    x->q->world->servers[x->service->use[x->pick.first]].id);
}

static void
tell_pick(struct inquiry *x)
{
	const struct pick *p = &x->pick;
	struct explanation *e = x->e;

	e->anchor_us = p->anchor_us;
	e->band_us = p->band_us;
	e->last_band = p->last_band;
	e->all_busy = p->all_busy;
	e->unknown = p->unknown;
	e->by_weight = p->by_weight;
	e->backup = p->backup;
	if (p->none != REASON_NONE)
		e->none = mem_text(reason_text(p->none));
}

struct explanation *
explain(const struct question *q)
{
	struct inquiry x = {.q = q,
	    .service = &q->world->services[q->service],
	    .e = explanation_new()};

	gather_borders(&x);
	gather_servers(&x);
	find_rows(&x);
	find_wishes(&x);
	find_candidates(&x);
	tell_question(&x);
	tell_borders(&x);
	tell_links(&x);
	tell_paths(&x);
	tell_prefer(&x);
	tell_sticky(&x);
	tell_pick(&x);
	tell_candidates(&x);
	tell_excluded(&x);
	free(x.up);
	free(x.contradicts);
	free(x.out_us);
	free(x.rows);
	free(x.state);
	free(x.load);
	free(x.pick.candidates);
	free(x.pick.excluded);
	return x.e;
}
