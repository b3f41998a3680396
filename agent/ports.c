/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counting connections by port. Owns a netlink socket; a count is a dump of
 * each family in turn, read as it comes, so that SNMP is served meanwhile.
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
#include <unistd.h>

#include "lib/log.h"
#include "lib/mem.h"

#define COST_SHARE  20   /* a count of 50 ms rests for 1 s */
#define OTHERS_FROM 1000 /* fewer are not worth a thought */
#define GIVE_UP_MS  5000
#define BUFFER      32768

struct ports {
	int fd;
	struct event *event;
	uint16_t list[PORTS_MAX];
	size_t n;
	bool running;
	int family; /* being dumped */
	bool others;
	uint32_t seq;
	uint64_t all; /* as of the start */
	uint64_t seen;
	uint64_t last;
	bool has_last;
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

static int
send_dump(struct ports *p)
{
	struct {
		struct nlmsghdr head;
		struct inet_diag_req_v2 req;
		struct rtattr attr;
		uint8_t code[PORTS_CODE_MAX];
	} m;
	size_t len;

	memset(&m, 0, sizeof(m));
	len = ports_filter(p->list, p->n, p->others, m.code);
	m.head.nlmsg_len = (uint32_t)(offsetof(__typeof__(m), code) + len);
	m.head.nlmsg_type = SOCK_DIAG_BY_FAMILY;
	m.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	m.head.nlmsg_seq = ++p->seq;
	m.req.sdiag_family = (uint8_t)p->family;
	m.req.sdiag_protocol = IPPROTO_TCP;
	m.req.idiag_states = 1 << TCP_ESTABLISHED | 1 << TCP_CLOSE_WAIT;
	m.attr.rta_type = INET_DIAG_REQ_BYTECODE;
	m.attr.rta_len = (uint16_t)RTA_LENGTH(len);
	return send(p->fd, &m, m.head.nlmsg_len, 0) < 0 ? -1 : 0;
}

static void
end_count(struct ports *p, bool ok)
{
	struct mono now = mono_now();
	int64_t took_ms = mono_ms(now, p->started);
	uint64_t rest;

	p->running = false;
	p->next = mono_add_ms(now, ok ? took_ms * COST_SHARE : 1000);
	if (!ok)
		return;
	rest = p->all > p->seen ? p->all - p->seen : 0;
	p->last = p->others ? rest : p->seen;
	p->has_last = true;
	/* Next time what there is less of, with some inertia. */
	if (p->seen > OTHERS_FROM && p->seen / 2 > rest)
		p->others = !p->others;
}

/* The first family has ended: the other one, or the end. */
static void
end_family(struct ports *p)
{
	if (p->family == AF_INET) {
		p->family = AF_INET6;
		if (send_dump(p) < 0)
			end_count(p, false);
	} else {
		end_count(p, true);
	}
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
			end_family(p);
		} else if (h->nlmsg_type == NLMSG_ERROR) {
			memset(&error, 0, sizeof(error));
			if (h->nlmsg_len >= NLMSG_LENGTH(sizeof(error)))
				memcpy(&error, NLMSG_DATA(h), sizeof(error));
			/* A kernel without IPv6 has no such sockets. */
			if (p->family == AF_INET6 && error.error == -ENOENT)
				end_family(p);
			else
				fail(p, -error.error);
		} else if (h->nlmsg_type == SOCK_DIAG_BY_FAMILY) {
			p->seen++;
		}
	}
}

static void
on_messages(evutil_socket_t fd, short what, void *arg)
{
	struct ports *p = arg;
	ssize_t n;

	(void)what;
	n = recv(fd, p->buffer, sizeof(p->buffer), MSG_DONTWAIT);
	if (n > 0)
		take_messages(p, (size_t)n);
	else if (n < 0 && errno != EAGAIN && errno != EINTR && p->running)
		fail(p, errno);
}

void
ports_count(struct ports *p, uint64_t all, struct mono now)
{
	if (p->running && mono_ms(now, p->started) > GIVE_UP_MS)
		fail(p, ETIMEDOUT);
	if (p->running || mono_cmp(now, p->next) < 0)
		return;
	p->running = true;
	p->started = now;
	p->family = AF_INET;
	p->all = all;
	p->seen = 0;
	if (send_dump(p) < 0)
		fail(p, errno);
}

bool
ports_last(const struct ports *p, uint64_t *connections)
{
	*connections = p->last;
	return p->has_last;
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
