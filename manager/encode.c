/* SPDX-License-Identifier: BSD-2-Clause */
#include "manager/encode.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/line.h"
#include "lib/mem.h"

static void __attribute__((format(printf, 2, 3)))
emit_line(const struct emit *e, const char *fmt, ...)
{
	char line[2048];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	/* Two ids of 255 and a few words fit; no id is longer. */
	if (len > 0 && (size_t)len < sizeof(line))
		e->line(e->arg, line, (size_t)len);
}

void
encode_loads(const struct fleet *f, int service, const int *uses, size_t n,
    const struct emit *e)
{
	const char *id = f->world->services[service].id;
	char line[ENCODE_LINE + 1024];
	size_t len = 0, i;

	for (i = 0; i < n; i++) {
		const struct fleet_use *u = &f->uses[uses[i]];

		if (len == 0)
			len = (size_t)snprintf(line, sizeof(line), "load");
		len += (size_t)snprintf(line + len, sizeof(line) - len,
		    " %s %d", f->world->servers[u->server].id, u->load);
		if (len < ENCODE_LINE && i + 1 < n)
			continue;
		len += (size_t)snprintf(
		    line + len, sizeof(line) - len, " service=%s", id);
		e->line(e->arg, line, len);
		len = 0;
	}
}

void
encode_use(
    const struct fleet *f, const struct fleet_use *u, const struct emit *e)
{
	if (u->status.state == STATE_UNKNOWN && !u->added)
		return;
	emit_line(e, "state %s %s %s service=%s",
	    f->world->servers[u->server].id, state_text(u->status.state),
	    reason_text(u->status.reason), f->world->services[u->service].id);
}

void
encode_server(const struct fleet *f, int server, const struct emit *e)
{
	const struct status *s = &f->servers[server].status;

	if (s->state == STATE_UNKNOWN)
		return;
	emit_line(e, "state %s %s %s", f->world->servers[server].id,
	    state_text(s->state), reason_text(s->reason));
}

void
encode_gone(const char *server, const char *service, const struct emit *e)
{
	emit_line(e, "state %s %s %s service=%s", server,
	    state_text(STATE_DRAINING), reason_text(REASON_NOT_IN_SERVICE),
	    service);
}

void
encode_border(const struct fleet *f, int border, const struct emit *e)
{
	const struct status *s = &f->borders[border];

	emit_line(e, "state border:%s %s %s", f->world->borders[border].id,
	    state_text(s->state), reason_text(s->reason));
}

/* The bound of the first service that has one: for people. */
static uint32_t
limit_of(const struct fleet *f, int server)
{
	const struct fleet_server *s = &f->servers[server];
	size_t i;

	for (i = 0; i < s->nuses; i++) {
		int service = f->uses[s->uses[i]].service;
		const struct policy *p =
		    &f->world->policies[f->world->services[service].policy];
		const struct metric_rule *r = &p->metric[METRIC_CONNECTIONS];

		if (r->used && r->limit > 0)
			return r->limit;
	}
	return 0;
}

/* " key=free/total" in MiB. */
static size_t
amount(char *buf, size_t size, const char *key, double free_kib, double total)
{
	return (size_t)snprintf(
	    buf, size, " %s=%.0f/%.0f", key, free_kib / 1024, total / 1024);
}

void
encode_metrics(
    const struct fleet *f, int server, struct mono now, const struct emit *e)
{
	const struct fleet_server *s = &f->servers[server];
	const struct sample *x = &s->newest;
	uint32_t limit = limit_of(f, server);
	char text[256] = "";
	size_t n = 0, room = sizeof(text);

	if (!s->has_sample)
		return;
	if (x->known[METRIC_CONNECTIONS])
		n += (size_t)snprintf(
		    text, room, " connections=%.0f", x->connections);
	if (x->known[METRIC_CONNECTIONS] && limit > 0)
		n += (size_t)snprintf(text + n, room - n, "/%u", limit);
	if (x->known[METRIC_RAM])
		n += amount(
		    text + n, room - n, "ram", x->ram_free, x->ram_total);
	if (x->known[METRIC_SWAP])
		n += amount(
		    text + n, room - n, "swap", x->swap_free, x->swap_total);
	if (x->known[METRIC_CPU])
		(void)snprintf(
		    text + n, room - n, " cpu=%.2f", x->cpu_idle / 100);
	emit_line(e, "metrics %s%s age=%lld", f->world->servers[server].id,
	    text, (long long)mono_ms(now, s->sampled));
}

static void
encode_service_loads(const struct fleet *f, int service, const struct emit *e)
{
	size_t i, n = 0, nuse = f->world->services[service].nuse;
	int *uses = mem_array(nuse, sizeof(*uses));

	for (i = 0; i < nuse; i++) {
		const struct fleet_use *u =
		    &f->uses[f->services[service].first + (int)i];

		if (u->has_load)
			uses[n++] = u->n;
	}
	encode_loads(f, service, uses, n, e);
	free(uses);
}

void
encode_order(
    const struct world *w, const struct manager *self, const struct emit *e)
{
	size_t i, len, size = 64 + w->nborders * 257;
	char *line = mem_array(1, size);

	len = (size_t)snprintf(line, size, "borders unit=us fresh=%lld",
	    (long long)(self->probe_fresh_us / 1000));
	for (i = 0; i < w->nborders; i++)
		len += (size_t)snprintf(
		    line + len, size - len, " %s", w->borders[i].id);
	if (len < LINE_MAX_BYTES)
		e->line(e->arg, line, len);
	free(line);
}

/* Decimal digits; printf() would be most of what a line costs. */
static size_t
put_number(char *at, uint64_t n)
{
	char digit[20];
	size_t i = 0, len;

	do {
		digit[i++] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	for (len = 0; i > 0; len++)
		at[len] = digit[--i];
	return len;
}

static size_t
put_option(char *at, const char *key, uint64_t value)
{
	size_t len = strlen(key);

	if (value == 0)
		return 0;
	memcpy(at, key, len);
	return len + put_number(at + len, value);
}

void
encode_path(
    const struct world *w, const struct prober_line *l, const struct emit *e)
{
	char line[PREFIX_TEXT + 160 + WORLD_BORDERS_MAX * 9];
	size_t len = 5, i;

	memcpy(line, "ping ", 5);
	if (l->prefix.len == addr_bits(&l->prefix.addr))
		(void)addr_text(&l->prefix.addr, line + len, PREFIX_TEXT);
	else
		(void)prefix_text(&l->prefix, line + len, PREFIX_TEXT);
	len += strlen(line + len);
	for (i = 0; i < w->nborders; i++) {
		line[len++] = ' ';
		if (l->values[i] < 0)
			line[len++] = '-';
		else
			len += put_number(line + len, (uint64_t)l->values[i]);
	}
	len += put_option(line + len, " age=", (uint64_t)l->age_ms);
	len += put_option(line + len, " spread=", (uint64_t)l->spread_us);
	len += put_option(line + len, " loss=", l->loss);
	len += put_option(line + len, " inherited=", l->inherited);
	len += put_option(line + len, " pending=", l->pending);
	line[len] = '\0';
	e->line(e->arg, line, len);
}

void
encode_all(const struct fleet *f, struct mono now, const struct emit *e)
{
	size_t i;

	for (i = 0; i < f->world->nborders; i++)
		encode_border(f, (int)i, e);
	for (i = 0; i < f->world->nservers; i++)
		encode_server(f, (int)i, e);
	for (i = 0; i < f->nuses; i++)
		encode_use(f, &f->uses[i], e);
	for (i = 0; i < f->world->nservices; i++)
		encode_service_loads(f, (int)i, e);
	for (i = 0; i < f->world->nservers; i++)
		encode_metrics(f, (int)i, now, e);
}
