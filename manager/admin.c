/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One entry a server, site and border of the world, and a list of those about
 * what it does not have. The file has the lines of
 * the wire; it is written anew at each change (to a temporary, then renamed),
 * which operators do not do often.
 */
#include "manager/admin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/keep.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/num.h"

#define LINE_ROOM 2048
#define FILE_MAX  (64u << 20)
/* Later than that is no time: room for each operator's word to be newer than
 * the one before. */
#define WHEN_MAX (INT64_MAX / 2)
#define RETRY_MS 5000 /* to write, after that failed */

struct absent {
	enum admin_kind kind;
	char *id;
	struct admin_entry entry;
};

struct admin_table {
	const struct world *world;
	char *file;
	struct admin_entry *entries[ADMIN_KINDS]; /* by kind, then number */
	size_t n[ADMIN_KINDS];
	struct absent *absent;
	size_t nabsent;
	bool unsaved; /* the file is older than what is here */
	struct mono retried;
};

static const char *const kinds[ADMIN_KINDS] = {
    [ADMIN_SERVER] = "server",
    [ADMIN_SITE] = "site",
    [ADMIN_BORDER] = "border",
};

const char *
admin_kind_text(enum admin_kind kind)
{
	return kinds[kind];
}

static int
find(const struct world *w, enum admin_kind kind, const char *id)
{
	if (kind == ADMIN_SERVER)
		return world_server(w, id);
	if (kind == ADMIN_SITE)
		return world_site(w, id);
	return world_border(w, id);
}

static const char *
id_of(const struct world *w, enum admin_kind kind, int n)
{
	if (kind == ADMIN_SERVER)
		return w->servers[n].id;
	if (kind == ADMIN_SITE)
		return w->sites[n].id;
	return w->borders[n].id;
}

static void
make_entries(struct admin_table *t, const struct world *w)
{
	size_t i;
	int k;

	t->world = w;
	t->n[ADMIN_SERVER] = w->nservers;
	t->n[ADMIN_SITE] = w->nsites;
	t->n[ADMIN_BORDER] = w->nborders;
	for (k = ADMIN_SERVER; k < ADMIN_KINDS; k++) {
		t->entries[k] = mem_array(t->n[k], sizeof(**t->entries));
		for (i = 0; i < t->n[k]; i++)
			t->entries[k][i].state = ADMIN_ENABLED;
	}
}

struct admin_table *
admin_new(const struct world *w, const char *file)
{
	struct admin_table *t = mem_new(sizeof(*t));

	t->file = file != NULL ? mem_text(file) : NULL;
	make_entries(t, w);
	return t;
}

static void
free_entries(struct admin_table *t)
{
	size_t i;
	int k;

	for (k = ADMIN_SERVER; k < ADMIN_KINDS; k++)
		free(t->entries[k]);
	for (i = 0; i < t->nabsent; i++)
		free(t->absent[i].id);
	free(t->absent);
}

void
admin_free(struct admin_table **tp)
{
	struct admin_table *t = *tp;

	if (t == NULL)
		return;
	free_entries(t);
	free(t->file);
	free(t);
	*tp = NULL;
}

/* Text of people: what a log line or a MIB object cannot hold becomes '?'. */
static void
clean(char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 127)
			*text = '?';
}

/* The state, the time and the texts of a line. */
static int
parse_entry(const struct line *l, int64_t now, struct admin_entry *e, char *why,
    size_t size)
{
	if (admin_parse(l->field[3], &e->state) < 0) {
		(void)snprintf(why, size,
		    "%.40s is neither enabled, draining nor disabled",
		    l->field[3]);
		return -1;
	}
	if (num_parse(l->field[4], 0, WHEN_MAX, &e->when) < 0) {
		(void)snprintf(
		    why, size, "%.40s is no time in unix seconds", l->field[4]);
		return -1;
	}
	if (e->when == 0)
		e->when = now;
	(void)line_decode(l->field[5], e->who, sizeof(e->who));
	(void)line_decode(l->field[6], e->why, sizeof(e->why));
	clean(e->who);
	clean(e->why);
	return 0;
}

/* What ids may be made of, see the grammar. */
static bool
is_id(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz"
				"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

	return n > 0 && n < sizeof(((struct admin_word *)0)->id) &&
	       text[n] == '\0';
}

int
admin_parse_line(const struct world *w, const struct line *l, int64_t now,
    struct admin_word *word, char *why, size_t size)
{
	int k;

	memset(word, 0, sizeof(*word));
	if (l->fields != 7) {
		(void)snprintf(why, size,
		    "admin needs kind, id, state, when, who and why");
		return -1;
	}
	for (k = ADMIN_SERVER; k < ADMIN_KINDS; k++)
		if (strcmp(l->field[1], kinds[k]) == 0)
			word->kind = (enum admin_kind)k;
	if (word->kind == 0) {
		(void)snprintf(why, size,
		    "%.40s is neither server, site nor border", l->field[1]);
		return -1;
	}
	if (parse_entry(l, now, &word->entry, why, size) < 0)
		return -1;
	word->n = find(w, word->kind, l->field[2]);
	if (word->n >= 0)
		return 0;
	if (!is_id(l->field[2])) {
		(void)snprintf(why, size, "%.80s is no id of a %s", l->field[2],
		    kinds[word->kind]);
		return -1;
	}
	(void)snprintf(word->id, sizeof(word->id), "%s", l->field[2]);
	return 0;
}

int
admin_line(enum admin_kind kind, const char *id, const struct admin_entry *e,
    char *buf, size_t size)
{
	char who[ADMIN_WHO * 3 + 4], why[ADMIN_WHY * 3 + 4];
	int len;

	len = snprintf(buf, size, "admin %s %s %s %lld %s %s", kinds[kind], id,
	    admin_text(e->state), (long long)e->when,
	    line_encode(e->who, who, sizeof(who)),
	    line_encode(e->why, why, sizeof(why)));
	return len > 0 && (size_t)len < size ? 0 : -1;
}

static int
write_one(enum admin_kind kind, const char *id, const struct admin_entry *e,
    FILE *out)
{
	char line[LINE_ROOM];

	if (e->when == 0)
		return 0;
	return admin_line(kind, id, e, line, sizeof(line)) < 0 ||
		       fprintf(out, "%s\n", line) < 0
		   ? -1
		   : 0;
}

static int
write_all(const struct admin_table *t, FILE *out)
{
	size_t i;
	int k;

	for (k = ADMIN_SERVER; k < ADMIN_KINDS; k++)
		for (i = 0; i < t->n[k]; i++)
			if (write_one((enum admin_kind)k,
				id_of(t->world, (enum admin_kind)k, (int)i),
				&t->entries[k][i], out) < 0)
				return -1;
	for (i = 0; i < t->nabsent; i++)
		if (write_one(t->absent[i].kind, t->absent[i].id,
			&t->absent[i].entry, out) < 0)
			return -1;
	return 0;
}

static int
save(struct admin_table *t)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out;
	int bad;

	if (t->file == NULL)
		return 0;
	out = open_memstream(&text, &len);
	bad = out == NULL ? -1 : write_all(t, out);
	if (out != NULL && fclose(out) != 0)
		bad = -1;
	if (bad == 0)
		bad = keep_write(t->file, text, len);
	if (bad < 0 && !t->unsaved)
		log_warn("admin",
		    "%s: what operators said is not on disk; trying on",
		    t->file);
	if (bad == 0 && t->unsaved)
		log_info("admin", "%s is written again", t->file);
	t->unsaved = bad < 0;
	free(text);
	return bad;
}

bool
admin_is_saved(const struct admin_table *t)
{
	return !t->unsaved;
}

void
admin_retry(struct admin_table *t, struct mono now)
{
	if (!t->unsaved ||
	    (mono_set(t->retried) && mono_ms(now, t->retried) < RETRY_MS))
		return;
	t->retried = now;
	(void)save(t);
}

/* Two managers must come to the same end whatever the order: equal times go
 * by state, then by words. */
static bool
is_newer(const struct admin_entry *a, const struct admin_entry *b)
{
	int d;

	if (a->when != b->when)
		return a->when > b->when;
	if (a->state != b->state)
		return a->state > b->state;
	d = strcmp(a->who, b->who);
	return d != 0 ? d > 0 : strcmp(a->why, b->why) > 0;
}

static size_t
find_absent(const struct admin_table *t, enum admin_kind kind, const char *id)
{
	size_t i;

	for (i = 0; i < t->nabsent; i++)
		if (t->absent[i].kind == kind &&
		    strcmp(t->absent[i].id, id) == 0)
			break;
	return i;
}

static void
remove_absent(struct admin_table *t, size_t i)
{
	free(t->absent[i].id);
	t->absent[i] = t->absent[--t->nabsent];
}

/* Room for one more: the oldest word goes. */
static void
make_room(struct admin_table *t)
{
	size_t i, oldest = 0;

	if (t->nabsent < ADMIN_ABSENT_MAX)
		return;
	for (i = 1; i < t->nabsent; i++)
		if (t->absent[i].entry.when < t->absent[oldest].entry.when)
			oldest = i;
	remove_absent(t, oldest);
}

/* Where a word about what is not there is kept; a new place knows nothing. */
static struct admin_entry *
absent_entry(struct admin_table *t, enum admin_kind kind, const char *id)
{
	size_t i = find_absent(t, kind, id);

	if (i == t->nabsent) {
		make_room(t);
		t->absent =
		    mem_resize(t->absent, t->nabsent + 1, sizeof(*t->absent));
		i = t->nabsent++;
		t->absent[i] = (struct absent){
		    kind, mem_text(id), {.state = ADMIN_ENABLED}};
	}
	return &t->absent[i].entry;
}

static struct admin_entry *
entry_of(struct admin_table *t, const struct admin_word *word)
{
	return word->n >= 0 ? &t->entries[word->kind][word->n]
			    : absent_entry(t, word->kind, word->id);
}

/* A word of another table, or of the world before. */
static void
put(struct admin_table *t, enum admin_kind kind, const char *id,
    const struct admin_entry *e)
{
	int n = find(t->world, kind, id);

	if (e->when == 0)
		return;
	if (n >= 0)
		t->entries[kind][n] = *e;
	else
		*absent_entry(t, kind, id) = *e;
}

void
admin_renew(struct admin_table *t, const struct world *w)
{
	struct admin_table old = *t;
	size_t i;
	int k;

	t->absent = NULL;
	t->nabsent = 0;
	make_entries(t, w);
	for (k = ADMIN_SERVER; k < ADMIN_KINDS; k++)
		for (i = 0; i < old.n[k]; i++)
			put(t, (enum admin_kind)k,
			    id_of(old.world, (enum admin_kind)k, (int)i),
			    &old.entries[k][i]);
	for (i = 0; i < old.nabsent; i++)
		put(t, old.absent[i].kind, old.absent[i].id,
		    &old.absent[i].entry);
	free_entries(&old);
}

bool
admin_take(struct admin_table *t, struct admin_word *word, bool by_operator,
    bool *saved)
{
	struct admin_entry *e = entry_of(t, word);

	*saved = true;
	if (by_operator && word->entry.when <= e->when)
		word->entry.when = e->when + 1;
	if (!is_newer(&word->entry, e))
		return false;
	*e = word->entry;
	log_info("admin", "%s %s: %s by %s%s%s", kinds[word->kind],
	    word->n >= 0 ? id_of(t->world, word->kind, word->n) : word->id,
	    admin_text(e->state), e->who[0] != '\0' ? e->who : "somebody",
	    e->why[0] != '\0' ? ": " : "", e->why);
	*saved = save(t) == 0;
	return true;
}

static void
load_line(struct admin_table *t, struct line *l, char *text, size_t len)
{
	struct admin_word word = {0};
	struct admin_entry *e;
	const char *bad;
	char why[160];

	if (line_split(l, text, len, &bad) < 0) {
		log_warnx("admin", "%s: %s", t->file, bad);
		return;
	}
	if (strcmp(l->field[0], "admin") != 0 ||
	    admin_parse_line(t->world, l, 0, &word, why, sizeof(why)) < 0) {
		log_warnx("admin", "%s: left out: %s", t->file,
		    strcmp(l->field[0], "admin") != 0 ? "not an admin line"
						      : why);
		return;
	}
	e = entry_of(t, &word);
	if (is_newer(&word.entry, e))
		*e = word.entry;
}

int
admin_load(struct admin_table *t, char *why, size_t size)
{
	char *text, *rest, *line;
	struct line l;

	if (t->file == NULL)
		return 0;
	text = keep_read(t->file, FILE_MAX);
	if (text == NULL) {
		if (errno == ENOENT)
			return 0;
		(void)snprintf(why, size, "%s: %s", t->file, strerror(errno));
		return -1;
	}
	line_init(&l);
	for (rest = text; (line = strsep(&rest, "\n")) != NULL;)
		if (rest != NULL || line[0] != '\0')
			load_line(t, &l, line, strlen(line));
	line_fini(&l);
	free(text);
	return 0;
}

const struct admin_entry *
admin_entry(const struct admin_table *t, enum admin_kind kind, int n)
{
	return &t->entries[kind][n];
}

size_t
admin_count(const struct admin_table *t, enum admin_kind kind)
{
	return t->n[kind];
}

size_t
admin_absent_count(const struct admin_table *t)
{
	return t->nabsent;
}

const struct admin_entry *
admin_absent(const struct admin_table *t, size_t i, enum admin_kind *kind,
    const char **id)
{
	*kind = t->absent[i].kind;
	*id = t->absent[i].id;
	return &t->absent[i].entry;
}

const char *
admin_id(const struct admin_table *t, enum admin_kind kind, int n)
{
	return id_of(t->world, kind, n);
}

enum admin
admin_server(const struct admin_table *t, int server)
{
	enum admin own = t->entries[ADMIN_SERVER][server].state;
	enum admin site =
	    t->entries[ADMIN_SITE][t->world->servers[server].site].state;

	return own > site ? own : site;
}

void
admin_default_file(const char *id, char *path, size_t size)
{
	(void)keep_file("manager", id, "admin", path, size);
}
