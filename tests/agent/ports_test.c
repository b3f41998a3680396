/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connections by port: the filter run as the kernel would run it, and counts
 * of real connections on loopback.
 */

#include "agent/ports.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/mono.h"
#include "tests/unit.h"

/* As inet_diag_bc_run() of the kernel does, for the steps we use. */
static bool
run(const uint8_t *code, size_t n, uint16_t port)
{
	struct inet_diag_bc_op op, arg;
	long left = (long)n;
	bool yes;

	while (left > 0) {
		memcpy(&op, code + n - (size_t)left, sizeof(op));
		yes = op.code != INET_DIAG_BC_JMP;
		if (yes) {
			memcpy(&arg, code + n - (size_t)left + sizeof(op),
			    sizeof(arg));
			yes = op.code == INET_DIAG_BC_S_GE ? port >= arg.no
							   : port <= arg.no;
		}
		left -= yes ? op.yes : op.no;
	}
	return left == 0;
}

static void
the_filter_takes_these_ports_or_the_others(void)
{
	static const uint16_t list[] = {21, 80, 443, 8080, 65535};
	static const uint16_t not_in[] = {1, 20, 22, 79, 81, 444, 65534};
	uint8_t code[PORTS_CODE_MAX];
	size_t n, len, i;

	for (n = 1; n <= 5; n++) {
		len = ports_filter(list, n, false, code);
		for (i = 0; i < 5; i++)
			CU_ASSERT_EQUAL(run(code, len, list[i]), i < n);
		for (i = 0; i < 7; i++)
			CU_ASSERT(!run(code, len, not_in[i]));
		len = ports_filter(list, n, true, code);
		for (i = 0; i < 5; i++)
			CU_ASSERT_EQUAL(run(code, len, list[i]), i >= n);
		for (i = 0; i < 7; i++)
			CU_ASSERT(run(code, len, not_in[i]));
	}
}

static void
the_longest_filter_fits(void)
{
	uint16_t list[PORTS_MAX];
	uint8_t code[PORTS_CODE_MAX];
	size_t i, len;

	for (i = 0; i < PORTS_MAX; i++)
		list[i] = (uint16_t)(1000 + 2 * i);
	len = ports_filter(list, PORTS_MAX, false, code);
	CU_ASSERT_EQUAL(len, PORTS_CODE_MAX);
	CU_ASSERT(run(code, len, 1000) && run(code, len, 1126));
	CU_ASSERT(!run(code, len, 1001) && !run(code, len, 1128));
}

/* A connection over loopback: server and client ends, and the port. */
struct pair {
	int listener, server, client;
	uint16_t port;
};

static struct pair
connect_pair(int family)
{
	struct sockaddr_in6 six = {
	    .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct sockaddr_in four = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr *sa = family == AF_INET ? (struct sockaddr *)&four
						: (struct sockaddr *)&six;
	socklen_t len = family == AF_INET ? sizeof(four) : sizeof(six);
	struct pair p = {-1, -1, -1, 0};

	p.listener = socket(family, SOCK_STREAM, 0);
	if (bind(p.listener, sa, len) < 0)
		return p; /* no such family here */
	(void)listen(p.listener, 1);
	(void)getsockname(p.listener, sa, &len);
	p.port = ntohs(family == AF_INET ? four.sin_port : six.sin6_port);
	p.client = socket(family, SOCK_STREAM, 0);
	(void)connect(p.client, sa, len);
	p.server = accept(p.listener, NULL, NULL);
	return p;
}

static void
close_pair(struct pair *p)
{
	(void)close(p->listener);
	(void)close(p->client);
	(void)close(p->server);
}

/* A count, bounded. */
static uint64_t
count(const uint16_t *list, size_t n)
{
	struct event_base *base = event_base_new();
	struct ports *p = ports_new(base, list, n);
	struct mono begin = mono_now(), end = mono_add_ms(begin, 5000);
	const struct ports_result *r;
	uint64_t found;

	CU_ASSERT_FATAL(p != NULL);
	CU_ASSERT_PTR_NULL(ports_last(p));
	ports_count(p, 1000000, begin);
	while (ports_last(p) == NULL && mono_cmp(mono_now(), end) < 0)
		(void)event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	r = ports_last(p);
	CU_ASSERT_FATAL(r != NULL);
	CU_ASSERT(mono_cmp(r->counted, begin) == 0 && r->counts == 1);
	CU_ASSERT(r->cost_us > 0);
	found = r->connections;
	ports_free(&p);
	event_base_free(base);
	return found;
}

static void
connections_on_a_port_are_counted(void)
{
	struct pair four = connect_pair(AF_INET), six = connect_pair(AF_INET6);
	uint16_t list[2] = {four.port, six.port};

	CU_ASSERT_EQUAL(count(&four.port, 1), 1);
	if (six.port != 0)
		CU_ASSERT_EQUAL(count(list, 2), 2);
	/* Closed by the client: CLOSE-WAIT, still a connection of ours. */
	(void)close(four.client);
	CU_ASSERT_EQUAL(count(&four.port, 1), 1);
	(void)close(four.server);
	CU_ASSERT_EQUAL(count(&four.port, 1), 0);
	close_pair(&six);
	(void)close(four.listener);
}

/* A rest of a hundred times what it cost, so much is a hundredth. */
static void
a_dear_count_rests_for_long(void)
{
	CU_ASSERT_EQUAL(ports_rest_ms(0), 0);
	CU_ASSERT_EQUAL(ports_rest_ms(200000), 20);
	CU_ASSERT_EQUAL(ports_rest_ms(25000000), 2500);
	CU_ASSERT_EQUAL(ports_rest_ms(INT64_C(2000000000)), 200000);
}

/* No count is begun before the one before has rested. */
static void
a_count_is_not_begun_too_early(void)
{
	struct pair four = connect_pair(AF_INET);
	struct event_base *base = event_base_new();
	struct ports *p = ports_new(base, &four.port, 1);
	struct mono begin = mono_now(), end = mono_add_ms(begin, 5000);

	CU_ASSERT_FATAL(p != NULL);
	ports_count(p, 1, begin);
	while (ports_last(p) == NULL && mono_cmp(mono_now(), end) < 0)
		(void)event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	CU_ASSERT_FATAL(ports_last(p) != NULL);
	ports_count(p, 1, begin); /* no time has passed */
	while (event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK) == 0 &&
	       mono_ms(mono_now(), end) < -4950)
		;
	CU_ASSERT_EQUAL(ports_last(p)->counts, 1);
	end = mono_add_ms(begin, 600000);
	ports_count(p, 1, end);
	begin = mono_now();
	while (ports_last(p)->counts < 2 && mono_ms(mono_now(), begin) < 5000)
		(void)event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	CU_ASSERT_EQUAL(ports_last(p)->counts, 2);
	CU_ASSERT(mono_cmp(ports_last(p)->counted, end) == 0);
	ports_free(&p);
	event_base_free(base);
	close_pair(&four);
}

static const struct unit_test tests[] = {
    {"the filter takes these ports or the others",
	the_filter_takes_these_ports_or_the_others},
    {"the longest filter fits", the_longest_filter_fits},
    {"connections on a port are counted", connections_on_a_port_are_counted},
    {"a dear count rests for long", a_dear_count_rests_for_long},
    {"a count is not begun too early", a_count_is_not_begun_too_early},
};

UNIT_MAIN("agent/ports", tests)
