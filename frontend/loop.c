/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A fixed table of recent visits, two places for each; the older one makes
 * room. A visit that is lost from it only makes a loop live a little longer.
 */
#include "frontend/loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/renumber.h"

#define MARK_FROM   4 /* repeats before a URL is marked */
#define COOKIE_FROM 2 /* repeats before a cookie is set */
#define OTHER_FROM  3 /* counts */
#define STOP_FROM   5

struct seen {
	uint64_t key; /* 0: free */
	int64_t last_ms;
	int64_t mark_ms;  /* last mark in a URL; 0: none */
	int64_t quiet_ms; /* no 508 by cookie until then */
	int server;
	uint16_t repeats;
	uint16_t proofs; /* marked URLs that came back */
};

struct loop {
	struct seen *seen;
	size_t mask; /* of pairs */
};

struct loop *
loop_new(size_t visits)
{
	struct loop *l = mem_new(sizeof(*l));
	size_t pairs = 1;

	while (pairs * 2 < visits)
		pairs *= 2;
	l->mask = pairs - 1;
	l->seen = mem_array(pairs * 2, sizeof(*l->seen));
	return l;
}

void
loop_free(struct loop **l)
{
	if (*l == NULL)
		return;
	free((*l)->seen);
	free(*l);
	*l = NULL;
}

size_t
loop_unmark(const char *target, size_t len, bool *marked)
{
	size_t n = sizeof(LOOP_MARK) - 1;

	*marked = len > n && memcmp(target + len - n, LOOP_MARK, n) == 0 &&
		  (target[len - n - 1] == '?' || target[len - n - 1] == '&');
	return *marked ? len - n - 1 : len;
}

/* Eight bytes a step; good enough to tell pages apart, no more. */
static uint64_t
mix(uint64_t h, const char *bytes, size_t len)
{
	uint64_t w;

	for (; len > 0; bytes += sizeof(w)) {
		size_t n = len < sizeof(w) ? len : sizeof(w);

		w = n;
		memcpy(&w, bytes, n);
		h = (h ^ w) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 29;
		len -= n;
	}
	return h;
}

static struct seen *
place(const struct loop *l, uint64_t key)
{
	struct seen *pair = &l->seen[(key & l->mask) * 2];

	if (pair[0].key == key)
		return &pair[0];
	if (pair[1].key == key)
		return &pair[1];
	return NULL;
}

static struct seen *
place_new(struct loop *l, uint64_t key, int64_t now_ms)
{
	struct seen *s = place(l, key);

	if (s != NULL)
		return s;
	s = &l->seen[(key & l->mask) * 2];
	if (s[1].last_ms < s[0].last_ms)
		s++;
	*s = (struct seen){.key = key, .last_ms = now_ms - LOOP_GAP_MS - 1};
	s->server = -1;
	return s;
}

/* The count in a cookie for this page, if it is new enough; else 0. */
static unsigned
cookie_count(const struct loop_visit *v, uint32_t page)
{
	char text[LOOP_COOKIE];
	unsigned hash, count;
	unsigned long long wall;
	int64_t ms;
	int end = 0;

	if (v->cookie_len == 0 || v->cookie_len >= sizeof(text))
		return 0;
	memcpy(text, v->cookie, v->cookie_len);
	text[v->cookie_len] = '\0';
	if (sscanf(text, "%8x.%3u.%13llx%n", &hash, &count, &wall, &end) != 3 ||
	    (size_t)end != v->cookie_len || hash != page)
		return 0;
	ms = (int64_t)wall; /* 13 digits: at most 52 bits */
	if (ms > v->now_ms + LOOP_GAP_MS || v->now_ms - ms > LOOP_GAP_MS)
		return 0;
	return count;
}

static void
set_cookie(struct loop_result *out, uint32_t page, unsigned count, int64_t ms)
{
	out->set = true;
	(void)snprintf(out->cookie, sizeof(out->cookie),
	    "hop=%08x.%u.%llx; Max-Age=%d; Path=/; HttpOnly", page, count,
	    (unsigned long long)ms, count > 0 ? 5 : 0);
}

/* How often this connection alone has repeated this visit. */
static unsigned
in_chain(struct loop_chain *c, const struct seen *s, int64_t now_ms)
{
	if (c == NULL)
		return s->repeats;
	if (c->key != s->key || now_ms - c->last_ms > LOOP_GAP_MS)
		c->repeats = 0;
	else
		c->repeats++;
	c->key = s->key;
	c->last_ms = now_ms;
	return c->repeats;
}

/* By the mark in the URL: 1 another server, 2 and more: stop. */
static void
by_mark(struct seen *s, const struct loop_visit *v, struct loop_result *out)
{
	unsigned repeats = in_chain(v->chain, s, v->now_ms);
	bool open = s->mark_ms != 0 && v->now_ms - s->mark_ms < LOOP_MARK_MS;

	if (!open)
		s->proofs = 0;
	if (v->marked && open) {
		s->proofs++;
		out->count = s->repeats;
		out->verdict = s->proofs > 1 ? LOOP_STOP : LOOP_OTHER;
		out->mark = s->proofs == 1;
	} else if (!open && repeats >= MARK_FROM) {
		out->mark = true;
	}
	if (out->mark)
		s->mark_ms = v->now_ms;
}

static void
by_cookie(struct seen *s, const struct loop_visit *v, uint32_t page,
    struct loop_result *out)
{
	unsigned came = cookie_count(v, page), count = came + 1;

	if (came == 0 && s->repeats < COOKIE_FROM)
		return;
	if (v->now_ms < s->quiet_ms)
		return;
	if (came > 0 && count >= STOP_FROM) {
		s->quiet_ms = v->now_ms + LOOP_QUIET_MS;
		out->verdict = LOOP_STOP;
		out->count = count;
		count = 0; /* the page that stops it takes the cookie back */
	} else if (count >= OTHER_FROM && out->verdict == LOOP_NONE) {
		out->verdict = LOOP_OTHER;
		out->count = count;
	}
	set_cookie(out, page, count, v->now_ms);
}

void
loop_visit(struct loop *l, const struct loop_visit *v, struct loop_result *out)
{
	uint64_t page = mix(v->host_len, v->host, v->host_len), key;
	struct seen *s;

	page = mix(page ^ v->target_len, v->target, v->target_len);
	key = mix(page, (const char *)v->client->ip, sizeof(v->client->ip));
	key = key != 0 ? key : 1;
	out->verdict = LOOP_NONE;
	out->count = 0;
	out->mark = out->set = false;
	out->key = key;
	if (!v->counts)
		return;
	s = place_new(l, key, v->now_ms);
	if (v->now_ms - s->last_ms > LOOP_GAP_MS)
		s->repeats = 0;
	else if (s->repeats < UINT16_MAX)
		s->repeats++;
	s->last_ms = v->now_ms;
	by_mark(s, v, out);
	by_cookie(s, v, (uint32_t)(page >> 32), out);
	if (out->verdict == LOOP_STOP) {
		s->repeats = s->proofs = 0;
		s->mark_ms = 0;
		if (v->chain != NULL)
			v->chain->repeats = 0;
		out->mark = false;
	}
}

int
loop_server(const struct loop *l, uint64_t key)
{
	const struct seen *s = place(l, key);

	return s != NULL ? s->server : -1;
}

void
loop_sent(struct loop *l, uint64_t key, int server)
{
	struct seen *s = place(l, key);

	if (s != NULL)
		s->server = server;
}

void
loop_renew(struct loop *l, const struct renumber *r)
{
	size_t i;

	for (i = 0; i < (l->mask + 1) * 2; i++)
		if (l->seen[i].key != 0)
			l->seen[i].server =
			    renumbered(r->server, l->seen[i].server);
}
