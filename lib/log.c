/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Log lines on standard error, one write each so that lines of a daemon and
 * its children do not mix.
 */
#include "lib/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/mono.h"

#define LOG_LINE      2048
#define LOG_WINDOW_NS (10 * INT64_C(1000000000))

static struct {
	const char *program;
	enum log_level least;
} self = {"hop", LOG_LEVEL_INFO};

void
log_init(const char *program, enum log_level least)
{
	self.program = program;
	self.least = least;
}

int
log_level_parse(const char *text, enum log_level *level)
{
	static const char *const levels[] = {
	    [LOG_LEVEL_DEBUG] = "debug",
	    [LOG_LEVEL_INFO] = "info",
	    [LOG_LEVEL_WARN] = "warn",
	};
	size_t i;

	for (i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (strcmp(levels[i], text) == 0) {
			*level = (enum log_level)i;
			return 0;
		}
	}
	return -1;
}

/* Control characters of foreign text must not forge or break a line. */
static void
clean(char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 127)
			*text = '?';
}

static void
emit(
    enum log_level level, const char *sub, int err, const char *fmt, va_list ap)
{
	char line[LOG_LINE];
	size_t len, room = sizeof(line) - 1;
	int saved = errno;

	if (level < self.least)
		return;
	(void)snprintf(line, room, "%s: %s%s: ", self.program,
	    level == LOG_LEVEL_DEBUG ? "debug: " : "", sub);
	len = strlen(line);
	(void)vsnprintf(line + len, room - len, fmt, ap);
	len = strlen(line);
	if (err != 0)
		(void)snprintf(line + len, room - len, ": %s", strerror(err));
	clean(line);
	len = strlen(line);
	line[len++] = '\n';
	/* Nobody is left to tell if standard error is gone. */
	if (write(STDERR_FILENO, line, len) < 0)
		errno = 0;
	errno = saved;
}

void
log_debug(const char *sub, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(LOG_LEVEL_DEBUG, sub, 0, fmt, ap);
	va_end(ap);
}

void
log_info(const char *sub, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(LOG_LEVEL_INFO, sub, 0, fmt, ap);
	va_end(ap);
}

void
log_warn(const char *sub, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(LOG_LEVEL_WARN, sub, errno, fmt, ap);
	va_end(ap);
}

void
log_warnx(const char *sub, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(LOG_LEVEL_WARN, sub, 0, fmt, ap);
	va_end(ap);
}

void
log_fatalx(const char *sub, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(LOG_LEVEL_WARN, sub, 0, fmt, ap);
	va_end(ap);
	exit(1);
}

bool
log_allowed(struct log_bound *b, const char *sub)
{
	int64_t now = mono_now().ns;

	if (b->window_ns == 0 || now - b->window_ns >= LOG_WINDOW_NS) {
		if (b->left_out > 0)
			log_warnx(sub, "%u more lines like this were left out",
			    b->left_out);
		b->window_ns = now;
		b->used = b->left_out = 0;
	}
	if (b->used < b->burst) {
		b->used++;
		return true;
	}
	b->left_out++;
	return false;
}
