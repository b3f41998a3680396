/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One question to the kernel over rtnetlink(7): as which it would route a
 * packet of this source to a place outside. Nothing is sent to anybody.
 */
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ctl/doctor/exits.h"

/* Documentation addresses (RFC 5737, 3849): outside for everybody. */
#define OUTSIDE4 "198.51.100.1"
#define OUTSIDE6 "2001:db8:ffff:ffff::1"
#define ANSWER   4096

struct question {
	struct nlmsghdr head;
	struct rtmsg route;
	char attributes[128];
};

static void
put(struct question *q, unsigned short type, const struct addr *a)
{
	unsigned short len = (unsigned short)(addr_bits(a) / 8);
	struct rtattr *r = (void *)((char *)q + NLMSG_ALIGN(q->head.nlmsg_len));

	r->rta_type = type;
	r->rta_len = (unsigned short)RTA_LENGTH(len);
	memcpy(RTA_DATA(r), a->ip, len);
	q->head.nlmsg_len = NLMSG_ALIGN(q->head.nlmsg_len) + RTA_LENGTH(len);
}

static void
metrics(struct exit_way *way, struct rtattr *in)
{
	struct rtattr *r = RTA_DATA(in);
	int left = (int)RTA_PAYLOAD(in);

	for (; RTA_OK(r, left); r = RTA_NEXT(r, left))
		if (r->rta_type == RTAX_MTU && RTA_PAYLOAD(r) >= 4)
			memcpy(&way->mtu, RTA_DATA(r), 4);
}

static void
take(struct exit_way *way, struct nlmsghdr *head)
{
	struct rtmsg *m = NLMSG_DATA(head);
	struct rtattr *r = RTM_RTA(m);
	int left = (int)RTM_PAYLOAD(head);

	if (head->nlmsg_type != RTM_NEWROUTE || m->rtm_type != RTN_UNICAST)
		return;
	for (; RTA_OK(r, left); r = RTA_NEXT(r, left)) {
		if (r->rta_type == RTA_OIF && RTA_PAYLOAD(r) >= 4) {
			memcpy(&way->interface, RTA_DATA(r), 4);
			way->routed = true;
		} else if (r->rta_type == RTA_GATEWAY &&
			   RTA_PAYLOAD(r) <= sizeof(way->gateway.ip)) {
			way->gateway.family = m->rtm_family;
			memcpy(way->gateway.ip, RTA_DATA(r), RTA_PAYLOAD(r));
		} else if (r->rta_type == RTA_METRICS) {
			metrics(way, r);
		}
	}
}

static void
interface(struct exit_way *way)
{
	struct ifreq q = {0};
	int s;

	if (if_indextoname((unsigned)way->interface, way->name) == NULL)
		return;
	s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	(void)snprintf(q.ifr_name, sizeof(q.ifr_name), "%.15s", way->name);
	if (s >= 0 && way->mtu == 0 && ioctl(s, SIOCGIFMTU, &q) == 0)
		way->mtu = q.ifr_mtu;
	if (s >= 0)
		(void)close(s);
}

void
exits_ask(struct exit_way *way)
{
	struct question q = {
	    .head = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg)),
		.nlmsg_type = RTM_GETROUTE,
		.nlmsg_flags = NLM_F_REQUEST}};
	int s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	union {
		struct nlmsghdr head;
		char bytes[ANSWER];
	} answer;
	struct addr to;
	ssize_t n;

	(void)addr_parse(
	    way->addr.family == AF_INET6 ? OUTSIDE6 : OUTSIDE4, &to);
	q.route.rtm_family = (unsigned char)way->addr.family;
	q.route.rtm_src_len = q.route.rtm_dst_len =
	    (unsigned char)addr_bits(&to);
	put(&q, RTA_DST, &to);
	put(&q, RTA_SRC, &way->addr);
	if (s >= 0 && send(s, &q, q.head.nlmsg_len, 0) > 0) {
		n = recv(s, &answer, sizeof(answer), 0);
		if (n > 0 && NLMSG_OK(&answer.head, (size_t)n))
			take(way, &answer.head);
	}
	if (s >= 0)
		(void)close(s);
	if (way->routed)
		interface(way);
}
