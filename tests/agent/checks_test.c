/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks over time, against a port on loopback that the test opens and closes,
 * and how they show in the load subtree.
 */

#include "agent/checks.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/loadmib.h"
#include "lib/log.h"
#include "tests/unit.h"

#define INTERVAL_MS 100
#define LIMIT_MS    5000

static struct event_base *base;
static int changed;

static void
on_change(void *arg)
{
	(void)arg;
	changed++;
}

/* Listen on loopback, on a free port or this one. */
static int
open_port(uint16_t *port)
{
	struct sockaddr_in sin = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	    .sin_port = htons(*port)};
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	CU_ASSERT_FATAL(bind(fd, (struct sockaddr *)&sin, sizeof(sin)) == 0 &&
			listen(fd, 64) == 0 &&
			getsockname(fd, (struct sockaddr *)&sin, &len) == 0);
	*port = ntohs(sin.sin_port);
	return fd;
}

static struct checks *
check_port(uint16_t port, unsigned rise, unsigned fall)
{
	struct checks_conf conf = {.base = base,
	    .interval_ms = INTERVAL_MS,
	    .rise = rise,
	    .fall = fall,
	    .on_change = on_change};
	struct option_check o = {.id = "www", .type = CHECK_TCP, .port = port};

	(void)addr_parse("127.0.0.1", &o.addr);
	changed = 0;
	return checks_new(&conf, &o, 1);
}

/* Run until there were this many tries; bounded. */
static void
run_tries(const struct checks *c, uint32_t tries)
{
	struct mono end = mono_add_ms(mono_now(), LIMIT_MS);

	while (checks_row(c, 0)->tries < tries && mono_cmp(mono_now(), end) < 0)
		(void)event_base_loop(base, EVLOOP_ONCE);
	CU_ASSERT(checks_row(c, 0)->tries >= tries);
}

static void
the_first_result_decides_at_once(void)
{
	uint16_t port = 0;
	int fd = open_port(&port);
	struct checks *c = check_port(port, 3, 3);
	uint32_t before = checks_changes(c);

	CU_ASSERT_EQUAL(checks_row(c, 0)->judge.state, STATE_UNKNOWN);
	CU_ASSERT_EQUAL(checks_not_up(c), 1);
	run_tries(c, 1);
	CU_ASSERT_EQUAL(checks_row(c, 0)->judge.state, STATE_UP);
	CU_ASSERT_EQUAL(checks_not_up(c), 0);
	CU_ASSERT_EQUAL(checks_changes(c), before + 1);
	CU_ASSERT_EQUAL(checks_row(c, 0)->changes, 0);
	CU_ASSERT_EQUAL(changed, 1);
	checks_free(&c);
	(void)close(fd);
}

static void
it_takes_fall_failures_to_be_down_and_rise_to_be_up(void)
{
	uint16_t port = 0;
	int fd = open_port(&port);
	struct checks *c = check_port(port, 2, 2);
	const struct checks_row *r = checks_row(c, 0);

	run_tries(c, 1);
	(void)close(fd);
	run_tries(c, 2);
	CU_ASSERT_EQUAL(r->judge.state, STATE_UP);
	CU_ASSERT_EQUAL(r->failures, 1);
	run_tries(c, 3);
	CU_ASSERT_EQUAL(r->judge.state, STATE_DOWN);
	CU_ASSERT_EQUAL(r->judge.reason, REASON_CONNECT_REFUSED);
	fd = open_port(&port);
	run_tries(c, 4);
	CU_ASSERT_EQUAL(r->judge.state, STATE_DOWN);
	run_tries(c, 5);
	CU_ASSERT_EQUAL(r->judge.state, STATE_UP);
	CU_ASSERT_EQUAL(r->changes, 2);
	CU_ASSERT_EQUAL(r->failures, 2);
	CU_ASSERT_EQUAL(changed, 3);
	checks_free(&c);
	(void)close(fd);
}

static void
checks_are_spread_over_the_interval(void)
{
	struct checks_conf conf = {.base = base,
	    .interval_ms = 1000,
	    .rise = 1,
	    .fall = 1,
	    .on_change = on_change};
	struct option_check o[4];
	struct checks *c;
	struct mono started = mono_now(), end;
	uint16_t port = 0;
	int fd = open_port(&port);
	size_t i;

	memset(o, 0, sizeof(o));
	for (i = 0; i < 4; i++) {
		o[i].id[0] = (char)('a' + i);
		o[i].type = CHECK_TCP;
		o[i].port = port;
		(void)addr_parse("127.0.0.1", &o[i].addr);
	}
	c = checks_new(&conf, o, 4);
	end = mono_add_ms(started, LIMIT_MS);
	while (checks_row(c, 3)->tries < 1 && mono_cmp(mono_now(), end) < 0)
		(void)event_base_loop(base, EVLOOP_ONCE);
	for (i = 0; i < 4; i++)
		CU_ASSERT(mono_ms(checks_row(c, i)->result, started) >=
			  (int64_t)i * 250 - 5);
	checks_free(&c);
	(void)close(fd);
}

static const struct checks_row *
row_of(const struct checks *c, const char *id)
{
	size_t i;

	for (i = 0; i < checks_count(c); i++)
		if (strcmp(checks_row(c, i)->option.id, id) == 0)
			return checks_row(c, i);
	return NULL;
}

static void
fill_options(struct option_check *o, const char *ids, uint16_t port)
{
	for (; *ids != '\0'; ids++, o++) {
		memset(o, 0, sizeof(*o));
		o->id[0] = *ids;
		o->type = CHECK_TCP;
		o->port = port;
		(void)addr_parse("127.0.0.1", &o->addr);
	}
}

/* b goes, c is asked otherwise, d is new, a stays. */
static void
other_checks_leave_those_that_stay_alone(void)
{
	struct checks_conf conf = {.base = base,
	    .interval_ms = INTERVAL_MS,
	    .rise = 2,
	    .fall = 2,
	    .on_change = on_change};
	struct option_check o[3];
	struct checks_change change;
	struct checks_row was;
	struct checks *c;
	uint16_t port = 0;
	int fd = open_port(&port);
	uint32_t before;

	fill_options(o, "abc", port);
	c = checks_new(&conf, o, 3);
	run_tries(c, 2);
	CU_ASSERT_EQUAL(row_of(c, "c")->judge.state, STATE_UP);
	was = *row_of(c, "a");
	before = checks_changes(c);

	fill_options(o, "dca", port);
	o[1].type = CHECK_FTP;
	conf.fall = 5;
	change = checks_set(c, &conf, o, 3);
	CU_ASSERT_EQUAL(change.added, 1);
	CU_ASSERT_EQUAL(change.changed, 1);
	CU_ASSERT_EQUAL(change.removed, 1);
	CU_ASSERT_EQUAL(checks_changes(c), before + 1);
	CU_ASSERT_PTR_NULL(row_of(c, "b"));
	CU_ASSERT_EQUAL(row_of(c, "a")->number, 1);
	CU_ASSERT_EQUAL(row_of(c, "c")->number, 3);
	CU_ASSERT_EQUAL(row_of(c, "d")->number, 4);
	CU_ASSERT_EQUAL(row_of(c, "a")->judge.state, was.judge.state);
	CU_ASSERT_EQUAL(row_of(c, "a")->judge.fall, 5);
	CU_ASSERT_EQUAL(row_of(c, "a")->tries, was.tries);
	CU_ASSERT(mono_cmp(row_of(c, "a")->since, was.since) == 0);
	CU_ASSERT_EQUAL(row_of(c, "c")->judge.state, STATE_UNKNOWN);
	CU_ASSERT_EQUAL(row_of(c, "c")->tries, 0);
	run_tries(c, 1); /* d, the first of the list now */
	CU_ASSERT_EQUAL(row_of(c, "d")->judge.state, STATE_UP);

	change = checks_set(c, &conf, o, 3);
	CU_ASSERT_EQUAL(change.added + change.changed + change.removed, 0);
	change = checks_set(c, &conf, NULL, 0);
	CU_ASSERT_EQUAL(change.removed, 3);
	CU_ASSERT_EQUAL(checks_count(c), 0);
	checks_free(&c);
	(void)close(fd);
}

/* The value of a scalar or, with index 1, of a column. */
static struct snap_value
value(const struct snap *s, enum mib_object o)
{
	const struct mib_info *info = &mib_objects[o];
	uint32_t oid[SNAP_OID_MAX];
	struct snap_value v;

	memcpy(oid, info->oid, info->oid_len * sizeof(*oid));
	oid[info->oid_len] = info->column ? 1 : 0;
	CU_ASSERT_FATAL(snap_get(s, oid, info->oid_len + 1, 0, &v) == 0);
	return v;
}

static void
each_object_of_the_load_subtree_is_served(void)
{
	struct load_sample sample = {.number = 7,
	    .metrics = 1u << LOAD_CONNECTIONS | 1u << LOAD_CPU,
	    .connections = 12,
	    .ram_total = UINT64_MAX,
	    .cpu_idle = 9310,
	    .cpus = 2};
	struct loadmib m = {
	    .interval_ms = 1000, .ports = "80 443", .sample = &sample};
	struct snap *s = snap_new();
	struct checks *c;
	uint16_t port = 0;
	int fd = open_port(&port);
	struct mono now = mono_now();
	unsigned o, n = 0;

	m.checks = c = check_port(port, 1, 1);
	m.started = sample.taken = now;
	sample.counted = mono_add_ms(now, -3000);
	loadmib_fill(s, &m, mono_add_ms(now, 1500));
	snap_sort(s);
	for (o = 0; o < MIB_OBJECTS; o++)
		if (mib_objects[o].oid[1] == 1) {
			(void)value(s, (enum mib_object)o);
			n++;
		}
	CU_ASSERT_EQUAL(n, snap_count(s));
	CU_ASSERT_EQUAL(value(s, MIB_hopLoadSampleNumber).number, 7);
	CU_ASSERT_EQUAL(value(s, MIB_hopLoadSampleAge).number, 1500);
	CU_ASSERT_EQUAL(value(s, MIB_hopLoadConnectionsAge).number, 4500);
	CU_ASSERT_EQUAL(value(s, MIB_hopLoadUptime).number, 1);
	CU_ASSERT_EQUAL(value(s, MIB_hopLoadSampleMetrics).bytes[0], 0x90);
	CU_ASSERT_EQUAL(value(s, MIB_hopLoadCpuIdle).number, 9310);
	CU_ASSERT_EQUAL(
	    value(s, MIB_hopLoadRamTotal).number, INT64_C(4294967295));
	CU_ASSERT_EQUAL(value(s, MIB_hopLoadCheckType).number, 2);
	CU_ASSERT_EQUAL(value(s, MIB_hopLoadCheckState).number, STATE_UNKNOWN);
	checks_free(&c);
	snap_free(&s);
	(void)close(fd);
}

static const struct unit_test tests[] = {
    {"the first result decides at once", the_first_result_decides_at_once},
    {"it takes fall failures to be down and rise to be up",
	it_takes_fall_failures_to_be_down_and_rise_to_be_up},
    {"checks are spread over the interval",
	checks_are_spread_over_the_interval},
    {"other checks leave those that stay alone",
	other_checks_leave_those_that_stay_alone},
    {"each object of the load subtree is served",
	each_object_of_the_load_subtree_is_served},
};

int
main(void)
{
	int status;

	log_init("checks_test", LOG_LEVEL_WARN);
	base = event_base_new();
	status =
	    unit_run("agent/checks", tests, sizeof(tests) / sizeof(tests[0]));
	event_base_free(base);
	return status;
}
