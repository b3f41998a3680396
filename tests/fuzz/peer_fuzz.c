/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes sent to a listener over a real unix socket, in two portions: it
 * must stay alive, keep its bounds and forget the peer in the end. A byte of
 * 0xff in the first place says hello first, so that the verbs are reached.
 */
#include "lib/peer.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
on_echo(struct peer *p, const struct line *l, void *arg)
{
	(void)arg;
	peer_send(p, "echo %s", l->field[1]);
}

static void
on_leave(struct peer *p, const struct line *l, void *arg)
{
	int *up = arg;

	(void)l;
	(*up)--;
	peer_error(p, "left");
	peer_free(&p);
}

static void
on_up(struct peer *p, void *arg)
{
	int *up = arg;

	assert(peer_is_up(p) && peer_id(p)[0] != '\0');
	(*up)++;
}

static void
on_down(struct peer *p, const char *why, void *arg)
{
	int *up = arg;

	assert(!peer_is_up(p) && why[0] != '\0');
	(*up)--;
}

static const struct verb verbs[] = {
    {"echo", on_echo, ROLE_ANY, 1, 9},
    {"leave", on_leave, ROLE_ANY, 0, 0},
    {"secret", on_leave, ROLE_CONTROL, 0, 0},
    {NULL, NULL, 0, 0, 0},
};

static struct {
	struct peer_conf conf;
	struct peer_listener *listener;
	struct sockaddr_un un;
	char dir[64];
	int up;
} self;

static void
clean_up(void)
{
	peer_listener_free(&self.listener);
	(void)rmdir(self.dir);
	event_base_free(self.conf.base);
}

static void
start(void)
{
	struct listen_lines at = {.socket = self.un.sun_path};
	char why[400];

	log_init("fuzz", LOG_LEVEL_NONE);
	(void)snprintf(self.dir, sizeof(self.dir), "/tmp/peer_fuzz.XXXXXX");
	if (mkdtemp(self.dir) == NULL)
		abort();
	self.un.sun_family = AF_UNIX;
	(void)snprintf(
	    self.un.sun_path, sizeof(self.un.sun_path), "%s/s", self.dir);
	self.conf = (struct peer_conf){
	    .base = event_base_new(),
	    .sub = "fuzz",
	    .role = ROLE_DIRECTOR,
	    .id = "d",
	    .hash = "-",
	    .verbs = verbs,
	    .on_up = on_up,
	    .on_down = on_down,
	    .arg = &self.up,
	    .queue_max = 1 << 20,
	};
	self.listener = peer_listen(&self.conf, &at, why, sizeof(why));
	if (self.listener == NULL)
		abort();
	(void)atexit(clean_up);
}

static void
turn(void)
{
	(void)event_base_loop(self.conf.base, EVLOOP_NONBLOCK);
}

static void
put(int fd, const void *bytes, size_t n)
{
	char sink[4096];

	(void)send(fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT);
	turn();
	while (recv(fd, sink, sizeof(sink), MSG_DONTWAIT) > 0)
		continue;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char hello[] = "hello hop/1 frontend f -\n";
	int fd, i;

	if (self.listener == NULL)
		start();
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd < 0 ||
	    connect(fd, (struct sockaddr *)&self.un, sizeof(self.un)) < 0)
		abort();
	turn();
	if (size > 0 && data[0] == 0xff) {
		data++;
		size--;
		put(fd, hello, sizeof(hello) - 1);
	}
	put(fd, data, size / 2);
	put(fd, data + size / 2, size - size / 2);
	(void)close(fd);
	for (i = 0; i < 100 && peer_listener_peers(self.listener) > 0; i++)
		turn();
	assert(peer_listener_peers(self.listener) == 0 && self.up == 0);
	return 0;
}
