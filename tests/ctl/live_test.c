/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hopctl against daemons that answer: processes of this test that speak the
 * protocol by lib/peer, with answers made up here. Some answer badly.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "lib/decide/explain.h"
#include "lib/log.h"
#include "lib/peer.h"
#include "tests/unit.h"

#define ARGS 12

static struct {
	char dir[64];
	char conf[96];
	pid_t pid[4];
	size_t pids;
	char *out;
} t;

/* The daemon's side. */

static void
on_status(struct peer *p, const struct line *l, void *arg)
{
	(void)l;
	(void)arg;
	peer_send(p, "row daemon %s program=x version=0.1.0 uptime=125", "m1");
	peer_send(p, "row server www.ny1 state=up load=8700");
	peer_send(p, "row server www.la1 state=draining who=j%%C3%%B6rg");
	peer_send(p, "done");
}

static void
on_admin(struct peer *p, const struct line *l, void *arg)
{
	char who[100], why[100];

	(void)arg;
	(void)line_decode(l->field[5], who, sizeof(who));
	(void)line_decode(l->field[6], why, sizeof(why));
	if (strcmp(l->field[2], "www.la1") == 0)
		peer_error(p, "not now, %s: %s %s at %s (%s)", who, l->field[1],
		    l->field[3], l->field[4], why);
	else
		peer_send(p, "done");
}

static void
put(void *arg, const char *line)
{
	peer_send_text(arg, line, strlen(line));
}

/* A true explanation of a world without feeds. */
static void
on_explain(struct peer *p, const struct line *l, void *arg)
{
	struct conf_errors errs = {0};
	struct world *w = conf_load(arg, CONF_SECRETS_SKIP, &errs);
	struct question q = {.world = w, .rtt_us = -1};
	const char *rtt = line_option(l, "rtt");
	struct explanation *e;

	q.service = world_service(w, l->field[1]);
	q.contact = world_site(w, l->field[2]);
	(void)addr_parse(l->field[3], &q.client);
	q.rtt_us = rtt != NULL ? atoll(rtt) : -1;
	q.relay = line_option(l, "relay") != NULL;
	q.now = mono_now();
	e = explain(&q);
	explanation_send(e, put, p);
	explanation_free(&e);
	conf_errors_free(&errs);
	world_free(&w);
}

static void
on_reload(struct peer *p, const struct line *l, void *arg)
{
	(void)l;
	(void)arg;
	peer_send(p, "done %064d", 7);
}

static void
on_reload_refused(struct peer *p, const struct line *l, void *arg)
{
	(void)l;
	(void)arg;
	peer_send(p, "fault hop.xml:3:%%20no%%20site");
	peer_send(p, "fault hop.xml:9:%%20no%%20server");
	peer_error(p, "2 errors; the old configuration goes on");
}

/* A server that is draining and empties: one connection less each look. */
static void
on_draining(struct peer *p, const struct line *l, void *arg)
{
	static int left = 2;

	(void)l;
	(void)arg;
	peer_send(p,
	    "row server www.ny1 service=www site=ny state=draining "
	    "connections=%d age-ms=0",
	    left > 0 ? left-- : 0);
	peer_send(p, "row server www.la1 service=www site=la state=draining "
		     "connections=5 age-ms=0");
	peer_send(p, "done");
}

static void
on_admin_taken(struct peer *p, const struct line *l, void *arg)
{
	(void)l;
	(void)arg;
	peer_send(p, "done");
}

static void
on_silent(struct peer *p, const struct line *l, void *arg)
{
	(void)p;
	(void)l;
	(void)arg;
}

static void
on_odd(struct peer *p, const struct line *l, void *arg)
{
	(void)l;
	(void)arg;
	peer_send(p, "row");
	peer_send(p, "row a b c");
}

static void
on_leave(struct peer *p, const struct line *l, void *arg)
{
	(void)l;
	(void)arg;
	peer_send(p, "row server www.ny1 state=up");
	peer_free(&p);
}

static const struct verb good[] = {
    {"status", on_status, ROLE_CONTROL, 0, 0},
    {"admin", on_admin, ROLE_CONTROL, 6, 6},
    {"explain", on_explain, ROLE_CONTROL, 3, 3},
    {"reload", on_reload, ROLE_CONTROL, 0, 0},
    {NULL, NULL, 0, 0, 0},
};
static const struct verb refuses[] = {
    {"reload", on_reload_refused, ROLE_CONTROL, 0, 0},
    {NULL, NULL, 0, 0, 0},
};
static const struct verb drains[] = {
    {"status", on_draining, ROLE_CONTROL, 0, 0},
    {"admin", on_admin_taken, ROLE_CONTROL, 6, 6},
    {NULL, NULL, 0, 0, 0},
};
static const struct verb silent[] = {
    {"status", on_silent, ROLE_CONTROL, 0, 0},
    {NULL, NULL, 0, 0, 0},
};
static const struct verb odd[] = {
    {"status", on_odd, ROLE_CONTROL, 0, 0},
    {NULL, NULL, 0, 0, 0},
};
static const struct verb leaves[] = {
    {"status", on_leave, ROLE_CONTROL, 0, 0},
    {NULL, NULL, 0, 0, 0},
};

/* Run a daemon of these verbs until it is killed. */
__attribute__((noreturn)) static void
serve(const char *id, const char *hello_id, enum peer_role role,
    const struct verb *verbs, const char *hash, int ready)
{
	struct peer_conf conf = {.sub = "x",
	    .role = role,
	    .id = hello_id,
	    .hash = hash,
	    .verbs = verbs,
	    .arg = t.conf};
	char path[128], why[400];
	struct listen_lines at = {.socket = path};

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	conf.base = event_base_new();
	(void)snprintf(path, sizeof(path), "%s/%s.sock", t.dir, id);
	if (peer_listen(&conf, &at, why, sizeof(why)) == NULL ||
	    write(ready, "x", 1) != 1)
		_exit(1);
	(void)event_base_dispatch(conf.base);
	_exit(0);
}

static void
daemon_as(const char *id, const char *hello_id, enum peer_role role,
    const struct verb *verbs, const char *hash)
{
	char byte;
	int fd[2];
	pid_t pid;

	CU_ASSERT_EQUAL_FATAL(pipe(fd), 0);
	pid = fork();
	if (pid == 0)
		serve(id, hello_id, role, verbs, hash, fd[1]);
	(void)close(fd[1]);
	CU_ASSERT_EQUAL(read(fd[0], &byte, 1), 1);
	(void)close(fd[0]);
	t.pid[t.pids++] = pid;
}

/* The test's side. */

static void
start(void)
{
	FILE *f;

	log_init("hopctl", LOG_LEVEL_NONE);
	(void)snprintf(t.dir, sizeof(t.dir), "/tmp/ctl_test.XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(t.dir));
	(void)snprintf(t.conf, sizeof(t.conf), "%s/hop.xml", t.dir);
	f = fopen(t.conf, "w");
	fprintf(f,
	    "<hopscotch xmlns=\"urn:hopscotch:config:1\">\n"
	    "<network><site id=\"ny\"/><site id=\"la\"/>"
	    "<link between=\"ny la\" delay=\"35ms\"/></network>\n"
	    "<policy id=\"even\"/>\n"
	    "<server id=\"www.ny1\" site=\"ny\"><alias border=\"ny\" "
	    "name=\"ny1.x\" address=\"10.1.1.1\"/></server>\n"
	    "<server id=\"www.la1\" site=\"la\"><alias border=\"la\" "
	    "name=\"la1.x\" address=\"10.2.1.1\"/></server>\n"
	    "<service id=\"www\" host=\"www.x\" policy=\"even\">"
	    "<use server=\"www.ny1\"/><use server=\"www.la1\"/></service>\n"
	    "<manager id=\"m1\"><listen socket=\"%s/m1.sock\"/></manager>\n"
	    "<manager id=\"m2\"><listen socket=\"%s/m2.sock\"/></manager>\n"
	    "<director id=\"d1\"><listen socket=\"%s/d1.sock\"/></director>\n"
	    "<director id=\"d2\"><listen socket=\"%s/d2.sock\"/></director>\n"
	    "</hopscotch>\n",
	    t.dir, t.dir, t.dir, t.dir);
	(void)fclose(f);
	t.pids = 0;
	t.out = NULL;
}

static void
stop(void)
{
	char command[100];
	size_t i;

	for (i = 0; i < t.pids; i++) {
		(void)kill(t.pid[i], SIGKILL);
		(void)waitpid(t.pid[i], NULL, 0);
	}
	(void)snprintf(command, sizeof(command), "rm -rf %s", t.dir);
	CU_ASSERT_EQUAL(system(command), 0);
	free(t.out);
}

/* hopctl with these words and -f; the output of both kinds in t.out. */
static int
hopctl(const char *const *words)
{
	char *argv[ARGS + 4], *copy[ARGS + 4];
	int argc = 0, status, i;
	size_t len;
	FILE *f;

	free(t.out);
	f = open_memstream(&t.out, &len);
	copy[argc++] = strdup("hopctl");
	for (; *words != NULL; words++)
		copy[argc++] = strdup(*words);
	copy[argc++] = strdup("-f");
	copy[argc++] = strdup(t.conf);
	memcpy(argv, copy, sizeof(argv[0]) * (size_t)argc);
	argv[argc] = NULL;
	status = ctl_main(argc, argv, f, f);
	(void)fclose(f);
	for (i = 0; i < argc; i++)
		free(copy[i]);
	return status;
}
#define HOPCTL(...) hopctl((const char *const[]){__VA_ARGS__, NULL})

static void
has(const char *text)
{
	if (strstr(t.out, text) == NULL)
		printf("no \"%s\" in:\n%s", text, t.out);
	CU_ASSERT_PTR_NOT_NULL(strstr(t.out, text));
}

static void
status_shows_all_and_says_who_is_unreachable(void)
{
	start();
	daemon_as("m1", "m1", ROLE_MANAGER, good, "-");
	daemon_as("d1", "d1", ROLE_DIRECTOR, good, "0123456789abcdef");
	CU_ASSERT_EQUAL(HOPCTL("status"), CTL_FAILED);
	has("  m1      hopmanagerd   up            2m05s  0.1.0    OTHER");
	has("  d2      hopdirectord  unreachable");
	has("d2.sock: cannot connect: No such file");
	has("d1 runs another configuration than");
	has("\nhopmanagerd m1\n");
	has("  SERVER   STATE     LOAD  WHO\n"
	    "  www.ny1  up        8700  -\n"
	    "  www.la1  draining     -  j\xc3\xb6rg\n");
	CU_ASSERT_EQUAL(HOPCTL("status", "--daemon", "m1"), CTL_OK);
	/* Not "d1": the name of the scratch directory may hold that. */
	CU_ASSERT_PTR_NULL(strstr(t.out, "hopdirectord"));
	CU_ASSERT_EQUAL(
	    HOPCTL("status", "--daemon", "m1", "service"), CTL_FAILED);
	has("no table \"service\"; there are daemon server\n");
	CU_ASSERT_EQUAL(HOPCTL("status", "service"), CTL_FAILED);
	has("no table \"service\"; there are daemon server\n");
	CU_ASSERT_EQUAL(
	    HOPCTL("status", "--daemon", "m1", "daemon", "--json"), CTL_OK);
	has("\"reachable\": true");
	has("\"same_configuration\": false");
	has("\"uptime\": 125");
	CU_ASSERT_PTR_NULL(strstr(t.out, "8700"));
	stop();
}

static void
bad_answers_are_failures_with_a_reason(void)
{
	start();
	daemon_as("m1", "m1", ROLE_MANAGER, silent, "-");
	daemon_as("m2", "m3", ROLE_MANAGER, good, "-");
	daemon_as("d1", "d1", ROLE_DIRECTOR, odd, "-");
	daemon_as("d2", "d2", ROLE_DIRECTOR, leaves, "-");
	CU_ASSERT_EQUAL(HOPCTL("status", "--timeout", "300ms"), CTL_FAILED);
	has("m1.sock: no answer in time");
	has("m2.sock: it says that it is manager m3");
	has("d1.sock: its answer has a line \"row\" that is not understood");
	has("d2.sock: disconnected before the answer ended");
	CU_ASSERT_EQUAL(HOPCTL("drain", "server", "www.ny1"), CTL_FAILED);
	has("it says: unknown verb admin");
	stop();
}

static void
a_drain_needs_one_manager(void)
{
	start();
	daemon_as("m2", "m2", ROLE_MANAGER, good, "-");
	CU_ASSERT_EQUAL(HOPCTL("drain", "server", "www.ny1", "--reason",
			    "new disks", "--as", "ann b"),
	    CTL_OK);
	has("server www.ny1 is draining: taken by m2; the others learn it");
	has("manager m1: unix:");
	CU_ASSERT_EQUAL(HOPCTL("disable", "border", "la", "--json"), CTL_OK);
	has("\"taken\": true");
	has("\"state\": \"disabled\"");
	CU_ASSERT_EQUAL(HOPCTL("undrain", "server", "www.la1", "--reason",
			    "100% done", "--as", "ann b"),
	    CTL_FAILED);
	has("manager m2: it says: not now, ann b: server enabled at 0 (100% "
	    "done)");
	has("nothing has changed");
	stop();
}

static void
who_is_sudos_user_before_ones_own(void)
{
	start();
	daemon_as("m1", "m1", ROLE_MANAGER, good, "-");
	(void)setenv("SUDO_USER", "eve", 1);
	CU_ASSERT_EQUAL(HOPCTL("drain", "server", "www.la1"), CTL_FAILED);
	has("not now, eve: server draining at 0 ()");
	(void)unsetenv("SUDO_USER");
	CU_ASSERT_EQUAL(HOPCTL("drain", "server", "www.la1"), CTL_FAILED);
	CU_ASSERT_PTR_NULL(strstr(t.out, "eve"));
	stop();
}

static void
explain_asks_the_first_director_that_answers(void)
{
	start();
	daemon_as("d2", "d2", ROLE_DIRECTOR, good, "-");
	CU_ASSERT_EQUAL(
	    HOPCTL("explain", "--contact", "la", "10.9.9.9"), CTL_OK);
	has("director d1: unix:");
	has("client 10.9.9.9 of service www, redirected at la");
	has("ny1.x");
	CU_ASSERT_EQUAL(HOPCTL("explain", "--contact", "la", "--json",
			    "--director", "d2", "--relay", "10.9.9.9"),
	    CTL_OK);
	has("\"candidates\": [");
	CU_ASSERT_EQUAL(HOPCTL("explain", "--contact", "la", "--director", "d1",
			    "10.9.9.9"),
	    CTL_FAILED);
	has("director d1: unix:");
	CU_ASSERT_EQUAL(HOPCTL("explain", "--contact", "la", "--director", "d2",
			    "--why-not", "www.ny1", "10.9.9.9"),
	    CTL_OK);
	has("www.ny1 is drawn");
	stop();
}

static void
a_reload_shows_what_each_daemon_says(void)
{
	start();
	daemon_as("m1", "m1", ROLE_MANAGER, good, "-");
	daemon_as("d1", "d1", ROLE_DIRECTOR, good, "-");
	/* m2 and d2 are of other hosts, it may be: that is no failure. */
	CU_ASSERT_EQUAL(HOPCTL("reload"), CTL_OK);
	has("hopmanagerd   m1: done\n");
	has("hopmanagerd   m2: not reached: unix:");
	has("2 done, 0 refused, 2 not reached\n");
	has("  000000000000    d1  ANOTHER configuration\n");
	CU_ASSERT(strstr(t.out, "m1: done") < strstr(t.out, "d1: done"));
	CU_ASSERT_EQUAL(HOPCTL("reload", "d1", "--json"), CTL_OK);
	has("\"outcome\": \"done\"");
	CU_ASSERT_PTR_NULL(strstr(t.out, "hopmanagerd"));
	CU_ASSERT_EQUAL(HOPCTL("reload", "d1", "d2"), CTL_FAILED);
	has("d2: not reached");
	stop();
}

static void
a_refused_reload_names_every_fault(void)
{
	start();
	daemon_as("m1", "m1", ROLE_MANAGER, good, "-");
	daemon_as("d1", "d1", ROLE_DIRECTOR, refuses, "abc");
	CU_ASSERT_EQUAL(HOPCTL("reload"), CTL_FAILED);
	has("d1: REFUSED: it says: 2 errors; the old configuration goes on\n"
	    "      hop.xml:3: no site\n      hop.xml:9: no server\n");
	has("1 done, 1 refused, 2 not reached");
	stop();
}

static void
a_local_reload_finds_the_sockets(void)
{
	start();
	(void)setenv("HOPSCOTCH_RUN", t.dir, 1);
	daemon_as("hoploadd-www1", "www1", ROLE_AGENT, good, "-");
	daemon_as("hopmanagerd-m7", "m7", ROLE_MANAGER, good, "-");
	CU_ASSERT_EQUAL(HOPCTL("reload", "--local"), CTL_OK);
	has("  hopmanagerd   m7: done\n  hoploadd      www1: done\n");
	CU_ASSERT_EQUAL(HOPCTL("status", "--local", "server"), CTL_OK);
	has("\nhoploadd www1\n");
	(void)setenv("HOPSCOTCH_RUN", "/nonexistent", 1);
	stop();
}

static void
a_wait_ends_when_all_connections_have(void)
{
	start();
	daemon_as("m1", "m1", ROLE_MANAGER, drains, "-");
	CU_ASSERT_EQUAL(HOPCTL("drain", "--wait", "server", "www.ny1"), CTL_OK);
	has("server www.ny1 is draining: taken by m1");
	has("2 connections\n");
	has("1 connection\n");
	has("server www.ny1 is empty\n");
	CU_ASSERT_EQUAL(
	    HOPCTL("drain", "--wait", "--at-most", "5", "--json", "site", "la"),
	    CTL_OK);
	has("\"empty\": true");
	CU_ASSERT_EQUAL(HOPCTL("drain", "--wait", "--timeout", "500ms",
			    "server", "www.la1"),
	    CTL_FAILED);
	has("5 connections");
	has("server www.la1 is NOT empty, the time is over");
	stop();
}

static const struct unit_test tests[] = {
    {"a reload shows what each daemon says",
	a_reload_shows_what_each_daemon_says},
    {"a refused reload names every fault", a_refused_reload_names_every_fault},
    {"a local reload finds the sockets", a_local_reload_finds_the_sockets},
    {"a wait ends when all connections have",
	a_wait_ends_when_all_connections_have},
    {"status shows all and says who is unreachable",
	status_shows_all_and_says_who_is_unreachable},
    {"bad answers are failures with a reason",
	bad_answers_are_failures_with_a_reason},
    {"a drain needs one manager", a_drain_needs_one_manager},
    {"who is sudo's user before one's own", who_is_sudos_user_before_ones_own},
    {"explain asks the first director that answers",
	explain_asks_the_first_director_that_answers},
};

UNIT_MAIN("ctl/live", tests)
