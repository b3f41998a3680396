/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hopdirectord: loads and paths to decisions. This file is the map: what is
 * made at the start, and in which order.
 */
#include <event2/event.h>

#include "director/desk.h"
#include "director/directormib.h"
#include "lib/daemon.h"
#include "lib/face.h"
#include "lib/keep.h"
#include "lib/log.h"
#include "lib/mono.h"
#include "lib/reload.h"
#include "lib/snap.h"

struct show {
	struct desk *desk;
	struct face *face;
	struct snap *snap;
};

static bool
take(void *arg, struct world *w, char *why, size_t size)
{
	return desk_reload(((struct show *)arg)->desk, w, why, size);
}

static void
on_second(evutil_socket_t fd, short what, void *arg)
{
	struct show *s = arg;

	(void)fd;
	(void)what;
	directormib_fill(s->snap, s->desk, mono_now());
	face_publish(s->face, s->snap);
}

int
main(int argc, char **argv)
{
	struct daemon d = {.program = "hopdirectord"};
	const struct director *self;
	struct timeval second = {1, 0};
	struct show show = {NULL, NULL, NULL};
	struct event *each = NULL;
	char file[4096];
	int status;

	daemon_start(&d, argc, argv, CONF_SECRETS_SKIP);
	self = &d.world->directors[daemon_self_director(&d)];
	show.desk = desk_new(d.base, d.world, self);
	if (show.desk == NULL)
		log_fatalx("lines", "cannot listen; see above");
	daemon_drop(&d);
	show.desk->daemon = &d;
	reload_world(&d, CONF_SECRETS_SKIP, take, &show);
	show.desk->rows = rows_new(d.world,
	    keep_file("director", self->id, "rows", file, sizeof(file)));
	if (!d.no_snmp)
		show.face = face_start(&(struct face_conf){.base = d.base,
		    .program = d.program,
		    .socket = d.agentx,
		    .arc = DIRECTORMIB_ARC});
	if (show.face != NULL) {
		show.snap = snap_new();
		each = event_new(d.base, -1, EV_PERSIST, on_second, &show);
		(void)event_add(each, &second);
	}
	log_info("director", "%s decides for %zu services, %zu servers",
	    self->id, d.world->nservices, d.world->nservers);
	status = daemon_run(&d);
	if (each != NULL)
		event_free(each);
	face_free(&show.face);
	snap_free(&show.snap);
	rows_free(&show.desk->rows);
	desk_free(&show.desk);
	daemon_fini(&d);
	return status;
}
