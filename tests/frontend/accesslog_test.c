/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/accesslog.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit.h"

static const struct access plain = {
    .time = "2026-01-02T03:04:05Z",
    .client = "10.0.0.1",
    .service = "www",
    .host = "www.test",
    .host_len = 8,
    .method = "GET",
    .method_len = 3,
    .target = "/a?b=c",
    .target_len = 6,
    .status = 302,
    .server = "sj1",
    .border = "la",
    .source = "cached",
    .us = 12,
    .rtt_us = 3400,
};

static const char *
format(const struct access *a)
{
	static char line[ACCESS_MAX + 1];

	line[access_format(a, line, ACCESS_MAX)] = '\0';
	return line;
}

static void
a_line_says_what_was_decided(void)
{
	CU_ASSERT_STRING_EQUAL(format(&plain),
	    "time=2026-01-02T03:04:05Z client=10.0.0.1 service=www status=302 "
	    "server=sj1 border=la source=cached reason=- us=12 rtt=3400 "
	    "host=www.test method=GET target=/a?b=c");
}

static void
bytes_of_a_request_cannot_forge_a_line(void)
{
	struct access a = plain;

	a.target = "/\n\xff x\\y\"z";
	a.target_len = 9;
	a.host = "";
	a.host_len = 0;
	a.reason = "more than one Host";
	CU_ASSERT_PTR_NOT_NULL(
	    strstr(format(&a), " reason=more-than-one-Host us="));
	CU_ASSERT_PTR_NOT_NULL(strstr(format(&a),
	    " host=- method=GET target=/\\x0a\\xff\\x20x\\x5cy\"z"));
}

static void
the_longest_line_fits(void)
{
	static char bytes[8192], name[256], all[ACCESS_MAX];
	struct access a = plain;
	size_t n;

	memset(bytes, 1, sizeof(bytes));
	memset(name, 'n', sizeof(name) - 1);
	a.target = bytes;
	a.target_len = sizeof(bytes);
	a.host = bytes;
	a.host_len = 262;
	a.method = bytes;
	a.method_len = 32;
	a.service = a.server = a.border = name;
	n = access_format(&a, all, sizeof(all));
	CU_ASSERT(n < sizeof(all));
	CU_ASSERT_NSTRING_EQUAL(all + n - 4, "\\x01", 4);
}

static size_t
lines_in(const char *file)
{
	FILE *f = fopen(file, "r");
	size_t n = 0;
	int c;

	while (f != NULL && (c = fgetc(f)) != EOF)
		n += c == '\n';
	if (f != NULL)
		(void)fclose(f);
	return n;
}

static void
no_line_is_lost_when_the_file_is_moved(void)
{
	char file[] = "/tmp/accesslog_test.XXXXXX", moved[64];
	struct accesslog *l;
	int i;

	CU_ASSERT_FATAL(mkstemp(file) >= 0);
	(void)snprintf(moved, sizeof(moved), "%s.1", file);
	l = accesslog_open(file);
	CU_ASSERT_PTR_NOT_NULL_FATAL(l);
	for (i = 0; i < 3000; i++) {
		accesslog_add(l, &plain);
		if (i == 1000)
			CU_ASSERT_EQUAL(rename(file, moved), 0);
		if (i == 1999)
			accesslog_reopen(l);
	}
	accesslog_close(&l);
	CU_ASSERT_EQUAL(lines_in(moved), 2000);
	CU_ASSERT_EQUAL(lines_in(file), 1000);
	(void)unlink(file);
	(void)unlink(moved);
}

static void
a_full_disk_loses_lines_and_counts_them(void)
{
	struct accesslog *l = accesslog_open("/dev/full");

	CU_ASSERT_PTR_NOT_NULL_FATAL(l);
	accesslog_add(l, &plain);
	accesslog_add(l, &plain);
	accesslog_flush(l);
	CU_ASSERT_EQUAL(accesslog_lost(l), 2);
	accesslog_close(&l);
}

/* The clients would wait with us. */
static void
a_pipe_that_nobody_reads_is_not_waited_for(void)
{
	char dir[] = "/tmp/accesslog_test.XXXXXX", file[64];
	static char got[70000];
	struct accesslog *l;
	bool torn = false;
	ssize_t n;
	int fd, i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	(void)snprintf(file, sizeof(file), "%s/pipe", dir);
	CU_ASSERT_EQUAL_FATAL(mkfifo(file, 0600), 0);
	CU_ASSERT_PTR_NULL(accesslog_open(file));
	fd = open(file, O_RDONLY | O_NONBLOCK);
	l = accesslog_open(file);
	CU_ASSERT_PTR_NOT_NULL_FATAL(l);
	for (i = 0; i < 3000; i++)
		accesslog_add(l, &plain);
	accesslog_flush(l);
	CU_ASSERT(accesslog_lost(l) > 0);
	/* What comes after a lost line begins a line of its own. */
	while ((n = read(fd, got, sizeof(got))) > 0)
		torn = got[n - 1] != '\n';
	accesslog_add(l, &plain);
	accesslog_flush(l);
	CU_ASSERT(torn);
	CU_ASSERT(read(fd, got, sizeof(got)) > 6);
	CU_ASSERT_NSTRING_EQUAL(got, "\ntime=", 6);
	accesslog_close(&l);
	(void)close(fd);
	(void)unlink(file);
	(void)rmdir(dir);
}

/* Whoever owns its directory could lay one for a front end that is root. */
static void
root_follows_no_link(void)
{
	char dir[] = "/tmp/accesslog_test.XXXXXX", file[64], other[64];
	struct accesslog *l;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	(void)snprintf(file, sizeof(file), "%s/log", dir);
	(void)snprintf(other, sizeof(other), "%s/other", dir);
	CU_ASSERT_EQUAL_FATAL(symlink(other, file), 0);
	l = accesslog_open(file);
	CU_ASSERT_EQUAL(l == NULL, geteuid() == 0);
	CU_ASSERT_EQUAL(access(other, F_OK) < 0, geteuid() == 0);
	accesslog_close(&l);
	(void)unlink(file);
	(void)unlink(other);
	(void)rmdir(dir);
}

static const struct unit_test tests[] = {
    {"a line says what was decided", a_line_says_what_was_decided},
    {"bytes of a request cannot forge a line",
	bytes_of_a_request_cannot_forge_a_line},
    {"the longest line fits", the_longest_line_fits},
    {"no line is lost when the file is moved",
	no_line_is_lost_when_the_file_is_moved},
    {"a pipe that nobody reads is not waited for",
	a_pipe_that_nobody_reads_is_not_waited_for},
    {"root follows no link", root_follows_no_link},
    {"a full disk loses lines, and counts them",
	a_full_disk_loses_lines_and_counts_them},
};

UNIT_MAIN("frontend/accesslog", tests)
