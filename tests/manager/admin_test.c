/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "manager/admin.h"
#include "tests/manager/world.h"
#include "tests/unit.h"

static const char farm[] =
    "<policy id='p'><connections/></policy>" WORLD_SERVER("a", "ny", "1")
	WORLD_SERVER("b", "la",
	    "2") "<service id='www' host='www.t' policy='p'><use server='a'/>"
		 "<use server='b'/></service>";

static int
parse(const struct world *w, const char *text, struct admin_word *word,
    char *why, size_t size)
{
	char copy[2048];
	const char *bad;
	struct line l;
	int r;

	(void)snprintf(copy, sizeof(copy), "%s", text);
	line_init(&l);
	r = line_split(&l, copy, strlen(copy), &bad);
	CU_ASSERT_EQUAL(r, 0);
	if (r == 0)
		r = admin_parse_line(w, &l, 1000, word, why, size);
	line_fini(&l);
	return r;
}

static bool
take(struct admin_table *t, const struct world *w, const char *text,
    bool by_operator)
{
	struct admin_word word;
	char why[200];
	bool saved;

	CU_ASSERT_EQUAL_FATAL(parse(w, text, &word, why, sizeof(why)), 0);
	return admin_take(t, &word, by_operator, &saved);
}

static void
a_line_is_read_and_written_alike(void)
{
	static const char line[] = "admin server b draining 900 ann new%20disk";
	struct world *w = make_world(farm);
	struct admin_word word;
	char why[200], out[2048];

	CU_ASSERT_EQUAL(parse(w, line, &word, why, sizeof(why)), 0);
	CU_ASSERT_EQUAL(word.kind, ADMIN_SERVER);
	CU_ASSERT_EQUAL(word.n, 1);
	CU_ASSERT_EQUAL(word.entry.state, ADMIN_DRAINING);
	CU_ASSERT_STRING_EQUAL(word.entry.why, "new disk");
	CU_ASSERT_EQUAL(
	    admin_line(word.kind, "b", &word.entry, out, sizeof(out)), 0);
	CU_ASSERT_STRING_EQUAL(out, line);
	CU_ASSERT_EQUAL(admin_line(word.kind, "b", &word.entry, out, 20), -1);
	world_free(&w);
}

static void
mistakes_are_named(void)
{
	static const char *const bad[][2] = {
	    {"admin host a draining 0 - -", "host"},
	    {"admin server x/y draining 0 - -", "x/y"},
	    {"admin border % draining 0 - -", "%"},
	    {"admin server a gone 0 - -", "gone"},
	    /* No word could be newer than this one. */
	    {"admin server a draining 9223372036854775807 - -",
		"9223372036854775807"},
	    {"admin server a draining soon - -", "soon"},
	    {"admin server a draining -1 - -", "-1"},
	    {"admin server a draining 0 -", "needs"},
	};
	struct world *w = make_world(farm);
	struct admin_word word;
	char why[200];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CU_ASSERT_EQUAL(
		    parse(w, bad[i][0], &word, why, sizeof(why)), -1);
		CU_ASSERT_PTR_NOT_NULL(strstr(why, bad[i][1]));
	}
	world_free(&w);
}

static void
the_newest_word_wins(void)
{
	struct world *w = make_world(farm);
	struct admin_table *t = admin_new(w, NULL);

	CU_ASSERT_TRUE(take(t, w, "admin server a draining 500 x y", false));
	CU_ASSERT_FALSE(take(t, w, "admin server a enabled 499 x y", false));
	CU_ASSERT_FALSE(take(t, w, "admin server a draining 500 x y", false));
	CU_ASSERT_EQUAL(admin_entry(t, ADMIN_SERVER, 0)->state, ADMIN_DRAINING);
	CU_ASSERT_TRUE(take(t, w, "admin server a enabled 501 x y", false));
	CU_ASSERT_EQUAL(admin_entry(t, ADMIN_SERVER, 0)->state, ADMIN_ENABLED);
	admin_free(&t);
	world_free(&w);
}

/* Two managers get two words of one second in different orders. */
static void
equal_times_end_alike_everywhere(void)
{
	static const char one[] = "admin site la draining 500 ann -";
	static const char two[] = "admin site la disabled 500 bob -";
	struct world *w = make_world(farm);
	struct admin_table *s = admin_new(w, NULL), *t = admin_new(w, NULL);

	(void)take(s, w, one, false);
	(void)take(s, w, two, false);
	(void)take(t, w, two, false);
	(void)take(t, w, one, false);
	CU_ASSERT_EQUAL(admin_entry(s, ADMIN_SITE, 1)->state,
	    admin_entry(t, ADMIN_SITE, 1)->state);
	CU_ASSERT_STRING_EQUAL(admin_entry(s, ADMIN_SITE, 1)->who,
	    admin_entry(t, ADMIN_SITE, 1)->who);
	admin_free(&s);
	admin_free(&t);
	world_free(&w);
}

static void
an_operator_beats_a_clock_that_is_ahead(void)
{
	struct world *w = make_world(farm);
	struct admin_table *t = admin_new(w, NULL);

	CU_ASSERT_TRUE(take(t, w, "admin server a draining 99999 x y", false));
	CU_ASSERT_TRUE(take(t, w, "admin server a enabled 0 x y", true));
	CU_ASSERT_EQUAL(admin_entry(t, ADMIN_SERVER, 0)->when, 100000);
	admin_free(&t);
	world_free(&w);
}

static void
a_site_holds_for_its_servers(void)
{
	struct world *w = make_world(farm);
	struct admin_table *t = admin_new(w, NULL);

	(void)take(t, w, "admin site ny draining 1 - -", true);
	CU_ASSERT_EQUAL(admin_server(t, 0), ADMIN_DRAINING);
	CU_ASSERT_EQUAL(admin_server(t, 1), ADMIN_ENABLED);
	(void)take(t, w, "admin server a disabled 1 - -", true);
	CU_ASSERT_EQUAL(admin_server(t, 0), ADMIN_DISABLED);
	(void)take(t, w, "admin server a enabled 2 - -", true);
	CU_ASSERT_EQUAL(admin_server(t, 0), ADMIN_DRAINING);
	admin_free(&t);
	world_free(&w);
}

static void
what_was_said_survives_a_restart(void)
{
	char dir[] = "/tmp/hop-admin-XXXXXX", file[64], why[512];
	struct world *w = make_world(farm);
	struct admin_table *t;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	(void)snprintf(file, sizeof(file), "%s/x.admin", dir);
	t = admin_new(w, file);
	CU_ASSERT_EQUAL(admin_load(t, why, sizeof(why)), 0); /* no file yet */
	(void)take(t, w, "admin server b disabled 7 ann a%20reason", true);
	(void)take(t, w, "admin border ny draining 8 - -", true);
	admin_free(&t);
	t = admin_new(w, file);
	CU_ASSERT_EQUAL(admin_load(t, why, sizeof(why)), 0);
	CU_ASSERT_EQUAL(admin_entry(t, ADMIN_SERVER, 1)->state, ADMIN_DISABLED);
	CU_ASSERT_STRING_EQUAL(
	    admin_entry(t, ADMIN_SERVER, 1)->why, "a reason");
	CU_ASSERT_EQUAL(admin_entry(t, ADMIN_BORDER, 0)->state, ADMIN_DRAINING);
	CU_ASSERT_EQUAL(admin_entry(t, ADMIN_SERVER, 0)->when, 0);
	admin_free(&t);
	world_free(&w);
	unlink(file);
	rmdir(dir);
}

static void
a_file_with_mistakes_is_used_as_far_as_it_goes(void)
{
	char file[] = "/tmp/hop-admin-XXXXXX", why[512];
	struct world *w = make_world(farm);
	struct admin_table *t = NULL;
	int fd = mkstemp(file);
	FILE *f = fdopen(fd, "w");

	fprintf(f, "admin server gone draining 5 - -\nnonsense\n\n"
		   "admin server a draining 5 - -\nadmin server b");
	fclose(f);
	t = admin_new(w, file);
	CU_ASSERT_EQUAL(admin_load(t, why, sizeof(why)), 0);
	CU_ASSERT_EQUAL(admin_entry(t, ADMIN_SERVER, 0)->state, ADMIN_DRAINING);
	CU_ASSERT_EQUAL(admin_entry(t, ADMIN_SERVER, 1)->when, 0);
	admin_free(&t);
	world_free(&w);
	unlink(file);
}

static void
what_was_not_written_is_written_when_there_is_room(void)
{
	struct world *w = make_world(farm);
	char dir[] = "/tmp/hop-admin-XXXXXX", sub[64], file[80];
	struct admin_table *t, *other;
	char why[200];

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	(void)snprintf(sub, sizeof(sub), "%s/later", dir);
	(void)snprintf(file, sizeof(file), "%s/x.admin", sub);
	t = admin_new(w, file);
	CU_ASSERT_TRUE(take(t, w, "admin server a draining 5 - -", true));
	CU_ASSERT_FALSE(admin_is_saved(t));
	CU_ASSERT_EQUAL(mkdir(sub, 0700), 0);
	admin_retry(t, mono_now());
	CU_ASSERT_TRUE(admin_is_saved(t));
	other = admin_new(w, file);
	CU_ASSERT_EQUAL(admin_load(other, why, sizeof(why)), 0);
	CU_ASSERT_EQUAL(
	    admin_entry(other, ADMIN_SERVER, 0)->state, ADMIN_DRAINING);
	(void)unlink(file);
	(void)rmdir(sub);
	(void)rmdir(dir);
	admin_free(&other);
	admin_free(&t);
	world_free(&w);
}

static void
a_disk_that_fails_is_told(void)
{
	struct world *w = make_world(farm);
	struct admin_table *t = admin_new(w, "/nonexistent/dir/x.admin");
	struct admin_word word;
	char why[200];
	bool saved = true;

	(void)parse(
	    w, "admin server a draining 5 - -", &word, why, sizeof(why));
	CU_ASSERT_TRUE(admin_take(t, &word, true, &saved));
	CU_ASSERT_FALSE(saved);
	CU_ASSERT_EQUAL(admin_entry(t, ADMIN_SERVER, 0)->state, ADMIN_DRAINING);
	admin_free(&t);
	world_free(&w);
}

static const char less[] =
    "<policy id='p'><connections/></policy>" WORLD_SERVER("b", "la",
	"2") "<service id='www' host='www.t' policy='p'><use server='b'/>"
	     "</service>";

static void
a_drain_waits_for_what_a_reload_takes_away(void)
{
	struct world *w = make_world(farm), *without = make_world(less), *back;
	struct admin_table *t = admin_new(w, NULL);
	const struct admin_entry *e;
	enum admin_kind kind;
	const char *id;

	(void)take(t, w, "admin server a draining 500 x y", false);
	(void)take(t, w, "admin server b disabled 500 x y", false);
	admin_renew(t, without);
	world_free(&w);
	CU_ASSERT_EQUAL(admin_count(t, ADMIN_SERVER), 1);
	CU_ASSERT_EQUAL(admin_entry(t, ADMIN_SERVER, 0)->state, ADMIN_DISABLED);
	CU_ASSERT_EQUAL_FATAL(admin_absent_count(t), 1);
	e = admin_absent(t, 0, &kind, &id);
	CU_ASSERT_EQUAL(e->state, ADMIN_DRAINING);
	CU_ASSERT_STRING_EQUAL(id, "a");
	back = make_world(farm);
	admin_renew(t, back);
	world_free(&without);
	CU_ASSERT_EQUAL(admin_absent_count(t), 0);
	CU_ASSERT_EQUAL(admin_server(t, 0), ADMIN_DRAINING);
	CU_ASSERT_EQUAL(admin_server(t, 1), ADMIN_DISABLED);
	admin_free(&t);
	world_free(&back);
}

/* Another manager has read a newer configuration than we. */
static void
a_word_about_what_is_to_come_is_kept_on_disk(void)
{
	char file[] = "/tmp/hop-admin-XXXXXX", why[512];
	struct world *w = make_world(less), *later = make_world(farm);
	struct admin_table *t = admin_new(w, file);

	(void)close(mkstemp(file));
	admin_free(&t);
	t = admin_new(w, file);
	CU_ASSERT_TRUE(take(t, w, "admin server a draining 5 x y", false));
	CU_ASSERT_FALSE(take(t, w, "admin server a enabled 4 x y", false));
	admin_free(&t);
	t = admin_new(w, file);
	CU_ASSERT_EQUAL(admin_load(t, why, sizeof(why)), 0);
	CU_ASSERT_EQUAL(admin_absent_count(t), 1);
	admin_renew(t, later);
	CU_ASSERT_EQUAL(admin_server(t, 0), ADMIN_DRAINING);
	admin_free(&t);
	world_free(&w);
	world_free(&later);
	unlink(file);
}

static void
words_about_nothing_are_bounded(void)
{
	struct world *w = make_world(less);
	struct admin_table *t = admin_new(w, NULL);
	char text[128];
	int i;

	for (i = 1; i <= ADMIN_ABSENT_MAX + 2; i++) {
		(void)snprintf(text, sizeof(text),
		    "admin server x%d draining %d x y", i, i);
		(void)take(t, w, text, false);
	}
	CU_ASSERT_EQUAL(admin_absent_count(t), ADMIN_ABSENT_MAX);
	admin_free(&t);
	world_free(&w);
}

static const struct unit_test tests[] = {
    {"a line is read and written alike", a_line_is_read_and_written_alike},
    {"mistakes are named", mistakes_are_named},
    {"the newest word wins", the_newest_word_wins},
    {"equal times end alike everywhere", equal_times_end_alike_everywhere},
    {"an operator beats a clock that is ahead",
	an_operator_beats_a_clock_that_is_ahead},
    {"a site holds for its servers", a_site_holds_for_its_servers},
    {"what was said survives a restart", what_was_said_survives_a_restart},
    {"a file with mistakes is used as far as it goes",
	a_file_with_mistakes_is_used_as_far_as_it_goes},
    {"what was not written is written when there is room",
	what_was_not_written_is_written_when_there_is_room},
    {"a disk that fails is told", a_disk_that_fails_is_told},
    {"a drain waits for what a reload takes away",
	a_drain_waits_for_what_a_reload_takes_away},
    {"a word about what is to come is kept on disk",
	a_word_about_what_is_to_come_is_kept_on_disk},
    {"words about nothing are bounded", words_about_nothing_are_bounded},
};

UNIT_MAIN("manager/admin", tests)
