/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ICMP sockets of both kinds. Owns the descriptor and the map from the
 * kernel's numbers of what was sent (SOF_TIMESTAMPING_OPT_ID) to ours.
 *
 * That number counts what the kernel took, and after an error nobody knows if
 * it counted that one too. So after an error the count is started anew, and a
 * stamp is believed only if it is not older than the probe that it is for.
 */

#include "agent/pingsock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <linux/icmp.h>
#include <linux/net_tstamp.h>
#include <linux/sock_diag.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "lib/mem.h"

#define KEYS       4096 /* probes whose stamps may still come; a power of 2 */
#define BUFFER     (4 << 20)
#define READ_BATCH 32
#define READ_MAX   512 /* packets in one go, so that all else has its turn */
#define DATA_MAX   160 /* what is looked at: IPv4 header with options, ICMP */
#define TRIES      3
#define SURE       32 /* stamps of the driver in a row */

#define STAMPS                                                         \
	(SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE | \
	    SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID |      \
	    SOF_TIMESTAMPING_OPT_TSONLY)

struct key {
	uint32_t number; /* the kernel's */
	uint16_t seq;
	bool open;
	int64_t before; /* the time when it was given to the kernel */
};

/* Room for a batch of packets with what the kernel says about them. */
struct batch {
	struct mmsghdr m[PINGSOCK_BATCH];
	struct iovec iov[PINGSOCK_BATCH];
	struct sockaddr_storage addr[PINGSOCK_BATCH];
	uint8_t data[PINGSOCK_BATCH][DATA_MAX];
	_Alignas(struct cmsghdr) uint8_t control[PINGSOCK_BATCH][256];
};

struct pingsock {
	int fd, family;
	bool raw;
	uint16_t ident;
	struct pingsock_events events;
	bool sched;    /* stamps of the queue are asked for too */
	unsigned sure; /* stamps of the driver since one was missing */
	uint32_t next; /* number that the kernel gives to the next one */
	uint32_t drops;
	struct key keys[KEYS];
	/* Stamps are read between replies and what they are taken for. */
	struct batch *batch, *stamps;
};

static int64_t
real_now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int
set(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value));
}

static int
ask_stamps(const struct pingsock *s, bool with_id)
{
	int flags = STAMPS | (s->sched ? SOF_TIMESTAMPING_TX_SCHED : 0);

	if (!with_id)
		flags &= ~SOF_TIMESTAMPING_OPT_ID;
	return set(s->fd, SOL_SOCKET, SO_TIMESTAMPING, flags);
}

static int
open_kind(struct pingsock *s, bool raw)
{
	int protocol = s->family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6;

	s->raw = raw;
	s->fd = socket(s->family,
	    (raw ? SOCK_RAW : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    protocol);
	return s->fd < 0 ? -1 : 0;
}

/* Raw sockets get all of ICMP, but for this. */
static int
filter(const struct pingsock *s)
{
	struct icmp_filter four = {~(1u << ICMP_ECHOREPLY)};
	struct icmp6_filter six;

	if (!s->raw)
		return 0;
	if (s->family == AF_INET)
		return setsockopt(
		    s->fd, SOL_RAW, ICMP_FILTER, &four, sizeof(four));
	ICMP6_FILTER_SETBLOCKALL(&six);
	ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &six);
	return setsockopt(
	    s->fd, IPPROTO_ICMPV6, ICMP6_FILTER, &six, sizeof(six));
}

static int
settings(struct pingsock *s)
{
	bool four = s->family == AF_INET;

	/* As much as one may have: the reply of a lost stamp is no reply. */
	if (set(s->fd, SOL_SOCKET, SO_RCVBUFFORCE, BUFFER) < 0)
		(void)set(s->fd, SOL_SOCKET, SO_RCVBUF, BUFFER);
	s->sched = true;
	if (ask_stamps(s, true) < 0 || filter(s) < 0)
		return -1;
	return set(s->fd, four ? IPPROTO_IP : IPPROTO_IPV6,
	    four ? IP_RECVERR : IPV6_RECVERR, 1);
}

/* The source address, and the ident: the kernel's for ping sockets. */
static int
name(struct pingsock *s, const struct addr *source)
{
	struct addr any = {.family = s->family};
	struct sockaddr_storage ss;
	socklen_t len;
	struct addr got;

	len = addr_to_sockaddr(source != NULL ? source : &any, 0, &ss);
	if (bind(s->fd, (struct sockaddr *)&ss, len) < 0)
		return -1;
	if (s->raw)
		return getrandom(&s->ident, sizeof(s->ident), 0) < 0 ? -1 : 0;
	len = sizeof(ss);
	if (getsockname(s->fd, (struct sockaddr *)&ss, &len) < 0)
		return -1;
	addr_from_sockaddr((struct sockaddr *)&ss, &got, &s->ident);
	return 0;
}

static void
say_fault(const struct pingsock *s, const struct addr *source, bool named,
    enum pingsock_fault *fault, char *why, size_t size)
{
	char text[ADDR_TEXT];
	int error = errno;

	*fault = PINGSOCK_OTHER;
	if (s->fd < 0 && (error == EPERM || error == EACCES)) {
		*fault = PINGSOCK_NO_RIGHT;
		(void)snprintf(why, size,
		    "not allowed to ping: set the sysctl "
		    "net.ipv4.ping_group_range so that it holds our group "
		    "(it is for IPv6 too), or give us CAP_NET_RAW");
	} else if (s->fd < 0 &&
		   (error == EAFNOSUPPORT || error == EPROTONOSUPPORT)) {
		*fault = PINGSOCK_NO_FAMILY;
		(void)snprintf(why, size, "this host has no %s",
		    s->family == AF_INET ? "IPv4" : "IPv6");
	} else if (named && source != NULL) {
		(void)snprintf(why, size, "source %s: %s%s",
		    addr_text(source, text, sizeof(text)), strerror(error),
		    error == EADDRNOTAVAIL ? "; it is no address of this host"
					   : "");
	} else {
		(void)snprintf(why, size, "ICMP socket: %s", strerror(error));
	}
}

struct pingsock *
pingsock_open(int family, const struct addr *source,
    const struct pingsock_events *events, enum pingsock_fault *fault, char *why,
    size_t size)
{
	struct pingsock *s = mem_new(sizeof(*s));
	bool named = false;

	s->family = family;
	s->events = *events;
	if (open_kind(s, false) == 0 || open_kind(s, true) == 0) {
		named = settings(s) == 0;
		if (named && name(s, source) == 0) {
			s->batch = mem_new(sizeof(*s->batch));
			s->stamps = mem_new(sizeof(*s->stamps));
			(void)pingsock_drops(s);
			return s;
		}
	}
	say_fault(s, source, named, fault, why, size);
	pingsock_free(&s);
	return NULL;
}

void
pingsock_free(struct pingsock **s)
{
	if (*s == NULL)
		return;
	if ((*s)->fd >= 0)
		(void)close((*s)->fd);
	free((*s)->batch);
	free((*s)->stamps);
	free(*s);
	*s = NULL;
}

bool
pingsock_is_raw(const struct pingsock *s)
{
	return s->raw;
}

uint16_t
pingsock_ident(const struct pingsock *s)
{
	return s->ident;
}

uint32_t
pingsock_drops(struct pingsock *s)
{
	uint32_t info[SK_MEMINFO_VARS] = {0}, new;
	socklen_t len = sizeof(info);

	/* What SO_RXQ_OVFL would tell, but only with the next packet. */
	if (getsockopt(s->fd, SOL_SOCKET, SO_MEMINFO, info, &len) < 0)
		return 0;
	new = info[SK_MEMINFO_DROPS] - s->drops;
	s->drops = info[SK_MEMINFO_DROPS];
	return new;
}

/* Sending. */

static void
fill(struct pingsock *s, const struct pingsock_probe *p, size_t i)
{
	struct batch *b = s->batch;

	icmp_build(b->data[i], s->family, s->ident, p->seq, p->cookie);
	b->iov[i] = (struct iovec){b->data[i], ICMP_SIZE};
	memset(&b->m[i], 0, sizeof(b->m[i]));
	b->m[i].msg_hdr.msg_name = &b->addr[i];
	b->m[i].msg_hdr.msg_namelen = addr_to_sockaddr(&p->to, 0, &b->addr[i]);
	b->m[i].msg_hdr.msg_iov = &b->iov[i];
	b->m[i].msg_hdr.msg_iovlen = 1;
}

static void
note_keys(
    struct pingsock *s, const struct pingsock_probe *p, size_t n, int64_t now)
{
	struct key *k;
	size_t i;

	for (i = 0; i < n; i++) {
		k = &s->keys[s->next % KEYS];
		*k = (struct key){s->next++, p[i].seq, true, now};
	}
}

static void
count_anew(struct pingsock *s)
{
	size_t i;

	pingsock_read_stamps(s);
	for (i = 0; i < KEYS; i++)
		s->keys[i].open = false;
	s->next = 0;
	(void)ask_stamps(s, false);
	(void)ask_stamps(s, true);
}

/* The kernel tells of an earlier ICMP error once, with whatever is sent next:
 * that says nothing of this packet. */
static bool
may_be_old(int error)
{
	return error == EHOSTUNREACH || error == ENETUNREACH ||
	       error == ECONNREFUSED || error == EACCES || error == EPROTO ||
	       error == EMSGSIZE || error == ENOPROTOOPT ||
	       error == EHOSTDOWN || error == EOPNOTSUPP || error == EPERM;
}

void
pingsock_send(struct pingsock *s, struct pingsock_probe *p, size_t n)
{
	struct batch *b = s->batch;
	int64_t now = real_now();
	size_t i, at = 0;
	unsigned tries = 0;
	bool failed = false;
	int sent;

	for (i = 0; i < n; i++)
		fill(s, &p[i], i);
	while (at < n) {
		sent = sendmmsg(s->fd, b->m + at, (unsigned)(n - at), 0);
		if (sent > 0) {
			for (i = 0; i < (size_t)sent; i++)
				p[at + i].error = 0;
			note_keys(s, p + at, (size_t)sent, now);
			at += (size_t)sent;
			tries = 0;
			continue;
		}
		failed = true;
		if (errno == EINTR || (may_be_old(errno) && ++tries < TRIES))
			continue;
		p[at++].error = errno;
		tries = 0;
	}
	if (failed)
		count_anew(s);
}

/* Reading. */

static int64_t
stamp_of(const struct cmsghdr *c)
{
	struct scm_timestamping t;

	memcpy(&t, CMSG_DATA(c), sizeof(t));
	return (int64_t)t.ts[0].tv_sec * 1000000000 + t.ts[0].tv_nsec;
}

static bool
is_error(const struct cmsghdr *c)
{
	return (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
	       (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR);
}

/* Walks what the kernel says about a packet: its stamp, and the error. */
static int64_t
read_control(struct msghdr *m, struct sock_extended_err *e)
{
	struct cmsghdr *c;
	int64_t stamp = 0;

	memset(e, 0, sizeof(*e));
	for (c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == SOL_SOCKET &&
		    c->cmsg_type == SCM_TIMESTAMPING &&
		    c->cmsg_len >= CMSG_LEN(sizeof(struct scm_timestamping)))
			stamp = stamp_of(c);
		else if (is_error(c) && c->cmsg_len >= CMSG_LEN(sizeof(*e)))
			memcpy(e, CMSG_DATA(c), sizeof(*e));
	}
	return stamp;
}

static void
take_stamp(struct pingsock *s, const struct sock_extended_err *e, int64_t stamp)
{
	struct key *k = &s->keys[e->ee_data % KEYS];

	if (!k->open || k->number != e->ee_data || stamp < k->before)
		return;
	if (e->ee_info == SCM_TSTAMP_SND) {
		k->open = false;
		/* The driver gives stamps: those of the queue cost and add
		 * nothing. */
		if (s->sched && ++s->sure >= SURE) {
			s->sched = false;
			(void)ask_stamps(s, true);
		}
	}
	s->events.on_sent(s->events.arg, k->seq, stamp);
}

static void
take_error(struct pingsock *s, const struct mmsghdr *m, const uint8_t *data,
    const struct sock_extended_err *e)
{
	struct icmp_reply quote;
	struct addr to;
	uint16_t port;
	bool has_cookie;

	if (icmp_parse_quote(data, m->msg_len, s->family, &quote, &has_cookie) <
		0 ||
	    quote.ident != s->ident)
		return;
	addr_from_sockaddr(m->msg_hdr.msg_name, &to, &port);
	s->events.on_error(
	    s->events.arg, &quote, has_cookie, &to, e->ee_type, e->ee_code);
}

static void
take_reply(struct pingsock *s, const struct mmsghdr *m, const uint8_t *data,
    int64_t stamp)
{
	struct icmp_reply reply;
	struct addr from;
	uint16_t port;

	if (icmp_parse(data, m->msg_len, s->family,
		s->raw && s->family == AF_INET, &reply) < 0)
		return;
	if (reply.ident != s->ident) {
		s->events.on_foreign(s->events.arg);
		return;
	}
	addr_from_sockaddr(m->msg_hdr.msg_name, &from, &port);
	s->events.on_reply(s->events.arg, &reply, &from, stamp);
}

static int
read_batch(const struct pingsock *s, struct batch *b, int flags)
{
	int i;

	for (i = 0; i < READ_BATCH; i++) {
		b->iov[i] = (struct iovec){b->data[i], DATA_MAX};
		b->m[i].msg_hdr = (struct msghdr){.msg_name = &b->addr[i],
		    .msg_namelen = sizeof(b->addr[i]),
		    .msg_iov = &b->iov[i],
		    .msg_iovlen = 1,
		    .msg_control = b->control[i],
		    .msg_controllen = sizeof(b->control[i])};
		b->m[i].msg_len = 0;
	}
	return recvmmsg(s->fd, b->m, READ_BATCH, flags | MSG_DONTWAIT, NULL);
}

void
pingsock_read_stamps(struct pingsock *s)
{
	struct sock_extended_err e;
	struct batch *b = s->stamps;
	int64_t stamp;
	int i, n, total = 0;

	do {
		n = read_batch(s, b, MSG_ERRQUEUE);
		for (i = 0; i < n; i++) {
			stamp = read_control(&b->m[i].msg_hdr, &e);
			if (e.ee_origin == SO_EE_ORIGIN_TIMESTAMPING)
				take_stamp(s, &e, stamp);
			else if (e.ee_origin == SO_EE_ORIGIN_ICMP ||
				 e.ee_origin == SO_EE_ORIGIN_ICMP6)
				take_error(s, &b->m[i], b->data[i], &e);
		}
		total += n;
	} while (n == READ_BATCH && total < READ_MAX);
}

/* An error of a probe may stand before the replies: it is told once. */
static int
read_replies(struct pingsock *s)
{
	int n, tries = 0;

	do
		n = read_batch(s, s->batch, 0);
	while (n < 0 && errno != EAGAIN && ++tries < TRIES);
	return n;
}

void
pingsock_read(struct pingsock *s)
{
	struct sock_extended_err e;
	struct batch *b = s->batch;
	int64_t stamp;
	int i, n, total = 0;

	do {
		n = read_replies(s);
		/* Those of the probes that these replies are to are there. */
		pingsock_read_stamps(s);
		for (i = 0; i < n; i++) {
			stamp = read_control(&b->m[i].msg_hdr, &e);
			take_reply(s, &b->m[i], b->data[i], stamp);
		}
		total += n;
	} while (n == READ_BATCH && total < READ_MAX);
}

void
pingsock_miss_stamp(struct pingsock *s)
{
	s->sure = 0;
	if (s->sched)
		return;
	s->sched = true;
	(void)ask_stamps(s, true);
}
