/* SPDX-License-Identifier: BSD-2-Clause */
/* Settings by which a redirected client would come back to a front end. */
#include <string.h>

#include "ctl/doctor/doctor.h"

static bool
is_front(const struct world *w, const struct addr *a, uint16_t port)
{
	size_t i, k;

	for (i = 0; i < w->nfrontends; i++)
		for (k = 0; k < w->frontends[i].nlisten; k++)
			if (w->frontends[i].listen[k].port == port &&
			    addr_cmp(&w->frontends[i].listen[k].addr, a) == 0)
				return true;
	return false;
}

static int
alias(const struct world *w, const struct service *s, const struct server *v,
    const struct alias *a, struct findings *f)
{
	uint16_t port = world_port(s, a);
	int bad = 0;

	if (world_service_of_host(w, a->name, strlen(a->name)) >= 0 && ++bad)
		finding_bad(f, VERDICT_FAIL,
		    "Give the alias a name of its own.",
		    "alias %s of server %s is a host name of a service: a "
		    "client that is sent there comes back to a front end",
		    a->name, v->id);
	if ((is_front(w, &a->v4, port) || is_front(w, &a->v6, port)) && ++bad)
		finding_bad(f, VERDICT_FAIL,
		    "Let one of them use another address or port.",
		    "alias %s of server %s has address and port of a front "
		    "end: clients would be redirected in a circle",
		    a->name, v->id);
	return bad;
}

/* The host of a URL, its length in *len. */
static const char *
url_host(const char *url, size_t *len)
{
	const char *at = strstr(url, "://");

	at = at != NULL ? at + 3 : url;
	*len = strcspn(at, ":/?#");
	return at;
}

static int
fallback(const struct world *w, const struct service *s, struct findings *f)
{
	const char *host;
	size_t len;

	if (s->fallback == NULL)
		return 0;
	host = url_host(s->fallback, &len);
	if (world_service_of_host(w, host, len) != s->n)
		return 0;
	finding_bad(f, VERDICT_FAIL,
	    "Let fallback= name a host that no front end serves.",
	    "the fallback of service %s is %s, the service itself: with no "
	    "server left its clients go in a circle",
	    s->id, s->fallback);
	return 1;
}

void
check_loops(const struct doctor *d, struct findings *f)
{
	const struct world *w = d->w;
	size_t i, k, a;
	int bad = 0;

	f->area = "loops";
	if (w == NULL)
		return;
	for (i = 0; i < w->nservices; i++) {
		const struct service *s = &w->services[i];

		bad += fallback(w, s, f);
		for (k = 0; k < s->nuse; k++) {
			const struct server *v = &w->servers[s->use[k]];

			for (a = 0; a < v->naliases; a++)
				bad += alias(w, s, v, &v->aliases[a], f);
		}
	}
	if (bad == 0)
		finding_ok(f, "no alias and no fallback leads back to a "
			      "front end");
}
