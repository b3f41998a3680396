/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets from anybody: what is taken for a reply or a quote is within the
 * packet, and only what we sent matches a probe. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/flight.h"
#include "agent/icmp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
match(const struct icmp_reply *r)
{
	static struct flight *f;
	static struct probe *probe;
	struct mono now = {INT64_C(1000000000)};
	struct icmp_key key = {{3, 5}};
	struct probe *got;
	struct addr a;

	if (addr_parse("8.8.8.8", &a) < 0)
		abort();
	if (f == NULL) {
		f = flight_new(&key, 0x4142);
		probe = flight_launch(f, &a, now, 1000);
	}
	if (flight_match(f, r, true, &a, now, &got) == FLIGHT_MATCH &&
	    (got != probe || r->cookie != probe->cookie))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size == 0 ? 1 : size);
	struct icmp_reply r;
	bool cookie;
	int i;

	if (size > 0)
		memcpy(copy, data, size);
	for (i = 0; i < 4; i++)
		if (icmp_parse(
			copy, size, i & 1 ? AF_INET6 : AF_INET, i & 2, &r) == 0)
			match(&r);
	for (i = 0; i < 2; i++)
		if (icmp_parse_quote(
			copy, size, i ? AF_INET6 : AF_INET, &r, &cookie) == 0)
			match(&r);
	if (size > 1)
		(void)icmp_judge(
		    data[0] & 1 ? AF_INET : AF_INET6, data[0], data[1]);
	free(copy);
	return 0;
}
