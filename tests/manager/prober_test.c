/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is pinged when and what directors are told, with probers that answer as
 * the test says and a clock that it turns.
 */
#include "manager/prober.h"

#include <stdio.h>
#include <string.h>

#include "manager/window.h"
#include "tests/manager/world.h"
#include "tests/unit.h"

#define HEAD                                                       \
	"<hopscotch xmlns='urn:hopscotch:config:1' domain='t'>"    \
	"<network><site id='ny'/><site id='la'/><border id='la-b'" \
	" site='la'/><link between='ny la' delay='20ms'/>"         \
	"<prober border='ny' address='10.0.0.1'/>"                 \
	"<prober border='la' address='10.0.0.2'/></network>"

enum { NY, LA, LA_B }; /* borders; the last one has no prober */

#define ORDERS 200000

struct scene {
	struct world *world;
	struct manager manager;
	struct prober *prober;
	struct mono now;
	struct {
		int prober;
		struct addr addr;
		struct mono when;
	} * orders;
	size_t norders;
	/* The last line, and how many there were. */
	struct prober_line line;
	int32_t values[3];
	size_t lines;
	int uplink[3];
};

static void
on_order(void *arg, int prober, const struct addr *a)
{
	struct scene *s = arg;

	if (s->norders == ORDERS)
		abort();
	s->orders[s->norders].prober = prober;
	s->orders[s->norders].addr = *a;
	s->orders[s->norders++].when = s->now;
}

static void
on_line(void *arg, const struct prober_line *l)
{
	struct scene *s = arg;

	s->line = *l;
	memcpy(s->values, l->values, sizeof(s->values));
	s->lines++;
}

static void
on_uplink(void *arg, int border, bool down, enum reason reason)
{
	struct scene *s = arg;

	CU_ASSERT(reason == (down ? REASON_UPLINK_SILENT : REASON_NONE));
	s->uplink[border] = down ? 1 : -1;
}

static void
answers_with(struct scene *s, int prober, enum state uplink)
{
	struct record r = {
	    .kind = RECORD_PROBER, .server = -1, .prober = prober};

	r.u.prober.uplink = uplink;
	prober_record(s->prober, &r, s->now);
}

static void
fails(struct scene *s, int prober)
{
	struct record r = {.kind = RECORD_FAIL, .server = -1, .prober = prober};

	r.u.fail.reason = REASON_AGENT_NO_OBJECTS;
	prober_record(s->prober, &r, s->now);
}

static void
pass(struct scene *s, int64_t ms)
{
	int64_t left;

	for (left = ms; left > 0; left -= 100) {
		s->now = mono_add_ms(s->now, left < 100 ? left : 100);
		prober_tick(s->prober, s->now);
	}
}

static struct scene *
begin(unsigned rate)
{
	static struct scene s;
	struct prober_events on = {on_order, on_line, on_uplink, &s};

	memset(&s, 0, sizeof(s));
	s.world = make_world_of(HEAD, "");
	s.manager = s.world->managers[0];
	if (rate > 0)
		s.manager.probe_rate = rate;
	s.now = (struct mono){INT64_C(1000000000000)};
	s.orders = calloc(ORDERS, sizeof(*s.orders));
	s.prober = prober_new(s.world, &s.manager, &on, 42, s.now);
	answers_with(&s, 0, STATE_UP);
	answers_with(&s, 1, STATE_UP);
	pass(&s, 100);
	return &s;
}

static void
end(struct scene *s)
{
	prober_free(&s->prober);
	world_free(&s->world);
	free(s->orders);
}

static struct addr
ip(const char *text)
{
	struct addr a;

	if (addr_parse(text, &a) < 0)
		abort();
	return a;
}

static void
want(struct scene *s, const char *client)
{
	struct addr a = ip(client);

	prober_want(s->prober, &a, s->now);
	prober_go(s->prober, s->now);
}

static void
result(struct scene *s, int prober, const char *client, enum probe_status st,
    uint32_t us)
{
	struct record r = {
	    .kind = RECORD_RESULT, .server = -1, .prober = prober};

	r.u.result = (struct record_result){
	    .addr = ip(client), .status = st, .rtt_us = us, .spread_us = 100};
	prober_record(s->prober, &r, s->now);
}

/* All that is asked for, answered: by us at each prober, 0 for silence. */
static void
answer_all(struct scene *s, uint32_t ny, uint32_t la)
{
	uint32_t us[2] = {ny, la};
	char text[ADDR_TEXT];
	size_t i, n = s->norders;

	for (i = 0; i < n; i++) {
		int q = s->orders[i].prober;

		(void)addr_text(&s->orders[i].addr, text, sizeof(text));
		result(s, q, text, us[q] > 0 ? PROBE_REPLIED : PROBE_SILENT,
		    us[q]);
	}
	s->norders = 0;
}

/* Time until something is asked for, at most `s` seconds; then it is. */
static bool
until_asked(struct scene *s, int seconds)
{
	int i;

	for (i = 0; i < seconds * 10 && s->norders == 0; i++)
		pass(s, 100);
	pass(s, 100);
	return s->norders > 0;
}

static void
a_new_client_is_asked_for_at_once_everywhere(void)
{
	struct scene *s = begin(0);

	want(s, "192.0.2.7");
	CU_ASSERT(s->norders == 2);
	CU_ASSERT(s->orders[0].prober == 0 && s->orders[1].prober == 1);
	CU_ASSERT(addr_cmp(&s->orders[0].addr, &s->orders[1].addr) == 0);
	want(s, "192.0.2.8"); /* its prefix is being measured */
	CU_ASSERT(s->norders == 2);
	CU_ASSERT(s->lines == 0);
	end(s);
}

static void
first_replies_are_told_at_once_with_what_is_to_come(void)
{
	struct scene *s = begin(0);

	want(s, "192.0.2.7");
	result(s, 0, "192.0.2.7", PROBE_PROVISIONAL, 31000);
	CU_ASSERT_FATAL(s->lines == 1);
	CU_ASSERT(s->values[NY] == 31000 && s->values[LA] == -1);
	CU_ASSERT(s->values[LA_B] == -1);
	CU_ASSERT(s->line.pending == 1 && s->line.age_ms == 0);
	CU_ASSERT(s->line.prefix.len == 24);
	result(s, 1, "192.0.2.7", PROBE_PROVISIONAL, 80000);
	CU_ASSERT(s->lines == 2 && s->line.pending == 0);
	CU_ASSERT(s->values[NY] == 31000 && s->values[LA] == 80000);
	/* The end of the round is the better value. */
	result(s, 0, "192.0.2.7", PROBE_REPLIED, 20000);
	CU_ASSERT(s->lines == 2);
	result(s, 1, "192.0.2.7", PROBE_INEXACT, 70000);
	CU_ASSERT(s->lines == 3);
	CU_ASSERT(s->values[NY] == 20000 && s->values[LA] == 70000);
	CU_ASSERT(s->line.spread_us == 100);
	end(s);
}

static void
silence_is_told_and_asked_again_less_and_less(void)
{
	struct scene *s = begin(0);
	int64_t gap, last = 0;
	struct mono asked;
	int i;

	want(s, "192.0.2.7");
	for (i = 0; i < 5; i++) {
		asked = s->now;
		answer_all(s, 0, 0);
		CU_ASSERT(s->values[NY] == WINDOW_SILENT);
		CU_ASSERT(s->values[LA] == WINDOW_SILENT);
		want(s, "192.0.2.7"); /* the same client: no sooner */
		while (s->norders == 0 &&
		       mono_ms(s->now, asked) < 10 * 3600 * 1000) {
			pass(s, 10000);
			want(s, "192.0.2.7");
		}
		gap = mono_ms(s->now, asked);
		CU_ASSERT(gap > last * 3 / 2);
		last = gap;
	}
	CU_ASSERT(last > 2 * 3600 * 1000);
	end(s);
}

static void
another_client_of_a_silent_prefix_is_tried(void)
{
	struct scene *s = begin(0);

	want(s, "192.0.2.7");
	answer_all(s, 0, 0);
	pass(s, 11000);
	want(s, "192.0.2.8");
	CU_ASSERT(s->norders == 4); /* with the silent one, at two probers */
	result(s, 0, "192.0.2.8", PROBE_REPLIED, 5000);
	result(s, 1, "192.0.2.8", PROBE_REPLIED, 9000);
	result(s, 0, "192.0.2.7", PROBE_SILENT, 0);
	result(s, 1, "192.0.2.7", PROBE_SILENT, 0);
	CU_ASSERT(s->values[NY] == 5000 && s->values[LA] == 9000);
	end(s);
}

static void
what_is_in_use_is_measured_again_and_what_is_not_is_not(void)
{
	struct scene *s = begin(0);
	int64_t ms;

	want(s, "192.0.2.7");
	answer_all(s, 20000, 60000);
	ms = s->now.ns / 1000000;
	CU_ASSERT(until_asked(s, 600));
	ms = s->now.ns / 1000000 - ms;
	CU_ASSERT(ms > 300000 && ms < 600000);
	answer_all(s, 20000, 60000);
	/* Nobody comes any more: after a while nothing is sent. */
	pass(s, 3600 * 1000);
	answer_all(s, 20000, 60000);
	pass(s, 3600 * 1000);
	answer_all(s, 20000, 60000);
	pass(s, 3600 * 1000);
	CU_ASSERT(s->norders == 0);
	end(s);
}

static void
noise_changes_nothing_and_a_change_takes_two_windows(void)
{
	static const uint32_t noise[] = {20000, 24000, 16500, 21000, 24900};
	struct scene *s = begin(0);
	size_t i;

	want(s, "192.0.2.7");
	answer_all(s, 20000, 60000);
	for (i = 0; i < sizeof(noise) / sizeof(noise[0]); i++) {
		want(s, "192.0.2.7");
		CU_ASSERT(until_asked(s, 600));
		answer_all(s, noise[i], 60000);
		CU_ASSERT(s->values[NY] == 20000);
	}
	want(s, "192.0.2.7");
	CU_ASSERT(until_asked(s, 600));
	answer_all(s, 90000, 60000);
	CU_ASSERT(s->values[NY] == 20000); /* once is noise */
	CU_ASSERT(until_asked(s, 6));      /* it is looked at again soon */
	answer_all(s, 91000, 60000);
	CU_ASSERT(s->values[NY] == 91000);
	CU_ASSERT(s->values[LA] == 60000);
	/* And back. */
	want(s, "192.0.2.7");
	CU_ASSERT(until_asked(s, 600));
	answer_all(s, 20000, 60000);
	CU_ASSERT(s->values[NY] == 91000);
	CU_ASSERT(until_asked(s, 6));
	answer_all(s, 20000, 60000);
	CU_ASSERT(s->values[NY] == 20000);
	end(s);
}

static void
what_never_settles_is_not_asked_all_the_time(void)
{
	struct scene *s = begin(0);
	struct prober_counts c;
	int i;

	want(s, "192.0.2.7");
	answer_all(s, 20000, 60000);
	for (i = 0; i < 1200; i++) {
		want(s, "192.0.2.7");
		pass(s, 1000);
		answer_all(s, i % 2 == 0 ? 90000 : 2000, 60000);
	}
	prober_count(s->prober, &c);
	/* Twenty minutes: a handful that are due, some looked at again. */
	CU_ASSERT(c.windows > 2 && c.windows < 16);
	end(s);
}

/* Two clients of one prefix, from now on both measured in its windows. */
static void
two_clients(struct scene *s)
{
	want(s, "192.0.2.7");
	answer_all(s, 20000, 60000);
	want(s, "192.0.2.200");
	CU_ASSERT(until_asked(s, 600));
	CU_ASSERT(s->norders == 4);
}

static void
answer_two(struct scene *s, uint32_t first, uint32_t second)
{
	result(s, 0, "192.0.2.7", PROBE_REPLIED, first);
	result(s, 1, "192.0.2.7", PROBE_REPLIED, 60000);
	result(s, 0, "192.0.2.200", PROBE_REPLIED, second);
	result(s, 1, "192.0.2.200", PROBE_REPLIED, 60000);
	s->norders = 0;
}

static void
a_prefix_whose_clients_disagree_is_split(void)
{
	struct scene *s = begin(0);
	struct prober_counts c;
	size_t before;

	two_clients(s);
	answer_two(s, 20000, 90000);
	CU_ASSERT(until_asked(s, 6)); /* it may be an accident: again */
	before = s->lines;
	answer_two(s, 20000, 90000);
	/* A line for each client, then an estimate for the prefix. */
	CU_ASSERT(s->lines == before + 3);
	CU_ASSERT(s->line.inherited && s->line.prefix.len == 24);
	CU_ASSERT(s->values[NY] == 20000 && s->values[LA] == 60000);
	/* One more client of it is measured for itself. */
	want(s, "192.0.2.50");
	CU_ASSERT(s->norders == 2);
	result(s, 0, "192.0.2.50", PROBE_PROVISIONAL, 50000);
	CU_ASSERT(s->line.prefix.len == 32 && !s->line.inherited);
	pass(s, 1000);
	prober_count(s->prober, &c);
	CU_ASSERT(c.split == 1);
	end(s);
}

static void
clients_that_agree_keep_their_prefix_whole(void)
{
	struct scene *s = begin(0);
	struct prober_counts c;
	int i;

	two_clients(s);
	answer_two(s, 20000, 24000);
	for (i = 0; i < 3; i++) {
		want(s, "192.0.2.7");
		CU_ASSERT(until_asked(s, 600));
		answer_two(s, 20000, 24000);
	}
	pass(s, 1000);
	prober_count(s->prober, &c);
	CU_ASSERT(c.split == 0);
	CU_ASSERT(s->line.prefix.len == 24);
	end(s);
}

static void
a_parent_gets_the_median_of_children_that_agree(void)
{
	struct scene *s = begin(0);

	want(s, "198.51.1.1");
	answer_all(s, 20000, 60000);
	want(s, "198.51.2.1");
	answer_all(s, 22000, 61000);
	pass(s, 6000);
	CU_ASSERT(!s->line.inherited); /* two do not make a parent */
	want(s, "198.51.3.1");
	answer_all(s, 21000, 300000);
	pass(s, 6000);
	CU_ASSERT(s->line.inherited && s->line.prefix.len == 16);
	CU_ASSERT(s->values[NY] == 21000);
	CU_ASSERT(s->values[LA] == 61000);
	end(s);
}

static void
children_of_many_places_make_no_parent(void)
{
	struct scene *s = begin(0);

	want(s, "198.51.1.1");
	answer_all(s, 20000, 60000);
	want(s, "198.51.2.1");
	answer_all(s, 60000, 20000);
	want(s, "198.51.3.1");
	answer_all(s, 120000, 150000);
	pass(s, 6000);
	CU_ASSERT(!s->line.inherited);
	end(s);
}

static void
a_prober_that_dies_leaves_its_border_unmeasured(void)
{
	struct scene *s = begin(0);

	want(s, "192.0.2.7");
	answer_all(s, 20000, 60000);
	fails(s, 0);
	CU_ASSERT(s->uplink[NY] == 0); /* the border itself is not out */
	pass(s, 200);
	CU_ASSERT(s->values[NY] == -1 && s->values[LA] == 60000);
	/* New clients are measured from where it is possible. */
	want(s, "203.0.113.9");
	CU_ASSERT(s->norders == 1 && s->orders[0].prober == 1);
	answer_all(s, 0, 40000);
	CU_ASSERT(s->values[NY] == -1 && s->values[LA] == 40000);
	/* It comes back: what is in use is measured there in a while. */
	answers_with(s, 0, STATE_UP);
	pass(s, 40000);
	CU_ASSERT(s->norders > 0);
	end(s);
}

static void
a_prober_that_dies_in_a_round_does_not_hold_it_up(void)
{
	struct scene *s = begin(0);

	want(s, "192.0.2.7");
	result(s, 1, "192.0.2.7", PROBE_REPLIED, 60000);
	CU_ASSERT(s->lines == 0);
	fails(s, 0);
	CU_ASSERT(s->lines == 1);
	CU_ASSERT(s->values[NY] == -1 && s->values[LA] == 60000);
	end(s);
}

static void
a_prober_that_restarts_is_asked_again(void)
{
	struct scene *s = begin(0);
	struct record r = {.kind = RECORD_RESTART, .server = -1, .prober = 1};

	want(s, "192.0.2.7");
	result(s, 0, "192.0.2.7", PROBE_REPLIED, 20000);
	s->norders = 0;
	prober_record(s->prober, &r, s->now);
	CU_ASSERT(s->norders == 1 && s->orders[0].prober == 1);
	CU_ASSERT(prober_agent(s->prober, 1)->restarts == 1);
	end(s);
}

static void
results_that_do_not_come_are_given_up(void)
{
	struct scene *s = begin(0);
	struct prober_counts c;

	want(s, "192.0.2.7");
	result(s, 0, "192.0.2.7", PROBE_REPLIED, 20000);
	pass(s, PROBER_ROUND_MS + 200);
	CU_ASSERT(s->values[NY] == 20000 && s->values[LA] == -1);
	prober_count(s->prober, &c);
	CU_ASSERT(c.timeouts == 1 && c.rounds == 0);
	end(s);
}

static void
refused_is_not_measured(void)
{
	struct scene *s = begin(0);

	want(s, "192.0.2.7");
	result(s, 0, "192.0.2.7", PROBE_REFUSED, 0);
	result(s, 1, "192.0.2.7", PROBE_REPLIED, 7000);
	CU_ASSERT(s->values[NY] == -1 && s->values[LA] == 7000);
	CU_ASSERT(prober_agent(s->prober, 0)->refused == 1);
	end(s);
}

static void
what_another_manager_measured_is_known_here_too(void)
{
	struct scene *s = begin(0);

	result(s, 0, "192.0.2.7", PROBE_REPLIED, 20000);
	result(s, 1, "192.0.2.7", PROBE_REPLIED, 60000);
	pass(s, 3000);
	CU_ASSERT(s->values[NY] == 20000 && s->values[LA] == 60000);
	CU_ASSERT(s->norders == 0);
	/* A director comes over to us: nothing need be asked. */
	want(s, "192.0.2.9");
	CU_ASSERT(s->norders == 0);
	end(s);
}

static void
an_uplink_goes_out_and_comes_back(void)
{
	struct scene *s = begin(0);

	answers_with(s, 1, STATE_DOWN);
	CU_ASSERT(s->uplink[LA] == 1 && s->uplink[NY] == 0);
	answers_with(s, 1, STATE_UP);
	CU_ASSERT(s->uplink[LA] == -1);
	answers_with(s, 1, STATE_DOWN);
	fails(s, 1); /* nobody knows any more: the border stays up */
	CU_ASSERT(s->uplink[LA] == -1);
	end(s);
}

/* In any span of time no more than the rate and a burst. */
static void
orders_are_paced(void)
{
	struct scene *s = begin(50);
	size_t i, k, most = 0;
	char client[32];
	int sec;

	for (sec = 0; sec < 60; sec++) {
		for (i = 0; i < 100; i++) {
			(void)snprintf(
			    client, sizeof(client), "10.%d.%zu.1", sec, i);
			want(s, client);
		}
		pass(s, 1000);
	}
	for (i = 0, k = 0; i < s->norders; i++) {
		while (mono_ms(s->orders[i].when, s->orders[k].when) > 1000)
			k++;
		if (i - k + 1 > most)
			most = i - k + 1;
	}
	/* Two probers, 50 a second and a burst of 5, clients of a prefix. */
	CU_ASSERT(most <= 2 * (50 + 5 + PATH_REPS));
	CU_ASSERT(s->norders > 2 * 50 * 55);
	end(s);
}

static void
memory_is_bounded_and_the_newest_stay(void)
{
	struct scene *s;
	struct prober_counts c;
	char client[32];
	int i;

	s = begin(10000);
	prober_free(&s->prober);
	s->manager.prefixes = 1000;
	s->prober = prober_new(s->world, &s->manager,
	    &(struct prober_events){on_order, on_line, on_uplink, s}, 7,
	    s->now);
	for (i = 0; i < 20000; i++) {
		(void)snprintf(
		    client, sizeof(client), "10.%d.%d.9", i / 256, i % 256);
		want(s, client);
	}
	prober_count(s->prober, &c);
	CU_ASSERT(c.prefixes <= 1000);
	CU_ASSERT(c.evicted >= 19000);
	end(s);
}

/* Whatever comes, nothing breaks, and what is told is a value or none. */
static void
any_order_of_events_is_fine(void)
{
	struct scene *s = begin(1000);
	uint32_t x = 12345;
	char client[32];
	int i, b;

	for (i = 0; i < 100000; i++) {
		x = x * 1664525 + 1013904223;
		(void)snprintf(client, sizeof(client), "10.%u.%u.%u", x >> 30,
		    (x >> 27) & 7, (x >> 25) & 3);
		switch ((x >> 20) & 15) {
		case 0:
			fails(s, (x >> 16) & 1);
			break;
		case 1:
		case 2:
			answers_with(
			    s, (x >> 16) & 1, 1 + (enum state)((x >> 12) % 5));
			break;
		case 3:
		case 4:
		case 5:
			want(s, client);
			break;
		case 6:
			pass(s, (x >> 8) & 4095);
			s->norders = 0;
			break;
		default:
			result(s, (x >> 16) & 1, client,
			    PROBE_REPLIED + (enum probe_status)((x >> 12) & 7),
			    (x >> 4) & 0x1ffff);
			break;
		}
		for (b = 0; s->lines > 0 && b < 3; b++)
			CU_ASSERT_FATAL(s->values[b] >= -1 &&
					s->values[b] <= WINDOW_SILENT);
		if (s->norders > ORDERS / 2)
			s->norders = 0;
	}
	end(s);
}

static void
all_lines_can_be_told_anew(void)
{
	struct scene *s = begin(0);
	uint32_t at = 0;

	want(s, "192.0.2.7");
	answer_all(s, 20000, 60000);
	want(s, "203.0.113.9");
	answer_all(s, 30000, 50000);
	s->lines = 0;
	while (prober_lines(s->prober, &at, 1, s->now, on_line, s))
		;
	CU_ASSERT(s->lines == 2);
	end(s);
}

/* la-b stands first now and has a prober, ny has gone, dc is new. */
#define OTHER                                                      \
	"<hopscotch xmlns='urn:hopscotch:config:1' domain='t'>"    \
	"<network><site id='dc'/><site id='la'/><border id='la-b'" \
	" site='la'/><link between='dc la' delay='20ms'/>"         \
	"<prober border='la-b' address='10.0.0.3'/>"               \
	"<prober border='la' address='10.0.0.2'/></network>"

static int
same_border(const struct world *a, int n, const struct world *b)
{
	int border = world_border(b, a->borders[a->probers[n].border].id);
	size_t i;

	for (i = 0; i < b->nprobers; i++)
		if (b->probers[i].border == border)
			return (int)i;
	return -1;
}

static void
reload(struct scene *s, const char *head)
{
	struct world *w = make_world_of(head, "");

	prober_renew(s->prober, w, &s->manager, same_border, s->now);
	world_free(&s->world);
	s->world = w;
}

static void
a_reload_keeps_what_was_measured_by_border(void)
{
	struct scene *s = begin(0);
	uint32_t at = 0;

	want(s, "192.0.2.7");
	answer_all(s, 30000, 40000);
	CU_ASSERT_EQUAL(s->values[NY], 30000);
	reload(s, OTHER); /* borders dc, la, la-b */
	CU_ASSERT_EQUAL(prober_agent(s->prober, 1)->status.state, STATE_UP);
	CU_ASSERT_EQUAL(
	    prober_agent(s->prober, 0)->status.state, STATE_UNKNOWN);
	CU_ASSERT_FALSE(prober_lines(s->prober, &at, 100, s->now, on_line, s));
	CU_ASSERT_EQUAL(s->values[0], WINDOW_NONE);
	CU_ASSERT_EQUAL(s->values[1], 40000);
	CU_ASSERT_EQUAL(s->values[2], WINDOW_NONE);
	/* The new one answers, and is asked soon. */
	answers_with(s, 0, STATE_UP);
	CU_ASSERT(until_asked(s, 60));
	result(s, 0, "192.0.2.7", PROBE_REPLIED, 50000);
	result(s, 1, "192.0.2.7", PROBE_REPLIED, 40000);
	CU_ASSERT_EQUAL(s->values[2], 50000);
	end(s);
}

static void
a_reload_gives_up_what_a_prober_that_is_gone_was_asked(void)
{
	struct scene *s = begin(0);

	answers_with(s, 0, STATE_DOWN);
	CU_ASSERT_EQUAL(s->uplink[NY], 1);
	want(s, "192.0.2.7");
	CU_ASSERT_EQUAL(s->norders, 2);
	result(s, 1, "192.0.2.7", PROBE_PROVISIONAL, 41000);
	reload(s, OTHER);
	CU_ASSERT_EQUAL(s->uplink[NY], -1); /* nobody knows any more */
	/* The round goes on with those that stay. */
	result(s, 1, "192.0.2.7", PROBE_REPLIED, 40000);
	CU_ASSERT_EQUAL(s->values[1], 40000);
	CU_ASSERT_EQUAL(s->line.pending, 0);
	end(s);
}

static void
what_was_lost_on_the_way_is_asked_again(void)
{
	struct scene *s = begin(0);

	want(s, "192.0.2.7");
	s->norders = 0;
	prober_again(s->prober, 1, s->now);
	CU_ASSERT_EQUAL(s->norders, 1);
	CU_ASSERT_EQUAL(s->orders[0].prober, 1);
	end(s);
}

static const struct unit_test tests[] = {
    {"a new client is asked for at once everywhere",
	a_new_client_is_asked_for_at_once_everywhere},
    {"first replies are told at once with what is to come",
	first_replies_are_told_at_once_with_what_is_to_come},
    {"silence is told and asked again less and less",
	silence_is_told_and_asked_again_less_and_less},
    {"another client of a silent prefix is tried",
	another_client_of_a_silent_prefix_is_tried},
    {"what is in use is measured again and what is not is not",
	what_is_in_use_is_measured_again_and_what_is_not_is_not},
    {"noise changes nothing and a change takes two windows",
	noise_changes_nothing_and_a_change_takes_two_windows},
    {"what never settles is not asked all the time",
	what_never_settles_is_not_asked_all_the_time},
    {"a prefix whose clients disagree is split",
	a_prefix_whose_clients_disagree_is_split},
    {"clients that agree keep their prefix whole",
	clients_that_agree_keep_their_prefix_whole},
    {"a parent gets the median of children that agree",
	a_parent_gets_the_median_of_children_that_agree},
    {"children of many places make no parent",
	children_of_many_places_make_no_parent},
    {"a prober that dies leaves its border unmeasured",
	a_prober_that_dies_leaves_its_border_unmeasured},
    {"a prober that dies in a round does not hold it up",
	a_prober_that_dies_in_a_round_does_not_hold_it_up},
    {"a prober that restarts is asked again",
	a_prober_that_restarts_is_asked_again},
    {"results that do not come are given up",
	results_that_do_not_come_are_given_up},
    {"refused is not measured", refused_is_not_measured},
    {"what another manager measured is known here too",
	what_another_manager_measured_is_known_here_too},
    {"an uplink goes out and comes back", an_uplink_goes_out_and_comes_back},
    {"orders are paced", orders_are_paced},
    {"memory is bounded and the newest stay",
	memory_is_bounded_and_the_newest_stay},
    {"any order of events is fine", any_order_of_events_is_fine},
    {"all lines can be told anew", all_lines_can_be_told_anew},
    {"a reload keeps what was measured, by border",
	a_reload_keeps_what_was_measured_by_border},
    {"a reload gives up what a prober that is gone was asked",
	a_reload_gives_up_what_a_prober_that_is_gone_was_asked},
    {"what was lost on the way is asked again",
	what_was_lost_on_the_way_is_asked_again},
};

UNIT_MAIN("manager/prober", tests)
