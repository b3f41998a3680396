/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The grammar's table by itself, and its two faces against each other: for
 * thousands of small documents made from the table the loader and RELAX NG
 * (xmllint) have to agree. Where a regular expression cannot say all, the
 * RELAX NG may be laxer, never stricter.
 */
#include "lib/grammar.h"

#include <glob.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/conf.h"
#include "lib/mem.h"
#include "tests/unit.h"

static void
every_row_is_sound(void)
{
	const struct grammar_attribute *a;
	struct grammar_value v;
	int e;

	for (e = 0; e < ELEMS; e++) {
		const struct grammar_element *g = grammar_element(e);

		CU_ASSERT_FATAL(g->name != NULL && g->help != NULL);
		CU_ASSERT(grammar_attributes(g) <= GRAMMAR_ATTRIBUTES);
		if (e != ELEM_HOPSCOTCH)
			CU_ASSERT(grammar_child(g->parent, g->name) == e);
		for (a = g->attributes; a->name != NULL; a++) {
			CU_ASSERT(a->help != NULL);
			CU_ASSERT(!a->required || a->value == NULL);
			CU_ASSERT(
			    &g->attributes[grammar_attribute(g, a->name)] == a);
			if (a->value != NULL)
				CU_ASSERT(grammar_parse(a, a->value, &v) == 0);
			if (a->type == GRAMMAR_REF || a->type == GRAMMAR_WORD)
				CU_ASSERT(a->words != NULL);
		}
	}
	CU_ASSERT(grammar_child(ELEM_HOPSCOTCH, "hopscotch") == -1);
	CU_ASSERT(grammar_child(ELEM_SERVER, "alias") == ELEM_ALIAS);
	CU_ASSERT(grammar_child(ELEM_SERVICE, "alias") == -1);
}

/* A failure that says of what. */
static void
failed(const char *what)
{
	printf("failed: \"%s\"\n", what);
	CU_FAIL("see above");
}

struct value_case {
	enum grammar_type type;
	const char *good[8];
	const char *bad[10];
};

static const struct value_case cases[] = {
    {GRAMMAR_ID, {"a", "www.la1-x_Y.9"}, {"", " ", "a b", "a:b", "a=b", "a%"}},
    {GRAMMAR_PAIR, {"a b"}, {"a", "a  b", " a b", "a b ", "a b c"}},
    {GRAMMAR_IP4, {"192.0.2.1", "0.0.0.0"},
	{"192.0.2", "1.2.3.256", "::1", "::ffff:1.2.3.4", "1.2.3.4/8"}},
    {GRAMMAR_IP6, {"::1", "2001:db8::1"},
	{"192.0.2.1", "::ffff:1.2.3.4", "2001:db8::1%eth0", ":::"}},
    {GRAMMAR_IP, {"::1", "192.0.2.1"}, {"", "localhost", "[::1]"}},
    {GRAMMAR_PREFIX,
	{"10.0.0.0/8", "192.0.2.1", "::/0", "2001:db8::/32",
	    "::ffff:10.0.0.0/104", "10.1.2.3/8"},
	{"", "/8", "10.0.0.0/", "10.0.0.0/33", "::/129", "10/8",
	    "::ffff:10.0.0.0/90", "10.0.0.0/8 ", "a/8"}},
    {GRAMMAR_HOST, {"a", "a-b.test.com", "1.2.3.4", "A"},
	{"", ".", "a.", ".a", "a..b", "-a", "a-", "a.-b", "a_b", "a b"}},
    {GRAMMAR_HOSTS, {"a", "a b.c", " a  b "}, {"", " ", "a, b", "a b_c"}},
    {GRAMMAR_URL, {"http://a", "https://[::1]:80/", "ftp://a/b?c#d"},
	{"", "a", "http:/a", "http://", "http:///", "http://a b", "http://a\n",
	    "gopher://a", "http://\xc3\xa4"}},
    {GRAMMAR_PATH, {"/", "/a?b=c%20"}, {"", "a", "/a b", "/\xc3\xa4"}},
    {GRAMMAR_SOCKET, {"/run/x.sock"}, {"", "x.sock", "/a b"}},
    {GRAMMAR_FILE, {"a b.xml", "/x", "../\xc3\xa4"}, {"", "a\nb"}},
};

static void
values_are_taken_and_refused(void)
{
	struct grammar_value v;
	size_t i, k;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct grammar_attribute a = {.type = cases[i].type};

		for (k = 0; k < 8 && cases[i].good[k] != NULL; k++)
			if (grammar_parse(&a, cases[i].good[k], &v) != 0)
				failed(cases[i].good[k]);
		for (k = 0; k < 10 && cases[i].bad[k] != NULL; k++)
			if (grammar_parse(&a, cases[i].bad[k], &v) == 0)
				failed(cases[i].bad[k]);
	}
}

static void
values_at_their_bounds(void)
{
	struct grammar_attribute n = {
	    .type = GRAMMAR_NUMBER, .min = 1, .max = 65535};
	struct grammar_attribute t = {
	    .type = GRAMMAR_TIME, .min = 1000, .max = 2000000};
	struct grammar_attribute p = {
	    .type = GRAMMAR_SHARE, .min = 1, .max = 1000000};
	struct grammar_attribute h = {.type = GRAMMAR_HOST};
	char label[66], text[GRAMMAR_TEXT];
	struct grammar_value v;

	CU_ASSERT(grammar_parse(&n, "1", &v) == 0 && v.number == 1);
	CU_ASSERT(grammar_parse(&n, "65535", &v) == 0 && v.number == 65535);
	CU_ASSERT(grammar_parse(&n, "0", &v) < 0);
	CU_ASSERT(grammar_parse(&n, "65536", &v) < 0);
	CU_ASSERT(grammar_parse(&n, "99999999999999999999", &v) < 0);
	CU_ASSERT(grammar_parse(&t, "1ms", &v) == 0 && v.number == 1000);
	CU_ASSERT(grammar_parse(&t, "999us", &v) < 0);
	CU_ASSERT(grammar_parse(&t, "2s", &v) == 0);
	CU_ASSERT(grammar_parse(&t, "2001ms", &v) < 0);
	CU_ASSERT(grammar_parse(&p, "0.0001%", &v) == 0 && v.number == 1);
	CU_ASSERT(grammar_parse(&p, "0%", &v) < 0);
	CU_ASSERT(grammar_parse(&p, "100%", &v) == 0);
	CU_ASSERT(grammar_parse(&p, "100.0001%", &v) < 0);
	memset(label, 'a', 65);
	label[63] = '\0';
	CU_ASSERT(grammar_parse(&h, label, &v) == 0);
	label[63] = 'a';
	label[64] = '\0';
	CU_ASSERT(grammar_parse(&h, label, &v) < 0);
	CU_ASSERT_STRING_EQUAL(grammar_allowed(&t, text, sizeof(text)),
	    "a time with its unit (us, ms, s, m, h, d) from 1ms to 2s");
}

static void
near_words_are_found(void)
{
	CU_ASSERT(grammar_distance("weight", "weight", 2) == 0);
	CU_ASSERT(grammar_distance("wieght", "weight", 2) == 2);
	CU_ASSERT(grammar_distance("", "ab", 2) == 2);
	CU_ASSERT(grammar_distance("abc", "", 2) == 3);
	CU_ASSERT(grammar_distance("kitten", "sitting", 5) == 3);
	CU_ASSERT(grammar_is_near("Server", "server"));
	CU_ASSERT(!grammar_is_near("use", "tls"));
	CU_ASSERT(!grammar_is_near("mail", "www.ny1"));
}

static void
the_committed_relax_ng_is_the_generated_one(void)
{
	char *text = NULL, *have = mem_new(200000);
	size_t size;
	FILE *f = open_memstream(&text, &size);

	grammar_print_rng(f);
	(void)fclose(f);
	f = fopen("conf/hopscotch.rng", "r");
	CU_ASSERT_FATAL(f != NULL);
	have[fread(have, 1, 199999, f)] = '\0';
	(void)fclose(f);
	/* If not: make rng, and commit it. */
	CU_ASSERT(strcmp(text, have) == 0);
	free(text);
	free(have);
}

static char *
manual(void)
{
	FILE *f = fopen("doc/man/hopscotch.xml.5", "r");
	char *text = mem_new(100000);

	CU_ASSERT_FATAL(f != NULL);
	text[fread(text, 1, 99999, f)] = '\0';
	(void)fclose(f);
	return text;
}

/* Whether a word stands somewhere in a text by itself. */
static bool
has_word(const char *text, const char *word)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	const char *at = text;
	size_t n = strlen(word);

	while ((at = strstr(at, word)) != NULL) {
		if ((at == text || strchr(letters, at[-1]) == NULL) &&
		    (at[n] == '\0' || strchr(letters, at[n]) == NULL))
			return true;
		at += n;
	}
	return false;
}

static void
the_manual_names_all_elements_attributes_and_defaults(void)
{
	const struct grammar_attribute *a;
	char *text = manual(), element[64];
	int e;

	for (e = 0; e < ELEMS; e++) {
		(void)snprintf(
		    element, sizeof(element), "<%s>", grammar_element(e)->name);
		if (strstr(text, element) == NULL)
			failed(element);
		a = grammar_element(e)->attributes;
		for (; a->name != NULL; a++) {
			if (!has_word(text, a->name))
				failed(a->name);
			if (a->value != NULL && !has_word(text, a->value) &&
			    strcmp(a->value, "no") != 0)
				failed(a->value);
		}
	}
	free(text);
}

static void
the_manual_shows_an_example_that_loads(void)
{
	char *text = manual(), *begin, *end;
	struct conf_errors errs;
	struct world *w;

	begin = strstr(text, "<hopscotch xmlns");
	CU_ASSERT_FATAL(begin != NULL);
	end = strstr(begin, ".Ed");
	CU_ASSERT_FATAL(end != NULL);
	w = conf_load_text(
	    "manual", begin, (size_t)(end - begin), CONF_SECRETS_SKIP, &errs);
	CU_ASSERT(w != NULL && errs.n == 0);
	conf_errors_free(&errs);
	world_free(&w);
	free(text);
}

/* Documents in a directory, one a file, and what has to be said of them. */
struct corpus {
	char dir[32];
	size_t n;
	bool *loads; /* the loader finds no fault with the grammar */
	bool *exact; /* RELAX NG has to say the same, not just more */
	char **text;
};

static bool
loader_accepts(const char *text)
{
	struct conf_errors errs;
	struct world *w =
	    conf_load_text("doc", text, strlen(text), CONF_SECRETS_SKIP, &errs);
	bool ok = true;
	size_t i;

	/* That memory cannot include is no matter of the grammar. */
	for (i = 0; i < errs.n; i++)
		if (!errs.list[i].warning && !errs.list[i].sense &&
		    strstr(errs.list[i].text, "only files") == NULL)
			ok = false;
	conf_errors_free(&errs);
	world_free(&w);
	return ok;
}

static void
corpus_add(struct corpus *c, const char *text, bool exact)
{
	char name[64];
	FILE *f;

	(void)snprintf(name, sizeof(name), "%s/%06zu.xml", c->dir, c->n);
	f = fopen(name, "w");
	CU_ASSERT_FATAL(f != NULL);
	(void)fputs(text, f);
	(void)fclose(f);
	c->loads = mem_resize(c->loads, c->n + 1, sizeof(*c->loads));
	c->exact = mem_resize(c->exact, c->n + 1, sizeof(*c->exact));
	c->text = mem_resize(c->text, c->n + 1, sizeof(*c->text));
	c->loads[c->n] = loader_accepts(text);
	c->exact[c->n] = exact;
	c->text[c->n++] = mem_text(text);
}

/* Ask xmllint of all and compare; returns how many disagree. */
static size_t
corpus_compare(struct corpus *c)
{
	char line[4096], command[200], *dot;
	size_t wrong = 0, seen = 0, i;
	bool valid;
	FILE *f;

	(void)snprintf(command, sizeof(command),
	    "find %s -name '*.xml' | sort | xargs xmllint "
	    "--noout --nonet --relaxng conf/hopscotch.rng 2>&1",
	    c->dir);
	f = popen(command, "r");
	CU_ASSERT_FATAL(f != NULL);
	while (fgets(line, sizeof(line), f) != NULL) {
		dot = strstr(line, ".xml ");
		if (strncmp(line, c->dir, strlen(c->dir)) != 0 || dot == NULL)
			continue;
		valid = strcmp(dot, ".xml validates\n") == 0;
		if (!valid && strcmp(dot, ".xml fails to validate\n") != 0)
			continue;
		i = strtoul(line + strlen(c->dir) + 1, NULL, 10);
		seen++;
		if (i >= c->n || (valid == c->loads[i]) ||
		    (valid && !c->exact[i]))
			continue;
		if (wrong++ < 10)
			printf("loader %s, RELAX NG %s: %s\n",
			    c->loads[i] ? "accepts" : "refuses",
			    valid ? "accepts" : "refuses", c->text[i]);
	}
	(void)pclose(f);
	CU_ASSERT(seen == c->n);
	return wrong;
}

static void
corpus_fini(struct corpus *c)
{
	char name[64];
	size_t i;

	for (i = 0; i < c->n; i++) {
		(void)snprintf(name, sizeof(name), "%s/%06zu.xml", c->dir, i);
		(void)unlink(name);
		free(c->text[i]);
	}
	CU_ASSERT(rmdir(c->dir) == 0);
	free(c->loads);
	free(c->exact);
	free(c->text);
}

static const char *
sample_value(const struct grammar_attribute *a)
{
	static const char *const samples[] = {
	    [GRAMMAR_ID] = "x",
	    [GRAMMAR_REF] = "x",
	    [GRAMMAR_PAIR] = "x y",
	    [GRAMMAR_NUMBER] = "100",
	    [GRAMMAR_TIME] = "1s",
	    [GRAMMAR_SHARE] = "5%",
	    [GRAMMAR_IP4] = "192.0.2.1",
	    [GRAMMAR_IP6] = "2001:db8::1",
	    [GRAMMAR_IP] = "192.0.2.1",
	    [GRAMMAR_PREFIX] = "192.0.2.0/24",
	    [GRAMMAR_HOST] = "a.test.com",
	    [GRAMMAR_HOSTS] = "a.test.com b.test.com",
	    [GRAMMAR_FILE] = "file",
	    [GRAMMAR_SOCKET] = "/run/x.sock",
	    [GRAMMAR_URL] = "http://a/",
	    [GRAMMAR_PATH] = "/",
	};

	if (a->type == GRAMMAR_WORD)
		return a->value != NULL ? a->value : a->words;
	return strcmp(a->name, "prefix4") == 0   ? "24"
	       : strcmp(a->name, "retries") == 0 ? "1"
						 : samples[a->type];
}

static void
print_escaped(FILE *f, const char *text)
{
	for (; *text != '\0'; text++)
		if (strchr("<&\"\n\t", *text) != NULL)
			(void)fprintf(f, "&#%d;", *text);
		else
			(void)fputc(*text, f);
}

/* How a document departs from the shortest good one that has an element. */
struct change {
	const char *leave;  /* this attribute out */
	const char *set;    /* this one, to `value` */
	const char *value;  /* instead of a sample */
	const char *inside; /* put into the element */
	unsigned times;     /* the element stands there so often */
	bool all;           /* all attributes, not just those required */
};

static void
print_open(FILE *f, enum grammar_element_name e, const struct change *c)
{
	const struct grammar_attribute *a = grammar_element(e)->attributes;

	(void)fprintf(f, "<%s", grammar_element(e)->name);
	if (e == ELEM_HOPSCOTCH)
		(void)fprintf(f, " xmlns=\"%s\"", GRAMMAR_NAMESPACE);
	for (; a->name != NULL; a++) {
		bool set = c->set != NULL && strcmp(c->set, a->name) == 0;

		if ((!a->required && !c->all && !set) ||
		    (c->leave != NULL && strcmp(c->leave, a->name) == 0))
			continue;
		(void)fprintf(f, " %s=\"", a->name);
		print_escaped(f, set ? c->value : sample_value(a));
		(void)fputc('"', f);
	}
	if (c->set != NULL && grammar_attribute(grammar_element(e), c->set) < 0)
		(void)fprintf(f, " %s=\"%s\"", c->set, c->value);
	(void)fputc('>', f);
}

static void
print_path(FILE *f, enum grammar_element_name e, const struct change *c)
{
	static const struct change none;
	enum grammar_element_name up = grammar_element(e)->parent;
	unsigned i;

	if (e != ELEM_HOPSCOTCH) {
		if (up != ELEM_HOPSCOTCH)
			print_open(f, ELEM_HOPSCOTCH, &none);
		print_open(f, up, &none);
	}
	for (i = 0; i < (c->times > 0 ? c->times : 1); i++) {
		print_open(f, e, c);
		(void)fprintf(f, "%s</%s>", c->inside != NULL ? c->inside : "",
		    grammar_element(e)->name);
	}
	if (e != ELEM_HOPSCOTCH) {
		(void)fprintf(f, "</%s>", grammar_element(up)->name);
		if (up != ELEM_HOPSCOTCH)
			(void)fprintf(f, "</hopscotch>");
	}
}

static void
add_change(struct corpus *c, enum grammar_element_name e,
    const struct change *change, bool exact)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	print_path(f, e, change);
	(void)fclose(f);
	corpus_add(c, text, exact);
	free(text);
}

static void
add_structures(struct corpus *c, enum grammar_element_name e)
{
	const struct grammar_element *g = grammar_element(e);
	const struct grammar_attribute *a;
	char inside[100];
	int k;

	add_change(c, e, &(struct change){0}, true);
	add_change(c, e, &(struct change){.all = true}, true);
	add_change(
	    c, e, &(struct change){.set = "colour", .value = "red"}, true);
	add_change(c, e, &(struct change){.inside = "text"}, true);
	add_change(c, e, &(struct change){.inside = " <!-- c -->\n "}, true);
	add_change(c, e, &(struct change){.inside = "<colour/>"}, true);
	if (e != ELEM_HOPSCOTCH)
		add_change(c, e, &(struct change){.times = 2}, true);
	for (a = g->attributes; a->name != NULL; a++)
		add_change(c, e,
		    &(struct change){.leave = a->name, .all = true}, true);
	for (k = 0; k < ELEMS; k++) {
		(void)snprintf(
		    inside, sizeof(inside), "<%s/>", grammar_element(k)->name);
		add_change(c, e, &(struct change){.inside = inside}, true);
	}
}

/* Tried as the value of every attribute. */
static const char *const pool[] = {"", " ", "x", "x y", "x  y", "x y z", " x",
    "x_y", "-x", "x-", "x.", "0", "1", "007", "+1", "-1", " 1", "1 ", "1.5",
    "24", "33", "100", "599", "600", "1000", "1001", "65535", "65536",
    "4294967295", "4294967296", "99999999999999999999", "0us", "1us", "30ms",
    "1s", "1.5s", "1 s", "1sec", "400d", "0%", "5%", "2.5%", "5.00001%", "100%",
    "100.5%", "5", "5 %", ".5%", "192.0.2.1", "0.0.0.0", "1.2.3.256",
    "01.2.3.4", "1.2.3", "10.0.0.0/8", "10.0.0.0/33", "2001:db8::/48",
    "::", "::1", "2001:DB8::1", "::ffff:1.2.3.4", "a.b.c", "a..b", "a.b.",
    "http://a", "http://a/ b", "http:///", "https://[::1]/", "ftp://a", "/",
    "/run/x", "/a b", "no", "yes", "Yes", "302", "305", "best", "BEST", "http",
    "SHA-256", "sha-256", "none", "&<>\"", "a\nb", "\xc3\xa4"};

/* What a pattern can say of a type in full. */
static bool
is_exact(enum grammar_type type)
{
	return type == GRAMMAR_ID || type == GRAMMAR_REF ||
	       type == GRAMMAR_PAIR || type == GRAMMAR_WORD ||
	       type == GRAMMAR_NUMBER || type == GRAMMAR_IP4 ||
	       type == GRAMMAR_HOST || type == GRAMMAR_HOSTS ||
	       type == GRAMMAR_SOCKET;
}

static void
corpus_init(struct corpus *c)
{
	*c = (struct corpus){.dir = "/tmp/hopgrammarXXXXXX"};
	CU_ASSERT_FATAL(mkdtemp(c->dir) != NULL);
}

static void
loader_and_relax_ng_agree_on_structure(void)
{
	struct corpus c;
	int e;

	corpus_init(&c);
	for (e = 0; e < ELEMS; e++)
		add_structures(&c, e);
	CU_ASSERT(c.n > 900);
	CU_ASSERT(corpus_compare(&c) == 0);
	corpus_fini(&c);
}

static void
loader_and_relax_ng_agree_on_values(void)
{
	const struct grammar_attribute *a;
	struct corpus c;
	size_t i;
	int e;

	corpus_init(&c);
	for (e = 0; e < ELEMS; e++) {
		a = grammar_element(e)->attributes;
		for (; a->name != NULL; a++)
			for (i = 0; i < sizeof(pool) / sizeof(pool[0]); i++)
				add_change(&c, e,
				    &(struct change){
					.set = a->name, .value = pool[i]},
				    is_exact(a->type));
	}
	CU_ASSERT(corpus_compare(&c) == 0);
	corpus_fini(&c);
}

/* Files that stand for themselves: neither broken XML nor in pieces. */
static size_t
add_files(struct corpus *c, const char *pattern)
{
	const char *name;
	glob_t found;
	char *text;
	size_t i, n = 0;
	FILE *f;

	if (glob(pattern, 0, NULL, &found) != 0)
		return 0;
	for (i = 0; i < found.gl_pathc; i++) {
		name = strrchr(found.gl_pathv[i], '/') + 1;
		if (strncmp(name, "xml-", 4) == 0)
			continue;
		f = fopen(found.gl_pathv[i], "r");
		CU_ASSERT_FATAL(f != NULL);
		text = mem_new(65536);
		text[fread(text, 1, 65535, f)] = '\0';
		(void)fclose(f);
		corpus_add(c, text, strncmp(name, "range-", 6) != 0);
		free(text);
		n++;
	}
	globfree(&found);
	return n;
}

static void
loader_and_relax_ng_agree_on_whole_files(void)
{
	struct corpus c;

	corpus_init(&c);
	CU_ASSERT(add_files(&c, "conf/*.xml") == 1);
	CU_ASSERT(add_files(&c, "tests/golden/conf/*.xml") > 40);
	CU_ASSERT(add_files(&c, "tests/vectors/*.xml") > 0);
	CU_ASSERT(corpus_compare(&c) == 0);
	corpus_fini(&c);
}

static const struct unit_test tests[] = {
    {"every row is sound", every_row_is_sound},
    {"values are taken and refused", values_are_taken_and_refused},
    {"values at their bounds", values_at_their_bounds},
    {"near words are found", near_words_are_found},
    {"the committed RELAX NG is the generated one",
	the_committed_relax_ng_is_the_generated_one},
    {"the manual names all elements, attributes and defaults",
	the_manual_names_all_elements_attributes_and_defaults},
    {"the manual shows an example that loads",
	the_manual_shows_an_example_that_loads},
    {"loader and RELAX NG agree on structure",
	loader_and_relax_ng_agree_on_structure},
    {"loader and RELAX NG agree on values",
	loader_and_relax_ng_agree_on_values},
    {"loader and RELAX NG agree on whole files",
	loader_and_relax_ng_agree_on_whole_files},
};

UNIT_MAIN("grammar", tests)
