/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files of XML to a tree of elements, by the grammar: the only place that
 * knows libxml2, as a SAX parser, so that each element's line is exact. Files
 * that include files are read in place, each by a parser of its own. No
 * network, no DTD (and so no entities but XML's own five). Keeps no state.
 */
#include "lib/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/build.h"
#include "lib/elem.h"
#include "lib/log.h"
#include "lib/mem.h"

#define FILE_MAX  (16 * 1024 * 1024) /* bytes of one file */
#define FILES_MAX 1000
#define NEST_MAX  8 /* includes in includes */

/* A file that is or was read. */
struct source {
	struct elem_file file;
	dev_t dev;
	ino_t ino;
	bool open; /* it is being read: including it again never ends */
};

struct reader {
	struct notes notes;
	struct elem *root;
	struct source **sources; /* in order of reading */
	size_t nsources;
	EVP_MD_CTX *hash;
	bool broken;   /* part of it could not be read: names may be missing */
	bool includes; /* allowed */
};

/* One file being parsed. */
struct parse {
	struct reader *reader;
	struct source *source;
	unsigned number; /* of the source */
	unsigned nest;
	const char *text;
	size_t len;
	xmlParserCtxtPtr ctxt;
	struct elem *at; /* the innermost open element, or NULL */
	unsigned depth;  /* of open elements that we keep */
	unsigned skip;   /* open elements that are not ours */
	bool failed;
};

static void
fail(struct parse *p, int line, const char *text)
{
	note_at(
	    &p->reader->notes, &p->source->file, p->number, line, "%s", text);
	p->reader->broken = true;
	p->failed = true;
	xmlStopParser(p->ctxt);
}

/*
 * The line on which the tag that is just being told of begins: libxml2 stands
 * behind its attributes. No '<' can be inside a tag, and only UTF-8 is taken,
 * so that offsets are those of our own text.
 */
static int
tag_line(const struct parse *p)
{
	int line = xmlSAX2GetLineNumber(p->ctxt);
	long at = xmlByteConsumed(p->ctxt);

	if (at < 0 || (size_t)at > p->len)
		return line;
	while (at > 0 && p->text[--at] != '<')
		if (p->text[at] == '\n')
			line--;
	return line;
}

struct name_list {
	const char *name[ELEMS + GRAMMAR_ATTRIBUTES];
	size_t n;
};

static const char *
list_name(const void *arg, size_t i)
{
	const struct name_list *list = arg;

	return list->name[i];
}

static void
unknown_element(struct parse *p, const char *name, const char *space, int line)
{
	char hint[GRAMMAR_TEXT], tag[GRAMMAR_TEXT];
	struct name_list list = {0};
	int e;

	for (e = ELEM_HOPSCOTCH + 1; e < ELEMS; e++)
		if (grammar_element(e)->parent == p->at->name)
			list.name[list.n++] = grammar_element(e)->name;
	elem_hint(name, "allowed here:", list.n, list_name, &list, hint,
	    sizeof(hint));
	if (space == NULL || strcmp(space, GRAMMAR_NAMESPACE) != 0)
		note_at(&p->reader->notes, &p->source->file, p->number, line,
		    "<%.80s> is of namespace \"%.80s\"; it has to be "
		    "\"" GRAMMAR_NAMESPACE "\"",
		    name, space != NULL ? space : "");
	else
		note_at(&p->reader->notes, &p->source->file, p->number, line,
		    "<%.80s> is not known in %s%s", name,
		    elem_tag(p->at, tag, sizeof(tag)), hint);
}

static void
unknown_attribute(struct parse *p, const struct elem *e, const char *prefix,
    const char *name, const char *value)
{
	const struct grammar_element *g = grammar_element(e->name);
	struct name_list list = {0};
	char hint[GRAMMAR_TEXT];

	for (; g->attributes[list.n].name != NULL; list.n++)
		list.name[list.n] = g->attributes[list.n].name;
	elem_hint(name, "allowed here:", list.n, list_name, &list, hint,
	    sizeof(hint));
	note_error(&p->reader->notes, e,
	    ": attribute %.80s%s%.80s=\"%.80s\" is not known%s",
	    prefix != NULL ? prefix : "", prefix != NULL ? ":" : "", name,
	    value, hint);
}

/* "; did you mean weighted?" for a word that is near to an allowed one. */
static void
near_word(
    const struct grammar_attribute *a, const char *text, char *buf, size_t size)
{
	char words[GRAMMAR_TEXT], *save = NULL, *w;

	buf[0] = '\0';
	if (a->type != GRAMMAR_WORD || strlen(a->words) >= sizeof(words) ||
	    (a->words[0] >= '0' && a->words[0] <= '9'))
		return;
	memcpy(words, a->words, strlen(a->words) + 1);
	for (w = strtok_r(words, " ", &save); w != NULL;
	     w = strtok_r(NULL, " ", &save))
		if (grammar_is_near(text, w))
			(void)snprintf(buf, size, "; did you mean %s?", w);
}

static void
set_value(struct parse *p, struct elem *e, int i, char *text)
{
	const struct grammar_attribute *a =
	    &grammar_element(e->name)->attributes[i];
	char allowed[GRAMMAR_TEXT], near[GRAMMAR_TEXT];
	struct elem_value *v = &e->values[i];

	v->given = true;
	v->text = text;
	if (grammar_parse(a, text, &v->v) == 0)
		return;
	v->bad = true;
	near_word(a, text, near, sizeof(near));
	note_error(&p->reader->notes, e,
	    ": %s=\"%.80s\" is not allowed; it has to be %s%s", a->name, text,
	    grammar_allowed(a, allowed, sizeof(allowed)), near);
}

/*
 * An attribute's value as text. libxml2 has replaced character references and
 * predefined entities, but leaves an ampersand as "&#38;" for a second pass
 * that a SAX user has to make.
 */
static char *
value_text(const xmlChar *from, const xmlChar *to)
{
	char *text = mem_textn((const char *)from, (size_t)(to - from));
	char *in = text, *out = text;

	while (*in != '\0') {
		*out++ = *in;
		in += strncmp(in, "&#38;", 5) == 0 ? 5 : 1;
	}
	*out = '\0';
	return text;
}

static void
missing_attributes(struct parse *p, const struct elem *e)
{
	const struct grammar_element *g = grammar_element(e->name);
	char allowed[GRAMMAR_TEXT];
	size_t i;

	for (i = 0; g->attributes[i].name != NULL; i++)
		if (g->attributes[i].required && !e->values[i].given)
			note_error(&p->reader->notes, e,
			    ": attribute %s is missing; it has to be %s",
			    g->attributes[i].name,
			    grammar_allowed(
				&g->attributes[i], allowed, sizeof(allowed)));
}

/* Attributes come as name, prefix, namespace, value, end of value. */
static void
read_attributes(struct parse *p, struct elem *e, int n, const xmlChar **attr)
{
	const struct grammar_element *g = grammar_element(e->name);
	int pass, i, at;
	char *text;

	/* The id first: messages on the others name it. */
	for (pass = 0; pass < 2; pass++) {
		for (i = 0; i < n; i++) {
			const char *name = (const char *)attr[5 * i];

			if ((strcmp(name, "id") != 0) != (pass == 1))
				continue;
			text = value_text(attr[5 * i + 3], attr[5 * i + 4]);
			at = attr[5 * i + 2] != NULL
				 ? -1
				 : grammar_attribute(g, name);
			if (at >= 0) {
				set_value(p, e, at, text);
				continue;
			}
			unknown_attribute(
			    p, e, (const char *)attr[5 * i + 1], name, text);
			free(text);
		}
	}
	missing_attributes(p, e);
}

/* An element that may be there once: note the second. */
static void
check_once(struct parse *p, struct elem *parent, const struct elem *e)
{
	char place[GRAMMAR_TEXT];

	if (!grammar_element(e->name)->once)
		return;
	if ((parent->once & 1UL << e->name) != 0 &&
	    p->reader->notes.n < NOTES_MAX)
		note_error(&p->reader->notes, e,
		    " is allowed once; the first is at %s",
		    elem_place(
			elem_first(parent, e->name), place, sizeof(place)));
	parent->once |= 1UL << e->name;
}

/* Files include files: the one prototype that the circle needs. */
static void read_include(struct parse *p, const struct elem *e);

static struct elem *
place_new(struct parse *p, enum grammar_element_name name, int line)
{
	struct elem *e = elem_new(name);

	e->file = &p->source->file;
	e->file_number = p->number;
	e->line = line;
	return e;
}

/* The root element: that of the first file is the tree's; an included file's
 * children go there too, its own values have to agree. */
static void
start_root(struct parse *p, const char *name, const char *space, int line,
    int n, const xmlChar **attr)
{
	struct reader *r = p->reader;
	struct elem *e;

	if (strcmp(name, grammar_element(ELEM_HOPSCOTCH)->name) != 0 ||
	    space == NULL || strcmp(space, GRAMMAR_NAMESPACE) != 0) {
		fail(p, line,
		    "the root element has to be "
		    "<hopscotch xmlns=\"" GRAMMAR_NAMESPACE "\">");
		return;
	}
	e = place_new(p, ELEM_HOPSCOTCH, line);
	read_attributes(p, e, n, attr);
	if (r->root == NULL) {
		r->root = e;
	} else {
		const char *ours = elem_text(e, "domain");
		const char *first = elem_text(r->root, "domain");

		if (ours != NULL && (first == NULL || strcmp(ours, first) != 0))
			note_error(&r->notes, e,
			    ": domain=\"%s\" belongs into %s, the first file",
			    ours, r->root->file->name);
		elem_free(&e);
	}
	p->at = r->root;
	p->depth = 1;
}

static void
on_start(void *arg, const xmlChar *local, const xmlChar *prefix,
    const xmlChar *uri, int nspaces, const xmlChar **spaces, int nattr,
    int ndefaults, const xmlChar **attr)
{
	struct parse *p = ((xmlParserCtxtPtr)arg)->_private;
	const char *name = (const char *)local, *space = (const char *)uri;
	int line = tag_line(p), child;
	struct elem *e;

	(void)prefix;
	(void)nspaces;
	(void)spaces;
	(void)ndefaults;
	if (p->failed)
		return;
	if (p->skip > 0) {
		p->skip++;
		return;
	}
	if (p->depth == 0) {
		start_root(p, name, space, line, nattr, attr);
		return;
	}
	child = space != NULL && strcmp(space, GRAMMAR_NAMESPACE) == 0
		    ? grammar_child(p->at->name, name)
		    : -1;
	if (child < 0) {
		unknown_element(p, name, space, line);
		p->skip = 1;
		return;
	}
	e = place_new(p, (enum grammar_element_name)child, line);
	read_attributes(p, e, nattr, attr);
	check_once(p, p->at, e);
	elem_add_take(p->at, e);
	p->at = e;
	p->depth++;
	if (e->name == ELEM_INCLUDE)
		read_include(p, e);
}

static void
on_end(
    void *arg, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri)
{
	struct parse *p = ((xmlParserCtxtPtr)arg)->_private;

	(void)local;
	(void)prefix;
	(void)uri;
	if (p->failed)
		return;
	if (p->skip > 0) {
		p->skip--;
		return;
	}
	p->at = p->at->parent;
	p->depth--;
}

/* No element has text; white space between elements is fine. */
static void
on_text(void *arg, const xmlChar *text, int len)
{
	struct parse *p = ((xmlParserCtxtPtr)arg)->_private;
	int i = 0;

	while (i < len && strchr(" \t\r\n", text[i]) != NULL)
		i++;
	if (i == len || p->failed || p->skip > 0 || p->at == NULL ||
	    p->at->text_noted)
		return;
	p->at->text_noted = true;
	note_at(&p->reader->notes, &p->source->file, p->number,
	    xmlSAX2GetLineNumber(p->ctxt),
	    "text \"%.*s\" is not allowed in <%s>; values are attributes",
	    len - i < 40 ? len - i : 40, (const char *)text + i,
	    grammar_element(p->at->name)->name);
}

/* An undeclared entity is an error of its own; here it is only text. */
static void
on_reference(void *arg, const xmlChar *name)
{
	on_text(arg, name, (int)strlen((const char *)name));
}

static void
on_doctype(void *arg, const xmlChar *name, const xmlChar *external,
    const xmlChar *system)
{
	struct parse *p = ((xmlParserCtxtPtr)arg)->_private;

	(void)name;
	(void)external;
	(void)system;
	if (!p->failed)
		fail(p, xmlSAX2GetLineNumber(p->ctxt),
		    "<!DOCTYPE> is not allowed; remove it, use <include> for "
		    "other files");
}

/* The first error of the XML itself; the rest follow from it. */
static void
on_error(void *arg, xmlErrorPtr error)
{
	struct parse *p = ((xmlParserCtxtPtr)arg)->_private;
	char text[GRAMMAR_TEXT];
	size_t n;

	if (p->failed || error->level == XML_ERR_WARNING)
		return;
	n = (size_t)snprintf(text, sizeof(text), "not well-formed XML: %s",
	    error->message != NULL ? error->message : "unknown error");
	for (n = n < sizeof(text) ? n : sizeof(text) - 1;
	     n > 0 && text[n - 1] == '\n'; n--)
		text[n - 1] = '\0';
	fail(p, error->line, text);
}

static void
set_handlers(xmlSAXHandler *sax)
{
	*sax = (xmlSAXHandler){
	    .initialized = XML_SAX2_MAGIC,
	    .internalSubset = on_doctype,
	    .startElementNs = on_start,
	    .endElementNs = on_end,
	    .characters = on_text,
	    .cdataBlock = on_text,
	    .reference = on_reference,
	    .serror = on_error,
	};
}

/* Whether text[0..len) begins with this word, in any case. */
static bool
begins(const char *text, size_t len, const char *word)
{
	return len >= strlen(word) &&
	       strncasecmp(text, word, strlen(word)) == 0;
}

/*
 * Any other encoding would move offsets and lines; and who writes UTF-16 today
 * does not do it on purpose.
 */
static bool
is_utf8(const char *text, size_t len)
{
	const char *end, *at;

	if (memchr(text, '\0', len < 4 ? len : 4) != NULL ||
	    (len >= 2 && (unsigned char)text[0] >= 0xfe))
		return false;
	end = begins(text, len, "<?xml") ? memchr(text, '>', len) : NULL;
	at = end != NULL ? memmem(text, (size_t)(end - text), "encoding", 8)
			 : NULL;
	if (at == NULL)
		return true;
	while (at < end && *at != '"' && *at != '\'')
		at++;
	if (at++ == end)
		return true; /* broken; the parser says how */
	return begins(at, (size_t)(end - at), "UTF-8");
}

static void
parse_text(struct reader *r, unsigned number, unsigned nest, const char *text,
    size_t len)
{
	struct parse p = {.reader = r, .source = r->sources[number]};
	xmlSAXHandler sax;

	p.number = number;
	p.nest = nest;
	p.text = text;
	p.len = len;
	EVP_DigestUpdate(r->hash, text, len);
	xmlInitParser();
	p.ctxt = xmlCreateMemoryParserCtxt(text, (int)len);
	if (p.ctxt == NULL || !is_utf8(text, len)) {
		note_at(&r->notes, &p.source->file, number, 1, "%s",
		    len == 0 ? "the file is empty; it has to be XML"
			     : "the file has to be XML in UTF-8; convert it, "
			       "and say "
			       "encoding=\"UTF-8\" or nothing");
		r->broken = true;
		xmlFreeParserCtxt(p.ctxt);
		return;
	}
	set_handlers(&sax);
	*p.ctxt->sax = sax;
	p.ctxt->_private = &p;
	(void)xmlCtxtUseOptions(p.ctxt, XML_PARSE_NONET | XML_PARSE_BIG_LINES);
	p.source->open = true;
	(void)xmlParseDocument(p.ctxt);
	p.source->open = false;
	if (!p.ctxt->wellFormed && !p.failed)
		fail(&p, 1, "not well-formed XML");
	xmlFreeParserCtxt(p.ctxt);
}

/* All of a regular file, terminated; NULL and *why if that cannot be. */
static char *
read_all(int fd, off_t size, size_t *len, const char **why)
{
	char *text;
	ssize_t n;

	*len = 0;
	*why = NULL;
	text = mem_array(1, (size_t)size + 1);
	while (*len < (size_t)size) {
		n = read(fd, text + *len, (size_t)size - *len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			*why = strerror(errno);
		if (n <= 0)
			break;
		*len += (size_t)n;
	}
	if (*why == NULL)
		return text;
	free(text);
	return NULL;
}

/* Open for reading what has to be a regular file: nothing else can be waited
 * for. The descriptor, or -1 and *why. */
static int
open_regular(const char *name, struct stat *st, const char **why)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 || fstat(fd, st) < 0)
		*why = strerror(errno);
	else if (!S_ISREG(st->st_mode))
		*why = "not a regular file";
	else if (st->st_size > FILE_MAX)
		*why = "larger than 16 MiB; split it by <include>";
	else
		return fd;
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

/* The directory part of a name, without the slash; "." if it has none. */
static char *
directory(const char *name)
{
	const char *slash = strrchr(name, '/');

	if (slash == NULL)
		return mem_text(".");
	return slash == name ? mem_text("/")
			     : mem_textn(name, (size_t)(slash - name));
}

static struct source *
source_add(struct reader *r, const char *name)
{
	struct source *s = mem_new(sizeof(*s));
	char *dir = directory(name);

	s->file.name = mem_text(name);
	s->file.dir = realpath(dir, NULL);
	if (s->file.dir == NULL)
		s->file.dir = mem_text(dir);
	free(dir);
	r->sources =
	    mem_resize(r->sources, r->nsources + 1, sizeof(*r->sources));
	r->sources[r->nsources++] = s;
	return s;
}

/* The source that this file was read as before, or NULL. */
static const struct source *
source_find(const struct reader *r, const struct stat *st)
{
	size_t i;

	for (i = 0; i < r->nsources; i++)
		if (r->sources[i]->dev == st->st_dev &&
		    r->sources[i]->ino == st->st_ino)
			return r->sources[i];
	return NULL;
}

/* Read a file and parse it; *why if it could not be read. */
static int
read_file(struct reader *r, const char *name, unsigned nest, const char **why)
{
	const struct source *before;
	struct source *s;
	struct stat st;
	size_t len;
	char *text;
	int fd;

	fd = open_regular(name, &st, why);
	if (fd < 0)
		return -1;
	before = source_find(r, &st);
	if (before != NULL) {
		*why = before->open ? "it includes itself"
				    : "it is included already";
		(void)close(fd);
		return -1;
	}
	text = read_all(fd, st.st_size, &len, why);
	(void)close(fd);
	if (text == NULL)
		return -1;
	s = source_add(r, name);
	s->dev = st.st_dev;
	s->ino = st.st_ino;
	parse_text(r, (unsigned)r->nsources - 1, nest, text, len);
	free(text);
	return 0;
}

static void
read_include(struct parse *p, const struct elem *e)
{
	char *dir = directory(p->source->file.name), *name;
	const char *href = elem_text(e, "href"), *why = NULL;
	struct reader *r = p->reader;

	name = href != NULL ? elem_path(dir, href) : NULL;
	free(dir);
	if (name == NULL)
		r->broken = true; /* its fault is noted */
	else if (!r->includes)
		why = "only files can include files";
	else if (p->nest == NEST_MAX || r->nsources == FILES_MAX)
		why = "at most 8 files deep and 1000 in all are allowed";
	else
		(void)read_file(r, name, p->nest + 1, &why);
	if (why != NULL) {
		note_error(&r->notes, e, ": cannot include %s: %s", name, why);
		r->broken = true;
	}
	free(name);
}

static void
reader_init(struct reader *r)
{
	*r = (struct reader){.hash = EVP_MD_CTX_new()};
	if (r->hash == NULL ||
	    EVP_DigestInit_ex(r->hash, EVP_sha256(), NULL) != 1)
		abort(); /* no memory */
}

static void
reader_fini(struct reader *r)
{
	size_t i;

	for (i = 0; i < r->nsources; i++) {
		free(r->sources[i]->file.name);
		free(r->sources[i]->file.dir);
		free(r->sources[i]);
	}
	free(r->sources);
	elem_free(&r->root);
	EVP_MD_CTX_free(r->hash);
}

static void
hash_text(struct reader *r, char *text)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned n = 0, i;

	EVP_DigestFinal_ex(r->hash, sum, &n);
	for (i = 0; i < n && 2 * i + 2 < WORLD_HASH_TEXT; i++)
		(void)snprintf(text + 2 * i, 3, "%02x", sum[i]);
}

/* The tree to a world, unless part of it is missing: then names that refer to
 * nothing would say no more. */
static struct world *
finish(struct reader *r, enum conf_secrets secrets, struct conf_errors *errs)
{
	struct world *w = NULL;

	if (!r->broken && r->root != NULL) {
		w = build_world(
		    r->root, r->sources[0]->file.dir, secrets, &r->notes);
		hash_text(r, w->hash);
	}
	if (r->notes.failed || r->broken)
		world_free(&w);
	notes_move(&r->notes, errs);
	reader_fini(r);
	return w;
}

struct world *
conf_load(const char *path, enum conf_secrets secrets, struct conf_errors *errs)
{
	struct elem_file named = {mem_text(path), NULL};
	const char *why = NULL;
	struct reader r;

	reader_init(&r);
	r.includes = true;
	if (read_file(&r, path, 0, &why) < 0) {
		note_at(&r.notes, &named, 0, 0, "cannot read it: %s", why);
		r.broken = true;
	}
	free(named.name);
	return finish(&r, secrets, errs);
}

struct world *
conf_load_text(const char *name, const char *text, size_t len,
    enum conf_secrets secrets, struct conf_errors *errs)
{
	struct reader r;

	reader_init(&r);
	(void)source_add(&r, name);
	if (len <= FILE_MAX)
		parse_text(&r, 0, 0, text, len);
	else
		note_at(
		    &r.notes, &r.sources[0]->file, 0, 0, "larger than 16 MiB");
	return finish(&r, secrets, errs);
}

void
conf_errors_free(struct conf_errors *errs)
{
	size_t i;

	for (i = 0; i < errs->n; i++) {
		free(errs->list[i].file);
		free(errs->list[i].text);
	}
	free(errs->list);
	*errs = (struct conf_errors){0};
}

bool
conf_errors_log(const struct conf_errors *errs)
{
	const struct conf_error *e;
	bool bad = false;
	size_t i;

	for (i = 0; i < errs->n; i++) {
		e = &errs->list[i];
		bad |= !e->warning;
		log_warnx("conf", "%s:%d: %s%s", e->file, e->line,
		    e->warning ? "warning: " : "", e->text);
	}
	return bad;
}
