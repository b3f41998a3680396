/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looks for bytes in the memory of a process: what a secret left there.
 *   peek PID TEXT     exit 0 if found, 1 if not, 2 if that cannot be seen
 *   peek -x PID HEX   for bytes, in this or in the reverse order (numbers of
 *                     libcrypto)
 * Needs the right to trace it. Writes nothing there.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATTERN_MAX 256
#define CHUNK       (1u << 20)
/* What is bigger is only reserved, by sanitizers. */
#define RANGE_MAX (UINT64_C(1) << 32)

struct pattern {
	unsigned char bytes[PATTERN_MAX], reverse[PATTERN_MAX];
	size_t len;
};

static int
from_hex(const char *text, struct pattern *p)
{
	unsigned byte;
	int used;

	for (; *text != '\0' && p->len < PATTERN_MAX; text += used) {
		used = 0;
		if (sscanf(text, "%2x%n", &byte, &used) != 1 || used != 2)
			return -1;
		p->bytes[p->len++] = (unsigned char)byte;
	}
	return *text == '\0' ? 0 : -1;
}

static bool
in_range(int mem, uint64_t from, uint64_t to, const struct pattern *p)
{
	static unsigned char buf[CHUNK + PATTERN_MAX];
	ssize_t n;

	for (; from < to; from += CHUNK) {
		n = pread(mem, buf, sizeof(buf), (off_t)from);
		if (n <= 0)
			continue; /* a guard page, or no more there */
		if (memmem(buf, (size_t)n, p->bytes, p->len) != NULL ||
		    memmem(buf, (size_t)n, p->reverse, p->len) != NULL)
			return true;
	}
	return false;
}

static int
look(const char *pid, const struct pattern *p)
{
	char name[64], line[512], rights[8];
	uint64_t from, to;
	bool found = false;
	FILE *maps;
	int mem;

	(void)snprintf(name, sizeof(name), "/proc/%.20s/mem", pid);
	mem = open(name, O_RDONLY);
	(void)snprintf(name, sizeof(name), "/proc/%.20s/maps", pid);
	maps = fopen(name, "r");
	if (mem < 0 || maps == NULL) {
		perror(name);
		return 2;
	}
	while (!found && fgets(line, sizeof(line), maps) != NULL)
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s", &from, &to,
			rights) == 3 &&
		    rights[0] == 'r' && rights[1] == 'w' &&
		    to - from < RANGE_MAX)
			found = in_range(mem, from, to, p);
	(void)fclose(maps);
	(void)close(mem);
	return found ? 0 : 1;
}

int
main(int argc, char **argv)
{
	struct pattern p = {.len = 0};
	bool hex = argc == 4 && strcmp(argv[1], "-x") == 0;
	size_t i;

	if (argc != (hex ? 4 : 3)) {
		fprintf(stderr, "usage: peek [-x] PID TEXT\n");
		return 2;
	}
	if (!hex)
		p.len = (size_t)snprintf((char *)p.bytes, PATTERN_MAX, "%.*s",
		    PATTERN_MAX - 1, argv[2]);
	else if (from_hex(argv[3], &p) < 0)
		return 2;
	for (i = 0; i < p.len; i++)
		p.reverse[i] = p.bytes[p.len - 1 - i];
	if (p.len < 8) {
		fprintf(stderr, "peek: too little to look for\n");
		return 2;
	}
	return look(argv[hex ? 2 : 1], &p);
}
