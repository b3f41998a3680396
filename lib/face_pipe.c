/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames between a daemon and its face. Owns nothing. */
#include "lib/face_pipe.h"

#include <string.h>

#include "lib/mem.h"

struct set_body {
	int64_t number;
	uint32_t oid[SNAP_OID_MAX];
	uint32_t oid_len;
	uint32_t len; /* of the octets that follow */
};

int
face_next(struct evbuffer *in, size_t max, struct face_frame *frame)
{
	if (evbuffer_get_length(in) < sizeof(*frame))
		return 0;
	(void)evbuffer_copyout(in, frame, sizeof(*frame));
	if (frame->len > max)
		return -1;
	if (evbuffer_get_length(in) < sizeof(*frame) + frame->len)
		return 0;
	(void)evbuffer_drain(in, sizeof(*frame));
	return 1;
}

void
face_put_set(struct evbuffer *out, const struct snap_value *v)
{
	struct set_body body;
	struct face_frame frame = {.type = FACE_SET};

	memset(&body, 0, sizeof(body));
	body.number = v->number;
	body.oid_len = (uint32_t)v->oid_len;
	memcpy(body.oid, v->oid, sizeof(body.oid));
	body.len = v->type == MIB_OCTETS ? (uint32_t)v->len : 0;
	frame.len = (uint32_t)sizeof(body) + body.len;
	(void)evbuffer_add(out, &frame, sizeof(frame));
	(void)evbuffer_add(out, &body, sizeof(body));
	(void)evbuffer_add(out, v->bytes, body.len);
}

/* The object that an OID is an instance of; -1: none. */
static int
object_of(const uint32_t *oid, size_t n)
{
	size_t i;

	for (i = 0; i < MIB_OBJECTS; i++)
		if (n > mib_objects[i].oid_len &&
		    memcmp(mib_objects[i].oid, oid,
			mib_objects[i].oid_len * sizeof(*oid)) == 0)
			return (int)i;
	return -1;
}

int
face_get_set(const uint8_t *bytes, size_t len, struct snap_value *v)
{
	const struct mib_info *info;
	struct set_body body;
	int64_t amount;
	int object;

	if (len < sizeof(body))
		return -1;
	memcpy(&body, bytes, sizeof(body));
	if (body.len != len - sizeof(body) || body.oid_len > SNAP_OID_MAX)
		return -1;
	object = object_of(body.oid, body.oid_len);
	if (object < 0 || !mib_objects[object].writable)
		return -1;
	info = &mib_objects[object];
	amount = info->type == MIB_OCTETS ? (int64_t)body.len : body.number;
	if (amount < info->min || amount > info->max)
		return -1;
	memset(v, 0, sizeof(*v));
	memcpy(v->oid, body.oid, sizeof(v->oid));
	v->oid_len = body.oid_len;
	v->object = (enum mib_object)object;
	v->type = info->type;
	v->number = body.number;
	v->bytes = bytes + sizeof(body);
	v->len = body.len;
	return 0;
}
