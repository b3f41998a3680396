/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a peer says and hears: hello, beat and error here, all other lines by
 * the table of verbs, each for the roles that may. Bounds bad lines, and what
 * they make the log say. Owns nothing; reads no socket.
 */
#include "lib/peer_own.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define VERSION       "hop/1"
#define BAD_LINES_MAX 100 /* in a row, without a good one */

/* What we say of ourselves. */

void
peer_say_hello(struct peer *p)
{
	const struct peer_conf *c = p->conf;

	(void)snprintf(p->told, sizeof(p->told), "%s", c->hash);
	peer_put_line(p, "hello " VERSION " %s %s %s%s%s", role_text(c->role),
	    c->id, c->hash, c->gives != NULL ? " gives=" : "",
	    c->gives != NULL ? c->gives : "");
}

void
peer_say_beat(struct peer *p)
{
	if (strcmp(p->told, p->conf->hash) == 0) {
		peer_put_text(p, "beat", 4);
		return;
	}
	(void)snprintf(p->told, sizeof(p->told), "%s", p->conf->hash);
	peer_put_line(p, "beat config=%s", p->told);
}

/* What we hear of them. */

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
	if (log_allowed(peer_bound(p), p->conf->sub))
		log_info(p->conf->sub, "%s: error %s",
		    peer_name(p, who, sizeof(who)), text);
	if (p->phase == PHASE_UP || p->phase == PHASE_HELLO)
		peer_put_line(p, "error %s", text);
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
	peer_put_line(p, "error %s", text);
	peer_hang_up(p, REASON_PROTOCOL_ERROR, text);
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

void
peer_note_skew(struct peer *p)
{
	bool is = peer_is_skewed(p);
	char who[NAME_TEXT];
	struct log_bound *skew =
	    p->listener != NULL ? &p->listener->skew_bound : &p->skew_bound;

	if (is == p->skewed || !log_allowed(skew, p->conf->sub))
		return;
	p->skewed = is;
	(void)peer_name(p, who, sizeof(who));
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
	(void)peer_name(p, who, sizeof(who));
	if (p->role != ROLE_CONTROL && p->conf->role != ROLE_CONTROL &&
	    log_allowed(peer_bound(p), p->conf->sub))
		log_info(p->conf->sub, "%s is there", who);
	peer_note_skew(p);
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
		peer_say_hello(p);
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
		peer_hang_up(p, REASON_PROTOCOL_ERROR, p->why);
		return;
	}
	for (v = p->conf->verbs; v->name != NULL; v++)
		if (strcmp(v->name, "error") == 0 && (v->roles & p->role)) {
			v->on(p, &l, p->conf->arg);
			return;
		}
	if (log_allowed(peer_bound(p), p->conf->sub))
		log_warnx(p->conf->sub, "%s says: error %s",
		    peer_name(p, who, sizeof(who)), text);
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
	peer_note_skew(p);
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

void
peer_take_lines(struct peer *p)
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
			peer_hang_up(
			    p, REASON_PROTOCOL_ERROR, "too many bad lines");
			return;
		}
		at = nl + 1;
	}
	p->in_len = (size_t)(end - at);
	if (p->in_len == LINE_MAX_BYTES && !p->paused) {
		peer_error(p, "a line of more than %d bytes", LINE_MAX_BYTES);
		peer_hang_up(p, REASON_PROTOCOL_ERROR, "a line without end");
		return;
	}
	if (at != p->in && p->in_len > 0)
		memmove(p->in, at, p->in_len);
}
