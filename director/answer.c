/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two caches. Rows of paths by prefix and contact, as they came from
 * score_rows(), hold until a border or the line of paths changes. Answers made
 * from them, by service too, hold until a state or load of it changes. Asks
 * whose own rtt counts use neither. Owns its scratch memory: an ask that finds
 * its answer allocates nothing.
 */
#include "director/answer.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/decide/pick.h"
#include "lib/decide/prefer.h"
#include "lib/decide/score.h"
#include "lib/decide/sticky.h"
#include "lib/mem.h"
#include "lib/num.h"

#define ROWS_BYTES    ((size_t)16 << 20)
#define ANSWERS_BYTES ((size_t)8 << 20)
#define RTT_MAX       INT64_C(1000000000)
#define HEAD_MAX      64
/* Server, border, name, address, weight: the longest a candidate can be. */
#define CANDIDATE_MAX (3 * 256 + ADDR_TEXT + 8)
#define TEXT_MAX      (HEAD_MAX + ANSWER_CANDIDATES * CANDIDATE_MAX)

/* A row in the cache: a third of struct row's size counts there. */
struct small_row {
	uint16_t site, border;
	uint32_t metric_us;
};

struct choice {
	int server, border;
	const struct alias *alias;
	uint32_t weight;
	uint32_t upto; /* sum of the weights up to and with this one */
};

/* What the configuration says of a client beside the paths to it. */
struct wish {
	const struct prefer *prefer; /* or NULL */
	struct prefix sticky;        /* if the service is */
	unsigned bits; /* all in a prefix of this length have the same */
};

/* An answer as it is kept: this with its choices, then the text from the first
 * candidate on, if all fit in a line. */
struct kept {
	enum reason none;
	unsigned fallbacks; /* bits */
	uint32_t total;
	uint32_t nchoices;
	uint32_t text_len;
	struct choice choice[];
};

struct answer {
	struct answer_conf conf;
	struct cache *rows, *answers;
	struct pick_scratch *scratch;
	struct row *row;  /* nsites * nborders */
	int64_t *ping_us; /* nborders, as are the next two */
	int64_t *out_us;
	bool *contradicts;
	struct candidate *candidate; /* as many as the biggest service has */
	struct kept *made;           /* room for the biggest answer */
	uint64_t random;
	char text[TEXT_MAX];
};

static int
take_option(const struct option_field *o, struct ask *q)
{
	int64_t v;

	if (strcmp(o->key, "rtt") == 0)
		return num_parse(o->value, 0, RTT_MAX, &q->rtt_us);
	if (strcmp(o->key, "relay") != 0)
		return 0; /* of a later version */
	if (num_parse(o->value, 0, 1, &v) < 0)
		return -1;
	q->relay = v == 1;
	return 0;
}

int
ask_parse(const struct world *w, const struct line *l, struct ask *q,
    enum reason *none, char *why, size_t size)
{
	size_t at = strcmp(l->field[0], "ask") == 0 ? 2 : 1, i;
	int64_t n = 0;

	*q = (struct ask){.rtt_us = -1};
	*none = REASON_NONE;
	if (at == 2 && num_parse(l->field[1], 0, INT64_MAX, &n) < 0) {
		(void)snprintf(
		    why, size, "ask: '%.20s' is no number", l->field[1]);
		return -1;
	}
	q->n = (uint64_t)n;
	if (addr_parse(l->field[at + 2], &q->client) < 0) {
		(void)snprintf(why, size, "%s: client '%.46s' is no address",
		    l->field[0], l->field[at + 2]);
		return -1;
	}
	for (i = 0; i < l->options; i++)
		if (take_option(&l->option[i], q) < 0) {
			(void)snprintf(why, size,
			    "%s: %.20s=%.20s: rtt is in us up to 1000000000, "
			    "relay 0 or 1",
			    l->field[0], l->option[i].key, l->option[i].value);
			return -1;
		}
	q->service = world_service(w, l->field[at]);
	q->contact = world_site(w, l->field[at + 1]);
	if (q->service < 0)
		*none = REASON_UNKNOWN_SERVICE;
	else if (q->contact < 0)
		*none = REASON_UNKNOWN_SITE;
	(void)snprintf(
	    why, size, "%s", *none != REASON_NONE ? reason_text(*none) : "");
	return *none == REASON_NONE ? 0 : -1;
}

static size_t
biggest_service(const struct world *w)
{
	size_t i, most = 1;

	for (i = 0; i < w->nservices; i++)
		if (w->services[i].nuse > most)
			most = w->services[i].nuse;
	return most;
}

struct answer *
answer_new(const struct answer_conf *conf)
{
	struct answer *a = mem_new(sizeof(*a));
	const struct world *w = conf->world;
	size_t most = biggest_service(w);

	a->conf = *conf;
	a->rows =
	    cache_new(conf->rows_bytes > 0 ? conf->rows_bytes : ROWS_BYTES);
	a->answers = cache_new(
	    conf->answers_bytes > 0 ? conf->answers_bytes : ANSWERS_BYTES);
	a->scratch = pick_scratch_new(w);
	a->row = mem_array(w->nsites * w->nborders + 1, sizeof(*a->row));
	a->ping_us = mem_array(w->nborders + 1, sizeof(*a->ping_us));
	a->out_us = mem_array(w->nborders + 1, sizeof(*a->out_us));
	a->contradicts = mem_array(w->nborders + 1, sizeof(*a->contradicts));
	a->candidate = mem_array(most, sizeof(*a->candidate));
	a->made =
	    mem_new(sizeof(*a->made) + most * sizeof(struct choice) + TEXT_MAX);
	a->random = conf->seed | 1;
	return a;
}

void
answer_free(struct answer **a)
{
	if (*a == NULL)
		return;
	cache_free(&(*a)->rows);
	cache_free(&(*a)->answers);
	pick_scratch_free(&(*a)->scratch);
	free((*a)->row);
	free((*a)->ping_us);
	free((*a)->out_us);
	free((*a)->contradicts);
	free((*a)->candidate);
	free((*a)->made);
	free(*a);
	*a = NULL;
}

/* xorshift64* (Vigna): good enough to spread clients, and cheap. */
static uint32_t
draw(struct answer *a, uint32_t total)
{
	uint64_t x = a->random;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	a->random = x;
	x = (x * UINT64_C(2685821657736338717)) >> 32;
	return (uint32_t)((x * total) >> 32);
}

static char *
put_number(char *at, uint64_t n)
{
	char digit[20];
	size_t i = 0;

	do {
		digit[i++] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	while (i > 0)
		*at++ = digit[--i];
	return at;
}

static char *
put(char *at, const char *text)
{
	size_t n = strlen(text);

	assert(n < 256); /* ids and names; CANDIDATE_MAX counts on it */
	memcpy(at, text, n);
	return at + n;
}

static char *
put_choice(const struct answer *a, char *at, const struct choice *c,
    uint32_t weight, int family)
{
	const struct world *w = a->conf.world;
	const struct addr *addr =
	    family == AF_INET ? &c->alias->v4 : &c->alias->v6;
	char text[ADDR_TEXT];

	*at++ = ' ';
	at = put(at, w->servers[c->server].id);
	*at++ = ' ';
	at = put(at, w->borders[c->border].id);
	*at++ = ' ';
	at = put(at, c->alias->name);
	*at++ = ' ';
	at = put(at, addr_text(addr, text, sizeof(text)));
	*at++ = ' ';
	return put_number(at, weight);
}

/* The choice that a number in [0, total) falls on. */
static const struct choice *
choice_at(const struct kept *k, uint32_t random)
{
	const struct choice *c = k->choice;
	size_t low = 0, high = k->nchoices - 1, mid;

	while (low < high) {
		mid = (low + high) / 2;
		if (random < c[mid].upto)
			high = mid;
		else
			low = mid + 1;
	}
	return &c[low];
}

/* As many draws as fit in a line; who was drawn twice weighs twice. */
static char *
put_sample(struct answer *a, char *at, const struct kept *k, int family)
{
	const struct choice *drawn[ANSWER_CANDIDATES] = {NULL};
	uint32_t times[ANSWER_CANDIDATES];
	size_t n = 0, i, j;

	for (i = 0; i < ANSWER_CANDIDATES; i++) {
		const struct choice *c = choice_at(k, draw(a, k->total));

		for (j = 0; j < n && drawn[j] != c; j++)
			continue;
		if (j == n) {
			drawn[n] = c;
			times[n++] = 0;
		}
		times[j]++;
	}
	for (i = 0; i < n; i++)
		at = put_choice(a, at, drawn[i], times[i], family);
	return at;
}

static unsigned
bit(enum fallback f)
{
	return 1u << f;
}

static unsigned
pick_fallbacks(const struct pick *p, const struct wish *wish)
{
	unsigned bits = 0;

	if (p->last_band)
		bits |= bit(FALLBACK_LAST_BAND);
	if (p->unknown)
		bits |= bit(FALLBACK_UNKNOWN_SERVER);
	if (p->all_busy && p->ncandidates > 0)
		bits |= bit(FALLBACK_ALL_BUSY);
	if (p->backup)
		bits |= bit(FALLBACK_BACKUP);
	if (wish->prefer != NULL && !p->preferred)
		bits |= bit(FALLBACK_NOT_PREFERRED);
	if (p->first >= 0 && p->first != p->candidates[0].use)
		bits |= bit(FALLBACK_SHED);
	if (p->none == REASON_ALL_BUSY)
		bits |= bit(FALLBACK_REFUSED);
	else if (p->none == REASON_NO_ADDRESS)
		bits |= bit(FALLBACK_NO_ADDRESS);
	else if (p->none != REASON_NONE)
		bits |= bit(FALLBACK_NO_SERVER);
	return bits;
}

/* The pick as it is kept; into a->made. */
static const struct kept *
keep(struct answer *a, const struct service *s, const struct wish *wish,
    const struct pick *p, int family)
{
	struct kept *k = a->made;
	struct choice *c = k->choice;
	char *text, *at;
	size_t i;

	*k = (struct kept){
	    .none = p->none, .fallbacks = pick_fallbacks(p, wish)};
	for (i = 0; i < p->ncandidates; i++) {
		const struct candidate *from = &p->candidates[i];

		k->total += from->weight;
		c[i] = (struct choice){s->use[from->use], from->border,
		    from->alias, from->weight, k->total};
	}
	k->nchoices = (uint32_t)p->ncandidates;
	if (k->nchoices == 0 || k->nchoices > ANSWER_CANDIDATES)
		return k;
	text = at = (char *)(c + k->nchoices);
	for (i = 0; i < k->nchoices; i++)
		at = put_choice(a, at, &c[i], c[i].weight, family);
	k->text_len = (uint32_t)(at - text);
	return k;
}

static size_t
kept_size(const struct kept *k)
{
	return sizeof(*k) + k->nchoices * sizeof(struct choice) + k->text_len;
}

static struct score_input
score_input(
    struct answer *a, const struct ask *q, const struct answer_path *path)
{
	return (struct score_input){
	    .world = a->conf.world,
	    .contact = q->contact,
	    .relay = q->relay,
	    .rtt_us = q->rtt_us,
	    .ping_us = path->known ? path->ping.ping_us : NULL,
	    .border_up = picture_borders_up(a->conf.picture),
	};
}

/* Those with a metric only: pick_candidates() has no use for the others. */
static size_t
score(struct answer *a, const struct score_input *in)
{
	size_t n = 0, all = in->world->nsites * in->world->nborders, b;
	struct legs legs = {.out_us = a->out_us, .contradicts = a->contradicts};

	score_rows(in, a->row, &legs);
	for (b = 0; legs.contradictions > 0 && b < in->world->nborders; b++)
		a->conf.tally->contradictions[b] += a->contradicts[b];
	while (n < all && a->row[n].metric_us != METRIC_NONE)
		n++;
	return n;
}

static void
keep_rows(struct answer *a, const struct cache_key *key,
    const struct cache_stamp *stamp, size_t n)
{
	struct small_row *to;
	size_t i;

	if (n > 0 && a->row[n - 1].metric_us > UINT32_MAX)
		return; /* sorted: the last is the greatest */
	to = cache_put(a->rows, key, stamp, n * sizeof(*to));
	for (i = 0; to != NULL && i < n; i++)
		to[i] = (struct small_row){(uint16_t)a->row[i].site,
		    (uint16_t)a->row[i].border, (uint32_t)a->row[i].metric_us};
}

/* The rows into a->row, from the cache or computed. Returns how many. */
static size_t
find_rows(struct answer *a, const struct score_input *in,
    const struct cache_key *key, const struct cache_stamp *stamp)
{
	size_t len, n, i;
	const struct small_row *from = cache_get(a->rows, key, stamp, &len);

	if (from == NULL) {
		n = score(a, in);
		keep_rows(a, key, stamp, n);
		return n;
	}
	n = len / sizeof(*from);
	for (i = 0; i < n; i++)
		a->row[i] = (struct row){
		    from[i].site, from[i].border, from[i].metric_us};
	return n;
}

static struct wish
wish_of(const struct world *w, const struct ask *q)
{
	const struct service *s = &w->services[q->service];
	struct wish wish = {0};

	wish.prefer = prefer_find(w, s, &q->client, &wish.bits);
	if (!s->sticky)
		return wish;
	wish.sticky = sticky_prefix(w, &q->client);
	if (wish.sticky.len > wish.bits)
		wish.bits = wish.sticky.len;
	return wish;
}

static const struct kept *
pick(struct answer *a, const struct ask *q, const struct wish *wish,
    const struct picture_service *now, const bool *border_up, size_t nrows)
{
	const struct world *w = a->conf.world;
	const struct service *s = &w->services[q->service];
	struct pick_input in = {
	    .world = w,
	    .service = s,
	    .family = q->client.family,
	    .rows = a->row,
	    .nrows = nrows,
	    .border_up = border_up,
	    .state = now->state,
	    .load = now->load,
	    .prefer = wish->prefer,
	    .sticky = s->sticky ? &wish->sticky : NULL,
	};
	struct pick p = {.candidates = a->candidate};

	pick_candidates(&in, a->scratch, &p);
	return keep(a, s, wish, &p, q->client.family);
}

/* What the line says, in a number: two lines in one tick must differ. */
static uint64_t
line_stamp(const struct world *w, const struct answer_path *path)
{
	uint64_t h = 1;
	size_t b;

	if (!path->known)
		return 0;
	for (b = 0; b < w->nborders; b++) {
		h = (h ^ (uint64_t)path->ping.ping_us[b]) *
		    UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 31;
	}
	return h;
}

/* What an answer is kept by: the line of paths. If the service is sticky the
 * narrower of that and what stays together: it tells the other one. */
static struct cache_key
answer_key(const struct ask *q, const struct wish *wish,
    const struct answer_path *path, bool sticky)
{
	const struct prefix *p = path->known ? &path->ping.prefix : NULL;
	struct cache_key key;

	if (sticky && (p == NULL || p->len < wish->sticky.len))
		p = &wish->sticky;
	key = cache_key(p, q->contact, q->relay, q->service);
	key.client = (uint8_t)q->client.family;
	if (wish->prefer != NULL)
		key.prefer = (uint32_t)wish->prefer->n + 1;
	return key;
}

/* The same for every client of the prefix: kept if it was made before. */
static const struct kept *
find_kept(struct answer *a, const struct ask *q, const struct wish *wish,
    const struct score_input *in, const struct answer_path *path,
    const struct picture_service *now)
{
	struct cache_key key =
	    answer_key(q, wish, path, in->world->services[q->service].sticky);
	struct cache_stamp stamp = {picture_paths_epoch(a->conf.picture),
	    line_stamp(in->world, path), now->epoch};
	struct cache_key rows;
	const struct kept *k;
	size_t len, n;
	void *room;

	k = cache_get(a->answers, &key, &stamp, &len);
	if (k != NULL)
		return k;
	rows = cache_key(
	    path->known ? &path->ping.prefix : NULL, q->contact, q->relay, -1);
	stamp.loads = 0;
	n = find_rows(a, in, &rows, &stamp);
	k = pick(a, q, wish, now, in->border_up, n);
	stamp.loads = now->epoch;
	room = cache_put(a->answers, &key, &stamp, kept_size(k));
	if (room != NULL)
		memcpy(room, k, kept_size(k));
	return k;
}

void
answer_look(struct answer *a, const struct ask *q, struct mono now,
    struct answer_path *path)
{
	const struct view *v = feeds_view(a->conf.feeds, FEED_PATH);

	path->known = v != NULL && view_ping(v, &q->client,
				       picture_borders_up(a->conf.picture), now,
				       &path->ping);
}

/* How wide the answer holds. A line for less than the configured prefix (a
 * host) holds for itself alone, one for more may have exceptions in it. */
static unsigned
scope(const struct answer *a, const struct ask *q, const struct wish *wish,
    const struct answer_path *path, bool rtt_used)
{
	unsigned bits = addr_bits(&q->client);
	unsigned len = q->client.family == AF_INET ? a->conf.self->prefix4
						   : a->conf.self->prefix6;

	if (rtt_used)
		return bits;
	/* What is split has clients with values of their own in it. */
	if (path->known && path->ping.inherited && path->ping.prefix.len >= len)
		return bits;
	if (path->known && path->ping.prefix.len > len)
		len = path->ping.prefix.len;
	if (wish->bits > len)
		len = wish->bits;
	return len < bits ? len : bits;
}

static unsigned
ttl_ms(const struct answer *a, struct mono now)
{
	int64_t ms = feeds_next_sample_us(a->conf.feeds, now) / 1000;

	if (ms == 0)
		return ANSWER_TTL_NONE_MS;
	if (ms < ANSWER_TTL_MIN_MS)
		return ANSWER_TTL_MIN_MS;
	return ms < ANSWER_TTL_MAX_MS ? (unsigned)ms : ANSWER_TTL_MAX_MS;
}

/* What a front end draws from this answer is counted here as if it drew once:
 * over many answers the counters get the same shares. */
static void
count(struct answer *a, const struct ask *q, const struct kept *k,
    unsigned fallbacks)
{
	struct tally *t = a->conf.tally;
	struct tally_service *s = &t->service[q->service];
	const struct choice *c;
	int f;

	t->decisions++;
	s->decisions++;
	t->contact[q->contact]++;
	for (f = 0; f < FALLBACKS; f++)
		s->fallbacks[f] += (fallbacks >> f) & 1;
	if (k->nchoices == 0) {
		t->no_server++;
		s->no_server++;
		return;
	}
	c = choice_at(k, draw(a, k->total));
	t->server[c->server]++;
	t->border[c->border]++;
	t->site[a->conf.world->servers[c->server].site]++;
}

static size_t
write_none(struct answer *a, uint64_t n, enum reason reason)
{
	char *at = put(a->text, "none ");

	at = put_number(at, n);
	*at++ = ' ';
	return (size_t)(put(at, reason_text(reason)) - a->text);
}

static size_t
write_best(struct answer *a, const struct ask *q, const struct kept *k,
    unsigned ttl, unsigned bits)
{
	char *at = put(a->text, "best ");

	at = put_number(at, q->n);
	*at++ = ' ';
	at = put_number(at, ttl);
	*at++ = ' ';
	at = put_number(at, bits);
	if (k->text_len > 0) {
		memcpy(at, k->choice + k->nchoices, k->text_len);
		at += k->text_len;
	} else {
		at = put_sample(a, at, k, q->client.family);
	}
	return (size_t)(at - a->text);
}

const char *
answer_text(struct answer *a, const struct ask *q,
    const struct answer_path *path, struct mono now, size_t *len)
{
	const struct picture_service *service =
	    picture_service(a->conf.picture, q->service, now);
	struct score_input in = score_input(a, q, path);
	bool rtt_used = q->rtt_us >= 0 && score_pings(&in, a->ping_us);
	struct wish wish = wish_of(a->conf.world, q);
	const struct kept *k;
	unsigned fallbacks;

	if (rtt_used) {
		a->conf.tally->rtt_scores++;
		k = pick(a, q, &wish, service, in.border_up, score(a, &in));
	} else {
		k = find_kept(a, q, &wish, &in, path, service);
	}
	fallbacks = k->fallbacks;
	if (path->known && !path->ping.fresh)
		fallbacks |= bit(FALLBACK_STALE_PATH);
	if (path->known && path->ping.inherited)
		fallbacks |= bit(FALLBACK_INHERITED_PATH);
	if (!path->known && !rtt_used)
		fallbacks |= bit(FALLBACK_UNMEASURED);
	if (service->stale)
		fallbacks |= bit(FALLBACK_STALE_LOAD);
	count(a, q, k, fallbacks);
	if (k->nchoices == 0)
		*len = write_none(a, q->n, k->none);
	else
		*len = write_best(a, q, k, ttl_ms(a, now),
		    scope(a, q, &wish, path, rtt_used));
	return a->text;
}

const char *
answer_none(struct answer *a, uint64_t n, enum reason reason, size_t *len)
{
	a->conf.tally->ask_errors++;
	*len = write_none(a, n, reason);
	return a->text;
}

void
answer_continue(struct answer *a, const struct answer *before)
{
	cache_continue(a->rows, before->rows);
	cache_continue(a->answers, before->answers);
}

void
answer_counters(const struct answer *a, struct cache_counters *rows,
    struct cache_counters *answers)
{
	cache_counters(a->rows, rows);
	cache_counters(a->answers, answers);
}
