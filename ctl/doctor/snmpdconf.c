/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files in the order of snmpd.conf(5) and snmp_config(5): snmpd.conf and
 * snmpd.local.conf of each directory of the path, includes where they stand.
 * Bounded in depth and number, as an include may be a circle.
 */
#include "ctl/doctor/snmpdconf.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/mem.h"

#define PATHS     "/etc/snmp:/usr/share/snmp:/var/lib/snmp"
#define DEPTH     8
#define FILES_MAX 256
#define LINES_MAX 20000
#define NAMES_MAX 256

/* Words are divided by blanks; a quoted one is one word. */
static void
split(struct snmpd_directive *d)
{
	char *at = d->text, quote;

	while (d->words < SNMPDCONF_WORDS) {
		at += strspn(at, " \t\r");
		if (*at == '\0' || *at == '#')
			return;
		quote = *at == '"' || *at == '\'' ? *at++ : '\0';
		d->word[d->words++] = at;
		at += quote != '\0' ? strcspn(at, (char[]){quote, '\0'})
				    : strcspn(at, " \t\r");
		if (*at == '\0')
			return;
		*at++ = '\0';
	}
}

static void read_file(
    struct snmpd_conf *c, const struct host *h, const char *path, int depth);

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool
ends_with_conf(const char *name)
{
	size_t n = strlen(name);

	return n > 5 && strcmp(name + n - 5, ".conf") == 0;
}

static void
read_dir(struct snmpd_conf *c, const struct host *h, const char *dir, int depth)
{
	char path[HOST_PATH], *name[NAMES_MAX];
	DIR *d = opendir(host_path(h, dir, path, sizeof(path)));
	struct dirent *e;
	size_t n = 0, i;

	while (d != NULL && n < NAMES_MAX && (e = readdir(d)) != NULL)
		if (ends_with_conf(e->d_name))
			name[n++] = mem_text(e->d_name);
	if (d != NULL)
		(void)closedir(d);
	qsort(name, n, sizeof(name[0]), by_name);
	for (i = 0; i < n; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, name[i]);
		read_file(c, h, path, depth);
		free(name[i]);
	}
}

static void
include(struct snmpd_conf *c, const struct host *h,
    const struct snmpd_directive *d, int depth)
{
	const char *what = snmpdconf_word(d, 1);
	char path[HOST_PATH];

	if (strcasecmp(d->word[0], "includeDir") == 0) {
		read_dir(c, h, what, depth + 1);
	} else if (strcasecmp(d->word[0], "includeFile") == 0) {
		(void)snprintf(path, sizeof(path), "%.*s%s",
		    what[0] == '/' ? 0
				   : (int)(strrchr(d->file, '/') - d->file + 1),
		    d->file, what);
		read_file(c, h, path, depth + 1);
	}
}

static void
take_line(struct snmpd_conf *c, const struct host *h, const char *path,
    const char *text, size_t len, int line, int depth)
{
	struct snmpd_directive d = {.line = line}, *at;

	if (c->n == LINES_MAX)
		return;
	d.text = mem_textn(text, len);
	split(&d);
	if (d.words == 0) {
		free(d.text);
		return;
	}
	d.file = mem_text(path);
	c->list = mem_resize(c->list, c->n + 1, sizeof(*c->list));
	at = &c->list[c->n++];
	*at = d;
	/* The list may move while it reads more: by value. */
	include(c, h, &d, depth);
}

static void
read_file(
    struct snmpd_conf *c, const struct host *h, const char *path, int depth)
{
	char *text;
	const char *at;
	size_t n;
	int line = 0;

	if (depth > DEPTH || c->nfiles == FILES_MAX)
		return;
	text = host_read(h, path, NULL);
	if (text == NULL)
		return;
	c->files = mem_resize(c->files, c->nfiles + 1, sizeof(*c->files));
	c->files[c->nfiles++] = mem_text(path);
	for (at = text; *at != '\0'; at += n + (at[n] == '\n')) {
		n = strcspn(at, "\n");
		take_line(c, h, path, at, n, ++line, depth);
	}
	free(text);
}

/* SNMPCONFPATH of its environment, if that can be read, in buf. */
static const char *
conf_path(
    const struct host *h, const struct host_process *p, char *buf, size_t size)
{
	static const char name[] = "SNMPCONFPATH=";
	char path[64], *text = NULL, *at;
	size_t len = 0;

	(void)snprintf(buf, size, "%s", PATHS);
	if (p == NULL)
		return buf;
	(void)snprintf(path, sizeof(path), "/proc/%d/environ", (int)p->pid);
	text = host_read(h, path, &len);
	for (at = text; at != NULL && at < text + len; at += strlen(at) + 1)
		if (strncmp(at, name, strlen(name)) == 0)
			(void)snprintf(buf, size, "%s", at + strlen(name));
	free(text);
	return buf;
}

static bool
has_flag(const struct host_process *p, const char *flag)
{
	const char *at = p->args;

	for (; at != NULL && at < p->args + p->args_len; at += strlen(at) + 1)
		if (strcmp(at, flag) == 0)
			return true;
	return false;
}

static void
read_directory(struct snmpd_conf *c, const struct host *h, const char *dir)
{
	static const char *const names[] = {"snmpd.conf", "snmpd.local.conf"};
	char path[HOST_PATH];
	size_t i;

	for (i = 0; i < 2; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		if (!snmpdconf_has_file(c, path))
			read_file(c, h, path, 0);
	}
}

void
snmpdconf_read(
    struct snmpd_conf *c, const struct host *h, const struct host_process *p)
{
	char paths[HOST_PATH], *dir, *rest = paths;
	const char *given = p != NULL ? host_option(p, "-c") : NULL;
	size_t i;

	*c = (struct snmpd_conf){0};
	(void)conf_path(h, p, paths, sizeof(paths));
	while ((dir = strsep(&rest, ":")) != NULL)
		if (dir[0] == '/' && (p == NULL || !has_flag(p, "-C")))
			read_directory(c, h, dir);
	if (given != NULL)
		read_file(c, h, given, 0);
	/* Only there are users, as keys, and the engine's own lines. */
	for (i = 0; i < c->n; i++)
		c->persistent |=
		    strcasecmp(c->list[i].word[0], "usmUser") == 0 ||
		    strcasecmp(c->list[i].word[0], "createUser") == 0 ||
		    strcasecmp(c->list[i].word[0], "engineBoots") == 0;
}

void
snmpdconf_fini(struct snmpd_conf *c)
{
	size_t i;

	for (i = 0; i < c->n; i++) {
		/* Passphrases may stand there. */
		explicit_bzero(c->list[i].text, strlen(c->list[i].text));
		free(c->list[i].text);
		free(c->list[i].file);
	}
	for (i = 0; i < c->nfiles; i++)
		free(c->files[i]);
	free(c->list);
	free(c->files);
	*c = (struct snmpd_conf){0};
}

const struct snmpd_directive *
snmpdconf_find(const struct snmpd_conf *c, const char *name,
    const struct snmpd_directive *after)
{
	size_t i = after != NULL ? (size_t)(after - c->list) + 1 : 0;

	for (; i < c->n; i++)
		if (strcasecmp(c->list[i].word[0], name) == 0)
			return &c->list[i];
	return NULL;
}

const char *
snmpdconf_word(const struct snmpd_directive *d, size_t i)
{
	return i < d->words ? d->word[i] : "";
}

bool
snmpdconf_has_file(const struct snmpd_conf *c, const char *path)
{
	size_t i;

	for (i = 0; i < c->nfiles; i++)
		if (strcmp(c->files[i], path) == 0)
			return true;
	return false;
}
