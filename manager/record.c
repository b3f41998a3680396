/* SPDX-License-Identifier: BSD-2-Clause */
#include "manager/record.h"

#include <string.h>

#define AMOUNT_MAX 1e15

static bool
terminated(const char text[RECORD_NAME])
{
	return memchr(text, '\0', RECORD_NAME) != NULL;
}

/* An amount that fits everything it is shown in; not a number is none. */
static bool
is_amount(double v)
{
	return v >= 0 && v <= AMOUNT_MAX;
}

/* A bool of other bytes is not to be looked at as one. */
static bool
are_bools(const void *bytes, size_t n)
{
	const uint8_t *b = bytes;

	while (n > 0)
		if (b[--n] > 1)
			return false;
	return true;
}

static bool
sample_valid(const struct record_sample *s)
{
	const struct sample *v = &s->values;

	return are_bools(v->known, sizeof(v->known)) &&
	       are_bools(s->lacks, sizeof(s->lacks)) && s->rtt_us >= 0 &&
	       s->age_ms >= 0 && is_amount(v->connections) &&
	       is_amount(v->ram_free) && is_amount(v->ram_total) &&
	       is_amount(v->swap_free) && is_amount(v->swap_total) &&
	       is_amount(v->cpu_idle);
}

/* Of a server, or of a prober, as the kind wants it. */
static bool
subject_valid(const struct record *r, size_t nservers, size_t nprobers)
{
	bool prober =
	    r->server == -1 && r->prober >= 0 && (size_t)r->prober < nprobers;

	switch (r->kind) {
	case RECORD_BEAT:
		return true;
	case RECORD_PROBER:
	case RECORD_RESTART:
	case RECORD_RESULT:
		return prober;
	case RECORD_LATE:
	case RECORD_FAIL:
	case RECORD_ENGINE_ID:
		if (prober)
			return true;
		break;
	default:
		break;
	}
	return r->server >= 0 && (size_t)r->server < nservers;
}

static bool
result_valid(const struct record_result *r)
{
	return (r->addr.family == AF_INET || r->addr.family == AF_INET6) &&
	       r->status >= PROBE_REPLIED && r->status <= PROBE_INEXACT;
}

bool
record_valid(
    const struct record *r, size_t len, size_t nservers, size_t nprobers)
{
	if (len != sizeof(*r) || r->kind == 0 || r->kind >= RECORD_KINDS ||
	    !subject_valid(r, nservers, nprobers))
		return false;
	switch (r->kind) {
	case RECORD_PROBER:
		return r->u.prober.uplink >= STATE_UNKNOWN &&
		       r->u.prober.uplink <= STATE_DOWN &&
		       (unsigned)r->u.prober.uplink_reason < REASON_COUNT;
	case RECORD_RESULT:
		return result_valid(&r->u.result);
	case RECORD_SAMPLE:
		return sample_valid(&r->u.sample);
	case RECORD_FAIL:
		return terminated(r->u.fail.text) &&
		       (unsigned)r->u.fail.reason < REASON_COUNT;
	case RECORD_CHECK:
		return terminated(r->u.check.name) &&
		       r->u.check.name[0] != '\0' &&
		       r->u.check.state >= STATE_UNKNOWN &&
		       r->u.check.state <= STATE_DOWN &&
		       (unsigned)r->u.check.reason < REASON_COUNT;
	case RECORD_ENGINE_ID:
		return r->u.engine.len <= RECORD_ENGINE;
	default:
		return true;
	}
}

enum reason
record_reason(const char *word, size_t len)
{
	int i;

	for (i = 0; i < REASON_COUNT; i++) {
		const char *text = reason_text((enum reason)i);

		if (strlen(text) == len && memcmp(text, word, len) == 0)
			return (enum reason)i;
	}
	return REASON_NONE;
}

/* Unsigned, as a Counter32 that wrapped is no surprise; but some go back a
 * little (proc(5)), and all of them when the host was restarted. */
static uint32_t
ticks_between(uint32_t before, uint32_t now)
{
	uint32_t n = now - before;

	return n <= INT32_MAX ? n : 0;
}

int
record_cpu_idle(const uint32_t before[TICKS], const uint32_t now[TICKS])
{
	uint64_t total = 0;
	int i;

	for (i = 0; i < TICKS; i++)
		total += ticks_between(before[i], now[i]);
	if (total == 0)
		return -1;
	return (
	    int)((uint64_t)ticks_between(before[TICKS_IDLE], now[TICKS_IDLE]) *
		 10000 / total);
}
