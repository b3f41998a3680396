/* SPDX-License-Identifier: BSD-2-Clause */
/* Edit distance (optimal string alignment). Holds nothing. */
#include "ctl/near.h"

#include <ctype.h>
#include <string.h>

#define NAME_MAX_LEN 255
#define NEAR_SHOWN   5
#define ALL_SHOWN    12

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static char
at(const char *s, size_t i)
{
	return (char)tolower((unsigned char)s[i]);
}

size_t
near_distance(const char *a, const char *b, size_t most)
{
	size_t row[3][NAME_MAX_LEN + 1];
	size_t na = strlen(a), nb = strlen(b), i, j;

	if (na > NAME_MAX_LEN || nb > NAME_MAX_LEN || na > nb + most ||
	    nb > na + most)
		return most + 1;
	for (j = 0; j <= nb; j++)
		row[0][j] = j;
	for (i = 1; i <= na; i++) {
		size_t *now = row[i % 3], *last = row[(i - 1) % 3];
		size_t *before = row[(i + 1) % 3];

		now[0] = i;
		for (j = 1; j <= nb; j++) {
			now[j] = least(last[j], now[j - 1]) + 1;
			now[j] = least(now[j],
			    last[j - 1] + (at(a, i - 1) != at(b, j - 1)));
			if (i > 1 && j > 1 && at(a, i - 1) == at(b, j - 2) &&
			    at(a, i - 2) == at(b, j - 1))
				now[j] = least(now[j], before[j - 2] + 1);
		}
	}
	return least(row[na % 3][nb], most + 1);
}

void
near_names(FILE *out, const char *given,
    const char *(*name)(const void *arg, size_t i), const void *arg, size_t n)
{
	size_t most = strlen(given) / 3 + 1, shown = 0, d, i;

	for (d = 0; d <= most && shown < NEAR_SHOWN; d++) {
		for (i = 0; i < n && shown < NEAR_SHOWN; i++) {
			if (near_distance(given, name(arg, i), most) != d)
				continue;
			fprintf(out, "%s%s",
			    shown++ == 0 ? "; did you mean " : ", ",
			    name(arg, i));
		}
	}
	if (shown > 0) {
		fputc('?', out);
		return;
	}
	if (n == 0 || n > ALL_SHOWN)
		return;
	fputs("; there are:", out);
	for (i = 0; i < n; i++)
		fprintf(out, " %s", name(arg, i));
}
