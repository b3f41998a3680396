/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One entry a server, site and border of the world. The file has the lines of
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

struct admin_table {
	const struct world *world;
	char *file;
	struct admin_entry *entries[ADMIN_KINDS]; /* by kind, then number */
	size_t n[ADMIN_KINDS];
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

struct admin_table *
admin_new(const struct world *w, const char *file)
{
	struct admin_table *t = mem_new(sizeof(*t));
	size_t i;
	int k;

	t->world = w;
	t->file = file != NULL ? mem_text(file) : NULL;
	t->n[ADMIN_SERVER] = w->nservers;
	t->n[ADMIN_SITE] = w->nsites;
	t->n[ADMIN_BORDER] = w->nborders;
	for (k = ADMIN_SERVER; k < ADMIN_KINDS; k++) {
		t->entries[k] = mem_array(t->n[k], sizeof(**t->entries));
		for (i = 0; i < t->n[k]; i++)
			t->entries[k][i].state = ADMIN_ENABLED;
	}
	return t;
}

void
admin_free(struct admin_table **tp)
{
	struct admin_table *t = *tp;
	int k;

	if (t == NULL)
		return;
	for (k = ADMIN_SERVER; k < ADMIN_KINDS; k++)
		free(t->entries[k]);
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
	word->n = find(w, word->kind, l->field[2]);
	if (word->n < 0) {
		(void)snprintf(why, size, "no %s %.80s in the configuration",
		    kinds[word->kind], l->field[2]);
		return -1;
	}
	if (admin_parse(l->field[3], &word->entry.state) < 0) {
		(void)snprintf(why, size,
		    "%.40s is neither enabled, draining nor disabled",
		    l->field[3]);
		return -1;
	}
	if (num_parse(l->field[4], 0, INT64_MAX, &word->entry.when) < 0) {
		(void)snprintf(
		    why, size, "%.40s is no time in unix seconds", l->field[4]);
		return -1;
	}
	if (word->entry.when == 0)
		word->entry.when = now;
	(void)line_decode(
	    l->field[5], word->entry.who, sizeof(word->entry.who));
	(void)line_decode(
	    l->field[6], word->entry.why, sizeof(word->entry.why));
	clean(word->entry.who);
	clean(word->entry.why);
	return 0;
}

int
admin_line(const struct world *w, enum admin_kind kind, int n,
    const struct admin_entry *e, char *buf, size_t size)
{
	char who[ADMIN_WHO * 3 + 4], why[ADMIN_WHY * 3 + 4];
	int len;

	len = snprintf(buf, size, "admin %s %s %s %lld %s %s", kinds[kind],
	    id_of(w, kind, n), admin_text(e->state), (long long)e->when,
	    line_encode(e->who, who, sizeof(who)),
	    line_encode(e->why, why, sizeof(why)));
	return len > 0 && (size_t)len < size ? 0 : -1;
}

static int
write_all(const struct admin_table *t, FILE *out)
{
	char line[LINE_ROOM];
	size_t i;
	int k;

	for (k = ADMIN_SERVER; k < ADMIN_KINDS; k++)
		for (i = 0; i < t->n[k]; i++) {
			const struct admin_entry *e = &t->entries[k][i];

			if (e->when == 0)
				continue;
			if (admin_line(t->world, (enum admin_kind)k, (int)i, e,
				line, sizeof(line)) < 0 ||
			    fprintf(out, "%s\n", line) < 0)
				return -1;
		}
	return 0;
}

static int
save(const struct admin_table *t)
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
	if (bad < 0)
		log_warn("admin", "%s", t->file);
	free(text);
	return bad;
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

bool
admin_take(struct admin_table *t, struct admin_word *word, bool by_operator,
    bool *saved)
{
	struct admin_entry *e = &t->entries[word->kind][word->n];

	*saved = true;
	if (by_operator && word->entry.when <= e->when)
		word->entry.when = e->when + 1;
	if (!is_newer(&word->entry, e))
		return false;
	*e = word->entry;
	log_info("admin", "%s %s: %s by %s%s%s", kinds[word->kind],
	    id_of(t->world, word->kind, word->n), admin_text(e->state),
	    e->who[0] != '\0' ? e->who : "somebody",
	    e->why[0] != '\0' ? ": " : "", e->why);
	*saved = save(t) == 0;
	return true;
}

/* Lines of the file may be about what the configuration no longer has. */
static void
load_line(struct admin_table *t, struct line *l, char *text, size_t len)
{
	struct admin_word word;
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
	if (is_newer(&word.entry, &t->entries[word.kind][word.n]))
		t->entries[word.kind][word.n] = word.entry;
}

int
admin_load(struct admin_table *t, char *why, size_t size)
{
	char text[LINE_ROOM];
	struct line l;
	size_t len;
	FILE *in;

	if (t->file == NULL)
		return 0;
	in = fopen(t->file, "re");
	if (in == NULL) {
		if (errno == ENOENT)
			return 0;
		(void)snprintf(why, size, "%s: %s", t->file, strerror(errno));
		return -1;
	}
	line_init(&l);
	while (fgets(text, sizeof(text), in) != NULL) {
		len = strcspn(text, "\n");
		load_line(t, &l, text, len);
	}
	line_fini(&l);
	(void)fclose(in);
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
