/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A wide-area network between interfaces of this network namespace: each frame
 * leaves elsewhere, as much later as the path between the two places says.
 *
 *	wan router|switch FILE SOCKET [STAMPS]    run, until SIGTERM
 *	wan tell SOCKET LINE                      to one that runs
 *
 * A router sends IP packets to the port of the longest route; hosts reach it
 * through interfaces without ARP that all have the same MAC address. A switch
 * learns who is where, as switches do. FILE and SOCKET take the lines of
 * paths.h; SOCKET also `show`, and `sync`, after which STAMPS is complete.
 *
 * Accurate to 100 us: frames are stamped by the kernel as they come, and leave
 * that time plus the delay, so that it does not matter when this process got
 * to see them. It runs at a real-time priority, and sleeps but for the last
 * microseconds. STAMPS gets a line for each ICMP echo packet, all in ns since
 * 1970: `IN DUE OUT FROM TO request|reply SRC DST ID SEQ`, or `lost` for OUT.
 * Offloads of the hosts' interfaces stay on: unfinished checksums and big
 * segments are passed on as such. No TTL is counted.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "tests/wan/frame.h"
#include "tests/wan/paths.h"
#include "tests/wan/queue.h"

#define FRAME_MAX   (66 * 1024) /* a segment of 64 KiB, its headers */
#define BATCH       16
#define CLIENTS_MAX 4
#define LINE_BYTES  256
#define SPIN_NS     150000 /* waking up takes no longer than that, mostly */
#define SPACE_BYTES (16 << 20)

struct client {
	int fd; /* -1: free */
	char text[LINE_BYTES];
	size_t len;
};

struct wan {
	struct paths paths;
	struct queue queue;
	bool is_switch;
	int fd[PORTS_MAX]; /* a packet socket for each port */
	int listener;
	struct client client[CLIENTS_MAX];
	FILE *stamps;          /* NULL: none */
	unsigned long refused; /* full queue, or failed to send */
};

static volatile sig_atomic_t stop;

static void
on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

static void
die(const char *what)
{
	(void)fprintf(stderr, "wan: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* The clock of the kernel's stamps. */
static int64_t
now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static void
switch_on(int fd, int level, int option, const char *what)
{
	int one = 1;

	if (setsockopt(fd, level, option, &one, sizeof(one)) == -1)
		die(what);
}

/* Ports come by lines, also while it runs. */
static bool
open_port(struct wan *w, int port, const char **why)
{
	struct sockaddr_ll at = {
	    .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	int space = SPACE_BYTES, fd;

	at.sll_ifindex = (int)if_nametoindex(w->paths.port[port].name);
	if (at.sll_ifindex == 0) {
		*why = "no such interface here";
		return false;
	}
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		die("packet socket (needs root)");
	switch_on(fd, SOL_PACKET, PACKET_VNET_HDR, "PACKET_VNET_HDR");
	switch_on(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, "IGNORE_OUTGOING");
	switch_on(fd, SOL_SOCKET, SO_TIMESTAMPNS, "SO_TIMESTAMPNS");
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &space, sizeof(space));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &space, sizeof(space));
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) == -1)
		die("bind");
	w->fd[port] = fd;
	return true;
}

static bool
take_line(struct wan *w, char *line, const char **why)
{
	int before = w->paths.nports;

	if (!paths_line(&w->paths, line, why))
		return false;
	if (w->paths.nports == before || open_port(w, before, why))
		return true;
	w->paths.nports = before;
	return false;
}

/* ---- frames ---- */

static void
stamp(struct wan *w, const struct parcel *p, int64_t out_ns)
{
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN], out[24] = "lost";
	const size_t skip = sizeof(struct virtio_net_hdr);
	struct frame f;

	if (w->stamps == NULL || p->len < skip ||
	    !frame_read(&f, p->data + skip, p->len - skip) || !f.is_echo)
		return;
	if (out_ns != 0)
		(void)snprintf(out, sizeof(out), "%lld", (long long)out_ns);
	(void)fprintf(w->stamps, "%lld %lld %s %s %s %s %s %s %u %u\n",
	    (long long)p->in_ns, (long long)p->due_ns, out,
	    w->paths.place[p->from], w->paths.place[p->to],
	    f.echo.reply ? "reply" : "request", wan_addr_text(&f.src, src),
	    wan_addr_text(&f.dst, dst), f.echo.id, f.echo.seq);
}

/* A frame (with its offload header) from one port on its way to another. */
static void
send_off(struct wan *w, const uint8_t *data, size_t len, int64_t in_ns,
    int from, int port)
{
	struct parcel *p = malloc(sizeof(*p) + len);

	if (p == NULL)
		die("malloc");
	p->in_ns = in_ns;
	p->port = port;
	p->from = w->paths.port[from].place;
	p->to = w->paths.port[port].place;
	p->len = len;
	memcpy(p->data, data, len);
	p->due_ns = paths_due(&w->paths, p->from, p->to, in_ns);
	if (p->due_ns < 0) {
		stamp(w, p, 0);
		free(p);
	} else if (queue_put(&w->queue, p) == -1) {
		w->refused++;
		free(p);
	}
}

static void
flood(struct wan *w, const uint8_t *data, size_t len, int64_t in_ns, int from)
{
	int i;

	for (i = 0; i < w->paths.nports; i++)
		if (i != from)
			send_off(w, data, len, in_ns, from, i);
}

static void
forward(struct wan *w, const uint8_t *data, size_t len, int64_t in_ns, int from)
{
	const size_t skip = sizeof(struct virtio_net_hdr);
	struct frame f;
	int port;

	if (len < skip || !frame_read(&f, data + skip, len - skip))
		return;
	if (w->is_switch) {
		paths_learn(&w->paths, f.from, from);
		port = paths_station(&w->paths, f.to);
		if (port < 0)
			flood(w, data, len, in_ns, from);
	} else {
		port = f.ip ? paths_route(&w->paths, &f.dst) : -1;
	}
	if (port >= 0 && port != from)
		send_off(w, data, len, in_ns, from, port);
}

static int64_t
kernel_stamp(struct msghdr *m)
{
	struct cmsghdr *c;
	struct timespec ts;

	for (c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET ||
		    c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&ts, CMSG_DATA(c), sizeof(ts));
		return ts.tv_sec * 1000000000LL + ts.tv_nsec;
	}
	return now_ns();
}

static void
read_port(struct wan *w, int port)
{
	static uint8_t data[BATCH][FRAME_MAX];
	static union {
		char bytes[CMSG_SPACE(sizeof(struct timespec))];
		struct cmsghdr align;
	} control[BATCH];
	struct mmsghdr m[BATCH];
	struct iovec iov[BATCH];
	int i, n;

	for (i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec){data[i], FRAME_MAX};
		m[i].msg_hdr = (struct msghdr){.msg_iov = &iov[i],
		    .msg_iovlen = 1,
		    .msg_control = &control[i],
		    .msg_controllen = sizeof(control[i])};
	}
	n = recvmmsg(w->fd[port], m, BATCH, MSG_DONTWAIT, NULL);
	for (i = 0; i < n; i++)
		forward(w, data[i], m[i].msg_len, kernel_stamp(&m[i].msg_hdr),
		    port);
}

static void
send_due(struct wan *w)
{
	const struct parcel *first;
	struct parcel *p;
	struct path *path;
	int64_t now;

	while ((first = queue_first(&w->queue)) != NULL &&
	       first->due_ns <= (now = now_ns())) {
		p = queue_take(&w->queue);
		if (send(w->fd[p->port], p->data, p->len, MSG_DONTWAIT) == -1)
			w->refused++;
		path = &w->paths.path[p->from][p->to];
		if (now - p->due_ns > path->late_ns)
			path->late_ns = now - p->due_ns;
		stamp(w, p, now);
		free(p);
	}
}

/* ---- the control socket ---- */

static void
say(const struct client *c, const char *form, ...)
{
	char text[512];
	va_list args;
	int n;

	va_start(args, form);
	n = vsnprintf(text, sizeof(text), form, args);
	va_end(args);
	/* Who does not read misses it. */
	(void)send(c->fd, text, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void
show(const struct wan *w, const struct client *c)
{
	const struct path *path;
	int i, j;

	for (i = 0; i < w->paths.nplaces; i++)
		for (j = 0; j < w->paths.nplaces; j++) {
			path = &w->paths.path[i][j];
			if (!path->open)
				continue;
			say(c,
			    "%s %s delay_us=%lld jitter_us=%lld loss=%.4f%% "
			    "passed=%llu lost=%llu latest_us=%lld\n",
			    w->paths.place[i], w->paths.place[j],
			    (long long)path->delay_ns / 1000,
			    (long long)path->jitter_ns / 1000,
			    path->loss_ppm / 1e4,
			    (unsigned long long)path->passed,
			    (unsigned long long)path->lost,
			    (long long)path->late_ns / 1000);
		}
	say(c, "refused=%lu waiting=%zu\n", w->refused, w->queue.n);
}

static void
answer(struct wan *w, const struct client *c, char *line)
{
	const char *why = NULL;

	if (strcmp(line, "show") == 0)
		show(w, c);
	else if (strcmp(line, "sync") != 0)
		(void)take_line(w, line, &why);
	else if (w->stamps != NULL)
		(void)fflush(w->stamps);
	if (why != NULL)
		say(c, "error %s\n", why);
	else
		say(c, "ok\n");
}

static void
hang_up(struct client *c)
{
	(void)close(c->fd);
	c->fd = -1;
	c->len = 0;
}

static void
read_client(struct wan *w, struct client *c)
{
	ssize_t n = recv(
	    c->fd, c->text + c->len, LINE_BYTES - 1 - c->len, MSG_DONTWAIT);
	char *end;

	if (n <= 0) {
		hang_up(c);
		return;
	}
	c->len += (size_t)n;
	c->text[c->len] = '\0';
	while ((end = strchr(c->text, '\n')) != NULL) {
		*end++ = '\0';
		answer(w, c, c->text);
		c->len -= (size_t)(end - c->text);
		memmove(c->text, end, c->len + 1);
	}
	if (c->len == LINE_BYTES - 1)
		hang_up(c);
}

static void
new_client(struct wan *w)
{
	int fd = accept4(w->listener, NULL, NULL, SOCK_CLOEXEC), i;

	for (i = 0; fd != -1 && i < CLIENTS_MAX; i++)
		if (w->client[i].fd == -1) {
			w->client[i].fd = fd;
			return;
		}
	if (fd != -1)
		(void)close(fd);
}

static struct sockaddr_un
socket_name(const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(sun.sun_path)) {
		errno = ENAMETOOLONG;
		die(path);
	}
	(void)strcpy(sun.sun_path, path);
	return sun;
}

static void
listen_at(struct wan *w, const char *path)
{
	struct sockaddr_un sun = socket_name(path);
	int i;

	for (i = 0; i < CLIENTS_MAX; i++)
		w->client[i].fd = -1;
	w->listener =
	    socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	(void)unlink(path);
	if (w->listener == -1 ||
	    bind(w->listener, (struct sockaddr *)&sun, sizeof(sun)) == -1 ||
	    listen(w->listener, CLIENTS_MAX) == -1)
		die(path);
}

/* ---- the loop ---- */

/* Sleep until something comes, or shortly before the next frame is due. */
static void
wait_and_read(struct wan *w)
{
	struct pollfd p[PORTS_MAX + 1 + CLIENTS_MAX];
	const struct parcel *first = queue_first(&w->queue);
	int nports = w->paths.nports, i, n = 0;
	struct timespec patience = {.tv_sec = 1};
	int64_t left;

	for (i = 0; i < nports; i++)
		p[n++] = (struct pollfd){.fd = w->fd[i], .events = POLLIN};
	p[n++] = (struct pollfd){.fd = w->listener, .events = POLLIN};
	for (i = 0; i < CLIENTS_MAX; i++)
		p[n++] =
		    (struct pollfd){.fd = w->client[i].fd, .events = POLLIN};
	if (first != NULL) {
		left = first->due_ns - now_ns() - SPIN_NS;
		left = left < 0 ? 0 : left < 1000000000 ? left : 999999999;
		patience = (struct timespec){.tv_nsec = left};
	}
	if (ppoll(p, (nfds_t)n, &patience, NULL) <= 0)
		return;
	for (i = 0; i < nports; i++)
		if (p[i].revents != 0)
			read_port(w, i);
	if (p[nports].revents != 0)
		new_client(w);
	for (i = 0; i < CLIENTS_MAX; i++)
		if (p[nports + 1 + i].revents != 0)
			read_client(w, &w->client[i]);
}

static void
loop(struct wan *w)
{
	const struct parcel *first;

	while (!stop) {
		wait_and_read(w);
		first = queue_first(&w->queue);
		if (first == NULL)
			continue;
		while (first->due_ns > now_ns() &&
		       first->due_ns - now_ns() < SPIN_NS)
			continue;
		send_due(w);
	}
}

static void
read_file(struct wan *w, const char *name)
{
	FILE *f = fopen(name, "re");
	char line[LINE_BYTES];
	const char *why;
	int number = 0;

	if (f == NULL)
		die(name);
	while (fgets(line, sizeof(line), f) != NULL) {
		number++;
		if (take_line(w, line, &why))
			continue;
		(void)fprintf(stderr, "wan: %s:%d: %s\n", name, number, why);
		exit(1);
	}
	(void)fclose(f);
}

/* Without the rights to it the rest still works, less accurately. */
static void
be_prompt(void)
{
	struct sched_param param = {.sched_priority = 10};

	if (sched_setscheduler(0, SCHED_FIFO, &param) == -1)
		(void)fprintf(stderr, "wan: no real-time priority: %s\n",
		    strerror(errno));
	(void)mlockall(MCL_CURRENT | MCL_FUTURE);
	(void)prctl(PR_SET_TIMERSLACK, 1UL, 0, 0, 0);
}

static int
run(int argc, char **argv)
{
	static struct wan w = {.paths.random = 26559};
	static char stamps[1 << 15]; /* more would take long to write */
	struct sigaction act = {.sa_handler = on_signal};

	w.is_switch = strcmp(argv[1], "switch") == 0;
	(void)sigaction(SIGTERM, &act, NULL);
	(void)sigaction(SIGINT, &act, NULL);
	read_file(&w, argv[2]);
	if (argc == 5) {
		w.stamps = fopen(argv[4], "we");
		if (w.stamps == NULL)
			die(argv[4]);
		(void)setvbuf(w.stamps, stamps, _IOFBF, sizeof(stamps));
	}
	listen_at(&w, argv[3]);
	be_prompt();
	loop(&w);
	if (w.stamps != NULL && fclose(w.stamps) != 0)
		die(argv[4]);
	(void)unlink(argv[3]);
	return 0;
}

/* Say a line, print the answer; 0 if it ends with "ok". */
static int
tell(const char *path, const char *line)
{
	struct sockaddr_un sun = socket_name(path);
	struct timeval patience = {.tv_sec = 2};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	static char text[1 << 18];
	size_t len = 0;
	ssize_t n;

	if (fd == -1 || connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1)
		die(path);
	(void)setsockopt(
	    fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (dprintf(fd, "%s\n", line) < 0)
		die("write");
	while (len < sizeof(text) - 1 &&
	       (n = read(fd, text + len, sizeof(text) - 1 - len)) > 0) {
		len += (size_t)n;
		text[len] = '\0';
		if (strcmp(text, "ok\n") == 0 ||
		    (len > 4 && strcmp(text + len - 4, "\nok\n") == 0)) {
			(void)fwrite(text, 1, len - 3, stdout);
			return 0;
		}
		if (strncmp(text, "error ", 6) == 0)
			break;
	}
	(void)fprintf(stderr, "wan: %s: %s\n", line, text);
	return 1;
}

int
main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "tell") == 0)
		return tell(argv[2], argv[3]);
	if ((argc == 4 || argc == 5) &&
	    (strcmp(argv[1], "router") == 0 || strcmp(argv[1], "switch") == 0))
		return run(argc, argv);
	(void)fputs("usage: wan router|switch FILE SOCKET [STAMPS]\n"
		    "       wan tell SOCKET LINE\n",
	    stderr);
	return 2;
}
