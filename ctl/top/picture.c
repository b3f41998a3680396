/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines are made of pieces, each cut at the right edge; colours take no room.
 * What has no room at the bottom are servers, of which there may be many.
 */
#include "ctl/top/picture.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

#include "ctl/readable.h"

#define TEXT    400
#define ID_MAX  32
#define RED     "\033[31m"
#define YELLOW  "\033[33m"
#define GREEN   "\033[32m"
#define BOLD    "\033[1m"
#define REVERSE "\033[7m"
#define DIM     "\033[2m"
#define PLAIN   "\033[0m"

struct pen {
	const struct picture *p;
	FILE *out;
	int column, line;
};

/* A piece in a colour (NULL: none), as far as there is room for it. */
static void put(struct pen *pen, const char *colour, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void
put(struct pen *pen, const char *colour, const char *fmt, ...)
{
	char piece[TEXT];
	const char *c;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(piece, sizeof(piece), fmt, ap);
	va_end(ap);
	if (colour != NULL && pen->p->colour)
		fputs(colour, pen->out);
	for (c = piece; *c != '\0'; c++) {
		if (((unsigned char)*c & 0xc0) != 0x80) {
			if (pen->p->columns > 0 &&
			    pen->column >= pen->p->columns)
				break;
			pen->column++;
		}
		fputc(iscntrl((unsigned char)*c) ? '?' : *c, pen->out);
	}
	if (colour != NULL && pen->p->colour)
		fputs(PLAIN, pen->out);
}

/* The next line; false if there is none left. */
static bool
next(struct pen *pen)
{
	if (pen->p->lines > 0 && pen->line + 1 >= pen->p->lines)
		return false;
	fputc('\n', pen->out);
	pen->line++;
	pen->column = 0;
	return true;
}

static const char *
state_colour(enum state s)
{
	switch (s) {
	case STATE_UP:
		return GREEN;
	case STATE_DOWN:
		return RED;
	case STATE_UNKNOWN:
	case STATE_OVERLOADED:
	case STATE_DRAINING:
		break;
	}
	return YELLOW;
}

static void
heading(struct pen *pen, const struct farm *f)
{
	const struct picture *p = pen->p;
	enum state s;

	put(pen, BOLD, "hopctl top");
	put(pen, NULL, "  %s  %.12s  %s", p->when, p->hash, p->conf);
	if (!next(pen))
		return;
	put(pen, BOLD, "%.1f", f->requests);
	put(pen, NULL, " requests/s  ");
	put(pen, BOLD, "%.1f", f->decisions);
	put(pen, NULL, " decisions/s  ");
	put(pen, BOLD, "%.1f", f->draws);
	put(pen, NULL, " draws/s   servers:");
	for (s = STATE_UP; s <= STATE_DOWN; s++)
		if (f->states[s] > 0)
			put(pen, state_colour(s), " %zu %s", f->states[s],
			    state_text(s));
	if (f->states[STATE_UNKNOWN] > 0)
		put(pen, YELLOW, " %zu unknown", f->states[STATE_UNKNOWN]);
	if (!p->keys || !next(pen))
		return;
	if (p->typing)
		put(pen, BOLD, "filter: %s_",
		    p->filter != NULL ? p->filter : "");
	else if (p->filter != NULL)
		put(pen, DIM, "q quit  s sort (%s)  / filter (%s)  j k scroll",
		    p->sort, p->filter);
	else
		put(pen, DIM, "q quit  s sort (%s)  / filter  j k scroll",
		    p->sort);
}

static int
widest_daemon(const struct farm *f)
{
	size_t i, n, width = 6;

	for (i = 0; i < f->ndaemons; i++) {
		n = strlen(f->daemon[i].id);
		if (n > width)
			width = n;
	}
	return width > ID_MAX ? ID_MAX : (int)width;
}

static bool
is_well(const struct farm_daemon *d)
{
	return d->up && !d->skewed;
}

/* How many daemons are shown: at most half of what is left of the lines. */
static size_t
daemons_room(const struct picture *p, const struct farm *f)
{
	int room = (p->lines - 10 - (int)f->nservices) / 2;

	if (p->lines == 0 || (size_t)(room > 0 ? room : 0) >= f->ndaemons)
		return f->ndaemons;
	return room > 1 ? (size_t)room : 1;
}

static bool
one_daemon(struct pen *pen, const struct farm_daemon *d, int width)
{
	char uptime[READABLE_TEXT];

	if (!next(pen))
		return false;
	(void)readable_duration(d->uptime_s < 0 ? -1 : d->uptime_s * 1000000,
	    uptime, sizeof(uptime));
	put(pen, d->up ? NULL : RED, "%-*.*s  %-12s  %-7s  ", width, width,
	    d->id, d->program, d->up ? uptime : "down");
	if (d->skewed)
		put(pen, YELLOW, "ANOTHER CONFIGURATION, ");
	put(pen, d->up ? NULL : RED, "%s", d->does);
	return true;
}

/* Those that are not well come first, and the last line tells of the rest. */
static void
daemons(struct pen *pen, const struct farm *f)
{
	int width = widest_daemon(f), well;
	size_t i, shown = 0, room = daemons_room(pen->p, f);

	if (!next(pen) || !next(pen))
		return;
	put(pen, REVERSE, "%-*s  %-12s  %-7s  DOES", width, "DAEMON", "PROGRAM",
	    "UPTIME");
	for (well = 0; well < 2; well++)
		for (i = 0; i < f->ndaemons; i++) {
			if (is_well(&f->daemon[i]) != (well == 1))
				continue;
			if (shown + 1 >= room && f->ndaemons > room) {
				if (next(pen))
					put(pen, DIM, "... %zu more",
					    f->ndaemons - shown);
				return;
			}
			if (!one_daemon(pen, &f->daemon[i], width))
				return;
			shown++;
		}
}

static void
services(struct pen *pen, const struct farm *f)
{
	size_t i;

	if (!next(pen) || !next(pen))
		return;
	put(pen, REVERSE, "%-12s  %-10s  %9s  %10s  %11s  %11s", "SERVICE",
	    "STATE", "LIVE", "REQUESTS/S", "DECISIONS/S", "NO-SERVER/S");
	for (i = 0; i < f->nservices; i++) {
		const struct farm_service *s = &f->service[i];

		if (!next(pen))
			return;
		put(pen, NULL, "%-12.12s  ", s->id);
		put(pen, state_colour(s->state), "%-10s", state_text(s->state));
		put(pen, NULL, "  %4lld/%-4lld  %10.1f  %11.1f  ",
		    (long long)s->live, (long long)s->servers, s->requests,
		    s->decisions);
		put(pen, s->no_server > 0 ? RED : NULL, "%11.1f", s->no_server);
	}
}

/* How wide the columns of servers are; 0: none. */
struct widths {
	int id, service, site;
};

static void
widen(int *width, const char *text)
{
	int n = (int)strlen(text);

	if (n > *width)
		*width = n < ID_MAX ? n : ID_MAX;
}

/* With one service only there is nothing to tell apart. */
static struct widths
widths(const struct farm *f)
{
	struct widths w = {6, f->nservices > 1 ? 7 : 0, 4};
	size_t i;

	for (i = 0; i < f->nservers; i++) {
		widen(&w.id, f->server[i].id);
		widen(&w.site, f->server[i].site);
		if (w.service > 0)
			widen(&w.service, f->server[i].service);
	}
	return w;
}

/* Server, service and site, as names or headings. */
static void
put_names(struct pen *pen, const char *colour, const struct widths *w,
    const char *id, const char *service, const char *site)
{
	put(pen, colour, "%-*.*s  ", w->id, w->id, id);
	if (w->service > 0)
		put(pen, colour, "%-*.*s  ", w->service, w->service, service);
	put(pen, colour, "%-*.*s  ", w->site, w->site, site);
}

/* A number that may be unknown, right-aligned. */
static void
put_number(struct pen *pen, int width, int64_t v)
{
	if (v < 0)
		put(pen, NULL, "  %*s", width, "-");
	else
		put(pen, NULL, "  %*lld", width, (long long)v);
}

static void
put_percent(struct pen *pen, int width, double v)
{
	if (v < 0)
		put(pen, NULL, "  %*s", width, "-");
	else
		put(pen, v < 5 ? YELLOW : NULL, "  %*.1f%%", width - 1, v);
}

static void
one_server(struct pen *pen, const struct farm_server *s, const struct widths *w)
{
	char age[READABLE_TEXT], reason[TEXT];

	put_names(pen, NULL, w, s->id, s->service, s->site);
	put(pen, state_colour(s->state), "%-10s", state_text(s->state));
	if (s->load < 0)
		put(pen, NULL, "  %6s", "weight");
	else
		put(pen, s->load == 0 ? YELLOW : NULL, "  %6lld",
		    (long long)s->load);
	put_number(pen, 6, s->connections);
	put(pen, NULL, "  %7.1f", s->draws);
	put_percent(pen, 6, s->ram);
	put_percent(pen, 6, s->cpu);
	(void)readable_duration(
	    s->age_ms < 0 ? -1 : s->age_ms / 100 * 100000, age, sizeof(age));
	put(pen, s->age_ms > 10000 ? YELLOW : NULL, "  %6s", age);
	if (s->state != STATE_UP)
		put(pen, NULL, "  %s",
		    readable_value(
			"reason", s->reason, reason, sizeof(reason)));
}

static size_t
servers(struct pen *pen, const struct farm *f)
{
	const struct picture *p = pen->p;
	struct widths w = widths(f);
	size_t i, shown = 0;

	if (!next(pen) || !next(pen))
		return 0;
	put_names(pen, REVERSE, &w, "SERVER", "SERVICE", "SITE");
	put(pen, REVERSE, "%-10s  %6s  %6s  %7s  %6s  %6s  %6s", "STATE",
	    "LOAD", "CONNS", "DRAWS/S", "RAM", "IDLE", "AGE");
	for (i = p->first; i < f->nservers; i++) {
		/* The last line tells of those that are left out. */
		if (p->lines > 0 && pen->line + 2 >= p->lines &&
		    i + 1 < f->nservers) {
			if (next(pen))
				put(pen, DIM, "... %zu more", f->nservers - i);
			return shown;
		}
		if (!next(pen))
			return shown;
		one_server(pen, &f->server[i], &w);
		shown++;
	}
	return shown;
}

size_t
picture_print(const struct picture *p, const struct farm *f, FILE *out)
{
	struct pen pen = {.p = p, .out = out};

	heading(&pen, f);
	daemons(&pen, f);
	services(&pen, f);
	return servers(&pen, f);
}
