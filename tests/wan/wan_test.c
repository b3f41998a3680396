/* SPDX-License-Identifier: BSD-2-Clause */
/* The emulator's model, order and view of frames, without a network. */
#include "tests/unit.h"

#include <string.h>

#include "tests/wan/frame.h"
#include "tests/wan/paths.h"
#include "tests/wan/queue.h"

#define MS 1000000LL

static struct paths *
paths_of(const char *text)
{
	static struct paths p;
	char line[256];
	const char *why;
	size_t n;

	p = (struct paths){.random = 1};
	for (; *text != '\0'; text += n + (text[n] != '\0')) {
		n = strcspn(text, "\n");
		memcpy(line, text, n);
		line[n] = '\0';
		CU_ASSERT_TRUE(paths_line(&p, line, &why));
	}
	return &p;
}

static int
route(const struct paths *p, const char *text)
{
	struct wan_addr a;
	unsigned len;

	CU_ASSERT_TRUE_FATAL(wan_prefix(text, &a, &len));
	return paths_route(p, &a);
}

static void
the_longest_route_wins(void)
{
	const struct paths *p = paths_of("port a A\nport b B\nport c B\n"
					 "route 192.0.2.66 c\n"
					 "route 192.0.2.0/24 b # near\n"
					 "route 2001:db8::/32 a\n");

	CU_ASSERT_EQUAL(route(p, "192.0.2.1"), 1);
	CU_ASSERT_EQUAL(route(p, "192.0.2.66"), 2);
	CU_ASSERT_EQUAL(route(p, "192.0.3.1"), -1);
	CU_ASSERT_EQUAL(route(p, "2001:db8:1::1"), 0);
	CU_ASSERT_EQUAL(route(p, "2001:db9::1"), -1);
	CU_ASSERT_EQUAL(p->nplaces, 2);
}

static void
delay_is_per_ordered_pair(void)
{
	struct paths *p = paths_of("port a A\nport b B\n"
				   "set A B delay=5ms\nset B A delay=7.5ms\n");

	CU_ASSERT_EQUAL(paths_due(p, 0, 1, 100), 100 + 5 * MS);
	CU_ASSERT_EQUAL(paths_due(p, 1, 0, 100), 100 + 7500000);
	CU_ASSERT_EQUAL(paths_due(p, 0, 0, 100), -1);
	CU_ASSERT_EQUAL(p->path[0][1].passed, 1);
}

static void
a_path_that_gets_shorter_keeps_order(void)
{
	struct paths *p = paths_of("port a A\nport b B\nset A B delay=50ms\n");
	char line[] = "set * B delay=1ms";
	const char *why;

	CU_ASSERT_EQUAL(paths_due(p, 0, 1, 0), 50 * MS);
	CU_ASSERT_TRUE(paths_line(p, line, &why));
	CU_ASSERT_EQUAL(paths_due(p, 0, 1, 10 * MS), 50 * MS);
	CU_ASSERT_EQUAL(paths_due(p, 0, 1, 60 * MS), 61 * MS);
	p = paths_of("port a A\nport b B\nset A B delay=50ms order=no\n");
	CU_ASSERT_EQUAL(paths_due(p, 0, 1, 0), 50 * MS);
	(void)strcpy(line, "set * B delay=1ms");
	CU_ASSERT_TRUE(paths_line(p, line, &why));
	CU_ASSERT_EQUAL(paths_due(p, 0, 1, 10 * MS), 11 * MS);
	/* The star opens no way. */
	CU_ASSERT_FALSE(p->path[1][1].open);
}

static void
loss_and_jitter_are_as_given(void)
{
	struct paths *p = paths_of(
	    "port a A\nport b B\nset A B delay=1ms jitter=2ms loss=20%\n");
	int64_t due, in, least = INT64_MAX, most = 0, sum = 0;
	int i, lost = 0;

	for (i = 0; i < 10000; i++) {
		in = i * 10 * MS;
		due = paths_due(p, 0, 1, in);
		if (due < 0) {
			lost++;
			continue;
		}
		least = due - in < least ? due - in : least;
		most = due - in > most ? due - in : most;
		sum += due - in;
	}
	CU_ASSERT_TRUE(lost > 1800 && lost < 2200);
	CU_ASSERT_TRUE(least >= MS && least < MS + MS / 50);
	CU_ASSERT_TRUE(most <= 3 * MS && most > 3 * MS - MS / 50);
	CU_ASSERT_TRUE(llabs(sum / (10000 - lost) - 2 * MS) < MS / 20);
	CU_ASSERT_EQUAL(p->path[0][1].lost, (uint64_t)lost);
}

static void
bad_lines_say_why_and_change_nothing(void)
{
	static const char *const bad[] = {"port a", "port a B",
	    "route 192.0.2.0/33 a", "route 192.0.2.0/x a", "route ::1 z",
	    "set A Z delay=1ms", "set A B delay=1", "set A B delay=61s",
	    "set A B loss=101%", "set A B loss=nan%", "set A B", "go",
	    "set A B a b c d e f g"};
	struct paths *p = paths_of("port a A\nport b B\nset A B delay=1ms\n");
	struct paths before = *p;
	const char *why;
	char line[64];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		(void)snprintf(line, sizeof(line), "%s", bad[i]);
		CU_ASSERT_FALSE(paths_line(p, line, &why));
		CU_ASSERT_PTR_NOT_NULL(why);
	}
	CU_ASSERT_EQUAL(memcmp(p, &before, sizeof(before)), 0);
}

static void
stations_are_learnt_and_move(void)
{
	static const uint8_t mac[] = {2, 0, 0, 0, 0, 7};
	static const uint8_t all[] = {255, 255, 255, 255, 255, 255};
	struct paths *p = paths_of("port a A\nport b B\n");

	CU_ASSERT_EQUAL(paths_station(p, mac), -1);
	paths_learn(p, mac, 0);
	CU_ASSERT_EQUAL(paths_station(p, mac), 0);
	paths_learn(p, mac, 1);
	CU_ASSERT_EQUAL(paths_station(p, mac), 1);
	paths_learn(p, all, 1);
	CU_ASSERT_EQUAL(paths_station(p, all), -1);
}

static struct parcel *
parcel(int64_t due, int mark)
{
	struct parcel *p = calloc(1, sizeof(*p));

	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	p->due_ns = due;
	p->from = mark;
	return p;
}

static void
frames_leave_by_time_then_by_arrival(void)
{
	static const int due[] = {5, 3, 9, 3, 1, 5, 3, 8};
	static const int order[] = {4, 1, 3, 6, 0, 5, 7, 2};
	static struct queue q;
	struct parcel *p;
	size_t i;

	for (i = 0; i < 8; i++)
		CU_ASSERT_EQUAL(queue_put(&q, parcel(due[i], (int)i)), 0);
	for (i = 0; i < 8; i++) {
		CU_ASSERT_PTR_EQUAL(queue_first(&q), q.heap[0]);
		p = queue_take(&q);
		CU_ASSERT_PTR_NOT_NULL_FATAL(p);
		CU_ASSERT_EQUAL(p->from, order[i]);
		free(p);
	}
	CU_ASSERT_PTR_NULL(queue_take(&q));
	CU_ASSERT_PTR_NULL(queue_first(&q));
}

static void
a_full_queue_takes_no_more(void)
{
	static struct queue q;
	struct parcel *p = parcel(1, 0);

	p->len = QUEUE_BYTES_MAX;
	CU_ASSERT_EQUAL(queue_put(&q, p), 0);
	p = parcel(2, 0);
	p->len = 1;
	CU_ASSERT_EQUAL(queue_put(&q, p), -1);
	free(p);
	free(queue_take(&q));
	CU_ASSERT_EQUAL(q.bytes, 0);
}

/* A ping of 192.0.2.1 by 198.51.100.7: id 0x1234, seq 5. */
static const uint8_t ping4[] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45,
    0, 0, 28, 0, 0, 0x40, 0, 64, 1, 0, 0, 198, 51, 100, 7, 192, 0, 2, 1, 8, 0,
    0, 0, 0x12, 0x34, 0, 5};

static void
echoes_of_ipv4_are_seen(void)
{
	uint8_t data[sizeof(ping4)];
	char text[46];
	struct frame f;

	CU_ASSERT_TRUE(frame_read(&f, ping4, sizeof(ping4)));
	CU_ASSERT_TRUE(f.ip && f.is_echo && !f.echo.reply);
	CU_ASSERT_EQUAL(f.echo.id, 0x1234);
	CU_ASSERT_EQUAL(f.echo.seq, 5);
	CU_ASSERT_STRING_EQUAL(wan_addr_text(&f.src, text), "198.51.100.7");
	CU_ASSERT_STRING_EQUAL(wan_addr_text(&f.dst, text), "192.0.2.1");
	memcpy(data, ping4, sizeof(data));
	data[21] = 1; /* not the first fragment */
	CU_ASSERT_TRUE(frame_read(&f, data, sizeof(data)));
	CU_ASSERT_TRUE(f.ip && !f.is_echo);
}

static void
echoes_of_ipv6_are_seen(void)
{
	uint8_t data[14 + 40 + 8] = {[12] = 0x86,
	    [13] = 0xdd,
	    [14] = 0x60,
	    [14 + 6] = 58,
	    [14 + 8] = 0x20,
	    [14 + 9] = 1,
	    [14 + 23] = 9,
	    [14 + 24] = 0x20,
	    [14 + 39] = 7,
	    [54] = 129,
	    [59] = 3,
	    [61] = 4};
	char text[46];
	struct frame f;

	CU_ASSERT_TRUE(frame_read(&f, data, sizeof(data)));
	CU_ASSERT_TRUE(f.ip && f.is_echo && f.echo.reply);
	CU_ASSERT_EQUAL(f.echo.id, 3);
	CU_ASSERT_EQUAL(f.echo.seq, 4);
	CU_ASSERT_STRING_EQUAL(wan_addr_text(&f.src, text), "2001::9");
	CU_ASSERT_STRING_EQUAL(wan_addr_text(&f.dst, text), "2000::7");
}

static void
cut_off_frames_are_no_more_than_they_are(void)
{
	struct frame f;
	size_t n;

	for (n = 0; n < sizeof(ping4); n++) {
		uint8_t *data = malloc(n + 1); /* its end is watched by asan */

		CU_ASSERT_PTR_NOT_NULL_FATAL(data);
		memcpy(data + 1, ping4, n);
		CU_ASSERT_EQUAL(frame_read(&f, data + 1, n), n >= 14);
		if (n >= 14)
			CU_ASSERT_EQUAL(f.ip, n >= 34);
		free(data);
	}
}

static const struct unit_test tests[] = {
    {"the longest route wins", the_longest_route_wins},
    {"delay is per ordered pair", delay_is_per_ordered_pair},
    {"a path that gets shorter keeps order",
	a_path_that_gets_shorter_keeps_order},
    {"loss and jitter are as given", loss_and_jitter_are_as_given},
    {"bad lines say why and change nothing",
	bad_lines_say_why_and_change_nothing},
    {"stations are learnt, and move", stations_are_learnt_and_move},
    {"frames leave by time, then by arrival",
	frames_leave_by_time_then_by_arrival},
    {"a full queue takes no more", a_full_queue_takes_no_more},
    {"echoes of IPv4 are seen", echoes_of_ipv4_are_seen},
    {"echoes of IPv6 are seen", echoes_of_ipv6_are_seen},
    {"cut off frames are no more than they are",
	cut_off_frames_are_no_more_than_they_are},
};

UNIT_MAIN("wan", tests)
