/* SPDX-License-Identifier: BSD-2-Clause */
/* The load subtree. Reads, owns nothing, decides nothing. */
#include "agent/loadmib.h"

#include <stdio.h>

static int64_t
amount(uint64_t n)
{
	return n > INT64_MAX ? INT64_MAX : (int64_t)n; /* cut again by snap */
}

static void
fill_daemon(struct snap *s, const struct loadmib *m, struct mono now)
{
	snap_text(s, MIB_hopLoadVersion, NULL, 0, HOP_VERSION);
	snap_age(s, MIB_hopLoadUptime, NULL, 0, mono_us(now, m->started));
	snap_scalar(s, MIB_hopLoadSampleInterval, m->interval_ms);
	snap_scalar(s, MIB_hopLoadChecks, (int64_t)checks_count(m->checks));
	snap_scalar(
	    s, MIB_hopLoadChecksNotUp, (int64_t)checks_not_up(m->checks));
	snap_text(s, MIB_hopLoadPorts, NULL, 0, m->ports);
	snap_scalar(s, MIB_hopLoadSamplesMissed, m->missed);
	snap_scalar(s, MIB_hopLoadCheckChanges, checks_changes(m->checks));
}

/* BITS: bit 0 is the first of the first octet (RFC 3417, 8). */
static uint8_t
metric_bits(unsigned metrics)
{
	uint8_t bits = 0;
	int i;

	for (i = 0; i < 8; i++)
		if (metrics & 1u << i)
			bits |= (uint8_t)(0x80 >> i);
	return bits;
}

static void
fill_sample(struct snap *s, const struct load_sample *l, const struct mono now)
{
	uint8_t bits = metric_bits(l->metrics);

	snap_scalar(s, MIB_hopLoadSampleNumber, l->number);
	snap_age(s, MIB_hopLoadSampleAge, NULL, 0, mono_us(now, l->taken));
	snap_bytes(s, MIB_hopLoadSampleMetrics, NULL, 0, &bits, 1);
	snap_scalar(s, MIB_hopLoadConnections, amount(l->connections));
	snap_age(s, MIB_hopLoadConnectionsAge, NULL, 0,
	    mono_set(l->counted) ? mono_us(now, l->counted) : 0);
	snap_scalar(s, MIB_hopLoadRamFree, amount(l->ram_free));
	snap_scalar(s, MIB_hopLoadRamTotal, amount(l->ram_total));
	snap_scalar(s, MIB_hopLoadSwapFree, amount(l->swap_free));
	snap_scalar(s, MIB_hopLoadSwapTotal, amount(l->swap_total));
	snap_scalar(s, MIB_hopLoadCpuIdle, l->cpu_idle);
	snap_scalar(s, MIB_hopLoadCpus, l->cpus);
}

/* hopLoadCheckType */
static int
type_number(enum check_type type)
{
	switch (type) {
	case CHECK_TCP:
		return 2;
	case CHECK_HTTP:
		return 3;
	case CHECK_FTP:
		return 5;
	}
	return 1;
}

static void
fill_check(struct snap *s, const struct checks_row *r, struct mono now)
{
	const struct option_check *o = &r->option;
	uint32_t index = r->number;
	char addr[ADDR_TEXT], target[OPTION_PATH_MAX + ADDR_TEXT + 16];

	(void)snprintf(target, sizeof(target),
	    o->addr.family == AF_INET6 ? "[%s]:%u%s" : "%s:%u%s",
	    addr_text(&o->addr, addr, sizeof(addr)), (unsigned)o->port,
	    o->path);
	snap_text(s, MIB_hopLoadCheckName, &index, 1, o->id);
	snap_number(s, MIB_hopLoadCheckType, &index, 1, type_number(o->type));
	snap_text(s, MIB_hopLoadCheckTarget, &index, 1, target);
	snap_number(s, MIB_hopLoadCheckState, &index, 1, r->judge.state);
	snap_text(
	    s, MIB_hopLoadCheckReason, &index, 1, reason_text(r->judge.reason));
	snap_age(
	    s, MIB_hopLoadCheckStateAge, &index, 1, mono_us(now, r->since));
	snap_number(s, MIB_hopLoadCheckStateChanges, &index, 1, r->changes);
	snap_age(
	    s, MIB_hopLoadCheckResultAge, &index, 1, mono_us(now, r->result));
	snap_number(s, MIB_hopLoadCheckLatency, &index, 1, r->latency_us);
	snap_number(s, MIB_hopLoadCheckChecks, &index, 1, r->tries);
	snap_number(s, MIB_hopLoadCheckFailures, &index, 1, r->failures);
}

void
loadmib_fill(struct snap *s, const struct loadmib *m, struct mono now)
{
	size_t i;

	fill_daemon(s, m, now);
	fill_sample(s, m->sample, now);
	for (i = 0; i < checks_count(m->checks); i++)
		fill_check(s, checks_row(m->checks, i), now);
}
