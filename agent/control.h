/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AGENT_CONTROL_H
#define AGENT_CONTROL_H

/*
 * The control socket of a daemon without a configuration file: a unix socket
 * where hopctl asks for its status and has it reload. The daemon works without
 * it, too.
 */

#include "lib/daemon.h"
#include "lib/peer.h"

struct control_conf {
	struct daemon *daemon; /* its loop runs it */
	const char *id;        /* of the socket's name; NULL: the host's name */
	/* Send the rows of `status` to this peer. */
	void (*rows)(struct peer *p, void *arg);
	void *arg;
};

struct control;

/* Never fails: why there is no socket is logged, and control_again() tries
 * once more. The texts are kept by reference. */
struct control *control_new(const struct control_conf *conf);
void control_again(struct control *c);
void control_free(struct control **c);
/* The id it goes by. */
const char *control_id(const struct control *c);

#endif
