/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Log lines on standard error, one write each so that lines of a daemon and
 * its children do not mix. A log file takes the place of standard error.
 */
#include "lib/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/mono.h"

#define LOG_LINE      2048
#define LOG_WINDOW_NS (10 * INT64_C(1000000000))
#define LOG_FILE_MODE 0640

static struct {
	const char *program;
	enum log_level least;
	const char *path; /* NULL: standard error as it was given to us */
	dev_t dev;        /* of the file that standard error is */
	ino_t ino;
	bool journal;
} self = {.program = "hop", .least = LOG_LEVEL_INFO};

/* JOURNAL_STREAM is "DEVICE:INODE" of the stream to the journal:
 * systemd.exec(5). It is inherited, so standard error may be something else by
 * now. */
static bool
is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	return stream != NULL &&
	       sscanf(stream, "%20llu:%20llu", &dev, &ino) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == dev &&
	       st.st_ino == ino;
}

void
log_init(const char *program, enum log_level least)
{
	self.program = program;
	self.least = least;
	self.journal = is_journal();
}

static int
open_file(const char *path, int flags)
{
	struct stat st;
	int fd;

	/* Its directory may be another user's: no way for that one to have
	 * root write elsewhere. */
	if (geteuid() == 0)
		flags |= O_NOFOLLOW;
	fd = open(path,
	    O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | flags,
	    LOG_FILE_MODE);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0 || dup2(fd, STDERR_FILENO) < 0) {
		(void)close(fd);
		return -1;
	}
	(void)close(fd);
	self.dev = st.st_dev;
	self.ino = st.st_ino;
	return 0;
}

int
log_file(const char *path)
{
	if (open_file(path, O_CREAT) < 0)
		return -1;
	self.path = path;
	self.journal = false;
	return 0;
}

void
log_reopen(void)
{
	int saved = errno;

	if (self.path != NULL && open_file(self.path, O_CREAT) < 0)
		log_warn("log", "%s", self.path);
	errno = saved;
}

/* A process that nobody signals notices by itself that the file was moved. */
static void
follow_file(void)
{
	struct stat st;

	if (self.path != NULL && stat(self.path, &st) == 0 &&
	    (st.st_dev != self.dev || st.st_ino != self.ino))
		(void)open_file(self.path, 0);
}

/* The journal's priorities: sd-daemon(3). */
static const char *
priority(enum log_level level)
{
	if (!self.journal)
		return "";
	if (level == LOG_LEVEL_DEBUG)
		return "<7>";
	return level == LOG_LEVEL_INFO ? "<6>" : "<4>";
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
	follow_file();
	(void)snprintf(line, room, "%s%s: %s%s: ", priority(level),
	    self.program, level == LOG_LEVEL_DEBUG ? "debug: " : "", sub);
	len = strlen(line);
	(void)vsnprintf(line + len, room - len, fmt, ap);
	len = strlen(line);
	if (err != 0)
		(void)snprintf(line + len, room - len, ": %s", strerror(err));
	clean(line);
	len = strlen(line);
	line[len++] = '\n';
	/* Nobody is left to tell if standard error is gone, or its disk full.
	 */
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
