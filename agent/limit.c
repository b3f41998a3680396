/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists of prefixes, and token buckets in the form of "when would the next one
 * be due" (GCRA), which need one number each. Addresses and prefixes are in
 * hash tables of eight places a row that never grow. Owns its tables.
 */

#include "agent/limit.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

#define WAYS         8
#define MS           INT64_C(1000000)
#define OPT_OUT_SETS 8192
#define LEVEL_MAX    11 /* a minute doubled so often is more than a day */
#define TICK_MS      30 /* in which the engine sends, at most */

struct place {
	struct addr addr;
	uint8_t level; /* silent rounds, as far as they count */
	int64_t next;  /* when the next probe is due, in ns */
	int64_t until; /* not before this, in ns */
};

/* Tags are looked at first, so that mostly two cache lines are touched. */
struct set {
	uint32_t tag[WAYS]; /* of the hash; 0: free */
	struct place place[WAYS];
};

struct table {
	struct set *sets;
	size_t nsets; /* a power of two */
};

#define SPECIAL_MAX 48

struct limits {
	struct limits_conf conf;
	struct table addresses, prefixes, opted_out;
	int64_t total_gap, total_next, total_burst;
	struct prefix special[SPECIAL_MAX];
	size_t nspecial, nnever;
};

/* Nobody may allow these: what goes to many, or to nobody. */
static const char *const never[] = {
    "0.0.0.0/8", "224.0.0.0/4", "255.255.255.255/32", "::/128", "ff00::/8"};

/* IANA's registries of special-purpose addresses (RFC 6890 and its updates),
 * and what is not yet given to anybody. */
static const char *const special[] = {"10.0.0.0/8", "100.64.0.0/10",
    "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24",
    "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24",
    "203.0.113.0/24", "240.0.0.0/4", /* all but 2000::/3: */ "::/3", "4000::/2",
    "8000::/1", /* and of that: */ "2001::/23", "2001:db8::/32", "2002::/16",
    "2620:4f:8000::/48", "3fff::/20"};

static const struct {
	enum limit why;
	const char *text;
} words[] = {
    {LIMIT_DENIED, "denied"},
    {LIMIT_SPECIAL, "special-address"},
    {LIMIT_OPTED_OUT, "opted-out"},
    {LIMIT_TARGET_RATE, "target-rate"},
    {LIMIT_PREFIX_RATE, "prefix-rate"},
    {LIMIT_TOTAL_RATE, "total-rate"},
    {LIMIT_FAMILY, "no-address-family"},
    {LIMIT_TABLE_FULL, "table-full"},
    {LIMIT_BACK_OFF, "backing-off"},
};

const char *
limit_text(enum limit why)
{
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].why == why)
			return words[i].text;
	return "-";
}

static void
table_init(struct table *t, size_t wanted)
{
	t->nsets = 64;
	while (t->nsets * WAYS < wanted)
		t->nsets *= 2;
	t->sets = mem_array(t->nsets, sizeof(*t->sets));
}

static struct set *
set_of(const struct limits *l, const struct table *t, const struct addr *a,
    uint32_t *tag)
{
	uint64_t h = icmp_hash(&l->conf.key, a->ip, sizeof(a->ip));

	*tag = (uint32_t)(h >> 32) | 1;
	return &t->sets[h & (t->nsets - 1)];
}

static struct place *
find_in(struct set *s, uint32_t tag, const struct addr *a)
{
	int i;

	for (i = 0; i < WAYS; i++)
		if (s->tag[i] == tag && addr_cmp(&s->place[i].addr, a) == 0)
			return &s->place[i];
	return NULL;
}

static struct place *
find(const struct limits *l, const struct table *t, const struct addr *a)
{
	uint32_t tag;
	struct set *s = set_of(l, t, a, &tag);

	return find_in(s, tag, a);
}

static int64_t
end_of(const struct set *s, int i)
{
	const struct place *p = &s->place[i];

	if (s->tag[i] == 0)
		return INT64_MIN;
	return p->next > p->until ? p->next : p->until;
}

/* Its place, or that of the one that has been quiet for the longest. */
static struct place *
have(struct limits *l, struct table *t, const struct addr *a)
{
	uint32_t tag;
	struct set *s = set_of(l, t, a, &tag);
	struct place *p = find_in(s, tag, a);
	int i, oldest = 0;

	if (p != NULL)
		return p;
	for (i = 1; i < WAYS; i++)
		if (end_of(s, i) < end_of(s, oldest))
			oldest = i;
	s->tag[oldest] = tag;
	p = &s->place[oldest];
	memset(p, 0, sizeof(*p));
	p->addr = *a;
	return p;
}

static void
fill_special(struct limits *l)
{
	size_t i;

	for (i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		(void)prefix_parse(never[i], &l->special[l->nspecial++]);
	l->nnever = l->nspecial;
	for (i = 0; i < sizeof(special) / sizeof(special[0]); i++)
		(void)prefix_parse(special[i], &l->special[l->nspecial++]);
}

static void
set_rate(struct limits *l, unsigned rate)
{
	l->total_gap = INT64_C(1000000000) / rate;
}

struct limits *
limits_new(const struct limits_conf *conf)
{
	struct limits *l = mem_new(sizeof(*l));

	l->conf = *conf;
	set_rate(l, conf->rate);
	/* What two ticks may send: one that comes late may catch up, but no
	 * pause makes a burst. */
	l->total_burst = 2 * TICK_MS * MS;
	table_init(&l->addresses, 8 * conf->targets);
	table_init(&l->prefixes, 4 * conf->targets);
	table_init(&l->opted_out, (size_t)OPT_OUT_SETS * WAYS);
	fill_special(l);
	return l;
}

void
limits_set(struct limits *l, const struct limits_conf *conf)
{
	l->conf.allow = conf->allow;
	l->conf.nallow = conf->nallow;
	l->conf.deny = conf->deny;
	l->conf.ndeny = conf->ndeny;
	l->conf.rate = conf->rate;
	set_rate(l, conf->rate);
}

void
limits_free(struct limits **l)
{
	if (*l == NULL)
		return;
	free((*l)->addresses.sets);
	free((*l)->prefixes.sets);
	free((*l)->opted_out.sets);
	free(*l);
	*l = NULL;
}

static bool
covered(const struct prefix *list, size_t n, const struct addr *a)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (prefix_covers(&list[i], a))
			return true;
	return false;
}

enum limit
limits_address(const struct limits *l, const struct addr *a)
{
	if (covered(l->conf.deny, l->conf.ndeny, a))
		return LIMIT_DENIED;
	if (covered(l->special, l->nnever, a))
		return LIMIT_SPECIAL;
	if (covered(l->special + l->nnever, l->nspecial - l->nnever, a) &&
	    !covered(l->conf.allow, l->conf.nallow, a))
		return LIMIT_SPECIAL;
	if (find(l, &l->opted_out, a) != NULL)
		return LIMIT_OPTED_OUT;
	return LIMIT_NONE;
}

static enum limit
wait_until(int64_t ns, enum limit why, struct mono *until)
{
	until->ns = ns;
	return why;
}

enum limit
limits_start(struct limits *l, const struct addr *a, unsigned n,
    struct mono now, struct mono *until)
{
	const struct place *host = find(l, &l->addresses, a);
	struct addr prefix =
	    addr_prefix(a, a->family == AF_INET ? LIMIT_PREFIX4 : LIMIT_PREFIX6)
		.addr;
	struct place *p;
	int64_t gap = LIMIT_PREFIX_GAP_MS * MS, room;

	if (host != NULL && host->until > now.ns)
		return wait_until(host->until, LIMIT_BACK_OFF, until);
	if (host != NULL && host->next > now.ns)
		return wait_until(host->next, LIMIT_TARGET_RATE, until);
	p = have(l, &l->prefixes, &prefix);
	room = n < LIMIT_PREFIX_BURST ? (int64_t)(LIMIT_PREFIX_BURST - n) * gap
				      : 0;
	if (p->next - now.ns > room)
		return wait_until(p->next - room, LIMIT_PREFIX_RATE, until);
	if (p->next < now.ns)
		p->next = now.ns;
	p->next += (int64_t)n * gap;
	return LIMIT_NONE;
}

enum limit
limits_probe(
    struct limits *l, const struct addr *a, struct mono now, struct mono *until)
{
	struct place *host = have(l, &l->addresses, a);

	if (host->next > now.ns)
		return wait_until(host->next, LIMIT_TARGET_RATE, until);
	host->next = now.ns + LIMIT_TARGET_GAP_MS * MS;
	return LIMIT_NONE;
}

bool
limits_total(const struct limits *l, struct mono now)
{
	return l->total_next <= now.ns;
}

void
limits_take_total(struct limits *l, struct mono now)
{
	if (l->total_next < now.ns - l->total_burst)
		l->total_next = now.ns - l->total_burst;
	l->total_next += l->total_gap;
}

void
limits_silent(struct limits *l, const struct addr *a, struct mono now)
{
	struct place *host = have(l, &l->addresses, a);
	int64_t ms = (int64_t)LIMIT_BACK_OFF_MS << host->level;

	if (host->level < LEVEL_MAX)
		host->level++;
	if (ms > LIMIT_BACK_OFF_MAX_MS)
		ms = LIMIT_BACK_OFF_MAX_MS;
	host->until = now.ns + ms * MS;
}

void
limits_replied(struct limits *l, const struct addr *a)
{
	struct place *host = find(l, &l->addresses, a);

	if (host == NULL)
		return;
	host->level = 0;
	host->until = 0;
}

void
limits_opt_out(struct limits *l, const struct addr *a, struct mono now)
{
	have(l, &l->opted_out, a)->until = now.ns;
}
