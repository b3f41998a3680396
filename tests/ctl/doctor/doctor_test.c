/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hopctl doctor --root: hosts made of files, each with one thing wrong. What
 * it is has to be named, and on a good host nothing is.
 */
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/doctor/exits.h"
#include "ctl/doctor/host.h"
#include "ctl/doctor/procnet.h"
#include "ctl/doctor/snmpdconf.h"
#include "lib/log.h"
#include "tests/unit.h"

static struct {
	char root[64];
	const char *tls; /* of the configuration */
	char *out;
} t;

/* A file below the root, with its directories. */
static void put(const char *path, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static void
put(const char *path, const char *fmt, ...)
{
	char name[300], *slash;
	va_list ap;
	FILE *f;

	(void)snprintf(name, sizeof(name), "%s%s", t.root, path);
	for (slash = name + strlen(t.root) + 1;
	     (slash = strchr(slash, '/')) != NULL; *slash++ = '/') {
		*slash = '\0';
		(void)mkdir(name, 0755);
	}
	f = fopen(name, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	va_start(ap, fmt);
	(void)vfprintf(f, fmt, ap);
	va_end(ap);
	(void)fclose(f);
}

static void run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void
run(const char *fmt, ...)
{
	char command[1000];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	CU_ASSERT_EQUAL(system(command), 0);
}

static void
put_conf(const char *alias_name, const char *fallback)
{
	put("/etc/hopscotch/hopscotch.xml",
	    "<hopscotch xmlns=\"urn:hopscotch:config:1\">\n"
	    "<network><site id=\"ny\"/></network><policy id=\"even\"/>\n"
	    "<snmp-user id=\"hopmgr\" secret=\"s\"/>\n"
	    "<server id=\"a\" site=\"ny\"><alias border=\"ny\" name=\"%s\" "
	    "address=\"10.1.1.1\"/><agent address=\"10.1.1.1\"/></server>\n"
	    "<service id=\"www\" host=\"www.x\" policy=\"even\" "
	    "fallback=\"%s\"><use server=\"a\"/></service>\n"
	    "%s<manager id=\"m1\" host=\"hop9\"/>\n"
	    "<director id=\"d1\" host=\"hop9\"/>\n"
	    "<frontend id=\"f1\" site=\"ny\" host=\"hop1\">"
	    "<listen address=\"10.1.0.1\" port=\"80\"/></frontend>\n"
	    "</hopscotch>\n",
	    alias_name, fallback, t.tls);
}

static void
put_process(int pid, const char *program, const char *files, const char *inode)
{
	char path[100], link[160], name[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	put(path, "%s\n", program);
	(void)snprintf(path, sizeof(path), "/proc/%d/status", pid);
	put(path, "Name:\t%s\nUid:\t7 7 7 7\nGid:\t8 8 8 8\nGroups:\t8 9 \n",
	    program);
	(void)snprintf(path, sizeof(path), "/proc/%d/limits", pid);
	put(path, "Limit Soft Hard\nMax open files            %s 20000 files\n",
	    files);
	(void)snprintf(path, sizeof(path), "/proc/%d/fd/none", pid);
	put(path, "-");
	(void)snprintf(link, sizeof(link), "%s/proc/%d/fd/3", t.root, pid);
	(void)snprintf(name, sizeof(name), "socket:[%s]", inode);
	(void)unlink(link);
	CU_ASSERT_EQUAL(symlink(name, link), 0);
}

#define SNMPD_CONF "master agentx\nincludeDir /etc/snmp/snmpd.conf.d\n"
#define USERS                                                      \
	"group hopMonitor usm hopnms\n"                            \
	"view hopNms included .1.3.6.1.4.1.8072.9999.9999.26559\n" \
	"access hopMonitor \"\" usm priv prefix hopNms none none\n"

/* The host of front end f1, on which all is well. */
static void
start(void)
{
	log_init("hopctl", LOG_LEVEL_NONE);
	(void)snprintf(t.root, sizeof(t.root), "/tmp/doctor_test.XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(t.root));
	t.out = NULL;
	t.tls = "";
	put("/etc/hostname", "hop1\n");
	put_conf("a.x", "http://sorry.x/");
	put_process(10, "hopfrontd", "20000", "500");
	put_process(11, "snmpd", "1024", "501");
	put("/proc/net/fib_trie",
	    "Local:\n  |-- 10.1.0.1\n     /32 host LOCAL\n"
	    "  |-- 127.0.0.1\n     /32 host LOCAL\n");
	put("/proc/net/tcp",
	    "  sl  local_address rem_address   st tx rx tr tm retr uid\n"
	    "   0: 0100010A:0050 00000000:0000 0A 00000000:00000000 "
	    "00:00000000 00000000 7 0 500 1 0 100 0 0 10 0\n");
	put("/proc/net/udp",
	    "  sl  local_address rem_address   st tx rx tr tm retr uid\n"
	    "  99: 0100010A:00A1 00000000:0000 07 00000000:00000000 "
	    "00:00000000 00000000 0 0 501 2 0 0\n");
	put("/etc/snmp/snmpd.conf", SNMPD_CONF);
	put("/etc/snmp/snmpd.conf.d/hopscotch-users.conf", USERS);
	put("/var/lib/snmp/snmpd.conf",
	    "usmUser 1 3 0x80001f88 0x686f706e6d7300 0x686f706e6d7300 NULL\n"
	    "engineBoots 3\n");
	put("/run/hopscotch-agentx/master", "-");
	run("chmod 750 %s/run/hopscotch-agentx", t.root);
}

static void
stop(void)
{
	run("rm -rf %s", t.root);
	free(t.out);
}

static int
doctor(const char *extra)
{
	char *given[] = {strdup("hopctl"), strdup("doctor"), strdup("--root"),
	    strdup(t.root), extra != NULL ? strdup(extra) : NULL, NULL};
	char *argv[6];
	int status, i;
	size_t len;
	FILE *f;

	memcpy(argv, given, sizeof(argv));
	free(t.out);
	f = open_memstream(&t.out, &len);
	status = ctl_main(extra != NULL ? 5 : 4, argv, f, f);
	(void)fclose(f);
	for (i = 0; i < 5; i++)
		free(given[i]);
	return status;
}

/* Lines are folded: a text is looked for with single spaces. */
static bool
said(const char *text)
{
	char *flat = malloc(strlen(t.out) + 1), *to = flat;
	const char *c;
	bool found;

	for (c = t.out; *c != '\0'; c++)
		if (*c != '\n' && (*c != ' ' || to == flat || to[-1] != ' '))
			*to++ = *c;
		else if (*c == '\n' && to != flat && to[-1] != ' ')
			*to++ = ' ';
	*to = '\0';
	found = strstr(flat, text) != NULL;
	free(flat);
	return found;
}

static void
has(const char *text)
{
	if (!said(text))
		printf("no \"%s\" in:\n%s", text, t.out);
	CU_ASSERT_TRUE(said(text));
}

static void
a_good_host_has_nothing_to_repair(void)
{
	start();
	CU_ASSERT_EQUAL(doctor(NULL), CTL_OK);
	has("hop1 is hopfrontd f1 (by host name)");
	has("hopfrontd listens on 10.1.0.1 port 80");
	has("hopfrontd (pid 10) may open 20000 files");
	has("snmpd listens on UDP port 161");
	has("no community");
	has("user hopnms is there and sees HOPSCOTCH-MIB");
	has("/run/hopscotch-agentx/master is there");
	has("0 to look at (WARN), 0 to repair (FAIL)");
	CU_ASSERT_EQUAL(doctor("--json"), CTL_OK);
	has("\"fail\": 0");
	has("\"verdict\": \"ok\"");
	stop();
}

static void
a_bad_configuration_is_told_with_its_lines(void)
{
	start();
	put("/etc/hopscotch/hopscotch.xml", "<hopscotch/>\n");
	CU_ASSERT_EQUAL(doctor(NULL), CTL_FAILED);
	has("hopscotch.xml:1:");
	stop();
}

static void
communities_are_seen(void)
{
	start();
	put("/etc/snmp/snmpd.conf",
	    SNMPD_CONF "rocommunity public default -V systemonly\n");
	CU_ASSERT_EQUAL(doctor(NULL), CTL_OK);
	has("WARN /etc/snmp/snmpd.conf:3: a community (rocommunity public, "
	    "Debian's default)");
	put("/etc/snmp/snmpd.conf", SNMPD_CONF "rwcommunity sesame\n");
	CU_ASSERT_EQUAL(doctor(NULL), CTL_FAILED);
	has("a community (rwcommunity)");
	CU_ASSERT_FALSE(said("sesame"));
	stop();
}

static void
files_of_ours_that_snmpd_does_not_read_are_seen(void)
{
	start();
	put("/etc/snmp/snmpd.conf.d/hopscotch-manager.conf", "# -\n");
	CU_ASSERT_EQUAL(doctor(NULL), CTL_OK);
	has("hopscotch-manager.conf is read");
	put("/etc/snmp/snmpd.conf", "master agentx\n");
	CU_ASSERT_EQUAL(doctor(NULL), CTL_FAILED);
	has("hopscotch-manager.conf is there, but snmpd does not read it");
	has("user hopnms has no access rights");
	stop();
}

static void
users_and_views_are_seen(void)
{
	start();
	put("/var/lib/snmp/snmpd.conf", "engineBoots 3\n");
	CU_ASSERT_EQUAL(doctor(NULL), CTL_OK);
	has("WARN user hopnms has rights, but nobody has made it");
	has("`hopscotch-snmp-setup hopnms` makes it");
	put("/etc/snmp/snmpd.conf.d/hopscotch-users.conf",
	    "group hopMonitor usm hopnms\n"
	    "view hopNms included .1.3.6.1.2.1\n"
	    "access hopMonitor \"\" usm priv prefix hopNms none none\n");
	CU_ASSERT_EQUAL(doctor(NULL), CTL_FAILED);
	has("user hopnms does not see HOPSCOTCH-MIB");
	stop();
}

static void
an_agentx_socket_that_is_missing_is_seen(void)
{
	char path[100];

	start();
	(void)snprintf(
	    path, sizeof(path), "%s/run/hopscotch-agentx/master", t.root);
	CU_ASSERT_EQUAL(unlink(path), 0);
	put("/etc/snmp/snmpd.conf", "includeDir /etc/snmp/snmpd.conf.d\n");
	CU_ASSERT_EQUAL(doctor(NULL), CTL_FAILED);
	has("/run/hopscotch-agentx/master: No such file");
	has("`master agentx` is missing");
	stop();
}

static void
ports_of_others_and_of_nobody_are_seen(void)
{
	start();
	put_process(12, "nginx", "1024", "500");
	put_process(10, "hopfrontd", "20000", "502");
	CU_ASSERT_EQUAL(doctor(NULL), CTL_FAILED);
	has("FAIL nginx listens on 10.1.0.1 port 80, where hopfrontd should");
	put("/proc/net/tcp", "none\n");
	CU_ASSERT_EQUAL(doctor(NULL), CTL_FAILED);
	has("nobody listens on 10.1.0.1 port 80, where hopfrontd should");
	has("The port is privileged");
	put("/proc/net/fib_trie", "none\n");
	CU_ASSERT_EQUAL(doctor(NULL), CTL_FAILED);
	has("which is no address of this host");
	stop();
}

/* As in a lab, where hosts share /proc, and with a snmpd that has ended. */
static void
processes_of_other_hosts_are_left_out(void)
{
	start();
	run("cd %s/proc && mkdir -p self/ns 10/ns 11/ns && "
	    "ln -s net:[1] self/ns/net && ln -s net:[1] 10/ns/net && "
	    "ln -s net:[2] 11/ns/net",
	    t.root);
	CU_ASSERT_EQUAL(doctor(NULL), CTL_OK);
	has("hopfrontd listens on 10.1.0.1 port 80");
	has("no snmpd runs on this host");
	run("rm %s/proc/11/ns/net", t.root);
	CU_ASSERT_EQUAL(doctor(NULL), CTL_OK);
	has("no snmpd runs on this host");
	stop();
}

static void
few_files_and_no_snmpd_are_seen(void)
{
	start();
	put_process(10, "hopfrontd", "1024", "500");
	put_process(11, "nobody", "1024", "501");
	CU_ASSERT_EQUAL(doctor(NULL), CTL_OK);
	has("may open 1024 files; with clients= as configured it may need "
	    "10300");
	has("WARN no snmpd runs on this host");
	stop();
}

static void
circles_are_seen(void)
{
	start();
	put_conf("www.x", "http://www.x/sorry");
	CU_ASSERT_EQUAL(doctor(NULL), CTL_FAILED);
	has("alias www.x of server a is a host name of a service");
	has("the fallback of service www is http://www.x/sorry, the service "
	    "itself");
	stop();
}

static void
a_content_server_needs_hoploadd_and_a_reachable_snmpd(void)
{
	start();
	put("/etc/hostname", "other\n");
	put("/proc/net/fib_trie", "  |-- 10.1.1.1\n     /32 host LOCAL\n");
	put("/proc/net/udp",
	    "  99: 0100007F:00A1 00000000:0000 07 00000000:00000000 "
	    "00:00000000 00000000 0 0 501 2 0 0\n");
	CU_ASSERT_EQUAL(doctor(NULL), CTL_FAILED);
	has("other is hoploadd a (by address)");
	has("hoploadd does not run on this host");
	has("snmpd listens on loopback only");
	has("user hopmgr has no access rights");
	stop();
}

#define MAKE                                     \
	"openssl req -x509 -newkey ec -pkeyopt " \
	"ec_paramgen_curve:P-256 -nodes -subj /CN=x 2>/dev/null "

static void
certificates_are_examined(void)
{
	start();
	t.tls = "<tls cert=\"h.crt\" key=\"h.key\" ca=\"ca.crt\"/>\n";
	put_conf("a.x", "http://sorry.x/");
	CU_ASSERT_EQUAL(doctor(NULL), CTL_FAILED);
	has("h.crt: No such file");
	run("cd %s/etc/hopscotch && " MAKE
	    "-days 100 -keyout ca.key -out ca.crt && " MAKE
	    "-days 60 -keyout h.key -out h.crt -CA ca.crt -CAkey ca.key "
	    "-addext subjectAltName=URI:hopscotch:role:frontend",
	    t.root);
	CU_ASSERT_EQUAL(doctor(NULL), CTL_OK);
	has("h.crt holds for");
	has("ca.crt has signed the certificate");
	has("names the role frontend");
	has("h.key is the key of the certificate");
	run("cd %s/etc/hopscotch && cp ca.key h.key && chmod 644 h.key && " MAKE
	    "-days 10 -keyout other.key -out h.crt "
	    "-addext subjectAltName=URI:hopscotch:role:director",
	    t.root);
	CU_ASSERT_EQUAL(doctor(NULL), CTL_FAILED);
	has("h.crt expires in");
	has("h.key is not the key of the certificate");
	has("h.key has mode 0644");
	has("the certificate is not good by");
	has("does not name the role frontend");
	put("/etc/hopscotch/h.key", "no key\n");
	put("/etc/hopscotch/ca.crt", "no certificate\n");
	CU_ASSERT_EQUAL(doctor(NULL), CTL_FAILED);
	has("h.key holds no key");
	has("ca.crt holds no certificate");
	stop();
}

static void
includes_in_a_circle_end(void)
{
	struct host h = {.root = t.root};
	struct snmpd_conf c;

	start();
	put("/etc/snmp/snmpd.conf",
	    "includeFile snmpd.conf\nview \"a b\" included .1 # c\n");
	snmpdconf_read(&c, &h, NULL);
	CU_ASSERT(c.nfiles < 50);
	CU_ASSERT_STRING_EQUAL(
	    snmpdconf_word(snmpdconf_find(&c, "VIEW", NULL), 1), "a b");
	CU_ASSERT_STRING_EQUAL(
	    snmpdconf_word(snmpdconf_find(&c, "view", NULL), 4), "");
	snmpdconf_fini(&c);
	stop();
}

static void
one_way_for_two_borders_is_seen(void)
{
	struct exit_way way[] = {
	    {.server = "a",
		.alias = "a-ny",
		.border = "ny",
		.local = true,
		.routed = true,
		.interface = 2,
		.name = "eth0",
		.mtu = 1500},
	    {.server = "a",
		.alias = "a-la",
		.border = "la",
		.local = true,
		.routed = true,
		.interface = 2,
		.name = "eth0",
		.mtu = 1500},
	    {.server = "a", .alias = "a-dc", .border = "dc", .local = false},
	    {.server = "a", .alias = "a-sj", .border = "sj", .local = true},
	};
	struct findings f = {.area = "exits"};
	size_t i;

	for (i = 0; i < 4; i++)
		way[i].addr = (struct addr){AF_INET, {10, 1, 1, (uint8_t)i}};
	for (i = 0; i < 2; i++)
		way[i].gateway = (struct addr){AF_INET, {10, 0, 0, 1}};
	exits_judge(way, 4, &f);
	CU_ASSERT_TRUE(findings_have(&f, VERDICT_OK, "a-ny"));
	CU_ASSERT_TRUE(findings_have(&f, VERDICT_WARN,
	    "a-la is of border la, but leaves by the same way as a-ny"));
	CU_ASSERT_TRUE(findings_have(&f, VERDICT_WARN, "no address of this"));
	CU_ASSERT_TRUE(findings_have(&f, VERDICT_FAIL, "no way out"));
	findings_fini(&f);
	/* Ways of their own, but packets that come back by the other one. */
	way[1].interface = 3;
	way[1].rp_filter = 1;
	way[1].mtu = 576;
	exits_judge(way, 2, &f);
	CU_ASSERT_FALSE(findings_have(&f, VERDICT_WARN, "the same way"));
	CU_ASSERT_TRUE(findings_have(&f, VERDICT_WARN, "strict rp_filter"));
	CU_ASSERT_TRUE(findings_have(&f, VERDICT_WARN, "MTU of 576"));
	findings_fini(&f);
}

static void
addresses_of_the_kernel_are_read(void)
{
	struct host_socket *s = NULL;
	struct addr *a = NULL, want;
	size_t n = 0;

	procnet_sockets(
	    "head\n"
	    "  0: 0000000000000000FFFF00000100010A:1F90 0:0 0A 0:0 0:0 0 0 0 "
	    "9\n"
	    "  1: 0100010A:0050 00000000:0000 01 0:0 0:0 0 0 0 9\n"
	    "  2: xyz:0050 00000000:0000 0A 0:0 0:0 0 0 0 9\n  3:\n",
	    true, &s, &n);
	CU_ASSERT_EQUAL_FATAL(n, 1);
	CU_ASSERT_EQUAL(s[0].port, 8080);
	CU_ASSERT_EQUAL(s[0].addr.family, AF_INET6);
	free(s);
	n = 0;
	procnet_addresses6("20010db8000a000000000000000000ff 02 40 00 80 eth0\n"
			   "00000000000000000000000000000001 01 80 10 80 lo\n"
			   "20010db8 02\n",
	    &a, &n);
	CU_ASSERT_EQUAL_FATAL(n, 1);
	(void)addr_parse("2001:db8:a::ff", &want);
	CU_ASSERT_EQUAL(addr_cmp(&a[0], &want), 0);
	free(a);
}

static const struct unit_test tests[] = {
    {"a good host has nothing to repair", a_good_host_has_nothing_to_repair},
    {"a bad configuration is told with its lines",
	a_bad_configuration_is_told_with_its_lines},
    {"communities are seen", communities_are_seen},
    {"files of ours that snmpd does not read are seen",
	files_of_ours_that_snmpd_does_not_read_are_seen},
    {"users and views are seen", users_and_views_are_seen},
    {"an AgentX socket that is missing is seen",
	an_agentx_socket_that_is_missing_is_seen},
    {"ports of others and of nobody are seen",
	ports_of_others_and_of_nobody_are_seen},
    {"processes of other hosts are left out",
	processes_of_other_hosts_are_left_out},
    {"few files and no snmpd are seen", few_files_and_no_snmpd_are_seen},
    {"circles are seen", circles_are_seen},
    {"a content server needs hoploadd and a reachable snmpd",
	a_content_server_needs_hoploadd_and_a_reachable_snmpd},
    {"certificates are examined", certificates_are_examined},
    {"includes in a circle end", includes_in_a_circle_end},
    {"one way for two borders is seen", one_way_for_two_borders_is_seen},
    {"addresses of the kernel are read", addresses_of_the_kernel_are_read},
};

UNIT_MAIN("ctl/doctor", tests)
