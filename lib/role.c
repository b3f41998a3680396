/* SPDX-License-Identifier: BSD-2-Clause */
/* The words of the roles, in one table. Holds nothing. */
#include "lib/role.h"

#include <stddef.h>
#include <string.h>

static const struct {
	enum peer_role role;
	const char *text;
} roles[] = {
    {ROLE_MANAGER, "manager"},
    {ROLE_DIRECTOR, "director"},
    {ROLE_FRONTEND, "frontend"},
    {ROLE_CONTROL, "control"},
    {ROLE_COLLECTOR, "collector"},
    {ROLE_RELAY, "relay"},
    {ROLE_AGENT, "agent"},
};
#define NROLES (sizeof(roles) / sizeof(roles[0]))

const char *
role_text(enum peer_role r)
{
	size_t i;

	for (i = 0; i < NROLES; i++)
		if (roles[i].role == r)
			return roles[i].text;
	return "-";
}

int
role_parse(const char *text, enum peer_role *r)
{
	size_t i;

	for (i = 0; i < NROLES; i++) {
		if (strcmp(roles[i].text, text) == 0) {
			*r = roles[i].role;
			return 0;
		}
	}
	return -1;
}
