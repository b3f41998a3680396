/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A face's processes: replaced when they die or hang, gone when the daemon
 * goes, and never a burden to it. There is no snmpd here; what an snmpd sees
 * is tested in the lab.
 */

#include "lib/face.h"

#include <event2/buffer.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/face_pipe.h"
#include "lib/log.h"
#include "lib/mono.h"
#include "tests/unit.h"

#define LIMIT_MS 8000

static struct event_base *base;

/* The first child of a process, or -1. */
static pid_t
child_of(pid_t pid)
{
	char path[64];
	int child = -1;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children",
	    (int)pid, (int)pid);
	f = fopen(path, "r");
	if (f == NULL)
		return -1;
	if (fscanf(f, "%d", &child) != 1)
		child = -1;
	(void)fclose(f);
	return child;
}

static pid_t
face_child(void)
{
	pid_t nurse = child_of(getpid());

	return nurse < 0 ? -1 : child_of(nurse);
}

static void
turn(void)
{
	struct timeval tv = {0, 20000};

	(void)event_base_loopexit(base, &tv);
	(void)event_base_dispatch(base);
}

/* Run the loop until there is a child other than this; it, or -1. */
static pid_t
wait_for_child(pid_t other)
{
	struct mono end = mono_add_ms(mono_now(), LIMIT_MS);
	pid_t pid;

	do {
		turn();
		pid = face_child();
	} while ((pid < 0 || pid == other) && mono_cmp(mono_now(), end) < 0);
	return pid == other ? -1 : pid;
}

static bool
wait_until_gone(pid_t pid)
{
	struct mono end = mono_add_ms(mono_now(), LIMIT_MS);

	while (kill(pid, 0) == 0 && mono_cmp(mono_now(), end) < 0)
		turn();
	return kill(pid, 0) != 0;
}

static struct face *
start(int64_t hang_ms)
{
	struct face_conf conf = {.base = base,
	    .program = "face_test",
	    .socket = "/nonexistent/agentx",
	    .arc = 3,
	    .hang_ms = hang_ms};

	return face_start(&conf);
}

static void
a_dead_child_is_replaced(void)
{
	struct face *f = start(0);
	pid_t first = wait_for_child(-1);

	CU_ASSERT_FATAL(first > 0);
	CU_ASSERT(kill(first, SIGKILL) == 0);
	CU_ASSERT(wait_for_child(first) > 0);
	face_free(&f);
}

static void
a_hung_child_is_replaced(void)
{
	struct face *f = start(1500);
	pid_t first = wait_for_child(-1);

	CU_ASSERT_FATAL(first > 0);
	turn();
	CU_ASSERT(kill(first, SIGSTOP) == 0);
	CU_ASSERT(wait_for_child(first) > 0);
	CU_ASSERT(wait_until_gone(first));
	face_free(&f);
}

static void
the_process_that_makes_children_is_replaced(void)
{
	struct face *f = start(0);
	pid_t first = wait_for_child(-1), nurse = child_of(getpid());

	CU_ASSERT_FATAL(first > 0 && nurse > 0);
	CU_ASSERT(kill(nurse, SIGKILL) == 0);
	CU_ASSERT(wait_for_child(first) > 0);
	face_free(&f);
}

static void
all_of_it_ends_with_the_face(void)
{
	struct face *f = start(0);
	pid_t child = wait_for_child(-1), nurse = child_of(getpid());

	CU_ASSERT_FATAL(child > 0 && nurse > 0);
	(void)kill(child, SIGSTOP); /* a hung one too */
	face_free(&f);
	CU_ASSERT(f == NULL);
	CU_ASSERT(kill(nurse, 0) != 0);
	CU_ASSERT(wait_until_gone(child));
}

static void
it_ends_when_the_daemon_is_killed(void)
{
	int pipe_fd[2];
	pid_t daemon, child = -1;

	CU_ASSERT_FATAL(pipe(pipe_fd) == 0);
	daemon = fork();
	if (daemon == 0) {
		(void)event_reinit(base);
		(void)start(0);
		child = wait_for_child(-1);
		(void)!write(pipe_fd[1], &child, sizeof(child));
		for (;;)
			turn();
	}
	CU_ASSERT(
	    read(pipe_fd[0], &child, sizeof(child)) == (ssize_t)sizeof(child));
	CU_ASSERT_FATAL(child > 0);
	(void)kill(daemon, SIGKILL);
	(void)waitpid(daemon, NULL, 0);
	CU_ASSERT(wait_until_gone(child));
	(void)close(pipe_fd[0]);
	(void)close(pipe_fd[1]);
}

static void
a_hung_child_costs_no_memory(void)
{
	struct face *f = start(0);
	struct snap *s = snap_new();
	pid_t child = wait_for_child(-1);
	size_t before;
	uint32_t i;

	CU_ASSERT_FATAL(child > 0);
	for (i = 1; i <= 20000; i++)
		snap_number(s, MIB_hopManagerServerState, &i, 1, 2);
	(void)kill(child, SIGSTOP);
	face_publish(f, s); /* the one that waits */
	turn();
	before = mallinfo2().uordblks + mallinfo2().hblkhd;
	for (i = 0; i < 500; i++)
		face_publish(f, s);
	CU_ASSERT(mallinfo2().uordblks + mallinfo2().hblkhd <=
		  before + 2 * 20000 * 64);
	(void)kill(child, SIGCONT);
	snap_free(&s);
	face_free(&f);
}

static bool
has_open(pid_t pid, const char *file)
{
	struct stat a, b;
	char path[64];
	int fd;

	if (stat(file, &a) < 0)
		return true;
	for (fd = 0; fd < 64; fd++) {
		(void)snprintf(
		    path, sizeof(path), "/proc/%d/fd/%d", (int)pid, fd);
		if (stat(path, &b) == 0 && a.st_ino == b.st_ino &&
		    a.st_dev == b.st_dev)
			return true;
	}
	return false;
}

static void
children_hold_nothing_of_the_daemon_open(void)
{
	const char *file = "/etc/passwd";
	int fd = open(file, O_RDONLY), high = dup2(fd, 40);
	struct face *f = start(0);
	pid_t child = wait_for_child(-1);

	CU_ASSERT_FATAL(child > 0 && high == 40);
	CU_ASSERT(has_open(getpid(), file));
	CU_ASSERT(!has_open(child, file));
	CU_ASSERT(!has_open(child_of(getpid()), file));
	(void)close(fd);
	(void)close(high);
	face_free(&f);
}

static void
a_set_goes_through_the_pipe(void)
{
	struct evbuffer *b = evbuffer_new();
	struct snap_value in = {.oid = {1, 3, 12, 1, 4, 2, 7},
	    .oid_len = 7,
	    .object = MIB_hopManagerAdminState,
	    .type = MIB_INTEGER,
	    .number = 2};
	struct snap_value out;
	struct face_frame frame;
	uint8_t *bytes;

	face_put_set(b, &in);
	CU_ASSERT(face_next(b, FACE_SET_MAX, &frame) == 1);
	CU_ASSERT_EQUAL(frame.type, FACE_SET);
	bytes = evbuffer_pullup(b, frame.len);
	CU_ASSERT_FATAL(face_get_set(bytes, frame.len, &out) == 0);
	CU_ASSERT_EQUAL(out.object, MIB_hopManagerAdminState);
	CU_ASSERT_EQUAL(out.number, 2);
	CU_ASSERT_EQUAL(out.oid[6], 7);
	CU_ASSERT(face_get_set(bytes, frame.len - 1, &out) == -1);
	evbuffer_free(b);
}

static void
a_child_cannot_set_what_is_read_only_or_out_of_range(void)
{
	static const struct snap_value bad[] = {
	    {.oid = {1, 3, 12, 1, 5, 2, 7}, .oid_len = 7, .type = MIB_OCTETS},
	    {.oid = {1, 3, 12, 1, 4, 2, 7},
		.oid_len = 7,
		.type = MIB_INTEGER,
		.number = 4},
	    {.oid = {9, 9, 9}, .oid_len = 3, .type = MIB_INTEGER, .number = 1},
	};
	struct evbuffer *b = evbuffer_new();
	struct snap_value out;
	struct face_frame frame;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		face_put_set(b, &bad[i]);
		CU_ASSERT(face_next(b, FACE_SET_MAX, &frame) == 1);
		CU_ASSERT(face_get_set(evbuffer_pullup(b, frame.len), frame.len,
			      &out) == -1);
		(void)evbuffer_drain(b, frame.len);
	}
	evbuffer_free(b);
}

static const struct unit_test tests[] = {
    {"a dead child is replaced", a_dead_child_is_replaced},
    {"a hung child is replaced", a_hung_child_is_replaced},
    {"the process that makes children is replaced",
	the_process_that_makes_children_is_replaced},
    {"all of it ends with the face", all_of_it_ends_with_the_face},
    {"it ends when the daemon is killed", it_ends_when_the_daemon_is_killed},
    {"a hung child costs no memory", a_hung_child_costs_no_memory},
    {"children hold nothing of the daemon open",
	children_hold_nothing_of_the_daemon_open},
    {"a SET goes through the pipe", a_set_goes_through_the_pipe},
    {"a child cannot set what is read-only or out of range",
	a_child_cannot_set_what_is_read_only_or_out_of_range},
};

int
main(void)
{
	int status;

	log_init("face_test", LOG_LEVEL_WARN);
	base = event_base_new();
	status = unit_run("lib/face", tests, sizeof(tests) / sizeof(tests[0]));
	event_base_free(base);
	return status;
}
