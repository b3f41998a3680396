/* SPDX-License-Identifier: BSD-2-Clause */
/* What the log writes, seen through a pipe in the place of standard error. */
#include "lib/log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/mono.h"
#include "tests/unit.h"

static int real_stderr, from;

static void catch (void)
{
	int fd[2];

	CU_ASSERT_EQUAL_FATAL(pipe(fd), 0);
	(void)fcntl(fd[0], F_SETFL, O_NONBLOCK);
	real_stderr = dup(STDERR_FILENO);
	(void)dup2(fd[1], STDERR_FILENO);
	(void)close(fd[1]);
	from = fd[0];
}

static const char *
caught(void)
{
	static char text[65536];
	ssize_t n = read(from, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	(void)dup2(real_stderr, STDERR_FILENO);
	(void)close(real_stderr);
	(void)close(from);
	return text;
}

static void
a_line_has_program_subsystem_and_text(void)
{
	log_init("hopd", LOG_LEVEL_DEBUG);
	catch ();
	log_info("feed", "%s is there", "d1");
	log_debug("feed", "detail %d", 7);
	log_warnx("feed", "odd");
	errno = ENOENT;
	log_warn("feed", "open %s", "x");
	CU_ASSERT_STRING_EQUAL(caught(), "hopd: feed: d1 is there\n"
					 "hopd: debug: feed: detail 7\n"
					 "hopd: feed: odd\n"
					 "hopd: feed: open x: No such file or "
					 "directory\n");
}

static void
the_least_level_holds(void)
{
	log_init("hopd", LOG_LEVEL_WARN);
	catch ();
	log_debug("a", "no");
	log_info("a", "no");
	log_warnx("a", "yes");
	CU_ASSERT_STRING_EQUAL(caught(), "hopd: a: yes\n");
}

static void
foreign_text_forges_no_line(void)
{
	log_init("hopd", LOG_LEVEL_INFO);
	catch ();
	log_info("http", "host \"%s\"", "x\nhopd: http: \x1b[31mforged\r\x7f");
	CU_ASSERT_STRING_EQUAL(
	    caught(), "hopd: http: host \"x?hopd: http: ?[31mforged??\"\n");
}

static void
a_long_line_is_cut_and_ends(void)
{
	static char big[10000];
	const char *text;

	memset(big, 'x', sizeof(big) - 1);
	log_init("hopd", LOG_LEVEL_INFO);
	catch ();
	log_info("a", "%s", big);
	errno = ENOENT;
	log_warn("a", "%s", big);
	text = caught();
	CU_ASSERT(strlen(text) < 2 * 2048 + 1);
	CU_ASSERT_EQUAL(text[strlen(text) - 1], '\n');
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "x\nhopd: a: x"));
}

static void
errno_is_kept(void)
{
	log_init("hopd", LOG_LEVEL_INFO);
	catch ();
	errno = EPIPE;
	log_info("a", "b");
	CU_ASSERT_EQUAL(errno, EPIPE);
	log_warn("a", "b");
	CU_ASSERT_EQUAL(errno, EPIPE);
	(void)close(STDERR_FILENO); /* nobody listens */
	log_warnx("a", "b");
	CU_ASSERT_EQUAL(errno, EPIPE);
	(void)caught();
}

static void
what_a_peer_can_trigger_is_bounded(void)
{
	struct log_bound b = {.burst = 3};
	struct mono t = {INT64_C(1000000000000)};
	int i, written = 0;

	log_init("hopd", LOG_LEVEL_INFO);
	catch ();
	mono_fake(t);
	for (i = 0; i < 100; i++)
		written += log_allowed(&b, "feed");
	CU_ASSERT_EQUAL(written, 3);
	mono_fake(mono_add_ms(t, 9999));
	CU_ASSERT_FALSE(log_allowed(&b, "feed"));
	mono_fake(mono_add_ms(t, 10000));
	CU_ASSERT_TRUE(log_allowed(&b, "feed"));
	CU_ASSERT_STRING_EQUAL(
	    caught(), "hopd: feed: 98 more lines like this were left out\n");
	CU_ASSERT_TRUE(log_allowed(&b, "feed"));
	CU_ASSERT_TRUE(log_allowed(&b, "feed"));
	CU_ASSERT_FALSE(log_allowed(&b, "feed"));
	mono_fake((struct mono){0});
}

static void
fatal_ends_with_status_1(void)
{
	int status = 0;
	pid_t pid;

	log_init("hopd", LOG_LEVEL_INFO);
	catch ();
	pid = fork();
	if (pid == 0) {
		if (freopen("/dev/null", "w", stdout) == NULL)
			_exit(9);
		log_fatalx("conf", "no %s", "file");
	}
	(void)waitpid(pid, &status, 0);
	CU_ASSERT_TRUE(WIFEXITED(status));
	CU_ASSERT_EQUAL(WEXITSTATUS(status), 1);
	CU_ASSERT_STRING_EQUAL(caught(), "hopd: conf: no file\n");
}

static void
only_levels_that_can_be_asked_for_are_words(void)
{
	enum log_level level = LOG_LEVEL_NONE;

	CU_ASSERT_EQUAL(log_level_parse("debug", &level), 0);
	CU_ASSERT_EQUAL(level, LOG_LEVEL_DEBUG);
	CU_ASSERT_EQUAL(log_level_parse("info", &level), 0);
	CU_ASSERT_EQUAL(level, LOG_LEVEL_INFO);
	CU_ASSERT_EQUAL(log_level_parse("warn", &level), 0);
	CU_ASSERT_EQUAL(level, LOG_LEVEL_WARN);
	CU_ASSERT_EQUAL(log_level_parse("none", &level), -1);
	CU_ASSERT_EQUAL(log_level_parse("", &level), -1);
	CU_ASSERT_EQUAL(level, LOG_LEVEL_WARN);
}

/* Run in a child: standard error is lost to the log file. */
static int
in_child(void (*run)(void))
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		run();
		_exit(0);
	}
	(void)waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static char dir[] = "/tmp/hop-test-XXXXXX", path[64], moved[64];

static const char *
contents(const char *name)
{
	static char text[4096];
	FILE *f = fopen(name, "r");
	size_t n = 0;

	if (f != NULL) {
		n = fread(text, 1, sizeof(text) - 1, f);
		(void)fclose(f);
	}
	text[n] = '\0';
	return text;
}

static void
write_and_move(void)
{
	log_init("hopd", LOG_LEVEL_INFO);
	if (log_file(path) < 0)
		_exit(2);
	log_info("a", "one");
	(void)rename(path, moved);
	log_info("a", "two"); /* nothing is at the name: into the old file */
	log_reopen();
	log_info("a", "three");
	(void)fputs("a library\n", stderr);
}

static void
a_log_file_is_opened_anew(void)
{
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/log", dir);
	(void)snprintf(moved, sizeof(moved), "%s/log.1", dir);
	CU_ASSERT_EQUAL(in_child(write_and_move), 0);
	CU_ASSERT_STRING_EQUAL(contents(moved), "hopd: a: one\nhopd: a: two\n");
	CU_ASSERT_STRING_EQUAL(contents(path), "hopd: a: three\na library\n");
}

static void
follow(void)
{
	FILE *f;

	log_init("hopd", LOG_LEVEL_INFO);
	if (log_file(path) < 0)
		_exit(2);
	(void)rename(path, moved);
	f = fopen(path, "w"); /* another process has made the new one */
	if (f != NULL)
		(void)fclose(f);
	log_info("a", "four");
}

static void
a_child_follows_the_file_without_a_signal(void)
{
	CU_ASSERT_EQUAL(in_child(follow), 0);
	CU_ASSERT_STRING_EQUAL(contents(path), "hopd: a: four\n");
	(void)unlink(path);
	(void)unlink(moved);
	(void)rmdir(dir);
}

static void
no_file(void)
{
	log_init("hopd", LOG_LEVEL_INFO);
	if (log_file("/no/such/dir/log") == 0 || errno != ENOENT)
		_exit(2);
	log_reopen();
}

static void
a_file_that_cannot_be_is_told(void)
{
	CU_ASSERT_EQUAL(in_child(no_file), 0);
}

/* As root: the directory of the log may be another user's. */
static void
through_a_link(void)
{
	int as_root = geteuid() == 0;

	log_init("hopd", LOG_LEVEL_INFO);
	if ((log_file(path) < 0) != as_root)
		_exit(2);
}

static void
root_follows_no_link(void)
{
	int as_root = geteuid() == 0;
	char link_dir[] = "/tmp/log_test.XXXXXX", other[64];

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(link_dir));
	(void)snprintf(path, sizeof(path), "%s/log", link_dir);
	(void)snprintf(other, sizeof(other), "%s/other", link_dir);
	CU_ASSERT_EQUAL_FATAL(symlink(other, path), 0);
	CU_ASSERT_EQUAL(in_child(through_a_link), 0);
	CU_ASSERT_EQUAL(access(other, F_OK) < 0, as_root);
	(void)unlink(path);
	(void)unlink(other);
	(void)rmdir(link_dir);
}

static void
the_journal_gets_priorities(void)
{
	char stream[64];
	struct stat st;

	catch ();
	(void)fstat(STDERR_FILENO, &st);
	(void)snprintf(stream, sizeof(stream), "%llu:%llu",
	    (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	(void)setenv("JOURNAL_STREAM", stream, 1);
	log_init("hopd", LOG_LEVEL_DEBUG);
	log_debug("a", "b");
	log_info("a", "b");
	log_warnx("a", "b");
	(void)setenv("JOURNAL_STREAM", "1:1", 1); /* somewhere else */
	log_init("hopd", LOG_LEVEL_INFO);
	log_info("a", "c");
	(void)unsetenv("JOURNAL_STREAM");
	CU_ASSERT_STRING_EQUAL(caught(), "<7>hopd: debug: a: b\n"
					 "<6>hopd: a: b\n<4>hopd: a: b\n"
					 "hopd: a: c\n");
}

static const struct unit_test tests[] = {
    {"a line has program, subsystem and text",
	a_line_has_program_subsystem_and_text},
    {"the least level holds", the_least_level_holds},
    {"only levels that can be asked for are words",
	only_levels_that_can_be_asked_for_are_words},
    {"foreign text forges no line", foreign_text_forges_no_line},
    {"a long line is cut and ends", a_long_line_is_cut_and_ends},
    {"errno is kept", errno_is_kept},
    {"what a peer can trigger is bounded", what_a_peer_can_trigger_is_bounded},
    {"fatal ends with status 1", fatal_ends_with_status_1},
    {"a log file is opened anew", a_log_file_is_opened_anew},
    {"a child follows the file without a signal",
	a_child_follows_the_file_without_a_signal},
    {"root follows no link", root_follows_no_link},
    {"a file that cannot be is told", a_file_that_cannot_be_is_told},
    {"the journal gets priorities", the_journal_gets_priorities},
};

UNIT_MAIN("lib/log", tests)
