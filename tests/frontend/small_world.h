/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_FRONTEND_SMALL_WORLD_H
#define TESTS_FRONTEND_SMALL_WORLD_H

/* A configuration for the tests of the front end, from text. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/conf.h"

#define SMALL_HEAD                                                         \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>"                       \
	"<hopscotch xmlns=\"urn:hopscotch:config:1\">"                     \
	"<network><site id=\"la\"/><site id=\"sj\"/><site id=\"ny\"/>"     \
	"<border id=\"la-b\" site=\"la\"/>"                                \
	"<link between=\"la sj\" delay=\"1ms\"/>"                          \
	"<link between=\"la ny\" delay=\"30ms\"/></network>"               \
	"<policy id=\"even\"/>"                                            \
	"<server id=\"la1\" site=\"la\" weight=\"3\">"                     \
	"<alias border=\"sj\" name=\"la1-sj.test\" address=\"10.1.1.2\"/>" \
	"<alias border=\"la\" name=\"la1-la.test\" address=\"10.1.1.1\""   \
	" address6=\"2001:db8::11\"/></server>"                            \
	"<server id=\"sj1\" site=\"sj\">"                                  \
	"<alias border=\"sj\" name=\"sj1-sj.test\" address=\"10.2.1.2\"/>" \
	"<alias border=\"la-b\" name=\"sj1-lab.test\""                     \
	" address=\"10.2.1.3\" port=\"8081\"/></server>"                   \
	"<server id=\"ny1\" site=\"ny\">"                                  \
	"<alias border=\"ny\" name=\"ny1-ny.test\" address=\"10.3.1.1\"/>" \
	"</server>"

#define SMALL_SERVICES                                                      \
	"<service id=\"www\" protocol=\"http\" host=\"www.test web.test\""  \
	" policy=\"even\"><use server=\"la1\"/><use server=\"sj1\"/>"       \
	"<use server=\"ny1\"/></service>"                                   \
	"<service id=\"moved\" protocol=\"http\" host=\"moved.test\""       \
	" policy=\"even\" redirect=\"301\" port=\"8080\""                   \
	" location=\"address\" fallback=\"http://sorry.test/busy.html\">"   \
	"<use server=\"la1\"/></service>"                                   \
	"<service id=\"other\" protocol=\"http\" host=\"other.test\""       \
	" policy=\"even\" redirect=\"303\" fallback=\"http://backup.test\"" \
	" retry-after=\"7s\"><use server=\"ny1\"/></service>"

static inline struct world *
small_world_of(const char *text)
{
	struct conf_errors errs = {0};
	struct world *w = conf_load_text(
	    "test.xml", text, strlen(text), CONF_SECRETS_SKIP, &errs);
	size_t i;

	for (i = 0; i < errs.n; i++)
		if (!errs.list[i].warning)
			printf("test.xml:%d: %s\n", errs.list[i].line,
			    errs.list[i].text);
	conf_errors_free(&errs);
	if (w == NULL)
		abort();
	return w;
}

#define SMALL_FRONTEND                                                  \
	"<frontend id=\"f1\" site=\"la\" ask=\"50ms\" idle=\"15s\">"    \
	"<listen protocol=\"http\" address=\"127.0.0.1\" port=\"80\"/>" \
	"</frontend>"

static inline struct world *
small_world(void)
{
	return small_world_of(
	    SMALL_HEAD SMALL_SERVICES SMALL_FRONTEND "</hopscotch>");
}

#endif
