/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A directory of sockets to targets. Each target owns its texts and its
 * endpoint, which a target of a configuration does not.
 */
#include "ctl/sockets.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

#define SOCKETS_MAX 1024

static int
rank(const char *program)
{
	static const char *const order[] = {
	    "hopmanagerd", "hopdirectord", "hopfrontd"};
	int i;

	for (i = 0; i < 3; i++)
		if (strcmp(program, order[i]) == 0)
			return i;
	return 3;
}

static int
by_kind(const void *a, const void *b)
{
	const struct target *x = a, *y = b;
	int d = rank(x->program) - rank(y->program);

	if (d == 0)
		d = strcmp(x->program, y->program);
	return d != 0 ? d : strcmp(x->id, y->id);
}

/* "hoploadd-www1.sock" as a target, or false if the name is another's. */
static bool
take(struct target *t, const char *dir, const char *name)
{
	const char *dash = strchr(name, '-');
	size_t n = strlen(name);
	struct listen_lines *at;
	char path[512];

	if (strncmp(name, "hop", 3) != 0 || dash == NULL || n < 6 ||
	    strcmp(name + n - 5, ".sock") != 0 || dash + 1 >= name + n - 5)
		return false;
	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	at = mem_new(sizeof(*at));
	at->socket = mem_text(path);
	*t = (struct target){.program = mem_textn(name, (size_t)(dash - name)),
	    .id = mem_textn(dash + 1, n - 5 - (size_t)(dash + 1 - name)),
	    .at = at,
	    .nat = 1,
	    .any = true};
	return true;
}

size_t
sockets_here(struct target **list)
{
	const char *dir = getenv("HOPSCOTCH_RUN");
	struct dirent *e;
	size_t n = 0;
	DIR *d;

	if (dir == NULL || dir[0] == '\0')
		dir = CONF_RUN_DIR;
	*list = mem_array(SOCKETS_MAX, sizeof(**list));
	d = opendir(dir);
	while (d != NULL && n < SOCKETS_MAX && (e = readdir(d)) != NULL)
		n += take(&(*list)[n], dir, e->d_name);
	if (d != NULL)
		(void)closedir(d);
	qsort(*list, n, sizeof(**list), by_kind);
	return n;
}

static void
drop(const void *text)
{
	free((void *)(uintptr_t)text);
}

void
sockets_free(struct target **list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		drop((*list)[i].program);
		drop((*list)[i].id);
		free((*list)[i].at->socket);
		drop((*list)[i].at);
	}
	free(*list);
	*list = NULL;
}
