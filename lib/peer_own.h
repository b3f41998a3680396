/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_PEER_OWN_H
#define LIB_PEER_OWN_H

/*
 * What lib/peer*.c share, and nobody else includes. Each of these calls only
 * those before it: peer_queue.c, peer_life.c, peer_lines.c, peer.c,
 * peer_listen.c.
 */

#include "lib/peer.h"

#include <event2/event_struct.h>
#include <sys/queue.h>
#include <sys/time.h>

#include "lib/endpoint.h"
#include "lib/log.h"
#include "lib/mono.h"
#include "lib/reason.h"
#include "lib/stream.h"

#define PEER_MAGIC 0x70656572u

#define BACKOFF_MS 100
#define OUT_PAUSE  (1u << 20) /* no new lines from who has so much to read */
#define ID_MAX     255
#define GIVES_MAX  64
#define NAME_TEXT  (ID_MAX + ENDPOINT_TEXT + 32)
#define LOG_BURST  5
#define SKEW_BURST 20 /* a reload of the farm is no flood */

enum phase {
	PHASE_IDLE,       /* waits for the next try */
	PHASE_CONNECTING, /* the socket is on its way */
	PHASE_HELLO,      /* no hello of theirs yet */
	PHASE_UP
};

struct peer {
	unsigned magic;
	const struct peer_conf *conf;
	struct peer_listener *listener; /* NULL: we connect */
	TAILQ_ENTRY(peer) link;
	unsigned uses; /* callbacks that run */
	bool gone;     /* freed when the last of them returns */
	enum phase phase;
	unsigned session; /* counts connections */
	void *data;

	struct stream stream;
	struct event readable, writable, timer;
	bool has_events;
	bool blocked;  /* the socket takes no more; writable is waited for */
	bool flushing; /* writable is active for this turn */
	bool broken;   /* a write failed or the queue is full; see why */
	bool paused;   /* not read until the queue is shorter */

	struct listen_lines *to; /* connecting: the endpoints */
	size_t nto, at;
	struct stream_tls *tls;
	unsigned backoff_ms;

	struct mono begun, heard, ticked;
	enum peer_role role;
	char id[ID_MAX + 1];
	char hash[WORLD_HASH_TEXT];
	char told[WORLD_HASH_TEXT]; /* our hash as it knows it */
	bool skewed;                /* said in the log */
	char gives[GIVES_MAX + 1];
	char where[ENDPOINT_TEXT];
	char why[256];  /* of the last failure */
	char said[256]; /* the failure logged last */

	char *in;
	size_t in_len, in_room;
	char *out;
	size_t out_at, out_len, out_room; /* waiting: out[out_at .. +len) */
	struct line line;

	unsigned bad_run;
	struct log_bound bound, skew_bound;
	struct peer_counters counters;
};

struct peer_listener {
	unsigned magic;
	const struct peer_conf *conf;
	struct listen_lines at;
	struct stream_tls *tls;
	int fd; /* -1: no new ones, but those that it has stay */
	struct event acceptable, again;
	TAILQ_HEAD(peers, peer) peers;
	size_t npeers;
	struct log_bound bound, skew_bound;
};

static inline struct timeval
in_ms(int64_t ms)
{
	return (struct timeval){
	    .tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000};
}

static inline struct log_bound *
peer_bound(struct peer *p)
{
	return p->listener != NULL ? &p->listener->bound : &p->bound;
}

/* peer_queue.c: bytes that wait. Nothing of it calls back or hangs up: a break
 * is noted in p->broken and p->why. */

void peer_write_out(struct peer *p);
/* Have the queue written, or the break seen: at the end of this turn, or when
 * the socket takes bytes again. */
void peer_want_flush(struct peer *p);
/* As peer_send() and peer_send_text(), but before the peer is up too. */
void peer_put_line(struct peer *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void peer_put_text(struct peer *p, const char *text, size_t len);

/* peer_life.c: what it is called, where it is, how it ends. */

/* "director d1 at unix:/run/..." for the log; buf of NAME_TEXT. */
const char *peer_name(const struct peer *p, char *buf, size_t size);
void
peer_copy_endpoint(struct listen_lines *to, const struct listen_lines *from);
bool
peer_same_endpoint(const struct listen_lines *a, const struct listen_lines *b);
void peer_free_endpoints(struct listen_lines *to, size_t n);
/* A callback runs; when the last one returns, who is gone is freed. */
void peer_enter(struct peer *p);
void peer_leave(struct peer *p);
/* Only for one that has no connection and is in no list. */
void peer_destroy(struct peer *p);
/* The next endpoint at once, or the first after a pause. */
void peer_retry_later(struct peer *p);
/* One try to connect came to nothing. */
void peer_failed(struct peer *p, const char *why);
/* The connection ends by itself; `text` may be p->why. An accepted peer is gone
 * then, a connecting one tries anew. */
void peer_hang_up(struct peer *p, enum reason reason, const char *text);
/* One more for peer_refused(). */
void peer_count_refused(void);

/* peer_lines.c: what is said and heard. */

void peer_say_hello(struct peer *p);
/* Our configuration goes with the beat when it is not the one told. */
void peer_say_beat(struct peer *p);
/* Said when it begins and when it ends: both sides may reload at any time. */
void peer_note_skew(struct peer *p);
/* All whole lines of the buffer; what is left moves to its front. The peer may
 * be gone after it. */
void peer_take_lines(struct peer *p);

/* peer.c: a connection. */

struct peer *peer_new(const struct peer_conf *conf);
/* A socket is there: its events, its clocks. */
void peer_begin_session(struct peer *p, int fd, const struct stream_tls *tls);
void peer_begin_hello(struct peer *p);

#endif
