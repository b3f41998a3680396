/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines a second between two processes over a unix socket: asks one way,
 * answers of four candidates the other, with so many in flight.
 *   peer_bench [LINES [IN-FLIGHT]]
 */
#include "lib/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/mono.h"
#include "lib/num.h"

#define LINES     1000000
#define IN_FLIGHT 1000

static const char answer[] =
    " 1000 24 www.sj1.test.com la www.sj1-la.test.com 10.4.1.2 5000"
    " www.sj2.test.com la www.sj2-la.test.com 10.4.2.2 6000"
    " www.ny1.test.com ny www.ny1-ny.test.com 10.1.1.1 1000"
    " www.ny2.test.com ny www.ny2-ny.test.com 10.1.2.1 2000";

struct side {
	struct peer_conf conf;
	int64_t lines, in_flight, sent, got;
};

static double
cpu(int who)
{
	struct rusage u;

	(void)getrusage(who, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void
on_ask(struct peer *p, const struct line *l, void *arg)
{
	(void)arg;
	peer_send(p, "best %s%s", l->field[1], answer);
}

static void
ask(struct side *s, struct peer *p)
{
	peer_send(
	    p, "ask %lld www la 128.9.192.44 rtt=31000", (long long)s->sent++);
}

static void
on_best(struct peer *p, const struct line *l, void *arg)
{
	struct side *s = arg;

	(void)l;
	s->got++;
	if (s->sent < s->lines)
		ask(s, p);
	if (s->got == s->lines)
		(void)event_base_loopbreak(s->conf.base);
}

static void
on_up(struct peer *p, void *arg)
{
	struct side *s = arg;

	while (s->sent < s->in_flight && s->sent < s->lines)
		ask(s, p);
}

static void
on_down(struct peer *p, const char *why, void *arg)
{
	(void)p;
	(void)why;
	(void)arg;
	_exit(0);
}

static const struct verb answering[] = {
    {"ask", on_ask, ROLE_ANY, 4, 4},
    {NULL, NULL, 0, 0, 0},
};
static const struct verb asking[] = {
    {"best", on_best, ROLE_ANY, 8, SIZE_MAX},
    {NULL, NULL, 0, 0, 0},
};

static struct peer_conf
conf(struct side *s, enum peer_role role, const struct verb *verbs)
{
	return (struct peer_conf){.base = event_base_new(),
	    .sub = "bench",
	    .role = role,
	    .id = "bench",
	    .hash = "-",
	    .verbs = verbs,
	    .arg = s};
}

__attribute__((noreturn)) static void
serve(const struct listen_lines *at)
{
	struct side s = {0};
	char why[400];

	s.conf = conf(&s, ROLE_DIRECTOR, answering);
	s.conf.on_down = on_down;
	if (peer_listen(&s.conf, at, why, sizeof(why)) == NULL)
		_exit(1);
	(void)event_base_dispatch(s.conf.base);
	_exit(0);
}

static void
run(struct side *s, const struct listen_lines *at)
{
	struct mono from = mono_now();
	double before = cpu(RUSAGE_SELF), seconds, mine;
	struct peer *p;

	s->conf = conf(s, ROLE_FRONTEND, asking);
	s->conf.on_up = on_up;
	p = peer_connect(&s->conf, at, 1);
	(void)event_base_dispatch(s->conf.base);
	seconds = (double)mono_us(mono_now(), from) / 1e6;
	mine = cpu(RUSAGE_SELF) - before;
	peer_free(&p);
	(void)wait(NULL);
	printf("peer_bench: %lld asks and answers, %lld in flight: %.0f/s, "
	       "CPU %.2f us asking, %.2f us answering each\n",
	    (long long)s->lines, (long long)s->in_flight,
	    (double)s->lines / seconds, mine * 1e6 / (double)s->lines,
	    cpu(RUSAGE_CHILDREN) * 1e6 / (double)s->lines);
}

int
main(int argc, char **argv)
{
	struct side s = {.lines = LINES, .in_flight = IN_FLIGHT};
	char dir[] = "/tmp/peer_bench.XXXXXX", path[64];
	struct listen_lines at = {.socket = path};

	if ((argc > 1 && num_parse(argv[1], 1, 100000000, &s.lines) < 0) ||
	    (argc > 2 && num_parse(argv[2], 1, 100000, &s.in_flight) < 0) ||
	    mkdtemp(dir) == NULL) {
		fprintf(stderr, "usage: peer_bench [LINES [IN-FLIGHT]]\n");
		return 2;
	}
	(void)snprintf(path, sizeof(path), "%s/s", dir);
	log_init("bench", LOG_LEVEL_NONE);
	if (fork() == 0)
		serve(&at);
	run(&s, &at);
	(void)unlink(path);
	(void)rmdir(dir);
	return 0;
}
