/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An explanation for people and for machines. Shows only what it holds: it was
 * made here or came over the wire. Text for people may change from version to
 * version, the fields of the JSON stay.
 */
#include "lib/decide/explain.h"

#include <stdarg.h>
#include <string.h>

#include "lib/decide/explanation.h"
#include "lib/json.h"

#define PATHS_SHOWN 12
#define TIME_TEXT   32
#define TARGET_TEXT 800

static double
probability(const struct explanation *e, const struct explained_candidate *c)
{
	int64_t total = 0;
	size_t i;

	for (i = 0; i < e->ncandidates; i++)
		total += e->candidates[i].weight;
	return (double)c->weight / (double)total;
}

/* Sticky: its first server has given the prefix up. */
static bool
is_shed(const struct explanation *e)
{
	return e->first != NULL && e->ncandidates == 1 &&
	       strcmp(e->candidates[0].server, e->first) != 0;
}

static void
json_us(struct json *j, const char *name, int64_t us)
{
	if (us < 0)
		json_null(j, name);
	else
		json_number(j, name, us);
}

static void
json_reason(struct json *j, const char *name, const char *reason)
{
	if (reason != NULL && reason[0] != '\0')
		json_text(j, name, reason);
}

static void
json_head(struct json *j, const struct explanation *e)
{
	json_text(j, "client", e->client);
	json_text(j, "service", e->service);
	json_text(j, "contact", e->contact);
	json_text(j, "policy", e->policy);
	json_text(j, "select", e->select);
	json_bool(j, "relay", e->relay);
	if (e->rtt_us >= 0)
		json_number(j, "rtt", e->rtt_us);
	if (e->prefix != NULL) {
		json_text(j, "measured", e->prefix);
		json_number(j, "age_ms", e->age_ms);
		json_bool(j, "fresh", e->fresh);
		json_bool(j, "inherited", e->inherited);
		if (e->incomplete)
			json_bool(j, "incomplete", true);
		if (e->spread_us > 0)
			json_number(j, "spread_us", e->spread_us);
		if (e->loss > 0)
			json_number(j, "loss", e->loss);
	}
	json_us(j, "in_us", e->in_us);
}

static void
json_borders(struct json *j, const struct explanation *e)
{
	size_t i;

	json_array(j, "borders");
	for (i = 0; i < e->nborders; i++) {
		const struct explained_border *b = &e->borders[i];

		json_object(j, NULL);
		json_text(j, "border", b->id);
		json_text(j, "state", b->state);
		json_reason(j, "reason", b->reason);
		json_us(j, "ping_us", b->ping_us);
		json_us(j, "out_us", b->out_us);
		if (b->contradicts)
			json_bool(j, "contradicts", true);
		json_object_end(j);
	}
	json_array_end(j);
}

static void
json_delays(struct json *j, const struct explanation *e)
{
	size_t i;

	json_array(j, "delays");
	for (i = 0; i < e->nlinks; i++) {
		json_object(j, NULL);
		json_text(j, "from", e->links[i].from);
		json_text(j, "to", e->links[i].to);
		json_us(j, "delay_us", e->links[i].delay_us);
		json_object_end(j);
	}
	json_array_end(j);
}

static void
json_paths(struct json *j, const struct explanation *e)
{
	size_t i;

	json_array(j, "paths");
	for (i = 0; i < e->npaths; i++) {
		json_object(j, NULL);
		json_text(j, "site", e->paths[i].site);
		json_text(j, "border", e->paths[i].border);
		json_us(j, "metric_us", e->paths[i].metric_us);
		json_object_end(j);
	}
	json_array_end(j);
}

static void
json_wishes(struct json *j, const struct explanation *e)
{
	const struct explained_prefer *p = &e->prefer;

	if (p->client != NULL) {
		json_object(j, "prefer");
		json_text(j, "client", p->client);
		json_reason(j, "site", p->site);
		json_reason(j, "border", p->border);
		json_reason(j, "server", p->server);
		json_bool(j, "service", p->own);
		json_bool(j, "holds", p->ignored == NULL);
		json_reason(j, "ignored", p->ignored);
		json_object_end(j);
	}
	if (e->sticky != NULL) {
		json_object(j, "sticky");
		json_text(j, "prefix", e->sticky);
		json_reason(j, "first", e->first);
		json_bool(j, "shed", is_shed(e));
		json_object_end(j);
	}
}

static void
json_band(struct json *j, const struct explanation *e)
{
	json_object(j, "band");
	json_us(j, "anchor_us", e->anchor_us);
	json_us(j, "limit_us", e->band_us);
	json_bool(j, "last", e->last_band);
	json_bool(j, "all_busy", e->all_busy);
	json_bool(j, "unknown", e->unknown);
	json_bool(j, "by_weight", e->by_weight);
	json_bool(j, "stale", e->stale);
	if (e->backup)
		json_bool(j, "backup", true);
	json_object_end(j);
	if (e->none != NULL)
		json_text(j, "none", e->none);
}

static void
json_candidates(struct json *j, const struct explanation *e)
{
	size_t i;

	json_array(j, "candidates");
	for (i = 0; i < e->ncandidates; i++) {
		const struct explained_candidate *c = &e->candidates[i];

		json_object(j, NULL);
		json_text(j, "server", c->server);
		json_text(j, "site", c->site);
		json_text(j, "border", c->border);
		json_text(j, "name", c->name);
		json_text(j, "address", c->address);
		json_number(j, "load", c->load);
		json_real(j, "probability", probability(e, c));
		if (c->drawn > 0)
			json_number(j, "drawn", c->drawn);
		json_reason(j, "metrics", c->metrics);
		json_object_end(j);
	}
	json_array_end(j);
}

static void
json_excluded(struct json *j, const struct explanation *e)
{
	size_t i;

	json_array(j, "excluded");
	for (i = 0; i < e->nexcluded; i++) {
		const struct explained_excluded *x = &e->excluded[i];

		json_object(j, NULL);
		json_text(j, "server", x->server);
		json_text(j, "reason", x->reason);
		if (x->border != NULL) {
			json_text(j, "border", x->border);
			json_us(j, "metric_us", x->metric_us);
		}
		json_reason(j, "metrics", x->metrics);
		json_object_end(j);
	}
	json_array_end(j);
}

void
explanation_json(const struct explanation *e, FILE *out)
{
	struct json j;

	json_init(&j, out, false);
	json_object(&j, NULL);
	json_head(&j, e);
	json_borders(&j, e);
	json_delays(&j, e);
	json_paths(&j, e);
	json_wishes(&j, e);
	json_band(&j, e);
	json_candidates(&j, e);
	json_excluded(&j, e);
	json_object_end(&j);
}

/* "12.345 ms", or "-". */
static const char *
ms(int64_t us, char *buf, size_t size)
{
	if (us < 0)
		(void)snprintf(buf, size, "-");
	else
		(void)snprintf(buf, size, "%lld.%03lld ms",
		    (long long)(us / 1000), (long long)(us % 1000));
	return buf;
}

static const char *
ping_text(int64_t us, char *buf, size_t size)
{
	if (us < 0 || us < PING_NO_REPLY)
		return ms(us, buf, size);
	(void)snprintf(buf, size, "no reply");
	return buf;
}

static int
widest(int width, const char *t)
{
	int n = (int)strlen(t);

	return n > width ? n : width;
}

static void
print_head(const struct explanation *e, FILE *out)
{
	char rtt[TIME_TEXT], spread[TIME_TEXT];

	fprintf(out, "client %s of service %s, %s at %s, policy %s (%s)\n",
	    e->client, e->service, e->relay ? "relayed" : "redirected",
	    e->contact, e->policy, e->select);
	if (e->rtt_us >= 0)
		fprintf(out, "its own connection: round trip %s\n",
		    ms(e->rtt_us, rtt, sizeof(rtt)));
	if (e->prefix == NULL) {
		fprintf(out, "measured: by no border\n");
		return;
	}
	fprintf(out, "%s: %s, %lld s ago%s",
	    e->inherited ? "estimated from others in" : "measured", e->prefix,
	    (long long)(e->age_ms / 1000), e->fresh ? "" : " (stale)");
	if (e->spread_us > 0)
		fprintf(out, ", varies by %s",
		    ms(e->spread_us, spread, sizeof(spread)));
	if (e->loss > 0)
		fprintf(out, ", loss %lld.%02lld%%", (long long)e->loss / 100,
		    (long long)e->loss % 100);
	fprintf(out, "%s\n",
	    e->incomplete ? ", more values are still to come" : "");
}

static void
print_borders(const struct explanation *e, FILE *out)
{
	char ping[TIME_TEXT], way[TIME_TEXT];
	int width = 6;
	size_t i;

	for (i = 0; i < e->nborders; i++)
		width = widest(width, e->borders[i].id);
	fprintf(out, "\n  %-*s  %-14s  %14s  %14s\n", width, "border", "state",
	    "round trip", "way out");
	for (i = 0; i < e->nborders; i++) {
		const struct explained_border *b = &e->borders[i];

		fprintf(out, "  %-*s  %-14s  %14s  %14s%s%s%s\n", width, b->id,
		    b->state, ping_text(b->ping_us, ping, sizeof(ping)),
		    ms(b->out_us, way, sizeof(way)),
		    b->reason[0] != '\0' ? "  " : "", b->reason,
		    b->contradicts ? "  faster than replies allow" : "");
	}
	fprintf(out, "  way in: %s\n", ms(e->in_us, way, sizeof(way)));
}

/* The internal matrix, a line a site. */
static void
print_delays(const struct explanation *e, FILE *out)
{
	const char *from = "";
	char delay[TIME_TEXT];
	size_t i;

	if (e->nlinks > 0)
		fprintf(out, "\n  inside, one way");
	for (i = 0; i < e->nlinks; i++) {
		const struct explained_link *l = &e->links[i];

		if (strcmp(from, l->from) != 0)
			fprintf(out, "\n    from %s to", l->from);
		else
			fprintf(out, ",");
		from = l->from;
		fprintf(out, " %s %s", l->to,
		    l->delay_us < 0 ? "no route"
				    : ms(l->delay_us, delay, sizeof(delay)));
	}
	if (e->nlinks > 0)
		fprintf(out, "\n");
}

static void
print_paths(const struct explanation *e, FILE *out)
{
	char metric[TIME_TEXT];
	int site = 4, border = 6;
	size_t i, n = 0;

	while (n < e->npaths && n < PATHS_SHOWN && e->paths[n].metric_us >= 0)
		n++;
	for (i = 0; i < n; i++) {
		site = widest(site, e->paths[i].site);
		border = widest(border, e->paths[i].border);
	}
	if (n == 0) {
		fprintf(out, "\n  no path has a metric\n");
		return;
	}
	fprintf(out, "\n  %-*s  %-*s  %14s\n", site, "site", border, "border",
	    "path metric");
	for (i = 0; i < n; i++)
		fprintf(out, "  %-*s  %-*s  %14s\n", site, e->paths[i].site,
		    border, e->paths[i].border,
		    ms(e->paths[i].metric_us, metric, sizeof(metric)));
	if (n < e->npaths)
		fprintf(
		    out, "  and %zu more (--json shows all)\n", e->npaths - n);
}

/* "site ny, server ny1" */
static const char *
target(const struct explained_prefer *p, char *buf, size_t size)
{
	const char *const words[] = {"site", "border", "server"};
	const char *const ids[] = {p->site, p->border, p->server};
	size_t len = 0, i;

	buf[0] = '\0';
	for (i = 0; i < 3; i++)
		if (ids[i] != NULL && len < size)
			len += (size_t)snprintf(buf + len, size - len,
			    "%s%s %.250s", len > 0 ? ", " : "", words[i],
			    ids[i]);
	return buf;
}

/* Why a preference is ignored, as a sentence. */
static const char *
why_ignored(const char *reason)
{
	static const struct {
		enum reason reason;
		const char *text;
	} sentences[] = {
	    {REASON_NOT_IN_SERVICE, "no server of the service is such"},
	    {REASON_BUSY, "all that are such are busy"},
	    {REASON_NO_SERVER, "none that is such is up"},
	    {REASON_NO_BORDER, "none that is such can be reached: a border "
			       "is not up, or it has no address in the "
			       "client's family"},
	    {REASON_NO_ADDRESS, "none that is such has an address in the "
				"client's family"},
	    {REASON_BACKUP, "only backups are such and up, and others are "
			    "left"},
	    {REASON_FALLBACK_ONLY, "the state of those that are such is "
				   "unknown, and others are known to be up"},
	};
	size_t i;

	for (i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++)
		if (strcmp(reason_text(sentences[i].reason), reason) == 0)
			return sentences[i].text;
	return reason;
}

static void
print_wishes(const struct explanation *e, FILE *out)
{
	const struct explained_prefer *p = &e->prefer;
	char buf[TARGET_TEXT];

	if (p->client != NULL) {
		fprintf(out, "\npreferred for %s%s: %s", p->client,
		    p->own ? " by the service" : "",
		    target(p, buf, sizeof(buf)));
		if (p->ignored != NULL)
			fprintf(out, "; ignored: %s", why_ignored(p->ignored));
		fprintf(out, "\n");
	}
	if (e->sticky == NULL)
		return;
	fprintf(
	    out, "\nsticky: all clients in %s get the same server", e->sticky);
	if (is_shed(e))
		fprintf(out,
		    "; %s is much fuller than the others and gives them up",
		    e->first);
	fprintf(out, "\n");
}

/* How it came to these candidates, in one line. */
static void
print_band(const struct explanation *e, FILE *out)
{
	char from[TIME_TEXT], to[TIME_TEXT];

	fprintf(out, "\n");
	if (e->none != NULL)
		fprintf(out, "no server: %s\n", e->none);
	else if (e->all_busy)
		fprintf(out, "all are busy, the nearest serve by weight:\n");
	else if (e->anchor_us >= 0)
		fprintf(out, "servers within %s to %s%s:\n",
		    ms(e->anchor_us, from, sizeof(from)),
		    ms(e->band_us, to, sizeof(to)),
		    e->last_band ? ", and those that no path leads to" : "");
	else
		fprintf(out, "servers%s:\n",
		    e->last_band ? ", whether a path is known or not" : "");
	if (e->backup)
		fprintf(out, "  no other is left: the backups serve\n");
	if (e->unknown)
		fprintf(out, "  none is known to be up: the unknown serve\n");
	if (e->stale)
		fprintf(out, "  loads are old and age toward weights\n");
}

/* "ram=812/2048 cpu=3.10 age=400" for people: each with its unit. */
static void
print_metrics(const char *text, FILE *out)
{
	static const struct {
		const char *key, *unit;
	} units[] = {{"ram=", " MiB free"}, {"swap=", " MiB free"},
	    {"cpu=", " % idle"}, {"age=", " ms"}};
	size_t i, n;

	while (*text != '\0') {
		n = strcspn(text, " ");
		fprintf(out, "%.*s", (int)n, text);
		for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
			if (strncmp(text, units[i].key, strlen(units[i].key)) ==
			    0)
				fputs(units[i].unit, out);
		text += n;
		text += strspn(text, " ");
		if (*text != '\0')
			fputs(", ", out);
	}
}

static void
print_candidates(const struct explanation *e, FILE *out)
{
	int server = 6, border = 3, name = 4, address = 7;
	size_t i;

	for (i = 0; i < e->ncandidates; i++) {
		server = widest(server, e->candidates[i].server);
		border = widest(border, e->candidates[i].border);
		name = widest(name, e->candidates[i].name);
		address = widest(address, e->candidates[i].address);
	}
	if (e->ncandidates > 0)
		fprintf(out, "  %-*s  %-*s  %-*s  %-*s  %5s  %7s\n", server,
		    "server", border, "via", name, "name", address, "address",
		    "load", "drawn");
	for (i = 0; i < e->ncandidates; i++) {
		const struct explained_candidate *c = &e->candidates[i];

		fprintf(out, "  %-*s  %-*s  %-*s  %-*s  %5lld  %6.2f%%", server,
		    c->server, border, c->border, name, c->name, address,
		    c->address, (long long)c->load, 100 * probability(e, c));
		if (c->metrics != NULL) {
			fputs("  ", out);
			print_metrics(c->metrics, out);
		}
		fputc('\n', out);
	}
}

static void
print_excluded(const struct explanation *e, FILE *out)
{
	char metric[TIME_TEXT];
	int server = 6;
	size_t i;

	if (e->nexcluded == 0)
		return;
	for (i = 0; i < e->nexcluded; i++)
		server = widest(server, e->excluded[i].server);
	fprintf(out, "\nnot drawn:\n");
	for (i = 0; i < e->nexcluded; i++) {
		const struct explained_excluded *x = &e->excluded[i];

		fprintf(out, "  %-*s  %s", server, x->server, x->reason);
		if (x->border != NULL)
			fprintf(out, ", best via %s: %s", x->border,
			    ms(x->metric_us, metric, sizeof(metric)));
		fprintf(out, "\n");
	}
}

void
explanation_print(const struct explanation *e, FILE *out)
{
	print_head(e, out);
	print_borders(e, out);
	print_delays(e, out);
	print_paths(e, out);
	print_wishes(e, out);
	print_band(e, out);
	print_candidates(e, out);
	print_excluded(e, out);
}

/* The reasons that are words of ours, as a sentence. */
static const char *
sentence(const char *reason)
{
	static const struct {
		enum reason reason;
		const char *text;
	} sentences[] = {
	    {REASON_NOT_IN_BAND, "a nearer band of servers serves"},
	    {REASON_BUSY, "it is busy: its load is 0"},
	    {REASON_LOST_DRAW, "under `best` others with more load serve"},
	    {REASON_FALLBACK_ONLY,
		"its state is unknown and others are known to be up"},
	    {REASON_NO_ADDRESS,
		"it has no address in the client's family (IPv4 or IPv6)"},
	    {REASON_NO_BORDER, "no border that it has an address for is up"},
	    {REASON_BACKUP, "it is a backup and others are left"},
	    {REASON_NOT_PREFERRED,
		"others are preferred for these clients and can be drawn"},
	    {REASON_STICKY, "the service is sticky, and another server has "
			    "the client's prefix"},
	};
	size_t i;

	for (i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++)
		if (strcmp(reason_text(sentences[i].reason), reason) == 0)
			return sentences[i].text;
	return reason;
}

static void
why_excluded(
    const struct explanation *e, const struct explained_excluded *x, FILE *out)
{
	char metric[TIME_TEXT], limit[TIME_TEXT];

	fprintf(out, "%s is not drawn for %s: %s.", x->server, e->client,
	    is_shed(e) && strcmp(e->first, x->server) == 0
		? "the client's prefix is its own, but it is much fuller than "
		  "the others and has given it up"
		: sentence(x->reason));
	if (x->border != NULL)
		fprintf(out, " Its best path is via %s, %s", x->border,
		    ms(x->metric_us, metric, sizeof(metric)));
	else
		fprintf(out, " No path to it has a metric");
	if (e->band_us >= 0)
		fprintf(out, "; the band that serves ends at %s",
		    ms(e->band_us, limit, sizeof(limit)));
	fprintf(out, ".\n");
	if (x->metrics == NULL)
		return;
	fputs("Its metrics: ", out);
	print_metrics(x->metrics, out);
	fputs(".\n", out);
}

void
explanation_why(const struct explanation *e, const char *server, FILE *out)
{
	size_t i;

	for (i = 0; i < e->nexcluded; i++)
		if (strcmp(e->excluded[i].server, server) == 0) {
			why_excluded(e, &e->excluded[i], out);
			return;
		}
	for (i = 0; i < e->ncandidates; i++) {
		const struct explained_candidate *c = &e->candidates[i];

		if (strcmp(c->server, server) != 0)
			continue;
		fprintf(out,
		    "%s is drawn for %s, via %s, with load %lld, in %.2f %% "
		    "of all cases.\n",
		    c->server, e->client, c->border, (long long)c->load,
		    100 * probability(e, c));
		return;
	}
	fprintf(out, "%s is no server of service %s.\n", server, e->service);
}
