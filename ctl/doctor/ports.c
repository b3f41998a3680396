/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the daemons of this host are to listen, and who listens there. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ctl/doctor/doctor.h"

#define WHERE 64

static bool
is_any(const struct addr *a)
{
	static const uint8_t zero[16];

	return memcmp(a->ip, zero, sizeof(zero)) == 0;
}

static void
nobody(const struct doctor *d, const char *program, const struct addr *a,
    uint16_t port, const char *where, struct findings *f)
{
	int64_t low =
	    host_sysctl(&d->host, "net/ipv4/ip_unprivileged_port_start");
	bool runs = host_find(&d->host, program, NULL) != NULL;
	char remedy[300];

	if (!is_any(a) && !addr_is_loopback(a) && !host_is_local(&d->host, a)) {
		finding_bad(f, VERDICT_FAIL,
		    "Give the address to an interface, or correct the "
		    "configuration.",
		    "%s has to listen on %s, which is no address of this host",
		    program, where);
		return;
	}
	(void)snprintf(remedy, sizeof(remedy),
	    "systemctl %s %s; journalctl -u %s says why it does not listen.%s",
	    runs ? "reload" : "start", program, program,
	    port < (low < 0 ? 1024 : low)
		? " The port is privileged: the unit gives it "
		  "CAP_NET_BIND_SERVICE, by hand start it as root with --user."
		: "");
	finding_bad(f, runs ? VERDICT_FAIL : VERDICT_WARN, remedy,
	    "nobody listens on %s, where %s should", where, program);
}

static void
port(const struct doctor *d, const char *program, const struct addr *a,
    uint16_t number, struct findings *f)
{
	const struct host_socket *s = host_listener(&d->host, a, number, true);
	char where[WHERE], owner[64], text[ADDR_TEXT];

	(void)snprintf(where, sizeof(where), "%s port %u",
	    addr_text(a, text, sizeof(text)), number);
	if (s == NULL)
		nobody(d, program, a, number, where, f);
	else if (!host_owner(&d->host, s->inode, owner, sizeof(owner)))
		finding_bad(f, VERDICT_WARN, "Run doctor as root.",
		    "somebody listens on %s; whether it is %s cannot be told",
		    where, program);
	else if (strcmp(owner, program) != 0)
		finding_bad(f, VERDICT_FAIL,
		    "Stop it, or give one of them another address or port.",
		    "%s listens on %s, where %s should", owner, where, program);
	else
		finding_ok(f, "%s listens on %s", program, where);
}

static void
lines(const struct doctor *d, const char *program,
    const struct listen_lines *at, size_t n, struct findings *f)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (at[i].socket == NULL)
			port(d, program, &at[i].addr, at[i].port, f);
}

void
check_ports(const struct doctor *d, struct findings *f)
{
	const struct world *w = d->w;
	size_t i, k;

	f->area = "ports";
	for (i = 0; i < d->nroles; i++) {
		const struct role *r = &d->role[i];

		if (strcmp(r->program, "hopmanagerd") == 0) {
			lines(d, r->program, w->managers[r->n].listen,
			    w->managers[r->n].nlisten, f);
		} else if (strcmp(r->program, "hopdirectord") == 0) {
			lines(d, r->program, w->directors[r->n].listen,
			    w->directors[r->n].nlisten, f);
		} else if (strcmp(r->program, "hopfrontd") == 0) {
			const struct frontend *e = &w->frontends[r->n];

			for (k = 0; k < e->nlisten; k++)
				port(d, r->program, &e->listen[k].addr,
				    e->listen[k].port, f);
			lines(d, r->program, e->control, e->ncontrol, f);
		}
	}
}
