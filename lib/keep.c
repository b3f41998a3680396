/* SPDX-License-Identifier: BSD-2-Clause */
/* Files that are replaced by rename(2), so that nobody ever reads half of one.
 * Owns nothing. */
#include "lib/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/conf.h"
#include "lib/mem.h"

const char *
keep_file(const char *daemon, const char *id, const char *what, char *buf,
    size_t size)
{
	const char *dir = getenv("HOPSCOTCH_STATE");

	(void)snprintf(buf, size, "%s/%s-%s.%s",
	    dir != NULL ? dir : CONF_STATE_DIR, daemon, id, what);
	return buf;
}

static int
write_all(int fd, const char *text, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(fd, text, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		text += n;
		len -= (size_t)n;
	}
	return fsync(fd);
}

/* A rename is on disk only when its directory is. */
static void
sync_directory(const char *file)
{
	char *copy = mem_text(file);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		(void)fsync(fd);
		(void)close(fd);
	}
	free(copy);
}

/* Made by us and nobody else: what stands there, a link to a file of others
 * say, is taken away and never written to. */
static int
open_new(const char *file)
{
	if (unlink(file) < 0 && errno != ENOENT)
		return -1;
	return open(
	    file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
}

int
keep_write(const char *file, const char *text, size_t len)
{
	char temporary[4096];
	int fd, bad, saved;

	if ((size_t)snprintf(temporary, sizeof(temporary), "%s.new", file) >=
	    sizeof(temporary)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = open_new(temporary);
	if (fd < 0)
		return -1;
	bad = write_all(fd, text, len);
	saved = errno;
	if (close(fd) < 0 && bad == 0) {
		bad = -1;
		saved = errno;
	}
	if (bad == 0 && rename(temporary, file) < 0) {
		bad = -1;
		saved = errno;
	}
	if (bad < 0) {
		(void)unlink(temporary);
		errno = saved;
		return -1;
	}
	sync_directory(file);
	return 0;
}

char *
keep_read(const char *file, size_t max)
{
	/* A pipe shall not keep us waiting, nor a link lead elsewhere. */
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	int saved;
	struct stat st;
	char *text = NULL;
	ssize_t n = -1;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && (size_t)st.st_size > max)
		errno = EFBIG;
	else if (S_ISREG(st.st_mode)) {
		text = mem_array((size_t)st.st_size + 1, 1);
		n = read(fd, text, (size_t)st.st_size);
	} else
		errno = EINVAL;
	saved = errno;
	(void)close(fd);
	if (n < 0) {
		free(text);
		errno = saved;
		return NULL;
	}
	text[n] = '\0';
	return text;
}
