/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an ask costs: a real hopdirectord on a unix socket, asked by one front
 * end with many asks in flight; 100 servers at 20 sites with 20 exits each.
 *   director_bench PROGRAM [SECONDS [IN-FLIGHT [rules]]]
 * With `rules` the service is sticky and a tenth of the prefixes have a
 * preference. It prints for each kind of client: asks a second, CPU of the
 * director an ask, and its memory. Loads come every two seconds, as from a
 * manager.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/mem.h"
#include "lib/mono.h"

#define SITES    20
#define SERVERS  100
#define PREFIXES 100000

struct bench {
	char dir[64], conf[96], sock[96];
	pid_t pid;
	int feed, front;
	unsigned in_flight;
	bool rules;
	int64_t run_ms;
	struct mono beat, loads;
	unsigned round;
	uint64_t sent, answered;
	char in[1 << 17];
	size_t n;
};

struct kind {
	const char *name;
	unsigned prefixes; /* of the clients */
	unsigned base;     /* first prefix */
	unsigned rtt;      /* 0: none */
};

static const struct kind kinds[] = {
    {"measured, 1000 prefixes", 1000, 0, 0},
    {"measured, 100000 prefixes", PREFIXES, 0, 0},
    {"unmeasured, without rtt", 1000, PREFIXES, 0},
    {"unmeasured, by its own rtt", 1000, PREFIXES, 30000},
};

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static void
write_prefers(FILE *f)
{
	int i;

	for (i = 0; i < PREFIXES; i += 10)
		fprintf(f, "<prefer client='%d.%d.%d.0/24' site='site%d'/>\n",
		    20 + (i >> 16), (i >> 8) & 255, i & 255, i / 10 % SITES);
}

static void
write_conf(const struct bench *b)
{
	FILE *f = fopen(b->conf, "w");
	int i, j;

	if (f == NULL)
		die(b->conf);
	fprintf(f, "<hopscotch xmlns='urn:hopscotch:config:1'>\n"
		   "<network replies='own'>\n");
	for (i = 0; i < SITES; i++)
		fprintf(f, "<site id='site%d'/>\n", i);
	for (i = 1; i < SITES; i++)
		fprintf(f, "<link between='site%d site%d' delay='%dms'/>\n",
		    i - 1, i, 5 + i * 7 % 11);
	fprintf(f, "</network>\n<policy id='p'><path/>"
		   "<connections limit='2000' weight='2'/><cpu/></policy>\n");
	for (i = 0; i < SERVERS; i++) {
		fprintf(f,
		    "<server id='www%d.site%d.example.net' "
		    "site='site%d'>\n",
		    i, i % SITES, i % SITES);
		for (j = 0; j < SITES; j++)
			fprintf(f,
			    "<alias border='site%d' "
			    "name='www%d-site%d.example.net' "
			    "address='10.%d.%d.1'/>\n",
			    j, i, j, i, j);
		fprintf(f, "</server>\n");
	}
	if (b->rules)
		write_prefers(f);
	fprintf(f,
	    "<service id='www' protocol='http' host='www.example.net' "
	    "policy='p'%s>\n",
	    b->rules ? " sticky='prefix'" : "");
	for (i = 0; i < SERVERS; i++)
		fprintf(f, "<use server='www%d.site%d.example.net'/>\n", i,
		    i % SITES);
	fprintf(f,
	    "</service>\n<manager id='m1' host='nowhere'/>\n"
	    "<director id='d1' host='nowhere'><listen socket='%s'/>"
	    "</director>\n</hopscotch>\n",
	    b->sock);
	if (fclose(f) != 0)
		die(b->conf);
}

static void
start(struct bench *b, const char *program)
{
	b->pid = fork();
	if (b->pid < 0)
		die("fork");
	if (b->pid > 0)
		return;
	execl(program, program, "-f", b->conf, "--id", "d1", "--no-snmp",
	    "--log-level", "warn", (char *)NULL);
	die(program);
}

static int
connect_to(const struct bench *b)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd, i;

	(void)snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", b->sock);
	for (i = 0; i < 500; i++) {
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0)
			return fd;
		(void)close(fd);
		(void)usleep(10000);
	}
	die("connect");
	return -1;
}

static void
say(int fd, const char *text, size_t len)
{
	ssize_t n;

	for (; len > 0; text += n, len -= (size_t)n) {
		n = write(fd, text, len);
		if (n < 0)
			die("write");
	}
}

static void
feed_loads(struct bench *b)
{
	char text[16384];
	size_t n = (size_t)snprintf(text, sizeof(text), "load");
	int i;

	for (i = 0; i < SERVERS; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    " www%d.site%d.example.net %u", i, i % SITES,
		    1 + (i * 977 + b->round * 131) % 10000);
	text[n++] = '\n';
	say(b->feed, text, n);
	b->round++;
}

/* All that was fed is taken: the director does not know the last word. */
static void
wait_for_feed(const struct bench *b)
{
	char text[4096];
	ssize_t n;

	do {
		n = read(b->feed, text, sizeof(text) - 1);
		if (n <= 0)
			die("feed");
		text[n] = '\0';
	} while (strstr(text, "error") == NULL);
}

static void
feed_paths(struct bench *b)
{
	char text[1024];
	size_t n;
	unsigned i, j;

	n = (size_t)snprintf(text, sizeof(text), "borders unit=us");
	for (j = 0; j < SITES; j++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, " site%u", j);
	text[n++] = '\n';
	say(b->feed, text, n);
	for (i = 0; i < PREFIXES; i++) {
		n = (size_t)snprintf(text, sizeof(text), "ping %u.%u.%u.0/24",
		    20 + (i >> 16), (i >> 8) & 255, i & 255);
		for (j = 0; j < SITES; j++)
			n += (size_t)snprintf(text + n, sizeof(text) - n, " %u",
			    10000 + (i * 7919 + j * 104729) % 200000);
		text[n++] = '\n';
		say(b->feed, text, n);
	}
	say(b->feed, "synced\nbarrier\n", 15);
	wait_for_feed(b);
}

/* Beats and loads when they are due; what is said to the feed is dropped. */
static void
keep_up(struct bench *b)
{
	struct mono now = mono_now();
	char drop[4096];

	if (mono_ms(now, b->beat) >= 1000) {
		b->beat = now;
		say(b->feed, "beat\n", 5);
		say(b->front, "beat\n", 5);
		while (recv(b->feed, drop, sizeof(drop), MSG_DONTWAIT) > 0)
			continue;
	}
	if (mono_ms(now, b->loads) >= 2000) {
		b->loads = now;
		feed_loads(b);
	}
}

static void
send_asks(struct bench *b, const struct kind *k)
{
	char text[1 << 16];
	size_t n = 0;

	while (b->sent - b->answered < b->in_flight && n < sizeof(text) - 100) {
		unsigned i =
		    k->base + (unsigned)(b->sent * 2654435761u) % k->prefixes;

		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "ask %llu www site%u %u.%u.%u.%u",
		    (unsigned long long)b->sent, (unsigned)(b->sent % SITES),
		    20 + (i >> 16), (i >> 8) & 255, i & 255,
		    1 + (unsigned)(b->sent % 250));
		if (k->rtt > 0)
			n += (size_t)snprintf(text + n, sizeof(text) - n,
			    " rtt=%u", k->rtt + (unsigned)(b->sent % 5000));
		text[n++] = '\n';
		b->sent++;
	}
	if (n > 0)
		say(b->front, text, n);
}

static void
take_answers(struct bench *b)
{
	struct pollfd p = {.fd = b->front, .events = POLLIN};
	char *at, *end;
	ssize_t n;

	(void)poll(&p, 1, 1000);
	n = recv(b->front, b->in + b->n, sizeof(b->in) - b->n, MSG_DONTWAIT);
	if (n == 0 || (n < 0 && errno != EAGAIN))
		die("the director hung up");
	if (n < 0)
		return;
	b->n += (size_t)n;
	for (at = b->in;
	     (end = memchr(at, '\n', b->n - (size_t)(at - b->in))) != NULL;
	     at = end + 1)
		b->answered += *at == 'b' && at[2] == 's';
	b->n -= (size_t)(at - b->in);
	memmove(b->in, at, b->n);
}

/* CPU that a process has had, in ns. */
static int64_t
cpu_ns(pid_t pid)
{
	char name[64];
	long long ns = 0;
	FILE *f;

	(void)snprintf(name, sizeof(name), "/proc/%d/schedstat", (int)pid);
	f = fopen(name, "r");
	if (f == NULL || fscanf(f, "%lld", &ns) != 1)
		die(name);
	(void)fclose(f);
	return ns;
}

static long
rss_kib(pid_t pid)
{
	char name[64], line[256];
	long kib = 0;
	FILE *f;

	(void)snprintf(name, sizeof(name), "/proc/%d/status", (int)pid);
	f = fopen(name, "r");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "VmRSS: %ld", &kib) == 1)
			break;
	if (f != NULL)
		(void)fclose(f);
	return kib;
}

static void
drain(struct bench *b)
{
	while (b->answered < b->sent)
		take_answers(b);
}

static void
run(struct bench *b, const struct kind *k)
{
	struct mono begun = mono_now();
	int64_t cpu, us;
	uint64_t before;

	drain(b);
	b->sent = b->answered = 0;
	cpu = cpu_ns(b->pid);
	before = b->answered;
	while (mono_ms(mono_now(), begun) < b->run_ms) {
		keep_up(b);
		send_asks(b, k);
		take_answers(b);
	}
	us = mono_us(mono_now(), begun);
	cpu = cpu_ns(b->pid) - cpu;
	before = b->answered - before;
	printf("%-28s %8.0f asks/s  %6.2f us CPU an ask  %6ld KiB\n", k->name,
	    (double)before * 1e6 / (double)us,
	    (double)cpu / 1e3 / (double)before, rss_kib(b->pid));
	(void)fflush(stdout);
}

int
main(int argc, char **argv)
{
	static struct bench b;
	const char *hello_feed = "hello hop/1 manager m1 - gives=load,path\n";
	const char *hello_front = "hello hop/1 frontend f1 -\n";
	size_t i;

	if (argc < 2 || argc > 5) {
		fprintf(stderr, "usage: director_bench PROGRAM "
				"[SECONDS [IN-FLIGHT [rules]]]\n");
		return 2;
	}
	b.run_ms = argc > 2 ? strtol(argv[2], NULL, 10) * 1000 : 3000;
	b.in_flight = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 64;
	b.rules = argc > 4 && strcmp(argv[4], "rules") == 0;
	(void)snprintf(b.dir, sizeof(b.dir), "/tmp/hop-bench-XXXXXX");
	if (mkdtemp(b.dir) == NULL)
		die(b.dir);
	(void)snprintf(b.conf, sizeof(b.conf), "%s/conf.xml", b.dir);
	(void)snprintf(b.sock, sizeof(b.sock), "%s/d.sock", b.dir);
	(void)signal(SIGPIPE, SIG_IGN);
	write_conf(&b);
	start(&b, argv[1]);
	b.feed = connect_to(&b);
	b.front = connect_to(&b);
	say(b.feed, hello_feed, strlen(hello_feed));
	say(b.front, hello_front, strlen(hello_front));
	b.beat = b.loads = mono_now();
	feed_loads(&b);
	feed_paths(&b);
	printf("%d servers, %d exits each, %u prefixes, %u asks in flight%s\n",
	    SERVERS, SITES, PREFIXES, b.in_flight,
	    b.rules ? ", sticky, with preferences" : "");
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		run(&b, &kinds[i]);
	(void)kill(b.pid, SIGTERM);
	(void)waitpid(b.pid, NULL, 0);
	(void)unlink(b.conf);
	(void)unlink(b.sock);
	(void)rmdir(b.dir);
	return 0;
}
