/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of the configuration's grammar and what can be asked of it: names
 * below names, values in text to values. Const data and pure functions; the
 * sense of a whole file is looked at elsewhere.
 */
#include "lib/grammar.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "lib/num.h"

#define MS  INT64_C(1000)
#define S   (1000 * MS)
#define H   (3600 * S)
#define DAY (24 * H)
#define PCT 10000 /* millionths */

#define ONCE     true
#define MANY     false
#define REQ      .required = true
#define BE(text) .value = text

/* clang-format off */
#define ATTRIBUTE(attribute, kind, text, ...)                                 \
	{.name = attribute, .type = GRAMMAR_##kind, .help = text, __VA_ARGS__}
#define RANGE(attribute, kind, least, most, text, ...)                        \
	ATTRIBUTE(attribute, kind, text, .min = least, .max = most, __VA_ARGS__)
#define WORD(attribute, all, text, ...)                                       \
	ATTRIBUTE(attribute, WORD, text, .words = all, __VA_ARGS__)
#define REF(attribute, element, text, ...)                                    \
	ATTRIBUTE(attribute, REF, text, .words = element, __VA_ARGS__)
#define PORT(text, ...)                                                       \
	RANGE("port", NUMBER, 1, 65535, text, __VA_ARGS__)

#define METRIC_WEIGHT                                                         \
	RANGE("weight", NUMBER, 1, 1000, "in the weighted mean", BE("1"))
#define METRIC_MIN                                                            \
	RANGE("min", SHARE, 1, 100 * PCT, "busy below this share")
#define LISTEN_LINES                                                          \
	ATTRIBUTE("socket", SOCKET, "path of a unix socket"),                 \
	ATTRIBUTE("address", IP, "TCP: on loopback, or with tls"),            \
	PORT("of the address", BE("26559")),                                  \
	WORD("tls", "no yes", "TLS with client certificates", BE("no"))
#define PREFER                                                                \
	ATTRIBUTE("client", PREFIX, "the clients", REQ),                      \
	REF("site", "site", "where their server is"),                         \
	REF("border", "border", "the exit to them"),                          \
	REF("server", "server", "that serves them")

/* The order of the words is that of the enums in lib/world.h. */
static const struct grammar_element grammar[ELEMS] = {
[ELEM_HOPSCOTCH] = {"hopscotch", ELEMS, ONCE,
	"the root element of each file", {
	ATTRIBUTE("domain", HOST, "the domain of the service names"),
}},
[ELEM_INCLUDE] = {"include", ELEM_HOPSCOTCH, MANY,
	"another file, whose elements stand here; its root is <hopscotch>", {
	ATTRIBUTE("href", FILE, "its name, relative to this file", REQ),
}},
[ELEM_NETWORK] = {"network", ELEM_HOPSCOTCH, ONCE,
	"sites, their exits and the delays between them", {
	WORD("replies", "own shared",
	    "own: each border has its own addresses; shared: one block is "
	    "announced everywhere, replies come in at the contact",
	    BE("own")),
	WORD("return-leg", "server border",
	    "of shared or relayed requests, what counts as the way in: "
	    "contact to server, or border to contact",
	    BE("server")),
	WORD("unmeasured", "contact spread",
	    "clients without a measured path leave by the contact's borders, "
	    "or are spread by load",
	    BE("contact")),
	RANGE("prefix4", NUMBER, 8, 32, "IPv4 clients are measured per",
	    BE("24")),
	RANGE("prefix6", NUMBER, 16, 128, "IPv6 clients are measured per",
	    BE("48")),
}},
[ELEM_SITE] = {"site", ELEM_NETWORK, MANY,
	"a place with servers; it has a border of its own name", {
	ATTRIBUTE("id", ID, "of the site", REQ),
}},
[ELEM_BORDER] = {"border", ELEM_NETWORK, MANY,
	"one more exit of a site", {
	ATTRIBUTE("id", ID, "of the border", REQ),
	REF("site", "site", "where it is", REQ),
}},
[ELEM_LINK] = {"link", ELEM_NETWORK, MANY,
	"the one-way delay between two sites", {
	ATTRIBUTE("between", PAIR, "two sites, the same both ways"),
	REF("from", "site", "one way, with to"),
	REF("to", "site", "one way, with from"),
	RANGE("delay", TIME, 0, DAY, "one way", REQ),
}},
[ELEM_PROBER] = {"prober", ELEM_NETWORK, MANY,
	"the hoppingd that pings clients out of a border", {
	REF("border", "border", "its exit", REQ),
	ATTRIBUTE("address", IP, "of its snmpd", REQ),
	PORT("of its snmpd", BE("161")),
	REF("user", "snmp-user", "the first one if not given"),
	ATTRIBUTE("context", ID, "SNMP context, if hoppingd has one"),
}},
[ELEM_SNMP_USER] = {"snmp-user", ELEM_HOPSCOTCH, MANY,
	"a user of SNMPv3 for the managers' polls, always authPriv", {
	ATTRIBUTE("id", ID, "the user name", REQ),
	ATTRIBUTE("secret", FILE, "a file of mode 0600 with the lines "
	    "`auth PASSPHRASE` and `priv PASSPHRASE`", REQ),
	WORD("auth", "SHA-256 SHA-512", "protocol", BE("SHA-256")),
	WORD("priv", "AES-128 AES-256", "protocol", BE("AES-128")),
}},
[ELEM_TLS] = {"tls", ELEM_HOPSCOTCH, ONCE,
	"files of each host for lines over TCP", {
	ATTRIBUTE("cert", FILE, "certificate, PEM", REQ),
	ATTRIBUTE("key", FILE, "its key, PEM, mode 0600", REQ),
	ATTRIBUTE("ca", FILE, "who signs the peers' certificates, PEM", REQ),
}},
[ELEM_POLICY] = {"policy", ELEM_HOPSCOTCH, MANY,
	"how a server is chosen: by the path and the metrics named inside", {
	ATTRIBUTE("id", ID, "of the policy", REQ),
	WORD("select", "weighted best", "draw by load, or take the highest",
	    BE("weighted")),
	RANGE("fuzz", SHARE, 0, 100000 * PCT,
	    "width of a band of paths; weighted: 5%, best: 0%"),
	RANGE("fuzz-min", TIME, 0, H, "least width of a band", BE("0us")),
	RANGE("slow-start", TIME, 0, H,
	    "time in which a server that comes up ramps to its load",
	    BE("30s")),
}},
[ELEM_PATH] = {"path", ELEM_POLICY, ONCE,
	"nearest first; without it all servers are one band", {{0}}},
[ELEM_CONNECTIONS] = {"connections", ELEM_POLICY, ONCE,
	"open TCP connections count", {
	METRIC_WEIGHT,
	RANGE("limit", NUMBER, 1, UINT32_MAX, "busy at this many"),
}},
[ELEM_RAM] = {"ram", ELEM_POLICY, ONCE,
	"free memory counts", {METRIC_WEIGHT, METRIC_MIN}},
[ELEM_SWAP] = {"swap", ELEM_POLICY, ONCE,
	"free swap counts", {METRIC_WEIGHT, METRIC_MIN}},
[ELEM_CPU] = {"cpu", ELEM_POLICY, ONCE,
	"idle CPU counts", {METRIC_WEIGHT, METRIC_MIN}},
[ELEM_SERVER] = {"server", ELEM_HOPSCOTCH, MANY,
	"one content server", {
	ATTRIBUTE("id", ID, "of the server", REQ),
	REF("site", "site", "where it is", REQ),
	RANGE("weight", NUMBER, 1, 65535, "against other servers", BE("1")),
}},
[ELEM_ALIAS] = {"alias", ELEM_SERVER, MANY,
	"a name and address of the server, routed out through one border", {
	REF("border", "border", "the exit", REQ),
	ATTRIBUTE("name", HOST, "what clients are redirected to", REQ),
	ATTRIBUTE("address", IP4, "IPv4"),
	ATTRIBUTE("address6", IP6, "IPv6"),
	PORT("if not the service's"),
}},
[ELEM_AGENT] = {"agent", ELEM_SERVER, ONCE,
	"how the managers ask the server for its load", {
	WORD("kind", "hopscotch standard none",
	    "hoploadd, standard MIBs, or not at all", BE("hopscotch")),
	ATTRIBUTE("address", IP, "of its snmpd"),
	PORT("of its snmpd", BE("161")),
	REF("user", "snmp-user", "the first one if not given"),
}},
[ELEM_SERVICE] = {"service", ELEM_HOPSCOTCH, MANY,
	"what clients ask for", {
	ATTRIBUTE("id", ID, "of the service, and of its checks", REQ),
	WORD("protocol", "http https ftp", "scheme of the redirect",
	    BE("http")),
	ATTRIBUTE("host", HOSTS, "its names; the first is the main one", REQ),
	REF("policy", "policy", "how servers are chosen", REQ),
	WORD("all-busy", "serve refuse", "when all servers are busy",
	    BE("serve")),
	ATTRIBUTE("fallback", URL, "when there is no server; else 503"),
	RANGE("retry-after", TIME, S, DAY, "sent with a 503", BE("10s")),
	RANGE("wait", TIME, 0, 10 * S,
	    "how long a first answer may wait for a measurement", BE("0")),
	PORT("of the content servers, if not the protocol's own"),
	WORD("location", "name address", "of the redirect", BE("name")),
	WORD("redirect", "301 302 303 307 308", "its status", BE("302")),
	WORD("sticky", "no prefix",
	    "prefix: all clients of a prefix get the same server while it is "
	    "up",
	    BE("no")),
}},
[ELEM_USE] = {"use", ELEM_SERVICE, MANY,
	"a server of the service", {
	REF("server", "server", "which", REQ),
	WORD("backup", "no yes", "used only while no other is left",
	    BE("no")),
}},
[ELEM_TRY] = {"try", ELEM_SERVICE, ONCE,
	"how a manager tries the service itself when an agent is silent", {
	WORD("type", "tcp http", "connect only, or ask for a page",
	    BE("tcp")),
	ATTRIBUTE("path", PATH, "http: of the page; / if not given"),
	PORT("if not the service's"),
	RANGE("status", NUMBER, 100, 599, "http: else any 2xx or 3xx"),
}},
[ELEM_SERVICE_PREFER] = {"prefer", ELEM_SERVICE, MANY,
	"where the clients of a prefix are sent if they can be; at least one "
	"of site, border, server; goes before one for all services", {
	PREFER
}},
[ELEM_PREFER] = {"prefer", ELEM_HOPSCOTCH, MANY,
	"where the clients of a prefix are sent if they can be, whatever the "
	"service; at least one of site, border, server", {
	PREFER
}},
[ELEM_MANAGER] = {"manager", ELEM_HOPSCOTCH, MANY,
	"a hopmanagerd", {
	ATTRIBUTE("id", ID, "of the manager", REQ),
	ATTRIBUTE("host", HOST, "where it runs; else start it with --id"),
	RANGE("poll", TIME, 100 * MS, H, "each agent every", BE("2s")),
	RANGE("timeout", TIME, 10 * MS, 60 * S, "of a request", BE("1s")),
	RANGE("retries", NUMBER, 0, 10, "of a request", BE("1")),
	RANGE("smooth", SHARE, PCT, 100 * PCT,
	    "share of the newest sample in the load", BE("50%")),
	RANGE("agents-per-poller", NUMBER, 1, 100000,
	    "agents of one poller process", BE("2000")),
	RANGE("probe-fresh", TIME, S, 30 * DAY,
	    "clients in use are measured anew within", BE("10m")),
	RANGE("probe-expire", TIME, S, 365 * DAY,
	    "what is measured is forgotten after", BE("24h")),
	RANGE("probe-rate", NUMBER, 1, 10000,
	    "clients a prober is given a second", BE("100")),
	RANGE("prefixes", NUMBER, 1, 10000000, "measured ones kept",
	    BE("1000000")),
}},
[ELEM_MANAGER_LISTEN] = {"listen", ELEM_MANAGER, MANY,
	"for lines; without one: its unix socket in /run/hopscotch", {
	LISTEN_LINES
}},
[ELEM_DIRECTOR] = {"director", ELEM_HOPSCOTCH, MANY,
	"a hopdirectord", {
	ATTRIBUTE("id", ID, "of the director", REQ),
	ATTRIBUTE("host", HOST, "where it runs; else start it with --id"),
	RANGE("fresh", TIME, S, 30 * DAY, "a ping is fresh for", BE("10m")),
	RANGE("expire", TIME, S, 365 * DAY, "and used for", BE("24h")),
	RANGE("prefix4", NUMBER, 8, 32,
	    "IPv4 paths are kept per; the network's if not given"),
	RANGE("prefix6", NUMBER, 16, 128,
	    "IPv6 paths are kept per; the network's if not given"),
}},
[ELEM_DIRECTOR_LISTEN] = {"listen", ELEM_DIRECTOR, MANY,
	"for lines; without one: its unix socket in /run/hopscotch", {
	LISTEN_LINES
}},
[ELEM_FRONTEND] = {"frontend", ELEM_HOPSCOTCH, MANY,
	"a hopfrontd", {
	ATTRIBUTE("id", ID, "of the front end", REQ),
	REF("site", "site", "the contact of its clients", REQ),
	ATTRIBUTE("host", HOST, "where it runs; else start it with --id"),
	ATTRIBUTE("access-log", FILE, "a line a request; else none"),
	RANGE("ask", TIME, MS, 10 * S, "time a director has to answer",
	    BE("50ms")),
	RANGE("clients", NUMBER, 1, 1000000, "connections at once",
	    BE("10000")),
	RANGE("cache", NUMBER, 0, 10000000, "answers kept", BE("100000")),
	RANGE("idle", TIME, S, H, "keep-alive without a request", BE("15s")),
}},
[ELEM_FRONTEND_LISTEN] = {"listen", ELEM_FRONTEND, MANY,
	"for clients", {
	WORD("protocol", "http", "of the clients", BE("http")),
	ATTRIBUTE("address", IP, "0.0.0.0 or :: is all", REQ),
	PORT("of the address", BE("80")),
	REF("default", "service", "for requests without Host; else 400"),
}},
[ELEM_FRONTEND_CONTROL] = {"control", ELEM_FRONTEND, MANY,
	"for hopctl; without one: its unix socket in /run/hopscotch", {
	LISTEN_LINES
}},
};
/* clang-format on */

const struct grammar_element *
grammar_element(enum grammar_element_name e)
{
	return &grammar[e];
}

int
grammar_child(enum grammar_element_name parent, const char *name)
{
	int e; /* the root stands in nothing */

	for (e = ELEM_HOPSCOTCH + 1; e < ELEMS; e++)
		if (grammar[e].parent == parent &&
		    strcmp(grammar[e].name, name) == 0)
			return e;
	return -1;
}

int
grammar_attribute(const struct grammar_element *e, const char *name)
{
	int i;

	for (i = 0; e->attributes[i].name != NULL; i++)
		if (strcmp(e->attributes[i].name, name) == 0)
			return i;
	return -1;
}

size_t
grammar_attributes(const struct grammar_element *e)
{
	size_t n = 0;

	while (e->attributes[n].name != NULL)
		n++;
	return n;
}

/* ASCII alone, whatever the locale says. */
static bool
is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

/* The length of an id at the front of a text, or 0. */
static size_t
id_length(const char *text)
{
	size_t n = 0;

	while (is_alnum(text[n]) || (text[n] != '\0' && strchr("._-", text[n])))
		n++;
	return n <= 255 ? n : 0;
}

static bool
is_id(const char *text)
{
	size_t n = id_length(text);

	return n > 0 && text[n] == '\0';
}

static bool
is_pair(const char *text)
{
	size_t n = id_length(text);

	return n > 0 && text[n] == ' ' && is_id(text + n + 1);
}

/* RFC 952, RFC 1123 section 2.1: text[0..len) as a host name. */
static bool
is_host(const char *text, size_t len)
{
	size_t i, label = 0;

	for (i = 0; i < len; i++) {
		if (text[i] == '.') {
			if (label == 0 || text[i - 1] == '-')
				return false;
			label = 0;
			continue;
		}
		if (!is_alnum(text[i]) && (text[i] != '-' || label == 0))
			return false;
		if (++label > 63)
			return false;
	}
	return len <= 253 && label > 0 && text[len - 1] != '-';
}

static bool
is_hosts(const char *text)
{
	size_t n;

	do {
		text += strspn(text, " ");
		n = strcspn(text, " ");
		if (!is_host(text, n))
			return false;
		text += n;
	} while (text[strspn(text, " ")] != '\0');
	return true;
}

/* Printable ASCII without space, so that it can stand in a header. */
static bool
is_graph(const char *text, size_t most)
{
	size_t n = 0;

	while (text[n] > ' ' && text[n] < 127)
		n++;
	return text[n] == '\0' && n > 0 && n <= most;
}

static bool
is_url(const char *text)
{
	static const char *const schemes[] = {"http://", "https://", "ftp://"};
	size_t i, n;

	for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		n = strlen(schemes[i]);
		if (strncmp(text, schemes[i], n) == 0)
			return is_alnum(text[n]) || text[n] == '['
				   ? is_graph(text, 2000)
				   : false;
	}
	return false;
}

static bool
is_file(const char *text)
{
	size_t n = strlen(text), i;

	for (i = 0; i < n; i++)
		if ((unsigned char)text[i] < ' ')
			return false;
	return n > 0 && n < 1024;
}

static int
parse_word(const char *words, const char *text, int64_t *place)
{
	size_t len = strlen(text), n;
	int64_t i;

	for (i = 0; *words != '\0'; i++) {
		n = strcspn(words, " ");
		if (n == len && strncmp(words, text, n) == 0) {
			*place = i;
			return 0;
		}
		words += n + strspn(words + n, " ");
	}
	return -1;
}

/* The family tells the two apart; a mapped address is written as IPv4. */
static int
parse_ip(const char *text, enum grammar_type type, struct addr *addr)
{
	bool six = strchr(text, ':') != NULL;

	if ((type == GRAMMAR_IP4 && six) || (type == GRAMMAR_IP6 && !six) ||
	    addr_parse(text, addr) < 0)
		return -1;
	return six == (addr->family == AF_INET6) ? 0 : -1;
}

static int
parse_prefix(const char *text, struct grammar_value *v)
{
	struct prefix p;
	bool exact;

	if (prefix_parse_cut(text, &p, &exact) < 0)
		return -1;
	v->addr = p.addr;
	v->number = p.len;
	return 0;
}

static int
parse_number(const struct grammar_attribute *a, const char *text, int64_t *out)
{
	int rc;

	if (a->type == GRAMMAR_TIME)
		rc = num_duration(text, out);
	else if (a->type == GRAMMAR_SHARE)
		rc = num_percent(text, out);
	else
		rc = num_parse(text, a->min, a->max, out);
	return rc == 0 && *out >= a->min && *out <= a->max ? 0 : -1;
}

int
grammar_parse(const struct grammar_attribute *a, const char *text,
    struct grammar_value *v)
{
	switch (a->type) {
	case GRAMMAR_ID:
	case GRAMMAR_REF:
		return is_id(text) ? 0 : -1;
	case GRAMMAR_PAIR:
		return is_pair(text) ? 0 : -1;
	case GRAMMAR_WORD:
		return parse_word(a->words, text, &v->number);
	case GRAMMAR_NUMBER:
	case GRAMMAR_TIME:
	case GRAMMAR_SHARE:
		return parse_number(a, text, &v->number);
	case GRAMMAR_IP4:
	case GRAMMAR_IP6:
	case GRAMMAR_IP:
		return parse_ip(text, a->type, &v->addr);
	case GRAMMAR_PREFIX:
		return parse_prefix(text, v);
	case GRAMMAR_HOST:
		return is_host(text, strlen(text)) ? 0 : -1;
	case GRAMMAR_HOSTS:
		return is_hosts(text) ? 0 : -1;
	case GRAMMAR_FILE:
		return is_file(text) ? 0 : -1;
	case GRAMMAR_SOCKET:
		return text[0] == '/' && is_graph(text, 107) ? 0 : -1;
	case GRAMMAR_URL:
		return is_url(text) ? 0 : -1;
	case GRAMMAR_PATH:
		return text[0] == '/' && is_graph(text, 1000) ? 0 : -1;
	}
	return -1;
}

/* A time in the largest unit that holds it whole. */
static const char *
time_text(int64_t us, char *buf, size_t size)
{
	static const struct {
		const char *unit;
		int64_t us;
	} units[] = {{"d", DAY}, {"h", H}, {"m", 60 * S}, {"s", S}, {"ms", MS}};
	size_t i;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (us > 0 && us % units[i].us == 0) {
			(void)snprintf(buf, size, "%lld%s",
			    (long long)(us / units[i].us), units[i].unit);
			return buf;
		}
	}
	(void)snprintf(buf, size, "%lldus", (long long)us);
	return buf;
}

static const char *
share_text(int64_t ppm, char *buf, size_t size)
{
	if (ppm % PCT == 0)
		(void)snprintf(buf, size, "%lld%%", (long long)(ppm / PCT));
	else
		(void)snprintf(buf, size, "%lld.%04lld%%",
		    (long long)(ppm / PCT), (long long)(ppm % PCT));
	return buf;
}

static void
allowed_range(const struct grammar_attribute *a, char *buf, size_t size)
{
	char least[32], most[32];

	switch (a->type) {
	case GRAMMAR_TIME:
		(void)snprintf(buf, size,
		    "a time with its unit (us, ms, s, m, h, d) from %s to %s",
		    time_text(a->min, least, sizeof(least)),
		    time_text(a->max, most, sizeof(most)));
		break;
	case GRAMMAR_SHARE:
		(void)snprintf(buf, size,
		    "a percentage with its sign, such as 5%%, from %s to %s",
		    share_text(a->min, least, sizeof(least)),
		    share_text(a->max, most, sizeof(most)));
		break;
	default:
		(void)snprintf(buf, size, "a whole number from %lld to %lld",
		    (long long)a->min, (long long)a->max);
	}
}

/* "weighted best" as "weighted, best". */
static void
allowed_words(const char *words, char *buf, size_t size)
{
	size_t n = (size_t)snprintf(
	    buf, size, "%s", strchr(words, ' ') != NULL ? "one of " : "");

	for (; *words != '\0' && n + 3 < size; words++) {
		if (*words == ' ')
			buf[n++] = ',';
		buf[n++] = *words;
	}
	buf[n] = '\0';
}

const char *
grammar_allowed(const struct grammar_attribute *a, char *buf, size_t size)
{
	static const char *const fixed[] = {
	    [GRAMMAR_ID] = "1 to 255 letters, digits, '.', '_' or '-'",
	    [GRAMMAR_PAIR] = "the ids of two sites with a space between",
	    [GRAMMAR_IP4] = "an IPv4 address, such as 192.0.2.1",
	    [GRAMMAR_IP6] = "an IPv6 address, such as 2001:db8::1",
	    [GRAMMAR_IP] = "an IPv4 or IPv6 address",
	    [GRAMMAR_PREFIX] = "a prefix, such as 10.0.0.0/8 or "
			       "2001:db8::/32, or an address",
	    [GRAMMAR_HOST] = "a host name: letters, digits and '-' with dots "
			     "between, none at the end",
	    [GRAMMAR_HOSTS] = "host names (letters, digits and '-' with dots "
			      "between, none at the end), a space between two",
	    [GRAMMAR_FILE] = "a file name",
	    [GRAMMAR_SOCKET] = "an absolute path of at most 107 characters",
	    [GRAMMAR_URL] = "a URL that begins with http://, https:// or "
			    "ftp:// and a host, spaces and non-ASCII escaped",
	    [GRAMMAR_PATH] = "a path that begins with '/', spaces and "
			     "non-ASCII escaped",
	};

	if (a->type == GRAMMAR_WORD)
		allowed_words(a->words, buf, size);
	else if (a->type == GRAMMAR_REF)
		(void)snprintf(buf, size, "the id of a <%s>", a->words);
	else if (a->type == GRAMMAR_NUMBER || a->type == GRAMMAR_TIME ||
		 a->type == GRAMMAR_SHARE)
		allowed_range(a, buf, size);
	else
		(void)snprintf(buf, size, "%s", fixed[a->type]);
	return buf;
}

/* Levenshtein's distance, one row at a time; case does not count. */
unsigned
grammar_distance(const char *a, const char *b, unsigned limit)
{
	unsigned row[65], left, above, best, cost;
	size_t la = strlen(a), lb = strlen(b), i, j;

	if (la > 64 || lb > 64 || la + limit < lb || lb + limit < la)
		return limit + 1;
	for (j = 0; j <= lb; j++)
		row[j] = (unsigned)j;
	for (i = 1; i <= la; i++) {
		left = row[0];
		best = row[0] = (unsigned)i;
		for (j = 1; j <= lb; j++) {
			above = row[j];
			cost = left;
			if (tolower((unsigned char)a[i - 1]) !=
			    tolower((unsigned char)b[j - 1]))
				cost++;
			if (above + 1 < cost)
				cost = above + 1;
			if (row[j - 1] + 1 < cost)
				cost = row[j - 1] + 1;
			left = above;
			row[j] = cost;
			if (cost < best)
				best = cost;
		}
		if (best > limit)
			return limit + 1;
	}
	return row[lb];
}

bool
grammar_is_near(const char *a, const char *b)
{
	unsigned limit = strlen(a) < 5 ? 1 : 2;

	return grammar_distance(a, b, limit) <= limit;
}
