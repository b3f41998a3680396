/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_MANAGER_WORLD_H
#define TESTS_MANAGER_WORLD_H

/* Worlds for the manager's tests, read by the real loader. */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/conf.h"

#define WORLD_HEAD                                              \
	"<hopscotch xmlns='urn:hopscotch:config:1' domain='t'>" \
	"<network><site id='ny'/><site id='la'/>"               \
	"<link between='ny la' delay='20ms'/></network>"
#define WORLD_TAIL "<manager id='m1'/><director id='d1'/></hopscotch>"

/* A server with a hoploadd at 10.0.0.<n>, or without one. */
#define WORLD_SERVER(id, site, n)                                             \
	"<server id='" id "' site='" site "'><alias border='" site            \
	"' name='" id ".t' address='10.0.0." n "'/><agent address='10.0.0." n \
	"'/></server>"
#define WORLD_BARE(id, site, n)                                    \
	"<server id='" id "' site='" site "'><alias border='" site \
	"' name='" id ".t' address='10.0.0." n "'/></server>"

static inline struct world *
make_world_of(const char *head, const char *body)
{
	char file[] = "/tmp/hop-test-XXXXXX";
	struct conf_errors errs = {0};
	struct world *w;
	int fd = mkstemp(file);
	FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;

	if (f == NULL)
		abort();
	fprintf(
	    f, "%s<snmp-user id='u' secret='none'/>%s" WORLD_TAIL, head, body);
	fclose(f);
	w = conf_load(file, CONF_SECRETS_SKIP, &errs);
	unlink(file);
	if (w == NULL) {
		(void)conf_errors_log(&errs);
		abort();
	}
	conf_errors_free(&errs);
	return w;
}

static inline struct world *
make_world(const char *body)
{
	return make_world_of(WORLD_HEAD, body);
}

#endif
