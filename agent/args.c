/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Options of command line and file as one list. Owns the file's text, which
 * values point into, and the faults.
 */
#include "agent/args.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/mem.h"

#define FAULT_ROOM 768
#define FAULTS_MAX 100 /* nobody repairs more at once */
#define SHOWN      60  /* bytes of what is wrong */
#define BLANKS     " \t"

struct fault {
	unsigned line; /* 0: of all of the file; BEHIND: of the command line */
	char *text;
};
#define BEHIND UINT_MAX

struct args {
	const char *program, *usage;
	const struct arg *table;
	char *file; /* its name, or NULL */
	char *text; /* of the file */
	struct args_value *list;
	size_t n, of_file;    /* these come first */
	struct fault *faults; /* in order of lines */
	size_t nfaults;
};

static void
add_fault(struct args *a, unsigned line, const char *text)
{
	size_t at = a->nfaults;

	if (a->nfaults == FAULTS_MAX)
		return;
	a->faults = mem_resize(a->faults, a->nfaults + 1, sizeof(*a->faults));
	for (; at > 0 && a->faults[at - 1].line > line; at--)
		a->faults[at] = a->faults[at - 1];
	a->faults[at] = (struct fault){line, mem_text(text)};
	a->nfaults++;
}

__attribute__((format(printf, 4, 0))) static void
fault_va(struct args *a, unsigned line, const char *where, const char *fmt,
    va_list ap)
{
	char text[FAULT_ROOM];
	int n = snprintf(text, sizeof(text), "%s", where);

	if (n >= 0 && (size_t)n < sizeof(text))
		(void)vsnprintf(text + n, sizeof(text) - (size_t)n, fmt, ap);
	add_fault(a, line, text);
}

__attribute__((format(printf, 3, 4))) static void
fault_line(struct args *a, unsigned line, const char *fmt, ...)
{
	char where[SHOWN + 256];
	va_list ap;

	(void)snprintf(where, sizeof(where), "%.250s:%u: ", a->file, line);
	va_start(ap, fmt);
	fault_va(a, line, where, fmt, ap);
	va_end(ap);
}

void
args_fault(struct args *a, const struct args_value *v, const char *fmt, ...)
{
	char where[SHOWN + 256] = "";
	unsigned line = 0;
	va_list ap;

	if (v != NULL)
		line = v->line != 0 ? v->line : BEHIND;
	if (v != NULL && v->line != 0)
		(void)snprintf(where, sizeof(where), "%.250s:%u: %s", a->file,
		    v->line, v->arg->name);
	else if (v != NULL)
		(void)snprintf(where, sizeof(where), "--%s", v->arg->name);
	va_start(ap, fmt);
	fault_va(a, line, where, fmt, ap);
	va_end(ap);
}

static const struct arg *
find(const struct arg *table, const char *name, size_t len)
{
	for (; table->name != NULL; table++)
		if (strlen(table->name) == len &&
		    memcmp(table->name, name, len) == 0)
			return table;
	return NULL;
}

/* Behind the others of its kind. */
static void
add_value(
    struct args *a, const struct arg *arg, const char *value, unsigned line)
{
	size_t at = line != 0 ? a->of_file++ : a->n;

	a->list = mem_resize(a->list, a->n + 1, sizeof(*a->list));
	memmove(a->list + at + 1, a->list + at, (a->n - at) * sizeof(*a->list));
	a->list[at] = (struct args_value){arg, value, line};
	a->n++;
}

/* The command line. */

__attribute__((noreturn)) static void
end_usage(const struct args *a, FILE *out, int status)
{
	fputs(a->usage, out);
	exit(status);
}

static struct option *
getopt_table(const struct arg *table)
{
	struct option *list;
	size_t n = 0, i;

	while (table[n].name != NULL)
		n++;
	list = mem_array(n + 1, sizeof(*list));
	for (i = 0; i < n; i++)
		list[i] = (struct option){table[i].name,
		    table[i].kind & ARG_FLAG ? no_argument : required_argument,
		    NULL, 0};
	return list;
}

static void
take_line(struct args *a, int argc, char **argv)
{
	struct option *list = getopt_table(a->table);
	const struct arg *arg;
	int c, at = 0;

	optind = 0; /* from the beginning: tests do it more than once */
	while ((c = getopt_long(argc, argv, "", list, &at)) != -1) {
		if (c != 0)
			end_usage(a, stderr, 2);
		arg = &a->table[at];
		if (arg->kind == ARG_HELP)
			end_usage(a, stdout, 0);
		if (arg->kind == ARG_VERSION) {
			printf("%s " HOP_VERSION "\n", a->program);
			exit(0);
		}
		add_value(a, arg, optarg != NULL ? optarg : "", 0);
	}
	free(list);
	if (optind < argc)
		args_fault(
		    a, NULL, "\"%.*s\": no such argument", SHOWN, argv[optind]);
}

struct args *
args_new(const char *program, const struct arg *table, const char *usage,
    int argc, char **argv)
{
	struct args *a = mem_new(sizeof(*a));

	a->program = program;
	a->table = table;
	a->usage = usage;
	take_line(a, argc, argv);
	return a;
}

struct args *
args_again(const struct args *old)
{
	struct args *a = mem_new(sizeof(*a));
	size_t i;

	a->program = old->program;
	a->table = old->table;
	a->usage = old->usage;
	for (i = old->of_file; i < old->n; i++)
		add_value(a, old->list[i].arg, old->list[i].value, 0);
	return a;
}

void
args_free(struct args **ap)
{
	struct args *a = *ap;
	size_t i;

	if (a == NULL)
		return;
	for (i = 0; i < a->nfaults; i++)
		free(a->faults[i].text);
	free(a->faults);
	free(a->list);
	free(a->text);
	free(a->file);
	free(a);
	*ap = NULL;
}

/* The file. */

/* One that may not be known, and what may be meant. */
static void
fault_name(struct args *a, unsigned line, const char *name)
{
	size_t len = strcspn(name, "=");
	const struct arg *arg;

	if (strncmp(name, "--", 2) == 0 &&
	    find(a->table, name + 2, strcspn(name + 2, "=")) != NULL)
		fault_line(a, line,
		    "\"%.*s\": here options stand without their dashes", SHOWN,
		    name);
	else if (name[len] == '=' && find(a->table, name, len) != NULL)
		fault_line(a, line,
		    "\"%.*s\": here a blank stands before the value, not \"=\"",
		    SHOWN, name);
	else {
		char known[FAULT_ROOM] = "";

		for (arg = a->table; arg->name != NULL; arg++)
			if (!(arg->kind & ARG_LINE))
				(void)snprintf(known + strlen(known),
				    sizeof(known) - strlen(known), " %s",
				    arg->name);
		fault_line(a, line, "\"%.*s\" is no option; there are:%s",
		    SHOWN, name, known);
	}
}

static bool
is_there_twice(struct args *a, const struct arg *arg, unsigned line)
{
	size_t i;

	for (i = 0; i < a->of_file; i++) {
		if (a->list[i].arg != arg || arg->kind & ARG_LIST)
			continue;
		fault_line(a, line, "%s is there twice, first in line %u",
		    arg->name, a->list[i].line);
		return true;
	}
	return false;
}

static void
take_words(struct args *a, char *name, const char *value, unsigned line)
{
	const struct arg *arg = find(a->table, name, strlen(name));

	if (arg == NULL)
		fault_name(a, line, name);
	else if (arg->kind & ARG_LINE)
		fault_line(a, line, "%s is for the command line only", name);
	else if (arg->kind & ARG_FLAG && value[0] != '\0')
		fault_line(a, line, "%s has no value; \"%.*s\" is too much",
		    name, SHOWN, value);
	else if (!(arg->kind & ARG_FLAG) && value[0] == '\0')
		fault_line(a, line, "%s needs a value", name);
	else if (!is_there_twice(a, arg, line))
		add_value(a, arg, value, line);
}

/* A `#` at the beginning or behind a blank; blanks at the end. */
static void
cut_comment(char *text)
{
	char *p;
	size_t n;

	for (p = text; (p = strchr(p, '#')) != NULL; p++) {
		if (p == text || strchr(BLANKS, p[-1]) != NULL) {
			*p = '\0';
			break;
		}
	}
	for (n = strlen(text); n > 0 && strchr(BLANKS, text[n - 1]) != NULL;)
		text[--n] = '\0';
}

static bool
is_plain(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (((unsigned char)text[i] < ' ' && text[i] != '\t') ||
		    text[i] == 127)
			return false;
	return true;
}

/* len bytes, and a NUL behind them. */
static void
take_file_line(struct args *a, char *text, size_t len, unsigned line)
{
	char *value;

	if (len > ARGS_LINE_MAX) {
		fault_line(a, line, "%zu bytes; a line has at most %d", len,
		    ARGS_LINE_MAX);
		return;
	}
	if (!is_plain(text, len)) {
		fault_line(a, line,
		    "a control character; it is to be a text file, its lines "
		    "end with LF alone");
		return;
	}
	cut_comment(text);
	text += strspn(text, BLANKS);
	if (text[0] == '\0')
		return;
	value = text + strcspn(text, BLANKS);
	if (value[0] != '\0')
		*value++ = '\0';
	take_words(a, text, value + strspn(value, BLANKS), line);
}

static void
take_file(struct args *a, const char *name)
{
	free(a->file);
	a->file = mem_text(name);
}

static void
take_text(struct args *a, size_t len)
{
	char *p = a->text, *end = a->text + len, *next;
	unsigned line;

	for (line = 1; p < end; line++, p = next + 1) {
		next = memchr(p, '\n', (size_t)(end - p));
		if (next == NULL)
			next = end;
		*next = '\0';
		take_file_line(a, p, (size_t)(next - p), line);
	}
}

void
args_text(struct args *a, const char *name, const char *text, size_t len)
{
	take_file(a, name);
	free(a->text);
	a->text = mem_array(len + 1, 1);
	memcpy(a->text, text, len);
	take_text(a, len);
}

/* Its bytes in a->text; their number, or -1 and errno. */
static ssize_t
read_file(struct args *a, int fd)
{
	size_t len = 0;
	ssize_t n;

	free(a->text);
	a->text = mem_array(ARGS_FILE_MAX + 2, 1);
	do {
		n = read(fd, a->text + len, ARGS_FILE_MAX + 1 - len);
		len += n > 0 ? (size_t)n : 0;
	} while (n > 0 || (n < 0 && errno == EINTR));
	if (n < 0 || len > ARGS_FILE_MAX) {
		errno = n < 0 ? errno : EFBIG;
		return -1;
	}
	a->text = mem_resize(a->text, len + 1, 1);
	return (ssize_t)len;
}

void
args_file(struct args *a, const char *path)
{
	/* Neither waits for who writes into a pipe. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	ssize_t len = -1;

	take_file(a, path);
	if (fd < 0 || fstat(fd, &st) < 0)
		args_fault(a, NULL, "%.*s: %s", 250, path, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		args_fault(a, NULL, "%.*s: not a file", 250, path);
	else if ((len = read_file(a, fd)) < 0)
		args_fault(a, NULL, "%.*s: %s", 250, path, strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	if (len >= 0)
		take_text(a, (size_t)len);
}

/* What came of both. */

size_t
args_count(const struct args *a)
{
	return a->n;
}

const struct args_value *
args_at(const struct args *a, size_t i)
{
	return &a->list[i];
}

const struct args_value *
args_last(const struct args *a, int number)
{
	size_t i;

	for (i = a->n; i > 0; i--)
		if (a->list[i - 1].arg->number == number)
			return &a->list[i - 1];
	return NULL;
}

/* All values of an option that count, with commas. */
static void
join(const struct args *a, const struct arg *arg, char *text, size_t size)
{
	const struct args_value *v = args_last(a, arg->number);
	size_t i;

	text[0] = '\0';
	if (!(arg->kind & ARG_LIST)) {
		if (v != NULL)
			(void)snprintf(text, size, "%s",
			    arg->kind & ARG_FLAG ? "yes" : v->value);
		return;
	}
	for (i = 0; i < a->n; i++)
		if (a->list[i].arg == arg)
			(void)snprintf(text + strlen(text), size - strlen(text),
			    "%s%s", text[0] != '\0' ? "," : "",
			    a->list[i].value);
}

static void
fault_fixed(
    struct args *a, const struct arg *arg, const char *was, const char *is)
{
	const struct args_value *v = args_last(a, arg->number);
	char other[2 * SHOWN];

	(void)snprintf(other, sizeof(other),
	    "cannot change while %s runs; restart it for that", a->program);
	if (v == NULL)
		args_fault(a, NULL, "%.*s: %s is gone, it was \"%.*s\": %s",
		    250, a->file != NULL ? a->file : "-", arg->name, SHOWN, was,
		    other);
	else if (was[0] == '\0')
		args_fault(
		    a, v, " \"%.*s\", it was not set: %s", SHOWN, is, other);
	else
		args_fault(a, v, " \"%.*s\", it was \"%.*s\": %s", SHOWN, is,
		    SHOWN, was, other);
}

void
args_fault_fixed(struct args *a, const struct args *old)
{
	char was[ARGS_LINE_MAX + 1], is[ARGS_LINE_MAX + 1];
	const struct arg *arg;

	for (arg = a->table; arg->name != NULL; arg++) {
		if (!(arg->kind & ARG_FIXED))
			continue;
		join(old, arg, was, sizeof(was));
		join(a, arg, is, sizeof(is));
		if (strcmp(was, is) == 0)
			continue;
		fault_fixed(a, arg, was, is);
	}
}

size_t
args_faults(const struct args *a)
{
	return a->nfaults;
}

const char *
args_fault_text(const struct args *a, size_t i)
{
	return a->faults[i].text;
}

void
args_end_faulty(const struct args *a)
{
	size_t i;

	if (a->nfaults == 0)
		return;
	for (i = 0; i < a->nfaults; i++)
		fprintf(stderr, "%s: %s\n", a->program, a->faults[i].text);
	fprintf(stderr, "`%s --help` shows all options\n", a->program);
	exit(2);
}
