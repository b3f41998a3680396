/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counting connections by port. Owns a netlink socket; a count is one dump of
 * both families, read as it comes, so that SNMP is served meanwhile. The kernel
 * does it within our calls, so the processor time of these is what it costs.
 *
 * What the kernel sends is what costs most. Where most connections are on the
 * ports in question it is asked for the others instead: tcpCurrEstab, which is
 * free, less those.
 */

#include "agent/ports.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/mem.h"

#define READS       4    /* in one turn of the loop */
#define OTHERS_FROM 1000 /* fewer are not worth a thought */
#define GIVE_UP_MS  5000
#define AGAIN_MS    1000 /* after one that failed */
#define BUFFER      32768

struct ports {
	int fd;
	struct event *event;
	uint16_t list[PORTS_MAX];
	size_t n;
	bool running;
	bool others;
	uint32_t seq;
	uint64_t all; /* as of the start */
	uint64_t seen;
	int64_t cost_ns;
	struct ports_result last;
	struct mono started, next;
	struct log_bound bound;
	char buffer[BUFFER] __attribute__((aligned(8)));
};

/* One step of a filter at `code`; its length, with the port behind it. */
static size_t
put_op(uint8_t *code, uint8_t op, size_t yes, size_t no)
{
	struct inet_diag_bc_op o = {
	    .code = op, .yes = (uint8_t)yes, .no = (uint16_t)no};

	memcpy(code, &o, sizeof(o));
	return sizeof(o);
}

static size_t
put_port_op(uint8_t *code, uint8_t op, size_t yes, size_t no, uint16_t port)
{
	size_t n = put_op(code, op, yes, no);

	return n + put_op(code + n, 0, 0, port);
}

/*
 * For each port: is it at least that? at most? then jump to the end. An offset
 * that ends 4 behind the end is "no", the end itself is "yes"; the length of
 * each step has to stand in its `yes` for the kernel's own check.
 */
size_t
ports_filter(const uint16_t *list, size_t n, bool others, uint8_t *code)
{
	enum { PORT_OP = 8, JUMP = 4, BLOCK = 2 * PORT_OP + JUMP };
	size_t i, at = 0, left, last;

	for (i = 0; i < n; i++) {
		left = (n - i) * BLOCK;
		/* Behind the last block it is "no", but "yes" for others. */
		last = i + 1 == n && !others ? 4 : 0;
		at += put_port_op(code + at, INET_DIAG_BC_S_GE, PORT_OP,
		    BLOCK + last, list[i]);
		at += put_port_op(code + at, INET_DIAG_BC_S_LE, PORT_OP,
		    BLOCK - PORT_OP + last, list[i]);
		at += put_op(code + at, INET_DIAG_BC_JMP, JUMP,
		    left - 2 * PORT_OP + (others ? 4 : 0));
	}
	return at;
}

/* The processor's time that this thread has had. */
static int64_t
used_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* In the form that came before SOCK_DIAG_BY_FAMILY: it alone takes sockets of
 * all families in one go through the kernel's table. */
static int
send_dump(struct ports *p)
{
	struct {
		struct nlmsghdr head;
		struct inet_diag_req req;
		struct rtattr attr;
		uint8_t code[PORTS_CODE_MAX];
	} m;
	size_t len;

	memset(&m, 0, sizeof(m));
	len = ports_filter(p->list, p->n, p->others, m.code);
	m.head.nlmsg_len = (uint32_t)(offsetof(__typeof__(m), code) + len);
	m.head.nlmsg_type = TCPDIAG_GETSOCK;
	m.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	m.head.nlmsg_seq = ++p->seq;
	m.req.idiag_family = AF_INET; /* not looked at */
	m.req.idiag_states = 1 << TCP_ESTABLISHED | 1 << TCP_CLOSE_WAIT;
	m.attr.rta_type = INET_DIAG_REQ_BYTECODE;
	m.attr.rta_len = (uint16_t)RTA_LENGTH(len);
	return send(p->fd, &m, m.head.nlmsg_len, 0) < 0 ? -1 : 0;
}

int64_t
ports_rest_ms(int64_t cost_ns)
{
	return cost_ns * PORTS_SHARE / 1000000;
}

static void
end_count(struct ports *p, bool ok)
{
	uint64_t rest;

	p->running = false;
	if (!ok) {
		p->next = mono_add_ms(mono_now(), AGAIN_MS);
		return;
	}
	rest = p->all > p->seen ? p->all - p->seen : 0;
	p->last.connections = p->others ? rest : p->seen;
	p->last.counted = p->started;
	p->last.counts++;
	/* Next time what there is less of, with some inertia. */
	if (p->seen > OTHERS_FROM && p->seen / 2 > rest)
		p->others = !p->others;
}

/* What it has cost is known once all of its calls have returned. */
static void
charge(struct ports *p, int64_t since_ns)
{
	p->cost_ns += used_ns() - since_ns;
	if (p->running)
		return;
	p->last.cost_us = p->cost_ns / 1000;
	if (p->last.counts > 0 && mono_cmp(p->last.counted, p->started) == 0)
		p->next = mono_add_ms(p->started, ports_rest_ms(p->cost_ns));
}

static void
fail(struct ports *p, int error)
{
	errno = error;
	if (log_allowed(&p->bound, "load"))
		log_warn("load", "cannot count connections by port "
				 "(sock_diag)");
	end_count(p, false);
}

static void
take_messages(struct ports *p, size_t len)
{
	const struct nlmsghdr *h = (const struct nlmsghdr *)(void *)p->buffer;
	struct nlmsgerr error;

	for (; NLMSG_OK(h, len) && p->running; h = NLMSG_NEXT(h, len)) {
		if (h->nlmsg_seq != p->seq)
			continue; /* of a count that was given up */
		if (h->nlmsg_type == NLMSG_DONE) {
			end_count(p, true);
		} else if (h->nlmsg_type == NLMSG_ERROR) {
			memset(&error, 0, sizeof(error));
			if (h->nlmsg_len >= NLMSG_LENGTH(sizeof(error)))
				memcpy(&error, NLMSG_DATA(h), sizeof(error));
			fail(p, -error.error);
		} else if (h->nlmsg_type == TCPDIAG_GETSOCK) {
			p->seen++;
		}
	}
}

static void
on_messages(evutil_socket_t fd, short what, void *arg)
{
	struct ports *p = arg;
	int64_t begin = used_ns();
	ssize_t n = 1;
	int i;

	(void)what;
	for (i = 0; i < READS && n > 0; i++) {
		n = recv(fd, p->buffer, sizeof(p->buffer), MSG_DONTWAIT);
		if (n > 0)
			take_messages(p, (size_t)n);
		else if (n < 0 && errno != EAGAIN && errno != EINTR &&
			 p->running)
			fail(p, errno);
	}
	charge(p, begin);
}

void
ports_count(struct ports *p, uint64_t all, struct mono now)
{
	int64_t begin = used_ns();

	if (p->running && mono_ms(now, p->started) > GIVE_UP_MS)
		fail(p, ETIMEDOUT);
	if (p->running || mono_cmp(now, p->next) < 0)
		return;
	p->running = true;
	p->started = now;
	p->all = all;
	p->seen = 0;
	p->cost_ns = 0;
	if (send_dump(p) < 0)
		fail(p, errno);
	charge(p, begin);
}

const struct ports_result *
ports_last(const struct ports *p)
{
	return p->last.counts > 0 ? &p->last : NULL;
}

struct ports *
ports_new(struct event_base *base, const uint16_t *list, size_t n)
{
	struct ports *p;
	int fd;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (fd < 0)
		return NULL;
	p = mem_new(sizeof(*p));
	p->fd = fd;
	p->n = n < PORTS_MAX ? n : PORTS_MAX;
	memcpy(p->list, list, p->n * sizeof(*list));
	p->bound.burst = 1;
	p->event = event_new(base, fd, EV_READ | EV_PERSIST, on_messages, p);
	(void)event_add(p->event, NULL);
	return p;
}

void
ports_free(struct ports **pp)
{
	struct ports *p = *pp;

	if (p == NULL)
		return;
	event_free(p->event);
	(void)close(p->fd);
	free(p);
	*pp = NULL;
}
