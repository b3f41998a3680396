/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any text as what feeds and front ends say to a director, a line each:
 *   a LINE, b LINE   of two feeds; they connect with the first
 *   a-, b-           one hangs up
 *   + N              N quarters of a second go by
 *   ask ..., drawn ...
 * Each answer, made from what was kept, is held against an explanation made
 * anew from the same feeds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "director/answer.h"
#include "director/gone.h"
#include "lib/decide/explain.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "tests/lib/decide/worlds.h"

#define QUARTER_MS 250

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct room {
	struct world *w;
	struct director self;
	struct feeds *feeds;
	struct feed *feed[2];
	struct draws *draws;
	struct picture *picture;
	struct tally *tally;
	struct answer *answer;
	struct gone *gone;
	struct mono now;
	struct line line;
	char want[65536];
	size_t nwant;
	unsigned candidates;
};

/* " server border name address weight" of each candidate. */
static void
note_candidate(void *arg, const char *text)
{
	struct room *r = arg;
	char *copy = mem_text(text);
	struct line l;
	const char *why;

	line_init(&l);
	if (line_split(&l, copy, strlen(copy), &why) < 0)
		abort();
	if (strcmp(l.field[0], "candidate") == 0) {
		r->candidates++;
		r->nwant += (size_t)snprintf(r->want + r->nwant,
		    sizeof(r->want) - r->nwant, " %s %s %s %s %s", l.field[1],
		    l.field[3], l.field[4], l.field[5], l.field[7]);
		if (r->nwant >= sizeof(r->want))
			abort();
	}
	line_fini(&l);
	free(copy);
}

static void
explain_anew(struct room *r, const struct ask *q)
{
	struct question x = {.world = r->w,
	    .service = q->service,
	    .contact = q->contact,
	    .client = q->client,
	    .relay = q->relay,
	    .rtt_us = q->rtt_us,
	    .now = r->now,
	    .loads = feeds_view(r->feeds, FEED_LOAD),
	    .paths = feeds_view(r->feeds, FEED_PATH),
	    .load_fresh_us = feeds_load_fresh_us(r->feeds),
	    .assigned = draws_counts(r->draws)};
	struct explanation *e = explain(&x);

	r->nwant = r->candidates = 0;
	r->want[0] = '\0';
	explanation_send(e, note_candidate, r);
	explanation_free(&e);
}

static void
must_be(struct room *r, const char *got, size_t len)
{
	if (r->candidates == 0) {
		if (len < 5 || memcmp(got, "none ", 5) != 0)
			abort();
		return;
	}
	if (len < 5 || memcmp(got, "best ", 5) != 0)
		abort();
	if (r->candidates > ANSWER_CANDIDATES)
		return;
	if (len < r->nwant ||
	    memcmp(got + len - r->nwant, r->want, r->nwant) != 0) {
		(void)fprintf(
		    stderr, "got  %.*s\nwant ...%s\n", (int)len, got, r->want);
		abort();
	}
}

static void
ask(struct room *r)
{
	struct answer_path path;
	struct ask q;
	enum reason none;
	char why[200];
	const char *got;
	size_t len;

	if (r->line.fields != 5 ||
	    ask_parse(r->w, &r->line, &q, &none, why, sizeof(why)) < 0)
		return;
	answer_look(r->answer, &q, r->now, &path);
	got = answer_text(r->answer, &q, &path, r->now, &len);
	explain_anew(r, &q);
	must_be(r, got, len);
}

static void
forget(void *arg, int server, int border)
{
	struct room *r = arg;

	if (server < 0 || (size_t)server >= r->w->nservers ||
	    border >= (int)r->w->nborders)
		abort();
}

static void
time_goes_by(struct room *r, const char *text)
{
	int64_t n;

	if (num_parse(text, 0, 4000, &n) < 0)
		return;
	r->now = mono_add_ms(r->now, n * QUARTER_MS);
	(void)feeds_choose(r->feeds, r->now);
	(void)gone_look(r->gone, r->picture, r->now, forget, r);
}

static void
said(struct room *r, int which)
{
	struct feed_hello h = {.id = which == 0 ? "a" : "b", .hash = "-"};
	struct feed *f = r->feed[which];
	char why[200];
	bool resync;

	if (f == NULL) {
		f = r->feed[which] = feeds_up(r->feeds, &h, r->now, &resync);
		f->peer = f;
	}
	(void)feeds_line(r->feeds, f, &r->line, r->now, why, sizeof(why));
	if (f == feeds_used(r->feeds, FEED_LOAD) &&
	    strcmp(r->line.field[0], "load") == 0)
		draws_sampled(r->draws, &r->line);
	(void)feeds_choose(r->feeds, r->now);
}

static void
hung_up(struct room *r, int which)
{
	struct feed *f = r->feed[which];

	/* Its record may be forgotten from now on. */
	r->feed[which] = NULL;
	if (f != NULL)
		feeds_down(r->feeds, f, REASON_DISCONNECTED, r->now);
	(void)feeds_choose(r->feeds, r->now);
}

static void
take(struct room *r, char *text)
{
	int which = text[0] == 'b';
	const char *why;
	unsigned unknown;

	if (strcmp(text, "a-") == 0 || strcmp(text, "b-") == 0) {
		hung_up(r, which);
	} else if (strncmp(text, "+ ", 2) == 0) {
		time_goes_by(r, text + 2);
	} else if (strncmp(text, "a ", 2) == 0 || strncmp(text, "b ", 2) == 0) {
		text += 2;
		if (line_split(&r->line, text, strlen(text), &why) == 0)
			said(r, which);
	} else if (line_split(&r->line, text, strlen(text), &why) == 0) {
		if (strcmp(r->line.field[0], "ask") == 0)
			ask(r);
		if (strcmp(r->line.field[0], "drawn") == 0)
			(void)draws_take(r->draws, &r->line, &unknown, &why);
	}
}

static void
room_init(struct room *r, uint64_t seed)
{
	memset(r, 0, sizeof(*r));
	r->now = (struct mono){INT64_C(1000000000000)};
	r->w = worlds_random(&seed);
	r->self = (struct director){.fresh_us = 10000000,
	    .expire_us = 60000000,
	    .prefix4 = 24,
	    .prefix6 = 48};
	r->feeds = feeds_new(r->w, &r->self, r->now);
	r->draws = draws_new(r->w);
	r->picture = picture_new(r->w, r->feeds, r->draws);
	r->tally = tally_new(r->w);
	r->gone = gone_new(r->w);
	r->answer = answer_new(&(struct answer_conf){.world = r->w,
	    .self = &r->self,
	    .feeds = r->feeds,
	    .picture = r->picture,
	    .tally = r->tally,
	    .seed = seed,
	    .rows_bytes = 4096, /* so that they are full soon */
	    .answers_bytes = 4096});
	line_init(&r->line);
}

static void
room_fini(struct room *r)
{
	line_fini(&r->line);
	answer_free(&r->answer);
	gone_free(&r->gone);
	tally_free(&r->tally);
	picture_free(&r->picture);
	draws_free(&r->draws);
	feeds_free(&r->feeds);
	world_free(&r->w);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct room r;
	char *text = mem_textn((const char *)data, size), *next, *p;

	log_init("director_fuzz", LOG_LEVEL_WARN);
	room_init(&r, 88172645463325252u + (size > 0 ? data[0] % 16 : 0));
	for (p = text; p != NULL; p = next) {
		next = strchr(p, '\n');
		if (next != NULL)
			*next++ = '\0';
		take(&r, p);
	}
	room_fini(&r);
	free(text);
	return 0;
}
