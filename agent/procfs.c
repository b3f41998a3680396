/* SPDX-License-Identifier: BSD-2-Clause */
/* Parsers of /proc. A cursor goes through the text once; nothing is kept. */
#include "agent/procfs.h"

#include <stdbool.h>
#include <string.h>

struct cursor {
	const char *p, *end;
};

/* The next line, without its newline; false at the end. */
static bool
next_line(struct cursor *text, struct cursor *line)
{
	const char *newline;

	if (text->p == text->end)
		return false;
	newline = memchr(text->p, '\n', (size_t)(text->end - text->p));
	line->p = text->p;
	line->end = newline != NULL ? newline : text->end;
	text->p = newline != NULL ? newline + 1 : text->end;
	return true;
}

/* The next word of a line; false at its end. */
static bool
next_word(struct cursor *line, struct cursor *word)
{
	while (line->p < line->end && (*line->p == ' ' || *line->p == '\t'))
		line->p++;
	word->p = line->p;
	while (line->p < line->end && *line->p != ' ' && *line->p != '\t')
		line->p++;
	word->end = line->p;
	return word->p < word->end;
}

static bool
word_is(const struct cursor *word, const char *text)
{
	size_t n = strlen(text);

	return (size_t)(word->end - word->p) == n &&
	       memcmp(word->p, text, n) == 0;
}

/* A decimal number that fills the word; a sum of some of them never wraps. */
static bool
number_of(const struct cursor *word, uint64_t *out)
{
	const uint64_t top = UINT64_MAX / 16;
	uint64_t n = 0;
	const char *p;

	for (p = word->p; p < word->end; p++) {
		if (*p < '0' || *p > '9')
			return false;
		n = n > top / 10 - 1 ? top : n * 10 + (uint64_t)(*p - '0');
	}
	*out = n;
	return word->p < word->end;
}

static bool
next_number(struct cursor *line, uint64_t *out)
{
	struct cursor word;

	return next_word(line, &word) && number_of(&word, out);
}

/* The place of a name among the words of a heading, 0 the first; -1: none. */
static int
place_of(struct cursor heading, const char *name)
{
	struct cursor word;
	int n;

	for (n = 0; next_word(&heading, &word); n++)
		if (word_is(&word, name))
			return n;
	return -1;
}

int
procfs_tcp(const char *text, size_t len, uint64_t *connections)
{
	struct cursor all = {text, text + len}, line, rest, word;
	int place = -1;

	/* A heading "Tcp: ..." and under it a line "Tcp: ..." of numbers. */
	while (next_line(&all, &line)) {
		rest = line;
		if (!next_word(&rest, &word) || !word_is(&word, "Tcp:"))
			continue;
		if (place < 0) {
			place = place_of(rest, "CurrEstab");
			if (place < 0)
				return -1;
			continue;
		}
		for (; place >= 0; place--)
			if (!next_word(&rest, &word))
				return -1;
		return number_of(&word, connections) ? 0 : -1;
	}
	return -1;
}

int
procfs_memory(const char *text, size_t len, struct procfs_memory *out)
{
	enum { TOTAL, AVAILABLE, FREE, BUFFERS, CACHED, SWAP, SWAP_FREE, N };
	static const char *const names[N] = {"MemTotal:", "MemAvailable:",
	    "MemFree:", "Buffers:", "Cached:", "SwapTotal:", "SwapFree:"};
	struct cursor all = {text, text + len}, line, word;
	uint64_t value[N] = {0};
	bool have[N] = {false};
	int i;

	while (next_line(&all, &line)) {
		if (!next_word(&line, &word))
			continue;
		for (i = 0; i < N; i++)
			if (!have[i] && word_is(&word, names[i]))
				have[i] = next_number(&line, &value[i]);
	}
	if (!have[TOTAL] || value[TOTAL] == 0)
		return -1;
	if (!have[AVAILABLE]) { /* Linux before 3.14 */
		if (!have[FREE])
			return -1;
		value[AVAILABLE] = value[FREE] + value[BUFFERS] + value[CACHED];
	}
	out->ram_total = value[TOTAL];
	out->ram_free =
	    value[AVAILABLE] < value[TOTAL] ? value[AVAILABLE] : value[TOTAL];
	out->swap_total = value[SWAP];
	out->swap_free =
	    value[SWAP_FREE] < value[SWAP] ? value[SWAP_FREE] : value[SWAP];
	return 0;
}

int
procfs_cpu(const char *text, size_t len, struct procfs_cpu *out)
{
	/* user nice system idle iowait irq softirq steal; the guest times
	 * behind them are parts of user and nice. */
	enum { IDLE = 3, FIELDS_MIN = 4, FIELDS = 8 };
	struct cursor all = {text, text + len}, line, word;
	struct procfs_cpu cpu = {0};
	uint64_t value;
	int n;

	if (!next_line(&all, &line) || !next_word(&line, &word) ||
	    !word_is(&word, "cpu"))
		return -1;
	for (n = 0; n < FIELDS && next_number(&line, &value); n++) {
		cpu.total += value;
		if (n == IDLE)
			cpu.idle = value;
	}
	if (n < FIELDS_MIN)
		return -1;
	while (next_line(&all, &line) && next_word(&line, &word) &&
	       word.end - word.p > 3 && memcmp(word.p, "cpu", 3) == 0)
		cpu.cpus++;
	*out = cpu;
	return 0;
}
