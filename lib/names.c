/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Open addressing, at most half full, hash over lower-case letters so that
 * one map serves both exact ids and host names.
 */
#include "lib/names.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/mem.h"

struct slot {
	const char *name;
	uint32_t hash; /* few names are looked at that are not the one */
	int value;
};

struct names {
	struct slot *slots;
	size_t size; /* a power of two */
	size_t used;
};

static uint32_t
hash(const char *s, size_t len)
{
	uint32_t h = 2166136261u; /* FNV-1a */
	size_t i;

	for (i = 0; i < len; i++) {
		uint8_t c = (uint8_t)s[i];

		if (c >= 'A' && c <= 'Z')
			c |= 0x20;
		h = (h ^ c) * 16777619u;
	}
	return h;
}

static struct slot *
probe(const struct names *n, const char *name, size_t len, int fold)
{
	uint32_t h = hash(name, len);
	size_t i = h & (n->size - 1);

	for (;; i = (i + 1) & (n->size - 1)) {
		struct slot *s = &n->slots[i];

		if (s->name == NULL)
			return s;
		/* `name` may hold NULs: it can come from the network. */
		if (s->hash == h && strlen(s->name) == len &&
		    (fold ? strncasecmp(s->name, name, len)
			  : strncmp(s->name, name, len)) == 0)
			return s;
	}
}

struct names *
names_new(void)
{
	struct names *n = mem_new(sizeof(*n));

	n->size = 16;
	n->slots = mem_array(n->size, sizeof(*n->slots));
	return n;
}

void
names_free(struct names **n)
{
	if (*n == NULL)
		return;
	free((*n)->slots);
	free(*n);
	*n = NULL;
}

static void
grow(struct names *n)
{
	struct slot *old = n->slots;
	size_t size = n->size, i;

	n->size *= 2;
	n->slots = mem_array(n->size, sizeof(*n->slots));
	for (i = 0; i < size; i++) {
		size_t at = old[i].hash & (n->size - 1);

		if (old[i].name == NULL)
			continue;
		while (n->slots[at].name != NULL)
			at = (at + 1) & (n->size - 1);
		n->slots[at] = old[i];
	}
	free(old);
}

int
names_add(struct names *n, const char *name, int value)
{
	struct slot *s;

	if (n->used * 2 >= n->size)
		grow(n);
	s = probe(n, name, strlen(name), 0);
	if (s->name != NULL)
		return -1;
	s->name = name;
	s->hash = hash(name, strlen(name));
	s->value = value;
	n->used++;
	return 0;
}

int
names_find(const struct names *n, const char *name)
{
	const struct slot *s = probe(n, name, strlen(name), 0);

	return s->name != NULL ? s->value : -1;
}

int
names_find_host(const struct names *n, const char *name, size_t len)
{
	const struct slot *s = probe(n, name, len, 1);

	return s->name != NULL ? s->value : -1;
}

size_t
names_count(const struct names *n)
{
	return n->used;
}
