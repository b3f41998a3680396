/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One peer a daemon. An answer is collected aside and becomes `now` when it is
 * whole; then what was `now` is `before`. Who goes keeps no answers.
 */
#include "ctl/top/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/mem.h"
#include "lib/mono.h"

struct one {
	struct watch *all;
	struct target to;
	struct peer_conf conf;
	struct peer *peer;
	bool up, asked;
	char why[400];
	struct tables *coming, *now, *before;
	struct mono when, when_before;
};

struct watch {
	struct one *one;
	size_t n;
	char id[32];
	void (*on_change)(void *arg);
	void *arg;
};

static void
forget(struct one *o)
{
	o->up = o->asked = false;
	tables_free(&o->coming);
	tables_free(&o->now);
	tables_free(&o->before);
}

static void
on_up(struct peer *p, void *arg)
{
	struct one *o = arg;

	(void)p;
	o->up = true;
	o->all->on_change(o->all->arg);
}

static void
on_down(struct peer *p, const char *why, void *arg)
{
	struct one *o = arg;

	forget(o);
	(void)snprintf(o->why, sizeof(o->why), "%s: %s", peer_where(p), why);
	o->all->on_change(o->all->arg);
}

static void
on_fail(struct peer *p, const char *why, void *arg)
{
	struct one *o = arg;

	(void)p;
	if (strcmp(o->why, why) == 0)
		return;
	(void)snprintf(o->why, sizeof(o->why), "%s", why);
	o->all->on_change(o->all->arg);
}

static void
on_row(struct peer *p, const struct line *l, void *arg)
{
	struct one *o = arg;

	(void)p;
	if (o->coming != NULL)
		(void)tables_take(o->coming, l); /* what fits is shown */
}

static void
on_done(struct peer *p, const struct line *l, void *arg)
{
	struct one *o = arg;

	(void)p;
	(void)l;
	if (o->coming == NULL)
		return;
	tables_free(&o->before);
	o->before = o->now;
	o->when_before = o->when;
	o->now = o->coming;
	o->coming = NULL;
	o->when = mono_now();
	o->asked = false;
	if (watch_is_settled(o->all))
		o->all->on_change(o->all->arg);
}

static void
on_error(struct peer *p, const struct line *l, void *arg)
{
	struct one *o = arg;

	(void)p;
	(void)snprintf(o->why, sizeof(o->why), "it says: %s", l->field[1]);
	o->asked = false;
	tables_free(&o->coming);
}

static const struct verb verbs[] = {
    {"row", on_row, ROLE_ANY, 2, SIZE_MAX},
    {"done", on_done, ROLE_ANY, 0, SIZE_MAX},
    {"error", on_error, ROLE_ANY, 1, 1},
    {NULL, NULL, 0, 0, 0},
};

static void
start(struct one *o, struct ctl *c, const struct world *w,
    struct event_base *base)
{
	o->conf = (struct peer_conf){
	    .base = base,
	    .sub = "top",
	    .role = ROLE_CONTROL,
	    .id = o->all->id,
	    .hash = w->hash,
	    .verbs = verbs,
	    .on_up = on_up,
	    .on_down = on_down,
	    .on_fail = on_fail,
	    .arg = o,
	    .tls = ctl_tls(c, w),
	};
	if (o->to.nat > 0)
		o->peer = peer_connect(&o->conf, o->to.at, o->to.nat);
	else
		(void)snprintf(o->why, sizeof(o->why), "it listens nowhere");
}

struct watch *
watch_new(struct ctl *c, const struct world *w, struct event_base *base,
    const struct target *t, size_t n, void (*on_change)(void *arg), void *arg)
{
	struct watch *all = mem_new(sizeof(*all));
	size_t i;

	all->one = mem_array(n, sizeof(*all->one));
	all->n = n;
	all->on_change = on_change;
	all->arg = arg;
	(void)snprintf(all->id, sizeof(all->id), "hopctl-%ld", (long)getpid());
	for (i = 0; i < n; i++) {
		all->one[i].all = all;
		all->one[i].to = t[i];
		start(&all->one[i], c, w, base);
	}
	return all;
}

void
watch_free(struct watch **w)
{
	size_t i;

	if (*w == NULL)
		return;
	for (i = 0; i < (*w)->n; i++) {
		peer_free(&(*w)->one[i].peer);
		forget(&(*w)->one[i]);
	}
	free((*w)->one);
	free(*w);
	*w = NULL;
}

void
watch_ask(struct watch *w)
{
	size_t i;

	for (i = 0; i < w->n; i++) {
		struct one *o = &w->one[i];

		if (!o->up || o->asked)
			continue;
		o->asked = true;
		tables_free(&o->coming);
		o->coming = tables_new();
		peer_send_text(o->peer, "status", strlen("status"));
	}
}

bool
watch_is_settled(const struct watch *w)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		if (w->one[i].up && w->one[i].asked)
			return false;
	return true;
}

size_t
watch_count(const struct watch *w)
{
	return w->n;
}

void
watch_at(const struct watch *w, size_t i, struct watch_one *out)
{
	const struct one *o = &w->one[i];

	*out = (struct watch_one){.to = o->to,
	    .up = o->up,
	    .why = o->why,
	    .hash = o->up ? peer_hash(o->peer) : "-",
	    .now = o->now,
	    .before = o->before};
	if (o->before != NULL)
		out->apart_ms = mono_ms(o->when, o->when_before);
}
