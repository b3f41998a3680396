/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_WORLD_H
#define LIB_WORLD_H

/*
 * The model: what the configuration says, and nothing else. A world never
 * changes once it is loaded; a reload makes a new one. Whatever a daemon
 * learns at run time lives in that daemon, in arrays indexed by the numbers
 * here (`n` of a struct is its place in the world's array, file order).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/names.h"

#define WORLD_SITES_MAX    512
#define WORLD_BORDERS_MAX  512
#define WORLD_SERVERS_MAX  100000
#define WORLD_SERVICES_MAX 10000
#define WORLD_PREFERS_MAX  100000
#define WORLD_HASH_TEXT    65        /* SHA-256 in hex, and NUL */
#define WORLD_NO_ROUTE     INT64_MAX /* of world.delay_us */

struct site {
	int n;
	char *id;
	int *borders; /* in file order; its own stands at its <site> */
	size_t nborders;
};

struct border {
	int n;
	char *id;
	int site;
};

enum agent_kind { AGENT_HOPSCOTCH, AGENT_STANDARD, AGENT_NONE };

struct agent {
	enum agent_kind kind;
	struct addr addr;
	uint16_t port; /* 161 */
	int user;      /* in world.users; -1 for AGENT_NONE */
};

/* Who pings clients out of a border. */
struct border_prober {
	int n;
	int border;
	struct agent agent; /* its snmpd */
	char *context;      /* SNMP context, or NULL */
};

struct alias {
	int border;
	char *name;
	struct addr v4, v6; /* AF_UNSPEC: none */
	uint16_t port;      /* 0: that of the service */
};

struct server {
	int n;
	char *id;
	int site;
	unsigned weight;       /* 1..65535, default 1 */
	struct alias *aliases; /* in file order */
	size_t naliases;
	bool has_agent;
	struct agent agent;
};

enum metric { METRIC_CONNECTIONS, METRIC_RAM, METRIC_SWAP, METRIC_CPU };
#define METRICS 4

struct metric_rule {
	bool used;
	unsigned weight;  /* 1..1000, default 1 */
	uint32_t limit;   /* connections: busy at this many; 0: no bound */
	uint32_t min_ppm; /* ram, swap, cpu: busy below this share; 0: none */
};

enum select { SELECT_WEIGHTED, SELECT_BEST };

struct policy {
	int n;
	char *id;
	enum select select;
	uint32_t fuzz_ppm; /* weighted: 5 %, best: 0, when not given */
	int64_t fuzz_min_us;
	bool path;
	struct metric_rule metric[METRICS];
	int64_t slow_start_us; /* 30 s */
};

enum protocol { PROTOCOL_HTTP, PROTOCOL_HTTPS, PROTOCOL_FTP };
enum all_busy { ALL_BUSY_SERVE, ALL_BUSY_REFUSE };
enum location { LOCATION_NAME, LOCATION_ADDRESS };

/* How the manager tries a service by itself when an agent is silent. */
struct try_rule {
	bool http;       /* else TCP connect only */
	char *path;      /* http: "/" */
	uint16_t port;   /* 0: that of alias or service */
	unsigned status; /* http: 0 is any 2xx or 3xx */
};

/* Where the clients of a prefix are sent if they can be: all that is given has
 * to hold. */
struct prefer {
	int n; /* among all of the world, services' own included */
	struct prefix client;
	int site, border, server; /* -1: any */
	bool own;                 /* of one service */
};

struct ranges;

struct prefers {
	struct prefer *list; /* file order */
	size_t n;
	struct ranges *ranges; /* by client; NULL: there are none */
};

struct service {
	int n;
	char *id;
	enum protocol protocol;
	char **hosts; /* lower case, without port; the first is the name */
	size_t nhosts;
	int policy;
	enum all_busy all_busy;
	char *fallback;         /* URL, or NULL: 503 */
	unsigned retry_after_s; /* with the 503; 10 */
	int64_t wait_us;        /* 0: a decision never waits */
	uint16_t port; /* of the content servers; 0: the scheme's own */
	enum location location;
	unsigned redirect; /* 301, 302 (default), 303, 307, 308 */
	struct try_rule try;
	bool sticky;  /* a prefix of clients keeps its server */
	int *use;     /* servers, in file order */
	bool *backup; /* the same: only while no other is left; NULL: none */
	size_t nuse;
	struct prefers prefers; /* its own */
};

/* A user of SNMPv3, always authPriv. Secrets are read at load time. */
enum snmp_auth { SNMP_AUTH_SHA256, SNMP_AUTH_SHA512 };
enum snmp_priv { SNMP_PRIV_AES128, SNMP_PRIV_AES256 };
struct snmp_user {
	char *id; /* the user name */
	enum snmp_auth auth;
	enum snmp_priv priv;
	char *auth_secret; /* wiped by world_free() */
	char *priv_secret;
};

struct tls {
	char *cert; /* file names, absolute */
	char *key;
	char *ca;
};

/* Where a daemon listens for lines. Exactly one of socket and addr. */
struct listen_lines {
	char *socket; /* path of a unix socket */
	struct addr addr;
	uint16_t port; /* 26559 */
	bool tls;
};

struct manager {
	int n;
	char *id;
	char *host; /* host name it finds itself by; NULL: only --id */
	struct listen_lines *listen; /* default: its unix socket */
	size_t nlisten;
	int64_t poll_us;     /* 2 s */
	int64_t timeout_us;  /* of one SNMP request: 1 s */
	unsigned retries;    /* 1 */
	uint32_t smooth_ppm; /* EWMA: share of the newest sample, 500000 */
	unsigned agents_per_poller; /* 2000 */
	int64_t probe_fresh_us;     /* 10 minutes */
	int64_t probe_expire_us;    /* 24 hours */
	unsigned probe_rate;        /* clients a prober is given a second */
	unsigned prefixes;          /* kept: 1000000 */
};

struct director {
	int n;
	char *id;
	char *host;
	struct listen_lines *listen;
	size_t nlisten;
	int64_t fresh_us;          /* a ping is fresh for: 10 minutes */
	int64_t expire_us;         /* and used for: 24 hours */
	unsigned prefix4, prefix6; /* the network's if not given */
};

struct listen_http {
	struct addr addr;
	uint16_t port;
	int service; /* for requests without Host; -1: 400 */
};

struct frontend {
	int n;
	char *id;
	char *host;
	int site;
	struct listen_http *listen;
	size_t nlisten;
	struct listen_lines *control; /* for hopctl; default: unix socket */
	size_t ncontrol;
	char *access_log; /* file name, or NULL: none */
	int64_t ask_us;   /* 50 ms */
	unsigned clients; /* connections at once, 10000 */
	unsigned cache;   /* answers kept, 100000 */
	int64_t idle_us;  /* keep-alive without a request: 15 s */
};

enum replies { REPLIES_OWN, REPLIES_SHARED };
enum return_leg { RETURN_SERVER, RETURN_BORDER };
enum unmeasured { UNMEASURED_CONTACT, UNMEASURED_SPREAD };

struct world {
	char hash[WORLD_HASH_TEXT];
	char *domain; /* or NULL */
	char *dir;    /* of the configuration file */
	enum replies replies;
	enum return_leg return_leg;
	enum unmeasured unmeasured;
	unsigned prefix4, prefix6; /* clients are measured per: 24, 48 */
	struct site *sites;
	size_t nsites;
	struct border *borders; /* file order */
	size_t nborders;
	struct border_prober *probers; /* file order; at most one a border */
	size_t nprobers;
	int64_t *delay_us; /* nsites x nsites, one way, [from * nsites + to] */
	struct policy *policies;
	size_t npolicies;
	struct server *servers;
	size_t nservers;
	struct service *services;
	size_t nservices;
	struct prefers prefers; /* of all services */
	struct snmp_user *users;
	size_t nusers;
	struct manager *managers;
	size_t nmanagers;
	struct director *directors;
	size_t ndirectors;
	struct frontend *frontends;
	size_t nfrontends;
	struct tls *tls; /* NULL: no TLS configured */
	/* by id, or by host name for services */
	struct names *site_by_id, *border_by_id, *server_by_id, *service_by_id,
	    *service_by_host;
};

void world_free(struct world **w);

/* The number of the element of this id, or -1. */
int world_site(const struct world *w, const char *id);
int world_border(const struct world *w, const char *id);
int world_server(const struct world *w, const char *id);
int world_service(const struct world *w, const char *id);
/* The service of a Host value without port, or -1. */
int world_service_of_host(const struct world *w, const char *host, size_t len);
/* One-way delay between two sites in us, or WORLD_NO_ROUTE. */
int64_t world_delay(const struct world *w, int from, int to);
/* The place of a server in a service's `use`, or -1. */
int world_use(const struct service *s, int server);
/* Whether that place is a backup's. */
static inline bool
world_is_backup(const struct service *s, size_t use)
{
	return s->backup != NULL && s->backup[use];
}

/* The port clients reach a service at on this alias. */
uint16_t world_port(const struct service *s, const struct alias *a);
/* The scheme's own port, and its word ("http"). */
uint16_t world_scheme_port(enum protocol p);
const char *world_scheme(enum protocol p);
const char *world_metric_text(enum metric m);

#endif
