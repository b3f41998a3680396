/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a poll costs: one poller process with many sessions against one agent.
 *   poll_bench ADDRESS PORT USER AUTH PRIV hopscotch|standard AGENTS SECONDS
 *       INTERVAL_MS
 * prints polls, answers, losses, response times and the poller's CPU a poll.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/mem.h"
#include "lib/mono.h"
#include "manager/poll.h"
#include "manager/record.h"

struct totals {
	uint64_t answers, late, fail, other;
	int64_t rtt_sum, rtt_max;
	struct record_beat first, last;
};

static struct world *
make_world(char **argv, size_t n)
{
	struct world *w = mem_new(sizeof(*w));
	size_t i;

	w->users = mem_array(1, sizeof(*w->users));
	w->nusers = 1;
	w->users[0] = (struct snmp_user){
	    .id = argv[3], .auth_secret = argv[4], .priv_secret = argv[5]};
	w->servers = mem_array(n, sizeof(*w->servers));
	w->nservers = n;
	for (i = 0; i < n; i++) {
		struct agent *a = &w->servers[i].agent;

		w->servers[i].id = mem_text("agent");
		a->kind = strcmp(argv[6], "standard") == 0 ? AGENT_STANDARD
							   : AGENT_HOPSCOTCH;
		if (addr_parse(argv[1], &a->addr) < 0)
			log_fatalx("bench", "%s is no address", argv[1]);
		a->port = (uint16_t)strtoul(argv[2], NULL, 10);
	}
	return w;
}

static void
take(struct totals *t, const struct record *r)
{
	switch (r->kind) {
	case RECORD_SAMPLE:
		t->answers++;
		t->rtt_sum += r->u.sample.rtt_us;
		if (r->u.sample.rtt_us > t->rtt_max)
			t->rtt_max = r->u.sample.rtt_us;
		break;
	case RECORD_LATE:
		t->late++;
		break;
	case RECORD_FAIL:
		if (t->fail++ == 0)
			log_warnx("bench", "agent %d: %s: %s", r->server,
			    reason_text(r->u.fail.reason), r->u.fail.text);
		break;
	case RECORD_BEAT:
		t->last = r->u.beat;
		break;
	default:
		t->other++;
		break;
	}
}

static void
receive(int fd, struct totals *t, int64_t ms)
{
	struct mono end = mono_add_ms(mono_now(), ms);
	struct record r;

	while (mono_cmp(mono_now(), end) < 0)
		if (recv(fd, &r, sizeof(r), 0) == sizeof(r))
			take(t, &r);
}

static void
print(const struct totals *t, double seconds)
{
	uint64_t requests = t->last.requests - t->first.requests;
	uint64_t cpu = t->last.cpu_us - t->first.cpu_us;

	printf("answers %llu (%.0f/s), requests %llu, late %llu, failed %llu, "
	       "skipped %llu\n",
	    (unsigned long long)t->answers, (double)t->answers / seconds,
	    (unsigned long long)requests, (unsigned long long)t->late,
	    (unsigned long long)t->fail,
	    (unsigned long long)(t->last.skipped - t->first.skipped));
	printf("response time mean %.0f us, max %lld us\n",
	    t->answers > 0 ? (double)t->rtt_sum / (double)t->answers : 0,
	    (long long)t->rtt_max);
	printf("poller CPU %.1f us a request, %.2f %% of a core\n",
	    requests > 0 ? (double)cpu / (double)requests : 0,
	    (double)cpu / seconds / 1e4);
}

int
main(int argc, char **argv)
{
	struct manager m = {.timeout_us = 1000000, .retries = 1};
	struct totals t = {0};
	struct poll_conf conf = {.manager = &m};
	int pair[2], *servers;
	double seconds;
	size_t i;
	pid_t pid;

	if (argc != 10) {
		fprintf(stderr, "see the head of tests/bench/poll_bench.c\n");
		return 2;
	}
	conf.n = strtoul(argv[7], NULL, 10);
	seconds = strtod(argv[8], NULL);
	m.poll_us = strtol(argv[9], NULL, 10) * 1000;
	conf.world = make_world(argv, conf.n);
	servers = mem_array(conf.n, sizeof(*servers));
	for (i = 0; i < conf.n; i++)
		servers[i] = (int)i;
	conf.servers = servers;
	log_init("poll_bench", LOG_LEVEL_INFO);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return 1;
	pid = fork();
	if (pid == 0) {
		struct rlimit rl = {0};

		(void)getrlimit(RLIMIT_NOFILE, &rl);
		rl.rlim_cur = rl.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &rl);
		conf.fd = pair[1];
		poll_run(&conf);
	}
	close(pair[1]);
	/* The first interval meets the agents; then a beat's worth more. */
	receive(pair[0], &t, m.poll_us / 1000 + 1500);
	t = (struct totals){.first = t.last, .last = t.last};
	receive(pair[0], &t, (int64_t)(seconds * 1000));
	print(&t, seconds);
	close(pair[0]);
	(void)waitpid(pid, NULL, 0);
	return t.answers > 0 ? 0 : 1;
}
