/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An explanation as lines of text and back (the forms are in explain.h). What
 * comes in is checked as outside bytes are: every number bounded, every list
 * no longer than a world could make it.
 */
#include "lib/decide/explain.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/decide/explanation.h"
#include "lib/mem.h"
#include "lib/num.h"

#define TEXT_MAX   1024 /* of one text, decoded */
#define FIELD_MAX  (3 * TEXT_MAX + 1)
#define SEND_MAX   16384
#define NUMBER_MAX INT64_C(1000000000000000)
#define PATHS_MAX  ((size_t)WORLD_SITES_MAX * WORLD_BORDERS_MAX)
#define LINKS_MAX  (2 * WORLD_SITES_MAX)

/* A line that is being put together. */
struct sending {
	char text[SEND_MAX];
	size_t len;
};

static void raw(struct sending *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void
raw(struct sending *s, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(s->text + s->len, sizeof(s->text) - s->len, fmt, ap);
	va_end(ap);
	if (n > 0 && (size_t)n < sizeof(s->text) - s->len)
		s->len += (size_t)n;
	s->text[s->len] = '\0';
}

static void
text(struct sending *s, const char *t)
{
	char field[FIELD_MAX];

	raw(s, " %s", line_encode(t, field, sizeof(field)));
}

static void
option(struct sending *s, const char *key, const char *t)
{
	char field[FIELD_MAX];

	if (t != NULL)
		raw(s, " %s=%s", key, line_encode(t, field, sizeof(field)));
}

/* A number, or "-" where a negative one says that there is none. */
static void
number(struct sending *s, int64_t n)
{
	if (n < 0)
		raw(s, " -");
	else
		raw(s, " %lld", (long long)n);
}

static void
flag(struct sending *s, const char *key, bool is)
{
	if (is)
		raw(s, " %s=1", key);
}

static struct sending *
begin(struct sending *s, const char *verb)
{
	s->len = 0;
	raw(s, "%s", verb);
	return s;
}

struct sink {
	void (*put)(void *arg, const char *line);
	void *arg;
	struct sending line;
};

static void
end(struct sink *k)
{
	k->put(k->arg, k->line.text);
}

static void
send_head(const struct explanation *e, struct sink *k)
{
	struct sending *s = begin(&k->line, "asked");
	size_t i;

	text(s, e->service);
	text(s, e->contact);
	text(s, e->client);
	text(s, e->policy);
	text(s, e->select);
	if (e->rtt_us >= 0)
		raw(s, " rtt=%lld", (long long)e->rtt_us);
	flag(s, "relay", e->relay);
	end(k);
	if (e->prefix != NULL) {
		text(begin(s, "measured"), e->prefix);
		raw(s, " age=%lld fresh=%d", (long long)e->age_ms, e->fresh);
		flag(s, "inherited", e->inherited);
		flag(s, "incomplete", e->incomplete);
		if (e->spread_us > 0)
			raw(s, " spread=%lld", (long long)e->spread_us);
		if (e->loss > 0)
			raw(s, " loss=%lld", (long long)e->loss);
		end(k);
	}
	number(begin(s, "replies"), e->in_us);
	if (e->contradictions > 0)
		raw(s, " contradictions=%lld", (long long)e->contradictions);
	end(k);
	for (i = 0; i < e->nborders; i++) {
		const struct explained_border *b = &e->borders[i];

		text(begin(s, "border"), b->id);
		text(s, b->state);
		text(s, b->reason);
		number(s, b->ping_us);
		number(s, b->out_us);
		flag(s, "contradicts", b->contradicts);
		end(k);
	}
}

static void
send_wishes(const struct explanation *e, struct sink *k)
{
	const struct explained_prefer *p = &e->prefer;
	struct sending *s = &k->line;

	if (p->client != NULL) {
		text(begin(s, "prefer"), p->client);
		option(s, "site", p->site);
		option(s, "border", p->border);
		option(s, "server", p->server);
		flag(s, "own", p->own);
		option(s, "ignored", p->ignored);
		end(k);
	}
	if (e->sticky != NULL) {
		text(begin(s, "sticky"), e->sticky);
		option(s, "first", e->first);
		end(k);
	}
}

static void
send_paths(const struct explanation *e, struct sink *k)
{
	struct sending *s = &k->line;
	size_t i;

	for (i = 0; i < e->nlinks; i++) {
		text(begin(s, "delay"), e->links[i].from);
		text(s, e->links[i].to);
		number(s, e->links[i].delay_us);
		end(k);
	}
	for (i = 0; i < e->npaths; i++) {
		text(begin(s, "path"), e->paths[i].site);
		text(s, e->paths[i].border);
		number(s, e->paths[i].metric_us);
		end(k);
	}
	number(begin(s, "band"), e->anchor_us);
	number(s, e->band_us);
	flag(s, "last", e->last_band);
	flag(s, "busy", e->all_busy);
	flag(s, "unknown", e->unknown);
	flag(s, "weights", e->by_weight);
	flag(s, "stale", e->stale);
	flag(s, "backup", e->backup);
	option(s, "none", e->none);
	end(k);
}

static void
send_servers(const struct explanation *e, struct sink *k)
{
	struct sending *s = &k->line;
	size_t i;

	for (i = 0; i < e->ncandidates; i++) {
		const struct explained_candidate *c = &e->candidates[i];

		text(begin(s, "candidate"), c->server);
		text(s, c->site);
		text(s, c->border);
		text(s, c->name);
		text(s, c->address);
		number(s, c->load);
		number(s, c->weight);
		if (c->drawn > 0)
			raw(s, " drawn=%lld", (long long)c->drawn);
		option(s, "metrics", c->metrics);
		end(k);
	}
	for (i = 0; i < e->nexcluded; i++) {
		const struct explained_excluded *x = &e->excluded[i];

		text(begin(s, "excluded"), x->server);
		text(s, x->reason);
		if (x->border != NULL) {
			option(s, "border", x->border);
			raw(s, " metric=%lld", (long long)x->metric_us);
		}
		option(s, "metrics", x->metrics);
		end(k);
	}
}

void
explanation_send(const struct explanation *e,
    void (*put)(void *arg, const char *line), void *arg)
{
	struct sink k = {.put = put, .arg = arg};

	send_head(e, &k);
	send_wishes(e, &k);
	send_paths(e, &k);
	send_servers(e, &k);
	put(arg, "explained");
}

/* A line that is being taken apart; `bad` sticks. */
struct receiving {
	const struct line *line;
	size_t next;
	bool bad;
};

static char *
take_text(struct receiving *r)
{
	char decoded[TEXT_MAX];

	if (r->next >= r->line->fields) {
		r->bad = true;
		return mem_text("");
	}
	return mem_text(
	    line_decode(r->line->field[r->next++], decoded, sizeof(decoded)));
}

static int64_t
parse_number(struct receiving *r, const char *t)
{
	int64_t n = -1;

	if (strcmp(t, "-") != 0 && num_parse(t, 0, NUMBER_MAX, &n) < 0)
		r->bad = true;
	return n;
}

static int64_t
take_number(struct receiving *r)
{
	if (r->next >= r->line->fields) {
		r->bad = true;
		return -1;
	}
	return parse_number(r, r->line->field[r->next++]);
}

static char *
text_option(const struct receiving *r, const char *key)
{
	char decoded[TEXT_MAX];
	const char *t = line_option(r->line, key);

	return t != NULL ? mem_text(line_decode(t, decoded, sizeof(decoded)))
			 : NULL;
}

static int64_t
number_option(struct receiving *r, const char *key, int64_t missing)
{
	const char *t = line_option(r->line, key);

	return t != NULL ? parse_number(r, t) : missing;
}

static bool
flag_option(struct receiving *r, const char *key)
{
	return number_option(r, key, 0) == 1;
}

static void
take_asked(struct explanation *e, struct receiving *r)
{
	if (e->service != NULL) {
		r->bad = true;
		return;
	}
	e->service = take_text(r);
	e->contact = take_text(r);
	e->client = take_text(r);
	e->policy = take_text(r);
	e->select = take_text(r);
	e->rtt_us = number_option(r, "rtt", -1);
	e->relay = flag_option(r, "relay");
}

static void
take_measured(struct explanation *e, struct receiving *r)
{
	free(e->prefix);
	e->prefix = take_text(r);
	e->age_ms = number_option(r, "age", 0);
	e->fresh = flag_option(r, "fresh");
	e->inherited = flag_option(r, "inherited");
	e->incomplete = flag_option(r, "incomplete");
	e->spread_us = number_option(r, "spread", 0);
	e->loss = number_option(r, "loss", 0);
}

static void
take_replies(struct explanation *e, struct receiving *r)
{
	e->in_us = take_number(r);
	e->contradictions = number_option(r, "contradictions", 0);
}

static void
take_border(struct explanation *e, struct receiving *r)
{
	struct explained_border *b;

	if (e->nborders >= WORLD_BORDERS_MAX) {
		r->bad = true;
		return;
	}
	b = explanation_add_border(e);
	b->id = take_text(r);
	b->state = take_text(r);
	b->reason = take_text(r);
	b->ping_us = take_number(r);
	b->out_us = take_number(r);
	b->contradicts = flag_option(r, "contradicts");
}

static void
take_delay(struct explanation *e, struct receiving *r)
{
	struct explained_link *l;

	if (e->nlinks >= LINKS_MAX) {
		r->bad = true;
		return;
	}
	l = explanation_add_link(e);
	l->from = take_text(r);
	l->to = take_text(r);
	l->delay_us = take_number(r);
}

static void
take_path(struct explanation *e, struct receiving *r)
{
	struct explained_path *p;

	if (e->npaths >= PATHS_MAX) {
		r->bad = true;
		return;
	}
	p = explanation_add_path(e);
	p->site = take_text(r);
	p->border = take_text(r);
	p->metric_us = take_number(r);
}

static void
take_prefer(struct explanation *e, struct receiving *r)
{
	struct explained_prefer *p = &e->prefer;

	if (p->client != NULL) {
		r->bad = true;
		return;
	}
	p->client = take_text(r);
	p->site = text_option(r, "site");
	p->border = text_option(r, "border");
	p->server = text_option(r, "server");
	p->own = flag_option(r, "own");
	p->ignored = text_option(r, "ignored");
}

static void
take_sticky(struct explanation *e, struct receiving *r)
{
	if (e->sticky != NULL) {
		r->bad = true;
		return;
	}
	e->sticky = take_text(r);
	e->first = text_option(r, "first");
}

static void
take_band(struct explanation *e, struct receiving *r)
{
	e->anchor_us = take_number(r);
	e->band_us = take_number(r);
	e->last_band = flag_option(r, "last");
	e->all_busy = flag_option(r, "busy");
	e->unknown = flag_option(r, "unknown");
	e->by_weight = flag_option(r, "weights");
	e->stale = flag_option(r, "stale");
	e->backup = flag_option(r, "backup");
	free(e->none);
	e->none = text_option(r, "none");
}

static void
take_candidate(struct explanation *e, struct receiving *r)
{
	struct explained_candidate *c;

	if (e->ncandidates >= WORLD_SERVERS_MAX) {
		r->bad = true;
		return;
	}
	c = explanation_add_candidate(e);
	c->server = take_text(r);
	c->site = take_text(r);
	c->border = take_text(r);
	c->name = take_text(r);
	c->address = take_text(r);
	c->load = take_number(r);
	c->weight = take_number(r);
	c->drawn = number_option(r, "drawn", 0);
	c->metrics = text_option(r, "metrics");
	if (c->load < 0 || c->weight < 1 || c->weight > LOAD_MAX)
		r->bad = true;
}

static void
take_excluded(struct explanation *e, struct receiving *r)
{
	struct explained_excluded *x;

	if (e->nexcluded >= WORLD_SERVERS_MAX) {
		r->bad = true;
		return;
	}
	x = explanation_add_excluded(e);
	x->server = take_text(r);
	x->reason = take_text(r);
	x->border = text_option(r, "border");
	x->metric_us = number_option(r, "metric", METRIC_NONE);
	x->metrics = text_option(r, "metrics");
}

int
explanation_line(struct explanation *e, const struct line *l)
{
	static const struct {
		const char *verb;
		void (*take)(struct explanation *e, struct receiving *r);
	} verbs[] = {
	    {"asked", take_asked},
	    {"measured", take_measured},
	    {"replies", take_replies},
	    {"border", take_border},
	    {"delay", take_delay},
	    {"path", take_path},
	    {"prefer", take_prefer},
	    {"sticky", take_sticky},
	    {"band", take_band},
	    {"candidate", take_candidate},
	    {"excluded", take_excluded},
	};
	struct receiving r = {l, 1, false};
	size_t i;

	if (strcmp(l->field[0], "explained") == 0)
		return e->service != NULL && l->fields == 1 ? 1 : -1;
	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(l->field[0], verbs[i].verb) == 0)
			break;
	if (i == sizeof(verbs) / sizeof(verbs[0]))
		return -1;
	verbs[i].take(e, &r);
	return r.bad ? -1 : 0;
}
