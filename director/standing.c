/* SPDX-License-Identifier: BSD-2-Clause */
/* The state of a service from those of its servers. Owns nothing. */
#include "director/standing.h"

#include <stdbool.h>

#include "lib/decide/pick.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/renumber.h"

struct standing *
standing_new(const struct world *w, struct mono now)
{
	struct standing *s = mem_array(w->nservices + 1, sizeof(*s));
	size_t i;

	for (i = 0; i < w->nservices; i++)
		s[i] =
		    (struct standing){STATE_UNKNOWN, REASON_NOT_JUDGED, now, 0};
	return s;
}

struct standing *
standing_renumbered(
    const struct standing *old, const struct renumber *r, struct mono now)
{
	struct standing *s = standing_new(r->to, now);
	size_t i;

	for (i = 0; i < r->from->nservices; i++)
		if (r->service[i] >= 0)
			s[r->service[i]] = old[i];
	return s;
}

static void
set_state(struct standing *s, const char *id, enum state state,
    enum reason reason, struct mono now)
{
	if (s->state == state) {
		if (s->reason != reason &&
		    (s->reason == REASON_BACKUP || reason == REASON_BACKUP))
			log_info("service", "%s: %s", id,
			    reason == REASON_BACKUP
				? "only backups are left, they serve"
				: "others than backups are back");
		s->reason = reason;
		return;
	}
	log_info("service", "%s: %s -> %s (%s), was so for %lld s", id,
	    state_text(s->state), state_text(state), reason_text(reason),
	    (long long)(mono_ms(now, s->since) / 1000));
	s->state = state;
	s->reason = reason;
	s->since = now;
}

static void
look(struct standing *t, const struct service *s, bool loads,
    const struct picture_service *p, struct mono now)
{
	unsigned live[2] = {0, 0}, free[2] = {0, 0}, unknown = 0;
	bool backup;
	size_t i;

	for (i = 0; i < s->nuse; i++) {
		backup = world_is_backup(s, i);
		unknown += p->state[i] == STATE_UNKNOWN;
		live[backup] +=
		    p->state[i] == STATE_UP || p->state[i] == STATE_OVERLOADED;
		free[backup] +=
		    p->state[i] == STATE_UP && !(loads && p->load[i] == 0);
	}
	t->live = live[false] + live[true];
	backup = live[false] == 0; /* only then do they serve */
	if (free[backup] > 0)
		set_state(t, s->id, STATE_UP,
		    backup ? REASON_BACKUP : REASON_NONE, now);
	else if (t->live > 0)
		set_state(t, s->id, STATE_OVERLOADED, REASON_ALL_BUSY, now);
	else
		set_state(t, s->id, STATE_DOWN,
		    unknown > 0 ? REASON_NOT_JUDGED : REASON_NO_SERVER, now);
}

void
standing_look(struct standing *s, const struct world *w, struct picture *p,
    struct mono now)
{
	size_t i;

	for (i = 0; i < w->nservices; i++) {
		const struct service *service = &w->services[i];

		look(&s[i], service,
		    pick_has_metrics(&w->policies[service->policy]),
		    picture_service(p, (int)i, now), now);
	}
}
