/* SPDX-License-Identifier: BSD-2-Clause */
/* The model of the emulator; owns nothing outside of its struct. */
#include "tests/wan/paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 8

/* xorshift64*: good enough for dice, the same in every run. */
static uint32_t
dice(struct paths *p)
{
	p->random ^= p->random >> 12;
	p->random ^= p->random << 25;
	p->random ^= p->random >> 27;
	return (uint32_t)((p->random * 0x2545f4914f6cdd1dULL) >> 32);
}

/* "5ms", "250us", "1s"; at most a minute. */
static bool
read_time(const char *text, int64_t *ns)
{
	static const struct {
		const char *unit;
		double ns;
	} units[] = {{"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};
	char *end;
	double n = strtod(text, &end);

	if (end == text || !(n >= 0))
		return false;
	for (size_t i = 0; i < 3; i++) {
		if (strcmp(end, units[i].unit) != 0 || n * units[i].ns > 60e9)
			continue;
		*ns = (int64_t)(n * units[i].ns + 0.5);
		return true;
	}
	return false;
}

static bool
read_share(const char *text, uint32_t *ppm)
{
	char *end;
	double n = strtod(text, &end);

	if (end == text || strcmp(end, "%") != 0 || !(n >= 0 && n <= 100))
		return false;
	*ppm = (uint32_t)(n * 1e4 + 0.5);
	return true;
}

static int
find_place(const struct paths *p, const char *name)
{
	int i;

	for (i = 0; i < p->nplaces; i++)
		if (strcmp(p->place[i], name) == 0)
			return i;
	return -1;
}

static int
find_port(const struct paths *p, const char *name)
{
	int i;

	for (i = 0; i < p->nports; i++)
		if (strcmp(p->port[i].name, name) == 0)
			return i;
	return -1;
}

static const char *
line_port(struct paths *p, char **word, int n)
{
	int place;

	if (n != 3 || strlen(word[1]) >= WAN_NAME_MAX ||
	    strlen(word[2]) >= WAN_NAME_MAX)
		return "port IFACE PLACE, names below 16 characters";
	if (find_port(p, word[1]) >= 0)
		return "there is such a port";
	place = find_place(p, word[2]);
	if (p->nports == PORTS_MAX || (place < 0 && p->nplaces == PLACES_MAX))
		return "too many ports or places";
	if (place < 0) {
		place = p->nplaces++;
		(void)snprintf(p->place[place], WAN_NAME_MAX, "%s", word[2]);
	}
	(void)snprintf(p->port[p->nports].name, WAN_NAME_MAX, "%s", word[1]);
	p->port[p->nports++].place = place;
	return NULL;
}

static const char *
line_route(struct paths *p, char **word, int n)
{
	struct wan_addr a;
	unsigned len;
	int port;

	if (n != 3 || !wan_prefix(word[1], &a, &len))
		return "route ADDRESS[/LENGTH] IFACE";
	port = find_port(p, word[2]);
	if (port < 0)
		return "no such port";
	if (p->nroutes == ROUTES_MAX)
		return "too many routes";
	p->route[p->nroutes].prefix = a;
	p->route[p->nroutes].len = len;
	p->route[p->nroutes++].port = port;
	return NULL;
}

/* What a `set` line says; negative: it does not. */
struct change {
	int64_t delay_ns, jitter_ns, loss_ppm;
	bool both, order, disorder;
};

static bool
read_option(struct change *c, const char *word)
{
	uint32_t ppm;

	if (strncmp(word, "delay=", 6) == 0)
		return read_time(word + 6, &c->delay_ns);
	if (strncmp(word, "jitter=", 7) == 0)
		return read_time(word + 7, &c->jitter_ns);
	if (strncmp(word, "loss=", 5) == 0 && read_share(word + 5, &ppm)) {
		c->loss_ppm = ppm;
		return true;
	}
	if (strcmp(word, "both=yes") == 0)
		return c->both = true;
	if (strcmp(word, "order=no") == 0)
		return c->disorder = true;
	if (strcmp(word, "order=yes") == 0)
		return c->order = true;
	return false;
}

/* `set` with a * changes the ways that there are, but opens none. */
static void
change_path(struct path *path, const struct change *c, bool named)
{
	if (!path->open && !named)
		return;
	path->open = true;
	if (c->order || c->disorder)
		path->unordered = c->disorder;
	if (c->delay_ns >= 0)
		path->delay_ns = c->delay_ns;
	if (c->jitter_ns >= 0)
		path->jitter_ns = c->jitter_ns;
	if (c->loss_ppm >= 0)
		path->loss_ppm = (uint32_t)c->loss_ppm;
}

static const char *
line_set(struct paths *p, char **word, int n)
{
	struct change c = {.delay_ns = -1, .jitter_ns = -1, .loss_ppm = -1};
	bool all_from, all_to, named;
	int from, to, i, j;

	if (n < 4)
		return "set FROM TO delay=5ms jitter=1ms loss=2% order=no "
		       "both=yes";
	all_from = strcmp(word[1], "*") == 0;
	all_to = strcmp(word[2], "*") == 0;
	named = !all_from && !all_to;
	from = find_place(p, word[1]);
	to = find_place(p, word[2]);
	if ((!all_from && from < 0) || (!all_to && to < 0))
		return "no such place";
	for (i = 3; i < n; i++)
		if (!read_option(&c, word[i]))
			return "bad value: delay=5ms jitter=1ms loss=2% "
			       "both=yes";
	for (i = 0; i < p->nplaces; i++)
		for (j = 0; j < p->nplaces; j++) {
			if ((!all_from && i != from) || (!all_to && j != to))
				continue;
			change_path(&p->path[i][j], &c, named);
			if (c.both)
				change_path(&p->path[j][i], &c, named);
		}
	return NULL;
}

bool
paths_line(struct paths *p, char *line, const char **why)
{
	char *word[WORDS_MAX + 1], *rest = NULL, *w;
	int n = 0;

	line[strcspn(line, "#\r\n")] = '\0';
	for (w = strtok_r(line, " \t", &rest); w != NULL && n <= WORDS_MAX;
	     w = strtok_r(NULL, " \t", &rest))
		word[n++] = w;
	*why = NULL;
	if (n == 0)
		return true;
	if (n > WORDS_MAX)
		*why = "too many words";
	else if (strcmp(word[0], "port") == 0)
		*why = line_port(p, word, n);
	else if (strcmp(word[0], "route") == 0)
		*why = line_route(p, word, n);
	else if (strcmp(word[0], "set") == 0)
		*why = line_set(p, word, n);
	else
		*why = "it is not one of port, route, set";
	return *why == NULL;
}

int
paths_route(const struct paths *p, const struct wan_addr *a)
{
	int i, best = -1;

	for (i = 0; i < p->nroutes; i++)
		if (wan_within(a, &p->route[i].prefix, p->route[i].len) &&
		    (best < 0 || p->route[i].len >= p->route[best].len))
			best = i;
	return best < 0 ? -1 : p->route[best].port;
}

static int
find_mac(const struct paths *p, const uint8_t *mac)
{
	int i;

	for (i = 0; i < p->nmacs; i++)
		if (memcmp(p->mac[i].mac, mac, 6) == 0)
			return i;
	return -1;
}

void
paths_learn(struct paths *p, const uint8_t *mac, int port)
{
	int i = find_mac(p, mac);

	if (i < 0 && (p->nmacs == MACS_MAX || (mac[0] & 1) != 0))
		return;
	if (i < 0) {
		i = p->nmacs++;
		memcpy(p->mac[i].mac, mac, 6);
	}
	p->mac[i].port = port;
}

int
paths_station(const struct paths *p, const uint8_t *mac)
{
	int i = find_mac(p, mac);

	return i < 0 ? -1 : p->mac[i].port;
}

int64_t
paths_due(struct paths *p, int from, int to, int64_t in_ns)
{
	struct path *path = &p->path[from][to];
	int64_t due = in_ns + path->delay_ns;

	if (!path->open)
		return -1;
	if (path->loss_ppm > 0 && dice(p) % 1000000 < path->loss_ppm) {
		path->lost++;
		return -1;
	}
	/* In microseconds the product fits. */
	if (path->jitter_ns > 0)
		due += (int64_t)((uint64_t)dice(p) *
				     (uint64_t)(path->jitter_ns / 1000) >>
				 32) *
		       1000;
	if (due < path->last_ns && !path->unordered)
		due = path->last_ns;
	path->last_ns = due;
	path->passed++;
	return due;
}
