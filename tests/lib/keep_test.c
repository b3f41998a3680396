/* SPDX-License-Identifier: BSD-2-Clause */
/* Files that are kept: whole, of the right mode, and never elsewhere. */
#include "lib/keep.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit.h"

static struct {
	char dir[64], file[96], fresh[100], other[96];
} t;

static void
begin(void)
{
	(void)snprintf(t.dir, sizeof(t.dir), "/tmp/keep_test.XXXXXX");
	if (mkdtemp(t.dir) == NULL)
		abort();
	(void)snprintf(t.file, sizeof(t.file), "%s/it", t.dir);
	(void)snprintf(t.fresh, sizeof(t.fresh), "%s.new", t.file);
	(void)snprintf(t.other, sizeof(t.other), "%s/other", t.dir);
}

static void
end(void)
{
	(void)unlink(t.file);
	(void)unlink(t.fresh);
	(void)unlink(t.other);
	CU_ASSERT_EQUAL(rmdir(t.dir), 0);
}

static void
put(const char *file, const char *text)
{
	FILE *f = fopen(file, "w");

	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
}

static void
holds(const char *file, const char *text)
{
	char *got = keep_read(file, 100);

	CU_ASSERT_PTR_NOT_NULL_FATAL(got);
	CU_ASSERT_STRING_EQUAL(got, text);
	free(got);
}

static void
what_is_written_is_read(void)
{
	begin();
	CU_ASSERT_EQUAL(keep_write(t.file, "one\n", 4), 0);
	holds(t.file, "one\n");
	CU_ASSERT_EQUAL(keep_write(t.file, "", 0), 0);
	holds(t.file, "");
	CU_ASSERT_EQUAL(access(t.fresh, F_OK), -1);
	end();
}

static void
strangers_cannot_read_it(void)
{
	mode_t mask = umask(0);
	struct stat st;

	begin();
	CU_ASSERT_EQUAL(keep_write(t.file, "one\n", 4), 0);
	CU_ASSERT_EQUAL(stat(t.file, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 07777, 0640);
	(void)umask(mask);
	end();
}

/* Whoever owns the directory could lay one for a daemon that is still root. */
static void
a_link_is_never_written_through(void)
{
	begin();
	put(t.other, "precious");
	CU_ASSERT_EQUAL(symlink(t.other, t.file), 0);
	CU_ASSERT_EQUAL(symlink(t.other, t.fresh), 0);
	CU_ASSERT_EQUAL(keep_write(t.file, "one\n", 4), 0);
	holds(t.other, "precious");
	holds(t.file, "one\n");
	end();
}

static void
left_over_halves_do_no_harm(void)
{
	begin();
	put(t.fresh, "the half of what was to be written");
	CU_ASSERT_EQUAL(keep_write(t.file, "one\n", 4), 0);
	holds(t.file, "one\n");
	end();
}

static void
refuses(int error, size_t max)
{
	errno = 0;
	CU_ASSERT_PTR_NULL(keep_read(t.file, max));
	CU_ASSERT_EQUAL(errno, error);
}

static void
what_is_no_file_of_ours_is_not_read(void)
{
	begin();
	refuses(ENOENT, 100);
	put(t.other, "precious");
	CU_ASSERT_EQUAL(symlink(t.other, t.file), 0);
	refuses(ELOOP, 100);
	(void)unlink(t.file);
	CU_ASSERT_EQUAL(mkfifo(t.file, 0600), 0);
	refuses(EINVAL, 100); /* and does not wait for a writer */
	(void)unlink(t.file);
	put(t.file, "12345");
	refuses(EFBIG, 4);
	end();
}

static void
what_was_there_stays_if_it_cannot_be_written(void)
{
	char nowhere[128];

	begin();
	CU_ASSERT_EQUAL(keep_write(t.file, "one\n", 4), 0);
	CU_ASSERT_EQUAL(mkdir(t.fresh, 0700), 0); /* in the way, even of root */
	CU_ASSERT_EQUAL(keep_write(t.file, "two\n", 4), -1);
	holds(t.file, "one\n");
	CU_ASSERT_EQUAL(rmdir(t.fresh), 0);
	(void)snprintf(nowhere, sizeof(nowhere), "%s/no/it", t.dir);
	CU_ASSERT_EQUAL(keep_write(nowhere, "two\n", 4), -1);
	CU_ASSERT_EQUAL(errno, ENOENT);
	end();
}

static const struct unit_test tests[] = {
    {"what is written is read", what_is_written_is_read},
    {"strangers cannot read it", strangers_cannot_read_it},
    {"a link is never written through", a_link_is_never_written_through},
    {"left over halves do no harm", left_over_halves_do_no_harm},
    {"what is no file of ours is not read",
	what_is_no_file_of_ours_is_not_read},
    {"what was there stays if it cannot be written",
	what_was_there_stays_if_it_cannot_be_written},
};

UNIT_MAIN("lib/keep", tests)
