/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loader: golden files (each .xml of tests/golden/conf gives exactly the
 * notes of its .err; GOLDEN_UPDATE=1 writes them anew, look at the diff then),
 * and what the world holds afterwards.
 */
#include "lib/conf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/mem.h"
#include "tests/unit.h"

#define GOLDEN "tests/golden/conf"
#define NS     "<hopscotch xmlns=\"urn:hopscotch:config:1\">"
#define END    "</hopscotch>"

static struct world *
load_text(const char *text, struct conf_errors *errs)
{
	return conf_load_text(
	    "test.xml", text, strlen(text), CONF_SECRETS_SKIP, errs);
}

/* A world of text that has to be good. */
static struct world *
good(const char *text)
{
	struct conf_errors errs;
	struct world *w = load_text(text, &errs);

	if (w == NULL)
		(void)conf_errors_log(&errs);
	conf_errors_free(&errs);
	return w;
}

static char *
read_file(const char *name)
{
	FILE *f = fopen(name, "r");
	char *text = mem_new(65536);

	if (f == NULL)
		return text;
	text[fread(text, 1, 65535, f)] = '\0';
	(void)fclose(f);
	return text;
}

static void
write_file(const char *name, const char *text, mode_t mode)
{
	FILE *f = fopen(name, "w");

	CU_ASSERT_FATAL(f != NULL);
	(void)fputs(text, f);
	(void)fclose(f);
	CU_ASSERT(chmod(name, mode) == 0);
}

/* All notes, a line each, as golden files hold them. */
static char *
notes_text(const struct conf_errors *errs)
{
	char *text = NULL;
	size_t size, i;
	FILE *f = open_memstream(&text, &size);

	for (i = 0; i < errs->n; i++)
		(void)fprintf(f, "%s:%d: %s%s\n", errs->list[i].file,
		    errs->list[i].line,
		    errs->list[i].warning ? "warning: " : "",
		    errs->list[i].text);
	(void)fclose(f);
	return text;
}

static int
is_xml(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return n > 4 && strcmp(d->d_name + n - 4, ".xml") == 0;
}

/* By its name a golden file is good or not. */
static bool
is_good(const char *name)
{
	return strncmp(name, "ok-", 3) == 0 || strncmp(name, "warn-", 5) == 0 ||
	       strcmp(name, "include-good.xml") == 0;
}

static void
golden_file(const char *name)
{
	char err[300], *have, *want;
	struct conf_errors errs;
	struct world *w = conf_load(name, CONF_SECRETS_SKIP, &errs);

	(void)snprintf(
	    err, sizeof(err), "%.*s.err", (int)strlen(name) - 4, name);
	have = notes_text(&errs);
	if (getenv("GOLDEN_UPDATE") != NULL)
		write_file(err, have, 0644);
	want = read_file(err);
	if ((w != NULL) != is_good(name) || strcmp(have, want) != 0) {
		printf(
		    "%s: %s, with\n%s", name, w ? "loaded" : "refused", have);
		CU_FAIL("golden file");
	}
	free(have);
	free(want);
	conf_errors_free(&errs);
	world_free(&w);
}

static void
golden_files_give_their_notes(void)
{
	int home = open(".", O_RDONLY | O_DIRECTORY), n, i;
	struct dirent **list;

	CU_ASSERT_FATAL(chdir(GOLDEN) == 0);
	n = scandir(".", &list, is_xml, alphasort);
	CU_ASSERT_FATAL(n > 40);
	for (i = 0; i < n; i++) {
		golden_file(list[i]->d_name);
		free(list[i]);
	}
	free(list);
	CU_ASSERT(fchdir(home) == 0);
	(void)close(home);
}

static void
the_shipped_example_is_good_without_a_warning(void)
{
	struct conf_errors errs;
	struct world *w =
	    conf_load("conf/hopscotch.xml", CONF_SECRETS_SKIP, &errs);

	CU_ASSERT(w != NULL);
	CU_ASSERT(errs.n == 0);
	CU_ASSERT(!conf_errors_log(&errs));
	conf_errors_free(&errs);
	world_free(&w);
}

static void
every_value_gets_to_its_place(void)
{
	struct conf_errors errs;
	struct world *w =
	    conf_load(GOLDEN "/ok-everything.xml", CONF_SECRETS_SKIP, &errs);
	const struct policy *p;
	const struct server *s;
	const struct alias *a;

	CU_ASSERT_FATAL(w != NULL);
	CU_ASSERT(w->replies == REPLIES_SHARED);
	CU_ASSERT(w->return_leg == RETURN_BORDER);
	CU_ASSERT(w->unmeasured == UNMEASURED_SPREAD);
	CU_ASSERT(w->prefix4 == 22 && w->prefix6 == 44);
	CU_ASSERT_FATAL(w->nprobers == 2);
	CU_ASSERT(w->probers[0].border == world_border(w, "ny"));
	CU_ASSERT(w->probers[0].agent.port == 1161);
	CU_ASSERT_STRING_EQUAL(w->probers[0].context, "ny");
	CU_ASSERT(w->probers[1].border == world_border(w, "ny-b"));
	CU_ASSERT(w->probers[1].agent.addr.family == AF_INET6);
	CU_ASSERT(w->probers[1].agent.port == 161);
	CU_ASSERT(w->probers[1].agent.user == 0);
	CU_ASSERT(w->probers[1].context == NULL);
	p = &w->policies[0];
	CU_ASSERT(p->select == SELECT_BEST && p->path);
	CU_ASSERT(p->fuzz_ppm == 25000 && p->fuzz_min_us == 2000);
	CU_ASSERT(p->slow_start_us == 60000000);
	CU_ASSERT(p->metric[METRIC_CONNECTIONS].used);
	CU_ASSERT(p->metric[METRIC_CONNECTIONS].limit == 2000);
	CU_ASSERT(p->metric[METRIC_CONNECTIONS].weight == 2);
	CU_ASSERT(p->metric[METRIC_RAM].min_ppm == 50000);
	CU_ASSERT(p->metric[METRIC_SWAP].weight == 4);
	CU_ASSERT(p->metric[METRIC_CPU].min_ppm == 75000);
	s = &w->servers[0];
	CU_ASSERT(s->weight == 3 && s->naliases == 2 && s->has_agent);
	CU_ASSERT(s->agent.kind == AGENT_STANDARD && s->agent.port == 1161);
	CU_ASSERT(s->agent.user == 0);
	a = &s->aliases[0];
	CU_ASSERT(a->v4.family == AF_INET && a->v6.family == AF_INET6);
	CU_ASSERT(a->port == 8080);
	CU_ASSERT(s->aliases[1].v4.family == AF_UNSPEC);
	CU_ASSERT(s->aliases[1].border == world_border(w, "ny-b"));
	CU_ASSERT(w->users[0].auth == SNMP_AUTH_SHA512);
	CU_ASSERT(w->users[0].priv == SNMP_PRIV_AES256);
	CU_ASSERT(w->users[0].auth_secret == NULL);
	CU_ASSERT(w->tls->key[0] == '/');
	CU_ASSERT(strstr(w->tls->key, GOLDEN "/x.key") != NULL);
	conf_errors_free(&errs);
	world_free(&w);
}

static void
services_and_daemons_get_their_values(void)
{
	struct conf_errors errs;
	struct world *w =
	    conf_load(GOLDEN "/ok-everything.xml", CONF_SECRETS_SKIP, &errs);
	const struct service *s;
	const struct manager *m;
	const struct frontend *f;

	CU_ASSERT_FATAL(w != NULL);
	s = &w->services[0];
	CU_ASSERT(s->protocol == PROTOCOL_HTTPS && s->nhosts == 2);
	CU_ASSERT_STRING_EQUAL(s->hosts[0], "www.test.com");
	CU_ASSERT_STRING_EQUAL(s->fallback, "https://sorry.test.com/?a=1&b=2");
	CU_ASSERT(s->all_busy == ALL_BUSY_REFUSE && s->retry_after_s == 2);
	CU_ASSERT(s->wait_us == 400000 && s->port == 8443);
	CU_ASSERT(s->location == LOCATION_ADDRESS && s->redirect == 307);
	CU_ASSERT(s->try.http && s->try.status == 204 && s->try.port == 8081);
	CU_ASSERT_STRING_EQUAL(s->try.path, "/ping");
	m = &w->managers[0];
	CU_ASSERT_STRING_EQUAL(m->host, "hop1");
	CU_ASSERT(m->poll_us == 1000000 && m->timeout_us == 500000);
	CU_ASSERT(m->retries == 2 && m->smooth_ppm == 250000);
	CU_ASSERT(m->agents_per_poller == 500 && m->nlisten == 2);
	CU_ASSERT(m->probe_fresh_us == 60000000 && m->probe_rate == 50);
	CU_ASSERT(m->probe_expire_us == INT64_C(86400000000));
	CU_ASSERT(m->prefixes == 5000);
	CU_ASSERT_STRING_EQUAL(m->listen[0].socket, "/tmp/m.sock");
	CU_ASSERT(m->listen[1].tls && m->listen[1].port == 1234);
	CU_ASSERT(w->directors[0].fresh_us == 300000000);
	CU_ASSERT(w->directors[0].prefix4 == 20);
	CU_ASSERT(w->directors[0].prefix6 == 56);
	CU_ASSERT(w->directors[0].listen[0].port == 26559);
	f = &w->frontends[0];
	CU_ASSERT(f->site == world_site(w, "la") && f->cache == 0);
	CU_ASSERT(f->ask_us == 40000 && f->clients == 100);
	CU_ASSERT(f->listen[0].port == 8000 && f->listen[0].service == 0);
	CU_ASSERT_STRING_EQUAL(f->access_log, "/var/log/hop.log");
	conf_errors_free(&errs);
	world_free(&w);
}

#define SMALL                                                            \
	"<network><site id='ny'/></network><policy id='even'/>"          \
	"<policy id='b' select='best'/>"                                 \
	"<server id='a' site='ny'><alias border='ny' name='a.test.com' " \
	"address='192.0.2.1'/></server>"                                 \
	"<service id='www' host='www.test.com' policy='even'>"           \
	"<use server='a'/></service>"                                    \
	"<manager id='m'/><director id='d'/><frontend id='f' site='ny'/>"

static void
defaults_are_those_of_the_manual(void)
{
	struct world *w;

	(void)setenv("HOPSCOTCH_RUN", "/tmp/run", 1);
	w = good(NS SMALL END);
	(void)unsetenv("HOPSCOTCH_RUN");
	CU_ASSERT_FATAL(w != NULL);
	CU_ASSERT(w->replies == REPLIES_OWN);
	CU_ASSERT(w->return_leg == RETURN_SERVER);
	CU_ASSERT(w->unmeasured == UNMEASURED_CONTACT);
	CU_ASSERT(w->policies[0].fuzz_ppm == 50000);
	CU_ASSERT(w->policies[1].fuzz_ppm == 0);
	CU_ASSERT(w->policies[0].fuzz_min_us == 0);
	CU_ASSERT(w->policies[0].slow_start_us == 30000000);
	CU_ASSERT(!w->policies[0].path && !w->policies[0].metric[0].used);
	CU_ASSERT(w->servers[0].weight == 1 && !w->servers[0].has_agent);
	CU_ASSERT(w->servers[0].agent.kind == AGENT_NONE);
	CU_ASSERT(w->services[0].redirect == 302);
	CU_ASSERT(w->services[0].retry_after_s == 10);
	CU_ASSERT(w->services[0].fallback == NULL);
	CU_ASSERT(!w->services[0].try.http);
	CU_ASSERT(w->managers[0].nlisten == 1);
	CU_ASSERT_STRING_EQUAL(
	    w->managers[0].listen[0].socket, "/tmp/run/hopmanagerd-m.sock");
	CU_ASSERT_STRING_EQUAL(
	    w->directors[0].listen[0].socket, "/tmp/run/hopdirectord-d.sock");
	CU_ASSERT_STRING_EQUAL(
	    w->frontends[0].control[0].socket, "/tmp/run/hopfrontd-f.sock");
	CU_ASSERT(w->managers[0].poll_us == 2000000);
	CU_ASSERT(w->directors[0].expire_us == INT64_C(86400000000));
	CU_ASSERT(w->frontends[0].ask_us == 50000);
	CU_ASSERT(w->tls == NULL && w->domain == NULL);
	world_free(&w);
}

static void
undeclared_delays_are_the_shortest_path(void)
{
	struct world *w =
	    good(NS "<network><site id='a'/><site id='b'/>"
		    "<site id='c'/><site id='d'/>"
		    "<link between='a b' delay='10ms'/>"
		    "<link between='b c' delay='10ms'/>"
		    "<link from='c' to='d' delay='1ms'/></network>" END);

	CU_ASSERT_FATAL(w != NULL);
	CU_ASSERT(world_delay(w, 0, 0) == 0);
	CU_ASSERT(world_delay(w, 0, 2) == 20000);
	CU_ASSERT(world_delay(w, 2, 0) == 20000);
	CU_ASSERT(world_delay(w, 0, 3) == 21000);
	CU_ASSERT(world_delay(w, 3, 0) == WORLD_NO_ROUTE);
	world_free(&w);
}

static void
declared_delays_stay_and_the_last_one_counts(void)
{
	struct world *w =
	    good(NS "<network><site id='a'/><site id='b'/>"
		    "<site id='c'/>"
		    "<link between='a c' delay='5ms'/>"
		    "<link between='c a' delay='50ms'/>"
		    "<link between='a b' delay='1ms'/>"
		    "<link between='b c' delay='1ms'/>"
		    "<link from='b' to='a' delay='2ms'/></network>" END);

	CU_ASSERT_FATAL(w != NULL);
	CU_ASSERT(world_delay(w, 0, 2) == 50000);
	CU_ASSERT(world_delay(w, 2, 0) == 50000);
	CU_ASSERT(world_delay(w, 0, 1) == 1000);
	CU_ASSERT(world_delay(w, 1, 0) == 2000);
	world_free(&w);
}

static void
borders_stand_in_document_order(void)
{
	struct world *w = good(
	    NS "<network><border id='la-b' site='la'/>"
	       "<site id='ny'/><site id='la'/><border id='ny-b' site='ny'/>"
	       "<link between='ny la' delay='0'/></network>" END);

	CU_ASSERT_FATAL(w != NULL);
	CU_ASSERT(w->nborders == 4);
	CU_ASSERT(world_border(w, "la-b") == 0 && world_border(w, "ny") == 1);
	CU_ASSERT(world_border(w, "la") == 2 && world_border(w, "ny-b") == 3);
	CU_ASSERT(w->borders[0].site == 1 && w->borders[3].site == 0);
	CU_ASSERT(w->sites[1].nborders == 2);
	CU_ASSERT(w->sites[1].borders[0] == 0 && w->sites[1].borders[1] == 2);
	world_free(&w);
}

static void
sha256(const char *text, char *hex)
{
	unsigned char sum[32];
	unsigned n = 32, i;

	CU_ASSERT_FATAL(
	    EVP_Digest(text, strlen(text), sum, &n, EVP_sha256(), NULL));
	for (i = 0; i < n; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", sum[i]);
}

/* `cat FILES | sha256sum`, the files in order of reading. */
static void
the_hash_is_over_the_files_in_order_of_reading(void)
{
	static const char *const files[] = {
	    "include-good.xml", "sub/servers.xml", "sub/services.xml"};
	char all[8192] = "", name[300], hex[65], *text;
	struct conf_errors errs;
	struct world *w;
	size_t i;

	for (i = 0; i < 3; i++) {
		(void)snprintf(name, sizeof(name), "%s/%s", GOLDEN, files[i]);
		text = read_file(name);
		(void)strncat(all, text, sizeof(all) - strlen(all) - 1);
		free(text);
	}
	sha256(all, hex);
	w = conf_load(GOLDEN "/include-good.xml", CONF_SECRETS_SKIP, &errs);
	CU_ASSERT_FATAL(w != NULL);
	CU_ASSERT_STRING_EQUAL(w->hash, hex);
	conf_errors_free(&errs);
	world_free(&w);
}

/* libxml2's trees have 16 bits for a line. */
static void
lines_above_65535_are_exact(void)
{
	struct conf_errors errs;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	(void)fputs(NS "\n", f);
	for (int i = 0; i < 70000; i++)
		(void)fputc('\n', f);
	(void)fputs("<network><site\nid='ny'\ncolour='red'/></network>" END, f);
	(void)fclose(f);
	CU_ASSERT(load_text(text, &errs) == NULL);
	CU_ASSERT_FATAL(errs.n == 1);
	CU_ASSERT(errs.list[0].line == 70002);
	conf_errors_free(&errs);
	free(text);
}

static void
many_errors_are_bounded(void)
{
	struct conf_errors errs;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	(void)fputs(NS, f);
	for (int i = 0; i < 5000; i++)
		(void)fprintf(f, "<x%d/>\n", i);
	(void)fputs(END, f);
	(void)fclose(f);
	CU_ASSERT(load_text(text, &errs) == NULL);
	CU_ASSERT(errs.n == 500);
	CU_ASSERT(strstr(errs.list[499].text, "more") != NULL);
	conf_errors_free(&errs);
	free(text);
}

static void
more_sites_than_possible_are_refused(void)
{
	struct conf_errors errs;
	struct world *w;
	char *text;
	size_t size;
	FILE *f;
	int n, i;

	for (n = WORLD_SITES_MAX; n <= WORLD_SITES_MAX + 1; n++) {
		f = open_memstream(&text, &size);
		(void)fputs(NS "<network>", f);
		for (i = 0; i < n; i++)
			(void)fprintf(f, "<site id='s%d'/>", i);
		(void)fputs("</network>" END, f);
		(void)fclose(f);
		w = load_text(text, &errs);
		CU_ASSERT((w != NULL) == (n == WORLD_SITES_MAX));
		conf_errors_free(&errs);
		world_free(&w);
		free(text);
	}
}

static struct world *
load_secret(const char *dir, const char *secret, mode_t mode, char **notes)
{
	struct conf_errors errs;
	char name[300], conf[300];
	struct world *w;

	(void)snprintf(name, sizeof(name), "%s/s", dir);
	(void)snprintf(conf, sizeof(conf), "%s/c.xml", dir);
	(void)unlink(name);
	if (secret != NULL)
		write_file(name, secret, mode);
	write_file(conf,
	    NS "<network><site id='ny'/></network>"
	       "<snmp-user id='u' secret='s'/>" END,
	    0644);
	w = conf_load(conf, CONF_SECRETS_READ, &errs);
	*notes = notes_text(&errs);
	conf_errors_free(&errs);
	return w;
}

/* A secret file that is refused with this word, and never shown. */
static void
bad_secret(const char *dir, const char *secret, mode_t mode, const char *word)
{
	char *notes;
	struct world *w = load_secret(dir, secret, mode, &notes);

	CU_ASSERT(w == NULL);
	CU_ASSERT(strstr(notes, word) != NULL);
	CU_ASSERT(strstr(notes, "topsecret") == NULL);
	free(notes);
	world_free(&w);
}

static void
secret_files_have_to_be_secret_and_whole(void)
{
	char dir[] = "/tmp/hopconfXXXXXX", name[300], *notes;
	struct world *w;

	CU_ASSERT_FATAL(mkdtemp(dir) != NULL);
	bad_secret(dir, NULL, 0, "No such file");
	bad_secret(
	    dir, "auth topsecret1\npriv topsecret2\n", 0644, "chmod 0600");
	bad_secret(
	    dir, "auth topsecret1\npriv topsecret2\n", 0620, "chmod 0600");
	bad_secret(dir, "auth topsecret1\n", 0600, "priv PASSPHRASE");
	bad_secret(dir, "priv topsecret1\n", 0600, "auth PASSPHRASE");
	bad_secret(dir, "auth topsecret1\npriv short\n", 0600, "line 2");
	bad_secret(dir, "\nauth topsecret1\npriv topsecret2\npriv topsecret3\n",
	    0600, "line 4");
	bad_secret(dir, "topsecret\n", 0600, "line 1");
	bad_secret(dir, "", 0600, "auth PASSPHRASE");
	w = load_secret(dir, "# ours\n\nauth top secret 1\r\npriv topsecret2",
	    0400, &notes);
	CU_ASSERT_FATAL(w != NULL);
	CU_ASSERT_STRING_EQUAL(w->users[0].auth_secret, "top secret 1");
	CU_ASSERT_STRING_EQUAL(w->users[0].priv_secret, "topsecret2");
	world_free(&w);
	free(notes);
	(void)snprintf(name, sizeof(name), "%s/s", dir);
	CU_ASSERT(unlink(name) == 0 && mkdir(name, 0700) == 0);
	w = load_secret(dir, NULL, 0, &notes);
	CU_ASSERT(w == NULL && strstr(notes, "not a regular file") != NULL);
	free(notes);
	CU_ASSERT(rmdir(name) == 0);
	(void)snprintf(name, sizeof(name), "%s/c.xml", dir);
	CU_ASSERT(unlink(name) == 0 && rmdir(dir) == 0);
}

static void
a_fifo_or_a_directory_is_no_configuration(void)
{
	char dir[] = "/tmp/hopconfXXXXXX", name[300];
	struct conf_errors errs;

	CU_ASSERT_FATAL(mkdtemp(dir) != NULL);
	CU_ASSERT(conf_load(dir, CONF_SECRETS_SKIP, &errs) == NULL);
	CU_ASSERT(errs.n == 1 &&
		  strstr(errs.list[0].text, "not a regular file") != NULL);
	conf_errors_free(&errs);
	(void)snprintf(name, sizeof(name), "%s/fifo", dir);
	CU_ASSERT(mkfifo(name, 0600) == 0);
	CU_ASSERT(conf_load(name, CONF_SECRETS_SKIP, &errs) == NULL);
	CU_ASSERT(errs.n == 1);
	conf_errors_free(&errs);
	CU_ASSERT(unlink(name) == 0 && rmdir(dir) == 0);
}

static void
includes_nest_eight_deep_and_no_deeper(void)
{
	char dir[] = "/tmp/hopconfXXXXXX", name[300], text[300];
	struct conf_errors errs;
	struct world *w;
	int i, from;

	CU_ASSERT_FATAL(mkdtemp(dir) != NULL);
	for (i = 0; i < 10; i++) {
		(void)snprintf(name, sizeof(name), "%s/%d.xml", dir, i);
		(void)snprintf(text, sizeof(text), NS "<%s href='%d.xml'/>" END,
		    i < 9 ? "include" : "network/><!-- ", i + 1);
		if (i == 9)
			(void)snprintf(text, sizeof(text),
			    NS "<network><site id='ny'/></network>" END);
		write_file(name, text, 0644);
	}
	for (from = 0; from < 2; from++) {
		(void)snprintf(name, sizeof(name), "%s/%d.xml", dir, from);
		w = conf_load(name, CONF_SECRETS_SKIP, &errs);
		CU_ASSERT((w != NULL) == (from == 1));
		conf_errors_free(&errs);
		world_free(&w);
	}
	for (i = 0; i < 10; i++) {
		(void)snprintf(name, sizeof(name), "%s/%d.xml", dir, i);
		CU_ASSERT(unlink(name) == 0);
	}
	CU_ASSERT(rmdir(dir) == 0);
}

static void
text_in_memory_cannot_include(void)
{
	struct conf_errors errs;

	CU_ASSERT(
	    load_text(NS "<include href='/etc/passwd'/>" END, &errs) == NULL);
	CU_ASSERT(errs.n == 1);
	CU_ASSERT(strstr(errs.list[0].text, "only files") != NULL);
	conf_errors_free(&errs);
}

static void
a_world_of_10000_servers_loads(void)
{
	struct conf_errors errs;
	struct world *w;
	char *text = NULL;
	size_t size, i, b;
	FILE *f = open_memstream(&text, &size);

	(void)fprintf(f, NS "<network>");
	for (b = 0; b < 4; b++)
		(void)fprintf(f, "<site id='s%zu'/>", b);
	(void)fprintf(f, "<link between='s0 s1' delay='1ms'/>"
			 "<link between='s1 s2' delay='1ms'/>"
			 "<link between='s2 s3' delay='1ms'/></network>"
			 "<policy id='even'/>");
	for (i = 0; i < 10000; i++) {
		(void)fprintf(f, "<server id='www%zu' site='s%zu'>", i, i % 4);
		for (b = 0; b < 4; b++)
			(void)fprintf(f,
			    "<alias border='s%zu' name='www%zu-%zu.test.com' "
			    "address='10.%zu.%zu.%zu'/>",
			    b, i, b, b, i / 250, i % 250 + 1);
		(void)fprintf(f, "</server>\n");
	}
	(void)fprintf(f, "<service id='www' host='www.test.com' "
			 "policy='even'>");
	for (i = 0; i < 10000; i++)
		(void)fprintf(f, "<use server='www%zu'/>", i);
	(void)fprintf(f, "</service>" END);
	(void)fclose(f);
	w = load_text(text, &errs);
	CU_ASSERT_FATAL(w != NULL);
	CU_ASSERT(errs.n == 0);
	CU_ASSERT(w->nservers == 10000 && w->services[0].nuse == 10000);
	CU_ASSERT(world_server(w, "www9999") == 9999);
	CU_ASSERT(w->servers[9999].naliases == 4);
	conf_errors_free(&errs);
	world_free(&w);
	free(text);
}

static const struct unit_test tests[] = {
    {"golden files give their notes", golden_files_give_their_notes},
    {"the shipped example is good without a warning",
	the_shipped_example_is_good_without_a_warning},
    {"every value gets to its place", every_value_gets_to_its_place},
    {"services and daemons get their values",
	services_and_daemons_get_their_values},
    {"defaults are those of the manual", defaults_are_those_of_the_manual},
    {"undeclared delays are the shortest path",
	undeclared_delays_are_the_shortest_path},
    {"declared delays stay and the last one counts",
	declared_delays_stay_and_the_last_one_counts},
    {"borders stand in document order", borders_stand_in_document_order},
    {"the hash is over the files in order of reading",
	the_hash_is_over_the_files_in_order_of_reading},
    {"lines above 65535 are exact", lines_above_65535_are_exact},
    {"many errors are bounded", many_errors_are_bounded},
    {"more sites than possible are refused",
	more_sites_than_possible_are_refused},
    {"secret files have to be secret and whole",
	secret_files_have_to_be_secret_and_whole},
    {"a fifo or a directory is no configuration",
	a_fifo_or_a_directory_is_no_configuration},
    {"includes nest eight deep and no deeper",
	includes_nest_eight_deep_and_no_deeper},
    {"text in memory cannot include", text_in_memory_cannot_include},
    {"a world of 10 000 servers loads", a_world_of_10000_servers_loads},
};

UNIT_MAIN("conf", tests)
