/* SPDX-License-Identifier: BSD-2-Clause */
/* Line by line; the texts are not changed. */
#include "ctl/doctor/procnet.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/mem.h"

#define LINE     256
#define ENTRIES  65536
#define LISTEN   0x0a /* TCP_LISTEN */
#define UNPEERED 0x07 /* TCP_CLOSE, of UDP without a peer */

/* The next line in buf, as much as fits; NULL at the end. */
static const char *
next_line(const char *text, char *buf)
{
	size_t n = strcspn(text, "\n");

	if (*text == '\0')
		return NULL;
	(void)snprintf(buf, LINE, "%.*s", (int)(n < LINE ? n : LINE - 1), text);
	return text + n + (text[n] == '\n');
}

/* 32 bits at a time, each in the order of this machine: the kernel prints
 * them as numbers. */
static bool
parse_hex(const char *hex, struct addr *a)
{
	size_t words = strlen(hex) / 8, i;
	unsigned v;

	if (strlen(hex) != 8 && strlen(hex) != 32)
		return false;
	for (i = 0; i < words; i++) {
		if (sscanf(hex + i * 8, "%8x", &v) != 1)
			return false;
		memcpy(a->ip + i * 4, &v, 4);
	}
	a->family = words == 1 ? AF_INET : AF_INET6;
	return true;
}

void
procnet_sockets(
    const char *text, bool tcp, struct host_socket **list, size_t *n)
{
	char line[LINE], hex[40];
	unsigned port, state;
	uint64_t inode;

	while ((text = next_line(text, line)) != NULL && *n < ENTRIES) {
		struct host_socket s = {.tcp = tcp};

		if (sscanf(line,
			" %*u: %39[0-9A-Fa-f]:%4x %*[0-9A-Fa-f]:%*x %2x "
			"%*s %*s %*s %*s %*s %" SCNu64,
			hex, &port, &state, &inode) != 4 ||
		    state != (tcp ? LISTEN : UNPEERED) ||
		    !parse_hex(hex, &s.addr))
			continue;
		s.port = (uint16_t)port;
		s.inode = inode;
		*list = mem_resize(*list, *n + 1, sizeof(**list));
		(*list)[(*n)++] = s;
	}
}

static void
add(struct addr **list, size_t *n, const struct addr *a)
{
	size_t i;

	if (addr_is_loopback(a) || *n == ENTRIES)
		return;
	for (i = 0; i < *n; i++)
		if (addr_cmp(&(*list)[i], a) == 0)
			return;
	*list = mem_resize(*list, *n + 1, sizeof(**list));
	(*list)[(*n)++] = *a;
}

/*
 *     |-- 10.1.1.1
 *        /32 host LOCAL
 */
void
procnet_addresses(const char *text, struct addr **list, size_t *n)
{
	char line[LINE], last[LINE] = "";
	struct addr a;

	while ((text = next_line(text, line)) != NULL) {
		if (strstr(line, "|-- ") != NULL)
			(void)snprintf(
			    last, sizeof(last), "%s", strstr(line, "|-- ") + 4);
		else if (strstr(line, "/32 host LOCAL") != NULL &&
			 addr_parse(last, &a) == 0)
			add(list, n, &a);
	}
}

/* 20010db8000000000000000000000001 02 40 00 80 eth0 */
void
procnet_addresses6(const char *text, struct addr **list, size_t *n)
{
	char line[LINE];
	unsigned v;
	size_t i;

	while ((text = next_line(text, line)) != NULL) {
		struct addr a = {.family = AF_INET6};

		if (strcspn(line, " ") != 32)
			continue;
		for (i = 0; i < 16 && sscanf(line + i * 2, "%2x", &v) == 1; i++)
			a.ip[i] = (uint8_t)v;
		if (i == 16)
			add(list, n, &a);
	}
}
