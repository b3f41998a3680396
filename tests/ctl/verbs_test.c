/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hopctl without daemons: what it prints and its exit status are those of the
 * golden files, tests/golden/ctl/<case>.txt. HOP_GOLDEN=write writes them.
 */
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl.h"
#include "lib/log.h"
#include "tests/unit.h"

#define V       "tests/vectors/"
#define G       "tests/golden/ctl/"
#define EXPLAIN "explain", "-f", V "case000.xml", "--feed", V "case000.feed"
#define CLIENT  "128.9.192.44"
/* One server for each reason not to be drawn. */
#define WHY(server)                                                     \
	{                                                               \
		"explain", "-f", G "why.xml", "--feed", G "why.feed",   \
		    "--contact", "ny", "192.0.2.7", "--why-not", server \
	}
#define ARGS 14

static const struct {
	const char *name;
	const char *args[ARGS];
} cases[] = {
    {"help", {"help"}},
    {"help-check", {"help", "check"}},
    {"help-status", {"status", "--help"}},
    {"help-explain", {"explain", "--help"}},
    {"help-drain", {"drain", "--help"}},
    {"help-undrain", {"undrain", "--help"}},
    {"help-reload", {"reload", "--help"}},
    {"help-top", {"top", "--help"}},
    {"help-doctor", {"doctor", "--help"}},
    {"help-zone", {"zone", "--help"}},
    {"help-completion", {"completion", "--help"}},
    {"version", {"--version"}},
    {"no-verb", {NULL}},
    {"unknown-verb", {"stauts"}},
    {"unknown-verb-of-help", {"help", "explian"}},
    {"unknown-option", {"check", "--feed", "x"}},
    {"option-without-value", {"check", "-f"}},
    {"flag-with-value", {"check", "--json=yes"}},
    {"check-ok", {"check", "-f", G "farm.xml"}},
    {"check-ok-json", {"check", "--json", "-f", G "farm.xml"}},
    {"check-warning", {"check", "-f", V "case000.xml"}},
    {"check-bad", {"check", "-f", G "bad.xml"}},
    {"check-bad-json", {"check", "-f", G "bad.xml", "--json"}},
    {"check-no-file", {"check", "-f", G "none.xml"}},
    {"check-argument", {"check", G "farm.xml"}},
    {"explain", {EXPLAIN, "--contact", "la", CLIENT}},
    {"explain-json", {EXPLAIN, "--contact", "la", CLIENT, "--json"}},
    {"explain-why",
	{EXPLAIN, "--contact=la", "--why-not", "www.sj1.test.com", CLIENT}},
    {"explain-why-not",
	{EXPLAIN, "--contact=la", "--why-not", "www.dc1.test.com", CLIENT}},
    {"why-not-up", WHY("up")},
    {"why-not-down", WHY("down")},
    {"why-not-drained", WHY("drained")},
    {"why-not-overloaded", WHY("full")},
    {"why-not-other-family", WHY("six")},
    {"why-not-border-down", WHY("cut")},
    {"why-not-outside-the-band", WHY("far")},
    {"why-not-unknown", WHY("unknown")},
    {"why-not-backup", WHY("spare")},
    {"why-not-other-service", WHY("other")},
    {"explain-rtt", {EXPLAIN, "--contact", "la", "--rtt", "35ms", "192.0.2.1"}},
    {"explain-relay-ip6",
	{EXPLAIN, "--contact", "la", "--relay", "2001:db8::1"}},
    {"explain-bad-feed", {"explain", "-f", V "case000.xml", "--feed",
			     G "bad.feed", "--contact", "la", CLIENT}},
    {"explain-no-feed", {"explain", "-f", V "case000.xml", "--feed",
			    G "none.feed", "--contact", "la", CLIENT}},
    {"explain-bad-conf",
	{"explain", "-f", G "bad.xml", "--contact", "la", CLIENT}},
    {"explain-no-contact", {EXPLAIN, CLIENT}},
    {"explain-no-client", {EXPLAIN, "--contact", "la"}},
    {"explain-two-clients", {EXPLAIN, "--contact", "la", CLIENT, CLIENT}},
    {"explain-bad-client", {EXPLAIN, "--contact", "la", "128.9.192.444"}},
    {"explain-bad-rtt", {EXPLAIN, "--contact", "la", "--rtt", "3 s", CLIENT}},
    {"explain-unknown-site", {EXPLAIN, "--contact", "lax", CLIENT}},
    {"explain-unknown-service",
	{EXPLAIN, "--contact", "la", "--service", "ftp", CLIENT}},
    {"explain-unknown-server",
	{EXPLAIN, "--contact", "la", "--why-not", "www.dc3.test.com", CLIENT}},
    {"explain-no-director",
	{"explain", "-f", V "case000.xml", "--contact", "la", CLIENT}},
    {"explain-unknown-director", {"explain", "-f", G "farm.xml", "--contact",
				     "la", "--director", "d3", CLIENT}},
    {"drain-what", {"drain"}},
    {"drain-kind", {"drain", "-f", G "farm.xml", "host", "www.la1"}},
    {"drain-unknown-server",
	{"drain", "-f", G "farm.xml", "server", "www.la3"}},
    {"drain-unknown-site", {"disable", "-f", G "farm.xml", "site", "tokyo"}},
    {"drain-no-manager", {"undrain", "-f", V "case000.xml", "border", "la"}},
    {"drain-unreachable", {"drain", "-f", G "farm.xml", "server", "www.la1"}},
    {"drain-unreachable-json",
	{"drain", "-f", G "farm.xml", "--json", "server", "www.la1"}},
    {"status-unreachable", {"status", "-f", G "farm.xml"}},
    {"status-unreachable-json", {"status", "-f", G "farm.xml", "--json"}},
    {"status-no-daemon", {"status", "-f", V "case000.xml"}},
    {"status-unknown-daemon",
	{"status", "-f", G "farm.xml", "--daemon", "d12"}},
    {"status-bad-timeout", {"status", "-f", G "farm.xml", "--timeout", "3"}},
    {"drain-at-most-alone",
	{"drain", "-f", G "farm.xml", "--at-most", "3", "server", "www.la1"}},
    {"drain-bad-at-most", {"drain", "-f", G "farm.xml", "--wait",
			      "--at-most=few", "server", "www.la1"}},
    {"drain-bad-wait", {"drain", "-f", G "farm.xml", "--wait", "--timeout=60",
			   "server", "www.la1"}},
    {"undrain-wait", {"undrain", "--wait", "server", "www.la1"}},
    {"reload-unreachable", {"reload", "-f", G "farm.xml"}},
    {"reload-unreachable-json", {"reload", "-f", G "farm.xml", "--json"}},
    {"reload-bad", {"reload", "-f", G "bad.xml"}},
    {"reload-unknown-daemon", {"reload", "-f", G "farm.xml", "d12"}},
    {"reload-no-daemon", {"reload", "-f", V "case000.xml"}},
    {"reload-local-none", {"reload", "-f", G "none.xml", "--local"}},
    {"zone", {"zone", "-f", G "farm.xml"}},
    {"zone-hosts", {"zone", "-f", G "farm.xml", "--format", "hosts"}},
    {"zone-certs", {"zone", "-f", G "farm.xml", "--certs"}},
    {"zone-bad-ttl", {"zone", "-f", G "farm.xml", "--ttl", "5m"}},
    {"zone-bad-format", {"zone", "-f", G "farm.xml", "--format", "djb"}},
    {"zone-argument", {"zone", "www"}},
    {"top-bad-sort", {"top", "-f", G "farm.xml", "--sort", "cpu"}},
    {"top-unknown-daemon", {"top", "-f", G "farm.xml", "--daemon", "d12"}},
    {"top-no-daemon", {"top", "-f", V "case000.xml"}},
    {"doctor-bad-root", {"doctor", "--root", G "farm.xml"}},
    {"doctor-argument", {"doctor", "snmpd"}},
    {"completion-servers", {"completion", "server", "-f", G "farm.xml"}},
    {"completion-daemons", {"completion", "daemon", "-f", G "farm.xml"}},
    {"completion-bad-kind", {"completion", "host", "-f", G "farm.xml"}},
    {"cert-alone", {"status", "-f", G "farm.xml", "--cert", "x.pem"}},
};
#define NCASES (sizeof(cases) / sizeof(cases[0]))

/* Run one; what came out, with its exit status: to be freed. */
static char *
run(const char *const *args)
{
	char *argv[ARGS + 2], *out, *err, *all = NULL;
	size_t out_len, err_len, all_len;
	FILE *fo = open_memstream(&out, &out_len);
	FILE *fe = open_memstream(&err, &err_len), *f;
	int argc = 0, status, i;

	argv[argc++] = strdup("hopctl");
	for (; *args != NULL; args++)
		argv[argc++] = strdup(*args);
	argv[argc] = NULL;
	{
		char *given[ARGS + 2];

		/* the verbs move the arguments about */
		memcpy(given, argv, sizeof(given));
		status = ctl_main(argc, given, fo, fe);
	}
	(void)fclose(fo);
	(void)fclose(fe);
	f = open_memstream(&all, &all_len);
	fprintf(f, "%s--- standard error\n%s--- exit %d\n", out, err, status);
	(void)fclose(f);
	for (i = 0; i < argc; i++)
		free(argv[i]);
	free(out);
	free(err);
	return all;
}

static char *
read_all(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t room = 0;

	if (f != NULL) {
		if (getdelim(&text, &room, '\0', f) < 0 && text != NULL)
			text[0] = '\0';
		(void)fclose(f);
	}
	return text;
}

/* Ages differ from run to run. */
static void
check(const char *name, const char *got)
{
	char path[200], *want;
	FILE *f;

	(void)snprintf(path, sizeof(path), G "%s.txt", name);
	if (getenv("HOP_GOLDEN") != NULL) {
		f = fopen(path, "w");
		CU_ASSERT_PTR_NOT_NULL_FATAL(f);
		fputs(got, f);
		(void)fclose(f);
	}
	want = read_all(path);
	if (want == NULL || strcmp(want, got) != 0) {
		printf("%s differs; now it is:\n%s", path, got);
		CU_FAIL("golden file");
	}
	free(want);
}

static void
output_is_that_of_the_golden_files(void)
{
	size_t i;
	char *got;

	(void)setenv("HOPSCOTCH_RUN", "/nonexistent", 1);
	for (i = 0; i < NCASES; i++) {
		got = run(cases[i].args);
		check(cases[i].name, got);
		free(got);
	}
}

static void
options_may_stand_anywhere(void)
{
	static const char *const a[] = {
	    EXPLAIN, "--contact", "la", CLIENT, NULL};
	static const char *const b[] = {"explain", CLIENT, "--contact=la",
	    "-f=" V "case000.xml", "--feed=" V "case000.feed", NULL};
	static const char *const c[] = {
	    EXPLAIN, "--contact", "la", "--", CLIENT, NULL};
	char *one = run(a), *two = run(b), *three = run(c);

	CU_ASSERT_STRING_EQUAL(one, two);
	CU_ASSERT_STRING_EQUAL(one, three);
	free(one);
	free(two);
	free(three);
}

static void
the_first_service_is_the_default(void)
{
	static const char *const a[] = {
	    EXPLAIN, "--contact", "la", CLIENT, NULL};
	static const char *const b[] = {
	    EXPLAIN, "--contact", "la", "--service", "www", CLIENT, NULL};
	char *one = run(a), *two = run(b);

	CU_ASSERT_STRING_EQUAL(one, two);
	free(one);
	free(two);
}

/* No line of help is wider than a terminal. */
static void
help_fits_80_columns(void)
{
	static const char *const all[][3] = {{"help", NULL},
	    {"help", "check", NULL}, {"help", "status", NULL},
	    {"help", "explain", NULL}, {"help", "drain", NULL},
	    {"help", "undrain", NULL}, {"help", "disable", NULL},
	    {"help", "reload", NULL}, {"help", "top", NULL},
	    {"help", "doctor", NULL}, {"help", "zone", NULL},
	    {"help", "completion", NULL}, {"help", "version", NULL}};
	char *text, *line;
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		text = run(all[i]);
		CU_ASSERT_PTR_NOT_NULL(strstr(text, "--- exit 0\n"));
		for (line = strtok(text, "\n"); line != NULL;
		     line = strtok(NULL, "\n"))
			CU_ASSERT(strlen(line) <= 80);
		free(text);
	}
}

/* Each option that help names stands in the manual, and each verb. */
static void
the_manual_has_every_option_and_verb(void)
{
	static const char *const all[][3] = {{"help", NULL},
	    {"help", "check", NULL}, {"help", "status", NULL},
	    {"help", "explain", NULL}, {"help", "drain", NULL}};
	char *manual = read_all("doc/man/hopctl.8"), *text, *line;
	char word[40], want[50];
	size_t i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(manual);
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		text = run(all[i]);
		for (line = strtok(text, "\n"); line != NULL;
		     line = strtok(NULL, "\n")) {
			if (strspn(line, " ") != 2 ||
			    sscanf(line, "  %39[a-z-]", word) != 1 ||
			    strcmp(word, "--help") == 0)
				continue;
			(void)snprintf(want, sizeof(want), "%s%s",
			    word[0] == '-' ? "Fl " : "",
			    word[0] == '-' ? word + 1 : word);
			if (strstr(manual, want) == NULL)
				printf("the manual lacks %s\n", want);
			CU_ASSERT_PTR_NOT_NULL(strstr(manual, want));
		}
		free(text);
	}
	free(manual);
}

static void
quiet(void)
{
	log_init("hopctl", LOG_LEVEL_NONE);
	CU_ASSERT_TRUE(true);
}

static const struct unit_test tests[] = {
    {"the log is quiet", quiet},
    {"output is that of the golden files", output_is_that_of_the_golden_files},
    {"options may stand anywhere", options_may_stand_anywhere},
    {"the first service is the default", the_first_service_is_the_default},
    {"help fits 80 columns", help_fits_80_columns},
    {"the manual has every option and verb",
	the_manual_has_every_option_and_verb},
};

UNIT_MAIN("ctl/verbs", tests)
