/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A peer is one connection: a stream, two buffers, one timer. A listener owns
 * the peers that it accepted; a connecting peer belongs to whoever made it. A
 * callback may free its own peer: `uses` keeps the memory until it returns.
 * What is sent waits in one buffer and leaves at the end of the loop's turn.
 */
#include "lib/peer.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <event2/event_struct.h>
#include <event2/util.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/endpoint.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/mono.h"
#include "lib/reason.h"
#include "lib/stream.h"

#define VERSION        "hop/1"
#define PEER_MAGIC     0x70656572u
#define LISTENER_MAGIC 0x6c697374u

#define QUEUE_MAX     (16u << 20)
#define PEERS_MAX     256
#define BEAT_MS       1000
#define DEAD_BEATS    3 /* silent for so long: dead */
#define HELLO_BEATS   5 /* to connect and say hello */
#define BACKOFF_MS    100
#define BACKOFF_MAX   2000
#define BAD_LINES_MAX 100 /* in a row, without a good one */
#define IN_FIRST      16384
#define OUT_FIRST     4096
#define OUT_EAGER     65536      /* write at once from so much on */
#define OUT_KEEP      262144     /* an idle peer keeps no bigger buffer */
#define OUT_PAUSE     (1u << 20) /* no new lines from who has so much to read */
#define CONTROL_MORE  8  /* a whole status of a big farm is one answer */
#define ACCEPTS       16 /* in one turn */
#define ID_MAX        255
#define GIVES_MAX     64
#define LOG_BURST     5
#define SKEW_BURST    20 /* a reload of the farm is no flood */

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

static struct {
	uint64_t refused;
} self;

static struct timeval
in_ms(int64_t ms)
{
	return (struct timeval){
	    .tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000};
}

static int64_t
beat_ms(const struct peer *p)
{
	return p->conf->beat_ms > 0 ? p->conf->beat_ms : BEAT_MS;
}

static struct log_bound *
bound(struct peer *p)
{
	return p->listener != NULL ? &p->listener->bound : &p->bound;
}

/* "director d1 at unix:/run/..." for the log. */
static const char *
name(const struct peer *p, char *buf, size_t size)
{
	if (p->id[0] != '\0')
		(void)snprintf(buf, size, "%s %s at %s", role_text(p->role),
		    p->id, p->where);
	else
		(void)snprintf(buf, size, "%s", p->where);
	return buf;
}
#define NAME_TEXT (ID_MAX + ENDPOINT_TEXT + 32)

static void
copy_endpoint(struct listen_lines *to, const struct listen_lines *from)
{
	*to = *from;
	if (from->socket != NULL)
		to->socket = mem_text(from->socket);
}

static bool
same_endpoint(const struct listen_lines *a, const struct listen_lines *b)
{
	if (a->socket != NULL || b->socket != NULL)
		return a->socket != NULL && b->socket != NULL &&
		       strcmp(a->socket, b->socket) == 0;
	return a->port == b->port && addr_cmp(&a->addr, &b->addr) == 0;
}

static void
free_endpoints(struct listen_lines *to, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		free(to[i].socket);
	free(to);
}

/* The way out: the queue. */

static void
write_out(struct peer *p)
{
	char why[160] = "";
	ssize_t n;

	while (p->out_len > 0 && !p->broken) {
		n = stream_write(&p->stream, p->out + p->out_at, p->out_len,
		    why, sizeof(why));
		if (n <= 0) {
			p->blocked = n < 0 && errno == EAGAIN;
			if (!p->blocked) {
				p->broken = true;
				(void)snprintf(p->why, sizeof(p->why),
				    "write: %s", why[0] ? why : "closed");
			}
			return;
		}
		if (p->paused)
			p->heard = mono_now(); /* it reads: it lives */
		p->counters.bytes_out += (uint64_t)n;
		p->out_at += (size_t)n;
		p->out_len -= (size_t)n;
	}
	p->blocked = false;
	p->out_at = 0;
	if (p->out_room > OUT_KEEP && p->out_len == 0) {
		free(p->out);
		p->out = NULL;
		p->out_room = 0;
	}
}

/* Have the queue written, or the break seen: at the end of this turn, or when
 * the socket takes bytes again. */
static void
want_flush(struct peer *p)
{
	if (p->flushing)
		return;
	if (p->broken || (p->out_len > 0 && !p->blocked) ||
	    (p->paused && p->out_len < OUT_PAUSE)) {
		p->flushing = true;
		event_active(&p->writable, EV_WRITE, 0);
	} else if (p->blocked && !p->stream.wants_read) {
		(void)event_add(&p->writable, NULL);
	}
}

/* Room for n more bytes behind the queue. */
static char *
out_tail(struct peer *p, size_t n)
{
	size_t room;

	if (p->out_room - p->out_at - p->out_len >= n)
		return p->out + p->out_at + p->out_len;
	if (p->out_at > 0 && p->out_len > 0)
		memmove(p->out, p->out + p->out_at, p->out_len);
	p->out_at = 0;
	for (room = p->out_room > 0 ? p->out_room : OUT_FIRST;
	     room - p->out_len < n;)
		room *= 2;
	if (room != p->out_room) {
		p->out = mem_resize(p->out, room, 1);
		p->out_room = room;
	}
	return p->out + p->out_len;
}

static size_t
queue_max(const struct peer *p)
{
	size_t max = p->conf->queue_max > 0 ? p->conf->queue_max : QUEUE_MAX;

	return p->role == ROLE_CONTROL ? max * CONTROL_MORE : max;
}

/* The n bytes at the tail become a line. */
static void
out_line(struct peer *p, size_t n)
{
	char *text = out_tail(p, n + 1), *bad = text;

	/* Data must not forge a line of its own. */
	while ((bad = memchr(bad, '\n', (size_t)(text + n - bad))) != NULL)
		*bad++ = '?';
	text[n] = '\n';
	p->out_len += n + 1;
	p->counters.lines_out++;
	if (p->out_len >= OUT_EAGER && !p->blocked)
		write_out(p);
	if (p->out_len > queue_max(p) && !p->broken) {
		p->broken = true;
		(void)snprintf(p->why, sizeof(p->why),
		    "it does not read: %zu bytes were waiting", p->out_len);
	}
	want_flush(p);
}

static bool
can_send(struct peer *p, size_t n)
{
	if (n + 1 <= LINE_MAX_BYTES)
		return true;
	if (log_allowed(bound(p), p->conf->sub))
		log_warnx(p->conf->sub, "a line of %zu bytes for %s left out",
		    n, p->where);
	return false;
}

static void
send_text(struct peer *p, const char *text, size_t len)
{
	if (p->broken || !can_send(p, len))
		return;
	memcpy(out_tail(p, len + 1), text, len);
	out_line(p, len);
}

__attribute__((format(printf, 2, 0))) static void
send_va(struct peer *p, const char *fmt, va_list ap)
{
	char *tail;
	size_t room;
	va_list again;
	int n;

	if (p->broken)
		return;
	tail = out_tail(p, 256);
	room = p->out_room - p->out_at - p->out_len;
	va_copy(again, ap);
	n = vsnprintf(tail, room, fmt, ap);
	if (n >= 0 && can_send(p, (size_t)n)) {
		if ((size_t)n >= room) {
			tail = out_tail(p, (size_t)n + 1);
			(void)vsnprintf(tail, (size_t)n + 1, fmt, again);
		}
		out_line(p, (size_t)n);
	}
	va_end(again);
}

__attribute__((format(printf, 2, 3))) static void
send_line(struct peer *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	send_va(p, fmt, ap);
	va_end(ap);
}

static void
say_hello(struct peer *p)
{
	const struct peer_conf *c = p->conf;

	(void)snprintf(p->told, sizeof(p->told), "%s", c->hash);
	send_line(p, "hello " VERSION " %s %s %s%s%s", role_text(c->role),
	    c->id, c->hash, c->gives != NULL ? " gives=" : "",
	    c->gives != NULL ? c->gives : "");
}

/* The life of a connection. */

static void
close_session(struct peer *p)
{
	if (p->has_events) {
		(void)event_del(&p->readable);
		(void)event_del(&p->writable);
		p->has_events = false;
	}
	(void)event_del(&p->timer);
	stream_close(&p->stream);
	p->session++;
	p->phase = PHASE_IDLE;
	p->in_len = p->out_len = p->out_at = 0;
	p->blocked = p->flushing = p->broken = p->paused = false;
	p->bad_run = 0;
	p->skewed = false;
}

static void
destroy(struct peer *p)
{
	free_endpoints(p->to, p->nto);
	stream_tls_free(&p->tls);
	line_fini(&p->line);
	free(p->in);
	free(p->out);
	p->magic = 0;
	free(p);
}

static void
enter(struct peer *p)
{
	p->uses++;
}

static void
leave(struct peer *p)
{
	if (--p->uses == 0 && p->gone)
		destroy(p);
}

void
peer_free(struct peer **pp)
{
	struct peer *p = *pp;

	*pp = NULL;
	if (p == NULL || p->gone)
		return;
	assert(p->magic == PEER_MAGIC);
	if (p->phase == PHASE_UP || p->phase == PHASE_HELLO)
		write_out(p); /* an `error` should arrive */
	p->gone = true;
	close_session(p);
	if (p->listener != NULL) {
		TAILQ_REMOVE(&p->listener->peers, p, link);
		p->listener->npeers--;
		p->listener = NULL;
	}
	enter(p);
	leave(p);
}

static void
retry_later(struct peer *p)
{
	unsigned char r;
	struct timeval tv;
	unsigned ms = p->backoff_ms;

	/* All endpoints are tried in turn; then comes the pause. */
	p->at++;
	if (p->at < p->nto) {
		ms = 0;
	} else {
		p->at = 0;
		p->backoff_ms = ms * 2 < BACKOFF_MAX ? ms * 2 : BACKOFF_MAX;
		evutil_secure_rng_get_bytes(&r, 1);
		ms = ms * 3 / 4 + ms * r / 512; /* 75 .. 125 % */
	}
	tv = in_ms(ms);
	(void)event_add(&p->timer, &tv);
}

/* One try to connect came to nothing. */
static void
failed(struct peer *p, const char *why)
{
	bool known = strcmp(p->said, why) == 0;

	if (!known && log_allowed(&p->bound, p->conf->sub)) {
		log_warnx(p->conf->sub, "%s", why);
		(void)snprintf(p->said, sizeof(p->said), "%s", why);
	}
	if (p->conf->on_fail != NULL)
		p->conf->on_fail(p, why, p->conf->arg);
}

/* The connection ends by itself; `text` may be p->why. */
static void
hang_up(struct peer *p, enum reason reason, const char *text)
{
	bool was_up = p->phase == PHASE_UP, accepted = p->listener != NULL;
	char why[sizeof(p->why) + ENDPOINT_TEXT], who[NAME_TEXT];
	struct peer *ended = p;

	(void)snprintf(why, sizeof(why), "%s: %s", p->where, text);
	if (was_up && (!accepted || p->role != ROLE_CONTROL))
		log_info(p->conf->sub, "%s is gone: %s",
		    name(p, who, sizeof(who)), text);
	if (!was_up && accepted) {
		self.refused++;
		if (log_allowed(bound(p), p->conf->sub))
			log_info(p->conf->sub, "refused %s", why);
	}
	write_out(p); /* an `error` should arrive */
	close_session(p);
	if (was_up && p->conf->on_down != NULL)
		p->conf->on_down(p, reason_text(reason), p->conf->arg);
	if (!was_up && !accepted)
		failed(p, why);
	if (p->gone)
		return;
	if (accepted) {
		peer_free(&ended);
		return;
	}
	if (was_up)
		p->at = p->nto - 1; /* begin with the first, after a pause */
	p->id[0] = '\0';
	retry_later(p);
}

/* The way in: hello, then lines to the table. */

/* Whatever comes in must not move the cursor of a terminal. */
static void
clean(char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

void
peer_error(struct peer *p, const char *fmt, ...)
{
	char text[512], who[NAME_TEXT];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	clean(text);
	p->counters.errors++;
	if (log_allowed(bound(p), p->conf->sub))
		log_info(p->conf->sub, "%s: error %s",
		    name(p, who, sizeof(who)), text);
	if (p->phase == PHASE_UP || p->phase == PHASE_HELLO)
		send_line(p, "error %s", text);
}

/* Refuse in the hello phase: they read why, then it is over. */
__attribute__((format(printf, 2, 3))) static void
refuse(struct peer *p, const char *fmt, ...)
{
	char text[200];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	p->counters.errors++;
	send_line(p, "error %s", text);
	hang_up(p, REASON_PROTOCOL_ERROR, text);
}

static bool
is_id(const char *s, size_t max)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz"
			     "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

	return n > 0 && n <= max && s[n] == '\0';
}

/* What is wrong with a hello, or NULL; takes over what it says. */
static const char *
hello_parse(struct peer *p, const struct line *l)
{
	const char *gives = line_option(l, "gives");

	if (l->fields != 5)
		return "hello needs: hop/1 <role> <id> <confhash>";
	if (strcmp(l->field[1], VERSION) != 0)
		return "this side speaks " VERSION " only";
	if (role_parse(l->field[2], &p->role) < 0)
		return "unknown role; manager, director, frontend, control, "
		       "collector, relay and agent are known";
	if (!is_id(l->field[3], ID_MAX))
		return "the id of hello is not [A-Za-z0-9._-]{1,255}";
	if (!is_id(l->field[4], WORLD_HASH_TEXT - 1))
		return "the hash of hello is not hex, or -";
	if (gives != NULL && strlen(gives) > GIVES_MAX)
		return "gives= of hello is too long";
	(void)snprintf(p->id, sizeof(p->id), "%s", l->field[3]);
	(void)snprintf(p->hash, sizeof(p->hash), "%s", l->field[4]);
	(void)snprintf(
	    p->gives, sizeof(p->gives), "%s", gives != NULL ? gives : "");
	return NULL;
}

static bool
differs(const char *a, const char *b)
{
	return strcmp(a, "-") != 0 && strcmp(b, "-") != 0 && strcmp(a, b) != 0;
}

bool
peer_is_skewed(const struct peer *p)
{
	return p->phase == PHASE_UP && p->role != ROLE_CONTROL &&
	       p->conf->role != ROLE_CONTROL && differs(p->hash, p->conf->hash);
}

/* Said when it begins and when it ends: both sides may reload at any time. */
static void
note_skew(struct peer *p)
{
	bool is = peer_is_skewed(p);
	char who[NAME_TEXT];
	struct log_bound *skew =
	    p->listener != NULL ? &p->listener->skew_bound : &p->skew_bound;

	if (is == p->skewed || !log_allowed(skew, p->conf->sub))
		return;
	p->skewed = is;
	(void)name(p, who, sizeof(who));
	if (is)
		log_warnx(p->conf->sub,
		    "%s has a different configuration (%.12s, ours is %.12s)",
		    who, p->hash, p->conf->hash);
	else
		log_info(p->conf->sub,
		    "%s has the same configuration again (%.12s)", who,
		    p->hash);
}

static void
come_up(struct peer *p)
{
	char who[NAME_TEXT];

	p->phase = PHASE_UP;
	p->backoff_ms = BACKOFF_MS;
	p->said[0] = '\0';
	p->counters.connects++;
	(void)name(p, who, sizeof(who));
	if (p->role != ROLE_CONTROL && p->conf->role != ROLE_CONTROL &&
	    log_allowed(bound(p), p->conf->sub))
		log_info(p->conf->sub, "%s is there", who);
	note_skew(p);
	if (p->conf->on_up != NULL)
		p->conf->on_up(p, p->conf->arg);
}

static void
on_hello(struct peer *p, const struct line *l)
{
	const char *wrong = hello_parse(p, l);

	if (wrong != NULL) {
		p->id[0] = '\0';
		refuse(p, "%s", wrong);
		return;
	}
	if ((stream_roles(&p->stream) & p->role) == 0) {
		p->id[0] = '\0';
		refuse(p,
		    "%s certificate has no name URI:hopscotch:role:%s, which "
		    "%s hello says",
		    p->listener != NULL ? "your" : "their", role_text(p->role),
		    p->listener != NULL ? "your" : "their");
		return;
	}
	if (p->listener != NULL)
		say_hello(p);
	come_up(p);
}

/* Their `error` line: free text, for the table or for the log. */
static void
on_error(struct peer *p, char *text)
{
	const char *field[2] = {"error", text};
	struct line l = {.field = field, .fields = 2};
	const struct verb *v;
	char who[NAME_TEXT];

	clean(text);
	if (p->phase != PHASE_UP) {
		(void)snprintf(p->why, sizeof(p->why), "%s", text);
		hang_up(p, REASON_PROTOCOL_ERROR, p->why);
		return;
	}
	for (v = p->conf->verbs; v->name != NULL; v++)
		if (strcmp(v->name, "error") == 0 && (v->roles & p->role)) {
			v->on(p, &l, p->conf->arg);
			return;
		}
	if (log_allowed(bound(p), p->conf->sub))
		log_warnx(p->conf->sub, "%s says: error %s",
		    name(p, who, sizeof(who)), text);
}

/* A beat that says more: the other side took a new configuration. */
static void
on_beat(struct peer *p, const struct line *l)
{
	const char *hash = line_option(l, "config");

	if (hash == NULL)
		return;
	if (!is_id(hash, WORLD_HASH_TEXT - 1)) {
		peer_error(p, "the config= of beat is not hex, or -");
		p->bad_run++;
		return;
	}
	(void)snprintf(p->hash, sizeof(p->hash), "%s", hash);
	note_skew(p);
}

/* Give a line to its verb. */
static void
dispatch(struct peer *p, const struct line *l)
{
	const struct verb *v = p->conf->verbs;
	const char *word = l->field[0];
	uint64_t errors = p->counters.errors;

	while (v->name != NULL && strcmp(v->name, word) != 0)
		v++;
	if (v->name == NULL)
		peer_error(p, "unknown verb %.32s", word);
	else if ((v->roles & p->role) == 0)
		peer_error(p, "%s is not for the role %s", v->name,
		    role_text(p->role));
	else if (l->fields - 1 < v->fields_min)
		peer_error(p, "%s needs at least %zu fields, has %zu", v->name,
		    v->fields_min, l->fields - 1);
	else if (l->fields - 1 > v->fields_max)
		peer_error(p, "%s takes at most %zu fields, has %zu", v->name,
		    v->fields_max, l->fields - 1);
	else
		v->on(p, l, p->conf->arg);
	if (p->counters.errors == errors)
		p->bad_run = 0;
	else
		p->bad_run++;
}

static void
on_line(struct peer *p, char *text, size_t len)
{
	const char *why;

	p->counters.lines_in++;
	if (len == 4 && memcmp(text, "beat", 4) == 0 && p->phase == PHASE_UP)
		return;
	if (len >= 5 && memcmp(text, "error", 5) == 0 &&
	    (len == 5 || text[5] == ' ')) {
		text[len] = '\0';
		on_error(p, len > 5 ? text + 6 : text + 5);
		return;
	}
	if (line_split(&p->line, text, len, &why) < 0) {
		if (p->phase != PHASE_UP) {
			refuse(p, "%s", why);
			return;
		}
		peer_error(p, "malformed line: %s", why);
		p->bad_run++;
	} else if (p->phase == PHASE_UP) {
		if (strcmp(p->line.field[0], "beat") == 0)
			on_beat(p, &p->line);
		else
			dispatch(p, &p->line);
	} else if (strcmp(p->line.field[0], "hello") == 0) {
		on_hello(p, &p->line);
	} else {
		refuse(p, "say hello first");
	}
}

/* Who asks without reading the answers is not heard until it has read some.
 * Only the accepting side does so: if both did, both could wait for ever. */
static bool
pauses(struct peer *p)
{
	if (p->listener == NULL || p->out_len < OUT_PAUSE || p->paused)
		return p->paused;
	p->paused = true;
	(void)event_del(&p->readable);
	return true;
}

/* All whole lines of the buffer; what is left moves to its front. */
static void
take_lines(struct peer *p)
{
	unsigned session = p->session;
	char *at = p->in, *end = p->in + p->in_len, *nl;

	while (
	    !pauses(p) && (nl = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		on_line(p, at, (size_t)(nl - at));
		if (p->gone || p->session != session)
			return;
		if (p->bad_run >= BAD_LINES_MAX) {
			peer_error(p, "%u bad lines in a row: that is enough",
			    p->bad_run);
			hang_up(p, REASON_PROTOCOL_ERROR, "too many bad lines");
			return;
		}
		at = nl + 1;
	}
	p->in_len = (size_t)(end - at);
	if (p->in_len == LINE_MAX_BYTES && !p->paused) {
		peer_error(p, "a line of more than %d bytes", LINE_MAX_BYTES);
		hang_up(p, REASON_PROTOCOL_ERROR, "a line without end");
		return;
	}
	if (at != p->in && p->in_len > 0)
		memmove(p->in, at, p->in_len);
}

/* One read; true if there is more to take without an event. */
static bool
read_in(struct peer *p)
{
	char why[160] = "";
	ssize_t n;

	if (p->in_len == p->in_room) {
		p->in_room = p->in_room > 0 ? p->in_room * 4 : IN_FIRST;
		p->in = mem_resize(p->in, p->in_room, 1);
	}
	n = stream_read(&p->stream, p->in + p->in_len, p->in_room - p->in_len,
	    why, sizeof(why));
	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0) {
		(void)snprintf(p->why, sizeof(p->why), "%s",
		    n == 0 ? "closed by the other side" : why);
		hang_up(p, REASON_DISCONNECTED, p->why);
		return false;
	}
	p->heard = mono_now();
	p->counters.bytes_in += (uint64_t)n;
	p->in_len += (size_t)n;
	/* A full read: the next one shall take more. */
	if (p->in_len == p->in_room && p->in_room < LINE_MAX_BYTES) {
		p->in_room *= 4;
		p->in = mem_resize(p->in, p->in_room, 1);
	}
	take_lines(p);
	return !p->gone && p->phase != PHASE_IDLE && !p->paused &&
	       stream_pending(&p->stream);
}
_Static_assert(IN_FIRST * 4 == LINE_MAX_BYTES, "in grows to one line");

/* After any work on the stream: see to breaks and to what waits. */
static void
settle(struct peer *p)
{
	if (p->gone || p->phase == PHASE_IDLE)
		return;
	if (p->out_len > 0 && !p->flushing && p->stream.wants_read)
		write_out(p);
	if (p->broken) {
		hang_up(p, REASON_DISCONNECTED, p->why);
		return;
	}
	want_flush(p);
	if (p->stream.wants_write)
		(void)event_add(&p->writable, NULL);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct peer *p = arg;

	(void)fd;
	(void)what;
	assert(p->magic == PEER_MAGIC);
	enter(p);
	while (read_in(p))
		continue;
	settle(p);
	leave(p);
}

/* The queue is short again: hear what waits here, then what comes. */
static void
resume(struct peer *p)
{
	p->paused = false;
	(void)event_add(&p->readable, NULL);
	take_lines(p);
	if (p->gone || p->phase == PHASE_IDLE || p->paused ||
	    !stream_pending(&p->stream))
		return;
	while (read_in(p))
		continue;
}

static void
begin_hello(struct peer *p)
{
	p->phase = PHASE_HELLO;
	(void)event_add(&p->readable, NULL);
	if (p->listener == NULL)
		say_hello(p);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct peer *p = arg;
	int err;

	(void)what;
	assert(p->magic == PEER_MAGIC);
	enter(p);
	p->flushing = false;
	if (p->phase == PHASE_CONNECTING) {
		err = endpoint_error(fd);
		if (err == 0)
			begin_hello(p);
		else
			hang_up(p, REASON_CONNECT_FAILED, strerror(err));
	} else if (p->phase != PHASE_IDLE) {
		write_out(p);
		if (p->paused && p->out_len < OUT_PAUSE)
			resume(p);
		else if (p->stream.wants_write)
			while (read_in(p))
				continue;
	}
	settle(p);
	leave(p);
}

/* Our configuration goes with the beat when it is not the one told. */
static void
say_beat(struct peer *p)
{
	if (strcmp(p->told, p->conf->hash) == 0) {
		send_text(p, "beat", 4);
		return;
	}
	(void)snprintf(p->told, sizeof(p->told), "%s", p->conf->hash);
	send_line(p, "beat config=%s", p->told);
}

/* Each beat: is the other side there, and ours is. */
static void
tick(struct peer *p)
{
	struct mono now = mono_now();
	struct timeval tv = in_ms(beat_ms(p));
	int64_t beat = beat_ms(p);

	/* If we stood still ourselves, their lines still wait to be read. */
	if (mono_ms(now, p->ticked) >= 2 * beat)
		p->heard = now;
	p->ticked = now;
	if (p->phase != PHASE_UP &&
	    mono_ms(now, p->begun) >= HELLO_BEATS * beat) {
		hang_up(p, REASON_CONNECT_TIMEOUT,
		    p->phase == PHASE_CONNECTING ? "connect timed out"
						 : "no hello in time");
		return;
	}
	if (p->phase == PHASE_UP &&
	    mono_ms(now, p->heard) >= DEAD_BEATS * beat) {
		hang_up(p, REASON_SILENT, "silent");
		return;
	}
	if (p->phase == PHASE_UP) {
		say_beat(p);
		note_skew(p);
	}
	(void)event_add(&p->timer, &tv);
}

/* A socket is there: its events, its clocks. */
static void
begin_session(struct peer *p, int fd, const struct stream_tls *tls)
{
	struct event_base *base = p->conf->base;
	struct timeval tv = in_ms(beat_ms(p));

	stream_open_take(&p->stream, fd, tls);
	(void)event_assign(
	    &p->readable, base, fd, EV_READ | EV_PERSIST, on_readable, p);
	(void)event_assign(&p->writable, base, fd, EV_WRITE, on_writable, p);
	p->has_events = true;
	p->begun = p->heard = p->ticked = mono_now();
	(void)event_add(&p->timer, &tv);
}

/* Connecting. */

static int
open_endpoint(struct peer *p, char *why, size_t size)
{
	const struct listen_lines *to = &p->to[p->at];
	char text[200];

	if (to->tls && p->tls == NULL) {
		if (p->conf->tls == NULL) {
			(void)snprintf(why, size,
			    "%s: no <tls> in the configuration", p->where);
			return -1;
		}
		p->tls =
		    stream_tls_new(p->conf->tls, false, text, sizeof(text));
		if (p->tls == NULL) {
			(void)snprintf(why, size, "%s: %s", p->where, text);
			return -1;
		}
	}
	return endpoint_connect(to, why, size);
}

static void
try_connect(struct peer *p)
{
	char why[400];
	int fd;

	(void)endpoint_text(&p->to[p->at], p->where, sizeof(p->where));
	fd = open_endpoint(p, why, sizeof(why));
	if (fd < 0) {
		failed(p, why);
		if (!p->gone)
			retry_later(p);
		return;
	}
	begin_session(p, fd, p->to[p->at].tls ? p->tls : NULL);
	p->phase = PHASE_CONNECTING;
	(void)event_add(&p->writable, NULL);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct peer *p = arg;

	(void)fd;
	(void)what;
	assert(p->magic == PEER_MAGIC);
	enter(p);
	if (p->phase == PHASE_IDLE)
		try_connect(p);
	else
		tick(p);
	leave(p);
}

static struct peer *
peer_new(const struct peer_conf *conf)
{
	struct peer *p = mem_new(sizeof(*p));

	p->magic = PEER_MAGIC;
	p->conf = conf;
	p->stream.fd = -1;
	p->backoff_ms = BACKOFF_MS;
	p->bound.burst = LOG_BURST;
	p->skew_bound.burst = SKEW_BURST;
	line_init(&p->line);
	(void)evtimer_assign(&p->timer, conf->base, on_timer, p);
	return p;
}

struct peer *
peer_connect(
    const struct peer_conf *conf, const struct listen_lines *to, size_t n)
{
	struct peer *p = peer_new(conf);
	struct timeval now = {0};
	size_t i;

	assert(n > 0);
	p->to = mem_array(n, sizeof(*p->to));
	p->nto = n;
	for (i = 0; i < n; i++)
		copy_endpoint(&p->to[i], &to[i]);
	(void)endpoint_text(&p->to[0], p->where, sizeof(p->where));
	(void)event_add(&p->timer, &now);
	return p;
}

bool
peer_set_endpoints(struct peer *p, const struct listen_lines *to, size_t n)
{
	struct listen_lines *old = p->to, now = p->to[p->at];
	size_t nold = p->nto, i;
	bool there = p->phase == PHASE_IDLE;

	assert(p->magic == PEER_MAGIC && n > 0);
	p->to = mem_array(n, sizeof(*p->to));
	p->nto = n;
	p->at = 0;
	for (i = 0; i < n; i++) {
		copy_endpoint(&p->to[i], &to[i]);
		if (p->phase != PHASE_IDLE && same_endpoint(&to[i], &now) &&
		    to[i].tls == now.tls) {
			p->at = i;
			there = true;
		}
	}
	free_endpoints(old, nold);
	return there;
}

void
peer_renew_tls(struct peer *p)
{
	assert(p->magic == PEER_MAGIC);
	stream_tls_free(&p->tls);
}

/* Accepting. */

/* Where an accepted peer is; false: it may not be there. */
static bool
remote_allowed(const struct peer_listener *l, int fd, struct peer *p)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct listen_lines from = {.tls = l->at.tls};

	if (l->at.socket != NULL) {
		(void)endpoint_text(&l->at, p->where, sizeof(p->where));
		return true;
	}
	memset(&ss, 0, sizeof(ss));
	if (getpeername(fd, (struct sockaddr *)&ss, &len) < 0)
		return false;
	addr_from_sockaddr(
	    (const struct sockaddr *)&ss, &from.addr, &from.port);
	(void)endpoint_text(&from, p->where, sizeof(p->where));
	return from.tls || addr_is_loopback(&from.addr);
}

/* When all places are taken, who has not said hello makes room. */
static bool
make_room(struct peer_listener *l)
{
	size_t max = l->conf->peers_max > 0 ? l->conf->peers_max : PEERS_MAX;
	struct peer *p;

	if (l->npeers < max)
		return true;
	TAILQ_FOREACH(p, &l->peers, link)
	{
		if (p->phase == PHASE_HELLO && p->uses == 0) {
			hang_up(p, REASON_DISCONNECTED,
			    "no hello yet, and others wait");
			return true;
		}
	}
	return false;
}

static void
add_peer(struct peer_listener *l, int fd)
{
	static const char full[] = "error too many peers\n";
	struct peer *p;

	if (!make_room(l)) {
		self.refused++;
		if (log_allowed(&l->bound, l->conf->sub))
			log_warnx(l->conf->sub, "too many peers: one refused");
		if (!l->at.tls)
			(void)send(fd, full, sizeof(full) - 1, MSG_NOSIGNAL);
		(void)close(fd);
		return;
	}
	p = peer_new(l->conf);
	if (!remote_allowed(l, fd, p)) {
		self.refused++;
		(void)close(fd);
		destroy(p);
		return;
	}
	if (l->at.socket == NULL)
		endpoint_no_delay(fd);
	p->listener = l;
	TAILQ_INSERT_TAIL(&l->peers, p, link);
	l->npeers++;
	begin_session(p, fd, l->tls);
	begin_hello(p);
}

static void
on_acceptable(evutil_socket_t fd, short what, void *arg)
{
	struct peer_listener *l = arg;
	struct timeval pause = {.tv_sec = 1};
	int i, got;

	(void)what;
	assert(l->magic == LISTENER_MAGIC);
	for (i = 0; i < ACCEPTS; i++) {
		got = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (got >= 0) {
			add_peer(l, got);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
		    errno == ENOBUFS) {
			log_warn(l->conf->sub, "accept: pause of 1 s");
			(void)event_del(&l->acceptable);
			(void)event_add(&l->again, &pause);
		}
		return;
	}
}

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
	struct peer_listener *l = arg;

	(void)fd;
	(void)what;
	assert(l->magic == LISTENER_MAGIC);
	(void)event_add(&l->acceptable, NULL);
}

static int
load_tls(const struct listen_lines *at, const struct tls *files,
    struct stream_tls **tls, char *why, size_t size)
{
	*tls = NULL;
	if (!at->tls)
		return 0;
	if (files == NULL) {
		(void)snprintf(why, size,
		    "TLS is asked for, but the configuration has no <tls>");
		return -1;
	}
	*tls = stream_tls_new(files, true, why, size);
	return *tls != NULL ? 0 : -1;
}

struct peer_listener *
peer_listen_tls(const struct peer_conf *conf, const struct listen_lines *at,
    const struct tls *files, char *why, size_t size)
{
	struct stream_tls *tls;
	struct peer_listener *l;
	int fd;

	if (load_tls(at, files, &tls, why, size) < 0)
		return NULL;
	fd = endpoint_listen(at, why, size);
	if (fd < 0) {
		stream_tls_free(&tls);
		return NULL;
	}
	l = mem_new(sizeof(*l));
	l->magic = LISTENER_MAGIC;
	l->conf = conf;
	copy_endpoint(&l->at, at);
	l->tls = tls;
	l->fd = fd;
	l->bound.burst = LOG_BURST;
	l->skew_bound.burst = SKEW_BURST;
	TAILQ_INIT(&l->peers);
	(void)event_assign(&l->acceptable, conf->base, fd, EV_READ | EV_PERSIST,
	    on_acceptable, l);
	(void)evtimer_assign(&l->again, conf->base, on_again, l);
	(void)event_add(&l->acceptable, NULL);
	return l;
}

struct peer_listener *
peer_listen(const struct peer_conf *conf, const struct listen_lines *at,
    char *why, size_t size)
{
	return peer_listen_tls(conf, at, conf->tls, why, size);
}

bool
peer_listener_is_at(
    const struct peer_listener *l, const struct listen_lines *at)
{
	return same_endpoint(&l->at, at);
}

struct peer_renewal {
	struct stream_tls *tls;
	bool is_tls;
};

struct peer_renewal *
peer_listener_prepare(const struct listen_lines *at, const struct tls *files,
    char *why, size_t size)
{
	struct peer_renewal *r;
	struct stream_tls *tls;

	if (at->socket == NULL && !at->tls && !addr_is_loopback(&at->addr)) {
		(void)snprintf(
		    why, size, "TCP without TLS is for loopback only");
		return NULL;
	}
	if (load_tls(at, files, &tls, why, size) < 0)
		return NULL;
	r = mem_new(sizeof(*r));
	r->tls = tls;
	r->is_tls = at->tls;
	return r;
}

void
peer_renewal_free(struct peer_renewal **r)
{
	if (*r == NULL)
		return;
	stream_tls_free(&(*r)->tls);
	free(*r);
	*r = NULL;
}

void
peer_listener_renew(struct peer_listener *l, struct peer_renewal **r)
{
	assert(l->magic == LISTENER_MAGIC);
	stream_tls_free(&l->tls); /* who uses it keeps what it needs */
	l->tls = (*r)->tls;
	l->at.tls = (*r)->is_tls;
	(*r)->tls = NULL;
	peer_renewal_free(r);
}

void
peer_listener_close(struct peer_listener *l)
{
	assert(l->magic == LISTENER_MAGIC);
	if (l->fd < 0)
		return;
	(void)event_del(&l->acceptable);
	(void)event_del(&l->again);
	endpoint_unlink(&l->at, l->fd);
	(void)close(l->fd);
	l->fd = -1;
}

void
peer_listener_free(struct peer_listener **lp)
{
	struct peer_listener *l = *lp;
	struct peer *p;

	*lp = NULL;
	if (l == NULL)
		return;
	assert(l->magic == LISTENER_MAGIC);
	while ((p = TAILQ_FIRST(&l->peers)) != NULL)
		peer_free(&p);
	peer_listener_close(l);
	stream_tls_free(&l->tls);
	free(l->at.socket);
	l->magic = 0;
	free(l);
}

uint16_t
peer_listener_port(const struct peer_listener *l)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct addr a;
	uint16_t port = 0;

	memset(&ss, 0, sizeof(ss));
	if (getsockname(l->fd, (struct sockaddr *)&ss, &len) == 0)
		addr_from_sockaddr((const struct sockaddr *)&ss, &a, &port);
	return port;
}

size_t
peer_listener_peers(const struct peer_listener *l)
{
	return l->npeers;
}

/* What others ask of a peer. */

void
peer_send(struct peer *p, const char *fmt, ...)
{
	va_list ap;

	assert(p->magic == PEER_MAGIC);
	if (p->phase != PHASE_UP)
		return;
	va_start(ap, fmt);
	send_va(p, fmt, ap);
	va_end(ap);
}

void
peer_send_text(struct peer *p, const char *text, size_t len)
{
	assert(p->magic == PEER_MAGIC);
	if (p->phase == PHASE_UP)
		send_text(p, text, len);
}

bool
peer_is_up(const struct peer *p)
{
	return p->phase == PHASE_UP;
}

enum peer_role
peer_role(const struct peer *p)
{
	return p->role;
}

const char *
peer_id(const struct peer *p)
{
	return p->id;
}

const char *
peer_hash(const struct peer *p)
{
	return p->hash;
}

const char *
peer_where(const struct peer *p)
{
	return p->where;
}

bool
peer_gives(const struct peer *p, const char *what)
{
	size_t n = strlen(what);
	const char *s = p->gives;

	for (;;) {
		size_t len = strcspn(s, ",");

		if (len == n && memcmp(s, what, n) == 0)
			return true;
		if (s[len] == '\0')
			return false;
		s += len + 1;
	}
}

void
peer_set_data(struct peer *p, void *data)
{
	p->data = data;
}

void *
peer_data(const struct peer *p)
{
	return p->data;
}

void
peer_counters(const struct peer *p, struct peer_counters *out)
{
	*out = p->counters;
	out->queued = p->out_len;
}

uint64_t
peer_refused(void)
{
	return self.refused;
}

void
peer_default_socket(
    const char *program, const char *id, char *path, size_t size)
{
	const char *dir = getenv("HOPSCOTCH_RUN");

	(void)snprintf(path, size, "%s/%s-%s.sock",
	    dir != NULL && dir[0] != '\0' ? dir : "/run/hopscotch", program,
	    id);
}
