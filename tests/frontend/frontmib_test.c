/* SPDX-License-Identifier: BSD-2-Clause */
#include "frontend/frontmib.h"

#include <event2/event.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/frontend/small_world.h"
#include "tests/unit.h"

static struct {
	struct event_base *base;
	struct world *world;
	struct ask *ask;
	struct http *http;
	struct snap *snap;
} t;

static void
begin(void)
{
	struct front_view v;
	char why[256] = "";

	t.base = event_base_new();
	t.world = small_world_of(SMALL_HEAD SMALL_SERVICES
	    "<director id=\"d1\"><listen socket=\"/nonexistent/d1\"/>"
	    "</director>" SMALL_FRONTEND "</hopscotch>");
	t.world->frontends[0].listen[0].port = 0;
	t.ask = ask_new(t.base, t.world, &t.world->frontends[0], 1);
	t.http = http_new(&(struct http_conf){t.base, t.world,
			      &t.world->frontends[0], t.ask, NULL},
	    why, sizeof(why));
	CU_ASSERT_PTR_NOT_NULL_FATAL(t.http);
	v = (struct front_view){t.world, &t.world->frontends[0], t.ask, t.http,
	    NULL, mono_now(), NULL};
	t.snap = snap_new();
	frontmib_fill(t.snap, &v, mono_now());
	snap_sort(t.snap);
}

static void
finish(void)
{
	snap_free(&t.snap);
	http_free(&t.http);
	ask_free(&t.ask);
	event_base_free(t.base);
	world_free(&t.world);
}

static const struct snap_value *
get(enum mib_object o, uint32_t a, uint32_t b)
{
	static struct snap_value v;
	uint32_t oid[64];
	size_t n = mib_objects[o].oid_len;

	memcpy(oid, mib_objects[o].oid, n * sizeof(oid[0]));
	oid[n++] = a;
	if (b > 0)
		oid[n++] = b;
	return snap_get(t.snap, oid, n, 0, &v) == 0 ? &v : NULL;
}

static bool
is_text(const struct snap_value *v, const char *text)
{
	return v != NULL && v->len == strlen(text) &&
	       memcmp(v->bytes, text, v->len) == 0;
}

static void
every_object_is_served(void)
{
	int o;

	begin();
	for (o = 0; o < MIB_OBJECTS; o++) {
		const uint32_t *oid = mib_objects[o].oid;
		struct snap_value v;
		size_t n = mib_objects[o].oid_len;
		bool ours =
		    strncmp(mib_objects[o].name, "hopFrontEnd", 11) == 0;

		/* Of a director that has never been there. */
		if (!ours || o == MIB_hopFrontEndDirectorConfigHash ||
		    o == MIB_hopFrontEndDirectorRtt)
			continue;
		CU_ASSERT_EQUAL(snap_next(t.snap, oid, n, 0, &v), 0);
		CU_ASSERT(
		    v.oid_len > n && memcmp(v.oid, oid, n * sizeof(*oid)) == 0);
	}
	finish();
}

static void
rows_are_places_in_the_configuration(void)
{
	begin();
	CU_ASSERT(is_text(get(MIB_hopFrontEndServiceName, 1, 0), "www"));
	CU_ASSERT(is_text(get(MIB_hopFrontEndServiceName, 3, 0), "other"));
	CU_ASSERT_PTR_NULL(get(MIB_hopFrontEndServiceName, 4, 0));
	CU_ASSERT(is_text(get(MIB_hopFrontEndDirectorName, 1, 0), "d1"));
	CU_ASSERT_EQUAL(
	    get(MIB_hopFrontEndDirectorState, 1, 0)->number, STATE_UNKNOWN);
	CU_ASSERT(
	    is_text(get(MIB_hopFrontEndAnswerName, 2, ASK_STATIC), "static"));
	CU_ASSERT(
	    is_text(get(MIB_hopFrontEndAnswerService, 2, ASK_STATIC), "moved"));
	finish();
}

static void
requests_are_counted(void)
{
	struct front_view v;
	struct sockaddr_storage ss;
	const struct http_listener *l;
	static const char request[] =
	    "GET / HTTP/1.1\r\nHost: www.test\r\n\r\n"
	    "GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n";
	int fd, i;

	begin();
	l = http_listener(t.http, 0);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	CU_ASSERT_EQUAL(connect(fd, (struct sockaddr *)&ss,
			    addr_to_sockaddr(&l->addr, l->port, &ss)),
	    0);
	CU_ASSERT(write(fd, request, sizeof(request) - 1) > 0);
	for (i = 0; i < 100 && l->counters.requests < 2; i++) {
		(void)event_base_loop(t.base, EVLOOP_NONBLOCK);
		(void)usleep(1000);
	}
	v = (struct front_view){t.world, &t.world->frontends[0], t.ask, t.http,
	    NULL, mono_now(), NULL};
	frontmib_fill(t.snap, &v, mono_now());
	snap_sort(t.snap);
	CU_ASSERT_EQUAL(get(MIB_hopFrontEndListenerRequests, 1, 0)->number, 2);
	CU_ASSERT_EQUAL(get(MIB_hopFrontEndListenerSessions, 1, 0)->number, 1);
	CU_ASSERT_EQUAL(get(MIB_hopFrontEndListenerRedirects, 1, 0)->number, 1);
	CU_ASSERT_EQUAL(
	    get(MIB_hopFrontEndListenerUnknownHosts, 1, 0)->number, 1);
	CU_ASSERT_EQUAL(get(MIB_hopFrontEndServiceRequests, 1, 0)->number, 1);
	CU_ASSERT_EQUAL(get(MIB_hopFrontEndAnswers, 1, ASK_STATIC)->number, 1);
	(void)close(fd);
	finish();
}

static const struct unit_test tests[] = {
    {"every object of the subtree is served", every_object_is_served},
    {"rows are places in the configuration",
	rows_are_places_in_the_configuration},
    {"requests are counted", requests_are_counted},
};

UNIT_MAIN("frontend/frontmib", tests)
