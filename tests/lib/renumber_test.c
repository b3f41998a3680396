/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two random worlds that share some of their elements, in another order: what
 * a view of the first says, renumbered, must decide as a view of the second
 * that was told the same lines. Small cases by hand beside it.
 */
#include "lib/renumber.h"

#include <stdarg.h>
#include <string.h>

#include "lib/conf.h"
#include "lib/decide/explain.h"
#include "lib/view.h"
#include "tests/unit.h"

#define S     INT64_C(1000000000)
#define NOW   ((struct mono){100000 * S})
#define LATER ((struct mono){100001 * S})
#ifdef __SANITIZE_ADDRESS__
#define ROUNDS 25 /* each takes half a second with it */
#else
#define ROUNDS 100
#endif
#define NAMES 6 /* of each kind that a world may have */
#define LINES 60

static const struct view_limits limits = {
    600 * INT64_C(1000000), 86400 * INT64_C(1000000), 1000};

/* A text that grows. */
static struct {
	char text[65536];
	size_t len;
	uint64_t random;
} out;

__attribute__((format(printf, 1, 2))) static void
put(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	out.len += (size_t)vsnprintf(
	    out.text + out.len, sizeof(out.text) - out.len, fmt, ap);
	va_end(ap);
	CU_ASSERT_FATAL(out.len < sizeof(out.text));
}

static unsigned
any(unsigned n)
{
	out.random ^= out.random << 13;
	out.random ^= out.random >> 7;
	out.random ^= out.random << 17;
	return (unsigned)(out.random >> 33) % n;
}

/* A random order of 0..NAMES-1 of which the first `n` are taken. */
static unsigned
some(unsigned *order)
{
	unsigned i, j, k;

	for (i = 0; i < NAMES; i++)
		order[i] = i;
	for (i = NAMES - 1; i > 0; i--) {
		j = any(i + 1);
		k = order[i];
		order[i] = order[j];
		order[j] = k;
	}
	return 2 + any(NAMES - 1);
}

static struct world *
load(const char *text)
{
	struct conf_errors errs = {0};
	struct world *w = conf_load_text(
	    "test.xml", text, strlen(text), CONF_SECRETS_SKIP, &errs);
	size_t i;

	for (i = 0; w == NULL && i < errs.n; i++)
		printf("%d: %s\n", errs.list[i].line, errs.list[i].text);
	conf_errors_free(&errs);
	CU_ASSERT_PTR_NOT_NULL_FATAL(w);
	return w;
}

static void
put_servers(const unsigned *site, unsigned nsites, const unsigned *server,
    unsigned nservers)
{
	unsigned i, j;

	for (i = 0; i < nservers; i++) {
		/* A server stays at its site as long as that is there. */
		unsigned home = site[0], n = server[i];

		for (j = 0; j < nsites; j++)
			if (site[j] == n % 3)
				home = site[j];
		put("<server id=\"x%u\" site=\"s%u\" weight=\"%u\">", n, home,
		    1 + n);
		for (j = 0; j < nsites; j++)
			put("<alias border=\"s%u\" name=\"x%u-s%u.test\" "
			    "address=\"10.%u.%u.1\"/>",
			    site[j], n, site[j], n, site[j]);
		put("</server>\n");
	}
}

static struct world *
random_world(void)
{
	unsigned site[NAMES], server[NAMES], service[NAMES], use[NAMES];
	unsigned nsites = some(site), nservers = some(server), i, j, n;
	unsigned nservices = some(service);

	out.len = 0;
	put("<?xml version=\"1.0\"?><hopscotch "
	    "xmlns=\"urn:hopscotch:config:1\">"
	    "<network>");
	for (i = 0; i < nsites; i++)
		put("<site id=\"s%u\"/>", site[i]);
	for (i = 1; i < nsites; i++)
		put("<link between=\"s%u s%u\" delay=\"%ums\"/>", site[i - 1],
		    site[i], 1 + any(50));
	put("</network>\n<policy id=\"p0\" select=\"weighted\" fuzz=\"5%%\">"
	    "<path/><connections limit=\"2000\"/></policy>"
	    "<policy id=\"p1\"><cpu/></policy>\n");
	put_servers(site, nsites, server, nservers);
	for (i = 0; i < nservices; i++) {
		put("<service id=\"v%u\" protocol=\"http\" host=\"v%u.test\" "
		    "policy=\"p%u\">",
		    service[i], service[i], any(2));
		n = some(use);
		for (j = n = 0; j < NAMES; j++) {
			unsigned k, there = 0;

			for (k = 0; k < nservers; k++)
				there |= server[k] == use[j];
			if (there && (n == 0 || any(3) > 0)) {
				put("<use server=\"x%u\"/>", use[j]);
				n++;
			}
		}
		put("</service>\n");
	}
	put("</hopscotch>");
	return load(out.text);
}

/* Lines about all names that a world may have. */

static char line[LINES][200];
static unsigned nlines;

__attribute__((format(printf, 1, 2))) static void
put_line(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line[nlines++], sizeof(line[0]), fmt, ap);
	va_end(ap);
}

static void
random_state(void)
{
	static const char *const states[] = {
	    "up", "overloaded", "draining", "down", "unknown"};
	char service[32] = "";

	if (any(2) == 0)
		(void)snprintf(
		    service, sizeof(service), " service=v%u", any(NAMES));
	if (any(4) == 0)
		put_line(
		    "state border:s%u %s said", any(NAMES), states[any(5)]);
	else
		put_line(
		    "state x%u %s said%s", any(NAMES), states[any(5)], service);
}

static void
random_lines(void)
{
	char text[200];
	size_t len;
	unsigned i, b;

	nlines = 0;
	put_line("borders unit=us s0 s1 s2 s3 s4 s5");
	for (i = 1; i < LINES; i++) {
		switch (any(4)) {
		case 0:
			random_state();
			break;
		case 1:
			put_line("load x%u %u service=v%u age=%u", any(NAMES),
			    any(10001), any(NAMES), any(9000));
			break;
		case 2:
			put_line("metrics x%u connections=%u/2000", any(NAMES),
			    any(3000));
			break;
		default:
			len = (size_t)snprintf(
			    text, sizeof(text), "ping 192.0.%u.0/24", any(4));
			for (b = 0; b < NAMES; b++)
				len += (size_t)snprintf(text + len,
				    sizeof(text) - len, " %u",
				    1000 + any(90000));
			put_line("%s", text);
		}
	}
}

static void
tell(struct view *v, struct mono now)
{
	struct line l;
	char copy[200], why[200];
	const char *bad;
	unsigned i;

	line_init(&l);
	for (i = 0; i < nlines; i++) {
		(void)snprintf(copy, sizeof(copy), "%s", line[i]);
		CU_ASSERT_EQUAL_FATAL(
		    line_split(&l, copy, strlen(copy), &bad), 0);
		CU_ASSERT(
		    view_apply(v, &l, now, why, sizeof(why)) < VIEW_MALFORMED);
	}
	line_fini(&l);
}

static struct view *
view_of(const struct world *w)
{
	struct view *v = view_new(w);

	view_set_limits(v, &limits);
	return v;
}

/* All that a decision says, as one text. */
static void
add_line(void *arg, const char *text)
{
	char **all = arg;
	size_t n = strlen(*all), len = strlen(text);

	*all = realloc(*all, n + len + 2);
	(void)memcpy(*all + n, text, len);
	(void)memcpy(*all + n + len, "\n", 2);
}

static char *
decisions(const struct world *w, const struct view *v)
{
	char *all = calloc(1, 1), client[32];
	size_t s, k, c;

	for (s = 0; s < w->nservices; s++)
		for (k = 0; k < w->nsites; k++)
			for (c = 0; c < 5; c++) {
				struct question q = {.world = w,
				    .service = (int)s,
				    .contact = (int)k,
				    .rtt_us = -1,
				    .now = LATER,
				    .loads = v,
				    .paths = v,
				    .load_fresh_us = 6000000};
				struct explanation *e;

				(void)snprintf(
				    client, sizeof(client), "192.0.%zu.7", c);
				(void)addr_parse(client, &q.client);
				e = explain(&q);
				explanation_send(e, add_line, &all);
				explanation_free(&e);
			}
	return all;
}

static void
expect_same(const struct world *w, const struct view *a, const struct view *b,
    uint64_t seed)
{
	char *x = decisions(w, a), *y = decisions(w, b);
	size_t i = 0;

	if (strcmp(x, y) != 0) {
		while (x[i] == y[i])
			i++;
		while (i > 0 && x[i - 1] != '\n')
			i--;
		printf("seed %llu:\n%.300s\n-- and:\n%.300s\n",
		    (unsigned long long)seed, x + i, y + i);
	}
	CU_ASSERT_STRING_EQUAL(x, y);
	free(x);
	free(y);
}

/* Only what the first world has: what it took nothing of, the second must not
 * be told. */
static bool
is_known(const struct world *w, const char *text)
{
	char copy[200], *at, *word;

	(void)snprintf(copy, sizeof(copy), "%s", text);
	for (at = copy; (word = strsep(&at, " ")) != NULL;) {
		if (strncmp(word, "service=", 8) == 0 &&
		    world_service(w, word + 8) < 0)
			return false;
		if (strncmp(word, "border:", 7) == 0 &&
		    world_border(w, word + 7) < 0)
			return false;
		if (word[0] == 'x' && world_server(w, word) < 0)
			return false;
	}
	return true;
}

/* A pair of service and server of the line, which a world must use. */
static bool
is_used(const struct world *w, const char *text)
{
	const char *service = strstr(text, "service=");
	const char *server = strchr(text, 'x');
	char id[8], word[8];
	int s;

	if (service == NULL || server == NULL)
		return true;
	(void)snprintf(id, sizeof(id), "%.2s", server);
	(void)snprintf(word, sizeof(word), "%.2s", service + 8);
	s = world_service(w, word);
	return s >= 0 && world_use(&w->services[s], world_server(w, id)) >= 0;
}

static void
drop_unknown(const struct world *w)
{
	unsigned i, n = 0;

	for (i = 0; i < nlines; i++)
		if (is_known(w, line[i]) && is_used(w, line[i])) {
			if (n != i)
				memcpy(line[n], line[i], sizeof(line[0]));
			n++;
		}
	nlines = n;
}

/* Borders that the first world has not give no values in the second. */
static void
same_borders(const struct world *a)
{
	static char copy[200];
	unsigned i, b;

	for (i = 0; i < nlines; i++) {
		char *at = copy, *word;

		if (strncmp(line[i], "ping", 4) != 0)
			continue;
		(void)snprintf(copy, sizeof(copy), "%s", line[i]);
		word = strsep(&at, " ");
		(void)snprintf(
		    line[i], sizeof(line[i]), "%s %s", word, strsep(&at, " "));
		for (b = 0; (word = strsep(&at, " ")) != NULL; b++) {
			char id[8];
			size_t n = strlen(line[i]);

			(void)snprintf(id, sizeof(id), "s%u", b);
			(void)snprintf(line[i] + n, sizeof(line[i]) - n, " %s",
			    world_border(a, id) >= 0 ? word : "-");
		}
	}
}

static void
a_renumbered_view_decides_as_one_told_anew(void)
{
	uint64_t seed;

	for (seed = 1; seed <= ROUNDS; seed++) {
		struct world *a, *b;
		struct view *old, *moved, *fresh;
		struct renumber *r;

		out.random = seed * UINT64_C(0x9e3779b97f4a7c15);
		a = random_world();
		b = random_world();
		random_lines();
		drop_unknown(a);
		same_borders(a);
		old = view_of(a);
		tell(old, NOW);
		fresh = view_of(b);
		tell(fresh, NOW);
		r = renumber_new(a, b);
		moved = view_renumbered(old, r, &limits);
		view_free(&old);
		renumber_free(&r);
		world_free(&a);
		expect_same(b, moved, fresh, seed);
		/* And it takes news as the other one does, of what is new
		 * too. */
		random_lines();
		tell(moved, LATER);
		tell(fresh, LATER);
		expect_same(b, moved, fresh, seed);
		view_free(&moved);
		view_free(&fresh);
		world_free(&b);
	}
}

#define HEAD \
	"<?xml version=\"1.0\"?><hopscotch xmlns=\"urn:hopscotch:config:1\">"
#define REST                                                              \
	"<policy id=\"p\"/>"                                              \
	"<server id=\"x0\" site=\"s0\"><alias border=\"s0\" name=\"a.t\"" \
	" address=\"10.0.0.1\"/></server>"

static struct world *
world_of(const char *network, const char *rest)
{
	out.len = 0;
	put(HEAD "<network>%s</network>" REST "%s</hopscotch>", network, rest);
	return load(out.text);
}

#define V(uses)                                                                \
	"<service id=\"v0\" protocol=\"http\" host=\"v.t\" policy=\"p\">" uses \
	"</service>"
#define X1                                                                \
	"<server id=\"x1\" site=\"s0\"><alias border=\"s0\" name=\"b.t\"" \
	" address=\"10.0.0.2\"/></server>"

static void
what_another_world_brings_is_seen(void)
{
	static const struct {
		const char *network, *rest;
		bool brings;
	} cases[] = {
	    {"<site id=\"s0\"/>", V("<use server=\"x0\"/>") X1, false},
	    {"<site id=\"s0\"/>", V("<use server=\"x1\"/>") X1, true},
	    {"<site id=\"s0\"/>", V("<use server=\"x0\"/>"), false},
	    {"<site id=\"s0\"/><border id=\"b\" site=\"s0\"/>",
		V("<use server=\"x0\"/>"), true},
	    {"<site id=\"s0\"/>",
		V("<use server=\"x0\"/>") "<service id=\"v1\" host=\"w.t\" "
					  "protocol=\"http\" policy=\"p\"><use "
					  "server=\"x0\"/></service>",
		true},
	};
	struct world *a =
	    world_of("<site id=\"s0\"/>", V("<use server=\"x0\"/>") X1);
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct world *b = world_of(cases[i].network, cases[i].rest);
		struct renumber *r = renumber_new(a, b);

		CU_ASSERT_EQUAL(renumber_brings(r), cases[i].brings);
		renumber_free(&r);
		world_free(&b);
	}
	world_free(&a);
}

static void
a_doubted_server_is_unknown_until_something_is_said(void)
{
	struct world *w =
	    world_of("<site id=\"s0\"/>", V("<use server=\"x0\"/>"));
	struct view *v = view_of(w);

	view_doubt(v, 0);
	CU_ASSERT_EQUAL(view_server_state(v, 0), STATE_UNKNOWN);
	CU_ASSERT_STRING_EQUAL(
	    view_server_reason(v, 0), reason_text(REASON_NOT_JUDGED));
	nlines = 0;
	put_line("state x0 up ok");
	tell(v, NOW);
	CU_ASSERT_EQUAL(view_server_state(v, 0), STATE_UP);
	view_doubt(v, 0);
	CU_ASSERT_EQUAL(view_server_state(v, 0), STATE_UP);
	view_free(&v);
	world_free(&w);
}

/* Paths by the thousand, and borders that come, go and change places. */
static void
paths_follow_their_borders(void)
{
	struct world *a = world_of("<site id=\"s0\"/><site id=\"s1\"/>"
				   "<link between=\"s0 s1\" delay=\"1ms\"/>",
	    V("<use server=\"x0\"/>"));
	struct world *b = world_of("<site id=\"s2\"/><site id=\"s1\"/>"
				   "<site id=\"s0\"/>"
				   "<link between=\"s0 s1\" delay=\"1ms\"/>"
				   "<link between=\"s0 s2\" delay=\"1ms\"/>",
	    V("<use server=\"x0\"/>"));
	const struct view_limits longer = {INT64_MAX, INT64_MAX, limits.max};
	struct view *v = view_of(a), *old;
	struct renumber *r = renumber_new(a, b);
	const bool up[3] = {true, true, true};
	struct view_paths paths;
	struct view_ping ping;
	struct addr client;
	int i;

	for (i = 0; i < 900; i++) {
		nlines = 0;
		put_line("borders unit=us s0 s1 s2");
		put_line("ping 10.%d.%d.0/24 %d %d 77", i / 256, i % 256,
		    1000 + i, 2000 + i);
		tell(v, NOW);
	}
	old = v;
	v = view_renumbered(old, r, &longer);
	view_free(&old);
	view_count_paths(v, LATER, &paths);
	CU_ASSERT_EQUAL(paths.prefixes, 900);
	CU_ASSERT_EQUAL(paths.fresh, 900);
	for (i = 0; i < 900; i++) {
		char text[32];

		(void)snprintf(
		    text, sizeof(text), "10.%d.%d.9", i / 256, i % 256);
		(void)addr_parse(text, &client);
		CU_ASSERT_FATAL(view_ping(v, &client, up, LATER, &ping));
		CU_ASSERT_EQUAL(ping.ping_us[2], 1000 + i);
		CU_ASSERT_EQUAL(ping.ping_us[1], 2000 + i);
		CU_ASSERT_EQUAL(ping.ping_us[0], -1);
	}
	/* The order that was told holds for the border that is here now. */
	nlines = 0;
	put_line("ping 10.0.0.0/24 5 6 7");
	tell(v, LATER);
	(void)addr_parse("10.0.0.1", &client);
	CU_ASSERT_FATAL(view_ping(v, &client, up, LATER, &ping));
	CU_ASSERT_EQUAL(ping.ping_us[0], 7);
	CU_ASSERT_EQUAL(ping.ping_us[2], 5);
	renumber_free(&r);
	view_free(&v);
	world_free(&a);
	world_free(&b);
}

#define T(name)             \
	{                   \
#name, name \
	}

static const struct unit_test tests[] = {
    T(a_renumbered_view_decides_as_one_told_anew),
    T(what_another_world_brings_is_seen),
    T(a_doubted_server_is_unknown_until_something_is_said),
    T(paths_follow_their_borders),
};

UNIT_MAIN("lib/renumber", tests)
