/* SPDX-License-Identifier: BSD-2-Clause */
/* Rows of hoploadd. Reads, owns nothing. */
#include "agent/loadstatus.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FILE_TEXT 1024

static void
send_daemon(struct peer *p, const struct loadstatus *s, struct mono now)
{
	char file[FILE_TEXT], ports[sizeof(s->args->ports_text) + 1], *blank;

	(void)snprintf(ports, sizeof(ports), "%s",
	    s->args->nports > 0 ? s->args->ports_text : "all");
	while ((blank = strchr(ports, ' ')) != NULL)
		*blank = ',';
	peer_send(p,
	    "row daemon %s program=hoploadd version=" HOP_VERSION " hash=- "
	    "uptime=%lld snmp=%s interval-ms=%lld ports=%s checks=%zu "
	    "not-up=%zu missed=%" PRIu32 " options=%s",
	    s->id, (long long)(mono_ms(now, s->started) / 1000),
	    s->snmp ? "up" : "down", (long long)s->args->interval_ms, ports,
	    checks_count(s->checks), checks_not_up(s->checks), s->missed,
	    line_encode(
		s->args->common.options != NULL ? s->args->common.options : "",
		file, sizeof(file)));
}

/* "12", or "-" where the sample does not hold the metric. */
static const char *
amount(const struct load_sample *l, enum load_metric m, uint64_t n, char *buf,
    size_t size)
{
	if (l->metrics & 1u << m)
		(void)snprintf(buf, size, "%" PRIu64, n);
	else
		(void)snprintf(buf, size, "-");
	return buf;
}

static void
send_sample(struct peer *p, const struct loadstatus *s, struct mono now)
{
	const struct load_sample *l = load_last(s->load);
	const struct ports_result *r = load_ports(s->load);
	char text[6][24], idle[24] = "-";

	if (l->metrics & 1u << LOAD_CPU)
		(void)snprintf(idle, sizeof(idle), "%u.%02u%%",
		    l->cpu_idle / 100, l->cpu_idle % 100);
	peer_send(p,
	    "row sample last number=%" PRIu32 " age-ms=%lld connections=%s "
	    "counted-ms=%s count-cost-us=%lld ram-free-kib=%s "
	    "ram-total-kib=%s swap-free-kib=%s swap-total-kib=%s cpu-idle=%s "
	    "cpus=%u",
	    l->number, (long long)mono_ms(now, l->taken),
	    amount(
		l, LOAD_CONNECTIONS, l->connections, text[0], sizeof(text[0])),
	    amount(l, LOAD_CONNECTIONS,
		(uint64_t)mono_ms(now, mono_set(l->counted) ? l->counted : now),
		text[1], sizeof(text[1])),
	    (long long)(r != NULL ? r->cost_us : 0),
	    amount(l, LOAD_RAM, l->ram_free, text[2], sizeof(text[2])),
	    amount(l, LOAD_RAM, l->ram_total, text[3], sizeof(text[3])),
	    amount(l, LOAD_SWAP, l->swap_free, text[4], sizeof(text[4])),
	    amount(l, LOAD_SWAP, l->swap_total, text[5], sizeof(text[5])), idle,
	    l->cpus);
}

static void
send_check(struct peer *p, const struct checks_row *r, struct mono now)
{
	static const char *const types[] = {
	    [CHECK_TCP] = "tcp", [CHECK_HTTP] = "http", [CHECK_FTP] = "ftp"};
	const struct option_check *o = &r->option;
	char addr[ADDR_TEXT], path[OPTION_PATH_MAX * 3 + 1];

	peer_send(p,
	    "row check %s row=%" PRIu32 " type=%s address=%s port=%u path=%s "
	    "state=%s reason=%s since=%lld changes=%" PRIu32
	    " result-ms=%lld latency-us=%lld tries=%" PRIu32
	    " failures=%" PRIu32,
	    o->id, r->number, types[o->type],
	    addr_text(&o->addr, addr, sizeof(addr)), (unsigned)o->port,
	    line_encode(o->path, path, sizeof(path)),
	    state_text(r->judge.state), reason_text(r->judge.reason),
	    (long long)(mono_ms(now, r->since) / 1000), r->changes,
	    (long long)mono_ms(now, r->result), (long long)r->latency_us,
	    r->tries, r->failures);
}

void
loadstatus_send(struct peer *p, const struct loadstatus *s, struct mono now)
{
	size_t i;

	send_daemon(p, s, now);
	send_sample(p, s, now);
	for (i = 0; i < checks_count(s->checks); i++)
		send_check(p, checks_row(s->checks, i), now);
}
