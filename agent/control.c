/* SPDX-License-Identifier: BSD-2-Clause */
/* Verbs of the control socket. Owns the listener. */
#include "agent/control.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/mem.h"
#include "lib/reload.h"

#define PEERS_MAX 16 /* it is a few operators, and scripts of theirs */
#define QUEUE_MAX (1u << 20)

struct control {
	struct control_conf conf;
	struct peer_conf peer;
	struct peer_listener *listener; /* NULL: there is none */
	char id[256], path[512];
};

static void
on_status(struct peer *p, const struct line *l, void *arg)
{
	const struct control *c = arg;

	(void)l;
	c->conf.rows(p, c->conf.arg);
	peer_send(p, "done");
}

static void
on_reload(struct peer *p, const struct line *l, void *arg)
{
	const struct control *c = arg;

	(void)l;
	(void)reload_now(c->conf.daemon, p);
}

static const struct verb verbs[] = {
    {"status", on_status, ROLE_CONTROL, 0, 0},
    {"reload", on_reload, ROLE_CONTROL, 0, 0},
    {NULL, NULL, 0, 0, 0},
};

void
control_again(struct control *c)
{
	struct listen_lines at = {.socket = c->path};
	char why[256];

	if (c->listener != NULL)
		return;
	c->listener = peer_listen(&c->peer, &at, why, sizeof(why));
	if (c->listener == NULL)
		log_warnx("control", "no control socket: %s", why);
}

/* The name of this host up to its first dot: it is a word of hello. */
static void
host_id(char *id, size_t size)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

	if (gethostname(id, size) < 0)
		id[0] = '\0';
	id[size - 1] = '\0';
	id[strspn(id, allowed)] = '\0';
	if (id[0] == '\0')
		(void)snprintf(id, size, "host");
}

struct control *
control_new(const struct control_conf *conf)
{
	struct control *c = mem_new(sizeof(*c));

	c->conf = *conf;
	if (conf->id != NULL)
		(void)snprintf(c->id, sizeof(c->id), "%s", conf->id);
	else
		host_id(c->id, sizeof(c->id));
	peer_default_socket(
	    conf->daemon->program, c->id, c->path, sizeof(c->path));
	c->peer = (struct peer_conf){.base = conf->daemon->base,
	    .sub = "control",
	    .role = ROLE_AGENT,
	    .id = c->id,
	    .hash = "-",
	    .verbs = verbs,
	    .arg = c,
	    .queue_max = QUEUE_MAX,
	    .peers_max = PEERS_MAX};
	control_again(c);
	return c;
}

void
control_free(struct control **cp)
{
	struct control *c = *cp;

	if (c == NULL)
		return;
	peer_listener_free(&c->listener);
	free(c);
	*cp = NULL;
}

const char *
control_id(const struct control *c)
{
	return c->id;
}
