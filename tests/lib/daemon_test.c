/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The start of a daemon: each case runs in a process of its own, whose output
 * and exit status are looked at.
 */
#include "lib/daemon.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/mem.h"
#include "tests/unit.h"

#define FARM "tests/golden/ctl/farm.xml"
#define BAD  "tests/golden/ctl/bad.xml"

static char said[20000];
static char mine[256];

/* Run a function in a child; its exit status, its output in said. */
static int
in_child(void (*run)(void *arg), void *arg)
{
	size_t n = 0;
	ssize_t r;
	int fd[2], status = -1;
	pid_t pid;

	CU_ASSERT_EQUAL_FATAL(pipe(fd), 0);
	pid = fork();
	if (pid == 0) {
		(void)dup2(fd[1], STDOUT_FILENO);
		(void)dup2(fd[1], STDERR_FILENO);
		(void)close(fd[0]);
		run(arg);
		(void)fflush(stdout);
		_exit(77);
	}
	(void)close(fd[1]);
	while ((r = read(fd[0], said + n, sizeof(said) - n - 1)) > 0)
		n += (size_t)r;
	said[n] = '\0';
	(void)close(fd[0]);
	(void)waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
has(const char *text)
{
	if (strstr(said, text) == NULL)
		printf("no \"%s\" in:\n%s", text, said);
	CU_ASSERT_PTR_NOT_NULL(strstr(said, text));
}

static void
start(void *arg)
{
	char *const *words = arg;
	char *argv[12] = {0};
	struct daemon d = {.program = "hopdirectord"};
	int argc = 0;

	argv[argc++] = mem_text("hopdirectord");
	for (; *words != NULL; words++)
		argv[argc++] = mem_text(*words);
	daemon_start(&d, argc, argv, CONF_SECRETS_SKIP);
	printf("id %s user %s snmp %s agentx %s director %d\n",
	    d.id != NULL ? d.id : "-", d.user != NULL ? d.user : "-",
	    d.no_snmp ? "no" : "yes", d.agentx != NULL ? d.agentx : "-",
	    daemon_self_director(&d));
}
#define START(...) in_child(start, (const char *[]){__VA_ARGS__, NULL})

static void
options_are_taken(void)
{
	CU_ASSERT_EQUAL(
	    START("-f", FARM, "--id", "d1", "--user", "hop", "--no-snmp",
		"--agentx", "/x", "--log-level", "warn"),
	    77);
	CU_ASSERT_STRING_EQUAL(
	    said, "id d1 user hop snmp no agentx /x director 0\n");
}

static void
version_and_help_end_well(void)
{
	CU_ASSERT_EQUAL(START("--version"), 0);
	CU_ASSERT_STRING_EQUAL(said, "hopdirectord " HOP_VERSION "\n");
	CU_ASSERT_EQUAL(START("--help"), 0);
	has("usage: hopdirectord");
	has("--no-snmp");
}

static void
bad_usage_ends_with_2(void)
{
	CU_ASSERT_EQUAL(START("--nonsense"), 2);
	has("usage: hopdirectord");
	CU_ASSERT_EQUAL(START("-f"), 2);
	CU_ASSERT_EQUAL(START("-f", FARM, "more"), 2);
	has("\"more\"");
	CU_ASSERT_EQUAL(START("--log-level", "loud"), 2);
	has("debug, info or warn");
}

static void
a_bad_configuration_ends_with_1_and_all_errors(void)
{
	CU_ASSERT_EQUAL(START("-f", BAD), 1);
	has(BAD ":6: ");
	has(BAD ":8: ");
	has(BAD ":13: ");
	has("hopctl check -f " BAD);
	CU_ASSERT_EQUAL(START("-f", "/nonexistent/x.xml"), 1);
	has("/nonexistent/x.xml");
}

static void
who_is_not_in_the_configuration_is_told_who_is(void)
{
	CU_ASSERT_EQUAL(START("-f", FARM, "--id", "d7"), 1);
	has("no <director id=\"d7\">");
	has("there are: d1");
	CU_ASSERT_EQUAL(START("-f", FARM), 1);
	has("no <director> of " FARM " has host=\"");
	has("--id");
}

/* Three managers by their hosts; which one is it? */
static void
find_by_host(void *arg)
{
	char **host = arg;
	char id[3][2] = {"a", "b", "c"};
	struct manager m[3] = {0};
	struct world w = {.managers = m, .nmanagers = 3};
	struct daemon d = {.program = "x", .conf_file = "hop.xml", .world = &w};
	int i;

	for (i = 0; i < 3; i++) {
		m[i].id = id[i];
		m[i].host = host[i];
	}
	printf("%d", daemon_self_manager(&d));
}

static void
a_daemon_finds_itself_by_host_name(void)
{
	char other[] = "elsewhere.example.com", upper[256], shorter[256];
	char *hosts[3] = {other, mine, NULL};
	size_t i;

	CU_ASSERT_EQUAL(in_child(find_by_host, hosts), 77);
	CU_ASSERT_STRING_EQUAL(said, "1");
	for (i = 0; i <= strlen(mine); i++)
		upper[i] = mine[i] >= 'a' && mine[i] <= 'z'
			       ? (char)(mine[i] - 0x20)
			       : mine[i];
	hosts[1] = upper;
	CU_ASSERT_EQUAL(in_child(find_by_host, hosts), 77);
	(void)snprintf(
	    shorter, sizeof(shorter), "%.*s", (int)strcspn(mine, "."), mine);
	hosts[1] = shorter;
	CU_ASSERT_EQUAL(in_child(find_by_host, hosts), 77);
	CU_ASSERT_STRING_EQUAL(said, "1");
	hosts[2] = mine;
	CU_ASSERT_EQUAL(in_child(find_by_host, hosts), 1);
	has("several <manager> of hop.xml: b c; say which with --id");
	hosts[1] = hosts[2] = other;
	CU_ASSERT_EQUAL(in_child(find_by_host, hosts), 1);
	has("no <manager> of hop.xml has host=\"");
}

static void
end_by_signal(void *arg)
{
	const int *number = arg;
	struct daemon d = {.program = "x"};
	struct rlimit lim;

	log_init("x", LOG_LEVEL_INFO);
	daemon_base(&d);
	(void)getrlimit(RLIMIT_NOFILE, &lim);
	if (lim.rlim_cur != lim.rlim_max)
		_exit(50);
	(void)raise(SIGPIPE); /* ignored */
	(void)raise(SIGHUP);  /* told, and no more */
	(void)raise(*number);
	_exit(daemon_run(&d));
}

static void
signals_end_it_well(void)
{
	static const int numbers[] = {SIGTERM, SIGINT};
	int i, number;

	for (i = 0; i < 2; i++) {
		number = numbers[i];
		CU_ASSERT_EQUAL(in_child(end_by_signal, &number), 0);
		has("SIGHUP: ");
		has("ending");
	}
}

static void
end_by_itself(void *arg)
{
	struct daemon d = {.program = "x"};

	(void)arg;
	daemon_base(&d);
	daemon_end(&d, 3);
	d.world = NULL;
	if (daemon_run(&d) == 3) {
		daemon_fini(&d);
		_exit(3);
	}
}

static void
it_ends_with_the_status_given(void)
{
	CU_ASSERT_EQUAL(in_child(end_by_itself, NULL), 3);
}

static void
learn_our_name(void)
{
	CU_ASSERT_EQUAL(gethostname(mine, sizeof(mine) - 1), 0);
	CU_ASSERT_NOT_EQUAL(mine[0], '\0');
}

static const struct unit_test tests[] = {
    {"this host has a name", learn_our_name},
    {"options are taken", options_are_taken},
    {"version and help end well", version_and_help_end_well},
    {"bad usage ends with 2", bad_usage_ends_with_2},
    {"a bad configuration ends with 1 and all errors",
	a_bad_configuration_ends_with_1_and_all_errors},
    {"who is not in the configuration is told who is",
	who_is_not_in_the_configuration_is_told_who_is},
    {"a daemon finds itself by host name", a_daemon_finds_itself_by_host_name},
    {"signals end it well", signals_end_it_well},
    {"it ends with the status given", it_ends_with_the_status_given},
};

UNIT_MAIN("lib/daemon", tests)
