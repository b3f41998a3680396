/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_DIRECTOR_FIXTURE_H
#define TESTS_DIRECTOR_FIXTURE_H

/*
 * A small world for the director's tests: two sites with two borders, three
 * servers, and lines given to a feed at a time of the test's own.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "director/feeds.h"
#include "lib/conf.h"
#include "lib/line.h"
#include "lib/mono.h"
#include "tests/unit.h"

#define FIXTURE_HEAD                                   \
	"<hopscotch xmlns='urn:hopscotch:config:1'>\n" \
	"<network replies='own'>\n"                    \
	" <site id='ny'/><site id='la'/>\n"            \
	" <link between='ny la' delay='30ms'/>\n"      \
	"</network>\n"
#define FIXTURE_SERVERS                                                 \
	"<server id='ny1' site='ny'>\n"                                 \
	" <alias border='ny' name='ny1-ny.test' address='10.1.1.1'/>\n" \
	" <alias border='la' name='ny1-la.test' address='10.1.1.2'/>\n" \
	"</server>\n"                                                   \
	"<server id='ny2' site='ny' weight='3'>\n"                      \
	" <alias border='ny' name='ny2-ny.test' address='10.1.2.1'/>\n" \
	"</server>\n"                                                   \
	"<server id='la1' site='la'>\n"                                 \
	" <alias border='la' name='la1-la.test' address='10.2.1.1'\n"   \
	"  address6='2001:db8::21'/>\n"                                 \
	"</server>\n"
#define FIXTURE_SERVICE(policy, more)                                       \
	"<service id='www' protocol='http' host='www.test' policy='" policy \
	"' " more ">\n"                                                     \
	" <use server='ny1'/><use server='ny2'/><use server='la1'/>\n"      \
	"</service>\n"
#define FIXTURE_DAEMONS                                                \
	"<manager id='m1' host='h1'/>\n<manager id='m2' host='h2'/>\n" \
	"<director id='d1' host='h1'/>\n"
#define FIXTURE_TAIL "</hopscotch>\n"
#define FIXTURE_POLICY \
	"<policy id='balanced'><path/><connections limit='2000'/></policy>\n"

/* The world of a configuration given as text; ends the test program if it is
 * not valid. */
static inline struct world *
fixture_load(const char *xml)
{
	char name[] = "/tmp/hop-director-XXXXXX";
	int fd = mkstemp(name);
	struct conf_errors errs = {NULL, 0};
	struct world *w;

	if (fd < 0 || write(fd, xml, strlen(xml)) != (ssize_t)strlen(xml))
		abort();
	(void)close(fd);
	w = conf_load(name, CONF_SECRETS_SKIP, &errs);
	(void)unlink(name);
	if (w == NULL) {
		(void)conf_errors_log(&errs);
		abort();
	}
	conf_errors_free(&errs);
	return w;
}

static inline struct world *
fixture_world(void)
{
	return fixture_load(
	    FIXTURE_HEAD FIXTURE_POLICY FIXTURE_SERVERS FIXTURE_SERVICE(
		"balanced", "") FIXTURE_DAEMONS FIXTURE_TAIL);
}

/* Milliseconds of the test's clock. */
static inline struct mono
at_ms(int64_t ms)
{
	return mono_add_ms((struct mono){INT64_C(1000000000000)}, ms);
}

/* A line taken apart; fixture_line_free() ends it. */
struct fixture_line {
	struct line line;
	char text[4096];
};

__attribute__((format(printf, 2, 0))) static inline void
fixture_line_va(struct fixture_line *f, const char *fmt, va_list ap)
{
	const char *why;
	int n = vsnprintf(f->text, sizeof(f->text), fmt, ap);

	line_init(&f->line);
	if (line_split(&f->line, f->text, (size_t)n, &why) < 0)
		abort();
}

__attribute__((format(printf, 2, 3))) static inline void
fixture_line(struct fixture_line *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fixture_line_va(f, fmt, ap);
	va_end(ap);
}

static inline void
fixture_line_free(struct fixture_line *f)
{
	line_fini(&f->line);
}

/* A feed says a line. */
__attribute__((format(printf, 4, 5))) static inline enum view_result
fixture_say(
    struct feeds *f, struct feed *feed, struct mono now, const char *fmt, ...)
{
	struct fixture_line l;
	enum view_result r;
	char why[200];
	va_list ap;

	va_start(ap, fmt);
	fixture_line_va(&l, fmt, ap);
	va_end(ap);
	r = feeds_line(f, feed, &l.line, now, why, sizeof(why));
	fixture_line_free(&l);
	return r;
}

/* A feed connects; its peer is itself. */
static inline struct feed *
fixture_up(struct feeds *f, const char *id, bool manager, bool load, bool path,
    struct mono now)
{
	struct feed_hello h = {id, "-", manager, {load, path}};
	bool resync;
	struct feed *feed = feeds_up(f, &h, now, &resync);

	if (feed != NULL)
		feed->peer = feed;
	return feed;
}

#endif
