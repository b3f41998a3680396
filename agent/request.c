/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows of a SET as they are put together, owned here until the next SET. The
 * columns of a row mostly stand together, so the last row is looked at first.
 */

#include "agent/request.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

enum { CREATE_AND_GO = 4, DESTROY = 6 }; /* RowStatus, RFC 2579 */
enum { TYPE_IPV4 = 1, TYPE_IPV6 = 2 };   /* InetAddressType, RFC 4001 */

struct staged {
	uint32_t index;
	bool has_address, has_lifetime, has_other, taken;
	int64_t type, status; /* 0: no status */
	uint8_t bytes[16];
	size_t len;
	struct target_ask ask;
};

struct request {
	const struct targets *targets;
	struct staged *rows;
	size_t n, room;
	size_t creations;
	bool full;
};

struct request *
request_new(const struct targets *targets)
{
	struct request *r = mem_new(sizeof(*r));

	r->targets = targets;
	return r;
}

void
request_free(struct request **r)
{
	if (*r == NULL)
		return;
	free((*r)->rows);
	free(*r);
	*r = NULL;
}

void
request_begin(struct request *r)
{
	r->n = 0;
	r->creations = 0;
	r->full = false;
}

static struct staged *
find(struct request *r, uint32_t index)
{
	size_t i;

	for (i = r->n; i > 0; i--)
		if (r->rows[i - 1].index == index)
			return &r->rows[i - 1];
	return NULL;
}

/* With the defaults of the MIB. NULL: too many. */
static struct staged *
have(struct request *r, uint32_t index)
{
	struct staged *s = find(r, index);

	if (s != NULL)
		return s;
	if (r->n == REQUEST_ROWS)
		return NULL;
	if (r->n == r->room) {
		r->room = r->room == 0 ? 16 : r->room * 2;
		r->rows = mem_resize(r->rows, r->room, sizeof(*r->rows));
	}
	s = &r->rows[r->n++];
	memset(s, 0, sizeof(*s));
	s->index = index;
	s->type = TYPE_IPV4;
	s->ask.probes = 4;
	s->ask.timeout_ms = 3000;
	s->ask.lifetime_s = 300;
	return s;
}

static int
stage_status(struct request *r, struct staged *s, int64_t status)
{
	if (status != CREATE_AND_GO && status != DESTROY)
		return AGENTX_WRONG_VALUE;
	if (status == CREATE_AND_GO && s->status != CREATE_AND_GO)
		r->creations++;
	s->status = status;
	return AGENTX_OK;
}

/* It goes into logs and lines: printable, without spaces (HopName). */
static int
stage_owner(struct staged *s, const struct snap_value *v)
{
	size_t i;

	if (v->len > TARGET_OWNER_MAX)
		return AGENTX_WRONG_VALUE;
	for (i = 0; i < v->len; i++)
		if (v->bytes[i] <= ' ' || v->bytes[i] > '~')
			return AGENTX_WRONG_VALUE;
	if (v->len > 0)
		memcpy(s->ask.owner, v->bytes, v->len);
	s->ask.owner[v->len] = '\0';
	return AGENTX_OK;
}

static int
stage_address(struct staged *s, const struct snap_value *v)
{
	if (v->len != 4 && v->len != 16)
		return AGENTX_WRONG_VALUE;
	memcpy(s->bytes, v->bytes, v->len);
	s->len = v->len;
	s->has_address = true;
	return AGENTX_OK;
}

static int
stage_interval(struct staged *s, int64_t ms)
{
	if (ms != 0 && ms < 1000)
		return AGENTX_WRONG_VALUE;
	s->ask.interval_ms = (uint32_t)ms;
	return AGENTX_OK;
}

int
request_stage(struct request *r, uint32_t index, enum mib_object o,
    const struct snap_value *v)
{
	struct staged *s;

	if (index == 0)
		return AGENTX_NO_CREATION;
	s = have(r, index);
	if (s == NULL)
		return AGENTX_NO_ROOM;
	if (o == MIB_hopProbeTargetRowStatus)
		return stage_status(r, s, v->number);
	if (o == MIB_hopProbeTargetLifetime) {
		s->has_lifetime = true;
		s->ask.lifetime_s = (uint32_t)v->number;
		return AGENTX_OK;
	}
	s->has_other = true;
	switch (o) {
	case MIB_hopProbeTargetOwner:
		return stage_owner(s, v);
	case MIB_hopProbeTargetAddressType:
		s->type = v->number;
		return v->number == TYPE_IPV4 || v->number == TYPE_IPV6
			   ? AGENTX_OK
			   : AGENTX_WRONG_VALUE;
	case MIB_hopProbeTargetAddress:
		return stage_address(s, v);
	case MIB_hopProbeTargetInterval:
		return stage_interval(s, v->number);
	case MIB_hopProbeTargetProbes:
		s->ask.probes = (uint32_t)v->number;
		return AGENTX_OK;
	case MIB_hopProbeTargetTimeout:
		s->ask.timeout_ms = (uint32_t)v->number;
		return AGENTX_OK;
	default:
		return AGENTX_WRONG_VALUE;
	}
}

/* ::ffff:a.b.c.d is IPv4, as everywhere. */
static int
make_address(struct staged *s)
{
	struct sockaddr_storage ss;
	struct addr a = {.family = s->type == TYPE_IPV4 ? AF_INET : AF_INET6};
	uint16_t port;

	if (!s->has_address || s->len != (s->type == TYPE_IPV4 ? 4u : 16u))
		return -1;
	memcpy(a.ip, s->bytes, s->len);
	(void)addr_to_sockaddr(&a, 0, &ss);
	addr_from_sockaddr((const struct sockaddr *)&ss, &s->ask.addr, &port);
	return 0;
}

int
request_test(struct request *r, uint32_t index)
{
	struct staged *s = find(r, index);
	bool there = targets_find(r->targets, index) != NULL;

	if (s == NULL)
		return AGENTX_INCONSISTENT_NAME;
	if (s->status == DESTROY)
		return s->has_other || s->has_lifetime
			   ? AGENTX_INCONSISTENT_VALUE
			   : AGENTX_OK;
	if (s->status == 0 && !there)
		return AGENTX_INCONSISTENT_NAME;
	if (s->status == 0)
		return s->has_other ? AGENTX_INCONSISTENT_VALUE : AGENTX_OK;
	if (there || make_address(s) < 0)
		return AGENTX_INCONSISTENT_VALUE;
	if (r->creations >
	    targets_max(r->targets) - targets_count(r->targets)) {
		r->full = true;
		return AGENTX_NO_ROOM;
	}
	return AGENTX_OK;
}

bool
request_take(struct request *r, uint32_t index, struct request_todo *todo)
{
	struct staged *s = find(r, index);

	if (s == NULL || s->taken)
		return false;
	s->taken = true;
	todo->index = index;
	todo->ask = &s->ask;
	todo->what = s->status == DESTROY         ? REQUEST_REMOVE
		     : s->status == CREATE_AND_GO ? REQUEST_ADD
						  : REQUEST_PROLONG;
	return true;
}

bool
request_was_full(struct request *r)
{
	bool full = r->full;

	r->full = false;
	return full;
}
