/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls over peers. The event base and the peers live as long as calls_run();
 * calls, targets and answers are the caller's.
 */
#include "ctl/call.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "lib/mem.h"
#include "lib/num.h"

#define TIMEOUT_US  INT64_C(3000000)
#define TIMEOUT_MAX INT64_C(3600000000)

struct calls {
	struct event_base *base;
	size_t left;
};

static struct target *
add(struct target *t, const char *program, const char *id, const char *host,
    const struct listen_lines *at, size_t nat)
{
	*t = (struct target){program, id, host, at, nat, false};
	return t + 1;
}

size_t
call_targets(const struct world *w, struct target **list)
{
	size_t n = w->nmanagers + w->ndirectors + w->nfrontends, i;
	struct target *t = mem_array(n, sizeof(*t));

	*list = t;
	for (i = 0; i < w->nmanagers; i++)
		t = add(t, "hopmanagerd", w->managers[i].id,
		    w->managers[i].host, w->managers[i].listen,
		    w->managers[i].nlisten);
	for (i = 0; i < w->ndirectors; i++)
		t = add(t, "hopdirectord", w->directors[i].id,
		    w->directors[i].host, w->directors[i].listen,
		    w->directors[i].nlisten);
	for (i = 0; i < w->nfrontends; i++)
		t = add(t, "hopfrontd", w->frontends[i].id,
		    w->frontends[i].host, w->frontends[i].control,
		    w->frontends[i].ncontrol);
	return n;
}

static void
finish(struct call *c, bool ok)
{
	if (c->finished)
		return;
	c->finished = true;
	c->ok = ok;
	peer_free(&c->peer);
	if (--c->all->left == 0)
		(void)event_base_loopbreak(c->all->base);
}

static void
on_up(struct peer *p, void *arg)
{
	struct call *c = arg;

	if (!c->to.any && strcmp(peer_id(p), c->to.id) != 0) {
		(void)snprintf(c->why, sizeof(c->why),
		    "%s: it says that it is %s %s", peer_where(p),
		    role_text(peer_role(p)), peer_id(p));
		finish(c, false);
		return;
	}
	(void)snprintf(c->where, sizeof(c->where), "%s", peer_where(p));
	(void)snprintf(c->hash, sizeof(c->hash), "%s", peer_hash(p));
	peer_send_text(p, c->line, strlen(c->line));
}

static void
on_down(struct peer *p, const char *why, void *arg)
{
	struct call *c = arg;

	(void)snprintf(c->why, sizeof(c->why), "%s: %s before the answer ended",
	    peer_where(p), why);
	finish(c, false);
}

/* A socket of another host, when there are other ways to it. */
static bool
is_of_no_use(const struct call *c, const char *why)
{
	char mine[256] = "";

	(void)gethostname(mine, sizeof(mine) - 1);
	return c->to.nat > 1 && c->to.host != NULL &&
	       strcasecmp(c->to.host, mine) != 0 &&
	       strstr(why, "unix:") != NULL;
}

/* What may help, from the words of the system's error. */
static const char *
hint(const struct call *c, const char *why)
{
	char mine[256] = "";

	if (strstr(why, strerror(EACCES)) != NULL &&
	    strstr(why, "unix:") == NULL)
		return " (only root and the daemons read it: run as root, or "
		       "give files of your own with --cert, --key and --ca)";
	if (strstr(why, strerror(EACCES)) != NULL)
		return " (try as root, or as a member of the socket's group)";
	if (strstr(why, "role:control") != NULL)
		return " (this host may not give orders: use one that may, or "
		       "--cert, --key and --ca)";
	if (strstr(why, " tls: ") != NULL &&
	    (strstr(why, " alert ") != NULL ||
		strstr(why, strerror(ECONNRESET)) != NULL))
		return " (its log tells why; `hopctl doctor` looks at our "
		       "certificate)";
	if (strstr(why, strerror(ENOENT)) == NULL &&
	    strstr(why, strerror(ECONNREFUSED)) == NULL)
		return "";
	(void)gethostname(mine, sizeof(mine) - 1);
	if (c->to.host != NULL && strcasecmp(c->to.host, mine) != 0 &&
	    strstr(why, "unix:") != NULL)
		return " (it belongs to another host; <listen address= "
		       "tls=\"yes\"/> lets it be asked from here)";
	return " (is it running?)";
}

static void
on_fail(struct peer *p, const char *why, void *arg)
{
	struct call *c = arg;
	size_t n = strlen(c->why);

	(void)p;
	if (!is_of_no_use(c, why))
		(void)snprintf(c->why + n, sizeof(c->why) - n, "%s%s%s",
		    n > 0 ? "; " : "", why, hint(c, why));
	if (++c->fails == c->to.nat)
		finish(c, false);
}

static void
on_answer(struct peer *p, const struct line *l, void *arg)
{
	struct call *c = arg;

	switch (c->on_line(c->arg, l)) {
	case CALL_GO_ON:
		break;
	case CALL_DONE:
		finish(c, true);
		break;
	case CALL_MALFORMED:
		(void)snprintf(c->why, sizeof(c->why),
		    "%s: its answer has a line \"%.40s\" that is not "
		    "understood",
		    peer_where(p), l->field[0]);
		finish(c, false);
		break;
	}
}

static void
on_error(struct peer *p, const struct line *l, void *arg)
{
	struct call *c = arg;

	(void)p;
	(void)snprintf(c->why, sizeof(c->why), "it says: %s", l->field[1]);
	c->refused = true;
	finish(c, false);
}

#define ANSWERS \
	(ROLE_MANAGER | ROLE_DIRECTOR | ROLE_FRONTEND | ROLE_RELAY | ROLE_AGENT)

static const struct verb verbs[] = {
    {"row", on_answer, ANSWERS, 0, SIZE_MAX},
    {"done", on_answer, ANSWERS, 0, SIZE_MAX},
    {"fault", on_answer, ANSWERS, 1, 1},
    {"asked", on_answer, ROLE_DIRECTOR, 0, SIZE_MAX},
    {"measured", on_answer, ROLE_DIRECTOR, 0, SIZE_MAX},
    {"replies", on_answer, ROLE_DIRECTOR, 0, SIZE_MAX},
    {"border", on_answer, ROLE_DIRECTOR, 0, SIZE_MAX},
    {"delay", on_answer, ROLE_DIRECTOR, 0, SIZE_MAX},
    {"path", on_answer, ROLE_DIRECTOR, 0, SIZE_MAX},
    {"prefer", on_answer, ROLE_DIRECTOR, 0, SIZE_MAX},
    {"sticky", on_answer, ROLE_DIRECTOR, 0, SIZE_MAX},
    {"band", on_answer, ROLE_DIRECTOR, 0, SIZE_MAX},
    {"candidate", on_answer, ROLE_DIRECTOR, 0, SIZE_MAX},
    {"excluded", on_answer, ROLE_DIRECTOR, 0, SIZE_MAX},
    {"explained", on_answer, ROLE_DIRECTOR, 0, SIZE_MAX},
    {"error", on_error, ROLE_ANY, 1, 1},
    {NULL, NULL, 0, 0, 0},
};

static void
start(struct ctl *c, const struct world *w, struct call *call, const char *id)
{
	call->conf = (struct peer_conf){
	    .base = call->all->base,
	    .sub = "ask",
	    .role = ROLE_CONTROL,
	    .id = id,
	    .hash = w != NULL ? w->hash : "-",
	    .verbs = verbs,
	    .on_up = on_up,
	    .on_down = on_down,
	    .on_fail = on_fail,
	    .arg = call,
	    .tls = ctl_tls(c, w),
	};
	if (call->to.nat > 0) {
		call->peer =
		    peer_connect(&call->conf, call->to.at, call->to.nat);
		return;
	}
	(void)snprintf(call->why, sizeof(call->why), "it listens nowhere");
	call->finished = true;
	call->all->left--;
}

int
calls_run(struct ctl *c, const struct world *w, struct call *calls, size_t n)
{
	struct calls all = {.left = n};
	int64_t us = TIMEOUT_US;
	struct timeval tv;
	char id[32];
	size_t i;

	if (c->timeout != NULL && (num_duration(c->timeout, &us) < 0 ||
				      us == 0 || us > TIMEOUT_MAX)) {
		(void)ctl_usage(c,
		    "--timeout \"%s\": a time such as 500ms or 3s", c->timeout);
		return -1;
	}
	tv = (struct timeval){us / 1000000, us % 1000000};
	all.base = event_base_new();
	if (all.base == NULL)
		abort(); /* no memory */
	(void)snprintf(id, sizeof(id), "hopctl-%ld", (long)getpid());
	for (i = 0; i < n; i++) {
		calls[i].all = &all;
		start(c, w, &calls[i], id);
	}
	if (all.left > 0) {
		(void)event_base_loopexit(all.base, &tv);
		(void)event_base_dispatch(all.base);
	}
	for (i = 0; i < n; i++) {
		if (calls[i].finished)
			continue;
		if (calls[i].why[0] == '\0')
			(void)snprintf(calls[i].why, sizeof(calls[i].why),
			    "%s: no answer in time", peer_where(calls[i].peer));
		finish(&calls[i], false);
	}
	event_base_free(all.base);
	return 0;
}
