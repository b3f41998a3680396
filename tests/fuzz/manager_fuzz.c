/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What other processes tell the manager. Text is taken as lines of operators
 * and other managers (what is understood must be written and read alike);
 * behind a first byte of 0 come records as a poller would send them, each led
 * by the milliseconds that pass before it.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "manager/admin.h"
#include "manager/encode.h"
#include "tests/manager/world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char farm[] =
    "<policy id='p'><connections limit='100'/><ram "
    "min='5%'/><cpu/></policy>" WORLD_SERVER("a", "ny", "1")
	WORLD_SERVER("b", "la", "2") WORLD_BARE("c", "la",
	    "3") "<service id='www' host='www.t' policy='p'><use server='a'/>"
		 "<use server='b'/><use server='c'/></service>"
		 "<service id='ftp' protocol='ftp' host='ftp.t' policy='p'>"
		 "<use server='a'/></service>";

static void
admin_text_line(
    const struct world *w, struct admin_table *t, const char *text, size_t len)
{
	char *copy = mem_textn(text, len), out[2048], why[200];
	struct admin_word word, again;
	const char *bad;
	struct line l;
	bool saved;

	line_init(&l);
	if (line_split(&l, copy, strlen(copy), &bad) == 0 &&
	    admin_parse_line(w, &l, 1, &word, why, sizeof(why)) == 0) {
		(void)admin_take(t, &word, word.entry.when % 2 == 0, &saved);
		if (admin_line(word.kind,
			word.n >= 0 ? admin_id(t, word.kind, word.n) : word.id,
			&word.entry, out, sizeof(out)) < 0 ||
		    line_split(&l, out, strlen(out), &bad) < 0 ||
		    admin_parse_line(w, &l, 1, &again, why, sizeof(why)) < 0 ||
		    memcmp(&word, &again, sizeof(word)) != 0)
			abort(); /* we do not understand ourselves */
	}
	line_fini(&l);
	free(copy);
}

static void
admin_lines(const struct world *w, const uint8_t *data, size_t size)
{
	struct admin_table *t = admin_new(w, NULL);
	const char *p = (const char *)data, *end = p + size, *newline;

	while (p < end) {
		newline = memchr(p, '\n', (size_t)(end - p));
		if (newline == NULL)
			newline = end;
		admin_text_line(w, t, p, (size_t)(newline - p));
		p = newline + 1;
	}
	admin_free(&t);
}

static void
drop_line(void *arg, const char *text, size_t len)
{
	(void)arg;
	if (strlen(text) != len)
		abort();
}

static void
records(const struct world *w, const uint8_t *data, size_t size)
{
	static const struct fleet_events on = {.arg = NULL};
	struct mono now = {INT64_C(1000000000000)};
	struct fleet *f = fleet_new(w, &w->managers[0], &on, now);
	struct emit e = {drop_line, NULL};
	struct record r;
	int use;

	while (size > sizeof(uint16_t) + 8) {
		size_t n = size - sizeof(uint16_t);
		uint16_t ms;

		memcpy(&ms, data, sizeof(ms));
		if (n > sizeof(r))
			n = sizeof(r);
		memset(&r, 0, sizeof(r));
		memcpy(&r, data + sizeof(ms), n);
		data += sizeof(ms) + n;
		size -= sizeof(ms) + n;
		now = mono_add_ms(now, ms);
		if (record_valid(&r, sizeof(r), w->nservers, 0) &&
		    r.kind != RECORD_BEAT)
			fleet_record(f, &r, now);
		while ((use = fleet_next_try(f, now)) >= 0)
			fleet_tried(
			    f, use, ms % 2 == 0, REASON_CONNECT_REFUSED, now);
		fleet_tick(f, now);
	}
	encode_all(f, now, &e);
	fleet_free(&f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world *w;

	if (w == NULL) {
		log_init("fuzz", LOG_LEVEL_WARN + 1);
		w = make_world(farm);
	}
	if (size > 0 && data[0] == 0)
		records(w, data + 1, size - 1);
	else
		admin_lines(w, data, size);
	return 0;
}
