/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/state.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

static const char *const states[] = {
    [STATE_UNKNOWN] = "unknown",
    [STATE_UP] = "up",
    [STATE_OVERLOADED] = "overloaded",
    [STATE_DRAINING] = "draining",
    [STATE_DOWN] = "down",
};

static const char *const admins[] = {
    [ADMIN_ENABLED] = "enabled",
    [ADMIN_DRAINING] = "draining",
    [ADMIN_DISABLED] = "disabled",
};

/* Index of a word in a table whose row 0 is empty, or 0. */
static size_t
find(const char *const *words, size_t n, const char *text)
{
	size_t i;

	for (i = 1; i < n; i++)
		if (strcmp(words[i], text) == 0)
			return i;
	return 0;
}

const char *
state_text(enum state s)
{
	assert(s >= STATE_UNKNOWN && s <= STATE_DOWN);
	return states[s];
}

int
state_parse(const char *text, enum state *s)
{
	size_t i = find(states, sizeof(states) / sizeof(*states), text);

	if (i == 0)
		return -1;
	*s = (enum state)i;
	return 0;
}

const char *
admin_text(enum admin a)
{
	assert(a >= ADMIN_ENABLED && a <= ADMIN_DISABLED);
	return admins[a];
}

int
admin_parse(const char *text, enum admin *a)
{
	size_t i = find(admins, sizeof(admins) / sizeof(*admins), text);

	if (i == 0)
		return -1;
	*a = (enum admin)i;
	return 0;
}
