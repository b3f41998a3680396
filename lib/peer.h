/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_PEER_H
#define LIB_PEER_H

/*
 * The framed socket: lines over unix sockets, TCP on loopback, TCP with TLS.
 * It says hello, sends and watches the beat, reconnects, bounds everything,
 * and hands lines to a table of verbs. One framing for feed, ask and control.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <event2/event.h>

#include "lib/line.h"
#include "lib/role.h"
#include "lib/world.h"

struct peer;

/* A verb `error` gets the whole text, printable, as field[1]; without one in
 * the table it is logged. `hello` and `beat` never reach a table. */
struct verb {
	const char *name;
	void (*on)(struct peer *p, const struct line *l, void *arg);
	unsigned roles;    /* who may */
	size_t fields_min; /* plain fields behind the verb */
	size_t fields_max; /* SIZE_MAX: no bound but the line's */
};

/* What a side is and what it does with lines; must outlive the peers. Nothing
 * of what it points to is copied: a reload puts in the new id, hash and tls. */
struct peer_conf {
	struct event_base *base;
	const char *sub;     /* subsystem in the log: "feed" */
	enum peer_role role; /* ours */
	const char *id;      /* ours */
	/* Of our configuration, or "-". When it changes, the next beat of each
	 * connection tells. */
	const char *hash;
	const char *gives;        /* hello's gives=, or NULL */
	const struct verb *verbs; /* ends with name NULL */
	/* After the peer's hello was accepted; lines may be sent from now on.
	 */
	void (*on_up)(struct peer *p, void *arg);
	/* The peer is going: forget it. `why` is a reason word. Called only
	 * after on_up(). A connecting peer comes up again by itself. */
	void (*on_down)(struct peer *p, const char *why, void *arg);
	/* A connecting peer could not come up; it goes on trying. `why` is for
	 * people and names the endpoint. NULL: only logged. */
	void (*on_fail)(struct peer *p, const char *why, void *arg);
	void *arg;
	const struct tls *tls; /* for listeners and endpoints with tls; read
				  when a listener is made, or a peer connects
				  for the first time */
	size_t queue_max; /* bytes waiting to be sent before the peer is cut
			     off; 0: 16 MiB; hopctl: 8 times that */
	size_t peers_max; /* accepted at once; 0: 256 */
	int64_t beat_ms;  /* 0: 1000; dead after three */
};

struct peer_listener;

/* Listen at an endpoint. NULL and *why (static or errno text, at least 160
 * bytes) if that cannot be: port in use, no directory, TCP without TLS that is
 * not on loopback. A stale unix socket is replaced, one in use is not. */
struct peer_listener *peer_listen(const struct peer_conf *conf,
    const struct listen_lines *at, char *why, size_t size);
/* Ends all that it accepted too, without on_down(). */
void peer_listener_free(struct peer_listener **l);
/* The TCP port it really listens at (tests bind port 0), or 0. */
uint16_t peer_listener_port(const struct peer_listener *l);
size_t peer_listener_peers(const struct peer_listener *l);

/* For lib/listeners.c: a listener that lives through a reload. */
struct peer_renewal;
/* As peer_listen(), with certificates that are not (yet) those of conf. */
struct peer_listener *
peer_listen_tls(const struct peer_conf *conf, const struct listen_lines *at,
    const struct tls *files, char *why, size_t size);
/* The same socket or address and port; `tls` may differ. */
bool peer_listener_is_at(
    const struct peer_listener *l, const struct listen_lines *at);
/* What a listener of this endpoint needs anew, certificates above all; NULL
 * and *why (file and reason) if they cannot be used. */
struct peer_renewal *peer_listener_prepare(const struct listen_lines *at,
    const struct tls *files, char *why, size_t size);
void peer_renewal_free(struct peer_renewal **r);
/* Who connects from now on gets the new ones; connections stay as they are. */
void peer_listener_renew(struct peer_listener *l, struct peer_renewal **r);
/* Accept no more, and remove the socket; those who are connected stay. */
void peer_listener_close(struct peer_listener *l);

/* Keep a connection to the first of these endpoints that answers; tries anew
 * with back-off (100 ms to 2 s), for ever. The endpoints are copied. */
struct peer *peer_connect(
    const struct peer_conf *conf, const struct listen_lines *to, size_t n);
/* Where it connects from now on, the first ones first; copied. A connection
 * stays. False: it is to a place that is not among these. */
bool
peer_set_endpoints(struct peer *p, const struct listen_lines *to, size_t n);
/* The certificates of conf are others now: its next connection shows them. */
void peer_renew_tls(struct peer *p);
/* Whether it connects, or has connected, with certificates; and whether these
 * (NULL: none, fine) can be used for that. If not, *why names file and reason.
 */
bool peer_uses_tls(const struct peer *p);
bool peer_try_tls(const struct tls *files, char *why, size_t size);
/* Ends it at once, without on_down(); what is queued is sent if the socket
 * takes it. Fine in a callback of the peer itself. */
void peer_free(struct peer **p);

/* Send a line (printf, without newline). What does not fit in the queue cuts
 * the peer off: its side comes back and resyncs. Lines of one turn of the loop
 * leave in one write. Never calls a callback; nothing happens while the peer
 * is not up. A line that is too long is left out, and logged. */
void peer_send(struct peer *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* The same for text that is ready. */
void peer_send_text(struct peer *p, const char *text, size_t len);
/* Answer `error <reason>` (free text), count and log it (bounded). */
void peer_error(struct peer *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

bool peer_is_up(const struct peer *p);
enum peer_role peer_role(const struct peer *p); /* theirs */
const char *peer_id(const struct peer *p);
/* Of their configuration, or "-"; it follows what their beats say. */
const char *peer_hash(const struct peer *p);
/* Whether both sides have a configuration, and not the same one. Logged once
 * when it begins and once when it ends. */
bool peer_is_skewed(const struct peer *p);
/* Where it is, for people: "unix:/run/...", "10.0.0.1:26559 tls". */
const char *peer_where(const struct peer *p);
/* Whether its hello had this word in gives=. */
bool peer_gives(const struct peer *p, const char *what);
/* A pointer of the owner's, NULL at first. */
void peer_set_data(struct peer *p, void *data);
void *peer_data(const struct peer *p);

struct peer_counters {
	uint64_t lines_in, lines_out, bytes_in, bytes_out, errors, connects;
	size_t queued; /* bytes */
};
void peer_counters(const struct peer *p, struct peer_counters *out);
/* Listeners and connections on all peers of the process: refused hellos. */
uint64_t peer_refused(void);

/* The default socket of a daemon: /run/hopscotch/<program>-<id>.sock; a
 * different directory if HOPSCOTCH_RUN is set (tests, labs). */
void peer_default_socket(
    const char *program, const char *id, char *path, size_t size);

#endif
