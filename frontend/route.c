/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/route.h"

#include <string.h>
#include <strings.h>

static void
refuse(struct route *out, unsigned status, const char *why)
{
	out->status = status;
	out->why = why;
}

/* The authority that counts: that of an absolute target beats Host (RFC 9112,
 * 3.2.2). Both were checked by the parser. */
static struct http_authority
authority(const struct http_request *r, const char *bytes)
{
	const struct span s = r->authority.len > 0 ? r->authority : r->host;
	struct http_authority a;

	(void)http_authority(bytes + s.at, s.len, &a);
	return a;
}

void
route(const struct world *w, int fallback, const struct http_request *r,
    const char *bytes, struct route *out)
{
	struct http_authority a = authority(r, bytes);

	*out = (struct route){.service = -1};
	if (r->method == HTTP_CONNECT || r->method == HTTP_TRACE) {
		refuse(out, 405, "This method is not served here.");
	} else if (r->form == HTTP_ABSOLUTE &&
		   (r->scheme.len != 4 ||
		       strncasecmp(bytes + r->scheme.at, "http", 4) != 0)) {
		/* A resource of https must not be answered over http (RFC
		 * 9110, 7.4), and a proxy we are not. */
		refuse(out, 421, "Only http URLs are served here.");
	} else if (r->method == HTTP_OPTIONS &&
		   (r->form == HTTP_ASTERISK ||
		       (r->form == HTTP_ABSOLUTE && r->target.len == 0))) {
		refuse(out, 200, NULL);
	} else if (a.len > 0) {
		out->service = world_service_of_host(w, a.host, a.len);
		if (out->service < 0)
			refuse(
			    out, 421, "No site of this name is served here.");
	} else if (fallback >= 0) {
		out->service = fallback;
	} else {
		refuse(out, 400, "The request does not name a host.");
	}
}

unsigned
route_redirect(unsigned configured, enum http_method m)
{
	if (m == HTTP_GET || m == HTTP_HEAD)
		return configured;
	return configured == 301 || configured == 302 ? 307 : configured;
}
