/* SPDX-License-Identifier: BSD-2-Clause */
/* From an ask to its line, and when what was computed is used again. */
#include "director/answer.h"
#include "tests/director/fixture.h"

struct room {
	struct world *w;
	struct feeds *f;
	struct draws *d;
	struct picture *p;
	struct tally *t;
	struct answer *a;
	struct feed *m1;
};

static void
room_init_with(struct room *r, struct world *w)
{
	r->w = w;
	r->f = feeds_new(w, &w->directors[0], at_ms(0));
	r->d = draws_new(w);
	r->p = picture_new(w, r->f, r->d);
	r->t = tally_new(w);
	r->a = answer_new(&(struct answer_conf){.world = w,
	    .self = &w->directors[0],
	    .feeds = r->f,
	    .picture = r->p,
	    .tally = r->t,
	    .seed = 42});
	r->m1 = fixture_up(r->f, "m1", true, true, true, at_ms(0));
	(void)fixture_say(r->f, r->m1, at_ms(0), "borders ny la");
	(void)fixture_say(r->f, r->m1, at_ms(0), "synced");
	(void)feeds_choose(r->f, at_ms(0));
}

static void
room_init(struct room *r)
{
	room_init_with(r, fixture_world());
}

static void
room_fini(struct room *r)
{
	answer_free(&r->a);
	tally_free(&r->t);
	picture_free(&r->p);
	draws_free(&r->d);
	feeds_free(&r->f);
	world_free(&r->w);
}

#define say(r, ...) (void)fixture_say((r)->f, (r)->m1, at_ms(0), __VA_ARGS__)

/* The answer to a line at a time. */
static const char *
ask_at(struct room *r, const char *text, int64_t ms)
{
	struct fixture_line l;
	struct answer_path path;
	struct ask q;
	enum reason none;
	const char *answer;
	char why[200];
	size_t len;

	fixture_line(&l, "%s", text);
	CU_ASSERT_EQUAL_FATAL(
	    ask_parse(r->w, &l.line, &q, &none, why, sizeof(why)), 0);
	fixture_line_free(&l);
	answer_look(r->a, &q, at_ms(ms), &path);
	answer = answer_text(r->a, &q, &path, at_ms(ms), &len);
	((char *)(uintptr_t)answer)[len] = '\0';
	return answer;
}

static const char *
ask(struct room *r, const char *text)
{
	return ask_at(r, text, 0);
}

static uint64_t
scored(const struct room *r)
{
	struct cache_counters rows, answers;

	answer_counters(r->a, &rows, &answers);
	return rows.misses + r->t->rtt_scores;
}

static void
candidates_come_with_their_loads_as_weights(void)
{
	struct room r;

	room_init(&r);
	say(&r, "load ny1 1000 ny2 2000 la1 3000");
	say(&r, "ping 192.0.2.0/24 10000 80000");
	CU_ASSERT_STRING_EQUAL(ask(&r, "ask 7 www ny 192.0.2.1"),
	    "best 7 2000 24 ny1 ny ny1-ny.test 10.1.1.1 1000 "
	    "ny2 ny ny2-ny.test 10.1.2.1 2000");
	CU_ASSERT_STRING_EQUAL(ask(&r, "ask 18446744073709 www la 2001:db8::1"),
	    "best 18446744073709 2000 48 la1 la la1-la.test 2001:db8::21 "
	    "3000");
	CU_ASSERT_EQUAL(r.t->decisions, 2);
	CU_ASSERT_EQUAL(r.t->service[0].decisions, 2);
	CU_ASSERT_EQUAL(r.t->contact[0], 1);
	CU_ASSERT_EQUAL(r.t->site[0] + r.t->site[1], 2);
	CU_ASSERT_EQUAL(r.t->server[2], 1);
	room_fini(&r);
}

static const char *
scope_of(struct room *r, const char *text)
{
	static char scope[8];
	unsigned n;

	CU_ASSERT_EQUAL(sscanf(ask(r, text), "best 1 %*d %u ", &n), 1);
	(void)snprintf(scope, sizeof(scope), "%u", n);
	return scope;
}

static void
the_scope_is_as_wide_as_the_answer_holds(void)
{
	struct room r;

	room_init(&r);
	say(&r, "ping 192.0.2.0/24 10000 80000");
	say(&r, "ping 198.51.0.0/16 10000 80000");
	say(&r, "ping 192.0.2.128/25 10000 80000");
	say(&r, "ping 192.0.2.9 10000 80000");
	say(&r, "ping 203.0.113.0/24 - 80000");
	CU_ASSERT_STRING_EQUAL(scope_of(&r, "ask 1 www ny 192.0.2.1"), "24");
	CU_ASSERT_STRING_EQUAL(scope_of(&r, "ask 1 www ny 198.51.0.1"), "24");
	CU_ASSERT_STRING_EQUAL(scope_of(&r, "ask 1 www ny 192.0.2.200"), "25");
	CU_ASSERT_STRING_EQUAL(scope_of(&r, "ask 1 www ny 192.0.2.9"), "32");
	CU_ASSERT_STRING_EQUAL(scope_of(&r, "ask 1 www ny 10.0.0.1"), "24");
	CU_ASSERT_STRING_EQUAL(
	    scope_of(&r, "ask 1 www ny 10.0.0.1 rtt=400"), "32");
	/* The line has a value at the contact: the rtt does not matter. */
	CU_ASSERT_STRING_EQUAL(
	    scope_of(&r, "ask 1 www ny 192.0.2.1 rtt=400"), "24");
	CU_ASSERT_STRING_EQUAL(
	    scope_of(&r, "ask 1 www ny 203.0.113.1 rtt=400"), "32");
	CU_ASSERT_STRING_EQUAL(
	    scope_of(&r, "ask 1 www ny 203.0.113.1 rtt=9999999"), "24");
	CU_ASSERT_STRING_EQUAL(
	    scope_of(&r, "ask 1 www la 2001:db8::1 rtt=400"), "128");
	room_fini(&r);
}

static void
an_ask_of_a_known_prefix_costs_no_scoring(void)
{
	struct room r;
	char first[200];

	room_init(&r);
	say(&r, "ping 192.0.2.0/24 10000 80000");
	(void)snprintf(
	    first, sizeof(first), "%s", ask(&r, "ask 1 www ny 192.0.2.1"));
	CU_ASSERT_EQUAL(scored(&r), 1);
	CU_ASSERT_STRING_EQUAL(ask(&r, "ask 1 www ny 192.0.2.2"), first);
	CU_ASSERT_STRING_EQUAL(ask(&r, "ask 1 www ny 192.0.2.3 rtt=5"), first);
	CU_ASSERT_EQUAL(scored(&r), 1);
	/* A load makes the answer void, not the rows of paths. */
	say(&r, "load ny1 5");
	CU_ASSERT_STRING_NOT_EQUAL(ask(&r, "ask 1 www ny 192.0.2.2"), first);
	CU_ASSERT_EQUAL(scored(&r), 1);
	(void)ask(&r, "ask 1 www la 192.0.2.2");
	CU_ASSERT_EQUAL(scored(&r), 2);
	(void)ask(&r, "ask 1 www la 192.0.2.2 relay=1");
	CU_ASSERT_EQUAL(scored(&r), 3);
	(void)ask(&r, "ask 1 www ny 192.0.2.2 rtt=7");
	CU_ASSERT_EQUAL(scored(&r), 3);
	(void)ask(&r, "ask 1 www ny 10.0.0.1 rtt=7");
	(void)ask(&r, "ask 1 www ny 10.0.0.1 rtt=7");
	CU_ASSERT_EQUAL(scored(&r), 5);
	room_fini(&r);
}

static void
news_makes_old_answers_void(void)
{
	struct room r;

	room_init(&r);
	say(&r, "ping 192.0.2.0/24 10000 80000");
	CU_ASSERT_PTR_NOT_NULL(
	    strstr(ask(&r, "ask 1 www ny 192.0.2.1"), "ny1 ny "));
	say(&r, "state ny1 down connect-refused");
	CU_ASSERT_PTR_NULL(
	    strstr(ask(&r, "ask 1 www ny 192.0.2.1"), "ny1 ny "));
	CU_ASSERT_PTR_NULL(
	    strstr(ask(&r, "ask 1 www ny 192.0.2.1"), "la1 la "));
	/* In the same moment as the line before. */
	say(&r, "ping 192.0.2.0/24 80000 100");
	CU_ASSERT_PTR_NOT_NULL(
	    strstr(ask(&r, "ask 1 www ny 192.0.2.1"), "la1 la "));
	say(&r, "state border:la down uplink");
	CU_ASSERT_PTR_NULL(
	    strstr(ask(&r, "ask 1 www ny 192.0.2.1"), "la1 la "));
	CU_ASSERT_PTR_NOT_NULL(
	    strstr(ask(&r, "ask 1 www ny 192.0.2.1"), "ny2 ny "));
	room_fini(&r);
}

static void
the_ttl_ends_when_samples_are_due(void)
{
	static const struct {
		int64_t at;
		int ttl;
	} cases[] = {{0, 2000}, {500, 1500}, {1499, 501}, {1700, 500},
	    {2100, 1000}, {9000, 1000}};
	struct room r;
	size_t i;
	int ttl;

	room_init(&r);
	say(&r, "load ny1 1000");
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)feeds_choose(r.f, at_ms(cases[i].at));
		CU_ASSERT_EQUAL(
		    sscanf(ask_at(&r, "ask 1 www ny 192.0.2.1", cases[i].at),
			"best 1 %d ", &ttl),
		    1);
		CU_ASSERT_EQUAL(ttl, cases[i].ttl);
	}
	room_fini(&r);
}

static void
no_server_has_a_reason(void)
{
	struct room r;

	room_init_with(
	    &r, fixture_load(
		    FIXTURE_HEAD FIXTURE_POLICY FIXTURE_SERVERS FIXTURE_SERVICE(
			"balanced", "all-busy='refuse'")
			FIXTURE_DAEMONS FIXTURE_TAIL));
	say(&r, "state la1 down x");
	CU_ASSERT_STRING_EQUAL(
	    ask(&r, "ask 1 www ny 2001:db8::1"), "none 1 no-address");
	say(&r, "load ny1 0 ny2 0");
	CU_ASSERT_STRING_EQUAL(
	    ask(&r, "ask 2 www ny 192.0.2.1"), "none 2 all-busy");
	say(&r, "state ny1 down x");
	say(&r, "state ny2 draining x");
	CU_ASSERT_STRING_EQUAL(
	    ask(&r, "ask 3 www ny 192.0.2.1"), "none 3 no-server");
	CU_ASSERT_EQUAL(r.t->no_server, 3);
	CU_ASSERT_EQUAL(r.t->service[0].fallbacks[FALLBACK_NO_ADDRESS], 1);
	CU_ASSERT_EQUAL(r.t->service[0].fallbacks[FALLBACK_REFUSED], 1);
	CU_ASSERT_EQUAL(r.t->service[0].fallbacks[FALLBACK_NO_SERVER], 1);
	room_fini(&r);
}

static void
decisions_that_fall_short_are_counted(void)
{
	struct room r;
	const uint64_t *n;

	room_init(&r);
	n = r.t->service[0].fallbacks;
	say(&r, "load ny1 1000 ny2 2000 la1 3000");
	say(&r, "ping 192.0.2.0/24 10000 80000");
	(void)ask(&r, "ask 1 www ny 192.0.2.1");
	CU_ASSERT_EQUAL(n[FALLBACK_UNMEASURED] + n[FALLBACK_STALE_LOAD] +
			    n[FALLBACK_STALE_PATH] + n[FALLBACK_ALL_BUSY] +
			    n[FALLBACK_LAST_BAND],
	    0);
	(void)ask(&r, "ask 1 www ny 10.0.0.1");
	CU_ASSERT_EQUAL(n[FALLBACK_UNMEASURED], 1);
	(void)ask(&r, "ask 1 www ny 10.0.0.1 rtt=4");
	CU_ASSERT_EQUAL(n[FALLBACK_UNMEASURED], 1);
	(void)ask_at(&r, "ask 1 www ny 192.0.2.1", 8000);
	CU_ASSERT_EQUAL(n[FALLBACK_STALE_LOAD], 1);
	(void)ask_at(&r, "ask 1 www ny 192.0.2.1", 700000);
	CU_ASSERT_EQUAL(n[FALLBACK_STALE_PATH], 1);
	say(&r, "load ny1 0 ny2 0 la1 0");
	CU_ASSERT_EQUAL(
	    strncmp(ask(&r, "ask 1 www ny 192.0.2.1"), "best", 4), 0);
	CU_ASSERT_EQUAL(n[FALLBACK_ALL_BUSY], 1);
	room_fini(&r);
}

/* With shared replies a border 30 ms away cannot answer in 20 ms when what
 * comes in at the contact takes 40 there and back. */
static void
values_that_cannot_be_true_are_counted_per_border(void)
{
	struct room r;

	room_init_with(&r,
	    fixture_load(
		"<hopscotch xmlns='urn:hopscotch:config:1'>"
		"<network replies='shared'>"
		"<site id='ny'/><site id='la'/>"
		"<link between='ny la' delay='30ms'/></network>" FIXTURE_POLICY
		    FIXTURE_SERVERS FIXTURE_SERVICE("balanced", "")
			FIXTURE_DAEMONS FIXTURE_TAIL));
	say(&r, "ping 192.0.2.0/24 40000 20000");
	say(&r, "ping 198.51.100.0/24 40000 70000");
	(void)ask(&r, "ask 1 www ny 192.0.2.1");
	(void)ask(&r, "ask 1 www ny 192.0.2.2"); /* scored before */
	(void)ask(&r, "ask 1 www ny 198.51.100.1");
	CU_ASSERT_EQUAL(r.t->contradictions[0], 0);
	CU_ASSERT_EQUAL(r.t->contradictions[1], 1);
	room_fini(&r);
}

static void
an_estimate_is_used_and_counted_as_one(void)
{
	struct room r;

	room_init(&r);
	say(&r, "ping 192.0.0.0/16 90000 1000 inherited=1");
	CU_ASSERT_PTR_NOT_NULL(
	    strstr(ask(&r, "ask 1 www ny 192.0.2.1"), " la1 la "));
	CU_ASSERT_EQUAL(r.t->service[0].fallbacks[FALLBACK_INHERITED_PATH], 1);
	CU_ASSERT_EQUAL(r.t->service[0].fallbacks[FALLBACK_UNMEASURED], 0);
	/* It holds for all of the client's prefix, but not where others of
	 * that are known to be elsewhere. */
	CU_ASSERT_PTR_NOT_NULL(
	    strstr(ask(&r, "ask 1 www ny 192.0.2.1"), " 24 la1 la "));
	say(&r, "ping 192.0.2.0/24 90000 1000 inherited=1");
	CU_ASSERT_PTR_NOT_NULL(
	    strstr(ask(&r, "ask 1 www ny 192.0.2.1"), " 32 la1 la "));
	room_fini(&r);
}

/* A world of `n` servers at one site, of weights 1, 2, 3 and so on. */
static struct world *
crowd(unsigned n)
{
	size_t size = 4096 + n * 256, len;
	char *xml = malloc(size);
	struct world *w;
	unsigned i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(xml);
	len = (size_t)snprintf(
	    xml, size, "%s<policy id='even'/>\n", FIXTURE_HEAD);
	for (i = 0; i < n; i++)
		len += (size_t)snprintf(xml + len, size - len,
		    "<server id='s%u' site='ny' weight='%u'><alias "
		    "border='ny' name='s%u.test' address='10.1.1.%u'/>"
		    "</server>\n",
		    i, i + 1, i, i + 1);
	len += (size_t)snprintf(xml + len, size - len,
	    "<service id='www' protocol='http' host='www.test' "
	    "policy='even'>");
	for (i = 0; i < n; i++)
		len += (size_t)snprintf(
		    xml + len, size - len, "<use server='s%u'/>", i);
	(void)snprintf(xml + len, size - len, "</service>\n%s%s",
	    FIXTURE_DAEMONS, FIXTURE_TAIL);
	w = fixture_load(xml);
	free(xml);
	return w;
}

/* Draw once from an answer as a front end does; which server. */
static unsigned
draw_from(const char *answer, unsigned *seed)
{
	unsigned total = 0, at, pass, server, weight, n;
	const char *p;

	at = 0;
	for (pass = 0; pass < 2; pass++) {
		p = answer;
		CU_ASSERT_EQUAL_FATAL(
		    sscanf(p, "best 1 %*u %*u%n", (int *)&n), 0);
		for (p += n; sscanf(p, " s%u ny %*s %*s %u%n", &server, &weight,
				 (int *)&n) == 2;
		     p += n) {
			CU_ASSERT(weight >= 1 && weight <= 10000);
			if (pass == 0)
				total += weight;
			else if (at < weight)
				return server;
			else
				at -= weight;
		}
		if (pass == 0) {
			*seed = *seed * 1103515245 + 12345;
			at = (*seed >> 8) % total;
		}
	}
	CU_FAIL_FATAL("nobody was drawn");
	return 0;
}

static void
of_many_servers_each_gets_its_share(void)
{
	enum { N = 40, ASKS = 40000 };
	unsigned drawn[N] = {0}, seed = 7, i, spaces;
	struct room r;
	const char *answer, *p;

	room_init_with(&r, crowd(N));
	for (i = 0; i < ASKS; i++) {
		answer = ask(&r, "ask 1 www ny 192.0.2.1");
		for (p = answer, spaces = 0; *p != '\0'; p++)
			spaces += *p == ' ';
		CU_ASSERT(spaces >= 8 && spaces <= 3 + 5 * 8);
		drawn[draw_from(answer, &seed)]++;
	}
	/* s<i> has i+1 of 820 parts; five times the standard deviation of the
	 * rarest is 0.7 of what it should get. */
	for (i = 0; i < N; i++) {
		double want = (double)ASKS * (i + 1) / 820.0;

		CU_ASSERT(drawn[i] > want * 0.3 && drawn[i] < want * 1.7);
		if (i > 20)
			CU_ASSERT(
			    drawn[i] > want * 0.8 && drawn[i] < want * 1.2);
	}
	room_fini(&r);
}

static void
counted_decisions_have_the_shares_of_the_draw(void)
{
	struct room r;
	uint64_t all;
	int i;

	room_init(&r);
	say(&r, "load ny1 1000 ny2 3000");
	say(&r, "ping 192.0.2.0/24 10000 80000");
	for (i = 0; i < 10000; i++)
		(void)ask(&r, "ask 1 www ny 192.0.2.1");
	all = r.t->server[0] + r.t->server[1];
	CU_ASSERT_EQUAL(all, 10000);
	CU_ASSERT_EQUAL(r.t->border[0], 10000);
	CU_ASSERT(r.t->server[0] > 2200 && r.t->server[0] < 2800);
	room_fini(&r);
}

static void
bad_asks_say_what_is_wrong(void)
{
	static const struct {
		const char *line;
		enum reason none;
	} cases[] = {
	    {"ask x www ny 192.0.2.1", REASON_NONE},
	    {"ask -1 www ny 192.0.2.1", REASON_NONE},
	    {"ask 1 www ny 192.0.2", REASON_NONE},
	    {"ask 1 www ny 192.0.2.0/24", REASON_NONE},
	    {"ask 1 www ny 192.0.2.1 rtt=x", REASON_NONE},
	    {"ask 1 www ny 192.0.2.1 rtt=-5", REASON_NONE},
	    {"ask 1 www ny 192.0.2.1 rtt=99999999999", REASON_NONE},
	    {"ask 1 www ny 192.0.2.1 relay=2", REASON_NONE},
	    {"ask 1 wwx ny 192.0.2.1", REASON_UNKNOWN_SERVICE},
	    {"ask 1 www nz 192.0.2.1", REASON_UNKNOWN_SITE},
	};
	struct world *w = fixture_world();
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture_line l;
		struct ask q;
		enum reason none;
		char why[200];

		fixture_line(&l, "%s", cases[i].line);
		CU_ASSERT_EQUAL(
		    ask_parse(w, &l.line, &q, &none, why, sizeof(why)), -1);
		CU_ASSERT_EQUAL(none, cases[i].none);
		CU_ASSERT(why[0] != '\0');
		fixture_line_free(&l);
	}
	world_free(&w);
}

static void
an_ask_is_taken_apart(void)
{
	struct world *w = fixture_world();
	struct fixture_line l;
	struct ask q;
	enum reason none;
	char why[200];

	fixture_line(
	    &l, "ask 9 www la ::ffff:192.0.2.1 later=x relay=1 rtt=1000000000");
	CU_ASSERT_EQUAL(ask_parse(w, &l.line, &q, &none, why, sizeof(why)), 0);
	CU_ASSERT_EQUAL(q.n, 9);
	CU_ASSERT_EQUAL(q.service, 0);
	CU_ASSERT_EQUAL(q.contact, 1);
	CU_ASSERT_EQUAL(q.client.family, AF_INET);
	CU_ASSERT_TRUE(q.relay);
	CU_ASSERT_EQUAL(q.rtt_us, 1000000000);
	fixture_line_free(&l);
	fixture_line(&l, "explain www ny 2001:db8::1");
	CU_ASSERT_EQUAL(ask_parse(w, &l.line, &q, &none, why, sizeof(why)), 0);
	CU_ASSERT_EQUAL(q.client.family, AF_INET6);
	CU_ASSERT_EQUAL(q.rtt_us, -1);
	fixture_line_free(&l);
	world_free(&w);
}

#define PREFER(client, what) "<prefer client='" client "' " what "/>\n"

/* A room whose service has these attributes, with preferences for all. */
static void
room_init_wishes(struct room *r, const char *service, const char *prefers)
{
	char xml[4096];

	(void)snprintf(xml, sizeof(xml),
	    FIXTURE_HEAD FIXTURE_POLICY FIXTURE_SERVERS
	    "<service id='www' host='www.test' policy='balanced' %s>\n"
	    " <use server='ny1'/><use server='ny2'/>\n"
	    " <use server='la1' backup='yes'/>\n"
	    "</service>\n%s" FIXTURE_DAEMONS FIXTURE_TAIL,
	    service, prefers);
	room_init_with(r, fixture_load(xml));
}

static void
an_answer_holds_no_wider_than_its_preference(void)
{
	struct room r;

	room_init_wishes(&r, "",
	    PREFER("192.0.2.128/26", "server='ny1'")
		PREFER("10.0.0.0/8", "server='ny2'"));
	say(&r, "load ny1 1000 ny2 2000");
	CU_ASSERT_STRING_EQUAL(scope_of(&r, "ask 1 www ny 192.0.2.1"), "25");
	CU_ASSERT_STRING_EQUAL(scope_of(&r, "ask 1 www ny 192.0.2.129"), "26");
	CU_ASSERT_STRING_EQUAL(scope_of(&r, "ask 1 www ny 192.0.2.200"), "26");
	CU_ASSERT_STRING_EQUAL(scope_of(&r, "ask 1 www ny 198.51.100.1"), "24");
	CU_ASSERT_STRING_EQUAL(scope_of(&r, "ask 1 www ny 10.7.7.7"), "24");
	/* And each gets its own, from the cache too. */
	for (int i = 0; i < 2; i++) {
		CU_ASSERT_STRING_EQUAL(ask(&r, "ask 1 www ny 192.0.2.1"),
		    "best 1 2000 25 ny1 ny ny1-ny.test 10.1.1.1 1000 "
		    "ny2 ny ny2-ny.test 10.1.2.1 2000");
		CU_ASSERT_STRING_EQUAL(ask(&r, "ask 1 www ny 192.0.2.150"),
		    "best 1 2000 26 ny1 ny ny1-ny.test 10.1.1.1 1000");
		CU_ASSERT_STRING_EQUAL(ask(&r, "ask 1 www ny 10.7.7.7"),
		    "best 1 2000 24 ny2 ny ny2-ny.test 10.1.2.1 2000");
	}
	CU_ASSERT_EQUAL(scored(&r), 1);
	CU_ASSERT_EQUAL(r.t->service[0].fallbacks[FALLBACK_NOT_PREFERRED], 0);
	say(&r, "state ny2 down agent-timeout");
	CU_ASSERT_STRING_EQUAL(ask(&r, "ask 1 www ny 10.7.7.7"),
	    "best 1 2000 24 ny1 ny ny1-ny.test 10.1.1.1 1000");
	CU_ASSERT_EQUAL(r.t->service[0].fallbacks[FALLBACK_NOT_PREFERRED], 1);
	room_fini(&r);
}

static void
a_sticky_answer_is_one_server_for_the_prefix(void)
{
	char text[64], first[512];
	unsigned share[2] = {0, 0}, i, wrong = 0;
	struct room r;

	room_init_wishes(&r, "sticky='prefix'", "");
	say(&r, "load ny1 3000 ny2 9000");
	for (i = 0; i < 1000; i++) {
		(void)snprintf(text, sizeof(text), "ask 1 www ny 10.%u.%u.1",
		    i / 100, i % 100);
		(void)snprintf(first, sizeof(first), "%s", ask(&r, text));
		share[strstr(first, "ny2") != NULL]++;
		wrong += strncmp(first, "best 1 2000 24 ", 15) != 0;
		(void)snprintf(text, sizeof(text), "ask 1 www ny 10.%u.%u.200",
		    i / 100, i % 100);
		wrong += strcmp(ask(&r, text), first) != 0;
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT(share[0] > 200 && share[0] < 300);
	CU_ASSERT_EQUAL(r.t->service[0].fallbacks[FALLBACK_SHED], 0);
	room_fini(&r);
}

static void
draws_do_not_drive_the_sticky_away(void)
{
	char before[512];
	struct fixture_line l;
	struct room r;
	const char *why;
	unsigned unknown;

	room_init_wishes(&r, "sticky='prefix'", "");
	say(&r, "load ny1 10000 ny2 10000");
	say(&r, "metrics ny1 connections=0/2000");
	say(&r, "metrics ny2 connections=0/2000");
	(void)snprintf(before, sizeof(before), "%.9s",
	    ask(&r, "ask 1 www ny 10.0.0.1") + 15);
	fixture_line(&l, "drawn ny1 1000 ny2 1");
	CU_ASSERT_EQUAL(draws_take(r.d, &l.line, &unknown, &why), 0);
	fixture_line_free(&l);
	CU_ASSERT_NSTRING_EQUAL(
	    ask(&r, "ask 1 www ny 10.0.0.1") + 15, before, 9);
	CU_ASSERT_EQUAL(picture_service(r.p, 0, at_ms(0))->load[0], 10000);
	room_fini(&r);
}

static void
backups_that_serve_are_counted(void)
{
	struct room r;

	room_init_wishes(&r, "", "");
	CU_ASSERT_PTR_NULL(strstr(ask(&r, "ask 1 www ny 10.0.0.1"), "la1"));
	CU_ASSERT_EQUAL(r.t->service[0].fallbacks[FALLBACK_BACKUP], 0);
	say(&r, "state ny1 down x");
	say(&r, "state ny2 draining by-operator");
	CU_ASSERT_STRING_EQUAL(ask(&r, "ask 1 www ny 10.0.0.1"),
	    "best 1 1000 24 la1 la la1-la.test 10.2.1.1 3333");
	CU_ASSERT_EQUAL(r.t->service[0].fallbacks[FALLBACK_BACKUP], 1);
	say(&r, "state ny2 up -");
	CU_ASSERT_PTR_NULL(strstr(ask(&r, "ask 1 www ny 10.0.0.1"), "la1"));
	room_fini(&r);
}

/* An answer that a front end has kept, for whom. */
struct held_answer {
	struct prefix prefix;
	char servers[256];
};

/* Every client may use every answer whose scope covers it. */
static void
kept_answers_are_right_for_all_they_hold_for(const char *service)
{
	static struct held_answer held[600];
	char text[64], got[512];
	uint64_t seed = 5;
	unsigned n, i, scope, wrong = 0, covered = 0;
	int at;
	struct room r;

	room_init_wishes(&r, service,
	    PREFER("10.0.0.0/20", "site='ny'") PREFER("10.0.1.0/24",
		"server='ny2'") PREFER("10.0.1.64/28", "server='ny1'")
		PREFER("10.0.2.0/23", "server='ny1'") PREFER("10.0.3.7",
		    "border='la'") PREFER("10.0.4.0/22", "server='la1'"));
	say(&r, "load ny1 1000 ny2 4000 la1 9000");
	for (i = 0; i < 8; i += 2)
		say(&r, "ping 10.0.%u.0/24 %u 20000", i, 10000 + i * 3000);
	for (n = 0; n < 600; n++) {
		struct addr a = {AF_INET, {10, 0}};

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		a.ip[2] = (uint8_t)(seed >> 40 & 7);
		a.ip[3] = (uint8_t)(seed >> 48);
		(void)snprintf(text, sizeof(text), "ask 1 www la 10.0.%u.%u",
		    a.ip[2], a.ip[3]);
		(void)snprintf(got, sizeof(got), "%s", ask(&r, text));
		CU_ASSERT_EQUAL_FATAL(
		    sscanf(got, "best 1 %*u %u %n", &scope, &at), 1);
		held[n].prefix = addr_prefix(&a, scope);
		(void)snprintf(held[n].servers, sizeof(held[n].servers),
		    "%.255s", got + at);
		for (i = 0; i < n; i++)
			if (prefix_covers(&held[i].prefix, &a)) {
				covered++;
				wrong += strcmp(held[i].servers,
					     held[n].servers) != 0;
			}
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT(covered > 600);
	room_fini(&r);
}

static void
kept_answers_are_right_for_all_they_hold_for_both_ways(void)
{
	kept_answers_are_right_for_all_they_hold_for("");
	kept_answers_are_right_for_all_they_hold_for("sticky='prefix'");
}

static const struct unit_test tests[] = {
    {"candidates come with their loads as weights",
	candidates_come_with_their_loads_as_weights},
    {"the scope is as wide as the answer holds",
	the_scope_is_as_wide_as_the_answer_holds},
    {"an ask of a known prefix costs no scoring",
	an_ask_of_a_known_prefix_costs_no_scoring},
    {"news makes old answers void", news_makes_old_answers_void},
    {"the ttl ends when samples are due", the_ttl_ends_when_samples_are_due},
    {"no server has a reason", no_server_has_a_reason},
    {"decisions that fall short are counted",
	decisions_that_fall_short_are_counted},
    {"values that cannot be true are counted per border",
	values_that_cannot_be_true_are_counted_per_border},
    {"an estimate is used and counted as one",
	an_estimate_is_used_and_counted_as_one},
    {"of many servers each gets its share",
	of_many_servers_each_gets_its_share},
    {"counted decisions have the shares of the draw",
	counted_decisions_have_the_shares_of_the_draw},
    {"bad asks say what is wrong", bad_asks_say_what_is_wrong},
    {"an ask is taken apart", an_ask_is_taken_apart},
    {"an answer holds no wider than its preference",
	an_answer_holds_no_wider_than_its_preference},
    {"a sticky answer is one server for the prefix",
	a_sticky_answer_is_one_server_for_the_prefix},
    {"draws do not drive the sticky away", draws_do_not_drive_the_sticky_away},
    {"backups that serve are counted", backups_that_serve_are_counted},
    {"kept answers are right for all they hold for",
	kept_answers_are_right_for_all_they_hold_for_both_ways},
};

UNIT_MAIN("director/answer", tests)
